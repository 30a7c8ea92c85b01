"""Labels and lines that would run into one another: what is moved, where to, what is left."""

import pytest

from graphtrace.figure.parts import Edge, Figure, Node
from graphtrace.formula.naming import Naming
from graphtrace.render.layout.label_overlap import cleared
from graphtrace.render.layout.lane import Box, Track, pairs
from graphtrace.render.layout.places import Lane, Layout, Route
from graphtrace.render.layout.route import routes
from graphtrace.render.paint.theme import LECTURE
from graphtrace.render.typeset.sheet import Cell, Sheet

SIZE = (400.0, 200.0)


def straight(start, end, label=None):
    middle = [tuple(p + (q - p) * k / 3 for p, q in zip(start, end, strict=True)) for k in (1, 2)]
    return Route((start, *middle, end), None, None, label)


def level(y, label=None):
    return straight((0.0, y), (400.0, y), label)


LABEL = Box((100.0, 90.0), 60, 16)
OWN = level(110.0, LABEL.middle)


def spot(found):
    return Box(found["own"].label, LABEL.width, LABEL.height)


def test_a_label_that_no_line_crosses_stays():
    ways = {"own": OWN, "other": level(20.0)}
    assert cleared(ways, {"own": LABEL}, ["own"], [], SIZE) == ways


def test_a_label_that_is_nearer_to_another_line_moves_to_its_own():
    ways = {"own": OWN, "other": level(74.0)}  # 12 px from its own, 8 px from the other
    at = spot(cleared(ways, {"own": LABEL}, ["own"], [], SIZE))
    assert abs(at.middle[1] - 110) < abs(at.middle[1] - 74) - 10
    between_two_arrows = cleared(ways, {"own": LABEL}, [], [], SIZE)
    assert between_two_arrows == ways


def test_a_crossed_label_moves_beside_its_own_line_and_off_the_other():
    ways = {"own": OWN, "other": level(95.0)}
    found = cleared(ways, {"own": LABEL}, ["own"], [], SIZE)
    assert found["other"] == ways["other"]
    assert found["own"].curve == OWN.curve
    assert not found["own"].over
    x, y = found["own"].label
    assert 110 + 8 < y < 110 + 8 + 10
    assert x == pytest.approx(100, abs=10)


def test_it_moves_onto_no_box_and_no_other_label_and_stays_in_the_picture():
    ways = {"own": OWN, "other": level(95.0), "third": level(190.0, (100.0, 122.0))}
    labels = {"own": LABEL, "third": Box((100.0, 122.0), 60, 16)}
    box = Box((220.0, 122.0), 80, 16)
    at = spot(cleared(ways, labels, ["own"], [box], SIZE))
    for taken in (labels["third"], box):
        assert abs(at.middle[0] - taken.middle[0]) >= (at.width + taken.width) / 2
    assert at.left >= 0
    assert at.right <= 400


def test_one_that_has_no_place_beside_its_line_interrupts_it_where_both_ends_are_seen():
    ways = {"own": OWN, "other": level(95.0)}
    below = Box((200.0, 140.0), 400, 40)
    found = cleared(ways, {"own": LABEL}, ["own"], [below], SIZE)["own"]
    assert found.label == pytest.approx((200, 110), abs=8)
    assert found.over
    short = straight((60.0, 110.0), (140.0, 110.0), LABEL.middle)  # the label is 60 wide
    ways = {"own": short, "other": level(95.0)}
    assert cleared(ways, {"own": LABEL}, ["own"], [below], SIZE)["own"] == short._replace(over=True)


def test_one_that_cannot_move_is_over_the_line():
    ways = {"own": OWN, "other": level(95.0)}
    everywhere = Box((200.0, 100.0), 400, 200)
    assert cleared(ways, {"own": LABEL}, ["own"], [everywhere], SIZE)["own"].over
    between_two_arrows = cleared(ways, {"own": LABEL}, [], [], SIZE)["own"]
    assert between_two_arrows == OWN._replace(over=True)


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_an_arrow_never_turns_back(direction):
    def turn(*points):
        return tuple(p if direction == "LR" else p[::-1] for p in points)

    curled = Route(turn((0.0, 0.0), (30.0, 5.0), (-90.0, 40.0), (100.0, 50.0)), None, None, None)
    nodes = tuple(Node(f"node-{name}", name, "operation", ()) for name in "ab")
    edge = Edge("e", nodes[0].id, nodes[1].id, "forward", None)
    figure = Figure("f", nodes, (edge,), Naming(), direction)
    cells = (Cell((), 10, 10, "box"),) * 2
    layout = Layout(100, 100, turn((0.0, 0.0), (105.0, 50.0)), {0: curled}, {})
    way = routes(figure, Sheet(cells, (None,)), layout, LECTURE)["e"]
    assert way.curve == turn((0.0, 0.0), (30.0, 5.0), (0.0, 40.0), (100.0, 50.0))


def between(tail, label, head):
    """A track whose way, as the engine has found it, leaves the tail by its upper side."""
    around = straight((tail.middle[0], -30.0), (label.left, label.middle[1]))
    onward = straight((label.right, label.middle[1]), (head.left, head.middle[1]))
    return Track(Lane(around, label.middle, onward), tail, head, label, label.middle[1], (0, 0))


def test_two_pairs_of_arrows_that_part_at_a_box_leave_it_by_the_same_side():
    tail = Box((0.0, 0.0), 20, 60)
    labels = [Box((60.0, y), 40, size) for y, size in ((-30.0, 100), (60.0, 30))]
    heads = [Box((150.0, label.middle[1]), 20, 20) for label in labels]
    parting = {i: between(tail, *ends) for i, ends in enumerate(zip(labels, heads, strict=True))}
    found = pairs(parting, [tail, *heads], 10, 24)
    assert {route.start[0] for _, route in found.values()} == {tail.right}


def test_two_that_bend_the_same_way_do_not_run_on_one_another():
    tail = Box((0.0, 0.0), 20, 60)
    labels = [Box((60.0, y), 40, size) for y, size in ((50.0, 40), (120.0, 40))]
    heads = [Box((150.0, label.middle[1]), 20, 20) for label in labels]
    bending = {i: between(tail, *ends) for i, ends in enumerate(zip(labels, heads, strict=True))}
    found = pairs(bending, [tail, *heads], 10, 24)
    assert [back.start[0] == tail.right for _, back in found.values()] == [True, False]


def test_a_label_beside_a_bend_goes_on_towards_the_straight_end():
    lower = Box((20.0, 150.0), 40, 40)
    ahead = Box((240.0, 100.0), 40, 40)
    ((forward, _),) = pairs({0: between(lower, LABEL_BETWEEN, ahead)}, [], 14, 24).values()
    assert LABEL_BETWEEN.middle[0] < forward.label[0] <= LABEL_BETWEEN.middle[0] + 7
    level_boxes = lower._replace(middle=(20.0, 100.0)), ahead
    straight_track = between(level_boxes[0], LABEL_BETWEEN, level_boxes[1])
    ((forward, _),) = pairs({0: straight_track}, [], 14, 24).values()
    assert forward.label[0] == LABEL_BETWEEN.middle[0]


LABEL_BETWEEN = Box((120.0, 100.0), 120, 32)
