"""A loop drawn as time: an iteration a column, what it carries on along lines."""

import re
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from figures.laws import (
    Drawn,
    large_enough_text,
    no_number_cut,
    printed_names_unique,
    within_the_column,
    within_the_page,
)
from figures.loops import (
    LOOPS,
    euler,
    horner,
    kalman,
    logistic,
    momentum,
    newton,
    rnn,
    rnn_scalar,
    states,
)
from legibility import elements, problems

import graphtrace as gt
from graphtrace.errors import OptionError
from graphtrace.figure.detail import by_detail
from graphtrace.render.layout.bends import bent
from graphtrace.render.options import Options
from graphtrace.render.rendering import Rendering

EACH = pytest.mark.parametrize("f", LOOPS, ids=lambda f: f.__name__)


@cache
def traced(f, *at):
    graph = gt.trace(f, *(at or LOOPS[f]))
    graph.backward()
    return graph


def arrows(figure):
    """Each arrow of a figure by what it connects and what it says; a copy is the box it is of."""
    keys = {node.id: node.key for node in figure.nodes}
    return sorted(
        (keys[edge.tail], keys[edge.head], str(edge.part.formula), repr(edge.part.value))
        for edge in figure.edges
        if edge.kind == "forward"
    )


def boxes(svg):
    """The box of each node, by its key: left, top, right, bottom."""
    found = {}
    for element in elements(ET.fromstring(svg)):
        if element.tag == "rect" and "gt-box" in element.classes:
            group = next(g for g in element.chain if g.get("data-node") is not None)
            found[group.get("data-node")] = element.box()
    return found


def lines(svg):
    """The two ends of each arrow, by their keys, and the points of its line."""
    for element in elements(ET.fromstring(svg)):
        if element.tag == "path" and "gt-arrow" in element.classes:
            group = next(g for g in element.chain if g.get("data-from") is not None)
            yield group.get("data-from"), group.get("data-to"), element.points()


@EACH
def test_every_arrow_of_the_statements_is_there_and_says_the_same(f):
    graph = traced(f)
    time = graph.figure(layout="timeline", width=None)
    layers = graph.figure(layout="layered", detail="statements", width=None)
    assert arrows(time) == arrows(layers)


@EACH
def test_a_column_is_above_one_place_and_what_is_carried_at_one_height(f):
    graph = traced(f)
    figure = graph.figure(layout="timeline", width=None)
    places = boxes(graph.to_svg(layout="timeline", width=None))
    columns, rows = {}, {}
    for node, spot in zip(figure.nodes, figure.timeline, strict=True):
        left, top, right, bottom = places[node.key]
        if spot.row is not None and spot.column >= 0:
            columns.setdefault(spot.column, set()).add((left + right) / 2)
        if spot.row is not None:
            rows.setdefault(spot.row, set()).add(round((top + bottom) / 2, 2))
    assert all(max(xs) - min(xs) < 0.1 for xs in columns.values())
    assert all(max(ys) - min(ys) < 0.1 for ys in rows.values())
    assert [min(xs) for _, xs in sorted(columns.items())] == sorted(map(min, columns.values()))


@EACH
@pytest.mark.parametrize("width", [720, None])
def test_no_line_passes_a_box_and_no_label_meets_a_line(f, width):
    svg = traced(f).to_svg(layout="timeline", width=width, height=None)
    small = "is shown at"  # where not even three columns fit
    assert [problem for problem in problems(svg) if small not in problem] == []
    places = boxes(svg)
    for tail, head, points in lines(svg):
        for key, (left, top, right, bottom) in places.items():
            x, y = points[:, 0], points[:, 1]
            inside = (x > left + 1) & (x < right - 1) & (y > top + 1) & (y < bottom - 1)
            assert key in (tail, head) or not inside.any()


SOME = (rnn_scalar, logistic, kalman, horner, momentum)


