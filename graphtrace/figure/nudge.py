"""The nudge: move one input a little, and see how far every node moves with it.

In: a traced graph, an input (or an entry of one) and a step. Out: a Table with each value before
and after, the ratio of the two changes and the derivative beside it; and a Figure that shows them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.errors import ArgumentError, RenderError
from graphtrace.figure.chain import as_number
from graphtrace.figure.parts import (
    Definition,
    Edge,
    Figure,
    Node,
    Part,
    Partial,
    Ratio,
    Sweep,
    Value,
)
from graphtrace.figure.table import Column, Table
from graphtrace.figure.uses import arrays_of, find, ordered, output_of, short_names
from graphtrace.inputs import carries_gradient, gradient_like
from graphtrace.tangents import tangents_of

if TYPE_CHECKING:
    from graphtrace.graph import Graph

Index = tuple[Any, ...]


class Moved(NamedTuple):
    """How a node moved: `ratio` is its change over the nudge, `derivative` what that tends to."""

    key: str
    before: Any
    after: Any
    change: Any
    ratio: Any
    derivative: Any


def nudge(graph: Graph, at: str, by: float) -> Table[Moved]:
    """The values before and after `at` moves; `Graph.nudge` says the rest.

    >>> import graphtrace as gt
    >>> print(nudge(gt.trace(lambda a, b: a * b, 5.0, 3.0), "a", 0.001))
    a from 5 to 5.001
    <BLANKLINE>
            before   after  change  change/nudge  derivative
    ──────  ──────  ──────  ──────  ────────────  ──────────
    a            5   5.001   0.001             1           1
    f = ab      15  15.003   0.003             3   df/da = 3
    """
    key, index = _place(graph, at)
    rows = _moved(graph, key, index, by)
    name = _name(graph, key, index)
    whole = index is None and np.shape(rows[0].before) != ()
    cells = []
    for row in rows:
        derivative: Part = Value(row.derivative)
        if row is not rows[0]:
            derivative = Partial(row.key, name, value=row.derivative, total=True)
        if whole:
            derivative = Sweep("tangent", row.key, value=row.derivative)
        formula = graph.nodes[row.key].get("formula")
        few = _telling(row.before, row.after)
        cells.append(
            (
                Definition(row.key, formula),
                Value(row.before, digits=few),
                Value(row.after, digits=few),
                Value(row.change),
                Value(row.ratio),
                derivative,
            )
        )
    title = _title(short_names(graph).get(name, name), rows[0], index, by)
    return Table(title, rows, _COLUMNS, tuple(cells), *_words(graph))


_COLUMNS = (
    Column(""),
    Column("before", "r"),
    Column("after", "r"),
    Column("change", "r"),
    Column("change/nudge", "r"),
    Column("derivative", "r"),
)


def _name(graph: Graph, key: str, index: Index | None) -> str:
    """The input, or `W[0, 1]` for an entry of `params['W']`."""
    if index is None:
        return key
    return f"{short_names(graph).get(key, key)}[{', '.join(map(str, index))}]"


def _words(graph: Graph) -> tuple[dict[str, str], frozenset[str]]:
    return short_names(graph), arrays_of(graph)


def _title(name: str, first: Moved, index: Index | None, by: float) -> str:
    from graphtrace.render.number import number

    before = first.before if index is None else first.before[index]
    after = first.after if index is None else first.after[index]
    if np.shape(before) != ():
        return f"every entry of {name} moved by {number(by)}"
    few = _telling(before, after)
    return f"{name} from {number(before, few)} to {number(after, few)}"


def _telling(before: Any, after: Any) -> int:
    from graphtrace.render.number import telling

    return telling(before, after)


def _place(graph: Graph, at: str) -> tuple[str, Index | None]:
    """The input and the entry that `x[2]` names."""
    match = re.fullmatch(r"(?P<key>.+)\[(?P<index>\s*-?\d+\s*(,\s*-?\d+\s*)*,?\s*)\]", str(at))
    index: Index | None = None
    try:
        key = find(graph, at)
    except RenderError as error:
        try:
            key = find(graph, match["key"]) if match else None
        except RenderError:
            key = None
        if key is None or match is None:
            raise ArgumentError(str(error)) from None
        index = tuple(map(int, re.findall(r"-?\d+", match["index"])))
    if graph.nodes[key].get("op") != "input":
        raise ArgumentError(
            f"{key} is no input of {graph.name}(), so it cannot be nudged; nudge one of "
            f"{', '.join(graph.inputs)}"
        )
    _require_entry(key, graph.nodes[key]["value"], index)
    return key, index


def _require_entry(key: str, value: Any, index: Index | None) -> None:
    if not carries_gradient(value):
        raise ArgumentError(
            f"{key} holds {np.result_type(value)}, which does not move by a small step; nudge an "
            f"input of floats"
        )
    if index is None:
        return
    try:
        entry = np.shape(value[index])
    except (IndexError, TypeError):
        entry = None
    if entry != ():
        raise ArgumentError(
            f"{key} has shape {np.shape(value)}, in which {list(index)} is no entry; give an index "
            f"for each dimension"
        )


def _moved(graph: Graph, key: str, index: Index | None, by: float) -> tuple[Moved, ...]:
    if not as_number(by) or not math.isfinite(by):
        raise ArgumentError(f"a nudge by {by!r} is no step; give a finite number other than 0")
    value = graph.nodes[key]["value"]
    step = np.zeros_like(value) if index is not None else np.ones_like(value)
    if index is not None:
        step[index] = 1
    tangents = tangents_of(graph, {key: step[()]})
    moved = value + step * np.asarray(by, np.result_type(value))
    after = graph.evaluate(**_parameter_with(graph, key, moved[()]))
    if np.array_equal(after[key], value):
        raise ArgumentError(
            f"a nudge by {by!r} is lost in the rounding of {key}; give a larger one"
        )
    # What it moved by after rounding, so that the ratio of a float32 is no rounding error.
    real = as_number(after[key][index] - value[index] if index is not None else after[key] - value)
    nudged = by if real is None else real
    rows = []
    import networkx as nx

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


def _parameter_with(graph: Graph, key: str, value: Any) -> dict[str, Any]:
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


def nudged(figure: Figure, graph: Graph, step: Any) -> Figure:
    """The figure with `5 → 5.001` in the boxes that move, the others pale, the ratio beneath.

    Raises `RenderError` if the step is not an input and a number.
    """
    if isinstance(step, str) or not isinstance(step, Sequence) or len(step) != 2:
        raise RenderError(
            f"nudge={step!r} is not an input and a step: write it as nudge=('a', 0.001)"
        )
    at, by = step
    key, index = _place(graph, at)
    rows = {row.key: row for row in _moved(graph, key, index, by)}

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


def _ratio(graph: Graph, key: str, index: Index | None, rows: dict[str, Moved]) -> tuple[Part, ...]:
    target = output_of(graph)
    first, last = rows[key], rows.get(target or "")
    if last is None or last.key == key or as_number(last.change) is None:
        return ()
    name = _name(graph, key, index)
    step = as_number(first.change if index is None else first.change[index])
    change = as_number(last.change)
    if step is None or change is None:
        return ()
    derivative = Partial(last.key, name, value=last.derivative, total=True)
    return Ratio(last.key, name, change, step), derivative
