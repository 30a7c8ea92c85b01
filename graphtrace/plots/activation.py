"""Draw activation functions above their derivatives, and where they are flat.

In: functions of one number. Out: a `Drawing`. What is flat passes no gradient, so this is the
figure that says why a network of ReLUs learns where one of sigmoids does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.formula.number import number
from graphtrace.plots.curve import Curve, Function, at, sample
from graphtrace.plots.drawing import (
    Drawing,
    Picture,
    Point,
    call,
    caption,
    listed,
    marked,
    unmarked,
)
from graphtrace.plots.plot import Plot, plain
from graphtrace.render import Theme
from graphtrace.render.typeset.sheet import Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3
_WIDTH = 720
_LEFT, _RIGHT, _TOP = 44, 18, 34
_HEIGHT, _LOWER, _BETWEEN = 170, 130, 52
_SLIVER = 0.03
"""A narrower range, as around a minimum, is not worth a mark."""


def activation(
    *functions: Function,
    span: tuple[float, float] = (-6.0, 6.0),
    names: Sequence[str] | None = None,
    flat: float = 0.05,
) -> Drawing:
    """Each function above its derivative, shaded where the derivative is smaller than `flat`.

    A function takes one number and returns one; it may be NumPy's, graphtrace's or your own. The
    derivatives are graphtrace's and share one axis, so that they can be compared. `names` are the
    functions' names in the figure. Plots need the extra `graphtrace[plots]`.

    Raises `ArgumentError` without a function, for a name too few or too many, and for a function
    that returns more than one number.

    >>> import graphtrace as gt
    >>> gt.figures.activation(gt.sigmoid, gt.relu).title
    'sigmoid and relu, with their derivatives'
    """
    if not functions:
        raise ArgumentError("activation() has nothing to draw: hand over a function, as gt.relu")
    if names is not None and len(names) != len(functions):
        raise ArgumentError(
            f"names has {len(names)} entries for {len(functions)} functions: give one for each"
        )
    given: Sequence[str | None] = names or [None] * len(functions)
    curves = [
        sample(f, span, name, i) for i, (f, name) in enumerate(zip(functions, given, strict=True))
    ]
    words = [curve.name for curve in curves]
    title = f"{listed(words)}, with {'its derivative' if len(words) == 1 else 'their derivatives'}"
    compared = _comparison(functions, curves, flat)
    note = [
        f"Shaded: flat, with a slope below {number(flat)}. Hardly any gradient comes through there."
    ]
    note += [compared[0]] if compared else []
    description = (
        ". ".join([title, *(_description(curve, flat) for curve in curves)])
        + ". "
        + unmarked(" ".join(note))
    )
    marked = compared[1] if compared else None

    def draw(theme: Theme) -> Picture:
        return _draw(functions, curves, flat, marked, note, theme)

    return Drawing("-".join(words), title, description, draw)


def _description(curve: Curve, flat: float) -> str:
    ranges = [f"from {number(low)} to {number(high)}" for low, high in _flat(curve, flat)]
    largest = number(float(np.nanmax(curve.derivatives)), 3)
    where = f"flat {listed(ranges)}" if ranges else "nowhere flat"
    return f"{curve.name} has a slope of at most {largest} and is {where}"


def _flat(curve: Curve, flat: float) -> Iterator[tuple[float, float]]:
    """The ranges of x in which the curve is flat."""
    is_flat = (np.abs(curve.derivatives) < flat).tolist()
    for yes, run in groupby(range(len(is_flat)), key=lambda i: is_flat[i]):
        places = list(run)
        low, high = float(curve.x[places[0]]), float(curve.x[places[-1]])
        if yes and high - low > _SLIVER * (curve.x[-1] - curve.x[0]):
            yield low, high


def _comparison(
    functions: Sequence[Function], curves: Sequence[Curve], flat: float
) -> tuple[str, float] | None:
    """A sentence on a place where one function is flat and another is not, and the place."""
    for x in _round_places(curves[0]):
        slopes = [at(f, x)[1] for f in functions]
        is_flat = [abs(slope) < flat for slope in slopes]
        if any(is_flat) and not all(is_flat) and np.isfinite(slopes).all():
            phrases = [
                f"{number(slope, 2)} for {marked(curve.name)}"
                for slope, curve in zip(slopes, curves, strict=True)
            ]
            where = f"{marked(curves[0].variable)} = {number(x)}"
            return f"At {where} the slope is {listed(phrases)}.", x
    return None


def _round_places(curve: Curve) -> list[float]:
    """Whole numbers within the curve, those near three quarters of its right half first."""
    low, high = float(curve.x[0]), float(curve.x[-1])
    whole = [float(x) for x in range(int(np.ceil(low)), int(np.floor(high)) + 1)][:200]
    aim = high - (high - low) / 6
    return sorted(whole, key=lambda x: (abs(x - aim), -x))


@plain()
def _draw(
    functions: Sequence[Function],
    curves: Sequence[Curve],
    flat: float,
    marked: float | None,
    note: Sequence[str],
    theme: Theme,
) -> Picture:
    side_by_side = max(1, int(theme.column * _COLUMNS / _WIDTH))
    columns = min(_COLUMNS, len(curves), side_by_side)
    width = min(theme.column, _WIDTH if columns > 1 else 0.6 * _WIDTH)
    block = _TOP + _HEIGHT + _BETWEEN + _LOWER + 34
    rows = -(-len(curves) // columns)
    plot = Plot(width, rows * block, theme)
    share = _range(np.concatenate([curve.derivatives for curve in curves]), up=0.34)
    beside = [plot.beside(_range(curve.values), _HEIGHT) for curve in curves]
    side = max(_LEFT, plot.beside(share, _LOWER), *beside)
    for i, (f, curve) in enumerate(zip(functions, curves, strict=True)):
        left = (i % columns) * width / columns + side
        top = (i // columns) * block + _TOP
        _column(plot, f, curve, (left, top, width / columns - side - _RIGHT), share, flat, marked)
    body, bottom = caption(note, width, rows * block + 6, theme)
    return Picture((*plot.body(), *body), width, bottom)


def _range(values: np.ndarray, up: float = 0.06) -> tuple[float, float]:
    """From the least to the greatest, zero among them, and air: a flat curve lies on no axis."""
    finite = values[np.isfinite(values)]
    low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    size = (high - low) or 1.0
    return low - 0.06 * size, high + up * size


def _column(
    plot: Plot,
    f: Function,
    curve: Curve,
    place: tuple[float, float, float],
    share: tuple[float, float],
    flat: float,
    marked: float | None,
) -> None:
    left, top, width = place
    span = (float(curve.x[0]), float(curve.x[-1]))
    own = _range(curve.values)
    upper = plot.axes((left, top, width, _HEIGHT), span, own)
    lower = plot.axes((left, top + _HEIGHT + _BETWEEN, width, _LOWER), span, share)
    for axes, (low, high) in ((upper, own), (lower, share)):
        for a, b in _flat(curve, flat):
            plot.area(axes, [(a, low), (b, low), (b, high), (a, high)], "flat")
    plot.curve(upper, np.column_stack([curve.x, curve.values]), "curve")
    for piece in _pieces(curve):
        plot.curve(lower, piece, "slope")
    for jump in curve.jumps:
        ends = [at(f, jump - 1e-6)[1], at(f, jump + 1e-6)[1]]
        plot.curve(lower, np.array([[jump, ends[0]], [jump, ends[1]]]), "jump")
    _head(plot, (left, top - 17), plot.line("heading blue", call(curve.name, curve.variable)))
    prime = call(curve.name, curve.variable, "′")
    _head(plot, (left, top + _HEIGHT + _BETWEEN - 15), plot.line("heading red", prime))
    _marks(plot, lower, f, curve, marked)


def _head(plot: Plot, start: tuple[float, float], label: Line) -> None:
    plot.text(label, (start[0] + label.width / 2, start[1]))


def _pieces(curve: Curve) -> Iterator[np.ndarray]:
    """The derivative between its jumps, each piece up to the jump itself."""
    points = np.column_stack([curve.x, curve.derivatives])
    starts = [-np.inf, *curve.jumps]
    for low, high in zip(starts, [*curve.jumps, np.inf], strict=True):
        piece = points[(points[:, 0] > low + 1e-9) & (points[:, 0] < high - 1e-9)]
        if len(piece) == 0:
            continue
        first = [[low, piece[0, 1]]] if np.isfinite(low) else []
        last = [[high, piece[-1, 1]]] if np.isfinite(high) else []
        yield np.array([*first, *piece.tolist(), *last])


def _marks(plot: Plot, axes: Axes, f: Function, curve: Curve, marked: float | None) -> None:
    """The largest slope, and the one at the place where the functions are compared."""
    spots = []
    top = int(np.nanargmax(curve.derivatives))
    if np.sum(curve.derivatives > curve.derivatives[top] - 1e-9) <= 2:
        spots.append((float(curve.x[top]), float(curve.derivatives[top])))
    if marked is not None:
        spots.append((marked, at(f, marked)[1]))
    for spot in spots:
        plot.dot(axes, spot, "dot red")
        x, y = plot.at(axes, np.array([spot]))[0]
        label = plot.line("small red", number(spot[1], 2))
        plot.label(axes, label, _around(x, y, label))


_ANGLES = (90, 60, 120, 270, 300, 240, 30, 150, 0, 180)


def _around(x: float, y: float, label: Line) -> list[Point]:
    """Places for a label around a dot, the nearest first and above it."""
    turns = [(radius, math.radians(angle)) for radius in (16, 22, 30, 40) for angle in _ANGLES]
    return [(x + math.cos(t) * (label.width / 2 + r - 6), y - math.sin(t) * r) for r, t in turns]
