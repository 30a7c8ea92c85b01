"""gt.custom_vjp follows jax.custom_vjp; gt.checkpoint and gt.stop_gradient follow JAX's."""

import functools
import pickle
from collections import namedtuple

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

X = np.array([0.3, -1.2, 2.0])
Pair = namedtuple("Pair", "first second")


def product(library, np_):
    """sin(x) y, with a backward pass that is wrong on purpose: twice and three times the right."""

    @library.custom_vjp
    def f(x, y):
        return np_.sin(x) * y

    f.defvjp(
        lambda x, y: (f(x, y), (np_.cos(x), np_.sin(x), y)),
        lambda residuals, g: (
            2 * residuals[0] * g * residuals[2],
            3 * np_.sum(residuals[1] * g),
        ),
    )
    return f


def tree(library, np_):
    """Trees in, trees out, and residuals that are one."""

    @library.custom_vjp
    def f(params, x):
        h = params["w"] * x + params["b"][0]
        return {"h": h, "s": (np_.sum(h), np_.sum(x))}

    def forward(params, x):
        return f(params, x), {"w": params["w"], "x": [x]}

    def backward(residuals, g):
        total = g["h"] + g["s"][0]
        (x,) = residuals["x"]
        return {"w": 7 * np_.sum(total * x), "b": [np_.sum(total)]}, total * residuals["w"]

    f.defvjp(forward, backward)
    return f


def both(made, f):
    """The same program for graphtrace and for JAX."""
    return functools.partial(f, made(gt, np), np), functools.partial(f, made(jax, jnp), jnp)


def of_product(f, np_, x, y):
    return np_.sum(f(x, y) ** 2)


def of_tree(f, np_, params, x):
    out = f(params, np_.tanh(x))
    return np_.sum(out["h"] ** 2) * out["s"][0] + out["s"][1]


PARAMS = {"w": 1.5, "b": [0.5]}


def test_the_backward_function_gives_the_gradient_as_in_jax():
    ours, theirs = both(product, of_product)
    found, right = gt.grad(ours, (0, 1))(X, 1.5), jax.grad(theirs, (0, 1))(X, 1.5)
    for a, b in zip(found, right, strict=True):
        assert_allclose(a, b, rtol=1e-12)


def test_trees_of_arguments_outputs_and_residuals():
    ours, theirs = both(tree, of_tree)
    found, right = gt.grad(ours, (0, 1))(PARAMS, X), jax.grad(theirs, (0, 1))(PARAMS, X)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
        assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(
    ("made", "f", "args", "i"),
    [(product, of_product, (X, 1.5), 0), (tree, of_tree, (PARAMS, X), 1)],
)
def test_reverse_over_reverse_differentiates_the_backward_function(made, f, args, i):
    ours, theirs = both(made, f)

    def curvature(library, np_, g):
        return library.grad(
            lambda x: np_.sum(np_.cos(library.grad(g, i)(*args[:i], x, *args[i + 1 :])))
        )

    assert_allclose(curvature(gt, np, ours)(X), curvature(jax, jnp, theirs)(X), rtol=1e-11)


def sine(library, np_, calls_itself):
    """sin, with twice its derivative; the forward function calls it, or writes it out."""

    @library.custom_vjp
    def f(x):
        return np_.sin(x)

    f.defvjp(
        lambda x: ((f(x) if calls_itself else np_.sin(x)), np_.cos(x)),
        lambda cos, g: (2 * g * cos,),
    )
    return lambda x: f(x) ** 2


@pytest.mark.parametrize("calls_itself", [True, False])
@pytest.mark.parametrize(
    "second",
    [
        lambda lib, f: lib.jvp(lib.grad(f), (0.3,), (1.0,))[1],
        lambda lib, f: lib.grad(lib.grad(f))(0.3),
        lambda lib, f: lib.grad(lambda x: lib.value_and_grad(f)(x)[0])(0.3),
        lambda lib, f: lib.grad(lib.grad(lib.grad(f)))(0.3),
    ],
    ids=["forward over reverse", "reverse over reverse", "value", "third"],
)
def test_an_outer_derivative_sees_what_the_inner_one_did_as_in_jax(second, calls_itself):
    try:
        right = second(jax, sine(jax, jnp, calls_itself))
    except TypeError:
        with pytest.raises(gt.NoDerivative, match="nothing of forward mode"):
            second(gt, sine(gt, np, calls_itself))
    else:
        assert second(gt, sine(gt, np, calls_itself)) == pytest.approx(float(right), rel=1e-12)


