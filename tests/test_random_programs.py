"""Random programs against JAX: value, gradient, Hessian-vector product, and graph."""

import jax
import numpy as np
from hypothesis import Phase, given, settings, strategies as st
from numpy.testing import assert_allclose
from oracles import jnp, weights_for

import graphtrace as gt

# What a program does with two earlier values of any of the shapes. All are smooth and bounded, or
# have their kink at a constant that no value hits.
STEPS = [
    lambda np, a, b: (a + b) / 2,
    lambda np, a, b: a - 0.5 * b,
    lambda np, a, b: np.sin(a) * b,
    lambda np, a, b: a / (1.5 + np.cos(b)),
    lambda np, a, b: np.tanh(a),
    lambda np, a, b: np.exp(-a * a) * b,
    lambda np, a, b: (1 + a * a) ** 0.25,
    lambda np, a, b: (1.2 + np.sin(a)) ** np.tanh(b),
    lambda np, a, b: np.log1p(a * a),
    lambda np, a, b: np.arctan2(a, 1 + b * b),
    lambda np, a, b: np.sqrt(1 + a**2) - 1,
    lambda np, a, b: np.maximum(a, 0.1234) + np.minimum(b, 0.4321),
    lambda np, a, b: np.where(a > 0.1234, a * b, -b),
    lambda np, a, b: abs(a - 0.1234),
    lambda np, a, b: np.sum(a) / 6 + b,
    lambda np, a, b: np.mean(a) * np.var(b),
    lambda np, a, b: a - (np.mean(a, axis=-1, keepdims=True) if a.ndim else b),
    lambda np, a, b: np.cumsum(a, axis=-1) / 2 if a.ndim else a,
    lambda np, a, b: a[..., ::-1] if a.ndim else a,
    lambda np, a, b: a[0] * a[-1] if a.ndim else a,
    lambda np, a, b: np.roll(a, 1) * b if a.ndim else b * b / 2,
    lambda np, a, b: np.tanh(a @ b.T @ a) if a.ndim == b.ndim == 2 else a,
    lambda np, a, b: np.tanh(a @ b.T) if b.ndim == 2 and a.ndim == 1 else b,
    lambda np, a, b: np.outer(b, a) if a.shape == (3,) and b.shape == (2,) else b,
    lambda np, a, b: np.concatenate([a[:1], b[1:]]) if a.shape == b.shape != () else a,
    lambda np, a, b: np.stack([a, b])[1] * np.stack([b, a])[0] if a.shape == b.shape else b,
    lambda np, a, b: np.reshape(np.ravel(a.T), a.shape) if a.ndim else a,
    lambda np, a, b: np.broadcast_to(a, (2, 3)) if a.shape != (2,) else a[0],
    lambda np, a, b: np.prod(np.cos(a) / 2 + 1, axis=-1) if a.ndim else b,
]
SHAPES = ((), (), (3,), (2, 3))

step = st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 40), st.integers(0, 40))
programs = st.lists(step, min_size=1, max_size=30)
long_programs = st.lists(step, min_size=150, max_size=200)


def run(np, program, inputs):
    """The last values of the program, as one number; earlier values are used again and again."""
    values = list(inputs)
    for op, i, j in program:
        a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
        if a.shape != b.shape and (2,) in (a.shape, b.shape):  # meets only its own kind
            b = np.mean(b)
        y = STEPS[op](np, a, b)
        values.append(y if len(values) % 8 else np.tanh(y))  # no value runs away
    return sum(np.sum(np.tanh(v)) for v in values[-3:])


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
