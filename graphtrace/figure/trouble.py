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

from graphtrace.errors import ArgumentError, clean
from graphtrace.figure.parts import Edge, Emphasis, Figure, Node, Note
from graphtrace.figure.reading_order import Gradients, gradients_left, ordered, uses_of

if TYPE_CHECKING:
    import networkx as nx

What: TypeAlias = Literal["value", "local derivative", "gradient"]
Kind: TypeAlias = Literal["nan", "infinite", "zero", "wrong", "vanishing", "exploding"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A value, a local derivative or a gradient that is NaN, infinite, zero or wrong.

    Or a gradient that vanishes or explodes: against that of the output it is tiny or huge. `node`,
    or `where`, is where it is; for a local derivative, `edge` is the key of its edge in the graph
    and `node` its head. `count` entries are so, of which `entries` are the indices of the first
    few, () for a number. `str(trouble)` is a sentence that names it with file and line.
    """

    what: What
    kind: Kind
    node: str
    edge: tuple[Any, Any, Any] | None
    label: str
    source: str | None
    entries: tuple[tuple[int, ...], ...] = ((),)
    count: int = 1

    @property
    def where(self) -> str:
        """The key of the node where it is."""
        return self.node

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
    [('local derivative', 'infinite', 'f'), ('value', 'zero', 'f')]
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
        for kind in _kinds(data.get("value")):
            if kind == "zero" and data.get("op") == "input":
                continue
            label, source = data.get("label") or node, _source(data)
            troubles.append(_trouble("value", kind, node, None, label, source, data.get("value")))
    return troubles


def _locals(graph: nx.MultiDiGraph[Any]) -> list[Trouble]:
    troubles = []
    for use in uses_of(graph):
        data = graph.nodes[use.head]
        label = data.get("label") or use.head
        what = f"the derivative of {label} in {use.tail}"
        local = use.attributes.get("local")
        source = _source(data)
        troubles += [
            _trouble("local derivative", kind, use.head, use.key, what, source, local)
            for kind in _kinds(local)
        ]
    return troubles


def _gradients(graph: nx.MultiDiGraph[Any], gradients: Mapping[Any, Any]) -> list[Trouble]:
    """Against the arrows: the first is where it begins."""
    troubles = []
    for node in reversed(ordered(graph)):
        g = gradients.get(node)
        source, what = _source(graph.nodes[node]), f"the gradient of {node}"
        troubles += [_trouble("gradient", kind, node, None, what, source, g) for kind in _kinds(g)]
    return troubles


def sizes_of(graph: nx.MultiDiGraph[Any], small: float, large: float) -> list[Trouble]:
    """Gradients that vanish or explode: the first is where it begins, as one goes back.

    Args:
        graph: A graph after `backward`.
        small: A gradient vanishes that is smaller than so many times the output's.
        large: One explodes that is larger than so many times the output's.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda x: 1e-9 * x, 2.0)
    >>> _ = g.backward()
    >>> [(t.kind, t.where) for t in sizes_of(g, 1e-7, 1e7)]
    [('vanishing', 'x')]
    """
    sizes: dict[str, Any] = {"small": small, "large": large}
    for name, x in sizes.items():
        if not isinstance(x, (int, float, np.number)) or not x >= 0:
            raise ArgumentError(f"{name}={x!r:.40} is no size; give a number from 0 on, as 1e-7")
    gradients = gradients_left(graph).by
    outputs = [key for key in graph.graph.get("outputs", ()) if key in gradients]
    whole = max((_size(gradients[key]) for key in outputs), default=0.0)
    if not 0 < whole < math.inf:
        return []
    troubles = []
    for node in reversed(ordered(graph)):
        g: Any = gradients.get(node)
        ratio = _size(g) / whole
        kind: Kind = "vanishing" if ratio < small else "exploding"
        if not 0 < ratio < math.inf or small <= ratio <= large:
            continue
        is_so = np.ones(np.shape(g), np.bool_) if ratio < small else np.abs(g) > large * whole
        entries, count = _first(is_so)
        source = _source(graph.nodes[node])
        what = f"the gradient of {node} is {kind}: its largest entry" if np.shape(g) else ""
        what = what or f"the gradient of {node} is {kind}: it"
        label = f"{what} is {ratio:.2g} times that of {' and '.join(outputs)}"
        trouble = Trouble("gradient", kind, str(node), None, label, source, entries, count)
        troubles.append(trouble)
    return troubles


def _source(data: Mapping[str, Any]) -> str | None:
    """Where a node was made: the file and the line, and the innermost module or call."""
    scope, source = data.get("scope") or (), data.get("source")
    row = data.get("row")
    if not scope or row is None or "call" not in row.params:
        return source
    return f"{source}, in {scope[-1]}" if source else f"in {scope[-1]}"


def _size(g: Any) -> float:
    """The largest size of an entry, NaN where one is."""
    if isinstance(g, (float, int, complex)):
        return abs(g)
    if not isinstance(g, (np.ndarray, np.generic)) or g.dtype.kind not in "fc":
        return 0.0
    return float(np.max(np.abs(g), initial=0))


def _trouble(
    what: What, kind: Kind, node: Any, edge: Any, label: str, source: str | None, x: Any
) -> Trouble:
    """The sentence, which counts the entries of an array that are so."""
    test = {"nan": np.isnan, "infinite": np.isinf}.get(kind)
    entries, count = _first(np.ones(np.shape(x), bool) if test is None else test(x))
    sentence = f"{label} is {_WORDS[kind]}"
    if 0 < count < np.size(x):
        sentence += f" in {count:,} of {np.size(x):,} entries, first at {list(entries[0])}"
    return Trouble(what, kind, str(node), edge, sentence, source, entries, count)


def _first(is_so: Any) -> tuple[tuple[tuple[int, ...], ...], int]:
    """The indices of the first few entries, and how many there are."""
    if not np.ndim(is_so):
        return ((),), 1
    flat = np.flatnonzero(is_so)
    indices = zip(*np.unravel_index(flat[:_FEW], np.shape(is_so)), strict=True)
    return tuple(tuple(map(int, index)) for index in indices), len(flat)


_FEW = 5
_WORDS = {"nan": "nan", "infinite": "infinite", "zero": "0"}
_MARKS = {"infinite": "inf"}
"""What a mark is called in a figure, where it is not the kind's name."""


def _kinds(x: object) -> list[Kind]:
    """What is wrong with a number, or with any entry of an array; zero only if all are."""
    if isinstance(x, (int, float)):
        if x == 0:
            return [] if isinstance(x, bool) else ["zero"]
        return ["nan"] if math.isnan(x) else ["infinite"] if math.isinf(x) else []
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fc":
        return []
    kinds: list[Kind] = ["nan"] if np.isnan(x).any() else []
    if np.isinf(x).any():
        kinds.append("infinite")
    return kinds or (["zero"] if x.size and not x.any() else [])


def marked(
    figure: Figure, troubles: Sequence[Trouble], none: str = "No 0, infinity or NaN."
) -> Figure:
    """The figure with what is wrong marked on its boxes and arrows, and the first beneath it.

    Where there is nothing wrong, `none` says so.
    """
    if not troubles:
        return replace(figure, caption=(*figure.caption, Note(none)))
    nodes: dict[str, str] = {}
    edges: dict[tuple[str, ...], str] = {}
    for trouble in troubles:
        mark = _MARKS.get(trouble.kind, trouble.kind)
        if trouble.edge is None:
            nodes.setdefault(trouble.node, mark)
        else:
            edges.setdefault(tuple(map(str, trouble.edge)), mark)
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
