"""CS231n's first example, f = (x + y) z: the sum passes its gradient on, the product swaps."""

import graphtrace as gt


def f(x, y, z):
    q = x + y
    return q * z


graph = gt.trace(f, x=-2, y=5, z=-4)
graph.backward()
options = {"theme": "cs231n"}
