"""Draw an array in a box as SVG: a matrix of numbers between brackets, or a grid of colours.

In: a drawing, the middle of its place, a theme. Out: SVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphtrace.render.formats.attributes import painted
from graphtrace.render.layout.places import Point
from graphtrace.render.paint.paint import Paint, heat, paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.array import Box, HeatMap, Matrix
from graphtrace.render.typeset.escape import decimal


def brackets(matrix: Matrix, middle: Point, theme: Theme) -> str:
    """The brackets of a matrix."""
    lines = [_line([(middle[0] + x, middle[1] + y) for x, y in one]) for one in matrix.brackets()]
    return f'<path {painted("bracket", paint("bracket", theme), theme)} d="{"".join(lines)}"/>'


def heatmap(drawing: HeatMap, middle: Point, theme: Theme) -> str:
    """The grid: a path for each colour that there is, lines between cells, a frame."""
    return "".join(_heatmap(drawing, middle, theme))


def _heatmap(drawing: HeatMap, middle: Point, theme: Theme) -> Iterator[str]:
    rows, columns = (len(ends) - 1 for ends in (drawing.grid.row_ends, drawing.grid.column_ends))
    yield f'<g class="gt-heatmap" data-rows="{rows}" data-columns="{columns}">'
    edges = drawing.columns()[0], drawing.rows()[0], drawing.columns()[-1], drawing.rows()[-1]
    yield _boxes("paper", paint("paper", theme), [edges], middle, theme)
    for look, boxes in drawing.colours(heat).items():
        yield _boxes("cell", look, boxes, middle, theme)
    for name, lines in (("grid", drawing.lines()), ("minus", drawing.signs())):
        path = "".join(_line([(middle[0] + x, middle[1] + y) for x, y in line]) for line in lines)
        if path:
            yield f'<path {painted(name, paint(name, theme), theme)} d="{path}"/>'
    yield _boxes("frame", paint("heatmap", theme), [edges], middle, theme)
    yield "</g>"


def _boxes(name: str, look: Paint, boxes: Iterable[Box], middle: Point, theme: Theme) -> str:
    path = "".join(
        f"M{decimal(middle[0] + left)} {decimal(middle[1] + top)}"
        f"H{decimal(middle[0] + right)}V{decimal(middle[1] + bottom)}"
        f"H{decimal(middle[0] + left)}Z"
        for left, top, right, bottom in boxes
    )
    return f'<path {painted(name, look, theme)} d="{path}"/>'


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{decimal(x)} {decimal(y)}" for x, y in points)
