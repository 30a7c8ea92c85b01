"""check_grads: whether the derivatives of a function are those that finite differences find.

In: a function and where to look. Out: nothing, or an error that names the argument and the mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphtrace.errors import WrongDerivative
from graphtrace.inputs import name_of, signature_of
from graphtrace.pytree import flatten
from graphtrace.transforms import jvp, vjp


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Compare the derivatives of `f` with central differences along random directions.

    Args:
        f: A function as for `grad`, with a real output of any structure, smooth around `args`.
        args: Its arguments, floats and float arrays or trees of them.
        order: How many derivatives to check; each is checked against differences of the one before.
        modes: "fwd" for `jvp`, "rev" for `vjp`, or both.
        rtol: How far they may differ, relative to the larger; by default what central differences
            can tell in the precision of `args`.
        atol: The same, absolutely.

    Raises:
        WrongDerivative: A derivative disagrees; the message names the argument, the mode and both
            numbers.

    >>> check_grads(lambda x: x**3, (2.0,))
    """
    precision = max(float(np.finfo(_dtype(leaf)).eps) for leaf in flatten(list(args))[0])
    step = precision ** (1 / 3)
    rtol = 2 * step if rtol is None else rtol
    atol = 2 * step if atol is None else atol
    _check(f, tuple(args), order, tuple(modes), step, rtol, atol, np.random.default_rng(0), 1)


def _check(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int,
    modes: tuple[str, ...],
    step: float,
    rtol: float,
    atol: float,
    rng: np.random.Generator,
    level: int,
) -> None:
    for i, arg in enumerate(args):
        direction = _random_like(arg, rng)

        def along(t: float, i: int = i, direction: Any = direction) -> Any:
            return f(*args[:i], _moved(args[i], direction, t), *args[i + 1 :])

        def of_one(x: Any, i: int = i) -> Any:
            return f(*args[:i], x, *args[i + 1 :])

        weights = _random_like(along(0.0), rng)
        numeric = (_dot(weights, along(step)) - _dot(weights, along(-step))) / (2 * step)
        for mode in modes:
            if mode == "fwd":
                exact = _dot(weights, jvp(of_one, (arg,), (direction,))[1])
            else:
                exact = _dot(vjp(of_one, arg)[1](weights)[0], direction)
            if not abs(exact - numeric) <= atol + rtol * max(abs(exact), abs(numeric)):
                transform = "jvp" if mode == "fwd" else "vjp"
                raise WrongDerivative(
                    f"derivative {level} of {name_of(f)}() in {_parameter(f, i)} is {exact:.8g} by "
                    f"{transform} and {numeric:.8g} by differences, along a random direction; look "
                    f"for a rule that is wrong, or for a kink near {args[i]!r:.60}"
                )
        if order > 1:

            def derivative(*xs: Any, weights: Any = weights, i: int = i) -> Any:
                return vjp(f, *xs)[1](weights)[i]

            derivative.__name__ = name_of(f)
            _check(derivative, args, order - 1, modes, step, rtol, atol, rng, level + 1)


def _dtype(leaf: Any) -> np.dtype[Any]:
    return np.result_type(leaf) if isinstance(leaf, (np.ndarray, np.inexact)) else np.dtype(float)


def _random_like(tree: Any, rng: np.random.Generator) -> Any:
    leaves, structure = flatten(tree)
    return structure([rng.normal(size=np.shape(leaf)).astype(_dtype(leaf))[()] for leaf in leaves])


def _moved(tree: Any, direction: Any, t: float) -> Any:
    leaves, structure = flatten(tree)
    steps = structure.leaves_of(direction, "a direction")
    return structure(
        [
            (leaf + np.asarray(t, _dtype(leaf)) * d).astype(_dtype(leaf))[()]
            if isinstance(leaf, np.ndarray)
            else leaf + t * float(d)
            for leaf, d in zip(leaves, steps, strict=True)
        ]
    )


def _dot(a: Any, b: Any) -> float:
    pairs = zip(flatten(a)[0], flatten(b)[0], strict=True)
    return float(sum(np.sum(np.multiply(x, y), dtype=np.longdouble) for x, y in pairs))


def _parameter(f: Callable[..., Any], i: int) -> str:
    names = list(signature_of(f).parameters)
    return names[i] if i < len(names) else f"argument {i}"
