"""Choosing, inserting and padding: select, choose, compress, insert, pad, block, meshgrid, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import (
    NUMPY,
    add_methods,
    decided,
    define,
    fixed,
    handles,
    holds_variable,
    traced,
    unsupported,
)
from graphtrace.ops.composed import composed
from graphtrace.ops.shape import axes_of, gather_from, positions_of, scatter, selection

# One of several.


def _select_formula(*operands: Any, count: int) -> Any:
    conditions, choices, result = operands[:count], operands[count:-1], operands[-1]
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = np.where(plain(condition), choice, result)
    return result


select = composed(
    "select",
    lambda *xs, count: np.select(list(xs[:count]), list(xs[count:-1]), xs[-1]),
    _select_formula,
)


@handles(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    operands = [*map(traced, condlist), *map(traced, choicelist), traced(default)]
    return select(*operands, count=len(condlist))


def _choose_formula(a: Any, *choices: Any, mode: str) -> Any:
    n = len(choices)
    index = np.mod(plain(a), n) if mode == "wrap" else np.clip(plain(a), 0, n - 1)
    result = choices[0]
    for i, choice in enumerate(choices):
        result = np.where(index == i, choice, result)
    return result


choose = composed(
    "choose", lambda a, *choices, mode: np.choose(a, choices, mode=mode), _choose_formula
)


@handles(np.choose)
def _choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    no_out(np.choose, out)
    parts = traced(choices) if not isinstance(choices, (list, tuple)) else choices
    return choose(traced(a), *map(traced, parts), mode=mode)


@handles(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = traced(x)
    is_list = (
        isinstance(condlist, (list, tuple)) and condlist and np.ndim(condlist[0]) == np.ndim(x)
    )
    conditions = [fixed(c) for c in (condlist if is_list else [condlist])]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        mask = np.asarray(condition)
        if not callable(function):
            part = function
        elif np.ndim(x):
            part = function(x[mask], *args, **kw) if mask.any() else 0.0
        else:
            part = function(x, *args, **kw) if mask else 0.0
        if not np.ndim(x):
            y = part if mask else y
        elif mask.any():
            y[mask] = part
    return y


@handles(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    no_out(np.compress, out)
    a, positions = traced(a), np.flatnonzero(np.asarray(fixed(traced(condition))))
    return np.take(np.ravel(a) if axis is None else a, positions, axis=0 if axis is None else axis)


add_methods(
    {"compress": lambda self, condition, axis=None, out=None: _compress(condition, self, axis, out)}
)
NUMPY[np.extract] = lambda condition, arr: _compress(np.ravel(fixed(traced(condition))), arr)

_NONZERO = define("nonzero_positions", lambda a, *, axis: np.nonzero(a)[axis])
NUMPY[np.nonzero] = lambda a: tuple(_NONZERO(a, axis=i) for i in range(np.ndim(a) or 1))

# Insertion: run on positions instead of entries, it says where each output entry came from.


def _insert_vjp(k: int, g: Any, y: Any, a: Any, values: Any, *, obj: Any, axis: Any) -> Any:
    parts = [positions_of(a), np.zeros(np.shape(values), int)]
    if k:
        parts = [np.zeros(np.shape(a), int), positions_of(values)]
    origin = np.insert(parts[0], obj, parts[1], axis)
    return scatter(g, origin=origin, shape=np.shape((a, values)[k]))


insert = define(
    "insert",
    lambda a, values, *, obj, axis: np.insert(a, obj, values, axis),
    vjp_each=_insert_vjp,
)
NUMPY[np.insert] = lambda arr, obj, values, axis=None: insert(
    traced(arr), traced(values), obj=fixed(obj), axis=fixed(axis)
)

# Padding, one axis after the other as NumPy does.


def _pad_formula(a: Any, *fills: Any, widths: Any, mode: Any, how: dict[str, Any]) -> Any:
    if mode in _COPIES and how.get("reflect_type") != "odd":
        origin = np.pad(positions_of(a), widths, mode, **how)
        return gather_from(a, origin=origin, shape=np.shape(a))
    if mode == "empty":
        mode, fills = "constant", (0.0,)
    ndim = np.ndim(a)
    lengths = np.broadcast_to(how.get("stat_length") or 0, (ndim, 2)).tolist()
    fill = np.broadcast_to(fills[0], (ndim, 2)) if fills else None
    for axis, (before, after) in enumerate(widths):
        a = np.moveaxis(a, axis, 0)
        ends = (0.0, 0.0) if fill is None else (fill[axis, 0], fill[axis, 1])
        if mode in _STATISTICS:
            left, right = (
                _repeated(_STATISTICS[mode](_part(a, length, side), axis=0), width)
                for side, (length, width) in enumerate(
                    zip(lengths[axis], (before, after), strict=True)
                )
            )
        elif mode == "constant":
            left, right = (
                _repeated(np.broadcast_to(end, np.shape(a)[1:]), width)
                for end, width in zip(ends, (before, after), strict=True)
            )
        elif mode == "linear_ramp":
            left = _ramp(ends[0], a[0], before)
            right = _ramp(ends[1], a[-1], after)[::-1]
        else:
            left, right = (
                _reflected(a, -np.arange(before, 0, -1), mode),
                _reflected(a, np.arange(after) + len(a), mode),
            )
        a = np.moveaxis(np.concatenate([left, a, right]), 0, axis)
    return a


_COPIES = ("edge", "wrap", "reflect", "symmetric")
_STATISTICS: dict[str, Callable[..., Any]] = {
    "mean": np.mean,
    "maximum": np.max,
    "minimum": np.min,
    "median": np.median,
}


def _part(a: Any, length: int, side: int) -> Any:
    return a if not length else a[-length:] if side else a[:length]


def _repeated(row: Any, count: int) -> Any:
    return np.broadcast_to(row, (count, *np.shape(row)))


def _ramp(end: Any, edge: Any, width: int) -> Any:
    t = np.reshape(np.arange(width) / max(width, 1), (-1,) + (1,) * np.ndim(edge))
    return end * (1 - t) + edge * t


def _reflected(a: Any, at: Any, mode: str) -> Any:
    """The entries at positions outside, in a reflection through the first and the last entry."""
    n = len(a)
    shift = 0 if mode == "symmetric" else 1
    half = max(n - shift, 1)
    rounds, t = np.divmod(at, 2 * half)
    turned = t >= (n if mode == "symmetric" else half + 1)
    column = (-1,) + (1,) * (np.ndim(a) - 1)
    inside = a[np.where(turned, 2 * half - t - (1 - shift), t) if n > 1 else np.zeros_like(t)]
    turned, rounds = np.reshape(turned, column), np.reshape(rounds, column)
    if n == 1:
        return inside
    return np.where(turned, 2 * a[-1] - inside, inside) + 2 * rounds * (a[-1] - a[0])


def _pad_forward(a: Any, *fills: Any, widths: Any, mode: Any, how: dict[str, Any]) -> Any:
    keyword = "constant_values" if mode == "constant" else "end_values"
    fill = {keyword: fills[0]} if fills else {}
    return np.pad(a, widths, mode, **how, **fill)


_pad_row = composed("pad", _pad_forward, _pad_formula)


@handles(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **how: Any) -> Any:
    a = traced(array)
    if callable(mode):
        raise unsupported("np.pad with a function as mode", (a,), "use np.concatenate")
    pad_width = fixed(pad_width)
    if not np.ndim(a):
        return np.copy(a)
    if isinstance(pad_width, dict):
        pairs = {k % np.ndim(a): np.broadcast_to(v, 2).tolist() for k, v in pad_width.items()}
        pad_width = [pairs.get(i, [0, 0]) for i in range(np.ndim(a))]
    widths = np.broadcast_to(pad_width, (np.ndim(a), 2)).astype(int).tolist()
    fills = tuple(
        traced(how.pop(name)) for name in ("constant_values", "end_values") if name in how
    )
    return _pad_row(a, *fills, widths=widths, mode=mode, how=how)


# Grids and blocks.


@handles(np.meshgrid)
def _meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    n = len(xi)
    grids = []
    for i, x in enumerate(map(traced, xi)):
        axis = 1 - i if indexing == "xy" and n > 1 and i < 2 else i
        grids.append(np.reshape(x, (1,) * axis + (-1,) + (1,) * (n - 1 - axis)))
    return tuple(grids) if sparse else tuple(map(np.copy, np.broadcast_arrays(*grids)))


@handles(np.block)
def _block(arrays: Any) -> Any:
    def depth(part: Any) -> int:
        return 1 + max(map(depth, part)) if isinstance(part, list) else 0

    def leaves(part: Any) -> list[Any]:
        return [x for p in part for x in leaves(p)] if isinstance(part, list) else [part]

    levels = depth(arrays)
    ndim = max(levels, *(np.ndim(x) for x in leaves(arrays)))

    def join(part: Any, level: int) -> Any:
        if not isinstance(part, list):
            x = traced(part)
            return np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))
        return np.concatenate([join(p, level + 1) for p in part], axis=level - levels)

    return join(arrays, 0)


NUMPY[np.unstack] = lambda x, /, *, axis=0: tuple(np.moveaxis(x, axis, 0))


def where_used(a: Any) -> Any:
    """The positions of the entries that are not 0."""
    return np.argwhere(a != 0)


@handles(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    a = traced(filt)
    used = decided(where_used, a)
    axes = axes_of(axis, np.ndim(a))
    where = [slice(None)] * np.ndim(a)
    for i in axes:
        n = np.shape(a)[i]
        first, last = (used[:, i].min(), used[:, i].max() + 1) if len(used) else (n, n)
        front, back = "f" in trim.lower(), "b" in trim.lower()
        if not len(used):
            first, last = (0, 0) if back else (n, n)
        where[i] = slice(int(first) if front else 0, int(last) if back else n)
    return a[tuple(where)] if where else a


# Functions applied slice by slice.


@handles(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    a = np.moveaxis(traced(arr), axis, -1)
    lead = np.shape(a)[:-1]
    results = [traced(func1d(a[at], *args, **kwargs)) for at in np.ndindex(lead)]
    stacked = np.stack(results) if holds_variable(results) else np.array(results)
    inner = np.shape(results[0])
    whole = np.reshape(stacked, lead + inner)
    order = [*range(axis % np.ndim(a)), *range(len(lead), np.ndim(whole))]
    order += [i for i in range(len(lead)) if i not in order]
    return np.transpose(whole, order)


@handles(np.apply_over_axes)
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    result = traced(a)
    for axis in np.atleast_1d(axes).tolist():
        reduced = func(result, axis)
        result = reduced if np.ndim(reduced) == np.ndim(result) else np.expand_dims(reduced, axis)
    return result


selection(np.lib.stride_tricks.sliding_window_view)
