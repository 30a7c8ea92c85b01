"""Draw an arrow as SVG: a line and its heads.

In: a route, and the size of the gradient that its width tells, if it tells one. Out: SVG. It
knows nothing about figures or colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphtrace.render.layout.places import Point, Route
from graphtrace.render.paint.flow import width_of
from graphtrace.render.typeset.escape import decimal

_HEAD_WIDTH = 3.6


def arrow(route: Route, size: float | None = None) -> Iterator[str]:
    """The line of a route with a head at each end that has a tip."""
    first, *rest = (f"{decimal(x)},{decimal(y)}" for x, y in route.curve)
    wide = "" if size is None else f' style="{_width(size, route.end is None)}"'
    yield f'<path class="arrow" d="M{first}C{" ".join(rest)}"{wide}/>'
    half = _HEAD_WIDTH if size is None else max(_HEAD_WIDTH, 0.9 * width_of(size))
    if route.end is not None:
        yield _head(route.curve[-1], route.end, half)
    if route.start is not None:
        yield _head(route.curve[0], route.start, half)


def _width(size: float, back: bool) -> str:
    """As CSS, since a style sheet counts more than an attribute; nothing at all is dotted."""
    width = width_of(size)
    dashes = ""
    if size == 0:
        dashes = ";stroke-dasharray:1 4"
    elif back:
        dashes = f";stroke-dasharray:{decimal(4 + width)} {decimal(2 + width / 2)}"
    return f"stroke-width:{decimal(width)}{dashes}"


def _head(base: Point, tip: Point, half: float) -> str:
    """A triangle from the end of the line to the border of the box."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    across = (-dy / length * half, dx / length * half)
    corners: Sequence[Point] = (
        (base[0] + across[0], base[1] + across[1]),
        tip,
        (base[0] - across[0], base[1] - across[1]),
    )
    points = " ".join(f"{decimal(x)},{decimal(y)}" for x, y in corners)
    return f'<polygon class="head" points="{points}"/>'
