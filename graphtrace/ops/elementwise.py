"""NumPy's elementwise functions, most of them ufuncs, with their local derivatives.

A ufunc with one result is one line in a table. A rule takes the operands and the output `y`; where
a kink or a tie has no derivative the value is JAX's: 1 for |x| at 0, half to each side of a tie.
Formulas: Abramowitz and Stegun, Handbook of Mathematical Functions, chapter 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import COMPARE, POWER, Form, Notation, Primitive, Rule, called
from graphtrace.core.variable import (
    NUMPY,
    add_methods,
    define,
    fixed,
    handles,
    operation,
    traced,
    unary,
    unsupported,
)
from graphtrace.ops.arithmetic import nonzero, power_db, real_power_da, side
from graphtrace.ops.compare import above, below, equal, greater, less
from graphtrace.ops.rows import numpy_row
from graphtrace.ops.stable import (
    cosine,
    gap,
    hypotenuse,
    is_complex,
    one_less_square,
    sech_squared,
    sigmoid,
)

_LN2 = float(np.log(2))
_LN10 = float(np.log(10))
_DEGREE = float(np.pi / 180)


def _exponential(base: str) -> Notation:
    return Notation(Form(f"exp{'' if base == 'e' else base}($0)"), Form(f"{base}^{{$0}}", POWER))


def _logarithm(base: str) -> Notation:
    return called(f"log{base}", rf"\log_{{{base}}}")


_SQRT = Notation(Form("sqrt($0)", board="√$0"), Form(r"\sqrt{$0}"))
_SQUARE = Notation(
    Form("$0**2", POWER, (POWER + 1,), board="$0^{2}"), Form("{$0}^{2}", POWER, (POWER + 1,))
)
_CEIL = Notation(Form("ceil($0)"), Form(r"\left\lceil $0 \right\rceil"))
_FLOOR = Notation(Form("floor($0)"), Form(r"\left\lfloor $0 \right\rfloor"))
_FABS = Notation(Form("fabs($0)"), Form(r"\left|$0\right|"))
_RECIPROCAL = Notation(Form("reciprocal($0)"), Form(r"\frac{1}{$0}", POWER, (COMPARE,)))


def _leg(x: Any, leg: Rule, y: Any) -> Any:
    """sqrt(1 - x**2); of complex x from the angle, which is on the right side of the cut."""
    return leg(y) if is_complex(x) else np.sqrt(one_less_square(x))


def _arctan_slope(x: Any, y: Any) -> Any:
    if is_complex(x):
        return 1 / (1 + 1j * x) / (1 - 1j * x)
    return (1 / hypotenuse(x)) ** 2


def _arcsinh_slope(x: Any, y: Any) -> Any:
    if is_complex(x):
        return 1 / np.sqrt(1 + 1j * x) / np.sqrt(1 - 1j * x)
    return 1 / hypotenuse(x)


def _over_square(a: Any, x: Any, y: Any) -> Any:
    """A / (x**2 + y**2), where neither square needs to be a number."""
    radius = np.hypot(x, y)
    return a / radius / radius


# NumPy's name, ∂y/∂x, the notation where it is not name(x).
_UNARY: list[tuple[str, Rule | float, Notation | None]] = [
    ("exp", lambda x, y: y, _exponential("e")),
    ("exp2", lambda x, y: _LN2 * y, _exponential("2")),
    ("expm1", lambda x, y: np.exp(x), None),
    ("log", lambda x, y: 1 / x, called("log", r"\log")),
    ("log2", lambda x, y: 1 / (_LN2 * x), _logarithm("2")),
    ("log10", lambda x, y: 1 / (_LN10 * x), _logarithm("10")),
    ("log1p", lambda x, y: 1 / (1 + x), None),
    ("sqrt", lambda x, y: 1 / (2 * y), _SQRT),
    ("cbrt", lambda x, y: 1 / (3 * y**2), Notation(Form("cbrt($0)"), Form(r"\sqrt[3]{$0}"))),
    ("square", lambda x, y: 2 * x, _SQUARE),
    ("reciprocal", lambda x, y: -(y**2), _RECIPROCAL),
    ("sin", lambda x, y: np.cos(x), called("sin", r"\sin")),
    ("cos", lambda x, y: -np.sin(x), called("cos", r"\cos")),
    ("tan", lambda x, y: 1 + y**2, called("tan", r"\tan")),
    ("arcsin", lambda x, y: 1 / _leg(x, np.cos, y), called("arcsin", r"\arcsin")),
    ("arccos", lambda x, y: -1 / _leg(x, np.sin, y), called("arccos", r"\arccos")),
    ("arctan", _arctan_slope, called("arctan", r"\arctan")),
    ("sinh", lambda x, y: np.cosh(x), called("sinh", r"\sinh")),
    ("cosh", lambda x, y: np.sinh(x), called("cosh", r"\cosh")),
    ("tanh", sech_squared, called("tanh", r"\tanh")),
    ("arcsinh", _arcsinh_slope, None),
    ("arccosh", lambda x, y: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)), None),
    ("arctanh", lambda x, y: 1 / one_less_square(x), None),
    ("deg2rad", _DEGREE, None),
    ("radians", _DEGREE, None),
    ("rad2deg", 1 / _DEGREE, None),
    ("degrees", 1 / _DEGREE, None),
    ("fabs", lambda x, y: side(x), _FABS),
    ("floor", 0, _FLOOR),
    ("ceil", 0, _CEIL),
    ("rint", 0, None),
    ("trunc", 0, None),
    ("spacing", 0, None),
]


# NumPy's name, ∂y/∂a, ∂y/∂b.
_BINARY: list[tuple[str, Rule | float, Rule | float]] = [
    ("maximum", lambda a, b, y: above(a, b), lambda a, b, y: below(a, b)),
    ("minimum", lambda a, b, y: below(a, b), lambda a, b, y: above(a, b)),
    (
        "fmax",
        lambda a, b, y: _left(greater, a, b),
        lambda a, b, y: np.logical_not(_left(greater, a, b)),
    ),
    (
        "fmin",
        lambda a, b, y: _left(less, a, b),
        lambda a, b, y: np.logical_not(_left(less, a, b)),
    ),
    (
        "arctan2",
        lambda a, b, y: _over_square(b, a, b),
        lambda a, b, y: -_over_square(a, a, b),
    ),
    ("hypot", lambda a, b, y: cosine(a, b, y), lambda a, b, y: cosine(b, a, y)),
    (
        "logaddexp",
        lambda a, b, y: sigmoid(gap(a, b)),
        lambda a, b, y: sigmoid(gap(b, a)),
    ),
    (
        "logaddexp2",
        lambda a, b, y: sigmoid(_LN2 * gap(a, b)),
        lambda a, b, y: sigmoid(_LN2 * gap(b, a)),
    ),
    ("fmod", 1, lambda a, b, y: -np.rint((a - y) / b)),
    ("copysign", lambda a, b, y: np.copysign(1.0, a) * np.copysign(1.0, b), 0),
    ("heaviside", 0, lambda a, b, y: equal(a, 0)),
    ("nextafter", 1, 0),
    ("float_power", lambda a, b, y: b * np.float_power(a, nonzero(b) - 1), power_db),
    ("ldexp", lambda a, b, y: np.exp2(b), lambda a, b, y: _LN2 * y),
]


# What is printed, where a rule computes the same in another way.
_FORMULAS: dict[str, tuple[Rule | None, ...]] = {
    "arctan": (lambda x, y: 1 / (1 + x**2),),
    "tanh": (lambda x, y: 1 - y**2,),
    "arcsinh": (lambda x, y: 1 / np.sqrt(1 + x**2),),
    "arccosh": (lambda x, y: 1 / np.sqrt(x**2 - 1),),
    "arctan2": (lambda a, b, y: b / (a**2 + b**2), lambda a, b, y: -a / (a**2 + b**2)),
    "logaddexp": (lambda a, b, y: np.exp(a - y), lambda a, b, y: np.exp(b - y)),
    "logaddexp2": (lambda a, b, y: np.exp2(a - y), lambda a, b, y: np.exp2(b - y)),
    "float_power": (real_power_da, None),
    "fmod": (None, lambda a, b, y: -np.trunc(a / b)),
}


def _left(better: Rule, a: Any, b: Any) -> Any:
    """Whether fmax or fmin takes `a`: it is better, or `b` is NaN. A tie goes to `b`, as in JAX."""
    return np.logical_or(better(a, b), np.isnan(b))


for _name, _partial, _notation in _UNARY:
    _ufunc = getattr(np, _name)
    _primitive = Primitive(
        _name,
        _ufunc,
        partials=(_partial,),
        formulas=_FORMULAS.get(_name, ()),
        notation=_notation or called(_name),
    )
    operation(_primitive, _ufunc)
    # np.exp of an array of objects calls the method exp of each object.
    add_methods({_name: unary(_primitive)})
for _name, _da, _db in _BINARY:
    _ufunc = getattr(np, _name)
    NUMPY[_ufunc] = define(_name, _ufunc, partials=(_da, _db), formulas=_FORMULAS.get(_name, ()))

# Steps, whose derivative is 0.

numpy_row(np.round, partials=(0,))
numpy_row(np.fix, partials=(0,))
NUMPY[np.around] = NUMPY[np.round]

# Python's round is exact where NumPy's multiplies and divides: round(8.705, 2) is 8.71, not 8.7.
_python_round = define(
    "builtins.round",
    round,
    partials=(0,),
    notation=lambda count, params, latex: Form(
        rf"\operatorname{{round}}\left($0, {params['ndigits']}\right)"
        if latex
        else f"round($0, {params['ndigits']})"
    ),
)
add_methods(
    {
        "__round__": lambda a, ndigits=None: (
            a._decide(round) if ndigits is None else _python_round(a, ndigits=fixed(ndigits))
        )
    }
)


# Ufuncs with two results: a row each.

_FRACTION = define("modf_fraction", lambda x: np.modf(x)[0], partials=(1,))
_WHOLE = define("modf_whole", lambda x: np.modf(x)[1], partials=(0,))
_MANTISSA = define(
    "frexp_mantissa",
    lambda x: np.frexp(x)[0],
    partials=(lambda x, y: np.ldexp(1.0, -np.frexp(plain(x))[1]),),
)
_EXPONENT = define("frexp_exponent", lambda x: np.frexp(x)[1])
NUMPY[np.modf] = lambda x: (_FRACTION(x), _WHOLE(x))
NUMPY[np.frexp] = lambda x: (_MANTISSA(x), _EXPONENT(x))

nan_to_num = define(
    "nan_to_num",
    lambda x, **how: np.nan_to_num(x, **how),
    partials=(lambda x, y, **how: np.isfinite(plain(x)),),
)


@handles(np.nan_to_num)
def _nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise unsupported("np.nan_to_num with copy=False", (x,), "write x = np.nan_to_num(x)")
    return nan_to_num(traced(x), nan=fixed(nan), posinf=posinf, neginf=neginf)
