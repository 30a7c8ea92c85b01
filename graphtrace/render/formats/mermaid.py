"""Write a Figure as a Mermaid flowchart.

In: a Figure in the form "records", a theme. Out: Mermaid, the same every time. Nothing from a user
enters it but through `_quoted`: a character that could mean something to Mermaid is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphtrace.figure.parts import Edge, Figure, Node
from graphtrace.render.formats import describe
from graphtrace.render.formats.listing import told
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import clean, decimal
from graphtrace.render.typeset.wording import Wording, wording

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

_LONGEST = 200


def write(rendering: Rendering) -> str:
    """The text of the file."""
    return flowchart(rendering.records, rendering.theme)


def flowchart(figure: Figure, theme: Theme) -> str:
    """A box for each node with its formula, value and gradient; local derivatives on the edges."""
    words = wording(figure, theme.digits)
    ids = {node.id: f"n{i}" for i, node in enumerate(figure.nodes)}
    lines = [f"flowchart {figure.direction}", f"  accTitle: {_safe(describe.title(figure))}"]
    lines += [f"  {ids[node.id]}{_box(node, words)}" for node in figure.nodes]
    shown = [edge for edge in figure.edges if edge.emphasis != "hidden" and edge.kind == "forward"]
    for edge in shown:
        arrow = "-.->" if edge.emphasis == "dim" else "-->"
        lines.append(f"  {ids[edge.tail]} {arrow}{_label(edge, words)} {ids[edge.head]}")
    if figure.caption:
        said = "<br/>".join(_safe(told(part, words)) for part in figure.caption)
        lines.append(f'  caption["{said}"]:::caption')
    return "\n".join([*lines, *_styles(theme), *_strong(shown, theme)]) + "\n"


def _box(node: Node, words: Wording) -> str:
    parts = [*node.parts, *([node.gradient] if node.gradient is not None else [])]
    said = [told(part, words) for part in parts]
    text = "<br/>".join(_safe(line) for line in said if line)
    plain_kind = node.role if node.emphasis == "plain" else node.emphasis
    kind = "trouble" if node.trouble else plain_kind
    is_round = node.role in ("input", "copy", "constant")
    opened, closed = ("(", ")") if is_round else ("[", "]")
    return f'{opened}"{text}"{closed}:::{kind}'


def _label(edge: Edge, words: Wording) -> str:
    said = _safe(told(edge.part, words)) if edge.part is not None else ""
    return f'|"{said}"|' if said else ""


def _styles(theme: Theme) -> Iterator[str]:
    c = theme.light
    plainly = f"color:{c.ink},stroke-width:{decimal(theme.box_width)}px"
    yield f"  classDef input fill:{c.input},stroke:{c.input_line},{plainly}"
    yield f"  classDef copy fill:{c.input},stroke:{c.input_line},{plainly},stroke-dasharray:3 2"
    yield f"  classDef constant fill:{c.paper},stroke:{c.muted},{plainly}"
    yield f"  classDef operation fill:{c.operation},stroke:{c.operation_line},{plainly}"
    edge = f"stroke-width:{decimal(theme.output_width)}px"
    yield f"  classDef output fill:{c.output},stroke:{c.output_line},color:{c.ink},{edge}"
    yield f"  classDef strong fill:{c.operation},stroke:{c.gradient},color:{c.ink},stroke-width:3px"
    yield f"  classDef bold fill:{c.operation},stroke:{c.ink},color:{c.ink},stroke-width:3px"
    yield f"  classDef dim fill:{c.paper},stroke:{c.faint_line},color:{c.faint},stroke-width:1px"
    yield f"  classDef trouble fill:{c.paper},stroke:{c.trouble},color:{c.ink},stroke-width:3px"
    yield f"  classDef caption fill:none,stroke:none,color:{c.ink}"
    line = f"stroke-width:{decimal(theme.line_width)}px"
    yield f"  linkStyle default stroke:{c.line},color:{c.muted},{line}"


def _strong(edges: list[Edge], theme: Theme) -> Iterator[str]:
    for i, edge in enumerate(edges):
        if edge.trouble or edge.emphasis == "strong":
            colour = theme.light.trouble if edge.trouble else theme.light.gradient
            yield f"  linkStyle {i} stroke:{colour},color:{colour},stroke-width:3px"


_MEANS = re.compile(r"[^\w ,=()/.+]|(?<=\d)\.(?= )|^\+|_", re.ASCII)


def _safe(text: str) -> str:
    """The text with each sign that Mermaid, Markdown or HTML could read as its number.

    >>> _safe('a["<b>"]')
    'a#91;#34;#60;b#62;#34;#93;'
    """
    text = clean(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return _MEANS.sub(lambda m: m[0] if ord(m[0]) > 126 else f"#{ord(m[0])};", text)
