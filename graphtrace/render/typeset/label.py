"""Set what a Figure says in measured lines of text.

In: Figure parts and a theme. Out: `Line`s, each with its runs, its font size and its width, and
`Cell`s that hold them. What is said is decided by wording.py; where a cell stands by the layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

from graphtrace.figure.chain import contribution_value
from graphtrace.figure.parts import (
    Blanked,
    Contribution,
    Definition,
    Edge,
    Form,
    Node,
    Note,
    Part,
    Partial,
    Shape,
    Source,
    Sweep,
    Value,
)
from graphtrace.formula.number import is_scalar
from graphtrace.formula.runs import Run, Runs, digits, plain
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.array import (
    HeatMap,
    Matrix,
    scale_lines,
    set_heatmap,
    set_matrix,
)
from graphtrace.render.typeset.breaking import broken, widths_of
from graphtrace.render.typeset.line import MATH_SIZE, is_cut, line_of, runs_width, wrapped
from graphtrace.render.typeset.sheet import Blank, Line, shifted
from graphtrace.render.typeset.wording import (
    EQUALS,
    Wording,
    is_array,
    narrower,
    runs,
    sides,
    tex,
    tex_sides,
    whole,
)


def node_lines(node: Node, words: Wording, form: Form, theme: Theme) -> list[Line]:
    """The lines in a box, from the first to the last."""
    return [line for _, lines in lines_by_part(node, words, form, theme) for line in lines]


def lines_by_part(
    node: Node, words: Wording, form: Form, theme: Theme
) -> Iterator[tuple[Part, list[Line]]]:
    """What a box says, part by part, with the lines of each; its gradient is the last."""
    records = form == "records" and node.role not in ("copy", "constant")
    for part in node.parts:
        inner = part.part if isinstance(part, Blanked) else part
        role, size = _role(inner, theme)
        if node.role in ("copy", "constant") and role == "formula":
            size = theme.copy_size
        row = "data" if records and role == "value" else ""
        rows = _part_lines(part, role, row, size, words, theme)
        if role == "derivative" and len(rows) == 1 and (is_cut(rows[0]) or not rows[0].runs):
            continue  # it is told by its number or as a whole
        yield part, rows
    if node.gradient is not None:
        yield node.gradient, _gradient_lines(node.gradient, records, words, theme)


def _gradient_lines(gradient: Part, records: bool, words: Wording, theme: Theme) -> list[Line]:
    """The line of a gradient: dJ/dx = 3, or where that is too wide its name above = 3.

    In a record it is grad 3, and so if it is to be short, or its name is too wide on its own or
    beside a number that a quiz asks for.
    """
    inner = gradient.part if isinstance(gradient, Blanked) else gradient
    size, widest = theme.label_size, theme.widest_row
    ways: list[tuple[Part, str]] = [(gradient, "")]
    if isinstance(inner, Partial):
        own = replace(inner, short=True)
        short = replace(gradient, part=own) if isinstance(gradient, Blanked) else own
        is_short = records or inner.short
        ways = [(short, "grad")] if is_short else [*ways, (short, "grad")]
    line = _part_line(ways, "gradient", size, widest, words, theme)
    if len(ways) > 1 and line.blank is None and line.text.startswith("grad "):
        for telling in narrower(inner, words):
            rows = _named_rows(inner, size, widest, telling, theme)
            if len(rows) == 2 and not any(map(is_cut, rows)):
                return [row._replace(shown=line.shown) for row in rows]
    return [line]


def _named_rows(part: Part, size: float, widest: float, words: Wording, theme: Theme) -> list[Line]:
    """Each side of an equation in a line of its own: dJ/dx, and = 3 below it."""
    formulas = (side.lead + side.markup for side in tex_sides(part, words) if theme.math)
    both = sides(part, words)
    texts = ((Run(f"{lead.strip()} "), *own) if lead else own for lead, own in both)
    rows = zip_longest(texts, formulas)
    return [line_of("gradient", text, size, widest, formula) for text, formula in rows]


def _part_lines(
    part: Part, role: str, row: str, size: float, words: Wording, theme: Theme
) -> list[Line]:
    """The line of a part; of a long definition several, broken before a sign."""
    if isinstance(part, Value) and part.arrays != "auto" and not row:
        drawn = _drawn_array(part, role, size, words, theme)
        if drawn:
            return drawn
    if isinstance(part, Note):
        sentence = wrapped(part.text, size, theme.widest_row)
        return [line_of(role, (Run(line),), size, theme.widest_row) for line in sentence]
    inner = part.part if isinstance(part, Blanked) and not part.box else part
    if (isinstance(inner, Definition) or role == "derivative") and not row:
        whole, latex = runs(inner, words), _tex(inner, words, theme)
        line = line_of(role, whole, size, theme.widest_row, latex)
        rows = _broken_rows(whole, size, theme) if is_cut(line) else ()
        if len(rows) > 1:
            lines = (line_of(role, one, size, math.inf) for one in rows)
            return [one._replace(full=line.full, shown=inner is part) for one in lines]
    return [_part_line([(part, row)], role, size, theme.widest_row, words, theme)]


def _broken_rows(runs: Runs, size: float, theme: Theme) -> Sequence[Runs]:
    """The runs in several lines, in wider ones where they would be cut.

    A little narrower ones come first: the widths of the characters leave out what stands between
    a leaning one and a bracket.
    """
    widths = widths_of(runs, size, shifted(size))
    rows: Sequence[Runs] = ()
    for wider in (1, 0.9, 1.25, 1.5):
        rows = broken(runs, widths, theme.widest_row * wider, _MOST_LINES)
        if len(rows) > 1:
            break
    return rows


def _drawn_array(part: Value, role: str, size: float, words: Wording, theme: Theme) -> list[Line]:
    """A matrix of numbers, or a grid of colours and its scale; [] for what is told in words."""
    if part.before is not None:
        return []
    full, few = plain(runs(part, words)), words.digits
    drawing: Matrix | HeatMap | None
    if part.arrays == "numbers":
        drawing = set_matrix(part.value, few, size, theme.widest_row * _MATRIX, runs_width)
        scale = []
    else:
        drawing = set_heatmap(part.value, theme.widest_row * _HEATMAP)
        scale = scale_lines(part.value, drawing.grid, few) if drawing is not None else []
    if drawing is None:
        return []
    lines = [Line(role, (), size, drawing.width, full, drawing=drawing)]
    if scale:
        choices = ((line_of(role, digits(one), size, theme.widest_row), one) for one in scale)
        chosen = _fitting(choices, theme.widest_row)
        lines += [chosen[0]] if chosen is not None else []
    return lines


_MATRIX, _HEATMAP = 1.5, 0.4
"""The widest that an array may be drawn, as a part of the widest row of text."""

_MOST_LINES = 4
"""Of a formula in a box."""


def _part_line(
    ways: Sequence[tuple[Part, str]],
    role: str,
    size: float,
    widest: float,
    words: Wording,
    theme: Theme,
) -> Line:
    """The line of a part, which may be told in several ways, behind a word for what it is.

    The first that fits; the numbers of an array give way where none does.
    """

    def lines() -> Iterator[tuple[Line, tuple[Part, str]]]:
        for telling in _wordings(ways[0][0], words):
            for part, row in ways:
                part_runs, latex = runs(part, telling), _tex(part, telling, theme)
                if row:
                    part_runs = (Run(f"{row} "), *part_runs)
                    latex = rf"\mathrm{{{row}}}\ {latex}" if latex is not None else None
                yield line_of(role, part_runs, size, widest, latex), (part, row)

    chosen = _fitting(lines(), widest)
    assert chosen is not None
    line, (part, row) = chosen
    return _with_blank(ways[0][0], part, row, line, words, theme)


def _wordings(part: Part, words: Wording) -> Iterable[Wording]:
    """How a part may be told, the longest first; a quiz asks for what is told in full."""
    if isinstance(part, Blanked):  # what is not shown yet has the room that it will need
        return (words,) if part.box else narrower(part.part, words)
    return narrower(part, words)


_Way = TypeVar("_Way")


def _fitting(lines: Iterable[tuple[Line, _Way]], widest: float) -> tuple[Line, _Way] | None:
    """The first that fits; else the narrowest that is whole; else the last."""
    best: tuple[Line, _Way] | None = None
    for each in lines:
        line, whole = each[0], not is_cut(each[0])
        if whole and line.width <= widest * (1 if line.outline is None else MATH_SIZE):
            return each
        if best is None or is_cut(best[0]) or (whole and line.width < best[0].width):
            best = each
    return best


def _with_blank(
    part: Part, shown: Part, row: str, line: Line, words: Wording, theme: Theme
) -> Line:
    """The line of a part as it is, only with its room, or with a box for its number."""
    if not isinstance(part, Blanked):
        return line
    if not part.box:
        return line._replace(shown=False)
    *first, last = sides(shown, words)
    before = tuple(run for side in first for run in whole(side))
    before += (Run(f"{row} " if row else EQUALS),) if row or first else ()
    tex_before = tex_after = None
    if theme.math and (latex_sides := tex_sides(shown, words)):
        tex_before = (
            "".join(side.lead + side.markup for side in latex_sides[:-1]) + latex_sides[-1].lead
        )
        tex_before = rf"\mathrm{{{row}}}\ " if row else tex_before or None
        tex_after = latex_sides[-1].markup
    size = line.size / MATH_SIZE if line.outline is not None else line.size
    answer = line_of(line.role, last.markup, size, math.inf, tex_after)
    start = line_of(line.role, before, size, math.inf, tex_before)
    blank = Blank(answer, max(answer.width + 10, _NARROWEST), part.box == "filled")
    return start._replace(width=start.width + blank.width + 2 * bool(before), blank=blank)


_NARROWEST = 38


def _role(part: Part, theme: Theme) -> tuple[str, float]:
    if isinstance(part, Value | Shape):
        return "value", theme.value_size
    if isinstance(part, Partial) and not part.total:
        return "derivative", theme.label_size
    if isinstance(part, Partial | Sweep):
        return "tangent", theme.label_size
    return (
        ("source", theme.source_size)
        if isinstance(part, Source | Note)
        else ("formula", theme.formula_size)
    )


def edge_line(edge: Edge, words: Wording, theme: Theme) -> Line | None:
    """The label of an arrow: in full if it is short, else what matters most of it."""
    whole_part = edge.part
    if whole_part is None:
        return None
    inner = whole_part.part if isinstance(whole_part, Blanked) else whole_part
    role = "derivative" if edge.kind == "forward" else "gradient"
    if isinstance(inner, Value | Shape):
        role = "value"
    if isinstance(inner, Sweep):
        role = "tangent"
    room = theme.widest_label
    if edge.kind == "backward" and theme.widest_gradient is not None:
        room = theme.widest_gradient
    if isinstance(inner, Partial) and inner.total and is_array(inner.value):
        room = max(room, _NAME_AND_NORM * theme.label_size)

    def lines() -> Iterator[tuple[Line, Part]]:
        for part, telling in _choices(whole_part, words):
            if part_runs := runs(part, telling):
                latex = _tex(part, telling, theme)
                yield line_of(role, part_runs, theme.label_size, room, latex), part

    chosen = _fitting(lines(), room)
    if chosen is None or (is_cut(chosen[0]) and isinstance(inner, Partial) and inner.spare):
        return None
    line, shown = chosen
    full = plain(runs(inner, replace(words, digits=6)))
    return _with_blank(whole_part, shown, "", line._replace(full=full), words, theme)


_NAME_AND_NORM = 8
"""In em, the width of ‖dL/dw‖ = 0.12: so much room has the gradient of an array in any case."""


def _choices(part: Part, words: Wording) -> Iterator[tuple[Part, Wording]]:
    """What may be told on an arrow and how, the longest first."""
    inner = part.part if isinstance(part, Blanked) else part
    for one in shorter(inner):
        for telling in _wordings(one if inner is part else part, words):
            yield one, telling


def shorter(part: Part) -> Iterable[Part]:
    """The part, then what is left of it when it is too wide."""
    yield part
    if isinstance(part, Contribution) and (added := contribution_value(part)) is not None:
        yield Partial(None, part.by, None, added, short=True, total=True)
        yield replace(part, local=None)
    if not isinstance(part, Partial):
        return
    if part.value is not None and is_scalar(part.value) and part.formula is not None:
        yield replace(part, formula=None)
    if not part.short:
        yield replace(part, short=True)
    if part.value is not None:
        yield replace(part, formula=None)
        yield Partial(None, part.by, None, part.value, short=True, total=part.total)


def _tex(part: Part, words: Wording, theme: Theme) -> str | None:
    return tex(part, words) if theme.math else None
