"""The graph of a gradient: what reverse mode computes for x·sin(x), and the second derivative."""

import numpy as np

import graphtrace as gt


def f(x):
    return x * np.sin(x)


def slope(x):
    return gt.grad(f)(x)


graph = gt.trace(slope, x=2.0)
graph.backward()
