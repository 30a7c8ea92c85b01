"""Tell beneath a figure what its colours and lines mean.

In: a Figure and a theme. Out: the entries that this figure needs, each in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from graphtrace.figure.arrays import Grid, heatmaps
from graphtrace.figure.parts import (
    Blanked,
    Edge,
    Emphasis,
    Figure,
    Kind,
    Node,
    Part,
    Partial,
    Role,
    Sweep,
)
from graphtrace.formula.number import number
from graphtrace.render.layout.arrow import straight
from graphtrace.render.layout.places import Point, Route
from graphtrace.render.paint.flow import flows
from graphtrace.render.paint.paint import paint
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.array import HeatMap

Swatch: TypeAlias = Literal["box", "arrow", "back", "number", "frame", "blank", "heat", "none"]

SWATCH = 30
"""The width of a sample."""

_GAP = 7
_BETWEEN = 20


class Entry(NamedTuple):
    """A sample and what it means; `kind` is the role of what it shows."""

    swatch: Swatch
    kind: str
    meaning: str
    size: float | None = None
    """The gradient that the width of a line tells."""
    element: Node | Edge | None = None
    """A box or an arrow that looks like it."""


def _box(role: Role, meaning: str, trouble: str | None = None) -> Entry:
    return Entry("box", role, meaning, element=Node(f"key-{role}", "", role, (), trouble=trouble))


def _line(
    kind: Kind, meaning: str, emphasis: Emphasis = "plain", size: float | None = None
) -> Entry:
    edge = Edge("", "", "", kind, None, emphasis=emphasis)
    return Entry("arrow" if kind == "forward" else "back", kind, meaning, size, edge)


class Legend(NamedTuple):
    """Entries with the left end and the middle height of each, and the room that they take."""

    places: tuple[tuple[Entry, Point], ...]
    width: float
    height: float


def legend(figure: Figure, theme: Theme, room: float) -> Legend:
    """The entries of a figure, in lines no wider than the room; empty where none is wanted."""
    entries: Iterable[Entry] = ()
    if theme.legend is not False:
        entries = _entries(figure, theme) if theme.legend else _scales(figure)
    step = theme.legend_size * 1.7
    x, y, widest = 0.0, step / 2, 0.0
    places = []
    for entry in entries:
        size = indent(entry) + metrics.width(entry.meaning, theme.legend_size)
        if x and x + size > room:
            x, y = 0.0, y + step
        places.append((entry, (x, y)))
        widest = max(widest, x + size)
        x += size + _BETWEEN
    return Legend(tuple(places), widest, y + step / 2 if places else 0.0)


def _entries(figure: Figure, theme: Theme) -> Iterator[Entry]:
    yield from _boxes(figure, theme)
    if figure.scopes:
        yield Entry("frame", "scope", "the call of a function")
    # What one of a series tells, all of them do: they have one size.
    is_series = bool(figure.room) and not asks(figure)
    shown = [edge for edge in figure.edges if is_series or edge.emphasis != "hidden"]
    forward = [edge for edge in shown if edge.kind == "forward"]
    backward = [edge for edge in shown if edge.kind == "backward"]
    if figure.form == "wires":
        yield Entry("number", "value", "value")
        if backward:
            yield Entry("number", "gradient", "gradient")
    else:
        labelled = any(isinstance(_inner(edge.part), Partial) for edge in forward)
        meaning = "operand, with its local derivative" if labelled else "operand"
        yield _line("forward", meaning)
        if any(is_series or edge.emphasis != "strong" for edge in backward):
            yield _line("backward", "gradient, on its way back")
        elif any(node.gradient is not None for node in figure.nodes):
            yield Entry("number", "gradient", "gradient")
    if tells_tangents(figure):
        yield Entry("number", "tangent", "tangent, on its way forward")
    if asks(figure):
        yield Entry("blank", "blank", "a number to find")
    if any(edge.emphasis == "strong" for edge in forward):
        yield _line("forward", "on the path", "strong")
    steps = any(is_series or edge.emphasis == "strong" for edge in backward)
    if steps and figure.form != "wires":
        yield _line("backward", "this step back", "strong")
    troubles = {node.trouble for node in figure.nodes} | {edge.trouble for edge in shown}
    if troubles - {None}:
        yield _box("operation", _trouble(troubles), "trouble")
    yield from _scales(figure)


def _trouble(kinds: Collection[str | None]) -> str:
    if "wrong" not in kinds:
        return "0, infinite or NaN"
    others = {"zero", "inf", "nan"}.intersection(kinds)
    return "0, infinite, NaN or wrong" if others else "wrong derivative"


def tells_tangents(figure: Figure) -> bool:
    """Whether it shows what forward mode has found."""
    in_boxes = (part for node in figure.nodes for part in node.parts)
    parts = (*in_boxes, *(edge.part for edge in figure.edges if edge.kind == "backward"))
    return any(isinstance(part, Sweep) for part in parts) or any(
        isinstance(part, Partial) and part.total for node in figure.nodes for part in node.parts
    )


def _inner(part: Part | None) -> Part | None:
    return part.part if isinstance(part, Blanked) else part


def asks(figure: Figure) -> bool:
    """Whether it has a box for a number, as in a quiz."""
    in_boxes = (part for node in figure.nodes for part in (*node.parts, node.gradient))
    parts = (*in_boxes, *(edge.part for edge in figure.edges))
    return any(isinstance(part, Blanked) and part.box for part in parts)


_ROLES: Mapping[Role, str] = {
    "input": "input",
    "copy": "an input again",
    "constant": "constant",
    "operation": "operation",
    "output": "output",
    "test": "a test that was decided",
}


def _boxes(figure: Figure, theme: Theme) -> Iterator[Entry]:
    """Boxes by their look; where all look the same, a legend has nothing to tell."""
    there = {node.role for node in figure.nodes}
    looks: dict[tuple[object, ...], list[Role]] = {}
    for role in _ROLES:
        if role in there:
            looks.setdefault(_look(role, figure, theme), []).append(role)
    if len(looks) < 2 or not theme.box_width or figure.form == "wires":
        return
    for roles in looks.values():
        yield _box(roles[0], " or ".join(_ROLES[role] for role in roles))


def _look(role: Role, figure: Figure, theme: Theme) -> tuple[object, ...]:
    """What tells a box of this role from another, for the eye."""
    if role in ("copy", "constant", "test"):
        return (role,)
    look, colours = paint(Node("", "", role, ()), theme), asdict(theme.light)
    is_pill = role == "input" and figure.form == "boxes"
    return colours[look.fill or "paper"], colours[look.line or "paper"], is_pill, look.width


def _scales(figure: Figure) -> Iterator[Entry]:
    """What no legend may leave out: how a width or a colour is measured."""
    yield from _widths(figure)
    if heatmaps(figure):
        yield Entry("heat", "heatmap", "colours from −m to m, where a box says ±m")


def _widths(figure: Figure) -> Iterator[Entry]:
    sizes = flows(figure)
    if not sizes:
        return
    forward = any(edge.id in sizes and edge.kind == "forward" for edge in figure.edges)
    for size in sorted({max(sizes.values()), min(sizes.values())}, reverse=True):
        meaning = f"gradient of size {number(size, 2)}"
        yield _line("forward" if forward else "backward", meaning, size=size)
    yield Entry("none", "", "(widths on a log scale)")


def sample_heatmap() -> HeatMap:
    """The colours from −1 to 1, in a row."""
    levels = np.linspace(-1, 1, _SAMPLE_CELLS).reshape(1, -1)
    side = (SWATCH - 4) / _SAMPLE_CELLS
    return HeatMap(Grid(levels, (0, 1), tuple(range(_SAMPLE_CELLS + 1)), 1.0), side)


_SAMPLE_CELLS = 5


def indent(entry: Entry) -> float:
    """Where its text begins."""
    return 0 if entry.swatch == "none" else SWATCH + _GAP


def sample_route(entry: Entry, at: Point) -> Route:
    """The sample of an arrow that begins at that point."""
    end = (at[0] + SWATCH, at[1])
    back = entry.swatch == "back"
    return straight(end, at, back=True) if back else straight(at, end)
