"""Recording: what a trace leaves, the Wengert list with its inputs and its outputs.

In: a function and its arguments. Out: the list of its operations, opened arguments and what it
returned; the value and the gradients, as long as no graph has been made of it. Knows no names of
nodes and no graph.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from graphtrace.core.float_warnings import at_the_users_line
from graphtrace.core.inputs import (
    Opened,
    bind,
    call,
    carries_gradient,
    close_output,
    gradient_like,
    is_static,
    name_of,
    open_tree,
    own,
    seed_for,
    signature_of,
    unbind,
    value_of,
)
from graphtrace.core.pytree import leaf_names
from graphtrace.core.sweep import sweep
from graphtrace.core.tape import Tape, recording
from graphtrace.core.variable import Variable, holds_variable
from graphtrace.errors import ArgumentError


class Recording:
    """What a trace leaves: the Wengert list, its inputs and its outputs."""

    weights: Collection[str] = ()
    """The inputs that are parameters of modules."""

    is_located = True
    """Whether somebody reads where in the source a row was made."""

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
        self.constants = _constants_of(f) if self.is_located else {}
        self.rows = tape.rows
        self.lastis = tape.lastis or []
        self.scopes = tape.scopes
        self.guards = tape.guards
        self.given_names = tape.given_names
        self.given_scopes = tape.given_scopes
        self.opened = opened
        self.input_names = [n for name, arg in arguments.items() for n in self._names(name, arg)]
        self.out, self.structure = close_output(out, tape, f)
        self.out_names = self._names_of_results(out)
        self.adjoints: list[Any] | None = None

    def value(self) -> Any:
        """What the function returned."""
        return self.structure([own(value_of(leaf)) for leaf in self.out])

    def backward(self) -> dict[str, Any] | None:
        """The gradient of each parameter, where the output is one real or complex number."""
        if len(self.out) != 1 or type(self.out[0]) is not Variable:
            return None
        output: Variable = self.out[0]
        if np.size(output.value) != 1 or not carries_gradient(output.value):
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

    def _names_of_results(self, out: Any) -> list[str]:
        """What the leaves of the result are called, where nothing else is."""
        return leaf_names(out, self.name)


def _constants_of(f: Callable[..., Any]) -> dict[str, float]:
    """The numbers that the function reads by name and that are no variables of its own.

    So do the functions of its module that it calls, where it has no other number of that name.
    """
    if getattr(f, "__code__", None) is None:
        return {}
    constants: dict[str, float] = {}
    module = f.__globals__
    functions: list[Any] = [f]
    known = {f.__code__}
    for function in functions:
        for name, x in _outside(function, module):
            if type(x) in (int, float):
                constants.setdefault(name, x)
            elif type(x) is FunctionType and x.__globals__ is module and x.__code__ not in known:
                functions.append(x)
                known.add(x.__code__)
    return constants


def _outside(function: Any, module: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the function reads of its module and of the functions around it, by name."""
    codes = [function.__code__]
    for code in codes:
        yield from ((name, module[name]) for name in code.co_names if name in module)
        codes += (one for one in code.co_consts if type(one) is CodeType)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is not yet assigned to
            continue


def recorded(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    is_fixed: Callable[[Any], bool] = is_static,
    kind: type[Recording] = Recording,
) -> Recording:
    """What `f(*args, **kwargs)` leaves; leaves of the arguments that `is_fixed` are constants."""
    arguments = bind(f, args, kwargs)
    for name, argument in arguments.items():
        if holds_variable(argument):
            raise ArgumentError(
                f"parameter {name} of {name_of(f)}() is traced already; gt.trace takes plain "
                f"values, and gt.grad is what can be used inside a traced function"
            )
    how = {"locate": kind.is_located, "decide": True, "nested": False}
    with recording(**how) as (tape, _), at_the_users_line():
        opened = {
            name: open_tree(tape, argument, partial(str, name), is_fixed)
            for name, argument in arguments.items()
        }
        positional, keywords = unbind(f, {name: one.tree for name, one in opened.items()})
        out = call(tape, f, positional, keywords)
        return kind(f, tape, arguments, opened, out)
