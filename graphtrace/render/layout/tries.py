"""Tell a figure so that it takes less room: turned, with shorter labels, smaller, closer.

In: a Figure, a theme, the directions that it may have. Out: the figure and the theme of one try
after another. Which of them is drawn is decided by who lays them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from graphtrace.figure.alias import gradients_of, with_alias
from graphtrace.figure.forms import with_derivatives_in_boxes, with_gradients_in_boxes, with_part
from graphtrace.figure.parts import (
    Blanked,
    Contribution,
    Direction,
    Edge,
    Figure,
    Note,
    Part,
    Partial,
)
from graphtrace.formula.number import is_scalar
from graphtrace.formula.runs import plain
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.line import runs_width
from graphtrace.render.typeset.sheet import SHIFTED_SIZE, SMALL_SHIFTED, Sheet
from graphtrace.render.typeset.wording import is_array, name_of, runs, wording


def tries(
    figure: Figure, theme: Theme, ways: Sequence[Direction], boxed: bool
) -> Iterator[tuple[Figure, Theme]]:
    """As it is in all these ways, with shorter labels, smaller, with gradients in boxes, or bare.

    On a narrow page at last with its derivatives in the boxes too, so that no arrow needs room.
    """
    close = closer(figure, theme)
    without_arrows_back = with_gradients_in_boxes(figure) if boxed else None
    for one in (figure, without_arrows_back) if without_arrows_back else (figure,):
        yield from _turned(one, theme, ways)
        if any(_without_spare(edge) is not edge for edge in one.edges):
            yield from _turned(with_edges(one, _without_spare), theme, ways)
        if any(edge.kind == "backward" for edge in one.edges):
            named = replace(close, widest_gradient=theme.widest_label)
            yield from _turned(with_edges(one, short), named, ways)
        yield from _turned(with_edges(one, short), close, ways)
        if "TB" in ways and theme.column > _NARROW:
            low = replace(
                close,
                turned_rank_gap=close.turned_rank_gap * 0.85,
                widest_gradient=theme.widest_label,
            )
            yield from _turned(with_edges(one, short), low, ("TB",))
        if _without_notes(one) is not one:
            yield from _turned(with_edges(_without_notes(one), short), close, ways)
    if _without_notes(one) is not one:
        yield from _compact(_without_notes(one), close)
    for numbers, _ in _turned(with_edges(_without_notes(one), number_alone), close, ways):
        yield numbers, close
        if numbers.direction == "TB" and theme.column > _NARROW:
            for rows in (2, 3, 4):
                yield numbers, replace(close, input_rows=rows)
            tight = replace(close, pad_x=close.pad_x * 0.6, node_gap=close.node_gap * 0.5)
            for rows in (1, 2, 3):
                yield numbers, replace(tight, input_rows=rows)
    if any(_bare(edge) is not edge for edge in figure.edges):
        bare = with_edges(with_edges(figure, short), _bare)
        yield from _turned(bare, close, ways)
    if boxed and theme.column <= _NARROW:
        yield from _narrow_tries(numbers, ways, _tight(close))


def _turned(
    figure: Figure, style: Theme, ways: Iterable[Direction]
) -> Iterator[tuple[Figure, Theme]]:
    """The figure in each of these directions, of the same nodes and edges."""
    one = named(figure, style)
    for way in ways:
        yield replace(one, direction=way), style


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
    plain = with_edges(figure, lambda edge: replace(edge, part=None))
    wide = replace(close, widest_row=close.widest_row * 1.5)
    for part in (1, 0.6):
        style = replace(wide, rank_gap=wide.rank_gap * part, pad_y=wide.pad_y * part)
        yield named(replace(plain, direction="TB"), style), style


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


def with_edges(figure: Figure, change: Callable[[Edge], Edge]) -> Figure:
    """The figure with each of its arrows changed so."""
    return replace(figure, edges=tuple(map(change, figure.edges)))


def named(figure: Figure, theme: Theme) -> Figure:
    """The figure, with a letter for an output whose name leaves no room for its gradients."""
    words, room = wording(figure, theme.digits), theme.widest_label
    if all(figure.names[str(gradient.of)].is_letter for gradient in gradients_of(figure)):
        return figure
    labels = _typical(figure)
    is_full = any(runs_width(runs(label, words), theme.label_size) > room for label in labels)
    return with_alias(figure) if is_full else figure


def hides_gradient(figure: Figure, sheet: Sheet, theme: Theme) -> bool:
    """Whether an arrow back to an input has no room for the name of the gradient that it tells."""
    words = wording(figure, theme.digits)
    inputs = {node.id for node in figure.nodes if node.role == "input" and not node.gradient}
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
        if edge.kind == "backward" and edge.tail in inputs and line is not None:
            part = edge.part.part if isinstance(edge.part, Blanked) else edge.part
            if isinstance(part, Partial) and name_of(part, words) not in plain(line.runs):
                return True
    return False


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


def closer(figure: Figure, theme: Theme) -> Theme:
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


def number_alone(edge: Edge) -> Edge:
    """A local derivative without its formula, where it is a number."""

    def number(part: Partial) -> Partial:
        return replace(part, formula=None) if is_scalar(part.value) else part

    return with_part(short(edge), "forward", number)


def _bare(edge: Edge) -> Edge:
    """The gradient of an array without its name, which the box that it comes to tells."""

    def bare(part: Partial) -> Partial:
        return replace(part, short=True) if is_array(part.value) else part

    return with_part(edge, "backward", bare)


def _without_spare(edge: Edge) -> Edge:
    """An arrow without what is told only where there is room."""
    inner = edge.part.part if isinstance(edge.part, Blanked) else edge.part
    if not isinstance(inner, Partial) or not inner.spare or inner.value is None:
        return edge
    if inner.formula is None:
        return replace(edge, part=None)
    return with_part(edge, "forward", lambda part: replace(part, value=None))


def short(edge: Edge) -> Edge:
    """A local derivative without its name, which the arrow's ends tell."""
    return with_part(_without_spare(edge), "forward", lambda part: replace(part, short=True))
