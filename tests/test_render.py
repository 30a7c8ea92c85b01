"""From a graph to DOT, SVG and files: what is written, that it is safe, the same each time."""

import io
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from processes import posix, stub
from reading import lines, middle_of, read, texts

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.build import figure
from graphtrace.figure.forms import in_form
from graphtrace.figure.frames import frames
from graphtrace.figure.parts import Definition, Edge, Partial, Share, Value
from graphtrace.formula.naming import Naming, natural
from graphtrace.formula.number import number, value
from graphtrace.formula.printer import on_board
from graphtrace.formula.read import term_of
from graphtrace.formula.runs import Run, plain
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Hole, Name, Term
from graphtrace.render import LECTURE, THEMES, render, to_dot, to_svg
from graphtrace.render.layout import engine
from graphtrace.render.paint.themes import find
from graphtrace.render.typeset.label import SHIFTED_SIZE, edge_line, typeset
from graphtrace.render.typeset.math_outline import outline
from graphtrace.render.typeset.metrics import width
from graphtrace.render.typeset.wording import Wording, runs, tex

ROOT = Path(gt.__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def square(a):
    return a * a


def neuron(w0, x0, w1, x1, w2):
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


def olah(a, b):
    return (a + b) * (b + 1)


def network(params, x, y):
    h = np.tanh(params["W1"] @ x + params["b1"])
    e = params["W2"] @ h - y
    return np.sum(e**2)


def residual(x):
    y = x
    for _ in range(12):
        y = np.tanh(y) + x
    return y


ARRAYS = (
    {"W1": np.arange(6.0).reshape(3, 2) / 5, "b1": np.zeros(3), "W2": np.ones((1, 3))},
    np.array([1.0, -2.0]),
    np.array([0.5]),
)
CORPUS = [
    (J, (5.0, 3.0, 2.0)),
    (square, (3.0,)),
    (neuron, (2.0, -1.0, -3.0, -2.0, -3.0)),
    (olah, (2.0, 1.0)),
    (network, ARRAYS),
    (residual, (0.3,)),
]
CASES = [(f, args, back) for f, args in CORPUS for back in (False, True)]
IDS = [f"{f.__name__}-{'backward' if back else 'forward'}" for f, _, back in CASES]


def traced(f, args, backward=False):
    graph = gt.trace(f, *args)
    if backward:
        graph.backward()
    return graph


def lecture(backward=False):
    return traced(J, (5.0, 3.0, 2.0), backward)


def single(key, **attributes):
    graph = nx.MultiDiGraph()
    graph.add_node(key, **{"op": "input", "value": 1.0, **attributes})
    return graph


def groups(svg, kind):
    root = ET.fromstring(svg)
    return [g for g in root.iter(f"{SVG}g") if kind in g.get("class", "").split()]


# Numbers


@pytest.mark.parametrize(
    ("x", "printed"),
    [
        (33.0, "33"),
        (-0.0, "0"),
        (-2.5, "−2.5"),
        (0.1 + 0.2, "0.3"),
        (5.001, "5.001"),
        (33.003, "33.003"),
        (1 / 3, "0.3333"),
        (0.00123, "0.00123"),
        (1.2e-5, "1.2×10⁻⁵"),
        (-1e-10, "−10⁻¹⁰"),
        (123456.0, "123456"),
        (6.02214e23, "6.022×10²³"),
        (99999.9, "99999.9"),
        (0.99999999, "1"),
        (float("nan"), "nan"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (True, "True"),
        (10**400, "about 10⁴⁰⁰"),
        (2 - 3j, "2 − 3i"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (np.bool_(False), "False"),
    ],
)
def test_a_number_is_printed_for_people(x, printed):
    assert number(x) == printed


@given(st.floats(-1e300, 1e300))
def test_a_printed_number_is_near_the_number(x):
    text = number(x).replace("−", "-")
    mantissa, _, power = text.partition("×10")
    if not power and re.match(r"-?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]", text):
        mantissa, power = text[: text.index("10")] + "1", text[text.index("10") + 2 :]
    exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or "0"
    assert float(f"{mantissa}e{exponent}") == pytest.approx(x, rel=1e-3)


@pytest.mark.parametrize(
    ("x", "printed"),
    [
        (np.array([1.0, -2.5]), "[1, −2.5]"),
        (np.zeros(5), "5 numbers, all 0"),
        (np.arange(12.0).reshape(3, 4), "3×4, 0 … 11"),
        (np.array([1.0, np.nan] * 3), "6 numbers, with nan"),
        (np.zeros((0, 3)), "0×3"),
        (np.array(2.5), "2.5"),
        (np.array(["a", "b"]), "2 numbers"),
    ],
)
def test_an_array_is_printed_by_its_shape_and_a_look_at_its_values(x, printed):
    assert value(x) == printed


# Formulas


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("x_hat - y_bar_1", "x\u0302 − y\u0304₁"),
        ("b*c", "bc"),
        ("3*v", "3v"),
        ("a + u", "a + u"),
        ("1 - h**2", "1 − h²"),
        ("-u/y**2", "−u/y²"),
        ("a/b*c", "a/b·c"),
        ("1/(b*c)", "1/(bc)"),
        ("x*2", "x·2"),
        ("2*exp(-x)", "2·exp(−x)"),
        ("a*(b + c)", "a·(b + c)"),
        ("(a + b)*(b + 1)", "(a + b)(b + 1)"),
        ("rate*g", "rate·g"),
        ("W.T @ y", "Wᵀy"),
        ("W.T.T @ y.T.T.T", "Wyᵀ"),
        ("tanh(W2 @ x + b1)", "tanh(W₂x + b₁)"),
        ("sqrt(x)", "√x"),
        ("x**-1", "x⁻¹"),
        ("x**y**2", "x^(y^2)"),
        ("alpha*x", "αx"),
        ("params['W1'] @ x", "W₁x"),
        ("a*a", "a·a"),
        ("Y*h", "Y ⊙ h"),
        ("2*Y*(1 - h)", "2Y ⊙ (1 − h)"),
        ("c*Y", "cY"),
        ("Y @ h", "Yh"),
        ("tanh(Y)*h.T", "tanh(Y) ⊙ hᵀ"),
        ("y_2[1:-1] + k[-1]", "y₂[1:−1] + k[−1]"),
        ("x**", "x**"),
        ("", ""),
    ],
)
def test_a_formula_is_set_as_a_person_writes_it(text, printed):
    names = Naming(["params['W1']"])
    assert plain(on_board(names).term(with_arrays(term_of(text)))) == printed


def with_arrays(term):
    """The term with a matrix of every Y and h."""
    if isinstance(term.atom, Name) and term.atom.key in ("Y", "h"):
        return replace(term, atom=replace(term.atom, ndim=2))
    return replace(term, operands=tuple(map(with_arrays, term.operands)))


@given(st.text())
def test_any_text_is_set_as_a_formula(text):
    on_board(Naming()).term(term_of(text))


def test_one_letter_is_italic_and_a_word_is_not():
    assert natural("x").runs() == (Run("x", italic=True),)
    assert natural("loss").runs() == (Run("loss"),)


def applied_to(text):
    """The linear map of a rule, on the placeholder for what it is applied to."""

    def with_hole(term):
        if term.atom == Name("hole"):
            return Term(atom=Hole())
        return replace(term, operands=tuple(map(with_hole, term.operands)))

    return Symbol.of(with_hole(term_of(text)))


@pytest.mark.parametrize(
    ("part", "printed"),
    [
        (Partial("u", "b", "c", 2.0), "∂u/∂b = c = 2"),
        (Partial("v", "a", "1", 1.0), "∂v/∂a = 1"),
        (Partial("u", "b", "c", 2.0, short=True), "c = 2"),
        (Partial("h", "z", "1 - h**2", np.ones(3)), "∂h/∂z = 1 − h²"),
        (Partial("J", "u", value=3.0), "∂J/∂u = 3"),
        (Partial(None, "u", value=3.0), "gradient = 3"),
        (Share("J", "v", "x", 3.0, -2.0), "3 · (−2) = −6"),
        (Share("L", "z", "x", np.ones(3), np.array([1, 0, 2])), "dL/dz · ∂z/∂x = [1, 0, 2]"),
        (Share("L", "z", "x", np.ones(3), None), "dL/dz · ∂z/∂x"),
        (Partial("K", "Q", applied_to("hole.T")), "∂K/∂Q = (·)ᵀ"),
        (Partial("y", "v", applied_to("-(v.T @ hole @ v.T)")), "∂y/∂v = −(vᵀ(·)vᵀ)"),
        (Partial("y", "v", applied_to("y*(hole - sum(hole))")), ""),
    ],
)
def test_a_derivative_is_written_as_in_the_lecture(part, printed):
    assert plain(runs(part, Wording())) == printed


def test_a_map_without_a_structure_is_told_by_its_name():
    graph = traced(gt.softmax, (np.array([1.0, 2.0, 4.0]),))
    ((*_, local),) = graph.edges(data="local")
    assert plain(runs(Partial("y", "x", None, local), Wording())) == "∂y/∂x"
    assert plain(runs(Partial("y", "x", None, local, short=True), Wording())) == "Jacobian"
    assert tex(Partial("y", "x", None, local), Wording()) == r"\frac{\partial y}{\partial x}"


def test_a_label_that_is_too_long_says_less_and_is_not_cut():
    share = Share("loss", "a_rather_long_name", "x", 1.0, 0.12243)
    edge = Edge("e", "a", "b", "backward", share)
    line = edge_line(edge, Wording(), replace(LECTURE, widest_label=80))
    assert plain(line.runs) == "0.1224"
    arrays = replace(share, upstream=np.ones(9), local=np.arange(9) / 7)
    line = edge_line(replace(edge, part=arrays), Wording(), LECTURE)
    assert plain(line.runs) == "[0 … 1.14]"


def test_that_a_sum_keeps_its_dimensions_is_not_told_on_a_board():
    svg = to_svg(traced(lambda x: np.sum(x, axis=1, keepdims=True), (np.ones((2, 3)),)))
    assert "f = sum(x, axis = 1)" in texts(svg)


def test_a_list_is_cut_between_its_entries():
    said = typeset(
        figure(traced(lambda x: np.sum(x**3), ((np.arange(4) / 7 - 0.3) * 1e-2,), True)), LECTURE
    )
    cut = [plain(line.runs) for line in said.labels if line and "…" in plain(line.runs)]
    assert cut
    assert all(re.fullmatch(r".*\[(−?[^ ,]+, )+…\]", text) for text in cut)


def test_a_product_of_arrays_has_its_own_sign_in_a_figure():
    said = texts(to_svg(traced(lambda x, y: np.sum(x * y), (np.ones(3), np.ones(3)))))
    assert "v₁ = x ⊙ y".replace("₁", "1") in said


# The SVG


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


def boxes_of(svg):
    for group in groups(svg, "node"):
        box = group.find(f"{SVG}rect")
        if box is None:
            continue
        x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        yield x, y, x + w, y + h


def apart(p, q):
    return p[2] <= q[0] or q[2] <= p[0] or p[3] <= q[1] or q[3] <= p[1]


def label_boxes(svg):
    for group in groups(svg, "edge"):
        for line in lines(group):
            left, y = float(line[0].get("x")), float(line[0].get("y"))
            right = float(line[-1].get("x")) + float(line[-1].get("textLength"))
            yield left + 1, y - 10, right - 1, y + 2


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_no_box_or_label_overlaps_another(f, args, back):
    svg = to_svg(traced(f, args, back))
    areas = [*boxes_of(svg), *label_boxes(svg)]
    clashes = [(p, q) for i, p in enumerate(areas) for q in areas[:i] if not apart(p, q)]
    assert clashes == []


@pytest.mark.parametrize(("f", "args", "back"), CASES, ids=IDS)
def test_an_arrow_ends_at_its_box(f, args, back):
    graph = traced(f, args, back)
    svg, drawn = to_svg(graph), figure(graph)
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
    assert drawn._repr_svg_() == to_svg(lecture(), step="dJ/dv")
    with pytest.raises(RenderError, match="values cannot be chosen now"):
        drawn.to_svg(values=False)


# Themes


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_in_every_theme_no_box_or_label_overlaps_another(f, args, theme):
    svg = to_svg(traced(f, args, True), theme=theme)
    areas = [*boxes_of(svg), *label_boxes(svg)]
    clashes = [(p, q) for i, p in enumerate(areas) for q in areas[:i] if not apart(p, q)]
    assert clashes == []


def test_a_theme_that_is_not_there_lists_those_that_are():
    with pytest.raises(RenderError, match="no theme 'neon': use one of lecture, cs231n, karpathy"):
        to_svg(lecture(), theme="neon")


def test_figures_in_different_themes_share_no_id():
    ids = [re.search(r'<svg [^>]*id="([^"]*)"', to_svg(lecture(), theme=t))[1] for t in THEMES]
    assert len(set(ids)) == len(THEMES)


def test_wires_have_the_value_above_and_the_gradient_below():
    svg = to_svg(lecture(backward=True), theme="cs231n")
    (above,) = (g for g in groups(svg, "forward") if g.get("data-from") == "u")
    (below,) = (g for g in groups(svg, "backward") if g.get("data-from") == "u")
    above, under = above.find(f".//{SVG}text"), below.find(f".//{SVG}text")
    assert (above.text, under.text) == ("6", "3")
    assert float(above.get("y")) < float(under.get("y"))
    assert below.find(f"{SVG}path") is None


def test_a_record_says_name_data_and_grad_in_one_row():
    svg = to_svg(lecture(backward=True), theme="karpathy")
    (u,) = (g for g in groups(svg, "node") if g.get("data-node") == "u")
    assert [read(line) for line in lines(u)] == ["u = bc", "data 6", "grad 3"]
    assert len({t.get("y") for t in u.iter(f"{SVG}text")}) <= 3
    assert len(u.findall(f"{SVG}line")) == 2


def test_trouble_is_marked_in_the_svg():
    svg = to_svg(traced(lambda x: np.sqrt(x), (0.0,)), trouble=True)
    (edge,) = groups(svg, "edge")
    assert edge.get("class").split() == ["edge", "forward", "bold", "trouble", "inf"]


def test_the_lecture_figure_fits_a_page_column():
    root = ET.fromstring(to_svg(lecture(backward=True)))
    assert float(root.get("width")) <= 720
    assert "wide" not in root.get("class").split()


def test_a_figure_that_cannot_be_read_when_shrunk_says_that_it_scrolls():
    root = ET.fromstring(to_svg(traced(residual, (0.3,)), direction="LR"))
    assert "wide" in root.get("class").split()
    assert root.get("data-display") == "scroll"


def test_raised_text_is_smaller_and_returns_to_the_line():
    svg = to_svg(traced(lambda w: (2 + 3 * w) ** 2 + 1, (3.0,)))
    power = next(line for line in lines(ET.fromstring(svg)) if read(line) == "f = v3 + 1")
    heights = [float(run.get("y")) for run in power]
    assert max(heights) > heights[0] == heights[-1]
    assert f'font-size="{LECTURE.formula_size * SHIFTED_SIZE:g}"' in svg


def test_a_graph_shown_twice_on_a_page_looks_the_same_both_times():
    # Its ids are the same then, and so is all that they are given; the file stays the same, too.
    graph = lecture()
    assert graph._repr_svg_() == graph._repr_svg_() == lecture()._repr_svg_()


def test_ids_are_meaningful_and_the_prefix_can_be_chosen():
    assert 'id="J-1-node-u"' in to_svg(lecture(), id_prefix="J-1")
    assert 'id="edge-b-u-0"' in to_svg(lecture(), id_prefix="")
    assert 'data-node="u"' in to_svg(lecture())


def test_two_different_figures_share_no_id():
    ids = [set(re.findall(r' id="([^"]*)"', to_svg(lecture(back)))) for back in (False, True)]
    assert not ids[0] & ids[1]


def test_every_style_rule_is_for_this_figure_alone():
    svg = to_svg(lecture())
    root = ET.fromstring(svg).get("id")
    style = re.search(r"<style>(.*)</style>", svg, re.DOTALL)[1]
    selectors = [s for rule in re.findall(r"([^{}]+)\{", style) for s in rule.split(",")]
    assert all(s.strip().startswith(f"#{root}") for s in selectors if "@" not in s)


def test_a_figure_follows_the_page_into_the_dark_unless_told_not_to():
    assert "prefers-color-scheme:dark" in to_svg(lecture())
    assert "prefers-color-scheme" not in to_svg(lecture(), theme=replace(LECTURE, dark=None))


def test_a_long_name_is_cut_and_told_in_full_in_the_title():
    long = "a_very_long_name_" * 20
    svg = to_svg(single(long))
    assert any(text.endswith("…") for text in texts(svg))
    assert long.strip("_")[:100] in groups(svg, "node")[0].find(f"{SVG}title").text


def test_nothing_in_a_figure_comes_from_elsewhere():
    svg = to_svg(lecture(backward=True))
    for word in ("<script", "href", "url(", "@import", "foreignObject", " on"):
        assert word not in svg.replace("xmlns=", "").split("</desc>")[1]


NASTY = st.text(
    st.characters(codec=None) | st.sampled_from("<>&\"'\\\n\r\t\0{}|\ud800\u202e\u05d0\ufffe]"),
    min_size=1,
    max_size=30,
)


@example("\ud800", "<script>", "]]>")
@example('"><x', "&amp;", "--><!--")
@given(NASTY, NASTY, NASTY)
def test_no_name_breaks_out_of_the_svg(key, other, graph_name):
    svg = to_svg(nasty_graph(key, other, graph_name))
    root = ET.fromstring(svg.encode("utf-8"))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    allowed = {"svg", "title", "desc", "style", "rect", "g", "path", "polygon", "text", "tspan"}
    assert tags <= allowed
    assert len(groups(svg, "node")) == len({key, other})


@given(NASTY, NASTY, NASTY)
def test_no_name_breaks_out_of_the_dot(key, other, graph_name):
    dot = to_dot(nasty_graph(key, other, graph_name))
    # By itself: the engine warns of characters whose width it does not know.
    command = [engine.find(engine.BUNDLED).path, "-Tplain"]
    ran = subprocess.run(command, input=dot.encode(), capture_output=True, check=True)
    plain_layout = ran.stdout.decode()
    assert plain_layout.count("\nnode ") == len({key, other})
    assert plain_layout.count("\nedge ") == (1 if key != other else 0)


def nasty_graph(key, other, graph_name):
    graph = nx.MultiDiGraph(name=graph_name)
    graph.add_node(key, op="input", value=1.0, label=key, source=other)
    graph.add_node(other, op="tanh", value=key, label=f"{other} = {key}", formula=key, grad=2.0)
    if key != other:
        graph.add_edge(key, other, 0, local=1.0, symbol=other)
    return graph


# DOT


def test_dot_is_readable_on_its_own():
    dot = to_dot(lecture(backward=True))
    assert 'u [label="u = bc\\n6"' in dot
    assert re.search(r'b -> u \[.*label="∂u/∂b = c = 2"', dot)
    assert 'label="dJ/du = 3"' in dot
    assert "dir=back" in dot
    assert "rankdir=LR" in dot


@pytest.mark.parametrize(
    ("key", "written"), [("a\\nb", "a\\\\nb"), ("&lt;", "&amp;lt;"), ('"<b>', '\\"&lt;b&gt;')]
)
def test_what_graphviz_would_read_as_an_escape_is_escaped_in_dot(key, written):
    assert f'label="{written}' in to_dot(single(key))


def test_a_keyword_is_not_a_dot_name():
    assert '"node-node" [label=' in to_dot(single("node"))


def test_the_engine_sees_no_text_of_the_users(monkeypatch):
    seen = []
    real = engine.run

    def spy(found, dot, *args, **options):
        seen.append(dot)
        return real(found, dot, *args, **options)

    monkeypatch.setattr(engine, "run", spy)
    to_svg(single("secret"))
    assert seen
    assert "secret" not in seen[0]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_same_input_gives_the_same_bytes_in_every_run(seed):
    code = (
        "import sys, graphtrace as gt; from graphtrace.render import to_dot, to_svg\n"
        "def J(a, b, c):\n    u = b * c\n    v = a + u\n    return 3 * v\n"
        "g = gt.trace(J, 5.0, 3.0, 2.0); g.backward()\n"
        "sys.stdout.buffer.write((to_svg(g) + to_dot(g)).encode())"
    )
    root = Path(gt.__file__).parents[1]
    variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "LC_ALL": "C"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=variables)
    graph = lecture(backward=True)
    strip = re.compile(r" \([^()]*:\d+\)</title>|-[0-9a-f]{8}(?=[ \"-.{])")
    ours = strip.sub("", to_svg(graph) + to_dot(graph))
    assert strip.sub("", run.stdout.decode()) == ours


