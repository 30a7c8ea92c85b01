"""Draw the tests that decided which way the function went: D > 0, and that it was so.

In: a Figure, and the graph it is of. Out: the Figure with a box for each decision, an arrow into it
from each box that it looked at. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphtrace.figure.boxes import Ids
from graphtrace.figure.parts import Definition, Edge, Figure, Node, Value
from graphtrace.formula.printer import in_digits
from graphtrace.formula.runs import plain

if TYPE_CHECKING:
    import networkx as nx


def with_branches(
    figure: Figure, graph: nx.MultiDiGraph[Any], whole: nx.MultiDiGraph[Any]
) -> Figure:
    """The figure with a box for each test; what was counted or indexed with decided nothing.

    `graph` is what is drawn of the `whole`.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     return 2 * x if x > 0 else -x
    >>> [node.key for node in gt.trace(f, 3.0).figure(branches=True).nodes if node.role == "test"]
    ['x > 0']
    """
    ids = Ids()
    for taken in [*(node.id for node in figure.nodes), *(edge.id for edge in figure.edges)]:
        ids.new(taken)
    boxes: Mapping[str, Any] = graph.graph.get("boxes", {})
    own = {node.key: node.id for node in figure.nodes if node.role != "copy"}
    nodes, edges = list(figure.nodes), list(figure.edges)
    drawn: dict[tuple[str, Any, tuple[str, ...]], str] = {}
    for branch in whole.graph.get("branches", ()):
        if branch.test is int:
            continue
        looked_at = _drawn(whole, graph, [key for key in branch.keys if key is not None])
        keys = dict.fromkeys(str(boxes[key].key) if key in boxes else key for key in looked_at)
        asked = branch.text, branch.outcome, tuple(keys)
        if asked in drawn:  # in a loop, of what the loop does not change
            continue
        drawn[asked] = ids.new("test", branch.text)
        text = _compared(branch, own, figure) or branch.text
        parts = Definition(text), Value(branch.outcome)
        nodes.append(Node(drawn[asked], text, "test", parts, source=branch.source))
        for key in keys:
            name = ids.new("edge", key, branch.text)
            edges.append(Edge(name, own[key], drawn[asked], "forward", None))
    return replace(figure, nodes=tuple(nodes), edges=tuple(edges))


_SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠"}


def _compared(branch: Any, own: Collection[str], figure: Figure) -> str | None:
    """`x₂ > 1`, where what was compared is drawn; else it is told as it is written."""
    sign = _SIGNS.get(getattr(branch.test, "__name__", ""))
    if sign is None or any(key is not None and key not in own for key in branch.keys):
        return None
    sides = [
        in_digits(x) if key is None else plain(figure.names[key].runs())
        for key, x in zip(branch.keys, branch.operands, strict=True)
        if key is not None or isinstance(x, (int, float))
    ]
    return f" {sign} ".join(sides) if len(sides) == 2 else None


def _drawn(whole: nx.MultiDiGraph[Any], graph: nx.MultiDiGraph[Any], keys: list[str]) -> list[str]:
    """The nodes that are drawn and lead to these, in their order, past those that are not drawn."""
    boxes: Mapping[str, Any] = graph.graph.get("boxes", {})
    waiting, nearest, seen = list(reversed(keys)), list[str](), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        if key in graph or key in boxes:
            nearest.append(key)
        else:
            waiting += reversed(list(whole.pred[key]))
    return nearest
