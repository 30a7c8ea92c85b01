"""Names, formulas and derivatives are set as a person writes them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from reading import texts
from render.drawn import traced, with_arrays

import graphtrace as gt
from graphtrace.figure.alias import with_alias
from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Contribution, Edge, Node, Partial, Value
from graphtrace.formula.naming import Naming, natural
from graphtrace.formula.number import summaries
from graphtrace.formula.printer import on_board
from graphtrace.formula.read import term_of
from graphtrace.formula.runs import Run, plain
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Hole, Name, Term
from graphtrace.render import LECTURE, to_svg
from graphtrace.render.typeset.label import edge_line, node_lines
from graphtrace.render.typeset.line import runs_width
from graphtrace.render.typeset.typesetting import Typesetting, typeset
from graphtrace.render.typeset.wording import Wording, runs, tex


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
        (Contribution("J", "v", "x", 3.0, -2.0), "3 · (−2) = −6"),
        (Contribution("L", "z", "x", np.ones(3), np.array([1, 0, 2])), "dL/dz · ∂z/∂x = [1, 0, 2]"),
        (Contribution("L", "z", "x", np.ones(3), None), "dL/dz · ∂z/∂x"),
        (Partial("K", "Q", applied_to("hole.T")), "∂K/∂Q = (·)ᵀ"),
        (Partial("y", "v", applied_to("-(v.T @ hole @ v.T)")), "∂y/∂v = −(vᵀ(·)vᵀ)"),
        (Partial("y", "v", applied_to("y*(hole - sum(hole))")), ""),
    ],
)
def test_a_derivative_is_written_as_in_the_lecture(part, printed):
    assert plain(runs(part, Wording())) == printed


def test_a_map_without_a_structure_is_told_by_the_size_of_its_matrix():
    graph = traced(gt.softmax, (np.array([1.0, 2.0, 4.0]),))
    ((*_, local),) = graph.edges(data="local")
    assert plain(runs(Partial("y", "x", None, local), Wording())) == "∂y/∂x = 3×3"
    assert plain(runs(Partial("y", "x", None, local, short=True), Wording())) == "3×3"
    assert tex(Partial("y", "x", None, local), Wording()) == (
        r"\frac{\partial y}{\partial x} = 3\times 3"
    )


def test_a_label_that_is_too_long_says_less_and_is_not_cut():
    share = Contribution("loss", "a_rather_long_name", "x", 1.0, 0.12243)
    edge = Edge("e", "a", "b", "backward", share)
    line = edge_line(edge, Wording(), replace(LECTURE, widest_label=80))
    assert plain(line.runs) == "0.1224"
    arrays = replace(share, upstream=np.ones(9), local=np.arange(9) / 7)
    line = edge_line(replace(edge, part=arrays), Wording(), LECTURE)
    assert plain(line.runs) == "[0 … 1.14]"  # the name alone would be cut
    named = Contribution("L", "u", "x", np.ones(9), np.arange(9) / 7)
    labels = [
        plain(
            edge_line(replace(edge, part=named), Wording(), replace(LECTURE, widest_label=w)).runs
        )
        for w in (200, 150, 100)
    ]
    assert labels == ["dL/du · ∂u/∂x = [0 … 1.14]", "‖dL/du · ∂u/∂x‖ = 2.04", "[0 … 1.14]"]


def test_that_a_sum_keeps_its_dimensions_is_not_told_on_a_board():
    svg = to_svg(traced(lambda x: np.sum(x, axis=1, keepdims=True), (np.ones((2, 3)),)))
    assert "f = sum(x, axis = 1)" in texts(svg)


def gradient_label(grad, widest, key="w", **more):
    part = Partial("L", key, value=grad, total=True, **more)
    theme = replace(LECTURE, widest_label=widest)
    edge = Edge("edge-0", "node-w", "node-L", "backward", part)
    return plain(edge_line(edge, Wording(), theme).runs)


def test_where_there_is_no_room_a_gradient_keeps_its_name_and_its_numbers_give_way():
    grad = np.array([[-0.02345, 0.5], [0.25, 0.0123]])
    labels = [gradient_label(grad, widest) for widest in (180, 150, 80)]
    assert labels == [
        "dL/dw = [−0.0234 … 0.5]",
        "dL/dw = [−0.023 … 0.5]",
        "‖dL/dw‖ = 0.56",
    ]
    assert gradient_label(grad, 80, "total") == "dL/d\N{THIN SPACE}total: 2×2"
    assert gradient_label(grad, 80, "a_long_name") == "[−0.0234 … 0.5]"


def gradient_lines(value, widest, key="w", math=False, **more):
    part = Partial("L", key, value=value, total=True, **more)
    node = Node("node-w", key, "input", (), gradient=part)
    theme = replace(LECTURE, widest_row=widest, math=math)
    return [plain(line.runs) for line in node_lines(node, Wording(), "boxes", theme)]


@pytest.mark.parametrize(("math", "widths"), [(False, (300, 140, 110)), (True, (300, 140, 90))])
def test_in_a_box_a_gradient_keeps_its_name_above_its_number_where_that_is_too_wide(math, widths):
    grad = np.array([0.125, 0.5, -0.25])
    told = [gradient_lines(grad, widest, math=math) for widest in widths]
    assert told == [
        ["dL/dw = [0.125, 0.5, −0.25]"],
        ["dL/dw", "= [0.125, 0.5, −0.25]"],
        ["‖dL/dw‖ = 0.573"],
    ]
    assert gradient_lines(-2.5, 60, "a_long_name") == ["grad −2.5"]
    assert gradient_lines(-2.5, 300, short=True) == ["grad −2.5"]


def test_of_an_array_there_is_what_fits_and_it_is_whole():
    for values in (np.arange(4) / 7 - 0.3, np.arange(12) / 7 - 0.3, np.eye(3) / 7):
        told = set()
        for widest in range(40, 300, 5):
            theme = replace(LECTURE, widest_row=widest)
            node = Node("node-x", "x", "operation", (Value(values),))
            (line,) = node_lines(node, Wording(), "boxes", theme)
            assert plain(line.runs) in summaries(values)
            narrowest = min(runs_width((Run(one),), line.size) for one in summaries(values))
            assert line.width <= max(widest, narrowest)
            told.add(plain(line.runs))
        assert told == set(summaries(values))


def test_a_product_of_arrays_has_its_own_sign_in_a_figure():
    said = texts(to_svg(traced(lambda x, y: np.sum(x * y), (np.ones(3), np.ones(3)))))
    assert "v₁ = x ⊙ y".replace("₁", "1") in said


def a_function_with_a_long_name(first_argument, x):
    inner_value = first_argument * x / 3
    return np.exp(-inner_value / 3e-5) + x / 7e100


@pytest.mark.parametrize("theme", ["lecture", "karpathy", "cs231n", "minimal"])
@pytest.mark.parametrize("digits", [4, 17])
@pytest.mark.parametrize("more", [{}, {"tangents": True}, {"nudge": ("x", 1e-3)}], ids=str)
def test_no_number_is_cut_however_narrow_the_column(theme, digits, more):
    graph = gt.trace(a_function_with_a_long_name, -1.23456789123456e-7, 2.718281828459045e-101)
    graph.backward()
    graph.jvp(x=1.0)
    for width in (None, 100, 360):
        svg = graph.to_svg(width=width, theme=theme, digits=digits, **more)
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
        assert not [text for text in texts if re.search(r"\d…|= ?…$", text)]


def test_in_a_narrow_box_the_gradient_has_its_number():
    def a_function_with_a_very_long_name(x, y):
        return (x * y + x / 8) * y**2

    graph = gt.trace(a_function_with_a_very_long_name, 2.0, 3.0)
    graph.backward()
    said = texts(graph.to_svg(width=360, derivatives="none"))
    assert {"dL/dx = 28.12", "dL/dy = 55.5", "L = a_function_with_a_very_long_name"} <= set(said)


def test_a_figure_is_set_as_by_itself_however_many_share_its_nodes_and_edges():
    def policy_gradient(w, x):
        return (w * x).sum() / (1 + x @ x)

    g = gt.trace(policy_gradient, np.array([0.5, -2.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    g.backward()
    figure = g.figure(detail="operations")
    narrow = replace(LECTURE, widest_row=80, widest_label=40)
    small = replace(LECTURE, formula_size=11, value_size=11, label_size=11, digits=2)
    themes = [
        LECTURE,
        narrow,
        small,
        replace(LECTURE, digits=2),
        replace(LECTURE, pad_x=2, pad_y=1),
    ]
    shared = Typesetting()
    for theme in [*themes, *themes]:
        for one in (figure, with_alias(figure), in_form(figure, "records")):
            assert shared.sheet(one, theme) == typeset(one, theme)


@pytest.mark.parametrize(
    ("f", "label"),
    [
        (lambda x, m: x - m, "−broadcast"),
        (lambda x, m: x + m, "broadcast"),
        (lambda x, m: x * m, ""),
    ],
)
def test_a_map_that_repeats_entries_is_told_with_its_sign(f, label):
    graph = gt.trace(f, np.arange(6.0).reshape(2, 3), np.ones(3))
    local = graph.edges["m", graph.outputs[0], 1]["local"]
    assert plain(runs(Partial(None, "m", value=local, short=True), Wording())) == label
