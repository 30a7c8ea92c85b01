"""OwnRules: the derivative rules that a user has written for a primitive, checked as they run.

In: functions or numbers, one for each operand. Out: the rules of a row
(see `graphtrace.core.primitive.Primitive`), whose results have a shape that fits, or an error that
names the rule and its line. Knows nothing of how the primitive is called or written.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from graphtrace.core.inputs import carries_gradient, defined_at, is_static, value_of
from graphtrace.core.primitive import Rule
from graphtrace.core.tape import Tape, activated
from graphtrace.core.variable import Variable, gather
from graphtrace.errors import ArgumentError
from graphtrace.ops.composed import pulled_back

Rules = Sequence[Rule | float | None] | Rule
OUTPUT = "_output"
"""The position of one of several outputs, among the params of its row."""


class OwnRules:
    """The rules of one primitive, and what they are for its row.

    `outputs` is the primitive itself: where it has several outputs, a row is of one of them, and a
    rule wants them all.
    """

    def __init__(self, name: str, operands: tuple[str, ...], outputs: Callable[..., Any]) -> None:
        self._name = name
        self._operands = operands
        self._outputs = outputs
        self._partials: list[_OwnRule | float | None] | None = None
        self._vjps: list[_OwnRule | None] | None = None
        self._jvps: list[_OwnRule | None] | None = None
        self.given: dict[str, Rules] = {}

    @property
    def is_elementwise(self) -> bool:
        """Whether the rules are partials."""
        return self._partials is not None

    def define(
        self, *, partials: Rules | None = None, vjp: Rules | None = None, jvp: Rules | None = None
    ) -> None:
        """Set those that are given; a vjp takes the place of partials."""
        if partials is not None and vjp is not None:
            raise ArgumentError(f"{self._name} has both partials and a vjp; give it one of them")
        if partials is not None:
            self._partials = self._checked(partials, "partials")
            self.given["partials"] = partials
        if vjp is not None:
            self._vjps, self._partials = self._checked(vjp, "vjp"), None
            self.given.pop("partials", None)
            self.given["vjp"] = vjp
        if jvp is not None:
            self._jvps = self._checked(jvp, "jvp")
            self.given["jvp"] = jvp

    def for_row(self) -> dict[str, Any]:
        """The rules as the fields of a Primitive."""
        partials = vjps = None
        if self._partials is not None:
            rules = self._partials
            partials = tuple([self._partial(r) if isinstance(r, _OwnRule) else r for r in rules])
        elif self._vjps is not None:
            vjps = tuple([rule and self._vjp(k, rule) for k, rule in enumerate(self._vjps)])
        elif self._jvps is not None:
            vjps = tuple([rule and self._transposed(k) for k, rule in enumerate(self._jvps)])
        jvp_each = None if self._jvps is None else self._jvp
        return {"partials": partials, "vjps": vjps, "jvp_each": jvp_each}

    def _checked(self, given: Rules, what: str) -> list[Any]:
        rules: list[Any] = [given] if callable(given) else list(given)
        if len(rules) != len(self._operands):
            raise ArgumentError(
                f"{self._name}({', '.join(self._operands)}) has "
                f"{_counted(self._operands, 'operand')} and got {_counted(rules, 'rule')} as its "
                f"{what}; give one for each, None where no gradient passes"
            )
        for rule in rules:
            is_number = what == "partials" and isinstance(rule, (int, float))
            if not (rule is None or callable(rule) or is_number):
                raise ArgumentError(f"a rule of {self._name} is {rule!r:.40}; give it a function")
        one = what.removesuffix("s")
        return [
            _OwnRule(rule, f"the {one} of {self._name} in {operand}") if callable(rule) else rule
            for rule, operand in zip(rules, self._operands, strict=True)
        ]

    def _partial(self, rule: _OwnRule) -> Rule:
        @functools.wraps(rule.function)
        def partial(*xs: Any, **params: Any) -> Any:
            d = rule.run(xs, params)
            shape = np.shape(value_of(xs[-1]))
            if np.shape(value_of(d)) not in ((), shape):
                rule.wrong_shape(d, f"the output has {shape}")
            return d

        return partial

    def _vjp(self, k: int, rule: _OwnRule) -> Rule:
        @functools.wraps(rule.function)
        def vjp(g: Any, y: Any, *xs: Any, **params: Any) -> Any:
            if not carries_gradient(xs[k]):
                return None
            gs, ys, params = self._whole(g, y, xs, params)
            c = rule.run((gs, ys, *xs), params)
            if c is not None and not _spreads(value_of(c), value_of(xs[k]), np.shape(value_of(y))):
                rule.wrong_shape(c, f"the operand has {np.shape(value_of(xs[k]))}")
            return c

        return vjp

    def _transposed(self, k: int) -> Rule:
        """The vjp that follows from the jvp, which is linear in the tangent."""

        def vjp(g: Any, y: Any, *xs: Any, **params: Any) -> Any:
            if not carries_gradient(xs[k]):
                return None
            zero = np.zeros_like(value_of(xs[k]))[()]
            return pulled_back(lambda t: self._jvp(k, t, y, *xs, **params), g, zero, (y, *xs))

        return vjp

    def _jvp(self, k: int, t: Any, y: Any, *xs: Any, **params: Any) -> Any:
        rule = self._jvps[k] if self._jvps is not None else None
        if rule is None:
            return None
        at = params.get(OUTPUT)
        _, ys, params = self._whole(None, y, xs, params)
        c = rule.run((t, ys, *xs), params, at)
        shape = np.shape(value_of(y))
        if c is None or np.shape(value_of(c)) == shape:
            return c
        if not _spreads(y, value_of(c), shape):
            rule.wrong_shape(c, f"the output has {shape}")
        return np.broadcast_to(c, shape)

    def _whole(
        self, g: Any, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """The adjoints, all outputs and the settings, for a row of one output among several."""
        if OUTPUT not in params:
            return g, y, params
        settings = dict(params)
        at = settings.pop(OUTPUT)
        ys = list(self._outputs(*xs, **settings))
        ys[at] = y
        gs = [np.zeros_like(value_of(each))[()] for each in ys]
        gs[at] = g
        return tuple(gs), tuple(ys), settings


class _OwnRule(NamedTuple):
    """One function of the user's; `name` is `the vjp of solve in b`."""

    function: Rule
    name: str

    def run(self, args: tuple[Any, ...], params: dict[str, Any], at: int | None = None) -> Any:
        """What the function returns, a number or an array; `at` picks one of several."""
        try:
            with activated(tape_of(args)):
                c = self.function(*map(handed, args), **params)
        except Exception as error:
            error.add_note(f"in {self._place()}")
            raise
        if at is not None and isinstance(c, tuple) and at < len(c):
            c = c[at]
        c = gather(c)
        if c is not None and not is_numeric(c):
            raise ArgumentError(
                f"{self._place()} returned a {type(c).__name__}; return a number or an array"
            )
        return c

    def wrong_shape(self, c: Any, wanted: str) -> NoReturn:
        """Raise ArgumentError for what the function has returned."""
        raise ArgumentError(
            f"{self._place()} returned shape {np.shape(c)} where {wanted}; return that shape"
        )

    def _place(self) -> str:
        """`the vjp of solve in b, rules.py line 12,`."""
        return ", ".join(filter(None, (self.name, defined_at(self.function)))) + ","


def tape_of(xs: Any) -> Tape | None:
    """The list that the traced values among `xs` are on."""
    for x in xs:
        tape = x.tape if type(x) is Variable else tape_of(x) if isinstance(x, tuple) else None
        if tape is not None:
            return tape
    return None


def handed(x: Any) -> Any:
    """A value that a function of the user's may change without harm."""
    if isinstance(x, np.ndarray):
        return x.copy(order="K")
    if isinstance(x, tuple):
        return tuple(map(handed, x))
    return copy.copy(x) if type(x) is Variable else x


def is_numeric(x: Any) -> bool:
    """Whether it is a number, a flag or an array of such, traced or not."""
    return not is_static(x) or isinstance(x, (bool, np.bool_))


def _spreads(wide: Any, narrow: Any, shape: tuple[int, ...]) -> bool:
    """Whether `wide` has the shape of `narrow`, or that `shape` which broadcasting gives it."""
    if np.shape(wide) == np.shape(narrow):
        return True
    try:
        return bool(np.shape(wide) == shape == np.broadcast_shapes(np.shape(narrow), shape))
    except ValueError:
        return False


def _counted(things: Sequence[Any], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
