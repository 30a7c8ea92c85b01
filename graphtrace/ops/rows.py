"""Rows for NumPy functions with vjps: `numpy_row`, and `each_output` where several arrays result.

In: the NumPy function and a vjp for each of its operands, which come first in its signature, or for
each of its outputs. Out: the function that applies the row. The handler that `numpy_row` registers
takes NumPy's positional and keyword arguments, leaves out those that say no more than the default,
and refuses `out`. Knows no operation by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from graphtrace.core.primitive import Form, Notation, Primitive, Rule, call
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, Variable, define, fixed, operation, record, traced

Arguments = tuple[list[Any], dict[str, Any]]


def numpy_row(
    function: Callable[..., Any],
    *vjps: Rule | None,
    partials: tuple[Rule | float | None, ...] | None = None,
    forward: Callable[..., Any] | None = None,
    notation: Notation | Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Declare the row of `function`, with a vjp or a partial for each operand, and its handler.

    A vjp is called as `vjp(g, y, *operands, **params)`, with only the params that the caller gave
    a value other than the default; the function returned applies the row in the same way.
    `forward` is what the row runs, if it is not the function itself.
    """
    rules = {"vjps": vjps} if partials is None else {"partials": partials}
    row = define(function.__name__, forward or function, **rules, notation=notation)
    split = arguments_of(function, len(partials or vjps))

    def handler(*args: Any, **kwargs: Any) -> Any:
        operands, params = split(args, kwargs)
        return row(*operands, **params)

    NUMPY[function] = handler
    return row


def arguments_of(
    function: Callable[..., Any], count: int
) -> Callable[[tuple[Any, ...], dict[str, Any]], Arguments]:
    """What sorts the arguments of a call into `count` operands and the params worth recording."""
    parameters = list(inspect.signature(function).parameters.values())
    names = [p.name for p in parameters]
    defaults = {p.name: p.default for p in parameters}

    def split(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        given = dict(zip(names, args, strict=False)) | kwargs
        no_out(function, given.pop("out", None))
        operands = [traced(given.pop(name)) for name in names[:count]]
        params = {k: fixed(x) for k, x in given.items() if not _is(x, defaults[k])}
        return operands, params

    return split


def _is(x: Any, default: Any) -> bool:
    return x is default or (type(x) is type(default) and isinstance(x, (int, str)) and x == default)


def each_output(
    function: Callable[..., Any],
    *vjps: Rule | None,
    notation: Notation | Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Declare the row of a function of one operand that returns several arrays.

    Each output is a row of the same operation with the param `output`, its position, and
    `vjps[output]` for its rule. NumPy is called once for all of them, and what is returned is
    the tuple of NumPy's own type.
    """

    def forward(a: Any, *, output: int, **params: Any) -> Any:
        return function(a, **params)[output]

    def vjp(g: Any, y: Any, a: Any, *, output: int, **params: Any) -> Any:
        rule = vjps[output]
        return None if rule is None else rule(g, y, a, **params)

    primitive = Primitive(function.__name__, forward, vjps=(vjp,), notation=notation)
    operation(primitive)

    def outputs(a: Any, **params: Any) -> Any:
        if type(a) is not Variable:
            return function(a, **params)
        results = function(a.value, **params)
        rows = [
            record(a.tape, primitive, y, (a.value,), (a.index,), {**params, "output": i})
            for i, y in enumerate(results)
        ]
        return type(results)(rows) if type(results) is tuple else type(results)(*rows)

    return outputs


def output_of(*names: str) -> Callable[[int, dict[str, Any], bool], Form]:
    """`eigh(A).eigenvalues`: one of the outputs of a function."""

    def notation(count: int, params: dict[str, Any], latex: bool) -> Form:
        function, *fields = names
        field = fields[params["output"]]
        form = call(function, count, latex, {})
        suffix = rf".\mathrm{{{field}}}" if latex else f".{field}"
        return form._replace(template=form.template + suffix)

    return notation
