"""The total derivative through a folded box: the sum over its inner paths, as a linear map.

In: a graph, and the nodes of a box in evaluation order. Out: what arrives at the values that go
into the box, for adjoints of the values that come out. The local derivatives are the graph's own;
here they are only multiplied and added up, by one sweep back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.core.sweep import pull

if TYPE_CHECKING:
    import networkx as nx


def adjoints(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], seeds: Mapping[Any, Any]
) -> dict[Any, Any]:
    """The adjoints of what goes into a box, for those of what comes out of it.

    What comes out keeps the adjoint that it is given: a path that goes on to another value that
    comes out counts there.
    """
    found = dict(seeds)
    with np.errstate(all="ignore"):
        for node in reversed(inner):
            upstream = found.get(node)
            if upstream is None:
                continue
            row = graph.nodes[node].get("row")
            for tail, _, k, edge in graph.in_edges(node, keys=True, data=True):
                if tail in seeds:
                    continue
                share = _share(upstream, row, k, edge.get("local"))
                if share is not None:
                    found[tail] = found[tail] + share if tail in found else share
    return found


def _share(upstream: Any, row: Any, k: Any, local: Any) -> Any:
    """What one operand receives; as in `Graph.backward`, a rule's zero stops inf and nan."""
    if isinstance(local, float) and (local or row is None):
        return upstream * local
    if row is None:
        return None if local is None else upstream @ local
    return pull(row.primitive, k, upstream, row.value, row.operands, row.params)


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """The derivative of what comes out of a box by what goes into it, never written out.

    `g @ total` is the adjoint of the one tail for the adjoint `g` of the one head; where a box
    has several, both are tuples.
    """

    graph: nx.MultiDiGraph[Any] = field(repr=False)
    inner: Sequence[Any] = field(repr=False)
    heads: tuple[Any, ...]
    tails: tuple[Any, ...]

    # NumPy hands `array @ total` to __rmatmul__.
    __array_ufunc__ = None

    def __rmatmul__(self, upstream: Any) -> Any:
        given = upstream if len(self.heads) > 1 else (upstream,)
        found = adjoints(self.graph, self.inner, dict(zip(self.heads, given, strict=True)))
        pulled = tuple(found.get(t, np.zeros(self._shape(t))[()]) for t in self.tails)
        return pulled if len(self.tails) > 1 else pulled[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The head's shape followed by the tail's, as of a Jacobian; () where there are several."""
        if len(self.heads) > 1 or len(self.tails) > 1:
            return ()
        return self._shape(self.heads[0]) + self._shape(self.tails[0])

    @property
    def structure(self) -> str:
        """The size of the Jacobian, `2×3`; a matrix counts as all of its entries."""
        return f"{self._size(self.heads)}×{self._size(self.tails)}"

    def _size(self, keys: Sequence[Any]) -> int:
        return sum(math.prod(self._shape(key)) for key in keys)

    def _shape(self, key: Any) -> tuple[int, ...]:
        return np.shape(self.graph.nodes[key]["value"])

    def __str__(self) -> str:
        return self.structure
