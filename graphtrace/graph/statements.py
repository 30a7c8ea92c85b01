"""Which rows of a trace one execution of a statement has made.

In: the rows of the Wengert list in their order, and where each was made. Out: for each row the
number of its `Run`, a statement's execution; rows of one run lie side by side but for the calls of
functions in it, whose own runs say that they are inside. A statement that runs again, as in a loop,
is another run. Knows nothing about what a figure does with them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import CodeType
from typing import Any, NamedTuple

from graphtrace.core.primitive import Primitive
from graphtrace.core.source import is_operator, operator
from graphtrace.core.statements import Loop, Place, Statement, begin, end, statement
from graphtrace.core.tape import Location, Scope

INNER_FUNCTIONS = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))
"""Code that is a part of a statement; from Python 3.12 on most of it is inlined."""

_CALLS_BACK = frozenset(
    "sum min max map filter reduce accumulate sorted list tuple dict set any all zip".split()
)
"""What is written in C and calls a function that it is handed, perhaps many times."""


def calls_back(code: CodeType, lasti: int) -> bool:
    """Whether the instruction calls what is written in C and calls a function of the user's."""
    written = statement(code, lasti)
    return written is not None and written.called(end(code, lasti)) in _CALLS_BACK


def _is_inner(scope: Scope) -> bool:
    return scope.code is not None and scope.code.co_name in INNER_FUNCTIONS


def gathers(primitive: Primitive) -> bool:
    """Whether it makes one array of an array of objects, of which an operator then takes it."""
    return primitive.name in ("stack", "reshape")


class Run(NamedTuple):
    """One execution of a statement.

    `caller` is the run that the function was called in, -1 in the traced function; `is_whole` says
    that the call is all that the caller's statement computes, as in `h = layer(x)`. `written` is
    the statement; None where it stands in no source.
    """

    caller: int
    is_whole: bool
    written: Statement | None = None

    @property
    def right(self) -> str | None:
        """What it computes, as it is written; None where it is not known what its names are."""
        return self.written.right if self.written is not None else None

    @property
    def loop(self) -> Loop | None:
        """The loop that it is in."""
        return self.written.loop if self.written is not None else None

    @property
    def at(self) -> int:
        """Its number among the statements of the loop."""
        return self.written.at if self.written is not None else 0


class _Level:
    """A function that is running, and the statement that it is in."""

    __slots__ = ("children", "first", "last", "lasti", "run", "scope", "statement")

    def __init__(self, scope: Scope, lasti: int, written: Statement | None, run: int) -> None:
        self.scope = scope
        self.statement = written
        self.run = run
        self.move(lasti)

    def move(self, lasti: int) -> None:
        """Go on to an instruction."""
        self.lasti = lasti
        self.children: list[Scope] = []  # the calls that it has made
        self.first = self.last = -1  # the rows that it has made itself


def runs_of(
    rows: Sequence[Any],
    nodes: Sequence[int],
    locations: Sequence[Location],
    ends: Collection[int] = (),
) -> tuple[list[Run], dict[int, int]]:
    """All runs, and the number of the run that each of the rows `nodes`, in order, belongs to.

    `ends` are the rows with which statements end that stand in no source.
    """
    reader = _Reader(rows, ends)
    return reader.all, {i: reader.number(i, locations[i]) for i in nodes}


