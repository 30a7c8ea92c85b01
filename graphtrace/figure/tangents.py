"""Forward mode on a graph: the tangent of every node, and a figure that shows them.

In: a traced graph and a direction for its inputs. Out: the tangents in the order of evaluation,
and a Figure with them in its boxes. What a row does with a tangent, `graphtrace.sweep` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.errors import ArgumentError, RenderError
from graphtrace.figure.parts import Figure, Node, Part, Partial, Sweep, Value
from graphtrace.figure.uses import is_one, ordered
from graphtrace.inputs import carries_gradient, gradient_like
from graphtrace.sweep import push

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.graph import Graph


def jvp(graph: Graph, parameters: Mapping[str, Any]) -> Any:
    """The tangent of the value; `Graph.jvp` says the rest. It leaves `tangent` on the nodes."""
    tangents = tangents_of(graph, seeds_of(graph, parameters))
    for key, node in graph.nodes(data=True):
        node.pop("tangent", None)
        if carries_gradient(node["value"]):
            node["tangent"] = gradient_like(tangents.get(key), node["value"])
    tree = graph.graph["result"]
    return tree.structure(
        [
            gradient_like(None, leaf.constant)
            if leaf.key is None
            else gradient_like(tangents.get(leaf.key), graph.nodes[leaf.key]["value"])
            for leaf in tree.leaves
        ]
    )


def seeds_of(graph: Graph, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The tangents of the input nodes, from those of the parameters."""
    known = graph.graph.get("parameters", {})
    seeds: dict[str, Any] = {}
    for name, argument in parameters.items():
        if name not in known:
            raise ArgumentError(
                f"{graph.name}() has no parameter {name!r}; it has {', '.join(known) or 'none'}"
            )
        tree = known[name]
        leaves = tree.structure.leaves_of(argument, f"the tangent of {name}")
        for leaf, t in zip(tree.leaves, leaves, strict=True):
            if leaf.key is not None and carries_gradient(graph.nodes[leaf.key]["value"]):
                seeds[leaf.key] = _seed_like(leaf.key, t, graph.nodes[leaf.key]["value"])
    return seeds


def _seed_like(key: str, t: Any, value: Any) -> Any:
    if np.shape(t) != np.shape(value):
        raise ArgumentError(
            f"the tangent of {key} has shape {np.shape(t)} and {key} has {np.shape(value)}; give "
            f"it the same shape"
        )
    try:
        return gradient_like(t, value)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"the tangent of {key} is {t!r:.60}, which is no number like {key}; give a number"
        ) from None


def tangents_of(graph: nx.MultiDiGraph[Any], seeds: Mapping[str, Any]) -> dict[str, Any]:
    """The tangents of the nodes that the tangents of some inputs reach.

    >>> import graphtrace as gt
    >>> tangents_of(gt.trace(lambda a, b: a * b, 2.0, 3.0), {"a": 1.0})
    {'a': 1.0, 'f': 3.0}
    """
    tangents = dict(seeds)
    with np.errstate(all="ignore"):
        for key in ordered(graph):
            row = graph.nodes[key]["row"]
            if row.primitive.flat:
                continue
            for k, operand in enumerate(row.keys):
                t = None if operand is None else tangents.get(operand)
                if t is None:
                    continue
                c = push(row.primitive, k, t, row.value, row.operands, row.params)
                if c is not None:
                    tangents[key] = tangents[key] + c if key in tangents else c
    return tangents


def with_tangents(figure: Figure, graph: nx.MultiDiGraph[Any]) -> Figure:
    """The figure with the tangents that `jvp` has left in its boxes.

    Where one input alone moves, and by 1, they are derivatives in it: dv/da instead of v̇.
    """
    tangents = {str(k): d["tangent"] for k, d in graph.nodes(data=True) if "tangent" in d}
    if not tangents:
        raise RenderError(
            "there are no tangents to draw: call jvp before, as in g.jvp(a=1.0), or leave "
            "tangents=True out"
        )
    inputs = [str(k) for k, d in graph.nodes(data=True) if d.get("op") == "input"]
    moving = [key for key in inputs if key in tangents and np.any(tangents[key])]
    single = moving[0] if len(moving) == 1 and is_one(tangents[moving[0]]) else None

    def told(node: Node) -> Node:
        if node.role == "copy" or node.key not in tangents:
            return node
        t = tangents[node.key]
        part: Part = Sweep("tangent", node.key, value=t)
        if single is not None:
            part = Partial(node.key, single, value=t, total=True)
        values = [i for i, p in enumerate(node.parts) if isinstance(p, Value)]
        at = values[-1] + 1 if values else len(node.parts)
        return replace(node, parts=(*node.parts[:at], part, *node.parts[at:]))

    return replace(figure, nodes=tuple(told(node) for node in figure.nodes))
