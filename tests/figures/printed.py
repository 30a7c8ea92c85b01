"""The lines of text in an SVG of ours, as a reader sees them."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reading import read

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Line:
    """A line: its text, what role its text has (`gt-value`), and the size of its smallest run."""

    text: str
    marked: str
    """With `_` before what stands below the line and `^` before what stands above it."""
    role: frozenset[str]
    smallest: float


def lines_of(element: ET.Element) -> Iterator[Line]:
    """Every line in an element, formulas in outlines too."""
    for group in element.iter(f"{SVG}g"):
        if group.get("role") == "math":
            yield _outlined(group)
        elif group.get("font-size") is not None and len(group):
            yield _set(group)


def _set(group):
    size = float(group.get("font-size"))
    runs = list(group)
    base = max((float(run.get("y")) for run in runs if run.get("font-size") is None), default=None)
    marked = ""
    for run in runs:
        own = run.get("font-size") is not None and base is not None
        marked += ("_" if float(run.get("y")) > base else "^") * own + run.text
    sizes = [float(run.get("font-size", size)) for run in runs]
    return Line(read(runs), marked, frozenset(group.get("class", "").split()), min(sizes))


def _outlined(group):
    label = group.get("aria-label", "")
    scale = float(group.get("transform").rpartition("scale(")[2].rstrip(")"))
    size = float(group.get("data-font-size")) * scale
    return Line(label, label, frozenset(group.get("class", "").split()), size)
