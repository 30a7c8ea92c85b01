"""Find the parts of a computation that can be folded: helper calls, loops, containers of inputs.

In: a graph and its nodes in evaluation order. Out: a tree of `Region`s, each a stretch of that
order without a gap. What lies without a gap in an evaluation order is convex: no path leaves it
and comes back, so that boxes drawn in place of regions never make a cycle. Knows nothing about
which of them a figure folds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from graphtrace.graph.build import DEEPEST

if TYPE_CHECKING:
    import networkx as nx

Item: TypeAlias = "Region | int"
Kind: TypeAlias = Literal["whole", "call", "statement", "loop", "written", "inputs", "segment"]

FEWEST = 3
"""Fewer repeats than this are no loop."""

_CANDIDATES = 8  # periods tried at one place


@dataclass(slots=True, eq=False)
class Region:
    """The nodes from place `start` to before `stop`; its items are regions, and places of nodes.

    `name` is the call's in the attribute `scope`; `run` is the number of a statement's run; `calls`
    says how many calls are around it; `count` how often a loop's body was run. The items of a loop
    are a loop of all runs but the last, `rest`, and those of the last. Where statements are known,
    all of a `for` or `while` is a region as well, "written": its runs need not be alike.
    """

    kind: Kind
    name: str
    start: int
    stop: int = 0
    calls: int = 0
    count: int = 1
    parent: Region | None = None
    is_rest: bool = False
    run: int = -1
    items: list[Item] = field(default_factory=list)
    signs: list[int] = field(default_factory=list, repr=False)
    """A number for each item: the same number, the same operations at the same lines."""

    @property
    def regions(self) -> Iterator[Region]:
        """The regions among the items."""
        return (item for item in self.items if isinstance(item, Region))

    @property
    def rest(self) -> Region | None:
        """Of a loop, the runs before the last; None where it is that itself."""
        first = self.items[0]
        return first if isinstance(first, Region) and first.is_rest else None

    @property
    def all(self) -> Iterator[Region]:
        """This region and every one in it, the outer ones first."""
        todo = [self]
        while todo:
            region = todo.pop()
            yield region
            todo += reversed(list(region.regions))


def regions_of(
    graph: nx.MultiDiGraph[Any],
    nodes: Sequence[Any],
    *,
    statements: bool = False,
    siblings: bool = False,
) -> Region:
    """The whole computation as a region, with all regions in it, those of statements if wanted.

    Modules that are `siblings`, block 0 and block 1, may be alike as two calls of one helper are.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     for _ in range(12):
    ...         x = x * x
    ...         x = x + 1
    ...     return x
    >>> g = gt.trace(f, 0.5)
    >>> [(r.kind, r.count, len(r.items)) for r in regions_of(g, list(g)).regions]
    [('loop', 12, 3)]
    """
    runs = graph.graph.get("runs", ()) if statements else ()
    reader = _Reader(alike if siblings else base, runs)
    chains = _Chains(runs)
    whole = Region("whole", "", 0)
    open_regions = [whole]
    path: tuple[_Step, ...] = ()
    before: tuple[object, ...] = ()
    for place, node in enumerate(nodes):
        data = graph.nodes[node]
        within = data.get("scope"), data.get("run")
        if within != before:
            before, here = within, _path(data, chains)
        if here != path:
            shared = _shared(here, path)
            while len(open_regions) > shared + 1:
                reader.close(open_regions, place)
            for kind, name, run in here[shared:]:
                outer = open_regions[-1]
                calls = outer.calls + (outer.kind == "call")
                open_regions.append(Region(kind, name, place, calls=calls, parent=outer, run=run))
            path = here
        open_regions[-1].items.append(place)
        source = data.get("source")  # an input, and a graph from elsewhere, have none
        sign = place if source is None else (data.get("op"), source)
        open_regions[-1].signs.append(reader.number(sign))
    while open_regions:
        reader.close(open_regions, len(nodes))
    _gather_inputs(whole, graph, nodes)
    return whole


def base(name: str) -> str:
    """`layer` of `layer_2`, the second call of it."""
    return re.sub(r"_\d+$", "", name)


def is_unnamed(node: object) -> bool:
    """Whether it is the key of a value that the function gives no name: `v1`, `v2`."""
    return re.fullmatch(r"v\d+", str(node)) is not None


def alike(name: str) -> str:
    """What calls of a helper, and modules that are siblings, share: `h.#.attn` of `h.3.attn_2`."""
    return re.sub(r"\.\d+(?=\.|$)", ".#", base(name))


def is_called(name: str, end: str) -> bool:
    """Whether a module's path is that, or ends so."""
    return name == end or name.endswith(f".{end}")


