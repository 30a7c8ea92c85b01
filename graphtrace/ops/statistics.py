"""Statistics: reductions with where= and initial=, those that skip NaN, average, cov, corrcoef."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Rule
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, fixed, handles, traced, unsupported
from graphtrace.ops.composed import composed
from graphtrace.ops.reduce import ROWS
from graphtrace.ops.shape import astype, axes_of
from graphtrace.ops.stable import squares_fit, unit_size

# Reductions of chosen entries: where= names them, or they are those that are no NaN.


_total: Any = np.sum  # their stubs differ from NumPy to NumPy


def _count(a: Any, mask: Any, axis: Any, keepdims: bool) -> Any:
    return _total(np.broadcast_to(mask, np.shape(a)), axis=axis, keepdims=keepdims)


def _mean(a: Any, mask: Any, *, axis: Any, keepdims: bool, **how: Any) -> Any:
    total = _total(np.where(mask, a, 0), axis=axis, keepdims=keepdims)
    return total / _count(a, mask, axis, keepdims)


def _var(a: Any, mask: Any, *, axis: Any, keepdims: bool, **how: Any) -> Any:
    return _mean_square(_centred(a, mask, axis), mask, axis, keepdims, how)


def _std(a: Any, mask: Any, *, axis: Any, keepdims: bool, **how: Any) -> Any:
    centred = _centred(a, mask, axis)
    root = np.sqrt(_mean_square(centred, mask, axis, True, how))
    if not np.all(squares_fit(root)):
        size = unit_size(centred, root, axis)
        root = np.sqrt(_mean_square(centred / size, mask, axis, True, how)) * size
    return root if keepdims else np.squeeze(root, axis)


def _centred(a: Any, mask: Any, axis: Any) -> Any:
    a = np.where(mask, a, 0)
    return np.where(mask, a - _mean(a, mask, axis=axis, keepdims=True), 0)


def _mean_square(centred: Any, mask: Any, axis: Any, keepdims: bool, how: dict[str, Any]) -> Any:
    squares = _total(np.real(centred * np.conj(centred)), axis=axis, keepdims=keepdims)
    ddof = how.get("correction", how.get("ddof", 0))
    return squares / (_count(centred, mask, axis, keepdims) - ddof)


def _of_chosen(function: Callable[..., Any], neutral: float) -> Rule:
    def of_chosen(a: Any, mask: Any, *, axis: Any, keepdims: bool, **how: Any) -> Any:
        return function(np.where(mask, a, neutral), axis=axis, keepdims=keepdims)

    return of_chosen


_FORMULAS: dict[Any, Rule] = {
    np.sum: _of_chosen(np.sum, 0),
    np.prod: _of_chosen(np.prod, 1),
    np.mean: _mean,
    np.var: _var,
    np.std: _std,
    np.max: _of_chosen(np.max, -np.inf),
    np.min: _of_chosen(np.min, np.inf),
}
# How the initial value joins the result.
_JOIN: dict[Any, Rule] = {
    np.sum: lambda y, initial: y + initial,
    np.prod: lambda y, initial: y * initial,
    np.max: np.maximum,
    np.min: np.minimum,
}


def _reduction(function: Callable[..., Any], of: Callable[..., Any] | None = None) -> Rule:
    """`function` with NumPy's signature, as a row whose operands are a, where and initial.

    One that skips NaN is the reduction `of` but for that; any other has a row for all entries too.
    """
    name, names = function.__name__, list(signature(function).parameters)[1:]

    def forward(a: Any, where: Any, *initial: Any, **how: Any) -> Any:
        chosen = {} if where is True else {"where": where}
        return function(a, **how, **chosen, **({"initial": initial[0]} if initial else {}))

    def formula(a: Any, where: Any, *initial: Any, **how: Any) -> Any:
        mask = plain(where) & ~np.isnan(plain(a)) if of else plain(where)
        y = _FORMULAS[of or function](a, mask, **how)
        return _JOIN[of or function](y, initial[0]) if initial else y

    whole = ROWS.get(function)
    part = composed(name if of else f"{name}_where", forward, formula)

    def reduction(a: Any, *args: Any, **kwargs: Any) -> Any:
        a = traced(a)
        if whole and not args and not kwargs:
            return whole(a, axis=None, keepdims=False)
        given = dict(zip(names, args, strict=False)) | kwargs
        given = {key: x for key, x in given.items() if x is not None and x is not np._NoValue}
        no_out(function, given.get("out"))
        if "mean" in given:
            raise unsupported(f"np.{name} with mean=", (a,), "leave mean= away")
        if "dtype" in given:
            a = astype(a, dtype=np.dtype(given["dtype"]))
        how = {"axis": fixed(given.get("axis")), "keepdims": bool(given.get("keepdims", False))}
        if (ddof := given.get("ddof", given.get("correction"))) is not None:
            how["ddof"] = fixed(ddof)
        where = given.get("where", True)
        if whole and where is True and "initial" not in given:
            return whole(a, **how)
        initial = (traced(given["initial"]),) if "initial" in given else ()
        return part(a, traced(where), *initial, **how)

    return reduction


for _function in ROWS:
    NUMPY[_function] = _reduction(_function)
    NUMPY[getattr(np, f"nan{_function.__name__}")] = _reduction(
        getattr(np, f"nan{_function.__name__}"), _function
    )
NUMPY[np.amax], NUMPY[np.amin] = NUMPY[np.max], NUMPY[np.min]


# Weighted means and covariances.


def _average_formula(a: Any, weights: Any, *, axis: Any, keepdims: bool) -> Any:
    weights = _along(weights, np.ndim(a), np.shape(a), axis)
    scale = _total(weights, axis=axis, keepdims=keepdims)
    return _total(a * weights, axis=axis, keepdims=keepdims) / scale


def _along(weights: Any, ndim: int, shape: tuple[int, ...], axis: Any) -> Any:
    """The weights in the shape of the array, where they are given for its axes only."""
    if np.shape(weights) == shape:
        return weights
    axes = axes_of(axis, ndim)
    weights = np.transpose(weights, np.argsort(axes))
    column = [shape[i] if i in axes else 1 for i in range(ndim)]
    return np.broadcast_to(np.reshape(weights, column), shape)


average = composed(
    "average",
    lambda a, weights, *, axis, keepdims: np.average(a, axis, weights, keepdims=keepdims),
    _average_formula,
)


@handles(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    a, axis, keepdims = traced(a), fixed(axis), bool(keepdims)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        scale = np.broadcast_to(float(np.size(a) // max(np.size(mean), 1)), np.shape(mean))
        return (mean, scale) if returned else mean
    weights = traced(weights)
    mean = average(a, weights, axis=axis, keepdims=keepdims)
    if not returned:
        return mean
    scale = np.sum(_along(weights, np.ndim(a), np.shape(a), axis), axis=axis, keepdims=keepdims)
    return mean, np.broadcast_to(scale, np.shape(mean))


def _cov_formula(
    *operands: Any, rowvar: bool, bias: bool, ddof: Any, weighted: bool, fweights: Any
) -> Any:
    more = operands[:-1] if weighted else operands
    rows = [np.atleast_2d(x) for x in more]
    if not rowvar:
        rows = [
            x if np.ndim(raw) < 2 else np.transpose(x) for x, raw in zip(rows, more, strict=True)
        ]
    if not len(rows[0]):
        return np.zeros((0, 0))  # as NumPy has it
    x = np.concatenate(rows)
    each = operands[-1] if weighted else None
    w = 1.0 if fweights is None else fweights
    w = w if each is None else w * each
    w = np.broadcast_to(w, np.shape(x)[1:])
    total = np.sum(w)
    x = x - (x @ w / total)[:, None]
    ddof = ddof if ddof is not None else 0 if bias else 1
    lost = ddof if each is None else ddof * np.sum(w * each) / total
    return np.reshape(
        (x * w) @ np.transpose(np.conj(x)) / (total - lost), (len(x),) * 2 if len(x) > 1 else ()
    )


def _corrcoef_formula(x: Any, *more: Any, rowvar: bool) -> Any:
    how: dict[str, Any] = {"bias": False, "ddof": None, "weighted": False, "fweights": None}
    c = _cov_formula(x, *more, rowvar=rowvar, **how)
    if np.ndim(c) == 0:
        return c / c
    size = np.sqrt(np.real(np.diagonal(c)))
    return c / size[:, None] / size[None, :]


def _cov_forward(*operands: Any, weighted: bool, **how: Any) -> Any:
    function: Any = np.cov
    if weighted:
        return function(*operands[:-1], aweights=operands[-1], **how)
    return function(*operands, **how)


cov = composed("cov", _cov_forward, _cov_formula)
corrcoef = composed("corrcoef", lambda *xs, **how: np.corrcoef(*xs, **how), _corrcoef_formula)


@handles(np.cov)
def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    operands = [traced(x) for x in (m, y) if x is not None]
    operands = [x if dtype is None else astype(x, dtype=np.dtype(dtype)) for x in operands]
    if aweights is not None:
        operands.append(traced(aweights))
    counts = None if fweights is None else np.asarray(fixed(fweights))
    how = {"rowvar": rowvar, "bias": bias, "ddof": ddof, "fweights": counts}
    return cov(*operands, weighted=aweights is not None, **how)


@handles(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, **dtype: Any) -> Any:
    operands = [traced(each) for each in (x, y) if each is not None]
    if dtype.get("dtype") is not None:
        operands = [astype(each, dtype=np.dtype(dtype["dtype"])) for each in operands]
    return corrcoef(*operands, rowvar=rowvar)