# The engine


def test_the_default_engine_is_not_looked_for_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    assert engine.find().bundled
    assert "<svg" in to_svg(lecture())


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(RenderError, match=r"no layout engine 'no-such-dot'"):
        to_svg(lecture(), engine="no-such-dot")


def test_the_variable_chooses_the_engine_and_is_named_in_the_error(monkeypatch):
    monkeypatch.setenv(engine.VARIABLE, "/no/such/dot")
    with pytest.raises(RenderError, match=r"'/no/such/dot' \(from GRAPHTRACE_DOT\)"):
        to_svg(lecture())


@posix
def test_an_engine_that_fails_is_quoted(tmp_path):
    with pytest.raises(RenderError, match=r"stopped with code 3, and said: it hurts"):
        to_svg(lecture(), engine=stub(tmp_path / "dot", "echo it hurts >&2; exit 3"))


@posix
def test_an_engine_that_answers_nonsense_is_refused(tmp_path):
    with pytest.raises(RenderError, match="is not a layout"):
        to_svg(lecture(), engine=stub(tmp_path / "dot", "cat >/dev/null; echo nonsense"))


@posix
def test_an_engine_that_is_no_program_does_not_start(tmp_path):
    broken = tmp_path / "dot"
    broken.write_bytes(b"\x7fELFnot")
    broken.chmod(0o755)
    with pytest.raises(RenderError, match="does not start"):
        to_svg(lecture(), engine=broken)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_an_engine_that_takes_too_much_memory_is_stopped():
    wide = "digraph {" + "".join(f"a{i} -> b{j};" for i in range(60) for j in range(60)) + "}"
    with pytest.raises(RenderError, match="layout"):
        engine.run(engine.find(engine.BUNDLED), wide, "json0", memory_limit=24 << 20)


