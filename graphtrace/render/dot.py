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

from graphtrace.figure import Edge, Figure, Node
from graphtrace.render.formula import plain
from graphtrace.render.label import Line, Sheet
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
    can be nearer to another line than to its own.
    """
    dot = _digraph(figure, "layout")
    dot.attr("node", shape="box", fixedsize="true", label="")
    place = {node.id: f"n{i}" for i, node in enumerate(figure.nodes)}
    for node, cell in zip(figure.nodes, sheet.cells, strict=True):
        dot.node(place[node.id], width=_inches(cell.width), height=_inches(cell.height))
    lanes = any(edge.beside is not None for edge in figure.edges)
    gaps = (theme.lane_node_gap, theme.lane_rank_gap) if lanes else (theme.node_gap, theme.rank_gap)
    dot.attr("graph", nodesep=_inches(gaps[0]), ranksep=_inches(gaps[1]))
    companions = {edge.beside: sheet.labels[i] for i, edge in enumerate(figure.edges)}
    for i, (edge, line) in enumerate(zip(figure.edges, sheet.labels, strict=True)):
        tail, head = place[edge.tail], place[edge.head]
        if edge.id in companions:
            width, height = lane_size(line, companions[edge.id], theme)
            dot.node(f"l{i}", width=_inches(width), height=_inches(height))
            dot.edge(f"{tail}", f"l{i}:w", id=f"t{i}", dir="back")
            dot.edge(f"l{i}:e", f"{head}", id=f"h{i}")
        elif edge.beside is None:
            label = {"label": _CELL.format(*label_size(line))} if line is not None else {}
            dot.edge(tail, head, id=f"e{i}", **label)
    return str(dot.source)


def label_size(line: Line) -> tuple[int, int]:
    """The room a label takes: its text, and air enough that no line touches a p or a y."""
    return math.ceil(line.width) + 4, math.ceil(line.size * 1.15) + 5


def lane_size(above: Line | None, below: Line | None, theme: Theme) -> tuple[int, int]:
    """The room of two arrows with a label above and one below them."""
    sizes = [label_size(line) for line in (above, below) if line is not None]
    width = max((size[0] for size in sizes), default=0)
    height = max((size[1] for size in sizes), default=0)
    return width, 2 * height + math.ceil(theme.lane)


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
    for node, cell in zip(figure.nodes, sheet.cells, strict=True):
        _readable_node(dot, names[node.id], node, cell.lines, theme)
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
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
    }[node.role]
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
    options = {"label": _label((line,))} if line is not None else {}
    if edge.kind == "backward":
        red = theme.light.gradient
        options |= {"dir": "back", "style": "dashed", "color": red, "fontcolor": red}
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
    texts = (clean(plain(line.runs)) for line in lines)
    escaped = (text.replace("\\", "\\\\").replace("&", "&amp;") for text in texts)
    # The quoting of the graphviz package takes <...> for HTML unless something stands before it.
    joined = "\\n".join(escaped)
    return joined.replace("<", "&lt;").replace(">", "&gt;")
