"""Running sums and products, differences, and the methods of ufuncs: accumulate, outer, at, ...

A ufunc method of an operation without a row of its own for it is taken step by step.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from graphtrace.inputs import plain
from graphtrace.ops.composed import composed
from graphtrace.ops.index import getitem
from graphtrace.ops.shape import astype
from graphtrace.primitive import Form, Primitive
from graphtrace.refusal import no_out
from graphtrace.variable import DISPATCH, NUMPY, Variable, fixed, operation, traced, unsupported

cumsum = operation(
    Primitive(
        "cumsum",
        lambda a, *, axis: np.cumsum(a, axis=axis),
        vjps=(lambda g, y, a, *, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),),
    )
)


def _cumprod_vjp(g: Any, y: Any, a: Any, *, axis: int) -> Any:
    """Entry i passes on g_i + a_{i+1} (g_{i+1} + a_{i+2} (...)), times the product before it."""
    if np.all(plain(a) != 0):
        return np.flip(np.cumsum(np.flip(g * y, axis), axis), axis) / a
    g, y, a = (np.moveaxis(x, axis, -1) for x in (g, y, a))
    n = np.shape(a)[-1]
    after = [g[..., n - 1]]
    for i in range(n - 2, -1, -1):
        after.append(g[..., i] + a[..., i + 1] * after[-1])
    before = np.concatenate([np.ones_like(plain(y)[..., :1]), y[..., :-1]], axis=-1)
    return np.moveaxis(before * np.stack(after[::-1], axis=-1), -1, axis)


cumprod = operation(
    Primitive("cumprod", lambda a, *, axis: np.cumprod(a, axis=axis), vjps=(_cumprod_vjp,))
)


def _running(row: Any, function: Any, *, fill: float | None = None) -> Any:
    """NumPy's signature for cumsum or cumprod; NaNs are replaced by `fill`."""

    def running(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        no_out(function, out)
        a = traced(a)
        if fill is not None and plain(a).dtype.kind in "fc":
            a = np.where(np.isnan(a), np.asarray(fill, plain(a).dtype), a)
        if dtype is not None:
            a = astype(a, dtype=np.dtype(dtype))
        return row(np.ravel(a), axis=0) if axis is None else row(a, axis=fixed(axis))

    return running


def _including(function: Any, first: float) -> Any:
    """NumPy's signature for cumulative_sum and cumulative_prod."""

    def cumulative(
        x: Any,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        include_initial: bool = False,
    ) -> Any:
        x = traced(x)
        if axis is None and x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` is required.")
        axis = 0 if axis is None else fixed(axis)
        y = NUMPY[function](x, axis, dtype, out)
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
    for _ in range(n):
        edge = np.zeros_like(np.take(plain(g), [0], axis=axis))
        g = -np.diff(np.concatenate([edge, g, edge], axis=axis), axis=axis)
    return g


def _slice(a: Any, axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    return tuple(
        slice(start, stop) if i == axis % np.ndim(a) else slice(None) for i in range(np.ndim(a))
    )


diff = operation(
    Primitive("diff", lambda a, *, n, axis: np.diff(a, n=n, axis=axis), vjps=(_diff_vjp,))
)


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    a, n, axis = traced(a), fixed(n), fixed(axis)
    ends = [None if end is None or end is np._NoValue else traced(end) for end in (prepend, append)]
    one = [1 if i == axis % a.ndim else m for i, m in enumerate(a.shape)]
    ends = [np.broadcast_to(e, one) if e is not None and not np.ndim(e) else e for e in ends]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    if n == 0:
        return a
    return diff(np.concatenate(parts, axis=axis) if len(parts) > 1 else a, n=n, axis=axis)


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ends = [None if end is None else np.ravel(traced(end)) for end in (to_begin, to_end)]
    steps = np.diff(np.ravel(traced(ary)))
    parts = [part for part in (ends[0], steps, ends[1]) if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else steps


NUMPY[np.diff] = _diff
NUMPY[np.ediff1d] = _ediff1d


# Methods of ufuncs. The formula goes step by step.


def _method_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    operands = ", ".join(f"${i}" for i in range(count))
    name = f"{params['ufunc'].__name__}.{params['method']}"
    return Form(
        rf"\operatorname{{{name}}}\left({operands}\right)" if latex else f"{name}({operands})"
    )


def _steps(a: Any, axis: int) -> list[Any]:
    return [np.take(a, i, axis=axis) for i in range(np.shape(a)[axis])]


def _accumulate_formula(a: Any, *, ufunc: np.ufunc, axis: int, **how: Any) -> Any:
    first, *rest = _steps(a, axis)
    results = [first]
    for step in rest:
        results.append(ufunc(results[-1], step))
    return np.stack(results, axis=axis)


def _reduce_formula(
    a: Any, *initial: Any, ufunc: np.ufunc, axis: Any, keepdims: bool = False, **how: Any
) -> Any:
    ndim = np.ndim(a)
    axes = range(ndim) if axis is None else np.mod(np.atleast_1d(axis), ndim or 1).tolist()
    result = a
    for each in sorted(axes, reverse=True):
        steps = _steps(result, each)
        result = functools.reduce(ufunc, steps)
    result = functools.reduce(ufunc, initial, result)
    shape = [1 if i in axes else n for i, n in enumerate(np.shape(a))]
    return np.reshape(result, shape) if keepdims else result


def _reduceat_formula(a: Any, *, ufunc: np.ufunc, starts: Any, axis: int, **how: Any) -> Any:
    ends = [*starts[1:], np.shape(a)[axis]]
    parts = [
        _reduce_formula(a[_slice(a, axis, i, max(i + 1, j))], ufunc=ufunc, axis=axis)
        for i, j in zip(starts, ends, strict=True)
    ]
    return np.stack(parts, axis=axis)


def _accumulate_forward(a: Any, *, ufunc: np.ufunc, method: str, **how: Any) -> Any:
    return ufunc.accumulate(a, **how)


def _reduce_forward(a: Any, *initial: Any, ufunc: np.ufunc, method: str, **how: Any) -> Any:
    return ufunc.reduce(a, **how, **({"initial": initial[0]} if initial else {}))


def _reduceat_forward(a: Any, *, ufunc: np.ufunc, method: str, starts: Any, **how: Any) -> Any:
    return ufunc.reduceat(a, starts, **how)


accumulate = composed(
    "ufunc.accumulate", _accumulate_forward, _accumulate_formula, notation=_method_form
)
reduce = composed("ufunc.reduce", _reduce_forward, _reduce_formula, notation=_method_form)
reduceat = composed("ufunc.reduceat", _reduceat_forward, _reduceat_formula, notation=_method_form)


def _accumulate(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def signature(a: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        no_out(ufunc, out)
        if ufunc in (np.add, np.multiply):
            return NUMPY[np.cumsum if ufunc is np.add else np.cumprod](a, axis, dtype)
        how = {} if dtype is None else {"dtype": dtype}
        return accumulate(traced(a), ufunc=ufunc, method="accumulate", axis=fixed(axis), **how)

    return signature(*inputs, **kwargs)


_WITH_A_ROW = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _reduce(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def signature(
        a: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        name = f"{ufunc.__name__}.reduce"
        no_out(ufunc, out)
        if where is not True:
            raise unsupported(f"np.{name} with where=", (a,), "use np.where on the array first")
        start = () if initial is None or initial is np._NoValue else (traced(initial),)
        how = {} if dtype is None else {"dtype": dtype}
        axis = fixed(axis)
        return reduce(
            traced(a), *start, ufunc=ufunc, method="reduce", axis=axis, keepdims=keepdims, **how
        )

    if ufunc in _WITH_A_ROW:
        return NUMPY[_WITH_A_ROW[ufunc]](*inputs, **{"axis": 0, **kwargs})
    return signature(*inputs, **kwargs)


def _reduceat(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def signature(a: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        no_out(ufunc, out)
        starts, how = np.asarray(fixed(indices)).tolist(), {} if dtype is None else {"dtype": dtype}
        return reduceat(
            traced(a), ufunc=ufunc, method="reduceat", starts=starts, axis=fixed(axis), **how
        )

    return signature(*inputs, **kwargs)


def _outer(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    no_out(ufunc, kwargs.pop("out", None))
    a, b = map(traced, inputs)
    return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **kwargs)


def _added(sign: int) -> Any:
    """The row of np.add.at (or subtract.at): equal positions add up."""
    ufunc = np.add if sign > 0 else np.subtract

    def forward(a: Any, b: Any, *, index: Any) -> Any:
        out = np.copy(a)
        ufunc.at(out, index, b)
        return out

    return operation(
        Primitive(
            f"{ufunc.__name__}.at",
            forward,
            vjps=(
                lambda g, y, a, b, *, index: g,
                lambda g, y, a, b, *, index: sign * getitem(g, index=index),
            ),
        )
    )


_AT = {np.add: _added(1), np.subtract: _added(-1)}


def _at(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    a = inputs[0]
    name = f"np.{ufunc.__name__}.at"
    if type(a) is not Variable:
        raise unsupported(
            f"{name} on a plain array",
            inputs,
            f"start from gt.zeros(...), or use np.{ufunc.__name__}",
        )
    if ufunc not in _AT:
        raise unsupported(name, inputs, "write x[i] = ... with each position once")
    a._become(_AT[ufunc](a, inputs[2], index=fixed(inputs[1])))


DISPATCH.update(accumulate=_accumulate, reduce=_reduce, outer=_outer, reduceat=_reduceat, at=_at)
