"""Check a function of NumPy arrays: its value to the last bit, its derivatives to second order.

`agrees_with_differences(f, *args)` compares with central differences, `agrees_with_jax(f, *args)`
with JAX for an `f(xp, *args)` that runs on both.
"""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

import graphtrace as gt


def _leaves(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def _weights(shapes, seed):
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape) for shape in shapes]


def _scalar(f, weights, xp=np):
    """A weighing of all outputs, curved so that the second derivative of a linear f shows."""

    def scalar(*args):
        return sum(xp.sum(w * y * y) for w, y in zip(weights, _leaves(f(*args)), strict=True))

    return scalar


def _slope(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    slope = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        right, left = x + step, x - step
        slope[i] = (f(right if x.ndim else float(right)) - f(left if x.ndim else float(left))) / (
            2 * h
        )
    return slope


def _values_agree(f, args):
    plain = _leaves(f(*args))
    for one in (gt.vjp(f, *args)[0], gt.trace(f, *args).value):
        for y, right in zip(_leaves(one), plain, strict=True):
            assert np.array_equal(y, right, equal_nan=True)
            assert np.shape(y) == np.shape(right)
            assert np.result_type(y) == np.result_type(right)
    return plain


def agrees_with_differences(f, *args, tol=1e-6, order=2):
    """The value is NumPy's; the gradient, and its gradient, are those of differences."""
    plain = _values_agree(f, args)
    scalar = _scalar(f, _weights([np.shape(y) for y in plain], 0))
    every = tuple(range(len(args)))
    gradient = gt.grad(scalar, every)
    slopes = gradient(*args)
    for k, arg in enumerate(args):
        right = _slope(lambda x, k=k: scalar(*args[:k], x, *args[k + 1 :]), arg)
        assert_allclose(slopes[k], right, rtol=tol, atol=tol)
    backward = gt.trace(scalar, *args).backward()
    (graph_slopes,) = backward.values()
    for g, right in zip(graph_slopes, slopes, strict=True):
        assert_allclose(g, right, rtol=1e-12, atol=1e-12)
    if order == 1:
        return
    directions = _weights([np.shape(a) for a in args], 1)

    def along(*args):
        return sum(np.sum(g * d) for g, d in zip(gradient(*args), directions, strict=True))

    curves = gt.grad(along, every)(*args)
    for k, arg in enumerate(args):
        right = _slope(lambda x, k=k: along(*args[:k], x, *args[k + 1 :]), arg)
        assert_allclose(curves[k], right, rtol=10 * tol, atol=10 * tol)


def agrees_with_jax(f, *args):
    """The value is NumPy's; the gradient, and its gradient, are those of JAX, ties too."""
    from oracles import jax, jnp

    plain = _values_agree(lambda *args: f(np, *args), args)
    weights = _weights([np.shape(y) for y in plain], 0)
    directions = _weights([np.shape(a) for a in args], 1)
    every = tuple(range(len(args)))

    def both(grad, xp):
        gradient = grad(_scalar(lambda *args: f(xp, *args), weights, xp), every)

        def along(*args):
            return sum(xp.sum(g * d) for g, d in zip(gradient(*args), directions, strict=True))

        return [*gradient(*args), *grad(along, every)(*args)]

    for g, right in zip(both(gt.grad, np), both(jax.grad, jnp), strict=True):
        assert_allclose(g, right, rtol=1e-9, atol=1e-9)
