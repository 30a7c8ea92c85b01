"""Checks of one function's derivatives, for the tests of linear algebra, Fourier and complex code.

In: a function written as `f(xp, *args)`, where `xp` is `numpy` or `jax.numpy`, and its arguments,
real or complex. Each check raises where graphtrace and the oracle disagree.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import graphtrace as gt


class Case(NamedTuple):
    """A call to check. `jax` says that JAX runs `f` and differentiates it.

    `curved` is False where the second derivative is 0 or outside the rule's domain.
    """

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    jax: bool = True
    curved: bool = True


def case(name: str, f: Callable[..., Any], *args: Any, **how: bool) -> Case:
    return Case(name, f, tuple(np.asarray(a) for a in args), **how)


def real(*shape: int) -> np.ndarray:
    """Random numbers, others for each shape and the same in every run."""
    return np.random.default_rng([7, *shape]).uniform(-1, 1, shape) + 0.1


def cplx(*shape: int) -> np.ndarray:
    return real(2, *shape)[0] + 1j * real(2, *shape)[1]


def check_value(c: Case) -> None:
    """The traced function returns NumPy's value, to the last bit."""
    f = _as_tuple(c.f, np)
    traced, _ = gt.vjp(f, *c.args)
    for ours, plain in zip(traced, f(*c.args), strict=True):
        assert type(ours) is type(plain)
        assert ours.dtype == plain.dtype
        np.testing.assert_array_equal(ours, plain)


def check_first_order(c: Case) -> None:
    """The adjoint is JAX's, or the one of differences; the tangent is its transpose."""
    f = _as_tuple(c.f, np)
    value, pullback = gt.vjp(f, *c.args)
    weights, tangents = _weights(value, 1), _weights(c.args, 2)
    ours = pullback(weights)
    for g, a in zip(ours, c.args, strict=True):
        assert (g.shape, g.dtype) == (a.shape, a.dtype)
    if c.jax:
        _, theirs = jax.vjp(_as_tuple(c.f, jnp), *c.args)
        for g, expected in zip(ours, theirs(tuple(map(jnp.asarray, weights))), strict=True):
            np.testing.assert_allclose(g, expected, rtol=1e-8, atol=1e-9)
    else:
        slope = _slope(lambda h: _pairing(weights, f(*_moved(c.args, tangents, h))))
        np.testing.assert_allclose(_pairing(ours, tangents), slope, rtol=1e-6, atol=1e-7)
    _, pushed = gt.jvp(f, c.args, tangents)
    np.testing.assert_allclose(
        _pairing(weights, pushed), _pairing(ours, tangents), rtol=1e-9, atol=1e-9
    )


def check_second_order(c: Case) -> None:
    """Each mode over each mode gives the differences of the first derivative."""
    f = _as_tuple(c.f, np)
    weights, tangents = _weights(f(*c.args), 1), _weights(c.args, 2)
    direction = _weights(c.args, 3)

    def by_reverse(*args: Any) -> Any:
        _, pullback = gt.vjp(f, *args)
        return _pairing(pullback(weights), direction)

    def by_forward(*args: Any) -> Any:
        return _pairing(weights, gt.jvp(f, args, direction)[1])

    slope = _slope(lambda h: by_reverse(*_moved(c.args, tangents, h)))
    for inner in (by_reverse, by_forward):
        _, pullback = gt.vjp(inner, *c.args)
        over_reverse = _pairing(pullback(1.0), tangents)
        _, over_forward = gt.jvp(inner, c.args, tangents)
        np.testing.assert_allclose([over_reverse, over_forward], slope, rtol=1e-5, atol=1e-6)


def check_precision(c: Case) -> None:
    """Values have NumPy's dtype and adjoints that of the operand."""
    f = _as_tuple(c.f, np)
    args = [a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in c.args]
    value, pullback = gt.vjp(f, *args)
    assert [y.dtype for y in value] == [y.dtype for y in f(*args)]
    weights = tuple(np.ones_like(y) for y in value)
    assert [g.dtype for g in pullback(weights)] == [a.dtype for a in args]


def _as_tuple(f: Callable[..., Any], xp: Any) -> Callable[..., tuple[Any, ...]]:
    def run(*args: Any) -> tuple[Any, ...]:
        y = f(xp, *args)
        return tuple(y) if isinstance(y, (list, tuple)) else (y,)

    return run


def _weights(like: Any, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        rng.normal(size=np.shape(x)) + (1j * rng.normal(size=np.shape(x)))
        if np.iscomplexobj(x)
        else rng.normal(size=np.shape(x))
        for x in like
    )


def _pairing(a: Any, b: Any) -> Any:
    """The sum of the real parts of products: adjoints and values, without a conjugate."""
    return sum(np.real(np.sum(x * y)) for x, y in zip(a, b, strict=True))


def _moved(args: Any, tangents: Any, h: float) -> list[Any]:
    return [a + h * t for a, t in zip(args, tangents, strict=True)]


def _slope(f: Callable[[float], Any], h: float = 5e-4) -> Any:
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
