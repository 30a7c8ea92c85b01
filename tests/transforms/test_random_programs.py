"""Random programs against JAX: value, gradient, Hessian-vector product, and graph."""

import jax
import numpy as np
from hypothesis import Phase, given, settings, strategies as st
from numpy.testing import assert_allclose
from oracles import jnp, weights_for
from random_programs import SHAPES, long_programs, programs, run

import graphtrace as gt


@given(program=programs, seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_random_program_has_jaxs_value_gradient_and_hvp(program, seed):
    check(program, seed)


@given(program=long_programs, seed=st.integers(0, 1000))
@settings(max_examples=4, deadline=None, phases=[Phase.generate])
def test_a_random_program_of_two_hundred_operations_has_them_too(program, seed):
    check(program, seed)


def check(program, seed):
    inputs = tuple(w[()] for w in weights_for(SHAPES, seed))
    directions = weights_for(SHAPES, seed + 1)
    every = tuple(range(len(SHAPES)))

    def f(*inputs):
        return run(np, program, inputs)

    def g(*inputs):
        return run(jnp, program, inputs)

    value, slopes = gt.value_and_grad(f, every)(*inputs)
    right, right_hvp = jax.jvp(
        jax.grad(g, every), tuple(map(jnp.asarray, inputs)), tuple(map(jnp.asarray, directions))
    )
    hvp = gt.grad(
        lambda *x: sum(
            np.sum(s * d) for s, d in zip(gt.grad(f, every)(*x), directions, strict=True)
        ),
        every,
    )(*inputs)
    _, tangent = gt.jvp(f, inputs, directions)
    along = sum(np.sum(s * d) for s, d in zip(slopes, directions, strict=True))
    assert_allclose(tangent, along, rtol=1e-9, atol=1e-12)
    assert_allclose(value, f(*inputs), rtol=1e-14)
    assert_allclose(value, g(*map(jnp.asarray, inputs)), rtol=1e-9)
    for found, wanted in [*zip(slopes, right, strict=True), *zip(hvp, right_hvp, strict=True)]:
        assert_allclose(found, wanted, rtol=1e-8, atol=1e-9)

    graph = gt.trace(f, *inputs)
    assert graph.value == value
    for found, wanted in zip(graph.backward()["inputs"], slopes, strict=True):
        assert np.array_equal(found, wanted)
    assert graph.forward() == value
