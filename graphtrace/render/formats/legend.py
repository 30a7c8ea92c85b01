"""Draw the legend of a figure as SVG, in the same style classes as what it explains.

In: a Legend, its corner, a theme. Out: SVG.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphtrace.render.formats.arrow import arrow
from graphtrace.render.layout.legend import SWATCH, Entry, Legend, Swatch, indent, way
from graphtrace.render.layout.places import Point
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.escape import decimal, xml

_RADII: Mapping[Swatch, float] = {"box": 3, "frame": 6, "blank": 2}


def draw(told: Legend, at: Point, theme: Theme) -> Iterator[str]:
    """The entries as SVG, from that corner on."""
    for entry, (x, y) in told.places:
        left, middle = at[0] + x, at[1] + y
        yield f'<g class="key {entry.kind}">'
        yield from _sample(entry, left, middle, theme)
        where = f'x="{decimal(left + indent(entry))}" y="{_base(middle, theme)}"'
        # Held to its width: in a reader's wider font it would run into the next entry.
        width = decimal(metrics.width(entry.said, theme.legend_size))
        where += f' textLength="{width}" lengthAdjust="spacingAndGlyphs"'
        yield f'<text class="legend" {where} text-anchor="start">{xml(entry.said)}</text>'
        yield "</g>"


def _base(middle: float, theme: Theme) -> str:
    return decimal(middle + 0.35 * theme.legend_size)


def _sample(entry: Entry, x: float, y: float, theme: Theme) -> Iterator[str]:
    if entry.swatch in _RADII:
        radius = 7.5 if entry.kind in ("input", "copy", "constant") else _RADII[entry.swatch]
        size = f'x="{decimal(x + 3)}" y="{decimal(y - 7.5)}" width="{SWATCH - 6}" height="15"'
        yield f'<rect class="{entry.swatch}" {size} rx="{radius}"/>'
    elif entry.swatch == "number":
        where = f'x="{decimal(x + SWATCH / 2)}" y="{_base(y, theme)}"'
        yield f'<text class="{entry.kind}" {where}>0.12</text>'
    elif entry.swatch != "none":
        yield from arrow(way(entry, (x, y)), entry.size)
