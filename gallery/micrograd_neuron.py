"""Andrej Karpathy's neuron, o = tanh(x1 w1 + x2 w2 + b), as records of data and grad."""

import numpy as np

import graphtrace as gt


def o(x1, x2, w1, w2, b):
    p1 = x1 * w1
    p2 = x2 * w2
    s = p1 + p2
    n = s + b
    return np.tanh(n)


graph = gt.trace(o, x1=2, x2=0, w1=-3, w2=1, b=6.8813735870195432)
graph.backward()
options = {"theme": "karpathy", "direction": "TB"}
