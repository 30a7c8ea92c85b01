"""Replay: a recorded graph as straight-line Python, value and gradients in one plain function.

In: a Graph with one scalar output. Out: its source, and the function compiled from it.

graph -> `Program` (its rows and those that the derivative rules leave behind, as one list of nodes)
-> `Writer` (text) -> function. Names of `calls` are here because the text imports them from here.
"""

from __future__ import annotations

import functools
import itertools
import linecache
from collections.abc import Callable
from typing import Any

from graphtrace.graph import Graph, Leaf, Tree
from graphtrace.inputs import carries_gradient, gradient_like, seed_for
from graphtrace.replay.calls import array, changed, forward, items, reshaped, rule, same
from graphtrace.replay.program import Program
from graphtrace.replay.writer import Writer
from graphtrace.sweep import sweep
from graphtrace.tracing import _collector_paused

__all__ = [
    "array",
    "changed",
    "compile_graph",
    "forward",
    "items",
    "reshaped",
    "rule",
    "same",
    "source_of",
]

_serial = itertools.count(1)


def source_of(graph: Graph) -> str:
    """The program that `compile_graph` compiles, as a module's text.

    Large arrays, and objects that have no literal, are names that a comment at the top describes;
    all else the text says itself.

    Raises:
        ArgumentError: The graph has not one scalar output.

    >>> import graphtrace as gt
    >>> def f(x, y):
    ...     return x * y
    >>> print(source_of(gt.trace(f, 2.0, 3.0)))
    def f(x, y):
        x, y = float(x), float(y)
    <BLANKLINE>
        f = x * y  # ...
    <BLANKLINE>
        df_dx = y  # f = x*y, ...
        df_dy = x
        return f, {"x": df_dx, "y": df_dy}
    <BLANKLINE>
    """
    return _written(graph).text


def compile_graph(graph: Graph) -> Callable[..., Any]:
    """A plain function of the traced function's parameters: `(value, {parameter: gradient})`.

    The value is that of `Graph.forward` and the gradients are those of `grad`, to the last bit but
    for the sign of a zero and for sums of entries that lie in memory in another order. Gradients
    are arrays of their own. Where Python's floats raise at a pole in the backward part, such as 1/x
    at 0, the gradient is NumPy's inf or nan, as in `grad`; NumPy's warnings are off.

    Raises:
        ArgumentError: The graph has not one scalar output; and, from the function, an argument has
            another structure, kind or shape than the traced one.
        BranchChanged: From the function: it would take another branch, or a value would have
            another shape.

    >>> import graphtrace as gt
    >>> compile_graph(gt.trace(lambda x, y: x * y, 2.0, 3.0))(4.0, 5.0)
    (20.0, {'x': 5.0, 'y': 4.0})
    """
    writer = _written(graph)
    filename = f"<graphtrace {writer.function} {next(_serial)}>"
    # So that a traceback and inspect.getsource show the lines.
    lines = writer.text.splitlines(keepends=True)
    linecache.cache[filename] = (len(writer.text), None, lines, filename)
    namespace = {"__name__": __name__, **writer.bound}
    exec(compile(writer.text, filename, "exec"), namespace)  # noqa: S102  (text of our own making)
    f: Callable[..., Any] = namespace[writer.function]
    return _defined_at_poles(f, graph) if writer.may_raise else f


def _written(graph: Graph) -> Writer:
    with _collector_paused():  # collections would take half of the time
        return Writer(Program(graph))


def _defined_at_poles(fast: Callable[..., Any], graph: Graph) -> Callable[..., Any]:
    """`fast`, and where it raises what the sweep says, whose rules know Python's poles."""

    @functools.wraps(fast)
    def f(*args: Any, **kwargs: Any) -> Any:
        try:
            return fast(*args, **kwargs)
        except (ZeroDivisionError, OverflowError):
            given = dict(zip(graph.graph["parameters"], args, strict=False))
            return _swept(graph, {**given, **kwargs})

    return f


def _swept(graph: Graph, arguments: dict[str, Any]) -> Any:
    """What the compiled function returns, by evaluating the graph and sweeping its rows."""
    values = graph.evaluate(**arguments)  # raises where the function itself does
    number, rows = graph.wengert_list(values)
    (output,) = graph.outputs
    adjoints = sweep(rows, 0, len(rows), [(number[output], seed_for(values[output]))])

    def gradient(leaf: Leaf) -> Any:
        if leaf.key is None or not carries_gradient(values[leaf.key]):
            return None
        return gradient_like(adjoints[number[leaf.key]], values[leaf.key])

    result: Tree = graph.graph["result"]
    value = [leaf.constant if leaf.key is None else values[leaf.key] for leaf in result.leaves]
    return result.structure(value), {
        name: tree.structure([gradient(leaf) for leaf in tree.leaves])
        for name, tree in graph.graph["parameters"].items()
    }
