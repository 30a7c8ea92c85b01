"""Set what a Figure says in measured lines of text.

In: Figure parts and a theme. Out: `Line`s, each with its runs, its font size and its width, and
`Cell`s that hold them. What is said is decided by wording.py; where a cell stands by the layout.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from graphtrace.figure.chain import contribution_value
from graphtrace.figure.parts import (
    Blanked,
    Chain,
    Contribution,
    Definition,
    Edge,
    Figure,
    Form,
    Node,
    Note,
    Part,
    Partial,
    Shape,
    Sign,
    Source,
    Sweep,
    Value,
)
from graphtrace.formula.number import is_scalar
from graphtrace.formula.runs import Run, Runs, digits, latex as latex_of, plain
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.array import (
    HeatMap,
    Matrix,
    scale_lines,
    set_heatmap,
    set_matrix,
)
from graphtrace.render.typeset.breaking import broken, widths_of
from graphtrace.render.typeset.math_outline import LONGEST, Outline, outline
from graphtrace.render.typeset.wording import (
    EQUALS,
    Wording,
    is_array,
    narrower,
    runs,
    sides,
    tex,
    tex_sides,
    whole,
    wording,
)

SHIFTED_SIZE = 0.75
"""A raised or lowered run is this much smaller."""

SMALL_SHIFTED, _SMALL = 0.85, 10.1
"""In small text only so much smaller, as long as it is no larger than that."""


def shifted(size: float) -> float:
    """The size of a raised or lowered run in text of that size.

    >>> shifted(16), shifted(12), shifted(10)
    (12.0, 10.1, 8.5)
    """
    return max(SHIFTED_SIZE * size, min(SMALL_SHIFTED * size, _SMALL))


Outer: TypeAlias = Literal["box", "pill", "circle", "bare"]


class Line(NamedTuple):
    """One line of text.

    `role` names what it says (formula, value, derivative, gradient, caption); `full` is all of
    it, where it had to be cut. A line that is not `shown` only keeps its room.
    """

    role: str
    runs: Runs
    size: float
    width: float
    full: str
    shown: bool = True
    outline: Outline | None = None
    """The same as outlines, drawn in its place."""
    tex: str | None = None
    """The LaTeX that the outline was made of."""
    blank: Blank | None = None
    """A box behind it that belongs to its width."""
    drawing: Matrix | HeatMap | None = None
    """An array that is drawn in its place."""

    @property
    def text(self) -> str:
        """All of the line as text."""
        return plain(self.runs) + (self.blank.text if self.blank is not None else "")

    @property
    def sizes(self) -> list[float]:
        """The font size of each of its runs."""
        if isinstance(self.drawing, Matrix):
            all_runs = [run for entry in self.drawing.entries for run in entry.runs]
        else:
            all_runs = list(self.runs)
        return [shifted(self.size) if run.shift else self.size for run in all_runs]

    @property
    def height(self) -> float:
        """From the top of the highest letter to the bottom of the lowest, and a little air."""
        if self.drawing is not None:
            return self.drawing.height + 6
        if self.blank is not None:
            return max(self._replace(blank=None).height, self.blank.height + 2)
        if self.outline is None:
            return self.size * 1.15
        return (self.outline.ascent + self.outline.descent) * self.size / 1000 + 3


class Blank(NamedTuple):
    """A box for a number that a quiz asks for, which stands in it if it is `filled`."""

    answer: Line
    width: float
    filled: bool

    @property
    def text(self) -> str:
        """The answer, or a line to write it on."""
        return f" {self.answer.text}" if self.filled else " ____"

    @property
    def height(self) -> float:
        """The box is as high as its answer."""
        return max(self.answer.height + 1, self.answer.size * 1.4)


class Placed(NamedTuple):
    """A line, and its middle as seen from the middle of its cell."""

    line: Line
    x: float
    y: float


def entries_of(line: Line, matrix: Matrix) -> list[Placed]:
    """The numbers of a matrix that stands in that line, as seen from its middle."""
    return [
        Placed(Line(line.role, runs, line.size, width, plain(runs)), x, y)
        for runs, width, x, y in matrix.entries
    ]


class Cell(NamedTuple):
    """A box of the size that its lines need; `bars` are the places of its dividing lines."""

    places: tuple[Placed, ...]
    width: int
    height: int
    shape: Outer
    bars: tuple[float, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines, from the first to the last."""
        return tuple(place.line for place in self.places)


