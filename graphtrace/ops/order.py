"""Order statistics and sets: sort, partition, median, quantile, unique, union1d, ...

The order of the entries is a decision that the derivative keeps fixed: an output entry passes its
adjoint to the entry that it came from. Of equal entries the first counts as the smallest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import SAFE, Code, Rule
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, Variable, define, fixed, handles, traced
from graphtrace.ops.as_python import by_name
from graphtrace.ops.rows import arguments_of
from graphtrace.ops.shape import axes_of, merged, positions_of, scatter


def _permuted_vjp(g: Any, y: Any, a: Any, *, axis: int, **how: Any) -> Any:
    """The k-th smallest of the output came from the k-th smallest of the operand.

    So it holds for every function that permutes along the axis, whatever its algorithm.
    """
    into = np.argsort(plain(y), axis=axis, kind="stable")
    out_of = np.argsort(plain(a), axis=axis, kind="stable")
    source = np.empty_like(out_of)
    np.put_along_axis(source, out_of, into, axis=axis)
    return np.take_along_axis(g, source, axis=axis)


def _permuting(function: Callable[..., Any]) -> Rule:
    code = Code(by_name(function.__name__), "shape")
    return define(function.__name__, function, vjps=(_permuted_vjp,), code=code)


sort = _permuting(np.sort)
partition = _permuting(np.partition)


def _along(a: Any, axis: Any) -> tuple[Any, int]:
    a = traced(a)
    return (np.ravel(a), 0) if axis is None else (a, fixed(axis))


@handles(np.sort)
def _sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    a, axis = _along(a, axis)
    return sort(a, axis=axis, **({"kind": kind} if kind else {"stable": stable} if stable else {}))


@handles(np.partition)
def _partition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    a, axis = _along(a, axis)
    return partition(a, kth=fixed(kth), axis=axis)


NUMPY[np.sort_complex] = lambda a: (
    _sort(a) if np.iscomplexobj(a) else np.astype(_sort(a), np.sort_complex(plain(a)).dtype)
)


@handles(np.ptp)
def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    no_out(np.ptp, out)
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


# Medians and quantiles. All are sums of entries weighed by their rank: run on the ranks 0, 1, ...
# instead of the entries, the function says which rank v it takes, 2.25 for three quarters of rank 2
# and one of rank 3, so that the entry of rank r has the weight max(0, 1 - |r - v|).


def _ranks(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The rank of every entry along the axes, NaN for NaN; and the axes."""
    ndim = np.ndim(a)
    axes = axes_of(axis, ndim)
    order = [i for i in range(ndim) if i not in axes] + list(axes)
    moved = np.transpose(a, order)
    rows = merged(moved, ndim - len(axes))
    ranks = np.argsort(np.argsort(rows, kind="stable"), kind="stable").astype(float)
    ranks[np.isnan(rows)] = np.nan
    return np.transpose(ranks.reshape(moved.shape), np.argsort(order)), axes


def _taken(function: Rule, a: Any, q: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, ...]:
    """Ranks, the rank taken with the axes of `a` kept behind those of q, and the axes.

    A function that does not skip NaN takes the rank NaN, and so has a derivative of NaN.
    """
    ranks, axes = _ranks(plain(a), params["axis"])
    at = function(ranks, *q, **{**params, "keepdims": True})
    skips_nan = function.__name__.startswith("nan")
    return ranks if skips_nan else np.nan_to_num(ranks), at, axes


def _statistic(function: Callable[..., Any]) -> Rule:
    """A median or quantile with NumPy's signature; the quantiles q are its second operand."""
    name = function.__name__
    scale = 100 if "percentile" in name else 1

    def vjp(k: int, g: Any, y: Any, a: Any, *q: Any, **params: Any) -> Any:
        ranks, at, axes = _taken(function, a, tuple(map(plain, q)), params)
        lead = tuple(range(np.ndim(at) - np.ndim(ranks)))
        own = tuple(range(len(lead), np.ndim(at)))
        g = np.reshape(g, np.shape(at))
        count = np.sum(~np.isnan(ranks), axis=axes, keepdims=True)
        speed = _speed(at, count, params["method"]) / scale if q else 0.0
        if k == 1:
            return np.sum(g * speed * _gap(ranks, at, a, tuple(len(lead) + i for i in axes)), own)
        if q and type(q[0]) is Variable:  # at, as it moves with q
            move = q[0] - q[0].value
            at = at + speed * np.reshape(move, np.shape(move) + (1,) * len(own))
        # No weight, where the rank of a NaN is NaN.
        share = np.where(np.isnan(ranks), 0, np.maximum(0, 1 - abs(np.nan_to_num(ranks) - at)))
        return np.sum(g * share, axis=lead)

    code = Code(static="shape") if name == "median" else SAFE
    row = define(name, function, vjp_each=vjp, code=code)
    takes_q = "median" not in name
    split = arguments_of(function, 2 if takes_q else 1)
    usual = {"axis": None, **({"method": "linear"} if takes_q else {}), "keepdims": False}

    def statistic(*args: Any, **kwargs: Any) -> Any:
        operands, given = split(args, kwargs)
        given.pop("overwrite_input", None)
        return row(*operands, **(usual | given))

    return statistic


