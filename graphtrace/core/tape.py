"""The Wengert list, the trace that is active, and where in the user's code each row was made.

In: rows as they run. Out: `Tape.rows`, and for a trace that wants a graph also where each was made
(`lastis`, `scopes`), what was decided on the way (`guards`) and what was given a name
(`given_names`). Knows nothing of derivatives or graphs.

A row is the tuple `(primitive, value, params, operand, parent, operand, parent, ...)`: the plain
values that went in, each with the number of the row it came from, -1 for a constant. Flat, because
two tuples in a third cost 0.1 us of an operation's 0.25, half of it in Python's garbage collector;
`parts` gives a row as one thinks of it. Order is the point:

    grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0)

The inner grad appends to the list that is already open and sweeps only the rows that it added, so
that x, which is older, is a constant to it; the outer sweep then sees the inner one's rows as any
others. No levels, no tags, and no confusion between the two derivatives.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import CO_GENERATOR
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, NamedTuple, NoReturn
from weakref import ReferenceType

import numpy as np

from graphtrace.core.describe_error import PACKAGE, folder, is_installed
from graphtrace.core.primitive import Primitive
from graphtrace.core.source import line, text
from graphtrace.core.whole import Whole, follow, misleads
from graphtrace.errors import TraceError

Row = tuple[Any, ...]
Parts = tuple[Primitive, Any, tuple[Any, ...], tuple[int, ...], dict[str, Any]]

NO_PARAMS: dict[str, Any] = {}

_NUMPY = folder(np.__file__)
_NOT_THE_USERS: tuple[str, ...] = (
    PACKAGE,
    _NUMPY,
    f"{folder(_NUMPY)}{os.sep}scipy",
)


class Scope:
    """One call of a function: its code, and the call instruction in the scope that called it."""

    __slots__ = ("call", "code", "parent")

    def __init__(self, parent: Scope | None, code: CodeType | None, call: int) -> None:
        self.parent = parent
        self.code = code
        self.call = call


Location = tuple[Scope, int]
"""An executed instruction: the call it belongs to and the bytecode offset in its code."""


def locations(lastis: Sequence[int], scopes: Sequence[tuple[int, Scope]]) -> list[Location]:
    """Where each row was made, from what a Tape has noted of it."""
    if not scopes:  # a function that computes nothing
        return []
    stops = [start for start, _ in scopes[1:]] + [len(lastis)]
    return [
        (scope, lasti)
        for (start, scope), stop in zip(scopes, stops, strict=True)
        for lasti in lastis[start:stop]
    ]


def parts(row: Row) -> Parts:
    """`(primitive, value, operands, parents, params)` of a row."""
    return row[0], row[1], row[3::2], row[4::2], row[2]


class Guard(NamedTuple):
    """A decision that plain Python took from traced values: `test(*operands)` was `outcome`.

    It stands before row `position`: replaying the list checks it before that row.
    """

    position: int
    test: Callable[..., Any]
    operands: tuple[Any, ...]
    parents: tuple[int, ...]
    outcome: Any
    location: Location


class View(NamedTuple):
    """The handle of an array that shares its memory, and the handle and row it is a view by."""

    handle: ReferenceType[Any]
    base: Any
    primitive: Primitive
    params: dict[str, Any]


class Tape:
    """Rows in the order they ran; with `decide` also what was decided.

    With `locate` also where each was made, and then all in one thread.
    """

    __slots__ = (
        "_calls",
        "_depths",
        "_generators",
        "decides",
        "frame",
        "given_names",
        "given_scopes",
        "guards",
        "lastis",
        "looked",
        "root",
        "rows",
        "scope",
        "scopes",
        "thread",
        "views",
        "whole",
        "whole_to",
    )

    def __init__(self, *, locate: bool = False, decide: bool = False) -> None:
        self.rows: list[Row] = []
        self.decides = decide
        self.thread = get_ident()
        # With `locate`: each row's bytecode offset, and the scope from row number so-and-so on.
        self.lastis: list[int] | None = [] if locate else None
        self.scopes: list[tuple[int, Scope]] = []
        self.guards: list[Guard] = []
        # Whether anything went by a number, so that the rows may be others for another number.
        self.looked = False
        self.given_names: dict[int, str] = {}
        # The calls that a row is in, where the user's frames do not say it.
        self.given_scopes: dict[int, tuple[str, ...]] = {}
        # Views and what they are views of, by the id of the handle.
        self.views: dict[int, View] = {}
        # The rows that stand for ints, as far as the list has been looked through for them.
        self.whole: Whole = {}
        self.whole_to = 0
        self.root: FrameType | None = None
        self.frame: FrameType | None = None
        self.scope = Scope(None, None, -1)
        # The user's frames from the traced function to where the last row was made. They are held,
        # so that a finished call's frame is never mistaken for a new one at the same address.
        self._calls: list[tuple[FrameType, Scope]] = []
        self._depths: dict[int, int] = {}  # how many there are down to one, by its id
        # Those of generators, by id: each goes on where it was, in one call.
        self._generators: dict[int, tuple[FrameType, Scope]] = {}

    def call(self, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call the user's function; the frame of this call is where the user's frames begin."""
        if self.root is None:
            self.root, self.frame = sys._getframe(), None
        return f(*args, **kwargs)

    def locate(self, frame: FrameType) -> int:
        """Where `frame` stands in the innermost function that is the user's: `scope` and offset."""
        at: FrameType | None = frame
        while at is not None and at is not self.frame and _is_ours(at.f_code):
            at = at.f_back
        if at is None or at is not self.frame:
            at = self._enter(frame)
            if not self.scopes or self.scopes[-1][1] is not self.scope:
                self.scopes.append((len(self.rows), self.scope))
        return at.f_lasti

    def _enter(self, frame: FrameType) -> FrameType:
        user = user_frame(frame)
        if user is None:  # a function written in C was traced by itself
            self.scope = Scope(None, None, -1)
            return frame
        chain: list[FrameType] = []
        depth = 0
        at: FrameType | None = user
        while at is not None:
            if id(at) in self._depths:
                depth = self._depths[id(at)]
                break
            if at is self.root:
                break
            if not _is_ours(at.f_code):
                chain.append(at)
            at = at.f_back
        if at is None and get_ident() != self.thread:
            raise TraceError(
                f"{here(frame)}: a traced value was used in another thread, and a graph has the "
                f"steps of one, in their order; use it in the traced function's own thread, or "
                f"take gt.grad, which may use several"
            )
        while len(self._calls) > depth:
            ended, _ = self._calls.pop()
            del self._depths[id(ended)]
        for new in reversed(chain):
            caller, scope = self._calls[-1] if self._calls else (None, None)
            call = caller.f_lasti if caller is not None else -1
            self._calls.append((new, self._scope_of(new, scope, call)))
            self._depths[id(new)] = len(self._calls)
        # Only a frame met directly may take the short way next time: an internal frame may be
        # entered again from another place.
        self.scope = self._calls[-1][1]
        self.frame = user
        return user

    def _scope_of(self, frame: FrameType, parent: Scope | None, call: int) -> Scope:
        if not frame.f_code.co_flags & CO_GENERATOR:
            return Scope(parent, frame.f_code, call)
        _, scope = self._generators.get(id(frame), (frame, None))
        if scope is None or (scope.parent, scope.call) != (parent, call):
            scope = Scope(parent, frame.f_code, call)
            self._generators[id(frame)] = frame, scope
        return scope

    def guard(
        self,
        test: Callable[..., Any],
        operands: tuple[Any, ...],
        parents: tuple[int, ...],
        outcome: Any,
        frame: FrameType,
    ) -> None:
        """Remember a decision, where a graph will be made of this list."""
        self.looked = True
        if self.whole:
            self.require_whole(frame)
            if misleads(test, operands, parents, outcome, self.whole):
                raise TraceError(
                    f"{here(frame)}: a decision is taken here from a whole number that no float "
                    f"holds, and ints are traced as floats; take a smaller one"
                )
        if self.decides and max(parents, default=-1) >= 0:
            lasti = -1 if self.lastis is None else self.locate(frame)
            position = len(self.rows)
            place = self.scope, lasti
            self.guards.append(Guard(position, test, operands, parents, outcome, place))

    def require_whole(self, frame: FrameType) -> None:
        """Refuse a `%` or `//` of ints, traced as floats, whose result is not that of ints."""
        wrong = follow(self.rows, self.whole_to, self.whole)
        self.whole_to = len(self.rows)
        if wrong is not None:
            raise TraceError(
                f"{here(frame)}: this is {wrong}, and ints are traced as floats, which do not hold "
                f"numbers as large; take smaller ones"
            )

    def close(self) -> None:
        """End the trace: a traced value that outlives it cannot be used any more."""
        self._calls.clear()
        self._depths.clear()
        self._generators.clear()
        self.views.clear()
        self.frame = self.root = None
        self.rows = _ClosedRows()
        self.lastis = None
        self.decides = False


