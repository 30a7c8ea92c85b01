"""Draw the slope triangle: how much higher a function is when its argument is a little larger.

In: a function of one number and where to look at it. Out: a `Drawing`. At one point it is the
triangle with its width, its height and their ratio; at several it shows how a curve's slope
changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.formula.naming import Naming, natural
from graphtrace.formula.number import number
from graphtrace.formula.printer import on_board
from graphtrace.formula.read import term_of
from graphtrace.formula.runs import Run, Runs
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

_WIDTH, _HEIGHT = 560, 330
"""Of the plot, where the column has so much room."""
_FLATTEST = 0.75
"""The least height of a narrow one, as a share of the height."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 34, 36, 34
_SEEN = 0.004
"""A tangent that differs less from the curve, as a share of the height, is not seen."""
_FLAT = 10
"""A triangle that is less high, in pixels, has no room for its height."""


class Triangle(NamedTuple):
    """The right angle under the tangent: from (a, value), `width` to the right and `height` up."""

    a: float
    value: float
    width: float
    slope: float

    @property
    def height(self) -> float:
        """How much higher the tangent is at its other end."""
        return self.slope * self.width


def slope(
    f: Function,
    a: float | Sequence[float],
    da: float | None = None,
    *,
    span: tuple[float, float] | None = None,
    label: str | None = None,
) -> Drawing:
    """The slope triangle of f at `a`, or one at each of several points.

    The triangle is `da` wide and as high as the tangent rises over it; height / width is the
    derivative, which graphtrace computes. A small `da` is looked at from near: the axes follow it
    unless `span` gives the range of the argument. `label` is what the function is called,
    `"f(a) = 3a"`. Plots need the extra `graphtrace[plots]`.

    Raises `ArgumentError` for a `da` that is not positive, a point outside the span, and a function
    that does not make one number of one number.

    >>> import graphtrace as gt
    >>> gt.figures.slope(lambda a: 3 * a, 2, da=0.001).description
    'The slope of f at a = 2 is 3. From a = 2 to 2.001, f goes from 6 to 6.003: 0.003 / 0.001 = 3.'
    """
    points = [float(x) for x in (np.ravel(a).tolist())]
    if not points:
        raise ArgumentError("slope() has no point to look at: give a=2, or a=[1, 2, 3]")
    width = _usual_width(points) if da is None else float(da)
    if not (width > 0 and math.isfinite(width)):
        raise ArgumentError(f"da={da!r} is no width of a triangle: give a number above 0")
    low, high = span or (min(points) - 1.5 * width, max(points) + 2.5 * width)
    if not all(low <= point and point + width <= high for point in points):
        raise ArgumentError(
            f"span={span!r} does not hold the triangles from {number(min(points))} to "
            f"{number(max(points) + width)}: make it larger, or leave it out"
        )
    curve = sample(f, (low, high))
    triangles = [Triangle(point, *_at(f, point, width)) for point in points]
    passages = [list(_sentences(f, triangle, curve)) for triangle in triangles]
    slopes = [number(triangle.slope) for triangle in triangles]
    where = listed([number(point) for point in points])
    title = f"Slope of {curve.name} at {curve.variable} = {where}: {listed(slopes)}"
    note = passages[0] if len(passages) == 1 else []
    return Drawing(
        f"slope-{curve.name}",
        title,
        unmarked(" ".join(sentence for sentences in passages for sentence in sentences)),
        lambda theme: _draw(curve, triangles, label, note, theme),
    )


def _at(f: Function, point: float, width: float) -> tuple[float, float, float]:
    value, derivative = at(f, point)
    if not (math.isfinite(value) and math.isfinite(derivative)):
        raise ArgumentError(
            f"the slope at {number(point)} is {number(derivative)}: choose a point where the "
            "function has one"
        )
    return value, width, derivative


def _usual_width(points: Sequence[float]) -> float:
    """A round number: about half of a lone point, or a third of the way between two points."""
    apart = (max(points) - min(points)) / max(len(points) - 1, 1) / 2.5
    wanted = apart or abs(points[0]) / 2 or 1.0
    unit = 10.0 ** math.floor(math.log10(wanted))
    return float(f"{max(k for k in (1, 2, 5) if k * unit <= wanted * 1.0001) * unit:.6g}")


def _sentences(f: Function, triangle: Triangle, curve: Curve) -> Iterator[str]:
    """The slope, and what the function itself does over the width of the triangle."""
    a, width = triangle.a, triangle.width
    rise = _rounded(at(f, a + width)[0] - triangle.value, triangle.value)
    of, by = marked(curve.name), marked(curve.variable)
    yield f"The slope of {of} at {by} = {number(a)} is {number(triangle.slope)}."
    secant, ratio = number(rise / width), f"{number(rise)} / {number(width)}"
    if secant == number(triangle.slope):
        grown = f"From {by} = {number(a)} to {number(a + width)}"
        values = f"from {number(triangle.value)} to {number(triangle.value + rise)}"
        yield f"{grown}, {of} goes {values}: {ratio} = {secant}."
    else:
        tangent = f"the tangent rises by {number(triangle.height)}"
        yield f"Over {number(width)} more of {by}, {tangent}, {of} itself by {number(rise)}."


def _rounded(rise: float, value: float) -> float:
    """Without the last digits, which are those of a difference of two rounded numbers."""
    digits = 12 - math.floor(math.log10(max(abs(value), abs(rise), 1e-300)))
    return round(rise, min(digits, 300))


