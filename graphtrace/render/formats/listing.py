"""List a Figure for the terminal: a line for each step, as on a sheet of paper.

In: a Figure, a theme, how many columns there are. Out: `Row`s of pieces that each say what they
are, and their text, plain or in colours. It knows nothing about places or pictures.
"""

from __future__ import annotations

import io
import textwrap
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from graphtrace.figure.parts import Blanked, Definition, Figure, Node, Part, Partial, Value
from graphtrace.formula.runs import plain
from graphtrace.render.formats import describe
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import clean, columns_of
from graphtrace.render.typeset.wording import Wording, runs, sides, whole, wording

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

Kind: TypeAlias = Literal["", "title", "value", "gradient", "derivative", "trouble"]


class Piece(NamedTuple):
    """A text, and what it is."""

    text: str
    kind: Kind = ""


Row: TypeAlias = tuple[Piece, ...]

_STYLES: dict[Kind, str] = {
    "title": "bold",
    "value": "green",
    "gradient": "red",
    "derivative": "cyan",
    "trouble": "bold magenta",
}


def write(rendering: Rendering) -> str:
    """The text of the file."""
    options = rendering.options
    rows = lines(rendering.records, rendering.theme, options.columns)
    return coloured_text(rows) if options.colour else plain_text(rows)


def plain_text(rows: Iterable[Row]) -> str:
    """The rows without colours."""
    return "".join("".join(piece.text for piece in row).rstrip() + "\n" for row in rows)


def coloured_text(rows: Iterable[Row]) -> str:
    """The rows in the colours of a terminal, by rich; plain where rich is not installed."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return plain_text(rows)
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="standard", width=10_000)
    for row in rows:
        line = Text()
        for piece in row:
            line.append(piece.text, _STYLES.get(piece.kind, ""))
        line.rstrip()
        console.print(line, soft_wrap=True)
    return file.getvalue()


class _Step(NamedTuple):
    """What a node's line says, column by column."""

    mark: str
    formula: str
    value: str
    gradient: str
    rest: tuple[Piece, ...]

    def without_gradient(self) -> _Step:
        """The gradient among what stands beneath."""
        piece = (Piece(self.gradient, "gradient"),) if self.gradient else ()
        return self._replace(gradient="", rest=(*piece, *self.rest))


def lines(figure: Figure, theme: Theme, columns: int) -> list[Row]:
    """The figure's name, a line for each node in the order of evaluation, and the caption.

    The figure is in the form "records". A line tells the formula, the value, the gradient and the
    local derivatives; these stand beneath where there are not enough columns.
    """
    words = wording(figure, theme.digits)
    into: dict[str, list[Part]] = {}
    for edge in figure.edges:
        if edge.kind == "forward" and edge.part is not None:
            into.setdefault(edge.head, []).append(edge.part)
    steps = [_step(node, into.get(node.id, []), words) for node in figure.nodes if _is_listed(node)]
    title = describe.title(figure).removeprefix("Computational graph of ")
    rows: list[Row] = [(Piece(clean(title), "title"),), ()]
    if _start(sizes := _sizes(steps)) > columns:
        steps = [step.without_gradient() for step in steps]
        sizes = _sizes(steps)
    start = _start(sizes)
    rests = [[columns_of(piece.text) for piece in step.rest] for step in steps]
    wide = [max(column) for column in zip_longest(*rests, fillvalue=0)]
    fits = start + sum(wide) + 3 * (len(wide) - 1) <= columns
    for step in steps:
        head = _row(step, sizes)
        if fits:
            rows.append((*head, *_spread(step.rest, wide)))
        else:
            rows.append(_cut_row(head, columns))
            rows += [_indented(part) for part in _packed(step.rest, columns - 6)]
    rows += [()] if figure.caption else []
    for part in figure.caption:
        wrapped = textwrap.wrap(part_text(part, words), columns - 2)
        rows += [(Piece(f"  {line}"),) for line in wrapped]
    return rows


def _is_listed(node: Node) -> bool:
    return node.role not in ("copy", "end", "constant")


