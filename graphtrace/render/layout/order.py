"""Set the inputs of one rank in the order of the signature, where that costs no crossing.

In: a laid-out figure, and how to lay it out with some boxes in a given order. Out: the layout as it
is, or one of the same size or smaller in which more inputs are in their order. Knows no text and no
colours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import TypeAlias

import numpy as np

from graphtrace.figure.parts import Figure
from graphtrace.render.layout.places import Layout, Point, Route
from graphtrace.render.layout.ways import Points, way_points

Orders: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of places of nodes of one rank: the first stands before the second."""

Pieces: TypeAlias = tuple[Points, Points]
"""Where the pieces of a way begin, and where they end."""

_MOST_BOXES = 40
"""A figure of more boxes is laid out once."""

_MOST_TRIES = 6
_SAME_RANK = 1.0
_LARGER = 1.1
"""So many times as large a figure may become, where there is room."""


def in_order(
    figure: Figure,
    layout: Layout,
    again: Callable[[Orders], Layout],
    drawn: Callable[[Layout], Mapping[str, Route]],
    room: Point,
) -> Layout:
    """The layout, or one with its inputs in the order of the signature.

    It may become larger where there is `room`. `again` is asked a few times at most; `drawn` are
    the ways of the arrows on a layout.
    """
    if len(figure.nodes) > _MOST_BOXES or figure.scopes:
        return layout
    best, disorder = layout, _disorder(figure, layout)
    tried: set[Orders] = set()
    first: int | None = None
    for _ in range(_MOST_TRIES):
        orders = (_chained(ranks) for ranks in _wishes(figure, best))
        wanted = next((order for order in orders if order and order not in tried), None)
        if not disorder or wanted is None:
            break
        tried.add(wanted)
        other = again(wanted)
        better = _disorder(figure, other)
        if better < disorder and _fits(other, layout, room):
            first = _faults(drawn(layout)) if first is None else first
            if _faults(drawn(other)) <= first:
                best, disorder = other, better
    return best


def _wishes(figure: Figure, layout: Layout) -> Iterator[list[list[int]]]:
    """Orders of the inputs of each rank: all sorted, those used once, two neighbours swapped.

    What is used once are the weights of siblings that read one input, which then stands where its
    uses are.
    """
    ranks = _ranks(figure, layout)
    fan = Counter(edge.tail for edge in figure.edges if edge.kind == "forward")
    yield [sorted(rank) for rank in ranks]
    yield [sorted(i for i in rank if fan[figure.nodes[i].id] == 1) for rank in ranks]
    for at, rank in enumerate(ranks):
        for k, (one, other) in enumerate(pairwise(rank)):
            if one > other:
                swapped = [*rank[:k], other, one, *rank[k + 2 :]]
                yield [*ranks[:at], swapped, *ranks[at + 1 :]]


def _chained(ranks: Iterable[Sequence[int]]) -> Orders:
    return tuple(pair for rank in ranks for pair in pairwise(rank))


def _ranks(figure: Figure, layout: Layout) -> list[list[int]]:
    """The places of the inputs that stand in one row, or column, in the order in which they do."""
    along = 1 if figure.direction == "TB" else 0
    inputs = [i for i, node in enumerate(figure.nodes) if node.role == "input"]
    inputs.sort(key=lambda i: layout.nodes[i][along])
    ranks: list[list[int]] = []
    for i in inputs:
        at = layout.nodes[i][along]
        if ranks and at - layout.nodes[ranks[-1][-1]][along] < _SAME_RANK:
            ranks[-1].append(i)
        else:
            ranks.append([i])
    return [sorted(rank, key=lambda i: layout.nodes[i][1 - along]) for rank in ranks]


def _disorder(figure: Figure, layout: Layout) -> int:
    """How many pairs of inputs of one rank stand the wrong way around."""
    return sum(a > b for rank in _ranks(figure, layout) for a, b in combinations(rank, 2))


def _fits(other: Layout, layout: Layout, room: Point) -> bool:
    """Whether a layout is no larger than the first, or has room."""
    width, height = min(room[0], layout.width * _LARGER), min(room[1], layout.height * _LARGER)
    return other.width <= width and other.height <= height


def _faults(routes: Mapping[str, Route]) -> int:
    """How often arrows cross: a label that is nearest to another one is moved afterwards."""
    ways = [way_points(route) for route in routes.values()]
    return sum(_crossings(one, other) for one, other in _near(ways))


def _near(ways: Iterable[Points]) -> Iterator[tuple[Pieces, Pieces]]:
    """The pieces of each two ways that come near to the other way."""
    framed = [((way[:-1], way[1:]), way.min(0), way.max(0)) for way in ways]
    for (one, low, high), (other, least, most) in combinations(framed, 2):
        if (low <= most).all() and (least <= high).all():
            yield _within(one, least, most), _within(other, low, high)


def _within(pieces: Pieces, low: Points, high: Points) -> Pieces:
    """The pieces that may have a point in that frame."""
    near = (np.minimum(*pieces) <= high) & (np.maximum(*pieces) >= low)
    chosen = near.all(1)
    return pieces[0][chosen], pieces[1][chosen]


def _crossings(one: Pieces, other: Pieces) -> int:
    """How often a piece of one way crosses one of the other."""
    a, b = one[0][:, None], one[1][:, None]
    c, d = other[0][None], other[1][None]
    apart = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    return int(apart.sum())


def _side(p: Points, q: Points, r: Points) -> Points:
    """On which side of the line from p to q the point r is, by the sign."""
    u, v = q - p, r - p
    across: Points = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return across
