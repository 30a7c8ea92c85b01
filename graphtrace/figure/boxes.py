"""Which boxes a figure has: one for each node, and copies of nodes that are used far off.

In: a graph and its uses. Out: the boxes in the order in which they are told, each with an id that
can stand in HTML, CSS and URLs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphtrace.figure.parts import Direction
from graphtrace.figure.reading_order import Use, ordered

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Box:
    """A node to be drawn; `use` is set where it is a copy that stands beside one use."""

    key: Any
    id: str
    use: Use | None = None


def boxes_of(graph: nx.MultiDiGraph[Any], uses: Sequence[Use], reach: int | None) -> list[Box]:
    """A box for each node, and before each use of a node out of `reach` a copy of it.

    Layout time grows with the length of edges, not with nodes, so results too are copied where
    an edge would run across many columns.
    """
    nodes = ordered(graph)
    rank = _ranks(nodes, uses)
    inner = {use.head for use in uses}
    far: dict[Any, list[Use]] = {}
    for use in uses:
        if reach is None:
            break
        if rank[use.head] - rank[use.tail] > (8 if use.tail in inner else reach):
            far.setdefault(use.head, []).append(use)
    ids = Ids()
    own = {node: ids.new("node", node) for node in nodes}
    boxes: list[Box] = []
    for node in nodes:
        boxes += [Box(u.tail, ids.new("node", u.tail, "copy"), u) for u in far.get(node, ())]
        boxes.append(Box(node, own[node]))
    return boxes


SMALL = 15
"""From this many boxes on, a gradient is a row in its box and an edge's label is short."""

_MOST_COLUMNS = 6
"""More columns than this are too wide for a page."""


def reading_direction(
    graph: nx.MultiDiGraph[Any], uses: Sequence[Use], boxes: Sequence[Box]
) -> Direction:
    """Left to right, as one reads; top to bottom where that were a long strip.

    >>> import graphtrace as gt
    >>> from graphtrace.figure.reading_order import uses_of
    >>> g = gt.trace(lambda x: ((((x + 1) ** 2 + 1) ** 2 + 1) ** 2 + 1) ** 2 + 1, 1.0)
    >>> uses = uses_of(g)
    >>> reading_direction(g, uses, boxes_of(g, uses, reach=3))
    'TB'
    """
    ranks = _ranks(ordered(graph), uses)
    heights = Counter(ranks.values())
    columns = len(heights)
    highest = max(heights.values(), default=0)
    is_strip = columns > _MOST_COLUMNS and columns > highest * (2 if len(boxes) < SMALL else 1)
    return "TB" if is_strip else "LR"


def _ranks(nodes: Sequence[Any], uses: Sequence[Use]) -> dict[Any, int]:
    """The column each node will stand in: operands to the left, inputs next to their first use."""
    rank = dict.fromkeys(nodes, 0)
    inner = {use.head for use in uses}
    for use in uses:
        rank[use.head] = max(rank[use.head], rank[use.tail] + 1)
    first: dict[Any, int] = {}
    for use in uses:
        first[use.tail] = min(first.get(use.tail, rank[use.head]), rank[use.head])
    for node, use_rank in first.items():
        if node not in inner:
            rank[node] = use_rank - 1
    return rank


class Ids:
    """Ids that can stand in HTML, CSS and URLs, each given once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, *parts: object) -> str:
        """An id made of the parts, numbered if it was given before."""
        slug = "-".join(_NOT_IN_ID.sub("-", str(part)).strip("-") or "x" for part in parts)
        unique, n = slug, 1
        while unique in self._taken:
            n += 1
            unique = f"{slug}-{n}"
        self._taken.add(unique)
        return unique


_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_]+")
