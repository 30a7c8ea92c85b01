"""Call what the command names, at the values that it gives, and trace the call.

In: targets and values. Out: a Graph of each. What is wrong with a value is said before anything is
called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphtrace.cli.program import say
from graphtrace.errors import ArgumentError

if TYPE_CHECKING:
    from graphtrace.api import Graph

Function = Callable[..., Any]


def functions_of(
    targets: Sequence[str], values: Mapping[str, Any]
) -> list[tuple[str, Function, dict[str, Any]]]:
    """The name of each target, the function, and those of the values that are for it.

    All of them are for a lone target; of several, each takes what it has a parameter for. Raises
    `ArgumentError` for a value that none takes, and for two of the same name, whose files would be
    the same.
    """
    from graphtrace.core.inputs import name_of
    from graphtrace.target.call import takes
    from graphtrace.target.function import load

    functions = [load(target) for target in targets]
    names = [name_of(function) for function in functions]
    if len(targets) == 1:
        return [(names[0], functions[0], dict(values))]
    for i, name in enumerate(names):
        if name in names[:i]:
            one = targets[names.index(name)]
            raise ArgumentError(
                f"'{one}' and '{targets[i]}' are both called {name}, and so would be their files: "
                "draw them one by one"
            )
    for value in values:
        if not any(takes(function, value) for function in functions):
            raise ArgumentError(f"none of {', '.join(names)} has a parameter {value}")
    return [
        (name, function, {key: x for key, x in values.items() if takes(function, key)})
        for name, function in zip(names, functions, strict=True)
    ]


def traced(function: Function, values: Mapping[str, Any]) -> Graph:
    """The graph of the function at those values."""
    from graphtrace.api import trace
    from graphtrace.target.call import call

    try:
        graph = call(trace, function, values)
    except TypeError:
        for name, value in values.items():
            if isinstance(value, str):  # perhaps a slip of the pen
                say("note", f"{name} is the text '{value}', and no number")
        raise
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
