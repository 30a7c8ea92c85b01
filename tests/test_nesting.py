"""Transforms inside transforms, and what must not leak from one trace into another."""

import contextlib
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import complex_step

import graphtrace as gt

approx = pytest.approx


def nth(f, n):
    for _ in range(n):
        f = gt.grad(f)
    return f


@pytest.mark.parametrize(
    ("f", "x", "right"),
    [
        (lambda x: x**5, 2.0, [80.0, 160.0, 240.0, 240.0, 120.0]),
        (np.exp, 0.5, [np.exp(0.5)] * 5),
        (np.sin, 0.5, [np.cos(0.5), -np.sin(0.5), -np.cos(0.5), np.sin(0.5), np.cos(0.5)]),
        (lambda x: 1 / x, 2.0, [-1 / 4, 2 / 8, -6 / 16, 24 / 32, -120 / 64]),
        (np.log, 2.0, [1 / 2, -1 / 4, 2 / 8, -6 / 16, 24 / 32]),
    ],
    ids=["power", "exp", "sin", "reciprocal", "log"],
)
@pytest.mark.parametrize("n", range(1, 6))
def test_the_nth_derivative_is_the_known_one(f, x, right, n):
    assert nth(f, n)(x) == approx(right[n - 1])


def test_the_second_derivative_is_the_complex_step_of_the_first():
    x = np.array([0.3, -0.8, 1.2])

    def f(x):
        return np.sum(np.tanh(x) * np.roll(x, 1) ** 2)

    def slope(x):
        return (1 - np.tanh(x) ** 2) * np.roll(x, 1) ** 2 + 2 * x * np.roll(np.tanh(x), -1)

    assert_allclose(gt.grad(f)(x), slope(x), rtol=1e-12)
    rows = [gt.grad(lambda x, i=i: gt.grad(f)(x)[i])(x) for i in range(3)]
    assert_allclose(rows, complex_step(slope, x), rtol=1e-12, atol=1e-14)


def test_the_inner_derivative_does_not_see_the_outer_variable():
    assert gt.grad(lambda x: x * gt.grad(lambda y: x + y)(1.0))(2.0) == 1.0


def test_the_inner_derivative_at_the_outer_variable_counts_in_the_outer_one():
    assert gt.grad(lambda x: x * gt.grad(lambda y: x * y)(x))(3.0) == 6.0


def test_a_derivative_operator_applied_twice_is_not_confused():
    """Manzyuk and others, "Perturbation confusion in forward automatic differentiation", 2019."""

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def slope_at_zero_of_shift(f):
        return lambda x: gt.grad(lambda u: shift(u)(f)(x))(0.0)

    assert slope_at_zero_of_shift(slope_at_zero_of_shift(np.exp))(0.5) == approx(np.exp(0.5))


def test_the_inner_gradient_may_be_of_a_function_that_ignores_its_argument():
    assert gt.grad(lambda x: x * gt.grad(lambda y: x)(1.0))(2.0) == 0.0


def test_the_inner_gradient_in_an_outer_value_only_is_a_constant_to_the_inner():

    def f(x):
        return gt.grad(lambda y: x**2 * y**3)(2.0)

    assert f(3.0) == 108.0
    assert gt.grad(f)(3.0) == 72.0


def test_a_closure_over_an_outer_variable_is_differentiated_by_the_outer_transform_alone():
    def outer(x):
        def inner(y):
            return np.sin(x * y)

        return gt.grad(inner)(1.0) + x

    x = 0.7
    assert gt.grad(outer)(x) == approx(np.cos(x) - x * np.sin(x) + 1)


def test_value_and_grad_and_vjp_nest():
    def f(x):
        value, slope = gt.value_and_grad(lambda y: y**3)(x)
        (pulled,) = gt.vjp(lambda y: y * y, x)[1](slope)
        return value + pulled

    # x**3 + 2 x 3 x**2
    assert gt.grad(f)(2.0) == approx(7 * 3 * 4.0)


def test_a_pullback_kept_for_later_still_gives_the_traced_gradient():
    _, pullback = gt.vjp(lambda x: x**3, 2.0)
    gt.grad(np.sin)(1.0)
    assert pullback(1.0) == (12.0,)
    assert pullback(2.0) == (24.0,)


def test_the_adjoint_of_a_pullback_is_differentiated_too():

    def f(g):
        return gt.vjp(lambda x: x**3, 2.0)[1](g)[0] * g

    assert gt.grad(f)(5.0) == approx(2 * 12.0 * 5.0)


def test_a_gradient_inside_a_traced_function_is_part_of_the_graph():
    def f(x):
        return x * gt.grad(lambda y: y**3)(x)

    graph = gt.trace(f, 2.0)
    assert graph.value == 24.0
    assert graph.backward() == {"x": approx(36.0)}
    assert graph.forward(x=3.0) == approx(81.0)


def test_a_hessian_vector_product_inside_a_traced_function():
    v = np.array([1.0, -2.0, 0.5])

    def f(x):

        def energy(y):
            return np.sum(y**4) + np.prod(y)

        return np.sum(gt.grad(lambda y: np.sum(gt.grad(energy)(y) * v))(x) ** 2)

    x = np.array([0.5, 1.5, -0.7])
    graph = gt.trace(f, x)
    (found,) = graph.backward().values()
    assert np.array_equal(found, gt.grad(f)(x))


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


def test_threads_take_gradients_at_once():
    params = {"w": np.arange(3.0), "b": 2.0, "a": [1.0, 3.0]}
    start = threading.Barrier(8)
    failures = []

    def loss(p, k):
        y = p["w"] * k + p["b"]
        for _ in range(5):
            y = np.tanh(y) * p["a"][0] + p["a"][1]
        return np.sum(y) * gt.grad(lambda x: x**k)(p["b"])

    expected = {k: gt.grad(loss)(params, float(k)) for k in range(1, 9)}

    def work(k):
        start.wait()
        try:
            for _ in range(20):
                found = gt.grad(loss)(params, float(k))
                graph = gt.trace(loss, params, float(k)).backward()["p"]
                for g in (found, graph):
                    assert list(g) == ["w", "b", "a"]
                    assert np.array_equal(g["w"], expected[k]["w"])
                    assert g["b"] == expected[k]["b"]
                    assert g["a"] == expected[k]["a"]
        except BaseException as error:  # noqa: BLE001  (raised again below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def test_a_thread_started_inside_a_trace_has_its_own():
    found = []

    def f(x):
        thread = threading.Thread(target=lambda: found.append(gt.grad(lambda y: y**3)(2.0)))
        thread.start()
        thread.join()
        return x * x

    assert gt.grad(f)(3.0) == 6.0
    assert found == [12.0]


def test_a_generator_of_gradients_runs_between_others():
    def slopes():
        for n in range(1, 4):
            yield gt.grad(lambda x, n=n: x**n)(2.0)

    def f(x):
        return sum(s * x**i for i, s in enumerate(slopes()))

    # 1 + 4 x + 12 x**2
    assert gt.grad(f)(3.0) == 4 + 24 * 3.0
    assert list(slopes()) == [1.0, 4.0, 12.0]


def test_a_function_may_sum_over_a_generator_of_traced_values():

    def f(x):
        return sum(v * i for i, v in enumerate(np.sin(t) for t in x))

    x = np.array([0.1, 0.2, 0.3])
    assert_allclose(gt.grad(f)(x), np.cos(x) * [0, 1, 2])


def test_a_recursive_function():

    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    assert gt.grad(power)(2.0, 5) == 80.0


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
