"""The lecture's function: J(a, b, c) = 3(a + bc) at a = 5, b = 3, c = 2, in three steps."""

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


graph = gt.trace(J, a=5, b=3, c=2)
graph.backward()
player = graph.play(width=360)
