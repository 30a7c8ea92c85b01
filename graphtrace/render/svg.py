"""Draw a laid-out Figure as SVG.

In: Figure, its measured text, its Layout, a theme. Out: the text of an SVG file, the same every
time. All text is placed here, on the widths that label.py measured. It knows nothing about DOT,
processes or files; nothing from a user enters it but through text.xml.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from graphtrace.figure import Figure, Node
from graphtrace.render import describe
from graphtrace.render.dot import label_size, lane_size
from graphtrace.render.label import SHIFTED_SIZE, Cell, Line, Sheet
from graphtrace.render.lane import Box, Track, pairs
from graphtrace.render.layout import Layout, Point, Route
from graphtrace.render.text import decimal, xml
from graphtrace.render.theme import FONT_FAMILY, Theme

_HALF_HEIGHT = 0.35
"""From the middle of digits and capitals down to the baseline, in em."""

_RAISE = 0.38
_LOWER = 0.18
_HEAD_WIDTH = 3.6
_LONG = 100
"""A wider line is held to its width: in a reader's wider font it would leave its box."""

# `fill:@ink` becomes the colour `ink` of the palette.
_RULES = """\
.paper{fill:@paper}
text{fill:@ink}
.box{stroke-width:1.2}
.operation .box{fill:@operation;stroke:@operation_line}
.input .box,.copy .box{fill:@input;stroke:@input_line}
.copy .box{stroke-dasharray:3 2}
.output .box{fill:@output;stroke:@output_line;stroke-width:2}
.value,.derivative{fill:@muted}
.gradient{fill:@gradient}
.arrow{fill:none;stroke-width:1.3}
.forward .arrow{stroke:@line}
.forward .head{fill:@line}
.backward .arrow{stroke:@gradient;stroke-dasharray:5 3}
.backward .head{fill:@gradient}
.italic{font-style:italic}
"""


def draw(
    figure: Figure, sheet: Sheet, layout: Layout, theme: Theme, id_prefix: str | None = None
) -> str:
    """The figure as an SVG file.

    Every id starts with `id_prefix`; without one, with the figure's name and a checksum of what
    it shows, so that different figures can share a page.
    """
    width = layout.width + 2 * theme.margin
    height = layout.height + 2 * theme.margin
    body = [*_edges(figure, sheet, layout, theme), *_nodes(figure, sheet, layout, theme)]
    title, told = describe.title(figure), describe.description(figure)
    prefix = id_prefix if id_prefix is not None else _prefix(figure.name, told, body)
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
        f'width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
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
            (".derivative,.gradient", theme.label_size),
            (".copy .formula", theme.copy_size),
        )
    )
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
        yield f'<g {_ID}{node.id}" class="node {node.role}" data-node="{xml(node.key)}">'
        yield f"<title>{xml(tip)}</title>"
        yield _box(node, cell, at)
        yield from _cell_lines(cell, at, theme)
        yield "</g>"


def _box(node: Node, cell: Cell, at: Point) -> str:
    x, y = decimal(at[0] - cell.width / 2), decimal(at[1] - cell.height / 2)
    radius = decimal(min(cell.height / 2, 14)) if node.role in ("input", "copy") else "3"
    size = f'width="{cell.width}" height="{cell.height}"'
    return f'<rect class="box" x="{x}" y="{y}" {size} rx="{radius}"/>'


def _cell_lines(cell: Cell, at: Point, theme: Theme) -> Iterable[str]:
    total = sum(line.size for line in cell.lines) * theme.leading
    y = at[1] - total / 2
    for line in cell.lines:
        height = line.size * theme.leading
        yield _text(line, (at[0], y + height / 2))
        y += height


def _text(line: Line, middle: Point) -> str:
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
        ends = f'data-from="{xml(keys[edge.tail])}" data-to="{xml(keys[edge.head])}"'
        yield f'<g {_ID}{edge.id}" class="edge {edge.kind}" {ends}>'
        if line is not None:
            yield f"<title>{xml(line.full)}</title>"
        route = _moved(routes[edge.id], theme.margin)
        yield from _arrow(route)
        if line is not None and route.label is not None:
            yield _text(line, route.label)
        yield "</g>"


def _routes(figure: Figure, sheet: Sheet, layout: Layout, theme: Theme) -> dict[str, Route]:
    """The route of each edge by its id; a lane gives two."""
    routes = {figure.edges[i].id: route for i, route in layout.routes.items()}
    boxes = {
        node.id: Box(middle, cell.width, cell.height)
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
        size = lane_size(sheet.labels[i], sheet.labels[below[edge.id]], theme)
        tracks[i] = Track(lane, boxes[edge.tail], boxes[edge.head], Box(lane.label, *size))
    for i, (forward, backward) in pairs(tracks, obstacles, theme.lane).items():
        routes[figure.edges[i].id] = forward
        routes[figure.edges[below[figure.edges[i].id]].id] = backward
    return routes


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
