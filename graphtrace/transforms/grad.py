"""grad, value_and_grad, vjp and jvp of plain NumPy functions, as in JAX.

In: a function. Out: a function. They run on the Wengert list and build no graph; they nest without
limit, because the rules that a sweep runs are traced by the transform around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from graphtrace.core.made import Made
from graphtrace.core.variable import describe
from graphtrace.errors import ArgumentError
from graphtrace.transforms.linearize import Argnums, Linearized


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

    return Made(gradient, functools.partial(grad, f, argnums, has_aux=has_aux))


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
        run = Linearized(f, args, argnums, kwargs, has_aux=has_aux)
        gradients = run.gradients()
        value = (run.value, run.aux) if has_aux else run.value
        return value, gradients if isinstance(argnums, Sequence) else gradients[0]

    call = functools.partial(value_and_grad, f, argnums, has_aux=has_aux)
    return Made(value_and_gradient, call)


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of `f(*primals)` and the function that pulls adjoints of it back to the primals.

    Args:
        f: A function as for `grad`, with an output of any structure and shape.
        primals: Its arguments, all of them differentiated.
        has_aux: Whether `f` returns `(value, aux)`; `aux` then comes last in the result.

    Returns:
        `(value, pullback)`; `pullback(adjoint)`, with an adjoint of the value's structure and
        shapes, returns a tuple with the adjoint of each primal.

    >>> value, pullback = vjp(lambda x, y: (x * y, x + y), 2.0, 3.0)
    >>> value, pullback((1.0, 10.0))
    ((6.0, 5.0), (13.0, 12.0))
    """
    run = Linearized(f, primals, range(len(primals)), has_aux=has_aux)
    return (run.value, run.pullback, run.aux) if has_aux else (run.value, run.pullback)


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
) -> Any:
    """The value of `f(*primals)` and its tangent: how it changes as the primals move.

    Args:
        f: A function as for `vjp`.
        primals: Its arguments, a tuple.
        tangents: The direction to move in: for each argument one of its structure and shapes.
        has_aux: As for `vjp`.

    Returns:
        `(value, tangent)`, two of the same structure.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    for what, given in ("primals", primals), ("tangents", tangents):
        if not isinstance(given, (tuple, list)):
            raise ArgumentError(f"the {what} are {describe(given)}; give them as a tuple, (x,)")
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"there are {len(primals)} primals and {len(tangents)} tangents; give one for each"
        )
    run = Linearized(f, primals, range(len(primals)), has_aux=has_aux)
    moved = run.pushforward(*tangents)
    return (run.value, moved, run.aux) if has_aux else (run.value, moved)