def test_a_graph_of_a_gradient_sees_what_the_gradient_did():
    f = sine(gt, np, False)
    graph = gt.trace(lambda x: gt.grad(f)(x), 0.3)
    right = gt.grad(gt.grad(f))(0.3)
    assert graph.backward()["x"] == pytest.approx(right, rel=1e-14)
    assert graph.compile()(0.3)[1]["x"] == pytest.approx(right, rel=1e-14)


def test_forward_mode_is_refused_as_in_jax():
    ours, theirs = both(product, of_product)
    with pytest.raises(TypeError):
        jax.jvp(lambda x: theirs(x, 1.5), (X,), (X,))
    with pytest.raises(gt.NoDerivative, match="f has a custom_vjp, which says nothing of forward"):
        gt.jvp(lambda x: ours(x, 1.5), (X,), (X,))


def clip_gradient(library, np_):
    @functools.partial(library.custom_vjp, nondiff_argnums=(0, 1))
    def clip(low, high, x):
        return x

    clip.defvjp(
        lambda low, high, x: (x, None),
        lambda low, high, _, g: (np_.clip(g, low, high),),
    )
    return clip


def test_arguments_without_a_gradient_come_first_to_the_backward_function():
    ours, theirs = clip_gradient(gt, np), clip_gradient(jax, jnp)
    found = gt.grad(lambda x: np.sum(5 * ours(-1.0, 1.0, x) ** 2))(X)
    assert_allclose(found, jax.grad(lambda x: jnp.sum(5 * theirs(-1.0, 1.0, x) ** 2))(X))
    assert_allclose(found, [1, -1, 1])


def test_an_adjoint_of_several_outputs_arrives_as_one():
    calls = []

    @gt.custom_vjp
    def f(x):
        return x, 2 * x

    def backward(_, g):
        calls.append(g)
        return (min(g[0] + g[1], 1.0),)

    f.defvjp(lambda x: (f(x), None), backward)
    assert gt.grad(lambda x: f(x)[0] * 0.6 + f(x)[1] * 0.0)(1.0) == pytest.approx(0.6)
    calls.clear()

    def both_outputs(x):
        a, b = f(x)
        return 0.8 * a + 0.7 * b

    assert gt.grad(both_outputs)(1.0) == 1.0
    assert calls == [(0.8, 0.7)]


