"""One step back, from J to v: the first derivative that the backward pass finds."""

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


graph = gt.trace(J, a=5, b=3, c=2)
options = {"step": "dJ/dv"}
