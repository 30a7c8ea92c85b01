"""NumPy's errors and the user's own come through as they are, with the place."""

# ruff: noqa: PT011 (some may be refused or right; and NumPy's own words are compared)

import traceback
import warnings

import numpy as np
import pytest
from core.messages import X, at, says

import graphtrace as gt

# -- Wrong shapes ----------------------------------------------------------------------------------


def test_a_matmul_of_wrong_shapes_is_numpys_error_with_the_place_and_the_shapes():
    def f(W, x):
        return W @ x

    with pytest.raises(ValueError, match="matmul") as info:
        gt.trace(f, np.ones((4, 2)), X)
    (note,) = info.value.__notes__
    says(note, at(f), "W @ x", "float64[4,2], float64[3]")


def test_a_broadcast_of_wrong_shapes_has_the_place_and_the_shapes():
    def f(x, y):
        u = x + y
        return np.sum(u)

    with pytest.raises(ValueError, match="broadcast") as info:
        gt.grad(f)(X, np.ones(4))
    (note,) = info.value.__notes__
    says(note, at(f), "x + y", "float64[3], float64[4]")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.reshape(x, (2, 2)),
        lambda x: x.reshape(2, 2),
        lambda x: np.concatenate([x, x.reshape(3, 1)]),
        lambda x: np.sum(x, axis=4),
        lambda x: np.dot(x, np.ones(4)),
        lambda x: np.stack([x, x[:2]]),
        lambda x: np.add(x, np.ones(4)),
    ],
    ids=["reshape", "method", "concatenate", "axis", "dot", "stack", "ufunc"],
)
def test_numpys_own_errors_come_through_with_a_note(f):
    with pytest.raises(ValueError) as theirs:
        f(X)
    with pytest.raises(ValueError) as ours:
        gt.trace(f, X)
    assert type(ours.value) is type(theirs.value)
    assert str(ours.value) == str(theirs.value)
    assert any(__file__ in note and "float64[3]" in note for note in ours.value.__notes__)


# -- The user's own exceptions ---------------------------------------------------------------------


def test_an_exception_in_the_function_is_the_users_own_with_the_users_traceback():
    class Mine(Exception):
        pass

    def f(x):
        x * 2
        raise Mine("no")

    for attempt in (lambda: gt.trace(f, 1.0), lambda: gt.grad(f)(1.0), lambda: gt.vjp(f, 1.0)):
        with pytest.raises(Mine, match=r"^no$") as info:
            attempt()
        assert (
            traceback.extract_tb(info.value.__traceback__)[-1].lineno
            == f.__code__.co_firstlineno + 2
        )


def test_division_by_zero_is_pythons_own_error():
    def f(x):
        return 1 / x

    with pytest.raises(ZeroDivisionError) as info:
        gt.trace(f, 0.0)
    assert any(note.startswith(at(f)) for note in info.value.__notes__)


def test_a_value_error_of_the_user_is_not_replaced():
    def f(x):
        try:
            raise gt.TraceError("inner")
        except gt.TraceError as error:
            raise ValueError("mine") from error

    with pytest.raises(ValueError, match="mine"):
        gt.trace(f, 1.0)


def test_a_type_error_of_the_user_about_arguments_is_his_own():
    def f(x):
        return len(3)

    with pytest.raises(TypeError, match="has no len") as info:
        gt.trace(f, 1.0)
    assert not isinstance(info.value, gt.GraphtraceError)


def test_nan_and_infinity_go_through_without_our_warnings():
    def f(x):
        return np.sum(x * x) / x[0]

    x = np.array([np.nan, np.inf, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g = gt.trace(f, x)
        assert np.isnan(g.value)
        assert np.isnan(g.backward()["x"]).any()
        assert np.isnan(gt.grad(f)(x)).any()
        assert np.isnan(g.forward())


def test_a_derivative_that_overflows_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gt.grad(lambda x: x**0.5)(0.0) == np.inf
        assert gt.trace(lambda x: x**0.5, 0.0).backward()["x"] == np.inf
        assert gt.grad(lambda x: np.sum(np.sqrt(x)))(np.zeros(2)).tolist() == [np.inf, np.inf]


def test_the_users_own_warnings_come_through():
    with pytest.warns(RuntimeWarning, match=r"divide by zero"):
        gt.trace(lambda x: np.sum(np.log(x)), np.zeros(2))
    with pytest.warns(RuntimeWarning, match="invalid value"):
        gt.grad(lambda x: np.sqrt(x))(np.float64(-1.0))


def test_a_traced_value_shows_itself():
    seen = []
    gt.trace(lambda x: seen.append(repr(x)) or x * 2, 1.5)
    assert "1.5" in seen[0]
