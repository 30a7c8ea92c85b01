"""Threads, tasks and generators that take gradients at once or in turn."""

import asyncio
import contextlib
import contextvars
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt
from graphtrace.core.inputs import INPUT
from graphtrace.core.tape import Tape
from graphtrace.core.variable import record


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


def test_a_generator_of_gradients_runs_between_others():
    def slopes():
        for n in range(1, 4):
            yield gt.grad(lambda x, n=n: x**n)(2.0)

    def f(x):
        return sum(s * x**i for i, s in enumerate(slopes()))

    # 1 + 4 x + 12 x**2
    assert gt.grad(f)(3.0) == 4 + 24 * 3.0
    assert list(slopes()) == [1.0, 4.0, 12.0]
