"""Lay a figure out so that it can be read in its column: as it is, turned, or with less to say.

In: a Figure, a theme, and whether the figure may turn. Out: the figure as it will be drawn, with
its measured text and its layout. The engine is run once for each try.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from graphtrace.figure.alias import gradients_of, with_alias
from graphtrace.figure.forms import with_derivatives_in_boxes, with_gradients_in_boxes
from graphtrace.figure.parts import (
    Blanked,
    Contribution,
    Direction,
    Edge,
    Figure,
    Kind,
    Note,
    Part,
    Partial,
)
from graphtrace.formula.naming import Naming
from graphtrace.formula.number import is_scalar
from graphtrace.formula.runs import plain
from graphtrace.render.layout import timeline
from graphtrace.render.layout.frame import frame_of, smallest_shown
from graphtrace.render.layout.places import Layout
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.line import runs_width
from graphtrace.render.typeset.sheet import SHIFTED_SIZE, SMALL_SHIFTED, Sheet
from graphtrace.render.typeset.typesetting import Typesetting
from graphtrace.render.typeset.wording import is_array, runs, wording


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

    The figures tell the same in less and less detail; with each, whether its gradients may be told
    in the boxes to make it smaller. Also which of them it is.
    """
    best: tuple[float, int, Setting] | None = None
    in_time: tuple[float, int, Setting] | None = None
    least: tuple[float, int, Figure, Sheet, Theme] | None = None  # of those that are too large
    for at, (figure, theme, boxed) in enumerate(figures):
        typesetting = Typesetting()
        if figure.timeline is not None:
            readable, setting = _in_time(figure, theme, typesetting)
            if readable >= 1 or (readable > 0 and not theme.fit):
                return at, setting
            if in_time is None or readable > in_time[0]:
                in_time = readable, at, setting
            continue
        for one, style in _tries(figure, theme, turn, boxed):
            sheet = typesetting.sheet(one, style)
            size = _least_size(one, sheet, style)
            if least is None or at > least[1] or size <= least[0]:
                least = size, at, one, sheet, style
            if theme.fit and size > 1:
                continue
            setting = Setting(one, sheet, engine(one, sheet, style), style)
            if not theme.fit:
                return at, setting
            readable = _readable(setting)
            if best is None or readable > best[0]:
                best = readable, at, setting
            if readable >= 1:
                return at, setting
    if best is None and least is None:  # nothing but time was asked for
        best = in_time
    if best is None:
        assert least is not None
        _, at, one, sheet, style = least
        best = 0, at, Setting(one, sheet, engine(one, sheet, style), style)
    return best[1:]


def _in_time(figure: Figure, theme: Theme, typesetting: Typesetting) -> tuple[float, Setting]:
    """A loop drawn as time, with labels as long and as far from each other as there is room for.

    Also how readable it is, less than 0 where a line meets what it should not.
    """
    whole = with_gradients_in_boxes(figure) or figure
    close = _close(figure, theme)
    tight = [
        replace(close, pad_x=close.pad_x * 0.8, widest_row=close.widest_row * share)
        for share in (0.85, 0.7, 0.6)
    ]
    short, numbers = _with_edges(whole, _short), _with_edges(whole, _number)
    tries = [(short, style) for style in (theme, close, *tight)]
    tries += [(numbers, style) for style in (close, *tight)]
    best: tuple[float, Setting] | None = None
    for labelled, style in tries:
        one = _named(labelled, style)
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
    close = _close(Figure("", (), (), Naming()), theme)
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


