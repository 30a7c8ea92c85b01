"""trace: run a function once and leave what it did to a graph.

In: a function, its arguments and an empty graph. Out: the graph. The function runs on the Wengert
list; the graph is filled from that list when somebody reads it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphtrace.core.inputs import name_of, signature_of
from graphtrace.core.pytree import flatten
from graphtrace.core.state import is_opened
from graphtrace.graph.build import Builder
from graphtrace.graph.lazy import fill_later
from graphtrace.graph.recording import Recording, recorded
from graphtrace.graph.traced import TracedGraph

AnyGraph = TypeVar("AnyGraph", bound=TracedGraph)


def filled_from(graph: AnyGraph, outcome: Recording) -> AnyGraph:
    """The empty `graph` as that of a recording."""
    fill_later(graph, outcome, lambda unread: Builder(outcome).fill(unread))
    return graph


def trace_into(
    graph: AnyGraph, f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> AnyGraph:
    """The empty `graph` as that of `f(*args, **kwargs)`; `graphtrace.trace` says the rest."""
    return filled_from(graph, recorded(f, args, kwargs))


def with_itself(
    f: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A callable object that holds numbers as a function of itself: `neuron(x)`; others as are."""
    kind: Any = type(f)
    if not is_opened(kind) or flatten(f)[1].is_leaf:
        return f, args
    return _Called(f), (f, *args)


class _Called:
    """A callable object's function of itself, under the name of its class, and its arguments."""

    def __init__(self, f: Callable[..., Any]) -> None:
        signature = signature_of(f)
        name = type(f).__name__.lower()
        while name in signature.parameters or not name.isidentifier():
            name += "_"
        itself = inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY)
        if all(p.kind is not p.POSITIONAL_ONLY for p in signature.parameters.values()):
            itself = itself.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.__signature__ = signature.replace(parameters=[itself, *signature.parameters.values()])
        self.__name__ = name_of(f)

    def __call__(self, itself: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return itself(*args, **kwargs)
