"""Call what the command names, at the values that it gives, and trace the call.

In: a target and assignments as typed. Out: a Graph. What is wrong with an assignment is said before
the function is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from graphtrace.cli.program import say
from graphtrace.errors import ArgumentError

if TYPE_CHECKING:
    from graphtrace.api import Graph


def traced(target: str, assignments: Sequence[str]) -> Graph:
    """The graph of the target at those values."""
    from graphtrace.target.function import load

    function = load(target)
    args, kwargs = _arguments(function, assignments)
    from graphtrace.api import trace

    graph = trace(function, *args, **kwargs)
    _warn_of_nan(graph)
    return graph


def assigned(assignments: Sequence[str], option: str) -> dict[str, Any]:
    """The values by name; each name may be given once."""
    from graphtrace.target.argument import read

    values: dict[str, Any] = {}
    for text in assignments:
        name, value = read(text, option)
        if name in values:
            raise ArgumentError(f"{name} is given twice: leave out one {option} {name}=...")
        values[name] = value
    return values


def _arguments(
    function: Callable[..., Any], assignments: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments for a call of the function, each checked against its signature."""
    from graphtrace.core.inputs import name_of, signature_of

    values = assigned(assignments, "--at")
    name = name_of(function)
    parameters = signature_of(function).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for given in values:
        if given not in named and not open_ended:
            has = f"it has {', '.join(named)}" if named else "it has none"
            raise ArgumentError(f"{name} has no parameter {given}: {has}")
    needed = [p.name for p in parameters if p.default is p.empty and p.name in named]
    if missing := [parameter for parameter in needed if parameter not in values]:
        wanted = " ".join(f"--at {parameter}=..." for parameter in missing)
        raise ArgumentError(f"{name} needs a value for {', '.join(missing)}: add {wanted}")
    first = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
    return [values.pop(parameter) for parameter in first], values


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