# The methods that interpolate everywhere, and their parameters (Hyndman and Fan, "Sample quantiles
# in statistical packages", 1996): the rank taken is n q + alpha + q (1 - alpha - beta) - 1.
_PARAMETERS = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (1 / 2, 1 / 2),
    "weibull": (0, 0),
    "linear": (1, 1),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _gap(ranks: Any, at: Any, a: Any, axes: tuple[int, ...]) -> Any:
    """How much larger the entry of the next rank is than that of the rank taken, rounded down."""
    below = np.floor(at)
    rise = np.where(ranks == below + 1, a, 0) - np.where(ranks == below, a, 0)
    return np.sum(rise, axis=axes, keepdims=True)


def _speed(at: Any, count: Any, method: str) -> Any:
    """How fast the rank taken moves with q: not at all at the ends and in the stepwise methods."""
    if method not in _PARAMETERS:
        return np.zeros(())
    alpha, beta = _PARAMETERS[method]
    moves = np.isnan(at) | ((at > 0) & (at < count - 1))
    return np.where(moves, count + 1 - alpha - beta + 0 * at, 0)


for _name in ("median", "nanmedian", "percentile", "quantile", "nanpercentile", "nanquantile"):
    NUMPY[getattr(np, _name)] = _statistic(getattr(np, _name))

# Sets. Each output entry is looked up among the entries that went in; the first one counts.


def _origin(y: Any, entries: Any) -> Any:
    """For each entry of y the position, from 1 on, of the first of `entries` that equals it."""
    order = np.argsort(entries, kind="stable")
    return order[np.searchsorted(entries[order], y)] + 1


def _set_vjp(k: int, g: Any, y: Any, *operands: Any, **params: Any) -> Any:
    parts = [np.ravel(plain(x)) for x in operands]
    origin = _origin(plain(y), np.concatenate(parts)) if np.size(plain(y)) else np.zeros(0, int)
    start = sum(part.size for part in parts[:k])
    own = np.where((origin > start) & (origin <= start + parts[k].size), origin - start, 0)
    return scatter(g, origin=own, shape=np.shape(operands[k]))


def _set(function: Callable[..., Any]) -> Rule:
    return define(function.__name__, function, vjp_each=_set_vjp)


for _name in ("union1d", "setdiff1d", "setxor1d"):
    _row = _set(getattr(np, _name))
    NUMPY[getattr(np, _name)] = lambda ar1, ar2, assume_unique=False, row=_row: row(
        traced(ar1), traced(ar2), **({"assume_unique": True} if assume_unique else {})
    )
_intersection = _set(np.intersect1d)


def _positions(name: str, function: Callable[..., Any], k: int) -> Rule:
    """The flat row of the k-th output of a function, an array of positions or counts."""
    return define(name, lambda *xs, **params: function(*xs, **params)[k])


@handles(np.intersect1d)
def _intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    a, b = traced(ar1), traced(ar2)
    common = _intersection(a, b, assume_unique=assume_unique)
    if not return_indices:
        return common
    return common, *(row(a, b, assume_unique=assume_unique) for row in _INTERSECTION_INDICES)


_INTERSECTION_INDICES = [
    _positions(f"intersect1d.index{k}", partial(np.intersect1d, return_indices=True), k)
    for k in (1, 2)
]


def _unique_vjp(g: Any, y: Any, a: Any, *, axis: Any, **how: Any) -> Any:
    if axis is None:
        return _set_vjp(0, g, y, a)
    value = plain(a)
    _, first = np.unique(value, return_index=True, axis=axis, **how)
    origin = np.take(positions_of(value), first, axis=axis)
    return scatter(g, origin=origin, shape=value.shape)


unique = define("unique", lambda a, **params: np.unique(a, **params), vjps=(_unique_vjp,))


_unique_all = partial(np.unique, return_index=True, return_inverse=True, return_counts=True)
_UNIQUE_INDEX, _UNIQUE_INVERSE, _UNIQUE_COUNTS = (
    _positions(f"unique.{what}", _unique_all, k)
    for k, what in enumerate(("index", "inverse", "counts"), start=1)
)


@handles(np.unique)
def _unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    **how: Any,
) -> Any:
    a, how = traced(ar), {"axis": fixed(axis), **how}
    wanted = [return_index, return_inverse, return_counts]
    rows = [_UNIQUE_INDEX, _UNIQUE_INVERSE, _UNIQUE_COUNTS]
    more = [row(a, **how) for row, wants in zip(rows, wanted, strict=True) if wants]
    return (unique(a, **how), *more) if more else unique(a, **how)


NUMPY[np.unique_values] = lambda x: _unique(x, equal_nan=False, sorted=False)


def _named_unique(function: Callable[..., Any], **wanted: bool) -> None:
    """np.unique_counts and its kin: the same in a named tuple."""
    kind = type(function(np.zeros(1)))
    NUMPY[function] = lambda x: kind(*_unique(x, equal_nan=False, **wanted))


_named_unique(np.unique_counts, return_counts=True)
_named_unique(np.unique_inverse, return_inverse=True)
_named_unique(np.unique_all, return_index=True, return_inverse=True, return_counts=True)
