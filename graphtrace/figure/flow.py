"""Tell how much gradient each edge brings back, to see where it vanishes or explodes.

In: a Figure and the graph it is of. Out: the Figure with the size of each edge's share of the
gradient. It knows nothing about widths or colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.errors import OptionError
from graphtrace.figure.chain import gradients_of, times_local
from graphtrace.figure.parts import Figure
from graphtrace.figure.reading_order import Gradients, title, uses_of

if TYPE_CHECKING:
    import networkx as nx


def with_flow(figure: Figure, graph: nx.MultiDiGraph[Any], backward: Gradients) -> Figure:
    """The figure with, on each edge, the largest entry of dJ/dhead · ∂head/∂tail, by its size.

    The gradients are those given, else those of the one output.

    Raises:
        OptionError: There are none, and not one scalar output to take them of.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda x: (0.1 * x) ** 2, 2.0)
    >>> [round(edge.flow, 3) for edge in g.figure(flow=True).edges]
    [0.04, 0.4]
    """
    grads = backward.by
    if not grads and len(backward.outputs) == 1:
        grads = gradients_of(graph, backward.outputs[0])
    if not grads:
        raise OptionError(
            f"{title(graph)} has no gradients to show the flow of: call backward() before, with "
            "the output and the seed to differentiate",
            "flow",
        )
    sizes = {}
    for use in uses_of(graph):
        upstream = _upstream(graph, use.head, grads)
        if upstream is not None:
            size = _size(upstream, use.attributes.get("local"))
            sizes[tuple(map(str, use.key))] = size
    edges = tuple(replace(edge, flow=sizes.get(edge.operand)) for edge in figure.edges)
    return replace(figure, edges=edges)


def _upstream(graph: nx.MultiDiGraph[Any], head: Any, grads: Mapping[Any, Any]) -> Any:
    """What comes back to a box: of a folded box of several values, the gradient of each."""
    exports = graph.nodes[head].get("exports", (head,))
    if len(exports) == 1:
        return grads.get(exports[0])
    if not any(key in grads for key in exports):
        return None
    values = graph.graph["unfolded"].nodes
    return tuple(grads.get(key, np.zeros(np.shape(values[key]["value"]))) for key in exports)


def _size(upstream: Any, local: Any) -> float | None:
    """The largest entry of the share, without its sign; None where no derivative passes."""
    if local is None:
        return None
    share = times_local(upstream, local)
    entries = share if isinstance(share, tuple) else (share,)
    return max(float(np.max(np.abs(entry), initial=0.0)) for entry in entries)
