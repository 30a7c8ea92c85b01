"""Transforms inside transforms: every order, every mixture of modes, no confusion."""

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


def test_a_recursive_gradient():
    def f(x, n):
        return x**3 if n == 0 else x * gt.grad(f)(x, n - 1)

    # 3 x**3, 9 x**3, 27 x**3
    assert f(2.0, 3) == 27 * 8.0
    assert gt.grad(f)(2.0, 3) == 81 * 4.0


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


def test_a_function_may_sum_over_a_generator_of_traced_values():

    def f(x):
        return sum(v * i for i, v in enumerate(np.sin(t) for t in x))

    x = np.array([0.1, 0.2, 0.3])
    assert_allclose(gt.grad(f)(x), np.cos(x) * [0, 1, 2])


def test_a_recursive_function():

    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    assert gt.grad(power)(2.0, 5) == 80.0
