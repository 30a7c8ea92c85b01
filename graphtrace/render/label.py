"""Say the parts of a Figure in measured lines of text.

In: Figure parts and a theme. Out: `Line`s, each with its runs, its font size and its width. Here
is decided how a derivative or a value is written; where a line stands is decided by the layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphtrace.figure import Definition, Edge, Figure, Node, Part, Partial, Share, Value
from graphtrace.render import metrics
from graphtrace.render.formula import Run, Runs, digits, formula, name, plain
from graphtrace.render.number import is_scalar, number, value
from graphtrace.render.theme import Theme

SHIFTED_SIZE = 0.75
"""A raised or lowered run is this much smaller."""

_LONGEST_SOURCE = 2000
_UNWRITTEN = ("(·", "\n")
"""A rule that has no formula prints as a call on a placeholder: that is not for a figure."""


class Line(NamedTuple):
    """One line of text: `role` names what it says (formula, value, derivative, gradient)."""

    role: str
    runs: Runs
    size: float
    width: float
    full: str


class Cell(NamedTuple):
    """A box of the size that its lines need."""

    lines: tuple[Line, ...]
    width: int
    height: int


class Sheet(NamedTuple):
    """All text of a figure, measured: a cell for each node, a line or nothing for each edge."""

    cells: tuple[Cell, ...]
    labels: tuple[Line | None, ...]


def typeset(figure: Figure, theme: Theme) -> Sheet:
    """Measure all text of the figure, in the order of its nodes and edges."""
    cells = tuple(_cell(node, figure, theme) for node in figure.nodes)
    return Sheet(cells, tuple(edge_line(edge, figure, theme) for edge in figure.edges))


def _cell(node: Node, figure: Figure, theme: Theme) -> Cell:
    lines = node_lines(node, figure, theme)
    tight = 0.6 if node.role == "copy" else 1
    width = max(line.width for line in lines) + 2 * theme.pad_x * tight
    height = sum(line.size for line in lines) * theme.leading + 2 * theme.pad_y * tight
    return Cell(tuple(lines), max(math.ceil(width), math.ceil(height)), math.ceil(height))


def node_lines(node: Node, figure: Figure, theme: Theme) -> list[Line]:
    """The lines in a box, from top to bottom."""
    lines = []
    for part in node.parts:
        small = node.role == "copy"
        role = "value" if isinstance(part, Value) else "formula"
        size = theme.value_size if role == "value" else theme.formula_size
        size = theme.copy_size if small else size
        lines.append(_line(role, runs(part, figure.names, theme.digits), size, theme.widest_row))
    if node.gradient is not None:
        said = runs(node.gradient, figure.names, theme.digits)
        lines.append(_line("gradient", said, theme.label_size, theme.widest_row))
    return lines


def edge_line(edge: Edge, figure: Figure, theme: Theme) -> Line | None:
    """The label of an arrow: in full if it is short, else what matters most of it."""
    if edge.part is None:
        return None
    role = "derivative" if edge.kind == "forward" else "gradient"
    line = None
    for part in _shorter(edge.part):
        said = runs(part, figure.names, theme.digits)
        if not said:
            continue
        line = _line(role, said, theme.label_size, theme.widest_label)
        if not line.runs[-1].text.endswith("…"):
            break
    if line is None:
        return None
    return line._replace(full=plain(runs(edge.part, figure.names, 6)))


def _shorter(part: Part) -> Iterable[Part]:
    """The part, then what is left of it when it is too wide."""
    yield part
    if not isinstance(part, Partial):
        return
    number_only = part.value is not None and is_scalar(part.value)
    if number_only and part.formula is not None:
        yield Partial(part.of, part.by, None, part.value, part.short)
    if not part.short:
        yield Partial(part.of, part.by, part.formula, part.value, short=True)
    if number_only:
        yield Partial(None, part.by, None, part.value, short=True)


def _line(role: str, said: Runs, size: float, widest: float) -> Line:
    shown = elide(said, size, widest)
    return Line(role, shown, size, runs_width(shown, size), plain(said))


def runs_width(said: Sequence[Run], size: float) -> float:
    """How wide the runs are when set side by side."""
    return sum(metrics.width(r.text, size * (SHIFTED_SIZE if r.shift else 1)) for r in said)


def elide(said: Runs, size: float, widest: float) -> Runs:
    """The runs, cut with an ellipsis where they would be wider than `widest`.

    >>> elide((Run("a long name"),), 10, 40)
    (Run(text='a long…', italic=False, shift=''),)
    """
    if runs_width(said, size) <= widest:
        return said
    room = widest - metrics.width("…", size)
    kept: list[Run] = []
    for run in said:
        scale = size * (SHIFTED_SIZE if run.shift else 1)
        text = ""
        for c in run.text:
            room -= metrics.width(c, scale)
            if room < 0:
                return (*kept, *_ended(run, text))
            text += c
        kept.append(run)
    return tuple(kept)


def _ended(run: Run, text: str) -> Runs:
    if run.shift or run.italic:
        return (*((run._replace(text=text),) if text else ()), Run("…"))
    return (run._replace(text=text.rstrip() + "…"),)


def runs(part: Part, names: Mapping[str, str], precision: int = 4) -> Runs:
    """What one part says, as runs; () where it has nothing to say."""
    if isinstance(part, Definition):
        if part.formula is None:
            return name(part.name, names)
        return (*name(part.name, names), Run(" = "), *_formula(part.formula, names))
    if isinstance(part, Value):
        return digits(value(part.value, precision))
    if isinstance(part, Share):
        return _share(part, names, precision)
    return _partial(part, names, precision)


def _formula(symbol: object, names: Mapping[str, str]) -> Runs:
    return formula(str(symbol)[:_LONGEST_SOURCE], names)


def _derivative(of: str, by: str, names: Mapping[str, str]) -> Runs:
    return (Run("∂"), *name(of, names), Run("/∂"), *name(by, names))


def _partial(part: Partial, names: Mapping[str, str], precision: int) -> Runs:
    """`∂u/∂b = c = 2`; `∂v/∂a = 1` where the formula is the number; `c = 2` when short."""
    sides: list[Runs] = []
    if not part.short:
        sides.append(
            _derivative(part.of, part.by, names) if part.of is not None else (Run("gradient"),)
        )
    said = _formula(part.formula, names) if part.formula is not None else ()
    if any(mark in run.text for run in said for mark in _UNWRITTEN):
        said = ()
    if said:
        sides.append(said)
    result = _result(part, precision, bool(said))
    if result and plain(result) != plain(said):
        sides.append(result)
    return _equated(sides) if len(sides) > 1 or part.short else ()


def _result(part: Partial, precision: int, said: bool) -> Runs:
    """The number of a derivative; of a map between arrays only its structure, and only alone."""
    if part.value is None:
        return ()
    if is_scalar(part.value):
        return digits(value(part.value, precision))
    if said:
        return ()
    if hasattr(part.value, "tolist"):
        return digits(value(part.value, precision, shaped=False))
    structure = getattr(part.value, "structure", None)
    return (Run(str(structure or part.value)),)


def _share(part: Share, names: Mapping[str, str], precision: int) -> Runs:
    """`3 · 2 = 6`: the gradient that arrives, times the local derivative."""
    if part.upstream is None or not is_scalar(part.upstream) or not is_scalar(part.local):
        if part.of is None:
            return ()
        chain = _derivative(part.of, part.through, names)
        return (*chain, Run(" · "), *_derivative(part.through, part.by, names))
    upstream, local = _float(part.upstream), _float(part.local)
    factors = [number(upstream, precision), number(local, precision)]
    if factors[1].startswith("−"):
        factors[1] = f"({factors[1]})"
    return digits(f"{factors[0]} · {factors[1]} = {number(upstream * local, precision)}")


def _float(x: object) -> float:
    return float(x.item()) if hasattr(x, "item") else float(x)  # type: ignore[arg-type]


def _equated(sides: Sequence[Runs]) -> Runs:
    out: list[Run] = []
    for side in sides:
        out += [*([Run(" = ")] if out else []), *side]
    return tuple(out)
