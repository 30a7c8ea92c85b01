"""The steps `0 + v` with which Python's sum() begins: no lecturer draws them.

In: a graph. Out: which of its nodes are such steps, and the rows of others without them. The graph
itself keeps its rows. Knows nothing about boxes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from graphtrace.figure.regions import is_unnamed
from graphtrace.formula.row import Row

if TYPE_CHECKING:
    import networkx as nx


def sum_starts(graph: nx.MultiDiGraph[Any], nodes: Collection[Any]) -> dict[Any, Any]:
    """The nodes that add a value to the integer 0, each with the node of that value.

    Not those that have a name of the user's, or are an output.

    >>> import graphtrace as gt
    >>> sum_starts(gt.trace(lambda a, b: sum([a, b]), 1.0, 2.0), ["a", "b", "v1", "f"])
    {'v1': 'a'}
    """
    kept = {*graph.graph.get("outputs", ()), *graph.graph.get("named", ())}
    starts: dict[Any, Any] = {}
    for node in nodes:
        row = graph.nodes[node].get("row")
        if row is None or row.primitive.name != "add" or row.keys[0] is not None:
            continue
        if _is_zero(row.operands[0]) and node not in kept and is_unnamed(node):
            tail = row.keys[1]
            starts[node] = starts.get(tail, tail)
    return starts


def _is_zero(x: Any) -> bool:
    return type(x) is int and x == 0


def without(row: Row, starts: Mapping[Any, Any]) -> Row:
    """The row with the values themselves for the steps that add 0 to them."""
    if not any(key in starts for key in row.keys):
        return row
    keys = tuple(starts.get(key, key) for key in row.keys)
    names = zip(row.keys, row.shown, strict=True)
    shown = tuple(starts.get(key, name) for key, name in names)
    return row._replace(keys=keys, shown=shown)
