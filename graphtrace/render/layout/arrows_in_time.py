"""Decide how each arrow goes in a figure of a loop drawn as time.

In: a Figure with a timeline, its measured text. Out: the arrows, before any place is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from graphtrace.figure.parts import Figure, Partial, Side, Spot
from graphtrace.figure.regions import base
from graphtrace.render.typeset.sheet import Line, Sheet


@dataclass(slots=True)
class Arrow:
    """An arrow between boxes by their places, and how it goes.

    A straight one goes ahead to the next column; one from the side goes up or down on a track
    before its head and comes to it from the left; one drops on it from a rail; a vertical one comes
    from the box above or below. What passes other columns is `far`: it takes a lane above or below
    them.
    """

    edge: int
    tail: int
    head: int
    label: Line | None
    kind: Literal["straight", "side", "drop", "vertical"] = "straight"
    side: Side = ""
    row: int | None = None  # at which it leaves or meets a box of several steps
    far: bool = False  # it passes other columns
    slot: float = 0.0  # at the left side of its head, from the middle of its row
    out: float | None = None  # the same of its tail, where it goes around
    track: float = 0.0
    exit: float = 0.0
    port: float = 0.0

    @property
    def width(self) -> float:
        """Of its label."""
        return math.ceil(self.label.width) if self.label is not None else 0

    @property
    def height(self) -> float:
        """Of its label."""
        return math.ceil(self.label.height) if self.label is not None else 0


class Plan:
    """The columns and rows of a figure, and its arrows; `lanes` are the tails of the far ones."""

    def __init__(self, figure: Figure, sheet: Sheet) -> None:
        assert figure.timeline is not None
        self.figure = figure
        self.spots: Sequence[Spot] = figure.timeline
        place = {node.id: i for i, node in enumerate(figure.nodes)}
        columns = [spot.column for spot in self.spots]
        self.rows = 1 + max((spot.row for spot in self.spots if spot.row is not None), default=0)
        self.column: dict[int, list[int]] = {
            column: [] for column in range(min(columns), max(columns) + 1)
        }
        for i, column in enumerate(columns):
            self.column[column].append(i)
        self.lanes: dict[tuple[int, Side], None] = {}
        self.arrows = [
            Arrow(i, place[edge.tail], place[edge.head], label)
            for i, (edge, label) in enumerate(zip(figure.edges, sheet.labels, strict=True))
        ]
        for arrow in self.arrows:
            self._plan(arrow)

    def _plan(self, arrow: Arrow) -> None:
        tail, head = self.spots[arrow.tail], self.spots[arrow.head]
        if tail.kind == "rail":
            arrow.side = tail.side
            is_open = head.kind == "body" and self.is_outer(arrow.head, tail.side)
            arrow.kind = "drop" if is_open else "side"
        elif tail.kind == "handed":
            arrow.side = tail.side
            arrow.kind = "vertical" if self.is_outer(arrow.head, tail.side) else "side"
        elif head.column == tail.column:
            rows = sorted((tail.row or 0, head.row or 0))
            between = [self.spots[i].row for i in self.column[tail.column]]
            is_next = not any(row is not None and rows[0] < row < rows[1] for row in between)
            arrow.kind = "vertical" if is_next else "side"
            arrow.side = "above" if (tail.row or 0) < (head.row or 0) else "below"
        else:
            arrow.row = self._row(arrow, tail, head)
            to = arrow.row if head.row is None else head.row
            blocked = range(tail.column + 1, head.column)
            is_free = not any(
                self.spots[i].kind == "body" and self.spots[i].row in (arrow.row, None)
                for column in blocked
                for i in self.column[column]
            )
            if is_free and to == arrow.row:
                return
            arrow.far = len(blocked) > 0
            arrow.kind = "side"
            if arrow.far:
                arrow.side = "above" if (to or 0) < self.rows / 2 else "below"
                if self.is_outer(arrow.head, arrow.side):
                    arrow.kind = "drop"
                self.lanes.setdefault((arrow.tail, arrow.side))
            else:
                arrow.side = "above" if (arrow.row or 0) < (to or 0) else "below"

    def _row(self, arrow: Arrow, tail: Spot, head: Spot) -> int | None:
        """At which row it leaves: a box of several steps, at that of the value by its name."""
        if tail.row is not None:
            return tail.row
        part = self.figure.edges[arrow.edge].part
        by = base(part.by) if isinstance(part, Partial) else ""
        named = zip(self.figure.nodes, self.spots, strict=True)
        rows = [spot.row for node, spot in named if spot.row is not None and base(node.key) == by]
        return max(rows, default=head.row)

    def is_outer(self, i: int, side: Side) -> bool:
        """Whether no box of its column stands between it and what is on that side."""
        spot = self.spots[i]
        others = [
            self.spots[k].row for k in self.column[spot.column] if self.spots[k].kind == "body"
        ]
        rows = [row for row in others if row is not None]
        if spot.row is None or not rows:
            return spot.kind == "body"
        return spot.row == (min(rows) if side == "above" else max(rows))