@pytest.mark.parametrize("f", SOME, ids=lambda f: f.__name__)
@pytest.mark.parametrize("width", [720, 360])
def test_the_default_figure_keeps_the_laws(f, width):
    graph = traced(f)
    drawn = Drawn(graph.to_svg(width=width), width)
    laws = [printed_names_unique, no_number_cut, within_the_page]
    if graph.figure(width=width).timeline is not None:
        laws += [large_enough_text, within_the_column]
    assert [problem for law in laws for problem in law(drawn)] == []


def test_loops_that_carry_a_state_are_drawn_as_time_by_themselves():
    for f in SOME:
        assert traced(f).figure().timeline is not None
    assert traced(rnn_scalar).figure(layout="layered").timeline is None


def test_what_is_no_loop_or_one_chain_is_drawn_in_layers():
    def lecture(a, b, c):
        u = b * c
        v = a + u
        return 3 * v

    def chain(x):
        for _ in range(5):
            u = x * x
            x = u + 1
        return x

    assert traced(lecture, 5.0, 3.0, 2.0).figure().timeline is None
    assert traced(chain, 0.5).figure().timeline is None


def test_the_gradient_of_what_is_shared_is_a_sum_over_the_steps():
    graph = traced(rnn_scalar)
    svg = graph.to_svg(scheme="light")
    (caption,) = Drawn(svg, 720).groups("caption")
    words = "".join(caption.itertext()).replace("\n", "")
    assert "the same w, u, b at every step" in words
    assert words.count("dh3/dh") + words.count("∂h3/∂w") == 3
    delta = 1e-6
    at = LOOPS[rnn_scalar]
    numeric = (rnn_scalar(at[0] + delta, *at[1:]) - rnn_scalar(at[0] - delta, *at[1:])) / 2 / delta
    assert words.endswith(f"= −{-numeric:.4g}")


def test_what_is_not_read_at_every_step_is_not_said_to_be():
    (caption,) = traced(states).figure(layout="timeline").caption[:1]
    assert caption.text == "the same w at every step"  # h is read by the first step and by the sum
    (caption, *_) = traced(euler).figure(layout="timeline", width=None).caption
    assert caption.text == "the same dt at every step"  # the last step has no use for g


def test_steps_that_have_no_room_are_one_box_that_says_which():
    graph = traced(logistic)
    figure = graph.figure()
    columns = max(spot.column for spot in figure.timeline) + 1
    notes = [part.text for node in figure.nodes for part in node.parts if hasattr(part, "text")]
    (note,) = notes
    first, last = map(int, re.fullmatch(r"steps (\d+)–(\d+)", note).groups())
    assert columns - 1 + last - first + 1 == 48
    hidden = next(node for node in figure.nodes if len(node.parts) == 3)
    assert hidden.key == f"x_{last + 1}"
    assert hidden.parts[-1].value == graph.nodes[hidden.key]["value"]


@pytest.mark.parametrize("f", [logistic, momentum, euler, kalman, rnn], ids=lambda f: f.__name__)
@pytest.mark.parametrize("columns", [3, 4])
def test_with_steps_left_out_gradients_are_still_sums_over_the_arrows(f, columns):
    from graphtrace.figure.fold import folded
    from graphtrace.figure.options import Content

    graph = traced(f)
    rows = 1 + max(s.row or 0 for s in graph.figure(layout="timeline", width=None).timeline)
    boxes = folded(graph, Content(layout="timeline", limit=columns * rows))
    exports = {key: data.get("exports", (key,)) for key, data in boxes.nodes(data=True)}
    for key, of_key in exports.items():
        if len(of_key) > 1 or graph.nodes[key]["grad"] is None or not boxes.out_degree(key):
            continue
        total = 0.0
        for head, edges in boxes[key].items():
            grads = [graph.nodes[one]["grad"] for one in exports[head]]
            grad = grads[0] if len(grads) == 1 else tuple(grads)
            for edge in edges.values():
                local = edge["local"]
                total = total + (grad @ local if hasattr(local, "structure") else grad * local)
        np.testing.assert_allclose(total, graph.nodes[key]["grad"], rtol=1e-9, atol=1e-12)


