"""Draw a loop as time: which iterations are columns, and what stands where beside them.

In: a graph and its nodes in evaluation order. Out: the boxes of a figure whose body is the loop's
iterations, those in the middle in one box where there are more than are to be shown; and for each
box of that figure its `Spot`. Knows no width: `render.layout.timeline` places the columns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from graphtrace.figure.options import Content
from graphtrace.figure.reading_order import ordered
from graphtrace.figure.regions import Item, Region, base, regions_of, start_of, stop_of
from graphtrace.figure.statements import statement_boxes

if TYPE_CHECKING:
    import networkx as nx

FEWEST = 3
"""Columns of which one is of several steps: the first, those in between, the last."""


def refused(show: Content) -> str | None:
    """The option that does not go together with time drawn as columns."""
    chosen = ("step", "path", "constants", "branches", "scopes", "flow", "depth", "unfold")
    for name in chosen:
        value = getattr(show, name)
        if not (value is None or value is False or value == ()):
            return name
    if show.direction == "TB":
        return "direction"
    return "detail" if show.detail not in ("auto", "statements") else None


@dataclass(frozen=True, slots=True)
class Steps:
    """The boxes of a figure, and the column and the row of those of the loop, by their place.

    A box of several steps has no row. `columns` and `rows` are those of the whole loop. It
    `is_chain` where each box reads one value; `reach` is how many iterations back one reads at
    most. `shared` are the values from before it that every iteration reads, `starts` what carried
    ones begin with, each with the row that carries it on.
    """

    items: Sequence[Item]
    spots: Mapping[int, tuple[int, int | None]]
    columns: int
    rows: int
    is_chain: bool
    reach: int
    shared: frozenset[Any]
    starts: Mapping[Any, int]


class Loop(NamedTuple):
    """The boxes of a computation, and the column and the row of those of a loop in it."""

    items: Sequence[Item]
    body: _Body


def carried(graph: nx.MultiDiGraph[Any], nodes: Sequence[Any]) -> Loop | None:
    """The longest loop that carries a state from one iteration to the next."""
    if not graph.graph.get("runs"):
        return None
    items = statement_boxes(graph, nodes, regions_of(graph, nodes, statements=True), None)
    for starts in _loops(graph, nodes):
        body = _columns(graph, nodes, items, starts)
        if body is not None and _is_carried(graph, nodes, items, body):
            return Loop(items, body)
    return None


def steps_of(
    graph: nx.MultiDiGraph[Any],
    nodes: Sequence[Any],
    limit: int | None = None,
    loop: Loop | None = None,
) -> Steps | None:
    """The longest loop with a carried state, in so many boxes; None where there is none.

    `loop` is what `carried` tells, where that is known already.

    >>> import graphtrace as gt
    >>> def f(x, r):
    ...     for _ in range(9):
    ...         x = r * x * (1 - x)
    ...     return x
    >>> g = gt.trace(f, 0.5, 3.2)
    >>> steps = steps_of(g, list(g), 4)
    >>> steps.columns, [item.name for item in steps.items if getattr(item, "name", "")]
    (9, ['steps 3–8'])
    """
    loop = loop or carried(graph, nodes)
    return None if loop is None else _shown(graph, nodes, *loop, limit)


def _loops(graph: nx.MultiDiGraph[Any], nodes: Sequence[Any]) -> Iterator[list[int]]:
    """Where the iterations of each loop begin among the nodes, and where it ends; long ones first.

    Looked for among all nodes: what the last iteration computes may reach no output.
    """
    whole = ordered(graph)
    live = set(nodes)
    before = [0, *accumulate(node in live for node in whole)]
    loops = _outermost(regions_of(graph, whole, statements=True))
    for loop in sorted(loops, key=lambda loop: loop.start - loop.stop):
        rest = loop.rest
        runs = [*(rest.items if rest is not None else ()), *loop.items[1:]]
        size = len(runs) // loop.count
        starts = [start_of(runs[at]) for at in range(0, len(runs), size)]
        yield [before[at] for at in (*starts, loop.stop)]


def _outermost(region: Region) -> Iterator[Region]:
    for inner in region.regions:
        if inner.kind == "loop":
            yield inner
        else:
            yield from _outermost(inner)


_Body = dict[int, tuple[int, int]]
"""Column and row by the place of an item among the items."""


def _columns(
    graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], items: Sequence[Item], starts: Sequence[int]
) -> _Body | None:
    """The items of each iteration; one that is there in part has none where there are numbers."""
    lines = [graph.nodes[nodes[stop_of(item) - 1]].get("source") for item in items]
    rows: dict[tuple[object, int], int] = {}
    body: _Body = {}
    seen: Counter[object] = Counter()
    column = -1
    for at, item in enumerate(items):
        if not starts[0] <= start_of(item) < starts[-1]:
            continue
        own = bisect_right(starts, start_of(item)) - 1
        if stop_of(item) > starts[own + 1]:
            return None
        if own != column:
            column, seen = own, Counter()
        line = lines[at], seen[lines[at]]
        seen[lines[at]] += 1
        body[at] = column, rows.setdefault(line, len(rows))
    if not body:
        return None
    _add_part(body, lines, range(max(body) + 1, len(items)), column + 1, rows)
    first = min(body)
    before = range(first - 1, -1, -1)
    part: _Body = {}
    _add_part(part, lines, before, 0, rows, turned=True)
    if part:
        body = {**part, **{at: (column + 1, row) for at, (column, row) in body.items()}}
    return body


def _add_part(
    body: _Body,
    lines: Sequence[object],
    places: Iterable[int],
    column: int,
    rows: Mapping[tuple[object, int], int],
    *,
    turned: bool = False,
) -> None:
    """Add the items next to a loop that are of one more iteration."""
    last = len(rows) if turned else -1
    for at in places:
        row = rows.get((lines[at], 0))
        if lines[at] is None or row is None or not (row < last if turned else row > last):
            return
        body[at] = column, row
        last = row


def _is_carried(
    graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], items: Sequence[Item], body: _Body
) -> bool:
    """Whether each iteration reads what the one before it has left."""
    column_of: dict[Any, int] = {}
    linked: set[int] = set()
    for at, (column, _) in body.items():
        inner = nodes[start_of(items[at]) : stop_of(items[at])]
        column_of.update(dict.fromkeys(inner, column))
        for node in inner:
            linked.update(column for tail in graph.pred[node] if column_of.get(tail) == column - 1)
    count = max(column for column, _ in body.values())
    return count >= FEWEST - 1 and all(column in linked for column in range(1, count + 1))


def _shown(
    graph: nx.MultiDiGraph[Any],
    nodes: Sequence[Any],
    items: Sequence[Item],
    body: _Body,
    limit: int | None,
) -> Steps:
    most = 1 + max(column for column, _ in body.values())
    rows = 1 + max(row for _, row in body.values())
    reads = _reads(graph, nodes, items, body)
    shared = frozenset(set.intersection(*reads.by_column))
    facts = reads.links <= len(body), reads.reach, shared, reads.starts()
    columns = most if limit is None else max(limit // rows, FEWEST)
    if columns >= most:
        spots = {start_of(items[at]): spot for at, spot in body.items()}
        return Steps(items, spots, most, rows, *facts)
    first = max(columns - 2, 1)
    last = most - (columns - first - 1)
    hidden = [at for at, (column, _) in body.items() if first <= column < last]
    box = _box(items, hidden, f"steps {first + 1}–{last}")
    inside = set(nodes[box.start : box.stop])
    handed = [
        at
        for at, item in enumerate(items)
        if isinstance(item, int)
        and graph.nodes[nodes[item]].get("op") == "input"
        and graph.succ[nodes[item]]
        and inside.issuperset(graph.succ[nodes[item]])
    ]
    shown: list[Item] = []
    kept: dict[int, tuple[int, int | None]] = {}
    groups = {run[0]: run for run in _side_by_side(handed) if len(run) > 1}
    skipped = {at for run in groups.values() for at in run} | set(hidden)
    for at, item in enumerate(items):
        if at in groups:
            members = groups[at]
            inputs = Region("inputs", "", start_of(item), stop_of(items[members[-1]]))
            inputs.items = [items[member] for member in members]
            shown.append(inputs)
        elif at == hidden[0]:
            shown.append(box)
            kept[box.start] = first, None
        elif at not in skipped:
            shown.append(item)
            if at in body:
                column, row = body[at]
                after = first + 1 - last if column >= last else 0
                kept[start_of(item)] = column + after, row
    return Steps(shown, kept, most, rows, *facts)


class _Reads(NamedTuple):
    """What the boxes of a loop read from before it, by column and row, and from one another."""

    outside: Mapping[tuple[int, int], Sequence[Any]]
    carried: Mapping[int, set[int]]
    """The rows of the column before that a row reads."""
    name: Mapping[int, str]
    """What a row is called."""
    links: int
    """How many different values all boxes read."""
    reach: int
    """How many columns back a box reads at most."""

    @property
    def by_column(self) -> list[set[Any]]:
        """What is read from before the loop, by column."""
        count = 1 + max(column for column, _ in self.outside)
        sets: list[set[Any]] = [set() for _ in range(count)]
        for (column, _), tails in self.outside.items():
            sets[column].update(tails)
        return sets

    def starts(self) -> dict[Any, int]:
        """What only the first column reads, in the place of what is carried, and its row."""
        first, *others = self.by_column
        later = set[Any]().union(*others)
        starts: dict[Any, int] = {}
        for row in sorted(self.carried):
            second = [tail for tail in self.outside.get((1, row), ()) if tail not in first]
            own = [tail for tail in self.outside.get((0, row), ()) if tail not in later]
            indexed = {_pattern(tail) for tail in second}
            more = [tail for tail in own if _pattern(tail) not in indexed]
            for tail in more or own[: max(len(own) - len(second), 0)]:
                free = [r for r in sorted(self.carried[row]) if r not in starts.values()]
                if tail in starts or not free:
                    continue
                named = [r for r in free if self.name[r] == base(str(tail))]
                starts[tail] = (named or free)[0]
        return starts


def _reads(
    graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], items: Sequence[Item], body: _Body
) -> _Reads:
    spot_of: dict[Any, tuple[int, int]] = {}
    name: dict[int, str] = {}
    for at, spot in body.items():
        inner = nodes[start_of(items[at]) : stop_of(items[at])]
        spot_of.update(dict.fromkeys(inner, spot))
        name[spot[1]] = base(str(inner[-1]))
    outside: dict[tuple[int, int], list[Any]] = {spot: [] for spot in body.values()}
    carried: dict[int, set[int]] = {}
    links: set[tuple[Any, tuple[int, int]]] = set()
    reach = 0
    for node, (column, row) in spot_of.items():
        for tail in graph.pred[node]:
            if spot_of.get(tail) != (column, row):
                links.add((tail, (column, row)))
            if tail not in spot_of:
                outside[column, row].append(tail)
                continue
            reach = max(reach, column - spot_of[tail][0])
            if spot_of[tail][0] == column - 1:
                carried.setdefault(row, set()).add(spot_of[tail][1])
    return _Reads(outside, carried, name, len(links), reach)


def _box(items: Sequence[Item], at: Sequence[int], name: str) -> Region:
    inner = [items[i] for i in at]
    return Region("segment", name, start_of(inner[0]), stop_of(inner[-1]), items=inner)


def _side_by_side(places: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in places:
        if runs and at == runs[-1][-1] + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _pattern(key: object) -> str:
    """`x[#]` of x[3] and x[4]."""
    return re.sub(r"\d+", "#", str(key))
