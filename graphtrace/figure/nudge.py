"""The nudge: move one input a little, and see how far every node moves with it.

In: a traced graph, an input (or an entry of one) and a step. Out: how each node moved, and a Figure
that shows it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from graphtrace.core.inputs import carries_gradient, gradient_like
from graphtrace.errors import ArgumentError, OptionError
from graphtrace.figure.chain import as_number
from graphtrace.figure.parts import Edge, Figure, Node, Part, Partial, Ratio, Value
from graphtrace.figure.reading_order import find, ordered, output_of

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph

Index: TypeAlias = tuple[Any, ...]


class Moved(NamedTuple):
    """How a node moved: `ratio` is its change over the nudge, `derivative` what that tends to."""

    key: str
    before: Any
    after: Any
    change: Any
    ratio: Any
    derivative: Any


def nudged(figure: Figure, graph: TracedGraph, step: tuple[str, float]) -> Figure:
    """The figure with `5 → 5.001` in the boxes that move, the others pale, the ratio beneath.

    Raises `OptionError` if the step is not of an input.
    """
    at, by = step
    key, index = entry_at(graph, at)
    rows = {row.key: row for row in moves_of(graph, key, index, by)}

    def of_node(node: Node) -> Node:
        row = rows.get(node.key)
        if row is None:
            return replace(node, emphasis="dim")
        parts = tuple(
            replace(part, value=row.after, before=row.before) if isinstance(part, Value) else part
            for part in node.parts
        )
        return replace(node, parts=parts)

    def of_edge(edge: Edge) -> Edge:
        return edge if edge.operand and edge.operand[0] in rows else replace(edge, emphasis="dim")

    return replace(
        figure,
        nodes=tuple(of_node(node) for node in figure.nodes),
        edges=tuple(of_edge(edge) for edge in figure.edges),
        caption=(*figure.caption, *_ratio(graph, key, index, rows)),
    )


def _ratio(
    graph: TracedGraph, key: str, index: Index | None, rows: dict[str, Moved]
) -> tuple[Part, ...]:
    target = output_of(graph)
    first, last = rows[key], rows.get(target or "")
    if last is None or last.key == key or as_number(last.change) is None:
        return ()
    name = entry_name(key, index)
    step = as_number(first.change if index is None else first.change[index])
    change = as_number(last.change)
    if step is None or change is None:
        return ()
    derivative = Partial(last.key, name, value=last.derivative, total=True)
    return Ratio(last.key, name, change, step), derivative


def moves_of(graph: TracedGraph, key: str, index: Index | None, by: float) -> tuple[Moved, ...]:
    """How each node moves, in the order of evaluation, the input itself first."""
    if not as_number(by) or not math.isfinite(by):
        raise OptionError(
            f"a nudge by {by!r} is no step; give a finite number other than 0", "nudge"
        )
    value = graph.nodes[key]["value"]
    step = np.zeros_like(value) if index is not None else np.ones_like(value)
    if index is not None:
        step[index] = 1
    tangents = graph.tangents({key: step[()]})
    moved = value + step * np.asarray(by, np.result_type(value))
    after = graph.evaluate(**_parameter_with(graph, key, moved[()]))
    if np.array_equal(after[key], value):
        raise OptionError(
            f"a nudge by {by!r} is lost in the rounding of {key}; give a larger one",
            "nudge",
        )
    # What it moved by after rounding, so that the ratio of a float32 is no rounding error.
    real = as_number(after[key][index] - value[index] if index is not None else after[key] - value)
    nudged = by if real is None else real
    import networkx as nx  # takes longer than all the rest

    rows = []
    reached = nx.descendants(graph, key) | {key}
    for node in ordered(graph):
        before = graph.nodes[node]["value"]
        if node in reached and carries_gradient(before):
            with np.errstate(all="ignore"):  # of inf and nan too
                change = after[node] - before
                ratio = change / nudged
            derivative = gradient_like(tangents.get(node), before)
            rows.append(Moved(node, before, after[node], change, ratio, derivative))
    return tuple(rows)


def entry_name(key: str, index: Index | None) -> str:
    """The input, or an entry of it, `W[0, 1]`."""
    if index is None:
        return key
    return f"{key}[{', '.join(map(str, index))}]"


def _index(bracketed: str) -> Index:
    """The numbers of `2, -1]`; ValueError where they are none."""
    inside, bracket, rest = bracketed.partition("]")
    if not bracket or rest:
        raise ValueError(bracketed)
    return tuple(map(int, inside.strip().removesuffix(",").split(",")))


def entry_at(graph: TracedGraph, at: str) -> tuple[str, Index | None]:
    """The input and the entry that `x[2]` names."""
    array, _, bracketed = str(at).rpartition("[")
    index: Index | None = None
    try:
        key = find(graph, at, "nudge")
    except OptionError as error:
        try:
            key, index = find(graph, array), _index(bracketed)
        except (OptionError, ValueError):
            raise error from None
    if graph.nodes[key].get("op") != "input":
        raise OptionError(
            f"{key} is no input of {graph.name}(), so it cannot be nudged; nudge one of "
            f"{', '.join(graph.inputs)}",
            "nudge",
        )
    _require_entry(key, graph.nodes[key]["value"], index)
    return key, index


def _require_entry(key: str, value: Any, index: Index | None) -> None:
    if not carries_gradient(value):
        raise OptionError(
            f"{key} holds {np.result_type(value)}, which does not move by a small step; nudge an "
            f"input of floats",
            "nudge",
        )
    if index is None:
        return
    try:
        entry = np.shape(value[index])
    except (IndexError, TypeError):
        entry = None
    if entry != ():
        raise OptionError(
            f"{key} has shape {np.shape(value)}, in which {list(index)} is no entry; give an index "
            f"for each dimension",
            "nudge",
        )


def _parameter_with(graph: TracedGraph, key: str, value: Any) -> dict[str, Any]:
    """The parameter that holds the input, with another value for it."""
    for name, tree in graph.graph["parameters"].items():
        if any(leaf.key == key for leaf in tree.leaves):
            leaves = [
                value
                if leaf.key == key
                else leaf.constant
                if leaf.key is None
                else graph.nodes[leaf.key]["value"]
                for leaf in tree.leaves
            ]
            return {name: tree.structure(leaves)}
    raise ArgumentError(f"{key} is no part of a parameter of {graph.name}(); trace it again")
