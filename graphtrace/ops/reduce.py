"""Reductions: sum, mean, max, min, prod, var, std. A tie shares the gradient equally."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import COMPARE, PRODUCT, Code, Form, Notation, Writer, Written
from graphtrace.core.variable import define
from graphtrace.ops.as_python import by_method
from graphtrace.ops.shape import axes_of, merged
from graphtrace.ops.stable import squares_fit

_SMALL = 1000


def kept_shape(a: Any, axis: Any) -> tuple[int, ...]:
    """The shape of a reduction over `axis` with keepdims."""
    shape = np.shape(a)
    if axis is None:
        return (1,) * len(shape)
    axes = {i % (len(shape) or 1) for i in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _spread(g: Any, a: Any, axis: Any) -> Any:
    """Copy the adjoint (or the output) of a reduction to all the entries that went into it."""
    if axis is not None:
        g = np.reshape(g, kept_shape(a, axis))
    elif np.ndim(g):  # with keepdims
        g = np.reshape(g, ())
    if type(a) is np.ndarray and a.size < _SMALL and isinstance(g, float):
        return np.full(a.shape, g)  # np.broadcast_to takes 3 us
    return np.broadcast_to(g, np.shape(a))


def _count(a: Any, axis: Any) -> int:
    if axis is None:
        return int(np.size(a))
    return int(np.size(a)) // max(math.prod(kept_shape(a, axis)), 1)


def _tie_shares(a: Any, y: Any, *, axis: Any) -> Any:
    """1 for an entry that is `y`, 0 for the others; equal ones share."""
    chosen = np.equal(a, y).astype(float)  # NumPy adds and divides truth values in half of the pace
    return chosen / np.add.reduce(chosen, axis=axis, keepdims=True)


_tie_shares_row = define(
    "tie_shares",
    _tie_shares,
    notation=Notation(
        Form(
            "[$0 == $1]/sum([$0 == $1]$*, keepdims=True)",
            PRODUCT,
            (COMPARE + 1,),
            "[$0 == $1]/sum([$0 == $1]$*)",
        ),
        Form(
            r"\left[$0 = $1\right] / \operatorname{sum}\left(\left[$0 = $1\right]$*\right)",
            PRODUCT,
            (COMPARE + 1,),
        ),
    ),
    code=Code(static="shape", memory="own"),
)


def _extreme_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool) -> Any:
    shares = _tie_shares_row(a, np.reshape(y, kept_shape(a, axis)), axis=axis)
    return _spread(g, a, axis) * shares


def _prod_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool) -> Any:
    size = np.abs(plain(y))
    if np.all((size > np.finfo(np.result_type(size, 0.0)).tiny) & (size < np.inf)):
        return _spread(g * y, a, axis) / a
    return _spread(g, a, axis) * _product_of_others(a, axis)


def _product_of_others(a: Any, axis: Any) -> Any:
    """For each entry the product of the rest, without dividing: right where one is 0 or inf."""
    ndim = np.ndim(a)
    axes = axes_of(axis, ndim)
    order = tuple(i for i in range(ndim) if i not in axes) + axes
    moved = np.transpose(a, order)
    rows = merged(moved, ndim - len(axes))
    others = _products_before(rows) * np.flip(_products_before(np.flip(rows, -1)), -1)
    return np.transpose(np.reshape(others, np.shape(moved)), np.argsort(order))


def _products_before(rows: Any) -> Any:
    """For each entry of a row the product of those before it."""
    first = np.ones_like(plain(rows)[..., :1])
    return np.cumprod(np.concatenate([first, rows[..., :-1]], axis=-1), axis=-1)


def _var_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool, ddof: float = 0) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    return 2 * _spread(g, a, axis) * np.conj(centred) / max(_count(a, axis) - ddof, 0)


def _std_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool, ddof: float = 0) -> Any:
    if np.all(squares_fit(y)):
        return _var_vjp(g / (2 * y), y, a, axis=axis, keepdims=keepdims, ddof=ddof)
    centred = a - np.mean(a, axis=axis, keepdims=True)
    centred = centred / np.max(np.abs(plain(centred)), axis=axis, keepdims=True, initial=0)
    n = max(_count(a, axis) - ddof, 0)
    deviation = np.sqrt(np.sum(np.abs(centred) ** 2, axis=axis, keepdims=True) / n)
    return _spread(g, a, axis) * np.conj(centred) / (n * deviation)


ROWS: dict[Any, Callable[..., Any]] = {}
"""NumPy function -> its row, of all entries; `statistics` reads the arguments, and adds where=."""

_VJPS: dict[Any, Callable[..., Any]] = {
    np.sum: lambda g, y, a, *, axis, keepdims: _spread(g, a, axis),
    np.mean: lambda g, y, a, *, axis, keepdims: _spread(g / _count(a, axis), a, axis),
    np.prod: _prod_vjp,
    np.max: _extreme_vjp,
    np.min: _extreme_vjp,
    np.var: _var_vjp,
    np.std: _std_vjp,
}
_UFUNCS = {np.sum: "add", np.mean: "add", np.max: "maximum", np.min: "minimum"}


def _by_ufunc(function: Any, as_method: Written) -> Written:
    """`np.add.reduce(x, 0)`, which is what the method calls; 1.5 us faster for a mean."""

    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form | None:
        a, is_mean = xs[0], function is np.mean
        if write.is_read or not isinstance(a, np.ndarray):
            return as_method(write, y, xs, params)
        # Of no entries the method warns; other types it sums in a wider one.
        if is_mean and not (a.dtype == np.float64 and _count(a, params["axis"])):
            return as_method(write, y, xs, params)
        how = [write.param(params["axis"])] + ["None, None, True"] * params["keepdims"]
        text = f"{write.call('np')}.{_UFUNCS[function]}.reduce($0, {', '.join(how)})"
        if not is_mean:
            return Form(text)
        return Form(f"{text} / {_count(a, params['axis'])}", PRODUCT)

    return written


for _function, _vjp in _VJPS.items():
    _written = by_method(_function.__name__, axis=None, keepdims=False, ddof=0)
    _written = _by_ufunc(_function, _written) if _function in _UFUNCS else _written
    _code = Code(_written, "shape" if _function is np.prod else "rule", memory="own")
    ROWS[_function] = define(_function.__name__, _function, vjps=(_vjp,), code=_code)
