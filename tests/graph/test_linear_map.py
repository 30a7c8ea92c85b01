"""LinearMap: the structure that it names is the one of the map written out; maps multiply."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from samples import SAMPLES

import graphtrace as gt
from graphtrace.graph.linear_map import LinearMap

A = np.array([[0.3, -0.7, 1.2], [-1.1, 0.5, 0.8]])
W = np.array([[0.2, 0.9], [-0.4, 0.1], [0.7, -0.6]])
V = np.array([0.8, -0.5, 1.4])


def local(f, *args, k=0):
    """The local derivative of a function that is one operation, in its argument `k`."""
    graph = gt.trace(f, *args)
    (edge,) = [e for a, _, e in graph.edges(data=True) if a == graph.inputs[k]]
    return edge["local"]


@pytest.mark.parametrize(
    ("f", "args", "k", "structure", "transposed"),
    [
        (lambda x: x.T, (A,), 0, "permutation", "permutation"),
        (lambda x: np.reshape(x, (3, 2)), (A,), 0, "reshape", "reshape"),
        (lambda x: x[:, None], (V,), 0, "reshape", "reshape"),
        (lambda x: np.reshape(x, (3, 2), order="F"), (A,), 0, "permutation", "permutation"),
        (lambda x: np.flip(x), (A,), 0, "permutation", "permutation"),
        (lambda x: np.sort(x), (V,), 0, "permutation", "permutation"),
        (lambda x: np.einsum("ij->ji", x), (A,), 0, "permutation", "permutation"),
        (lambda x: x[1:], (V,), 0, "selection", "padding"),
        (lambda x: np.max(x, axis=1), (A,), 0, "selection", "padding"),
        (lambda x: np.median(x), (V,), 0, "selection", "padding"),
        (lambda x: np.pad(x, 1), (V,), 0, "padding", "selection"),
        (lambda x, y: np.concatenate([x, y]), (V, V), 1, "padding", "selection"),
        (lambda x: np.broadcast_to(x, (2, 3)), (V,), 0, "broadcast", "sum"),
        (lambda x: np.repeat(x, 2), (V,), 0, "broadcast", "sum"),
        (lambda x, y: x * y, (A, V), 1, "weighted broadcast", "weighted sum"),
        (lambda x, y: x - y, (A, V), 1, "weighted broadcast", "weighted sum"),
        (lambda x, y: x + y, (A, V), 1, "broadcast", "sum"),
        (lambda x: np.sum(x, axis=0), (A,), 0, "sum", "broadcast"),
        (lambda x: np.mean(x), (A,), 0, "weighted sum", "weighted broadcast"),
        (lambda x, y: x @ y, (V, V), 0, "weighted sum", "weighted broadcast"),
        (lambda x: np.triu(x), (A,), 0, "diagonal", "diagonal"),
        (lambda x, W: x @ W, (A, W), 0, "matmul by W", "matmul by W"),
        (lambda x, W: W.T @ x, (V, W), 0, "matmul by v1", "matmul by v1"),
        (lambda x: np.cumsum(x, axis=0), (V,), 0, "dense", "dense"),
        (lambda x: np.linalg.inv(x), (W[:2],), 0, "dense", "dense"),
    ],
)
def test_the_structure_of_a_map_has_the_name_that_a_lecturer_gives_it(
    f, args, k, structure, transposed
):
    one = local(f, *args, k=k)
    assert one.structure == structure
    assert one.T.structure == transposed
    assert structure in repr(one)


def unit_rows(m):
    return np.all((m == 0) | (m == 1)) and np.all(np.sum(m, axis=1) == 1)


def is_real(row):
    return not any(map(np.iscomplexobj, (row.value, *row.operands)))


MEANING = {
    "reshape": lambda m: np.array_equal(m, np.eye(len(m))),
    "permutation": lambda m: unit_rows(m) and unit_rows(m.T),
    "selection": lambda m: unit_rows(m) and not np.all(np.sum(m, axis=0) >= 1),
    "padding": lambda m: unit_rows(m.T) and np.all(np.sum(m, axis=1) <= 1),
    "diagonal": lambda m: np.count_nonzero(m - np.diag(np.diag(m))) == 0,
    "broadcast": lambda m: unit_rows(m) and np.all(np.sum(m, axis=0) >= 1),
    "weighted broadcast": lambda m: np.all(np.count_nonzero(m, axis=1) <= 1),
    "sum": lambda m: unit_rows(m.T),
    "weighted sum": lambda m: np.all(np.count_nonzero(m, axis=0) <= 1),
    "zero": lambda m: not np.any(m),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_structure_that_is_named_is_that_of_the_map_written_out(name):
    sample = SAMPLES[name][-1]
    graph = gt.trace(lambda *args: sample.f(np, *args), *sample.args)
    for _, _, edge in graph.edges(data=True):
        one = edge["local"]
        if isinstance(one, LinearMap) and is_real(one._factors[0].row):
            dense = one.to_dense().reshape(np.prod(one._factors[0].out, dtype=int), -1)
            assert one.structure not in MEANING or MEANING[one.structure](dense), one.structure
            assert "∂" not in str(one)


def test_the_product_of_two_maps_is_the_map_of_the_chain():
    def f(x):
        u = x @ W
        y = np.sum(u, axis=1)
        return y

    graph = gt.trace(f, A)
    outer, inner = graph.edges["u", "y", 0]["local"], graph.edges["x", "u", 0]["local"]
    chain = outer @ inner
    assert chain.shape == (2, 2, 3)
    assert_allclose(chain.to_dense(), gt.jacobian(f)(A))
    assert_allclose(chain @ A, f(A))
    assert_allclose(V[:2] @ chain, chain.T @ V[:2])
    assert chain.T.shape == (2, 3, 2)
    assert str(chain) == "sum @ (· @ W)"


def test_a_product_of_permutations_is_one():
    flip = local(lambda x: np.flip(x), V)
    assert (flip @ flip).structure == "permutation"
    assert (local(lambda x: np.sum(x), V) @ flip).structure == "sum"


def test_maps_whose_shapes_do_not_meet_have_no_product():
    with pytest.raises(gt.GraphtraceError, match=r"takes shape \(3,\), not \(2, 3\)"):
        local(lambda x: np.flip(x), V) @ local(lambda x: np.flip(x), A)


def test_a_float32_map_is_known_too():
    for size in (2000, 5000, 200_000):
        x = np.ones(size, np.float32)
        assert local(lambda x: np.flip(x), x).structure == "permutation"


def test_a_map_over_no_entries_is_dense():
    assert local(lambda x: np.flip(x), np.ones((0, 3))).structure == "dense"


def test_a_pickled_map_names_its_structure():
    assert pickle.loads(pickle.dumps(local(np.triu, A))).structure == "diagonal"
