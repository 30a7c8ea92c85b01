"""Random programs over numbers and small arrays, for NumPy and for JAX."""

from hypothesis import strategies as st

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
