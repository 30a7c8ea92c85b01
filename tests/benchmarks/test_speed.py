"""What the hot paths cost; the numbers in the comments of the source are from here.

Run with `make bench`. Each benchmark says in `extra_info` how many operations a round has, so that
times can be read per operation. Peers run in the same session, where they are installed.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from benchmarks.programs import SIZES, by_hand, chain, network, network_at

import graphtrace as gt

OPERATIONS = 3000
program = chain(OPERATIONS)


@pytest.mark.benchmark(group="scalar program: value and gradient")
def test_grad_of_a_scalar_program(benchmark: Any) -> None:
    benchmark.extra_info["operations"] = OPERATIONS
    assert benchmark(gt.grad(program), 1.0) > 0


@pytest.mark.benchmark(group="scalar program: value and gradient")
def test_micrograd_on_the_same_program(benchmark: Any) -> None:
    engine = pytest.importorskip("micrograd.engine")

    def run() -> float:
        x = engine.Value(1.0)
        program(x).backward()
        return float(x.grad)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * OPERATIONS)
    try:
        assert benchmark(run) == pytest.approx(gt.grad(program)(1.0))
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.benchmark(group="scalar program: value and gradient")
def test_trace_and_backward_of_a_scalar_program(benchmark: Any) -> None:
    benchmark.extra_info["operations"] = OPERATIONS
    assert benchmark(lambda: gt.trace(program, 1.0).backward())["x"] > 0


@pytest.mark.benchmark(group="network: value and gradient")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_value_and_grad_of_a_network(benchmark: Any, size: tuple[int, int, int]) -> None:
    value, gradient = benchmark(gt.value_and_grad(network(np)), *network_at(size))
    wanted = by_hand(*network_at(size))
    assert value == pytest.approx(wanted[0])
    for name, hand in wanted[1].items():
        np.testing.assert_allclose(gradient[name], hand, rtol=1e-9, atol=1e-15)


@pytest.mark.benchmark(group="figure")
def test_a_figure_of_six_nodes(benchmark: Any) -> None:
    def J(a: Any, b: Any, c: Any) -> Any:
        u = b * c
        v = a + u
        return 3 * v

    graph = gt.trace(J, a=5, b=3, c=2)
    graph.backward()
    assert "<svg" in benchmark(graph.to_svg)


START = {
    "numpy and networkx": ["-c", "import numpy, networkx"],
    "graphtrace render": [
        *("-m", "graphtrace", "render", "J = 3*(a + b*c)"),
        *("--at", "a=5", "--at", "b=3", "--at", "c=2", "-o", "-"),
    ],
}


@pytest.mark.benchmark(group="cold start", min_rounds=5)
@pytest.mark.parametrize("what", START)
def test_cold_start(benchmark: Any, what: str) -> None:
    command = [sys.executable, *START[what]]
    benchmark(subprocess.run, command, check=True, capture_output=True)
