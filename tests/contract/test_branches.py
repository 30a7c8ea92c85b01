"""What the function decided by its values is remembered, and said where it would change."""

# ruff: noqa: PT017, SIM105, SIM108 (some may be refused or right; and users write plain ifs)

import operator
import pickle

import numpy as np
import pytest
from contract.functions import X, line_of

import graphtrace as gt


def branchy(x):
    if x > 0:
        y = x * x
    else:
        y = -x
    return y


def test_a_changed_branch_is_said_with_file_and_line():
    g = gt.trace(branchy, 2.0)
    assert g.forward(x=3.0) == 9.0
    with pytest.raises(gt.BranchChanged, match=line_of(branchy, 1)) as info:
        g.forward(x=-3.0)
    assert "`x > 0` was True when it was traced and is False" in str(info.value)


@pytest.mark.parametrize(
    "compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)
def test_every_comparison_is_a_plain_bool_and_remembered(compare):
    seen = []

    def f(a, b):
        seen.append(compare(a, b))
        return a * b if seen[-1] else a + b

    g = gt.trace(f, 1.0, 2.0)
    assert seen[0] is compare(1.0, 2.0)
    for a, b in [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)]:
        if compare(a, b) is seen[0]:
            assert g.forward(a=a, b=b) == f(a, b)
        else:
            with pytest.raises(gt.BranchChanged):
                g.forward(a=a, b=b)


@pytest.mark.parametrize("compare", [operator.lt, operator.ge, operator.eq, np.less, np.not_equal])
@pytest.mark.parametrize("x", [1.0, np.float64(1.0), np.float32(1.0), np.array(1.0)])
def test_a_comparison_has_the_type_that_it_has_without_a_trace(compare, x):
    seen = []
    gt.trace(lambda x: seen.append(compare(x, 2.0)) or x, x)
    assert type(seen[0]) is type(compare(x, 2.0))
    assert seen[0] == compare(x, 2.0)


def test_not_of_a_comparison_of_numpys_numbers_is_its_contrary():
    def f(x):
        is_small = np.sum(x) < 1
        return x[0] * 2 if ~is_small else x[0] * 3

    for x in (X, -X):
        assert gt.trace(f, x).value == f(x)
        assert gt.grad(f)(x)[0] == (2 if np.sum(x) >= 1 else 3)


def test_a_branch_on_an_array_sum_is_remembered():
    def f(x):
        if x.sum() > 0:
            return np.sum(x * x)
        return np.sum(x)

    g = gt.trace(f, X)
    assert g.forward(x=2 * X) == f(2 * X)
    with pytest.raises(gt.BranchChanged, match=line_of(f, 1)):
        g.forward(x=-X)


def test_a_branch_on_any_and_all_is_remembered():
    def f(x):
        return np.sum(x * x) if np.all(x > 0) and np.any(x > 2) else np.sum(x)

    g = gt.trace(f, X)
    with pytest.raises(gt.BranchChanged):
        g.forward(x=np.array([1.0, 1.0, 1.0]))
    with pytest.raises(gt.BranchChanged):
        g.forward(x=np.array([-1.0, 3.0, 3.0]))


def test_a_truth_value_is_remembered():
    def f(x):
        return x * 2 if x else x + 1

    with pytest.raises(gt.BranchChanged):
        gt.trace(f, 1.0).forward(x=0.0)


def test_a_while_loop_is_remembered():
    def f(x):
        n = 0
        while x < 100:
            x = x * x
            n += 1
        return x

    g = gt.trace(f, 3.0)
    assert g.value == f(3.0)
    assert g.forward(x=3.1) == f(3.1)
    with pytest.raises(gt.BranchChanged, match=line_of(f, 2)):
        g.forward(x=1.5)


@pytest.mark.parametrize("whole", [int, round, np.floor])
def test_a_whole_number_of_a_traced_value_is_remembered(whole):
    def f(x):
        return x * whole(x)

    g = gt.trace(f, 2.4)
    assert g.value == f(2.4)
    assert g.backward() == {"x": 2.0}
    assert g.forward(x=2.2) == f(2.2)
    try:
        assert g.forward(x=7.2) == f(7.2)
    except gt.BranchChanged:
        pass


def test_min_max_and_sorted_are_remembered():
    def f(a, b, c):
        return max(a, b, c) * 2 - min(a, b, c) + sorted([a, b, c])[1]

    g = gt.trace(f, 1.0, 2.0, 3.0)
    assert g.value == 7.0
    with pytest.raises(gt.BranchChanged):
        g.forward(a=5.0)


