"""Derivatives from elsewhere, to compare with: JAX in double precision, differences, complex steps.

In: a function written as `f(xp, *args)`, where `xp` is `numpy` or `jax.numpy`, and its arguments.
Out: values, Jacobians and Hessian-vector products as NumPy arrays. Knows nothing of graphtrace.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time goes into LLVM, and none of it is needed for arrays of six numbers.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_optimization_level=0"

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)


class Sample(NamedTuple):
    """A call of an operation: `f(xp, *args)`; every argument is differentiated.

    `twin` is the same function for JAX, where JAX cannot run `f` itself.
    """

    f: Callable[..., Any]
    args: tuple[Any, ...]
    twin: Callable[..., Any] | None = None


class Answer(NamedTuple):
    """What the oracle says: `jacobians[o][i]` of output `o` in argument `i`, `hvp[i]` of `phi`."""

    values: list[np.ndarray]
    jacobians: list[list[np.ndarray]]
    hvp: list[np.ndarray]


def outputs(y: Any) -> list[Any]:
    """The arrays that a function returned."""
    return list(y) if isinstance(y, (list, tuple)) else [y]


def weights_for(shapes: Sequence[tuple[int, ...]], seed: int) -> list[np.ndarray]:
    """Random numbers away from 0, the same in every run."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape) for shape in shapes]


def phi(xp: Any, f: Callable[..., Any], weights: Sequence[Any], args: Sequence[Any]) -> Any:
    """A scalar of all outputs, curved even where `f` is linear."""
    ys = outputs(f(xp, *args))
    return sum(xp.sum(w * xp.sin(y)) for w, y in zip(weights, ys, strict=True))


def jax_answers(samples: Sequence[Sample], seed: int = 0) -> list[Answer]:
    """What JAX says of each sample.

    Compiling takes nearly all of the time. So all samples are one program, which gives gradients
    and Hessian-vector products of `phi`, and the Jacobians are read off from its gradients for unit
    weights.
    """
    programs = [sample.twin or sample.f for sample in samples]
    arguments = [[np.asarray(a, np.float64) for a in sample.args] for sample in samples]
    directions = [weights_for([a.shape for a in args], seed + 1) for args in arguments]

    @jax.jit
    def run(weights: Any) -> Any:
        every = zip(programs, weights, arguments, directions, strict=True)
        return [_jax_answer(*each) for each in every]

    shapes = [
        [y.shape for y in jax.eval_shape(lambda *args, f=f: outputs(f(jnp, *args)), *args)]
        for f, args in zip(programs, arguments, strict=True)
    ]
    results = run([weights_for(each, seed) for each in shapes])
    values = [[np.asarray(y) for y in result[0]] for result in results]
    jacobians = _jacobians(run, shapes, values, arguments)
    hvps = [[np.asarray(h) for h in result[2]] for result in results]
    return [Answer(*each) for each in zip(values, jacobians, hvps, strict=True)]


def _jax_answer(f: Callable[..., Any], weights: Any, args: Any, directions: Any) -> Any:
    def g(*args: Any) -> Any:
        return [jnp.asarray(y, jnp.float64) for y in outputs(f(jnp, *args))]

    slope = jax.grad(lambda *args: phi(jnp, f, weights, args), tuple(range(len(args))))
    return g(*args), *jax.jvp(slope, tuple(args), tuple(directions))


def _jacobians(run: Any, shapes: Any, values: Any, arguments: Any) -> list[Any]:
    """The gradient of phi = w sin(y) in the k-th entry of each sample's outputs, over cos(y)."""
    sizes = [[int(np.prod(shape)) for shape in each] for each in shapes]
    found: list[list[list[np.ndarray]]] = [[[] for _ in args] for args in arguments]
    for k in range(max(map(sum, sizes), default=0)):
        unit = [_units(k, each) for each in shapes]
        results = run(unit)
        for n, (_, gradients, _) in enumerate(results):
            if k < sum(sizes[n]):
                cos = sum(np.sum(w * np.cos(y)) for w, y in zip(unit[n], values[n], strict=True))
                for i, g in enumerate(gradients):
                    found[n][i].append(np.asarray(g) / cos)
    return [
        [
            [
                np.reshape(row[start : start + size], shape + np.shape(a))
                for row, a in zip(found[n], arguments[n], strict=True)
            ]
            for start, size, shape in zip(
                np.cumsum([0, *sizes[n]]), sizes[n], shapes[n], strict=False
            )
        ]
        for n in range(len(shapes))
    ]


def _units(k: int, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Zeros of the shapes with a 1 in entry `k`, counted through all of them."""
    units = []
    for shape in shapes:
        size = int(np.prod(shape))
        units.append(np.reshape(np.arange(size) == k, shape).astype(float))
        k -= size
    return units


def pulled(weights: Sequence[np.ndarray], jacobians: Sequence[Sequence[np.ndarray]]) -> list[Any]:
    """The vector-Jacobian product for each argument."""
    return [
        sum(np.tensordot(w, j[i], np.ndim(w)) for w, j in zip(weights, jacobians, strict=True))
        for i in range(len(jacobians[0]))
    ]


def pushed(jacobians: Sequence[np.ndarray], tangents: Sequence[Any]) -> Any:
    """The Jacobian-vector product of one output."""
    return sum(np.tensordot(j, t, np.ndim(t)) for j, t in zip(jacobians, tangents, strict=True))


def differences(f: Callable[[Any], Any], x: Any, step: float = 1e-3) -> np.ndarray:
    """The Jacobian of `f` at `x` by central differences of the fourth order (error about 1e-11)."""
    return _columns(x, lambda e: _slope(lambda t: f(x + t * e), step))


def complex_step(f: Callable[[Any], Any], x: Any) -> np.ndarray:
    """The Jacobian of an analytic `f` at `x`, right to the last bit: Im f(x + ih) / h."""
    return _columns(x, lambda e: np.imag(f(x + 1e-30j * e)) / 1e-30)


def _slope(f: Callable[[float], Any], h: float) -> Any:
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def _columns(x: Any, derivative: Callable[[np.ndarray], Any]) -> np.ndarray:
    shape = np.shape(x)
    size = int(np.prod(shape))
    if size == 0:
        return np.zeros(np.shape(derivative(np.zeros(shape))) + shape)
    units = np.eye(size).reshape(size, *shape)
    columns = [np.asarray(derivative(e)) for e in units]
    return np.stack(columns, axis=-1).reshape(columns[0].shape + shape)
