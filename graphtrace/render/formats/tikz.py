"""Draw a laid-out Figure as TikZ, for a LaTeX document.

In: Figure, its measured text, its Layout, a theme. Out: a `tikzpicture`, or a document around it.
Every box, arrow and label has the place that it has in the SVG; LaTeX sets the formulas, each no
wider than its place. Nothing from a user enters it but through `formula.runs.latex`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from graphtrace.figure.parts import Edge, Figure, Node, Part
from graphtrace.figure.timeline import Timeline
from graphtrace.formula.runs import Run, Runs, latex
from graphtrace.render.formats import describe
from graphtrace.render.layout import legend
from graphtrace.render.layout.frame import frame_of
from graphtrace.render.layout.legend import Entry, Legend
from graphtrace.render.layout.places import Frame, Layout, Point, Route
from graphtrace.render.layout.route import moved, routes
from graphtrace.render.layout.titles import with_free_titles
from graphtrace.render.paint.flow import flows
from graphtrace.render.paint.paint import Paint, heat, ink, paint
from graphtrace.render.paint.theme import LECTURE, Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.array import Box, HeatMap, Matrix
from graphtrace.render.typeset.caption import caption_rows
from graphtrace.render.typeset.escape import clean, decimal
from graphtrace.render.typeset.sheet import Cell, Line, Sheet, entries_of
from graphtrace.render.typeset.wording import wording

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

_POINTS = 0.75
"""A CSS pixel in points."""

_HALF_HEIGHT = 0.33
"""From the middle of digits and capitals down to the baseline, in em."""

_HEAD = 3.6

_HEADING = r"""\documentclass[tikz]{standalone}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath}
\begin{document}
"""

_SLIDES = r"""\documentclass[aspectratio=169]{beamer}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{tikz,amsmath}
\begin{document}
\begin{frame}
"""
_SLIDES_END = "\\end{frame}\n"

# Centred, no wider than the text of a slide, and no higher than there is room for beneath a title.
_ON_A_SLIDE = r"""  }%
  \ifdim\wd1>\linewidth\setbox1\hbox{\resizebox{\linewidth}{!}{\box1}}\fi
  \ifdim\dimexpr\ht1+\dp1\relax>0.8\textheight
    \setbox1\hbox{\resizebox{!}{0.8\textheight}{\box1}}\fi
  \noindent\makebox[\linewidth]{\box1}%"""


def write(rendering: Rendering) -> str:
    """The text of the file."""
    options = rendering.options
    setting, steps = rendering.stepped() if options.overlays else (rendering.setting, None)
    return (document if options.standalone else picture)(*setting, steps)


def document(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, steps: Timeline | None = None
) -> str:
    """The picture as a document of its own, which pdflatex compiles to a page of its size.

    With `steps`, to a page for each of them.
    """
    heading, end = (_HEADING, "") if steps is None else (_SLIDES, _SLIDES_END)
    return f"{heading}{picture(figure, sheet, layout, theme, steps)}{end}\\end{{document}}\n"


def picture(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, steps: Timeline | None = None
) -> str:
    r"""The figure as a `tikzpicture`, to \input in a document that loads tikz and amsmath.

    With `steps` it stands in a frame of beamer, pasted or \input, and appears step by step.
    """
    frame = frame_of(figure, layout, theme)
    size = f"({decimal(frame.width)},{decimal(frame.height)})"
    lines = [
        rf"\begin{{tikzpicture}}[x={_POINTS}pt,y=-{_POINTS}pt,line join=round,inner sep=0pt]",
        *_colours(theme),
        rf"  \fill[gt-paper] (0,0) rectangle {size};",
        rf"  \begin{{scope}}[shift={{({decimal(frame.left + theme.margin)},{theme.margin})}}]",
        *(f"  {line}" for line in _graph(figure, sheet, layout, theme, steps)),
        r"  \end{scope}",
        *_captions(figure, frame.caption, theme, steps),
        *(f"  {line}" for line in _legend(frame.entries, frame.legend, theme)),
        r"\end{tikzpicture}",
    ]
    if steps is not None:
        # No brace may come first: after \begin{frame} it would be the title.
        lines = [r"\begingroup\setbox1\hbox{%", *lines, _ON_A_SLIDE, r"\endgroup"]
    title = "% " + re.sub(r"[\\{}%^]", "", clean(describe.title(figure)))
    return "\n".join([title, r"% \usepackage{tikz,amsmath}", *lines]) + "\n"


def _colours(theme: Theme) -> Iterator[str]:
    for name, colour in asdict(theme.light).items():
        yield rf"  \definecolor{{gt-{name.replace('_', '-')}}}{{HTML}}{{{colour[1:].upper()}}}"


def _graph(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, steps: Timeline | None
) -> Iterator[str]:
    widths = flows(figure)
    route_of = routes(figure, sheet, layout, theme)
    labelled = zip(figure.edges, sheet.labels, strict=True)
    for edge, line in sorted(labelled, key=lambda pair: route_of[pair[0].id].over):
        if edge.emphasis == "hidden":
            continue
        route = moved(route_of[edge.id], 0)
        if edge.kind == "forward" or figure.form != "wires":
            drawn = _arrow(edge, route, theme, widths.get(edge.id))
            yield from _uncovered(drawn, steps.arrow(edge) if steps else 0)
        if line is not None and line.shown and route.label is not None:
            label = _line(line, route.label, line.width + 4, ink(line.role, edge))
            paper = [_paper(line, route.label)] if route.over else []
            yield from _uncovered((*paper, *label), steps.label(edge) if steps else 0)
    frames = with_free_titles(figure, sheet, layout, route_of)
    for title, frame in zip(sheet.titles, frames, strict=True):
        yield from _scope(title, frame, theme)
    for node, cell, at in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        appears = steps.box(node) if steps else 0
        yield from _uncovered(_box(node, cell, at, theme), appears)
        for line, x, y in cell.places:
            if line.shown:
                room = cell.width - 4 if len(cell.bars) == 0 else line.width + 8
                drawn = _line(line, (at[0] + x, at[1] + y), room, ink(line.role, node))
                is_gradient = steps is not None and line.role == "gradient"
                when = steps.gradient(node) if steps and is_gradient else appears
                yield from _uncovered(drawn, when)


def _uncovered(lines: Iterable[str], step: int | None) -> Iterator[str]:
    """The lines from a step on, which begin with 0; none where it never comes."""
    if step is None:
        return
    if not step:
        yield from lines
        return
    yield rf"\uncover<{step + 1}->{{"
    yield from lines
    yield "}"


def _colour(name: str | None) -> str:
    return f"gt-{(name or 'paper').replace('_', '-')}"


def _pen(look: Paint) -> str:
    """The width and the dashes of a line."""
    dash = ""
    if look.dash:
        drawn, gap = (decimal(length * _POINTS) for length in look.dash)
        dash = f",dash pattern=on {drawn}pt off {gap}pt"
    cap = ",line cap=round" if look.is_round else ""
    return f"line width={decimal(look.width * _POINTS)}pt{dash}{cap}"


def _rectangle(look: Paint, corners: tuple[Point, Point], more: str = "") -> str:
    fill = f",fill={_colour(look.fill)}" if look.fill else ""
    ends = " rectangle ".join(map(_at, corners))
    return rf"\draw[{_colour(look.line)}{fill},{_pen(look)}{more}] {ends};"


def _scope(title: Line, frame: Frame, theme: Theme) -> Iterator[str]:
    corners = ((frame.left, frame.top), (frame.left + frame.width, frame.top + frame.height))
    yield _rectangle(paint("frame", theme), corners, _CORNERS)
    yield _paper(title, frame.title)
    yield from _line(title, frame.title, title.width + 4, ink("title"))


def _paper(line: Line, middle: Point) -> str:
    """What keeps the lines beneath a label from running through it."""
    width, height = (decimal(side * _POINTS) for side in (line.width + 4, line.height))
    size = f"minimum width={width}pt,minimum height={height}pt"
    return rf"\node[fill=gt-paper,{size}] at {_at(middle)} {{}};"


_CORNERS = ",rounded corners=6pt"


def _line(line: Line, middle: Point, room: float, colour: str) -> Iterator[str]:
    """A line of text with its middle at that point, and the box that a quiz asks for it in."""
    if line.drawing is not None:
        yield from _array(line, line.drawing, middle, colour)
        return
    blank = line.blank
    if blank is None:
        yield _set(line, middle, room, colour)
        return
    left, (end, y) = middle[0] - line.width / 2, (middle[0] + line.width / 2, middle[1])
    start = end - blank.width
    if line.runs:
        before = start - 2 - left
        yield _set(line._replace(blank=None), (left + before / 2, y), before, colour)
    corners = ((start, y - blank.height / 2), (end, y + blank.height / 2))
    yield _rectangle(paint("blank", LECTURE), corners)
    if blank.filled:
        yield _set(blank.answer, (start + blank.width / 2, y), blank.width, colour)


def _array(line: Line, drawing: Matrix | HeatMap, middle: Point, colour: str) -> Iterator[str]:
    """A matrix of numbers between brackets, or a grid of colours."""
    if isinstance(drawing, Matrix):
        for entry, x, y in entries_of(line, drawing):
            yield _set(entry, (middle[0] + x, middle[1] + y), entry.width + 4, colour)
        yield from _strokes("bracket", drawing.brackets(), middle)
        return
    for look, boxes in drawing.colours(heat).items():
        yield _filled(look, boxes, middle)
    yield from _strokes("grid", drawing.lines(), middle)
    yield from _strokes("minus", drawing.signs(), middle)
    x, y = drawing.width / 2, drawing.height / 2
    corners = ((middle[0] - x, middle[1] - y), (middle[0] + x, middle[1] + y))
    yield _rectangle(paint("heatmap", LECTURE), corners)


def _filled(look: Paint, boxes: Sequence[Box], middle: Point) -> str:
    """Cells of one colour, over the paper: the box that they stand in has one of its own."""
    x, y = middle
    places = " ".join(
        f"{_at((x + left, y + top))} rectangle {_at((x + right, y + bottom))}"
        for left, top, right, bottom in boxes
    )
    mixed = f"{_colour(look.fill)}!{decimal(100 * look.opacity)}!gt-paper"
    return rf"\fill[{mixed}] {places};"


def _strokes(name: str, lines: Iterable[Sequence[Point]], middle: Point) -> Iterator[str]:
    look = paint(name, LECTURE)
    places = [" -- ".join(_at((middle[0] + x, middle[1] + y)) for x, y in line) for line in lines]
    if places:
        yield rf"\draw[{_colour(look.line)},{_pen(look)}] {' '.join(places)};"


def _set(line: Line, middle: Point, room: float, colour: str) -> str:
    formula = line.tex if line.tex is not None else mathematics(line.runs)
    x, y = middle
    anchor = ""
    if line.tex is None:
        anchor, y = "anchor=base,", y + _HALF_HEIGHT * line.size
    size, most = decimal(line.size * _POINTS), decimal(room * _POINTS)
    text = rf"\fontsize{{{size}}}{{{size}}}\selectfont$\displaystyle {formula}$"
    # Without a macro of its own: the # of its arguments could not stand in a frame of beamer.
    fit = rf"\ifdim\wd0>{most}pt\resizebox{{{most}pt}}{{!}}{{\box0}}\else\box0\fi"
    place = f"[{anchor}text={_colour(colour)}] at {_at((x, y))}"
    return rf"\node{place} {{\setbox0\hbox{{{text}}}{fit}}};"


def mathematics(runs: Runs) -> str:
    """The runs in math mode; a letter that pdfLaTeX has no font for is told by its number.

    XeLaTeX and LuaLaTeX set it.
    """
    cleaned = (run._replace(text=clean(run.text)) for run in runs)
    return latex(cleaned, _foreign)


def _foreign(c: str) -> str:
    number = rf"\text{{\scriptsize U+{ord(c):04X}}}"
    return rf"{{\ifdefined\Umathchar\text{{{c}}}\else{number}\fi}}"


def _box(node: Node, cell: Cell, at: Point, theme: Theme) -> Iterator[str]:
    width, height = (decimal(side * _POINTS) for side in (cell.width, cell.height))
    size = f"minimum width={width}pt,minimum height={height}pt"
    if cell.shape == "bare":
        yield rf"\node[{size}] ({node.id}) at {_at(at)} {{}};"
        return
    look = paint(node, theme)
    radius = {"circle": cell.height / 2, "pill": min(cell.height / 2, 14)}.get(cell.shape, 3)
    corners = f"rounded corners={decimal(radius * _POINTS - 0.01)}pt"
    pen, line = _pen(look), _colour(look.line)
    draw = f"draw={line}," if look.width else ""
    fill = f"fill={_colour(look.fill)},"
    yield rf"\node[{draw}{fill}{corners},{pen},{size}] ({node.id}) at {_at(at)} {{}};"
    for bar in cell.bars:
        top, bottom = (
            (at[0] + bar, at[1] - cell.height / 2),
            (at[0] + bar, at[1] + cell.height / 2),
        )
        yield rf"\draw[{line},{pen}] {_at(top)} -- {_at(bottom)};"


def _arrow(edge: Edge, route: Route, theme: Theme, size: float | None) -> Iterator[str]:
    look = paint(edge, theme, size)
    colour = _colour(look.line)
    first, *rest = map(_at, route.curve)
    curve = "".join(
        f" .. controls {a} and {b} .. {c}"
        for a, b, c in zip(rest[0::3], rest[1::3], rest[2::3], strict=True)
    )
    yield rf"\draw[{colour},{_pen(look)}] {first}{curve};"
    half = _HEAD if size is None else max(_HEAD, 0.9 * look.width)
    if route.end is not None:
        yield rf"\fill[{colour}] {_head(route.curve[-1], route.end, half)};"
    if route.start is not None:
        yield rf"\fill[{colour}] {_head(route.curve[0], route.start, half)};"


def _head(base: Point, tip: Point, half: float) -> str:
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    across = (-dy / length * half, dx / length * half)
    left = (base[0] + across[0], base[1] + across[1])
    right = (base[0] - across[0], base[1] - across[1])
    return f"{_at(left)} -- {_at(tip)} -- {_at(right)} -- cycle"


def _captions(figure: Figure, corner: Point, theme: Theme, steps: Timeline | None) -> Iterator[str]:
    """The caption, or that of each step."""
    for step, caption in enumerate(steps.captions if steps else [figure.caption]):
        lines = _caption(caption, figure, corner, theme)
        yield from ([rf"  \only<{step + 1}>{{", *lines, "  }"] if steps else lines)


def _caption(caption: Sequence[Part], figure: Figure, corner: Point, theme: Theme) -> Iterator[str]:
    if not caption:
        return
    words, room = wording(figure, theme.digits), theme.column - 2 * theme.margin
    rows: Sequence[tuple[Line, float, float]]
    rows = caption_rows(caption, words, theme, room, centred=not figure.room)
    for line, x, y in rows:
        middle = (corner[0] + x, corner[1] + y)
        yield from (
            f"  {command}" for command in _line(line, middle, line.width + 8, ink(line.role))
        )


def _legend(entries: Legend, corner: Point, theme: Theme) -> Iterator[str]:
    """The samples as the parts of a figure, and what they mean."""
    for entry, (x, y) in entries.places:
        left, middle = (corner[0] + x, corner[1] + y)
        yield from _sample(entry, (left, middle), theme)
        line = _words("legend", entry.meaning, theme)
        at = (left + legend.indent(entry) + line.width / 2, middle)
        yield from _line(line, at, line.width + 4, ink(line.role))


def _sample(entry: Entry, at: Point, theme: Theme) -> Iterator[str]:
    middle = (at[0] + legend.SWATCH / 2, at[1])
    corners = ((at[0] + 3, at[1] - 7.5), (at[0] + legend.SWATCH - 3, at[1] + 7.5))
    element = entry.element
    if isinstance(element, Node):
        square = element.role in ("operation", "output")
        cell = Cell((), legend.SWATCH - 6, 15, "box" if square else "pill")
        yield from _box(element, cell, middle, theme)
    elif isinstance(element, Edge):
        yield from _arrow(element, legend.sample_route(entry, at), theme, entry.size)
    elif entry.swatch == "heat":
        line = Line(entry.kind, (), 0, 0, "", drawing=legend.sample_heatmap())
        yield from _line(line, middle, 0, ink(line.role))
    elif entry.swatch == "number":
        line = _words(entry.kind, "0.12", theme)
        yield from _line(line, middle, line.width + 4, ink(line.role))
    elif entry.swatch != "none":
        more = _CORNERS if entry.swatch == "frame" else ""
        yield _rectangle(paint(entry.swatch, theme), corners, more)


def _words(role: str, text: str, theme: Theme) -> Line:
    width = metrics.width(text, theme.legend_size)
    return Line(role, (Run(text),), theme.legend_size, width, text)


def _at(point: Point) -> str:
    return f"({decimal(point[0])},{decimal(point[1])})"
