"""Newton's method for √a, through its loop: where it begins, x, is soon forgotten.

Each step squares the distance to the root, so that almost nothing of x comes back through it.
"""

import graphtrace as gt


def newton(a, x):
    for _ in range(3):
        x = (x + a / x) / 2
    return x


graph = gt.trace(newton, a=2, x=1)
graph.backward()
player = graph.play(width=360)
