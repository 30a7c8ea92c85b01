"""The methods of ufuncs: reduce, accumulate, reduceat, outer, at.

In: the ufunc, its operands and keywords, from NumPy (NEP 13). Out: what the rows for it return. A
method of an operation without a row of its own for it is taken step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.primitive import Form, call
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import (
    DISPATCH,
    NUMPY,
    Variable,
    define,
    fixed,
    traced,
    unsupported,
)
from graphtrace.ops.composed import composed
from graphtrace.ops.index import getitem
from graphtrace.ops.shape import astype, axes_of, merged


def _method_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    return call(f"{params['ufunc'].__name__}.{params['method']}", count, latex, {})


def _accumulate_formula(a: Any, *, ufunc: np.ufunc, axis: int, **how: Any) -> Any:
    steps = [np.take(a, i, axis=axis) for i in range(np.shape(a)[axis])]
    results = steps[:1]
    for step in steps[1:]:
        results.append(ufunc(results[-1], step))
    return np.stack(results, axis=axis) if results else a


def _reduce_formula(
    a: Any,
    *initial: Any,
    ufunc: np.ufunc,
    axis: Any,
    keepdims: bool = False,
    where: Any = True,
    **how: Any,
) -> Any:
    ndim = np.ndim(a)
    axes = axes_of(axis, ndim)
    order = [i for i in range(ndim) if i not in axes]
    kept = [np.shape(a)[i] for i in order]
    steps, chosen = (
        list(np.moveaxis(merged(np.transpose(x, [*order, *sorted(axes)]), len(order)), -1, 0))
        for x in (a, np.broadcast_to(where, np.shape(a)))
    )
    first = [*initial] or ([] if where is True and steps else [ufunc.identity])
    result, *rest = [*first, *steps]
    for step, mask in zip(rest, chosen[len(chosen) - len(rest) :], strict=True):
        joined = ufunc(result, step)
        result = joined if where is True else np.where(mask, joined, result)
    result = np.broadcast_to(result, kept)
    shape = [1 if i in axes else n for i, n in enumerate(np.shape(a))]
    return np.reshape(result, shape) if keepdims else result


def _reduceat_formula(a: Any, *, ufunc: np.ufunc, starts: Any, axis: int, **how: Any) -> Any:
    a = np.moveaxis(a, axis, 0)
    parts = [
        _reduce_formula(a[i : max(i + 1, j)], ufunc=ufunc, axis=0)
        for i, j in zip(starts, [*starts[1:], len(a)], strict=True)
    ]
    return np.stack(parts, axis=axis)


def _reduce_forward(a: Any, *initial: Any, ufunc: np.ufunc, method: str, **how: Any) -> Any:
    return ufunc.reduce(a, **how, **({"initial": initial[0]} if initial else {}))


accumulate = composed(
    "ufunc.accumulate",
    lambda a, *, ufunc, method, **how: ufunc.accumulate(a, **how),
    _accumulate_formula,
    notation=_method_form,
)
reduce = composed("ufunc.reduce", _reduce_forward, _reduce_formula, notation=_method_form)
reduceat = composed(
    "ufunc.reduceat",
    lambda a, *, ufunc, method, starts, **how: ufunc.reduceat(a, starts, **how),
    _reduceat_formula,
    notation=_method_form,
)


# NumPy hands over all but the operands by name.


def _accumulate(ufunc: np.ufunc, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
    (a,), axis, how = inputs, given.get("axis", 0), _settings(ufunc, given)
    if axis is None and np.ndim(a) == 1:
        axis = 0
    if ufunc in (np.add, np.multiply) and np.ndim(a) and axis is not None:
        return NUMPY[np.cumsum if ufunc is np.add else np.cumprod](a, axis, **how)
    return accumulate(traced(a), ufunc=ufunc, method="accumulate", axis=fixed(axis), **how)


def _settings(ufunc: np.ufunc, given: dict[str, Any]) -> dict[str, Any]:
    """The dtype, where one is asked for."""
    no_out(ufunc, given.get("out"))
    return {} if given.get("dtype") is None else {"dtype": given["dtype"]}


_WITH_A_ROW = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _reduce(ufunc: np.ufunc, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
    if ufunc in _WITH_A_ROW:
        return NUMPY[_WITH_A_ROW[ufunc]](*inputs, **{"axis": 0, **given})
    how = _settings(ufunc, given)
    initial, where = given.get("initial"), given.get("where", True)
    start = () if initial is None or initial is np._NoValue else (traced(initial),)
    if where is not True:
        how["where"] = fixed(where)
    axis, keepdims = fixed(given.get("axis", 0)), given.get("keepdims", False)
    a = traced(inputs[0])
    return reduce(a, *start, ufunc=ufunc, method="reduce", axis=axis, keepdims=keepdims, **how)


def _reduceat(ufunc: np.ufunc, inputs: tuple[Any, ...], given: dict[str, Any]) -> Any:
    a, indices = inputs
    starts, axis = np.asarray(fixed(indices)).tolist(), fixed(given.get("axis", 0))
    how = _settings(ufunc, given)
    return reduceat(traced(a), ufunc=ufunc, method="reduceat", starts=starts, axis=axis, **how)


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

    return define(
        f"{ufunc.__name__}.at",
        forward,
        vjps=(
            lambda g, y, a, b, *, index: g,
            lambda g, y, a, b, *, index: sign * getitem(g, index=index),
        ),
    )


_AT: dict[np.ufunc, Any] = {np.add: _added(1), np.subtract: _added(-1)}


def _at(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    a = inputs[0]
    name = f"np.{ufunc.__name__}.at"
    if type(a) is not Variable:
        raise unsupported(
            f"{name} on a plain array",
            inputs,
            f"start from gt.zeros(...), or use np.{ufunc.__name__}",
        )
    index = fixed(inputs[1])
    at = _AT.get(ufunc)
    a._become(at(a, inputs[2], index=index) if at else _at_in_turn(ufunc, a, index, *inputs[2:]))


def _at_in_turn(ufunc: np.ufunc, a: Any, index: Any, *operand: Any) -> Any:
    """Where a position comes again, the ufunc is applied again: one round for each time."""
    chosen = np.arange(np.size(a)).reshape(np.shape(a))[index]
    positions, out = np.ravel(chosen), np.copy(np.ravel(a))
    others = [np.ravel(np.broadcast_to(traced(b), chosen.shape)) for b in operand]
    while positions.size:
        _, first = np.unique(positions, return_index=True)
        at = positions[first]
        out[at] = astype(ufunc(out[at], *(b[first] for b in others)), dtype=out.dtype)
        rest = np.delete(np.arange(positions.size), first)
        positions, others = positions[rest], [b[rest] for b in others]
    return np.reshape(out, np.shape(a))


DISPATCH.update(accumulate=_accumulate, reduce=_reduce, outer=_outer, reduceat=_reduceat, at=_at)