def head(key: object) -> str:
    """The parameter that an input is a leaf of: `params` of `params['W1']`."""
    return re.split(r"[\[.]", str(key), maxsplit=1)[0]


_Step: TypeAlias = tuple[Kind, str, int]


def _path(data: Mapping[str, Any], chains: _Chains) -> tuple[_Step, ...]:
    """The calls that a node is in, the outer ones first, and before each the statement it is in."""
    calls: list[_Step] = [("call", name, -1) for name in data.get("scope") or ()]
    # Where calls are too deep to be told apart, the statements in them are not either.
    statements = chains[data.get("run", -1)][: len(calls) + 1]
    inside: list[_Step] = [("statement", "", run) for run in statements]
    pairs = zip_longest(inside, calls)
    return tuple(step for pair in pairs for step in pair if step is not None)


class _Chains(dict[int, tuple[int, ...]]):
    """For each run the runs that it is in, the outermost first, and itself; at most so many."""

    def __init__(self, runs: Sequence[Any]) -> None:
        super().__init__({-1: ()})
        self._runs = runs

    def __missing__(self, run: int) -> tuple[int, ...]:
        if not self._runs:
            return ()
        waiting = [run]
        while self._runs[waiting[-1]].caller not in self:
            waiting.append(self._runs[waiting[-1]].caller)
        for at in reversed(waiting):
            outer = self[self._runs[at].caller]
            self[at] = (*outer, at) if len(outer) <= DEEPEST else outer
        return self[run]


def _shared(a: Sequence[object], b: Sequence[object]) -> int:
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n


