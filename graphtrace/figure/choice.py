"""Choose what a figure folds, so that it has no more boxes than one can look at.

In: the tree of regions of a computation, and what the caller wants open. Out: the boxes in
evaluation order, each the place of a node or a region. Knows nothing about values or derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Any

from graphtrace.figure.regions import Item, Region, base, is_called, start_of, stop_of

COMFORT = 40
"""Up to so many boxes nothing is folded."""

LIMIT = 2000
"""Where `depth` says what to open, only more boxes than this are folded further."""


def chosen(
    whole: Region,
    nodes: Sequence[Any],
    inputs: int,
    *,
    depth: int | None,
    unfold: Collection[str],
    limit: int | None,
    has_formula: Callable[[Region], bool],
) -> list[Item]:
    """The boxes: regions are opened, alike ones together and small ones first, up to the limit.

    The first `inputs` nodes are inputs. A loop that is not told by a formula (`has_formula`) shows
    its last run where there is room. Where there are still too many boxes, neighbours are put into
    one.
    """
    boxes = _Boxes(whole)
    stretches = list(named_stretches(whole, nodes, unfold))
    for region in whole.all:
        by_depth = depth is not None and region.kind == "call" and region.calls < depth
        if by_depth or any(region.start <= a and b <= region.stop for a, b in stretches):
            boxes.opened.add(region)
    boxes.open_alike(COMFORT if limit is None else limit, depth, cache(has_formula))
    items = boxes.items()
    most = limit or (COMFORT if depth is None else LIMIT)
    if len(items) <= most:
        return items
    shown: list[Item] = []
    for segment in _segments(items, inputs, most):
        is_named = any(start < segment.stop and segment.start < stop for start, stop in stretches)
        if is_named or (segment.name and segment.name in unfold) or len(segment.items) == 1:
            shown += segment.items
        else:
            shown.append(segment)
    return shown


def named_stretches(
    whole: Region, nodes: Sequence[Any], unfold: Collection[str]
) -> Iterator[tuple[int, int]]:
    """The stretches that the caller has named: a region's, or the place of one node."""
    for region in whole.all:
        if region.name and any(is_called(region.name, name) for name in unfold):
            yield region.start, region.stop
    for place, node in enumerate(nodes):
        if str(node) in unfold:
            yield place, place + 1


def _segments(items: Sequence[Item], inputs: int, most: int) -> Iterator[Region]:
    """Neighbours together, inputs and operations apart, in half as many boxes as there may be."""
    first = sum(start_of(item) < inputs for item in items)
    for part, what in ((items[:first], "inputs"), (items[first:], "operations")):
        size = math.ceil(len(part) / max(most // 2, 1)) if len(part) > most // 2 else 1
        for at in range(0, len(part), size):
            members = list(part[at : at + size])
            start, stop = start_of(members[0]), stop_of(members[-1])
            # Where inputs are, is in no source; operations are told by what they compute.
            name = f"inputs {start + 1:,}–{stop:,}" if what == "inputs" else ""
            yield Region("segment", name, start, stop, items=members)


class _Boxes:
    """Which regions are open. An open one inside a closed one does not show."""

    def __init__(self, whole: Region) -> None:
        self.whole = whole
        self.opened = {whole}

    def items(self) -> list[Item]:
        shown: list[Item] = []
        todo: list[Item] = [self.whole]
        while todo:
            item = todo.pop()
            if isinstance(item, Region) and item in self.opened:
                todo += reversed(item.items)
            else:
                shown.append(item)
        return shown

    def open_alike(
        self, limit: int, depth: int | None, has_formula: Callable[[Region], bool]
    ) -> None:
        """Open what fits: all calls of one helper at one depth, a loop, a container of inputs."""
        while True:
            shown = self.items()
            groups: dict[tuple[Any, ...], list[Region]] = {}
            costs: dict[tuple[Any, ...], int] = {}
            for item in shown:
                if isinstance(item, Region) and (depth is None or item.kind != "call"):
                    key = (item.kind, base(item.name) or item, item.calls)
                    # All of a loop that a formula tells, or none: its last run would tell nothing.
                    together = [item, item.rest] if item.rest and has_formula(item) else [item]
                    groups.setdefault(key, []).extend(together)
                    costs[key] = costs.get(key, 0) + sum(len(r.items) - 1 for r in together)
            fitting = [key for key in groups if len(shown) + costs[key] <= limit]
            if not fitting:
                return
            self.opened.update(groups[min(fitting, key=lambda key: costs[key])])
