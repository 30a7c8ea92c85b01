"""Numerical calculus: gradient, trapezoid, interp, unwrap, convolve, correlate, linspace, ..."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Rule
from graphtrace.core.variable import NUMPY, Variable, define, fixed, handles, traced, unsupported
from graphtrace.ops.composed import composed

# np.gradient, one row an axis.


def _gradient_formula(f: Any, *spacing: Any, axis: int, edge_order: int) -> Any:
    f = np.moveaxis(f, axis, 0)
    (h,) = spacing
    if np.ndim(h) == 0:
        inner = (f[2:] - f[:-2]) / (2 * h)
        first, last = _edges(f, [h, h], [h, h], edge_order)
    else:
        steps = np.diff(h)
        column = (-1,) + (1,) * (np.ndim(f) - 1)
        left, right = np.reshape(steps[:-1], column), np.reshape(steps[1:], column)
        inner = (
            -right / (left * (left + right)) * f[:-2]
            + (right - left) / (left * right) * f[1:-1]
            + left / (right * (left + right)) * f[2:]
        )
        first, last = _edges(
            f,
            [steps[0], steps[1 % np.size(steps)]],
            [steps[-1], steps[-2 % np.size(steps)]],
            edge_order,
        )
    return np.moveaxis(np.concatenate([first[None], inner, last[None]]), 0, axis)


def _edges(f: Any, begin: list[Any], end: list[Any], edge_order: int) -> tuple[Any, Any]:
    """The one-sided differences at both ends, each with the two spacings next to it."""
    return (
        _one_sided(f[0], f[1], f[2 % len(f)], begin[0], begin[1], edge_order),
        _one_sided(f[-1], f[-2], f[-3 % len(f)], -end[0], -end[1], edge_order),
    )


def _one_sided(a: Any, b: Any, c: Any, d: Any, e: Any, edge_order: int) -> Any:
    """The slope at a of the line through a and b, or of the parabola through a, b, c."""
    if edge_order == 1:
        return (b - a) / d
    return -(2 * d + e) / (d * (d + e)) * a + (d + e) / (d * e) * b - d / (e * (d + e)) * c


_gradient_row = composed(
    "gradient",
    lambda f, *spacing, axis, edge_order: np.gradient(
        f, *spacing, axis=axis, edge_order=edge_order
    ),
    _gradient_formula,
)


@handles(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f, axis = traced(f), fixed(axis)
    axes = list(range(np.ndim(f))) if axis is None else np.atleast_1d(axis).tolist()
    spacings = [traced(h) for h in varargs] or [1.0]
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    results = [
        _gradient_row(f, h, axis=each, edge_order=edge_order)
        for each, h in zip(axes, spacings, strict=True)
    ]
    return results[0] if len(axes) == 1 else tuple(results)


def _trapezoid_formula(y: Any, x: Any, *, axis: int, by: str) -> Any:
    y = np.moveaxis(y, axis, -1)
    if by == "x":
        x = np.diff(x) if np.ndim(x) == 1 else np.diff(np.moveaxis(x, axis, -1))
    return np.sum(x * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


trapezoid = composed(
    "trapezoid",
    lambda y, x, *, axis, by: np.trapezoid(y, **{by: x}, axis=axis),
    _trapezoid_formula,
)


@handles(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    by, step = ("dx", dx) if x is None else ("x", traced(x))
    return trapezoid(traced(y), step, axis=fixed(axis), by=by)


# np.interp: a straight line between two neighbours in xp, constant outside.


def _interp_formula(x: Any, xp: Any, fp: Any, *ends: Any, period: Any, given: Any) -> Any:
    if period is not None:
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(plain(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    at, knots = plain(x), plain(xp)
    if np.size(knots) == 0:  # only for an empty x, from NumPy 2.5 on
        return 0 * x
    if np.size(knots) == 1:
        i = j = np.zeros(np.shape(at), int)
        line = fp[i] + 0 * x
    else:
        j = np.clip(np.searchsorted(knots, at, side="right"), 1, np.size(knots) - 1)
        i = j - 1
        gap = np.where(knots[j] == knots[i], 1, xp[j] - xp[i])  # of two equal knots at an end
        line = fp[i] + (fp[j] - fp[i]) / gap * (x - xp[i])
    outside = dict(zip(given, ends, strict=True))
    line = np.where(at < knots[0], outside.get("left", fp[0]), line)
    return np.where(at > knots[-1], outside.get("right", fp[-1]), line)


def _interp_forward(x: Any, xp: Any, fp: Any, *ends: Any, period: Any, given: Any) -> Any:
    return np.interp(x, xp, fp, **dict(zip(given, ends, strict=True)), period=period)


interp = composed("interp", _interp_forward, _interp_formula)


@handles(np.interp)
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    ends = {name: end for name, end in (("left", left), ("right", right)) if end is not None}
    if period is not None:
        ends, period = {}, abs(period)
    if type(period) is Variable:
        raise unsupported("np.interp with a traced period", (period,), "pass a plain number")
    return interp(
        traced(x), traced(xp), traced(fp), *ends.values(), period=period, given=tuple(ends)
    )


# It adds multiples of the period, which stay as they are.
unwrap = define("unwrap", lambda p, **how: np.unwrap(p, **how), vjps=(lambda g, y, p, **how: g,))
NUMPY[np.unwrap] = lambda p, discont=None, axis=-1, *, period=2 * np.pi: unwrap(
    traced(p), discont=discont, axis=fixed(axis), period=fixed(period)
)

# Convolution. The mode cuts a part out of the full result; in the full one, the adjoint of either
# operand is the correlation of the adjoint with the other. The adjoint of a complex operand is that
# of JAX, without conjugation.


def _start(n: int, m: int, mode: str) -> int:
    """Where the result of a mode begins in the full one, for operands of lengths n and m."""
    shorter = min(n, m)
    return {"full": 0, "same": shorter - 1 - shorter // 2, "valid": shorter - 1}[mode]


def _padded(g: Any, n: int, m: int, start: int) -> Any:
    """The adjoint of the full result."""
    after = n + m - 1 - start - np.size(g)
    return np.concatenate([np.zeros(start), g, np.zeros(after)])


def _slide(g: Any, a: Any) -> Any:
    """The scalar products of `a` with each window of `g`."""
    return np.correlate(g, np.conj(a), "valid")


def _convolve_vjp(k: int, g: Any, y: Any, a: Any, v: Any, *, mode: str) -> Any:
    n, m = np.size(a), np.size(v)
    return _slide(_padded(g, n, m, _start(n, m, mode)), a if k else v)


convolve = define("convolve", lambda a, v, *, mode: np.convolve(a, v, mode), vjp_each=_convolve_vjp)


def _correlate_vjp(k: int, g: Any, y: Any, a: Any, v: Any, *, mode: str) -> Any:
    """A correlation is the convolution with the conjugate of v, read from its end."""
    n, m = np.size(a), np.size(v)
    start = _start(n, m, mode)
    if n < m:  # NumPy swaps them and reads the result from its end
        start = n + m - 1 - start - np.size(g)
    g = _padded(g, n, m, start)
    if k:
        adjoint = _slide(g, a)[::-1]
        return np.conj(adjoint) if np.iscomplexobj(v) else adjoint
    return _slide(g, np.conj(v)[::-1])


correlate = define(
    "correlate", lambda a, v, *, mode: np.correlate(a, v, mode), vjp_each=_correlate_vjp
)
NUMPY[np.convolve] = lambda a, v, mode="full": convolve(
    np.atleast_1d(traced(a)), np.atleast_1d(traced(v)), mode=mode
)
NUMPY[np.correlate] = lambda a, v, mode="valid": correlate(traced(a), traced(v), mode=mode)

# Grids between traced ends: the point at t, from 0 to 1, between them.


def _geometric(t: Any, start: Any, stop: Any) -> Any:
    if np.all(plain(start) > 0):
        return start ** (1 - t) * stop**t
    return -((-start) ** (1 - t)) * (-stop) ** t


_POINTS: dict[Any, Rule] = {
    np.linspace: lambda t, start, stop: start * (1 - t) + stop * t,
    np.logspace: lambda t, start, stop, base: base ** (start * (1 - t) + stop * t),
    np.geomspace: _geometric,
}


def _grid(function: Callable[..., Any], *names: str) -> Rule:
    """A function that makes a grid, with NumPy's signature; its operands have these names."""

    def forward(*ends: Any, **how: Any) -> Any:
        return function(**dict(zip(names, ends, strict=True)), **how)

    def formula(*ends: Any, num: int, endpoint: bool, axis: int) -> Any:
        t = np.arange(num) / max(num - 1 if endpoint else num, 1)
        t = np.reshape(t, (-1,) + (1,) * np.ndim(plain(ends[0]) + plain(ends[1])))
        return np.moveaxis(_POINTS[function](t, *ends), 0, axis)

    row = composed(function.__name__, forward, formula)
    parameters = signature(function).parameters
    defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}

    def grid(*args: Any, **kwargs: Any) -> Any:
        given = defaults | dict(zip(parameters, args, strict=False)) | kwargs
        ends, num = [traced(given[name]) for name in names], fixed(given["num"])
        endpoint = given["endpoint"]
        points = row(*ends, num=num, endpoint=endpoint, axis=given["axis"])
        points = points if given["dtype"] is None else points.astype(given["dtype"])
        if not given.get("retstep"):
            return points
        parts = num - 1 if endpoint else num
        return points, (ends[1] - ends[0]) / parts if parts else np.nan

    return grid


NUMPY[np.linspace] = _grid(np.linspace, "start", "stop")
NUMPY[np.logspace] = _grid(np.logspace, "start", "stop", "base")
NUMPY[np.geomspace] = _grid(np.geomspace, "start", "stop")