class Sheet(NamedTuple):
    """All text of a figure, measured: a cell for each node, a line or nothing for each edge."""

    cells: tuple[Cell, ...]
    labels: tuple[Line | None, ...]
    titles: tuple[Line, ...] = ()
    """Of the scopes."""


def typeset(figure: Figure, theme: Theme) -> Sheet:
    """Measure the text in the boxes and on the arrows, in the order of nodes and edges."""
    words = wording(figure, theme.digits)
    cells = tuple(_cell(node, words, figure.form, theme) for node in figure.nodes)
    labels = tuple(edge_line(edge, words, theme) for edge in figure.edges)
    titles = (_line("title", (Run(s.title),), theme.label_size, 200) for s in figure.scopes)
    return Sheet(cells, labels, tuple(titles))


def _cell(node: Node, words: Wording, form: Form, theme: Theme) -> Cell:
    lines = node_lines(node, words, form, theme)
    if any(isinstance(part, Sign) for part in node.parts):
        return _circle(lines[0])
    if node.role == "end" or (form == "wires" and node.role in ("input", "copy", "constant")):
        return Cell((Placed(lines[0], 0, 0),), math.ceil(lines[0].width) + 8, 26, "bare")
    if form == "records" and node.role not in ("copy", "constant"):
        return _record(lines, theme)
    tight = 0.6 if node.role == "copy" else 1
    steps = [_step(line, theme) for line in lines]
    height = math.fsum(steps) + 2 * theme.pad_y * tight
    width = max(line.width for line in lines) + 2 * theme.pad_x * tight
    places, y = [], -math.fsum(steps) / 2
    for line, step in zip(lines, steps, strict=True):
        places.append(Placed(line, 0, y + step / 2))
        y += step
    shape: Outer = "pill" if node.role in ("input", "copy", "constant") else "box"
    if not theme.box_width and node.emphasis in ("plain", "dim") and not node.trouble:
        shape = "bare"
    least = 0 if any(line.role == "derivative" for line in lines) else height
    return Cell(tuple(places), math.ceil(max(width, least)), math.ceil(height), shape)


def _step(line: Line, theme: Theme) -> float:
    """The height of a line among others."""
    step = line.size * theme.leading
    is_text = line.outline is None and line.blank is None and line.drawing is None
    return step if is_text else max(step, line.height + 1)


def _circle(line: Line) -> Cell:
    side = max(34, math.ceil(line.width) + 18)
    if side > 52:  # a long word has a box with round ends
        return Cell((Placed(line, 0, 0),), side + 8, 36, "pill")
    return Cell((Placed(line, 0, 0),), side, side, "circle")


def _record(lines: Sequence[Line], theme: Theme) -> Cell:
    """The lines side by side, with a bar between them."""
    widths = [line.width + 1.6 * theme.pad_x for line in lines]
    height = math.ceil(max(_step(line, theme) for line in lines) + 2 * theme.pad_y)
    places: list[Placed] = []
    bars, x = [], -math.fsum(widths) / 2
    for line, width in zip(lines, widths, strict=True):
        if places:
            bars.append(x)
        places.append(Placed(line, x + width / 2, 0))
        x += width
    return Cell(tuple(places), math.ceil(math.fsum(widths)), height, "box", tuple(bars))


def node_lines(node: Node, words: Wording, form: Form, theme: Theme) -> list[Line]:
    """The lines in a box, from the first to the last."""
    return [line for _, lines in lines_by_part(node, words, form, theme) for line in lines]


