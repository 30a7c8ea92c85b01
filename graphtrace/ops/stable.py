"""What local derivatives are made of, where the formula of a textbook overflows or cancels.

1 - tanh(x)**2 is 0 from x = 19 on and the derivative is not; x**2 is infinite from 1e154 on and
1/sqrt(1 + x**2) is not. So a rule is written with the rows of this module, which are right to some
last digits wherever the result is a number, in their own derivatives too; what a figure prints
stays the formula (`Primitive.formulas`). The last operand of some is a number that is at hand,
and takes no gradient: what it depends on does.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import (
    POWER,
    PRODUCT,
    SUM,
    Code,
    Form,
    Notation,
    Writer,
    called,
    infix,
)
from graphtrace.core.variable import Variable, define
from graphtrace.ops.as_python import by_kind


def is_complex(x: Any) -> bool:
    """Whether a value, traced or not, is complex; quick for a number."""
    return x.__class__ is not np.float64 and x.__class__ is not float and np.iscomplexobj(x)


def squares_fit(root: Any) -> Any:
    """Where no square over- or underflowed on the way to this root of a sum of squares.

    >>> squares_fit(np.sqrt(np.array([3.0, 1e-200]) ** 2))
    array([ True, False])
    """
    sizes, info = plain(root), np.finfo(np.result_type(plain(root)))
    return (sizes > np.sqrt(info.tiny / info.eps)) & (sizes < np.inf)


def unit_size(x: Any, root: Any, axis: Any, least: Any = 0.0) -> Any:
    """What to divide `x` by along `axis` so that its squares fit: 1 where those of `root` do."""
    size = np.max(np.abs(plain(x)), axis=axis, keepdims=True, initial=0)
    size = np.maximum(size, least)
    return np.where(squares_fit(root) | (size == 0), np.ones_like(size), size)


def _one_less_square(operand: str) -> Notation:
    return Notation(
        Form(f"1 - {operand}**2", SUM, (POWER + 1,)),
        Form(f"1 - {{{operand}}}^{{2}}", SUM, (POWER + 1,)),
    )


def _sech_squared(x: Any, y: Any) -> Any:
    if isinstance(y, float):  # a fifth of the time, and as good while nothing cancels
        return 1 - y * y if -0.9 < y < 0.9 else type(y)((1 / np.cosh(x)) ** 2)
    if np.iscomplexobj(y):
        return 1 - y**2
    if np.ndim(y) == 0:
        return (1 / np.cosh(x)) ** 2
    if np.size(y) >= _MANY and not _has_fast_cosh():
        return _of_many(x, y)
    return _secant_squared(x)


_MANY = 4096
"""From so many entries on it pays to tell apart those where nothing cancels."""


@functools.cache
def _has_fast_cosh() -> bool:
    """Whether NumPy computes several entries of cosh at a time on this machine.

    Then all take half of the time of telling them apart, and else eight times as much as exp.
    """
    from numpy.lib.introspect import opt_func_info

    loops = opt_func_info(func_name="^cosh$").get("cosh", {}).get("dd", {})
    return not loops.get("current", "baseline").startswith("baseline")


def _of_many(x: Any, y: Any) -> Any:
    """The same by `y` alone where |y| < 0.9, for a third of the time, if most entries are so.

    In place where it can be: to fetch memory for an array takes longer than to fill it.
    """
    slopes = y * y
    np.subtract(1, slopes, out=slopes)
    is_far = slopes < 1 - 0.9 * 0.9
    if np.count_nonzero(is_far) > slopes.size / 4 or not slopes.flags.c_contiguous:
        return _secant_squared(x)
    far = np.flatnonzero(is_far)
    slopes.reshape(-1)[far] = _secant_squared(x.take(far))
    return slopes


def _secant_squared(x: Any) -> Any:
    """`(1 / np.cosh(x)) ** 2` of an array."""
    secants = np.cosh(x)
    np.divide(1, secants, out=secants)
    return np.multiply(secants, secants, out=secants)


_as_python = by_kind(
    "(1 / {np}.cosh($0))**2",
    "{float}(1 - $1 * $1 if -0.9 < $1 < 0.9 else (1 / {np}.cosh($0))**2)",
)


def _sech_squared_written(write: Writer, y: Any, xs: tuple[Any, ...], params: Any) -> Form | None:
    return None if np.size(y) >= _MANY else _as_python(write, y, xs, params)


_sech_squared_row = define(
    "sech_squared",
    _sech_squared,
    partials=(lambda x, y, s: -2 * np.tanh(x) * s, 0),
    notation=_one_less_square("$1"),
    code=Code(_sech_squared_written, memory="own"),
)


def sech_squared(x: Any, y: Any) -> Any:
    """1 - tanh(x)**2, the slope of tanh, where `y` is tanh(x)."""
    return _sech_squared(x, y) if type(y) is not Variable else _sech_squared_row(x, y)


def _sigmoid(x: Any) -> Any:
    if isinstance(x, float):
        z = np.exp(-abs(x))
        return (1 if x >= 0 else z) / (1 + z)
    z = np.exp(-abs(np.asarray(x)))  # at most 1, so that nothing overflows
    return (np.where(np.asarray(x) >= 0, 1, z) / (1 + z))[()]


def sigmoid_slope(x: Any, y: Any) -> Any:
    """Y * (1 - y), where `y` is the sigmoid of x."""
    return sech_squared(x / 2, 2 * y - 1) / 4


def sigmoid_formula(x: Any, y: Any) -> Any:
    """The slope of the sigmoid as it is printed."""
    return y * (1 - y)


sigmoid = define(
    "sigmoid",
    _sigmoid,
    partials=(sigmoid_slope,),
    formulas=(sigmoid_formula,),
    notation=called("σ", r"\sigma"),
)


def _gap(a: Any, b: Any) -> Any:
    """A - b, and inf - inf is inf: the larger of two infinite numbers takes all, as in JAX."""
    if isinstance(a, float) and isinstance(b, float):
        return a - b if a < np.inf else a
    return np.where(np.asarray(a) == np.inf, np.inf, np.subtract(a, b))[()]


gap = define(
    "gap",
    _gap,
    partials=(1, -1),
    notation=infix(" - ", " - ", SUM, chains=False),
)


def _cosine(a: Any, b: Any, y: Any) -> Any:
    """Side a over hypotenuse y, of a and b; where both are 0, half, as in JAX 0.10."""
    if isinstance(y, float):
        return a / y if y else type(y)(0.5)
    return np.where(y == 0, 0.5, a / np.where(y == 0, 1, y))[()]


cosine: Callable[..., Any] = define(
    "cosine",
    _cosine,
    partials=(
        lambda a, b, y, c: cosine(b, a, y) * (cosine(b, a, y) / y),
        lambda a, b, y, c: -c * cosine(b, a, y) / y,
        0,
    ),
    notation=Notation(
        Form("$0/$2", PRODUCT, (PRODUCT, PRODUCT, PRODUCT + 1)), Form(r"\frac{$0}{$2}", PRODUCT)
    ),
)


def _hypotenuse(x: Any) -> Any:
    if isinstance(x, float):
        return type(x)(math.sqrt(1 + x * x)) if -1e150 < x < 1e150 else abs(x)
    return np.hypot(1.0, x)


hypotenuse = define(
    "hypotenuse",
    _hypotenuse,
    partials=(lambda x, y: x / y,),
    notation=Notation(
        Form("sqrt(1 + $0**2)", operands=(POWER + 1,)),
        Form(r"\sqrt{1 + {$0}^{2}}", operands=(POWER + 1,)),
    ),
    code=Code(
        by_kind(
            "{np}.hypot(1.0, $0)",
            "({math}.sqrt(1 + $0 * $0) if -1e150 < $0 < 1e150 else {abs}($0))",
        ),
        memory="own",
    ),
)

one_less_square = define(
    "one_less_square",
    lambda x: (1 - x) * (1 + x),
    partials=(lambda x, y: -2 * x,),
    notation=_one_less_square("$0"),
    code=Code(by_kind("((1 - $0) * (1 + $0))", "((1 - $0) * (1 + $0))"), memory="own"),
)
