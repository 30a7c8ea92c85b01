"""Christopher Olah's e = (a + b)(b + 1): b reaches e on two paths, whose products add up."""

import graphtrace as gt


def e(a, b):
    c = a + b
    d = b + 1
    return c * d


graph = gt.trace(e, a=2, b=1)
options = {"path": ("b", "e")}
player = graph.play(width=360)