class _Reader:
    """Gives equal parts of a computation equal numbers."""

    def __init__(self, kind_of: Callable[[str], str], runs: Sequence[Any]) -> None:
        self._kind_of = kind_of
        self._runs = runs
        self._numbers: dict[Hashable, int] = {}

    def number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))

    def close(self, open_regions: list[Region], stop: int) -> None:
        """End the innermost open region and put it among the items of the one around it."""
        region = open_regions.pop()
        region.stop = stop
        self._gather_written(region)
        self._find_loops(region)
        if open_regions:
            open_regions[-1].items.append(region)
            sign = (region.kind, self._kind_of(region.name), tuple(region.signs))
            open_regions[-1].signs.append(self.number(sign))

    def _gather_written(self, region: Region) -> None:
        """Make a region of the statements of each `for` and `while`."""
        loops = [self._loop_of(item) for item in region.items]
        if not any(loops):
            return
        columns = zip(region.items, region.signs, loops, strict=True)
        region.items, region.signs = [], []
        for loop, group in groupby(columns, key=lambda column: column[2]):
            items, signs, _ = (list(column) for column in zip(*group, strict=True))
            if loop is None or len(items) < FEWEST:
                region.items += items
                region.signs += signs
                continue
            calls = region.calls + (region.kind == "call")
            ends = start_of(items[0]), stop_of(items[-1])
            written = Region("written", "", *ends, calls, parent=region)
            written.items, written.signs = items, signs
            for inner in written.regions:
                inner.parent = written
            self._find_loops(written)
            region.items.append(written)
            region.signs.append(self.number(("written", tuple(written.signs))))

    def _loop_of(self, item: Item) -> Any:
        if isinstance(item, Region) and item.kind == "statement" and item.run < len(self._runs):
            return self._runs[item.run].loop
        return None

    def _find_loops(self, region: Region) -> None:
        """Make a region of every loop; inner loops have shorter bodies, so they come first."""
        longest = 1
        while True:
            longest = min(longest, len(region.signs) // FEWEST)
            if longest < 1 or max(Counter(region.signs).values()) < FEWEST:
                return
            items: list[Item] = []
            signs: list[int] = []
            at = 0
            for start, period, count in repeats(region.signs, longest):
                end = start + period * count
                loop = self._loop(region, start, end, count)
                items += [*region.items[at:start], loop]
                body = tuple(region.signs[start : start + period])
                signs += [*region.signs[at:start], self.number(("loop", body))]
                at = end
            region.items = [*items, *region.items[at:]]
            region.signs = [*signs, *region.signs[at:]]
            if longest == len(region.signs) // FEWEST:
                return
            longest *= 2

    def _loop(self, around: Region, start: int, end: int, count: int) -> Region:
        items = around.items[start:end]
        calls = around.calls + (around.kind == "call")
        first, last = items[0], items[-1]
        last_run = len(items) - len(items) // count
        before = items[last_run - 1]
        begin = start_of(first)
        loop = Region("loop", "", begin, stop_of(last), calls=calls, count=count, parent=around)
        rest = Region("loop", "", begin, stop_of(before), calls, count - 1, loop, is_rest=True)
        rest.items = items[:last_run]
        loop.items = [rest, *items[last_run:]]
        for region in (rest, loop):
            for inner in region.regions:
                inner.parent = region
        return loop


def start_of(item: Item) -> int:
    """The place of an item's first node."""
    return item.start if isinstance(item, Region) else item


def stop_of(item: Item) -> int:
    """The place behind an item's last node."""
    return item.stop if isinstance(item, Region) else item + 1


def repeats(signs: Sequence[int], longest: int) -> Iterator[tuple[int, int, int]]:
    """Stretches that repeat: where each begins, how long its period is, how often it comes.

    Only periods up to `longest` are looked for.

    >>> list(repeats([7, 1, 2, 1, 2, 1, 2, 9, 9], 4))
    [(1, 2, 3)]
    """
    following: list[int] = [len(signs)] * len(signs)
    last: dict[int, int] = {}
    for i in range(len(signs) - 1, -1, -1):
        following[i] = last.get(signs[i], len(signs))
        last[signs[i]] = i
    # Up to where signs[t] == signs[t + period] is known to hold: no stretch is compared twice.
    equal: dict[int, int] = {}
    at = 0
    while at < len(signs):
        best = (0, 0)
        then = following[at]
        for _ in range(_CANDIDATES):
            period = then - at
            if period > longest or then >= len(signs):
                break
            end = max(equal.get(period, at), at)
            while end + period < len(signs) and signs[end] == signs[end + period]:
                end += 1
            equal[period] = end
            count = 1 + (end - at) // period
            if count >= FEWEST and count * period > best[0] * best[1]:
                best = (period, count)
            then = following[then]
        if best[1]:
            yield at, *best
        at += best[0] * best[1] or 1


def _gather_inputs(whole: Region, graph: nx.MultiDiGraph[Any], nodes: Sequence[Any]) -> None:
    """Make a region of the leaves of each container parameter."""

    def parameter(item: Item) -> str | None:
        if isinstance(item, Region) or graph.nodes[nodes[item]].get("op") != "input":
            return None
        name = head(nodes[item])
        return None if name == str(nodes[item]) else name

    items: list[Item] = []
    for name, group in groupby(whole.items, key=parameter):
        members = list(group)
        places = [item for item in members if isinstance(item, int)]
        if name is None or len(members) < FEWEST:
            items += members
        else:
            items.append(
                Region("inputs", name, places[0], places[-1] + 1, parent=whole, items=members)
            )
    whole.items = items
