"""Graph.check: a wrong rule is found on its own edge, and a right one is never called wrong."""

from functools import partial

import numpy as np
import pytest
from legibility import problems
from samples import SAMPLES

import graphtrace as gt
from graphtrace.figure.parts import Note


@gt.primitive(partials=[lambda x, y: 2 * x**2])  # 3 * x**2 would be right
def wrong_cube(x):
    return x**3


@gt.primitive
def wrong_dot(x, w):
    return np.sum(x * w)


wrong_dot.defvjp(lambda g, y, x, w: g * w, lambda g, y, x, w: 2 * g * x)


def scalar(a, b):
    u = a * b
    c = wrong_cube(u)
    return np.sqrt(c) + a


def vector(x, w):
    s = wrong_dot(np.tanh(x), w)
    return s * s


def test_a_wrong_rule_is_found_on_its_edge():
    (found,) = gt.trace(scalar, 2.0, 3.0).check()
    assert found.edge == ("u", "c", 0)
    assert found.kind == "wrong"


def test_a_wrong_rule_is_named_with_both_numbers_and_its_line():
    (found,) = gt.trace(scalar, 2.0, 3.0).check()
    line = scalar.__code__.co_firstlineno + 2
    assert str(found) == (
        f"test_check.py:{line}: the derivative of c = wrong_cube(u) in u is 72 by its rule and "
        "108 by differences"
    )


def test_of_a_linear_map_the_wrong_operand_is_found():
    (found,) = gt.trace(vector, np.array([1.0, 2.0]), np.array([3.0, -1.0])).check()
    assert found.edge == ("w", "s", 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_rule_of_ours_is_called_wrong(name):
    for sample in SAMPLES[name]:
        graph = gt.trace(partial(sample.f, np), *sample.args)
        assert [str(found) for found in graph.check()] == []


def at_kinks(x, b):
    return np.abs(x) + np.maximum(x, b) + np.floor(b) + np.sign(x)


@pytest.mark.parametrize(("x", "b"), [(0.0, 0.0), (2.0, 2.0), (-1.0, 3.0)])
def test_at_a_kink_or_a_jump_any_convention_is_right(x, b):
    assert gt.trace(at_kinks, x, b).check() == []


def at_poles(x):
    return np.sqrt(x) + 1 / (1 + x) + np.log(x + 1)


def test_where_a_difference_is_not_finite_nothing_is_compared():
    assert gt.trace(at_poles, 0.0).check() == []


@pytest.mark.parametrize("x", [1e-12, 1e12, -1e-3])
def test_large_and_small_numbers_are_compared_by_their_own_size(x):
    assert gt.trace(lambda x: (x + 5.0) * np.sin(x) / x, x).check() == []


@gt.primitive(partials=[lambda x, y: 2.0])
def wrong_shift(x):
    return x + 5.0


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-3, 1e6])
def test_rounding_does_not_hide_a_wrong_rule(x):
    assert len(gt.trace(wrong_shift, x).check()) == 1


@pytest.mark.parametrize("x", [1e2, 1e4, 1e6])
def test_a_curve_is_no_wrong_rule(x):
    assert gt.trace(np.sin, x).check() == []


def test_single_precision_is_no_error():
    def f(x):
        return np.sum(np.tanh(x.astype(np.float32)) ** 2)

    assert gt.trace(f, np.linspace(-1, 1, 7)).check() == []


@gt.primitive(partials=[lambda x, y: 2 * np.cos(x)])
def wrong_in_single(x):
    return np.sin(x.astype(np.float32))


def test_a_wrong_rule_is_found_in_single_precision_too():
    assert len(gt.trace(wrong_in_single, np.array([0.3, 1.2])).check()) == 1


def test_the_figure_marks_the_edge_and_names_it_beneath():
    drawn = gt.trace(scalar, 2.0, 3.0).figure(check=True)
    wrong = [edge.id for edge in drawn.edges if edge.trouble == "wrong"]
    assert wrong == ["edge-u-c-0"]
    (note,) = drawn.caption
    assert "wrong_cube(u) in u is 72 by its rule" in note.text


def test_a_figure_without_a_wrong_edge_says_so():
    drawn = gt.trace(lambda a: a * a, 2.0).figure(check=True)
    assert drawn.caption == (
        Note("Every local derivative agrees with differences of its operation."),
    )


def test_the_marked_figure_can_be_read():
    assert list(problems(gt.trace(scalar, 2.0, 3.0).to_svg(check=True))) == []


@pytest.mark.parametrize("x", [np.float32(7), np.float16(0.5), np.float16(3), np.float32([5, 7])])
def test_the_rounding_of_a_short_float_is_no_wrong_rule(x):
    assert gt.trace(lambda x: np.sum(np.tanh(x) * np.sin(x)), x).check() == []


def test_a_wrong_rule_is_found_in_a_short_float_too():
    assert len(gt.trace(lambda x: wrong_cube(x) * 1.0, np.float32(3)).check()) == 1


@pytest.mark.parametrize("near", [1e-7, 1e-5, 1e-4, 1.5e-4, 2e-4, 3e-4, 5e-4])
def test_a_kink_that_is_nearer_than_the_step_is_no_wrong_rule(near):
    assert gt.trace(lambda x: np.sum(np.abs(x)), np.array([2e-3, near, 102.7])).check() == []


def transposed(a, b):
    return a @ b


def test_a_rule_that_is_wrong_for_no_symmetric_direction_is_found_at_a_symmetric_matrix():
    symmetric = np.array([[2.0, 0.3], [0.3, 1.5]])
    rules = (lambda g, y, a, b: (g @ b.T).T, lambda g, y, a, b: a.T @ g)
    row = gt.primitive(vjp=rules)(transposed)
    graph = gt.trace(lambda a: np.sum(row(a, symmetric) ** 2), symmetric)
    assert [one.edge[0] for one in graph.check()] == ["a"]
    assert gt.trace(lambda a: np.linalg.cholesky(a) ** 2, symmetric).check() == []


def test_the_legend_calls_a_wrong_derivative_wrong_and_nothing_else():
    svg = gt.trace(scalar, 2.0, 3.0).to_svg(check=True, legend=True)
    assert "wrong derivative" in svg
    assert "infinite" not in svg
    both = gt.trace(scalar, 2.0, 3.0).to_svg(check=True, trouble=True, legend=True)
    assert "0, infinite or NaN" not in both  # nothing is
    zero = gt.trace(lambda a: wrong_cube(a) * np.sin(a * 0), 2.0)
    assert "0, infinite, NaN or wrong" in zero.to_svg(check=True, trouble=True, legend=True)
    assert "NaN or wrong" not in zero.to_svg(trouble=True, legend=True)
