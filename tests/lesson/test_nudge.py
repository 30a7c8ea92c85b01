"""The nudge: what every node moves by when one input does, in a table and in the figure."""

import numpy as np
import pytest
from legibility import problems

import graphtrace as gt
from graphtrace.errors import ArgumentError, BranchChanged, RenderError
from graphtrace.figure.parts import Partial, Ratio, Value
from graphtrace.formula.number import number, telling


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def loss(params, x):
    h = np.tanh(params["W"] @ x + params["b"])
    return np.sum(h**2)


def lecture():
    return gt.trace(J, a=5, b=3, c=2)


def network():
    params = {"W": np.array([[0.5, -1.0], [0.25, 2.0]]), "b": np.zeros(2)}
    return gt.trace(loss, params, np.array([1.0, 2.0]))


def cells(table):
    """The printed table without its title, cell by cell."""
    return [line.split("  ") for line in str(table).splitlines()[4:]]


def test_the_lecture_s_nudge_reads_as_on_the_board():
    table = [[cell.strip() for cell in row if cell.strip()] for row in cells(nudged_a())]
    assert table == [
        ["a", "5", "5.001", "0.001", "1", "1"],
        ["v = a + u", "11", "11.001", "0.001", "1", "dv/da = 1"],
        ["J = 3v", "33", "33.003", "0.003", "3", "dJ/da = 3"],
    ]


def nudged_a():
    return lecture().nudge("a", 0.001)


def test_a_row_has_its_numbers_by_name():
    last = nudged_a().rows[-1]
    assert (last.key, last.before, last.derivative) == ("J", 33.0, 3.0)
    assert last.after == lecture().forward(a=5.001)
    assert last.ratio == pytest.approx(3)


def test_only_what_depends_on_the_input_is_listed():
    assert [row.key for row in lecture().nudge("c", 0.1)] == ["c", "u", "v", "J"]


@pytest.mark.parametrize(
    ("before", "after", "printed"),
    [
        (5, 5.001, "5.001"),
        (33, 33.00299999999999, "33.003"),
        (9, 9.006001, "9.006001"),
        (5, 5.0000001, "5.0000001"),
        (1, 2, "2"),
        (0.0, 1e-6, "10⁻⁶"),
    ],
)
def test_a_value_has_the_digits_that_tell_how_far_it_moved(before, after, printed):
    assert number(after, telling(before, after)) == printed


def test_the_ratio_tends_to_the_derivative():
    def square(x):
        return x * x

    last = gt.trace(square, 3.0).nudge("x", 1e-6).rows[-1]
    assert last.ratio == pytest.approx(6, abs=1e-5)
    assert last.derivative == 6


def test_an_entry_of_an_array_is_nudged():
    graph = network()
    graph.backward()
    rows = graph.nudge("params['W'][0, 1]", 1e-6).rows
    assert rows[0].after[0, 1] == -1.0 + 1e-6
    assert np.count_nonzero(rows[0].change) == 1
    assert rows[-1].derivative == pytest.approx(graph.nodes["params['W']"]["grad"][0, 1])


def test_without_an_index_every_entry_moves():
    graph = network()
    graph.backward()
    rows = graph.nudge("b", 1e-6).rows
    assert np.all(rows[0].change == 1e-6)
    assert rows[-1].derivative == pytest.approx(np.sum(graph.nodes["params['b']"]["grad"]))


def test_a_float32_moves_by_what_is_left_after_rounding():
    rows = gt.trace(lambda x: 3 * x, np.float32(5)).nudge("x", 0.001).rows
    assert rows[-1].ratio == pytest.approx(3, abs=1e-3)


def test_a_nudge_into_another_branch_is_refused():
    def relu(x):
        return x if x > 0 else 0.0 * x

    with pytest.raises(BranchChanged, match="x > 0"):
        gt.trace(relu, 0.5).nudge("x", -1.0)


