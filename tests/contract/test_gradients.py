"""Gradients: backward, the transforms, ties and kinks, and chains of any length."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contract.functions import J, X, operations

import graphtrace as gt

# -- backward --------------------------------------------------------------------------------------


def test_backward_twice_gives_the_same_numbers():
    g = gt.trace(J, a=5, b=3, c=2)
    assert g.backward() == g.backward()
    assert g.nodes["u"]["grad"] == 3.0


def test_a_gradient_is_absent_before_backward():
    g = gt.trace(J, a=5, b=3, c=2)
    assert all("grad" not in attributes for _, attributes in g.nodes(data=True))


def test_backward_has_the_structure_of_each_parameter():
    params = {"W": np.ones((2, 3)), "b": [np.zeros(2), 1.0]}
    g = gt.trace(
        lambda params, x: np.sum(params["W"] @ x + params["b"][0]) * params["b"][1], params, X
    )
    gradient = g.backward()
    assert list(gradient) == ["params", "x"]
    assert gradient["params"]["W"].shape == (2, 3)
    assert gradient["params"]["b"][0].shape == (2,)
    assert gradient["params"]["b"][1] == 12.0


def test_an_array_and_a_scalar_parameter_may_be_multiplied():
    g = gt.trace(lambda x, a: np.sum(x * a), X, 2.0)
    assert g.backward()["a"] == 6.0
    assert gt.grad(lambda x, a: np.sum(x * a), argnums=1)(X, 2.0) == 6.0


def test_the_gradients_are_the_callers_own():
    g = gt.trace(lambda x: np.sum(x), X)
    g.backward()["x"][:] = 99.0
    np.testing.assert_array_equal(g.backward()["x"], np.ones(3))


def test_a_gradient_on_a_middle_node_has_its_shape():
    def f(x):
        y = x * 2
        s = np.sum(y)
        return s * s

    g = gt.trace(f, X)
    g.backward()
    np.testing.assert_array_equal(g.nodes["y"]["grad"], np.full(3, 24.0))
    assert g.nodes["s"]["grad"] == 24.0


# -- Ties and kinks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda np, x: np.abs(x), 0.0),
        (lambda np, x: abs(x), 0.0),
        (lambda np, x: np.maximum(x, 0.0), 0.0),
        (lambda np, x: np.minimum(x, 0.0), 0.0),
        (lambda np, x: np.fmax(x, 0.0), 0.0),
        (lambda np, x: np.clip(x, 0.0, 1.0), 0.0),
        (lambda np, x: np.clip(x, 0.0, 1.0), 1.0),
        (lambda np, x: np.sign(x), 0.0),
        (lambda np, x: x**2.0, 0.0),
        (lambda np, x: np.sqrt(x), 0.0),
        (lambda np, x: np.copysign(x, 2.0), 0.0),
        (lambda np, x: np.where(x > 0, x, 0.0), 0.0),
        (lambda np, x: np.float_power(x, 2.0), 0.0),
    ],
    ids=[
        *("np.abs", "abs", "maximum", "minimum", "fmax", "clip-low", "clip-high", "sign", "square"),
        *("sqrt", "copysign", "where", "float_power"),
    ],
)
def test_a_kink_has_the_derivative_that_jax_gives_it(f, at):
    expected = jax.grad(lambda x: f(jnp, x))(at)
    assert gt.grad(lambda x: f(np, x))(at) == expected
    assert gt.trace(lambda x: f(np, x), at).backward()["x"] == expected


def test_the_exponent_of_a_zero_base_has_a_finite_derivative():
    for power in (operator.pow, np.power, np.float_power):
        assert gt.grad(power, argnums=1)(0.0, 2.0) == 0.0


@pytest.mark.parametrize("reduction", [np.max, np.min])
def test_a_tie_shares_the_gradient(reduction):
    np.testing.assert_array_equal(gt.grad(lambda x: reduction(x))(np.ones(4)), np.full(4, 0.25))


def test_a_masked_infinity_does_not_become_nan():
    def f(x):
        return np.sum(1 / np.where(x > 0, x, 0.0))

    x = np.array([1.0, -1.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(gt.grad(f)(x), [-1.0, 0.0])
        np.testing.assert_array_equal(gt.trace(f, x).backward()["x"], [-1.0, 0.0])


# -- Transforms ------------------------------------------------------------------------------------


def test_grad_nests():
    def f(x):
        return x**4

    assert gt.grad(gt.grad(gt.grad(f)))(2.0) == 48.0


def test_an_inner_derivative_does_not_see_the_outer_variable():
    assert gt.grad(lambda x: x * gt.grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert gt.grad(lambda x: gt.grad(lambda y: x * y * y)(3.0) * x)(2.0) == 24.0


def test_a_gradient_inside_a_traced_function_is_part_of_its_graph():
    def f(x):
        slope = gt.grad(lambda t: t**3)(x)
        return slope * 2

    g = gt.trace(f, 2.0)
    assert g.value == 24.0
    assert g.backward() == {"x": 24.0}
    assert g.forward(x=3.0) == 54.0


def test_grad_is_over_pytrees():
    params = {"w": [np.ones(3), 2.0], "b": (1.0,)}
    gradient = gt.grad(lambda p, x: np.sum(p["w"][0] * x) * p["w"][1] + p["b"][0])(params, X)
    np.testing.assert_array_equal(gradient["w"][0], 2 * X)
    assert gradient["w"][1] == 6.0
    assert gradient["b"] == (1.0,)


def test_negative_argnums_count_from_the_end():
    assert gt.grad(lambda a, b: a * b, argnums=-1)(2.0, 3.0) == 2.0


def test_grad_leaves_the_functions_name_and_docstring():
    assert gt.grad(J).__name__ == "J"


def test_a_second_derivative_through_arrays_agrees_with_jax():
    def f(np, x):
        return np.sum(np.tanh(x) * x) ** 2 / np.max(x)

    def second(np, grad):
        return grad(lambda x: np.sum(grad(lambda t: f(np, t))(x) ** 2))(X)

    np.testing.assert_allclose(second(np, gt.grad), second(jnp, jax.grad), rtol=1e-10)


# -- Long chains -----------------------------------------------------------------------------------


def test_sixty_thousand_operations_trace_and_differentiate_without_recursion():
    def f(x):
        for _ in range(30_000):
            x = x * 1.00001
            x = x + 1e-9
        return x

    g = gt.trace(f, 1.0)
    assert len(operations(g)) == 60_000
    assert g.backward()["x"] == pytest.approx(1.00001**30_000, rel=1e-9)
    assert g.forward(x=1.0) == g.value == f(1.0)


@pytest.mark.slow
def test_a_million_operations_differentiate():
    def f(x):
        for _ in range(1_000_000):
            x = x * 1.000001
        return x

    assert gt.grad(f)(1.0) == pytest.approx(1.000001**1_000_000, rel=1e-8)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.real(np.real(x * (1 + 2j)) * (3 + 1j)),
        lambda x: np.real(((x * (1 + 2j)).imag + 1j) ** 2),
        lambda x: np.real((x + 1j) ** 3),
        lambda x: np.real(1 / (x + 1j)),
        lambda x: np.real((x * 1j) * (x + 2j)),
    ],
)
@pytest.mark.parametrize("at", [0.7, np.float64(0.7)])
def test_complex_numbers_between_real_ones(f, at):
    slope = (f(at + 1e-6) - f(at - 1e-6)) / 2e-6
    assert gt.grad(f)(at) == pytest.approx(slope, rel=1e-8)
    assert gt.trace(f, at).backward()["x"] == pytest.approx(slope, rel=1e-8)
    assert gt.jvp(f, (at,), (1.0,))[1] == pytest.approx(slope, rel=1e-8)


def test_the_jacobian_of_nothing_is_empty():
    assert gt.jacobian(lambda x: x[:0])(X).shape == (0, 3)
    assert gt.jacobian(lambda x: 2 * x)(X[:0]).shape == (0, 0)
