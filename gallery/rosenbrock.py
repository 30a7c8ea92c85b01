"""Rosenbrock's banana: two paths from x to f, whose gradients differ by a factor of fifty."""

import graphtrace as gt


def f(x, y):
    u = 1 - x
    v = y - x**2
    return u**2 + 100 * v**2


graph = gt.trace(f, x=-1.2, y=1.0)
graph.backward()
options = {"detail": "statements"}
