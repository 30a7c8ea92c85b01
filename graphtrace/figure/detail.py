"""Offer the figures of one graph, one after another, each telling less than the one before.

In: a graph, the options, how many boxes there is room for. Out: the options with one detail after
another, and the graph folded so. Which of them is drawn is decided by who lays them out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphtrace.figure.fold import folded, statements_in
from graphtrace.figure.iterations import Loop, carried, refused, steps_of
from graphtrace.figure.modules import has_layers, has_modules
from graphtrace.figure.options import Content
from graphtrace.figure.reading_order import nodes_of, steps

if TYPE_CHECKING:
    import networkx as nx

_LIMITS = (32, 20, 12, 8, 5, 3, 2, 1)
_MOST_FOLDED = 1000


def by_detail(
    graph: nx.MultiDiGraph[Any], show: Content, most_boxes: float, most_steps: float
) -> Iterator[tuple[Content, nx.MultiDiGraph[Any]]]:
    """The options with one detail after another, from the finest to the coarsest, and what is left.

    Only one where the detail is chosen, in whatever way: constants and frames are of operations.
    What has more boxes, or more of them one behind the other, than there is room for is left out.
    A loop that carries a state comes first as time, and again with steps left out before any of it
    is folded.
    """
    if show.layout == "timeline":
        times, loop = ([], None) if show.limit is not None else _in_columns(graph, show, math.inf)
        for options in times or [show]:
            yield options, folded(graph, options, loop)
        return
    is_chosen = show.depth is not None or show.unfold or show.limit is not None
    is_chosen = is_chosen or show.constants or show.scopes
    if show.detail != "auto" or is_chosen or "unfolded" in graph.graph:
        yield show, folded(graph, show)
        return
    times, loop = _in_columns(graph, show, most_boxes) if show.layout == "auto" else ([], None)
    if times and times[0].limit is None:
        yield times[0], folded(graph, times.pop(0), loop)
    finest: list[Content] = []
    size = least = len(graph)
    if size <= _MOST_FOLDED:
        finest = [replace(show, detail="operations", limit=size)]
        if graph.graph.get("runs") and not has_modules(graph):
            least, longest = statements_in(graph, show.dead)
            if least <= most_boxes and longest <= most_steps:  # else no derivatives are needed
                finest.append(replace(show, detail="statements"))
    graphs = [folded(graph, options) for options in finest]
    if len(graphs) == 2 and len(graphs[1]) == len(graphs[0]):
        del finest[0], graphs[0]  # each operation is a statement
    drawn: list[Any] = []
    for options, boxes in zip(finest, graphs, strict=True):
        size = len(boxes)
        has_room = size <= most_boxes and steps(boxes) <= most_steps
        is_last = size <= _LIMITS[-1] and options is finest[-1]
        # What a path is about may be inside the boxes of all that is coarser.
        is_about = options is finest[0] and (show.step is not None or show.path is not None)
        if has_room or is_last or is_about:
            drawn = list(boxes)
            yield options, boxes
    size = min(size, least)
    for options in times:
        yield options, folded(graph, options, loop)
    waiting = has_modules(graph) and len(graph) <= _MOST_STATEMENTS
    for limit in _LIMITS:
        if limit < size:
            options = replace(show, detail="calls", limit=limit)
            boxes = folded(graph, options)
            if waiting and boxes.graph.get("cut"):  # a statement is what its author thinks of
                waiting = False
                statements = replace(show, detail="statements")
                whole = folded(graph, statements)
                if len(whole) <= most_boxes and steps(whole) <= most_steps:
                    yield statements, whole
            has_room = len(boxes) <= most_boxes and steps(boxes) <= most_steps
            if list(boxes) != drawn and (has_room or limit == _LIMITS[-1]):
                drawn = list(boxes)
                yield options, boxes


_MOST_STATEMENTS = 200
"""Nodes of a network whose statements are looked at: each derivative in it is applied."""

_FARTHEST = 2
"""An iteration that reads from further back is not drawn as time unasked."""

_MOST_COLUMNS = 12
_COLUMNS = (6, 5, 4, 3)
"""So many are shown of a loop with more iterations."""


def _in_columns(
    graph: nx.MultiDiGraph[Any], show: Content, most_boxes: float
) -> tuple[list[Content], Loop | None]:
    """The options for a loop drawn as time, without a limit where all steps may fit, then fewer.

    None where there is nothing to draw so; unless asked for, a bare chain is not. And that loop.
    """
    nothing: tuple[list[Content], Loop | None] = [], None
    if refused(show) is not None or "unfolded" in graph.graph or len(graph) > _MOST_IN_TIME:
        return nothing
    is_chain = all(len(tails) < 2 for tails in graph.pred.values())
    if show.layout == "auto" and (is_chain or has_layers(graph)):
        return nothing
    nodes = nodes_of(graph, show.dead)
    loop = carried(graph, nodes)
    steps = None if loop is None else steps_of(graph, nodes, loop=loop)
    if steps is None or (show.layout == "auto" and (steps.is_chain or steps.reach > _FARTHEST)):
        return nothing
    is_long = steps.columns > _MOST_COLUMNS or steps.columns * steps.rows > most_boxes
    if show.layout == "auto" and is_long and most_boxes == math.inf:
        return nothing
    columns = [n for n in _COLUMNS if n < steps.columns]
    if show.layout == "timeline" or not is_long:
        columns = [steps.columns, *columns]
    limits = [None if n == steps.columns else n * steps.rows for n in columns]
    time = replace(show, layout="timeline", detail="statements")
    return [replace(time, limit=limit) for limit in limits], loop


_MOST_IN_TIME = 5000