class _Reader:
    """Goes through the rows in their order."""

    def __init__(self, rows: Sequence[Any], ends: Collection[int]) -> None:
        self.all: list[Run] = []
        self._rows = rows
        self._ends = ends
        self._levels: list[_Level] = []
        self._depths: dict[Scope, int] = {}
        self._of_row: dict[int, tuple[int, int]] = {}  # its run and offset, in a comprehension
        self._known: dict[Location, tuple[Statement | None, Place]] = {}

    def number(self, row: int, here: Location) -> int:
        """The run that the row belongs to, the rows before it having been asked for."""
        if self._levels and self._levels[-1].scope is here[0]:
            self._enter(row, *here, None)
            return self._levels[-1].run
        path: list[tuple[Scope, int, Scope | None]] = []
        scope: Scope | None = here[0]
        lasti, child = here[1], None
        while scope is not None and scope.code is not None:
            if _is_inner(scope) and scope.parent is not None:
                child = child or scope
            else:
                path.append((scope, lasti, child))
                if scope in self._depths:
                    break
                child = scope
            lasti, scope = scope.call, scope.parent
        for at, offset, inner in reversed(path):
            self._enter(row, at, offset, inner)
        if not path:  # made by no Python code
            self._cut(0)
            return self._new(-1, None, False)
        return self._levels[-1].run

    def _enter(self, row: int, scope: Scope, lasti: int, child: Scope | None) -> None:
        depth = self._depths.get(scope)
        written, place = self._written(scope, lasti)
        if depth is not None:
            level = self._levels[depth]
            goes_on = self._goes_on(level, row, lasti, child, written, place)
            if child is None or child not in level.children or not goes_on:
                self._cut(depth + 1)
            if goes_on:
                if lasti != level.lasti:
                    level.move(lasti)
            else:
                caller = self._levels[depth - 1].run if depth else -1
                level.statement, level.run = written, self._new(caller, written, self._whole(depth))
                level.move(lasti)
        else:
            depth = len(self._levels)
            caller = self._levels[-1].run if depth else -1
            level = _Level(scope, lasti, written, self._new(caller, written, self._whole(depth)))
            self._levels.append(level)
            self._depths[scope] = depth
        if child is not None and child not in level.children:
            level.children.append(child)
        if child is None:
            level.first = row if level.first < 0 else level.first
            level.last = row
        if written is not None and written.comprehensions:
            self._of_row[row] = level.run, lasti

    def _cut(self, depth: int) -> None:
        """End the functions that were called from there on."""
        for level in self._levels[depth:]:
            del self._depths[level.scope]
        del self._levels[depth:]

    def _new(self, caller: int, written: Statement | None, is_whole: bool) -> int:
        self.all.append(Run(caller, is_whole, written))
        return len(self.all) - 1

    def _whole(self, depth: int) -> bool:
        """Whether the call of the function at that depth is all that the caller computes."""
        if not depth:
            return False
        caller = self._levels[depth - 1]
        if caller.statement is None or caller.statement.call_end is None:
            return False
        code = caller.scope.code
        assert code is not None
        is_whole = end(code, caller.lasti) == caller.statement.call_end
        return is_whole and not calls_back(code, caller.lasti)

    def _written(self, scope: Scope, lasti: int) -> tuple[Statement | None, Place]:
        here = scope, lasti
        if here not in self._known:
            code = scope.code
            assert code is not None
            self._known[here] = statement(code, lasti), begin(code, lasti)
        return self._known[here]

    def _in_matmul(self, level: _Level, row: int, parents: Sequence[int]) -> bool:
        """Whether an `@` of arrays of objects goes on: its products take nothing that it made."""
        name = self._rows[row][0].name
        is_product = name == "multiply" and max(parents) < level.first
        return level.first >= 0 and (is_product or name == "add")

    def _goes_on(
        self,
        level: _Level,
        row: int,
        lasti: int,
        child: Scope | None,
        written: Statement | None,
        place: Place,
    ) -> bool:
        """Whether the row belongs to the run that the function is in, and not to a next one."""
        if written is not level.statement:
            return False
        if written is None:
            return bool(self._ends) and level.last not in self._ends
        parents = self._rows[row][4::2]
        is_inner = child is not None and _is_inner(child)
        if written.repeats(place) and not is_inner:
            # Entries of a list depend on one another only where the list is made anew.
            of_row = (self._of_row.get(parent, (-1, -1)) for parent in parents)
            return not any(run == level.run and at >= lasti for run, at in of_row)
        if lasti != level.lasti:
            return lasti > level.lasti
        code = level.scope.code
        assert code is not None
        if child is not None:
            if child in level.children or not (level.children or level.last >= 0):
                return True
            if is_inner:
                return all(other.code is not child.code for other in level.children)
            return calls_back(code, lasti)
        if is_operator(code, lasti):
            is_gathered = level.last in parents and gathers(self._rows[level.last][0])
            is_matmul = operator(code, lasti).startswith("@")
            return is_gathered or (is_matmul and self._in_matmul(level, row, parents))
        if level.last < 0 or level.last in parents:
            again = self._rows[row][0] is self._rows[level.last][0] if level.last >= 0 else False
            return not again or self._rows[row][0].is_operator
        return self._rows[row][0] is not self._rows[level.first][0] or bool(
            self._rows[row][2].get("output")
        )
