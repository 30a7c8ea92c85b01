"""What a figure consists of: boxes, arrows and the parts that they say.

Plain immutable data from which every picture starts. It knows nothing about colours, fonts, text
widths, DOT or SVG; only the three methods that a notebook calls hand it on to be drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal, TypeAlias

Role: TypeAlias = Literal["input", "operation", "output", "copy", "end"]
Kind: TypeAlias = Literal["forward", "backward"]
Direction: TypeAlias = Literal["LR", "TB"]
Form: TypeAlias = Literal["boxes", "records", "wires"]
Derivatives: TypeAlias = Literal["both", "number", "formula", "none"]
Emphasis: TypeAlias = Literal["plain", "bold", "strong", "dim", "hidden"]


@dataclass(frozen=True, slots=True)
class Definition:
    """`u = b*c`; without a formula, the name alone."""

    name: str
    formula: object | None = None
    value: object | None = None
    """In a caption: u = bc = 6."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What an operation does, in a word or a sign: +, ×, exp."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The value that a node has."""

    value: object


@dataclass(frozen=True, slots=True)
class Partial:
    """∂of/∂by, as a formula, a value, or both; `short` leaves out what the arrow's ends tell.

    `total` is a derivative along every path, dJ/da; one along a single edge is partial.
    """

    of: str | None
    by: str
    formula: object | None = None
    value: object | None = None
    short: bool = False
    total: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of `by` adds to its gradient: dof/dthrough · ∂through/∂by."""

    of: str | None
    through: str
    by: str
    upstream: object
    local: object


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain rule at work: dof/dby is a sum of products of the derivatives in `terms`.

    `value` is what it comes to; None where the derivatives are of arrays and no numbers tell.
    """

    of: str
    by: str
    terms: tuple[tuple[Partial, ...], ...]
    value: object | None = None
    whole: bool = True
    """Whether these are all paths; if not, the sum is a part of dof/dby."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A part that has its room and is not told (yet)."""

    part: Value | Partial | Share


Part: TypeAlias = Definition | Sign | Value | Partial | Share | Chain | Note | Unsaid


@dataclass(frozen=True, slots=True)
class Node:
    """A box; `gradient` is its red row, if the gradient is not told by an arrow.

    `trouble` says in a word what is wrong with its value or gradient.
    """

    id: str
    key: str
    role: Role
    parts: tuple[Part, ...]
    gradient: Partial | Unsaid | None = None
    source: str | None = None
    op: str | None = None
    emphasis: Emphasis = "plain"
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, given by their ids.

    A backward one points to its tail and runs `beside` the forward arrow with that id.
    """

    id: str
    tail: str
    head: str
    kind: Kind
    part: Part | None
    beside: str | None = None
    emphasis: Emphasis = "plain"
    operand: tuple[str, ...] = ()
    """The edge's key in the graph, as text."""
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """All that a picture says; it draws itself in a notebook.

    `names` gives the short form of a key where there is one: `W1` for `params['W1']`; `arrays`
    are the keys whose values are arrays. `caption` is told beneath, and there is `room` for the
    longest of several captions, so that the frames of one series have one size.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    names: Mapping[str, str]
    direction: Direction = "LR"
    form: Form = "boxes"
    arrays: frozenset[str] = frozenset()
    caption: tuple[Part, ...] = ()
    room: tuple[tuple[Part, ...], ...] = field(default=(), repr=False)

    def to_svg(self, **options: Any) -> str:
        """The figure as the text of an SVG file; the options are a theme and an engine."""
        from graphtrace.render import to_svg

        return to_svg(self, **options)

    def render(self, target: str | os.PathLike[str] | IO[Any], **options: Any) -> None:
        """Draw the figure into a file; the suffix says the format."""
        from graphtrace.render import render

        render(self, target, **options)

    def _repr_svg_(self) -> str:
        return self.to_svg()