def _step(node: Node, local: Sequence[Part], words: Wording) -> _Step:
    texts = {Definition: "", Value: ""}
    more: list[Piece] = []
    for part in node.parts:
        text = part_text(part, words)
        kind = type(part.part if isinstance(part, Blanked) else part)
        if texts.get(kind) == "":
            texts[kind] = text
        elif text:
            more.append(Piece(text))
    derivatives = [
        Piece(text, "derivative") for p in local if (text := part_text(_whole(p), words))
    ]
    if node.trouble:
        more.append(Piece(f"! {clean(node.trouble)}", "trouble"))
    return _Step(
        "> " if node.emphasis in ("strong", "bold") else "  ",
        texts[Definition],
        f"= {texts[Value]}" if texts[Value] else "",
        part_text(node.gradient, words) if node.gradient is not None else "",
        (*derivatives, *more),
    )


def _whole(part: Part) -> Part:
    """A derivative with what it is of: there is no arrow here to tell."""
    if isinstance(part, Blanked) and isinstance(part.part, Partial):
        return replace(part, part=replace(part.part, short=False))
    return replace(part, short=False) if isinstance(part, Partial) else part


def part_text(part: Part, words: Wording) -> str:
    """A part as plain text; a line to write on where a quiz asks for its number."""
    if not isinstance(part, Blanked) or part.box == "filled":
        return clean(plain(runs(part, words)))
    *before, last = sides(part, words)
    return (
        clean("".join(plain(whole(side)) for side in before) + f"{last.lead}____")
        if part.box
        else ""
    )


def _sizes(steps: Sequence[_Step]) -> list[int]:
    """How wide the columns of formulas, values and gradients are."""
    columns = zip(*((s.formula, s.value, s.gradient) for s in steps), strict=True)
    return [max(map(columns_of, column)) for column in columns]


def _start(sizes: Sequence[int]) -> int:
    """The column where the derivatives begin."""
    return 1 + sum(size + 2 for size in sizes if size)


def _row(step: _Step, sizes: Sequence[int]) -> Row:
    kinds: tuple[Kind, ...] = ("", "value", "gradient")
    texts = (step.formula, step.value, step.gradient)
    pieces = [Piece(step.mark)]
    for text, size, kind, gap in zip(texts, sizes, kinds, (1, 2, 2), strict=True):
        if size:
            pieces.append(Piece(text + " " * (size - columns_of(text) + gap), kind))
    return tuple(pieces)


def _spread(pieces: Sequence[Piece], wide: Sequence[int] = ()) -> Row:
    """The pieces with a gap between them, in columns that are so wide."""
    sizes = wide or [columns_of(piece.text) for piece in pieces]
    gaps = [" " * (size - columns_of(p.text) + 3) for p, size in zip(pieces, sizes, strict=False)]
    return tuple(Piece(p.text + gap, p.kind) for p, gap in zip(pieces, gaps, strict=True))


def _packed(pieces: Sequence[Piece], room: int) -> Iterable[Row]:
    """The pieces in as few rows as they need."""
    row: list[Piece] = []
    used = 0
    for piece in pieces:
        text = _cut(piece.text, room)
        if row and used + columns_of(text) > room:
            yield tuple(row)
            row, used = [], 0
        row.append(Piece(text, piece.kind))
        used += columns_of(text) + 3
    if row:
        yield tuple(row)


def _indented(row: Row) -> Row:
    return (Piece("      "), *_spread(row))


def _cut_row(row: Row, columns: int) -> Row:
    pieces: list[Piece] = []
    room = columns
    for piece in row:
        text = piece.text if columns_of(piece.text) <= room else piece.text.rstrip()
        if room > 0:
            pieces.append(Piece(_cut(text, room), piece.kind))
        room -= columns_of(text)
    return tuple(pieces)


def _cut(text: str, room: int) -> str:
    if columns_of(text) <= room:
        return text
    ends = list(accumulate(map(columns_of, text)))  # the column after each character
    return text[: bisect_right(ends, room - 1)] + "…"
