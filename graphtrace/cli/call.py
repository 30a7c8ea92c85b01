"""Call what the command names, at the values that it gives, and trace the call.

In: a target and assignments as typed. Out: a Graph. What is wrong with an assignment is said before
the function is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphtrace.cli.program import say

if TYPE_CHECKING:
    from graphtrace.api import Graph


def traced(target: str, assignments: Sequence[str]) -> Graph:
    """The graph of the target at those values."""
    from graphtrace.target.call import arguments, assigned
    from graphtrace.target.function import load

    function = load(target)
    args, kwargs = arguments(function, assigned(assignments))
    from graphtrace.api import trace

    graph = trace(function, *args, **kwargs)
    _warn_of_nan(graph)
    return graph


def _warn_of_nan(graph: Graph) -> None:
    import numpy as np

    for key, data in graph.nodes(data=True):
        value = np.asarray(data["value"])
        if value.dtype.kind in "fc" and np.isnan(value).any():
            where = f" at {data['source']}" if data.get("source") else ""
            what = "is" if value.ndim == 0 else "holds"
            label = f" ({data['label']})" if data["label"] != key else ""
            say("warning", f"{key}{label} {what} NaN{where}, the first node that does")
            return
