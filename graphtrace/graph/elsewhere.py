"""Elsewhere: a graph at other values of its inputs, as if the function had been traced there.

In: a graph and new values of some parameters. Out: another graph, with the nodes, names and
formulas of the first and its own values and local derivatives. The function is not called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol, row_text
from graphtrace.graph.build import local_of
from graphtrace.graph.traced import TracedGraph

AnyGraph = TypeVar("AnyGraph", bound=TracedGraph)

_LEFT_BEHIND = ("grad", "tangent")  # by a pass over the graph


def elsewhere(graph: TracedGraph, empty: AnyGraph, parameters: Mapping[str, Any]) -> AnyGraph:
    """The `empty` graph as `graph` at these values; `Graph.at` says the rest.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a, b: a * b, 2.0, 3.0)
    >>> elsewhere(g, gt.Graph(), {"b": 5}).edges["a", "f", 0]["local"]
    5.0
    """
    values = graph.evaluate(**parameters)
    empty.graph.update(graph.graph)
    empty.graph.pop("gradient_of", None)
    with np.errstate(all="ignore"):  # a local derivative of inf or nan is a fact, no warning
        for key in graph._in_order():
            _add(graph, empty, key, values)
    empty.graph["branches"] = [
        replace(
            branch,
            operands=tuple(
                x if k is None else values[k]
                for x, k in zip(branch.operands, branch.keys, strict=True)
            ),
        )
        for branch in graph.graph["branches"]
    ]
    return empty


def _add(graph: TracedGraph, new: TracedGraph, key: str, values: Mapping[str, Any]) -> None:
    """A node and the edges into it."""
    before = {k: x for k, x in graph._node[key].items() if k not in _LEFT_BEHIND}
    row: Row = before["row"]
    operands = tuple(
        x if k is None else values[k] for x, k in zip(row.operands, row.keys, strict=True)
    )
    row = row._replace(value=values[key], operands=operands)
    new.add_node(key, **{**before, "value": values[key], "row": row})
    if row.operands:
        new.nodes[key].update(formula=Symbol(row), label=f"{key} = {row_text(row)}")
    for k, operand in enumerate(row.keys):
        if operand is not None:
            edge = {**graph.edges[operand, key, k], "local": local_of(row, k)}
            new.add_edge(operand, key, k, **{**edge, "symbol": Symbol(row, k)})
