"""The slope triangle of f(a) = 3a at a = 2: one step to the right is three steps up."""

import graphtrace as gt


def f(a):
    return 3 * a


figure = gt.figures.slope(f, 2, da=1, label="f(a) = 3*a")
