"""An array in its box: a matrix of numbers, or a grid of colours in its proportions."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

import graphtrace as gt
from graphtrace.figure.arrays import MOST_CELLS, grid
from graphtrace.formula.runs import plain
from graphtrace.render import LECTURE, THEMES
from graphtrace.render.paint.paint import heat
from graphtrace.render.typeset.array import HeatMap, Matrix
from graphtrace.render.typeset.typesetting import typeset

SVG = "{http://www.w3.org/2000/svg}"
RANDOM = np.random.default_rng(7)


def attention(Q, K, V):
    scores = Q @ K.T
    weights = gt.softmax(scores, axis=1)
    return weights @ V


def graph_of(shape):
    return gt.trace(lambda X: X * 2, RANDOM.normal(size=shape))


def heatmaps(svg):
    """The grid of each node: its sides in cells and in pixels, and the fills in it."""
    found = {}
    for node in ET.fromstring(svg).iter(f"{SVG}g"):
        if "node" not in node.get("class", "").split():
            continue
        for group in node.iter(f"{SVG}g"):
            if group.get("class") == "gt-heatmap":
                found[node.get("data-node")] = group
    return found


def extent(path):
    xs = [float(x) for x in re.findall(r"[MH]([-\d.]+)", path)]
    ys = [float(y) for y in re.findall(r"(?:M[-\d.]+ |V)([-\d.]+)", path)]
    return min(xs), min(ys), max(xs), max(ys)


def sides(group):
    left, top, right, bottom = extent(list(group)[-1].get("d"))
    return right - left, bottom - top


@pytest.fixture(scope="module")
def head():
    return gt.trace(attention, *(RANDOM.normal(size=(n, 4)) for n in (3, 3, 3)))


@pytest.mark.parametrize("theme", THEMES)
def test_a_score_of_three_by_three_is_drawn_as_three_by_three(head, theme):
    drawn = heatmaps(head.to_svg(arrays="heatmap", theme=theme, detail="operations"))
    if THEMES[theme].form != "boxes":
        assert not drawn
        return
    square, wide = drawn["scores"], drawn["Q"]
    assert (square.get("data-rows"), square.get("data-columns")) == ("3", "3")
    assert (wide.get("data-rows"), wide.get("data-columns")) == ("3", "4")
    assert sides(square)[0] == pytest.approx(sides(square)[1])


@pytest.mark.parametrize(
    "shape", [(2, 3), (6, 1), (5,), (1, 7), (40, 25), (100, 60), (64, 16), (200,)]
)
def test_a_grid_has_the_proportions_of_its_array(shape):
    width, height = sides(heatmaps(graph_of(shape).to_svg(arrays="heatmap"))["X"])
    rows, columns = (*shape, 1)[:2]
    assert width / height == pytest.approx(columns / rows, abs=0.02)
    drawn = grid(np.ones(shape))
    assert max(drawn.levels.shape) <= MOST_CELLS


@pytest.mark.parametrize("shape", [(2, 3, 4), (1000, 2), (1,), (), (0, 3)])
def test_what_is_no_grid_is_told_in_words(shape):
    graph = graph_of(shape)
    assert not heatmaps(graph.to_svg(arrays="heatmap"))
    assert "colours from" not in graph.to_svg(arrays="heatmap")
    for drawn in ("heatmap", "numbers"):
        assert graph.to_svg(arrays=drawn) == graph.to_svg()


finite = st.floats(-1e300, 1e300)


@settings(max_examples=60)
@given(arrays(float, st.tuples(st.integers(2, 6), st.integers(1, 6)), elements=finite))
def test_colours_are_monotone_and_their_scale_is_symmetric(x):
    levels, mirrored = grid(x).levels, grid(-x).levels
    assert grid(x).scale == abs(x).max()
    assert abs(levels).max() <= 1
    assert np.array_equal(levels, -mirrored)
    pairs = sorted(zip(x.ravel().tolist(), levels.ravel().tolist(), strict=True))
    shades = [shade(level) for _, level in pairs]
    assert all(a <= b for a, b in pairwise(shades))


def shade(level):
    """How much of the positive colour there is, or less than 0 for the negative one."""
    look = heat(level)
    return {"negative": -1, "paper": 0, "positive": 1}[look.fill] * look.opacity


def test_zero_is_paper_and_the_largest_has_the_full_colour_on_either_side():
    assert heat(0.0).fill == "paper"
    most = max(shade(x / 50) for x in range(51))
    assert heat(1.0).opacity == heat(-1.0).opacity == most
    assert heat(1.0).fill != heat(-1.0).fill
    assert {heat(x).fill for x in (np.inf, -np.inf, np.nan)} == {"trouble"}


def test_where_both_colours_are_one_a_minus_tells_the_sign():
    assert THEMES["print"].light.negative == THEMES["print"].light.positive
    graph = gt.trace(lambda X: X * 2, np.array([[1.0, -1.0], [0.0, -2.0]]))
    group = heatmaps(graph.to_svg(arrays="heatmap", theme="print"))["X"]
    (signs,) = [path for path in group if "gt-minus" in path.get("class")]
    assert signs.get("d").count("M") == 2


def test_the_scale_is_told_in_the_box_and_what_it_means_beneath():
    svg = gt.trace(lambda X: X * 2, np.array([[1.0, -2.4], [0.0, 0.5]])).to_svg(arrays="heatmap")
    assert ">2×2, ±2.4<" in svg
    assert ">colours from −m to m, where a box says ±m<" in svg
    assert svg.count("gt-heatmap") == 3  # two boxes, and the sample
    many = graph_of((100, 60)).to_svg(arrays="heatmap")
    assert "100×60 in means of 4×4, ±" in many
    zeros = gt.trace(lambda x: x + 0, np.zeros(5)).to_svg(arrays="heatmap")
    assert ">5 numbers, all 0<" in zeros
    holes = gt.trace(lambda x: x + 0, np.array([[1.0, np.nan], [2.0, 0.0]]))
    assert ">2×2, ±2, not all finite<" in holes.to_svg(arrays="heatmap")


@pytest.mark.parametrize("width", [720, 360, None])
@pytest.mark.parametrize("drawn", ["numbers", "heatmap"])
@pytest.mark.parametrize("shape", [(2, 3), (6, 6), (5,), (64, 16), (3, 50)])
def test_what_is_drawn_stays_in_its_box(shape, drawn, width):
    root = ET.fromstring(graph_of(shape).to_svg(arrays=drawn, width=width))
    for node in root.iter(f"{SVG}g"):
        if "node" not in node.get("class", "").split():
            continue
        box = node.find(f"{SVG}rect")
        x, y, wide, high = (float(box.get(side)) for side in ("x", "y", "width", "height"))
        for path in node.iter(f"{SVG}path"):
            for px, py in re.findall(r"([-\d.]+) ([-\d.]+)", path.get("d")):
                assert x < float(px) < x + wide
                assert y < float(py) < y + high
        for text in node.iter(f"{SVG}text"):
            start = float(text.get("x"))
            assert x < start
            assert start + float(text.get("textLength")) < x + wide


def matrix_of(x, **sizes):
    drawn = gt.trace(lambda X: X * 2, x).figure(arrays="numbers")
    sheet = typeset(drawn, replace(LECTURE, **sizes))
    drawings = [line.drawing for line in sheet.cells[0].lines if line.drawing]
    return drawings[0] if drawings else None


def test_a_small_array_is_a_matrix_whose_points_stand_under_each_other():
    drawn = matrix_of(np.array([[1.25, -10.5], [-22.0, 3.0]]))
    assert isinstance(drawn, Matrix)
    assert [plain(entry.runs) for entry in drawn.entries] == ["1.25", "−10.5", "−22", "3"]
    starts = [entry.x - entry.width / 2 for entry in drawn.entries]
    a, b, c, d = drawn.entries
    # A digit is as wide as any other: 22| and 1|.25 end where the point is.
    digit = drawn.size * 0.556
    assert starts[0] + digit == pytest.approx(c.x + c.width / 2)
    assert d.x + d.width / 2 == pytest.approx(b.x + b.width / 2 - digit * 1.5)
    assert a.y == b.y < c.y == d.y


def test_a_large_array_or_one_without_room_is_told_in_words():
    assert matrix_of(np.ones((6, 6))) is not None
    assert matrix_of(np.ones((7, 2))) is None
    assert matrix_of(np.ones(7)) is None
    assert matrix_of(np.full((6, 6), 0.1234), widest_row=80) is None


def test_no_two_numbers_of_a_matrix_touch():
    drawn = matrix_of(RANDOM.normal(size=(6, 6)) * 10.0 ** RANDOM.integers(-9, 9, (6, 6)))
    drawn = drawn or matrix_of(RANDOM.normal(size=(6, 3)))
    rows = {}
    for entry in drawn.entries:
        rows.setdefault(entry.y, []).append((entry.x - entry.width / 2, entry.x + entry.width / 2))
    for spans in rows.values():
        assert all(end + 5 < start for (_, end), (start, _) in pairwise(spans))
        assert -drawn.width / 2 + 4 < spans[0][0]
        assert spans[-1][1] < drawn.width / 2 - 4


def test_the_room_is_reserved_in_the_layout():
    drawn = typeset(graph_of((6, 6)).figure(arrays="heatmap"), LECTURE).cells[0]
    (picture,) = [line.drawing for line in drawn.lines if isinstance(line.drawing, HeatMap)]
    assert drawn.width > picture.width
    assert drawn.height > picture.height + 30


def test_tikz_draws_the_same_and_other_formats_tell_it_in_words(head, tmp_path):
    head.render(tmp_path / "h.tex", arrays="heatmap", detail="operations")
    text = (tmp_path / "h.tex").read_text(encoding="utf-8")
    assert r"\fill[gt-negative!" in text
    assert r"\pm" in text
    head.render(tmp_path / "n.tex", arrays="numbers", detail="operations")
    assert "gt-negative!" not in (tmp_path / "n.tex").read_text(encoding="utf-8")
    for suffix in ("dot", "mmd", "txt"):
        plainly, drawn = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
        head.render(plainly, detail="operations")
        head.render(drawn, arrays="heatmap", detail="operations")
        assert plainly.read_bytes() == drawn.read_bytes()
