"""The nudge: a from 5 to 5.001 takes v from 11 to 11.001 and J from 33 to 33.003."""

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


graph = gt.trace(J, a=5, b=3, c=2)
options = {"nudge": ("a", 0.001)}
