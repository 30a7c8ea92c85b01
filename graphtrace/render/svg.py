"""Draw a laid-out Figure as SVG.

In: Figure, its measured text, its Layout, a theme. Out: the text of an SVG file, the same every
time. All text is placed here, on the widths that label.py measured. It knows nothing about DOT,
processes or files; nothing from a user enters it but through text.xml.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from graphtrace.figure import Direction, Edge, Figure, Node, Part
from graphtrace.render import describe
from graphtrace.render.dot import label_size, lane_size
from graphtrace.render.label import SHIFTED_SIZE, Cell, Line, Placed, Sheet, caption_rows
from graphtrace.render.lane import Box, Track, pairs, turned, turned_lane, turned_route
from graphtrace.render.layout import Layout, Point, Route
from graphtrace.render.outline import Outline
from graphtrace.render.say import wording
from graphtrace.render.text import decimal, xml
from graphtrace.render.theme import FONT_FAMILY, Theme

_HALF_HEIGHT = 0.35
"""From the middle of digits and capitals down to the baseline, in em."""

_RAISE = 0.38
_LOWER = 0.18
_HEAD_WIDTH = 3.6
_SPREAD = 24
"""Between two pairs of arrows that meet the same side of a box."""
_LONG = 100
"""A wider line is held to its width: in a reader's wider font it would leave its box."""

# `fill:@ink` becomes the colour `ink` of the palette.
_RULES = """\
.paper{fill:@paper}
text,.math{fill:@ink}
.operation .box{fill:@operation;stroke:@operation_line}
.input .box,.copy .box{fill:@input;stroke:@input_line}
.copy .box{stroke-dasharray:3 2}
.output .box{fill:@output;stroke:@output_line}
.derivative{fill:@muted}
.value{fill:@value}
.gradient{fill:@gradient}
.arrow{fill:none}
.bar{stroke:@operation_line}
.forward .arrow{stroke:@line}
.forward .head{fill:@line}
.backward .arrow{stroke:@gradient;stroke-dasharray:5 3}
.backward .head{fill:@gradient}
.italic{font-style:italic}
"""

# After the sizes, which they overrule.
_EMPHASIS = """\
.node.dim text,.edge.dim text,.node.dim .math,.edge.dim .math{fill:@faint}
.node.dim .box{fill:@paper;stroke:@faint_line;stroke-width:1}
.edge.dim .arrow{stroke:@faint_line}
.edge.dim .head{fill:@faint_line}
.node.strong .box{stroke:@gradient;stroke-width:2.4}
.edge.strong .arrow{stroke:@gradient;stroke-width:2.4}
.edge.strong .head{fill:@gradient}
.edge.strong .derivative{fill:@gradient}
.node.bold .box{stroke:@ink;stroke-width:2.4}
.node.trouble .box{stroke:@trouble;stroke-width:2.4;stroke-dasharray:1 4;stroke-linecap:round}
.edge.trouble .derivative{fill:@trouble}
.edge.trouble .arrow{stroke:@trouble;stroke-width:2.4;stroke-dasharray:1 4;stroke-linecap:round}
.edge.trouble .head{fill:@trouble}
.node.bold.trouble .box,.edge.bold.trouble .arrow{stroke-width:4}
"""


