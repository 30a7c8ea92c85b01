"""Choose the boxes of a figure that shows the modules of a network, each with its parameters in it.

In: the tree of regions of a computation, and what the caller wants open. Out: the boxes in
evaluation order. A module is the call of one; of many alike siblings, block 0 … block 11, those
between the first and the last are one box. Knows nothing about values or derivatives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from graphtrace.figure.regions import (
    FEWEST,
    Item,
    Region,
    alike,
    base,
    is_called,
    start_of,
    stop_of,
)
from graphtrace.figure.statements import gathered

if TYPE_CHECKING:
    import networkx as nx

Stretch = tuple[int, int]

_FEWEST = 4
"""Fewer siblings than this are told one by one."""


def has_modules(graph: nx.MultiDiGraph[Any]) -> bool:
    """Whether there are parameters of modules, which need no box of their own."""
    return bool(graph.graph.get("weights"))


def has_layers(graph: nx.MultiDiGraph[Any]) -> bool:
    """Whether there are parameters of one name in several layers, each of which runs once."""
    names = Counter(re.sub(r"\d+", "#", str(key)) for key in graph.graph.get("weights", ()))
    return max(names.values(), default=0) >= FEWEST


def module_boxes(
    whole: Region,
    inputs: int,
    *,
    depth: int | None,
    named: Sequence[Stretch],
    limit: int,
) -> list[Item]:
    """The boxes: modules are opened, all of one depth together, up to the limit.

    With a `depth`, or the stretches of what is `named`, those are open and no other module is. The
    first `inputs` places are inputs, which do not count.
    """
    tree = _Tree(whole, named)
    opened = {whole}
    for region in whole.all:
        by_depth = depth is not None and region.kind == "call" and region.calls < depth
        is_around = tree.is_named(region) and not tree.siblings(region)
        if by_depth or is_around:
            opened.add(region)
    is_chosen = depth is not None or bool(named)
    while True:
        shown = list(tree.shown(opened))
        size = len(shown) - sum(start_of(item) < inputs for item in shown)
        groups: dict[tuple[Any, ...], list[Region]] = {}
        for region in tree.closed(opened):
            if not named and not (is_chosen and region.kind == "call"):
                key = (region.kind, region.calls if region.kind == "call" else region)
                groups.setdefault(key, []).extend([region, region.rest or region])
        costs = {
            key: len(list(tree.shown(opened.union(group)))) - len(shown)
            for key, group in groups.items()
        }
        fitting = [key for key in groups if size + costs[key] <= limit]
        if not fitting and size <= 1 and not is_chosen:  # all of it is one module
            fitting = list(groups)
        if not fitting:
            return shown if is_chosen else gathered(shown, inputs, limit)
        opened.update(groups[min(fitting, key=lambda key: costs[key])])


def readers_of(heads: Iterable[Any], region_of: Mapping[Any, Region]) -> set[Region]:
    """The region in which all is that reads a parameter, or the calls of one module; else none."""
    readers = {region_of.get(head) for head in heads}
    regions = {region for region in readers if region is not None}
    modules = {base(region.name) if region.kind == "call" else region for region in regions}
    return regions if len(readers) == len(regions) and len(modules) == 1 else set()


def is_cut(region: Region) -> bool:
    """Whether it is no part of the program: neighbours in one box, for want of room."""
    names = {alike(item.name) if isinstance(item, Region) else "" for item in region.items}
    return region.kind == "segment" and (len(names) > 1 or "" in names)


def title_of(region: Region, modules: Collection[str]) -> str:
    """The module's path, short; of several that are one box, those of the first and the last.

    >>> items = [Region("call", f"net.{i}", i, i + 1) for i in range(3)]
    >>> title_of(Region("segment", "", 0, 3, items=items), {item.name for item in items})
    'net.0 … 2'
    """
    if region.kind == "call":
        return short(region.name, modules)
    parts = [item for item in region.items if isinstance(item, Region)]
    titles = [title for part in parts if (title := title_of(part, modules))]
    if not titles:
        return ""
    first, last = titles[0].split(" … ")[0], titles[-1].split(" … ")[-1]
    if first == last:
        return f"{first} …" if len(region.items) > 1 else first
    stem = first.rpartition(".")[0]
    is_sibling = stem and stem == last.rpartition(".")[0]
    return f"{first} … {last.removeprefix(f'{stem}.') if is_sibling else last}"


def short(name: str, modules: Collection[str]) -> str:
    """The end of a module's path, as much of it as no other module has.

    >>> short("transformer.h.0", {"transformer.h.0", "transformer.h.1", "transformer.h.0.attn"})
    'h.0'
    """
    parts = name.split(".")
    for n in range(1, len(parts)):
        end = ".".join(parts[-n:])
        if not end[0].isdigit() and [m for m in modules if is_called(m, end)] == [name]:
            return end
    return name


class _Tree:
    """The regions, and what is shown of them where so many are open."""

    def __init__(self, whole: Region, named: Sequence[Stretch]) -> None:
        self._whole = whole
        self._named = named

    def is_named(self, item: Item) -> bool:
        """Whether something that the caller has named is in it."""
        return any(start_of(item) <= a and b <= stop_of(item) for a, b in self._named)

    def closed(self, opened: Collection[Region]) -> Iterator[Region]:
        """The closed regions in which there is more to see, in what is open."""
        todo = [self._whole]
        while todo:
            region = todo.pop()
            if region in opened or region.rest in opened:
                todo += region.regions
            elif region.kind == "call":
                if region.stop > region.start + 1:
                    yield region
            elif region.kind == "loop":
                yield region
                todo += [part for part in self.siblings(region) if part.kind != "segment"]

    def shown(self, opened: Collection[Region]) -> Iterator[Item]:
        """What stands in the open regions, an input for itself."""
        todo: list[Item] = [self._whole]
        while todo:
            item = todo.pop()
            if not isinstance(item, Region):
                yield item
            elif item in opened or item.kind == "inputs":
                todo += reversed(item.items)
            elif item.kind == "loop" and (parts := self.siblings(item)):
                todo += reversed(parts)
            else:
                yield item

    def siblings(self, loop: Region) -> list[Region]:
        """Of a closed loop of modules, the first and the last or those named, and the others."""
        rest = loop.rest if loop.kind == "loop" else None
        if rest is None or loop.count < _FEWEST:
            return []
        period = len(loop.items) - 1
        items = [*rest.items, *loop.items[1:]]
        modules = [item for item in items if isinstance(item, Region) and item.kind == "call"]
        if period != 1 or len(modules) < len(items):
            return []
        named = [self.is_named(module) for module in modules]
        if not any(named):
            named[0] = named[-1] = True
        parts: list[Region] = []
        for is_shown, group in groupby(zip(named, modules, strict=True), key=lambda pair: pair[0]):
            members = [module for _, module in group]
            if is_shown or len(members) < 2:
                parts += members
            else:
                start, stop = members[0].start, members[-1].stop
                parts.append(Region("segment", "", start, stop, loop.calls, items=list(members)))
        return parts
