"""trace: run a function once and make the Graph of what it did.

In: a function and its arguments. Out: a Graph. The function runs on the Wengert list; the graph
is made of that list when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.inputs import (
    Opened,
    bind,
    carries_gradient,
    close_output,
    gradient_like,
    name_of,
    open_tree,
    own,
    plain,
    seed_for,
    signature_of,
    unbind,
)
from graphtrace.core.pytree import leaf_names
from graphtrace.core.sweep import sweep
from graphtrace.core.tape import Tape, recording
from graphtrace.core.variable import Variable, holds_variable
from graphtrace.errors import ArgumentError
from graphtrace.graph.build import Dag
from graphtrace.graph.lazy import fill_later
from graphtrace.graph.traced import Graph


def trace(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Graph:
    """The computational graph of `f(*args, **kwargs)`. `f` runs once.

    Args:
        f: A function of floats, arrays, or nested dicts, lists and tuples of them, written with
            operators and NumPy.
        *args: Its arguments, as in a call. Every number and array in them is an input node, named
            by its parameter (`a`, `params['W1']`); flags, strings and functions are handed on as
            they are.
        **kwargs: The same, by name.

    Returns:
        A `Graph`, a networkx.MultiDiGraph that holds every value, evaluates again with `forward`,
        differentiates with `backward`, and draws itself with `render` or in a notebook.

    Raises:
        TraceError: `f` does something that cannot be traced; the message says where and what to
            write instead.
        ArgumentError: The arguments do not fit the parameters of `f`.

    >>> def J(a, b, c):
    ...     u = b * c
    ...     v = a + u
    ...     return 3 * v
    >>> g = trace(J, a=5, b=3, c=2)
    >>> list(g.nodes), g.nodes["u"]["value"], g.edges["b", "u", 0]["local"]
    (['a', 'b', 'c', 'u', 'v', 'J'], 6.0, 2.0)
    """
    arguments = bind(f, args, kwargs)
    for name, argument in arguments.items():
        if holds_variable(argument):
            raise ArgumentError(
                f"parameter {name} of {name_of(f)}() is traced already; gt.trace takes plain "
                f"values, and gt.grad is what can be used inside a traced function"
            )
    with recording(locate=True, nested=False) as (tape, _):
        opened = {
            name: open_tree(tape, argument, partial(str, name))
            for name, argument in arguments.items()
        }
        positional, keywords = unbind(f, {name: one.tree for name, one in opened.items()})
        out = tape.call(f, positional, keywords)
        graph = Graph()
        fill_later(graph, Recording(f, tape, arguments, opened, out))
        return graph


class Recording:
    """What a trace leaves: the Wengert list, its inputs and its outputs."""

    def __init__(
        self,
        f: Callable[..., Any],
        tape: Tape,
        arguments: dict[str, Any],
        opened: dict[str, Opened],
        out: Any,
    ) -> None:
        self.name = name_of(f)
        self.signature = signature_of(f)
        self.rows = tape.rows
        self.lastis = tape.lastis or []
        self.scopes = tape.scopes
        self.guards = tape.guards
        self.given_names = tape.given_names
        self.opened = opened
        self.input_names = [n for name, arg in arguments.items() for n in self._names(name, arg)]
        self.out, self.structure = close_output(out, tape)
        self.out_names = leaf_names(out, self.name)
        self.adjoints: list[Any] | None = None

    def fill(self, graph: Graph) -> None:
        """Make the graph of it."""
        Dag(self).fill(graph)

    def value(self) -> Any:
        """What the function returned."""
        return self.structure([own(plain(leaf)) for leaf in self.out])

    def backward(self) -> dict[str, Any] | None:
        """The gradient of each parameter, where the output is one real or complex scalar."""
        if len(self.out) != 1 or type(self.out[0]) is not Variable:
            return None
        output: Variable = self.out[0]
        if np.shape(output.value) != () or not carries_gradient(output.value):
            return None
        seeds = [(output.index, seed_for(output.value))]
        self.adjoints = sweep(self.rows, 0, len(self.rows), seeds)
        return {
            name: one.structure([None if row is None else self.gradient(row) for row in one.rows])
            for name, one in self.opened.items()
        }

    def gradient(self, i: int) -> Any:
        """The adjoint of a row as its node tells it; None where there is none (yet)."""
        value = self.rows[i][1]
        if self.adjoints is None or not carries_gradient(value):
            return None
        return gradient_like(self.adjoints[i], value)

    def _names(self, name: str, argument: Any) -> list[str]:
        """The nodes of a parameter."""
        all_names = leaf_names(argument, name)
        rows = self.opened[name].rows
        return [n for n, row in zip(all_names, rows, strict=True) if row is not None]
