"""Say what one run through a loop computes: h ← tanh(Wh + b).

In: a graph and the nodes of a loop in evaluation order. Out: a `Definition`, or None where no
short formula holds for every run. Knows nothing about how it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.figure.inlining import inlined
from graphtrace.figure.parts import Definition
from graphtrace.figure.regions import base
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term

if TYPE_CHECKING:
    import networkx as nx

_LONGEST = 40  # operations and names
_UNNAMED = re.compile(r"v\d+")


def recurrence(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], count: int, exports: Sequence[Any]
) -> Definition | None:
    """The assignment that the loop repeats; what differs from run to run has the index t.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     for _ in range(9):
    ...         x = x * x + 1
    ...     return x
    >>> g = gt.trace(f, 0.5)
    >>> told = recurrence(g, list(g)[1:], 9, ["x_10"])
    >>> told.name, told.sign, str(told.formula)
    ('x', '←', 'x*x + 1')
    """
    size, rest = divmod(len(inner), count)
    if rest or len(exports) != 1 or exports[0] not in inner[-size:]:
        return None
    last, before = inner[-size:], inner[-2 * size : -size]
    result = exports[0]
    place = last.index(result)
    name = base(str(result))
    trees = inlined(graph, last, result, _LONGEST), inlined(graph, before, before[place], _LONGEST)
    if name == str(result) or _UNNAMED.fullmatch(str(result)) or None in trees:
        return None
    general = _general(*trees, set(map(str, inner)), {str(before[place]): name})
    if general is None or not _is_uniform(graph, inner, size):
        return None
    return Definition(name, Symbol.of(general), sign="←")


class Recurrence(NamedTuple):
    """What one run through a loop assigns; `at_once` if all from what the run before has left.

    They are `indexed`, x[t] = x[t-1] + ..., where one reads both what this run and what an earlier
    one has computed of the same name. `results` are the nodes that the last run assigns.
    """

    assignments: tuple[Definition, ...]
    at_once: bool = False
    indexed: bool = False
    results: tuple[str, ...] = ()


def recurrences(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], count: int, exports: Sequence[Any]
) -> Recurrence | None:
    """The assignments that the loop repeats, in their order; None where not all have a formula.

    >>> import graphtrace as gt
    >>> def f(x, y):
    ...     for _ in range(9):
    ...         x = x + y
    ...         y = 0.5 * x
    ...     return x * y
    >>> g = gt.trace(f, 1.0, 2.0)
    >>> told = recurrences(g, list(g)[2:-1], 9, ["x_10", "y_10"])
    >>> [f"{a.name} {a.sign} {a.formula}" for a in told.assignments], told.at_once
    (['x ← x + y', 'y ← 0.5*x'], False)
    >>> def f(a, b):
    ...     for _ in range(9):
    ...         a, b = b, a + b
    ...     return b
    >>> g = gt.trace(f, 1.0, 1.0)
    >>> told = recurrences(g, list(g)[2:], 9, ["b_10"])
    >>> [f"{a.name} {a.sign} {a.formula}" for a in told.assignments]
    ['b[t] = b[t-2] + b[t-1]']
    """
    one = recurrence(graph, inner, count, exports)
    if one is not None:
        return Recurrence((one,))
    size, rest = divmod(len(inner), count)
    if rest or not _is_uniform(graph, inner, size):
        return None
    runs = [inner[begin : begin + size] for begin in range(len(inner) - size, -1, -size)]
    statements = _statements(runs[0])
    results = [str(runs[0][places[-1]]) for places in statements]
    if len(statements) > _MOST_STATEMENTS or not set(map(str, exports)).issubset(results):
        return None
    if any(_UNNAMED.fullmatch(result) or base(result) == result for result in results):
        return None
    body = _Body(graph, runs[: _MOST_BACK + 1], statements, set(map(str, inner)))
    return body.by_arrows() or body.by_indices()


class _Body:
    """The statements of a loop's body, in the last `runs` through it, the very last first."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        runs: Sequence[Sequence[Any]],
        statements: Sequence[Sequence[int]],
        inside: Collection[str],
    ) -> None:
        self._inside = inside
        self._statements = statements
        self._keys = [[str(run[places[-1]]) for places in statements] for run in runs]
        self._names = [base(key) for key in self._keys[0]]
        self._terms = [
            [
                inlined(graph, [run[i] for i in places], run[places[-1]], _LONGEST)
                for places in statements
            ]
            for run in runs[:2]
        ]

    def by_arrows(self) -> Recurrence | None:
        """`x ← x + y`, where a name stands for what was assigned to it last, or before all."""
        now, old = (dict(zip(keys, self._names, strict=True)) for keys in self._keys[:2])
        spelled = old | now
        before = {name: key for key, name in old.items()}
        last = dict(before)
        in_order, at_once = True, len(before) == len(old)
        for key, name, term in zip(self._keys[0], self._names, self._terms[0], strict=True):
            for read in _keys_of(term) & spelled.keys():
                in_order &= last[spelled[read]] == read
                at_once &= before[spelled[read]] == read
            last[name] = key
        if not (in_order or at_once):
            return None
        assignments = self._definitions(self._names, spelled, "←")
        if assignments is None:
            return None
        return Recurrence(assignments, at_once=not in_order, results=tuple(self._keys[0]))

    def by_indices(self) -> Recurrence | None:
        """`x[t] = x[t-1] + y[t]`."""
        if len(set(self._names)) < len(self._names):
            return None
        names = {
            key: f"{name}[t-{back}]" if back else f"{name}[t]"
            for back, keys in enumerate(self._keys)
            for key, name in zip(keys, self._names, strict=True)
        }
        assignments = self._definitions([names[key] for key in self._keys[0]], names, "=")
        if assignments is None:
            return None
        return Recurrence(assignments, indexed=True, results=tuple(self._keys[0]))

    def _definitions(
        self, names: Sequence[str], spelled: dict[str, str], sign: str
    ) -> tuple[Definition, ...] | None:
        assignments = []
        for name, term, before in zip(names, *self._terms, strict=True):
            if term is None or before is None:
                return None
            general = _general(term, before, self._inside, spelled)
            if general is None:
                return None
            assignments.append(Definition(name, Symbol.of(general), sign=sign))
        return tuple(assignments)


