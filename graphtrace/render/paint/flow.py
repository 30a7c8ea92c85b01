"""How wide an edge is that brings back so much gradient.

In: the size of a gradient. Out: a width in CSS pixels, on one logarithmic scale for all figures,
so that two figures can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from graphtrace.figure.parts import Edge, Figure
from graphtrace.render.paint.theme import Theme

_AT_ONE = 3.2
_PER_DECADE = 1.42
_THINNEST, _WIDEST = 0.6, 7.0


def width_of(size: float) -> float:
    """The width for a gradient of that size.

    >>> [round(width_of(size), 1) for size in (0.0, 1e-6, 0.01, 1.0, 100.0, float("inf"))]
    [0.6, 0.6, 1.6, 3.2, 6.5, 7.0]
    """
    if math.isnan(size) or size == math.inf:
        return _WIDEST
    if size <= 0:
        return _THINNEST
    width: float = _AT_ONE * _PER_DECADE ** math.log10(size)
    return min(max(width, _THINNEST), _WIDEST)


def flows(figure: Figure) -> Mapping[str, float]:
    """The size of the gradient by the id of the edge that shows it: the arrow back, if there is."""
    back: set[str | None] = set()
    if figure.form != "wires":  # a wire is one line for both
        back = {e.beside for e in figure.edges if e.kind == "backward" and e.emphasis != "hidden"}

    def shows(edge: Edge) -> bool:
        if edge.emphasis in ("strong", "dim"):  # there the width tells the path
            return False
        return edge.beside in back if edge.kind == "backward" else edge.id not in back

    return {edge.id: edge.flow for edge in figure.edges if edge.flow is not None and shows(edge)}


def roomy(figure: Figure, theme: Theme) -> Theme:
    """The theme with lanes in which the widest edge touches neither its neighbour nor a label."""
    sizes = flows(figure)
    widest = max(map(width_of, sizes.values()), default=0.0)
    return replace(theme, lane=theme.lane + math.ceil(widest)) if sizes else theme
