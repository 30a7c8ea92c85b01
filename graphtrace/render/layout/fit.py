"""Lay a figure out so that it can be read in its column: as it is, turned, or with less to say.

In: a Figure, a theme, and whether the figure may turn. Out: the figure as it will be drawn, with
its measured text and its layout. The engine is run once for each try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from graphtrace.figure.parts import Edge, Figure, Partial
from graphtrace.render.layout.frame import frame_of, smallest_shown
from graphtrace.render.layout.places import Layout
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.label import Sheet, typeset


class Setting(NamedTuple):
    """A figure, and all that is known of it before it is drawn."""

    figure: Figure
    sheet: Sheet
    layout: Layout
    theme: Theme


def laid_out(
    figure: Figure, theme: Theme, engine: Callable[[Figure, Sheet, Theme], Layout], *, turn: bool
) -> Setting:
    """The first try whose text can be read in the theme's column; else the one nearest to it."""
    best: tuple[float, Setting] | None = None
    for one, style in _tries(figure, theme, turn):
        sheet = typeset(one, style)
        setting = Setting(one, sheet, engine(one, sheet, style), style)
        if not theme.fit:
            return setting
        shown = smallest_shown(sheet, frame_of(one, setting.layout, style).width, style)
        if best is None or shown > best[0]:
            best = shown, setting
        if shown >= theme.smallest:
            break
    assert best is not None
    return best[1]


def _tries(figure: Figure, theme: Theme, turn: bool) -> Iterator[tuple[Figure, Theme]]:
    turned = replace(figure, direction="TB" if figure.direction == "LR" else "LR")
    figures = (figure, turned) if turn else (figure,)
    for one in figures:
        yield one, theme
    close = replace(
        theme,
        node_gap=theme.node_gap * 0.5,
        rank_gap=theme.rank_gap * 0.7,
        lane_node_gap=theme.lane_node_gap * 0.7,
        lane_rank_gap=theme.lane_rank_gap * 0.5,
        turned_node_gap=theme.turned_node_gap * 0.5,
        pad_x=theme.pad_x * (1 if figure.form == "records" else 0.7),
        widest_row=theme.widest_row * 0.6,
        widest_label=theme.widest_label * 0.6,
    )
    for one in figures:
        yield replace(one, edges=tuple(_short(edge) for edge in one.edges)), close


def _short(edge: Edge) -> Edge:
    """A local derivative without its name, which the arrow's ends tell."""
    if edge.kind == "forward" and isinstance(edge.part, Partial):
        return replace(edge, part=replace(edge.part, short=True))
    return edge
