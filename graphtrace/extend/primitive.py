r"""gt.primitive: a function of the user's own as one operation, with a derivative rule.

In: a function and its rules. Out: an `OwnPrimitive`, called as the function is, which records one
row for each of its outputs. Knows no operation by name.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable
from typing import Any, overload

import numpy as np

from graphtrace.core.inputs import carries_gradient, name_of, own, signature_of
from graphtrace.core.made import own_name
from graphtrace.core.primitive import Form, Primitive, Rule, call
from graphtrace.core.refusal import foreign
from graphtrace.core.tape import activated, here
from graphtrace.core.variable import (
    Variable,
    constant,
    failed,
    fixed,
    holds_variable,
    record,
    traced,
    unsupported,
)
from graphtrace.errors import ArgumentError, TraceError
from graphtrace.extend.notation import of_output, template
from graphtrace.extend.rules import OUTPUT, OwnRules, Rules, handed, is_numeric


@overload
def primitive(
    function: Callable[..., Any],
    /,
    *,
    partials: Rules | None = None,
    vjp: Rules | None = None,
    jvp: Rules | None = None,
    notation: str | tuple[str, str] | None = None,
) -> OwnPrimitive: ...
@overload
def primitive(
    *,
    partials: Rules | None = None,
    vjp: Rules | None = None,
    jvp: Rules | None = None,
    notation: str | tuple[str, str] | None = None,
) -> Callable[[Callable[..., Any]], OwnPrimitive]: ...
def primitive(
    function: Callable[..., Any] | None = None,
    /,
    *,
    partials: Rules | None = None,
    vjp: Rules | None = None,
    jvp: Rules | None = None,
    notation: str | tuple[str, str] | None = None,
) -> Any:
    r"""A function of your own as one operation, with a derivative rule of your own.

    It is called as before, and inside a traced function it is one node of the graph, with its
    formula and with its rule, printed, on the edges. What happens inside it is not traced, so
    anything may: a loop over entries, compiled code, a table.

    Its positional parameters are the operands, numbers or arrays; its keyword-only parameters are
    settings that no gradient passes. The rules have one entry for each operand, None where no
    gradient passes. They are written with operators and NumPy and are traced for the next order of
    derivative and for the formula on the edge. Each gets the settings by name, all of them.

    Args:
        function: The function. It returns a number or an array, or a tuple of them.
        partials: For an elementwise function, the derivative in each operand:
            `partial(*operands, y)`, where `y` is the output; or a number where it is constant.
        vjp: For any other, what the adjoint `g` of the output gives to each operand:
            `vjp(g, y, *operands)`, an array of the operand's shape (or of the output's, where the
            operand was broadcast to it). Of several outputs, `g` and `y` are tuples.
        jvp: What the tangent `t` of each operand adds to that of the output:
            `jvp(t, y, *operands)`, an array of the output's shape. With only this, reverse mode
            follows from it, and forward mode from any of the others.
        notation: How it is written, `"|$x|"`, with a `$` before each operand's name; or a pair of
            that and the LaTeX for it. By default a call.

    Returns:
        The operation. Its methods `defvjp` and `defjvp` give it the rules afterwards.

    Raises:
        ArgumentError: The number of rules is not that of the operands; when a derivative is taken,
            a rule returns another shape, or no number.
        NoDerivative: It is differentiated and has no rule.

    >>> import graphtrace as gt, numpy as np
    >>> @gt.primitive(partials=[lambda x, y: 1 - y**2])
    ... def squash(x):
    ...     return np.tanh(x)
    >>> graph = gt.trace(lambda x: 2 * squash(x), 0.0)
    >>> str(graph.edges["x", "v1", 0]["symbol"]), graph.backward()
    ('1 - v1**2', {'x': 2.0})

    >>> @gt.primitive
    ... def solve(A, b):
    ...     return np.linalg.solve(A, b)
    >>> solve.defvjp(
    ...     lambda g, x, A, b: -np.outer(np.linalg.solve(A.T, g), x),
    ...     lambda g, x, A, b: np.linalg.solve(A.T, g),
    ... )
    >>> gt.grad(lambda b: np.sum(solve(2 * np.eye(2), b)))(np.ones(2))
    array([0.5, 0.5])
    >>> gt.check_grads(solve, (2 * np.eye(2), np.ones(2)))
    """
    made = functools.partial(OwnPrimitive, partials=partials, vjp=vjp, jvp=jvp, notation=notation)
    return made if function is None else made(function)


class OwnPrimitive:
    """A user's function with derivative rules; see `primitive`. `row` is its Primitive."""

    __name__: str

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        partials: Rules | None = None,
        vjp: Rules | None = None,
        jvp: Rules | None = None,
        notation: str | tuple[str, str] | None = None,
    ) -> None:
        if not callable(function):
            raise ArgumentError(f"gt.primitive takes a function, not {function!r:.40}")
        functools.update_wrapper(self, function)
        self.name = name_of(function)
        self._function = function
        self._signature = signature_of(function)
        self.operands = _operand_names(self.name, self._signature)
        self._texts = texts = (notation, notation) if isinstance(notation, str) else notation
        self._notation = texts and [template(text, self.operands) for text in texts]
        self._rules = OwnRules(self.name, self.operands, self)
        self._rules.define(partials=partials, vjp=vjp, jvp=jvp)
        self.row = self._declared()

    def defvjp(self, *rules: Rule | None) -> None:
        """Set the vjp of each operand; see `primitive`."""
        self._rules.define(vjp=rules)
        self.row = self._declared()

    def defjvp(self, *rules: Rule | None) -> None:
        """Set the jvp of each operand; see `primitive`."""
        self._rules.define(jvp=rules)
        self.row = self._declared()

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        how: dict[str, Any] = {**self._rules.given, "notation": self._texts}
        made_by = functools.partial(OwnPrimitive, self._function, **how)
        return own_name(self) or (operator.call, (made_by,))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value; one row for each output where an operand is traced."""
        if not holds_variable(args) and not holds_variable(list(kwargs.values())):
            return self._function(*args, **kwargs)
        operands, params = self._split(args, kwargs)
        variables = [x for x in operands if type(x) is Variable]
        if not variables:  # only a setting was traced
            return self._function(*operands, **params)
        tape = variables[0].tape
        if any(x.tape is not tape for x in variables):
            raise foreign()
        if self.row.flat and any(map(carries_gradient, variables)):
            raise unsupported(
                self.name, operands, f"give it one, {self.name}.defvjp(...), or see gt.primitive"
            )
        values = tuple([x.value if type(x) is Variable else constant(x) for x in operands])
        parents = tuple([x.index if type(x) is Variable else -1 for x in operands])
        try:
            y = self._value(values, params)
        except Exception as error:
            failed(tape, self.row, values, parents, params, error)
            raise
        if not isinstance(y, tuple):
            return record(tape, self.row, y, values, parents, params)
        rows = [
            record(tape, self.row, each, values, parents, {**params, OUTPUT: i})
            for i, each in enumerate(y)
        ]
        return tuple(rows) if type(y) is tuple else type(y)(*rows)

    def _split(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """The operands and the settings of a call, defaults included."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        operands = [traced(x) for x in bound.args]
        return operands, {name: fixed(x) for name, x in bound.kwargs.items()}

    def _value(self, values: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What the function returns: numbers and arrays that nobody else holds."""
        output = params.get(OUTPUT)
        params = {name: x for name, x in params.items() if name != OUTPUT}
        with activated(None):
            y = self._function(*map(handed, values), **params)
        if not isinstance(y, tuple):
            return self._checked_value(y, values)
        if self._rules.is_elementwise:
            raise ArgumentError(f"{self.name} returns a tuple, so give it a vjp, not partials")
        if output is not None:
            return self._checked_value(y[output], values)
        each = [self._checked_value(one, values) for one in y]
        return tuple(each) if type(y) is tuple else type(y)(*each)

    def _checked_value(self, y: Any, values: tuple[Any, ...]) -> Any:
        where = here(sys._getframe(1))
        if holds_variable(y):
            raise TraceError(
                f"{where}: {self.name} returned a traced value, which it has from outside, by a "
                f"closure or a global; hand it over as an argument"
            )
        if not is_numeric(y):
            raise TraceError(
                f"{where}: {self.name} returned a {type(y).__name__}; return a number or an array, "
                f"or a tuple of them"
            )
        if self._rules.is_elementwise and np.shape(y) != _broadcast(values):
            raise ArgumentError(
                f"{where}: {self.name} has partials, which is for an elementwise function, and "
                f"returned shape {np.shape(y)} for operands of shape {_broadcast(values)}; give it "
                f"a vjp instead"
            )
        return own(y)

    def _declared(self) -> Primitive:
        function = self._function

        def forward(*values: Any, **params: Any) -> Any:
            return self._value(values, params)

        own = self._signature.parameters.values()
        settings = [p for p in own if p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
        output = inspect.Parameter(OUTPUT, inspect.Parameter.KEYWORD_ONLY)
        forward.__signature__ = inspect.Signature([output, *settings])  # type: ignore[attr-defined]
        return Primitive(
            f"{function.__module__}:{qualified_name(function)}",
            forward,
            **self._rules.for_row(),
            notation=self._written,
        )

    def _written(self, count: int, params: dict[str, Any], latex: bool) -> Form:
        output = params.get(OUTPUT)
        if self._notation is not None:
            form = self._notation[latex]
        else:
            form = call(self.name, count, latex, self._settings(params))
        return form if output is None else of_output(form, output, latex=latex)

    def _settings(self, params: dict[str, Any]) -> dict[str, Any]:
        """Those that are not the default."""
        defaults = self._signature.parameters
        return {
            name: x
            for name, x in params.items()
            if name != OUTPUT and not (name in defaults and defaults[name].default is x)
        }


def _operand_names(name: str, signature: inspect.Signature) -> tuple[str, ...]:
    names = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise ArgumentError(
                f"{name} takes *{parameter.name}, and a primitive has a rule for each operand; "
                f"give it a fixed number of them, or use gt.custom_vjp"
            )
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    if not names:
        raise ArgumentError(
            f"{name} has no positional parameter, so nothing to differentiate; give it one for "
            f"each operand"
        )
    return tuple(names)


def qualified_name(function: Callable[..., Any]) -> str:
    """Where a function is found in its module; a lambda is nowhere, and is called f."""
    name = name_of(function)
    return str(getattr(function, "__qualname__", name)).replace("<lambda>", name)


def _broadcast(values: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of the operands together; one that no output has where they do not fit."""
    try:
        return np.broadcast_shapes(*map(np.shape, values))
    except ValueError:
        return (-1,)
