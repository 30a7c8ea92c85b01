"""The SVG: well formed, every text in its box, no box or label on another."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from reading import lines, middle_of, read, texts
from render.drawn import CORPUS, SVG, apart, boxes_of, groups, label_boxes, lecture, traced

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.build import figure
from graphtrace.figure.frames import frames
from graphtrace.render import LECTURE, THEMES, to_svg
from graphtrace.render.typeset.metrics import width
from graphtrace.render.typeset.typesetting import typeset

CASES = [(f, args, back) for f, args in CORPUS for back in (False, True)]
IDS = [f"{f.__name__}-{'backward' if back else 'forward'}" for f, _, back in CASES]


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_the_svg_is_well_formed_and_names_itself(f, args, back):
    root = ET.fromstring(to_svg(traced(f, args, back)))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    named = [root.find(f".//*[@id='{id}']") for id in root.get("aria-labelledby").split()]
    assert [element.tag for element in named] == [f"{SVG}title", f"{SVG}desc"]
    assert all(element.text for element in named)


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_ids_in_a_figure_are_unique(f, args, back):
    ids = re.findall(r' id="([^"]*)"', to_svg(traced(f, args, back)))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_every_text_fits_its_box(f, args, back):
    drawn = figure(traced(f, args, back))
    for cell in typeset(drawn, LECTURE).cells:
        assert all(line.width <= cell.width - 8 for line in cell.lines)
        assert sum(line.size for line in cell.lines) <= cell.height


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_no_box_or_label_overlaps_another(f, args, back):
    svg = to_svg(traced(f, args, back))
    areas = [*boxes_of(svg), *label_boxes(svg)]
    clashes = [(p, q) for i, p in enumerate(areas) for q in areas[:i] if not apart(p, q)]
    assert clashes == []


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_an_arrow_ends_at_its_box(f, args, back):
    graph = traced(f, args, back)
    svg, drawn = to_svg(graph, detail="operations", width=None), figure(graph)
    boxes = dict(zip((node.id for node in drawn.nodes), boxes_of(svg), strict=True))
    for edge, group in zip(drawn.edges, groups(svg, "edge"), strict=True):
        corners = group.find(f"{SVG}polygon").get("points").split()
        x, y = (float(n) for n in corners[1].split(","))
        left, top, right, bottom = boxes[edge.head if edge.kind == "forward" else edge.tail]
        assert left - 6 <= x <= right + 6
        assert top - 6 <= y <= bottom + 6


def test_the_lecture_figure_says_what_the_lecture_says():
    said = texts(to_svg(lecture(backward=True)))
    for text in ["u = bc", "6", "v = a + u", "11", "J = 3v", "33", "∂u/∂b = c = 2", "∂v/∂a = 1"]:
        assert text in said
    for text in ["dJ/da = 3", "dJ/db = 6", "dJ/dc = 9", "dJ/du = 3"]:
        assert text in said


def test_the_backward_arrows_run_beside_and_their_labels_below():
    svg = to_svg(lecture(backward=True))
    forward, backward = groups(svg, "forward"), groups(svg, "backward")
    for ahead, back in zip(forward, backward, strict=True):
        (above,), (below,) = lines(ahead), lines(back)
        assert abs(middle_of(above) - middle_of(below)) < 0.02
        assert float(above[0].get("y")) + 10 < float(below[0].get("y"))


def test_downwards_the_labels_stand_left_and_right_of_their_arrows():
    svg = to_svg(lecture(backward=True), direction="TB")
    for ahead, back in zip(groups(svg, "forward"), groups(svg, "backward"), strict=True):
        (left,), (right,) = lines(ahead), lines(back)
        assert left[0].get("y") == right[0].get("y")
        assert middle_of(left) + 20 < middle_of(right)


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_downwards_no_box_or_label_overlaps_another(f, args, back):
    svg = to_svg(traced(f, args, back), direction="TB")
    areas = [*boxes_of(svg), *label_boxes(svg)]
    clashes = [(p, q) for i, p in enumerate(areas) for q in areas[:i] if not apart(p, q)]
    assert clashes == []


def test_a_path_is_drawn_with_its_product_beneath():
    svg = to_svg(lecture(), path=("a", "J"))
    assert "dJ/da = dJ/dv · dv/da = 3 · 1 = 3" in texts(svg)
    assert {g.get("data-from") for g in groups(svg, "edge") if "strong" in g.get("class")} == {
        "a",
        "v",
    }
    assert "Beneath it: dJ/da = dJ/dv · dv/da = 3 · 1 = 3." in ET.fromstring(svg)[1].text


def test_a_long_sum_is_broken_before_a_plus_within_the_column():
    graph = traced(lambda x: x * x + x * np.sin(x) + np.exp(x) * x, (0.7,))
    root = ET.fromstring(to_svg(graph, path=("x", "f")))
    (caption,) = (g for g in root.iter(f"{SVG}g") if g.get("class") == "caption")
    rows = [read(line) for line in lines(caption)]
    assert len(rows) > 1
    assert all(row.startswith(("+ ", "= ")) for row in rows[1:])
    assert all(width(row, LECTURE.caption_size) < LECTURE.column for row in rows)


def test_frames_have_one_layout():
    drawn = [to_svg(frame) for frame in frames(lecture())]
    assert len({re.search(r'viewBox="[^"]*"', svg)[0] for svg in drawn}) == 1
    assert len({tuple(boxes_of(svg)) for svg in drawn}) == 1


def test_a_frame_shows_nothing_before_its_time():
    first, *_, last = (to_svg(frame) for frame in frames(lecture()))
    assert "33" not in texts(first)
    assert "value 33" not in first
    assert "dJ/da = 3" not in first
    assert {"33", "dJ/da = 3"} <= set(texts(last))


def test_a_figure_draws_itself_and_takes_no_more_choices():
    drawn = lecture().figure(step="dJ/dv")
    assert drawn._repr_svg_() == to_svg(lecture(), step="dJ/dv", scheme="page")
    with pytest.raises(RenderError, match="values cannot be chosen now"):
        drawn.to_svg(values=False)


@pytest.mark.parametrize("theme", THEMES)
def test_a_step_and_a_path_between_arrays_are_drawn(theme):
    graph = gt.trace(lambda x: np.sum(np.tanh(x) * x), np.ones(3))
    for choice in ({"step": "df/dx"}, {"path": ("x", "f")}):
        svg = to_svg(graph, theme=theme, **choice)
        assert any(text.startswith("df/dx = ") for text in texts(svg))


def test_the_outer_line_of_a_bend_bends_later():
    svg = to_svg(lecture(backward=True), direction="TB")
    for ahead, back in zip(groups(svg, "forward"), groups(svg, "backward"), strict=True):
        one, two = (list(curve_of(g.find(f"{SVG}path"))) for g in (ahead, back))
        assert min(math.dist(p, q) for p in one for q in two) > 5


def curve_of(path):
    """Points along a path of Bézier curves."""
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", path.get("d"))]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    for i in range(0, len(points) - 1, 3):
        a, b, c, d = points[i : i + 4]
        for t in (k / 12 for k in range(13)):
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(k * p[j] for k, p in zip(w, (a, b, c, d), strict=True)) for j in (0, 1))


def numbers_in(svg: str) -> dict[str, tuple[str | None, str | None]]:
    groups = ET.fromstring(svg).iterfind(".//*[@data-node]")
    return {g.get("data-node"): (g.get("data-value"), g.get("data-grad")) for g in groups}


def test_a_node_tells_its_number_and_its_gradient_to_the_last_digit():
    graph = gt.trace(lambda x, w: x * w / 3, 0.1, np.float32(0.2))
    assert numbers_in(graph.to_svg())["x"] == ("0.1", None)
    assert numbers_in(graph.to_svg())["w"] == ("0.2", None)
    grads = graph.backward()
    assert numbers_in(graph.to_svg())["x"] == ("0.1", str(grads["x"]))
    assert numbers_in(graph.to_svg())["f"] == (str(graph.value), "1.0")
    assert numbers_in(graph.to_svg(gradients=False, values=False))["x"] == (None, None)


def test_no_number_is_in_the_file_before_the_figure_shows_it():
    graph = gt.trace(lambda x: 2 * np.sin(x), 0.5)
    first = numbers_in(graph.frames()[0].to_svg())
    assert first == {"x": ("0.5", None), "v1": (None, None), "f": (None, None)}
    assert set(numbers_in(graph.quiz().question.to_svg()).values()) == {(None, None)}
