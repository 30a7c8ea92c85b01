"""Where in the user's code the equations of a jaxpr were made.

In: equations, whose source info has the code and the instruction of every frame. Out: for each row
its location and the calls that it is in, as a Tape has them of a program that runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from types import CodeType
from typing import Any

from graphtrace.core.tape import Location, Scope, Tape, is_library

_PLUMBING = (
    "traceback_util",
    "pjit",
    "api",
    "core",
    "tree_util",
    "ufuncs",
    "array_methods",
    "util",
)


class Places:
    """Finds the places; `root` is the code around the traced function."""

    def __init__(self, root: CodeType) -> None:
        self._root = root
        self._base: Location = Scope(None, None, -1), -1
        self._path: tuple[str, ...] = ()
        self._stack: list[tuple[Scope, int]] = []
        self._inner: CodeType | None = root
        self._rows: list[tuple[Location, tuple[str, ...], str]] = []
        self._first: dict[Scope, int] = {}
        self._counts: dict[str, int] = {}
        self._names: dict[Scope, str] = {}

    @contextmanager
    def inside(self, outer: Any, jaxpr: Any) -> Iterator[None]:
        """While the equations of a body are gone through; `outer` is the equation that runs it."""
        kept = self._base, self._path, self._stack, self._inner
        if outer is not None:
            scope, path, _ = self._of(outer)
            self._base, self._path, self._stack = scope, path, []
            self._inner = self._code_of(jaxpr)
        try:
            yield
        finally:
            self._base, self._path, self._stack, self._inner = kept

    def note(self, rows: Sequence[int], equation: Any) -> None:
        """Remember where these rows, the next ones, were made."""
        place = self._rows[-1] if equation is None and self._rows else self._of(equation)
        self._rows += [place] * len(rows)

    def location(self, equation: Any) -> Location:
        """Where an equation was made."""
        return self._of(equation)[0]

    def finish(self, tape: Tape) -> None:
        """Write it all to the tape."""
        first = len(tape.rows) - len(self._rows)
        root = Scope(None, None, -1)
        tape.lastis = [-1] * first
        tape.scopes = [(0, root)] if first else []
        i = first
        for (place, path, function), group in groupby(self._rows):
            count = len(list(group))
            name = self._unique(function) if function and count > 1 else None
            for _ in range(count):
                tape.lastis.append(place[1])
                if not tape.scopes or tape.scopes[-1][1] is not place[0]:
                    tape.scopes.append((i, place[0]))
                tape.given_scopes[i] = (*path, name) if name else path
                i += 1

    def _code_of(self, jaxpr: Any) -> CodeType | None:
        """The user's code that a body was made of, where its equations show it."""
        info = jaxpr.debug_info
        file, line = getattr(info, "func_filename", None), getattr(info, "func_lineno", None)
        for equation in jaxpr.eqns:
            for code, _ in self._frames(equation):
                if code.co_filename == file and code.co_firstlineno == line:
                    return None if is_library(code) else code
        return None

    def _frames(self, equation: Any) -> list[tuple[CodeType, int]]:
        """The frames of an equation, the innermost first."""
        traceback = None if equation is None else equation.source_info.traceback
        return [] if traceback is None else list(zip(*traceback.raw_frames(), strict=True))

    def _of(self, equation: Any) -> tuple[Location, tuple[str, ...], str]:
        calls: list[tuple[CodeType, int]] = []
        function = ""
        for code, lasti in self._frames(equation):
            if code is self._root:
                break
            if is_library(code):
                public = _public_name(code)
                function = public or function if not calls else function
                continue
            calls.append((code, lasti))
            if code is self._inner:
                break
        else:
            if self._inner is None or self._inner is not self._root:
                calls = []
        if self._inner is None:
            calls = []  # a function of JAX's own: it is where it was called
        stack = _named(equation)
        scope, lasti = self._base
        path = self._path
        entered = 0
        parent = scope
        call = lasti
        if not calls:
            return (scope, lasti), (*path, *_fresh(stack, path)), function
        for depth, (code, at) in enumerate(reversed(calls)):
            scope = self._scope(depth, parent, call, code, at)
            start = self._first.setdefault(scope, len(stack))
            path = (*path, *stack[entered:start])
            entered = max(entered, start)
            if depth or parent.code is not None:
                path = (*path, self._name(scope))
            parent, call = scope, at
        path = (*path, *stack[entered:])
        return (scope, call), path, function

    def _scope(self, depth: int, parent: Scope, call: int, code: CodeType, at: int) -> Scope:
        """The call of a function: the one that is open, unless it has begun anew."""
        if depth < len(self._stack):
            scope, last = self._stack[depth]
            is_same = scope.parent is parent and scope.call == call and scope.code is code
            if is_same and (at >= last or not depth or _loops(code)):
                self._stack[depth] = scope, at
                return scope
        del self._stack[depth:]
        scope = Scope(parent, code, call)
        self._stack.append((scope, at))
        return scope

    def _name(self, scope: Scope) -> str:
        if scope not in self._names:
            assert scope.code is not None
            self._names[scope] = self._unique(scope.code.co_name.strip("<>"))
        return self._names[scope]

    def _unique(self, name: str) -> str:
        n = self._counts[name] = self._counts.get(name, 0) + 1
        return name if n == 1 else f"{name}_{n}"


def _public_name(code: CodeType) -> str:
    """The name of a function that a user calls; "" of JAX's plumbing."""
    file = code.co_filename.rpartition("/")[2].removesuffix(".py")
    is_plumbing = file in _PLUMBING or code.co_name.startswith(("_", "<"))
    return (
        ""
        if is_plumbing or code.co_name in ("op", "bind", "cache_miss", "current")
        else code.co_name
    )


def _named(equation: Any) -> tuple[str, ...]:
    """The names of `jax.named_scope` around an equation."""
    text = "" if equation is None else str(equation.source_info.name_stack)
    return tuple(part for part in text.split("/") if part and "(" not in part)


def _fresh(stack: tuple[str, ...], path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in stack if name not in path)


def _loops(code: CodeType) -> bool:
    """Whether there is a loop in the code, so that it may go back."""
    import dis

    return any(
        "JUMP_BACKWARD" in one.opname or one.opname == "FOR_ITER" for one in dis.Bytecode(code)
    )