@pytest.mark.parametrize(
    ("at", "by", "message"),
    [
        ("d", 1, "no node 'd': use one of a, b, c, u, v, J"),
        ("v", 1, "v is no input of J.*nudge one of a, b, c"),
        ("a[0]", 1, r"a has shape \(\), in which \[0\] is no entry"),
        ("a", 0, "a nudge by 0 is no step"),
        ("a", float("nan"), "a nudge by nan is no step"),
        ("a", 1e-30, "is lost in the rounding of a"),
    ],
)
def test_what_cannot_be_nudged_says_why(at, by, message):
    with pytest.raises(ArgumentError, match=message):
        lecture().nudge(at, by)


@pytest.mark.parametrize("step", ["a", ("a",)])
def test_a_figure_needs_an_input_and_a_step(step):
    with pytest.raises(RenderError, match=r"write it as nudge=\('a', 0.001\)"):
        lecture().figure(nudge=step)


def test_integers_do_not_move():
    graph = gt.trace(lambda i, x: i * x, np.arange(3), 2.0)
    with pytest.raises(ArgumentError, match="i holds int64"):
        graph.nudge("i", 1)


def test_the_table_is_markdown_with_tex():
    assert "| $v = a + u$ | 11 | 11.001 | 0.001 | 1 |" in nudged_a().to_markdown()


def test_the_table_is_latex_with_booktabs():
    latex = nudged_a().to_latex()
    assert r"$J = 3 v$ & $33$ & $33.003$ & $0.003$ & $3$" in latex
    assert r"\begin{tabular}{lrrrrr}" in latex
    assert latex.isascii()


def test_the_table_is_html_in_a_notebook():
    html = nudged_a()._repr_html_()
    assert '<td style="text-align:left"><i>v</i> = <i>a</i> + <i>u</i></td>' in html


def test_no_name_breaks_out_of_a_table():
    graph = gt.trace(lambda p: p["<b>|$&"] * 2.0, {"<b>|$&": 1.0})
    table = graph.nudge(graph.inputs[0], 1.0)
    assert "<b>" not in table.to_html()
    assert "<b>|" not in table.to_markdown()
    assert r"\$\&" in table.to_latex()


def test_the_figure_shows_both_values_and_fades_what_stays():
    drawn = lecture().figure(nudge=("a", 0.001))
    nodes = {node.key: node for node in drawn.nodes}
    (value,) = (part for part in nodes["v"].parts if isinstance(part, Value))
    assert (value.before, value.value) == (11.0, pytest.approx(11.001))
    assert [key for key, node in nodes.items() if node.emphasis == "dim"] == ["b", "c", "u"]
    ratio, derivative = drawn.caption
    assert isinstance(ratio, Ratio)
    assert isinstance(derivative, Partial)


def test_the_figure_says_how_far_it_moves():
    svg = lecture().to_svg(nudge=("a", 0.001))
    assert "5 → 5.001" in svg
    assert "0.003/0.001 = 3" in svg


@pytest.mark.parametrize("theme", ["lecture", "cs231n", "karpathy", "minimal"])
@pytest.mark.parametrize("math", [False, True])
def test_the_figure_can_be_read(theme, math):
    assert list(problems(lecture().to_svg(nudge=("a", 0.001), theme=theme, math=math))) == []


def test_a_nudge_of_an_array_can_be_read():
    assert list(problems(network().to_svg(nudge=("W[0, 1]", 0.001)))) == []


@pytest.mark.parametrize("at", ["b[-]", "b[0 1]", "b[,]", "b[ ]", "b[0,,1]"])
def test_an_index_that_is_none_is_no_input(at):
    with pytest.raises(ArgumentError, match="has no node"):
        network().nudge(at, 0.1)


@pytest.mark.filterwarnings("error")
def test_a_nudge_from_infinity_to_infinity_warns_of_nothing():
    table = gt.trace(lambda x: x + np.inf, np.float64(1.0)).nudge("x", 0.1)
    assert np.isnan(table.rows[-1].ratio)


@pytest.mark.parametrize("step", [3, "a", ("a",)])
def test_a_figure_of_no_step_is_refused(step):
    with pytest.raises(RenderError, match="is not an input and a step"):
        lecture().figure(nudge=step)
