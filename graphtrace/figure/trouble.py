"""Find where a computation goes wrong: zeros, infinities and NaN in values and derivatives.

In: a traced graph. Out: what is wrong with it, in the order in which it came about, and a Figure
with the places marked. It computes nothing: it only looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from graphtrace.errors import clean
from graphtrace.figure.parts import Edge, Emphasis, Figure, Node, Note
from graphtrace.figure.reading_order import Gradients, gradients_left, ordered, uses_of

if TYPE_CHECKING:
    import networkx as nx

What: TypeAlias = Literal["value", "local derivative", "gradient"]
Kind: TypeAlias = Literal["nan", "inf", "zero", "wrong"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A value, a local derivative or a gradient that is NaN, infinite, zero or wrong.

    `node` is where it is; for a local derivative, `edge` is the key of its edge in the graph and
    `node` its head. `str(trouble)` is a sentence that names it with file and line.
    """

    what: What
    kind: Kind
    node: str
    edge: tuple[Any, Any, Any] | None
    label: str
    source: str | None

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        return clean(f"{where}{self.label}")


def trouble_of(graph: nx.MultiDiGraph[Any], backward: Gradients | None = None) -> list[Trouble]:
    """What is wrong with the graph, the first cause first.

    What is not finite comes first, since it spoils all that follows: values in the order of
    evaluation, then local derivatives, then gradients against it. Then come zeros: derivatives,
    where a gradient stops, and last the values of operations. Gradients are looked at if
    they are given, or `Graph.backward` has left some.

    >>> import graphtrace as gt, numpy as np
    >>> g = gt.trace(lambda x: np.sqrt(x), 0.0)
    >>> [(t.what, t.kind, t.node) for t in trouble_of(g)]
    [('local derivative', 'inf', 'f'), ('value', 'zero', 'f')]
    """
    gradients = (backward or gradients_left(graph)).by
    troubles = [*_values(graph), *_locals(graph), *_gradients(graph, gradients)]
    return sorted(troubles, key=_rank)


def _rank(trouble: Trouble) -> int:
    if trouble.kind != "zero":
        return 0
    return 2 if trouble.what == "value" else 1


def _values(graph: nx.MultiDiGraph[Any]) -> list[Trouble]:
    troubles = []
    for node in ordered(graph):
        data = graph.nodes[node]
        kind = _kind(data.get("value"))
        if kind == "zero" and data.get("op") == "input":
            continue
        if kind is not None:
            sentence = f"{data.get('label') or node} is {_WORDS[kind]}"
            troubles.append(Trouble("value", kind, str(node), None, sentence, data.get("source")))
    return troubles


def _locals(graph: nx.MultiDiGraph[Any]) -> list[Trouble]:
    troubles = []
    for use in uses_of(graph):
        kind = _kind(use.attributes.get("local"))
        if kind is None:
            continue
        data = graph.nodes[use.head]
        label = data.get("label") or use.head
        sentence = f"the derivative of {label} in {use.tail} is {_WORDS[kind]}"
        source = data.get("source")
        troubles.append(Trouble("local derivative", kind, str(use.head), use.key, sentence, source))
    return troubles


def _gradients(graph: nx.MultiDiGraph[Any], gradients: Mapping[Any, Any]) -> list[Trouble]:
    """Against the arrows: the first is where it begins."""
    troubles = []
    for node in reversed(ordered(graph)):
        kind = _kind(gradients.get(node))
        if kind is not None:
            source = graph.nodes[node].get("source")
            label = f"the gradient of {node} is {_WORDS[kind]}"
            troubles.append(Trouble("gradient", kind, str(node), None, label, source))
    return troubles


_WORDS = {"nan": "nan", "inf": "infinite", "zero": "0"}


def _kind(x: object) -> Kind | None:
    """What is wrong with a number, or with any entry of an array; zero only if all are."""
    if isinstance(x, (int, float)):
        if x == 0:
            return None if isinstance(x, bool) else "zero"
        return "nan" if math.isnan(x) else "inf" if math.isinf(x) else None
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fc":
        return None
    if np.isnan(x).any():
        return "nan"
    if np.isinf(x).any():
        return "inf"
    return "zero" if x.size and not x.any() else None


def marked(
    figure: Figure, troubles: Sequence[Trouble], none: str = "No 0, infinity or NaN."
) -> Figure:
    """The figure with what is wrong marked on its boxes and arrows, and the first beneath it.

    Where there is nothing wrong, `none` says so.
    """
    if not troubles:
        return replace(figure, caption=(*figure.caption, Note(none)))
    nodes: dict[str, Kind] = {}
    edges: dict[tuple[str, ...], Kind] = {}
    for trouble in troubles:
        if trouble.edge is None:
            nodes.setdefault(trouble.node, trouble.kind)
        else:
            edges.setdefault(tuple(map(str, trouble.edge)), trouble.kind)
    first = troubles[0]
    place = first.edge and tuple(map(str, first.edge))

    def of_node(node: Node) -> Node:
        if node.role == "copy" or node.key not in nodes:
            return node
        is_first = place is None and node.key == first.node
        return replace(node, trouble=nodes[node.key], emphasis="bold" if is_first else "plain")

    def of_edge(edge: Edge) -> Edge:
        if edge.kind == "backward" or edge.operand not in edges:
            return edge
        emphasis: Emphasis = "bold" if edge.operand == place else "plain"
        return replace(edge, trouble=edges[edge.operand], emphasis=emphasis)

    return replace(
        figure,
        nodes=tuple(of_node(node) for node in figure.nodes),
        edges=tuple(of_edge(edge) for edge in figure.edges),
        caption=(*figure.caption, Note(f"First: {first}")),
    )
