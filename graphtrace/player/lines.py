"""Lines: which lines of the drawn figure the page shows at which step, and writes anew.

In: a laid-out figure whose numbers are live. Out: a row for each line that waits for its step or
holds a number: where it is in the picture, when it is shown, its room, and what it says as
templates, the one that is drawn first, then shorter ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from graphtrace.figure.parts import (
    Contribution,
    Definition,
    Edge,
    Part,
    Partial,
    Value,
)
from graphtrace.formula.runs import Run, Runs
from graphtrace.player.slots import MARK, Printer
from graphtrace.render.layout.fit import Setting
from graphtrace.render.layout.places import Point
from graphtrace.render.layout.route import label_sides, routes
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.label import lines_by_part, shorter
from graphtrace.render.typeset.sheet import Cell, Line
from graphtrace.render.typeset.wording import wording

When: TypeAlias = Literal["", "v", "g", "e"]
"""At once, with the value of its node (of an arrow: of its tail), with the gradient of its node, or
with the gradients of both ends of its arrow."""


class Place(NamedTuple):
    """The middle of a line, its size, and how far it may reach to the left and to the right."""

    x: float
    y: float
    size: float
    left: float
    right: float


class Written(NamedTuple):
    """A line: the id of its box or arrow, which of the lines there it is, and what it says."""

    element: str
    line: int
    when: When
    place: Place
    templates: tuple[Runs, ...]


def written_lines(setting: Setting, printer: Printer) -> list[Written]:
    """Every line of the figure that waits for its step, or holds a number."""
    figure, sheet, layout, theme = setting
    lines = []
    words = wording(figure, theme.digits)
    for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        i = 0
        for part, part_lines in lines_by_part(node, words, figure.form, theme):
            is_gradient = part is node.gradient
            when: When = "g" if is_gradient else "v" if _waits(part) else ""
            for line in part_lines:
                ways = _in_box(part) if is_gradient else [part]
                if is_gradient and line is not part_lines[-1]:
                    ways = []  # only the name, which stays
                templates = _templates(ways, line, printer)
                if when or templates:
                    place = _in_cell(cell, i, middle, theme)
                    lines.append(Written(node.id, i, when, place, templates))
                i += 1
    route_of = routes(*setting)
    reach = label_sides(figure, sheet, layout, route_of)
    for edge, label in zip(figure.edges, sheet.labels, strict=True):
        if label is not None and edge.part is not None and edge.id in reach:
            templates = _templates(shorter(edge.part), label, printer)
            x, y = route_of[edge.id].label or (0, 0)
            place = Place(x + theme.margin, y + theme.margin, label.size, *reach[edge.id])
            lines.append(Written(edge.id, 0, _when(edge), place, templates))
    return lines


def _waits(part: Part) -> bool:
    return isinstance(part, Value) or (isinstance(part, Definition) and part.value is not None)


def _when(edge: Edge) -> When:
    if isinstance(edge.part, Value):
        return "v"
    return "e" if isinstance(edge.part, Partial | Contribution) else ""


def _in_box(gradient: Part) -> list[Part]:
    if not isinstance(gradient, Partial):
        return [gradient]
    return [gradient, replace(gradient, short=True, formula=None)]


def _in_cell(cell: Cell, i: int, middle: Point, theme: Theme) -> Place:
    """Nearly to the sides of the box, or of its part in a record."""
    line, x, y = cell.places[i]
    half = cell.width / 2 - _AIR
    left, right = half + x, half - x
    if cell.bars:
        left = right = line.width / 2 + 0.8 * theme.pad_x - _AIR / 2
    return Place(middle[0] + x + theme.margin, middle[1] + y + theme.margin, line.size, left, right)


_AIR = 5


def _templates(ways: Iterable[Part], line: Line, printer: Printer) -> tuple[Runs, ...]:
    """The templates of a line with numbers: as it is drawn, then the shorter ones."""
    templates: list[Runs] = []
    shortest: Runs = ()
    for part in ways:
        runs = printer.runs(part)
        if not any(MARK.search(run.text) for run in runs):
            continue
        shortest = runs
        if templates:
            templates.append(runs)
            continue
        filled = printer.slots.filled(runs)
        if filled and line.text.endswith(filled):
            before = line.text.removesuffix(filled)
            if before in ("", "data ", "grad ", "= "):
                templates.append((Run(before), *runs) if before else runs)
    distinct = tuple(dict.fromkeys(templates)) or ((shortest,) if shortest else ())
    return distinct if len(distinct) <= _MOST_WAYS else (distinct[0], *distinct[1 - _MOST_WAYS :])


_MOST_WAYS = 3
"""To tell a number."""
