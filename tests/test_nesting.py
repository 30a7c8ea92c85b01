"""Transforms inside transforms, and what must not leak from one trace into another."""

import asyncio
import contextlib
import contextvars
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import complex_step

import graphtrace as gt
from graphtrace.core.inputs import INPUT
from graphtrace.core.tape import Tape
from graphtrace.core.variable import record

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


@pytest.fixture
def busy_threads():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def parts_of(x, map_):
    def part(i):
        y = x * i
        for _ in range(40):
            y = np.sin(y) + x
        return y

    return sum(map_(part, range(8)))


@pytest.mark.parametrize("transform", [gt.grad, gt.value_and_grad, lambda f: gt.grad(gt.grad(f))])
def test_a_pool_of_threads_inside_a_function_is_differentiated(transform, busy_threads):
    def f(x):
        with ThreadPoolExecutor(4) as pool:
            return parts_of(x, pool.map)

    right = transform(lambda x: parts_of(x, map))(0.3)
    for _ in range(5):
        assert_allclose(transform(f)(0.3), right, rtol=1e-12)


class Contended(list):
    """Rows of which another thread appends one whenever somebody asks how many there are."""

    def __len__(self):
        count = super().__len__()
        self.append(self[0])
        return count


@pytest.mark.parametrize(
    "use",
    [lambda x: x * 3, lambda x: 3 - x, np.sin, lambda x: np.power(x, 2.5), gt.sigmoid],
    ids=["operator", "reflected", "unary", "applied", "own name"],
)
def test_a_row_that_another_thread_pushed_up_is_found(use):
    tape = Tape()
    x = record(tape, INPUT, 2.0)
    tape.rows = Contended(tape.rows)
    y = use(x)
    value, parent = tape.rows[y.index][1], tape.rows[y.index][-3:].count(x.index)
    assert value is y.value
    assert parent
    assert y.index > 0


def test_a_pool_of_threads_inside_a_graphs_function_is_refused_in_one_sentence(busy_threads):
    def f(x):
        with ThreadPoolExecutor(4) as pool:
            return parts_of(x, pool.map)

    with pytest.raises(gt.TraceError, match=r"part\(\), .* used in another thread, .*; use it in"):
        gt.trace(f, 0.3)
    assert gt.trace(lambda x: x * x, 3.0).backward() == {"x": 6.0}


def test_a_refused_thread_leaves_the_graph_whole():
    def f(x):
        y = x * x
        with ThreadPoolExecutor(1) as pool, contextlib.suppress(gt.TraceError):
            pool.submit(lambda: np.sin(y)).result()
        z = 3 * y
        return z

    graph = gt.trace(f, 2.0)
    assert list(graph) == ["x", "y", "z"]
    assert graph.backward() == {"x": 12.0}


@pytest.mark.parametrize("inner", [lambda x: lambda y: x * y, lambda x: np.sin])
def test_a_gradient_in_another_thread_refuses_a_value_of_this_one(inner):
    def f(x):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(gt.grad(inner(x)), x).result()

    with pytest.raises(gt.TraceError, match="two traced values of different traces meet"):
        gt.grad(f)(2.0)


def test_a_thread_that_inherits_the_context_takes_part():
    def f(x):
        with ThreadPoolExecutor(1) as pool:
            context = contextvars.copy_context()
            return x * pool.submit(context.run, gt.grad(lambda y: x * y**2), x).result()

    assert gt.grad(f)(2.0) == 6 * 2.0**2  # x * 2 x x


def test_a_thread_that_outlives_the_trace_harms_nobody():
    go, done = threading.Event(), []

    def late(x):
        go.wait()
        try:
            x * 2
        except gt.TraceError as error:
            done.append(str(error))

    threads = []

    def f(x):
        threads.append(threading.Thread(target=late, args=(x,)))
        threads[0].start()
        return x * x

    assert gt.grad(f)(3.0) == 6.0
    go.set()
    threads[0].join()
    assert "after its trace had ended" in done[0]


def test_two_threads_trace_their_own_functions_at_once(busy_threads):
    def work(n):
        def f(x):
            for _ in range(n):
                x = np.sin(x) * n
            return x

        return n, gt.grad(f)(0.3), gt.trace(f, 0.3).backward()["x"]

    right = {n: work(n)[1] for n in range(1, 9)}
    with ThreadPoolExecutor(4) as pool:
        for n, found, drawn in pool.map(work, [*right] * 4):
            assert found == drawn == right[n]


