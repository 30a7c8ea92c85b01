"""A compiled graph beside the sweep, the plain forward pass and NumPy written by hand.

Run with `make bench`. A round's `operations` are the graph's nodes, so that times can be read per
operation, forward and backward together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.programs import SIZES, START, by_hand, chain, network, network_at, orbit

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of


def orbit_with_tanh(a: Any, b: Any, c: Any) -> Any:
    x, y, z = a, b, c
    for _ in range(20):
        u = np.tanh(x * y)
        p = ((u + z) * 0.3 - x) / (1.5 + y * y)
        x = 0.5 * (x + p * p + 0.1 * z)
        y = y - 0.01 * u
        z = 0.9 * z + p
    return x * x + y * y + z * z


SCALAR = [orbit, orbit_with_tanh]


@pytest.mark.benchmark(group="replay of a scalar program: value and gradient")
@pytest.mark.parametrize("f", SCALAR)
def test_replay(benchmark: Any, f: Any) -> None:
    graph = gt.trace(f, *START)
    benchmark.extra_info["operations"] = len(graph) - 3
    value, _ = benchmark(compile_graph(graph), *START)
    assert value == f(*START)


@pytest.mark.benchmark(group="replay of a scalar program: value and gradient")
@pytest.mark.parametrize("f", SCALAR)
def test_the_plain_function_without_a_gradient(benchmark: Any, f: Any) -> None:
    assert np.isfinite(benchmark(f, *START))


@pytest.mark.benchmark(group="replay of a scalar program: value and gradient")
@pytest.mark.parametrize("f", SCALAR)
def test_the_sweep(benchmark: Any, f: Any) -> None:
    assert benchmark(gt.value_and_grad(f, (0, 1, 2)), *START)[0] == f(*START)


@pytest.mark.benchmark(group="replay of a scalar program: value and gradient")
@pytest.mark.parametrize("f", SCALAR[:1])
def test_jax_jit(benchmark: Any, f: Any) -> None:
    jax = pytest.importorskip("jax")
    compiled = jax.jit(jax.value_and_grad(f, (0, 1, 2)))
    value, _ = benchmark(lambda: jax.block_until_ready(compiled(*START)))
    assert float(value) == pytest.approx(f(*START))


@pytest.mark.benchmark(group="compiling a graph")
@pytest.mark.parametrize("f", [orbit, chain(10_000)])
def test_compile(benchmark: Any, f: Any) -> None:
    graph = gt.trace(f, *(START if f is orbit else START[:1]))
    benchmark.extra_info["operations"] = len(graph)
    assert callable(benchmark(compile_graph, graph))


@pytest.mark.benchmark(group="compiling a graph")
def test_source_alone(benchmark: Any) -> None:
    graph = gt.trace(orbit, *START)
    assert "def orbit" in benchmark(source_of, graph)


@pytest.mark.benchmark(group="replay of a network: value and gradient")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_replay_of_a_network(benchmark: Any, size: tuple[int, int, int]) -> None:
    params, x = network_at(size)
    replay = compile_graph(gt.trace(lambda params: network(np)(params, x), params))
    value, gradients = benchmark(replay, params)
    wanted = by_hand(params, x)
    assert value == pytest.approx(wanted[0])
    for name, gradient in gradients["params"].items():
        np.testing.assert_allclose(gradient, wanted[1][name], rtol=1e-9, atol=1e-15)


@pytest.mark.benchmark(group="replay of a network: value and gradient")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_network_by_hand(benchmark: Any, size: tuple[int, int, int]) -> None:
    assert np.isfinite(benchmark(by_hand, *network_at(size))[0])
