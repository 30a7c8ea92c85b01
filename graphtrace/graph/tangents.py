"""Forward mode on a graph: the tangents of all nodes, for those of some inputs.

In: a traced graph and a direction for its inputs. Out: the tangent of each node that moves. What a
row does with a tangent, `graphtrace.core.sweep` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.core.inputs import carries_gradient, gradient_like, require_kind
from graphtrace.core.sweep import sweep_forward
from graphtrace.errors import ArgumentError

if TYPE_CHECKING:
    from graphtrace.graph.traced import Graph


def seeds_of(graph: Graph, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The tangents of the input nodes, from those of the parameters."""
    seeds: dict[str, Any] = {}
    for _, leaf, t in graph.given_leaves(parameters, "the tangent of {}"):
        if leaf.key is not None and carries_gradient(graph.nodes[leaf.key]["value"]):
            seeds[leaf.key] = _seed_like(leaf.key, t, graph.nodes[leaf.key]["value"])
    return seeds


def _seed_like(key: str, t: Any, value: Any) -> Any:
    if np.shape(t) != np.shape(value):
        raise ArgumentError(
            f"the tangent of {key} has shape {np.shape(t)} and {key} has {np.shape(value)}; give "
            f"it the same shape"
        )
    require_kind(t, value, f"the tangent of {key}")
    return gradient_like(t, value)


def tangents_of(graph: Graph, seeds: Mapping[str, Any]) -> dict[str, Any]:
    """The tangents of the nodes that the tangents of some inputs reach.

    >>> import graphtrace as gt
    >>> tangents_of(gt.trace(lambda a, b: a * b, 2.0, 3.0), {"a": 1.0})
    {'a': 1.0, 'f': 3.0}
    """
    position, rows = graph.wengert_list()
    start = [(position[key], t) for key, t in seeds.items()]
    rates = sweep_forward(rows, 0, len(rows), start)
    return {key: t for key, t in zip(position, rates, strict=True) if t is not None}
