"""Comparisons, logic, and all else that returns truth values or positions: flat, no gradient.

A comparison of scalars in the user's code is a plain truth value, Python's or NumPy's as without a
trace, and a remembered decision. The functions `greater`, `less` and `equal` of this module are for
derivative rules: they decide nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import of_numpy, plain
from graphtrace.core.primitive import (
    COMPARE,
    SAFE,
    SUM,
    Code,
    Form,
    Notation,
    Primitive,
    Writer,
)
from graphtrace.core.variable import NUMPY, add_methods, define, operation
from graphtrace.ops.operators import compare, comparison_operator


def _iverson(text: str, latex: str) -> Notation:
    """`[a > b]`: 1 where it holds and 0 where not."""
    operands = (COMPARE + 1,)
    return Notation(
        Form(f"[$0 {text} $1]", operands=operands), Form(f"[$0 {latex} $1]", operands=operands)
    )


# NumPy's name, Python's operator, how it is written.
_COMPARISONS: list[tuple[str, Callable[[Any, Any], Any], str, str]] = [
    ("less", operator.lt, "<", "<"),
    ("less_equal", operator.le, "<=", r"\leq"),
    ("greater", operator.gt, ">", ">"),
    ("greater_equal", operator.ge, ">=", r"\geq"),
    ("equal", operator.eq, "==", "="),
    ("not_equal", operator.ne, "!=", r"\neq"),
]


def _ordered(x: Any) -> Any:
    """A complex number of Python's, which has no order, as NumPy's, which has one."""
    return of_numpy(x) if type(plain(x)) is complex else x


def _of_ufunc(primitive: Primitive, test: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def compared(a: Any, b: Any) -> Any:
        holds = compare(primitive, test, _ordered(a), _ordered(b))
        return np.bool_(holds) if type(holds) is bool else holds

    return compared


_rules: dict[str, Callable[..., Any]] = {}
for _name, _test, _text, _latex in _COMPARISONS:
    _ufunc = getattr(np, _name)
    _code = Code(Form(f"$0 {_text} $1", COMPARE, (COMPARE + 1,)), "elementwise", memory="own")
    _primitive = Primitive(_name, _test, notation=_iverson(_text, _latex), code=_code)
    _rules[_name] = operation(_primitive)
    NUMPY[_ufunc] = _of_ufunc(_primitive, _test)
    add_methods({f"__{_test.__name__}__": comparison_operator(_primitive, _test)})


def _of_reals(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule, for real numbers: NumPy compares complex ones, but they have no order."""

    def compared(a: Any, b: Any) -> Any:
        if _is_complex(a) or _is_complex(b):
            raise TypeError("they have no order")
        return rule(a, b)

    return compared


def _is_complex(x: Any) -> bool:
    return type(x) is complex or getattr(x, "dtype", _BOOL).kind == "c"


_BOOL = np.dtype(bool)
equal = _rules["equal"]
greater, less = _of_reals(_rules["greater"]), _of_reals(_rules["less"])


def _sharing_ties(name: str, test: Callable[[Any, Any], Any], sign: str) -> Callable[..., Any]:
    """The row of a test that holds by half in a tie, as in JAX; for derivative rules."""

    def forward(a: Any, b: Any) -> Any:
        holds, is_tie = test(a, b), a == b
        if not isinstance(holds, np.ndarray):
            return holds + 0.5 * is_tie
        shares = holds.astype(float)
        if np.count_nonzero(is_tie):  # a third of the time of any()
            shares[is_tie] = 0.5
        return shares

    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: Any) -> Form | None:
        if not write.is_read and isinstance(y, np.ndarray):
            return None
        return Form(f"($0 {sign} $1) + 0.5 * ($0 == $1)", SUM, _OPERANDS)

    notation = Notation(
        Form(f"[$0 {sign} $1] + 0.5*[$0 == $1]", SUM, _OPERANDS),
        Form(f"[$0 {sign} $1] + 0.5 \\, [$0 = $1]", SUM, _OPERANDS),
    )
    code = Code(written, "elementwise", memory="own")
    return _of_reals(define(name, forward, notation=notation, code=code))


_OPERANDS = COMPARE + 1, COMPARE + 1
above = _sharing_ties("above", operator.gt, ">")
below = _sharing_ties("below", operator.lt, "<")


# Flat functions: their result is recorded, so that `forward` evaluates it again, and no gradient
# passes through it.
_FLAT = """
    isnan isinf isfinite isneginf isposinf signbit
    logical_and logical_or logical_not logical_xor
    bitwise_and bitwise_or bitwise_xor invert left_shift right_shift
    argwhere argpartition flatnonzero nanargmax nanargmin searchsorted digitize isclose isin
""".split()
# The shape of what these return follows from the operand's.
_SHAPED = "argmax argmin argsort count_nonzero all any".split()
for _name in (*_FLAT, *_SHAPED):
    _code = Code(static="shape") if _name in _SHAPED else SAFE
    NUMPY[getattr(np, _name)] = define(_name, getattr(np, _name), code=_code)

# Flat functions whose answer is a plain decision for the caller.
_DECISIONS: list[Any] = [np.allclose, np.array_equal, np.array_equiv]


def _decision(function: Callable[..., Any]) -> Callable[..., bool]:
    flat = define(function.__name__, function)
    return lambda *args, **kwargs: bool(flat(*args, **kwargs))


for _function in _DECISIONS:
    NUMPY[_function] = _decision(_function)


def _bitwise(test: Callable[[Any, Any], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """`mask & other` on arrays; on whole numbers, which are traced as floats, on their ints."""

    def method(a: Any, b: Any) -> Any:
        if np.result_type(a).kind == "f":
            return test(operator.index(a), b)
        return function(a, b)

    return method


for _dunder, _function in (
    ("and", np.bitwise_and),
    ("or", np.bitwise_or),
    ("xor", np.bitwise_xor),
    ("lshift", np.left_shift),
    ("rshift", np.right_shift),
):
    _test = getattr(operator, f"__{_dunder}__")
    _method = _bitwise(_test, _function)
    add_methods({f"__{_dunder}__": _method, f"__r{_dunder}__": lambda a, b, m=_method: m(b, a)})
add_methods({"__invert__": lambda a: np.invert(a)})
