"""Python's numbers at a pole of a derivative: inf or nan, as NumPy's, and no error of a rule."""

import contextlib
import itertools
import math

import numpy as np
import pytest
from samples import SAMPLES

import graphtrace as gt

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e308, 5e-324, -1e200, math.inf, math.nan, 710.0]
COMPLEX = [0j, 1 + 0j, -1 + 0j, 1j, 1e200j, complex(math.inf, 0), complex(math.nan, math.nan)]
OF_NUMBERS = {
    name: [f for f, args, _ in samples if all(np.ndim(a) == 0 for a in args) and len(args) == n]
    for n in (1, 2)
    for name, samples in SAMPLES.items()
    if any(all(np.ndim(a) == 0 for a in args) and len(args) == n for _, args, _ in samples)
}


def first_and_second(f, args):
    """Each mode, and each over each."""
    every, along = tuple(range(len(args))), tuple(1.0 for _ in args)

    def gradient(*args):
        return gt.grad(f, every)(*args)

    def tangent(*args):
        return gt.jvp(f, args, along)[1]

    yield lambda: gradient(*args)
    yield lambda: tangent(*args)
    for first in (lambda *args: sum(map(np.real, gradient(*args))), tangent):
        yield lambda first=first: gt.grad(first, every)(*args)
        yield lambda first=first: gt.jvp(first, args, along)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_no_rule_raises_where_its_operation_has_a_value(name):
    for f in OF_NUMBERS[name]:
        count = 2 if len(SAMPLES[name][0].args) == 2 and name in ("power", "divide") else 1

        def scalar(*args, f=f):
            y = f(np, *args)
            return np.real(y if not isinstance(y, (list, tuple)) else y[0])

        for numbers in (NUMBERS, COMPLEX):
            for args in itertools.product(numbers, repeat=count):
                with np.errstate(all="ignore"):
                    try:
                        scalar(*args)
                    except Exception:  # noqa: BLE001  (the operation has no value)
                        continue
                    for run in first_and_second(scalar, args):
                        with contextlib.suppress(gt.GraphtraceError):  # of complex numbers, say
                            run()


def root(z):
    r = z**0.5
    return np.real(r)


def test_the_root_of_a_complex_zero_has_the_derivative_of_numpys_number():
    graph = gt.trace(root, 0j)
    assert np.isnan(gt.grad(root)(0j))
    assert np.isnan(graph.backward()["z"])
    assert np.isnan(gt.jvp(root, (0j,), (1.0,))[1])
    assert np.isnan(gt.grad(root)(np.complex128(0)))


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_graph_at_a_pole_is_drawn_checked_compiled_and_its_trouble_named():
    graph = gt.trace(root, 0j)
    assert "r" in graph.to_svg()
    assert "r = z" in graph.to_text()
    assert next((one.kind, one.edge) for one in graph.trouble()) == ("nan", ("z", "r", 0))
    assert graph.check() == []
    value, gradient = graph.compile()(0j)
    assert value == 0
    assert np.isnan(gradient["z"])


def test_a_slope_at_a_pole_is_a_graph_that_holds_elsewhere_too():
    graph = gt.trace(lambda x: gt.grad(lambda t: t**0.5)(x), 0.0)
    with np.errstate(divide="ignore"):
        assert graph.value == graph.forward(x=0.0) == math.inf
    assert graph.forward(x=4.0) == 0.25
    assert graph.graph["branches"] == []


def test_a_users_own_rule_is_tried_again_with_numpys_numbers():
    row = gt.primitive(vjp=lambda g, y, x: g / x)(own_logarithm)
    assert gt.grad(row)(0.0) == math.inf


def own_logarithm(x):
    return np.log(x + 1)


def test_numpys_root_of_a_number_below_zero_has_no_slope():
    with np.errstate(invalid="ignore"):
        assert np.isnan(gt.grad(lambda x: np.power(x, 0.5))(-1.0))


def test_check_takes_a_number_so_small_that_its_step_is_zero():
    assert gt.trace(lambda x: 3 * x, 5e-324).check() == []