def draw(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, id_prefix: str | None = None
) -> str:
    """The figure as an SVG file.

    Every id starts with `id_prefix`; without one, with the figure's name and a checksum of what
    it shows and how, so that different figures can share a page.
    """
    frame = _frame(figure, layout, theme)
    width, height = frame.width, frame.height
    body = [*_edges(figure, sheet, layout, theme), *_nodes(figure, sheet, layout, theme)]
    if frame.left:
        body = [f'<g transform="translate({decimal(frame.left)})">', *body, "</g>"]
    body += _caption(figure, frame, theme)
    title, told = describe.title(figure), describe.description(figure)
    prefix = (
        id_prefix
        if id_prefix is not None
        else _prefix(figure.name, told, [*body, _style("", theme)])
    )
    prefix = _slug(prefix) if prefix else ""
    root = prefix or "graphtrace"
    lines = [
        _root(root, width, height, _is_wide(sheet, width, theme), theme),
        f'<title id="{root}-title">{xml(title)}</title>',
        f'<desc id="{root}-desc">{xml(told)}</desc>',
        f"<style>\n{_style(root, theme)}</style>",
        f'<rect class="paper" width="{decimal(width)}" height="{decimal(height)}"/>',
        *(line.replace(_ID, f'id="{prefix}-' if prefix else 'id="') for line in body),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Frame(NamedTuple):
    """The size of the picture, and where its graph and its caption begin."""

    width: float
    height: float
    left: float
    caption: Point


def _frame(figure: Figure, layout: Layout, theme: Theme) -> _Frame:
    """Room for the graph and for every caption that may stand beneath it."""
    width = layout.width + 2 * theme.margin
    height = layout.height + 2 * theme.margin
    captions = [_rows(parts, figure, theme) for parts in (figure.caption, *figure.room) if parts]
    if not captions:
        return _Frame(width, height, 0, (0, 0))
    block = max(_block_width(rows) for rows in captions) + 2 * theme.margin
    top = height + 6
    height = top + max(rows[-1].y + rows[-1].line.height / 2 for rows in captions) + 8
    own = block - 2 * theme.margin
    # On a figure that scrolls, a caption in the middle would be out of sight.
    middle = max(width, block) / 2 if width <= theme.column else theme.margin + own / 2
    return _Frame(max(width, block), height, max(block - width, 0) / 2, (middle - own / 2, top))


def _rows(parts: Sequence[Part], figure: Figure, theme: Theme) -> list[Placed]:
    room = theme.column - 2 * theme.margin
    return caption_rows(parts, wording(figure, theme.digits), theme, room)


def _block_width(rows: Iterable[Placed]) -> float:
    return max(row.x + row.line.width / 2 for row in rows)


def _caption(figure: Figure, frame: _Frame, theme: Theme) -> Iterable[str]:
    if not figure.caption:
        return
    yield f'<g {_ID}caption" class="caption">'
    for line, x, y in _rows(figure.caption, figure, theme):
        yield _text(line, (frame.caption[0] + x, frame.caption[1] + y))
    yield "</g>"


# A control character: no text from a user holds one when it gets here.
_ID = 'id="\x00'


def _prefix(name: str, told: str, body: Iterable[str]) -> str:
    content = "\n".join([xml(told), *body]).encode("utf-8")
    return f"{_slug(name)}-{zlib.crc32(content):08x}"


def _slug(text: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:40] or "graph"
    return slug if slug[0].isalpha() else f"g{slug}"


def _root(root: str, width: float, height: float, wide: bool, theme: Theme) -> str:
    w, h = decimal(width), decimal(height)
    name = f"graphtrace {_slug(theme.name)}" + (" wide" if wide else "")
    scroll = ' data-display="scroll"' if wide else ' style="max-width:100%;height:auto"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{root}" class="{name}"{scroll} '
        # Some viewers would drop the space at the beginning of a raised or lowered run.
        f'xml:space="preserve" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="{root}-title {root}-desc" font-family="{FONT_FAMILY}" '
        'text-anchor="middle">'
    )


def _is_wide(sheet: Sheet, width: float, theme: Theme) -> bool:
    """Whether the smallest text would be too small when the page shrinks the figure to fit."""
    lines = [line for cell in sheet.cells for line in cell.lines]
    lines += [line for line in sheet.labels if line is not None]
    sizes = [line.size * (SHIFTED_SIZE if run.shift else 1) for line in lines for run in line.runs]
    return min(sizes, default=theme.smallest) * min(1, theme.column / width) < theme.smallest


def _style(root: str, theme: Theme) -> str:
    rules = _RULES + "".join(
        f"{name}{{font-size:{decimal(size)}px}}\n"
        for name, size in (
            (".formula", theme.formula_size),
            (".value", theme.value_size),
            (".derivative,.gradient,.edge .value", theme.label_size),
            (".copy .formula", theme.copy_size),
            (".caption", theme.caption_size),
        )
    )
    rules += "".join(
        f"{name}{{stroke-width:{decimal(size)}}}\n"
        for name, size in (
            (".box,.bar", theme.box_width),
            (".output .box", theme.output_width),
            (".arrow", theme.line_width),
        )
    )
    rules += _EMPHASIS
    light = asdict(theme.light)
    rules = _COLOUR.sub(lambda m: _paint(m[1], m[2], light[m[2]]), rules)
    # Each selector begins with the root's id: a page may hold figures of several themes.
    rules = _SELECTOR.sub(rf"#{root} \g<0>", rules)
    if theme.dark is None:
        return rules
    dark = "".join(f"{_property(name)}:{c};" for name, c in asdict(theme.dark).items())
    return rules + f"@media (prefers-color-scheme:dark){{#{root}{{{dark}}}}}\n"


_COLOUR = re.compile(r"(fill|stroke):@(\w+)")
_SELECTOR = re.compile(r"(?:(?<=\n)|(?<=\},)|^|(?<=,))[.a-z][.a-z ]*(?=[,{])", re.MULTILINE)


def _paint(what: str, name: str, colour: str) -> str:
    """Plain first, for viewers without custom properties; the property lets a page recolour."""
    return f"{what}:{colour};{what}:var({_property(name)},{colour})"


def _property(name: str) -> str:
    return "--gt-" + name.replace("_", "-")


def _nodes(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> Iterable[str]:
    for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True):
        at = (middle[0] + theme.margin, middle[1] + theme.margin)
        tip = describe.tell(node, figure) + (f" ({node.source})" if node.source else "")
        said = f"node {node.role}{_emphasis(node)}"
        yield f'<g {_ID}{node.id}" class="{said}" data-node="{xml(node.key)}">'
        yield f"<title>{xml(tip)}</title>"
        yield from _box(cell, at)
        for line, x, y in cell.places:
            if line.shown:
                yield _text(line, (at[0] + x, at[1] + y))
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


