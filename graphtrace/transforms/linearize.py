"""Linearized: one evaluation of a function, whose Wengert list is swept either way.

In: a function, its arguments, and which of them to differentiate in. Out: the value, and the maps
that pull adjoints of it back and push tangents forward. It also knows which transform runs its
function now and which one sweeps, for the functions that have a backward pass of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from graphtrace.core.float_warnings import at_the_users_line
from graphtrace.core.inputs import (
    Opened,
    call,
    carries_gradient,
    close_output,
    gradient_like,
    is_static,
    name_of,
    open_tree,
    own,
    require_kind,
    seed_for,
    signature_of,
    value_of,
)
from graphtrace.core.pytree import Structure, leaf_names
from graphtrace.core.sweep import sweep, sweep_forward
from graphtrace.core.tape import Row, Tape, recording
from graphtrace.core.variable import Variable, describe
from graphtrace.errors import ArgumentError, TraceError

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
    places: tuple[Any, ...] = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)
    if not all(i.__class__ is int or isinstance(i, np.integer) for i in places):
        raise ArgumentError(
            f"argnums={argnums!r:.40} is no position of an argument; give one, such as 0, or a "
            f"tuple of them"
        )
    return places


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
        with recording() as (tape, nested), at_the_users_line():
            self._start = len(tape.rows)
            traced, self._opened = _open(tape, f, args, argnums)
            around = _AROUND.set((*_AROUND.get(), (tape, self._token)))
            try:
                out = call(tape, f, traced, dict(kwargs))
            finally:
                _AROUND.reset(around)
            out, aux = _pair(f, out) if has_aux else (out, None)
            self._out, self.structure = close_output(out, tape, f)
            self._rows, self._stop = tape.rows, len(tape.rows)
            self._tape = tape if nested else None
            self.leaves = [value_of(leaf) for leaf in self._out]
            self.value = self.structure(self._out if nested else list(map(own, self.leaves)))
            self.aux = aux if nested else _plain_tree(aux, tape)

    def __getstate__(self) -> dict[str, Any]:
        if self._tape is not None:
            raise TraceError(
                "a pullback made inside a traced function cannot be pickled or copied; make it "
                "outside"
            )
        out = [(x.index, x.value) if type(x) is Variable else (None, x) for x in self._out]
        opened = [one._replace(tree=None) for one in self._opened]
        return {**self.__dict__, "_out": out, "_opened": opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tape = Tape()
        out = [x if i is None else Variable(tape, i, x) for i, x in state["_out"]]
        self.__dict__.update(state, _out=out)

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
            span = self._rows, self._start, self._stop
            adjoints = sweep(*span, seeds, self._tape, inputs_only=True)
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
        if np.shape(value_of(rate)) != np.shape(value_of(leaf)):
            raise ArgumentError(
                f"a tangent has shape {np.shape(value_of(rate))} where its primal has "
                f"{np.shape(value_of(leaf))}; give it the primal's shape"
            )
        if row is not None:
            require_kind(rate, leaf, "a tangent")
            yield row, rate if type(rate) is Variable else gradient_like(rate, leaf)


def _open(
    tape: Tape, f: Callable[..., Any], args: Sequence[Any], argnums: Argnums
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
        _require_gradient(f, args[i], one.leaves, name)
        arguments[i] = one.tree
        opened.append(one)
    return arguments, opened


def _require_gradient(
    f: Callable[..., Any], arg: Any, leaves: Sequence[Any], name: Callable[[], str]
) -> None:
    if not leaves:
        raise ArgumentError(
            f"parameter {name()} of {name_of(f)}() is {describe(arg)}, which holds no number; "
            f"leave it out of argnums"
        )
    for k, leaf in enumerate(leaves):
        if not carries_gradient(leaf) and not isinstance(leaf, np.int64):
            raise ArgumentError(
                f"parameter {leaf_names(arg, name())[k]} of {name_of(f)}() is {describe(leaf)}, "
                f"which carries no gradient; pass floats (x.astype(float)), or leave it out of "
                f"argnums"
            )


def _parameter(f: Callable[..., Any], i: int) -> str:
    names = list(signature_of(f).parameters)
    return names[min(i, len(names) - 1)] if names else str(i)


def _scalar_seed(
    f: Callable[..., Any], out: list[Any], structure: Structure, start: int
) -> list[tuple[int, Any]]:
    value: Any = value_of(out[0]) if structure.is_leaf else None
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
        if np.shape(value_of(weight)) != np.shape(value_of(leaf)):
            raise ArgumentError(
                f"the adjoint has shape {np.shape(value_of(weight))} where the value of "
                f"{name_of(f)}() has {np.shape(value_of(leaf))}; give one of the value's shape"
            )
        if _swept(leaf, start):
            kind = np.result_type(leaf.value)
            if kind.kind in "fc":
                require_kind(weight, leaf, "the adjoint")
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
    return structure([own(value_of(leaf)) for leaf in leaves])
