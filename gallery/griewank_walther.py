"""The example that Griewank and Walther's book opens with, by the lines of its Wengert list."""

import numpy as np

import graphtrace as gt


def y(x1, x2):
    v1 = x1 / x2
    v2 = np.sin(v1)
    v3 = np.exp(x2)
    v4 = v1 - v3
    v5 = v2 + v4
    return v5 * v4


graph = gt.trace(y, x1=1.5, x2=0.5)
graph.backward()
