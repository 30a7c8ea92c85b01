r"""gt.primitive: a function of the user's own as one operation, with a derivative rule.

In: a function and its rules. Out: an `OwnPrimitive`, called as the function is, which records one
row for each of its outputs. The rules are those of `graphtrace.primitive.Primitive`, with their
results checked. Knows no operation by name.
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, overload

import numpy as np

from graphtrace.errors import ArgumentError, TraceError
from graphtrace.inputs import carries_gradient, is_static, name_of, own, plain, signature_of
from graphtrace.ops.composed import pulled_back
from graphtrace.own_notation import call, of_output, template
from graphtrace.primitive import Form, Primitive, Rule
from graphtrace.refusal import foreign
from graphtrace.tape import Tape, activated, here
from graphtrace.variable import (
    Variable,
    constant,
    failed,
    fixed,
    gather,
    holds_variable,
    record,
    traced,
    unsupported,
)

Rules = Sequence[Rule | float | None] | Rule
_OUTPUT = "_output"  # the position of one of several outputs, among the params of its row


@overload
def primitive(function: Callable[..., Any], /) -> OwnPrimitive: ...
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
    if function is not None:
        return OwnPrimitive(function)
    return functools.partial(OwnPrimitive, partials=partials, vjp=vjp, jvp=jvp, notation=notation)


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
        if partials is not None and vjp is not None:
            raise ArgumentError(f"{self.name} has both partials and a vjp; give it one of them")
        texts = (notation, notation) if isinstance(notation, str) else notation
        self._notation = texts and [template(text, self.operands) for text in texts]
        self._partials = self._rules(partials, "partials")
        self._vjps = self._rules(vjp, "vjp")
        self._jvps = self._rules(jvp, "jvp")
        self.row = self._declared()

    def defvjp(self, *rules: Rule | None) -> None:
        """Set the vjp of each operand; see `primitive`."""
        self._vjps, self._partials = self._rules(rules, "vjp"), None
        self.row = self._declared()

    def defjvp(self, *rules: Rule | None) -> None:
        """Set the jvp of each operand; see `primitive`."""
        self._jvps = self._rules(rules, "jvp")
        self.row = self._declared()

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

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
            record(tape, self.row, each, values, parents, {**params, _OUTPUT: i})
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
        output = params.get(_OUTPUT)
        params = {name: x for name, x in params.items() if name != _OUTPUT}
        with activated(None):
            y = self._function(*map(_handed, values), **params)
        if not isinstance(y, tuple):
            return self._checked_value(y, values)
        if self._partials is not None:
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
        if is_static(y) and not isinstance(y, (bool, np.bool_)):
            raise TraceError(
                f"{where}: {self.name} returned a {type(y).__name__}; return a number or an array, "
                f"or a tuple of them"
            )
        if self._partials is not None and np.shape(y) != _broadcast(values):
            raise ArgumentError(
                f"{where}: {self.name} has partials, which is for an elementwise function, and "
                f"returned shape {np.shape(y)} for operands of shape {_broadcast(values)}; give it "
                f"a vjp instead"
            )
        return own(y)

    # The row.

    def _declared(self) -> Primitive:
        function = self._function
        name = f"{function.__module__}:{qualified_name(function)}"
        count = range(len(self.operands))
        partials = vjps = None
        if self._partials is not None:
            partials = tuple([self._partial(k) for k in count])
        elif self._vjps is not None:
            vjps = tuple([self._vjp(k) for k in count])
        elif self._jvps is not None:
            vjps = tuple([self._transposed(k) for k in count])
        return Primitive(
            name,
            lambda *values, **params: self._value(values, params),
            partials=partials,
            vjps=vjps,
            jvp_each=None if self._jvps is None else self._jvp,
            notation=self._written,
        )

    def _rules(self, given: Any, what: str) -> tuple[Any, ...] | None:
        if given is None:
            return None
        rules: tuple[Any, ...] = (given,) if callable(given) else tuple(given)
        if len(rules) != len(self.operands):
            raise ArgumentError(
                f"{self.name}({', '.join(self.operands)}) has {_counted(self.operands, 'operand')} "
                f"and got {_counted(rules, 'rule')} as its {what}; give one for each, None where "
                f"no gradient passes"
            )
        for rule in rules:
            is_number = what == "partials" and isinstance(rule, (int, float))
            if not (rule is None or callable(rule) or is_number):
                raise ArgumentError(f"a rule of {self.name} is {rule!r:.40}; give it a function")
        return rules

    def _partial(self, k: int) -> Any:
        rule = self._partials[k] if self._partials is not None else None
        if not callable(rule):
            return rule

        @functools.wraps(rule)
        def partial(*xs: Any, **params: Any) -> Any:
            d = self._run(rule, "partial", k, xs, params)
            y = xs[-1]
            if np.shape(plain(d)) not in ((), np.shape(plain(y))):
                self._wrong_shape("partial", k, rule, d, f"the output has {np.shape(plain(y))}")
            return d

        return partial

    def _vjp(self, k: int) -> Rule | None:
        rule = self._vjps[k] if self._vjps is not None else None
        if rule is None:
            return None

        @functools.wraps(rule)
        def vjp(g: Any, y: Any, *xs: Any, **params: Any) -> Any:
            if not carries_gradient(xs[k]):
                return None
            gs, ys, params = self._whole(g, y, xs, params)
            c = self._run(rule, "vjp", k, (gs, ys, *xs), params)
            if c is not None and not _spreads(plain(c), plain(xs[k]), np.shape(plain(y))):
                wanted = f"the operand has {np.shape(plain(xs[k]))}"
                self._wrong_shape("vjp", k, rule, c, wanted)
            return c

        return vjp

    def _transposed(self, k: int) -> Rule | None:
        """The vjp that follows from the jvp, which is linear in the tangent."""
        if self._jvps is None or self._jvps[k] is None:
            return None

        def vjp(g: Any, y: Any, *xs: Any, **params: Any) -> Any:
            if not carries_gradient(xs[k]):
                return None
            zero = np.zeros_like(plain(xs[k]))[()]
            return pulled_back(lambda t: self._jvp(k, t, y, *xs, **params), g, zero, (y, *xs))

        return vjp

    def _jvp(self, k: int, t: Any, y: Any, *xs: Any, **params: Any) -> Any:
        rule = self._jvps[k] if self._jvps is not None else None
        if rule is None:
            return None
        at = params.get(_OUTPUT)
        _, ys, params = self._whole(None, y, xs, params)
        c = self._run(rule, "jvp", k, (t, ys, *xs), params, at)
        shape = np.shape(plain(y))
        if c is None or np.shape(plain(c)) == shape:
            return c
        if not _spreads(y, plain(c), shape):
            self._wrong_shape("jvp", k, rule, c, f"the output has {shape}")
        return np.broadcast_to(c, shape)

    def _whole(
        self, g: Any, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """The adjoints, all outputs and the settings, for a row of one output among several."""
        if _OUTPUT not in params:
            return g, y, params
        settings = dict(params)
        at = settings.pop(_OUTPUT)
        ys = list(self(*xs, **settings))
        ys[at] = y
        gs = [np.zeros_like(plain(each))[()] for each in ys]
        gs[at] = g
        return tuple(gs), tuple(ys), settings

    def _run(
        self,
        rule: Rule,
        what: str,
        k: int,
        args: tuple[Any, ...],
        params: dict[str, Any],
        at: int | None = None,
    ) -> Any:
        """What a rule returns, a number or an array; `at` picks one of several."""
        try:
            with activated(tape_of(args)):
                c = rule(*map(_handed, args), **params)
        except Exception as error:
            error.add_note(f"in {self._place(what, k, rule)}")
            raise
        if at is not None and isinstance(c, tuple) and at < len(c):
            c = c[at]
        c = gather(c)
        if c is not None and is_static(c) and not isinstance(c, (bool, np.bool_)):
            raise ArgumentError(
                f"{self._place(what, k, rule)} returned a {type(c).__name__}; return a number or "
                f"an array"
            )
        return c

    def _place(self, what: str, k: int, rule: Rule) -> str:
        """`the vjp of solve in b, rules.py line 12`."""
        code = getattr(rule, "__code__", None)
        where = "" if code is None else f", {code.co_filename} line {code.co_firstlineno}"
        return f"the {what} of {self.name} in {self.operands[k]}{where},"

    def _wrong_shape(self, what: str, k: int, rule: Rule, c: Any, wanted: str) -> NoReturn:
        raise ArgumentError(
            f"{self._place(what, k, rule)} returned shape {np.shape(plain(c))} where {wanted}; "
            f"return that shape"
        )

    # The notation.

    def _written(self, count: int, params: dict[str, Any], latex: bool) -> Form:
        output = params.get(_OUTPUT)
        if self._notation is not None:
            form = self._notation[latex]
        else:
            form = call(self.name, count, self._settings(params), latex=latex)
        return form if output is None else of_output(form, output, latex=latex)

    def _settings(self, params: dict[str, Any]) -> str:
        """`, n=3` for those that are not the default."""
        defaults = self._signature.parameters
        return "".join(
            f", {name}={x}"
            for name, x in params.items()
            if name != _OUTPUT and not (name in defaults and defaults[name].default is x)
        )


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
        raise ArgumentError(f"{name} has no positional parameter, so nothing to differentiate")
    return tuple(names)


def qualified_name(function: Callable[..., Any]) -> str:
    """Where a function is found in its module; a lambda is nowhere, and is called f."""
    name = name_of(function)
    return str(getattr(function, "__qualname__", name)).replace("<lambda>", name)


def tape_of(xs: Any) -> Tape | None:
    """The list that the traced values among `xs` are on."""
    for x in xs:
        found = x.tape if type(x) is Variable else tape_of(x) if isinstance(x, tuple) else None
        if found is not None:
            return found
    return None


def _handed(x: Any) -> Any:
    """A value that a function of the user's may change without harm."""
    if isinstance(x, np.ndarray):
        return x.copy(order="K")
    if isinstance(x, tuple):
        return tuple(map(_handed, x))
    return copy.copy(x) if type(x) is Variable else x


def _spreads(wide: Any, narrow: Any, shape: tuple[int, ...]) -> bool:
    """Whether `wide` has the shape of `narrow`, or that `shape` which broadcasting gives it."""
    if np.shape(wide) == np.shape(narrow):
        return True
    try:
        return bool(np.shape(wide) == shape == np.broadcast_shapes(np.shape(narrow), shape))
    except ValueError:
        return False


def _broadcast(values: tuple[Any, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*map(np.shape, values))
    except ValueError:
        return (-1,)


def _counted(things: Sequence[Any], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