def test_a_loop_count_is_remembered():
    def f(x, n):
        for _ in range(n):
            x = x * 2
        return x

    g = gt.trace(f, 1.0, 3)
    assert g.value == 8.0
    with pytest.raises(gt.BranchChanged):
        g.forward(n=4)


def test_data_dependent_shapes_work_and_say_when_they_change():
    def f(x):
        return np.sum(x[x > 0] ** 2)

    g = gt.trace(f, np.array([1.0, -2.0, 3.0]))
    np.testing.assert_array_equal(g.backward()["x"], [2.0, 0.0, 6.0])
    assert g.forward(x=np.array([-1.0, 2.0, 5.0])) == 29.0
    with pytest.raises(gt.BranchChanged):
        g.forward(x=np.array([1.0, 2.0, 3.0]))


def test_a_count_taken_from_a_mask_is_never_stale():
    def f(x):
        return np.sum(x) / len(x[x > 0])

    g = gt.trace(f, np.array([1.0, -2.0, 3.0]))
    with pytest.raises(gt.BranchChanged):
        g.forward(x=np.array([1.0, 2.0, 3.0]))


def test_an_indexed_position_is_never_stale():
    def f(x):
        i = int(np.argmax(x))
        return x[i] * x[i]

    g = gt.trace(f, X)
    with pytest.raises(gt.BranchChanged):
        g.forward(x=X[::-1].copy())


def test_allclose_is_a_remembered_decision():
    def f(x):
        return np.sum(x) if np.allclose(x, 1.0) else np.sum(x * x)

    with pytest.raises(gt.BranchChanged):
        gt.trace(f, X).forward(x=np.ones(3))


def test_a_decision_in_a_helper_names_the_helpers_line():
    def relu(t):
        return t if t > 0 else 0 * t

    def f(x):
        return relu(x) * 2

    with pytest.raises(gt.BranchChanged, match=line_of(relu, 1)):
        gt.trace(f, 1.0).forward(x=-1.0)


def test_comparisons_with_constants_only_are_not_remembered():
    def f(x, n=3):
        k = 5
        return x * 2 if k > 3 else x

    assert gt.trace(f, 1.0).forward(x=-1.0, n=100) == -2.0


@pytest.mark.parametrize(
    ("f", "traced", "other"),
    [
        (lambda x: _or_else(lambda: 1 / x, x), 0.0, 2.0),
        (lambda x: _or_else(lambda: int(x) * x, x), np.nan, 2.0),
        (lambda x: _or_else(lambda: np.linalg.inv(np.stack([x, x]).reshape(1, 2)), x), 1.0, 1.0),
        (lambda x: _or_else(lambda: np.sum(np.linalg.cholesky(_diagonal(x))), x), -1.0, 4.0),
    ],
    ids=["division", "int-of-nan", "always", "cholesky"],
)
def test_an_error_that_the_function_catches_is_a_decision(f, traced, other):
    g = pickle.loads(pickle.dumps(gt.trace(f, traced)))
    assert np.array_equal(g.forward(), f(traced), equal_nan=True)
    for evaluate in (lambda: g.forward(x=other), lambda: g.compile()(other)[0]):
        try:
            assert evaluate() == f(other)
        except gt.BranchChanged as error:
            assert "was a " in str(error)
            assert traced != other


def _diagonal(x):
    return np.reshape(np.stack([x, 0 * x, 0 * x, x]), (2, 2))


def _or_else(attempt, x):
    try:
        return attempt()
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        return 5 * x


@pytest.mark.parametrize(
    ("f", "other"),
    [
        (lambda x: np.sum(np.real(np.emath.sqrt(x))), np.array([-4.0, 2.0, 3.0])),
        (lambda x: np.sum(np.imag(np.emath.arccos(x / 4))), np.array([8.0, 2.0, 3.0])),
        (lambda x: np.trim_zeros(x - 1)[0], np.array([3.0, 2.0, 1.0])),
        (lambda x: np.polyadd(x - 1, [1.0])[0], np.array([5.0, 2.0, 1.0])),
    ],
    ids=["emath.sqrt", "emath.arccos", "trim_zeros", "polyadd"],
)
def test_what_numpy_decides_from_the_values_is_a_decision(f, other):
    g = gt.trace(f, X)
    assert g.forward() == f(X)
    try:
        assert g.forward(x=other) == f(other)
    except gt.BranchChanged:
        pass
