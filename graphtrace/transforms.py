"""grad, value_and_grad, vjp, jvp, jacobian and hessian of plain NumPy functions, as in JAX.

In: a function. Out: a function. They run on the Wengert list and build no graph; they nest without
limit, because the rules that a sweep runs are traced by the transform around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.inputs import (
    Opened,
    carries_gradient,
    close_output,
    gradient_like,
    is_static,
    name_of,
    open_tree,
    own,
    plain,
    seed_for,
    signature_of,
)
from graphtrace.pytree import flatten, leaf_names
from graphtrace.sweep import sweep, sweep_forward
from graphtrace.tape import Tape, recording
from graphtrace.variable import Variable, describe

Argnums = int | Sequence[int]


def _positions(argnums: Argnums) -> tuple[int, ...]:
    return tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)


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
            seeds = _scalar_seed(f, out, close_output(out, tape)[0], start)
            rows, stop = tape.rows, len(tape.rows)
            adjoints = sweep(rows, start, stop, seeds, tape if nested else None)
            gradients = [_gradients(one, adjoints, start) for one in opened]
            if not nested:
                out, aux = _plain_tree(out, tape), _plain_tree(aux, tape)
        value = (out, aux) if has_aux else out
        return value, tuple(gradients) if isinstance(argnums, Sequence) else gradients[0]

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
        out, structure = close_output(tape.call(f, traced, {}), tape)
        rows, stop = tape.rows, len(tape.rows)

    def pullback(adjoint: Any) -> tuple[Any, ...]:
        seeds = _seeds(f, out, structure.leaves_of(adjoint, "the adjoint"), start)
        adjoints = sweep(rows, start, stop, seeds, tape if nested else None)
        return tuple(_gradients(one, adjoints, start) for one in opened)

    if nested:
        return structure(out), pullback
    return structure([own(plain(leaf)) for leaf in out]), pullback


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of `f(*primals)` and its tangent: how it changes as the primals move.

    Args:
        f: A function as for `vjp`.
        primals: Its arguments.
        tangents: The direction to move in: for each argument one of its structure and shapes.

    Returns:
        `(value, tangent)`, two of the same structure.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    with recording() as (tape, nested):
        start = len(tape.rows)
        traced, opened = _open(tape, f, primals, range(len(primals)))
        out, structure = close_output(tape.call(f, traced, {}), tape)
        stop = len(tape.rows)
        seeds = [seed for one, t in zip(opened, tangents, strict=True) for seed in _moving(one, t)]
        rates = sweep_forward(tape.rows, start, stop, seeds, tape if nested else None)
        moved = [
            gradient_like(rates[leaf.index - start] if _swept(leaf, start) else None, plain(leaf))
            for leaf in out
        ]
        if nested:
            return structure(out), structure(moved)
    return structure([plain(leaf) for leaf in out]), structure(moved)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that returns the Jacobian of `f`, by a reverse sweep for each output entry.

    Args:
        f: A function as for `vjp`.
        argnums: The position of the argument to differentiate with respect to, or several.

    Returns:
        A function of the same arguments. Its result has the structure of the value of `f`, each
        leaf replaced by a tree of the argument's structure (a tuple of such for several), whose
        leaves have the value's shape followed by the argument's.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f, updated=())
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        chosen = _positions(argnums)

        def of_chosen(*values: Any) -> Any:
            arguments = list(args)
            for i, value in zip(chosen, values, strict=True):
                arguments[i] = value
            return f(*arguments, **kwargs)

        value, pullback = vjp(of_chosen, *(args[i] for i in chosen))
        leaves, structure = flatten(value)
        columns = []
        for k in range(len(leaves)):
            units = _units([plain(x) for x in leaves], k)
            rows = [pullback(structure(unit)) for unit in units]
            shape = np.shape(plain(leaves[k]))
            trees = [
                _stacked([row[i] for row in rows], shape, args[at]) for i, at in enumerate(chosen)
            ]
            columns.append(tuple(trees) if isinstance(argnums, Sequence) else trees[0])
        return structure(columns)

    return jacobian_of_f


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that returns the Hessian of the scalar-valued `f`: the Jacobian of its gradient.

    Arguments and errors are those of `grad`; the result has the structure of that of `jacobian`.

    >>> import numpy as np
    >>> hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, argnums), argnums)


def _units(leaves: list[Any], k: int) -> Iterator[list[Any]]:
    """The adjoints that pick out one entry of leaf `k` after the other."""
    zeros = [np.zeros_like(leaf)[()] for leaf in leaves]
    for i in range(np.size(leaves[k])):
        unit = np.zeros_like(leaves[k])
        unit.flat[i] = 1
        yield [*zeros[:k], unit[()], *zeros[k + 1 :]]


def _stacked(trees: Sequence[Any], shape: tuple[int, ...], like: Any) -> Any:
    """The trees, of the structure of `like`, put together leaf by leaf along axes of `shape`."""
    leaves, structure = flatten(like)
    if not trees:  # an output without entries
        return structure([np.zeros(shape + np.shape(plain(leaf))) for leaf in leaves])
    columns = zip(*(flatten(tree)[0] for tree in trees), strict=True)
    return structure(
        [np.reshape(np.stack(column), shape + np.shape(plain(column[0])))[()] for column in columns]
    )


def _moving(opened: Opened, tangent: Any) -> Iterator[tuple[int, Any]]:
    rates = opened.structure.leaves_of(tangent, "a tangent")
    for leaf, row, rate in zip(opened.leaves, opened.rows, rates, strict=True):
        if np.shape(plain(rate)) != np.shape(plain(leaf)):
            raise ArgumentError(
                f"a tangent has shape {np.shape(plain(rate))} where its primal has "
                f"{np.shape(plain(leaf))}; give it the primal's shape"
            )
        if row is not None:
            yield row, rate if type(rate) is Variable else gradient_like(rate, leaf)


def _open(
    tape: Tape,
    f: Callable[..., Any],
    args: Sequence[Any],
    argnums: Argnums,
) -> tuple[list[Any], list[Opened]]:
    """The arguments with the chosen ones traced, and these by themselves."""
    if not callable(f):
        raise ArgumentError(f"a function is needed to differentiate, not {describe(f)}")
    arguments, opened = list(args), []
    chosen = _positions(argnums)
    if len({i % max(len(args), 1) for i in chosen}) < len(chosen):
        raise ArgumentError(f"argnums={argnums} names an argument twice; name each once")
    for i in chosen:
        if not -len(args) <= i < len(args):
            raise ArgumentError(
                f"argnums={argnums} asks for argument {i} of {name_of(f)}(), which got {len(args)} "
                f"positional arguments; pass it by position"
            )
        name = partial(_parameter, f, i % len(args))
        one = open_tree(tape, args[i], name)
        if not one.leaves:
            raise ArgumentError(
                f"parameter {name()} of {name_of(f)}() is {args[i]!r:.40}, which holds no number; "
                f"leave it out of argnums"
            )
        for k, leaf in enumerate(one.leaves):
            if not carries_gradient(leaf) and not isinstance(leaf, np.int64):
                raise ArgumentError(
                    f"parameter {leaf_names(args[i], name())[k]} of {name_of(f)}() is "
                    f"{describe(leaf)}, which carries no gradient; pass floats (x.astype(float)), "
                    f"or leave it out of argnums"
                )
        arguments[i] = one.tree
        opened.append(one)
    return arguments, opened


def _parameter(f: Callable[..., Any], i: int) -> str:
    names = list(signature_of(f).parameters)
    return names[min(i, len(names) - 1)] if names else str(i)


def _scalar_seed(
    f: Callable[..., Any], out: Any, leaves: list[Any], start: int
) -> list[tuple[int, Any]]:
    is_one = bool(leaves) and not isinstance(out, (dict, list, tuple))
    value: Any = plain(leaves[0]) if is_one else None
    if is_static(value) or np.shape(value) != () or np.iscomplexobj(value):
        raise ArgumentError(
            f"{name_of(f)}() must return a real scalar to have a gradient, and it returned "
            f"{describe(out)}; reduce it with np.sum, or use gt.vjp"
        )
    return [(leaves[0].index, seed_for(value))] if _swept(leaves[0], start) else []


def _seeds(
    f: Callable[..., Any], out: list[Any], weights: list[Any], start: int
) -> list[tuple[int, Any]]:
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
    return opened.structure(
        [
            gradient_like(None if row is None else adjoints[row - start], leaf)
            for leaf, row in zip(opened.leaves, opened.rows, strict=True)
        ]
    )


def _plain_tree(tree: Any, tape: Tape) -> Any:
    leaves, structure = close_output(tree, tape)
    return structure([plain(leaf) for leaf in leaves])
