"""Draw a laid-out Figure as SVG.

In: Figure, its measured text, its Layout, a theme. Out: the text of an SVG file, the same every
time. All text is placed here, on the widths that label.py measured. It knows nothing about DOT,
processes or files; nothing from a user enters it but through text.xml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from graphtrace.figure.parts import Edge, Figure, Node, Note, Source
from graphtrace.render.formats import describe, legend
from graphtrace.render.formats.arrow import arrow
from graphtrace.render.formats.page import EMPHASIS, ID, page
from graphtrace.render.layout.frame import Page, frame_of, rows_of, smallest_shown
from graphtrace.render.layout.legend import Legend, asks, tells_tangents
from graphtrace.render.layout.places import Frame, Layout, Point
from graphtrace.render.layout.route import moved, routes
from graphtrace.render.paint.flow import flows
from graphtrace.render.paint.theme import FONT_FAMILY, LECTURE, Theme
from graphtrace.render.typeset.escape import decimal, xml
from graphtrace.render.typeset.label import (
    SHIFTED_SIZE,
    Blank,
    Cell,
    Line,
    Sheet,
)
from graphtrace.render.typeset.math_outline import Outline

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

_HALF_HEIGHT = 0.35
"""From the middle of digits and capitals down to the baseline, in em."""

_RAISE = 0.38
_LOWER = 0.18
_LONG = 100
"""A wider line is held to its width: in a reader's wider font it would leave its box."""


def write(rendering: Rendering) -> str:
    """The text of the file."""
    return draw(*rendering.setting, rendering.options.id_prefix)


def draw(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, id_prefix: str | None = None
) -> str:
    """The figure as an SVG file.

    Every id starts with `id_prefix`; without one, with the figure's name and a checksum of what
    it shows and how, so that different figures can share a page.
    """
    frame = frame_of(figure, layout, theme)
    size = (frame.width, frame.height)
    body = [
        *_edges(figure, sheet, layout, theme),
        *_scopes(figure, sheet, layout.frames, theme),
        *_nodes(figure, sheet, layout, theme),
    ]
    if frame.left:
        body = [f'<g transform="translate({decimal(frame.left)})">', *body, "</g>"]
    body += _caption(figure, frame, theme)
    if frame.told.places:
        body += [f'<g {ID}legend">', *legend.draw(frame.told, frame.legend, theme), "</g>"]
    said = (describe.title(figure), describe.description(figure))
    wide = smallest_shown(sheet, frame.width, theme) < theme.smallest
    rules = _rules(figure, frame.told, theme)
    return page(figure.name, said, body, size, theme, id_prefix, rules=rules, wide=wide)


def _rules(figure: Figure, told: Legend, theme: Theme) -> str:
    """The style of what only some figures have."""
    rules = ""
    if any(node.role == "constant" for node in figure.nodes):
        rules += ".constant .box{fill:@paper;stroke:@muted}\n"
    if any(isinstance(part, Source | Note) for node in figure.nodes for part in node.parts):
        rules += f".source{{fill:@muted;font-size:{decimal(theme.source_size)}px}}\n"
    if tells_tangents(figure):
        rules += f".tangent{{fill:@tangent;font-size:{decimal(theme.label_size)}px}}\n"
    if asks(figure):
        rules += ".blank{fill:@paper;stroke:@muted;stroke-width:1}\n"
    if figure.scopes:
        rules += ".frame{fill:none;stroke:@faint_line;stroke-dasharray:2 3}\n"
        rules += f".title{{fill:@muted;font-size:{decimal(theme.label_size)}px}}\n"
    if told.places:
        marks = [rule for rule in EMPHASIS.splitlines() if ".strong" in rule or ".trouble" in rule]
        rules += re.sub(r"\.(node|edge)\.", ".key.", "".join(f"{rule}\n" for rule in marks))
        rules += f".key text{{fill:@muted;font-size:{decimal(theme.legend_size)}px}}\n"
        rules += ".key .value{fill:@value}\n.key .gradient{fill:@gradient}\n"
        rules += ".key .tangent{fill:@tangent}\n" if tells_tangents(figure) else ""
    return rules


def _caption(figure: Figure, frame: Page, theme: Theme) -> Iterable[str]:
    if not figure.caption:
        return
    yield f'<g {ID}caption" class="caption">'
    for line, x, y in rows_of(figure.caption, figure, theme):
        yield text(line, (frame.caption[0] + x, frame.caption[1] + y), theme)
    yield "</g>"


def _scopes(figure: Figure, sheet: Sheet, frames: Sequence[Frame], theme: Theme) -> Iterable[str]:
    for scope, title, frame in zip(figure.scopes, sheet.titles, frames, strict=True):
        x, y = frame.left + theme.margin, frame.top + theme.margin
        corner = f'x="{decimal(x)}" y="{decimal(y)}"'
        size = f'width="{decimal(frame.width)}" height="{decimal(frame.height)}"'
        yield f'<g {ID}{scope.id}" class="cluster"><title>{xml(scope.title)}</title>'
        yield f'<rect class="frame" {corner} {size} rx="8"/>'
        middle = (frame.title[0] + theme.margin, frame.title[1] + theme.margin)
        yield _paper(title, middle)
        yield text(title, middle, theme)
        yield "</g>"


