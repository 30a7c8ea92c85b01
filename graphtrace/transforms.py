"""grad, value_and_grad and vjp: derivatives of plain NumPy functions, as in JAX.

In: a function. Out: a function. They run on the Wengert list and build no graph; they nest without
limit, because the rules that a sweep runs are traced by the transform around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.inputs import (
    Opened,
    carries_gradient,
    close_output,
    gradient_like,
    name_of,
    open_tree,
    plain,
    seed_for,
    signature_of,
)
from graphtrace.sweep import sweep
from graphtrace.tape import Tape, recording
from graphtrace.variable import Variable, describe

Argnums = int | Sequence[int]


def grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that returns the gradient of the scalar-valued `f`.

    Args:
        f: A function of floats, arrays, or nested dicts, lists and tuples of them, written with
            operators and NumPy. It must return a real scalar (with `has_aux`, a pair of it and
            anything else).
        argnums: The position of the argument to differentiate with respect to, or several.
        has_aux: Whether `f` returns `(value, aux)`; the result is then `(gradient, aux)`.

    Returns:
        A function of the same arguments. Its result has the structure, shapes and dtypes of the
        chosen argument (a tuple of such for several); Python ints count as floats.

    Raises:
        ArgumentError: The output is not a scalar, or an argument carries no gradient.
        TraceError: `f` does something that cannot be traced; the message says what to write.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that returns the value of `f` and its gradient, from one evaluation.

    Arguments and errors are those of `grad`.

    >>> value_and_grad(lambda w, x: w * x, argnums=(0, 1))(3.0, 4.0)
    (12.0, (4.0, 3.0))
    """

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        with recording() as (tape, nested):
            start = len(tape.rows)
            traced, opened = _open(tape, f, args, argnums)
            out = tape.call(f, traced, kwargs)
            out, aux = out if has_aux else (out, None)
            seeds = _scalar_seed(f, out, start)
            rows, stop = tape.rows, len(tape.rows)
            adjoints = sweep(rows, start, stop, seeds, tape if nested else None)
            gradients = [_gradients(one, adjoints, start) for one in opened]
            if not nested:
                out, aux = _plain_tree(out), _plain_tree(aux)
                tape.close()
        value = (out, aux) if has_aux else out
        return value, gradients[0] if isinstance(argnums, int) else tuple(gradients)

    return value_and_gradient


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of `f(*primals)` and the function that pulls adjoints of it back to the primals.

    Args:
        f: A function as for `grad`, with an output of any structure and shape.
        primals: Its arguments, all of them differentiated.

    Returns:
        `(value, pullback)`; `pullback(adjoint)`, with an adjoint of the value's structure and
        shapes, returns a tuple with the adjoint of each primal.

    >>> value, pullback = vjp(lambda x, y: (x * y, x + y), 2.0, 3.0)
    >>> value, pullback((1.0, 10.0))
    ((6.0, 5.0), (13.0, 12.0))
    """
    with recording() as (tape, nested):
        start = len(tape.rows)
        traced, opened = _open(tape, f, primals, range(len(primals)))
        out, unflatten = close_output(tape.call(f, traced, {}))
        rows, stop = tape.rows, len(tape.rows)
        if not nested:
            tape.close()

    def pullback(adjoint: Any) -> tuple[Any, ...]:
        seeds = _seeds(f, out, adjoint, start)
        adjoints = sweep(rows, start, stop, seeds, tape if nested else None)
        return tuple(_gradients(one, adjoints, start) for one in opened)

    return unflatten(out if nested else [plain(leaf) for leaf in out]), pullback


def _open(
    tape: Tape, f: Callable[..., Any], args: Sequence[Any], argnums: Argnums
) -> tuple[list[Any], list[Opened]]:
    """The arguments with the chosen ones traced, and these by themselves."""
    arguments, opened = list(args), []
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        if not -len(args) <= i < len(args):
            raise ArgumentError(
                f"argnums={argnums} asks for argument {i} of {name_of(f)}(), which got {len(args)} "
                f"positional arguments; pass it by position"
            )
        name = partial(_parameter, f, i % len(args))
        one = open_tree(tape, args[i], name)
        for leaf in one.leaves:
            if not carries_gradient(leaf):
                raise ArgumentError(
                    f"parameter {name()} of {name_of(f)}() holds {describe(leaf)}, which carries "
                    f"no gradient; pass floats (x.astype(float)), or leave it out of argnums"
                )
        arguments[i] = one.tree
        opened.append(one)
    return arguments, opened


def _parameter(f: Callable[..., Any], i: int) -> str:
    names = list(signature_of(f).parameters)
    return names[min(i, len(names) - 1)] if names else str(i)


def _scalar_seed(f: Callable[..., Any], out: Any, start: int) -> list[tuple[int, Any]]:
    value = plain(out)
    if np.shape(value) != () or not np.isrealobj(value) or isinstance(value, (dict, list, tuple)):
        raise ArgumentError(
            f"{name_of(f)}() must return a real scalar to have a gradient, and it returned "
            f"{describe(value)}; reduce it with np.sum, or use gt.vjp"
        )
    return [(out.index, seed_for(value))] if _swept(out, start) else []


def _seeds(
    f: Callable[..., Any], out: list[Any], adjoint: Any, start: int
) -> list[tuple[int, Any]]:
    weights, _ = close_output(adjoint)
    if len(weights) != len(out):
        raise ArgumentError(
            f"the adjoint has {len(weights)} leaves and the value of {name_of(f)}() has "
            f"{len(out)}; give one of the value's structure"
        )
    seeds = []
    for leaf, weight in zip(out, weights, strict=True):
        if np.shape(plain(weight)) != np.shape(plain(leaf)):
            raise ArgumentError(
                f"the adjoint has shape {np.shape(plain(weight))} where the value of "
                f"{name_of(f)}() has {np.shape(plain(leaf))}; give one of the value's shape"
            )
        if _swept(leaf, start):
            kind = np.result_type(leaf.value)
            if kind.kind in "fc":
                is_array = isinstance(leaf.value, np.ndarray) and type(weight) is not Variable
                seeds.append((leaf.index, np.asarray(weight, kind) if is_array else weight))
    return seeds


def _swept(out: Any, start: int) -> bool:
    return type(out) is Variable and out.index >= start


def _gradients(opened: Opened, adjoints: list[Any], start: int) -> Any:
    return opened.unflatten(
        [
            gradient_like(adjoints[variable.index - start], leaf)  # type: ignore[union-attr]
            for leaf, variable in zip(opened.leaves, opened.variables, strict=True)
        ]
    )


def _plain_tree(tree: Any) -> Any:
    leaves, unflatten = close_output(tree)
    return unflatten([plain(leaf) for leaf in leaves])
