"""exact: what a compiled program returns, by the sweep instead of by lines of its own.

In: a graph, the adjoints to start from, and arguments. Out: the value and the gradients. It is
slow, and right where Python's floats raise and the rules know what NumPy's have, such as 1/x at 0.
Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphtrace.graph.traced import TracedGraph, Tree


def swept(
    graph: TracedGraph, seeds: Mapping[str, Any], wrt: Sequence[str], arguments: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The value, and the gradient in each parameter of `wrt`; `seeds` are by the outputs' keys.

    Raises what `Graph.forward` raises.
    """
    values = graph.evaluate(**arguments)
    adjoints = graph.adjoints(seeds, values)
    result: Tree = graph.graph["result"]
    value = [leaf.constant if leaf.key is None else values[leaf.key] for leaf in result.leaves]
    trees: dict[str, Tree] = graph.graph["parameters"]
    return result.structure(value), {name: trees[name].gradients(adjoints) for name in wrt}