def lines_by_part(
    node: Node, words: Wording, form: Form, theme: Theme
) -> Iterator[tuple[Part, list[Line]]]:
    """What a box says, part by part, with the lines of each; its gradient is the last."""
    records = form == "records" and node.role not in ("copy", "constant")
    for part in node.parts:
        inner = part.part if isinstance(part, Blanked) else part
        role, size = _role(inner, theme)
        if node.role in ("copy", "constant") and role == "formula":
            size = theme.copy_size
        row = "data" if records and role == "value" else ""
        rows = _part_lines(part, role, row, size, words, theme)
        if role == "derivative" and len(rows) == 1 and (_is_cut(rows[0]) or not rows[0].runs):
            continue  # it is told by its number or as a whole
        yield part, rows
    if node.gradient is not None:
        yield node.gradient, [_gradient_line(node.gradient, records, words, theme)]


def _gradient_line(gradient: Part, records: bool, words: Wording, theme: Theme) -> Line:
    """The line of a gradient: dJ/dx = 3, in a record grad 3, and so where it would be cut."""
    inner = gradient.part if isinstance(gradient, Blanked) else gradient
    size, widest = theme.label_size, theme.widest_row
    ways: list[tuple[Part, str]] = [(gradient, "")]
    if isinstance(inner, Partial):
        own = replace(inner, short=True)
        short = replace(gradient, part=own) if isinstance(gradient, Blanked) else own
        ways = [(short, "grad")] if records else [*ways, (short, "grad")]
    return _part_line(ways, "gradient", size, widest, words, theme)


def _part_lines(
    part: Part, role: str, row: str, size: float, words: Wording, theme: Theme
) -> list[Line]:
    """The line of a part; of a long definition several, broken before a sign."""
    if isinstance(part, Value) and part.arrays != "auto" and not row:
        drawn = _drawn_array(part, role, size, words, theme)
        if drawn:
            return drawn
    if isinstance(part, Note):
        sentence = _wrapped(part.text, size, theme.widest_row)
        return [_line(role, (Run(line),), size, theme.widest_row) for line in sentence]
    if (isinstance(part, Definition) or role == "derivative") and not row:
        whole, latex = runs(part, words), _tex(part, words, theme)
        line = _line(role, whole, size, theme.widest_row, latex)
        rows = _broken_rows(whole, size, theme) if _is_cut(line) else ()
        if len(rows) > 1:
            return [_line(role, one, size, math.inf)._replace(full=line.full) for one in rows]
    return [_part_line([(part, row)], role, size, theme.widest_row, words, theme)]


def _broken_rows(runs: Runs, size: float, theme: Theme) -> Sequence[Runs]:
    """The runs in several lines, in wider ones where they would be cut.

    A little narrower ones come first: the widths of the characters leave out what stands between
    a leaning one and a bracket.
    """
    widths = widths_of(runs, size, shifted(size))
    rows: Sequence[Runs] = ()
    for wider in (1, 0.9, 1.25, 1.5):
        rows = broken(runs, widths, theme.widest_row * wider, _MOST_LINES)
        if len(rows) > 1:
            break
    return rows


def _drawn_array(part: Value, role: str, size: float, words: Wording, theme: Theme) -> list[Line]:
    """A matrix of numbers, or a grid of colours and its scale; [] for what is told in words."""
    if part.before is not None:
        return []
    full, few = plain(runs(part, words)), words.digits
    drawing: Matrix | HeatMap | None
    if part.arrays == "numbers":
        drawing = set_matrix(part.value, few, size, theme.widest_row * _MATRIX, runs_width)
        scale = []
    else:
        drawing = set_heatmap(part.value, theme.widest_row * _HEATMAP)
        scale = scale_lines(part.value, drawing.grid, few) if drawing is not None else []
    if drawing is None:
        return []
    lines = [Line(role, (), size, drawing.width, full, drawing=drawing)]
    if scale:
        choices = ((_line(role, digits(one), size, theme.widest_row), one) for one in scale)
        chosen = _fitting(choices, theme.widest_row)
        lines += [chosen[0]] if chosen is not None else []
    return lines


_MATRIX, _HEATMAP = 1.5, 0.4
"""The widest that an array may be drawn, as a part of the widest row of text."""

