"""gt.check_grads: right rules pass, wrong ones are named, in both modes and both orders."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES, Primitive
from graphtrace.core.variable import operation


@pytest.fixture
def wrong(request):
    """A row that computes x**3 with the derivative that the test gives."""
    yield operation(Primitive("wrong", lambda x: x**3, partials=(request.param,)))
    del PRIMITIVES["wrong"]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x**3 * np.exp(-x), (1.3,)),
        (
            lambda p, x: np.tanh(x @ p["W"] + p["b"]),
            ({"W": np.eye(2), "b": np.ones(2)}, np.ones((3, 2))),
        ),
        (lambda x, y: (x * y, {"s": np.sum(x)}), (np.arange(3.0), 2.0)),
        (lambda x: np.sum(x**2), (np.float32([0.5, 1.5]),)),
        (lambda x, y: x * np.sin(y), (np.float32(0.5), 1.5)),
        (lambda z: np.exp(z) * np.conj(z), (np.array([0.5 + 1j, -0.3j]),)),
        (lambda z, x: np.abs(z) ** 2 * x, (0.5 + 1j, 2.0)),
        (lambda x: np.fft.fft(x), (np.array([0.5, 1.0, -2.0]),)),
        (lambda x, flag, at: (x[at] if flag else x, "text", at), (np.ones(3), True, np.array([1]))),
    ],
    ids=["scalar", "tree", "outputs", "float32", "mixed", "complex", "to real", "fft", "static"],
)
def test_right_derivatives_pass(f, args):
    gt.check_grads(f, args, order=2)


@pytest.mark.parametrize("wrong", [lambda x, y: 3.01 * x**2], indirect=True)
@pytest.mark.parametrize(("mode", "said"), [("fwd", "by jvp"), ("rev", "by vjp")])
def test_a_wrong_rule_is_caught_in_each_mode(wrong, mode, said):
    def f(a, x):
        return a + wrong(x)

    with pytest.raises(gt.WrongDerivative, match=rf"derivative 1 of f\(\) in x is .* {said}"):
        gt.check_grads(f, (1.0, 2.0), order=1, modes=(mode,))


def _right_once(x, y):
    """The derivative, written so that its own derivative is lost."""
    return 3 * gt.stop_gradient(x) ** 2


@pytest.mark.parametrize("wrong", [_right_once], indirect=True)
def test_a_rule_that_is_wrong_only_in_second_order_is_caught(wrong):
    gt.check_grads(lambda x: wrong(x), (2.0,), order=1)
    with pytest.raises(gt.WrongDerivative, match="derivative 2") as caught:
        gt.check_grads(lambda x: wrong(x), (2.0,), order=2)
    assert caught.value.order == 2


def test_nan_is_no_agreement():
    with pytest.raises(gt.WrongDerivative, match="nan"):
        gt.check_grads(lambda x: np.sqrt(x * 0.0) * x, (1.0,), order=1)


# A user's primitive, wrong in each of its rules.


def cube(**rules):
    return gt.primitive(**rules)(lambda x: x**3)


def right(g, y, x):
    return 3 * g * x**2


@pytest.mark.parametrize("x", [1.5, np.array([1.5, -0.5]), np.float32(1.5), np.array([1.5 + 1j])])
@pytest.mark.parametrize(
    ("rules", "order", "modes"),
    [
        ({"partials": [lambda x, y: 3.1 * x**2]}, 1, ("fwd",)),
        ({"partials": [lambda x, y: 3.1 * x**2]}, 1, ("rev",)),
        ({"vjp": [lambda g, y, x: 2.9 * g * x**2]}, 1, ("rev",)),
        ({"vjp": [right], "jvp": [lambda t, y, x: 3.1 * t * x**2]}, 1, ("fwd",)),
        ({"partials": [_right_once]}, 2, ("rev",)),
        ({"vjp": [lambda g, y, x: 3 * g * gt.stop_gradient(x) ** 2]}, 2, ("rev",)),
        ({"vjp": [right], "jvp": [lambda t, y, x: 3 * t * gt.stop_gradient(x) ** 2]}, 2, ("fwd",)),
    ],
    ids=["partial fwd", "partial rev", "vjp", "jvp", "partial 2", "vjp 2", "jvp 2"],
)
def test_a_users_wrong_rule_is_caught(rules, order, modes, x):
    f = cube(**rules)
    if order == 2:
        gt.check_grads(f, (x,), order=1)
    with pytest.raises(gt.WrongDerivative, match=f"derivative {order} of f") as caught:
        gt.check_grads(f, (x,), order=order, modes=modes)
    assert caught.value.order == order
    assert caught.value.mode in modes
    if order == 1:
        assert (caught.value.operation, caught.value.operand) == ("f", 0)


def test_a_users_right_jvp_beside_a_wrong_vjp_passes_in_its_own_mode():
    f = cube(vjp=[lambda g, y, x: g], jvp=[right])
    gt.check_grads(f, (1.5,), modes=("fwd",))
    with pytest.raises(gt.WrongDerivative):
        gt.check_grads(f, (1.5,), modes=("rev",), order=1)


def test_a_wrong_custom_vjp_is_caught_in_reverse():
    f = gt.custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (g * np.sin(x),))
    with pytest.raises(gt.WrongDerivative, match="at the rule of f"):
        gt.check_grads(lambda x: f(x), (0.3,), modes=("rev",), order=1)


def test_the_error_names_the_argument_the_leaf_and_the_entry():
    @gt.primitive(vjp=[lambda g, y, a, b: g * b, lambda g, y, a, b: g * (a + (a > 2))])
    def product(a, b):
        return a * b

    def f(flag, p):
        h = p["a"] * 1.0
        return np.sum(product(h, p["b"][1]))

    p = {"a": np.array([[1.0, 2.0], [3.0, 0.5]]), "b": [1.0, np.ones((2, 2))]}
    with pytest.raises(gt.WrongDerivative) as caught:
        gt.check_grads(f, (True, p), order=1, modes=("rev",))
    error = caught.value
    assert (error.argument, error.leaf, error.entry) == (1, "p['b'][1]", (1, 0))
    assert (error.order, error.mode) == (1, "rev")
    assert error.exact == pytest.approx(4.0)
    assert error.numeric == pytest.approx(3.0)
    assert (error.operation, error.operand) == ("product", 1)
    assert str(error).startswith("derivative 1 of f() in p['b'][1][1, 0] is 4 by vjp and 3 by ")
    assert "look at the rule of product, or for a kink near" in str(error)


def test_an_unknown_mode_and_a_point_without_floats_are_refused():
    with pytest.raises(gt.ArgumentError, match="mode 'forward' is not known"):
        gt.check_grads(np.sin, (1.0,), modes=("forward",))
    with pytest.raises(gt.ArgumentError, match="no argument of f"):
        gt.check_grads(lambda x: x, (np.array([1]),))


SYMMETRIC = np.array([[2.0, 0.3, -0.5], [0.3, 1.5, 0.2], [-0.5, 0.2, 1.1]])
ONE_TRIANGLE = {
    "eigvalsh": lambda a: np.linalg.eigvalsh(a)[0],
    "eigvalsh of the upper one": lambda a: np.linalg.eigvalsh(a, "U")[0],
    "eigh": lambda a: np.linalg.eigh(a)[1] ** 2,
    "cholesky": lambda a: np.linalg.cholesky(a) ** 3,
    "cholesky of a product": lambda a: a @ np.linalg.cholesky(a @ a),
    "pinv": lambda a: np.linalg.pinv(a, hermitian=True),
}


@pytest.mark.parametrize("name", ONE_TRIANGLE)
def test_a_symmetric_matrix_of_which_one_triangle_is_read_is_moved_as_such(name):
    gt.check_grads(ONE_TRIANGLE[name], (SYMMETRIC,))


def test_the_singular_values_of_a_symmetric_matrix_are_moved_as_such():
    gt.check_grads(lambda a: np.linalg.svd(a, hermitian=True)[1], (SYMMETRIC,), 1)


def slowest(a):
    return np.linalg.eigvalsh(a)


def turned(a, b):
    return a @ b


@pytest.mark.parametrize(
    ("function", "vjp", "f"),
    [
        (slowest, lambda g, y, a: 1.01 * g[:, None] * np.eye(3), lambda row, a: row(a)[0]),
        (
            turned,
            (lambda g, y, a, b: (g @ b.T).T, lambda g, y, a, b: a.T @ g),
            lambda row, a: np.linalg.eigvalsh(row(a, SYMMETRIC))[1] + np.sum(row(a, a)[0]),
        ),
    ],
)
def test_a_wrong_rule_is_found_beside_the_convention_for_symmetric_matrices(function, vjp, f):
    row = gt.primitive(vjp=vjp)(function)
    with pytest.raises(gt.WrongDerivative) as caught:
        gt.check_grads(lambda a: f(row, a), (SYMMETRIC,), 1)
    assert caught.value.operation == function.__name__
