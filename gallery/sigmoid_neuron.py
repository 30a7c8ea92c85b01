"""CS231n's neuron, a sigmoid of w0 x0 + w1 x1 + w2: values above the wires, gradients below."""

import numpy as np

import graphtrace as gt


def neuron(w0, x0, w1, x1, w2):
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


graph = gt.trace(neuron, w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
graph.backward()
options = {"theme": "cs231n", "width": 720}
player = graph.play(detail="operations", width=360)
