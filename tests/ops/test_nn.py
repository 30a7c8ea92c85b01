"""Activations and losses: JAX's values and derivatives, stable far out, one node in the figure."""

from functools import partial

import numpy as np
import pytest
from checks import agrees_with_differences
from numpy.testing import assert_allclose

import graphtrace as gt
from graphtrace.ops import nn

RNG = np.random.default_rng(3)
X = 2 * RNG.normal(size=(3, 4))
T = abs(RNG.normal(size=(3, 4)))
ACTIVATIONS = ["sigmoid", "relu", "softplus", "silu", "gelu"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_has_the_derivatives_of_differences(name):
    agrees_with_differences(getattr(nn, name), X)
    agrees_with_differences(getattr(nn, name), 0.7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_jaxs_near_and_far(name):
    from oracles import jax

    f, g = getattr(nn, name), getattr(jax.nn, name)
    for x in (-1000.0, -40.0, -1.0, 0.0, 3.0, 40.0, 1000.0):
        right = jax.value_and_grad(g)(x)
        assert_allclose(gt.value_and_grad(f)(x), right, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_keeps_float32_and_gives_no_warning(name, recwarn):
    y = getattr(nn, name)(np.array([-100.0, 0.0, 100.0], np.float32))
    assert y.dtype == np.float32
    assert not recwarn


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_along_an_axis_the_derivatives_are_those_of_differences(name, axis):
    agrees_with_differences(lambda x: getattr(nn, name)(x, axis), X)


def test_logsumexp_of_truth_values_is_that_of_their_numbers():
    assert nn.logsumexp(True) == 1
    assert nn.logsumexp(np.array([True, False])) == np.log(np.e + 1)


def test_logsumexp_of_large_and_infinite_entries():
    assert nn.logsumexp(np.array([1e4, 1e4])) == 1e4 + np.log(2)
    assert nn.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    gradient = gt.grad(nn.logsumexp)(np.array([-np.inf, 0.0, 0.0]))
    assert_allclose(gradient, [0.0, 0.5, 0.5])


def test_logsumexp_of_a_number_and_with_keepdims():
    agrees_with_differences(nn.logsumexp, 0.3)
    agrees_with_differences(lambda x: nn.logsumexp(x, 1, keepdims=True), X)


def test_cross_entropy_differentiates_in_logits_and_probabilities():
    agrees_with_differences(gt.cross_entropy, X, T)


def test_cross_entropy_of_labels_is_that_of_their_one_hot_rows():
    labels = np.array([1, 0, 3])
    assert_allclose(gt.cross_entropy(X, labels), gt.cross_entropy(X, gt.one_hot(labels, 4)))
    agrees_with_differences(lambda x: gt.cross_entropy(x, labels), X)
    agrees_with_differences(lambda x: gt.cross_entropy(x, [1, 0, 2, 1], axis=0), X)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (4,), (0, 4), (25, 30)])
@pytest.mark.parametrize("axis", [-1, 0])
def test_cross_entropy_of_labels_is_that_of_probabilities_to_second_order(shape, axis, dtype):
    rng = np.random.default_rng(0)
    x, tangent = rng.normal(size=(2, *np.moveaxis(np.empty(shape), -1, axis).shape))
    labels = rng.integers(0 if dtype == np.uint8 else -1, 6, size=shape[:-1]).astype(dtype)
    hot = np.moveaxis(gt.one_hot(labels, shape[-1]), -1, axis)
    ours, theirs = (partial(weighed, labels=to, axis=axis) for to in (labels, hot))
    assert ours(x) == pytest.approx(theirs(x), rel=1e-14)
    assert_allclose(gt.grad(ours)(x), gt.grad(theirs)(x), rtol=1e-13, atol=1e-16)
    assert_allclose(gt.jit(gt.grad(ours))(x), gt.grad(ours)(x), rtol=0)
    for sweep in (lambda f: gt.jvp(f, (x,), (tangent,))[1], lambda f: gt.hvp(f, (x,), (tangent,))):
        assert_allclose(sweep(ours), sweep(theirs), rtol=1e-12, atol=1e-15)


def weighed(x, labels, axis):
    loss = gt.cross_entropy(x, labels, axis)
    return np.sum(loss * (1 + np.arange(np.size(loss)).reshape(np.shape(loss))) ** 2)


def test_labels_are_one_node_with_the_scores_and_no_gradient():
    graph = gt.trace(lambda x, labels: gt.cross_entropy(x, labels), X, np.array([1, 0, 3]))
    assert [graph.nodes[key]["op"] for key in graph] == ["input", "input", "cross_entropy"]
    assert not np.any(graph.backward(seed=np.ones(3))["labels"])
    one = gt.trace(lambda x, label: gt.cross_entropy(x, label), X[0, :3], 2)
    assert one.nodes[one.outputs[0]]["label"].endswith("cross_entropy(x, 2)")
    assert str(one.edges["x", one.outputs[0], 0]["symbol"]) == "softmax(x) - [0, 0, 1]"
    # One label for all rows, and numbers that may be whole.
    for labels in (2, [1.0, 0.0, 3.0], [1.0, 0.5, 3.0], [True, False, True]):
        hot = gt.one_hot(labels, 4)
        assert_allclose(gt.cross_entropy(X, labels), gt.cross_entropy(X, hot * np.ones(X.shape)))


def test_the_gradient_of_cross_entropy_is_softmax_minus_label():
    gradient = gt.grad(lambda x: gt.cross_entropy(x, 2))(X[0])
    assert_allclose(gradient, nn.softmax(X[0]) - [0, 0, 1, 0], rtol=1e-12)


def test_where_the_cross_entropy_is_nan_so_is_its_gradient():
    with np.errstate(invalid="ignore"):
        for logits in ([np.inf, 0.0], [np.nan, 0.0]):
            value, gradient = gt.value_and_grad(gt.cross_entropy)(np.array(logits), 0)
            assert np.isnan(value)
            assert np.isnan(gradient[0])


def test_layer_norm_differentiates_in_all_three():
    agrees_with_differences(nn.layer_norm, X, T[0], T[1])
    agrees_with_differences(lambda x: nn.layer_norm(x, axis=0), X)


@pytest.mark.parametrize(
    ("name", "label", "edge"),
    [
        ("sigmoid", "y = σ(x)", "y*(1 - y)"),
        ("relu", "y = relu(x)", "[x > 0]"),
        ("softplus", "y = softplus(x)", "σ(x)"),
        ("silu", "y = silu(x)", "σ(x) + y*(1 - σ(x))"),
    ],
)
def test_an_activation_is_one_node_with_the_formula_of_a_lecture(name, label, edge):
    def f(x):
        y = getattr(nn, name)(x)
        return y

    graph = gt.trace(f, 0.7)
    assert list(graph) == ["x", "y"]
    assert graph.nodes["y"]["label"] == label
    assert str(graph.edges["x", "y", 0]["symbol"]) == edge
    assert graph.nodes["y"]["op"] == name


@pytest.mark.parametrize("name", ["softmax", "cross_entropy", "layer_norm", "logsumexp"])
def test_a_function_of_an_array_is_one_node(name):
    call = getattr(gt, name)
    graph = gt.trace(
        (lambda x: call(x, 1)) if name == "cross_entropy" else (lambda x: call(x)), X[0]
    )
    assert [graph.nodes[key]["op"] for key in graph] == ["input", name]


def test_one_hot_takes_a_batch():
    assert_allclose(gt.one_hot([[0], [2]], 3), [[[1, 0, 0]], [[0, 0, 1]]])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_label_is_that_of_every_distribution(axis):
    z = np.random.default_rng(0).normal(size=(4, 3, 5))
    every = np.full(np.delete(z.shape, axis), 2)
    f = gt.value_and_grad(lambda z, y: np.sum(gt.cross_entropy(z, y, axis=axis)))
    for now, wanted in zip(f(z, 2), f(z, every), strict=True):
        np.testing.assert_allclose(now, wanted, rtol=0, atol=1e-12)
