"""Set two arrows side by side, forward and backward, where the engine has left a lane for them.

In: the engine's lanes (each the ways from a box to a label and from the label to the next box),
the boxes, the room of the labels. Out: two routes for each lane. Plain geometry, left to right:
it knows nothing about text or colours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from graphtrace.render.layout.places import Lane, Point, Route

_HEAD = 11
"""The length of an arrowhead; so far from a box its line runs straight."""


_CORNER = 14
"""So far from the corner of a box a line meets its side."""

_STILL = 4
"""The end of a way to a label that has no bend in it."""

_OFF_BEND = 7
"""So far a label stands from a bend, if there is none on its other side."""


class Box(NamedTuple):
    """A box by its middle and its size."""

    middle: Point
    width: float
    height: float
    round: bool = False

    def side(self, y: float, direction: int) -> float:
        """Where its right (1) or left (-1) side is at that height."""
        half = self.width / 2
        if self.round:
            half = math.sqrt(max(half**2 - (y - self.middle[1]) ** 2, 0))
        return self.middle[0] + direction * half

    @property
    def left(self) -> float:
        """Where its left side is."""
        return self.middle[0] - self.width / 2

    @property
    def right(self) -> float:
        """Where its right side is."""
        return self.middle[0] + self.width / 2


class Track(NamedTuple):
    """A lane, the boxes at its ends, and the room of its labels.

    Its arrows run through that room at the height `line`; the labels are so far `off` it. A lane
    runs from left to right; one from top to bottom is `turned` before and after.
    """

    lane: Lane
    tail: Box
    head: Box
    label: Box
    line: float
    off: tuple[float, float]


_Points: TypeAlias = list[Point]


def pairs(
    tracks: Mapping[int, Track], boxes: Sequence[Box], apart: float, spread: float
) -> dict[int, tuple[Route, Route]]:
    """The forward and the backward route of each track, `apart` from each other.

    Several tracks meet a box `spread` from each other.

    The forward line with its label is the upper one. Where nothing stands between a box and the
    label, the lines leave the box at a place of their own on its side, in the order of the
    labels; elsewhere they follow the engine's way around.
    """
    leaving = _slots({i: (t.tail, t.line) for i, t in tracks.items()}, spread)
    entering = _slots({i: (t.head, t.line) for i, t in tracks.items()}, spread)
    obstacles = [*boxes, *(track.label for track in tracks.values())]
    return {
        i: _pair(track, leaving[i], entering[i], obstacles, apart) for i, track in tracks.items()
    }


class _Slot(NamedTuple):
    """The height at which a track meets its box; `alone` if no other bends at the same place."""

    height: float
    alone: bool


def turned(box: Box) -> Box:
    """The box mirrored at the diagonal, where left to right is top to bottom."""
    return Box(_turned_point(box.middle), box.height, box.width, box.round)


def turned_lane(lane: Lane) -> Lane:
    """The lane mirrored at the diagonal."""
    return Lane(
        turned_route(lane.to_label), _turned_point(lane.label), turned_route(lane.from_label)
    )


def turned_route(route: Route) -> Route:
    """The route mirrored at the diagonal."""
    return route.to(_turned_point)


def _turned_point(point: Point) -> Point:
    return point[1], point[0]


def _slots(ends: Mapping[int, tuple[Box, float]], spread: float) -> dict[int, _Slot]:
    """For each track the height at which it meets its box, by that of its line at its label."""
    of_box: dict[Box, list[int]] = {}
    for i, (box, _) in ends.items():
        of_box.setdefault(box, []).append(i)
    slots: dict[int, _Slot] = {}
    for box, tracks in of_box.items():
        if len(tracks) == 1:  # straight, where it can be
            slots[tracks[0]] = _Slot(_near(ends[tracks[0]][1], box), True)
            continue
        step = min(spread, (box.height - 6) / len(tracks))
        tracks.sort(key=lambda i: (ends[i][1], i))
        heights = _heights(box, [ends[i][1] for i in tracks], step)
        bends = [sorted((heights[n], ends[i][1])) for n, i in enumerate(tracks)]
        for n, i in enumerate(tracks):
            others = (*bends[:n], *bends[n + 1 :])
            alone = all(bends[n][1] < low or high < bends[n][0] for low, high in others)
            slots[i] = _Slot(heights[n], alone)
    return slots


def _heights(box: Box, labels: Sequence[float], step: float) -> list[float]:
    """Where lines meet a side, `step` from each other or more, for the heights of their labels.

    Straight ahead of its label, where that is on the side and the others have room; a line that
    had to bend there and back again would have a kink.
    """
    first = box.middle[1] - (len(labels) - 1) / 2 * step
    even = [first + n * step for n in range(len(labels))]
    if box.round:
        return even
    reach = max(box.height / 2 - _CORNER, 0)
    heights: list[float] = []
    for label, place in zip(labels, even, strict=True):
        ahead = abs(label - box.middle[1]) <= reach
        wanted = label if ahead else place
        heights.append(max(wanted, heights[-1] + step) if heights else wanted)
    fits = heights[-1] <= max(even[-1], box.middle[1] + reach)
    return heights if fits else even


def _near(y: float, box: Box) -> float:
    reach = 0 if box.round else max(box.height / 2 - _CORNER, 0)
    return max(box.middle[1] - reach, min(box.middle[1] + reach, y))


def _pair(
    track: Track, leaving: _Slot, entering: _Slot, obstacles: Sequence[Box], apart: float
) -> tuple[Route, Route]:
    lane, x, y = track.lane, track.label.middle[0], track.line
    out = _half(track.tail, leaving, track, obstacles, 1)
    into = _half(track.head, entering, track, obstacles, -1)
    routes = []
    for side in (-apart / 2, apart / 2):
        first = _shifted(out, side, 1) if out else _beside(_tail_way(lane), side, track.tail)
        last = _shifted(into, side, -1) if into else _beside(_head_way(lane), -side, track.head)
        routes.append(_joined(first, last[::-1]))
    above, below = track.off
    on, back = routes
    if track.label.width > track.label.height:  # beside a bend, and not above or below
        x += _off_bend(out, into, apart) - _off_bend(into, out, apart)
    forward = (on[0], *_line(on[0], on[1]), *on[1:-1])
    backward = (*back[1:-1], *_line(back[-2], back[-1]), back[-1])
    return (
        Route(forward, None, on[-1], (x, y - above)),
        Route(backward, back[0], None, (x, y + below)),
    )


def _half(
    box: Box, at: _Slot, track: Track, obstacles: Sequence[Box], direction: int
) -> _Points | None:
    """The tip at the box, then a smooth way to the label, if nothing stands between them."""
    slot, label, y = at.height, track.label, track.line
    side, stop = box.side(slot, direction), label.left if direction > 0 else label.right
    base = side + direction * _HEAD
    # Near its end it is at its own label, and in no other's way.
    end = (stop - direction * _STILL if at.alone else stop, y)
    if (stop - base) * direction < _STILL or not _free(box, label, (base, slot), end, obstacles):
        return None
    bend = (base + stop) / 2
    return [(side, slot), (base, slot), (bend, slot), (bend, y), (stop, y)]


def _off_bend(bent: _Points | None, straight: _Points | None, apart: float) -> float:
    """How far a label goes away from a bend close on one of its sides, if the other has none."""
    if bent is None or straight is None or bent[0][1] == bent[-1][1]:
        return 0.0
    if straight[0][1] != straight[-1][1]:
        return 0.0
    near, room = (abs(stop[0] - base[0]) for _, base, *_, stop in (bent, straight))
    return max(0.0, min(_OFF_BEND - max(near - apart, 0) / 2, room - _STILL))


def _free(box: Box, label: Box, p: Point, q: Point, obstacles: Sequence[Box]) -> bool:
    """Whether no other box stands in the rectangle between two points."""
    left, right = sorted((p[0], q[0]))
    top, bottom = sorted((p[1], q[1]))
    return not any(
        left < o.right + 2
        and right > o.left - 2
        and top - 6 < o.middle[1] + o.height / 2
        and bottom + 6 > o.middle[1] - o.height / 2
        for o in obstacles
        if o not in (box, label)
    )


def _shifted(points: _Points, by: float, direction: int) -> _Points:
    """The way to the label moved up or down; the outer line of a bend bends later."""
    tip, base, (bend, slot), (_, y), stop = points
    room = abs(stop[0] - base[0]) / 2
    later = max(-room, min(room, -by * direction * ((y > slot) - (y < slot))))
    moved = [tip, base, (bend + later, slot), (bend + later, y), stop]
    return [(x, height + by) for x, height in moved]


def _tail_way(lane: Lane) -> _Points:
    curve = lane.to_label.curve
    return [lane.to_label.start or curve[0], *curve]


def _head_way(lane: Lane) -> _Points:
    """Against the arrow, from the box to the label, as `_tail_way` is."""
    curve = lane.from_label.curve
    return [lane.from_label.end or curve[-1], *curve[::-1]]


def _beside(points: _Points, by: float, box: Box) -> _Points:
    """The way moved sideways: each control point along its normal, the tip to the box's border."""
    out = []
    for i, point in enumerate(points):
        # Where a way has a corner, its control points are in one place.
        before = next((p for p in points[i::-1] if _apart(p, point)), point)
        after = next((p for p in points[i:] if _apart(p, point)), point)
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        out.append((point[0] - dy / length * by, point[1] + dx / length * by))
    out[0] = _on_border(out[1], out[0], box)
    return out


