"""What text is once it is measured: lines, the cells that hold them, and all of a figure's.

Knows nothing about what is said, and nothing about where a cell stands.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from graphtrace.formula.runs import Runs, plain
from graphtrace.render.typeset.array import HeatMap, Matrix
from graphtrace.render.typeset.math_outline import Outline

SHIFTED_SIZE = 0.75
"""A raised or lowered run is this much smaller."""

SMALL_SHIFTED, _SMALL = 0.85, 10.1
"""In small text only so much smaller, as long as it is no larger than that."""


def shifted(size: float) -> float:
    """The size of a raised or lowered run in text of that size.

    >>> shifted(16), shifted(12), shifted(10)
    (12.0, 10.1, 8.5)
    """
    return max(SHIFTED_SIZE * size, min(SMALL_SHIFTED * size, _SMALL))


Outer: TypeAlias = Literal["box", "pill", "circle", "bare"]


class Line(NamedTuple):
    """One line of text.

    `role` names what it says (formula, value, derivative, gradient, caption); `full` is all of
    it, where it had to be cut. A line that is not `shown` only keeps its room.
    """

    role: str
    runs: Runs
    size: float
    width: float
    full: str
    shown: bool = True
    outline: Outline | None = None
    """The same as outlines, drawn in its place."""
    tex: str | None = None
    """The LaTeX that the outline was made of."""
    blank: Blank | None = None
    """A box behind it that belongs to its width."""
    drawing: Matrix | HeatMap | None = None
    """An array that is drawn in its place."""

    @property
    def text(self) -> str:
        """All of the line as text."""
        return plain(self.runs) + (self.blank.text if self.blank is not None else "")

    @property
    def sizes(self) -> list[float]:
        """The font size of each of its runs."""
        if isinstance(self.drawing, Matrix):
            all_runs = [run for entry in self.drawing.entries for run in entry.runs]
        else:
            all_runs = list(self.runs)
        return [shifted(self.size) if run.shift else self.size for run in all_runs]

    @property
    def height(self) -> float:
        """From the top of the highest letter to the bottom of the lowest, and a little air."""
        if self.drawing is not None:
            return self.drawing.height + 6
        if self.blank is not None:
            return max(self._replace(blank=None).height, self.blank.height + 2)
        if self.outline is None:
            return self.size * 1.15
        return (self.outline.ascent + self.outline.descent) * self.size / 1000 + 3


class Blank(NamedTuple):
    """A box for a number that a quiz asks for, which stands in it if it is `filled`."""

    answer: Line
    width: float
    filled: bool

    @property
    def text(self) -> str:
        """The answer, or a line to write it on."""
        return f" {self.answer.text}" if self.filled else " ____"

    @property
    def height(self) -> float:
        """The box is as high as its answer."""
        return max(self.answer.height + 1, self.answer.size * 1.4)


class Placed(NamedTuple):
    """A line, and its middle as seen from the middle of its cell."""

    line: Line
    x: float
    y: float


def entries_of(line: Line, matrix: Matrix) -> list[Placed]:
    """The numbers of a matrix that stands in that line, as seen from its middle."""
    return [
        Placed(Line(line.role, runs, line.size, width, plain(runs)), x, y)
        for runs, width, x, y in matrix.entries
    ]


class Cell(NamedTuple):
    """A box of the size that its lines need; `bars` are the places of its dividing lines."""

    places: tuple[Placed, ...]
    width: int
    height: int
    shape: Outer
    bars: tuple[float, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines, from the first to the last."""
        return tuple(place.line for place in self.places)


class Sheet(NamedTuple):
    """All text of a figure, measured: a cell for each node, a line or nothing for each edge."""

    cells: tuple[Cell, ...]
    labels: tuple[Line | None, ...]
    titles: tuple[Line, ...] = ()
    """Of the scopes."""
