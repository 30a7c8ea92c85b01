"""An LSTM over three steps, as a timeline: a sum carries the cell's state c along."""

import numpy as np

import graphtrace as gt


def cell(x, h, c, W, U):
    i, f, o, g = W * x + U * h
    c = gt.sigmoid(f) * c + gt.sigmoid(i) * np.tanh(g)
    return gt.sigmoid(o) * np.tanh(c), c


def lstm(xs, h, c, W, U):
    for x in xs:
        h, c = cell(x, h, c, W, U)
    return h


W, U = np.array([0.8, 1.1, 0.9, 1.2]), np.array([0.3, 0.5, -0.2, 0.7])
graph = gt.trace(lstm, [1.0, -0.5, 0.25], 0.0, 0.0, W, U)
graph.backward()
options = {"layout": "timeline", "width": None, "height": None}
