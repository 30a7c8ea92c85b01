"""Find the way of every arrow of a laid-out figure.

In: a Figure, its measured text, its Layout. Out: a route for each edge, two for each lane. Plain
geometry: it knows nothing about colours or SVG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphtrace.figure.parts import Direction, Figure
from graphtrace.render.layout.geometry import label_size, lane_room, lone_size
from graphtrace.render.layout.heads import with_own_heads
from graphtrace.render.layout.label_overlap import cleared, sides
from graphtrace.render.layout.lane import Box, Track, pairs, turned, turned_lane, turned_route
from graphtrace.render.layout.places import Layout, Route
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.sheet import Line, Sheet

_SPREAD = 24
"""Between two pairs of arrows that meet the same side of a box."""


def routes(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> dict[str, Route]:
    """The route of each edge by its id; a lane gives two."""
    if figure.timeline is not None:
        return {figure.edges[i].id: route for i, route in layout.routes.items()}
    along = 1 if figure.direction == "TB" else 0
    engine_routes = {figure.edges[i].id: _onward(r, along) for i, r in layout.routes.items()}
    boxes = {
        node.id: Box(middle, cell.width, cell.height, cell.shape == "circle")
        for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True)
    }
    below = {edge.beside: i for i, edge in enumerate(figure.edges) if edge.beside is not None}
    obstacles = list(boxes.values())
    ends = {figure.edges[i].id: boxes[figure.edges[i].head] for i in layout.routes}
    lone = {
        figure.edges[i].id: lone_size(line, figure.direction)
        for i in layout.routes
        if (line := sheet.labels[i]) is not None
    }
    route_of = with_own_heads(engine_routes, ends, obstacles, 1 - along, lone)
    for name, size in lone.items():
        if (middle := route_of[name].label) is not None:
            obstacles.append(Box(middle, *size))
    titles = [
        Box(frame.title, *label_size(title))
        for title, frame in zip(sheet.titles, layout.frames, strict=True)
    ]
    obstacles += titles
    tracks = {}
    for i, lane in layout.lanes.items():
        edge = figure.edges[i]
        lines = (sheet.labels[i], sheet.labels[below[edge.id]] if edge.id in below else None)
        room = lane_room(*lines, theme, figure.direction)
        label = Box(lane.label, room.width, room.height)
        at = label.left + room.before if figure.direction == "TB" else label.middle[1]
        off = _offsets(lines, label, figure, theme)
        tracks[i] = Track(lane, boxes[edge.tail], boxes[edge.head], label, at, off)
    apart = 0 if figure.form == "wires" else theme.lane
    for i, (forward, backward) in _pairs(tracks, obstacles, apart, figure.direction).items():
        edge = figure.edges[i]
        route_of[edge.id] = forward
        if edge.id in below:
            route_of[figure.edges[below[edge.id]].id] = backward
    labels = _labels(figure, sheet, route_of)
    alone = {figure.edges[i].id for i in layout.routes}
    taken = [*boxes.values(), *titles]
    return cleared(route_of, labels, alone, taken, (layout.width, layout.height))


def label_sides(
    figure: Figure, sheet: Sheet, layout: Layout, route_of: Mapping[str, Route]
) -> dict[str, tuple[float, float]]:
    """How far to the left and right of its middle a label could reach if it were wider, by edge."""
    boxes = [
        Box(middle, cell.width, cell.height, cell.shape == "circle")
        for cell, middle in zip(sheet.cells, layout.nodes, strict=True)
    ]
    boxes += [
        Box(frame.title, *label_size(title))
        for title, frame in zip(sheet.titles, layout.frames, strict=True)
    ]
    labels = _labels(figure, sheet, route_of)
    return sides(route_of, labels, boxes, (layout.width, layout.height), _MOST_WIDER)


_MOST_WIDER = 40


def _labels(figure: Figure, sheet: Sheet, route_of: Mapping[str, Route]) -> dict[str, Box]:
    """The rooms of the labels where they stand, by edge."""
    return {
        edge.id: Box(middle, line.width, line.height)
        for edge, line in zip(figure.edges, sheet.labels, strict=True)
        if line is not None and (middle := route_of[edge.id].label) is not None
    }


def _offsets(
    lines: tuple[Line | None, Line | None], label: Box, figure: Figure, theme: Theme
) -> tuple[float, float]:
    """How far the labels stand from the middle of their lane."""
    if figure.direction == "LR":
        off = label.height / 4 + theme.lane / 4
        return off, off
    apart = (0 if figure.form == "wires" else theme.lane / 2) + 6
    first, second = (line.width / 2 if line is not None else 0 for line in lines)
    return apart + first, apart + second


def _pairs(
    tracks: Mapping[int, Track], obstacles: Sequence[Box], apart: float, direction: Direction
) -> Mapping[int, tuple[Route, Route]]:
    if direction == "LR":
        return pairs(tracks, obstacles, apart, _SPREAD)
    flat = {
        i: t._replace(
            lane=turned_lane(t.lane),
            tail=turned(t.tail),
            head=turned(t.head),
            label=turned(t.label),
        )
        for i, t in tracks.items()
    }
    flat_pairs = pairs(flat, [turned(box) for box in obstacles], apart, _SPREAD)
    return {i: (turned_route(on), turned_route(back)) for i, (on, back) in flat_pairs.items()}


def _onward(route: Route, along: int) -> Route:
    """The route without a loop that the engine may have left in it: it never turns back."""
    curve = list(route.curve)
    for i in range(0, len(curve) - 1, 3):
        low, high = sorted((curve[i][along], curve[i + 3][along]))
        for k in (i + 1, i + 2):
            at = max(low, min(high, curve[k][along]))
            curve[k] = (curve[k][0], at) if along else (at, curve[k][1])
    return route._replace(curve=tuple(curve))


def moved(route: Route, by: float) -> Route:
    """The route further to the right and further down by so much."""
    return route.to(lambda point: (point[0] + by, point[1] + by))
