"""Draw curves in axes: matplotlib places them, this module writes the SVG.

In: curves, marks and text in data coordinates. Out: the lines of an SVG body. Colours are CSS
classes and text is set and measured as in every other figure, so that the same input gives the
same bytes under each version of matplotlib. It knows nothing about functions and derivatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphtrace.errors import RenderError
from graphtrace.formula.number import number
from graphtrace.formula.runs import Runs
from graphtrace.plots.drawing import Point, line
from graphtrace.render import Theme
from graphtrace.render.formats.attributes import painted
from graphtrace.render.formats.text import set_line
from graphtrace.render.paint.paint import Paint
from graphtrace.render.typeset.escape import decimal
from graphtrace.render.typeset.sheet import Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 72
"""One point is one CSS pixel."""

_AIR = 3.0
_CAPITAL = 0.72
"""How high a digit is, in em."""

_WORSE = 20
"""A pixel of a line through a text, against one of its area on another text."""

_Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

PAINTS: Mapping[str, Paint] = {
    "axis": Paint(None, "line"),
    "curve": Paint(None, "input_line", 2.2, is_round=True),
    "slope": Paint(None, "gradient", 2.2, is_round=True),
    "jump": Paint(None, "line", dash=(3, 3)),
    "guide": Paint(None, "line", dash=(3, 3)),
    "tangent": Paint(None, "gradient", 1.3, dash=(6, 4)),
    "leg": Paint(None, "gradient", 2.2, is_round=True),
    "triangle": Paint("gradient", opacity=0.12),
    "flat": Paint("ink", "line", dash=(1, 3), opacity=0.09),
    "dot": Paint("ink"),
    "dot red": Paint("gradient"),
}
"""What matplotlib draws, by the gid of its artist."""


class Plot:
    """A sheet with axes on it; lengths are CSS pixels from its top left.

    It remembers where lines and text are, so that a label can be put where it touches none.
    """

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        self.width, self.height, self._theme = width, height, theme
        self._sheet = _sheet(width, height)
        self._labels: dict[str, Line] = {}
        self._lines: list[NDArray[np.float64]] = []
        self._boxes: list[_Box] = []

    def line(self, role: str, content: str | Runs) -> Line:
        """A measured line of text, to be placed."""
        return line(role, content, self._theme)

    def axes(
        self,
        box: tuple[float, float, float, float],
        x: tuple[float, float],
        y: tuple[float, float],
    ) -> Axes:
        """Axes in the box (left, top, width, height) for these ranges, with a few ticks."""
        left, top, width, height = box
        place = (left / self.width, 1 - (top + height) / self.height)
        extent = (*place, width / self.width, height / self.height)
        axes = self._sheet.add_axes(extent, xlim=x, ylim=y, facecolor="none", frame_on=True)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_gid("axis")
            spine.set_zorder(0)
        self._ticks(axes.xaxis, x, max(2, int(width / 60)))
        self._ticks(axes.yaxis, y, _most(height))
        return axes

    def _ticks(self, axis: Any, span: tuple[float, float], most: int) -> None:
        ticks = [(at, self.line("tick", text)) for at, text in _labelled(span, most)]
        axis.set_ticks([at for at, _ in ticks], [self._say(label) for _, label in ticks])
        axis.set_tick_params(length=4, pad=4)
        for tick in axis.get_major_ticks():
            for mark in (tick.tick1line, tick.tick2line, tick.gridline):
                mark.set_gid("axis")

    def beside(self, span: tuple[float, float], height: float) -> float:
        """The room that the numbers left of axes of this height take."""
        numbers = [text for _, text in _labelled(span, _most(height))]
        return max([self.line("tick", text).width for text in numbers], default=0.0) + 14

    def curve(self, axes: Axes, points: NDArray[np.float64], role: str) -> None:
        """A line through the points, n×2."""
        axes.plot(points[:, 0], points[:, 1], gid=role, clip_on=True)
        self._lines.append(self.at(axes, points))

    def area(self, axes: Axes, points: Sequence[Point], role: str) -> None:
        """A filled polygon."""
        axes.fill(*np.array(points).T, gid=role)

    def dot(self, axes: Axes, point: Point, role: str = "dot") -> None:
        """A round mark."""
        axes.plot(*point, marker="o", markersize=7, gid=role, clip_on=False)
        x, y = self.at(axes, np.array([point]))[0]
        self._boxes.append((x - 4, y - 4, x + 4, y + 4))

    def at(self, axes: Axes, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of the axes are on the sheet."""
        places: NDArray[np.float64] = axes.transData.transform(points)
        return np.column_stack([places[:, 0], self.height - places[:, 1]])

    def text(self, label: Line, middle: Point) -> None:
        """A line of text with its middle there."""
        x, y = middle
        self._sheet.text(
            x / self.width, 1 - y / self.height, self._say(label), ha="center", va="center"
        )
        self._boxes.append(_box(label, middle))

    def label(self, axes: Axes, label: Line, places: Sequence[Point]) -> None:
        """Text in the first of these places where it touches nothing, else in the freest."""
        left, bottom, width, height = axes.get_position().bounds
        room = (
            left * self.width,
            (1 - bottom - height) * self.height - 2 * _AIR,
            (left + width) * self.width + _AIR,
            (1 - bottom) * self.height,
        )
        self.text(label, min(places, key=lambda middle: self._touched(_box(label, middle), room)))

    def _touched(self, box: _Box, room: _Box) -> float:
        outside = (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, room)
        hits = sum(_overlap(box, other) for other in self._boxes)
        return outside + hits + _WORSE * sum(_crossed(points, box) for points in self._lines)

    def _say(self, label: Line) -> str:
        """The key under which the renderer finds the line; matplotlib sees no more of it."""
        key = f"{label.role}: {label.full}"
        self._labels[key] = label
        return key

    def body(self) -> list[str]:
        """The whole sheet as lines of SVG."""
        return _written(self._sheet, self.width, self.height, self._labels, self._theme)


