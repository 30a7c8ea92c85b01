"""Norms and condition numbers: np.linalg.norm, vector_norm, matrix_norm and cond.

Each is one row, with the derivative of the formula that NumPy computes. Ties of a maximum share
equally; a norm that is a square root or another root has NaN at zero, as JAX has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Form, call
from graphtrace.ops.arithmetic import side
from graphtrace.ops.inverses import column_factor, inv_vjp
from graphtrace.ops.reduce import kept_shape
from graphtrace.ops.rows import numpy_row
from graphtrace.ops.shape import axes_of
from graphtrace.ops.stable import squares_fit

# `axes` is one axis, or two for a matrix norm; `g` and `y` have axes of length one there.


def _kept(g: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A reduced array with axes of length one in the place of `axes`."""
    return g if np.ndim(g) == 0 else np.reshape(g, kept_shape(x, axes))


def _direction(x: Any) -> Any:
    """The derivative of |x|: the sign, conjugated for a complex value, and 1 at a real zero."""
    return np.conjugate(np.sign(x)) if np.iscomplexobj(x) else side(x)


def _share(x: Any, axes: tuple[int, ...], of_largest: bool) -> Any:
    """1 where `x` is the largest (or smallest) along `axes`, shared equally where several are."""
    extreme = np.max if of_largest else np.min
    chosen = plain(x) == extreme(plain(x), axis=axes, keepdims=True)
    return chosen / np.sum(chosen, axis=axes, keepdims=True)


def _of_ordinary_size(x: Any, y: Any, axes: tuple[int, ...], ord: Any) -> tuple[Any, Any]:
    """An array and its norm, or where squares over- or underflow in it, of a multiple of it.

    The slopes of a norm are the same for all multiples.
    """
    if np.all(squares_fit(y)):
        return x, y
    x = x / np.max(np.abs(plain(x)), axis=axes, keepdims=True, initial=0)
    powers = np.abs(x) ** (ord or 2)
    return x, np.sum(powers, axis=axes, keepdims=True) ** (1 / (ord or 2))


def _vector_norm(g: Any, y: Any, x: Any, axes: tuple[int, ...], ord: Any) -> Any:
    if ord is None or ord == 2:
        x, y = _of_ordinary_size(x, y, axes, ord)
        return g * (np.conjugate(x) / y)
    if ord == 1:
        return g * _direction(x)
    if ord == 0:
        return None
    if abs(ord) == np.inf:
        return g * _direction(x) * _share(np.abs(x), axes, ord > 0)
    x, y = _of_ordinary_size(x, y, axes, ord)
    return g * _direction(x) * (np.abs(x) / y) ** (ord - 1)


def _matrix_norm(g: Any, y: Any, x: Any, axes: tuple[int, ...], ord: Any) -> Any:
    if ord is None or ord in ("fro", "f"):
        x, y = _of_ordinary_size(x, y, axes, None)
        return g * (np.conjugate(x) / y)
    if ord in ("nuc", 2, -2):
        moved = np.moveaxis(x, axes, (-2, -1))
        u, s, vh = np.linalg.svd(moved, full_matrices=False)
        weights = 1.0
        if ord != "nuc":
            weights = column_factor(_share(s, (-1,), ord > 0).astype(np.result_type(y)))
        return g * np.moveaxis(np.conjugate((u * weights) @ vh), (-2, -1), axes)
    along = axes[0] if abs(ord) == 1 else axes[1]
    sums = np.sum(np.abs(x), axis=along, keepdims=True)
    return g * _direction(x) * _share(sums, axes, ord > 0)


def _norm_vjp(
    g: Any, y: Any, x: Any, *, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Any:
    axes = axes_of(axis, np.ndim(x))
    g, y = _kept(g, x, axes), _kept(y, x, axes)
    is_matrix = len(axes) == 2 and not (axis is None and ord is None)
    return (_matrix_norm if is_matrix else _vector_norm)(g, y, x, axes, ord)


def _vector_norm_vjp(
    g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    axes = axes_of(axis, np.ndim(x))
    return _vector_norm(_kept(g, x, axes), _kept(y, x, axes), x, axes, ord)


def _matrix_norm_vjp(g: Any, y: Any, x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return _norm_vjp(g, y, x, ord=ord, axis=(-2, -1))


def _norm_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    if not latex:
        given = {name: params.get(name) for name in ("ord", "axis")}
        quoted = {name: repr(x) if isinstance(x, str) else x for name, x in given.items()}
        return call("norm", count, latex, quoted)
    ord = {None: "", np.inf: r"_{\infty}", "fro": "_{F}", "nuc": "_{*}"}.get(
        params.get("ord"), f"_{{{params.get('ord')}}}"
    )
    return Form(rf"\left\|$0\right\|{ord}")


numpy_row(np.linalg.norm, _norm_vjp, notation=_norm_form)
numpy_row(np.linalg.vector_norm, _vector_norm_vjp, notation=_norm_form)
numpy_row(np.linalg.matrix_norm, _matrix_norm_vjp, notation=_norm_form)


def _cond_vjp(g: Any, y: Any, x: Any, *, p: Any = None) -> Any:
    """Of s[0] / s[-1], or of norm(x) * norm(inv(x))."""
    if p is None or p in (2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        first, last = (0, -1) if p != -2 else (-1, 0)
        weights = [0.0 * s[..., 0]] * np.shape(s)[-1]
        weights[last] = weights[last] - g * y / s[..., last]
        weights[first] = weights[first] + g / s[..., last]
        return np.conjugate((u * column_factor(np.stack(weights, axis=-1))) @ vh)
    inverse = np.linalg.inv(x)
    axes = axes_of((-2, -1), np.ndim(x))
    own, other = (np.linalg.norm(m, p, axis=(-2, -1), keepdims=True) for m in (x, inverse))
    g = _kept(g, x, axes)
    through = _matrix_norm(g * own, other, inverse, axes, p)
    return _matrix_norm(g * other, own, x, axes, p) + inv_vjp(through, inverse, x)


numpy_row(np.linalg.cond, _cond_vjp)
