"""Count how often the arrows of a figure cross.

In: routes. Out: a number. Plain geometry: it knows nothing about text or colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import TypeAlias

import numpy as np

from graphtrace.render.layout.places import Route
from graphtrace.render.layout.ways import Points, way_points

Pieces: TypeAlias = tuple[Points, Points]
"""Where the pieces of a way begin, and where they end."""


def crossings(routes: Mapping[str, Route]) -> int:
    """How often these ways cross; two pairs of arrows cross four times."""
    ways = [way_points(route) for route in routes.values()]
    return sum(_crossings(one, other) for one, other in _near(ways))


def _near(ways: Iterable[Points]) -> Iterator[tuple[Pieces, Pieces]]:
    """The pieces of each two ways that come near to the other way."""
    framed = [((way[:-1], way[1:]), way.min(0), way.max(0)) for way in ways]
    for (one, low, high), (other, least, most) in combinations(framed, 2):
        if (low <= most).all() and (least <= high).all():
            yield _within(one, least, most), _within(other, low, high)


def _within(pieces: Pieces, low: Points, high: Points) -> Pieces:
    """The pieces that may have a point in that frame."""
    near = (np.minimum(*pieces) <= high) & (np.maximum(*pieces) >= low)
    chosen = near.all(1)
    return pieces[0][chosen], pieces[1][chosen]


def _crossings(one: Pieces, other: Pieces) -> int:
    """How often a piece of one way crosses one of the other."""
    a, b = one[0][:, None], one[1][:, None]
    c, d = other[0][None], other[1][None]
    apart = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    return int(apart.sum())


def _side(p: Points, q: Points, r: Points) -> Points:
    """On which side of the line from p to q the point r is, by the sign."""
    u, v = q - p, r - p
    across: Points = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return across
