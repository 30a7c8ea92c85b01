"""The whole computation as a series of figures: forward value by value, then the way back.

In: a traced graph. Out: Figures that differ only in what is told, so that they have one layout
and nothing jumps from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphtrace.errors import OptionError
from graphtrace.figure.build import figure
from graphtrace.figure.chain import gradients_of, step_paths
from graphtrace.figure.fold import folded
from graphtrace.figure.options import DEFAULT, Content
from graphtrace.figure.parts import (
    Blanked,
    Chain,
    Contribution,
    Definition,
    Edge,
    Emphasis,
    Figure,
    Node,
    Note,
    Part,
    Partial,
    Value,
)
from graphtrace.figure.reading_order import Gradients, find, ordered, outputs_of

if TYPE_CHECKING:
    import networkx as nx


def frames(
    graph: nx.MultiDiGraph[Any], options: Content = DEFAULT, *, of: str | None = None
) -> list[Figure]:
    """The forward and the backward pass as numbered figures, with one layout for all.

    Args:
        graph: A traced graph; it needs no `backward` before.
        options: What to show.
        of: The output to step back from; by default the one output, or none if there are several.

    Returns:
        A figure with the inputs, one for each operation as its value comes, and, if the output
        is a scalar, one for each gradient as it comes back.

    Raises:
        OptionError: There is no such output.

    >>> import graphtrace as gt
    >>> len(frames(gt.trace(lambda a, b: a * b + a, 2.0, 3.0)))
    7
    """
    graph = folded(graph, options)
    target = target_of_series(graph, of)
    gradients = gradients_of(graph, target) if target is not None else {}
    whole, steps = series(graph, options, target, gradients)
    captions = captions_of(graph, steps)
    drawn = []
    values: set[str] = set()
    grads: set[str] = set()
    for step, caption in zip(steps, captions, strict=True):
        values |= step.values
        grads |= step.grads
        state = _State(values, grads, step.values | step.grads)
        drawn.append(replace(state.shown(whole), caption=caption, room=tuple(captions)))
    return drawn


def captions_of(graph: nx.MultiDiGraph[Any], steps: Sequence[Step]) -> list[tuple[Part, ...]]:
    """What each figure of a series says beneath; the graph is folded already."""
    captions: list[tuple[Part, ...]] = [
        (Note(f"{i} of {len(steps)} · {step.sweep}"), *step.parts)
        for i, step in enumerate(steps, 1)
    ]
    if "note" in graph.graph:
        captions[0] = (*captions[0], graph.graph["note"])
    return captions


class Step(NamedTuple):
    """One step: its sweep, what it says, and the keys whose value or whose gradient is new."""

    sweep: Literal["inputs", "forward", "backward"]
    parts: tuple[Definition | Chain, ...]
    values: frozenset[str]
    grads: frozenset[str]


def series(
    graph: nx.MultiDiGraph[Any], options: Content, target: Any, gradients: Mapping[Any, Any]
) -> tuple[Figure, list[Step]]:
    """The figure of all that the steps come to, and the steps; the graph is folded already.

    `gradients` are those of `target`.
    """
    opened = replace(options, depth=None, unfold=(), limit=None)
    outputs = outputs_of(graph) if target is None else [target]
    name = None if target is None else str(target)
    whole = figure(graph, opened, Gradients(name, gradients, outputs), graph)
    if target in gradients:
        whole = replace(
            whole,
            nodes=tuple(_seeded(node, str(target), gradients[target]) for node in whole.nodes),
        )
    return whole, [*_forward(graph), *_backward(graph, target, gradients)]


def _seeded(node: Node, target: str, seed: object) -> Node:
    """The output tells in its box that the way back begins with 1."""
    if node.key != target or node.role == "copy":
        return node
    return replace(node, gradient=Partial(target, target, value=seed, total=True))


def target_of_series(graph: nx.MultiDiGraph[Any], of: str | None) -> Any:
    """The output to step back from; None where there are several and none is chosen.

    Raises `OptionError` for what is no output.
    """
    outputs = outputs_of(graph)
    if of is None:
        return outputs[0] if len(outputs) == 1 else None
    node = find(graph, of)
    if node not in outputs:
        listed = ", ".join(str(output) for output in outputs)
        raise OptionError(f"of={of!r} is no output: use one of {listed}")
    return node


def _forward(graph: nx.MultiDiGraph[Any]) -> list[Step]:
    nodes = ordered(graph)
    inputs = frozenset(str(node) for node in nodes if graph.nodes[node].get("op") == "input")
    steps = [Step("inputs", (), inputs, frozenset())]
    for node in nodes:
        data = graph.nodes[node]
        if str(node) not in inputs:
            definition = Definition(str(node), data.get("formula"), data.get("value"))
            steps.append(Step("forward", (definition,), frozenset({str(node)}), frozenset()))
    return steps


def _backward(graph: nx.MultiDiGraph[Any], target: Any, gradients: Mapping[Any, Any]) -> list[Step]:
    if target not in gradients:
        return []
    seed = Chain(str(target), str(target), (), gradients[target])
    steps = [Step("backward", (seed,), frozenset(), frozenset({str(target)}))]
    import networkx as nx

    before = nx.ancestors(graph, target)
    for node in reversed(ordered(graph)):
        if node in before and node in gradients:
            chain = step_paths(graph, (str(target), str(node)), gradients).chain
            steps.append(Step("backward", (chain,), frozenset(), frozenset({str(node)})))
    return steps


def _blanked(part: Part) -> Part:
    """Without the value that is not known yet; a folded box tells it with its name."""
    if isinstance(part, Value) or (isinstance(part, Definition) and part.value is not None):
        return Blanked(part)
    return part


class _State:
    """What is known so far, and what has come just now."""

    def __init__(self, values: set[str], grads: set[str], new: Iterable[str]) -> None:
        self.values = frozenset(values)
        self.grads = frozenset(grads)
        self.new = frozenset(new)

    def shown(self, whole: Figure) -> Figure:
        keys = {node.id: node.key for node in whole.nodes}
        nodes = tuple(self._node(node) for node in whole.nodes)
        edges = tuple(self._edge(edge, keys[edge.tail], keys[edge.head]) for edge in whole.edges)
        return replace(whole, nodes=nodes, edges=edges)

    def _node(self, node: Node) -> Node:
        known = node.key in self.values
        parts = node.parts
        if not known:
            parts = tuple(_blanked(part) for part in parts)
        gradient = node.gradient
        if isinstance(gradient, Partial) and node.key not in self.grads:
            gradient = Blanked(gradient)
        emphasis: Emphasis = "plain" if known else "dim"
        if node.key in self.new and node.role != "copy":
            emphasis = "strong" if node.key in self.grads else "bold"
        value = node.value if known else None
        adjoint = node.adjoint if node.key in self.grads else None
        return replace(
            node, parts=parts, gradient=gradient, emphasis=emphasis, value=value, adjoint=adjoint
        )

    def _edge(self, edge: Edge, tail: str, head: str) -> Edge:
        back = tail in self.grads and head in self.grads
        new = back and tail in self.new
        if edge.kind == "backward":
            return replace(edge, emphasis="strong" if new else "plain" if back else "hidden")
        part = edge.part
        if isinstance(part, Partial | Value | Contribution) and not back:
            part = Blanked(part)
        return replace(edge, part=part, emphasis="plain" if head in self.values else "dim")
