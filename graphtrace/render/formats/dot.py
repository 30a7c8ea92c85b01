"""Write a Figure as DOT with its text, for people and their own `dot`.

In: Figure, its text, a theme. Out: str, the same every time. Knows nothing about files or
processes; geometry.py writes what our own engine gets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphtrace.figure.arrays import in_words
from graphtrace.figure.parts import Edge, Figure, Node
from graphtrace.render.paint.flow import flows
from graphtrace.render.paint.paint import ink, paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.caption import caption_rows
from graphtrace.render.typeset.escape import clean, decimal
from graphtrace.render.typeset.sheet import Line, Sheet
from graphtrace.render.typeset.typesetting import typeset
from graphtrace.render.typeset.wording import wording

if TYPE_CHECKING:
    from graphviz import Digraph

    from graphtrace.render.rendering import Rendering


def write(rendering: Rendering) -> str:
    """The text of the file."""
    drawn, theme = in_words(rendering.figure), rendering.theme
    return readable_dot(drawn, typeset(drawn, theme), theme)


def readable_dot(figure: Figure, sheet: Sheet, theme: Theme) -> str:
    """The figure with its text, for any Graphviz."""
    colours = theme.light
    dot = _digraph(figure, _quotable(figure.name))
    # From 0.4 inches on, the labels of an arrow and its companion keep apart.
    dot.attr("graph", bgcolor=colours.paper, nodesep="0.45", ranksep="0.4")
    size = decimal(theme.label_size)
    dot.attr("node", shape="box", style="filled", fontname="Helvetica", fontcolor=colours.ink)
    dot.attr("edge", fontname="Helvetica", fontsize=size)
    names = _identifiers(figure)
    if figure.caption:
        rows = caption_rows(figure.caption, wording(figure, theme.digits), theme, theme.column)
        dot.attr("graph", label=_label(tuple(row.line for row in rows)), fontname="Helvetica")
    _readable_frame(dot, figure, names, None)
    for node, cell in zip(figure.nodes, sheet.cells, strict=True):
        _readable_node(dot, names[node.id], node, cell.lines, theme)
    sizes = flows(figure)
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
        if edge.emphasis != "hidden":
            options = _readable_edge(edge, line, theme, sizes.get(edge.id))
            dot.edge(names[edge.tail], names[edge.head], **options)
    return str(dot.source)


def _readable_frame(dot: Digraph, figure: Figure, names: dict[str, str], outer: str | None) -> None:
    for i, scope in enumerate(figure.scopes):
        if scope.outer == outer:
            with dot.subgraph(name=f"cluster_{i}") as cluster:
                cluster.attr(label=_escaped(scope.title), labeljust="l", fontname="Helvetica")
                for node in scope.nodes:
                    cluster.node(names[node])
                _readable_frame(cluster, figure, names, scope.id)


def _readable_node(
    dot: Digraph, name: str, node: Node, lines: tuple[Line, ...], theme: Theme
) -> None:
    look = paint(node, theme)
    style = "filled,rounded" if node.role in ("input", "copy", "constant") else "filled"
    dot.node(
        name,
        label=_label(lines),
        fillcolor=_hex(look.fill, theme),
        color=_hex(look.line or look.fill, theme),
        penwidth=decimal(look.width),
        style=style,
        fontsize=decimal(theme.formula_size),
        tooltip=_label(lines).replace("\\n", "  "),
    )


def _readable_edge(
    edge: Edge, line: Line | None, theme: Theme, size: float | None
) -> dict[str, str]:
    look = paint(edge, theme, size)
    options = {"color": _hex(look.line, theme), "penwidth": decimal(look.width)}
    if line is not None and line.shown:
        options |= {"label": _label((line,)), "fontcolor": _hex(ink(line.role, edge), theme)}
    if edge.kind == "backward":
        options["dir"] = "back"
    if look.dash:
        options["style"] = "dotted" if look.dash[0] < look.dash[1] else "dashed"
    return options


def _hex(colour: str | None, theme: Theme) -> str:
    """A colour of the palette, as Graphviz takes it."""
    return str(getattr(theme.light, colour or "paper"))


def _digraph(figure: Figure, name: str) -> Digraph:
    # Imported here: tracing and `import graphtrace` must not pay for it.
    from graphviz import Digraph

    dot = Digraph(name)
    dot.attr("graph", rankdir=figure.direction)
    return dot


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
    return "\\n".join(_escaped(line.text) for line in lines if line.shown)


def _escaped(text: str) -> str:
    # The quoting of the graphviz package takes <...> for HTML.
    text = clean(text).replace("\\", "\\\\").replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")
