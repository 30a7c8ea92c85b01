"""Complex values: conjugate, real, imag, angle; |z| and sign(z), of real z too; and np.emath.

The convention is JAX's: a vjp multiplies by the derivative and conjugates nothing, so that the
gradient of a real function u of z = x + iy is ∂u/∂x - i ∂u/∂y (for |z|² it is 2 conj(z)); step
against its conjugate to go downhill. A real operand has nothing to conjugate: these functions hand
it on, and leave no row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.inputs import of_numpy, plain
from graphtrace.core.primitive import SAFE, Code, Form, Notation, Primitive, called
from graphtrace.core.variable import (
    NUMPY,
    Variable,
    add_methods,
    decided,
    define,
    handles,
    operation,
    traced,
    unsupported,
)
from graphtrace.ops.arithmetic import nonzero, side
from graphtrace.ops.rows import numpy_row
from graphtrace.ops.shape import astype

# real and imag as parts of z: Re(G dz) is the change of the output, so that G is 1 for Re z and -i
# for Im z; for angle, Im(dz / z), it is -i/z.

conjugate = define(
    "conjugate",
    np.conjugate,
    vjps=(lambda g, y, z: np.conjugate(g),),
    notation=Notation(Form("conj($0)"), Form(r"\overline{$0}")),
)
real = define(
    "real", np.real, vjps=(lambda g, y, z: g,), notation=called("real", r"\operatorname{Re}")
)
imag = define(
    "imag", np.imag, vjps=(lambda g, y, z: -1j * g,), notation=called("imag", r"\operatorname{Im}")
)


def _angle_vjp(g: Any, y: Any, z: Any, *, deg: bool = False) -> Any:
    if not np.iscomplexobj(z):
        return None  # 0 or pi, and flat
    return g * (-1j / z) * (float(180 / np.pi) if deg else 1)


numpy_row(np.angle, _angle_vjp, notation=called("angle", r"\arg"))
_BARS = Notation(Form("abs($0)"), Form(r"\left|$0\right|"))
_absolute = Primitive(
    "absolute",
    operator.abs,
    partials=(lambda x, y: side(x),),
    is_operator=True,
    notation=_BARS,
    code=Code(lambda write, y, xs, params: Form(f"{write.call('abs')}($0)")),
)
_abs = operation(_absolute)
_of_numpy = replace(_absolute, name="np.absolute", forward=np.absolute, is_operator=False)
absolute = operation(replace(_of_numpy, code=SAFE))
modulus = define(
    "modulus",
    np.absolute,
    vjps=(lambda g, y, z: g * (np.conjugate(z) / nonzero(y)),),
    notation=_BARS,
)
sign = define("sign", np.sign, partials=(0,), notation=called("sign"))

# y = z / |z|, and 0 for 0, as NumPy 2 has it: dy is i y Im(conj(y) dz) / |z|.
phase = define(
    "phase",
    np.sign,
    vjps=(lambda g, y, z: 1j * np.conjugate(y) * (np.imag(g * y) / nonzero(np.absolute(z))),),
    notation=called("sign"),
)


def _same_row(z: Any) -> Any:
    """Another name for the same value: an in-place change of the copy leaves the original alone."""
    return Variable(z.tape, z.index, z.value) if type(z) is Variable else z


@handles(np.conjugate)
def _conjugate(z: Any, **how: Any) -> Any:
    if how:
        raise unsupported(f"np.conjugate with {next(iter(how))}=", (z,), "leave it out")
    return conjugate(z) if np.iscomplexobj(z) else _same_row(z)


@handles(np.real)
def _real(val: Any) -> Any:
    z = traced(val)
    return real(z) if np.iscomplexobj(z) else z


@handles(np.imag)
def _imag(val: Any) -> Any:
    z = traced(val)
    return imag(z) if np.iscomplexobj(z) else np.zeros(np.shape(z), z.dtype)[()]


def nearly_real(z: Any, *, tol: float) -> bool:
    """Whether np.real_if_close would make real numbers of it."""
    return bool(np.isrealobj(np.real_if_close(z, tol)))


@handles(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    """A decision by the value, remembered as one."""
    a = traced(a)
    return _real(a) if decided(partial(nearly_real, tol=tol), a) else a


add_methods(
    {
        "conjugate": _conjugate,
        "conj": _conjugate,
        "real": property(_real),
        "imag": property(_imag),
    }
)
for _question in (np.iscomplex, np.isreal):
    NUMPY[_question] = define(_question.__name__, _question)


def _by_kind(for_real: Callable[..., Any], for_complex: Callable[..., Any]) -> Callable[..., Any]:
    """One function, with a row for real operands and another one for complex operands."""

    def applied(z: Any, **how: Any) -> Any:
        return for_complex(z) if np.iscomplexobj(z) and not how else for_real(z, **how)

    return applied


NUMPY[np.absolute] = _by_kind(absolute, modulus)
NUMPY[np.sign] = _by_kind(sign, phase)
add_methods({"__abs__": _by_kind(_abs, modulus), "sign": NUMPY[np.sign]})

# np.emath: the functions that leave the real line where their domain ends.


def below_zero(x: Any) -> bool:
    """Whether an entry is less than 0."""
    return bool(np.any(x < 0))


def beyond_one(x: Any) -> bool:
    """Whether an entry is outside [-1, 1]."""
    return bool(np.any(abs(x) > 1))


def _complex_where(outside: Callable[[Any], bool], x: Any) -> Any:
    """`x` as complex numbers if one of its entries is real and outside the real domain."""
    x = traced(x)
    value = plain(x)
    if np.iscomplexobj(value) or not decided(outside, x):
        return x
    return astype(x, dtype=np.result_type(value, np.complex64))


def _extended(name: str, outside: Callable[[Any], bool]) -> None:
    function = getattr(np, name)
    NUMPY[getattr(np.emath, name)] = lambda x: function(_complex_where(outside, x))


for _name in ("sqrt", "log", "log2", "log10"):
    _extended(_name, below_zero)
for _name in ("arccos", "arcsin", "arctanh"):
    _extended(_name, beyond_one)

NUMPY[np.emath.logn] = lambda n, x: (
    np.log(_complex_where(below_zero, x)) / np.log(_complex_where(below_zero, n))
)


@handles(np.emath.power)
def _power(x: Any, p: Any) -> Any:
    """NumPy makes arrays of both, so that a Python number decides the precision as well."""
    p = traced(p)
    p = of_numpy(p) if type(p) is Variable else np.asarray(p)
    return np.power(_complex_where(below_zero, x), p)
