"""The ways of a figure's arrows as points, and which of them run near a box.

In: routes. Out: points close to each other on each. Plain geometry: it knows nothing about text or
colours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.places import Route

Points: TypeAlias = np.ndarray[Any, Any]
"""A row for each point: its x and its y."""

_STEPS = 12
"""The pieces of a short curve; of a long one each is about 3 pixels long."""


def way_points(route: Route) -> Points:
    """Points of the way, close to each other, from tip to tip."""
    curve = route.curve
    pieces = [] if route.start is None else [np.array([route.start])]
    for i in range(0, len(curve) - 1, 3):
        corners = np.array(curve[i : i + 4])
        steps = max(_STEPS, round(math.dist(curve[i], curve[i + 3]) / 3))
        a, b, c, d = _weights(steps)
        pieces.append(a * corners[0] + b * corners[1] + c * corners[2] + d * corners[3])
    pieces += [] if route.end is None else [np.array([route.end])]
    return np.concatenate(pieces) if pieces else np.empty((0, 2))


def any_inside(points: Points, box: Box, air: float = 0) -> bool:
    """Whether one of the points is in the box or around it within so much."""
    beside = abs(points[:, 0] - box.middle[0]) < box.width / 2 + air
    return bool((beside & (abs(points[:, 1] - box.middle[1]) < box.height / 2 + air)).any())


@lru_cache(512)
def _weights(steps: int) -> tuple[Points, ...]:
    """How much each corner of a Bézier curve weighs at so many steps from its start to its end."""
    ts = [step / steps for step in range(steps + 1)]
    rows = [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3) for t in ts]
    return tuple(np.array(rows).T[:, :, None])


class Ways:
    """The ways of arrows by name, asked all at once which of them come near to a box.

    The points of few are needed: those of all took a sixth of the drawing.
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._names = list(routes)
        self._points: dict[str, Points] = {}
        frames = [_frame(route) for route in routes.values()]
        self._frames = np.array(frames).reshape(-1, 4).T.copy()

    def points(self, name: str) -> Points:
        """Points of a way, from tip to tip."""
        if name not in self._points:
            self._points[name] = way_points(self._routes[name])
        return self._points[name]

    def near(self, box: Box, air: float) -> list[str]:
        """The ways that may have a point in the box or around it within so much."""
        (x, y), half, high = box.middle, box.width / 2 + air, box.height / 2 + air
        left, top, right, bottom = self._frames
        near = (left < x + half) & (right > x - half) & (top < y + high) & (bottom > y - high)
        return [self._names[i] for i in np.flatnonzero(near)]


def _frame(route: Route) -> tuple[float, float, float, float]:
    """What the way does not leave, since a curve stays between its corners."""
    ends = [end for end in (route.start, route.end) if end is not None]
    xs, ys = zip(*route.curve, *ends, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
