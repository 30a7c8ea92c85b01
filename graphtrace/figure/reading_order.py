"""Read a graph in the order in which a figure tells it.

In: a networkx.MultiDiGraph with the attributes of graphtrace.graph, or with some of them. Out:
its nodes in evaluation order and its edges in operand order, so that a picture does not depend on
how the graph came about.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.errors import OptionError
from graphtrace.formula.naming import Naming, natural, verbatim

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Use:
    """One operand of one node: an edge of the graph."""

    tail: Any
    head: Any
    position: Any
    attributes: Mapping[str, Any]

    @property
    def key(self) -> tuple[Any, Any, Any]:
        """The edge's key in the graph."""
        return self.tail, self.head, self.position

    @property
    def is_bundle(self) -> bool:
        """Whether a folded box of several values is at one of its ends."""
        return "untold" in self.attributes or "by" in self.attributes


def uses_of(graph: nx.MultiDiGraph[Any]) -> list[Use]:
    """The edges by head, in operand order."""
    uses = []
    for head in ordered(graph):
        into = graph.in_edges(head, keys=True, data=True)
        for tail, _, position, attributes in sorted(into, key=lambda e: (str(type(e[2])), e[2])):
            uses.append(Use(tail, head, position, attributes))
    return uses


def ordered(graph: nx.MultiDiGraph[Any]) -> list[Any]:
    """The nodes in evaluation order, which a subgraph may have lost; else by name."""
    nodes = list(graph)
    if all("index" in data for _, data in graph.nodes(data=True)):
        nodes.sort(key=lambda node: int(graph.nodes[node]["index"]))
    place = {node: i for i, node in enumerate(nodes)}
    if all(place[tail] < place[head] for head, tails in graph.pred.items() for tail in tails):
        return nodes
    import networkx as nx

    try:
        return list(nx.lexicographical_topological_sort(graph, key=str))
    except nx.NetworkXUnfeasible:
        raise OptionError(
            f"the graph of {title(graph)} has a cycle, so it is not a computation: remove the "
            "edge that closes it before drawing"
        ) from None


def nodes_of(graph: nx.MultiDiGraph[Any], dead: bool) -> list[Any]:
    """The nodes in evaluation order; those that reach no output only if `dead` ones are wanted.

    An input that reaches none stays, unless it has its parameter's default value or is a whole
    number that something was counted, indexed or compared with, such as the label of a class.

    >>> import graphtrace as gt
    >>> def f(x, scale=2.0):
    ...     unused = 3 * x
    ...     return x * x
    >>> nodes_of(gt.trace(f, 1.0), dead=False)
    ['x', 'f']
    """
    nodes = ordered(graph)
    if dead:
        return nodes
    live = set(outputs_of(graph))
    for node in reversed(nodes):
        if any(head in live for head in graph.succ[node]):
            live.add(node)
    if len(live) == len(nodes):
        return nodes
    return [node for node in nodes if node in live or _is_handed_over(graph, node)]


def steps(graph: nx.MultiDiGraph[Any]) -> int:
    """How many nodes there are on the longest way through the graph.

    >>> import graphtrace as gt
    >>> steps(gt.trace(lambda a, b: 3 * (a + b), 1.0, 2.0))
    3
    """
    longest: dict[Any, int] = {}
    for node in ordered(graph):
        longest[node] = 1 + max((longest[tail] for tail in graph.pred[node]), default=0)
    return max(longest.values(), default=0)


def _is_handed_over(graph: nx.MultiDiGraph[Any], node: Any) -> bool:
    """Whether an input that reaches no output was handed over to be differentiated."""
    data = graph.nodes[node]
    if data.get("op") != "input":
        return False
    for parameter in graph.graph.get("signature", ()):
        if parameter.name == node and parameter.default is not parameter.empty:
            return not np.array_equal(parameter.default, data.get("value"))
    tests = {branch.test for branch in graph.graph.get("branches", ()) if node in branch.keys}
    return int not in tests and not (_is_whole(data.get("value")) and tests & _LABELS)


