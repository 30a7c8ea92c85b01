"""Draw the legend of a figure as SVG, painted like what it explains.

In: a Legend, its corner, a theme. Out: SVG.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphtrace.formula.runs import Run
from graphtrace.render.formats.array import heatmap
from graphtrace.render.formats.arrow import arrow
from graphtrace.render.formats.attributes import painted
from graphtrace.render.formats.text import set_line
from graphtrace.render.layout.legend import (
    SWATCH,
    Entry,
    Legend,
    indent,
    sample_heatmap,
    sample_route,
)
from graphtrace.render.layout.places import Point
from graphtrace.render.paint.paint import paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.escape import decimal
from graphtrace.render.typeset.sheet import Line

_RADII: Mapping[str, float] = {"input": 7.5, "copy": 7.5, "constant": 7.5, "frame": 6, "blank": 2}


def draw(entries: Legend, at: Point, theme: Theme) -> Iterator[str]:
    """The entries as SVG, from that corner on."""
    for entry, (x, y) in entries.places:
        left, middle = at[0] + x, at[1] + y
        yield f'<g class="key {entry.kind}">'
        yield from _sample(entry, left, middle, theme)
        words = _words("legend", entry.meaning, theme)
        yield set_line(words, (left + indent(entry) + words.width / 2, middle), theme)
        yield "</g>"


def _words(role: str, text: str, theme: Theme) -> Line:
    width = metrics.width(text, theme.legend_size)
    return Line(role, (Run(text),), theme.legend_size, width, text)


def _sample(entry: Entry, x: float, y: float, theme: Theme) -> Iterator[str]:
    match entry.swatch:
        case "box" | "frame" | "blank":
            radius = _RADII.get(entry.kind, 3)
            size = f'x="{decimal(x + 3)}" y="{decimal(y - 7.5)}" width="{SWATCH - 6}" height="15"'
            look = paint(entry.element or entry.swatch, theme)
            yield f'<rect {painted(entry.swatch, look, theme)} {size} rx="{radius}"/>'
        case "heat":
            yield heatmap(sample_heatmap(), (x + SWATCH / 2, y), theme)
        case "number":
            yield set_line(_words(entry.kind, "0.12", theme), (x + SWATCH / 2, y), theme)
        case "arrow" | "back" if entry.element is not None:
            look = paint(entry.element, theme, entry.size)
            yield from arrow(sample_route(entry, (x, y)), look, theme, wide=entry.size is not None)
