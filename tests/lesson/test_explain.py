"""The derivation of a derivative, in text, Markdown and LaTeX."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import ArgumentError


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def loss(W, x):
    h = np.tanh(W @ x)
    return np.sum(h**2)


def doubling(n):
    def f(x):
        for _ in range(n):
            x = x * x + x
        return x

    return gt.trace(f, 0.01)


def lines(explanation):
    return [line.strip() for line in str(explanation).splitlines()]


def test_the_lecture_s_chain_rule_is_spelled_out():
    assert lines(gt.trace(J, 5, 3, 2).explain("a")) == [
        "The derivative of J in a",
        "",
        "Forward",
        "a = 5",
        "b = 3",
        "c = 2",
        "u = bc = 6",
        "v = a + u = 11",
        "J = 3v = 33",
        "",
        "Local derivatives",
        "dv/da = 1",
        "dJ/dv = 3",
        "",
        "Chain rule",
        "dJ/da = dJ/dv · dv/da = 3 · 1 = 3",
    ]


def test_paths_that_meet_are_summed():
    graph = gt.trace(lambda a, b: (a + b) * (b + 1), 2.0, 1.0)
    said = lines(graph.explain("b"))
    assert said[-1] == "df/db = df/dv₁ · dv₁/db + df/dv₂ · dv₂/db = 2 · 1 + 3 · 1 = 5"


def test_too_many_paths_are_told_node_by_node():
    graph = doubling(3)
    graph.backward()
    said = lines(graph.explain("x"))
    assert any(line.startswith("Backward from") for line in said)
    result = graph.nodes["x"]["grad"]
    assert said[-1].startswith("x̄ = xv̄₁ + xv̄₁ + x̄₂ = ")
    assert said[-1].endswith(f" = {result:.4g}")


def test_it_grows_with_the_graph_and_not_with_its_paths():
    few, many = (len(str(doubling(n).explain("x"))) for n in (20, 80))
    assert many < 6 * few


def test_arrays_are_told_by_their_linear_maps():
    said = lines(gt.trace(loss, np.ones((2, 2)), np.array([1.0, 2.0])).explain("W"))
    assert "h̄ = 2h ⊙ v̄₂ = [1.99, 1.99]" in said
    assert said[-1].startswith("W̄ = ")


def test_a_node_on_the_way_can_be_explained():
    assert lines(gt.trace(J, 5, 3, 2).explain("u"))[-1] == "dJ/du = dJ/dv · dv/du = 3 · 1 = 3"


def test_what_it_does_not_depend_on_has_derivative_zero():
    said = lines(gt.trace(lambda a, b: 2 * a, 1.0, 2.0).explain("b"))
    assert said[-2:] == ["df/db = 0", "f does not depend on b."]


def test_an_output_is_explained_by_itself():
    assert lines(gt.trace(J, 5, 3, 2).explain("J"))[-1] == "dJ/dJ = 1"


def test_of_several_outputs_one_is_named():
    graph = gt.trace(lambda a: {"y": 2 * a, "z": 3 * a}, 1.0)
    _, second = graph.outputs
    with pytest.raises(ArgumentError, match=r"say which one to differentiate"):
        graph.explain("a")
    assert lines(graph.explain("a", of=second))[-1].endswith(" = 3")


def test_a_node_that_is_not_there_is_named():
    with pytest.raises(ArgumentError, match="no node 'd': use one of a, b, c, u, v, J"):
        gt.trace(J, 5, 3, 2).explain("d")


def test_markdown_has_tex_between_dollar_signs():
    markdown = gt.trace(J, 5, 3, 2).explain("a").to_markdown()
    assert "- $v = a + u = 11$" in markdown
    assert r"- $\frac{\mathrm{d}v}{\mathrm{d}a} = 1$" in markdown


def test_latex_is_aligned_at_the_first_sign():
    latex = gt.trace(J, 5, 3, 2).explain("a").to_latex()
    assert "  v &= a + u = 11 \\\\\n  J &= 3 v = 33\n\\end{align*}" in latex
    assert latex.isascii()


def test_a_name_that_latex_would_misread_is_escaped():
    graph = gt.trace(lambda p: p["%_$"] * 2.0, {"%_$": 1.0})
    latex = graph.explain(graph.inputs[0]).to_latex()
    assert r"\%\_\$" in latex
    assert "%_$" not in latex


def test_html_escapes_what_users_write():
    graph = gt.trace(lambda p: p["<i>"] * 2.0, {"<i>": 1.0})
    assert "'<i>'" not in graph.explain(graph.inputs[0])._repr_html_()


def test_markdown_holds_no_html_of_users():
    graph = gt.trace(lambda p: p["<img onerror=1>"] * 2.0, {"<img onerror=1>": 1.0})
    assert "<img" not in graph.wengert().to_markdown()


def test_a_prompt_shows_the_text_and_not_the_data():
    g = gt.trace(lambda a, b: a * b, 5.0, 3.0)
    for shown in (g.explain("a"), g.nudge("a", 0.1), g.wengert()):
        assert repr(shown) == str(shown)
