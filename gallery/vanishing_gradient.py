"""Ten sigmoids in a row: each lets through less than a quarter of the gradient, hardly any is left.

An arrow is as wide as the gradient that comes back along it.
"""

import graphtrace as gt


def deep(x):
    for _ in range(10):
        x = gt.sigmoid(x)
    return x


graph = gt.trace(deep, x=1.0)
graph.backward()
options = {"flow": True, "direction": "TB", "detail": "operations", "height": None}
