"""Values and gradients keep the dtypes that the plain call has."""

import numpy as np
import pytest
from contract.functions import X, same

import graphtrace as gt


def test_float32_arrays_stay_float32():
    x = X.astype(np.float32)
    g = gt.trace(lambda x: np.sum(np.exp(x * 2.0) / 3), x)
    assert g.value.dtype == np.float32
    assert g.backward()["x"].dtype == np.float32
    assert g.forward(x=x).dtype == np.float32
    assert gt.grad(lambda x: np.sum(np.exp(x * 2.0) / 3))(x).dtype == np.float32


def test_float32_scalars_stay_float32():
    def f(x):
        return np.tanh(x * 2.0) + x**2 - 1 / x

    value, gradient = gt.value_and_grad(f)(np.float32(1.5))
    assert value == f(np.float32(1.5))
    assert (value.dtype, gradient.dtype) == (np.float32, np.float32)
    assert type(gt.trace(f, np.float32(1.5)).backward()["x"]) is np.float32


def test_every_node_of_a_float32_program_has_float32_gradients():
    x = X.astype(np.float32)
    g = gt.trace(lambda W, x: np.mean(np.maximum(W @ x, 0) ** 2), np.eye(3, dtype=np.float32), x)
    g.backward()
    assert {np.asarray(a["grad"]).dtype for _, a in g.nodes(data=True)} == {np.dtype(np.float32)}


def test_a_float32_operand_beside_a_float64_one_gets_a_float32_gradient():
    a, b = gt.grad(lambda a, b: np.sum(a * b), argnums=(0, 1))(X.astype(np.float32), X)
    assert (a.dtype, b.dtype) == (np.float32, np.float64)


def test_an_integer_array_carries_no_gradient_in_a_graph():
    g = gt.trace(lambda x, i: np.sum(x[i]), X, np.array([0, 0, 2]))
    gradient = g.backward()
    np.testing.assert_array_equal(gradient["x"], [2.0, 0.0, 1.0])
    assert gradient["i"] is None
    assert "grad" not in g.nodes["i"]


def test_an_integer_array_in_argnums_says_so():
    with pytest.raises(
        gt.ArgumentError, match=r"parameter x of f\(\) is int64\[3\], which carries no gradient"
    ):
        gt.grad(lambda x: np.sum(x * 2.0))(np.array([1, 2, 3]))


def test_a_numpy_integer_is_differentiated_as_a_float():
    assert gt.grad(lambda x: x * x)(np.int64(3)) == 6.0


def test_values_equal_the_plain_call_in_type_and_bits():
    def f(x, a):
        return {"v": np.exp(x) / a, "s": np.sum(x) ** 0.5, "p": a * 2}

    g = gt.trace(f, X, 3.0)
    assert same(g.value, f(X, 3.0))
    assert type(g.value["p"]) is float


def test_an_integer_of_numpy_stays_what_it_is_and_has_no_gradient():
    def f(i, x):
        return (i + np.uint8(1)) * x

    with np.errstate(over="ignore"):
        g = gt.trace(f, np.uint8(255), 2.0)
        assert g.value == f(np.uint8(255), 2.0) == 0.0
    assert g.backward()["i"] is None
    with pytest.raises(gt.ArgumentError, match="carries no gradient"):
        gt.grad(f)(np.uint8(255), 2.0)


SINGLE = np.array([0.1, 0.2, 0.3], np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[0].item() * 0.1,
        lambda x: x.item(1) + 1e-9,
        lambda x: sum(x.tolist()) * 0.1,
        lambda x: np.exp(x[0]).tolist() ** 2,
        lambda x: np.array(x.tolist()[:2]) * 0.1,
    ],
)
def test_a_number_taken_out_of_an_array_has_double_precision_as_in_numpy(f, dtype):
    x = SINGLE.astype(dtype)
    graph = gt.trace(f, x)
    value = graph.forward(x=x)
    assert np.result_type(value) == np.result_type(f(x))
    assert np.array_equal(value, f(x))
    assert gt.grad(lambda x: np.real(np.sum(f(x))))(x).dtype == dtype
