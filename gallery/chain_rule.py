"""The chain rule along the path from a to J: the factors on its edges, their product beneath."""

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


graph = gt.trace(J, a=5, b=3, c=2)
options = {"path": ("a", "J")}
