"""A figure that shows the tangents of forward mode.

In: a graph on whose nodes `jvp` has left its tangents. Out: the Figure with them in its boxes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.errors import OptionError
from graphtrace.figure.parts import Figure, Node, Part, Partial, Sweep, Value
from graphtrace.figure.reading_order import is_one

if TYPE_CHECKING:
    import networkx as nx


def with_tangents(figure: Figure, graph: nx.MultiDiGraph[Any]) -> Figure:
    """The figure with the tangents that `jvp` has left in its boxes.

    Where one input alone moves, and by 1, they are derivatives in it: dv/da instead of v̇.
    """
    tangents = {str(k): d["tangent"] for k, d in graph.nodes(data=True) if "tangent" in d}
    if not tangents:
        raise OptionError(
            "there are no tangents to draw: call jvp before, as in g.jvp(a=1.0), or leave "
            "tangents=True out"
        )
    inputs = [str(k) for k, d in graph.nodes(data=True) if d.get("op") == "input"]
    moving = [key for key in inputs if key in tangents and np.any(tangents[key])]
    single = moving[0] if len(moving) == 1 and is_one(tangents[moving[0]]) else None

    def with_tangent(node: Node) -> Node:
        if node.role == "copy" or node.key not in tangents:
            return node
        t = tangents[node.key]
        part: Part = Sweep("tangent", node.key, value=t)
        if single is not None:
            part = Partial(node.key, single, value=t, total=True)
        values = [i for i, p in enumerate(node.parts) if isinstance(p, Value)]
        at = values[-1] + 1 if values else len(node.parts)
        return replace(node, parts=(*node.parts[:at], part, *node.parts[at:]))

    return replace(figure, nodes=tuple(with_tangent(node) for node in figure.nodes))
