"""Operators, methods and array code do what plain Python and NumPy do."""

import numpy as np
import pytest
from contract.functions import X

import graphtrace as gt


@pytest.mark.parametrize(
    "f",
    [
        lambda a: 2 + a - (3 - a) * (4 * a) / (5 / a),
        lambda a: (7 // a) + a // 2 + (7 % a) + a % 2,
        lambda a: sum(divmod(a, 0.7)) + sum(divmod(7, a)),
        lambda a: 2**a + a**2 + a**-1 + a**0.5 + pow(a, 3),
        lambda a: abs(-a) + +a,
        lambda a: np.float64(2.0) * a + a / np.int64(2),
        lambda a: np.add(a, 1) + np.exp(a).item(),
    ],
    ids=["arithmetic", "floor", "divmod", "power", "unary", "numpy-scalars", "item"],
)
def test_operators_on_scalars_equal_plain_python(f):
    value, gradient = gt.value_and_grad(f)(1.3)
    assert value == f(1.3)
    assert gradient == pytest.approx((f(1.3 + 1e-6) - f(1.3 - 1e-6)) / 2e-6, rel=1e-6)
    assert gt.trace(f, 1.3).backward() == {"a": gradient}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum([1.0, 2.0, 3.0] * x) + np.sum(x * (1, 2, 3)),
        lambda x: x @ [1.0, 2.0, 3.0] + [1.0, 2.0, 3.0] @ x,
        lambda x: sum(t * t for t in x) + len(x) * x[-1],
        lambda x: x.T.sum() + x.mean() * x.ndim + x.size + x.shape[0] * x.max() + x.min(),
        lambda x: sum(float(i) * t for i, t in enumerate(x)),
        lambda x: sum(a * b for a, b in zip(x, reversed(x), strict=True)),
        lambda x: np.sum(np.array([x[0], x[1] * 2])),
        lambda x: (
            np.array([x[0], x[1]]) @ np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.array([x[1], x[2]])
        ),
        lambda x: np.sum(np.exp(np.array([x[0], x[1]]))),
        lambda x: np.sum(np.array([[x[0], 1.0], [2.0, x[1]]]) @ np.array([x[2], 3.0])),
        lambda x: np.sum(np.stack([x, 2 * x]) * np.concatenate([x, x]).reshape(2, 3)),
        lambda x: np.mean([x[0], x[1]]) + np.max([x[0], x[1]]),
        lambda x: np.linalg.norm(x) if hasattr(x, "nope") else np.sqrt(np.sum(x**2)),
        lambda x: (x[0] * 3 if x[0] in (7.0, 5.0) else x[1]) * 2,
        lambda x: np.sum(x[::-1] * x) + np.sum(x[np.array([0, 0, 2])]) + x[1],
        lambda x: np.dot(x, x) * np.sum(np.outer(x, x)) / np.prod(x),
        lambda x: np.sum(np.where(x > 1.5, x * x, 3 * x)) + np.sum(x[x > 1.5]),
    ],
    ids=[
        *("lists", "matmul-list", "iterate", "attributes", "enumerate", "zip", "object-sum"),
        *("object-matmul", "object-exp", "object-mixed", "stack", "mean-of-list", "norm", "in"),
        *("indexing", "dot-outer", "where"),
    ],
)
def test_array_code_equals_plain_numpy(f):
    value, gradient = gt.value_and_grad(f)(X)
    assert np.allclose(value, f(X), rtol=1e-15)
    h = 1e-6 * np.eye(3)
    differences = [(f(X + d) - f(X - d)) / 2e-6 for d in h]
    np.testing.assert_allclose(np.asarray(gradient, dtype=float), differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gt.trace(f, X).backward()["x"], gradient, rtol=1e-14)


@pytest.mark.parametrize(
    "scalar", [2.0, np.float64(2.0), np.array(2.0), np.array([2.0]), np.array([[2.0]])]
)
def test_a_broadcast_operand_gets_a_gradient_of_its_own_shape(scalar):
    M = np.arange(6.0).reshape(2, 3)
    g = gt.trace(lambda M, s: np.sum(M * s + s), M, scalar)
    assert np.shape(g.backward()["s"]) == np.shape(scalar)
    assert np.sum(g.backward()["s"]) == 21.0
    gradient = gt.grad(lambda M, s: np.sum(M * s + s), argnums=1)(M, scalar)
    assert np.shape(gradient) == np.shape(scalar)
