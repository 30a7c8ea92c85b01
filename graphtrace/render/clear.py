"""Move a label off the lines of other arrows.

In: the ways of a figure's arrows, the room of their labels, and what else stands there. Out: the
same ways with each label that a line ran under at the nearest free place beside its own arrow, or
marked where there is none. Plain geometry: it knows nothing about text or colours.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from graphtrace.render.lane import Box
from graphtrace.render.layout import Point, Route

_AIR = 5
"""Between a label that was moved and its own line."""

_STEPS = 12
"""The points at which a piece of a curve is looked at."""


def cleared(
    routes: Mapping[str, Route],
    labels: Mapping[str, Box],
    alone: Collection[str],
    boxes: Sequence[Box],
    size: Point,
) -> dict[str, Route]:
    """The routes, each crossed label at a free place in a picture of that size, or `over` a line.

    `labels` are the rooms that the labels take where they stand, by the names of their routes. One
    that stands `alone` beside its arrow is moved; one between two arrows belongs there.
    """
    found, rooms = dict(routes), dict(labels)
    ways = {name: _points(route) for name, route in routes.items()}
    frames = {name: _frame(points) for name, points in ways.items()}
    for name, label in labels.items():
        if not _is_crossed(label, ways, frames):
            continue
        others = [*boxes, *(box for other, box in rooms.items() if other != name)]
        for box in _places(label, ways[name]) if name in alone else ():
            is_free = _is_inside(box, size) and not any(_overlap(box, other) for other in others)
            if is_free and not _is_crossed(box, ways, frames):
                found[name] = found[name]._replace(label=box.middle)
                rooms[name] = box
                break
        else:
            found[name] = found[name]._replace(over=True)
    return found


def _points(route: Route) -> list[Point]:
    """Points of the way, close to each other, from tip to tip."""
    curve = route.curve
    found = [route.start] if route.start is not None else []
    for i in range(0, len(curve) - 1, 3):
        corners = curve[i : i + 4]
        steps = max(_STEPS, round(math.dist(corners[0], corners[-1]) / 3))
        found += [_bezier(corners, step / steps) for step in range(steps + 1)]
    return [*found, route.end] if route.end is not None else found


def _bezier(corners: Sequence[Point], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(w * p[k] for w, p in zip(weights, corners, strict=True)) for k in (0, 1))
    return x, y


def _frame(points: Sequence[Point]) -> tuple[float, float, float, float]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _is_crossed(
    box: Box,
    ways: Mapping[str, Sequence[Point]],
    frames: Mapping[str, tuple[float, float, float, float]],
) -> bool:
    """Whether a line runs through the box."""
    (x, y), half, high = box.middle, box.width / 2 - 1, box.height / 2 - 1
    for name, (left, top, right, bottom) in frames.items():
        if left > x + half or right < x - half or top > y + high or bottom < y - high:
            continue
        if any(abs(px - x) < half and abs(py - y) < high for px, py in ways[name]):
            return True
    return False


def _places(box: Box, way: Sequence[Point]) -> Iterator[Box]:
    """Where else the label may stand beside its arrow, the nearest place first."""
    places: list[Point] = []
    for p, q in pairwise(way[:: max(len(way) // 40, 1)]):
        dx, dy = q[0] - p[0], q[1] - p[1]
        length = math.hypot(dx, dy)
        if length:
            nx, ny = -dy / length, dx / length
            off = abs(nx) * box.width / 2 + abs(ny) * box.height / 2 + _AIR
            places += [(p[0] + nx * off, p[1] + ny * off), (p[0] - nx * off, p[1] - ny * off)]
    places.sort(key=lambda place: math.dist(place, box.middle))
    return (box._replace(middle=place) for place in places)


def _is_inside(box: Box, size: Point) -> bool:
    x, y, wide, high = *box.middle, box.width / 2, box.height / 2
    return wide <= x <= size[0] - wide and high <= y <= size[1] - high


def _overlap(one: Box, two: Box) -> bool:
    x, y = (abs(one.middle[k] - two.middle[k]) for k in (0, 1))
    return x < (one.width + two.width) / 2 and y < (one.height + two.height) / 2
