"""A list, tuple or text beside a traced number means what it means beside a plain one."""

import operator

import numpy as np
import pytest

import graphtrace as gt


def repeated_on_the_right(x, n):
    return sum([x, 2 * x] * n)


def repeated_on_the_left(x, n):
    return sum(n * (x, 2.0))


def repeated_in_place(x, n):
    entries = [x]
    entries *= n
    return sum(entries)


def repeated_text(x, n):
    return x * len(n * "ab") + len("c" * n) + len(b"d" * n)


def padded_by_a_difference(x, n):
    return sum([x] + [3.0 * x] * (n - 1))


REPEATING = [
    *(repeated_on_the_right, repeated_on_the_left, repeated_in_place),
    *(repeated_text, padded_by_a_difference),
]


@pytest.mark.parametrize("n", [0, 1, 3, np.int64(3)], ids=repr)
@pytest.mark.parametrize("f", REPEATING, ids=lambda f: f.__name__)
def test_a_traced_whole_number_repeats_a_sequence(f, n):
    assert gt.trace(f, 1.5, n).value == f(1.5, n)


@pytest.mark.parametrize("f", REPEATING, ids=lambda f: f.__name__)
def test_how_often_it_repeats_is_a_decision(f):
    graph = gt.trace(f, 1.5, 3)
    graph.backward()
    slope = f(2.5, 3) - f(1.5, 3)
    assert graph.nodes["x"]["grad"] == pytest.approx(slope)
    assert graph.forward(x=2.0) == f(2.0, 3)
    assert graph.compile()(2.0, 3)[0] == f(2.0, 3)
    with pytest.raises(gt.BranchChanged):
        graph.forward(n=4)
    with pytest.raises(gt.BranchChanged):
        graph.compile()(2.0, 4)


@pytest.mark.parametrize("number", [2.0, 2.5, np.float64(2.5)], ids=repr)
@pytest.mark.parametrize("sequence", [[1.0, 2.0], (1.0, 2.0), "ab"], ids=repr)
@pytest.mark.parametrize("sides", ["left", "right"])
def test_a_float_repeats_nothing(number, sequence, sides):
    def f(x):
        return x * sequence if sides == "left" else sequence * x

    with pytest.raises(TypeError):
        f(number)
    with pytest.raises((TypeError, gt.TraceError)):
        gt.trace(f, number)


@pytest.mark.parametrize(
    "operation",
    [operator.add, operator.sub, operator.truediv, operator.mod, operator.pow, operator.matmul],
)
def test_a_python_number_has_no_other_operator_with_a_list(operation):
    for f in (lambda x: operation(x, [1.0, 2.0]), lambda x: operation((1.0, 2.0), x)):
        with pytest.raises(TypeError):
            f(3.0)
        with pytest.raises(TypeError):
            gt.trace(f, 3.0)


def test_a_python_number_equals_no_list_and_has_no_order_with_one():
    assert gt.trace(lambda x: x * 2 if x == [3.0] else x * 5, 3.0).value == 15
    assert gt.trace(lambda x: x * 2 if x != (3.0,) else x * 5, 3.0).value == 6
    with pytest.raises(TypeError):
        gt.trace(lambda x: x * (x < [4.0]), 3.0)


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.pow])
@pytest.mark.parametrize("sequence", [[1.0, 2.0], (1.0, 2.0)], ids=repr)
def test_an_array_takes_a_list_for_an_array(operation, sequence):
    for f in (lambda x: operation(x, sequence), lambda x: operation(sequence, x)):
        for value in (np.array([3.0, 4.0]), np.array(3.0)):
            np.testing.assert_array_equal(gt.trace(f, value).value, f(value))


def test_a_numpy_scalar_takes_a_list_for_an_array_but_beside_a_star():
    x = np.array([3.0, 4.0])
    for f in (lambda x: x[0] + [1.0, 2.0], lambda x: (1.0, 2.0) - x[0]):
        np.testing.assert_array_equal(gt.trace(f, x).value, f(x))
    with pytest.raises((TypeError, gt.TraceError)):
        gt.trace(lambda x: x[0] * [1.0, 2.0], x)
