"""Polynomials by their coefficients, highest power first: np.polyval and its kin, np.vander."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Rule
from graphtrace.core.variable import NUMPY, define, fixed, handles, traced, unsupported
from graphtrace.ops.composed import composed


def _polyval_formula(p: Any, x: Any) -> Any:
    y = 0 * x
    for i in range(len(p)):
        y = y * x + p[i]
    return y


polyval = composed("polyval", np.polyval, _polyval_formula)
NUMPY[np.polyval] = lambda p, x: polyval(traced(p), traced(x))


def _coefficients(p: Any) -> Any:
    return np.atleast_1d(traced(p))


def _aligned(*polynomials: Any) -> list[Any]:
    """The coefficients of each with leading zeros to the same length."""
    each = [_coefficients(p) for p in polynomials]
    n = max(map(len, each))
    return [
        p if len(p) == n else np.concatenate([np.zeros(n - len(p), plain(p).dtype), p])
        for p in each
    ]


def _trimmed(p: Any) -> Any:
    return np.trim_zeros(_coefficients(p), "f")


def _at_least_zero(p: Any) -> Any:
    """The coefficients without leading zeros; those of the polynomial 0 are [0]."""
    trimmed = _trimmed(p)
    return trimmed if len(trimmed) else np.zeros(1)


NUMPY[np.polyadd] = lambda a1, a2: operator.add(*_aligned(a1, a2))
NUMPY[np.polysub] = lambda a1, a2: operator.sub(*_aligned(a1, a2))
NUMPY[np.polymul] = lambda a1, a2: np.convolve(_at_least_zero(a1), _at_least_zero(a2))


@handles(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    p = traced(p)
    for _ in range(fixed(m)):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@handles(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p, m = traced(p), fixed(m)
    constants = np.zeros(m) if k is None else np.atleast_1d(traced(k))
    if len(constants) == 1 and m > 1:
        constants = constants[0] * np.ones(m)
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), constants[i : i + 1]])
    return p


def _polydiv_formula(u: Any, v: Any, *, remainder: bool) -> Any:
    r, scale = u, 1 / v[0]
    quotient = []
    for k in range(len(u) - len(v) + 1):
        d = scale * r[k]
        quotient.append(d)
        before, after = np.zeros(k), np.zeros(len(u) - len(v) - k)
        r = r - np.concatenate([before, d * v, after])
    if not remainder:
        return np.stack(quotient) if quotient else np.zeros(1)
    whole = np.polydiv(plain(u), plain(v))[1]  # its length says how much was cut as rounding error
    return r[len(u) - len(whole) :] if quotient else r


def _polydiv_row(name: str, k: int) -> Rule:
    return composed(
        name,
        lambda u, v, *, remainder: np.polydiv(u, v)[k],
        _polydiv_formula,
    )


_QUOTIENT, _REMAINDER = _polydiv_row("polydiv_quotient", 0), _polydiv_row("polydiv_remainder", 1)
NUMPY[np.polydiv] = lambda u, v: (
    _QUOTIENT(_coefficients(u), _coefficients(v), remainder=False),
    _REMAINDER(_coefficients(u), _coefficients(v), remainder=True),
)


def _poly_formula(zeros: Any) -> Any:
    a = np.ones(1)
    for i in range(len(zeros)):
        a = np.concatenate([a, np.zeros(1)]) - np.concatenate([np.zeros(1), a * zeros[i]])
    return a


poly = composed("poly", np.poly, _poly_formula)


@handles(np.poly)
def _poly(seq_of_zeros: Any) -> Any:
    zeros = _coefficients(seq_of_zeros)
    return poly(np.linalg.eigvals(zeros) if np.ndim(zeros) == 2 else zeros)


def _roots_vjp(g: Any, y: Any, p: Any) -> Any:
    """A root moves by dr = -(sum of r^(n-j) dp_j) / p'(r), the implicit function theorem."""
    n = len(p) - 1
    powers = y[:, None] ** np.arange(n, -1, -1)
    slopes = np.reshape(powers[:, 1:] @ (p[:-1] * np.arange(n, 0, -1)), (-1,))
    adjoint = -((g / slopes) @ powers)
    return adjoint if np.iscomplexobj(p) or not np.iscomplexobj(adjoint) else np.real(adjoint)


roots = define("roots", np.roots, vjps=(_roots_vjp,))
NUMPY[np.roots] = lambda p: roots(_trimmed(p))


def _vander_formula(x: Any, *, N: int, increasing: bool) -> Any:
    powers = np.arange(N) if increasing else np.arange(N - 1, -1, -1)
    return x[:, None] ** powers


vander = composed(
    "vander", lambda x, *, N, increasing: np.vander(x, N, increasing), _vander_formula
)


@handles(np.vander)
def _vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    x = traced(x)
    return vander(x, N=len(x) if N is None else fixed(N), increasing=increasing)


def _polyfit_formula(x: Any, y: Any, *w: Any, deg: int, rcond: Any = None) -> Any:
    """The least squares solution, of the shortest length where there are several, as in NumPy."""
    A = x[:, None] ** np.arange(deg, -1, -1)
    b = y
    if w:
        A = A * w[0][:, None]
        b = y * (w[0][:, None] if np.ndim(y) == 2 else w[0])
    scale = np.sqrt(np.sum(A * A, axis=0))
    rcond = len(x) * np.finfo(np.result_type(x)).eps if rcond is None else rcond
    c = np.linalg.lstsq(A / scale, b, rcond)[0]
    return c / (scale[:, None] if np.ndim(y) == 2 else scale)


polyfit = composed(
    "polyfit",
    lambda x, y, *w, deg, **how: np.polyfit(x, y, deg, w=w[0] if w else None, **how),
    _polyfit_formula,
)


@handles(np.polyfit)
def _polyfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    if full or cov:
        raise unsupported("np.polyfit with full= or cov=", (x, y), "leave full= and cov= away")
    weights = () if w is None else (traced(w),)
    how = {} if rcond is None else {"rcond": fixed(rcond)}
    return polyfit(traced(x), traced(y), *weights, deg=fixed(deg), **how)
