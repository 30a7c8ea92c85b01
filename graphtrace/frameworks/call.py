"""A call of another framework's function as one row: its value and its derivatives are that call's.

In: a `Call`, which a framework makes of what the user's program called. Out: rows on the Wengert
list, one for each of its results. Knows no framework: a `Call` computes with NumPy arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

import numpy as np

from graphtrace.core.inputs import carries_gradient, of_numpy
from graphtrace.core.primitive import PRIMITIVES, Form, Primitive
from graphtrace.core.sweep import fit
from graphtrace.core.tape import Tape
from graphtrace.core.variable import Variable, record
from graphtrace.errors import TraceError
from graphtrace.frameworks.notation import STYLES, Style, called, one_of_several, written

OUTPUT = "output"
"""The position of one of several results, among the params of its row."""


class Call(ABC):
    """A function with all it was called with; where operands go, there is a `Slot`.

    Attributes:
        framework: "PyTorch" or "JAX".
        op: What the graph calls it, `linear`.
        args: What is written in the brackets, with a Slot for each operand.
        settings: What is written behind it, by name, as far as it is not the default.
    """

    framework: str
    op: str
    args: tuple[Any, ...]
    settings: Mapping[str, Any]

    @abstractmethod
    def value(self, xs: Sequence[Any]) -> list[Any]:
        """All its results for these operands."""

    @abstractmethod
    def vjp(self, output: int, g: Any, xs: Sequence[Any]) -> list[Any]:
        """What the adjoint `g` of one result gives to each operand; None where nothing."""

    @abstractmethod
    def jvp(self, output: int, k: int, t: Any, xs: Sequence[Any]) -> Any:
        """The tangent of one result for the tangent `t` of operand `k`; None where none."""

    def slope(self, k: int, y: Any, xs: Sequence[Any]) -> Any:
        """The derivative of each entry of `y`, where it depends on one entry of operand `k`."""
        spread = list(xs)
        if np.shape(xs[k]) != np.shape(y):
            spread[k] = np.broadcast_to(xs[k], np.shape(y)).copy()
        return self.vjp(0, np.ones_like(y), spread)[k]

    def __copy__(self) -> Call:
        return self

    def __deepcopy__(self, memo: Any) -> Call:
        return self

    def __reduce__(self) -> NoReturn:
        raise TraceError(
            f"{self.op} is a call of {self.framework}, which no file holds; keep the program and "
            f"trace it again"
        )


def add_rows(
    tape: Tape,
    call: Call,
    values: Sequence[Any],
    operands: Sequence[Any],
    parents: Sequence[int],
    flat: Sequence[bool],
) -> list[Variable]:
    """A row for each result of a call; `flat` says of each whether no gradient comes through."""
    style = STYLES.get(call.op, Style())
    rows = []
    for i, value in enumerate(values):
        params: dict[str, Any] = {"call": call}
        if len(values) > 1:
            params[OUTPUT] = i
        kind = "flat" if flat[i] else "whole"
        if style.elementwise and not flat[i] and len(values) == 1 and _spreads(value, operands):
            kind = "entries"
        has_rules = kind != "flat" and style.holds_for(call.settings, operands)
        row = _primitive(call.framework, call.op, len(operands), kind, has_rules)
        rows.append(record(tape, row, value, tuple(operands), tuple(parents), params))
    return rows


def are_same(before: Sequence[Any], now: Sequence[Any]) -> bool:
    """Whether they are the same operands, and not equal ones."""
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def _spreads(value: Any, operands: Sequence[Any]) -> bool:
    """Whether the value has the shape that broadcasting gives the operands."""
    try:
        return bool(np.broadcast_shapes(*map(np.shape, operands)) == np.shape(value))
    except ValueError:
        return False


@cache
def _primitive(framework: str, op: str, count: int, kind: str, has_rules: bool) -> Primitive:
    """The row of a function: the same for all its calls with so many operands."""
    name = f"{framework}.{op}"
    if kind == "flat":
        return Primitive(name, _forward, notation=_notation)
    printed = _printed(op, count, kind) if has_rules else ()
    if kind == "entries":
        partials = tuple(_partial(k) for k in range(count))
        return Primitive(name, _forward, partials=partials, formulas=printed, notation=_notation)
    vjps = tuple(_vjp(k) for k in range(count))
    return Primitive(name, _forward, vjps=vjps, jvp_each=_jvp, formulas=printed, notation=_notation)


def _printed(op: str, count: int, kind: str) -> tuple[Any, ...]:
    """What is printed in the place of rules that only the framework knows."""
    style = STYLES.get(op, Style())
    rules: tuple[Any, ...] = style.rules
    if not rules and style.row:
        row = PRIMITIVES[style.row].printed
        rules = (row.partials if kind == "entries" else row.vjps) or ()
    if len(rules) < count:
        return ()
    return tuple(_without_call(rule) for rule in rules[:count])


def _without_call(rule: Any) -> Any:
    """A rule of NumPy's, which takes none of the call's params."""
    if not callable(rule):
        return lambda *xs, call: rule
    return lambda *xs, call: rule(*xs)


def _forward(*xs: Any, call: Call, output: int | None = None) -> Any:
    return call.value(xs)[output or 0]


def _partial(k: int) -> Any:
    def partial(*xs_and_y: Any, call: Call) -> Any:
        *xs, y = xs_and_y
        return call.slope(k, y, xs) if carries_gradient(xs[k]) else None

    return partial


def _vjp(k: int) -> Any:
    def vjp(g: Any, y: Any, *xs: Any, call: Call, output: int | None = None) -> Any:
        if not carries_gradient(xs[k]):
            return None
        return call.vjp(output or 0, of_numpy(g), xs)[k]

    return vjp


def _jvp(k: int, t: Any, y: Any, *xs: Any, call: Call, output: int | None = None) -> Any:
    if not carries_gradient(xs[k]):
        return None
    return call.jvp(output or 0, k, fit(of_numpy(t), xs[k]), xs)


def _notation(count: int, params: dict[str, Any], latex: bool) -> Form:
    call: Call = params["call"]
    form = written(call.op, call.args, call.settings, latex)
    form = form or called(call.op, call.args, call.settings, latex)
    output = params.get(OUTPUT)
    if output is None:
        return form
    op, is_named = one_of_several(call.op, output)
    whole = called(op, call.args, call.settings, latex)
    index = f"_{{{output}}}" if latex else f"[{output}]"
    return whole if is_named else Form(whole.template + index)