_MOST_LINES = 4
"""Of a formula in a box."""


def _part_line(
    ways: Sequence[tuple[Part, str]],
    role: str,
    size: float,
    widest: float,
    words: Wording,
    theme: Theme,
) -> Line:
    """The line of a part, which may be told in several ways, behind a word for what it is.

    The first that fits; the numbers of an array give way where none does.
    """

    def lines() -> Iterator[tuple[Line, tuple[Part, str]]]:
        for telling in _wordings(ways[0][0], words):
            for part, row in ways:
                part_runs, latex = runs(part, telling), _tex(part, telling, theme)
                if row:
                    part_runs = (Run(f"{row} "), *part_runs)
                    latex = rf"\mathrm{{{row}}}\ {latex}" if latex is not None else None
                yield _line(role, part_runs, size, widest, latex), (part, row)

    chosen = _fitting(lines(), widest)
    assert chosen is not None
    line, (part, row) = chosen
    return _with_blank(ways[0][0], part, row, line, words, theme)


def _wordings(part: Part, words: Wording) -> Iterable[Wording]:
    """How a part may be told, the longest first; a quiz asks for what is told in full."""
    if isinstance(part, Blanked):  # what is not shown yet has the room that it will need
        return (words,) if part.box else narrower(part.part, words)
    return narrower(part, words)


_Way = TypeVar("_Way")


def _fitting(lines: Iterable[tuple[Line, _Way]], widest: float) -> tuple[Line, _Way] | None:
    """The first that fits; else the narrowest that is whole; else the last."""
    best: tuple[Line, _Way] | None = None
    for each in lines:
        line, is_cut = each[0], _is_cut(each[0])
        if not is_cut and line.width <= widest * (1 if line.outline is None else MATH_SIZE):
            return each
        if best is None or _is_cut(best[0]) or (not is_cut and line.width < best[0].width):
            best = each
    return best


def _with_blank(
    part: Part, shown: Part, row: str, line: Line, words: Wording, theme: Theme
) -> Line:
    """The line of a part as it is, only with its room, or with a box for its number."""
    if not isinstance(part, Blanked):
        return line
    if not part.box:
        return line._replace(shown=False)
    *first, last = sides(shown, words)
    before = tuple(run for side in first for run in whole(side))
    before += (Run(f"{row} " if row else EQUALS),) if row or first else ()
    tex_before = tex_after = None
    if theme.math and (latex_sides := tex_sides(shown, words)):
        tex_before = (
            "".join(side.lead + side.markup for side in latex_sides[:-1]) + latex_sides[-1].lead
        )
        tex_before = rf"\mathrm{{{row}}}\ " if row else tex_before or None
        tex_after = latex_sides[-1].markup
    size = line.size / MATH_SIZE if line.outline is not None else line.size
    answer = _line(line.role, last.markup, size, math.inf, tex_after)
    start = _line(line.role, before, size, math.inf, tex_before)
    blank = Blank(answer, max(answer.width + 10, _NARROWEST), part.box == "filled")
    return start._replace(width=start.width + blank.width + 2 * bool(before), blank=blank)


_NARROWEST = 38


def _role(part: Part, theme: Theme) -> tuple[str, float]:
    if isinstance(part, Value | Shape):
        return "value", theme.value_size
    if isinstance(part, Partial) and not part.total:
        return "derivative", theme.label_size
    if isinstance(part, Partial | Sweep):
        return "tangent", theme.label_size
    return (
        ("source", theme.source_size)
        if isinstance(part, Source | Note)
        else ("formula", theme.formula_size)
    )


