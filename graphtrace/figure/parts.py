"""What a figure consists of: boxes, arrows and the parts that they say.

Plain immutable data from which every picture starts. It knows nothing about colours, fonts, text
widths, DOT or SVG; only the three methods that a notebook calls hand it on to be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from graphtrace.formula.naming import Naming
from graphtrace.formula.term import Term

Role: TypeAlias = Literal["input", "operation", "output", "copy", "end", "constant", "test"]
Kind: TypeAlias = Literal["forward", "backward"]
Direction: TypeAlias = Literal["LR", "TB"]
Form: TypeAlias = Literal["boxes", "records", "wires"]
Derivatives: TypeAlias = Literal["both", "number", "formula", "none"]
Arrays: TypeAlias = Literal["auto", "numbers", "heatmap"]
Detail: TypeAlias = Literal["operations", "statements", "calls"]
Arrangement: TypeAlias = Literal["layered", "timeline"]
Side: TypeAlias = Literal["", "above", "below"]
Emphasis: TypeAlias = Literal["plain", "bold", "strong", "dim", "hidden"]


@dataclass(frozen=True, slots=True)
class Definition:
    """`u = b*c`; without a formula, the name alone."""

    name: str
    formula: object | None = None
    value: object | None = None
    """In a caption: u = bc = 6."""
    sign: str = "="
    """`←` where a loop assigns the name anew."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What an operation does, in a word or a sign: +, ×, exp."""

    text: str | Term


@dataclass(frozen=True, slots=True)
class Value:
    """The value that a node has; `shaped` says an array's shape in any case.

    With a value `before` it moves, 5 → 5.001; `digits` are more than the figure's, where they tell
    two values apart. `arrays` says whether an array is drawn; where it cannot be, it is told.
    """

    value: object
    shaped: bool = False
    before: object | None = None
    digits: int = 0
    arrays: Arrays = "auto"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of the array that a node has."""

    value: object


@dataclass(frozen=True, slots=True)
class Source:
    """The file and line that a node was computed at."""

    text: str


@dataclass(frozen=True, slots=True)
class Partial:
    """∂of/∂by, as a formula, a value, or both; `short` leaves out what the arrow's ends tell.

    `total` is a derivative along every path, dJ/da; what an operation does to one operand, on an
    edge, is partial. In a chain an edge that is the only path is both, and total.
    """

    of: str | None
    by: str
    formula: object | None = None
    value: object | None = None
    short: bool = False
    total: bool = False
    spare: bool = False
    """Whether its value, the entries of a map, is told only where there is room."""


@dataclass(frozen=True, slots=True)
class Contribution:
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
    product: Term | None = None
    """The factors multiplied as maps between arrays, vᵀ·diag(1 − h²)W, where that is short."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A line of a sweep: the tangent v̇ or the adjoint v̄ of `name`, what it is, what it comes to.

    It is the sum of the `terms`; `numbers` are the products that they come to, and `more` are not
    told.
    """

    mode: Literal["tangent", "adjoint"]
    name: str
    terms: tuple[Term, ...] = ()
    value: object | None = None
    numbers: tuple[tuple[object, object], ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Ratio:
    """How far `of` moved for a nudge of `by`: ΔJ/Δa = 0.003/0.001 = 3."""

    of: str
    by: str
    change: float
    nudge: float


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence; a `spare` one is told only where there is room."""

    text: str
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Blanked:
    """A part that has its room and is not shown (yet).

    In a `box` its number is asked for: "empty" is the question, "filled" the solution.
    """

    part: Definition | Value | Shape | Partial | Contribution
    box: Literal["", "empty", "filled"] = ""


Part: TypeAlias = (
    Definition
    | Sign
    | Value
    | Shape
    | Source
    | Partial
    | Contribution
    | Chain
    | Sweep
    | Ratio
    | Note
    | Blanked
)


@dataclass(frozen=True, slots=True)
class Node:
    """A box; `gradient` is its red row, if the gradient is not told by an arrow.

    `trouble` says in a word what is wrong with its value or gradient. `value` and `adjoint` are
    what the figure tells of the node, wherever: for those who read a figure by program.
    """

    id: str
    key: str
    role: Role
    parts: tuple[Part, ...]
    gradient: Partial | Blanked | None = None
    source: str | None = None
    op: str | None = None
    emphasis: Emphasis = "plain"
    trouble: str | None = None
    value: object | None = None
    adjoint: object | None = None


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
    flow: float | None = None
    """The size of the gradient that this edge brings back, where the figure shows it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The call of a helper, as a frame around its boxes; `outer` is the id of the one around it."""

    id: str
    title: str
    nodes: tuple[str, ...]
    outer: str | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box stands in a figure of a loop: column 0 is its first iteration, -1 is before.

    A box of the loop is in a `row`, the same in each column; one of several iterations in all of
    them. What the loop reads stands above or below: on a "rail" what several columns read, beside
    its column what is "handed" to it alone.
    """

    column: int
    row: int | None
    kind: Literal["body", "rail", "handed"] = "body"
    side: Side = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """All that a picture says; it draws itself in a notebook.

    `names` says how each key is printed, `W₁` for `params['W1']`. `caption` is told beneath, and
    there is `room` for the longest of several, so that the frames of one series have one size.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    names: Naming
    direction: Direction = "LR"
    form: Form = "boxes"
    caption: tuple[Part, ...] = ()
    scopes: tuple[Scope, ...] = ()
    room: tuple[tuple[Part, ...], ...] = field(default=(), repr=False)
    timeline: tuple[Spot, ...] | None = None
    """The spot of each node, where the figure is of a loop drawn as time."""

    def __repr__(self) -> str:
        # A list of frames is on a notebook's page, and all that they say would bury it.
        return f"<Figure {self.name}: {len(self.nodes)} nodes>"
