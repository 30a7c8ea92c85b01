"""Give each arrow a place of its own on the side of the box that it comes to.

In: the ways of arrows that stand alone, the boxes that they come to, and what else stands there.
Out: the same ways, each tip at some distance from the next. Plain geometry: it knows nothing about
text or colours.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.obstacles import Obstacles
from graphtrace.render.layout.places import Point, Route
from graphtrace.render.layout.ways import way_points

_APART = 11
"""From tip to tip, a little more than an arrowhead is wide."""

_CORNER = 9
_HEAD = 12
"""An arrowhead is moved as a whole."""

_REACH = 100
"""So far from its tip an arrow is moved at most."""

_APPROACH = 30
"""So far from its tip it is seen from where an arrow comes."""


def with_own_heads(
    routes: Mapping[str, Route],
    heads: Mapping[str, Box],
    boxes: Sequence[Box],
    facing: int,
    labels: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> dict[str, Route]:
    """The routes, moved where two tips on one side of a box would touch, or one is at its corner.

    `heads` are the boxes that the routes by these names come to; a tip at a corner belongs to the
    side along the axis `facing`, which is turned to where arrows come from. `labels` are the sizes
    of theirs, which are moved with them. A route that would run into a box or another's label stays
    where it is, with all that come to the same side.
    """
    moved = dict(routes)
    rooms = {n: _room(routes[n], size) for n, size in labels.items() if routes[n].label}
    obstacles = Obstacles(boxes, rooms)
    sides: dict[tuple[Box, int, int], list[str]] = {}
    for name, box in heads.items():
        tip = routes[name].end
        if tip is not None and not box.round:
            sides.setdefault((box, *_side(tip, box, facing)), []).append(name)
    for (box, along, _), names in sides.items():
        tips = sorted(_tip(routes[name])[along] for name in names)
        half = (box.height if along else box.width) / 2 - _CORNER
        low, high = box.middle[along] - half, box.middle[along] + half
        if low <= tips[0] and tips[-1] <= high and all(b - a >= _APART for a, b in pairwise(tips)):
            continue
        places = _spread(tips, low, high)
        names.sort(key=lambda name: _approach(routes[name], along))
        new = {n: _ending(routes[n], box, along, at) for n, at in zip(names, places, strict=True)}
        own = {name: _room(new[name], labels[name]) for name in names if name in rooms}
        for name, room in own.items():
            obstacles.move(name, room)
        is_free = not any(
            obstacles.hold(way_points(route._replace(start=None, end=None))[1:], [box, name])
            for name, route in new.items()
        ) and not any(obstacles.meet(room, [name], -1) for name, room in own.items())
        if is_free:
            moved |= new
            rooms |= own
        for name in own:
            obstacles.move(name, rooms[name])
    return moved


def _side(tip: Point, box: Box, facing: int) -> tuple[int, int]:
    """Along which axis the side that the tip is at runs, and which of the two it is."""
    x, y = tip[0] - box.middle[0], tip[1] - box.middle[1]
    inside = box.width / 2 - abs(x), box.height / 2 - abs(y)
    along = int(inside[0] < inside[1]) if max(inside) > _CORNER else facing
    return (1, x > 0) if along else (0, y > 0)


def _tip(route: Route) -> Point:
    assert route.end is not None
    return route.end


def _approach(route: Route, along: int) -> float:
    """Where the way is at some distance before its tip."""
    tip = _tip(route)
    points: list[Point] = way_points(route)[::-1].tolist()
    for near, far in pairwise(points):
        before, after = math.dist(near, tip), math.dist(far, tip)
        if after > _APPROACH >= before:
            part = (_APPROACH - before) / (after - before)
            return near[along] + (far[along] - near[along]) * part
    return route.curve[0][along]


def _spread(tips: Sequence[float], low: float, high: float) -> list[float]:
    """The places nearest to the tips that are apart from each other, from `low` to `high`."""
    step = min(_APART, (high - low) / max(len(tips) - 1, 1))
    groups: list[list[float]] = []  # of tips that push each other
    for i, tip in enumerate(tips):
        groups.append([tip - i * step])
        while len(groups) > 1 and _mean(groups[-2]) > _mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    means = [_mean(group) for group in groups for _ in group]
    last = high - (len(tips) - 1) * step
    return [max(low, min(last, mean)) + i * step for i, mean in enumerate(means)]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _ending(route: Route, box: Box, along: int, at: float) -> Route:
    """The route with its tip at that place of the side, and less moved the further from it."""
    tip = _tip(route)
    half = (box.width if along else box.height) / 2
    inside = half - abs(tip[1 - along] - box.middle[1 - along])
    out = math.copysign(max(inside, 0), tip[1 - along] - box.middle[1 - along])  # to the side
    by = (out, at - tip[1]) if along else (at - tip[0], out)
    reach = min(_REACH, math.dist(route.curve[0], tip))

    def move(point: Point) -> Point:
        near = max(1 - max(math.dist(point, tip) - _HEAD, 0) / reach, 0)
        step = near**2 * (3 - 2 * near)
        return point[0] + by[0] * step, point[1] + by[1] * step

    first, *others = route.curve
    moved = route._replace(curve=(first, *map(move, others)), end=move(tip))
    if (label := route.label) is None:
        return moved
    near = min(way_points(route).tolist(), key=functools.partial(math.dist, label))
    beside = move(near)  # the label goes as far as its line
    return moved._replace(label=(label[0] + beside[0] - near[0], label[1] + beside[1] - near[1]))


def _room(route: Route, size: tuple[float, float]) -> Box:
    assert route.label is not None
    return Box(route.label, *size)
