"""A straight arrow, as a sample in a legend.

In: two points. Out: a route with a head.
"""

from __future__ import annotations

import math

from graphtrace.render.layout.places import Point, Route

_HEAD_LENGTH = 9


def straight(tail: Point, head: Point, *, back: bool = False) -> Route:
    """The way of a straight arrow; one that goes `back` is drawn from its head."""
    length = math.dist(tail, head)
    stop = 1 - _HEAD_LENGTH / length

    def at(fraction: float) -> Point:
        return tail[0] + (head[0] - tail[0]) * fraction, tail[1] + (head[1] - tail[1]) * fraction

    curve = (tail, at(stop / 3), at(stop * 2 / 3), at(stop))
    return Route(curve[::-1], head, None, None) if back else Route(curve, None, head, None)
