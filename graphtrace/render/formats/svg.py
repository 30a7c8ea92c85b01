"""Draw a laid-out Figure as SVG.

In: Figure, its measured text, its Layout, a theme. Out: the text of an SVG file, the same every
time. All text is placed here, on the widths that line.py measured. It knows nothing about DOT,
processes or files; nothing from a user enters it but through text.xml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from graphtrace.figure.parts import Edge, Figure, Node, Part
from graphtrace.figure.timeline import Timeline
from graphtrace.render.formats import describe, fragments, legend
from graphtrace.render.formats.arrow import arrow
from graphtrace.render.formats.attributes import painted
from graphtrace.render.formats.page import ID, page
from graphtrace.render.formats.text import set_line
from graphtrace.render.layout.frame import Page, frame_of, rows_of, smallest_shown
from graphtrace.render.layout.places import Frame, Layout, Point, Route
from graphtrace.render.layout.route import moved, routes
from graphtrace.render.layout.titles import with_free_titles
from graphtrace.render.paint.flow import flows
from graphtrace.render.paint.paint import Paint, paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import decimal, xml
from graphtrace.render.typeset.sheet import Cell, Line, Sheet

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering


def write(rendering: Rendering) -> str:
    """The text of the file."""
    options = rendering.options
    if options.overlays:
        setting, steps = rendering.stepped()
        return draw(*setting, options.id_prefix, options.alt, steps=steps)
    return draw(*rendering.setting, options.id_prefix, options.alt)


def draw(
    figure: Figure,
    sheet: Sheet,
    layout: Layout,
    theme: Theme,
    id_prefix: str | None = None,
    alt: str | None = None,
    *,
    marked: bool = False,
    steps: Timeline | None = None,
) -> str:
    """The figure as an SVG file, titled and described, or with `alt` for both.

    Every id starts with `id_prefix`; without one, with the figure's name and a checksum of what
    it shows and how, so that different figures can share a page. Where it is `marked`, each line of
    a box and each label is a group with its number as `data-line`, for a script to find. With
    `steps` each part is a fragment of reveal.js, and where there is no reveal.js, all is shown.
    """
    frame = frame_of(figure, layout, theme)
    size = (frame.width, frame.height)
    route_of = routes(figure, sheet, layout, theme)
    frames = with_free_titles(figure, sheet, layout, route_of)
    body = [
        *_edges(figure, sheet, route_of, theme, marked, steps),
        *_scopes(figure, sheet, frames, theme),
        *_nodes(figure, sheet, layout, theme, marked, steps),
    ]
    if frame.left:
        body = [f'<g transform="translate({decimal(frame.left)})">', *body, "</g>"]
    if steps is None:
        body += _caption(figure.caption, figure, frame, theme)
    else:
        body += fragments.captions(
            [list(_caption(parts, figure, frame, theme)) for parts in steps.captions]
        )
    if frame.entries.places:
        body += [f'<g {ID}legend">', *legend.draw(frame.entries, frame.legend, theme), "</g>"]
    alt_texts = (alt, "") if alt else (describe.title(figure), describe.description(figure))
    wide = smallest_shown(sheet, frame.width, theme) < theme.smallest
    return page(figure.name, alt_texts, body, size, theme, id_prefix, wide=wide)


def _caption(caption: Sequence[Part], figure: Figure, frame: Page, theme: Theme) -> Iterable[str]:
    if not caption:
        return
    yield f'<g {ID}caption" class="caption">'
    for line, x, y in rows_of(caption, figure, theme):
        yield set_line(line, (frame.caption[0] + x, frame.caption[1] + y), theme)
    yield "</g>"


def _scopes(figure: Figure, sheet: Sheet, frames: Sequence[Frame], theme: Theme) -> Iterable[str]:
    for scope, title, frame in zip(figure.scopes, sheet.titles, frames, strict=True):
        x, y = frame.left + theme.margin, frame.top + theme.margin
        corner = f'x="{decimal(x)}" y="{decimal(y)}"'
        size = f'width="{decimal(frame.width)}" height="{decimal(frame.height)}"'
        yield f'<g {ID}{scope.id}" class="cluster"><title>{xml(scope.title)}</title>'
        yield f'<rect {painted("frame", paint("frame", theme), theme)} {corner} {size} rx="8"/>'
        middle = (frame.title[0] + theme.margin, frame.title[1] + theme.margin)
        yield _paper(title, middle, theme)
        yield set_line(title, middle, theme)
        yield "</g>"


def _nodes(
    figure: Figure,
    sheet: Sheet,
    layout: Layout,
    theme: Theme,
    marked: bool,
    steps: Timeline | None,
) -> Iterable[str]:

    for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        at = (middle[0] + theme.margin, middle[1] + theme.margin)
        tip = describe.tell(node, figure) + (f" ({node.source})" if node.source else "")
        classes = f"node {node.role}{_emphasis(node)}"
        shown = fragments.shown(classes, None if steps is None else steps.box(node))
        numbers = "" if marked else _numbers(node)
        yield f'<g {ID}{node.id}" {shown} data-node="{xml(node.key)}"{numbers}>'
        yield f"<title>{xml(tip)}</title>"
        yield from _box(cell, at, paint(node, theme), theme)
        for i, (line, x, y) in enumerate(cell.places):
            if line.shown:
                drawn = _marked(i, set_line(line, (at[0] + x, at[1] + y), theme, node), marked)
                if steps is None or line.role != "gradient":
                    yield drawn
                else:
                    yield from fragments.appearing(drawn, steps.gradient(node))
        yield "</g>"


def _numbers(node: Node) -> str:
    """The value and the gradient of a scalar to the last digit, for programs."""
    numbers = {"value": node.value, "grad": node.adjoint}
    return "".join(f' data-{name}="{x!s}"' for name, x in numbers.items() if _is_scalar(x))


def _is_scalar(x: object) -> bool:
    return isinstance(x, (int, float, np.number, np.bool_))


def _marked(i: int, line: str, marked: bool) -> str:
    return f'<g data-line="{i}">{line}</g>' if marked else line


def _emphasis(of: Node | Edge) -> str:
    emphasis = "" if of.emphasis == "plain" else f" {of.emphasis}"
    return emphasis + (f" trouble {of.trouble}" if of.trouble else "")


def _box(cell: Cell, at: Point, look: Paint, theme: Theme) -> Iterable[str]:
    if cell.shape == "bare":
        return
    x, y = at[0] - cell.width / 2, at[1] - cell.height / 2
    radius = {"circle": cell.height / 2, "pill": min(cell.height / 2, 14)}.get(cell.shape, 3)
    size = f'width="{cell.width}" height="{cell.height}"'
    corner = f'x="{decimal(x)}" y="{decimal(y)}"'
    yield f'<rect {painted("box", look, theme)} {corner} {size} rx="{decimal(radius)}"/>'
    for bar in cell.bars:
        ends = f'x1="{decimal(at[0] + bar)}" x2="{decimal(at[0] + bar)}"'
        drawn = painted("bar", replace(look, fill=None, line="operation_line"), theme)
        yield f'<line {drawn} {ends} y1="{decimal(y)}" y2="{decimal(y + cell.height)}"/>'


def _edges(
    figure: Figure,
    sheet: Sheet,
    route_of: Mapping[str, Route],
    theme: Theme,
    marked: bool,
    steps: Timeline | None,
) -> Iterable[str]:
    keys = {node.id: node.key for node in figure.nodes}
    widths = flows(figure)
    labelled_edges = zip(figure.edges, sheet.labels, strict=True)
    for edge, line in sorted(labelled_edges, key=lambda pair: route_of[pair[0].id].over):
        if edge.emphasis == "hidden" or (steps is not None and steps.arrow(edge) is None):
            continue
        ends = f'data-from="{xml(keys[edge.tail])}" data-to="{xml(keys[edge.head])}"'
        classes = f"edge {edge.kind}{_emphasis(edge)}"
        shown = fragments.shown(classes, None if steps is None else steps.arrow(edge))
        yield f'<g {ID}{edge.id}" {shown} {ends}>'
        appears = steps is None or steps.label(edge) is not None
        is_labelled = line is not None and line.shown and appears
        if line is not None and is_labelled:
            yield f"<title>{xml(line.full)}</title>"
        route = moved(route_of[edge.id], theme.margin)
        if edge.kind == "forward" or figure.form != "wires":
            size = widths.get(edge.id)
            yield from arrow(route, paint(edge, theme, size), theme, wide=size is not None)
        if line is not None and is_labelled and route.label is not None:
            paper = _paper(line, route.label, theme) + "\n" if route.over else ""
            drawn = _marked(0, paper + set_line(line, route.label, theme, edge), marked)
            if steps is None or steps.label(edge) == steps.arrow(edge):
                yield drawn
            else:
                yield from fragments.appearing(drawn, steps.label(edge))
        yield "</g>"


def _paper(line: Line, middle: Point, theme: Theme) -> str:
    """What keeps the lines beneath a label from running through it."""
    width, height = line.width + 4, line.height
    corner = f'x="{decimal(middle[0] - width / 2)}" y="{decimal(middle[1] - height / 2)}"'
    size = f'width="{decimal(width)}" height="{decimal(height)}"'
    return f"<rect {painted('paper', paint('paper', theme), theme)} {corner} {size}/>"
