"""Ways that run across or up and down, with round corners.

In: the corners of a way. Out: its curve; and whether several ways keep clear of boxes and labels.
Plain geometry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.places import Point
from graphtrace.render.layout.ways import Points

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
    rooms = _areas(way.label for way in ways if way.label is not None)
    places = _areas(boxes)
    together = np.concatenate([places, rooms])
    if np.triu(_meet(together, together, 1), 1).any():
        return False
    lines = [(way, *ends) for way in ways for ends in pairwise(way.corners)]
    pieces = _areas(
        Box(((p[0] + q[0]) / 2, (p[1] + q[1]) / 2), abs(p[0] - q[0]), abs(p[1] - q[1]))
        for _, p, q in lines
    )
    foreign = _meet(pieces, places, 1)
    for i, (way, _, _) in enumerate(lines):
        foreign[i, [way.tail, way.head]] = False
    return not foreign.any() and not _meet(pieces, rooms, -0.5).any()


def _areas(boxes: Iterable[Box]) -> Points:
    """A row for each box: its middle and its size."""
    return np.array([(*box.middle, box.width, box.height) for box in boxes]).reshape(-1, 4)


def _meet(some: Points, others: Points, air: float) -> Points:
    """Whether each two boxes are nearer to each other than so much."""
    x, y, width, height = some.T[:, :, None]
    x2, y2, width2, height2 = others.T[:, None]
    near: Points = abs(x - x2) - (width + width2) / 2 < air
    near &= abs(y - y2) - (height + height2) / 2 < air
    return near