def test_the_backward_function_runs_once_for_all_arguments():
    calls = []

    @gt.custom_vjp
    def f(x, y):
        return x * y

    f.defvjp(lambda x, y: (x * y, (x, y)), lambda r, g: calls.append(1) or (g * r[1], g * r[0]))
    assert gt.grad(f, (0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert len(calls) == 1


def test_none_stands_for_a_zero_adjoint():
    @gt.custom_vjp
    def f(x, p):
        return x * p["a"]

    f.defvjp(lambda x, p: (f(x, p), None), lambda _, g: (None, {"a": g}))
    assert gt.grad(f, (0, 1))(2.0, {"a": 3.0}) == (0.0, {"a": 1.0})


def test_the_call_is_a_node_with_the_functions_name():
    f = product(gt, np)
    graph = gt.trace(lambda x, y: np.sum(f(x, y)), X, 1.5)
    assert graph.nodes["v1"]["op"] == "f"
    assert graph.nodes["v1"]["label"] == "v1 = f(x, y)"
    assert_allclose(graph.backward()["x"], 2 * np.cos(X) * 1.5)
    assert graph.forward(y=3.0) == pytest.approx(np.sum(np.sin(X) * 3))


def test_two_transforms_that_sweep_one_call_get_an_adjoint_each_as_in_jax():
    def mixed(library, np_):
        @library.custom_vjp
        def f(x, y):
            return np_.sin(x) * y

        f.defvjp(
            lambda x, y: (np_.sin(x) * y, (x, y)),
            lambda r, g: (2 * g * np_.cos(r[0]) * r[1] ** 2, 3 * g * r[0]),
        )

        def of_y(y):
            value, slope = library.value_and_grad(lambda x: f(x, y))(0.7)
            return value**2 * slope + f(0.3 * y, y)

        return library.grad(of_y)(1.5)

    assert mixed(gt, np) == pytest.approx(float(mixed(jax, jnp)), rel=1e-12)


def test_a_pullback_is_used_again_with_another_adjoint():
    f = product(gt, np)
    _, pullback = gt.vjp(lambda x: f(x, 1.5), X)
    for g in (np.ones(3), np.arange(3.0)):
        assert_allclose(pullback(g)[0], 2 * np.cos(X) * g * 1.5)


def test_an_adjoint_kept_for_one_edge_is_not_taken_for_another_adjoint():
    f = gt.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, (x, y)), lambda r, g: (g * r[1], g * r[0]))
    graph = gt.trace(lambda x, y: f(x, y), X, 2 * X)
    assert_allclose(np.ones(3) @ graph.edges["x", "f", 0]["local"], 2 * X)
    assert_allclose(5 * np.ones(3) @ graph.edges["y", "f", 1]["local"], 5 * X)


def test_the_backward_function_may_take_a_gradient_itself():
    f = gt.custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (gt.grad(lambda u: np.sin(u) * g)(x),))
    assert gt.grad(gt.grad(lambda x: f(x)))(0.3) == pytest.approx(-np.sin(0.3))
    assert gt.trace(lambda x: f(x), 0.3).edges["x", "f", 0]["local"] @ 2.0 == pytest.approx(
        2 * np.cos(0.3)
    )


def test_the_linear_map_on_the_edge_is_the_backward_function():
    f = gt.custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (np.arange(1.0, 4.0) * g,))
    local = gt.trace(lambda x: f(x), X).edges["x", "f", 0]["local"]
    assert_allclose(local.to_dense(), np.diag([1.0, 2.0, 3.0]))
    assert_allclose(local @ np.ones(3), [1.0, 2.0, 3.0])


def test_the_compiled_graph_uses_the_residuals_of_the_new_values():
    ours, _ = both(product, of_product)
    compiled = gt.trace(ours, X, 1.5).compile()
    x = X.copy()
    for _ in range(2):
        x += 0.25  # the same array, with other numbers
        value, gradients = compiled(x, 2.0)
        assert value == ours(x, 2.0)
        assert_allclose(gradients["x"], gt.grad(ours)(x, 2.0), rtol=1e-14)


@gt.custom_vjp
def at_the_top(x):
    return x * x


at_the_top.defvjp(lambda x: (x * x, x), lambda x, g: (10 * g * x,))


def test_a_graph_with_it_is_pickled():
    graph = pickle.loads(pickle.dumps(gt.trace(at_the_top, 3.0)))
    assert graph.backward() == {"x": 30.0}


def test_untraced_it_is_the_function():
    assert at_the_top(3.0) == 9.0
    assert at_the_top(x=3.0) == 9.0
    assert gt.grad(lambda x: at_the_top(x=x))(3.0) == 30.0


@pytest.mark.parametrize(
    ("backward", "said"),
    [
        (lambda _, g: g, "returned no tuple where there are 2 arguments"),
        (lambda _, g: (g,), "returned 1 where there are 2 arguments"),
        (lambda _, g: (g, np.ones(2)), r"returned shape \(2,\) for an argument of shape \(\)"),
        (lambda _, g: ((g, g), g), r"returned .*shape"),
    ],
)
def test_a_wrong_result_of_the_backward_function_is_said(backward, said):
    f = gt.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, None), backward)
    with pytest.raises(gt.ArgumentError, match=said):
        gt.grad(lambda x: f(x, x))(1.0)


