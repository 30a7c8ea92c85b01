"""The Wengert list as a table, with the columns of the two sweeps."""

import copy

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.document import to_json
from graphtrace.formula.printer import text_of
from graphtrace.formula.symbol import adjoint_term, tangent_term


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def loss(W, b, x):
    h = np.tanh(W @ x + b)
    return np.sum(h**2)


def textbook(x1, x2):
    """The example of Baydin et al., Automatic differentiation in machine learning, tables 2, 3."""
    v1 = np.log(x1)
    v2 = x1 * x2
    v3 = np.sin(x2)
    v4 = v1 + v2
    return v4 - v3


def said(table):
    """The printed rows, cell by cell."""
    rows = [line.split("  ") for line in str(table).splitlines()[4:]]
    return [[cell.strip() for cell in row if cell.strip()] for row in rows]


def test_the_lecture_s_list_with_both_sweeps():
    assert said(gt.trace(J, 5, 3, 2).wengert(tangent={"b": 1})) == [
        ["a", "5", "ȧ = 0", "ā = v̄ = 3"],
        ["b", "3", "ḃ = 1", "b̄ = cū = 6"],
        ["c", "2", "ċ = 0", "c̄ = bū = 9"],
        ["u", "bc", "6", "u̇ = cḃ + bċ = 2", "ū = v̄ = 3"],
        ["v", "a + u", "11", "v̇ = ȧ + u̇ = 2", "v̄ = 3J̄ = 3"],
        ["J", "3v", "33", "J̇ = 3v̇ = 6", "J̄ = 1"],
    ]


def test_the_numbers_of_the_textbook():
    table = gt.trace(textbook, 2.0, 5.0).wengert(tangent={"x1": 1})
    rows = {row.key: row for row in table}
    assert rows["textbook"].tangent == 5.5
    assert (rows["x1"].adjoint, round(rows["x2"].adjoint, 3)) == (5.5, 1.716)
    assert said(table)[0][-1] == "x̄₁ = v̄₁/x₁ + x₂v̄₂ = 5.5"


def test_without_a_seed_there_is_no_tangent_and_on_demand_no_adjoint():
    graph = gt.trace(J, 5, 3, 2)
    assert [c.title for c in graph.wengert().columns][3:] == ["adjoint ↑"]
    assert len(graph.wengert(adjoint=False).columns) == 3


def test_several_outputs_have_adjoints_only_after_backward():
    graph = gt.trace(lambda a: (2 * a, 3 * a), 1.0)
    assert len(graph.wengert().columns) == 3
    graph.backward(seed=(1.0, 10.0))
    assert [row.adjoint for row in graph.wengert()] == [32.0, 1.0, 10.0]


def test_a_use_that_leads_to_no_output_gives_nothing_back():
    def f(a):
        unused = 2 * a  # noqa: F841
        return 3 * a

    assert said(gt.trace(f, 1.0).wengert())[0] == ["a", "1", "ā = 3f̄ = 3"]


def test_it_leaves_the_graph_as_it_is():
    graph = gt.trace(J, 5, 3, 2)
    graph.wengert(tangent={"a": 1})
    assert not {"grad", "tangent"} & set(graph.nodes["a"])


def test_the_sweeps_of_arrays_are_written_with_their_maps():
    graph = gt.trace(loss, np.ones((2, 2)), np.ones(2), np.array([1.0, 2.0]))
    rows = {row[0]: row for row in said(graph.wengert(tangent={"x": np.ones(2)}))}
    assert rows["x"][-1].startswith("x̄ = Wᵀv̄₁ = ")
    assert rows["v₁"][3].startswith("v̇₁ = Ẇx + Wẋ = ")
    assert rows["h"][-1].startswith("h̄ = 2h ⊙ v̄₃ = ")


def test_a_broadcast_operand_sums_its_adjoint():
    graph = gt.trace(lambda b: np.sum(np.ones((3, 2)) * b), np.array([1.0, 2.0]))
    assert "sum(" in said(graph.wengert())[0][-1]


def test_a_formula_of_a_sweep_is_true():
    graph = gt.trace(textbook, 2.0, 5.0)
    rows = {row.key: row for row in graph.wengert(tangent={"x1": 1.0, "x2": 0.5})}
    names = {key: row.value for key, row in rows.items()} | {
        name: getattr(np, name) for name in ("log", "sin", "cos")
    }
    for operand, key, k in graph.edges(keys=True):
        row = graph.nodes[key]["row"]
        for term in (tangent_term, adjoint_term):
            marked = {key + mark: 3.0 for key in graph for mark in ("\u0304", "\u0307")}
            text = text_of(term(row, k))
            result = eval(text, names | marked)  # noqa: S307  (a formula of ours)
            assert np.isclose(result, 3 * graph.edges[operand, key, k]["local"])


def test_many_uses_are_counted_and_not_all_written():
    def f(a):
        total = a
        for n in range(10):
            total = total + n * a
        return total

    first = said(gt.trace(f, 2.0).wengert())[0][-1]
    assert "… (" in first
    assert first.endswith("= 46")


def test_the_formats_say_the_same():
    table = gt.trace(J, 5, 3, 2).wengert(tangent={"a": 1})
    assert r"| $u$ | $b c$ | 6 | $\dot{u} = c \dot{b} + b \dot{c} = 0$ |" in table.to_markdown()
    assert r"$\bar{b} = c \bar{u} = 6$ \\" in table.to_latex()
    assert "tangent $\\downarrow$" in table.to_latex()
    assert '<td style="text-align:left"><i>v̄</i> = 3<i>J̄</i> = 3</td>' in table.to_html()


def two(x):
    y = x * x
    z = 3 * y
    return y, z


def test_the_adjoint_of_an_output_that_is_used_further_starts_from_its_weight():
    graph = gt.trace(two, 2.0)
    graph.backward(seed=(1.0, 1.0))
    assert "ȳ = 3z̄ + … (1 more) = 4" in str(graph.wengert())


def test_every_output_with_a_weight_is_in_the_sum():
    graph = gt.trace(lambda x: (x * x, 3 * x), 2.0)
    graph.backward(seed=(1.0, 10.0))
    assert "x̄ = xf̄₀ + xf̄₀ + 3f̄₁ = 34" in str(graph.wengert())


def test_the_gradients_of_a_weighted_sum_are_called_those_of_no_output():
    graph = gt.trace(two, 2.0)
    for seed in (1.0, 1.0), (2.0, 0.0):
        graph.backward(seed=seed)
        assert "dz/dx" not in graph.to_text()
        assert "dy/dx" not in graph.to_text()
    graph.backward(seed=(0.0, 1.0))
    assert "dz/dx = 12" in graph.to_text()


@pytest.mark.parametrize("again", [lambda g: g, lambda g: gt.load(to_json(g)), copy.deepcopy])
def test_a_gradient_that_starts_from_two_is_not_called_a_derivative(again):
    def J(a):
        return 3 * a

    graph = gt.trace(J, 1.0)
    graph.backward(seed=2.0)
    graph = again(graph)
    assert "gradient = 6" in graph.to_text()
    assert "dJ/da = 3" in str(graph.explain("a"))
    graph.backward()
    assert "dJ/da = 3" in graph.to_text()


def test_json_does_not_tell_whether_backward_came_before_the_first_look():
    before, after = (gt.trace(lambda x: 3 * x, 2.0) for _ in range(2))
    before.backward()
    list(after)
    after.backward()
    assert to_json(before) == to_json(after)
