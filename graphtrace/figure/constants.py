"""Draw the constants of a computation as leaves: the 3 of 3*v.

In: a Figure and the graph it is of. Out: the Figure with a small box for each constant operand,
before the box that uses it. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphtrace.figure.boxes import Ids
from graphtrace.figure.parts import Definition, Edge, Figure, Node, Part, Shape, Value
from graphtrace.figure.reading_order import is_array

if TYPE_CHECKING:
    import networkx as nx


def rows(data: Mapping[str, Any], *, values: bool, shapes: bool) -> list[Part]:
    """What a box tells of its value: the number, the shape of an array, or both."""
    value = data.get("value")
    if value is None:
        return []
    if values:
        return [Value(value, shaped=shapes)]
    return [Shape(value)] if shapes and is_array(value) else []


def with_constants(figure: Figure, graph: nx.MultiDiGraph[Any]) -> Figure:
    """The figure with a leaf for each constant operand, in the order of the operands."""
    ids = Ids()
    for taken in [*(node.id for node in figure.nodes), *(edge.id for edge in figure.edges)]:
        ids.new(taken)
    rows_of = {str(key): data.get("row") for key, data in graph.nodes(data=True)}
    nodes: list[Node] = []
    leaves: dict[str, list[tuple[int, Edge]]] = {}
    for node in figure.nodes:
        row = rows_of.get(node.key) if node.role in ("operation", "output") else None
        for position, key in enumerate(row.keys if row is not None else ()):
            if key is None:
                leaf = _leaf(ids.new(node.id, "constant", position), node, row, position)
                name = ids.new("edge", leaf.id.removeprefix("node-"))
                edge = Edge(name, leaf.id, node.id, "forward", None, None, _line(node))
                leaves.setdefault(node.id, []).append((position, edge))
                nodes.append(leaf)
        nodes.append(node)
    return replace(figure, nodes=tuple(nodes), edges=_merged(figure.edges, leaves))


def _leaf(id: str, node: Node, row: Any, position: int) -> Node:
    name, value = row.shown[position], row.operands[position]
    text = str(name) if name else str(value)
    parts: tuple[Part, ...] = (Definition(text), Value(value)) if name else (Value(value),)
    return Node(id, text, "constant", parts, emphasis=_line(node))


def _line(node: Node) -> Any:
    return "dim" if node.emphasis == "dim" else "plain"


def _merged(
    edges: tuple[Edge, ...], leaves: Mapping[str, list[tuple[int, Edge]]]
) -> tuple[Edge, ...]:
    """The leaves' edges among those of the other operands: the order of edges is that of places."""
    waiting = {head: list(leaf_edges) for head, leaf_edges in leaves.items()}
    merged: list[Edge] = []
    for edge in edges:
        place = edge.operand[2] if edge.operand else ""
        there = waiting.get(edge.head, [])
        while there and edge.beside is None and place.isdigit() and there[0][0] < int(place):
            merged.append(there.pop(0)[1])
        merged.append(edge)
    return (*merged, *(edge for leaf_edges in waiting.values() for _, edge in leaf_edges))