def place_of(rows: list[Row], row: Row, start: int) -> int:
    """Where a row ended up that was appended when the list had at least `start` rows.

    Another thread may append one of its own between `len` and `append`.
    """
    while rows[start] is not row:
        start += 1
    return start


class _ClosedRows(list[Row]):
    def append(self, row: Row) -> NoReturn:
        raise TraceError(
            f"{here(sys._getframe(1))}: a traced value was used after its trace had ended; return "
            f"it from the traced function instead of keeping it in a global or an attribute"
        )


_ACTIVE: ContextVar[Tape | None] = ContextVar("graphtrace_active_tape", default=None)


def active() -> Tape | None:
    """The list of the trace that is running, if there is one."""
    return _ACTIVE.get()


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection while nearly nothing becomes garbage.

    All that a trace makes is alive until it has been swept, and to look it over again and again
    takes a fifth of the time of 3,000 operations and a third of 100,000.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def recording(
    *, locate: bool = False, decide: bool = False, nested: bool = True
) -> Iterator[tuple[Tape, bool]]:
    """The list to append to, and whether an enclosing trace will sweep it again.

    An active list is shared unless `nested` is False. The context variable is restored whatever
    happens, so that an exception half-way leaves no trace open.
    """
    outer = active()
    # A task that was started in a trace inherits it, and may run when it has ended.
    if outer is not None and nested and type(outer.rows) is list:
        yield outer, True
        return
    tape = Tape(locate=locate, decide=decide)
    token = _ACTIVE.set(tape)
    try:
        with collector_paused():
            yield tape, False
    finally:
        _ACTIVE.reset(token)
        tape.close()


