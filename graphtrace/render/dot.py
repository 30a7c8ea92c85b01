"""Write a Figure as DOT, in two flavours.

`layout_dot` is for the engine alone: boxes and labels are empty and have the sizes that we
measured, so no font, no name and no number of the user's reaches the engine. `readable_dot` is
for people and their own `dot`: the same figure with its text. In: Figure, theme. Out: str, the
same every time. Knows nothing about files or processes.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from graphtrace.figure import Direction, Edge, Figure, Node
from graphtrace.render.formula import plain
from graphtrace.render.label import Line, Sheet, caption_rows
from graphtrace.render.say import wording
from graphtrace.render.text import clean, decimal
from graphtrace.render.theme import Theme

if TYPE_CHECKING:
    from graphviz import Digraph

_CELL = (
    '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR>'
    '<TD FIXEDSIZE="TRUE" WIDTH="{}" HEIGHT="{}"></TD></TR></TABLE>>'
)


def layout_dot(figure: Figure, sheet: Sheet, theme: Theme) -> str:
    """The figure as bare geometry: node n3 is its fourth node, edge e3 its fourth edge.

    A lone arrow has an ordinary edge label, which the engine sets beside the line. Where a
    backward arrow runs beside a forward one, the pair is one edge with a node l3 in its midst:
    the two lines pass through its middle, one label above them and one below, so that no label
    can be nearer to another line than to its own. So is every wire, which has its value above
    and its gradient below it.
    """
    dot = _digraph(figure, "layout")
    dot.attr("node", shape="box", fixedsize="true", label="")
    place = {node.id: f"n{i}" for i, node in enumerate(figure.nodes)}
    for node, cell in zip(figure.nodes, sheet.cells, strict=True):
        shape = {"shape": "circle"} if cell.shape == "circle" else {}
        size = {"width": _inches(cell.width), "height": _inches(cell.height)}
        dot.node(place[node.id], **size, **shape)
    companions = {e.beside: sheet.labels[i] for i, e in enumerate(figure.edges) if e.beside}
    if figure.form == "wires":
        companions = {edge.id: companions.get(edge.id) for edge in figure.edges}
    lanes = bool(companions)
    into, out = ("n", "s") if figure.direction == "TB" else ("w", "e")
    gaps = (theme.node_gap, theme.rank_gap)
    if lanes and figure.direction == "LR":
        gaps = (theme.lane_node_gap, theme.lane_rank_gap)
    elif lanes:
        gaps = (theme.turned_node_gap, theme.turned_rank_gap)
    dot.attr("graph", nodesep=_inches(gaps[0]), ranksep=_inches(gaps[1]))
    for i, (edge, line) in enumerate(zip(figure.edges, sheet.labels, strict=True)):
        tail, head = place[edge.tail], place[edge.head]
        if edge.beside is not None:
            continue
        if edge.id in companions:
            width, height = lane_size(line, companions[edge.id], theme, figure.direction)
            dot.node(f"l{i}", width=_inches(width), height=_inches(height))
            dot.edge(f"{tail}", f"l{i}:{into}", id=f"t{i}", dir="back")
            dot.edge(f"l{i}:{out}", f"{head}", id=f"h{i}")
        else:
            label = {"label": _CELL.format(*label_size(line))} if line is not None else {}
            dot.edge(tail, head, id=f"e{i}", **label)
    return str(dot.source)


def label_size(line: Line) -> tuple[int, int]:
    """The room a label takes: its text, and air enough that no line touches a p or a y."""
    return math.ceil(line.width) + 4, math.ceil(line.height) + 5


def lane_size(
    above: Line | None, below: Line | None, theme: Theme, direction: Direction
) -> tuple[int, int]:
    """The room of two arrows with a label on either side: above and below, or left and right."""
    sizes = [label_size(line) for line in (above, below) if line is not None]
    width = max((size[0] for size in sizes), default=0)
    height = max((size[1] for size in sizes), default=0)
    lane = math.ceil(theme.lane)
    return (2 * width + lane, height + 8) if direction == "TB" else (width, 2 * height + lane)


def readable_dot(figure: Figure, sheet: Sheet, theme: Theme) -> str:
    """The figure with its text, for any Graphviz."""
    colours = theme.light
    dot = _digraph(figure, _quotable(figure.name))
    # From 0.4 inches on, the labels of an arrow and its companion keep apart.
    dot.attr("graph", bgcolor=colours.paper, nodesep="0.45", ranksep="0.4")
    size = decimal(theme.label_size)
    dot.attr("node", shape="box", style="filled", fontname="Helvetica", fontcolor=colours.ink)
    dot.attr("edge", fontname="Helvetica", fontsize=size, fontcolor=colours.muted)
    dot.attr("edge", color=colours.line)
    names = _identifiers(figure)
    if figure.caption:
        rows = caption_rows(figure.caption, wording(figure, theme.digits), theme, theme.column)
        dot.attr("graph", label=_label(tuple(row.line for row in rows)), fontname="Helvetica")
    for node, cell in zip(figure.nodes, sheet.cells, strict=True):
        _readable_node(dot, names[node.id], node, cell.lines, theme)
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
        if edge.emphasis != "hidden":
            _readable_edge(dot, (names[edge.tail], names[edge.head]), edge, line, theme)
    return str(dot.source)


def _readable_node(
    dot: Digraph, name: str, node: Node, lines: tuple[Line, ...], theme: Theme
) -> None:
    colours = theme.light
    fill, line = {
        "input": (colours.input, colours.input_line),
        "copy": (colours.input, colours.input_line),
        "output": (colours.output, colours.output_line),
        "operation": (colours.operation, colours.operation_line),
        "end": (colours.paper, colours.paper),
    }[node.role]
    if node.emphasis != "plain":
        line = colours.gradient if node.emphasis == "strong" else colours.faint_line
    style = "filled,rounded" if node.role in ("input", "copy") else "filled"
    dot.node(
        name,
        label=_label(lines),
        fillcolor=fill,
        color=line,
        style=style,
        fontsize=decimal(theme.formula_size),
        tooltip=_label(lines).replace("\\n", "  "),
    )


def _readable_edge(
    dot: Digraph, ends: tuple[str, str], edge: Edge, line: Line | None, theme: Theme
) -> None:
    options = {"label": _label((line,))} if line is not None and line.shown else {}
    if edge.kind == "backward":
        red = theme.light.gradient
        options |= {"dir": "back", "style": "dashed", "color": red, "fontcolor": red}
    if edge.emphasis == "strong":
        red = theme.light.gradient
        options |= {"penwidth": "2", "color": red, "fontcolor": red}
    elif edge.emphasis == "dim":
        options |= {"color": theme.light.faint_line, "fontcolor": theme.light.faint}
    dot.edge(*ends, **options)


def _digraph(figure: Figure, name: str) -> Digraph:
    # Imported here: tracing and `import graphtrace` must not pay for it.
    from graphviz import Digraph

    dot = Digraph(name)
    dot.attr("graph", rankdir=figure.direction)
    return dot


def _inches(pixels: float) -> str:
    return decimal(pixels / 72, 6)


_IDENTIFIER = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
_KEYWORDS = {"node", "edge", "graph", "digraph", "subgraph", "strict"}


def _identifiers(figure: Figure) -> dict[str, str]:
    """A DOT name for each node: its key where that is one, else its id."""
    taken: set[str] = set()
    names = {}
    for node in figure.nodes:
        good = _IDENTIFIER.match(node.key) and node.key.lower() not in _KEYWORDS
        plainly = bool(good) and node.role != "copy" and node.key not in taken
        names[node.id] = node.key if plainly else node.id
        taken.add(names[node.id])
    return names


def _quotable(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "graph"


def _label(lines: tuple[Line, ...]) -> str:
    """Lines of an escString: what Graphviz would read as an escape or an entity is escaped."""
    texts = (clean(plain(line.runs)) for line in lines if line.shown)
    escaped = (text.replace("\\", "\\\\").replace("&", "&amp;") for text in texts)
    # The quoting of the graphviz package takes <...> for HTML unless something stands before it.
    joined = "\\n".join(escaped)
    return joined.replace("<", "&lt;").replace(">", "&gt;")