def edge_line(edge: Edge, words: Wording, theme: Theme) -> Line | None:
    """The label of an arrow: in full if it is short, else what matters most of it."""
    whole_part = edge.part
    if whole_part is None:
        return None
    inner = whole_part.part if isinstance(whole_part, Blanked) else whole_part
    role = "derivative" if edge.kind == "forward" else "gradient"
    if isinstance(inner, Value | Shape):
        role = "value"
    if isinstance(inner, Sweep):
        role = "tangent"
    room = theme.widest_label
    if isinstance(inner, Partial) and inner.total and is_array(inner.value):
        room = max(room, _NAME_AND_NORM * theme.label_size)

    def lines() -> Iterator[tuple[Line, Part]]:
        for part, telling in _choices(whole_part, words):
            if part_runs := runs(part, telling):
                latex = _tex(part, telling, theme)
                yield _line(role, part_runs, theme.label_size, room, latex), part

    chosen = _fitting(lines(), room)
    if chosen is None or (_is_cut(chosen[0]) and isinstance(inner, Partial) and inner.spare):
        return None
    line, shown = chosen
    full = plain(runs(inner, replace(words, digits=6)))
    return _with_blank(whole_part, shown, "", line._replace(full=full), words, theme)


_NAME_AND_NORM = 8
"""In em, the width of ‖dL/dw‖ = 0.12: so much room has the gradient of an array in any case."""


def _choices(part: Part, words: Wording) -> Iterator[tuple[Part, Wording]]:
    """What may be told on an arrow and how, the longest first."""
    inner = part.part if isinstance(part, Blanked) else part
    for one in shorter(inner):
        for telling in _wordings(one if inner is part else part, words):
            yield one, telling


def shorter(part: Part) -> Iterable[Part]:
    """The part, then what is left of it when it is too wide."""
    yield part
    if isinstance(part, Contribution) and (added := contribution_value(part)) is not None:
        yield Partial(None, part.by, None, added, short=True, total=True)
        yield replace(part, local=None)
    if not isinstance(part, Partial):
        return
    if part.value is not None and is_scalar(part.value) and part.formula is not None:
        yield replace(part, formula=None)
    if not part.short:
        yield replace(part, short=True)
    if part.value is not None:
        yield replace(part, formula=None)
        yield Partial(None, part.by, None, part.value, short=True, total=part.total)


def caption_rows(
    parts: Sequence[Part], words: Wording, theme: Theme, room: float, *, centred: bool = True
) -> list[Placed]:
    """What stands beneath a figure, broken into lines that fit the room.

    An equation is broken before `=` and `+`, and goes on under its first right side; several
    parts stand under each other's middle where they are `centred`.
    """
    blocks: list[list[Placed]] = []
    y, size = 0.0, theme.caption_size
    for part in parts:
        rows: list[Placed] = []
        lines = _broken(_pieces(part, words, theme), size, room)
        if isinstance(part, Note):
            sentence = _wrapped(part.text, size, room)
            lines = [(0.0, [_Piece((Run(line),), None)]) for line in sentence]
        for indent, pieces in lines:
            row_runs = tuple(run for piece in pieces for run in piece.runs)
            latex = [piece.tex for piece in pieces if piece.tex is not None]
            whole = "".join(latex) if len(latex) == len(pieces) else None
            line = _line("caption", row_runs, size, max(room, theme.column) - indent, whole)
            step = max(size * 1.5, line.height + 8)
            rows.append(Placed(line, indent + line.width / 2, y + step / 2))
            y += step
        blocks.append(rows)
    if not centred:
        return [row for rows in blocks for row in rows]
    widths = [max(row.x + row.line.width / 2 for row in rows) for rows in blocks]
    return [
        row._replace(x=row.x + (max(widths) - width) / 2)
        for rows, width in zip(blocks, widths, strict=True)
        for row in rows
    ]


