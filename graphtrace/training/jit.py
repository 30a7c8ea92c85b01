"""jit: the function, run as the programs of its traces.

In: a function. Out: the same function, faster. The program that ran last is tried first, and checks
the arguments by itself; where it does not hold, the programs for arguments of this kind are tried
by turn, and where none does, the function is traced. What no program can do, an error above all,
the function itself does.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from graphtrace.compile import Elsewhere
from graphtrace.core.inputs import bind, name_of, unbind
from graphtrace.core.made import Made
from graphtrace.core.pytree import Structure, flatten, leaf_names
from graphtrace.core.state import is_same, state_of
from graphtrace.core.variable import Variable, describe, has_own_operators
from graphtrace.errors import ArgumentError
from graphtrace.training.variant import NoVariant, variant
from graphtrace.training.watch import Watched, watched
from graphtrace.training.whole import counts_by_value

_Program = Callable[..., Any]


def jit(f: Callable[..., Any], *, limit: int = 64) -> Callable[..., Any]:
    """The same function, traced once for each kind of arguments and each way through its branches.

    Args:
        f: A function as for `gt.trace`, or what `gt.grad`, `gt.value_and_grad`, `gt.hessian` and
            their like return, or a function that uses these inside. It computes with its arguments
            and has no other effect: it runs when it is traced, and not again.
        limit: How many traces are kept. What would need more runs as it is, with one warning that
            says what varies.

    Returns:
        A function of the same arguments with the results of `f`, to the bit. The first call with a
        structure, shapes and dtypes traces and compiles; later ones run the compiled program.
        Flags, strings and other arguments that are no numbers count by their value. Results are
        nobody else's memory, and arguments are never changed. Globals and closure variables are
        those of the trace; where one of them is another object, `f` is traced again, but what has
        been changed inside an object goes unnoticed. Pickles where `f` does.

    Raises:
        TraceError: `f` does something that cannot be traced; the message says what to write.
        ArgumentError: `f` is no function, or `limit` no number of traces.

    >>> import numpy as np
    >>> step = jit(lambda w, x: w - 0.1 * np.sum((w * x) ** 2))
    >>> step(1.0, np.array([1.0, 2.0]))
    np.float64(0.5)
    """
    if not callable(f):
        raise ArgumentError(f"a function is needed for gt.jit, not {describe(f)}")
    if type(limit) is not int or limit < 1:
        raise ArgumentError(f"limit is {limit!r:.40}; give how many traces to keep, such as 64")
    return Made(_runner(_Traces(_plain(f), limit)), functools.partial(jit, f, limit=limit))


def _plain(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function in one that jit has made."""
    made_by = f.made_by if isinstance(f, Made) else None
    if isinstance(made_by, functools.partial) and made_by.func is jit:
        return _plain(made_by.args[0])
    return f


