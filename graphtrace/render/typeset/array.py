"""Set an array in a box: as a matrix of numbers in aligned columns, or as a grid of colours.

In: an array, sizes, and a measure of text. Out: a `Matrix` or a `HeatMap` of a known width and
height, whose parts have their places as seen from its middle. Knows no colour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from graphtrace.figure.arrays import Grid, grid, small_matrix
from graphtrace.formula.number import FEWEST_DIGITS, number, shape, summaries
from graphtrace.formula.runs import Runs, digits as number_runs

Measure: TypeAlias = Callable[[Runs, float], float]
"""How wide runs are at a font size."""

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_Look = TypeVar("_Look")

_GAP = 12
"""Between two columns of numbers, and from a bracket to the numbers."""

_TICK = 4
_LEADING = 1.3
_LARGEST_CELL = 18
_LINED, _SIGNED = 4, 6
"""The smallest cells that have lines between them, or a sign in them."""

_SMALLEST_SIDE = 64
"""Of a grid whose array has more rows or columns than pixels."""


class Entry(NamedTuple):
    """A number of a matrix, and its middle as seen from that of the matrix."""

    runs: Runs
    width: float
    x: float
    y: float


class Matrix(NamedTuple):
    """Numbers between two brackets, the decimal points of a column under each other."""

    entries: tuple[Entry, ...]
    size: float
    width: float
    height: float

    def brackets(self) -> tuple[tuple[Point, ...], ...]:
        """The corners of the bracket on the left and of that on the right."""
        x, y = self.width / 2, self.height / 2
        left = ((_TICK - x, -y), (-x, -y), (-x, y), (_TICK - x, y))
        return left, tuple((-a, b) for a, b in left)


class HeatMap(NamedTuple):
    """A grid of colours; `unit` is the side of an entry of its array in pixels."""

    grid: Grid
    unit: float

    @property
    def width(self) -> float:
        """As many units as the array has columns."""
        return self.grid.column_ends[-1] * self.unit

    @property
    def height(self) -> float:
        """As many units as the array has rows."""
        return self.grid.row_ends[-1] * self.unit

    @property
    def cell(self) -> float:
        """The side of a cell."""
        return self.unit * self.grid.block

    def cells(self) -> Iterator[tuple[float, Box]]:
        """The level of each cell and its place, row by row."""
        for levels, (top, bottom) in zip(self.grid.levels, pairwise(self.rows()), strict=True):
            columns = pairwise(self.columns())
            for level, (left, right) in zip(levels.tolist(), columns, strict=True):
                yield level, (left, top, right, bottom)

    def colours(self, heat: Callable[[float], _Look]) -> dict[_Look, list[Box]]:
        """The cells of each colour."""
        boxes: dict[_Look, list[Box]] = {}
        for level, box in self.cells():
            boxes.setdefault(heat(level), []).append(box)
        return boxes

    def lines(self) -> list[tuple[Point, Point]]:
        """The lines between cells that are large enough to have some."""
        if self.cell < _LINED:
            return []
        x, y = self.width / 2, self.height / 2
        across: list[tuple[Point, Point]] = [((-x, row), (x, row)) for row in self.rows()[1:-1]]
        return across + [((column, -y), (column, y)) for column in self.columns()[1:-1]]

    def signs(self) -> list[tuple[Point, Point]]:
        """A minus sign in each cell below 0, which tells it where no colour does."""
        if self.cell < _SIGNED:
            return []
        inset = self.cell / 4
        boxes = [box for level, box in self.cells() if level < 0]
        return [
            ((left + inset, (top + bottom) / 2), (right - inset, (top + bottom) / 2))
            for left, top, right, bottom in boxes
        ]

    def rows(self) -> list[float]:
        """Where the rows begin and the last one ends."""
        return [end * self.unit - self.height / 2 for end in self.grid.row_ends]

    def columns(self) -> list[float]:
        """Where the columns begin and the last one ends."""
        return [end * self.unit - self.width / 2 for end in self.grid.column_ends]


def set_matrix(x: Any, few: int, size: float, widest: float, measure: Measure) -> Matrix | None:
    """The array in numbers of so many digits, or fewer; None where it is too large or too wide."""
    entries = small_matrix(x)
    if entries is None:
        return None
    for precision in dict.fromkeys((max(few - 1, FEWEST_DIGITS), FEWEST_DIGITS)):
        rows = [[number(entry, precision) for entry in row] for row in entries.tolist()]
        drawn = _aligned(rows, size, measure)
        if drawn.width <= widest:
            return drawn
    return None


def _aligned(rows: list[list[str]], size: float, measure: Measure) -> Matrix:
    step = size * _LEADING
    height = step * len(rows)
    entries: list[Entry] = []
    left = float(_GAP)
    for column in zip(*rows, strict=True):
        widths = [measure(number_runs(text), size) for text in column]
        wholes = [measure(number_runs(_before_point(text)), size) for text in column]
        point = left + max(wholes)
        for i, text in enumerate(column):
            x = point - wholes[i] + widths[i] / 2
            entries.append(Entry(number_runs(text), widths[i], x, step * (i + 0.5) - height / 2))
        left = point + max(w - whole for w, whole in zip(widths, wholes, strict=True)) + _GAP
    centred = [entry._replace(x=entry.x - left / 2) for entry in entries]
    in_rows = tuple(sorted(centred, key=lambda entry: (entry.y, entry.x)))
    return Matrix(in_rows, size, left, height)


def _before_point(text: str) -> str:
    """The whole number that a number begins with."""
    return re.split(r"[.×]", text)[0]


def set_heatmap(x: Any, widest: float) -> HeatMap | None:
    """The array in colours, no side longer than `widest`; None where it is told in words."""
    cells = grid(x)
    if cells is None:
        return None
    side = max(widest, _SMALLEST_SIDE)
    entries = max(cells.row_ends[-1], cells.column_ends[-1])
    return HeatMap(cells, min(_LARGEST_CELL, side / entries))


def scale_lines(x: Any, cells: Grid, few: int) -> list[str]:
    """What stands beneath a grid, the longest first: its shape, and the scale of its colours.

    >>> import numpy as np
    >>> x = np.array([[0.5, -2.25], [0.0, 1.0]])
    >>> scale_lines(x, grid(x), 4)
    ['2×2, ±2.25', '±2.25']
    """
    if not cells.scale:
        return summaries(x, few)
    scale = f"±{number(cells.scale, max(few - 1, FEWEST_DIGITS))}"
    if not np.isfinite(cells.levels).all():
        scale += ", not all finite"
    if cells.block == 1:
        return [f"{shape(x)}, {scale}", scale]
    block = f"{cells.block}×{cells.block}" if x.ndim == 2 else str(cells.block)
    return [f"{shape(x)} in means of {block}, {scale}", f"means of {block}, {scale}", scale]
