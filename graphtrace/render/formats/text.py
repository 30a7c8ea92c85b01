"""Draw a line of text as SVG: runs in their places, a formula in outlines, a box for a number.

In: a measured Line, the middle of its place, a theme. Out: SVG. Nothing from a user enters it but
through escape.xml.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from graphtrace.figure.parts import Edge, Node
from graphtrace.formula.runs import Run, Runs
from graphtrace.render.formats.array import brackets, heatmap
from graphtrace.render.formats.attributes import painted
from graphtrace.render.layout.places import Point
from graphtrace.render.paint.paint import Paint, ink, paint
from graphtrace.render.paint.theme import LECTURE, Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.array import HeatMap, Matrix
from graphtrace.render.typeset.escape import decimal, xml
from graphtrace.render.typeset.line import advances
from graphtrace.render.typeset.math_outline import Outline
from graphtrace.render.typeset.sheet import Blank, Line, entries_of, shifted

_HALF_HEIGHT = 0.35
"""From the middle of digits and capitals down to the baseline, in em."""

_DOWN = {"": 0.0, "sub": 0.18, "sup": -0.38}
"""How far below the line a run stands, in em."""


def set_line(
    line: Line, middle: Point, theme: Theme = LECTURE, within: Node | Edge | None = None
) -> str:
    """The line with its middle at that point, in the colour that it has `within` its element.

    Each run has a place of its own, and is held to its width where a reader's font is wider: no
    reader of SVG sets several runs of one text alike.
    """
    if line.blank is not None:
        return _with_blank(line, line.blank, middle, theme, within)
    if line.drawing is not None:
        return _array(line, line.drawing, middle, theme, within)
    look = painted(line.role, Paint(ink(line.role, within)), theme)
    if line.outline is not None:
        return _outline(line, line.outline, middle, look)
    x, base = middle[0] - line.width / 2, middle[1] + _HALF_HEIGHT * line.size
    drawn = "".join(
        f'<text{font} x="{decimal(x + right)}" y="{decimal(base + down)}"{rest}</text>'
        for right, down, font, rest in _set_runs(line.runs, line.size)
    )
    return f'<g {look} font-size="{decimal(line.size)}">{drawn}</g>'


@lru_cache(4096)  # the same runs are set in many figures
def _set_runs(runs: Runs, size: float) -> tuple[tuple[float, float, str, str], ...]:
    """Where each run begins, from the start of its line, and what stands around its place."""
    joined = tuple(_joined(runs))
    placed, x = [], 0.0
    for run, advance in zip(joined, advances(joined, size), strict=True):
        own = shifted(size) if run.shift else size
        text = run.text.strip()
        blank = run.text[: len(run.text) - len(run.text.lstrip())]
        if text:
            font = f' font-size="{decimal(own)}"' if run.shift else ""
            font += ' font-style="italic"' if run.italic else ""
            hold = f' textLength="{decimal(metrics.width(text, own))}"'
            rest = f'{hold} lengthAdjust="spacingAndGlyphs">{xml(text)}'
            placed.append((x + metrics.width(blank, own), _DOWN[run.shift] * size, font, rest))
        x += advance
    return tuple(placed)


def _joined(runs: Runs) -> Iterable[Run]:
    """The runs, neighbours of one style as one."""
    for _, alike in groupby(runs, key=lambda run: (run.italic, run.shift)):
        first, *rest = alike
        yield first._replace(text="".join([first.text, *(run.text for run in rest)]))


def _outline(line: Line, drawn: Outline, middle: Point, look: str) -> str:
    scale = line.size / 1000
    x = decimal(middle[0] - line.width / 2)
    y = decimal(middle[1] + (drawn.ascent - drawn.descent) / 2 * scale)
    return (
        f'<g {look} role="math" '
        f'aria-label="{xml(line.full)}" data-font-size="1000" '
        f'transform="translate({x} {y}) scale({decimal(scale, 5)})"><path d="{drawn.path}"/></g>'
    )


def _array(
    line: Line,
    drawing: Matrix | HeatMap,
    middle: Point,
    theme: Theme,
    within: Node | Edge | None,
) -> str:
    if isinstance(drawing, HeatMap):
        return heatmap(drawing, middle, theme)
    numbers = (
        set_line(entry, (middle[0] + x, middle[1] + y), theme, within)
        for entry, x, y in entries_of(line, drawing)
    )
    return brackets(drawing, middle, theme) + "".join(numbers)


def _with_blank(
    line: Line, blank: Blank, middle: Point, theme: Theme, within: Node | Edge | None
) -> str:
    """The line, and behind it a box with its number or for it."""
    start = middle[0] - line.width / 2
    left = start + line.width - blank.width
    box = f'x="{decimal(left)}" y="{decimal(middle[1] - blank.height / 2)}"'
    size = f'width="{decimal(blank.width)}" height="{decimal(blank.height)}"'
    drawn = f'<rect {painted("blank", paint("blank", theme), theme)} {box} {size} rx="2"/>'
    if line.runs:
        before = line._replace(width=left - 2 - start, blank=None)
        drawn = set_line(before, (start + before.width / 2, middle[1]), theme, within) + drawn
    if blank.filled:
        drawn += set_line(blank.answer, (left + blank.width / 2, middle[1]), theme, within)
    return drawn