_LABELS = {operator.eq, operator.ne}
"""How a label is looked at; a number that is only larger or smaller may be any number."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def title(graph: nx.MultiDiGraph[Any]) -> str:
    """The name of the traced function."""
    return str(getattr(graph, "name", "") or "graph")


def outputs_of(graph: nx.MultiDiGraph[Any]) -> list[Any]:
    """The output nodes; of a graph that does not tell, those that nothing uses."""
    outputs = graph.graph.get("outputs")
    if outputs is not None:
        return [node for node in outputs if node in graph]
    return [node for node in graph if graph.out_degree(node) == 0]


def target_of(graph: nx.MultiDiGraph[Any], outputs: Sequence[Any]) -> str | None:
    """The J of dJ/da, where the graph tells which output the gradients are of."""
    if "gradient_of" in graph.graph:  # None: of a weighted sum, which has no name
        of = graph.graph["gradient_of"]
        return None if of is None else str(of)
    if len(outputs) == 1:
        return str(outputs[0])
    sinks = [node for node in outputs if is_one(graph.nodes[node].get("grad"))]
    return str(sinks[0]) if len(sinks) == 1 else None


@dataclass(frozen=True, slots=True)
class Gradients:
    """The gradients that a figure tells, by node; those of `of`, where they have a name."""

    of: str | None
    by: Mapping[Any, Any]
    outputs: Sequence[Any]


def gradients_left(graph: nx.MultiDiGraph[Any]) -> Gradients:
    """The gradients that `backward` has left on the nodes, those inside folded boxes too."""
    outputs = outputs_of(graph)
    whole = graph.graph.get("unfolded", graph)
    left = {
        node: data["grad"]
        for nodes in (whole.nodes(data=True), graph.nodes(data=True))
        for node, data in nodes
        if "grad" in data
    }
    return Gradients(target_of(graph, outputs), left, outputs)


def output_of(graph: nx.MultiDiGraph[Any]) -> str | None:
    """The one output, or that of several which the gradients are of."""
    outputs = outputs_of(graph)
    return str(outputs[0]) if len(outputs) == 1 else target_of(graph, outputs)


def is_one(value: object) -> bool:
    """Whether it is the number 1."""
    return isinstance(value, (int, float)) and value == 1


def is_array(value: object) -> bool:
    """Whether it has dimensions."""
    return bool(getattr(value, "shape", ()))


def naming_of(graph: nx.MultiDiGraph[Any]) -> Naming:
    """How the nodes of the graph are printed, and the constants that have a name in formulas."""
    whole = graph.graph.get("unfolded", graph)
    keys = [*graph, *whole]
    named = set(whole.graph.get("named", ()))
    temporaries = []
    for key, data in whole.nodes(data=True):
        row = data.get("row")
        if row is None:
            continue
        if key not in named and data.get("op") != "input":
            temporaries.append(key)
        if None in row.keys:
            keys += [name for k, name in zip(row.keys, row.shown, strict=True) if name and not k]
    weights = frozenset(whole.graph.get("weights", ()))
    naming = Naming([*keys, *graph.graph.get("indexed", ())], temporaries, weights)
    for _, title in graph.nodes(data="module"):
        if title is not None:
            naming = naming.with_spelling(title, verbatim(title))
    return naming


def right_side(label: object) -> str | None:
    """`b*c` of `u = b*c`, for a graph whose nodes carry only the text."""
    if not isinstance(label, str):
        return None
    _, equals, right = label.partition(" = ")
    return right if equals else None


def find(graph: nx.MultiDiGraph[Any], name: str, option: str = "") -> Any:
    """The node of that key, or that is printed so; the function's name is that of its one output.

    Raises `OptionError`, of the `option` that names it, with the nodes that there are.
    """
    if name in graph:
        return name
    short, names = natural(name).flat, naming_of(graph)
    for node in graph:
        if name == str(node) or short == names[str(node)].flat:
            return node
    outputs = outputs_of(graph)
    if name == title(graph) and len(outputs) == 1:
        return outputs[0]
    box = graph.graph.get("boxes", {}).get(name)
    if box is not None:
        raise OptionError(f"{name} is inside the folded box {box.key}: add unfold={name!r}")
    known = [str(node) for node in ordered(graph)]
    listed = ", ".join(known if len(known) <= 12 else [*known[:11], "..."])
    raise OptionError(f"{title(graph)} has no node {name!r}: use one of {listed}", option)
