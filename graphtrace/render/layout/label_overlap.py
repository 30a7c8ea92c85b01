"""Move a label off the lines of other arrows, and nearer to its own than to them.

In: the ways of a figure's arrows, the room of their labels, and what else stands there. Out: the
same ways with each label that a line ran under, or that would be read as another's, at the nearest
free place beside its own arrow, or marked where a line still runs under it; and how much wider each
could be. Plain geometry: it knows nothing about text or colours.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.obstacles import Obstacles
from graphtrace.render.layout.places import Point, Route
from graphtrace.render.layout.ways import Points, Ways, any_inside

_AIR = 4
"""Around a label that was moved, for it to be nearest to its own line."""

_NEAR = 2
"""A line that is so near to a label that is not its own looks as if it ran through it."""

_FAR = 12
"""From a label to a line that it might be read as that of."""

_SEEN = 12, 20
"""How much of an arrow is to be seen at its start and at its head, where a label stands on it."""


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
    placed, ways = dict(routes), Ways(routes)
    obstacles = Obstacles(boxes, labels)
    for name, label in labels.items():
        is_crossed = _is_crossed(label, name, ways)
        if not is_crossed and (name not in alone or _is_own(label, name, ways)):
            continue
        wider = label._replace(width=label.width + 2 * _AIR, height=label.height + _AIR)
        for box in _places(wider, ways.points(name)) if name in alone else ():
            is_free = _is_inside(box, size) and not obstacles.meet(box, [name])
            text = label._replace(middle=box.middle)
            if is_free and not _is_crossed(box, name, ways) and _is_own(text, name, ways):
                placed[name] = placed[name]._replace(label=box.middle)
                obstacles.move(name, box)
                break
        else:
            on_line = _on_own_line(name, label, ways, obstacles, size) if name in alone else None
            if on_line is not None:
                obstacles.move(name, on_line)
                placed[name] = placed[name]._replace(label=on_line.middle, over=True)
            else:
                placed[name] = placed[name]._replace(over=is_crossed)
    return placed


def _on_own_line(
    name: str, label: Box, ways: Ways, obstacles: Obstacles, size: Point
) -> Box | None:
    """The label on its own arrow, which it interrupts, as near as can be to the arrow's middle."""
    points = ways.points(name)
    from_start, from_end = (np.hypot(*(points - points[end]).T) for end in (0, -1))
    is_end = (from_start < _SEEN[0]) | (from_end < _SEEN[1])
    ends, middle = points[is_end], points[len(points) // 2]
    places = points[~is_end]
    for air in (2 * _FAR, _FAR, 0):  # apart from other labels, which would read as one with it
        for place in places[np.argsort(np.hypot(*(places - middle).T))].tolist():
            box = label._replace(middle=(place[0], place[1]))
            wider = box._replace(width=box.width + air)
            if not _is_inside(box, size) or obstacles.meet(wider, [name]):
                continue
            others = [ways.points(other) for other in ways.near(box, _NEAR) if other != name]
            if not any(any_inside(other, box, _NEAR) for other in (ends, *others)):
                return box
    return None


def sides(
    routes: Mapping[str, Route],
    labels: Mapping[str, Box],
    boxes: Sequence[Box],
    size: Point,
    most: float,
) -> dict[str, tuple[float, float]]:
    """How far to the left and to the right of its middle each label could reach, alone and free."""
    ways, obstacles = Ways(routes), Obstacles(boxes, labels)
    reach = {name: [box.width / 2, box.width / 2] for name, box in labels.items()}
    for name, label in labels.items():
        box = label
        for side, sign in ((1, 1), (0, -1)):
            while reach[name][side] < label.width / 2 + most:
                x, y = box.middle
                wider = box._replace(middle=(x + sign * _AIR / 2, y), width=box.width + _AIR)
                is_free = _is_inside(wider, size) and not obstacles.meet(wider, [name])
                if not is_free or _is_crossed(wider, name, ways):
                    break
                box = wider
                obstacles.move(name, box)
                reach[name][side] += _AIR
    return {name: (left, right) for name, (left, right) in reach.items()}


def _is_crossed(box: Box, own: str, ways: Ways) -> bool:
    """Whether a line runs through the box; its own line may be nearer to it than others."""
    for name in ways.near(box, _NEAR):
        air = -1 if name == own else _NEAR
        if any_inside(ways.points(name), box, air):
            return True
    return False


def _is_own(box: Box, own: str, ways: Ways) -> bool:
    """Whether no other line is nearer to the box than its own; what is far is not looked at."""
    others = [name for name in ways.near(box, _FAR) if name != own]
    if not others:
        return True
    far = _distance(box, ways.points(own))
    return not any(_distance(box, ways.points(name)) < far for name in others)


def _distance(box: Box, points: Points) -> float:
    """From the box to the nearest of the points."""
    x = abs(points[:, 0] - box.middle[0]) - box.width / 2
    y = abs(points[:, 1] - box.middle[1]) - box.height / 2
    return float(np.hypot(np.maximum(x, 0), np.maximum(y, 0)).min())


def _places(box: Box, points: Points) -> Iterator[Box]:
    """Where else the label may stand beside its arrow, the nearest place first."""
    places: list[Point] = []
    for p, q in pairwise(points[:: max(len(points) // 40, 1)].tolist()):
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
