"""Laws on the default figure of anybody's function, by its SVG in a column.

Each law is given a `Drawn` and returns its offenders, a sentence each. They rely on what an SVG of
ours promises: a box is `<g class="node ..." data-node="u">`, an arrow `<g class="edge ..."
data-from="b" data-to="u">`, a line of text is a group with a font size, its runs each in a
`<text>` of its own place.
"""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from figures.printed import SVG, lines_of

SMALLEST = 10
TALLEST = 960
_HAIR = 0.01  # an SVG says sizes to the hundredth
_ROUNDED = 0.05  # 9.97 px, where the file's own sizes were rounded


@dataclass
class Drawn:
    """An SVG, displayed in a column that is so wide: shrunk to fit, never enlarged."""

    svg: str
    width: float
    root: ET.Element = field(init=False)

    def __post_init__(self):
        self.root = ET.fromstring(self.svg)

    @property
    def size(self):
        """Its own width and height."""
        return float(self.root.get("width")), float(self.root.get("height"))

    @property
    def shrunk(self):
        """The factor by which the column shrinks it."""
        return min(1, self.width / self.size[0])

    @property
    def scale(self):
        """Pixels on the page for one of the figure's own lengths."""
        box = [float(side) for side in self.root.get("viewBox").split()]
        return self.size[0] / box[2] * self.shrunk

    def groups(self, kind):
        """The groups of a kind: node, edge, caption."""
        return [g for g in self.root.iter(f"{SVG}g") if kind in g.get("class", "").split()]


def large_enough_text(drawn):
    """Every text is 10 px high or more in its column."""
    for line in lines_of(drawn.root):
        size = line.smallest * drawn.scale
        if size < SMALLEST - _ROUNDED:
            yield f"“{line.text}” is shown at {size:.1f} px"


def within_the_column(drawn):
    """The figure is as wide as its column, or can be read when shrunk to it.

    One that scrolls sideways is neither.
    """
    width = drawn.size[0]
    scrolls = drawn.root.get("data-display") == "scroll"
    if width > drawn.width + _HAIR and (scrolls or any(large_enough_text(drawn))):
        yield f"it is {width:g} px wide, in a column of {drawn.width:g}"


def within_the_page(drawn):
    """The figure is 960 px high at most."""
    height = drawn.size[1] * drawn.shrunk
    if height > TALLEST + _HAIR:
        yield f"it is {height:.0f} px high, on a page of {TALLEST}"


def printed_names_unique(drawn):
    """No two boxes of different nodes print one name."""
    keys = defaultdict(dict)
    for node in drawn.groups("node"):
        for name in _printed_names(node):
            keys[name][node.get("data-node")] = True
    for name, alike in keys.items():
        if len(alike) > 1:
            yield f"{' and '.join(alike)} are both printed “{name}”"


def names_whole(drawn):
    """No box's name is cut, unless the caption says it in full."""
    lines = [line.text for caption in drawn.groups("caption") for line in lines_of(caption)]
    for node in drawn.groups("node"):
        full = node.findtext(f"{SVG}title", "")
        for begun, ellipsis, _ in (name.partition("…") for name in _printed_names(node)):
            is_whole = _plain(begun) in _plain(full).split()
            says_it = re.compile(rf"(?<!\w){re.escape(begun)}\w")
            if ellipsis and not is_whole and not any(says_it.search(line) for line in lines):
                yield f"{node.get('data-node')} is printed “{begun}…”"


def no_number_cut(drawn):
    """No number ends in an ellipsis, and no arrow says an ellipsis instead of its number.

    A list may end after a whole entry, `[1, 2, …]`, and a range has both ends, `0 … 11`.
    """
    for line in lines_of(drawn.root):
        if _cuts_a_number(line.marked):
            yield f"“{line.text}” cuts a number"
    for edge in drawn.groups("edge"):
        full = edge.findtext(f"{SVG}title", "")
        for line in lines_of(edge):
            if "…" in line.text and _has_number(full) and not _has_number(line.marked):
                yield f"“{line.text}” has lost its number"
    for node in drawn.groups("node"):
        for line in lines_of(node):
            has_value = line.role & {"gt-value", "gt-gradient"}
            if has_value and "…" in line.text and not _has_number(line.marked):
                yield f"“{line.text}” has lost its number"


def no_command_printed(drawn):
    """How to open a folded box is for the caller's tools to say, not for the figure."""
    for line in lines_of(drawn.root):
        if re.search(r"\b(unfold|limit|depth)\s?=|operations \d", line.text):
            yield f"“{line.text}”"


