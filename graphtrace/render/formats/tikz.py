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
from typing import Any

from graphtrace.figure import Edge, Figure, Node
from graphtrace.formula.runs import Run, Runs, latex
from graphtrace.render.formats import describe, legend
from graphtrace.render.formats.legend import Entry, Legend
from graphtrace.render.formats.svg import frame_of
from graphtrace.render.layout.places import Frame, Layout, Point, Route
from graphtrace.render.layout.route import moved, routes
from graphtrace.render.paint.flow import flows, width_of
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.escape import clean, decimal
from graphtrace.render.typeset.label import Cell, Line, Sheet, caption_rows
from graphtrace.render.typeset.wording import wording

_POINTS = 0.75
"""A CSS pixel in points."""

_HALF_HEIGHT = 0.33
"""From the middle of digits and capitals down to the baseline, in em."""

_HEAD = 3.6

_FIT = r"""  \def\gtfit#1#2{\setbox0\hbox{#2}\ifdim\wd0>#1\resizebox{#1}{!}{\box0}\else\box0\fi}"""

_HEADING = r"""\documentclass[tikz]{standalone}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath}
\begin{document}
"""


def document(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> str:
    """The picture as a document of its own, which pdflatex compiles to one page of its size."""
    return f"{_HEADING}{picture(figure, sheet, layout, theme)}\\end{{document}}\n"


def picture(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> str:
    r"""The figure as a `tikzpicture`, to \input in a document that loads tikz and amsmath."""
    frame = frame_of(figure, layout, theme)
    size = f"({decimal(frame.width)},{decimal(frame.height)})"
    lines = [
        "% " + re.sub(r"[\\{}%]", "", clean(describe.title(figure))),
        r"% \usepackage{tikz,amsmath}",
        rf"\begin{{tikzpicture}}[x={_POINTS}pt,y=-{_POINTS}pt,line join=round,inner sep=0pt]",
        f"  {_FOREIGN}",
        _FIT,
        *_colours(theme),
        rf"  \fill[gt-paper] (0,0) rectangle {size};",
        rf"  \begin{{scope}}[shift={{({decimal(frame.left + theme.margin)},{theme.margin})}}]",
        *(f"  {line}" for line in _graph(figure, sheet, layout, theme)),
        r"  \end{scope}",
        *_caption(figure, frame.caption, theme),
        *(f"  {line}" for line in _legend(frame.told, frame.legend, theme)),
        r"\end{tikzpicture}",
    ]
    return "\n".join(lines) + "\n"


def _colours(theme: Theme) -> Iterator[str]:
    for name, colour in asdict(theme.light).items():
        yield rf"  \definecolor{{gt-{name.replace('_', '-')}}}{{HTML}}{{{colour[1:].upper()}}}"


def _graph(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> Iterator[str]:
    widths = flows(figure)
    ways = routes(figure, sheet, layout, theme)
    told = zip(figure.edges, sheet.labels, strict=True)
    for edge, line in sorted(told, key=lambda told: ways[told[0].id].over):
        if edge.emphasis == "hidden":
            continue
        route = moved(ways[edge.id], 0)
        if edge.kind == "forward" or figure.form != "wires":
            size = widths.get(edge.id)
            yield from _arrow(edge, route, theme, None if size is None else width_of(size))
        if line is not None and line.shown and route.label is not None:
            if route.over:
                yield _paper(line, route.label)
            yield from _line(line, route.label, line.width + 4, _label_colour(edge, line))
    for title, frame in zip(sheet.titles, layout.frames, strict=True):
        yield from _scope(title, frame)
    for node, cell, at in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        yield from _box(node, cell, at, theme)
        for line, x, y in cell.places:
            if line.shown:
                colour = "faint" if node.emphasis == "dim" else _text_colour(line)
                room = cell.width - 4 if len(cell.bars) == 0 else line.width + 8
                yield from _line(line, (at[0] + x, at[1] + y), room, colour)


_FRAME = "gt-faint-line,rounded corners=6pt,dash pattern=on 1.5pt off 2pt"
_BLANK = "draw=gt-muted,fill=gt-paper,line width=0.75pt"


def _scope(title: Line, frame: Frame) -> Iterator[str]:
    corners = ((frame.left, frame.top), (frame.left + frame.width, frame.top + frame.height))
    ends = " rectangle ".join(_at(corner) for corner in corners)
    yield rf"\draw[{_FRAME}] {ends};"
    yield _paper(title, frame.title)
    yield from _line(title, frame.title, title.width + 4, "muted")


def _paper(line: Line, middle: Point) -> str:
    """What keeps the lines beneath a label from running through it."""
    width, height = (decimal(side * _POINTS) for side in (line.width + 4, line.height))
    size = f"minimum width={width}pt,minimum height={height}pt"
    return rf"\node[fill=gt-paper,{size}] at {_at(middle)} {{}};"


def _text_colour(line: Line) -> str:
    colours = {"gradient": "gradient", "value": "value", "derivative": "muted", "source": "muted"}
    colours |= {"legend": "muted", "tangent": "tangent"}
    return colours.get(line.role, "ink")


def _label_colour(edge: Edge, line: Line) -> str:
    if edge.trouble and line.role == "derivative":
        return "trouble"
    if edge.emphasis == "strong" and line.role == "derivative":
        return "gradient"
    return "faint" if edge.emphasis == "dim" else _text_colour(line)


def _line(line: Line, middle: Point, room: float, colour: str) -> Iterator[str]:
    """A line of text with its middle at that point, and the box that a quiz asks for it in."""
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
    ends = " rectangle ".join(map(_at, corners))
    yield rf"\draw[{_BLANK}] {ends};"
    if blank.filled:
        yield _set(blank.answer, (start + blank.width / 2, y), blank.width, colour)


def _set(line: Line, middle: Point, room: float, colour: str) -> str:
    said = line.tex if line.tex is not None else mathematics(line.runs)
    x, y = middle
    anchor = ""
    if line.tex is None:
        anchor, y = "anchor=base,", y + _HALF_HEIGHT * line.size
    size = decimal(line.size * _POINTS)
    text = rf"\fontsize{{{size}}}{{{size}}}\selectfont$\displaystyle {said}$"
    fit = rf"\gtfit{{{decimal(room * _POINTS)}pt}}{{{text}}}"
    return rf"\node[{anchor}text=gt-{colour}] at {_at((x, y))} {{{fit}}};"


def mathematics(runs: Runs) -> str:
    """The runs in math mode; a letter that pdfLaTeX has no font for is told by its number."""
    cleaned = (run._replace(text=clean(run.text)) for run in runs)
    return latex(cleaned, lambda c: rf"\gtforeign{{{ord(c):04X}}}{{{c}}}")


_FOREIGN = (
    r"\providecommand\gtforeign[2]"
    r"{\ifdefined\Umathchar\text{#2}\else\text{\scriptsize U+#1}\fi}"
)
"""XeLaTeX and LuaLaTeX set it."""


def _box(node: Node, cell: Cell, at: Point, theme: Theme) -> Iterator[str]:
    width, height = (decimal(side * _POINTS) for side in (cell.width, cell.height))
    size = f"minimum width={width}pt,minimum height={height}pt"
    if cell.shape == "bare":
        yield rf"\node[{size}] ({node.id}) at {_at(at)} {{}};"
        return
    kind = "input" if node.role == "copy" else node.role
    kind = kind if kind in ("input", "output") else "operation"
    fill, line, wide = f"gt-{kind}", f"gt-{kind}-line", theme.box_width
    dashes = ",dash pattern=on 2.25pt off 1.5pt" if node.role == "copy" else ""
    if node.role == "output":
        wide = theme.output_width
    if node.role == "constant":
        fill, line = "gt-paper", "gt-muted"
    if node.emphasis == "dim":
        fill, line, wide = "gt-paper", "gt-faint-line", 1
    elif node.emphasis in ("strong", "bold"):
        line, wide = "gt-gradient" if node.emphasis == "strong" else "gt-ink", 2.4
    if node.trouble:
        line, wide, dashes = "gt-trouble", 4 if node.emphasis == "bold" else 2.4, _DOTS
    radius = {"circle": cell.height / 2, "pill": min(cell.height / 2, 14)}.get(cell.shape, 3)
    corners = f"rounded corners={decimal(radius * _POINTS - 0.01)}pt"
    pen = f"line width={decimal(wide * _POINTS)}pt{dashes}"
    draw = f"draw={line}," if wide else ""
    yield rf"\node[{draw}fill={fill},{corners},{pen},{size}] ({node.id}) at {_at(at)} {{}};"
    for bar in cell.bars:
        top, bottom = (
            (at[0] + bar, at[1] - cell.height / 2),
            (at[0] + bar, at[1] + cell.height / 2),
        )
        yield rf"\draw[{line},{pen}] {_at(top)} -- {_at(bottom)};"


_DOTS = ",dash pattern=on 0.75pt off 3pt,line cap=round"


def _arrow(edge: Edge, route: Route, theme: Theme, width: float | None) -> Iterator[str]:
    colour, wide, dashes = "gt-line", theme.line_width, ""
    if edge.kind == "backward":
        colour, dashes = "gt-gradient", ",dash pattern=on 3.75pt off 2.25pt"
    if edge.emphasis == "strong":
        colour, wide = "gt-gradient", 2.4
    elif edge.emphasis == "dim":
        colour = "gt-faint-line"
    if edge.trouble:
        colour, wide, dashes = "gt-trouble", 4 if edge.emphasis == "bold" else 2.4, _DOTS
    wide = wide if width is None else width
    first, *rest = map(_at, route.curve)
    curve = "".join(
        f" .. controls {a} and {b} .. {c}"
        for a, b, c in zip(rest[0::3], rest[1::3], rest[2::3], strict=True)
    )
    yield rf"\draw[{colour},line width={decimal(wide * _POINTS)}pt{dashes}] {first}{curve};"
    half = _HEAD if width is None else max(_HEAD, 0.9 * width)
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


def _caption(figure: Figure, corner: Point, theme: Theme) -> Iterable[str]:
    if not figure.caption:
        return
    room = theme.column - 2 * theme.margin
    rows: Sequence[tuple[Line, float, float]]
    rows = caption_rows(figure.caption, wording(figure, theme.digits), theme, room)
    for line, x, y in rows:
        middle = (corner[0] + x, corner[1] + y)
        yield from (f"  {said}" for said in _line(line, middle, line.width + 8, "ink"))


def _legend(told: Legend, corner: Point, theme: Theme) -> Iterator[str]:
    """The samples as the parts of a figure, and what they mean."""
    for entry, (x, y) in told.places:
        left, middle = (corner[0] + x, corner[1] + y)
        yield from _sample(entry, (left, middle), theme)
        line = _words("legend", entry.said, theme)
        at = (left + legend.indent(entry) + line.width / 2, middle)
        yield from _line(line, at, line.width + 4, _text_colour(line))


def _sample(entry: Entry, at: Point, theme: Theme) -> Iterator[str]:
    name, _, special = entry.kind.partition(" ")
    middle = (at[0] + legend.SWATCH / 2, at[1])
    corners = ((at[0] + 3, at[1] - 7.5), (at[0] + legend.SWATCH - 3, at[1] + 7.5))
    match entry.swatch:
        case "box":
            cell = Cell((), legend.SWATCH - 6, 15, "box" if name in _SQUARE else "pill")
            role: Any = name
            node = Node(f"key-{name}{special}", "", role, (), trouble=special or None)
            yield from _box(node, cell, middle, theme)
        case "arrow" | "back":
            kind: Any = name
            edge = Edge("", "", "", kind, None, emphasis="strong" if special else "plain")
            width = None if entry.size is None else width_of(entry.size)
            yield from _arrow(edge, legend.way(entry, at), theme, width)
        case "number":
            line = _words(name, "0.12", theme)
            yield from _line(line, middle, line.width + 4, _text_colour(line))
        case "frame" | "blank":
            pen = _FRAME if entry.swatch == "frame" else _BLANK
            yield rf"\draw[{pen}] {' rectangle '.join(map(_at, corners))};"


_SQUARE = ("operation", "output")


def _words(role: str, said: str, theme: Theme) -> Line:
    width = metrics.width(said, theme.legend_size)
    return Line(role, (Run(said),), theme.legend_size, width, said)


def _at(point: Point) -> str:
    return f"({decimal(point[0])},{decimal(point[1])})"
