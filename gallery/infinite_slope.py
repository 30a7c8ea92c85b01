"""Where the NaN comes from: the length of a vector has no slope at zero, and 0 times inf is NaN."""

import numpy as np

import graphtrace as gt


def length(x, y):
    s = x**2 + y**2
    return np.sqrt(s)


graph = gt.trace(length, x=0.0, y=0.0)
graph.backward()
options = {"trouble": True, "width": 720}
