"""jacobian, hessian and hvp, in either mode, are those of JAX."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

X = np.array([0.3, -1.2, 2.0])
W = np.array([[0.5, -1.0, 0.2], [0.1, 0.3, -0.7]])


def network(np_, p, x):
    h = np_.tanh(p["W"] @ x + p["b"])
    return {"h": h, "s": (np_.sum(h * h), x[0] * p["b"])}


PARAMS = {"W": W, "b": 0.5}


def assert_same_tree(found, right):
    a, b = jax.tree.leaves(found), jax.tree.leaves(right)
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert np.shape(x) == np.shape(y)
        assert_allclose(x, y, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("mode", ["fwd", "rev", None])
@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (1,)])
def test_the_jacobian_of_trees_is_that_of_jax(mode, argnums):
    found = gt.jacobian(lambda p, x: network(np, p, x), argnums, mode=mode)(PARAMS, X)
    right = jax.jacrev(lambda p, x: network(jnp, p, x), argnums)(PARAMS, X)
    assert_same_tree(found, right)
    assert list(found) == ["h", "s"]


@pytest.mark.parametrize(("rows", "columns", "used"), [(2, 5, "rev"), (5, 2, "fwd"), (3, 3, "rev")])
def test_the_fewer_sweeps_are_made(rows, columns, used, monkeypatch):
    from graphtrace.transforms import linearize as linearized

    made = []
    for mode, name in (("rev", "sweep"), ("fwd", "sweep_forward")):
        real = getattr(linearized, name)
        monkeypatch.setattr(
            linearized,
            name,
            lambda *a, real=real, mode=mode, **how: made.append(mode) or real(*a, **how),
        )
    A = np.arange(float(rows * columns)).reshape(rows, columns)
    assert_allclose(gt.jacobian(lambda x: A @ x)(np.ones(columns)), A)
    assert made == [used] * min(rows, columns)


def test_the_function_runs_once():
    calls = []
    gt.jacobian(lambda x: calls.append(1) or np.outer(x, x))(X)
    assert len(calls) == 1


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_shapes_are_the_values_followed_by_the_arguments(mode):
    x = np.arange(6.0).reshape(2, 3)
    found = gt.jacobian(lambda x: np.sum(x, axis=1)[:, None] * np.ones(4), mode=mode)(x)
    assert found.shape == (2, 4, 2, 3)
    assert gt.jacobian(lambda x: x[:0], mode=mode)(X).shape == (0, 3)
    assert gt.jacobian(lambda x: np.stack([x, x * x]), mode=mode)(3.0).tolist() == [1.0, 6.0]


def test_aux_is_handed_through():
    def f(x):
        return x**2, {"twice": 2 * x, "note": "text"}

    found, aux = gt.jacobian(f, has_aux=True)(X)
    assert_allclose(found, np.diag(2 * X))
    assert_allclose(aux["twice"], 2 * X)
    assert type(aux["twice"]) is np.ndarray
    second, aux = gt.hessian(lambda x: (np.sum(x**3), x), has_aux=True)(X)
    assert_allclose(second, np.diag(6 * X))
    assert_allclose(aux, X)
    value, pullback, aux = gt.vjp(lambda x: (x * x, "note"), 3.0, has_aux=True)
    assert (value, pullback(1.0), aux) == (9.0, (6.0,), "note")
    assert gt.jvp(lambda x: (x * x, "note"), (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, "note")


def test_has_aux_needs_a_pair():
    with pytest.raises(gt.ArgumentError, match="must return a pair"):
        gt.jacobian(lambda x: x, has_aux=True)(X)


def test_an_unknown_mode_is_refused():
    with pytest.raises(gt.ArgumentError, match="mode='forward' is not known; give \"fwd\""):
        gt.jacobian(np.sin, mode="forward")


def test_a_function_with_a_reverse_mode_only_is_swept_in_reverse():
    f = gt.custom_vjp(lambda x: np.stack([x, x]))
    f.defvjp(lambda x: (np.stack([x, x]), None), lambda _, g: (7 * np.sum(g),))
    assert_allclose(gt.jacobian(lambda x: f(x))(1.0), [7.0, 7.0])
    with pytest.raises(gt.NoDerivative, match="forward mode"):
        gt.jacobian(lambda x: f(x), mode="fwd")(1.0)


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_jacobians_nest(mode):
    def f(x):
        return np.stack([x[0] * x[1] ** 2, np.sin(x[2]) * x[0]])

    def by_jax(x):
        return jnp.stack([x[0] * x[1] ** 2, jnp.sin(x[2]) * x[0]])

    found = gt.jacobian(gt.jacobian(f, mode=mode), mode="rev" if mode == "fwd" else "fwd")(X)
    assert_allclose(found, jax.jacfwd(jax.jacrev(by_jax))(X), atol=1e-14)


def rosenbrock(x, np_=np):
    return np_.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_hvp_is_the_hessian_times_the_vector():
    v = np.array([1.0, -2.0, 0.5])
    right = jax.jvp(jax.grad(lambda x: rosenbrock(x, jnp)), (X,), (v,))[1]
    assert_allclose(gt.hvp(rosenbrock, (X,), (v,)), right, rtol=1e-12)


def test_hvp_of_trees_and_of_several_arguments():
    def loss(np_, p, x):
        return np_.sum(network(np_, p, x)["h"] ** 2)

    t = {"W": np.ones((2, 3)), "b": -1.0}
    found = gt.hvp(lambda p, x: loss(np, p, x), (PARAMS, X), (t, X))
    right = jax.jvp(jax.grad(lambda p, x: loss(jnp, p, x), (0, 1)), (PARAMS, X), (t, X))[1]
    assert_same_tree(found, right)


def test_hvp_is_differentiated_again():
    def f(x):
        return np.sum(gt.hvp(rosenbrock, (x,), (x,)))

    def by_jax(x):
        return jnp.sum(jax.jvp(jax.grad(lambda x: rosenbrock(x, jnp)), (x,), (x,))[1])

    assert_allclose(gt.grad(f)(X), jax.grad(by_jax)(X), rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gt.hvp(rosenbrock, X, X), r"the primals are float64\[3\]; give them as a tuple"),
        (lambda: gt.jvp(np.sin, (X,), X), r"the tangents are float64\[3\]; give them as a tuple"),
        (lambda: gt.jvp(np.sin, (X,), (X, X)), "1 primals and 2 tangents"),
        (lambda: gt.hvp(np.sin, (X,), (X,)), "must return a real scalar"),
    ],
)
def test_what_does_not_fit_is_said(call, said):
    with pytest.raises(gt.ArgumentError, match=said):
        call()


def turned(x):
    return x * (1 + 2j)


def squared_size(z):
    return np.real(z * np.conj(z))


def test_the_jacobian_of_complex_values_in_real_arguments_is_whole():
    assert_allclose(gt.jacobian(turned)(X), jax.jacfwd(turned)(X))


def test_the_jacobian_of_a_real_value_in_a_complex_argument_is_its_gradient():
    wanted = jax.grad(lambda z: jnp.real(z * jnp.conj(z)))(2 + 1j)
    assert_allclose(gt.jacobian(squared_size)(2 + 1j), wanted)


@pytest.mark.parametrize(
    ("f", "x", "mode", "other"),
    [(turned, 2.0, "rev", "fwd"), (squared_size, 2 + 1j, "fwd", "rev")],
)
def test_a_mode_that_would_lose_half_of_a_complex_derivative_is_refused(f, x, mode, other):
    with pytest.raises(gt.ArgumentError, match=f'give mode="{other}"'):
        gt.jacobian(f, mode=mode)(x)


@pytest.mark.parametrize("x", [2, 2.0, np.float32(2), np.ones(2, np.float32), np.float16(2)])
def test_both_modes_give_the_dtype_of_the_argument(x):
    def f(x, y):
        return x * y

    fwd, rev = (gt.jacobian(f, mode=mode)(x, np.float64(3)) for mode in ("fwd", "rev"))
    assert np.asarray(fwd).dtype == np.asarray(rev).dtype


@pytest.mark.parametrize("mode", ["rev", "fwd", None])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.complex128])
def test_the_jacobian_of_no_entries_keeps_the_dtype(mode, kind):
    x = np.ones((0, 3), kind)
    block = gt.jacobian(lambda x: x * 2, mode=mode)(x)
    assert (block.shape, block.dtype) == ((0, 3, 0, 3), kind)
    if kind is not np.complex128:
        assert gt.hessian(lambda x: np.sum(x**2))(x).dtype == kind