def _wrapped(text: str, size: float, room: float) -> list[str]:
    """The sentence in lines that fit the room."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class _Piece(NamedTuple):
    """What is not broken over lines, in runs and as LaTeX."""

    runs: Runs
    tex: str | None

    @property
    def begins_side(self) -> bool:
        """Whether it is what an `=` stands before."""
        return self.runs[0].text.startswith(" =")

    def width(self, size: float) -> float:
        drawn = outline(self.tex) if self.tex is not None else None
        return drawn.width * size * MATH_SIZE / 1000 if drawn else runs_width(self.runs, size)


def _pieces(part: Part, words: Wording, theme: Theme) -> list[_Piece]:
    if not isinstance(part, Chain):
        return [_Piece(runs(part, words), _tex(part, words, theme))]
    side_runs = [whole(side) for side in sides(part, words)]
    latex: Sequence[str | None] = [side.lead + side.markup for side in tex_sides(part, words)]
    latex = latex if latex and theme.math else [None] * len(side_runs)
    return [_Piece(*both) for both in zip(side_runs, latex, strict=True)]


def _broken(pieces: Sequence[_Piece], size: float, room: float) -> list[tuple[float, list[_Piece]]]:
    indent = pieces[0].width(size) if len(pieces) > 1 else 0.0
    rows: list[tuple[float, list[_Piece]]] = [(0.0, [pieces[0]])]
    for i, piece in enumerate(pieces[1:], 1):
        start, so_far = rows[-1]
        # A new side that does not fit as a whole begins a line of its own.
        side = _side(pieces, i) if piece.begins_side else [piece]
        width = start + math.fsum(p.width(size) for p in (*so_far, *side))
        if i == 1 or width <= room:
            so_far.append(piece)
        else:
            rows.append((indent, [piece]))
    return rows


def _side(pieces: Sequence[_Piece], start: int) -> list[_Piece]:
    side = [pieces[start]]
    for piece in pieces[start + 1 :]:
        if piece.begins_side:
            break
        side.append(piece)
    return side


def _tex(part: Part, words: Wording, theme: Theme) -> str | None:
    return tex(part, words) if theme.math else None


MATH_SIZE = 1.15
"""The letters of the mathematics font are smaller at the same size."""


def _line(role: str, runs: Runs, size: float, widest: float, latex: str | None = None) -> Line:
    full = plain(runs)
    drawn = outline(latex) if latex is not None else None
    scale = size * MATH_SIZE / 1000
    is_wide = drawn is not None and drawn.width * scale > widest * MATH_SIZE
    if is_wide or (latex is not None and len(latex) > LONGEST):
        runs = elide(runs, size, widest)
        latex = latex_of(runs)
        drawn = outline(latex)
    if drawn is not None and drawn.width * scale <= widest * MATH_SIZE:
        return Line(role, runs, size * MATH_SIZE, drawn.width * scale, full, True, drawn, latex)
    shown = elide(runs, size, widest)
    return Line(role, shown, size, runs_width(shown, size), full)


def runs_width(runs: Sequence[Run], size: float) -> float:
    """How wide the runs are when set side by side."""
    return _runs_width(tuple(runs), size)


@lru_cache(4096)  # most lines of a figure are measured three times
def _runs_width(runs: Runs, size: float) -> float:
    return math.fsum(advances(runs, size))


def advances(runs: Sequence[Run], size: float) -> Iterator[float]:
    """From the start of each run to that of the next, which a slanted letter does not touch."""
    for run, after in zip_longest(runs, runs[1:]):
        own = shifted(size) if run.shift else size
        is_close = after is not None and not after.italic and not after.text.startswith(" ")
        correction = _SLANT * own if run.italic and is_close else 0.0
        if run.text.endswith("(") and after is not None and after.text[0] in _LEANING:
            correction = _LEAN * own
        yield metrics.width(run.text, own) + correction


_SLANT = 0.05
"""The italic correction, in em."""

_LEANING, _LEAN = "jy", 0.02
"""Letters whose tail leans back under a bracket, and how far they are set off, in em."""


def _is_cut(line: Line) -> bool:
    return plain(line.runs) != line.full


_REST = ", …]"
# In the flat text of runs: what is never cut in two; and a number at the end, which stays.
_NUMBER = r"(?:[−-]?\d[\d.]*(?:e[+−-]?\d+)?(?:×10[−-]?\d+|×\d+)*|[−-]?∞)"
_WHOLE = re.compile(rf"(?>\[?(?:all )?{_NUMBER}(?: … {_NUMBER}| numbers?)?\]?|_+)")
_ANSWER = re.compile(rf"(?:^|(?<== )|(?<=→ )|(?<=data )|(?<=grad )|(?<=norm )){_WHOLE.pattern}$")
_NUMBERS = re.compile(rf"(?:data |grad |norm |= |→ | |{_WHOLE.pattern})*+")


def elide(runs: Runs, size: float, widest: float) -> Runs:
    """The runs, cut with an ellipsis where they would be wider than `widest`.

    A list is cut after an entry. A number, a range or a shape is never cut: what stands before it
    gives way, and a line of numbers alone stays as wide as it is.

    >>> elide((Run("a long name"),), 10, 40)
    (Run(text='a long…', italic=False, shift=''),)
    >>> elide((Run("[1.25, 2.25, 3.25]"),), 10, 70)
    (Run(text='[1.25, …]', italic=False, shift=''),)
    >>> elide((Run("[1.25 … 3.25]"),), 10, 40)
    (Run(text='[1.25 … 3.25]', italic=False, shift=''),)
    >>> elide((Run("a long name = 1.25"),), 10, 60)
    (Run(text='a lo…', italic=False, shift=''), Run(text=' = 1.25', italic=False, shift=''))
    """
    if runs_width(runs, size) <= widest:
        return runs
    if runs[-1].text.endswith("]"):
        entries = _cut(runs, size, widest - metrics.width(_REST, size))
        entries = _whole_entries(entries)
        if entries:
            return entries
    flat = "".join("_" * len(run.text) if run.shift == "sub" else run.text for run in runs)
    if _NUMBERS.fullmatch(flat):
        return runs
    answer = _ANSWER.search(flat)
    if answer is None:
        kept = _cut(runs, size, widest - metrics.width("…", size))
        return _ended(_first(runs, _before_number(flat, _length(kept))))
    start = answer.start() - (3 if flat[: answer.start()].endswith((" = ", " → ")) else 0)
    head, tail = _first(runs, start), _rest(runs, start)
    kept = _cut(head, size, widest - metrics.width("…", size) - runs_width(tail, size))
    return (*_ended(_first(runs, _before_number(flat, _length(kept)))), *tail)


def _length(runs: Runs) -> int:
    return sum(len(run.text) for run in runs)


def _before_number(flat: str, stop: int) -> int:
    """The last place up to `stop` that is within no number and no index."""
    for match in _WHOLE.finditer(flat):
        if match.start() < stop < match.end():
            return match.start()
    return stop


def _first(runs: Runs, count: int) -> Runs:
    """So many characters of the runs."""
    kept: list[Run] = []
    for run in runs:
        text = run.text[: max(count, 0)]
        count -= len(run.text)
        if text:
            kept.append(run._replace(text=text))
    return tuple(kept)


def _rest(runs: Runs, start: int) -> Runs:
    """The runs without so many characters."""
    rest: list[Run] = []
    for run in runs:
        text = run.text[max(start, 0) :]
        start -= len(run.text)
        if text:
            rest.append(run._replace(text=text))
    return tuple(rest)


def _cut(runs: Runs, size: float, room: float) -> Runs:
    """As much of the runs as there is room for."""
    kept: list[Run] = []
    for run in runs:
        scale = shifted(size) if run.shift else size
        text = ""
        for c in run.text:
            room -= metrics.width(c, scale)
            if room < 0:
                return (*kept, run._replace(text=text)) if text else tuple(kept)
            text += c
        kept.append(run)
    return tuple(kept)


def _whole_entries(kept: Runs) -> Runs:
    """The runs back to the end of the last whole entry of their list; () if there is none."""
    for i in range(len(kept) - 1, -1, -1):
        head, comma, _ = kept[i].text.rpartition(", ")
        if comma and not kept[i].shift:
            return (*kept[:i], kept[i]._replace(text=head + _REST))
    return ()


def _ended(kept: Runs) -> Runs:
    if not kept:
        return (Run("…"),)
    last = kept[-1]
    if last.shift or last.italic:
        return (*kept, Run("…"))
    return (*kept[:-1], last._replace(text=last.text.rstrip() + "…"))