def _runner(traces: _Traces) -> Callable[..., Any]:
    """What is called: nothing but the last program, where that holds."""

    @functools.wraps(traces.f, updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        latest = traces.latest
        try:
            for scope, name, value in latest.names:
                if scope.get(name) is not value:
                    raise Elsewhere
            for cell, value in latest.cells:
                if cell.cell_contents is not value:
                    raise Elsewhere
            for function, code in latest.codes:
                if function.__code__ is not code:
                    raise Elsewhere
            return latest.program(*args, **kwargs)
        except Exception:  # noqa: BLE001  (the function itself says what is wrong)
            pass
        return traces.run(args, kwargs)

    return run


def _warned_already() -> AbstractContextManager[object]:
    """While it is entered, NumPy does not warn: the trace has, at the user's line."""
    warned: dict[str, Any] = {
        kind: "ignore" for kind, mode in np.geterr().items() if mode == "warn"
    }
    return np.errstate(**warned)


class _Latest(NamedTuple):
    """The program that ran last, and what the function reads from around it."""

    program: _Program
    names: tuple[tuple[Mapping[str, Any], str, Any], ...]
    cells: tuple[tuple[Any, Any], ...]
    codes: tuple[tuple[Any, Any], ...]


def _none(*_: Any, **__: Any) -> Any:
    raise Elsewhere


class _Kind(NamedTuple):
    """The arguments of a call: what they are, and whose values do not matter."""

    arguments: dict[str, Any]
    given: int | None  # by position, where that matters
    structure: Structure
    leaves: list[Any]
    kinds: tuple[Any, ...]

    @property
    def key(self) -> Hashable:
        return self.given, self.structure, self.kinds


class _Traces:
    """The programs of one function."""

    def __init__(self, f: Callable[..., Any], limit: int) -> None:
        self.f = f
        self.latest = _Latest(_none, (), (), ())
        self._limit = limit
        self._lock = RLock()
        self._programs: dict[Hashable, list[_Program]] = {}
        self._kinds: list[_Kind] = []  # of each program
        self._watched: list[Watched] = []
        self._ints = True  # whether Python's ints may change from call to call
        self._renewed = 0
        self._has_warned = False

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function's result by a program for these arguments, which is made if need be."""
        kind = self._kind_of(args, kwargs)
        if kind is None:
            return self.f(*args, **kwargs)
        plain, by_name = unbind(self.f, kind.arguments)
        tried: list[_Program] = []
        while True:
            program, is_new = self._next(args, kwargs, kind, tried)
            if program is None:
                return self.f(*args, **kwargs)
            try:
                with _warned_already() if is_new else nullcontext():
                    result = program(*plain, **by_name)
            except Elsewhere:
                if is_new:
                    return self.f(*args, **kwargs)
                tried.append(program)
                continue
            except Exception:  # noqa: BLE001  (the function itself says what is wrong)
                return self.f(*args, **kwargs)
            self._put_first(program)
            return result

    def _put_first(self, program: _Program) -> None:
        with self._lock:
            some = self._watched
            names = tuple((one.where, one.name, one.value) for one in some if one.is_global)
            codes = tuple((one.where, one.value) for one in some if one.is_code)
            others = (one for one in some if not one.is_global and not one.is_code)
            cells = tuple((one.where, one.value) for one in others)
            self.latest = _Latest(program, names, cells, codes)

    # What the arguments are.

    def _kind_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Kind | None:
        """None where the function has to see the arguments as they are."""
        try:
            arguments = bind(self.f, args, kwargs)
            leaves, structure = flatten(arguments)
        except Exception:  # noqa: BLE001  (the function itself says what is wrong)
            return None
        if any(type(leaf) is Variable for leaf in leaves):
            return None  # within another trace
        plain = [_as_array(leaf) for leaf in leaves]
        if any(a is not b for a, b in zip(plain, leaves, strict=True)):
            arguments = structure(plain)
        kinds = tuple(map(self._kind_of_leaf, plain))
        # A gradient is taken in arguments that are given by position.
        given = len(args) if isinstance(self.f, Made) else None
        return _Kind(arguments, given, structure, plain, kinds)

    def _kind_of_leaf(self, leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            return leaf.shape, leaf.dtype
        kind = type(leaf)
        return (kind, _Value(leaf)) if counts_by_value(leaf, ints=self._ints) else kind

    # Traces.

    def _renew(self) -> None:
        """Forget all programs where the function reads another object from around it."""
        changed = [one.name for one in self._watched if one.has_changed()]
        if not changed:
            return
        self._programs.clear()
        self._kinds.clear()
        self._watched = []
        self.latest = _Latest(_none, (), (), ())
        self._renewed += 1
        if self._renewed == self._limit:
            self._warn(
                f"{changed[0]}, which it reads from around it, has been another object each time; "
                f"make it an argument"
            )

    def _next(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        kind: _Kind,
        tried: Sequence[_Program],
    ) -> tuple[_Program | None, bool]:
        """A program to try, and whether it is a new one; None where the function has to run."""
        with self._lock:
            self._renew()
            for program in self._programs.get(kind.key, ()):
                if program not in tried:
                    return program, False
            if len(self._kinds) >= self._limit or self._renewed > self._limit:
                self._warn(_variation(self._kinds, kind))
                return None, False
            try:
                return self._traced(kind), True
            except NoVariant:
                return None, False
            except Exception as error:  # noqa: BLE001
                refusal = error
        self.f(*args, **kwargs)  # where it fails in the same way, its own error is the better one
        raise refusal

    def _traced(self, kind: _Kind) -> _Program:
        """A new program."""
        call = *unbind(self.f, kind.arguments), kind.given
        try:
            program = variant(self.f, *call, ints=self._ints)
        except NoVariant:
            raise
        except Exception:
            if not self._ints or int not in kind.kinds:
                raise
            program = None  # it may be that floats in place of ints do not fit
        if program is None and self._ints:
            program = variant(self.f, *call, ints=False)
            self._ints = False
            kind = kind._replace(kinds=tuple(map(self._kind_of_leaf, kind.leaves)))
        if program is None:
            raise NoVariant
        self._watched = watched(self.f)
        self._kinds.append(kind)
        self._programs.setdefault(kind.key, []).insert(0, program)
        return program

    def _warn(self, what: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"gt.jit has traced {name_of(self.f)}() {self._limit} times and does not trace it "
                f"again, so that it runs as it is: {what}",
                RuntimeWarning,
                stacklevel=5,
            )


class _Value:
    """A value as part of a key, with what it holds now: equal to what is equal to it."""

    __slots__ = ("_hash", "state", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.state = state_of(value)
        try:
            self._hash = hash(value)
        except Exception:  # noqa: BLE001
            self._hash = hash(type(value))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Value):
            return False
        return is_same(self.value, other.value) and self.state == other.state


def _as_array(leaf: Any) -> Any:
    """A memmap, or another array without operators of its own, as the array that it is."""
    is_subclass = isinstance(leaf, np.ndarray) and type(leaf) is not np.ndarray
    return np.asarray(leaf) if is_subclass and not has_own_operators(leaf) else leaf


def _variation(before: Sequence[_Kind], now: _Kind) -> str:
    """What is different from call to call."""
    alike = [kind for kind in before if kind.structure == now.structure]
    if not alike:
        return "the structure of its arguments varies; give it the same keys and lengths"
    names = [name for parameter, x in now.arguments.items() for name in leaf_names(x, parameter)]
    for i, name in enumerate(names):
        seen = list(dict.fromkeys(_in_words(one.kinds[i], one.leaves[i]) for one in [*alike, now]))
        if len(seen) > 2:
            some = ", ".join(seen[:2])
            return f"{name} varies ({some}, ... {seen[-1]}); give it fewer of them"
    return "its branches go another way each time; write np.where for some of them"


def _in_words(kind: Any, leaf: Any) -> str:
    if isinstance(leaf, np.ndarray):
        return f"shape {leaf.shape} of {leaf.dtype}"
    return f"{leaf!r:.40}" if isinstance(kind, tuple) else f"a {type(leaf).__name__}"
