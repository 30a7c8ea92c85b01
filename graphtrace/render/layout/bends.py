"""Ways that run across or up and down, with round corners.

In: the corners of a way. Out: its curve; and whether several ways keep clear of boxes and labels.
Plain geometry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.places import Point

_RADIUS = 8
_CLOSE = 0.01


class Way(NamedTuple):
    """The corners of an arrow's way from box `tail` to box `head`, and the room of its label."""

    tail: int
    head: int
    corners: Sequence[Point]
    label: Box | None


def bent(
    corners: Sequence[Point], before: Iterable[Sequence[Point]], head: float
) -> tuple[tuple[Point, ...], Point]:
    """The curve up to the head of the arrow, and the tip.

    It begins where it leaves the ways `before` it from the same box, which are drawn already.

    >>> curve, tip = bent([(0, 0), (50, 0), (50, 40)], [[(0, 0), (30, 0), (30, 40)]], 10)
    >>> curve[0], curve[-1], tip
    ((22.0, 0.0), (50.0, 30.0), (50, 40))
    """
    shared = max((_shared(corners, other) for other in before), default=0.0)
    points = _from(corners, max(shared - _RADIUS, 0.0))
    tip = points[-1]
    points[-1] = _along(tip, points[-2], head)
    curve = [points[0]]
    for i in range(1, len(points) - 1):
        corner = points[i]
        lengths = math.dist(points[i - 1], corner), math.dist(corner, points[i + 1])
        radius = min(_RADIUS, *(length / 2 for length in lengths))
        start, end = _along(corner, points[i - 1], radius), _along(corner, points[i + 1], radius)
        curve += [*_line(curve[-1], start), start]
        curve += [_along(start, corner, radius * 0.55), _along(end, corner, radius * 0.55), end]
    curve += [*_line(curve[-1], points[-1]), points[-1]]
    return tuple(curve), tip


def _along(p: Point, q: Point, by: float) -> Point:
    """The point so far from p on the way to q."""
    length = math.dist(p, q) or 1.0
    return p[0] + (q[0] - p[0]) * by / length, p[1] + (q[1] - p[1]) * by / length


def _line(p: Point, q: Point) -> tuple[Point, Point]:
    third = math.dist(p, q) / 3
    return _along(p, q, third), _along(q, p, third)


def _shared(one: Sequence[Point], other: Sequence[Point]) -> float:
    """How long the two ways are the same, from their beginning."""
    length = 0.0
    for (a, b), (c, d) in zip(pairwise(one), pairwise(other), strict=False):
        if math.dist(a, c) > _CLOSE:
            break
        p, q = math.dist(a, b), math.dist(c, d)
        if math.dist(_along(a, b, min(p, q)), _along(c, d, min(p, q))) > _CLOSE:
            break
        length += min(p, q)
        if abs(p - q) > _CLOSE:
            break
    return length


def _from(corners: Sequence[Point], length: float) -> list[Point]:
    """The corners from a place of the way on."""
    for i, (p, q) in enumerate(pairwise(corners)):
        piece = math.dist(p, q)
        if length < piece or i == len(corners) - 2:
            return [_along(p, q, min(length, piece)), *corners[i + 1 :]]
        length -= piece
    return list(corners)


def clean_ways(ways: Sequence[Way], boxes: Sequence[Box]) -> bool:
    """Whether no line and no label meets a box or a label that is not its own, or its own label."""
    rooms = [way.label for way in ways if way.label is not None]
    if any(_meet(a, b, 1) for a, b in combinations([*boxes, *rooms], 2)):
        return False
    for way in ways:
        own = way.tail, way.head
        others = [box for i, box in enumerate(boxes) if i not in own]
        for p, q in pairwise(way.corners):
            piece = Box(((p[0] + q[0]) / 2, (p[1] + q[1]) / 2), abs(p[0] - q[0]), abs(p[1] - q[1]))
            if any(_meet(piece, box, 1) for box in others):
                return False
            if any(_meet(piece, room, -0.5) for room in rooms):
                return False
    return True


def _meet(a: Box, b: Box, air: float) -> bool:
    """Whether two boxes are nearer to each other than so much."""
    across = abs(a.middle[0] - b.middle[0]) - (a.width + b.width) / 2
    down = abs(a.middle[1] - b.middle[1]) - (a.height + b.height) / 2
    return across < air and down < air
