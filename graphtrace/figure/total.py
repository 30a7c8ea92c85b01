"""The total derivative through a folded box: the sum over its inner paths, as a linear map.

In: a graph, and the nodes of a box in evaluation order. Out: what arrives at the values that go
into the box, for adjoints of the values that come out, by a sweep over the rows of the box alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.core.inputs import INPUT
from graphtrace.core.primitive import Primitive
from graphtrace.core.sweep import sweep
from graphtrace.core.tape import NO_PARAMS, Row
from graphtrace.figure.chain import times_local

if TYPE_CHECKING:
    import networkx as nx


def adjoints(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], seeds: Mapping[Any, Any]
) -> dict[Any, Any]:
    """The adjoints of what goes into a box, for those of what comes out of it.

    What comes out keeps the adjoint that it is given: a path that goes on to another value that
    comes out counts there.
    """
    inside = set(inner)
    tails = dict.fromkeys(t for node in inner for t in graph.pred[node] if t not in inside)
    position = {key: i for i, key in enumerate((*tails, *inner))}
    rows: list[Row] = [(INPUT, None, NO_PARAMS)] * len(tails)
    for node in inner:
        primitive, value, operands, params = _operation(graph, node)
        at = [-1 if key in seeds else position.get(key, -1) for key, _ in operands]
        xs = [x for _, x in operands]
        rows.append((primitive, value, params, *chain(*zip(xs, at, strict=True))))
    swept = sweep(rows, 0, len(rows), [(position[key], g) for key, g in seeds.items()])
    return {key: g for key, g in zip(position, swept, strict=True) if g is not None}


def _operation(
    graph: nx.MultiDiGraph[Any], node: Any
) -> tuple[Primitive, Any, list[tuple[Any, Any]], dict[str, Any]]:
    """What a node does, its value, the keys and values of its operands, and its params."""
    row = graph.nodes[node].get("row")
    if row is not None:
        operands = list(zip(row.keys, row.operands, strict=True))
        return row.primitive, row.value, operands, row.params
    # Of a graph from elsewhere only the local derivatives are known.
    edges = list(graph.in_edges(node, data="local"))

    def vjp(k: int, g: Any, y: Any, *xs: Any) -> Any:
        local = edges[k][2]
        return None if local is None else times_local(g, local)

    operands = [(tail, graph.nodes[tail].get("value", 0.0)) for tail, _, _ in edges]
    primitive = Primitive(str(node), lambda *xs: None, vjp_each=vjp)
    return primitive, graph.nodes[node].get("value"), operands, NO_PARAMS


_MOST_ENTRIES = 600
_MOST_STEPS = 3000
"""Of all the sweeps that write a derivative out."""


def written_out(local: Any, out: int) -> np.ndarray[Any, Any] | None:
    """The entries of a dense map to `out` numbers; None where there are many.

    A matrix, but as of any elementwise derivative only the diagonal of one that has no more; of a
    number, or in one, an array of the other side's shape.
    """
    if not 0 < math.prod(local.shape) <= _MOST_ENTRIES:
        return None
    if isinstance(local, Total) and len(local.inner) * out > _MOST_STEPS:
        return None
    dense = np.asarray(local.to_dense())
    matrix = dense.reshape(out, -1)
    if dense.dtype.kind != "f" or dense.ndim == 0:
        return None
    if 1 in matrix.shape:
        return dense.squeeze() if dense.size > 1 else dense.reshape(1)
    is_square = matrix.shape[0] == matrix.shape[1]
    is_diagonal = is_square and not np.any(matrix[~np.eye(out, dtype=bool)])
    return np.diagonal(matrix) if is_diagonal else matrix


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
        upstreams = upstream if len(self.heads) > 1 else (upstream,)
        adjoint_of = adjoints(self.graph, self.inner, dict(zip(self.heads, upstreams, strict=True)))
        pulled = tuple(adjoint_of.get(t, np.zeros(self._shape(t))[()]) for t in self.tails)
        return pulled if len(self.tails) > 1 else pulled[0]

    def to_dense(self) -> np.ndarray[Any, Any]:
        """The derivative of the one head in the one tail, as an array of its `shape`."""
        value = self.graph.nodes[self.heads[0]]["value"]
        units = np.eye(np.size(value), dtype=np.result_type(value))
        rows = [unit.reshape(np.shape(value))[()] @ self for unit in units]
        return np.array(rows).reshape(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """The head's shape followed by the tail's, as of a Jacobian; () where there are several."""
        if len(self.heads) > 1 or len(self.tails) > 1:
            return ()
        return self._shape(self.heads[0]) + self._shape(self.tails[0])

    @property
    def structure(self) -> str:
        """As of a `LinearMap` that has none: it is not looked for."""
        return "dense"

    @property
    def size(self) -> str:
        """The size of the Jacobian, `2×3`; a matrix counts as all of its entries."""
        return f"{self._size(self.heads)}×{self._size(self.tails)}"

    def _size(self, keys: Sequence[Any]) -> int:
        return sum(math.prod(self._shape(key)) for key in keys)

    def _shape(self, key: Any) -> tuple[int, ...]:
        return np.shape(self.graph.nodes[key]["value"])

    def __str__(self) -> str:
        return self.size
