"""Draw an arrow as SVG: a line and its heads.

In: a route, its paint, a theme. Out: SVG. It knows nothing about figures or colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphtrace.render.formats.attributes import painted
from graphtrace.render.layout.places import Point, Route
from graphtrace.render.paint.paint import Paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import decimal

_HEAD_WIDTH = 3.6


def arrow(route: Route, look: Paint, theme: Theme, *, wide: bool = False) -> Iterator[str]:
    """The line of a route with a head at each end that has a tip; of a `wide` one it grows too."""
    first, *rest = (f"{decimal(x)},{decimal(y)}" for x, y in route.curve)
    yield f'<path {painted("arrow", look, theme)} d="M{first}C{" ".join(rest)}"/>'
    half = max(_HEAD_WIDTH, 0.9 * look.width) if wide else _HEAD_WIDTH
    head = painted("head", Paint(look.line), theme)
    if route.end is not None:
        yield f'<polygon {head} points="{_head(route.curve[-1], route.end, half)}"/>'
    if route.start is not None:
        yield f'<polygon {head} points="{_head(route.curve[0], route.start, half)}"/>'


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
    return " ".join(f"{decimal(x)},{decimal(y)}" for x, y in corners)
