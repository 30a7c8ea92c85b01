"""A traced array changed in place: right through every name, or refused."""

# ruff: noqa: PT017 (some may be refused or right; and users write plain ifs)

import numpy as np
import pytest
from contract.functions import X

import graphtrace as gt


def test_an_in_place_change_is_seen_through_every_name():
    def f(x):
        y = x * 1
        alias = y
        y += 10
        y *= 2
        return np.sum(alias)

    assert gt.trace(f, X).value == f(X)
    np.testing.assert_array_equal(gt.grad(f)(X), np.full(3, 2.0))


def test_the_gradient_of_an_input_changed_in_place_is_that_of_what_came_in():
    def f(x):
        x *= 3
        return np.sum(x)

    np.testing.assert_array_equal(gt.grad(f)(X.copy()), np.full(3, 3.0))


def test_a_graph_of_an_input_changed_in_place_differentiates_what_came_in():
    def f(x):
        x *= 3
        return np.sum(x)

    g = gt.trace(f, X.copy())
    np.testing.assert_array_equal(g.backward()["x"], np.full(3, 3.0))
    assert g.forward(x=np.ones(3)) == 9.0


def test_a_pullback_of_an_input_changed_in_place_is_that_of_what_came_in():
    def f(x):
        x *= 3
        return x + 0

    _, pullback = gt.vjp(f, X.copy())
    np.testing.assert_array_equal(pullback(np.ones(3))[0], np.full(3, 3.0))


def test_descent_in_place_is_differentiated_as_descent_that_is_not():
    def slope(w):
        return gt.grad(lambda t: np.sum(t**3))(w)

    def in_place(w):
        for _ in range(2):
            w -= 0.1 * slope(w)
        return np.sum(w)

    def anew(w):
        for _ in range(2):
            w = w - 0.1 * slope(w)
        return np.sum(w)

    np.testing.assert_array_equal(gt.grad(in_place)(X.copy()), gt.grad(anew)(X))


def test_a_parameter_in_a_container_changed_in_place_is_differentiated_as_it_came_in():
    def f(params):
        params["w"] *= 3
        return np.sum(params["w"])

    np.testing.assert_array_equal(gt.grad(f)({"w": X.copy()})["w"], np.full(3, 3.0))


def test_sorting_in_place_is_done_or_refused():
    def f(x):
        y = x * 1
        y.sort()
        return np.sum(y * X)

    try:
        value = gt.trace(f, X[::-1].copy()).value
    except (AttributeError, gt.TraceError):
        return
    assert value == 14.0


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("fill", (0.0,)), ("put", ([0], [9.0])), ("resize", ((2,),)), ("partition", (1,))],
)
def test_a_method_that_changes_an_array_does_so_or_is_refused(method, arguments):
    def f(x):
        y = x * 1
        alias = y
        getattr(y, method)(*arguments)
        return np.sum(y * X[: len(y)]) + np.sum(alias)

    start = X[::-1].copy()
    try:
        value = gt.trace(f, start).value
    except (AttributeError, gt.TraceError):
        return
    assert value == f(start)


def test_tracing_leaves_the_callers_array_alone():
    def f(x):
        x *= 3
        return np.sum(x)

    x = X.copy()
    gt.trace(f, x)
    gt.grad(f)(x)
    np.testing.assert_array_equal(x, X)


def test_a_number_changed_in_place_is_changed_under_one_name_only():
    def f(a):
        b = a
        b += 1
        return a * b

    assert gt.trace(f, 2.0).value == 6.0


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y[1:],
        lambda y: y[1:][1:],
        lambda y: y.reshape(3, 1),
        lambda y: y.reshape(3, 1).T,
        lambda y: np.transpose(y[None])[1:],
        np.ravel,
        lambda y: np.broadcast_to(y, (2, 3)),
        lambda y: np.expand_dims(y, 0),
        lambda y: y[...],
        np.atleast_2d,
        lambda y: np.split(y, 3)[1],
        np.squeeze,
        lambda y: y.squeeze()[1:],
        np.asarray,
        lambda y: y.view(),
        lambda y: y.astype(float, copy=False),
    ],
    ids=[
        *(
            "slice",
            "slice-of-slice",
            "reshape",
            "transpose",
            "deep",
            "ravel",
            "broadcast",
            "expand",
        ),
        *(
            "ellipsis",
            "atleast",
            "split",
            "squeeze",
            "slice-of-squeeze",
            "asarray",
            "view",
            "astype",
        ),
    ],
)
def test_a_live_view_of_an_array_changed_in_place_is_refused_or_right(view):
    def f(x):
        y = x * 1
        z = view(y)
        y += 10
        return np.sum(z)

    try:
        value = gt.trace(f, X).value
    except (AttributeError, gt.TraceError) as error:
        assert "test_in_place.py" in str(error)
    else:
        assert value == f(X)


def test_a_view_changed_in_place_is_refused_or_right():
    def f(x):
        y = x * 1
        z = y[1:]
        z += 10
        return np.sum(y)

    try:
        assert gt.trace(f, X).value == f(X)
    except gt.TraceError as error:
        assert "write x = x + ..." in str(error)


def test_a_copy_may_be_changed_in_place():
    def f(x):
        y = x * 1
        z = y.copy()
        w = y[1:].copy()
        y += 10
        z *= 2
        return np.sum(z) + np.sum(w) + np.sum(y)

    assert gt.trace(f, X).value == f(X)


def test_a_flattened_copy_does_not_stand_in_the_way():
    def f(x):
        y = x * 1
        z = y.flatten()
        y += 10
        return np.sum(z) + np.sum(y)

    assert gt.trace(f, X).value == f(X)


def test_the_message_about_a_live_view_says_what_to_write():
    def f(x):
        y = x * 1
        z = y[1:]
        y += 10
        return np.sum(z)

    with pytest.raises(gt.TraceError) as info:
        gt.trace(f, X)
    assert "in place while a view of it" in str(info.value)
    assert "write x = x + ... or copy the view" in str(info.value)


@pytest.mark.parametrize(
    "ufunc", [lambda x, m: np.add(x, 1.0, where=m), lambda x, m: np.exp(x, where=m)]
)
def test_where_of_a_ufunc_is_differentiated_or_refused(ufunc):
    mask = np.array([True, False, True])
    try:
        gradient = gt.grad(lambda x: np.sum(ufunc(x, mask)))(X)
    except gt.TraceError:
        return
    assert gradient[1] == 0.0


@pytest.mark.parametrize("ufunc", [np.multiply, np.add, lambda x, y, **how: np.exp(x, **how)])
def test_dtype_of_a_ufunc_is_kept_or_refused(ufunc):
    try:
        gradient = gt.grad(lambda x: np.sum(ufunc(x, x, dtype=np.float64)))(X)
    except gt.TraceError:
        return
    assert gradient.shape == (3,)