@plain()
def _draw(
    curve: Curve,
    triangles: Sequence[Triangle],
    label: str | None,
    note: Sequence[str],
    theme: Theme,
) -> Picture:
    wide = min(_WIDTH, theme.column)
    deep = _HEIGHT * max(wide / _WIDTH, _FLATTEST)
    plot = Plot(wide, deep + _TOP + _BOTTOM, theme)
    low, high = _range(curve, triangles)
    span = (float(curve.x[0]), float(curve.x[-1]))
    left = max(_LEFT, plot.beside((low, high), deep))
    box = (left, _TOP, wide - left - _RIGHT, deep)
    axes = plot.axes(box, span, (low, high))
    for triangle in triangles:
        _triangle(plot, axes, triangle)
    plot.curve(axes, np.column_stack([curve.x, curve.values]), "curve")
    for triangle in triangles:
        _tangent(plot, axes, triangle, curve, 0.8 if len(triangles) > 1 else 1.5)
    head = plot.line("heading blue", _named(curve, label))
    plot.text(head, (left + head.width / 2, _TOP - 18))
    variable = plot.line("heading", natural(curve.variable).runs())
    plot.text(variable, (wide - _RIGHT + 14, _TOP + deep - 2))
    for triangle in triangles:
        plot.dot(axes, (triangle.a, triangle.value))
    for triangle in triangles:
        _labels(plot, axes, triangle, curve.variable, alone=len(triangles) == 1)
    body, bottom = caption(note, wide, _TOP + deep + _BOTTOM + 4, theme)
    return Picture((*plot.body(), *body), wide, bottom)


def _range(curve: Curve, triangles: Sequence[Triangle]) -> tuple[float, float]:
    """Of the curve's values, with the triangles, and some air."""
    ends = [end for t in triangles for end in (t.value, t.value + t.height)]
    values = np.array([*curve.values[np.isfinite(curve.values)], *ends])
    low, high = float(values.min()), float(values.max())
    air = 0.08 * ((high - low) or 1.0)
    return low - air, high + air


def _named(curve: Curve, label: str | None) -> Runs:
    if label is None:
        return call(curve.name, curve.variable)
    hand = on_board(Naming())
    return hand.between(hand.text(" = "), [hand.term(term_of(s)) for s in label.split(" = ")])


def _corners(triangle: Triangle) -> list[Point]:
    a, value, right = triangle.a, triangle.value, triangle.a + triangle.width
    return [(a, value), (right, value), (right, value + triangle.height)]


def _triangle(plot: Plot, axes: Axes, triangle: Triangle) -> None:
    plot.area(axes, _corners(triangle), "triangle")
    plot.curve(axes, np.array(_corners(triangle)), "leg")


def _tangent(plot: Plot, axes: Axes, triangle: Triangle, curve: Curve, beyond: float) -> None:
    ends = [triangle.a - beyond * triangle.width, triangle.a + (1 + beyond) * triangle.width]
    line = np.array([(x, triangle.value + (x - triangle.a) * triangle.slope) for x in ends])
    off = np.interp(ends, curve.x, curve.values) - line[:, 1]
    low, high = axes.get_ylim()
    if np.abs(off).max() > _SEEN * (high - low):
        plot.curve(axes, line, "tangent")


def _labels(plot: Plot, axes: Axes, triangle: Triangle, variable: str, *, alone: bool) -> None:
    start, corner, end = plot.at(axes, np.array(_corners(triangle))).tolist()
    up = -1 if end[1] < corner[1] else 1
    width, height = number(triangle.width), number(triangle.height)
    label = plot.line("small red", f"width {width}" if alone else width)
    middle = (start[0] + corner[0]) / 2
    aside = label.width / 2 + 10
    below = [(middle, start[1] - up * off) for off in (13, 17, -13)]
    plot.label(axes, label, [*below, (start[0] - aside, start[1]), (corner[0] + aside, start[1])])
    if abs(end[1] - corner[1]) > _FLAT:
        _height(plot, axes, triangle, f"height {height}" if alone else height)
    ratio = f"slope = {height} / {width} = " if alone else "slope "
    label = plot.line("heading red", (Run(ratio + number(triangle.slope)),))
    aside = label.width / 2 + 12
    spots = [(start[0] * (1 - t) + end[0] * t, start[1] * (1 - t) + end[1] * t) for t in _ALONG]
    plot.label(
        axes,
        label,
        [
            (x + side * aside, y + up * off)
            for off in (6, 14, 24, 0)
            for side in (-1, 1)
            for x, y in spots
        ]
        + [(x, y + side * off) for off in (18, 28, 40, 60) for side in (up, -up) for x, y in spots]
        + _corner_spots(plot, axes, label),
    )


def _corner_spots(plot: Plot, axes: Axes, label: Line) -> list[Point]:
    """The middles of a label in the four corners of the axes."""
    limits = np.column_stack([axes.get_xlim(), axes.get_ylim()])
    (left, bottom), (right, top) = plot.at(axes, limits).tolist()
    aside = label.width / 2 + 8
    return [(x, y) for y in (top + 12, bottom - 14) for x in (left + aside, right - aside)]


def _height(plot: Plot, axes: Axes, triangle: Triangle, text: str) -> None:
    _, corner, end = plot.at(axes, np.array(_corners(triangle))).tolist()
    label = plot.line("small red", text)
    aside = label.width / 2 + 8
    rows = [corner[1] * (1 - t) + end[1] * t for t in (0.5, 0.35, 0.2, 0.65, 0.0, -0.3)]
    right = [(corner[0] + aside, y) for y in rows] + [(corner[0] + aside + 8, y) for y in rows]
    plot.label(axes, label, right + [(corner[0] - aside, y) for y in rows])


_ALONG = (0.5, 0.75, 1.0, 0.25, 0.0)
