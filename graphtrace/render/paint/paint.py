"""Paint: what each part of a figure looks like, in the colours of a palette.

In: a box, an arrow, a word for any other part; a theme. Out: a `Paint`, or the colour of a text.
Every format and the legend ask here, so that what is strong, pale or wrong is said once. Knows no
format and no place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphtrace.figure.parts import Edge, Node
from graphtrace.render.paint.flow import width_of
from graphtrace.render.paint.theme import Theme

STRONG = 2.4
"""The width of a line that is to be seen first."""

_LOUDEST = 4.0
_DOTTED = (1.0, 4.0)


@dataclass(frozen=True, slots=True)
class Paint:
    """The fill and the line of a shape; `fill` and `line` name colours of a `Palette`."""

    fill: str | None = None
    line: str | None = None
    width: float = 1.0
    """Of the line, in CSS pixels."""
    dash: tuple[float, ...] = ()
    is_round: bool = False
    """Whether the ends and corners of lines are round."""
    opacity: float = 1.0
    """Of the fill."""


_BOXES: Mapping[str, Paint] = {
    "input": Paint("input", "input_line"),
    "copy": Paint("input", "input_line", dash=(3, 2)),
    "constant": Paint("paper", "muted"),
    "test": Paint("paper", "muted", dash=(4, 2)),
    "operation": Paint("operation", "operation_line"),
    "output": Paint("output", "output_line"),
    "end": Paint("paper"),
}

_PARTS: Mapping[str, Paint] = {
    "paper": Paint("paper"),
    "frame": Paint(None, "faint_line", dash=(2, 3)),
    "blank": Paint("paper", "muted"),
    "bracket": Paint(None, "value", 1.2),
    "grid": Paint(None, "faint_line", 0.5),
    "heatmap": Paint(None, "faint_line"),
    "minus": Paint(None, "ink", 0.8),
}


def paint(element: Node | Edge | str, theme: Theme, size: float | None = None) -> Paint:
    """How a box, an arrow, or a part by its name is painted.

    `size` is that of the gradient which the width of an arrow tells. The head of an arrow is
    filled with the colour of its line.

    >>> from graphtrace.render.paint.theme import LECTURE
    >>> paint("frame", LECTURE).dash
    (2, 3)
    """
    if isinstance(element, str):
        return _PARTS[element]
    if isinstance(element, Node):
        return _box(element, theme)
    return _arrow(element, theme, size)


STEPS = 16
"""From no colour to the full one, on either side of 0."""

_FULL = 0.85


def heat(level: float) -> Paint:
    """The colour of an entry of an array, from −1 to 1: paper at 0, the more the larger it is.

    >>> heat(-0.5).fill, heat(-0.5).opacity < heat(-1.0).opacity, heat(float("nan")).fill
    ('negative', True, 'trouble')
    """
    if not math.isfinite(level):
        return Paint("trouble")
    step = round(abs(level) * STEPS)
    if not step:
        return Paint("paper")
    return Paint("negative" if level < 0 else "positive", opacity=_FULL * step / STEPS)


def _box(node: Node, theme: Theme) -> Paint:
    width = theme.output_width if node.role == "output" else theme.box_width
    look = replace(_BOXES[node.role], width=width)
    if node.emphasis == "dim":
        look = replace(look, fill="paper", line="faint_line", width=1.0)
    elif node.emphasis in ("strong", "bold"):
        look = replace(look, line="gradient" if node.emphasis == "strong" else "ink", width=STRONG)
    return _troubled(look, node) if node.trouble else look


def _arrow(edge: Edge, theme: Theme, size: float | None) -> Paint:
    look = Paint(None, "line", theme.line_width)
    if edge.kind == "backward":
        look = Paint(None, "gradient", theme.line_width, (5, 3))
    if edge.emphasis == "strong":
        look = replace(look, line="gradient", width=STRONG)
    elif edge.emphasis == "dim":
        look = replace(look, line="faint_line")
    if edge.trouble:
        look = _troubled(look, edge)
    if size is None:
        return look
    width = width_of(size)
    if size == 0:
        return replace(look, width=width, dash=_DOTTED)
    dash = (4 + width, 2 + width / 2) if edge.kind == "backward" else look.dash
    return replace(look, width=width, dash=dash)


def _troubled(look: Paint, element: Node | Edge) -> Paint:
    width = _LOUDEST if element.emphasis == "bold" else STRONG
    return replace(look, line="trouble", width=width, dash=_DOTTED, is_round=True)


_TEXTS: Mapping[str, str] = {
    "value": "value",
    "derivative": "muted",
    "gradient": "gradient",
    "tangent": "tangent",
    "source": "muted",
    "title": "muted",
    "legend": "muted",
    "note": "muted",
    "tick": "muted",
    "red": "gradient",
    "blue": "input_line",
}


def ink(role: str, element: Node | Edge | None = None) -> str:
    """The colour of a text in this role, in that box or on that arrow.

    >>> ink("value"), ink("formula"), ink("heading red")
    ('value', 'ink', 'gradient')
    """
    if element is not None and element.emphasis == "dim":
        return "faint"
    if isinstance(element, Edge) and role == "derivative":
        if element.trouble:
            return "trouble"
        if element.emphasis == "strong":
            return "gradient"
    return next((_TEXTS[word] for word in reversed(role.split()) if word in _TEXTS), "ink")
