"""Backpropagation through time: W acts at all three steps, so its derivative adds three paths.

Each step is a call of `cell`, drawn as one box.
"""

import numpy as np

import graphtrace as gt


def cell(h, x, U, W):
    return np.tanh(U * x + W * h)


def rnn(h0, x1, x2, x3, U, W):
    h1 = cell(h0, x1, U, W)
    h2 = cell(h1, x2, U, W)
    h3 = cell(h2, x3, U, W)
    return h3


graph = gt.trace(rnn, h0=0.5, x1=1.0, x2=-0.5, x3=0.25, U=0.8, W=1.2)
options = {"depth": 0, "path": ("W", "h3")}
