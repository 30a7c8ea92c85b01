"""Write a Figure as bare geometry, for the layout engine alone.

In: Figure, its measured text, a theme. Out: DOT in which boxes and labels are empty and have the
sizes that we measured, so that no font, no name and no number of the user's reaches the engine.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from graphtrace.figure.parts import Direction, Figure
from graphtrace.render.layout.layers import layers, room_for
from graphtrace.render.layout.order import Order
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import decimal
from graphtrace.render.typeset.sheet import Line, Sheet

_ROW = '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>{}</TR></TABLE>>'
_CELL = _ROW.format('<TD FIXEDSIZE="TRUE" WIDTH="{}" HEIGHT="{}"></TD>')
_LANE = _ROW.format(
    '<TD FIXEDSIZE="TRUE" WIDTH="{}" HEIGHT="4"></TD>'
    '<TD PORT="m" FIXEDSIZE="TRUE" WIDTH="2" HEIGHT="4"></TD>'
    '<TD FIXEDSIZE="TRUE" WIDTH="{}" HEIGHT="4"></TD>'
)

_BESIDE = 8
"""More room for a label that stands beside a line than for one above it."""

_STRAIGHT = 0.6
"""The share of the gap that a lane takes which has no bend in it."""

_FEW = 20
_SPINE = 8
"""With more boxes than that, the weight of an edge between operations, which keeps them in line."""


def layout_dot(figure: Figure, sheet: Sheet, theme: Theme, orders: Iterable[Order] = ()) -> str:
    """The figure as bare geometry: node n3 is its fourth node, edge e3 its fourth edge.

    `orders` are of places of nodes.

    A lone arrow has an ordinary edge label, which the engine sets beside the line. Where a
    backward arrow runs beside a forward one, the pair is one edge with a node l3 in its midst:
    the two lines pass through its middle, one label above them and one below, so that no label
    can be nearer to another line than to its own. So is every wire, which has its value above
    and its gradient below it.
    """
    back = [(edge.beside, label) for edge, label in zip(figure.edges, sheet.labels, strict=True)]
    companions = {beside: label for beside, label in back if beside is not None}
    if figure.form == "wires":
        companions = {edge.id: companions.get(edge.id) for edge in figure.edges}
    node_gap, rank_gap = (theme.node_gap, theme.rank_gap)
    if companions and figure.direction == "LR":
        node_gap, rank_gap = (theme.lane_node_gap, theme.lane_rank_gap)
    elif companions:
        node_gap, rank_gap = (theme.turned_node_gap, theme.turned_rank_gap)
        rank_gap *= 1 if _branches(figure) else _STRAIGHT
    gaps = f"nodesep={_inches(node_gap)} ranksep={_inches(rank_gap)}"
    if theme.layered:  # as narrow as can be, and not in balance
        gaps += f' ratio=compress size="{_inches(room_for(sheet, theme))},100"'
    lines = [
        "digraph layout {",
        f"graph [rankdir={figure.direction} {gaps}]",
        'node [shape=box fixedsize=true label=""]',
    ]
    for i, cell in enumerate(sheet.cells):
        shape = " shape=circle" if cell.shape == "circle" else ""
        lines.append(f"n{i} [{_size(cell.width, cell.height)}{shape}]")
    lines += _frames(figure, sheet, companions, None)
    lines += _edges(figure, sheet, theme, companions)
    for i, (first, second, beside) in enumerate(orders):
        # A lane is a rank of its own, so that a row is two ranks.
        apart = f" minlen={2 if companions else 1} weight=0"
        rank, apart = ("rank=same ", "") if beside else ("", apart)
        lines.append(f"{{{rank}n{first} -> n{second} [id=o{i} style=invis{apart}]}}")
    return "\n".join([*lines, "}\n"])


def _branches(figure: Figure) -> bool:
    """Whether it is more than one chain."""
    heads = [edge.head for edge in figure.edges if edge.kind == "forward"]
    return len(set(heads)) < len(heads)


def _edges(
    figure: Figure, sheet: Sheet, theme: Theme, companions: Mapping[str, Line | None]
) -> Iterator[str]:
    place = {node.id: f"n{i}" for i, node in enumerate(figure.nodes)}
    results = {node.id for node in figure.nodes if node.role == "operation"}
    into, out = ("n", "s") if figure.direction == "TB" else ("w", "e")
    inputs = [node.id for node in figure.nodes if node.role == "input"]
    rows = {id: i % theme.input_rows for i, id in enumerate(inputs)}
    layer = layers(figure, sheet, theme) if theme.layered else {}
    for i, (edge, line) in enumerate(zip(figure.edges, sheet.labels, strict=True)):
        tail, head = place[edge.tail], place[edge.head]
        if edge.beside is not None:
            continue
        # A lane and a label are a rank of their own, so that a row is two ranks.
        longer = 2 * rows.get(edge.tail, 0)
        if edge.id in companions:
            lane = lane_room(line, companions[edge.id], theme, figure.direction)
            length = f" minlen={1 + longer}" if longer else ""
            port = "" if lane.is_even else "m:"
            yield f"l{i} [{_lane(lane)}]"
            yield f"{tail} -> l{i}:{port}{into} [id=t{i} dir=back{length}]"
            yield f"l{i}:{port}{out} -> {head} [id=h{i}]"
        elif edge.tail in layer:
            room = lone_size(line, figure.direction) if line is not None else None
            label = f" label={_CELL.format(*room)}" if room is not None else ""
            yield f"{tail} -> {head} [id=e{i}{label} minlen={layer[edge.tail] - layer[edge.head]}]"
        else:
            room = lone_size(line, figure.direction) if line is not None else None
            label = f" label={_CELL.format(*room)}" if room is not None else ""
            spine = edge.tail in results and len(figure.nodes) > _FEW
            weight = f" weight={_SPINE}" if spine else ""
            length = f" minlen={1 + longer // (1 if label else 2)}" if longer else ""
            yield f"{tail} -> {head} [id=e{i}{label}{weight}{length}]"


def _frames(
    figure: Figure, sheet: Sheet, lanes: Collection[str], outer: str | None
) -> Iterator[str]:
    """The scopes in that scope as clusters of boxes and of the lanes between them."""
    for i, scope in enumerate(figure.scopes):
        if scope.outer != outer:
            continue
        inside = set(scope.nodes)
        label = _CELL.format(*label_size(sheet.titles[i]))
        yield f"subgraph cluster_{i} {{\ngraph [label={label} labeljust=l]"
        yield from (f"n{n}" for n, node in enumerate(figure.nodes) if node.id in inside)
        for n, edge in enumerate(figure.edges):
            if edge.id in lanes and {edge.tail, edge.head} <= inside:
                yield f"l{n}"
        yield from _frames(figure, sheet, lanes, scope.id)
        yield "}"


def _size(width: float, height: float) -> str:
    return f"width={_inches(width)} height={_inches(height)}"


def label_size(line: Line) -> tuple[int, int]:
    """The room a label takes: its text, and air enough that no line touches a p or a y."""
    return math.ceil(line.width) + 4, math.ceil(line.height) + 5


def lone_size(line: Line, direction: Direction) -> tuple[int, int]:
    """The same for a label that stands alone beside its arrow, which runs past its longer side."""
    width, height = label_size(line)
    return (width + _BESIDE, height) if direction == "TB" else (width, height)


class LaneRoom(NamedTuple):
    """The room of two arrows with a label on either side: above and below, or left and right.

    From top to bottom the labels are seldom as wide as each other, and the arrows run through the
    middle only where they are: they are `before` from the left side of the room.
    """

    width: float
    height: float
    before: float

    @property
    def is_even(self) -> bool:
        """Whether the arrows run through its middle."""
        return self.before == self.width / 2


def lane_room(
    above: Line | None, below: Line | None, theme: Theme, direction: Direction
) -> LaneRoom:
    """The room of a lane with these labels."""
    sizes = [label_size(line) if line is not None else (0, 0) for line in (above, below)]
    (first, _), (second, _) = sizes
    height = max(size[1] for size in sizes)
    lane = math.ceil(theme.lane)
    wider = max(lane - 10, 0)  # a wide line bends at some distance from the label
    if direction == "TB":  # a pair that runs past it is wider than the one line of the engine
        before = first + theme.lane
        return LaneRoom(before + second + theme.lane, height + 8 + wider, before)
    width = max(first, second) + wider
    return LaneRoom(width, 2 * height + lane, width / 2)


def _lane(room: LaneRoom) -> str:
    """The node of a lane, with a port where its arrows run if that is not in its middle."""
    size = _size(room.width, room.height)
    if room.is_even:
        return size
    sides = (room.before, room.width - room.before)
    left, right = (max(1, math.floor(side) - 2) for side in sides)
    return f"{size} margin=0 label={_LANE.format(left, right)}"


def _inches(pixels: float) -> str:
    return decimal(pixels / 72, 6)
