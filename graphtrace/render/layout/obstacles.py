"""Boxes that stand in a picture, asked all at once whether they are in the way of another thing.

In: boxes, the rooms of labels; then a box, or points. Out: whether they have a place in common.
Plain geometry, in arrays, since for each label of a large figure all of its boxes are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.ways import Points


class Obstacles:
    """Boxes that stay, each of which is its own name, and the rooms of labels by name."""

    def __init__(
        self, boxes: Iterable[Box], labels: Mapping[str, Box] = MappingProxyType({})
    ) -> None:
        own = dict.fromkeys(boxes)
        names: tuple[Box | str, ...] = (*own, *labels)
        self._place = {name: place for place, name in enumerate(names)}
        rows = [_row(box) for box in (*own, *labels.values())]
        self._columns = np.array(rows, dtype=float).reshape(-1, 4).T.copy()

    def move(self, name: str, box: Box) -> None:
        """The label of that name has another room."""
        self._columns[:, self._place[name]] = _row(box)

    def meet(self, box: Box, but: Iterable[Box | str] = (), air: float = 0) -> bool:
        """Whether one of them, `but` these, is nearer to the box than `air`."""
        return bool(self._near(box, but, air).any())

    def hold(self, points: Points, but: Iterable[Box | str] = ()) -> bool:
        """Whether one of them, `but` these, has one of the points inside."""
        if not len(points):
            return False
        (left, top), (right, bottom) = points.min(0), points.max(0)
        frame = Box(((left + right) / 2, (top + bottom) / 2), right - left, bottom - top)
        x, y, width, height = self._columns[:, self._near(frame, but, 1), None]
        inside = (abs(points[:, 0] - x) < width / 2) & (abs(points[:, 1] - y) < height / 2)
        return bool(inside.any())

    def _near(self, box: Box, but: Iterable[Box | str], air: float) -> Points:
        x, y, width, height = self._columns
        near: Points = abs(x - box.middle[0]) < (width + box.width) / 2 + air
        near &= abs(y - box.middle[1]) < (height + box.height) / 2 + air
        for name in but:
            if name in self._place:
                near[self._place[name]] = False
        return near


def _row(box: Box) -> tuple[float, float, float, float]:
    return *box.middle, box.width, box.height