def test_a_warning_of_the_bundled_engine_is_an_error():
    dot = 'digraph { a [label="x" fontname="No Such Font"] }'
    with pytest.raises(RenderError, match=r"warned, and said: .*No Such Font"):
        engine.run(engine.find(engine.BUNDLED), dot, "json0")


# Files


@pytest.mark.parametrize(
    ("suffix", "start"), [(".svg", "<svg"), (".dot", "digraph"), (".gv", "di")]
)
def test_the_format_follows_the_suffix(tmp_path, suffix, start):
    path = tmp_path / f"J{suffix}"
    render(lecture(), path)
    assert path.read_text("utf-8").startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_suffix_lists_the_valid_ones(tmp_path):
    with pytest.raises(RenderError, match=r"'\.bmp', which names no format: use one of \.svg, "):
        render(lecture(), tmp_path / "J.bmp")


def test_an_unknown_format_lists_the_valid_ones(tmp_path):
    with pytest.raises(RenderError, match="no format 'bmp': use one of svg, html, pdf, png"):
        render(lecture(), tmp_path / "J.svg", format="bmp")


def test_a_directory_that_is_missing_is_named(tmp_path):
    path = tmp_path / "nowhere" / "J.svg"
    with pytest.raises(RenderError, match=re.escape(str(path))):
        render(lecture(), path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "J.svg"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RenderError, match="No space left"):
        render(lecture(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stream_takes_bytes_or_text():
    binary, text = io.BytesIO(), io.StringIO()
    render(lecture(), binary)
    render(lecture(), text, format="dot")
    assert binary.getvalue().startswith(b"<svg")
    assert text.getvalue().startswith("digraph")


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_a_format_that_needs_an_extra_says_how(tmp_path, monkeypatch, suffix):
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RenderError, match=r"pip install 'graphtrace\[pdf\]'`, or .*engine='dot'"):
        render(lecture(), tmp_path / f"J.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.exe
def test_without_the_extra_a_system_dot_writes_pdf(tmp_path, monkeypatch):
    try:
        engine.find("dot")
    except RenderError:
        pytest.skip("there is no dot on the PATH")
    monkeypatch.setitem(sys.modules, "typst", None)
    render(lecture(backward=True), tmp_path / "J.pdf", engine="dot")
    assert (tmp_path / "J.pdf").read_bytes().startswith(b"%PDF")


def test_a_chain_of_a_hundred_uses_of_one_input_is_laid_out():
    def f(x, y):
        v = x
        for _ in range(50):
            v = v * y + x
        return v

    assert to_svg(gt.trace(f, 1.0, 0.5), limit=200, time_limit=5).count("<rect") > 100


# Mathematics


def formulas(svg):
    return [g.get("aria-label") for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("aria-label")]


@pytest.fixture(name="_ziamath")
def ziamath_is_there():
    pytest.importorskip("ziamath")


@pytest.mark.usefixtures("_ziamath")
def test_mathematics_is_drawn_as_outlines_that_say_what_they_are():
    svg = to_svg(lecture(backward=True), math=True)
    assert texts(svg) == []
    assert {"u = bc", "∂u/∂b = c = 2", "dJ/da = 3", "33"} <= set(formulas(svg))


@pytest.mark.usefixtures("_ziamath")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_mathematics_fits_its_boxes(f, args, theme):
    drawn = in_form(figure(traced(f, args, True)), find(theme).form)
    for cell in typeset(drawn, replace(find(theme), math=True)).cells:
        for line, x, y in cell.places:
            assert abs(x) + line.width / 2 <= cell.width / 2
            assert abs(y) + line.height / 2 <= cell.height / 2 + 1


@pytest.mark.usefixtures("_ziamath")
def test_mathematics_is_the_same_in_every_run():
    code = (
        "import sys; from graphtrace.render.typeset.math_outline import outline\n"
        r"sys.stdout.write(repr(outline(r'\frac{\partial J}{\partial v} = \hat{x}_{1}')))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        ).stdout
        for seed in ("0", "1")
    }
    assert said == {repr(outline(r"\frac{\partial J}{\partial v} = \hat{x}_{1}"))}


@pytest.mark.usefixtures("_ziamath")
def test_the_mode_of_ziamath_is_left_as_it_was():
    from ziamath.config import config

    before = config.svg2
    outline("q + 17")
    assert config.svg2 is before


@pytest.mark.usefixtures("_ziamath")
@example("\\frac")
@example("a}b{")
@example("名")
@given(NASTY)
def test_any_name_is_drawn_with_mathematics_too(key):
    svg = to_svg(nasty_graph(key, "u", "f"), math=True)
    assert len(groups(svg, "node")) == len({key, "u"})


@pytest.mark.usefixtures("_ziamath")
def test_a_large_figure_is_set_as_text():
    def f(x):
        for _ in range(60):
            x = x * 2
            x = x + 1
        return x

    assert formulas(to_svg(gt.trace(f, 1.0), limit=200, math=True)) == []


def test_without_ziamath_mathematics_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ziamath.zmath", None)
    outline.cache_clear()
    with pytest.raises(RenderError, match=r"pip install 'graphtrace\[math\]'"):
        to_svg(lecture(), math=True)


@pytest.mark.parametrize(
    ("part", "latex"),
    [
        (Partial("u", "b", "c", 2.0), r"\frac{\partial u}{\partial b} = c = 2"),
        (Partial("J", "W1", None, -3.0, total=True), r"\frac{\mathrm{d}J}{\mathrm{d}W_{1}} = {-}3"),
        (Share("J", "v", "x", 3.0, -2.0), r"3 \cdot  ({-}2) = {-}6"),
        (Value(1.2e-5), r"1.2\times 10^{{-}5}"),
        (Definition("h", Symbol.of(with_arrays(term_of("Y*h")))), r"h = Y \odot h"),
        (Definition("a}b", None), r"\mathrm{a}\}\mathrm{b}"),
        (Value(np.arange(12.0).reshape(3, 4)), r"3\times 4, 0 \ \ldots\  11"),
    ],
)
def test_a_part_as_latex(part, latex):
    assert tex(part, Wording()) == latex


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
