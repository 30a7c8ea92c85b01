"""Draw a line of text as SVG: runs in their places, a formula in outlines, a box for a number.

In: a measured Line, the middle of its place, a theme. Out: SVG. Nothing from a user enters it but
through escape.xml.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from graphtrace.figure.parts import Edge, Node
from graphtrace.formula.runs import Run, Runs
from graphtrace.render.formats.attributes import painted
from graphtrace.render.layout.places import Point
from graphtrace.render.paint.paint import Paint, ink, paint
from graphtrace.render.paint.theme import LECTURE, Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.escape import decimal, xml
from graphtrace.render.typeset.label import SHIFTED_SIZE, Blank, Line, advances
from graphtrace.render.typeset.math_outline import Outline

_HALF_HEIGHT = 0.35
"""From the middle of digits and capitals down to the baseline, in em."""

_RAISE = 0.38
_LOWER = 0.18


def set_line(
    line: Line, middle: Point, theme: Theme = LECTURE, within: Node | Edge | None = None
) -> str:
    """The line with its middle at that point, in the colour that it has `within` its element.

    Each run has a place of its own, and is held to its width where a reader's font is wider: no
    reader of SVG sets several runs of one text alike.
    """
    if line.blank is not None:
        return _with_blank(line, line.blank, middle, theme, within)
    look = painted(line.role, Paint(ink(line.role, within)), theme)
    if line.outline is not None:
        return _outline(line, line.outline, middle, look)
    x, base = middle[0] - line.width / 2, middle[1] + _HALF_HEIGHT * line.size
    drawn = []
    runs = tuple(_joined(line.runs))
    for run, advance in zip(runs, advances(runs, line.size), strict=True):
        size = line.size * (SHIFTED_SIZE if run.shift else 1)
        said = run.text.strip()
        start = x + metrics.width(run.text[: len(run.text) - len(run.text.lstrip())], size)
        x += advance
        if said:
            y = base + {"": 0.0, "sub": _LOWER, "sup": -_RAISE}[run.shift] * line.size
            font = f' font-size="{decimal(size)}"' if run.shift else ""
            font += ' font-style="italic"' if run.italic else ""
            place = f'x="{decimal(start)}" y="{decimal(y)}"'
            hold = f'textLength="{decimal(metrics.width(said, size))}"'
            drawn.append(f"<text{font} {place} {hold} {_HELD}>{xml(said)}</text>")
    return f'<g {look} font-size="{decimal(line.size)}">{"".join(drawn)}</g>'


def _joined(runs: Runs) -> Iterable[Run]:
    """The runs, neighbours of one style as one."""
    for _, alike in groupby(runs, key=lambda run: (run.italic, run.shift)):
        first, *rest = alike
        yield first._replace(text="".join([first.text, *(run.text for run in rest)]))


_HELD = 'lengthAdjust="spacingAndGlyphs"'


def _outline(line: Line, drawn: Outline, middle: Point, look: str) -> str:
    scale = line.size / 1000
    x = decimal(middle[0] - line.width / 2)
    y = decimal(middle[1] + (drawn.ascent - drawn.descent) / 2 * scale)
    return (
        f'<g {look} role="math" '
        f'aria-label="{xml(line.full)}" data-font-size="1000" '
        f'transform="translate({x} {y}) scale({decimal(scale, 5)})"><path d="{drawn.path}"/></g>'
    )


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
