"""The page of a laid-out figure: how large it is, and where its caption and its legend begin.

In: a Figure, its Layout, a theme. Out: a Page; and how small its smallest text is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from graphtrace.figure.parts import Figure, Part
from graphtrace.render.layout.legend import Legend, legend
from graphtrace.render.layout.places import Layout, Point
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.caption import caption_rows
from graphtrace.render.typeset.sheet import Placed, Sheet
from graphtrace.render.typeset.wording import wording


class Page(NamedTuple):
    """The size of the picture, and where its graph and its caption begin."""

    width: float
    height: float
    left: float
    caption: Point
    legend: Point
    entries: Legend


def frame_of(figure: Figure, layout: Layout, theme: Theme) -> Page:
    """Room for the graph, for every caption that may stand beneath it, and for the legend."""
    graph = layout.width + 2 * theme.margin
    height = layout.height + 2 * theme.margin
    captions = [rows_of(parts, figure, theme) for parts in (figure.caption, *figure.room) if parts]
    own = max((_block_width(rows) for rows in captions), default=0.0)
    room = max(min(graph, theme.column), own + 2 * theme.margin, 340) - 2 * theme.margin
    entries = legend(figure, theme, room)
    width = max([graph, *(part + 2 * theme.margin for part in (own, entries.width) if part)])
    # On a figure that scrolls, a caption in the middle would be out of sight.
    middle = width / 2 if graph <= theme.column or theme.fit else 0.0
    lefts = [max(middle - part / 2, theme.margin) for part in (own, entries.width)]
    top = height + 6
    if captions:
        height = top + max(rows[-1].y + rows[-1].line.height / 2 for rows in captions) + 8
    beneath = height + 2
    if entries.places:
        height = beneath + entries.height + 6
    left = max(width - graph, 0) / 2
    return Page(width, height, left, (lefts[0], top), (lefts[1], beneath), entries)


def room_of(figure: Figure, layout: Layout, theme: Theme) -> Point:
    """How large the layout may become on the theme's page."""
    if not theme.fit:
        return layout.width, layout.height
    page = frame_of(figure, layout, theme)
    high = page.height if theme.page_height is None else theme.page_height
    wider, higher = max(theme.column - page.width, 0), max(high - page.height, 0)
    return layout.width + wider, layout.height + higher


def rows_of(parts: Sequence[Part], figure: Figure, theme: Theme) -> list[Placed]:
    """A caption in lines, measured; in a series of figures each begins at the same place."""
    room = theme.column - 2 * theme.margin
    words = wording(figure, theme.digits)
    return caption_rows(parts, words, theme, room, centred=not figure.room)


def _block_width(rows: Iterable[Placed]) -> float:
    return max(row.x + row.line.width / 2 for row in rows)


def smallest_shown(sheet: Sheet, width: float, theme: Theme) -> float:
    """The size of the smallest text when the page shrinks the figure to fit the column."""
    lines = [line for cell in sheet.cells for line in cell.lines]
    lines += [line for line in sheet.labels if line is not None]
    sizes = [size for line in lines for size in line.sizes]
    return min(sizes, default=theme.smallest) * min(1, theme.column / width)
