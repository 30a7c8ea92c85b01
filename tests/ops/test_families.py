"""Whole families of functions over any dtype, shape, memory order and axis, in both modes."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, broadcastable_shapes
from numpy.testing import assert_allclose

import graphtrace as gt

UNARY = [np.sin, np.exp, np.tanh, np.square, np.sqrt, np.log1p, np.arctan, np.reciprocal, np.cbrt]
BINARY = [np.add, np.multiply, np.divide, np.hypot, np.arctan2, np.power, np.maximum, np.logaddexp]
REDUCTIONS = [np.sum, np.prod, np.mean, np.std, np.max, np.min, np.median, np.linalg.vector_norm]
MOVES = [np.cumsum, np.cumprod, np.sort, np.flip, np.diff]

shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
dtypes = st.sampled_from(["f4", "f8", ">f4", ">f8", "f2", "g"])
orders = st.sampled_from("CF")
seeds = st.integers(0, 99)
quickly = settings(max_examples=40, deadline=None)


def array(shape, dtype, order, seed):
    """Numbers from 0.5 to 1.5, no two of them close, read-only."""
    size = int(np.prod(shape))
    values = 0.5 + np.random.default_rng(seed).permutation(size) / max(size, 1)
    x = np.array(values.reshape(shape), dtype=dtype, order=order)
    x.flags.writeable = False
    return x


def check(f, *args):
    """Values and dtypes are NumPy's, and the two modes are each other's transpose."""
    plain = f(*args)
    value, pullback = gt.vjp(f, *args)
    tangents = tuple(np.cos(np.arange(x.size, dtype=x.dtype)).reshape(x.shape) for x in args)
    pushed_value, pushed = gt.jvp(f, args, tangents)
    for y in (value, pushed_value):
        assert np.array_equal(y, plain, equal_nan=True)
        assert np.result_type(y) == np.result_type(plain)
    weights = np.asarray(np.sin(1 + np.arange(np.size(plain))), np.result_type(plain))
    weights = weights.reshape(np.shape(plain))
    adjoints = pullback(weights[()])
    for g, x in zip(adjoints, args, strict=True):
        assert np.shape(g) == x.shape
        assert np.asarray(g).dtype == x.dtype
    assert np.shape(pushed) == np.shape(plain)
    along = sum(
        np.sum(np.longdouble(g) * np.longdouble(t)) for g, t in zip(adjoints, tangents, strict=True)
    )
    # A rule's own constants, 1/3 or log(2), are Python's floats, for longdouble too.
    tolerance = 60 * max(float(np.finfo(args[0].dtype).eps), 2e-16)
    size = np.sum(np.abs(np.longdouble(weights) * np.longdouble(pushed))) + 1
    assert_allclose(
        np.sum(np.longdouble(weights) * np.longdouble(pushed)), along, rtol=0, atol=tolerance * size
    )
    if args[0].dtype == np.float64 and np.size(plain):
        h = 1e-6
        ends = [f(*(x + e * t for x, t in zip(args, tangents, strict=True))) for e in (-h, h)]
        assert_allclose(pushed, (ends[1] - ends[0]) / (2 * h), rtol=1e-5, atol=1e-6)


@given(st.sampled_from(UNARY), shapes, dtypes, orders, seeds)
@quickly
def test_a_function_of_each_entry(f, shape, dtype, order, seed):
    check(f, array(shape, dtype, order, seed))


@given(st.sampled_from(BINARY), shapes, st.data(), dtypes, orders, seeds)
@quickly
def test_a_function_of_two_arrays_that_broadcast(f, shape, data, dtype, order, seed):
    other = data.draw(broadcastable_shapes(shape, max_dims=3, max_side=3))
    check(
        f,
        array(shape, dtype, order, seed),
        array(other, dtype, "C", seed + 1) + np.array(0.013, dtype),
    )


@given(st.sampled_from(REDUCTIONS), st.data(), dtypes, orders, st.booleans(), seeds)
@quickly
def test_a_reduction_over_any_axes(f, data, dtype, order, keepdims, seed):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=3))
    axes = st.permutations(range(-len(shape), 0))
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1) | axes.map(tuple))
    x = array(shape, dtype, order, seed)
    if f is np.std and x.size // np.size(np.sum(x, axis=axis)) == 1:
        return  # no deviation, no slope
    check(lambda x: f(x, axis=axis, keepdims=keepdims), x)


@given(st.sampled_from(MOVES), st.data(), dtypes, orders, seeds)
@quickly
def test_a_function_along_any_axis(f, data, dtype, order, seed):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    check(lambda x: f(x, axis=axis), array(shape, dtype, order, seed))


@pytest.mark.parametrize("zeros", [[], [1], [0, 3], [0, 1, 4]])
def test_the_derivatives_of_a_product_with_zeros(zeros):
    x = np.array([[2.0, 3.0, 5.0, 7.0, 11.0], [1.0, -1.0, 2.0, 0.5, 3.0]])
    x[0, zeros] = 0.0

    def others(*left_out):
        return [np.prod(np.delete(row, left_out)) for row in x]

    found = gt.grad(lambda x: np.sum(np.prod(x, axis=1)))(x)
    assert_allclose(found, np.transpose([others(i) for i in range(5)]))
    second = gt.hessian(lambda row: np.prod(row))(x[0])
    right = [[0.0 if i == k else others(i, k)[0] for k in range(5)] for i in range(5)]
    assert_allclose(second, right, atol=1e-12)