def _nodes(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> Iterable[str]:
    for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        at = (middle[0] + theme.margin, middle[1] + theme.margin)
        tip = describe.tell(node, figure) + (f" ({node.source})" if node.source else "")
        said = f"node {node.role}{_emphasis(node)}"
        yield f'<g {ID}{node.id}" class="{said}" data-node="{xml(node.key)}">'
        yield f"<title>{xml(tip)}</title>"
        yield from _box(cell, at)
        for line, x, y in cell.places:
            if line.shown:
                yield text(line, (at[0] + x, at[1] + y), theme)
        yield "</g>"


def _emphasis(of: Node | Edge) -> str:
    emphasis = "" if of.emphasis == "plain" else f" {of.emphasis}"
    return emphasis + (f" trouble {of.trouble}" if of.trouble else "")


def _box(cell: Cell, at: Point) -> Iterable[str]:
    if cell.shape == "bare":
        return
    x, y = at[0] - cell.width / 2, at[1] - cell.height / 2
    radius = {"circle": cell.height / 2, "pill": min(cell.height / 2, 14)}.get(cell.shape, 3)
    size = f'width="{cell.width}" height="{cell.height}"'
    yield f'<rect class="box" x="{decimal(x)}" y="{decimal(y)}" {size} rx="{decimal(radius)}"/>'
    for bar in cell.bars:
        ends = f'x1="{decimal(at[0] + bar)}" x2="{decimal(at[0] + bar)}"'
        yield f'<line class="bar" {ends} y1="{decimal(y)}" y2="{decimal(y + cell.height)}"/>'


def _outline(line: Line, drawn: Outline, middle: Point) -> str:
    scale = line.size / 1000
    x = decimal(middle[0] - line.width / 2)
    y = decimal(middle[1] + (drawn.ascent - drawn.descent) / 2 * scale)
    return (
        f'<g class="math {line.role}" role="img" aria-label="{xml(line.full)}" '
        'data-font-size="1000" '
        f'transform="translate({x} {y}) scale({decimal(scale, 5)})"><path d="{drawn.path}"/></g>'
    )


def text(line: Line, middle: Point, theme: Theme = LECTURE) -> str:
    """The line with its middle at that point."""
    if line.blank is not None:
        return _with_blank(line, line.blank, middle, theme)
    if line.outline is not None:
        return _outline(line, line.outline, middle)
    x, y = decimal(middle[0]), decimal(middle[1] + _HALF_HEIGHT * line.size)
    pieces, lowered = [], 0.0
    for run in line.runs:
        wanted = {"": 0.0, "sub": _LOWER, "sup": -_RAISE}[run.shift] * line.size
        attributes = ""
        if wanted != lowered:
            attributes += f' dy="{decimal(wanted - lowered)}"'
            lowered = wanted
        if run.shift:
            attributes += f' font-size="{decimal(line.size * SHIFTED_SIZE)}"'
        if run.italic:
            attributes += ' class="italic"'
        said = xml(run.text)
        pieces.append(f"<tspan{attributes}>{said}</tspan>" if attributes else said)
    hold = ""
    if line.width > _LONG or (theme.font != FONT_FAMILY and line.width):
        hold = f' textLength="{decimal(line.width)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{line.role}" x="{x}" y="{y}"{hold}>{"".join(pieces)}</text>'


def _with_blank(line: Line, blank: Blank, middle: Point, theme: Theme) -> str:
    """The line, and behind it a box with its number or for it."""
    start = middle[0] - line.width / 2
    left = start + line.width - blank.width
    box = f'x="{decimal(left)}" y="{decimal(middle[1] - blank.height / 2)}"'
    size = f'width="{decimal(blank.width)}" height="{decimal(blank.height)}"'
    drawn = f'<rect class="blank" {box} {size} rx="2"/>'
    if line.runs:
        before = line._replace(width=left - 2 - start, blank=None)
        drawn = text(before, (start + before.width / 2, middle[1]), theme) + drawn
    if blank.filled:
        drawn += text(blank.answer, (left + blank.width / 2, middle[1]), theme)
    return drawn


def _edges(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> Iterable[str]:
    keys = {node.id: node.key for node in figure.nodes}
    widths = flows(figure)
    ways = routes(figure, sheet, layout, theme)
    told_edges = zip(figure.edges, sheet.labels, strict=True)
    for edge, line in sorted(told_edges, key=lambda told: ways[told[0].id].over):
        if edge.emphasis == "hidden":
            continue
        ends = f'data-from="{xml(keys[edge.tail])}" data-to="{xml(keys[edge.head])}"'
        yield f'<g {ID}{edge.id}" class="edge {edge.kind}{_emphasis(edge)}" {ends}>'
        told = line is not None and line.shown
        if line is not None and told:
            yield f"<title>{xml(line.full)}</title>"
        route = moved(ways[edge.id], theme.margin)
        if edge.kind == "forward" or figure.form != "wires":
            yield from arrow(route, widths.get(edge.id))
        if line is not None and told and route.label is not None:
            if route.over:
                yield _paper(line, route.label)
            yield text(line, route.label, theme)
        yield "</g>"


def _paper(line: Line, middle: Point) -> str:
    """What keeps the lines beneath a label from running through it."""
    width, height = line.width + 4, line.height
    corner = f'x="{decimal(middle[0] - width / 2)}" y="{decimal(middle[1] - height / 2)}"'
    size = f'width="{decimal(width)}" height="{decimal(height)}"'
    return f'<rect class="paper" {corner} {size}/>'
