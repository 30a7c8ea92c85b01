"""Set the title of a frame where no arrow runs through it.

In: the frames of a laid-out figure, the room of their titles, and what else stands there. Out: the
same frames, each title at the free place along its upper or lower side that is nearest to where the
engine has put it. Plain geometry: it knows nothing about text or colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from graphtrace.figure.parts import Figure
from graphtrace.render.layout.geometry import label_size
from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.obstacles import Obstacles
from graphtrace.render.layout.places import Frame, Layout, Route
from graphtrace.render.layout.ways import Points, any_inside, way_points
from graphtrace.render.typeset.sheet import Sheet

_STEP = 6
"""Between two places that are tried."""

_INSET = 6
"""From the end of a frame's side to a title."""


def with_free_titles(
    figure: Figure, sheet: Sheet, layout: Layout, routes: Mapping[str, Route]
) -> tuple[Frame, ...]:
    """The frames of the layout; a title stays where it is if there is no free place for it."""
    if not layout.frames:
        return ()
    boxes = [
        Box(middle, cell.width, cell.height)
        for middle, cell in zip(layout.nodes, sheet.cells, strict=True)
    ]
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
        middle = routes[edge.id].label
        if line is not None and middle is not None:
            boxes.append(Box(middle, *label_size(line)))
    points = np.concatenate([way_points(route) for route in routes.values()])
    frames: list[Frame] = []
    for title, frame in zip(sheet.titles, layout.frames, strict=True):
        borders = [*_borders(layout.frames, frame)]
        obstacles = Obstacles([*boxes, *borders])
        room = Box(frame.title, *label_size(title))
        free = (box for box in _places(room, frame) if _is_free(box, obstacles, points))
        place = next(free, room)
        boxes.append(place)
        frames.append(frame._replace(title=place.middle))
    return tuple(frames)


def _places(room: Box, frame: Frame) -> Iterator[Box]:
    """Where the title may stand, the nearest to its place first: above, then below."""
    yield room
    first = frame.left + room.width / 2 + _INSET
    last = frame.left + frame.width - room.width / 2 - _INSET
    steps = int((last - first) // _STEP) + 1
    xs = sorted((first + i * _STEP for i in range(steps)), key=lambda x: abs(x - room.middle[0]))
    below = frame.top + frame.height - (room.middle[1] - frame.top)
    yield from (room._replace(middle=(x, y)) for y in (room.middle[1], below) for x in xs)


def _borders(frames: Sequence[Frame], own: Frame) -> Iterator[Box]:
    """The sides of other frames, as boxes without width."""
    for frame in frames:
        if frame is own:
            continue
        x, y = frame.left + frame.width / 2, frame.top + frame.height / 2
        for side in (frame.top, frame.top + frame.height):
            yield Box((x, side), frame.width, 0)
        for side in (frame.left, frame.left + frame.width):
            yield Box((side, y), 0, frame.height)


def _is_free(box: Box, obstacles: Obstacles, points: Points) -> bool:
    return not obstacles.meet(box) and not any_inside(points, box)
