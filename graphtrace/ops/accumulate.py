"""Running sums and products, and differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Code
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, define, fixed, handles, traced
from graphtrace.ops.as_python import by_name
from graphtrace.ops.shape import astype

cumsum = define(
    "cumsum",
    lambda a, *, axis: np.cumsum(a, axis=axis),
    vjps=(lambda g, y, a, *, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),),
    code=Code(by_name("cumsum"), "rule", memory="own"),
)


def _cumprod_vjp(g: Any, y: Any, a: Any, *, axis: int) -> Any:
    """Entry i passes on g_i + a_{i+1} (g_{i+1} + a_{i+2} (...)), times the product before it."""
    size = np.abs(plain(y))
    if np.all((size > np.finfo(np.result_type(size, 0.0)).tiny) & (size < np.inf)):
        return np.flip(np.cumsum(np.flip(g * y, axis), axis), axis) / a
    g, y, a = (np.moveaxis(x, axis, -1) for x in (g, y, a))
    n = np.shape(a)[-1]
    after = [g[..., n - 1]]
    for i in range(n - 2, -1, -1):
        after.append(g[..., i] + a[..., i + 1] * after[-1])
    before = np.concatenate([np.ones_like(plain(y)[..., :1]), y[..., :-1]], axis=-1)
    return np.moveaxis(before * np.stack(after[::-1], axis=-1), -1, axis)


cumprod = define(
    "cumprod",
    lambda a, *, axis: np.cumprod(a, axis=axis),
    vjps=(_cumprod_vjp,),
    code=Code(by_name("cumprod"), "shape"),
)


def _running(row: Any, function: Any, *, fill: float | None = None) -> Any:
    """NumPy's signature for cumsum or cumprod; NaNs are replaced by `fill`."""

    def running(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        no_out(function, out)
        a = traced(a)
        dtype_in = np.result_type(plain(a))
        if fill is not None and dtype_in.kind in "fc":
            a = np.where(np.isnan(a), np.asarray(fill, dtype_in), a)
        if dtype is not None:
            a = astype(a, dtype=np.dtype(dtype))
        return row(np.ravel(a), axis=0) if axis is None else row(a, axis=fixed(axis))

    return running


def _including(function: Any, first: float) -> Any:
    """NumPy's signature for cumulative_sum and cumulative_prod."""

    def cumulative(
        x: Any, /, *, axis: Any = None, include_initial: bool = False, **how: Any
    ) -> Any:
        x = traced(x)
        if axis is None and x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` is required.")
        axis = 0 if axis is None else fixed(axis)
        y = NUMPY[function](x, axis, **how)
        if include_initial:
            shape = [1 if i == axis % y.ndim else n for i, n in enumerate(y.shape)]
            y = np.concatenate([np.full(shape, first, y.dtype), y], axis=axis)
        return y

    return cumulative


NUMPY[np.cumsum] = _running(cumsum, np.cumsum)
NUMPY[np.cumprod] = _running(cumprod, np.cumprod)
NUMPY[np.nancumsum] = _running(cumsum, np.nancumsum, fill=0)
NUMPY[np.nancumprod] = _running(cumprod, np.nancumprod, fill=1)
NUMPY[np.cumulative_sum] = _including(np.cumsum, 0)
NUMPY[np.cumulative_prod] = _including(np.cumprod, 1)


# Differences: the adjoint is the difference of the adjoint between zeros, with the other sign.


def _diff_vjp(g: Any, y: Any, a: Any, *, n: int, axis: int) -> Any:
    if not np.size(y):
        return np.zeros_like(plain(a))
    for _ in range(n):
        one = [1 if i == axis % np.ndim(g) else m for i, m in enumerate(np.shape(g))]
        edge = np.zeros(one, plain(g).dtype)
        g = -np.diff(np.concatenate([edge, g, edge], axis=axis), axis=axis)
    return g


diff = define("diff", lambda a, *, n, axis: np.diff(a, n=n, axis=axis), vjps=(_diff_vjp,))


@handles(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    a, n, axis = traced(a), fixed(n), fixed(axis)
    ends = [None if end is None or end is np._NoValue else traced(end) for end in (prepend, append)]
    one = [1 if i == axis % a.ndim else m for i, m in enumerate(a.shape)]
    ends = [np.broadcast_to(e, one) if e is not None and not np.ndim(e) else e for e in ends]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    if n == 0:
        return a
    return diff(np.concatenate(parts, axis=axis) if len(parts) > 1 else a, n=n, axis=axis)


@handles(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ends = [None if end is None else np.ravel(traced(end)) for end in (to_begin, to_end)]
    steps = np.diff(np.ravel(traced(ary)))
    parts = [part for part in (ends[0], steps, ends[1]) if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else steps
