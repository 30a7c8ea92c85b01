"""A figure on a narrow page: its derivatives in its boxes, rows that fit, arrowheads apart."""

import math
from dataclasses import replace
from itertools import combinations

import pytest
from reading import texts

import graphtrace as gt
from graphtrace.figure.forms import with_derivatives_in_boxes
from graphtrace.render.layout.heads import with_own_heads
from graphtrace.render.layout.lane import Box
from graphtrace.render.layout.layers import layers
from graphtrace.render.layout.places import Route
from graphtrace.render.layout.route import routes
from graphtrace.render.layout.ways import way_points
from graphtrace.render.paint.theme import LECTURE
from graphtrace.render.rendering import Rendering
from graphtrace.render.typeset.sheet import shifted
from graphtrace.render.typeset.typesetting import typeset


def blend(p0, p1, p2, p3, t):
    q0 = (1 - t) * p0 + t * p1
    q1 = (1 - t) * p1 + t * p2
    q2 = (1 - t) * p2 + t * p3
    r0 = (1 - t) * q0 + t * q1
    r1 = (1 - t) * q1 + t * q2
    blended = (1 - t) * r0 + t * r1
    return blended


@pytest.fixture(scope="module")
def graph():
    traced = gt.trace(blend, 0.5, 1.0, 3.0, 2.0, 0.3)
    traced.backward()
    return traced


@pytest.fixture(scope="module")
def setting(graph):
    return Rendering(graph, {"width": 360}, "svg").setting


def test_a_narrow_page_keeps_statements_and_every_number(graph, setting):
    assert [node.key for node in setting.figure.nodes if node.role != "input"] == [
        "q0",
        "q1",
        "q2",
        "r0",
        "r1",
        "blended",
    ]
    svg = graph.to_svg(width=360)
    said = "\n".join(texts(svg))
    for of, by, number in (("q1", "p1", "0.7"), ("q1", "t", "2"), ("r0", "q1", "0.3")):
        assert f"∂{of}/∂{by} = {number}" in said


def test_all_that_an_arrow_told_is_in_the_box_that_it_leads_to(graph):
    drawn = graph.figure(detail="statements")
    in_boxes = with_derivatives_in_boxes(drawn)
    heads = {node.id: node for node in in_boxes.nodes}
    for edge in drawn.edges:
        if edge.kind == "forward":
            assert edge.part in heads[edge.head].parts
    assert not any(edge.part for edge in in_boxes.edges if edge.kind == "forward")


def test_two_arrows_that_one_name_would_stand_for_keep_their_labels(graph):
    drawn = graph.figure(detail="statements")
    twin = replace(drawn.edges[0], id="twin")
    assert with_derivatives_in_boxes(replace(drawn, edges=(*drawn.edges, twin))) is None


def test_a_path_keeps_its_labels_on_its_arrows(graph):
    assert with_derivatives_in_boxes(graph.figure(path=("t", "blended"))) is None


@pytest.mark.parametrize("column", [200, 360, 720])
def test_a_box_stands_above_all_that_it_leads_to_in_a_row_that_fits(graph, column):
    figure = graph.figure(detail="statements", direction="TB", gradients=False)
    theme = replace(LECTURE, column=column, layered=1)
    sheet = typeset(figure, theme)
    layer = layers(figure, sheet, theme)
    assert all(layer[edge.tail] > layer[edge.head] for edge in figure.edges)
    for row in set(layer.values()):
        boxes = zip(figure.nodes, sheet.cells, strict=True)
        widths = [cell.width for node, cell in boxes if layer[node.id] == row]
        assert len(widths) == 1 or sum(widths) <= column * 1.2  # text may shrink to 10 px


def test_no_two_arrows_end_at_one_point(graph):
    for width in (360, 720):
        figure, sheet, layout, theme = Rendering(graph, {"width": width}, "svg").setting
        ways = routes(figure, sheet, layout, theme)
        tips = [(edge.head, ways[edge.id].end) for edge in figure.edges if ways[edge.id].end]
        for (box, tip), (other, place) in combinations(tips, 2):
            assert box != other or math.dist(tip, place) > 7


def straight(start, end):
    third = [tuple(p + (q - p) * k / 3 for p, q in zip(start, end, strict=True)) for k in (1, 2)]
    return Route((start, *third, end), None, end, None)


BOX = Box((100.0, 150.0), 120, 40)


def test_tips_at_one_point_are_set_apart_in_the_order_in_which_they_come():
    ways = {"left": straight((60, 0), (100, 130)), "right": straight((140, 0), (100, 130))}
    apart = with_own_heads(ways, dict.fromkeys(ways, BOX), [BOX], 0)
    left, right = (apart[name].end for name in ways)
    assert right[0] - left[0] >= 10
    assert left[1] == right[1] == 130
    assert [apart[name].curve[0] for name in ways] == [way.curve[0] for way in ways.values()]


def test_a_tip_at_a_corner_comes_to_the_side():
    apart = with_own_heads({"a": straight((0, 0), (41, 130))}, {"a": BOX}, [BOX], 0)
    assert apart["a"].end[0] > 45


def test_tips_that_are_apart_stay_and_so_do_those_without_room():
    ways = {"a": straight((60, 0), (80, 130)), "b": straight((140, 0), (120, 130))}
    assert with_own_heads(ways, dict.fromkeys(ways, BOX), [BOX], 0) == ways
    ways = {"a": straight((100, 0), (100, 130)), "b": straight((101, 0), (101, 130))}
    walls = [Box((96.0, 110.0), 6, 30), Box((105.0, 110.0), 6, 30)]
    assert with_own_heads(ways, dict.fromkeys(ways, BOX), walls, 0) == ways


def test_many_tips_share_the_side_evenly():
    ways = {str(i): straight((20 * i, 0), (100, 130)) for i in range(30)}
    apart = with_own_heads(ways, dict.fromkeys(ways, BOX), [], 0)
    places = [route.end[0] for route in apart.values()]
    assert places == sorted(places)
    assert 40 < places[0] < places[-1] < 160
    assert all(tuple(way_points(route)[-1]) == route.end for route in apart.values())


def test_in_small_text_raised_letters_are_not_much_smaller():
    assert shifted(20) == 15
    assert shifted(11.9) == pytest.approx(10.1)
    assert all(shifted(size / 10) < size / 10 for size in range(1, 400))
    assert sorted(sizes := [shifted(size / 10) for size in range(1, 400)]) == sizes


def test_tips_at_the_facing_corners_of_two_boxes_come_to_the_side_that_faces_the_arrows():
    left, right = Box((100.0, 150.0), 120, 40), Box((236.0, 150.0), 120, 40)
    ways = {"a": straight((250, 0), (160.9, 132)), "b": straight((90, 0), (175.1, 132))}
    apart = with_own_heads(ways, {"a": left, "b": right}, [left, right], 0)
    assert apart["a"].end == pytest.approx((151, 130))
    assert apart["b"].end == pytest.approx((185, 130))