def test_tasks_take_gradients_in_turn():
    async def slope(n):
        total = 0.0
        for k in range(3):
            await asyncio.sleep(0)
            total += gt.grad(lambda x: x**n * gt.grad(lambda y: x * y)(x))(2.0 + k)
        return total

    async def main():
        return await asyncio.gather(*[slope(n) for n in range(1, 5)])

    assert asyncio.run(main()) == [
        sum((n + 1) * (2.0 + k) ** n for k in range(3)) for n in range(1, 5)
    ]


def test_a_task_started_in_a_trace_that_has_ended_traces_on_its_own():
    tasks = []

    async def later():
        return gt.grad(lambda y: y**3)(2.0)

    async def main():
        def f(x):
            tasks.append(asyncio.get_running_loop().create_task(later()))
            return x * x

        assert gt.grad(f)(3.0) == 6.0
        return await tasks[0]

    assert asyncio.run(main()) == 12.0


def test_a_generator_may_outlive_the_trace_that_it_began_in():
    def slopes(x):
        yield gt.grad(lambda y: y * y)(x)
        yield gt.grad(lambda y: y**3)(2.0)

    kept = []

    def f(x):
        kept.append(slopes(x))
        return next(kept[0]) * x

    assert gt.grad(f)(3.0) == 12.0
    assert next(kept[0]) == 12.0


def test_a_generator_that_reads_its_traced_value_too_late_says_so():
    def powers(x):
        while True:
            x = x * x
            yield x

    kept = []

    def f(x):
        kept.append(powers(x))
        return next(kept[0])

    assert gt.grad(f)(3.0) == 6.0
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        next(kept[0])


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


def test_a_recursive_gradient():
    def f(x, n):
        return x**3 if n == 0 else x * gt.grad(f)(x, n - 1)

    # 3 x**3, 9 x**3, 27 x**3
    assert f(2.0, 3) == 27 * 8.0
    assert gt.grad(f)(2.0, 3) == 81 * 4.0


# Perturbation confusion, in every mixture of the modes.


def slope_rev(f, x):
    return gt.grad(f)(x)


def slope_fwd(f, x):
    return gt.jvp(f, (x,), (1.0,))[1]


def slope_vjp(f, x):
    return gt.vjp(f, x)[1](1.0)[0]


def slope_jac_fwd(f, x):
    return gt.jacobian(f, mode="fwd")(x)


def slope_jac_rev(f, x):
    return gt.jacobian(f, mode="rev")(x)


SLOPES = [slope_rev, slope_fwd, slope_vjp, slope_jac_fwd, slope_jac_rev]


@pytest.mark.parametrize("outer", SLOPES)
@pytest.mark.parametrize("inner", SLOPES)
def test_no_two_transforms_confuse_their_variables(outer, inner):
    def f(x):
        return x * inner(lambda y: x * y**2, 3.0) + inner(lambda y: x, 2.0) * x

    assert outer(f, 2.0) == 2 * 2.0 * 2 * 3.0
    assert outer(lambda x: x * inner(lambda y: x + y, 1.0), 2.0) == 1.0
    assert outer(lambda x: inner(lambda y: np.sin(x * y), x), 0.7) == approx(
        np.cos(0.49) - 2 * 0.49 * np.sin(0.49)
    )


@pytest.mark.parametrize("outer", SLOPES)
@pytest.mark.parametrize("middle", SLOPES)
@pytest.mark.parametrize("inner", [slope_rev, slope_fwd])
def test_three_levels(outer, middle, inner):
    def f(x):
        return middle(lambda y: inner(lambda z: (x * y * z) ** 3, x * y), x)

    # d/dz = 3 (xy)**3 z**2 at z = xy: 3 (xy)**5, but z is held when y moves: none of it is.
    def g(x):
        return middle(lambda y: 3 * (x * y) ** 5, x)

    assert outer(f, 1.1) == approx(outer(g, 1.1), rel=1e-12)


@pytest.mark.parametrize("outer", SLOPES)
def test_a_hessian_vector_product_inside_another_transform(outer):
    def f(x):
        return gt.hvp(lambda y: y**4 * x, (x,), (x**2,))

    # 12 x**2 x x**2 = 12 x**5
    assert outer(f, 1.5) == approx(60 * 1.5**4)


def test_a_direction_may_itself_be_traced():
    def f(v):
        return gt.jvp(lambda x: x**3, (v,), (v**2,))[1]

    # 3 v**2 v**2
    assert gt.grad(f)(2.0) == approx(12 * 8.0)
    assert gt.jvp(f, (2.0,), (1.0,))[1] == approx(12 * 8.0)


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
