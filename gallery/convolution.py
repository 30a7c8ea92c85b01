"""A convolution is a product with each window of the input: here a blur, and what it leaves."""

import numpy as np

import graphtrace as gt


def blurred(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, 3)
    y = windows @ k
    L = np.mean(y**2)
    return L


graph = gt.trace(blurred, np.array([0.0, 1.0, 4.0, 1.0, 0.0, 2.0]), np.array([0.25, 0.5, 0.25]))
graph.backward()
options = {"detail": "statements", "arrays": "numbers"}