def test_a_forward_function_without_residuals_is_said():
    f = gt.custom_vjp(lambda x: x)
    f.defvjp(lambda x: x, lambda _, g: (g,))
    with pytest.raises(gt.ArgumentError, match="return a pair of the value and the residuals"):
        gt.grad(lambda x: f(x))(1.0)


def test_without_a_backward_function_the_users_line_is_named():
    f = gt.custom_vjp(lambda x: x)
    with pytest.raises(gt.NoDerivative, match=r"test_custom_vjp.py line \d+: f has no derivative"):
        gt.grad(lambda x: f(x))(1.0)


def test_a_traced_value_from_outside_is_refused():
    def outer(x):
        f = gt.custom_vjp(lambda y: x * y)
        f.defvjp(lambda y: (x * y, None), lambda _, g: (g,))
        return f(x)

    with pytest.raises(gt.TraceError, match="hand it over as an argument"):
        gt.grad(outer)(2.0)


# checkpoint


def layers(wrap, np_):
    @wrap
    def layer(p, x, n):
        for _ in range(n):
            x = np_.tanh(p["w"] * x + p["b"])
        return x, np_.sum(x)

    def loss(p, x):
        y, s = layer(p, x, 3)
        z, t = layer(p, y, 2)
        return np_.sum(z * y) + s * t

    return loss


POINT = {"w": np.array([0.5, -1.0, 0.2]), "b": 0.1}


def test_a_checkpoint_has_the_derivatives_of_its_function():
    ours, plain = layers(gt.checkpoint, np), layers(lambda f: f, np)
    for i in (0, 1):
        found, right = gt.grad(ours, i)(POINT, X), gt.grad(plain, i)(POINT, X)
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
            assert_allclose(a, b, rtol=1e-12)
    assert_allclose(gt.hessian(ours, 1)(POINT, X), gt.hessian(plain, 1)(POINT, X), rtol=1e-10)
    assert_allclose(
        gt.hvp(lambda x: ours(POINT, x), (X,), (X,)), gt.hessian(plain, 1)(POINT, X) @ X
    )
    forward = gt.jvp(lambda x: ours(POINT, x), (X,), (X,))[1]
    assert_allclose(forward, gt.grad(plain, 1)(POINT, X) @ X)


def test_a_checkpoint_keeps_no_rows_of_its_inside():
    graph = gt.trace(gt.checkpoint(lambda x: np.sin(np.sin(np.sin(x)))), 0.5)
    assert len(graph) == 2


# stop_gradient


def test_a_stopped_value_is_a_constant_to_every_derivative():
    def f(x):
        return gt.stop_gradient(x**2) * x

    assert gt.grad(f)(3.0) == 9.0
    assert gt.jvp(f, (3.0,), (1.0,))[1] == 9.0
    assert gt.grad(gt.grad(f))(3.0) == 0.0


def test_a_stopped_tree_keeps_its_structure_and_its_values_in_the_graph():
    def f(x):
        held = gt.stop_gradient({"a": x, "b": [2 * x, "text"]})
        return held["a"] * x + held["b"][0]

    graph = gt.trace(f, 3.0)
    assert graph.backward() == {"x": 3.0}
    assert graph.forward(x=4.0) == 24.0
    assert gt.stop_gradient((1.0, "text")) == (1.0, "text")


def test_a_stopped_array_of_traced_scalars_is_stopped():
    assert gt.grad(lambda x: np.sum(gt.stop_gradient(np.array([x, 2 * x]))) + x)(1.0) == 1.0


def test_the_straight_through_estimator():
    def f(x):
        return np.sum((x + gt.stop_gradient(np.round(x) - x)) ** 2)

    assert_allclose(gt.grad(f)(X), 2 * np.round(X))


def test_an_adjoint_that_is_no_number_is_said():
    @gt.custom_vjp
    def f(x):
        return x

    f.defvjp(lambda x: (x, None), lambda _, g: ("g",))
    with pytest.raises(gt.ArgumentError, match="returned the adjoint 'g'; return a number"):
        gt.grad(f)(1.0)