def nothing_dead(drawn):
    """Every box reaches an output, and none adds 0."""
    outputs = {g.get("data-node") for g in drawn.groups("node") if "output" in g.get("class")}
    before = defaultdict(set)
    for edge in drawn.groups("edge"):
        before[edge.get("data-to")].add(edge.get("data-from"))
    alive, ahead = set(outputs), list(outputs)
    while ahead:
        new = before[ahead.pop()] - alive
        alive |= new
        ahead += new
    for key in dict.fromkeys(g.get("data-node") for g in drawn.groups("node")):
        if key not in alive:
            yield f"{key} reaches no output"
    for node in drawn.groups("node"):
        definition = next((line.text for line in lines_of(node)), "")
        if re.search(r"= 0 \+ ", definition):
            yield f"“{definition}” adds 0"


def gradients_named(drawn):
    """The gradient of each input has its name, on an arrow that comes back to it or in its box.

    It is the point of the figure: dL/dw, ‖dL/dw‖.
    """
    told = defaultdict(str)
    for edge in drawn.groups("backward"):
        told[edge.get("data-from")] += " ".join(line.text for line in lines_of(edge))
    for node in drawn.groups("input"):
        key = node.get("data-node")
        lines = [line.text for line in lines_of(node) if "gt-gradient" in line.role]
        has_name = any(re.match(r"‖?d.*/d", line) for line in lines) or "/d" in told[key]
        if (lines or told[key]) and not has_name:
            yield f"the gradient of {key} is “{told[key] or lines[0]}”, without its name"


LAWS = (
    large_enough_text,
    within_the_column,
    within_the_page,
    printed_names_unique,
    names_whole,
    no_number_cut,
    no_command_printed,
    nothing_dead,
    gradients_named,
)


def _printed_names(node):
    """What stands before = in a box, or all that it says; a folded box may have several.

    What a loop assigns anew, x ← x + 1, is the name of what it hands on only where nothing else is.
    """
    lines = list(lines_of(node))
    definitions = [line.marked for line in lines if "gt-formula" in line.role]
    definitions = _joined(definitions or [line.marked for line in lines[:1]])
    results = [text for text in definitions if "←" not in text]
    return [re.split(r"\s*[=←]", text)[0].strip() for text in results or definitions]


def _joined(lines):
    """The definitions, each of which may go over several lines."""
    whole = []
    for line in lines:
        last = whole[-1] if whole else ""
        is_open = any(last.count(left) > last.count(right) for left, right in ("()", "[]"))
        if whole and (is_open or line[:1] in "=+−·⊙@" or last[-1:] in "·,"):
            whole[-1] += f" {line}"
        else:
            whole.append(line)
    return whole


def _plain(text):
    """Without what tells an index from other text: v₁₂ and v_12 are v12."""
    return re.sub(r"[^\w\s]|_", "", unicodedata.normalize("NFKC", text))


_WHOLE_ENTRY = r",\s*…"
_RANGE = r"(?<=[\d∞n]) … (?=[−\d∞n])"
_NAME = r"(?!nan\b)[^\W\d¹²³⁰⁴⁵⁶⁷⁸⁹]\w*(\[\w+\])*|_\d+"  # v₁₂, float64, x[0]


def _cuts_a_number(text):
    """Whether what is printed right before an ellipsis may be the beginning of a number.

    >>> [_cuts_a_number(x) for x in ("[1, 2, …]", "0 … 11", "u = exp(…", "u = v_12…")]
    [False, False, False, False]
    >>> [_cuts_a_number(x) for x in ("[−2.22×10⁻¹…", "[0 ……", "[0 … ", "1.9×…", "10^−1…")]
    [True, True, True, True, True]
    """
    rest = re.sub(f"{_WHOLE_ENTRY}|{_RANGE}|{_NAME}", " ; ", text)
    return bool(re.search(r"[\d∞.×⁻⁰¹²³⁴⁵⁶⁷⁸⁹…]\s*…", rest))


def _has_number(text):
    """Whether it ends in a number or an array, or what is left of one.

    >>> [_has_number(x) for x in ("dL/dw = 3", "grad [1, …]", "−0.5", "dL/dv_1 …", "∂u/∂b = 2c")]
    [True, True, True, False, False]
    """
    last = text.rpartition("=")[2].strip().removeprefix("grad").strip().strip("[")
    return bool(re.match(r"−?[\d∞.]+(?![\d.]*[^\W\d])|−?nan\b", last))
