"""The timeline: at which step of the forward and the backward pass each part of a figure appears.

In: a traced graph. Out: one Figure of all that the steps come to, and a `Timeline` of its boxes,
arrows and lines, for formats that show one picture step by step. The steps are those of `frames`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from graphtrace.figure.chain import gradients_of
from graphtrace.figure.fold import folded
from graphtrace.figure.frames import captions_of, series, target_of_series
from graphtrace.figure.options import DEFAULT, Content
from graphtrace.figure.parts import Contribution, Edge, Figure, Node, Part, Partial, Value

if TYPE_CHECKING:
    import networkx as nx


class Timeline(NamedTuple):
    """What is said at each step, and the steps, from 0, at which values and gradients are known."""

    captions: tuple[tuple[Part, ...], ...]
    values: Mapping[str, int]
    grads: Mapping[str, int]
    keys: Mapping[str, str]
    """The key of each box's node, by the box's id."""

    def box(self, node: Node) -> int:
        """When a box appears, with its value."""
        return self.values.get(node.key, 0)

    def gradient(self, node: Node) -> int | None:
        """When a box tells its gradient; None for never."""
        return self.grads.get(node.key)

    def arrow(self, edge: Edge) -> int | None:
        """When an arrow appears: with the value, or with the gradient, that it leads to.

        A wire carries the value that it comes from.
        """
        if edge.kind == "backward":
            return self._back(edge)
        end = edge.tail if isinstance(edge.part, Value) else edge.head
        return self.values.get(self.keys[end], 0)

    def label(self, edge: Edge) -> int | None:
        """When an arrow tells what stands on it: a derivative when the way back goes over it."""
        if isinstance(edge.part, Partial | Contribution):
            return self._back(edge)
        return self.arrow(edge)

    def _back(self, edge: Edge) -> int | None:
        ends = [self.grads.get(self.keys[end]) for end in (edge.tail, edge.head)]
        steps = [step for step in ends if step is not None]
        return max(steps) if len(steps) == len(ends) else None


def timeline(
    graph: nx.MultiDiGraph[str], options: Content = DEFAULT, *, of: str | None = None
) -> tuple[Figure, Timeline]:
    """The figure with room for every caption, and when each of its parts appears.

    The arguments, and what it raises, are those of `frames`.

    >>> import graphtrace as gt
    >>> figure, steps = timeline(gt.trace(lambda a, b: a * b + a, 2.0, 3.0))
    >>> steps.values, steps.grads
    ({'a': 0, 'b': 0, 'v1': 1, 'f': 2}, {'f': 3, 'v1': 4, 'b': 5, 'a': 6})
    """
    graph = folded(graph, options)
    target = target_of_series(graph, of)
    gradients = gradients_of(graph, target) if target is not None else {}
    whole, steps = series(graph, options, target, gradients)
    captions = captions_of(graph, steps)
    values = {key: i for i, step in enumerate(steps) for key in sorted(step.values)}
    grads = {key: i for i, step in enumerate(steps) for key in sorted(step.grads)}
    keys = {node.id: node.key for node in whole.nodes}
    figure = replace(whole, caption=captions[0], room=tuple(captions))
    return figure, Timeline(tuple(captions), values, grads, keys)