@contextmanager
def activated(tape: Tape | None) -> Iterator[None]:
    """Make this the list that transforms append to, or none.

    A user's rule may take a gradient itself, on whatever values it is run: it must not end up on
    the list of the function around it.
    """
    token = _ACTIVE.set(tape)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def _is_ours(code: CodeType) -> bool:
    return _is_in_library(code.co_filename)


@functools.cache
def _is_in_library(filename: str) -> bool:
    return filename.startswith(_NOT_THE_USERS)


is_library = _is_ours
"""Whether the code is ours, NumPy's, or that of a framework whose programs are traced."""


def regard_as_library(folder: str) -> None:
    """From now on, code in that folder is not the user's."""
    global _NOT_THE_USERS
    if folder not in _NOT_THE_USERS:
        _NOT_THE_USERS += (folder,)
        _is_in_library.cache_clear()


def name_value(value: object, name: str) -> None:
    """Call a traced value by a name of the caller's choosing, unless it has been given one."""
    tape, index = getattr(value, "tape", None), getattr(value, "index", None)
    if isinstance(tape, Tape) and isinstance(index, int):
        tape.given_names.setdefault(index, name)


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame from `frame` outwards, within the traced function, that is not ours."""
    at = frame
    while at is not None and _is_ours(at.f_code):
        at = None if at.f_code is Tape.call.__code__ else at.f_back
    return at


def is_foreign(code: CodeType) -> bool:
    """Whether the code is neither ours nor the user's own: NumPy's, or that of another package."""
    return _is_ours(code) or is_installed(code.co_filename)


def users_own(frame: FrameType | None) -> FrameType | None:
    """`user_frame`, further out where that is in an installed package which the user has called."""
    at = inner = user_frame(frame)
    while at is not None and is_foreign(at.f_code):
        at = None if at.f_code is Tape.call.__code__ else at.f_back
    return at or inner


def here(frame: FrameType) -> str:
    """`loss(), file.py line 12`: the user's place, for an error message."""
    user = users_own(frame)
    return "the traced function" if user is None else place(user.f_code, user.f_lineno)


def place(code: CodeType, number: int) -> str:
    """`loss(), file.py line 12`."""
    return f"{code.co_name}(), {code.co_filename} line {number}"


def written(frame: FrameType) -> str | None:
    """The source text of what `frame` is at, `math.sin(x)`; of its line where that is not known."""
    user = users_own(frame)
    return None if user is None else source(user.f_code, user.f_lasti)


def source(code: CodeType, lasti: int) -> str | None:
    """The source text of an instruction, or its line."""
    return text(code, lasti) or line(code, lasti)
