"""JAX programs: value, gradients and local derivatives are JAX's own."""

import importlib

import numpy as np
import pytest
from framework_checks import assert_close, by_paths

import graphtrace as gt

jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
PROGRAMS = importlib.import_module("frameworks.jax_programs").PROGRAMS


def weight_of(x):
    random = np.random.default_rng([3, *np.shape(x)])
    return random.uniform(0.5, 1.5, np.shape(x)).astype(np.asarray(x).dtype)


# JAX compiles each operation for each type: in float32 those that take the least time.
SHORT = ["mlp", "jit_inside", "rnn_by_scan", "fori_loop", "cond_and_switch", "rules_of_ones_own"]
CASES = [*((name, "float64") for name in PROGRAMS), *((name, "float32") for name in SHORT)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_value_gradients_and_paths_are_those_of_jax(name, dtype):
    f, args = PROGRAMS[name](dtype)
    out = f(*args)
    leaves, tree = jax.tree.flatten(args)
    is_moving = [np.asarray(x).dtype.kind == "f" for x in leaves]
    weights = jax.tree.map(weight_of, out)

    def weighed(moving):
        given = iter(moving)
        mixed = [next(given) if m else x for x, m in zip(leaves, is_moving, strict=True)]
        pairs = zip(*map(jax.tree.leaves, (f(*tree.unflatten(mixed)), weights)), strict=True)
        return sum((w * y).sum() for y, w in pairs if np.asarray(w).dtype.kind == "f")

    moving = [jax.numpy.asarray(x) for x, m in zip(leaves, is_moving, strict=True) if m]
    theirs = jax.grad(weighed)(moving)

    graph = gt.trace(f, *args)
    for ours, y in zip(jax.tree.leaves(graph.value), jax.tree.leaves(out), strict=True):
        assert_close(ours, y, "the value")
        assert isinstance(y, int) or np.asarray(ours).dtype == y.dtype
    graph.backward(seed=weights)
    paths = by_paths(graph, graph.adjoint_seeds(None, weights))
    keys = [key for key in graph.inputs if np.asarray(graph.nodes[key]["value"]).dtype.kind == "f"]
    for key, g in zip(keys, theirs, strict=True):
        assert_close(graph.nodes[key]["grad"], g, f"the gradient of {key}")
        assert_close(paths.get(key), g, f"the paths to {key}")


def prints(x):
    jax.debug.print("{}", x)
    return x * 2


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda x: x if x.sum() > 0 else -x, "write jnp.where or jax.lax.cond"),
        (prints, "has an effect"),
        (jax.jit(lambda x: gt.trace(lambda y: y * 2, x).value), "outside of jit"),
    ],
)
def test_what_is_not_covered_is_refused_in_a_sentence(f, why):
    with pytest.raises(gt.GraphtraceError, match=why) as refusal:
        gt.trace(f, jax.numpy.arange(3.0))
    assert "\n" not in str(refusal.value)


def test_another_branch_is_noticed():
    x = jax.numpy.arange(3.0)
    graph = gt.trace(lambda x: jax.lax.cond(x.sum() > 0, jax.numpy.sin, jax.numpy.cos, x), x)
    np.testing.assert_allclose(graph.forward(x=2 * x), np.sin(2 * np.arange(3.0)))
    with pytest.raises(gt.BranchChanged, match="trace again"):
        graph.forward(x=-x)


def test_names_scopes_and_formulas_are_those_of_the_source():
    def layer(W, x):
        h = jax.numpy.tanh(W @ x)
        return h

    def f(W, x):
        with jax.named_scope("first"):
            a = layer(W, x)
        return layer(W, a)

    graph = gt.trace(f, jax.numpy.eye(3), jax.numpy.ones(3))
    scopes = {key: node["scope"] for key, node in graph.nodes(data=True)}
    assert graph.inputs == ["W", "x"]
    assert scopes["v1"] == ("first", "layer")
    assert scopes["v2"] == ("layer_2",)
    assert graph.nodes["v1"]["label"] == "v1 = W @ x"
    assert str(graph.edges["v2", graph.outputs[0], 0]["symbol"]).startswith("1 - ")
    assert graph.check() == []
