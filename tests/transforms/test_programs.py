"""Functions from textbooks: the plain call, JAX and differences are the oracles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from programs import BY_NAME, plain

import graphtrace as gt


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(tree)]


def assert_close(a, b, rtol):
    for x, y in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_allclose(
            x, y, rtol=rtol, atol=rtol * max(1.0, np.max(np.abs(y), initial=0))
        )


def central_differences(f, arguments):
    """The gradient by central differences, in the structure of the arguments."""
    flat, treedef = jax.tree_util.tree_flatten(arguments)
    gradients = []
    for k, leaf in enumerate(flat):
        base = np.array(leaf, dtype=float)
        gradient = np.zeros(base.shape)
        for index in np.ndindex(base.shape):
            values = []
            for sign in (1, -1):
                moved = base.copy()
                moved[index] += sign * 1e-5
                changed = [*flat[:k], moved if base.shape else float(moved), *flat[k + 1 :]]
                values.append(float(f(*jax.tree_util.tree_unflatten(treedef, changed))))
            gradient[index] = (values[0] - values[1]) / 2e-5
        gradients.append(gradient)
    return jax.tree_util.tree_unflatten(treedef, gradients)


def expected_gradient(p):
    every = tuple(range(len(p.arguments)))
    if p.oracle == "differences":
        return central_differences(plain(p.function), p.arguments)
    as_jax = jax.tree_util.tree_map(jnp.asarray, p.arguments)
    return jax.grad(lambda *args: p.function(jnp, *args), argnums=every)(*as_jax)


@pytest.mark.parametrize("p", BY_NAME)
def test_the_value_is_that_of_the_plain_call_to_the_last_bit(p):
    f = plain(p.function)
    expected = f(*p.arguments)
    assert gt.trace(f, *p.arguments).value == expected
    assert gt.value_and_grad(f, tuple(range(len(p.arguments))))(*p.arguments)[0] == expected


@pytest.mark.parametrize("p", BY_NAME)
def test_the_gradient_is_that_of_the_oracle(p):
    gradient = gt.grad(plain(p.function), tuple(range(len(p.arguments))))(*p.arguments)
    assert_close(gradient, expected_gradient(p), 1e-6 if p.oracle == "differences" else 1e-10)


@pytest.mark.parametrize("p", BY_NAME)
def test_the_tangent_is_the_gradient_along_the_direction(p):
    f, every = plain(p.function), tuple(range(len(p.arguments)))
    direction = jax.tree_util.tree_map(lambda x: np.cos(x) if np.ndim(x) else 0.7, p.arguments)
    gradient = gt.grad(f, every)(*p.arguments)
    along = sum(np.sum(g * d) for g, d in zip(leaves(gradient), leaves(direction), strict=True))
    assert_close(gt.jvp(f, p.arguments, direction)[1], along, 1e-10)


def test_the_greeks_of_black_scholes_are_those_of_the_closed_form():
    special = pytest.importorskip("scipy.special")
    S, K, r, sigma, T = 100.0, 95.0, 0.03, 0.25, 0.5

    def call(S, r, sigma, T):
        d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
        d2 = d1 - sigma * np.sqrt(T)
        return S * special.ndtr(d1) - K * np.exp(-r * T) * special.ndtr(d2)

    d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    density, money = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi), K * np.exp(-r * T)
    delta, rho, vega, theta = gt.grad(call, (0, 1, 2, 3))(S, r, sigma, T)
    along_S = 1.0, 0.0, 0.0, 0.0
    gamma, _, vanna, _ = gt.jvp(gt.grad(call, (0, 1, 2, 3)), (S, r, sigma, T), along_S)[1]
    assert_close(delta, special.ndtr(d1), 1e-12)
    assert_close(rho, money * T * special.ndtr(d2), 1e-12)
    assert_close(vega, S * density * np.sqrt(T), 1e-12)
    carry = r * money * special.ndtr(d2)
    assert_close(theta, S * density * sigma / (2 * np.sqrt(T)) + carry, 1e-12)
    assert_close(gamma, density / (S * sigma * np.sqrt(T)), 1e-12)
    assert_close(vanna, -density * d2 / sigma, 1e-12)


@pytest.mark.parametrize("p", BY_NAME)
def test_the_graph_and_the_transform_have_one_gradient(p):
    f = plain(p.function)
    gradient = gt.grad(f, tuple(range(len(p.arguments))))(*p.arguments)
    assert_close(gt.trace(f, *p.arguments).backward()["p"], gradient, 1e-13)


@pytest.mark.parametrize("p", BY_NAME)
def test_forward_on_other_inputs_is_the_plain_call(p):
    f = plain(p.function)
    moved = jax.tree_util.tree_map(lambda leaf: leaf * 1.0009, p.arguments)
    assert gt.trace(f, *p.arguments).forward(p=moved) == f(*moved)


@pytest.mark.parametrize("p", BY_NAME)
def test_a_second_derivative_agrees_with_differences_of_the_first(p):
    f = plain(p.function)
    flat, treedef = jax.tree_util.tree_flatten(p.arguments)
    direction = [np.cos(1.0 + np.arange(np.size(x))).reshape(np.shape(x))[()] for x in flat]
    every = tuple(range(len(p.arguments)))

    def at(t):
        return jax.tree_util.tree_unflatten(
            treedef, [x + t * d for x, d in zip(flat, direction, strict=True)]
        )

    def slope(*arguments):
        gradients = jax.tree_util.tree_leaves(gt.grad(f, every)(*arguments))
        return sum(np.sum(g * d) for g, d in zip(gradients, direction, strict=True))

    second = sum(
        np.sum(np.asarray(g) * d)
        for g, d in zip(
            jax.tree_util.tree_leaves(gt.grad(slope, every)(*p.arguments)), direction, strict=True
        )
    )
    h = 1e-5
    differences = (slope(*at(h)) - slope(*at(-h))) / (2 * h)
    assert second == pytest.approx(differences, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("p", BY_NAME)
def test_every_node_gradient_is_the_sum_over_its_edges(p):
    g = gt.trace(plain(p.function), *p.arguments)
    g.backward()
    for node in g:
        if node in g.outputs or "grad" not in g.nodes[node]:
            continue
        total = np.zeros(np.shape(g.nodes[node]["value"]))
        for _, child, edge in g.out_edges(node, data=True):
            if "grad" not in g.nodes[child]:  # a mask
                continue
            local, adjoint = edge["local"], g.nodes[child]["grad"]
            total = total + (adjoint @ local if hasattr(local, "to_dense") else adjoint * local)
        np.testing.assert_allclose(g.nodes[node]["grad"], total, rtol=1e-10, atol=1e-12)
