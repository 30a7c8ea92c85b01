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
