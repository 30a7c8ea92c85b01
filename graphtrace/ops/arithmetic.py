"""The operators of Python: arithmetic, with their elementwise local derivatives.

A rule takes the operands and the output `y`. Ties and kinks follow JAX.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from graphtrace.core.inputs import of_numpy, plain, value_of
from graphtrace.core.primitive import (
    ATOM,
    COMPARE,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Code,
    Form,
    Notation,
    Primitive,
    Rule,
    infix,
)
from graphtrace.core.variable import Variable, add_methods, define, handles, operation, unary
from graphtrace.core.whole import STEPWISE
from graphtrace.ops.as_python import by_kind, operator_form
from graphtrace.ops.operators import binary_operator, inplace_operator


def _nonzero(a: Any) -> Any:
    """1 in the place of 0. So x**0 and 0**x are differentiated without 0/0 or log(0), as in JAX."""
    return np.where(a == 0, 1, a) if isinstance(a, np.ndarray) else (a or type(a)(1))


nonzero = define(
    "nonzero",
    _nonzero,
    partials=(lambda a, y: a != 0,),
    notation=Notation(Form("$0", ATOM, (ATOM,)), Form("$0", ATOM, (ATOM,))),
    code=Code(by_kind("{np}.where($0 == 0, 1, $0)", "($0 or 1.0)")),
)


def _side(x: Any) -> Any:
    """The slope of |x|: 1 on the right and at 0, -1 on the left, as in JAX."""
    return np.where(x >= 0, 1, -1) if isinstance(x, np.ndarray) else 1.0 if x >= 0 else -1.0


side = define(
    "side",
    _side,
    notation=Notation(Form("sign($0)"), Form(r"\operatorname{sign}($0)")),
    code=Code(by_kind("{np}.where($0 >= 0, 1, -1)", "(1.0 if $0 >= 0 else -1.0)")),
)


def power_da(a: Any, b: Any, y: Any) -> Any:
    """∂(a**b)/∂a, and 0 for b = 0 whatever a is."""
    if type(b) in (int, float) and b:  # nearly every power; the guard below costs 1 us
        return b * a ** (b - 1)
    return b * a ** (nonzero(b) - 1)


def real_power_da(a: Any, b: Any, y: Any) -> Any:
    """The same for NumPy's power: of a number below 0 a root is NaN, where Python's is complex."""
    return power_da(of_numpy(a) if type(value_of(a)) is float and plain(a) < 0 else a, b, y)


def _power_slope_da(a: Any, b: Any, y: Any, d: Any) -> Any:
    return power_da(a, b, y) * np.log(nonzero(a)) + nonzero(a) ** (b - 1) * (a != 0)


power_slope = define(
    "power_slope",
    lambda a, b, y: y * np.log(_nonzero(a)),
    partials=(_power_slope_da, lambda a, b, y, d: d * np.log(nonzero(a)), 0),
    notation=Notation(
        Form("$2*log($0)", PRODUCT, (COMPARE, COMPARE, PRODUCT)),
        Form(r"$2 \, \log\left($0\right)", PRODUCT, (COMPARE, COMPARE, PRODUCT)),
    ),
    code=Code(
        by_kind("($2 * {np}.log({np}.where($0 == 0, 1, $0)))", "($2 * {np}.log($0 or 1.0))"),
        memory="own",
    ),
)


def power_db(a: Any, b: Any, y: Any) -> Any:
    """∂(a**b)/∂b, where `y` is the power; 0 for a = 0."""
    if type(a) is Variable:  # a slope in `a` again: y / a would be lost where y is 0
        return power_slope(a, b, y)
    return y * np.log(nonzero(a))


FRACTION = Notation(
    Form("$0/$1", PRODUCT, (PRODUCT, PRODUCT + 1)),
    Form(r"\frac{$0}{$1}", PRODUCT, (COMPARE,)),
)
_FLOORED = Notation(
    Form("$0//$1", PRODUCT, (PRODUCT, PRODUCT + 1)),
    Form(r"\left\lfloor \frac{$0}{$1} \right\rfloor"),
)
_POWER = Notation(
    Form("$0**$1", POWER, (POWER + 1, POWER), board="$0^{$1}"),
    Form("{$0}^{$1}", POWER, (POWER + 1, COMPARE)),
)


def _sign(sign: str) -> Notation:
    form = Form(f"{sign}$0", SIGN, (SIGN,))
    return Notation(form, form)


# NumPy's name, the name of Python's method, the operator, the partials, the notation.
_BINARY: list[tuple[str, str, Rule, tuple[Any, Any], Notation]] = [
    ("add", "add", operator.add, (1, 1), infix(" + ", " + ", SUM)),
    ("subtract", "sub", operator.sub, (1, -1), infix(" - ", " - ", SUM, chains=False)),
    (
        "multiply",
        "mul",
        operator.mul,
        (lambda a, b, y: b, lambda a, b, y: a),
        infix("*", r" \, ", PRODUCT),
    ),
    (
        "divide",
        "truediv",
        operator.truediv,
        (lambda a, b, y: 1 / b, lambda a, b, y: -y / b),
        FRACTION,
    ),
    ("floor_divide", "floordiv", operator.floordiv, (0, 0), _FLOORED),
    (
        "remainder",
        "mod",
        operator.mod,
        (1, lambda a, b, y: -(a // b)),
        infix(" % ", r" \bmod ", PRODUCT, chains=False),
    ),
    (
        "power",
        "pow",
        operator.pow,
        (power_da, power_db),
        _POWER,
    ),
]
_UNARY: list[tuple[str, str, Rule, Any, Notation]] = [
    ("negative", "neg", operator.neg, -1, _sign("-")),
    ("positive", "pos", operator.pos, 1, _sign("+")),
]


# Where a 1 changes nothing.
_UNITS: dict[str, Literal["right", "both"]] = {
    "multiply": "both",
    "divide": "right",
    "power": "right",
}


def _declare(name: str, forward: Rule, partials: tuple[Any, ...], notation: Notation) -> Primitive:
    """The row of the operator, and its twin of the ufunc.

    They differ on Python floats: 1 / 0.0 raises where np.divide gives inf, and the traced function
    must do what the plain one does.
    """
    ufunc = getattr(np, name)
    code = Code(operator_form(notation.text), memory="own", unit=_UNITS.get(name, ""))
    primitive = Primitive(
        name, forward, partials=partials, is_operator=True, notation=notation, code=code
    )
    operation(primitive)
    twin = replace(primitive, code=code._replace(python=None))
    of_ufunc = (real_power_da, partials[1]) if ufunc is np.power else partials
    operation(
        replace(twin, name=f"np.{name}", forward=ufunc, partials=of_ufunc, is_operator=False), ufunc
    )
    return primitive


def _of_ints_too(method: Callable[..., Any]) -> Callable[..., Any]:
    """`%` or `//`, where the last digit of an int decides; it is refused if the floats lack it."""

    def stepwise(a: Variable, b: Any) -> Any:
        result = method(a, b)
        if a.tape.whole:
            a.tape.require_whole(sys._getframe(1))
        return result

    return stepwise


for _name, _dunder, _forward, _partials, _notation in _BINARY:
    _method, _reflected = binary_operator(_declare(_name, _forward, _partials, _notation))
    if _name in STEPWISE:
        _method, _reflected = _of_ints_too(_method), _of_ints_too(_reflected)
    add_methods(
        {
            f"__{_dunder}__": _method,
            f"__r{_dunder}__": _reflected,
            f"__i{_dunder}__": inplace_operator(_method),
        }
    )
for _name, _dunder, _forward, _partial, _notation in _UNARY:
    _primitive = _declare(_name, _forward, (_partial,), _notation)
    add_methods({f"__{_dunder}__": unary(_primitive)})


@handles(np.divmod)
def _divmod(a: Any, b: Any) -> Any:
    return a // b, a % b


add_methods({"__divmod__": _divmod, "__rdivmod__": lambda a, b: _divmod(b, a)})
