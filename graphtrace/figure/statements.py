"""Choose the boxes of a figure that shows statements, or calls and loops, instead of operations.

In: the tree of regions with those of statements in it. Out: the boxes in evaluation order, each of
which hands on one value where that can be. A statement is a box; where all of it is the call of a
function that has statements of its own, as in `h = layer(x)`, those are the boxes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from graphtrace.figure.regions import Item, Region, base, start_of, stop_of

if TYPE_CHECKING:
    import networkx as nx

MOST_PARTS = 4
"""A statement that hands on more values than this is one box of several values."""


def statement_boxes(
    graph: nx.MultiDiGraph[Any],
    nodes: Sequence[Any],
    whole: Region,
    limit: int | None,
    has_lines: Callable[[Region], bool] | None = None,
) -> list[Item]:
    """The boxes: all statements; or, with a limit, calls and loops of which so many are opened.

    A `for` or `while` whose runs are not alike is a box where it is told by lines (`has_lines`).

    At most `limit` boxes for operations are made by opening calls and loops, alike ones together
    and small ones first; what is not opened is one box, so that there may be more.
    """
    inputs = sum(graph.nodes[node].get("op") == "input" for node in nodes)
    tree = _Tree(graph.graph.get("runs", ()), whole, has_lines)
    opened = {whole}
    parameters = sum(start_of(item) < inputs for item in tree.shown(opened))
    while True:
        shown = list(tree.shown(opened))
        groups: dict[tuple[Any, ...], list[Region]] = {}
        for region in shown:
            if isinstance(region, Region) and (inside := tree.opens(region)):
                key = (region.kind, base(tree.name(region)) or region, region.calls)
                groups.setdefault(key, []).extend(inside)
        costs = {key: tree.cost(group) for key, group in groups.items()}
        size = len(shown) - parameters
        fitting = [key for key in groups if limit is None or size + costs[key] <= limit]
        if not fitting and size <= 1:  # all of it is one call
            fitting = [key for key in groups if key[0] in ("call", "statement")]
        if not fitting:
            return _cut(graph, nodes, shown if not limit else gathered(shown, inputs, limit))
        opened.update(groups[min(fitting, key=lambda key: costs[key])])


class _Tree:
    """The regions, and which of them may be opened."""

    def __init__(
        self, runs: Sequence[Any], whole: Region, has_lines: Callable[[Region], bool] | None
    ) -> None:
        self._runs = runs
        self._whole = whole
        self._has_lines = has_lines

    def shown(self, opened: Iterable[Region]) -> Iterator[Item]:
        """What stands in the open regions."""
        todo: list[Item] = [self._whole]
        while todo:
            item = todo.pop()
            if isinstance(item, Region) and (item in opened or self._is_untold(item)):
                todo += reversed(_side_by_side(item))
            else:
                yield item

    def _is_untold(self, region: Region) -> bool:
        has_lines = self._has_lines
        return region.kind == "written" and not (has_lines is not None and has_lines(region))

    def opens(self, region: Region) -> list[Region]:
        """The regions that are opened together to see what is in it; none of a plain statement."""
        if region.kind == "loop":
            return [region, region.rest] if region.rest is not None else [region]
        if region.kind == "written":
            return list(_loops_in(region))
        if region.kind != "statement":
            return [region]
        call = self._call(region)
        return [region, call] if call is not None else []

    def name(self, region: Region) -> str:
        """By what it is opened together with others: the name of the call that it is."""
        call = self._call(region) if region.kind == "statement" else None
        return call.name if call is not None else region.name

    def cost(self, regions: Iterable[Region]) -> int:
        """How many more boxes there are when they are open."""
        return sum(len(region.items) - 1 for region in regions)

    def _call(self, statement: Region) -> Region | None:
        """The call that is all of a statement, if there is more than one statement in it."""
        for call in statement.regions:
            first = next((r for r in call.all if r.kind == "statement"), None)
            if call.kind != "call" or first is None or not self._runs[first.run].is_whole:
                continue
            inner = list(call.regions)
            if len(call.items) > 1 or inner[0].kind == "loop" or self.opens(inner[0]):
                return call
        return None


def _loops_in(region: Region) -> Iterator[Region]:
    """The region and what repeats in it: all of a loop that is told by its lines, or none."""
    yield region
    for inner in region.regions:
        if inner.kind == "loop":
            yield from _loops_in(inner)


def gathered(items: Sequence[Item], inputs: int, limit: int) -> list[Item]:
    """The items, neighbours of them in one box where there are more than `limit` of operations.

    A loop stands by itself where that can be: it tells more than a stretch.
    """
    first = next((i for i, item in enumerate(items) if start_of(item) >= inputs), len(items))
    if len(items) - first <= limit:
        return list(items)
    stretches = [
        list(group)
        for _, group in groupby(items[first:], key=lambda item: item if _is_loop(item) else None)
    ]
    for size in range(2, len(items) + 1):
        groups = [part[at : at + size] for part in stretches for at in range(0, len(part), size)]
        if len(groups) <= limit:
            break
    else:
        size = math.ceil((len(items) - first) / limit)
        groups = [list(items[at : at + size]) for at in range(first, len(items), size)]
    boxes = [
        Region("segment", "", start_of(g[0]), stop_of(g[-1]), items=g) if len(g) > 1 else g[0]
        for g in groups
    ]
    return [*items[:first], *boxes]


def _is_loop(item: Item) -> bool:
    return isinstance(item, Region) and item.kind in ("loop", "written")


def _side_by_side(region: Region) -> list[Item]:
    """The items; what a statement itself computes, as the arguments of its call, in one box."""
    if region.kind != "statement":
        return region.items
    items: list[Item] = []
    for is_region, group in groupby(region.items, key=lambda item: isinstance(item, Region)):
        members = list(group)
        if is_region:
            items += members
        else:
            places = [item for item in members if isinstance(item, int)]
            items.append(Region("statement", "", places[0], places[-1] + 1, region.calls))
    return items


def _cut(graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], items: Sequence[Item]) -> list[Item]:
    """The boxes, a statement that hands on several values cut behind each of them."""
    place = {node: i for i, node in enumerate(nodes)}
    outputs = {place[node] for node in graph.graph.get("outputs", ()) if node in place}
    uses = [[place[head] for head in graph.succ[node] if head in place] for node in nodes]
    cut: list[Item] = []
    waiting = [*reversed(items)]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, Region) or item.kind != "statement":
            cut.append(item)
            continue
        exports = _exports(item, uses, outputs)
        if 1 < len(exports) <= MOST_PARTS:
            stops = [*(at + 1 for at in exports[:-1]), item.stop]
            starts = [item.start, *stops[:-1]]
            parts = [_part(item, *ends) for ends in zip(starts, stops, strict=True)]
            # A part may hand on more than it did in the whole.
            waiting += reversed(parts)
        else:
            row = graph.nodes[nodes[item.start]].get("row")
            is_plain = row is not None and len(set(row.keys)) == len(row.keys)
            cut.append(item.start if item.stop == item.start + 1 and is_plain else item)
    return cut


def _exports(item: Region, uses: Sequence[Sequence[int]], outputs: set[int]) -> list[int]:
    inside = range(item.start, item.stop)
    return [at for at in inside if at in outputs or any(to not in inside for to in uses[at])]


def _part(item: Region, start: int, stop: int) -> Region:
    whole = (start, stop) == (item.start, item.stop)
    return Region("statement", "", start, stop, item.calls, run=item.run if whole else -1)
