"""Move a label off the lines of other arrows, and nearer to its own than to them.

In: the ways of a figure's arrows, the room of their labels, and what else stands there. Out: the
same ways with each label that a line ran under, or that would be read as another's, at the nearest
free place beside its own arrow, or marked where a line still runs under it; and how much wider each
could be. Plain geometry: it knows nothing about text or colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.places import Point, Route

_AIR = 4
"""Around a label that was moved, for it to be nearest to its own line."""

_NEAR = 2
"""A line that is so near to a label that is not its own looks as if it ran through it."""

_FAR = 12
"""From a label to a line that it might be read as that of."""

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
    placed, rooms = dict(routes), dict(labels)
    # Few labels come near a line: all points of all lines took a sixth of the drawing.
    points_of = cache(lambda name: way_points(routes[name]))
    frames = {name: _frame(route) for name, route in routes.items()}
    for name, label in labels.items():
        is_crossed = _is_crossed(label, name, points_of, frames)
        if not is_crossed and (name not in alone or _is_own(label, name, points_of, frames)):
            continue
        others = [*boxes, *(box for other, box in rooms.items() if other != name)]
        wider = label._replace(width=label.width + 2 * _AIR, height=label.height + _AIR)
        for box in _places(wider, points_of(name)) if name in alone else ():
            is_free = _is_inside(box, size) and not any(overlap(box, other) for other in others)
            text = label._replace(middle=box.middle)
            is_free = is_free and not _is_crossed(box, name, points_of, frames)
            if is_free and _is_own(text, name, points_of, frames):
                placed[name] = placed[name]._replace(label=box.middle)
                rooms[name] = box
                break
        else:
            placed[name] = placed[name]._replace(over=is_crossed)
    return placed


def sides(
    routes: Mapping[str, Route],
    labels: Mapping[str, Box],
    boxes: Sequence[Box],
    size: Point,
    most: float,
) -> dict[str, tuple[float, float]]:
    """How far to the left and to the right of its middle each label could reach, alone and free."""
    rooms = dict(labels)
    points_of = cache(lambda name: way_points(routes[name]))
    frames = {name: _frame(route) for name, route in routes.items()}
    reach = {name: [box.width / 2, box.width / 2] for name, box in labels.items()}
    for name, label in labels.items():
        others = [*boxes, *(box for other, box in rooms.items() if other != name)]
        for side, sign in ((1, 1), (0, -1)):
            while reach[name][side] < label.width / 2 + most:
                box = rooms[name]
                x, y = box.middle
                wider = box._replace(middle=(x + sign * _AIR / 2, y), width=box.width + _AIR)
                is_free = _is_inside(wider, size) and not any(overlap(wider, o) for o in others)
                if not is_free or _is_crossed(wider, name, points_of, frames):
                    break
                rooms[name] = wider
                reach[name][side] += _AIR
    return {name: (left, right) for name, (left, right) in reach.items()}


def way_points(route: Route) -> list[Point]:
    """Points of the way, close to each other, from tip to tip."""
    curve = route.curve
    points = [route.start] if route.start is not None else []
    for i in range(0, len(curve) - 1, 3):
        corners = curve[i : i + 4]
        steps = max(_STEPS, round(math.dist(corners[0], corners[-1]) / 3))
        points += [_bezier(corners, step / steps) for step in range(steps + 1)]
    return [*points, route.end] if route.end is not None else points


def _bezier(corners: Sequence[Point], t: float) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    return a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy


def _frame(route: Route) -> tuple[float, float, float, float]:
    """What the way does not leave, since a curve stays between its corners."""
    ends = [end for end in (route.start, route.end) if end is not None]
    xs, ys = zip(*route.curve, *ends, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _is_crossed(
    box: Box,
    own: str,
    points_of: Callable[[str], Sequence[Point]],
    frames: Mapping[str, tuple[float, float, float, float]],
) -> bool:
    """Whether a line runs through the box; its own line may be nearer to it than others."""
    x, y = box.middle
    half, high = box.width / 2 + _NEAR, box.height / 2 + _NEAR
    x0, x1, y0, y1 = x - half, x + half, y - high, y + high
    near = [  # at once, since nearly all are far away
        name
        for name, (left, top, right, bottom) in frames.items()
        if left <= x1 and right >= x0 and top <= y1 and bottom >= y0
    ]
    for name in near:
        air = -1 if name == own else _NEAR
        half, high = box.width / 2 + air, box.height / 2 + air
        if any(abs(px - x) < half and abs(py - y) < high for px, py in points_of(name)):
            return True
    return False


def _is_own(
    box: Box,
    own: str,
    points_of: Callable[[str], Sequence[Point]],
    frames: Mapping[str, tuple[float, float, float, float]],
) -> bool:
    """Whether no other line is nearer to the box than its own; what is far is not looked at."""
    (x, y), half, high = box.middle, box.width / 2 + _FAR, box.height / 2 + _FAR
    x0, x1, y0, y1 = x - half, x + half, y - high, y + high
    near = [
        name
        for name, (left, top, right, bottom) in frames.items()
        if left < x1 and right > x0 and top < y1 and bottom > y0 and name != own
    ]
    if not near:
        return True
    far = min(_distance(box, point) for point in points_of(own))
    return not any(_distance(box, point) < far for name in near for point in points_of(name))


def _distance(box: Box, point: Point) -> float:
    x = abs(point[0] - box.middle[0]) - box.width / 2
    y = abs(point[1] - box.middle[1]) - box.height / 2
    return math.hypot(max(x, 0), max(y, 0))


def _places(box: Box, points: Sequence[Point]) -> Iterator[Box]:
    """Where else the label may stand beside its arrow, the nearest place first."""
    places: list[Point] = []
    for p, q in pairwise(points[:: max(len(points) // 40, 1)]):
        dx, dy = q[0] - p[0], q[1] - p[1]
        length = math.hypot(dx, dy)
        if length:
            nx, ny = -dy / length, dx / length
            off = abs(nx) * box.width / 2 + abs(ny) * box.height / 2
            places += [(p[0] + nx * off, p[1] + ny * off), (p[0] - nx * off, p[1] - ny * off)]
    places.sort(key=lambda place: math.dist(place, box.middle))
    return (box._replace(middle=place) for place in places)


def _is_inside(box: Box, size: Point) -> bool:
    x, y, wide, high = *box.middle, box.width / 2, box.height / 2
    return wide <= x <= size[0] - wide and high <= y <= size[1] - high


def overlap(one: Box, two: Box) -> bool:
    """Whether two boxes have a place in common."""
    x, y = (abs(one.middle[k] - two.middle[k]) for k in (0, 1))
    return x < (one.width + two.width) / 2 and y < (one.height + two.height) / 2