def _text(line: Line, middle: Point) -> str:
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
    if line.width > _LONG:
        hold = f' textLength="{decimal(line.width)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{line.role}" x="{x}" y="{y}"{hold}>{"".join(pieces)}</text>'


def _edges(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> Iterable[str]:
    keys = {node.id: node.key for node in figure.nodes}
    routes = _routes(figure, sheet, layout, theme)
    for edge, line in zip(figure.edges, sheet.labels, strict=True):
        if edge.emphasis == "hidden":
            continue
        ends = f'data-from="{xml(keys[edge.tail])}" data-to="{xml(keys[edge.head])}"'
        yield f'<g {_ID}{edge.id}" class="edge {edge.kind}{_emphasis(edge)}" {ends}>'
        told = line is not None and line.shown
        if line is not None and told:
            yield f"<title>{xml(line.full)}</title>"
        route = _moved(routes[edge.id], theme.margin)
        if edge.kind == "forward" or figure.form != "wires":
            yield from _arrow(route)
        if line is not None and told and route.label is not None:
            yield _text(line, route.label)
        yield "</g>"


def _routes(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> dict[str, Route]:
    """The route of each edge by its id; a lane gives two."""
    routes = {figure.edges[i].id: route for i, route in layout.routes.items()}
    boxes = {
        node.id: Box(middle, cell.width, cell.height, cell.shape == "circle")
        for node, cell, middle in zip(figure.nodes, sheet.cells, layout.nodes, strict=True)
    }
    below = {edge.beside: i for i, edge in enumerate(figure.edges) if edge.beside is not None}
    obstacles = list(boxes.values())
    for i, route in layout.routes.items():
        line = sheet.labels[i]
        if line is not None and route.label is not None:
            obstacles.append(Box(route.label, *label_size(line)))
    tracks = {}
    for i, lane in layout.lanes.items():
        edge = figure.edges[i]
        lines = (sheet.labels[i], sheet.labels[below[edge.id]] if edge.id in below else None)
        label = Box(lane.label, *lane_size(*lines, theme, figure.direction))
        off = _offsets(lines, label, figure, theme)
        tracks[i] = Track(lane, boxes[edge.tail], boxes[edge.head], label, off)
    apart = 0 if figure.form == "wires" else theme.lane
    for i, (forward, backward) in _pairs(tracks, obstacles, apart, figure.direction).items():
        edge = figure.edges[i]
        routes[edge.id] = forward
        if edge.id in below:
            routes[figure.edges[below[edge.id]].id] = backward
    return routes


def _offsets(
    lines: tuple[Line | None, Line | None], label: Box, figure: Figure, theme: Theme
) -> tuple[float, float]:
    """How far the labels stand from the middle of their lane."""
    if figure.direction == "LR":
        off = label.height / 4 + theme.lane / 4
        return off, off
    apart = (0 if figure.form == "wires" else theme.lane / 2) + 6
    first, second = (line.width / 2 if line is not None else 0 for line in lines)
    return apart + first, apart + second


def _pairs(
    tracks: Mapping[int, Track], obstacles: Sequence[Box], apart: float, direction: Direction
) -> Mapping[int, tuple[Route, Route]]:
    if direction == "LR":
        return pairs(tracks, obstacles, apart, _SPREAD)
    flat = {
        i: Track(turned_lane(t.lane), turned(t.tail), turned(t.head), turned(t.label), t.off)
        for i, t in tracks.items()
    }
    found = pairs(flat, [turned(box) for box in obstacles], apart, _SPREAD)
    return {i: (turned_route(on), turned_route(back)) for i, (on, back) in found.items()}


def _moved(route: Route, by: float) -> Route:
    def move(point: Point | None) -> Point | None:
        return None if point is None else (point[0] + by, point[1] + by)

    curve = tuple((x + by, y + by) for x, y in route.curve)
    return Route(curve, move(route.start), move(route.end), move(route.label))


def _arrow(route: Route) -> Iterable[str]:
    first, *rest = (f"{decimal(x)},{decimal(y)}" for x, y in route.curve)
    yield f'<path class="arrow" d="M{first}C{" ".join(rest)}"/>'
    if route.end is not None:
        yield _head(route.curve[-1], route.end)
    if route.start is not None:
        yield _head(route.curve[0], route.start)


def _head(base: Point, tip: Point) -> str:
    """A triangle from the end of the line to the border of the box."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    across = (-dy / length * _HEAD_WIDTH, dx / length * _HEAD_WIDTH)
    corners: Sequence[Point] = (
        (base[0] + across[0], base[1] + across[1]),
        tip,
        (base[0] - across[0], base[1] - across[1]),
    )
    points = " ".join(f"{decimal(x)},{decimal(y)}" for x, y in corners)
    return f'<polygon class="head" points="{points}"/>'
