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
from graphtrace.render.formats.listing import part_text
from graphtrace.render.paint.paint import Paint, ink, paint
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
        caption = "<br/>".join(_safe(part_text(part, words)) for part in figure.caption)
        lines.append(f'  caption["{caption}"]:::caption')
    return "\n".join([*lines, *_styles(figure, shown, theme)]) + "\n"


def _box(node: Node, words: Wording) -> str:
    parts = [*node.parts, *([node.gradient] if node.gradient is not None else [])]
    texts = [part_text(part, words) for part in parts]
    text = "<br/>".join(_safe(line) for line in texts if line)
    is_round = node.role in ("input", "copy", "constant")
    opened, closed = ("(", ")") if is_round else ("[", "]")
    return f'{opened}"{text}"{closed}:::{_look(node)}'


def _label(edge: Edge, words: Wording) -> str:
    label = _safe(part_text(edge.part, words)) if edge.part is not None else ""
    return f'|"{label}"|' if label else ""


def _look(node: Node) -> str:
    """The name of the class of boxes that look like this one."""
    emphasis = "" if node.emphasis == "plain" else f"_{node.emphasis}"
    return f"{node.role}{emphasis}{'_trouble' if node.trouble else ''}"


def _styles(figure: Figure, edges: list[Edge], theme: Theme) -> Iterator[str]:
    """What boxes and lines look like, of each look once."""
    looks = {_look(node): node for node in figure.nodes}
    for name, node in looks.items():
        look, text = paint(node, theme), ink("formula", node)
        fill, line = _hex(look.fill, theme), _hex(look.line or look.fill, theme)
        pen = _pen(look)
        yield f"  classDef {name} fill:{fill},stroke:{line},color:{_hex(text, theme)},{pen}"
    yield f"  classDef caption fill:none,stroke:none,color:{theme.light.ink}"
    lines: dict[str, list[str]] = {}
    for i, edge in enumerate(edges):
        arrow, text = paint(edge, theme), ink("derivative", edge)
        style = f"stroke:{_hex(arrow.line, theme)},color:{_hex(text, theme)},{_pen(arrow)}"
        lines.setdefault(style, []).append(str(i))
    for style, places in lines.items():
        yield f"  linkStyle {','.join(places)} {style}"


def _pen(look: Paint) -> str:
    dash = f",stroke-dasharray:{' '.join(map(decimal, look.dash))}" if look.dash else ""
    return f"stroke-width:{decimal(look.width)}px{dash}"


def _hex(colour: str | None, theme: Theme) -> str:
    return str(getattr(theme.light, colour or "paper"))


_MEANS = re.compile(r"[^\w ,=()/.+]|(?<=\d)\.(?= )|^\+|_", re.ASCII)


def _safe(text: str) -> str:
    """The text with each sign that Mermaid, Markdown or HTML could read as its number.

    >>> _safe('a["<b>"]')
    'a#91;#34;#60;b#62;#34;#93;'
    """
    text = clean(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return _MEANS.sub(lambda m: m[0] if ord(m[0]) > 126 else f"#{ord(m[0])};", text)
