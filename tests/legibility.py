"""What is hard to read in an SVG of ours, by its geometry and its colours.

Text is measured by the widths that the figures are set with; a line is where its Bézier points
lead; a colour is what the attributes say, and in the dark what the style sheet puts in its place.
"""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np

from graphtrace.render.typeset import metrics

SVG = "{http://www.w3.org/2000/svg}"
COLUMN, SMALLEST, CONTRAST = 720, 9, 4.5
LINES = {f"gt-{name}" for name in "arrow weight curve slope jump tangent leg axis".split()}
SHAPES = {"rect", "circle"}


def problems(svg):
    """Each thing that is hard to read, in a line."""
    root = ET.fromstring(svg)
    style = Style(root)
    _, _, width, height = map(float, root.get("viewBox").split())
    found = list(elements(root))
    texts = [Text(e) for e in found if e.is_text]
    shown = {text: text.box for text in texts}
    for text, (left, top, right, bottom) in shown.items():
        if left < -0.5 or top < -0.5 or right > width + 0.5 or bottom > height + 0.5:
            yield f"{text} leaves the canvas"
        size = text.size if root.get("data-display") else text.size * min(1, COLUMN / width)
        if size < SMALLEST:
            yield f"{text} is shown at {size:.1f} px"
        if text.node is not None and not inside(text.box, text.node):
            yield f"{text} leaves its box"
        for scheme in ("light", "dark"):
            ratio = contrast(style.fill(text.element, scheme), ground(text, found, style, scheme))
            if ratio < CONTRAST:
                yield f"{text} has a contrast of {ratio:.2f} in the {scheme}"
    for one, two in combinations(texts, 2):
        if overlap(one.box, two.box) > 1:
            yield f"{one} overlaps {two}"
    for line in found:
        if line.tag == "path" and line.classes & LINES:
            points = line.points()
            after = found[found.index(line) :]
            papers = [e.box() for e in after if e.tag == "rect" and "gt-paper" in e.classes]
            for text, (left, top, right, bottom) in shown.items():
                x, y = points[:, 0], points[:, 1]
                if any(inside(text.box, paper) for paper in papers):
                    continue  # the line ends at the paper that the text stands on
                if ((left + 1 < x) & (x < right - 1) & (top + 1 < y) & (y < bottom - 1)).any():
                    yield f"{text} is crossed by a line"


class Element:
    """An element, its ancestors, and where its group stands."""

    def __init__(self, node, chain, at):
        self.tag, self.node, self.chain, self.at = node.tag.removeprefix(SVG), node, chain, at
        self.classes = set(node.get("class", "").split())
        is_line = self.tag == "g" and node.get("font-size") is not None
        self.is_text = is_line or self.tag == "text" or node.get("role") == "math"

    def get(self, name, default=None):
        """An attribute, of the element or of the nearest around it, and the classes beside it."""
        for node in (self.node, *reversed(self.chain)):
            if node.get(name) is not None:
                return node.get(name), node.get("class", "").split()
        return default, []

    def points(self):
        """The way of a path in absolute coordinates, a point each pixel or so."""
        pieces = []
        start = np.zeros(2)
        for letter, text in re.findall(r"([MLCQ])([^MLCQz]*)", self.node.get("d")):
            given = np.array([float(n) for n in re.findall(r"-?[\d.]+", text)]).reshape(-1, 2)
            step = {"M": 1, "L": 1, "Q": 2, "C": 3}[letter]
            for i in range(0, len(given), step):
                corner = np.array([start, *given[i : i + step]])
                if letter != "M":
                    pieces.append(bezier(corner))
                start = corner[-1]
        return np.concatenate(pieces or [np.empty((0, 2))]) + self.at

    def box(self):
        """Left, top, right, bottom of a rectangle, a circle or a path."""
        get = lambda name: float(self.node.get(name, "0"))  # noqa: E731
        if self.tag == "rect":
            x, y = get("x") + self.at[0], get("y") + self.at[1]
            return x, y, x + get("width"), y + get("height")
        if self.tag == "circle":
            x, y, r = get("cx") + self.at[0], get("cy") + self.at[1], get("r")
            return x - r, y - r, x + r, y + r
        points = self.points()
        return (*points.min(axis=0), *points.max(axis=0))


