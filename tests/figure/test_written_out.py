"""The derivative of a folded box by its numbers: those of finite differences, or none."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.total import written_out

RNG = np.random.default_rng(4)
X, W = RNG.normal(size=3), RNG.normal(size=(3, 3))


def mixing(x, W):
    for _ in range(3):
        x = np.tanh(W @ x)
    return x


def elementwise(x):
    for _ in range(3):
        x = np.tanh(2 * x)
    return x


def to_number(x):
    for _ in range(3):
        x = np.tanh(2 * x)
    return x.sum()


def of_box(f, *args, by="x"):
    """The derivative of all of f, as one folded box, and how many numbers come out of it."""
    folded = fold(gt.trace(f, *args), detail="calls", limit=1)
    (local,) = (d["local"] for tail, _, d in folded.edges(data=True) if tail == by)
    return local, np.size(f(*args))


def jacobian(f, x, step=1e-6):
    moves = step * np.eye(x.size)
    return np.stack([(f(x + move) - f(x - move)) / (2 * step) for move in moves], axis=-1)


def test_a_matrix_is_that_of_finite_differences():
    entries = written_out(*of_box(mixing, X, W))
    np.testing.assert_allclose(entries, jacobian(lambda x: mixing(x, W), X), rtol=1e-6)


def test_of_what_goes_entry_by_entry_the_diagonal_is_told():
    entries = written_out(*of_box(elementwise, X))
    np.testing.assert_allclose(entries, np.diagonal(jacobian(elementwise, X)), rtol=1e-6)


def test_of_a_number_it_has_the_shape_of_what_it_is_taken_in():
    entries = written_out(*of_box(to_number, W))
    assert entries.shape == W.shape
    np.testing.assert_allclose(entries.ravel(), jacobian(to_number, W.ravel()), rtol=1e-6)


@pytest.mark.parametrize("size", [30, 200])
def test_a_large_one_is_not_written_out(size):
    assert written_out(*of_box(mixing, np.ones(size), np.eye(size))) is None


def test_a_single_entry_is_an_array_of_one():
    assert written_out(*of_box(elementwise, np.ones(1))).shape == (1,)


def test_an_arrow_into_a_loop_tells_entries_and_never_a_size():
    graph = gt.trace(mixing, X, W)
    for width in (720, None):
        svg = graph.to_svg(detail="calls", limit=1, width=width)
        assert ">3×9<" not in svg
    entries = jacobian(lambda x: mixing(x, W), X)
    drawn = graph.figure(detail="calls", limit=1)
    (part,) = (edge.part for edge in drawn.edges if edge.part and edge.part.by == "x")
    np.testing.assert_allclose(part.value, entries, rtol=1e-6)
