"""At a pole a program has NumPy's numbers, and gives no warning."""

import warnings

import numpy as np
import pytest
from compile.compiled import assert_same, compiled

import graphtrace as gt
from graphtrace.compile import compile_graph


@pytest.mark.parametrize(
    ("f", "traced", "pole"),
    [
        (lambda x, y: np.log(x) * y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: np.sqrt(x) + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: x**0.5 + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: x**y, (2.0, 0.5), (0.0, 0.5)),
        (lambda x, y: np.log(x) * y, (0.0, 3.0), (0.0, 3.0)),
        (lambda x, y: np.exp(x) ** 2 / np.exp(y), (2.0, 3.0), (500.0, 3.0)),
        (lambda x, y: 1 / np.sinh(x) + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: y / (np.cos(x) - 1.0), (2.0, 3.0), (0.0, 3.0)),
    ],
)
def test_at_a_pole_the_gradient_is_numpys_as_in_grad(f, traced, pole):
    with np.errstate(all="ignore"):
        graph = gt.trace(f, *traced)
        value, gradients = compile_graph(graph)(*pole)
        assert_same(value, graph.forward(x=pole[0], y=pole[1]))
        assert_same(list(gradients.values()), gt.grad(f, (0, 1))(*pole))


def test_at_a_pole_arguments_may_be_named_left_out_or_starred():
    def f(x, y=3.0, *rest, scale=2.0):
        return np.log(x) * y * scale + sum(rest)

    left_out, starred = compiled(f, 2.0, -3.0), compiled(f, 2.0, 3.0, 4.0)
    with np.errstate(all="ignore"):
        assert left_out(0.0)[1]["x"] == np.inf
        assert left_out(x=0.0, scale=-1.0)[1]["x"] == -np.inf
        assert starred(0.0, 3.0, 5.0, scale=-1.0)[1]["x"] == -np.inf


def test_the_gradient_at_a_pole_is_that_of_the_chosen_output():
    def f(x, y):
        return np.log(x) * y, x * y

    replay = gt.trace(f, 2.0, 3.0).compile("f[0]", seed=2.0, wrt="x")
    with np.errstate(all="ignore"):
        assert replay(0.0, 3.0)[1] == {"x": np.inf}


def test_a_root_of_a_negative_number_is_nan_where_numpy_has_nan():
    def f(x):
        return np.sin(x) ** 0.5 * 2.0

    with np.errstate(all="ignore"):
        value, gradients = compiled(f, 1.0)(-1.0)
        assert_same([value, gradients["x"]], [f(-1.0), gt.grad(f)(-1.0)])
    assert np.isnan(value)


def test_where_the_function_itself_divides_by_zero_the_replay_does_too():
    replay = compiled(lambda x, y: x / y, 1.0, 2.0)
    with pytest.raises(ZeroDivisionError):
        replay(1.0, 0.0)


def test_a_backward_pass_gives_no_warning():
    replay = compiled(lambda x: np.sum(np.sqrt(x)), np.ones(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert replay(np.zeros(3))[1]["x"].tolist() == [np.inf] * 3
