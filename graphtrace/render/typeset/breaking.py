"""Break a formula over lines where a person would: before a sign, the outermost first.

In: runs, their size, the widest line. Out: the runs of each line. Measures text; knows no boxes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from graphtrace.formula.runs import Run, Runs, joined
from graphtrace.render.typeset import metrics

_BEFORE = (
    *(" = ", " ← ", " + ", " − ", " · ", " @ ", " ⊙ "),
    *(" if ", " else ", " otherwise", " in that case", " while ", " for ", " and ", " or "),
)
"""Signs and words that a line may begin with."""

_BEHIND = ("·", ", ")
"""Signs that a line may end with."""

_FACTORS = ")("
"""Where one factor in brackets ends and the next begins, with no sign between them."""

_PER_LEVEL = 0.5
"""How much of a line's empty room a break is worth that is not inside one more pair of brackets."""


_LONGEST = 400  # characters


class _Break(NamedTuple):
    """A place where a line may end, and the next begin: how many characters are before it."""

    end: int
    start: int
    depth: int


def broken(runs: Runs, widths: Sequence[float], widest: float, most: int) -> list[Runs]:
    """The runs in at most so many lines that are no wider than `widest`; in one if that cannot be.

    `widths` are those of the characters.

    >>> runs = (Run("u = a + (b + c)"),)
    >>> [line[0].text for line in broken(runs, [10.0] * 15, 90, 3)]
    ['u = a', '+ (b + c)']
    """
    flat = [(c, run) for run in runs for c in run.text]
    if len(flat) > _LONGEST:
        return [runs]
    breaks = _breaks(flat)
    ends = [0.0, *accumulate(widths)]
    # The least cost of the lines from each break on, by how many there are.
    starts = [_Break(0, 0, 0), *breaks]
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for at in range(len(starts) - 1, -1, -1):
        for count in range(1, most + 1):
            for to in range(at + 1, len(starts) + 1):
                last = to == len(starts)
                end = len(flat) if last else starts[to].end
                width = ends[end] - ends[starts[at].start]
                if width > widest or (last and count > 1) or (not last and count == 1):
                    continue
                rest = 0.0 if last else best.get((to, count - 1), (math.inf, 0))[0]
                depth = 0 if last else starts[to].depth
                cost = rest + (1 - width / widest) ** 2 + _PER_LEVEL * depth
                if cost < best.get((at, count), (math.inf, 0))[0]:
                    best[at, count] = cost, to
    count = next((n for n in range(1, most + 1) if (0, n) in best), 0)
    if not count:
        return [runs]
    lines, at = [], 0
    while count:
        to = best[at, count][1]
        end = len(flat) if to == len(starts) else starts[to].end
        lines.append(_runs(flat[starts[at].start : end]))
        at, count = to, count - 1
    return lines


def widths_of(runs: Runs, size: float, shifted: float) -> list[float]:
    """The widths of the characters, where raised and lowered ones have the size `shifted`."""
    return [metrics.width(c, shifted if r.shift else size) for r in runs for c in r.text]


def _breaks(flat: Sequence[tuple[str, Run]]) -> list[_Break]:
    text = "".join("_" if run.shift else c for c, run in flat)
    breaks, depth = [], 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if text.startswith(_BEFORE, i) and i:
            breaks.append(_Break(i, i + 1, depth + 2 * (text.startswith(" = ", i))))
        for sign in _BEHIND:
            if text.endswith(sign, 0, i + 1) and i + 1 < len(text):
                breaks.append(_Break(i + 1 - sign.count(" "), i + 1, depth + (sign == "·")))
        if text.startswith(_FACTORS, i):
            breaks.append(_Break(i + 1, i + 1, depth))
    return breaks


def _runs(flat: Sequence[tuple[str, Run]]) -> Runs:
    return joined(run._replace(text=c) for c, run in flat)
