"""A compiled graph beside the sweep, the plain forward pass and NumPy written by hand.

Run with `make bench`. A round's `operations` are the graph's nodes, so that times can be read per
operation, forward and backward together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.replay import compile_graph, source_of

START = (0.5, 1.2, 0.7)


def orbit(a: Any, b: Any, c: Any) -> Any:
    """About 16 operations a step: products, quotients and sums of numbers."""
    x, y, z = a, b, c
    for _ in range(20):
        u = x * y
        p = ((u + z) * 0.3 - x) / (1.5 + y * y)
        q = p * p + 0.1 * z
        x = 0.5 * (x + q)
        y = y - 0.01 * u
        z = 0.9 * z + p
    return x * x + y * y + z * z


def orbit_with_tanh(a: Any, b: Any, c: Any) -> Any:
    x, y, z = a, b, c
    for _ in range(20):
        u = np.tanh(x * y)
        p = ((u + z) * 0.3 - x) / (1.5 + y * y)
        x = 0.5 * (x + p * p + 0.1 * z)
        y = y - 0.01 * u
        z = 0.9 * z + p
    return x * x + y * y + z * z


def chain(x: Any) -> Any:
    y = x
    for _ in range(5000):
        y = y * 0.999
        y = y + x
    return y


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
@pytest.mark.parametrize("f", [orbit, chain])
def test_compile(benchmark: Any, f: Any) -> None:
    graph = gt.trace(f, *(START if f is orbit else START[:1]))
    benchmark.extra_info["operations"] = len(graph)
    assert callable(benchmark(compile_graph, graph))


@pytest.mark.benchmark(group="compiling a graph")
def test_source_alone(benchmark: Any) -> None:
    graph = gt.trace(orbit, *START)
    assert "def orbit" in benchmark(source_of, graph)


SIZES = [(1, 8, 8), (32, 64, 64), (256, 256, 256)]


def network(params: dict[str, Any], x: Any) -> Any:
    h = np.tanh(x @ params["W1"] + params["b1"])
    return np.mean((h @ params["W2"] + params["b2"]) ** 2)


def by_hand(params: dict[str, Any], x: Any) -> tuple[Any, dict[str, Any]]:
    h = np.tanh(x @ params["W1"] + params["b1"])
    y = h @ params["W2"] + params["b2"]
    loss = np.mean(y**2)
    dy = 2 * y / y.size
    dz = (dy @ params["W2"].T) * (1 - h**2)
    return loss, {"W1": x.T @ dz, "b1": dz.sum(0), "W2": h.T @ dy, "b2": dy.sum(0)}


def network_at(size: tuple[int, int, int]) -> tuple[dict[str, Any], Any]:
    batch, inputs, hidden = size
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.normal(size=(inputs, hidden)),
        "b1": np.zeros(hidden),
        "W2": rng.normal(size=(hidden, 1)),
        "b2": np.zeros(1),
    }
    return params, rng.normal(size=(batch, inputs))


@pytest.mark.benchmark(group="replay of a network: value and gradient")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_replay_of_a_network(benchmark: Any, size: tuple[int, int, int]) -> None:
    params, x = network_at(size)
    replay = compile_graph(gt.trace(lambda params: network(params, x), params))
    value, gradients = benchmark(replay, params)
    wanted = by_hand(params, x)
    assert value == pytest.approx(wanted[0])
    for name, gradient in gradients["params"].items():
        np.testing.assert_allclose(gradient, wanted[1][name], rtol=1e-9)


@pytest.mark.benchmark(group="replay of a network: value and gradient")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_network_by_hand(benchmark: Any, size: tuple[int, int, int]) -> None:
    assert np.isfinite(benchmark(by_hand, *network_at(size))[0])
