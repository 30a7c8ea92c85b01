"""A curve has another slope at each point: that of f(a) = a² is 2, then 4, then 6."""

import graphtrace as gt


def f(a):
    return a**2


figure = gt.figures.slope(f, [1, 2, 3], da=0.5, span=(0, 4), label="f(a) = a**2")
