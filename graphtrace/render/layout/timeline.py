"""Place a loop drawn as time: a column for each iteration, and what is carried on along lines.

In: a Figure with a timeline, its measured text. Out: the text in boxes that are as high as
their arrows need, and a Layout with the way of each arrow, whose pieces run across or up and down.
What several columns read runs on a rail above or below all boxes, and is drawn once: each arrow
begins where it leaves the one before. No layout engine takes part. Knows no colour and no format.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from graphtrace.figure.parts import Figure, Side
from graphtrace.render.layout.arrows_in_time import Arrow, Plan
from graphtrace.render.layout.bends import Way, bent, clean_ways
from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.places import Layout, Point, Route
from graphtrace.render.typeset.sheet import Sheet

_HEAD = 10  # of an arrow
_TRACK = 10  # between two lines side by side
_PORT = 14  # between two arrows that come to one side of a box
_AIR = 4  # between a label and its line
_LEAST = 14  # between two boxes


def placed(figure: Figure, sheet: Sheet) -> tuple[Sheet, Layout, bool]:
    """The text, where it stands, and whether no line meets a box or a label that is not its own."""
    drawing = _Drawing(figure, sheet)
    drawing.place_rows()
    drawing.place_columns()
    ways = [drawing.way(arrow) for arrow in drawing.arrows]
    return drawing.result(ways)


class _Drawing:
    def __init__(self, figure: Figure, sheet: Sheet) -> None:
        plan = Plan(figure, sheet)
        self.figure = figure
        self.sheet = sheet
        self.spots, self.rows = plan.spots, plan.rows
        self.column, self.arrows = plan.column, plan.arrows
        self.cells = list(sheet.cells)
        self.y = [0.0] * len(self.cells)
        self.x = [0.0] * len(self.cells)
        self.lanes: dict[tuple[int, Side], float] = dict.fromkeys(plan.lanes, 0.0)

    # rows

    def place_rows(self) -> None:
        """Set the heights, from the top: rails, lanes, what is handed in, rows, and mirrored."""
        self._slots()
        y = 0.0
        rails = [i for i, spot in enumerate(self.spots) if spot.kind == "rail"]
        y = self._rails([i for i in rails if self.spots[i].side == "above"], y)
        y = self._lanes("above", y)
        y = self._handed("above", y)
        heights = [0.0] * self.rows
        for i, spot in enumerate(self.spots):
            if spot.kind == "body" and spot.row is not None:
                heights[spot.row] = max(heights[spot.row], self.cells[i].height)
        self.row_y = []
        for row, height in enumerate(heights):
            y += self._between() if row else 0
            self.row_y.append(y + height / 2)
            y += height
        top = self.row_y[0] - heights[0] / 2
        for i, spot in enumerate(self.spots):
            if spot.kind == "body":
                self.y[i] = (top + y) / 2 if spot.row is None else self.row_y[spot.row]
                if spot.row is None:
                    height = max(math.ceil(y - top), self.cells[i].height)
                    self.cells[i] = self.cells[i]._replace(height=height)
        y = self._handed("below", y)
        y = self._lanes("below", y)
        y = self._rails([i for i in rails if self.spots[i].side == "below"], y)
        self.height = y

    def _slots(self) -> None:
        """Where arrows meet the left sides, and boxes high enough for them."""
        step = 5 + max((arrow.height for arrow in self.arrows), default=0)
        at: dict[int, list[tuple[float, Arrow, bool]]] = {}
        middle: set[int] = set()
        for arrow in self.arrows:
            if arrow.kind == "straight":
                middle.add(arrow.head)
            if arrow.kind != "side":
                continue
            tail = self.spots[arrow.tail]
            source: float = tail.row if tail.row is not None else 0
            if arrow.row is not None:
                source = arrow.row
            if tail.kind != "body" or arrow.far:
                source = (-99 if arrow.side == "above" else 99) + arrow.tail / 1000
            at.setdefault(arrow.head, []).append((source, arrow, False))
            if tail.column == self.spots[arrow.head].column and tail.kind == "body":
                row = self.spots[arrow.head].row or 0
                at.setdefault(arrow.tail, []).append((row, arrow, True))
        for i, ends in at.items():
            row = self.spots[i].row or 0
            above = sorted((end for end in ends if end[0] < row), key=lambda end: end[0])
            below = sorted((end for end in ends if end[0] >= row), key=lambda end: end[0])
            if i in middle:
                offsets = [-step * n for n in range(len(above), 0, -1)]
                offsets += [step * (n + 1) for n in range(len(below))]
            else:
                count = len(ends)
                offsets = [step * (n - (count - 1) / 2) for n in range(count)]
            for (_, arrow, leaves), offset in zip((*above, *below), offsets, strict=True):
                if leaves:
                    arrow.out = offset
                else:
                    arrow.slot = offset
            height = math.ceil(2 * max(map(abs, offsets)) + 20)
            self.cells[i] = self.cells[i]._replace(height=max(self.cells[i].height, height))

    def _rails(self, rails: Sequence[int], y: float) -> float:
        for n, i in enumerate(rails):
            y += _LEAST if n or y else 0
            self.y[i] = y + self.cells[i].height / 2
            y += self.cells[i].height
        return y

    def _lanes(self, side: Side, y: float) -> float:
        lanes = [tail for tail, where in self.lanes if where == side]
        drops = [a for a in self.arrows if a.far and a.kind == "drop" and a.side == side]
        step = _TRACK + (max(a.height for a in drops) if drops else 0)
        if lanes and side == "below":
            y += step
        for tail in lanes if side == "above" else reversed(lanes):
            self.lanes[tail, side] = y + _TRACK / 2 if side == "above" else y
            y += step
        return y

    def _handed(self, side: Side, y: float) -> float:
        """The band of what is handed in, and the room for its labels, and those of the rails."""
        handed = [i for i, s in enumerate(self.spots) if s.kind == "handed" and s.side == side]
        drops = [a for a in self.arrows if a.side == side and a.kind in ("drop", "vertical")]
        drops = [a for a in drops if self.spots[a.tail].kind != "body" or a.far]
        label = max((a.height for a in drops), default=0)
        arrow = _HEAD + label + 2 * _AIR if drops else _LEAST
        if not handed:
            is_first = side == "above" and y == 0
            return y if is_first or not drops else y + arrow
        height = max(self.cells[i].height for i in handed)
        y += (_LEAST if side == "above" and y else 0) + (arrow if side == "below" else 0)
        for i in handed:
            own = self.cells[i].height
            self.y[i] = y + (height - own / 2 if side == "above" else own / 2)
        return y + height + (arrow if side == "above" else _LEAST)

    def _between(self) -> float:
        labels = [arrow.height for arrow in self.arrows if self._is_inner(arrow)]
        return _HEAD + 2 * _AIR + max(labels) if labels else _LEAST + 6

    # columns

    def place_columns(self) -> None:
        """Set the columns side by side, between them the tracks and the labels of their arrows."""
        x = 0.0
        for column, members in self.column.items():
            x = self._gap(column, x)
            left, right = self._extent(column, members)
            middle = x + left
            for i in members:
                if self.spots[i].kind != "handed":
                    self.x[i] = middle
                    if self.spots[i].kind == "rail":
                        self.x[i] = x + self.cells[i].width / 2
            self._ports(column, middle)
            x = middle + right
        self.width = x

    def _gap(self, column: int, x: float) -> float:
        """Where the boxes of a column begin; `x` is where those before end."""
        into = [a for a in self.arrows if self.spots[a.head].column == column]
        leaving = [a for a in self.arrows if a.far and self.spots[a.tail].column == column - 1]
        x += 8 if leaving else 0
        exits: dict[tuple[int, Side], float] = {}
        for arrow in leaving:
            key = arrow.tail, arrow.side
            if key not in exits:
                exits[key] = x
                x += _TRACK
            arrow.exit = exits[key]
        sides = [a for a in into if a.kind == "side"]
        around = [a for a in sides if self.spots[a.tail].column == column]
        ahead = [a for a in sides if a not in around]
        down = sorted((a for a in ahead if a.side == "above"), key=lambda a: -self._end(a))
        up = sorted((a for a in ahead if a.side == "below"), key=self._end)
        around.sort(key=lambda a: -abs(self._end(a) - self._begin(a)))
        x += 6 if sides else 0
        for arrow in (*down, *up, *around):
            arrow.track = x
            x += _TRACK
        labelled = [a.width for a in into if a.kind in ("side", "straight")]
        if labelled:
            return x + max(labelled) + _HEAD + 2 * _AIR + (0 if sides else 4)
        return x + (_LEAST if x else 0)

    def _begin(self, arrow: Arrow) -> float:
        if arrow.far:
            return self.lanes[arrow.tail, arrow.side]
        if arrow.row is not None:
            return self.row_y[arrow.row]
        return self.y[arrow.tail] + (arrow.out or 0)

    def _end(self, arrow: Arrow) -> float:
        if arrow.kind == "straight":
            return self._begin(arrow)
        return self.y[arrow.head] + arrow.slot

    def _extent(self, column: int, members: Sequence[int]) -> tuple[float, float]:
        """How far the column reaches to the left and to the right of the middle of its boxes."""
        half = max(
            (self.cells[i].width / 2 for i in members if self.spots[i].kind != "handed"),
            default=0.0,
        )
        rails = [self.cells[i].width for i in members if self.spots[i].kind == "rail"]
        right = half
        for side in ("above", "below"):
            for x, width in self._over(column, side):
                right = max(right, x + width)
        for arrow in self.arrows:
            if self._is_inner(arrow) and self.spots[arrow.head].column == column:
                right = max(right, _AIR + arrow.width)
        return half, max(right, max(rails, default=0) - half)

    def _over(self, column: int, side: str) -> list[tuple[float, float]]:
        """What arrives from above or below, from left to right: each by its x and its width.

        Seen from the middle of the column. First the arrows from rails, the farthest first, then
        what is handed in.
        """
        drops, handed = self._arrivals(column, side)
        heads = [a.head for a in drops] + [a.head for a in self.arrows if a.tail in handed]
        if not heads:
            return []
        start = -min(self.cells[i].width for i in heads) / 2 + _PORT
        places = [(start + n * _PORT, _AIR + a.width) for n, a in enumerate(drops)]
        widths = [self._with_label(i) for i in handed]
        whole = sum(widths) + _LEAST * max(len(widths) - 1, 0)
        x = start + len(drops) * _PORT if drops else -whole / 2
        for width in widths:
            places.append((x, width))
            x += width + _LEAST
        return places

    def _with_label(self, i: int) -> float:
        """The width of what is handed in, with the label beside its arrow."""
        width = self.cells[i].width
        labels = [a.width for a in self.arrows if a.tail == i and a.kind == "vertical"]
        return max(width, width / 2 + _AIR + max(labels, default=0))

    def _arrivals(self, column: int, side: str) -> tuple[list[Arrow], list[int]]:
        into = [a for a in self.arrows if self.spots[a.head].column == column and a.side == side]
        drops = [a for a in into if a.kind == "drop"]
        drops.sort(key=lambda a: self._begin(a) * (1 if side == "above" else -1))
        handed = [
            i
            for i in self.column[column]
            if self.spots[i].kind == "handed" and self.spots[i].side == side
        ]
        return drops, handed

    def _ports(self, column: int, middle: float) -> None:
        for side in ("above", "below"):
            places = self._over(column, side)
            drops, handed = self._arrivals(column, side)
            for arrow, (x, _) in zip(drops, places, strict=False):
                arrow.port = middle + x
            taken = {a.port for a in drops}
            for i, (x, _) in zip(handed, places[len(drops) :], strict=True):
                self.x[i] = middle + x + self.cells[i].width / 2
            for arrow in self.arrows:
                if arrow.tail in handed and arrow.kind == "vertical":
                    own, head = self.x[arrow.tail], self.cells[arrow.head].width / 2 - _PORT
                    half = self.cells[arrow.tail].width / 2 - _PORT
                    port = min(max(own, middle - head), middle + head)
                    arrow.port = min(max(port, own - half), own + half)
                    while arrow.port in taken:
                        arrow.port += _PORT
                    taken.add(arrow.port)
        for arrow in self.arrows:
            if self._is_inner(arrow) and self.spots[arrow.head].column == column:
                arrow.port = middle

    def _is_inner(self, arrow: Arrow) -> bool:
        """Whether it goes from a box of the loop straight to the next in its column."""
        return arrow.kind == "vertical" and self.spots[arrow.tail].kind == "body"

    # ways

    def way(self, arrow: Arrow) -> list[Point]:
        """The corners of an arrow's way, from border to border."""
        tail, head = self._box(arrow.tail), self._box(arrow.head)
        begin = self._begin(arrow)
        if arrow.kind == "vertical":
            down = tail.middle[1] < head.middle[1]
            half = tail.height / 2 if down else -tail.height / 2
            end = head.middle[1] - (head.height / 2 if down else -head.height / 2)
            return [(arrow.port, tail.middle[1] + half), (arrow.port, end)]
        end = self._end(arrow)
        if arrow.kind == "straight":
            return [(tail.right, begin), (head.left, end)]
        around = (
            arrow.kind == "side" and self.spots[arrow.tail].column == self.spots[arrow.head].column
        )
        start = [(tail.left if around else tail.right, begin)]
        if arrow.far:
            own = tail.middle[1] if arrow.row is None else self.row_y[arrow.row]
            start = [(tail.right, own), (arrow.exit, own), (arrow.exit, begin)]
        if arrow.kind == "drop":
            border = head.middle[1] + (head.height / 2) * (-1 if arrow.side == "above" else 1)
            return [*start, (arrow.port, begin), (arrow.port, border)]
        return [*start, (arrow.track, begin), (arrow.track, end), (head.left, end)]

    def _box(self, i: int) -> Box:
        return Box((self.x[i], self.y[i]), self.cells[i].width, self.cells[i].height)

    def _label(self, arrow: Arrow, way: Sequence[Point]) -> Point | None:
        """Above the last piece of the way; beside one that goes up or down, near its beginning."""
        if arrow.label is None:
            return None
        (_, y0), (x, y) = way[-2:]
        if arrow.kind in ("straight", "side"):
            return x - _HEAD - _AIR - arrow.width / 2, y - arrow.height / 2 - 1
        down = 1 if y > y0 else -1
        far = arrow.height / 2 + _AIR
        if arrow.kind == "vertical":
            return x + _AIR + arrow.width / 2, (y0 + y - down * _HEAD) / 2
        return x + _AIR + arrow.width / 2, y0 + down * far

    def result(self, ways: Sequence[list[Point]]) -> tuple[Sheet, Layout, bool]:
        """The taller boxes, the layout, and whether it is clean."""
        labels = [self._label(a, way) for a, way in zip(self.arrows, ways, strict=True)]
        boxes = [self._box(i) for i in range(len(self.cells))]
        rooms = [
            None if at is None else Box(at, arrow.width, arrow.height)
            for at, arrow in zip(labels, self.arrows, strict=True)
        ]
        nets: dict[tuple[int, str], list[list[Point]]] = {}
        routes: dict[int, Route] = {}
        order = sorted(range(len(ways)), key=lambda n: self.spots[self.arrows[n].head].column)
        for n in order:
            arrow, edge = self.arrows[n], self.figure.edges[self.arrows[n].edge]
            before = nets.setdefault((arrow.tail, edge.emphasis), [])
            curve, end = bent(ways[n], before, _HEAD)
            before.append(ways[n])
            routes[arrow.edge] = Route(curve, None, end, labels[n])
        is_clean = clean_ways(
            [
                Way(a.tail, a.head, way, room)
                for a, way, room in zip(self.arrows, ways, rooms, strict=True)
            ],
            boxes,
        )
        right = max((room.right for room in rooms if room is not None), default=0.0)
        middles = tuple(box.middle for box in boxes)
        layout = Layout(max(self.width, right), self.height, middles, routes, {})
        return self.sheet._replace(cells=tuple(self.cells)), layout, is_clean