def _keys_of(term: Term | None) -> set[str]:
    leaves = term.leaves if term is not None else ()
    return {leaf.atom.key for leaf in leaves if isinstance(leaf.atom, Name)}


_MOST_STATEMENTS = 6
_MOST_BACK = 2
"""Runs before that one reads."""


def _statements(body: Sequence[Any]) -> list[list[int]]:
    """The places of each assignment in the body of a loop, that of its result last.

    What has no name, as in a function that is called in between, goes into the next that has one.
    """
    statements: list[list[int]] = [[]]
    for i, node in enumerate(body):
        statements[-1].append(i)
        if not _UNNAMED.fullmatch(str(node)):
            statements.append([])
    return [statement for statement in statements if statement]


def start(graph: nx.MultiDiGraph[Any], inner: Sequence[Any], count: int, export: Any) -> Any:
    """The constant that the loop begins with, in the place of `export`; None if it is a node."""
    size = len(inner) // count
    carried = str(inner[inner.index(export) - size])
    for early, late in zip(inner[:size], inner[-size:], strict=True):
        first, last = graph.nodes[early]["row"], graph.nodes[late]["row"]
        for k, key in enumerate(last.keys):
            if key == carried:
                return first.operands[k] if first.keys[k] is None else None
    return None


def _is_uniform(graph: nx.MultiDiGraph[Any], inner: Sequence[Any], size: int) -> bool:
    """Whether every run does as the last does, but for what it is handed at first."""
    place = {str(node): i for i, node in enumerate(inner)}
    previous: list[Any] | None = None
    varying: set[int] | None = None
    for begin in range(len(inner) - size, -1, -size):
        run: list[Any] = []
        rows: list[int] = []
        for i in range(begin, begin + size):
            row = graph.nodes[inner[i]]["row"]
            for key, operand in zip(row.keys, row.operands, strict=True):
                at = place.get(key) if key is not None else None
                run.append(_Back(i - at) if at is not None else operand if key is None else key)
            run.append(row.params)
            rows += [i] * (len(row.keys) + 1)
        if previous is not None:
            # What a later run reads from this one or before, early ones are handed from outside.
            run = [
                y if isinstance(y, _Back) and row < y else x
                for x, y, row in zip(run, previous, rows, strict=True)
            ]
            pairs = list(zip(run, previous, strict=True))
            differing = {i for i, (x, y) in enumerate(pairs) if not _same(x, y)}
            if any(not _is_indexed(*pairs[i]) for i in differing):
                return False
            if varying is not None and differing != varying:
                return False
            varying = differing
        previous = run
    return True


class _Back(int):
    """How many rows before its use an operand was computed, within the loop."""


def _is_indexed(x: Any, y: Any) -> bool:
    """Whether they differ in a number that counts the runs: xs[3] and xs[4]."""
    if isinstance(x, dict):
        indices = x.get("index"), y.get("index")
        return all(isinstance(i, int) for i in indices) and x.keys() == y.keys() == {"index"}
    return isinstance(x, str) and isinstance(y, str) and _general_name(x, y) is not None


def _general(a: Any, b: Any, inner: Collection[str], names: dict[str, str]) -> Term | None:
    """What the formulas of two runs have in common; None if they are not alike."""
    if a.op != b.op or len(a.operands) != len(b.operands):
        return None
    if a.primitive is None:
        atom = _general_atom(a.atom, b.atom, inner, names)
        return Term(atom=atom) if atom is not None else None
    if not _same(a.params, b.params):
        if not _is_indexed(a.params, b.params):
            return None
        a = replace(a, params={"index": _Run("t")})
    operands = [_general(*both, inner, names) for both in zip(a.operands, b.operands, strict=True)]
    common = tuple(operand for operand in operands if operand is not None)
    return replace(a, operands=common) if len(common) == len(operands) else None


def _same(a: Any, b: Any) -> bool:
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)


class _Run(str):
    """The number of the run, as an index in a formula."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _general_atom(a: Any, b: Any, inner: Collection[str], names: dict[str, str]) -> Any:
    if not isinstance(a, Name) or not isinstance(b, Name):
        return a if _same(a, b) else None
    if a.key in names:
        return replace(a, key=names[a.key])
    # Not from elsewhere in the loop, which has a story of its own; and not of the same name as
    # what is carried on, but another value.
    if a.key in inner or a.key in names.values():
        return None
    general = _general_name(a.key, b.key)
    return replace(a, key=general) if general is not None else None


def _general_name(a: str, b: str) -> str | None:
    """`xs[t]` of xs[3] and xs[4]; None for names that differ otherwise."""
    pieces = _NUMBERS.split(a), _NUMBERS.split(b)
    if len(pieces[0]) != len(pieces[1]):
        return None
    pairs = list(zip(*pieces, strict=True))
    if any(x != y and not x.isdigit() for x, y in pairs):
        return None
    return "".join(x if x == y else "t" for x, y in pairs)


_NUMBERS = re.compile(r"(\d+)")
