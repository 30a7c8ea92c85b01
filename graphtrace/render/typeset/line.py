"""Set runs as one line: how wide they are, and what gives way where that is too wide.

In: runs, a size and a width. Out: a `Line`. A number is never cut.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from graphtrace.formula.runs import Run, Runs, latex as latex_of, plain
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.math_outline import LONGEST, outline
from graphtrace.render.typeset.sheet import Line, shifted

MATH_SIZE = 1.15
"""The letters of the mathematics font are smaller at the same size."""


def line_of(role: str, runs: Runs, size: float, widest: float, latex: str | None = None) -> Line:
    """The runs measured, and cut where they are wider than `widest`; its LaTeX as outlines."""
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


def is_cut(line: Line) -> bool:
    """Whether it says less than it should."""
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


def wrapped(text: str, size: float, room: float) -> list[str]:
    """The sentence in lines that fit the room."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
