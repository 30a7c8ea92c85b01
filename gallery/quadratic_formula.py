"""The larger root of ax² + bx + c: a and b reach it on two paths each.

Its derivative in c grows beyond all bounds where the two roots meet.
"""

import numpy as np

import graphtrace as gt


def root(a, b, c):
    D = b**2 - 4 * a * c
    x = (-b + np.sqrt(D)) / (2 * a)
    return x


graph = gt.trace(root, a=1, b=-5, c=4)
graph.backward()
options = {"detail": "statements"}
player = graph.play(**options, width=360)
