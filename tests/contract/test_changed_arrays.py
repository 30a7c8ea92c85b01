"""An array that somebody changes after its use counts as it was."""

# ruff: noqa: SIM105 (some may be refused or right; and users write plain ifs)

import numpy as np
import pytest
from contract.functions import X

import graphtrace as gt


def test_a_plain_array_changed_after_its_use_counts_as_it_was():
    def f(x):
        w = np.ones(3)
        y = np.sum(w * x)
        w *= 100
        return y

    np.testing.assert_array_equal(gt.grad(f)(X), np.ones(3))
    np.testing.assert_array_equal(gt.trace(f, X).backward()["x"], np.ones(3))
    assert gt.trace(f, X).forward(x=2 * X) == 12.0


@pytest.mark.parametrize(
    ("use", "index", "after", "expected"),
    [
        (lambda x, i: x[i], [0, 1], [2, 1], [2.0, 4.0, 0.0]),
        (lambda x, i: x[i], np.array([0, 1]), [2, 1], [2.0, 4.0, 0.0]),
        (lambda x, i: x[i,], [0, 1], [2, 1], [2.0, 4.0, 0.0]),
        (np.take, np.array([0, 1]), [2, 1], [2.0, 4.0, 0.0]),
        (np.take, [0, 1], [2, 1], [2.0, 4.0, 0.0]),
        (np.repeat, np.array([1, 2, 1]), [1, 1, 2], [2.0, 8.0, 6.0]),
        (np.delete, np.array([2]), [0], [2.0, 4.0, 0.0]),
        (lambda x, i: np.where(i, x, 0), np.array([1, 1, 0]), [0, 0, 1], [2.0, 4.0, 0.0]),
        (lambda x, i: x**i, np.array([1.0, 1.0, 0.0]), [0, 0, 1], [2.0, 4.0, 0.0]),
        (lambda x, i: x @ i, np.diag([1.0, 1.0, 0.0]), np.zeros((3, 3)), [2.0, 4.0, 0.0]),
    ],
    ids=[
        "list",
        "array",
        "tuple",
        "take",
        "take-list",
        "repeat",
        "delete",
        "where",
        "power",
        "matmul",
    ],
)
def test_an_index_or_operand_changed_after_its_use_counts_as_it_was(use, index, after, expected):
    def f(x):
        i = index.copy()
        y = use(x, i)
        i[:] = after
        return np.sum(y * y)

    np.testing.assert_array_equal(gt.grad(f)(X), expected)
    g = gt.trace(f, X)
    assert g.forward() == g.value == f(X)
    np.testing.assert_array_equal(g.backward()["x"], expected)


@pytest.mark.parametrize(
    "f", [lambda a, b: np.sum(a * b), lambda a, b: a @ b], ids=["multiply", "matmul"]
)
def test_a_graph_keeps_its_numbers_when_the_caller_changes_his_arrays(f):
    a, b = X.copy(), 2 * X
    g = gt.trace(f, a, b)
    a *= 100
    b *= 100
    assert g.value == g.forward() == 28.0
    np.testing.assert_array_equal(g.backward()["a"], 2 * X)
    np.testing.assert_array_equal(g.backward()["b"], X)


def test_a_pullback_keeps_its_numbers_when_the_caller_changes_his_arrays():
    a = X.copy()
    _, pullback = gt.vjp(lambda a: np.sum(a * a), a)
    a *= 100
    np.testing.assert_array_equal(pullback(1.0)[0], 2 * X)


def test_a_graph_keeps_its_value_when_the_caller_changes_what_he_got():
    g = gt.trace(lambda x: x * 2, X)
    g.forward()[:] = 0
    np.testing.assert_array_equal(g.forward(), 2 * X)


def test_a_graph_keeps_its_numbers_when_the_caller_changes_its_value():
    g = gt.trace(lambda x: np.exp(x), np.zeros(2))
    try:
        g.value[:] = 0
    except ValueError:
        pass  # a read-only array is as good
    np.testing.assert_array_equal(g.forward(), np.ones(2))
    np.testing.assert_array_equal(g.backward(seed=np.ones(2))["x"], np.ones(2))


def test_a_graph_keeps_its_inputs_when_the_caller_changes_an_output_that_is_one():
    g = gt.trace(lambda x: (x, np.sum(x * x)), X)
    try:
        g.forward()[0][:] = 0
    except ValueError:
        pass  # a read-only array is as good
    assert g.forward()[1] == 14.0


def test_a_pullback_keeps_its_numbers_when_the_caller_changes_the_value():
    value, pullback = gt.vjp(lambda x: np.exp(x), np.zeros(2))
    try:
        value *= 100
    except ValueError:
        pass  # a read-only array is as good
    np.testing.assert_array_equal(pullback(np.ones(2))[0], np.ones(2))


@pytest.mark.parametrize(
    "view",
    [
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 3)[0],
        lambda a: np.broadcast_to(a, (2, 3)),
        lambda a: _locked(a[:]),
    ],
    ids=["windows", "broadcast", "locked"],
)
def test_a_read_only_view_of_an_array_that_changes_counts_as_it_was(view):
    def f(x):
        buffer, total = np.ones(3), 0.0
        for _ in range(3):
            total = total + np.sum(view(buffer) * x)
            buffer *= 10
        return total

    assert gt.trace(f, X).value == f(X)
    times = view(np.ones(3)).size / 3
    np.testing.assert_array_equal(gt.grad(f)(X), np.full(3, 111 * times))


def _locked(a):
    a.flags.writeable = False
    return a


def test_a_bound_that_changes_after_a_comparison_counts_as_it_was():
    def f(x):
        n = np.array(1.0)
        y = 2 * x if x > n else 3 * x
        n -= 100
        return y

    g = gt.trace(f, 2.0)
    assert g.forward(x=3.0) == f(3.0)
    with pytest.raises(gt.BranchChanged):
        g.forward(x=0.5)


def test_the_gradient_is_taken_where_the_array_was_when_it_was_given():
    w = np.ones(3)

    def f(x):
        value = np.sum(x**2)
        w[:] = 100
        return value

    np.testing.assert_array_equal(gt.grad(f)(w), np.full(3, 2.0))
