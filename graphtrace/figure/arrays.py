"""How an array is drawn in its box: as a matrix of numbers or as a grid of colours.

In: the value of a node. Out: its entries in rows and columns; None where it is told in words
instead. Knows no colour and no width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from graphtrace.figure.parts import Figure, Value
from graphtrace.formula.number import is_scalar

MOST_NUMBERS = 6
"""Rows or columns of a matrix that is set in numbers."""

MOST_CELLS = 32
"""Rows or columns of a grid; where an array has more, a cell is the mean of a block."""


@dataclass(frozen=True, slots=True)
class Grid:
    """An array of colours: a level from −1 to 1 for each cell, and where the cells begin and end.

    `ends` are counted in entries of the array, so that a grid has the proportions of its array.
    `scale` is the size of the largest entry, which has the level 1 or −1; `block` is the side of
    the blocks that the cells are the means of.
    """

    levels: np.ndarray[Any, Any]
    row_ends: tuple[int, ...]
    column_ends: tuple[int, ...]
    scale: float
    block: int = 1


def matrix(x: Any) -> np.ndarray[Any, Any] | None:
    """The array as rows and columns, a vector as one column; None where it is not several numbers.

    >>> matrix(np.array([1.0, 2.0])).shape, matrix(np.ones((2, 2, 2))), matrix(3.0)
    ((2, 1), None, None)
    """
    if is_scalar(x) or not hasattr(x, "tolist") or not 1 <= x.ndim <= 2:
        return None
    if x.size < 2 or x.dtype.kind not in "biuf":
        return None
    entries: np.ndarray[Any, Any] = np.asarray(x).reshape(len(x), -1)
    return entries


def small_matrix(x: Any) -> np.ndarray[Any, Any] | None:
    """The matrix, if it is small enough to be set in numbers.

    >>> small_matrix(np.ones((7, 2))) is None
    True
    """
    entries = matrix(x)
    return entries if entries is not None and max(entries.shape) <= MOST_NUMBERS else None


def grid(x: Any) -> Grid | None:
    """The grid of an array; None where there is none, or where a block would be all of its width.

    >>> grid(np.array([[0.0, 2.0], [-1.0, 4.0]])).levels.tolist()
    [[0.0, 0.5], [-0.25, 1.0]]
    >>> g = grid(np.ones((100, 60)))
    >>> g.levels.shape, g.block, g.row_ends[-1], g.column_ends[-1]
    ((25, 15), 4, 100, 60)
    """
    entries = matrix(x)
    if entries is None:
        return None
    entries = entries.astype(float)
    block = -(-max(entries.shape) // MOST_CELLS)
    if 1 < min(entries.shape) < block:
        return None
    row_ends, column_ends = (_ends(size, block) for size in entries.shape)
    means = np.array(
        [
            [_mean(entries[a:b, c:d]) for c, d in pairwise(column_ends)]
            for a, b in pairwise(row_ends)
        ]
    )
    finite = abs(means[np.isfinite(means)])
    scale = float(finite.max(initial=0.0))
    return Grid(means / scale if scale else means, row_ends, column_ends, scale, block)


def _ends(size: int, block: int) -> tuple[int, ...]:
    return (*range(0, size, block), size)


def _mean(entries: np.ndarray[Any, Any]) -> float:
    if entries.size == 1:
        return float(entries[0, 0])
    with np.errstate(all="ignore"):
        return float((entries / entries.size).sum())


def heatmaps(figure: Figure) -> list[Grid]:
    """The grids that a figure shows."""
    if figure.form != "boxes":
        return []
    parts = (part for node in figure.nodes for part in node.parts)
    values = (p.value for p in parts if isinstance(p, Value) and p.arrays == "heatmap")
    return [each for each in map(grid, values) if each is not None]


def in_words(figure: Figure) -> Figure:
    """The figure whose arrays are told in words, for a format that draws nothing in a box."""

    def plain(part: Any) -> Any:
        return replace(part, arrays="auto") if isinstance(part, Value) else part

    nodes = (replace(node, parts=tuple(map(plain, node.parts))) for node in figure.nodes)
    return replace(figure, nodes=tuple(nodes))