def _tries(figure: Figure, theme: Theme, turn: bool, boxed: bool) -> Iterator[tuple[Figure, Theme]]:
    """As it is, turned, with shorter labels and smaller, with each gradient in its box, or bare.

    On a narrow page at last with its derivatives in the boxes too, so that no arrow needs room.
    """
    close = _close(figure, theme)
    without_arrows_back = with_gradients_in_boxes(figure) if boxed else None
    other: Direction = "TB" if figure.direction == "LR" else "LR"
    ways = (figure.direction, other) if turn else (figure.direction,)
    for one in (figure, without_arrows_back) if without_arrows_back else (figure,):
        yield from _turned(one, theme, ways)
        if any(_without_spare(edge) is not edge for edge in one.edges):
            yield from _turned(_with_edges(one, _without_spare), theme, ways)
        yield from _turned(_with_edges(one, _short), close, ways)
        if _without_notes(one) is not one:
            yield from _turned(_with_edges(_without_notes(one), _short), close, ways)
    if _without_notes(one) is not one:
        yield from _compact(_without_notes(one), close)
    for numbers, _ in _turned(_with_edges(_without_notes(one), _number), close, ways):
        yield numbers, close
        if numbers.direction == "TB" and theme.column > _NARROW:
            for rows in (2, 3, 4):
                yield numbers, replace(close, input_rows=rows)
            tight = replace(close, pad_x=close.pad_x * 0.6, node_gap=close.node_gap * 0.5)
            for rows in (1, 2, 3):
                yield numbers, replace(tight, input_rows=rows)
    if any(_bare(edge) is not edge for edge in figure.edges):
        bare = _with_edges(_with_edges(figure, _short), _bare)
        yield from _turned(bare, close, ways)
    if boxed and theme.column <= _NARROW:
        yield from _narrow_tries(numbers, ways, _tight(close))


def _turned(
    figure: Figure, style: Theme, ways: Iterable[Direction]
) -> Iterator[tuple[Figure, Theme]]:
    """The figure in each of these directions, of the same nodes and edges."""
    named = _named(figure, style)
    for way in ways:
        yield replace(named, direction=way), style


def _narrow_tries(
    numbers: Figure, ways: Iterable[Direction], tight: Theme
) -> Iterator[tuple[Figure, Theme]]:
    """With numbers on the arrows, then with no words on them at all."""
    in_boxes = with_derivatives_in_boxes(numbers)
    for one in (numbers, in_boxes) if in_boxes else (numbers,):
        for figure, _ in _turned(one, tight, ways):
            yield figure, tight
            if figure.direction == "TB":
                for filled, part in product(_FILLED, _ROWS):
                    yield figure, replace(tight, layered=filled, widest_row=tight.column * part)


def _compact(figure: Figure, close: Theme) -> Iterator[tuple[Figure, Theme]]:
    """From top to bottom, short of notes and of words on arrows, which say little of a module."""
    plain = _with_edges(figure, lambda edge: replace(edge, part=None))
    wide = replace(close, widest_row=close.widest_row * 1.5)
    for part in (1, 0.6):
        style = replace(wide, rank_gap=wide.rank_gap * part, pad_y=wide.pad_y * part)
        yield _named(replace(plain, direction="TB"), style), style


def _without_notes(figure: Figure) -> Figure:
    """The figure without the sentences that are told only where there is room."""
    nodes = tuple(
        replace(node, parts=parts) if len(parts) < len(node.parts) else node
        for node in figure.nodes
        for parts in [tuple(part for part in node.parts if not _is_spare(part))]
    )
    return figure if nodes == figure.nodes else replace(figure, nodes=nodes)


def _is_spare(part: Part) -> bool:
    return isinstance(part, Note) and part.spare


def _with_edges(figure: Figure, change: Callable[[Edge], Edge]) -> Figure:
    return replace(figure, edges=tuple(map(change, figure.edges)))


def _named(figure: Figure, theme: Theme) -> Figure:
    """The figure, with a letter for an output whose name leaves no room for its gradients."""
    words, room = wording(figure, theme.digits), theme.widest_label
    if all(figure.names[str(gradient.of)].is_letter for gradient in gradients_of(figure)):
        return figure
    labels = _typical(figure)
    is_full = any(runs_width(runs(label, words), theme.label_size) > room for label in labels)
    return with_alias(figure) if is_full else figure