def _apart(p: Point, q: Point) -> bool:
    return abs(p[0] - q[0]) + abs(p[1] - q[1]) > _SAME


_SAME = 0.01


def _on_border(base: Point, tip: Point, box: Box) -> Point:
    """Where the way from base to tip meets the box; the tip, if it misses it."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    enter, leave = -math.inf, math.inf
    for at, step, middle, size in (
        (base[0], dx, box.middle[0], box.width),
        (base[1], dy, box.middle[1], box.height),
    ):
        if abs(step) < 1e-9:
            if abs(at - middle) > size / 2:
                return tip
            continue
        sides = sorted(((middle - size / 2 - at) / step, (middle + size / 2 - at) / step))
        enter, leave = max(enter, sides[0]), min(leave, sides[1])
    if enter > leave or not 0.3 < enter < 2:
        return tip
    return base[0] + dx * enter, base[1] + dy * enter


def _joined(first: _Points, last: _Points) -> _Points:
    """Two ways with a straight line between them."""
    return [*first, *_line(first[-1], last[0]), *last]


def _line(p: Point, q: Point) -> tuple[Point, Point]:
    """The control points of a straight line."""
    return (
        (p[0] + (q[0] - p[0]) / 3, p[1] + (q[1] - p[1]) / 3),
        (p[0] + (q[0] - p[0]) * 2 / 3, p[1] + (q[1] - p[1]) * 2 / 3),
    )