class Text:
    """A line of text or a formula in outlines, with the box of its ink."""

    def __init__(self, element):
        self.element = element
        if element.node.get("role") == "math":
            self.said = element.node.get("aria-label")
            x, y, scale = (float(n) for n in re.findall(r"-?[\d.]+", element.node.get("transform")))
            self.size = 1000 * scale
            left, top, right, bottom = outline(element.node[0].get("d"))
            x, y = x + element.at[0], y + element.at[1]
            self.box = (x + left * scale, y + top * scale, x + right * scale, y + bottom * scale)
        else:
            runs = [element.node] if element.tag == "text" else list(element.node)
            self.said = "".join(run.text for run in runs)
            size = float(element.node.get("font-size"))
            boxes = [run_box(run, float(run.get("font-size", size)), element.at) for run in runs]
            self.box = (*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:])
            self.size = min(float(run.get("font-size", size)) for run in runs)
        group = next((e for e in element.chain if "node" in e.get("class", "").split()), None)
        shapes = [] if group is None else [s for s in group if "gt-box" in s.get("class", "")]
        at = element.at
        self.node = Element(shapes[0], (), at).box() if shapes else None

    def __str__(self):
        return f"{self.said!r}"


def run_box(run, size, at):
    """Where the ink of a run of text stands."""
    wide = metrics.width(run.text, size)
    x, y = float(run.get("x")) + at[0], float(run.get("y")) + at[1]
    left = x - (wide / 2 if run.get("text-anchor") == "middle" else 0)
    below = 0.2 if set(run.text) & set("gjpqy,;()[]") else 0.0
    return left, y - 0.72 * size, left + wide, y + below * size


class Style:
    """The dark scheme of a figure, and what its attributes say."""

    def __init__(self, root):
        text = "".join(sheet.text for sheet in root.iter(f"{SVG}style"))
        self.dark = dict(re.findall(r"(--[\w-]+):(#\w+)", text.partition("@media")[2]))

    def fill(self, element, scheme):
        """The colour of an element's inside."""
        colour, classes = element.get("fill")
        name = next((c.removeprefix("gt-f-") for c in classes if c.startswith("gt-f-")), None)
        return self.dark.get(f"--gt-{name}", colour) if scheme == "dark" else colour


def elements(node, chain=(), at=(0.0, 0.0)):
    """Everything that is drawn, in order."""
    for child in node:
        found = Element(child, chain, np.array(at))
        if found.tag in ("g", "text", *SHAPES, "path", "polygon"):
            yield found
        if found.tag == "g" and not found.is_text:
            moved = re.fullmatch(
                r"translate\((-?[\d.]+)[ ,]?(-?[\d.]*)\)", child.get("transform", "")
            )
            by = (float(moved[1]), float(moved[2] or 0)) if moved else (0, 0)
            yield from elements(child, (*chain, child), (at[0] + by[0], at[1] + by[1]))


def ground(text, found, style, scheme):
    """What is behind the middle of a text: the last shape painted there, before it."""
    left, top, right, bottom = text.box
    x, y = (left + right) / 2, (top + bottom) / 2
    behind = "#ffffff"
    for element in found:
        if element is text.element:
            break
        filled = element.tag in SHAPES or element.classes & {"gt-flat", "gt-triangle"}
        if not filled:
            continue
        box = element.box()
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
            opacity = float(element.node.get("fill-opacity", 1))
            colour = style.fill(element, scheme)
            if colour and colour.startswith("#"):
                behind = mixed(colour, behind, opacity)
    return behind


def channels(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def mixed(over, under, opacity):
    pairs = zip(channels(over), channels(under), strict=True)
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in pairs)


def contrast(one, two):
    """WCAG 2.2's ratio."""

    def luminance(colour):
        parts = [c / 255 for c in channels(colour)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def overlap(p, q):
    wide = min(p[2], q[2]) - max(p[0], q[0])
    high = min(p[3], q[3]) - max(p[1], q[1])
    return max(wide, 0) * max(high, 0)


def inside(p, q):
    return p[0] > q[0] - 0.5 and p[1] > q[1] - 0.5 and p[2] < q[2] + 0.5 and p[3] < q[3] + 0.5


def bezier(corners):
    """Points on a Bézier curve of any degree."""
    length = np.hypot(*np.diff(corners, axis=0).T).sum()
    t = np.linspace(0, 1, max(2, int(length)))[:, None]
    points = [corner * np.ones_like(t) for corner in corners]
    while len(points) > 1:
        points = [a * (1 - t) + b * t for a, b in pairwise(points)]
    return points[0]


def outline(path):
    """Left, top, right, bottom of an outline in relative steps, by its corners."""
    x = y = 0.0
    xs, ys = [], []
    for letter, text in re.findall(r"([Mlqchvz])([^Mlqchvz]*)", path):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", text)]
        if letter in "hv":
            x, y = (x + numbers[0], y) if letter == "h" else (x, y + numbers[0])
        elif letter == "M":
            x, y = numbers
        elif numbers:
            x, y = x + numbers[-2], y + numbers[-1]
        xs.append(x)
        ys.append(y)
    return min(xs), min(ys), max(xs), max(ys)
