"""Set all text of a figure: a cell for each box, a line for each label and each title.

In: a Figure and a theme. Out: a `Sheet`. Where a cell stands is decided by the layout, which tries
figures that tell nearly the same: what they have in common is set once.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

from graphtrace.figure.parts import Figure, Form, Node, Sign
from graphtrace.formula.runs import Run
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.label import edge_line, node_lines
from graphtrace.render.typeset.line import line_of
from graphtrace.render.typeset.sheet import Cell, Line, Outer, Placed, Sheet
from graphtrace.render.typeset.wording import wording


def typeset(figure: Figure, theme: Theme) -> Sheet:
    """Measure the text in the boxes and on the arrows, in the order of nodes and edges."""
    return Typesetting().sheet(figure, theme)


class Typesetting:
    """Sets figures that share nodes and edges, each of which is set once in one size and room."""

    def __init__(self) -> None:
        self._kept: list[Figure] = []  # so that no id in the keys below becomes another's
        self._boxes: dict[Hashable, dict[int, list[Line]]] = {}
        self._labels: dict[Hashable, dict[int, Line | None]] = {}

    def sheet(self, figure: Figure, theme: Theme) -> Sheet:
        """All text of the figure, measured."""
        self._kept.append(figure)
        words, form = wording(figure, theme.digits), figure.form
        style = _without_gaps(theme)
        boxes = self._boxes.setdefault((id(figure.names), form, style), {})
        style = replace(style, widest_row=0)
        labels = self._labels.setdefault((id(figure.names), style), {})
        for node in figure.nodes:
            if id(node) not in boxes:
                boxes[id(node)] = node_lines(node, words, form, theme)
        for edge in figure.edges:
            if id(edge) not in labels:
                labels[id(edge)] = edge_line(edge, words, theme)
        titles = (line_of("title", (Run(s.title),), theme.label_size, 200) for s in figure.scopes)
        return Sheet(
            tuple(_cell(node, boxes[id(node)], form, theme) for node in figure.nodes),
            tuple(labels[id(edge)] for edge in figure.edges),
            tuple(titles),
        )


def _without_gaps(theme: Theme) -> Theme:
    """The theme as a line of text sees it, which does not know what stands around it."""
    return replace(
        theme,
        pad_x=0,
        pad_y=0,
        node_gap=0,
        rank_gap=0,
        lane_node_gap=0,
        lane_rank_gap=0,
        turned_node_gap=0,
        turned_rank_gap=0,
        input_rows=1,
        layered=0,
    )


def _cell(node: Node, lines: Sequence[Line], form: Form, theme: Theme) -> Cell:
    if any(isinstance(part, Sign) for part in node.parts):
        return _circle(lines[0])
    if node.role == "end" or (form == "wires" and node.role in ("input", "copy", "constant")):
        return Cell((Placed(lines[0], 0, 0),), math.ceil(lines[0].width) + 8, 26, "bare")
    if form == "records" and node.role not in ("copy", "constant"):
        return _record(lines, theme)
    tight = 0.6 if node.role == "copy" else 1
    steps = [_step(line, theme) for line in lines]
    height = math.fsum(steps) + 2 * theme.pad_y * tight
    width = max(line.width for line in lines) + 2 * theme.pad_x * tight
    places, y = [], -math.fsum(steps) / 2
    for line, step in zip(lines, steps, strict=True):
        places.append(Placed(line, 0, y + step / 2))
        y += step
    shape: Outer = "pill" if node.role in ("input", "copy", "constant") else "box"
    if not theme.box_width and node.emphasis in ("plain", "dim") and not node.trouble:
        shape = "bare"
    least = 0 if any(line.role == "derivative" for line in lines) else height
    return Cell(tuple(places), math.ceil(max(width, least)), math.ceil(height), shape)


def _step(line: Line, theme: Theme) -> float:
    """The height of a line among others."""
    step = line.size * theme.leading
    is_text = line.outline is None and line.blank is None and line.drawing is None
    return step if is_text else max(step, line.height + 1)


def _circle(line: Line) -> Cell:
    side = max(34, math.ceil(line.width) + 18)
    if side > 52:  # a long word has a box with round ends
        return Cell((Placed(line, 0, 0),), side + 8, 36, "pill")
    return Cell((Placed(line, 0, 0),), side, side, "circle")


def _record(lines: Sequence[Line], theme: Theme) -> Cell:
    """The lines side by side, with a bar between them."""
    widths = [line.width + 1.6 * theme.pad_x for line in lines]
    height = math.ceil(max(_step(line, theme) for line in lines) + 2 * theme.pad_y)
    places: list[Placed] = []
    bars, x = [], -math.fsum(widths) / 2
    for line, width in zip(lines, widths, strict=True):
        if places:
            bars.append(x)
        places.append(Placed(line, x + width / 2, 0))
        x += width
    return Cell(tuple(places), math.ceil(math.fsum(widths)), height, "box", tuple(bars))
