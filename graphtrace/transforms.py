"""grad, value_and_grad, vjp and jvp of plain NumPy functions, as in JAX.

In: a function. Out: a function. They run on the Wengert list and build no graph; they nest without
limit, because the rules that a sweep runs are traced by the transform around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
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
from graphtrace.pytree import Structure, leaf_names
from graphtrace.sweep import sweep, sweep_forward
from graphtrace.tape import Row, Tape, recording
from graphtrace.variable import Variable, describe

Argnums = int | Sequence[int]

# The transforms that run their function now, from the outermost, each with the list it is on.
_AROUND: ContextVar[tuple[tuple[Tape, object], ...]] = ContextVar("graphtrace_around", default=())
# The transform that sweeps now.
_SWEEPING: ContextVar[object] = ContextVar("graphtrace_sweeping", default=None)


def transforms_on(tape: Tape) -> tuple[object, ...]:
    """The transforms that run their function on this list now, the innermost last."""
    return tuple([token for on, token in _AROUND.get() if on is tape])


def sweeping() -> object:
    """The transform that sweeps now; None where a graph does."""
    return _SWEEPING.get()


def positions(argnums: Argnums) -> tuple[int, ...]:
    """`argnums` as a tuple."""
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
        run = Linearized(f, args, argnums, kwargs, has_aux=has_aux)
        gradients = run.gradients()
        value = (run.value, run.aux) if has_aux else run.value
        return value, gradients if isinstance(argnums, Sequence) else gradients[0]

    return value_and_gradient


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


class Linearized:
    """One evaluation of `f` and its derivative there, to be swept either way any number of times.

    `value` and `aux` are what `f` returned; `leaves` are those of the value, plain.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        argnums: Argnums,
        kwargs: Mapping[str, Any] = MappingProxyType({}),
        *,
        has_aux: bool = False,
    ) -> None:
        self._f = f
        self._token = object()
        with recording() as (tape, nested):
            self._start = len(tape.rows)
            traced, self._opened = _open(tape, f, args, argnums)
            around = _AROUND.set((*_AROUND.get(), (tape, self._token)))
            try:
                out = tape.call(f, traced, dict(kwargs))
            finally:
                _AROUND.reset(around)
            out, aux = _pair(f, out) if has_aux else (out, None)
            self._out, self.structure = close_output(out, tape)
            self._rows, self._stop = tape.rows, len(tape.rows)
            self._tape = tape if nested else None
            self.leaves = [plain(leaf) for leaf in self._out]
            self.value = self.structure(self._out if nested else list(map(own, self.leaves)))
            self.aux = aux if nested else _plain_tree(aux, tape)

    def rows(self) -> Sequence[Row]:
        """The rows that the evaluation made."""
        return self._rows[self._start : self._stop]

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Rules that run now do so for this transform."""
        before = _SWEEPING.set(self._token)
        try:
            yield
        finally:
            _SWEEPING.reset(before)

    def pullback(self, adjoint: Any) -> tuple[Any, ...]:
        """The adjoint of each argument, for an adjoint of the value."""
        weights = self.structure.leaves_of(adjoint, "the adjoint")
        return self._pulled(_seeds(self._f, self._out, weights, self._start))

    def gradients(self) -> tuple[Any, ...]:
        """The gradient of each argument, where the value is a real scalar."""
        return self._pulled(_scalar_seed(self._f, self._out, self.structure, self._start))

    def _pulled(self, seeds: list[tuple[int, Any]]) -> tuple[Any, ...]:
        with self.sweeping():
            adjoints = sweep(self._rows, self._start, self._stop, seeds, self._tape)
        return tuple(_gradients(one, adjoints, self._start) for one in self._opened)

    def pushforward(self, *tangents: Any) -> Any:
        """The tangent of the value, for a tangent of each argument."""
        start = self._start
        pairs = zip(self._opened, tangents, strict=True)
        seeds = [seed for one, t in pairs for seed in _moving(one, t)]
        outputs = [leaf.index for leaf in self._out if _swept(leaf, start)]
        with self.sweeping():
            rates = sweep_forward(self._rows, start, self._stop, seeds, self._tape, outputs)
        return self.structure(
            [
                gradient_like(rates[leaf.index - start] if _swept(leaf, start) else None, leaf)
                for leaf in self._out
            ]
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
    chosen = positions(argnums)
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
    f: Callable[..., Any], out: list[Any], structure: Structure, start: int
) -> list[tuple[int, Any]]:
    value: Any = plain(out[0]) if structure.is_leaf else None
    if is_static(value) or np.shape(value) != () or np.iscomplexobj(value):
        raise ArgumentError(
            f"{name_of(f)}() must return a real scalar to have a gradient, and it returned "
            f"{describe(structure(out))}; reduce it with np.sum, or use gt.vjp"
        )
    return [(out[0].index, seed_for(value))] if _swept(out[0], start) else []


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


def _pair(f: Callable[..., Any], out: Any) -> tuple[Any, Any]:
    if not isinstance(out, tuple) or len(out) != 2:
        raise ArgumentError(
            f"{name_of(f)}() returned {describe(out)}, and with has_aux=True it must return a pair "
            f"(value, aux)"
        )
    return out


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
    return structure([own(plain(leaf)) for leaf in leaves])