def test_a_rail_is_drawn_once():
    svg = traced(rnn_scalar).to_svg()
    shared = [points for tail, _, points in lines(svg) if tail == "w"]
    for one, next_one in pairwise(shared):
        ahead = next_one[:, 0].min()
        assert one[0, 0] < ahead  # the next begins where this one has left the rail
        gap = np.hypot(*(one[:, None, :] - next_one[None, :1, :]).transpose(2, 0, 1)).min()
        assert gap < 1.5


def test_a_way_that_is_all_its_own_begins_at_its_box():
    curve, tip = bent([(0, 0), (0, 40)], [[(0, 0), (30, 0)]], 10)
    assert (curve[0], curve[-1], tip) == ((0, 0), (0, 30), (0, 40))


def test_frames_have_one_size_and_one_layout():
    series = gt.trace(rnn, *LOOPS[rnn]).frames(layout="timeline", scheme="light")
    svgs = [frame.to_svg() for frame in (*series[:2], series[len(series) // 2], *series[-2:])]
    assert len({tuple(boxes(svg).items()) for svg in svgs}) == 1


@pytest.mark.parametrize(
    "option",
    [
        {"step": "dh_3/dh"},
        {"path": ("w", "h_3")},
        {"flow": True},
        {"constants": True},
        {"scopes": True},
        {"branches": True},
        {"direction": "TB"},
        {"detail": "calls"},
        {"depth": 0},
    ],
    ids=str,
)
def test_what_does_not_go_with_time_says_so(option):
    graph = traced(rnn_scalar)
    (name,) = option
    with pytest.raises(OptionError, match=f"^{name}=.* leave it out, or choose layout='layered'"):
        graph.to_svg(layout="timeline", **option)
    assert graph.figure(**option).timeline is None


def test_a_function_without_such_a_loop_says_so():
    with pytest.raises(OptionError, match="f has no loop of three or more alike iterations"):
        gt.trace(lambda x: x * x, 2.0).to_svg(layout="timeline")
    with pytest.raises(OptionError, match="is of boxes, and the theme cs231n draws wires"):
        traced(rnn_scalar).to_svg(layout="timeline", theme="cs231n")
    with pytest.raises(OptionError, match="layout='rows'"):
        traced(rnn_scalar).to_svg(layout="rows")


@pytest.mark.parametrize("format", ["tikz", "dot", "mermaid", "text", "html"])
def test_other_formats_hold_the_same_boxes(format):
    graph = traced(newton)
    written = getattr(graph, f"to_{format}")(layout="timeline")
    assert "1.414" in written
    if format == "tikz":
        assert written.count("-- cycle") == len(graph.figure(layout="timeline").timeline) + 1


def test_three_steps_and_nothing_but_a_state_are_drawn_when_asked_for():
    def f(x):
        for _ in range(3):
            x = np.sin(x)
        return x

    figure = traced(f, 0.5).figure(layout="timeline")
    assert [(spot.column, spot.row) for spot in figure.timeline] == [
        (-1, 0),
        (0, 0),
        (1, 0),
        (2, 0),
    ]


@pytest.mark.parametrize("x", [np.float32(0.5), np.inf, np.nan, 1e-300, 0.0])
def test_any_number_is_drawn(x):
    def f(x, r):
        for _ in range(4):
            x = r * x + 1
        return x

    graph = traced(f, x, 2.0)
    assert not list(problems(graph.to_svg(layout="timeline", width=None)))


def test_a_loop_that_reads_from_far_back_is_drawn_as_time_only_where_that_is_asked_for():
    def web(a, b):
        xs = [a, b]
        for i in range(9):
            xs.append(xs[-1] * xs[i // 2] + xs[-2])
        return xs[-1]

    graph = gt.trace(web, 1.1, 0.9)
    tried = [options.layout for options, _ in by_detail(graph, Options(), 99, 99)]
    assert tried
    assert "timeline" not in tried
    assert Rendering(graph, {"layout": "timeline"}, "svg").setting.figure.timeline is not None
