"""The arguments of a call, from what was typed: each where it belongs, or one sentence."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import ArgumentError
from graphtrace.target.call import arguments, assigned, call
from graphtrace.target.expression import parse


def traced(function, *typed):
    return call(gt.trace, function, assigned(typed))


def test_a_list_is_spread_over_the_arguments_of_any_number():
    def f(a, b=3.0, *xs, c=1.0, **more):
        return a, b, xs, c, more

    assert arguments(f, assigned(["a=2", "xs=[4, 5]", "c=6", "d=7"])) == (
        [2, 3.0, 4.0, 5.0],
        {"c": 6, "d": 7},
    )
    assert arguments(f, {"a": 2, "xs": []}) == ([], {"a": 2})
    args, _ = arguments(f, assigned(["a=2", "b=1", "xs=[[1, 2], [3, 4]]"]))
    np.testing.assert_array_equal(args[2:], [[1.0, 2.0], [3.0, 4.0]])
    assert traced(lambda *xs: sum(xs), "xs=[1, 2]").backward() == {"xs": (1.0, 1.0)}


def test_arguments_of_any_number_are_a_list():
    with pytest.raises(ArgumentError, match=r"^\*xs takes a list: write .* --at 'xs=\[1, 2\]'$"):
        arguments(lambda *xs: xs, {"xs": 3})
    with pytest.raises(ArgumentError, match=r"^f has no parameter y: it has a, \*xs$"):
        arguments(lambda a, *xs: xs, {"y": 3})


def test_whole_numbers_are_floats_and_their_gradients_too():
    gradient = traced(lambda w: np.sum(w * w), "w=[1, 2]").backward()["w"]
    assert gradient.dtype == np.float64
    np.testing.assert_array_equal(gradient, [2.0, 4.0])


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (lambda w, y: np.sum(w[y]), 4.0),
        (lambda w, y: np.sum(w[y] * w[y]), 8.0),
        (lambda w, y: gt.cross_entropy(w[None, :], y[:1]), np.log1p(np.exp(-1.0))),
    ],
)
def test_labels_are_integers_where_the_function_asks_for_them(function, value):
    graph = traced(function, "w=[1, 2]", "y=[1, 1]")
    assert graph.nodes["y"]["value"].dtype.kind == "i"
    assert graph.nodes["w"]["value"].dtype.kind == "f"
    assert float(np.sum(graph.value)) == pytest.approx(value)


def test_two_arrays_of_labels_are_both_integers():
    graph = traced(lambda w, i, j: np.sum(w[i, j]), "w=[[1, 2], [3, 4]]", "i=[0, 1]", "j=[1, 0]")
    assert graph.value == 5.0


def test_a_label_that_is_none_is_told_as_such():
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        traced(lambda w, y: np.sum(w[y]), "w=[1, 2]", "y=[0, 7]")
    with pytest.raises(gt.TraceError, match="must be of integer"):
        traced(lambda w, y: np.sum(w[y]), "w=[1, 2]", "y=[0, 0.5]")


def test_a_function_that_fails_otherwise_is_called_once():
    calls = []

    def f(y):
        calls.append(y)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        traced(f, "y=[0, 1]")
    assert len(calls) == 1


def test_a_text_reaches_the_function_and_is_no_value_of_an_expression():
    def f(x, mode):
        return x if mode == "lin" else x * x

    assert traced(f, "x=3", "mode=lin").value == 3.0
    with pytest.raises(ArgumentError, match=r"^a: 'much' is not a number, a list of numbers or"):
        arguments(parse("J = 2*a"), assigned(["a=much"]))


def test_the_inputs_of_an_expression_stand_in_the_order_of_their_values():
    J = parse("J = 3*(c + b*a)")
    args, by_name = arguments(J, {"a": 5.0, "b": 3.0, "c": 2.0})
    graph = gt.trace(J, *args, **by_name)
    assert graph.inputs == ["a", "b", "c"]
    assert graph.value == J(5.0, 3.0, 2.0) == 51.0
