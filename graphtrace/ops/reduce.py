"""Reductions: sum, mean, max, min, prod, var, std, cumsum. A tie shares the gradient equally."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.ops.compare import equal
from graphtrace.ops.shape import astype, no_out
from graphtrace.primitive import Primitive
from graphtrace.variable import DISPATCH, NUMPY, fixed, operation, traced, unsupported


def _kept(a: Any, axis: Any) -> tuple[int, ...]:
    """The shape of a reduction over `axis` with keepdims."""
    shape = np.shape(a)
    axes = range(len(shape)) if axis is None else np.mod(axis, len(shape) or 1)
    return tuple(1 if i in np.atleast_1d(axes) else n for i, n in enumerate(shape))


def _spread(g: Any, a: Any, axis: Any) -> Any:
    """Copy the adjoint (or the output) of a reduction to all the entries that went into it."""
    return np.broadcast_to(np.reshape(g, _kept(a, axis)), np.shape(a))


def _count(a: Any, axis: Any) -> int:
    return int(np.size(a)) // max(int(np.prod(_kept(a, axis))), 1)


def _extreme_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool) -> Any:
    chosen = equal(a, _spread(y, a, axis))
    share = chosen / np.sum(chosen, axis=axis, keepdims=True)
    return _spread(g, a, axis) * share


def _prod_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool) -> Any:
    size = np.abs(_plain(y))
    if np.all((size > np.finfo(np.result_type(size, 0.0)).tiny) & (size < np.inf)):
        return _spread(g * y, a, axis) / a
    return _spread(g, a, axis) * _product_of_others(a, axis)


def _product_of_others(a: Any, axis: Any) -> Any:
    """For each entry the product of the rest, without dividing: right where one is 0 or inf."""
    ndim = np.ndim(a)
    axes = tuple(range(ndim)) if axis is None else tuple(np.atleast_1d(np.mod(axis, ndim)).tolist())
    order = tuple(i for i in range(ndim) if i not in axes) + axes
    moved = np.transpose(a, order)
    kept = np.shape(moved)[: ndim - len(axes)]
    rows = np.reshape(moved, (*kept, -1))
    n = np.shape(rows)[-1]
    others = [
        np.prod(np.concatenate([rows[..., :i], rows[..., i + 1 :]], axis=-1), axis=-1)
        for i in range(n)
    ]
    return np.transpose(np.reshape(np.stack(others, axis=-1), np.shape(moved)), np.argsort(order))


def _var_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool, ddof: float = 0) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    if np.iscomplexobj(_plain(a)):
        centred = np.conj(centred)
    return 2 * _spread(g, a, axis) * centred / max(_count(a, axis) - ddof, 0)


def _std_vjp(g: Any, y: Any, a: Any, *, axis: Any, keepdims: bool, ddof: float = 0) -> Any:
    return _var_vjp(g / (2 * y), y, a, axis=axis, keepdims=keepdims, ddof=ddof)


def _plain(a: Any) -> Any:
    return getattr(a, "value", a)


def _reduction(function: Callable[..., Any], vjp: Callable[..., Any], *same: Any) -> None:
    """Declare a reduction with NumPy's keyword arguments, all of which mean what they do there."""
    name = function.__name__
    names = list(inspect.signature(function).parameters)

    def forward(a: Any, **params: Any) -> Any:
        return function(a, **params)

    row = operation(Primitive(name, forward, vjps=(vjp,)))

    def reduction(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, args, strict=False)) | kwargs
        given = {key: x for key, x in given.items() if x is not None and x is not np._NoValue}
        a, axis = traced(given.pop("a")), fixed(given.pop("axis", None))
        no_out(function, given.pop("out", None))
        if "dtype" in given:
            a = astype(a, dtype=np.dtype(given.pop("dtype")))
        if given.get("where") is True:
            del given["where"]
        params: dict[str, Any] = {"keepdims": bool(given.pop("keepdims", False))}
        for key in ("ddof", "correction"):
            if key in given:
                params["ddof"] = fixed(given.pop(key))
        if given:
            raise unsupported(
                f"np.{name} with {next(iter(given))}=", (a,), "use np.where on the array"
            )
        return row(a, axis=axis, **params)

    for each in (function, *same):
        NUMPY[each] = reduction


_reduction(np.sum, lambda g, y, a, *, axis, keepdims: _spread(g, a, axis))
_reduction(np.mean, lambda g, y, a, *, axis, keepdims: _spread(g, a, axis) / _count(a, axis))
_reduction(np.prod, _prod_vjp)
_reduction(np.max, _extreme_vjp, np.amax)
_reduction(np.min, _extreme_vjp, np.amin)
_reduction(np.var, _var_vjp)
_reduction(np.std, _std_vjp)

cumsum = operation(
    Primitive(
        "cumsum",
        lambda a, *, axis: np.cumsum(a, axis=axis),
        vjps=(
            lambda g, y, a, *, axis: (
                np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)
                if axis is not None
                else np.reshape(np.flip(np.cumsum(np.flip(g))), np.shape(a))
            ),
        ),
    )
)


def _cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    no_out(np.cumsum, out)
    a = traced(a) if dtype is None else astype(traced(a), dtype=np.dtype(dtype))
    return cumsum(a, axis=fixed(axis))


NUMPY[np.cumsum] = _cumsum

_REDUCE = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _ufunc_reduce(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if ufunc not in _REDUCE:
        raise unsupported(f"np.{ufunc.__name__}.reduce", inputs)
    return NUMPY[_REDUCE[ufunc]](*inputs, **{"axis": 0, **kwargs})


DISPATCH["reduce"] = _ufunc_reduce