def _typical(figure: Figure) -> Iterable[Partial | Contribution]:
    """Each gradient by its name, with a number or an array's range that is as wide as most.

    Of numbers only those of an output whose name is not short anyhow.
    """
    labels: dict[tuple[object, ...], Partial | Contribution] = {}
    for gradient in gradients_of(figure):
        of, by = gradient.of, gradient.by
        if isinstance(gradient, Contribution) and is_array(gradient.upstream):
            product = replace(gradient, upstream=None, local=None)
            labels.setdefault((of, by, gradient.through), product)
        elif isinstance(gradient, Partial) and is_array(gradient.value):
            labels.setdefault((of, by, is_array), Partial(of, by, total=True, value=_RANGE))
        elif len(figure.names[str(of)].flat) > _SHORT:
            labels.setdefault((of, by), Partial(of, by, total=True, value=_NUMBER))
    return labels.values()


_SHORT = 4  # letters of a name that stays

_NUMBER = -0.1234
"""As wide as most numbers."""

_RANGE = np.array([[-0.12, 0.12]])
"""As wide as most that tell two digits."""


def _close(figure: Figure, theme: Theme) -> Theme:
    """The theme with less room between things, and text as small as it may be."""
    small = max(theme.smallest / SHIFTED_SIZE + 0.1, 1)
    return replace(
        theme,
        node_gap=theme.node_gap * 0.5,
        rank_gap=theme.rank_gap * 0.7,
        lane_node_gap=theme.lane_node_gap * 0.7,
        lane_rank_gap=theme.lane_rank_gap * 0.5,
        turned_node_gap=theme.turned_node_gap * 0.5,
        pad_x=theme.pad_x * (1 if figure.form == "records" else 0.7),
        formula_size=min(theme.formula_size, small + 0.6),
        value_size=min(theme.value_size, small),
        label_size=min(theme.label_size, small),
        copy_size=min(theme.copy_size, small),
        widest_row=theme.widest_row * 0.6,
        widest_label=theme.widest_label * 0.6,
    )


def _tight(close: Theme) -> Theme:
    """The theme of a narrow page: also with larger letters above and below the line."""
    small = max(close.smallest / SMALL_SHIFTED + 0.1, 1)
    return replace(
        close,
        pad_x=close.pad_x * 0.6,
        node_gap=close.node_gap * 0.5,
        formula_size=min(close.formula_size, small + 0.6),
        value_size=min(close.value_size, small),
        label_size=min(close.label_size, small),
        copy_size=min(close.copy_size, small),
        source_size=min(close.source_size, small),
        widest_row=min(close.widest_row, close.column * _ROWS[0]),
    )


_NARROW = 480
"""A page that is no wider has room for two or three boxes side by side."""

_FILLED = 1, 0.75
"""How much of a narrow page the boxes of one row may fill: what is left is for arrows."""

_ROWS = 0.36, 0.28
"""The widest line in a box, as a part of a narrow page: for two boxes side by side, for three."""


def _number(edge: Edge) -> Edge:
    """A local derivative without its formula, where it is a number."""

    def number(part: Partial) -> Partial:
        return replace(part, formula=None) if is_scalar(part.value) else part

    return _with_part(_short(edge), "forward", number)


def _bare(edge: Edge) -> Edge:
    """The gradient of an array without its name, which the box that it comes to tells."""

    def bare(part: Partial) -> Partial:
        return replace(part, short=True) if is_array(part.value) else part

    return _with_part(edge, "backward", bare)


def _without_spare(edge: Edge) -> Edge:
    """An arrow without what is told only where there is room."""
    inner = edge.part.part if isinstance(edge.part, Blanked) else edge.part
    if not isinstance(inner, Partial) or not inner.spare or inner.value is None:
        return edge
    if inner.formula is None:
        return replace(edge, part=None)
    return _with_part(edge, "forward", lambda part: replace(part, value=None))


def _short(edge: Edge) -> Edge:
    """A local derivative without its name, which the arrow's ends tell."""
    return _with_part(_without_spare(edge), "forward", lambda part: replace(part, short=True))


def _with_part(edge: Edge, kind: Kind, change: Callable[[Partial], Partial]) -> Edge:
    """The arrow with another derivative, whether it is shown already or has only its room."""
    if edge.kind != kind:
        return edge
    match edge.part:
        case Partial() as part:
            return replace(edge, part=change(part))
        case Blanked(part=Partial() as part) as blanked:
            return replace(edge, part=replace(blanked, part=change(part)))
    return edge
