"""Lay a figure out so that it can be read in its column: as it is, turned, or with less to say.

In: a Figure, a theme, and whether the figure may turn. Out: the figure as it will be drawn, with
its measured text and its layout. The engine is run once for each try.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from graphtrace.figure.forms import (
    with_gradients_in_boxes,
    with_input_gradients_in_boxes,
    with_short_gradients,
)
from graphtrace.figure.parts import Direction, Figure
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import plain
from graphtrace.render.layout import timeline
from graphtrace.render.layout.crossings import crossings
from graphtrace.render.layout.frame import frame_of, smallest_shown
from graphtrace.render.layout.places import Layout
from graphtrace.render.layout.route import routes
from graphtrace.render.layout.tries import (
    closer,
    hides_gradient,
    named,
    number_alone,
    short,
    tries,
    with_edges,
)
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.sheet import Sheet
from graphtrace.render.typeset.typesetting import Typesetting


class Setting(NamedTuple):
    """A figure, and all that is known of it before it is drawn."""

    figure: Figure
    sheet: Sheet
    layout: Layout
    theme: Theme


def laid_out(
    figures: Iterable[tuple[Figure, Theme, bool]],
    engine: Callable[[Figure, Sheet, Theme], Layout],
    *,
    turn: bool,
) -> tuple[int, Setting]:
    """The first try that can be read on the theme's page; else the one nearest to it.

    What is far too large for it is drawn in full: it is as far from readable with less to say.

    The figures tell the same in less and less detail; with each, whether its gradients may be told
    in the boxes to make it smaller. Also which of them it is.
    """
    best: tuple[float, int, Setting] | None = None
    tangled: _Tangled | None = None
    in_time: tuple[float, int, Setting] | None = None
    least: tuple[float, int, Figure, Sheet, Theme] | None = None  # of those that are too large
    for at, (figure, theme, boxed) in enumerate(figures):
        if tangled is not None and at > tangled.last:
            break
        typesetting = Typesetting()
        if figure.timeline is not None:
            readable, setting = _in_time(figure, theme, typesetting)
            if readable >= 1 or (readable > 0 and not theme.fit):
                return at, setting
            if in_time is None or readable > in_time[0]:
                in_time = readable, at, setting
            continue
        turned: Direction = "TB" if figure.direction == "LR" else "LR"
        ways = (figure.direction, turned) if turn else (figure.direction,)
        for count, (one, style) in enumerate(tries(figure, theme, ways, boxed), 1):
            if tangled is not None and at == tangled.at and _goes_back(one):
                continue
            one, sheet = _with_its_names(one, style, typesetting)
            size = _least_size(one, sheet, style)
            if least is None or at > least[1] or size <= least[0]:
                least = size, at, one, sheet, style
            if theme.fit and size > 1:
                if count == len(ways) and least[0] > _MOST_SHRUNK:
                    break
                continue
            setting = Setting(one, sheet, engine(one, sheet, style), style)
            if not theme.fit:
                return at, setting
            readable = _readable(setting)
            if best is None or readable > best[0]:
                best = readable, at, setting
            if readable < 1:
                continue
            crossed = _crossings(setting)
            if crossed <= (0 if boxed else _MOST_CROSSINGS):
                return at, setting
            if tangled is None or crossed < tangled.crossings:
                tangled = _Tangled(crossed, at, at if boxed else at + 1, setting)
    if tangled is not None:
        return tangled.at, tangled.setting
    if best is None and least is None:  # nothing but time was asked for
        best = in_time
    if best is None:
        assert least is not None
        _, at, one, sheet, style = least
        best = 0, at, Setting(one, sheet, engine(one, sheet, style), style)
    return best[1:]


def _with_its_names(figure: Figure, style: Theme, typesetting: Typesetting) -> tuple[Figure, Sheet]:
    """The figure, measured, in which the gradient of each input has its name somewhere."""
    sheet = typesetting.sheet(figure, style)
    if not hides_gradient(figure, sheet, style):
        return figure, sheet
    named = with_input_gradients_in_boxes(figure)
    return named, typesetting.sheet(named, style)


class _Tangled(NamedTuple):
    """What can be read, but for pairs of arrows that cross.

    It is drawn if the figures up to the `last` cannot be read without such crossings: the same
    with gradients in its boxes, and so with single arrows, or the next in less detail.
    """

    crossings: int
    at: int
    last: int
    setting: Setting


def _crossings(setting: Setting) -> int:
    """How often pairs of arrows cross; 0 for a figure of single arrows or of many boxes."""
    figure = setting.figure
    if len(figure.nodes) > _MOST_BOXES or not _goes_back(figure):
        return 0
    ways = routes(*setting)
    return crossings({e.id: ways[e.id] for e in figure.edges if e.beside is None})


def _goes_back(figure: Figure) -> bool:
    return any(edge.kind == "backward" for edge in figure.edges)


_MOST_CROSSINGS = 1
"""Of pairs of arrows in a figure that could only be told in less detail."""

_MOST_BOXES = 40

_MOST_SHRUNK = 3
"""What is so many times too large for the page fits on it in no other way."""


def _in_time(figure: Figure, theme: Theme, typesetting: Typesetting) -> tuple[float, Setting]:
    """A loop drawn as time, with labels as long and as far from each other as there is room for.

    Also how readable it is, less than 0 where a line meets what it should not.
    """
    whole = with_gradients_in_boxes(figure) or figure
    close = closer(figure, theme)
    tight = [
        replace(close, pad_x=close.pad_x * 0.8, widest_row=close.widest_row * share)
        for share in (0.85, 0.7, 0.6)
    ]
    labelled, numbers = with_edges(whole, short), with_edges(whole, number_alone)
    styles = [(labelled, style) for style in (theme, close, *tight)]
    styles += [(numbers, style) for style in (close, *tight)]
    styles.append((with_short_gradients(numbers), tight[-1]))
    best: tuple[float, Setting] | None = None
    for drawn, style in styles:
        one = named(drawn, style)
        sheet, layout, is_clean = timeline.placed(one, typesetting.sheet(one, style))
        is_clean = is_clean and not _cuts(one, sheet)
        setting = Setting(one, sheet, layout, style)
        readable = _readable(setting) - (0 if is_clean else _UNCLEAN)
        if best is None or readable > best[0]:
            best = readable, setting
        if readable >= 1 or not theme.fit or (style is close and readable < _NEARLY):
            break
    assert best is not None
    return best


def _cuts(figure: Figure, sheet: Sheet) -> bool:
    """Whether a formula is not there to its end; x[1]… names the inputs of steps left out."""
    boxes = zip(figure.nodes, sheet.cells, strict=True)
    lines = (line for node, cell in boxes if node.role != "input" for line, _, _ in cell.places)
    return any(plain(line.runs).endswith("…") for line in lines)


_NEARLY = 0.6
"""What is less readable with less room between things does not become so in narrower boxes."""

_UNCLEAN = 100


def most_on_a_page(theme: Theme) -> tuple[float, float]:
    """How many boxes there may be on the theme's page at most, and how many one behind the other.

    So many one behind the other as there would be room for if each were one short line, and beside
    each other as many as are seen to be that small.
    """
    if not theme.fit:
        return math.inf, math.inf
    close = closer(Figure("", (), (), Naming()), theme)
    width, height = theme.column, math.inf if theme.page_height is None else theme.page_height
    side = close.label_size + close.pad_y + _LEAST_GAP
    return width * height / (2 * side) ** 2, max(width, height) / (side + _LEAST_GAP)


def _readable(setting: Setting) -> float:
    """From 1 on all of it can be read on the page: no text is too small, and it is not too high."""
    figure, sheet, layout, theme = setting
    page = frame_of(figure, layout, theme)
    shown = smallest_shown(sheet, page.width, theme) / theme.smallest
    if theme.page_height is None:
        return shown
    return min(shown, theme.page_height / (page.height * min(1, theme.column / page.width)))


def _least_size(figure: Figure, sheet: Sheet, theme: Theme) -> float:
    """How much of the page the boxes take, on their longest way or together; 1: all of it."""
    wide = theme.column * smallest_shown(sheet, 1, theme) / theme.smallest
    high = math.inf if theme.page_height is None else theme.page_height * wide / theme.column
    across = figure.direction == "LR"
    size = {
        node.id: cell.width if across else cell.height
        for node, cell in zip(figure.nodes, sheet.cells, strict=True)
    }
    ends: dict[str, float] = dict(size)
    for edge, label in zip(figure.edges, sheet.labels, strict=True):
        gap: float = 2 * _LEAST_GAP
        if label is not None:
            gap += label.width if across else label.height
        ends[edge.head] = max(ends[edge.head], ends[edge.tail] + gap + size[edge.head])
    area = sum((c.width + _LEAST_GAP) * (c.height + _LEAST_GAP) for c in sheet.cells)
    way = max(ends.values(), default=0) / (wide if across else high)
    return max(way, area / wide / high)


_LEAST_GAP = 10
"""Between two boxes, and between a box and a label."""
