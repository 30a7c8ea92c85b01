"""JAX programs: value, gradients and local derivatives are JAX's own."""

import importlib
import re
import warnings

import numpy as np
import pytest
from framework_checks import assert_close, by_paths

import graphtrace as gt

jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
PROGRAMS = importlib.import_module("frameworks.jax_programs").PROGRAMS


def weight_of(x):
    random = np.random.default_rng([3, *np.shape(x)])
    return random.uniform(0.5, 1.5, np.shape(x)).astype(x.dtype)


# JAX compiles each operation for each type: in float32 those that take the least time.
SHORT = ["mlp", "jit_inside", "rnn_by_scan", "fori_loop", "cond_and_switch", "rules_of_ones_own"]
CASES = [*((name, "float64") for name in PROGRAMS), *((name, "float32") for name in SHORT)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_value_gradients_and_paths_are_those_of_jax(name, dtype):
    f, args = PROGRAMS[name](dtype)
    leaves, tree = jax.tree.flatten(args)
    is_moving = [np.asarray(x).dtype.kind == "f" for x in leaves]

    def weighed(moving):
        given = iter(moving)
        mixed = [next(given) if m else x for x, m in zip(leaves, is_moving, strict=True)]
        out = f(*tree.unflatten(mixed))
        pairs = [(weight_of(y), y) for y in jax.tree.leaves(out) if not isinstance(y, int)]
        return sum((w * y).sum() for w, y in pairs if w.dtype.kind == "f"), out

    moving = [jax.numpy.asarray(x) for x, m in zip(leaves, is_moving, strict=True) if m]
    # Compiled as one: op by op it takes most of the time of the test.
    theirs, out = jax.jit(jax.grad(weighed, has_aux=True))(moving)
    weights = jax.tree.map(weight_of, out)

    graph = gt.trace(f, *args)
    for ours, y in zip(jax.tree.leaves(graph.value), jax.tree.leaves(out), strict=True):
        assert_close(ours, y, "the value")
        assert isinstance(ours, int) or np.asarray(ours).dtype == y.dtype
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


def product(x):
    return (jax.numpy.sin(x) * x).sum()


def test_trouble_names_the_call_and_the_line_where_a_nan_is_born():
    def head(h):
        z = h - 100
        return jax.numpy.log(z).sum()

    first = gt.trace(lambda x: head(x * 2), jax.numpy.ones(3)).trouble()[0]
    assert first.kind == "nan"
    assert re.fullmatch(r".*test_jax\.py:\d+, in head: v\d = log\(z\) is nan", str(first))


def test_at_and_what_is_compiled_are_jax_own_value_and_gradient():
    graph, x = gt.trace(product, jax.numpy.arange(3.0)), jax.numpy.full(3, 2.0)
    value, gradient = jax.value_and_grad(product)(x)
    other = graph.at(x=x)
    assert_close(other.value, value, "the value")
    assert_close(other.backward()["x"], gradient, "the gradient")
    compiled, gradients = graph.compile()(x=np.asarray(x))
    assert_close(compiled, value, "the compiled value")
    assert_close(gradients["x"], gradient, "the compiled gradient")


def test_what_no_file_holds_says_so(tmp_path):
    with pytest.raises(gt.GraphtraceError, match="no file holds"):
        gt.trace(product, jax.numpy.arange(3.0)).render(tmp_path / "graph.json")
    assert not list(tmp_path.iterdir())


def test_tracing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gt.trace(product, jax.numpy.arange(3.0)).backward()


def test_a_large_program_is_drawn_as_its_calls_with_their_parameters():
    def layer(p, x):
        y = x @ p["W"] + p["b"]
        return x + jax.numpy.tanh(y) * p["scale"]

    def network(params, x):
        for p in params:
            x = layer(p, x)
        return x.sum()

    one = {"W": np.eye(3, dtype=np.float32), "b": np.ones(3, np.float32)}
    one["scale"] = np.ones(3, np.float32)
    params = jax.tree.map(jax.numpy.asarray, [one] * 12)
    graph = gt.trace(network, params, jax.numpy.ones((2, 3)))
    graph.backward()
    svg = graph.to_svg()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", svg))
    assert "layer_2 … layer_11" in text
    assert float(re.search(r'height="([\d.]+)"', svg).group(1)) <= 960
