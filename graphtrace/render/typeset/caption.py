"""Set what stands beneath a figure in lines that fit its width.

In: parts and a width. Out: lines with their places. An equation is broken where a person would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from graphtrace.figure.parts import Chain, Note, Part
from graphtrace.formula.runs import Run, Runs
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.line import MATH_SIZE, line_of, runs_width, wrapped
from graphtrace.render.typeset.math_outline import outline
from graphtrace.render.typeset.sheet import Placed
from graphtrace.render.typeset.wording import Wording, runs, sides, tex, tex_sides, whole


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
            sentence = wrapped(part.text, size, room)
            lines = [(0.0, [_Piece((Run(line),), None)]) for line in sentence]
        for indent, pieces in lines:
            row_runs = tuple(run for piece in pieces for run in piece.runs)
            latex = [piece.tex for piece in pieces if piece.tex is not None]
            whole = "".join(latex) if len(latex) == len(pieces) else None
            line = line_of("caption", row_runs, size, max(room, theme.column) - indent, whole)
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
        return [_Piece(runs(part, words), tex(part, words) if theme.math else None)]
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
