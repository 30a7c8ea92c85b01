"""What must not leak from one trace into another: errors, values that outlive it, arrays."""

import contextlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt


@pytest.mark.parametrize(
    "transform", [gt.grad, gt.value_and_grad, lambda f: lambda x: gt.trace(f, x)]
)
def test_an_exception_half_way_leaves_no_trace_open(transform):
    def fails(x):
        y = x * 2
        raise RuntimeError(f"half-way at {y}")

    with pytest.raises(RuntimeError, match="half-way"):
        transform(fails)(1.0)
    assert gt.grad(lambda x: x * x)(3.0) == 6.0
    assert gt.grad(lambda x: x * gt.grad(lambda y: x + y)(1.0))(2.0) == 1.0


def test_an_exception_in_an_inner_transform_leaves_the_outer_one_whole():
    def fails(y):
        raise RuntimeError

    def f(x):
        with contextlib.suppress(RuntimeError):
            gt.grad(fails)(x)
        return x * x

    assert gt.grad(f)(3.0) == 6.0


def test_an_exception_in_a_rule_leaves_no_trace_open():
    with pytest.raises(ZeroDivisionError):
        gt.grad(gt.grad(lambda x: 1 / x))(0.0)
    assert gt.grad(gt.grad(lambda x: x**3))(2.0) == 12.0


def test_an_exception_in_a_users_rule_leaves_no_trace_open():
    @gt.primitive(vjp=[lambda g, y, x: 1 / 0])
    def broken(x):
        return x + 0.0

    def with_custom_rule(x):
        f = gt.custom_vjp(lambda x: x)
        f.defvjp(lambda x: (x, None), lambda _, g: 1 / 0)
        return f(x)

    for f in (broken, with_custom_rule):
        for transform in (gt.grad(f), gt.grad(gt.grad(f)), gt.jacobian(f), gt.hessian(f)):
            with pytest.raises(ZeroDivisionError):
                transform(1.0)
        assert gt.grad(lambda x: x * gt.grad(lambda y: x + y)(1.0))(2.0) == 1.0


def leak(transform):
    kept = []

    def f(x):
        kept.append(x * 2)
        return x * x

    transform(f)
    return kept[0]


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: gt.grad(f)(1.0),
        lambda f: gt.value_and_grad(f)(1.0),
        lambda f: gt.vjp(f, 1.0),
        lambda f: gt.trace(f, 1.0),
    ],
    ids=["grad", "value_and_grad", "vjp", "trace"],
)
@pytest.mark.parametrize(
    "use", [lambda v: v + 1, lambda v: np.sin(v), lambda v: 2 * v, lambda v: np.stack([v, v])]
)
def test_a_traced_value_that_outlives_its_trace_says_so(transform, use):
    value = leak(transform)
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        use(value)


def test_a_traced_value_of_another_trace_says_so():
    value = leak(lambda f: gt.grad(f)(1.0))
    with pytest.raises(gt.TraceError, match="trace"):
        gt.grad(lambda x: x * value)(2.0)


def test_a_traced_value_kept_from_a_failed_trace_says_so():
    kept = []

    def fails(x):
        kept.append(x * 2)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        gt.grad(fails)(1.0)
    with pytest.raises(gt.TraceError):
        kept[0] + 1


def test_the_callers_array_is_not_changed_in_place():
    x = np.array([1.0, 2.0])

    def f(x):
        x *= 3
        x += 1
        return np.sum(x * x)

    assert_allclose(gt.grad(f)(x), 2 * 3 * (3 * np.array([1.0, 2.0]) + 1))
    assert_allclose(x, [1.0, 2.0])


def test_a_constant_that_the_function_changes_later_counts_as_it_was():
    buffer = np.array([1.0, 2.0])

    def f(x):
        y = x * buffer
        buffer[:] = 0
        return np.sum(y)

    assert_allclose(gt.grad(f)(np.ones(2)), [1.0, 2.0])


def test_a_traced_in_place_operation_is_seen_through_every_name():
    def f(x):
        y = x * 1
        same = y
        y += x
        return np.sum(same * same)

    assert_allclose(gt.grad(f)(np.array([1.0, 2.0])), 8 * np.array([1.0, 2.0]))