def _most(height: float) -> int:
    return max(2, int(height / 34))


def _labelled(span: tuple[float, float], most: int) -> list[tuple[float, str]]:
    """Round numbers in the span, with so many digits that no two are written alike."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(*span)
    at = [float(f"{t:.12g}") for t in ticks if span[0] <= t <= span[1]]
    for digits in range(4, 16):
        texts = [number(t, digits) for t in at]
        if len(set(texts)) == len(at):
            break
    return list(zip(at, texts, strict=True))


def _box(label: Line, middle: Point) -> _Box:
    x, y = middle
    off = (label.width / 2 + _AIR, label.size * 0.55 + _AIR)
    return x - off[0], y - off[1], x + off[0], y + off[1]


def _overlap(p: _Box, q: _Box) -> float:
    width = min(p[2], q[2]) - max(p[0], q[0])
    height = min(p[3], q[3]) - max(p[1], q[1])
    return max(width, 0) * max(height, 0)


def _crossed(points: NDArray[np.float64], box: _Box) -> float:
    """How much of the line is within the box, in pixels."""
    left, top, right, bottom = box
    steps = np.linspace(0, 1, 17)[:, None, None]
    fine = (points[:-1] * (1 - steps) + points[1:] * steps).reshape(-1, 2)
    x, y = fine.T
    inside = (left < x) & (x < right) & (top < y) & (y < bottom)
    lengths = np.repeat(np.hypot(*np.diff(points, axis=0).T)[None] / 17, 17, axis=0).ravel()
    return float(lengths[inside].sum())


@contextmanager
def plain() -> Iterator[None]:
    """Matplotlib as it comes, whatever style the user has chosen; a plot is made within it.

    Raises `RenderError` if matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise RenderError(
            "plots are drawn by matplotlib, which is not installed: run "
            "`pip install 'graphtrace[plots]'`"
        ) from None
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


def _sheet(width: float, height: float) -> Figure:
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, frameon=False)
    FigureCanvasBase(sheet)
    return sheet


def _written(
    sheet: Figure, width: float, height: float, labels: Mapping[str, Line], theme: Theme
) -> list[str]:
    from matplotlib.backend_bases import RendererBase

    body: list[str] = []

    class Writer(RendererBase):
        """Writes what matplotlib draws; an artist's gid is the class of its element."""

        role = ""

        def open_group(self, s: str, gid: str | None = None) -> None:
            self.role = gid or ""

        def get_canvas_width_height(self) -> tuple[float, float]:
            return width, height

        def get_text_width_height_descent(self, *_: Any, **__: Any) -> tuple[float, float, float]:
            return 1.0, 1.0, 0.0  # text is set below, by the same rule under each matplotlib

        def draw_text(
            self,
            gc: Any,
            x: float,
            y: float,
            s: str,
            prop: Any,
            angle: float,
            ismath: Any = False,
            mtext: Any = None,
        ) -> None:
            text = labels[s]
            x, y = mtext.get_transform().transform(mtext.get_unitless_position())
            aside = {"left": 0.5, "center": 0.0, "right": -0.5}[mtext.get_horizontalalignment()]
            below = _CAPITAL if mtext.get_verticalalignment() == "top" else 0.0
            middle = (x + aside * text.width, height - y + below * text.size / 2)
            body.append(set_line(text, middle, theme))

        def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
            if not self.role:
                return
            clip = gc.get_clip_rectangle()
            limits = None if clip is None or rgbFace is not None else clip.extents
            if path_data := _path(path, transform, height, limits):
                look = painted(self.role, PAINTS[self.role], theme)
                body.append(f'<path {look} d="{path_data}"/>')

    sheet.draw(Writer())
    return body


_LETTERS = {1: "M", 2: "L", 3: "Q", 4: "C"}


def _path(path: Any, transform: Any, height: float, limits: Any) -> str:
    """The path as SVG writes it, cut to the limits (x0, y0, x1, y1) if it is an open line."""
    pieces = []
    clip = None if limits is None else tuple(limits)
    for points, code in path.iter_segments(transform, clip=clip, simplify=False, curves=True):
        if code not in _LETTERS:
            pieces.append("z")
            continue
        at = [f"{decimal(x)},{decimal(height - y)}" for x, y in np.reshape(points, (-1, 2))]
        pieces.append(_LETTERS[code] + " ".join(at))
    return "".join(pieces) if len(pieces) > 1 else ""
