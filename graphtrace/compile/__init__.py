"""Replay: a recorded graph as straight-line Python, value and gradients in one plain function.

In: a Graph, and what is differentiated in which parameters. Out: the source, and the function
compiled from it.

graph -> `Program` (its rows and those that the derivative rules leave behind, as one list of nodes)
-> `written` (text) -> function. Names of `calls` are here because the text imports them from here.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import linecache
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphtrace.compile import parts
from graphtrace.compile.calls import array, changed, forward, items, reshaped, rule, same, scalar
from graphtrace.compile.jit import compiled, require_floats
from graphtrace.compile.program import Program
from graphtrace.compile.standing import MOST, Elsewhere, StandIn
from graphtrace.compile.writer import Written, written
from graphtrace.core.made import Made
from graphtrace.core.tape import collector_paused
from graphtrace.errors import ArgumentError
from graphtrace.graph.tree import Listing, Tree

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph

__all__ = [
    "MOST",
    "Elsewhere",
    "StandIn",
    "array",
    "changed",
    "compile_graph",
    "forward",
    "items",
    "reshaped",
    "rule",
    "same",
    "scalar",
    "source_of",
    "stand_in",
]

_serial = itertools.count(1)


def source_of(graph: TracedGraph, **options: Any) -> str:
    """The program that `compile_graph` compiles, as a module's text.

    Large arrays, and objects that have no literal, are names that a comment at the top describes;
    all else the text says itself. The options and what it raises are those of `Graph.to_python`.

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
    return _written(graph, options)[0].text


def compile_graph(graph: TracedGraph, jit: str | None = None, **options: Any) -> Callable[..., Any]:
    """A plain function of the traced function's parameters: `(value, {parameter: gradient})`.

    The value is that of `Graph.forward` and the gradients are those of `grad`, to the last bit but
    for the sign of a zero and for sums of entries that lie in memory in another order. Gradients
    are arrays of their own. Where Python's floats raise at a pole in the backward part, such as 1/x
    at 0, the gradient is NumPy's inf or nan, as in `grad`; NumPy's warnings are off. With
    `jit="numba"` the numbers are those of Numba's own functions, equal to the last digits.

    The options and what it raises are those of `Graph.compile`.

    >>> import graphtrace as gt
    >>> compile_graph(gt.trace(lambda x, y: x * y, 2.0, 3.0))(4.0, 5.0)
    (20.0, {'x': 5.0, 'y': 4.0})
    """
    if jit is not None and jit != "numba":
        raise ArgumentError(f"jit is {jit!r}, and a graph is compiled with jit='numba' or without")
    module, exact = _written(graph, options)
    f: Callable[..., Any] = _run(module)[module.function]
    if module.may_raise:
        f = _where_it_raises(f, _with_arguments_of(f, exact))
    f = f if jit is None else _where_it_raises(_jitted(graph, options), f)
    return Made(f, functools.partial(compile_graph, graph, jit, **options))


def stand_in(graph: Listing, what: StandIn) -> Callable[..., Any]:
    """A function that does for the same kind of arguments what the user's own function does.

    It raises `Elsewhere` for all others and where another way through the branches is taken, and
    where it cannot do what the function does it raises something else. Its arrays are nobody
    else's, and its arguments are not changed.

    >>> import graphtrace as gt
    >>> both = StandIn("both", ("x",))
    >>> stand_in(gt.trace(lambda x, y: x * y, 2.0, 3.0), both)(4.0, 5.0)
    (20.0, 5.0)
    """
    output = None if what.returns == "value" else graph.outputs[0]
    with collector_paused():
        module = written(Program(graph, output, wrt=what.wrt, stand_in=what))
    f: Callable[..., Any] = _run(module)[module.function]
    return f


def _jitted(graph: TracedGraph, options: dict[str, Any]) -> Callable[..., Any]:
    """The function with its numbers computed by Numba; it raises where the plain one decides."""
    require_floats(graph)
    module, _ = _written(graph, options, jit=True)
    namespace = _run(module)
    if module.inner in namespace:
        inner = namespace[module.inner]
        namespace[module.inner] = compiled(inner, len(graph.inputs), graph.name, module.called)
    f: Callable[..., Any] = namespace[module.function]
    return f


def _written(
    graph: TracedGraph, options: dict[str, Any], *, jit: bool = False
) -> tuple[Written, Callable[..., Any]]:
    """The text, and the same of the arguments by name, by the sweep."""
    with collector_paused():  # collections would take half of the time
        program = Program(graph, **options)
        return written(program, jit=jit), functools.partial(
            _swept, graph, program.seeds, program.wrt
        )


def _with_arguments_of(f: Callable[..., Any], g: Callable[..., Any]) -> Callable[..., Any]:
    """`g`, a function of the arguments by name, called as `f` is."""
    signature = inspect.signature(f)

    def called(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return g(bound.arguments)

    return called


def _run(module: Written) -> dict[str, Any]:
    """The names that the text defines, and those that it takes for granted."""
    filename = f"<graphtrace {module.function} {next(_serial)}>"
    # So that a traceback and inspect.getsource show the lines.
    lines = module.text.splitlines(keepends=True)
    linecache.cache[filename] = (len(module.text), None, lines, filename)
    namespace = {"__name__": __name__, **module.bound}
    lines = _guarded(module, lines)
    if len(lines) > parts.LONGEST and not module.inner:
        parts.define(lines, filename, namespace)
    else:
        exec(compile("".join(lines), filename, "exec"), namespace)  # noqa: S102  (of our own making)
    weakref.finalize(namespace[module.function], linecache.cache.pop, filename, None)
    return namespace


def _guarded(module: Written, lines: list[str]) -> list[str]:
    """The lines to run: where `x = float(x)` raises, what is called for it names the parameter.

    The lines to read are as one would write them. Each keeps its number.
    """
    if not module.conversion:
        return lines
    head = next(i for i, line in enumerate(lines) if line.startswith(f"def {module.function}("))
    at = lines.index(f"    {module.conversion}\n", head)
    guarded = [f"    {line}\n" for line in module.guarded]
    return [*lines[:at], *guarded, *lines[at + 1 + (lines[at + 1] == "\n") :]]


def _where_it_raises(fast: Callable[..., Any], exact: Callable[..., Any]) -> Callable[..., Any]:
    """`fast`, and `exact` for what the arithmetic of `fast` cannot do."""

    @functools.wraps(fast)
    def f(*args: Any, **kwargs: Any) -> Any:
        try:
            return fast(*args, **kwargs)
        except ArithmeticError:
            pass
        return exact(*args, **kwargs)

    return f


def _swept(
    graph: TracedGraph, seeds: Mapping[str, Any], wrt: Sequence[str], arguments: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The value and the gradients by the sweep: slow, and right where Python's floats raise.

    The rules know what NumPy's floats have, such as 1/x at 0. `seeds` are by the outputs' keys.
    """
    values = graph.evaluate(**arguments)
    adjoints = graph.adjoints(seeds, values)
    result: Tree = graph.graph["result"]
    value = [leaf.constant if leaf.key is None else values[leaf.key] for leaf in result.leaves]
    trees: dict[str, Tree] = graph.graph["parameters"]
    return result.structure(value), {name: trees[name].gradients(adjoints) for name in wrt}
