"""Set the inputs of one rank in the order of the signature, where no pairs of arrows cross for it.

In: a laid-out figure, and how to lay it out with some boxes in a given order. Out: the layout as it
is, or one that also fits in which more inputs are in their order. Knows no text and no colours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations, pairwise
from typing import NamedTuple, TypeAlias

from graphtrace.figure.parts import Figure, Role
from graphtrace.render.layout.crossings import crossings
from graphtrace.render.layout.places import Lane, Layout, Point, Route


class Order(NamedTuple):
    """The first of two nodes stands before the second, on one rank, or else a row before it."""

    first: int
    second: int
    beside: bool = True


Orders: TypeAlias = tuple[Order, ...]

_MOST_BOXES = 40
"""A figure of more boxes is laid out once."""

_MOST_TRIES = 9
_SAME_RANK = 1.0
_LARGER = 1.25
"""So many times as large a figure may become, where there is room."""

_MOST_CROSSINGS = 1
"""So many more the order of all may cost: two lines that cross, but no two pairs of lines."""


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
    layout = min(layout, _mirrored(figure, layout), key=partial(_disorder, figure, outputs=True))
    best, disorder = layout, _disorder(figure, layout)
    tried: set[Orders] = set()
    first: int | None = None
    for _ in range(_MOST_TRIES):
        orders = (*map(_chained, _wishes(figure, best)), *_apart(figure, best))
        wanted = next((order for order in orders if order and order not in tried), None)
        if not disorder or wanted is None:
            break
        tried.add(wanted)
        other = again(wanted)
        better = _disorder(figure, other)
        if better < disorder and _fits(other, layout, room):
            first = crossings(drawn(layout)) if first is None else first
            if crossings(drawn(other)) <= first + (0 if better else _MOST_CROSSINGS):
                best, disorder = other, better
    return best


def _mirrored(figure: Figure, layout: Layout) -> Layout:
    """The layout with its left side to the right, or its upper one down.

    Lanes from top to bottom have no mirror: their labels stand on the side that they are for.
    """
    if figure.direction == "TB" and layout.lanes:
        return layout

    def place(point: Point) -> Point:
        x, y = point
        return (layout.width - x, y) if figure.direction == "TB" else (x, layout.height - y)

    return layout._replace(
        nodes=tuple(map(place, layout.nodes)),
        routes={i: route.to(place) for i, route in layout.routes.items()},
        lanes={
            i: Lane(lane.to_label.to(place), place(lane.label), lane.from_label.to(place))
            for i, lane in layout.lanes.items()
        },
    )


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
    return tuple(Order(*pair) for rank in ranks for pair in pairwise(rank))


def _apart(figure: Figure, layout: Layout) -> Iterator[Orders]:
    """The first input of a rank in a row before it, or the last one behind, if all is then right.

    The others as they stand, and in their order. An entry stays beside the others of its sequence.
    """
    for rank in _ranks(figure, layout):
        wrong = [set(pair) for pair in combinations(rank, 2) if pair[0] > pair[1]]
        for end in sorted({min(rank), max(rank)}.intersection(*wrong)) if wrong else ():
            if _whole(figure, end) != figure.nodes[end].key:
                continue
            others = [i for i in rank if i != end]
            pairs = ((end, i) if end < i else (i, end) for i in others)
            row = tuple(Order(*pair, beside=False) for pair in pairs)
            yield row
            yield (*row, *_chained([sorted(others)]))


def _ranks(figure: Figure, layout: Layout, role: Role = "input") -> list[list[int]]:
    """The places of the inputs that stand in one row, or column, in the order in which they do."""
    along = 1 if figure.direction == "TB" else 0
    boxes = [i for i, node in enumerate(figure.nodes) if node.role == role]
    boxes.sort(key=lambda i: layout.nodes[i][along])
    ranks: list[list[int]] = []
    for i in boxes:
        at = layout.nodes[i][along]
        if ranks and at - layout.nodes[ranks[-1][-1]][along] < _SAME_RANK:
            ranks[-1].append(i)
        else:
            ranks.append([i])
    return [sorted(rank, key=lambda i: layout.nodes[i][1 - along]) for rank in ranks]


def _disorder(figure: Figure, layout: Layout, outputs: bool = False) -> int:
    """How many pairs of inputs of one rank stand the wrong way around; and of `outputs`.

    Entries of two sequences have no order: p[1] or p1 may stand before q[0] or q0.
    """
    ranks = _ranks(figure, layout) + (_ranks(figure, layout, "output") if outputs else [])

    def is_wrong(a: int, b: int) -> bool:
        wholes = [_whole(figure, i) for i in (a, b)]
        are_entries = all(figure.nodes[i].key not in wholes for i in (a, b))
        return a > b and not (are_entries and len(set(wholes)) > 1)

    return sum(is_wrong(a, b) for rank in ranks for a, b in combinations(rank, 2))


def _whole(figure: Figure, i: int) -> str:
    """Of what sequence an input is an entry; its own key where it is none."""
    return figure.nodes[i].key.partition("[")[0].rstrip("0123456789")


def _fits(other: Layout, layout: Layout, room: Point) -> bool:
    """Whether a layout is no larger than the first, or has room."""
    width, height = min(room[0], layout.width * _LARGER), min(room[1], layout.height * _LARGER)
    return other.width <= width and other.height <= height
