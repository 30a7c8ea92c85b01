"""Sample a function of one number, with its derivative.

In: a function and a range. Out: its `Curve`, both as points. The derivative is `grad`'s, point by
point, so that a function may branch on its argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphtrace.core.inputs import signature_of
from graphtrace.errors import ArgumentError
from graphtrace.transforms.grad import value_and_grad

Function = Callable[[Any], Any]
_POINTS = 241
_HALVINGS = 40
_LETTERS = "fgh"


class Curve(NamedTuple):
    """A function at `x`: its values and derivatives; `jumps` are where the derivative jumps."""

    name: str
    variable: str
    x: NDArray[np.float64]
    values: NDArray[np.float64]
    derivatives: NDArray[np.float64]
    jumps: tuple[float, ...]


def at(f: Function, x: float) -> tuple[float, float]:
    """The value and the derivative of f at x.

    Raises `ArgumentError` if f does not make one number of one number.
    """
    # Outside of its domain a function is not drawn.
    with np.errstate(all="ignore"):
        try:
            value, derivative = value_and_grad(f)(float(x))
        except ArithmeticError:
            return math.nan, math.nan
    return float(value), float(derivative)


def sample(f: Function, span: tuple[float, float], name: str | None = None, i: int = 0) -> Curve:
    """The curve of f between the ends of the span; `i` counts the functions without a name."""
    low, high = float(span[0]), float(span[1])
    if not (np.isfinite([low, high]).all() and low < high):
        raise ArgumentError(f"span={span!r} is no range: give its ends, the lower first")
    x = np.round(np.linspace(low, high, _POINTS), 12)
    pairs = np.array([at(f, point) for point in x.tolist()])
    pairs[~np.isfinite(pairs[:, 0])] = np.nan  # no slope where there is no value
    values, derivatives = np.where(np.isfinite(pairs), pairs, np.nan).T
    own = name or called(f, i)
    if np.isnan(values).all() or np.isnan(derivatives).all():
        raise ArgumentError(f"{own} has no slope from {low:g} to {high:g}: choose another span")
    return Curve(own, variable(f), x, values, derivatives, _jumps(f, x, derivatives))


def called(f: Function, i: int = 0) -> str:
    """The function's own name; f, g, h for those that have none."""
    own = getattr(f, "__name__", "")  # a lambda's is no identifier
    return own if own.isidentifier() else _LETTERS[i % len(_LETTERS)]


def variable(f: Function) -> str:
    """What the function calls its argument; x where that says nothing."""
    try:
        names = [p.name for p in signature_of(f).parameters.values()]
    except (TypeError, ValueError):
        return "x"
    return names[0] if names and len(names[0]) == 1 else "x"


def _jumps(f: Function, x: NDArray[np.float64], slopes: NDArray[np.float64]) -> tuple[float, ...]:
    """Where the derivative changes at once: between two points that halving brings no nearer."""
    steps = np.abs(np.diff(slopes))
    large = 0.02 * max(float(np.nanmax(slopes) - np.nanmin(slopes)), 1e-12)
    jumps = []
    for i in np.flatnonzero(steps > large).tolist():
        low, high = float(x[i]), float(x[i + 1])
        first, last = float(slopes[i]), float(slopes[i + 1])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            slope = at(f, middle)[1]
            if abs(slope - first) < abs(slope - last):
                low, first = middle, slope
            else:
                high, last = middle, slope
        if abs(last - first) > large:
            jumps.append(round((low + high) / 2, 6))
    return tuple(jumps)
