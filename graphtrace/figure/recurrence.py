"""Say what one run through a loop computes: h ← tanh(Wh + b).

In: a graph and the nodes of a loop in evaluation order. Out: a `Definition`, or None where no
short formula holds for every run. Knows nothing about how it is drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.figure.counted import Counted, counted
from graphtrace.figure.inlining import inlined, with_terms
from graphtrace.figure.parts import Definition
from graphtrace.figure.regions import base, is_unnamed
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term

if TYPE_CHECKING:
    import networkx as nx

_LONGEST = 40  # operations and names


class Recurrence(NamedTuple):
    """What one run through a loop assigns; `at_once` if all from what the run before has left.

    They are indexed, x[t] = x[t-1] + ..., where one reads both what this run and what an earlier
    one has computed of the same name: x[3] is the third value of that name, here and elsewhere.
    `begins` are then the names of what is before the first run's. `results` are the nodes that the
    last run assigns. `counter` says what counts the runs, where an assignment reads it, and `lists`
    what else changes.
    """

    assignments: tuple[Definition, ...]
    at_once: bool = False
    begins: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    counter: str = ""
    lists: tuple[str, ...] = ()


def recurrences(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], count: int, exports: Sequence[Any]
) -> Recurrence | None:
    """The assignments that the loop repeats, in their order; None where not all have a formula.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     for k in range(9):
    ...         x = x * x + 1 / (k + 1)
    ...     return x
    >>> g = gt.trace(f, 0.5)
    >>> told = recurrences(g, list(g)[1:], 9, ["x_10"])
    >>> [f"{a.name} {a.sign} {a.formula}" for a in told.assignments], told.counter
    (['x ← x*x + 1/t'], 't = 1 … 9')
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
    ['b[t+1] = b[t-1] + b[t]']
    """
    size, rest = divmod(len(inner), count)
    if rest:
        return None
    runs = [inner[begin : begin + size] for begin in range(0, len(inner), size)]
    # What every run hands on, as does a list of all states, is told by what the last one does.
    places = {node: place % size for place, node in enumerate(inner)}
    exports = list(dict.fromkeys(runs[-1][places[node]] for node in exports))
    numbers = counted(graph, runs)
    if numbers is not None and _is_uniform(graph, runs, numbers):
        one = _of_one(graph, runs, numbers, exports) or _of_several(graph, runs, numbers, exports)
        if one is not None:
            return one
    numbers = counted(graph, runs, is_from_one=True)
    if numbers is None or not _is_uniform(graph, runs, numbers):
        return None
    body = _body(graph, runs, numbers, exports)
    return body.by_indices() if body is not None else None


def _of_one(
    graph: nx.MultiDiGraph[Any],
    runs: Sequence[Sequence[Any]],
    numbers: Counted,
    exports: Sequence[Any],
) -> Recurrence | None:
    """All of a run in one assignment, of the value that is handed on."""
    if len(exports) != 1 or exports[0] not in runs[-1]:
        return None
    (result,) = exports
    before = runs[-2][runs[-1].index(result)]
    name = base(str(result))
    if name == str(result) or is_unnamed(result):
        return None
    terms = _term(graph, numbers, runs[-1], result), _term(graph, numbers, runs[-2], before)
    if terms[0] is None or terms[1] is None:
        return None
    inside = {str(node) for run in runs for node in run}
    general = _general(*terms, inside, {str(before): name})
    if general is None:
        return None
    assignments = (Definition(name, Symbol.of(general), sign="←"),)
    return Recurrence(
        assignments, results=(str(result),), counter=numbers.sentence, lists=numbers.lists
    )


def _of_several(
    graph: nx.MultiDiGraph[Any],
    runs: Sequence[Sequence[Any]],
    numbers: Counted,
    exports: Sequence[Any],
) -> Recurrence | None:
    body = _body(graph, runs, numbers, exports)
    return body.by_arrows() if body is not None else None


def _body(
    graph: nx.MultiDiGraph[Any],
    runs: Sequence[Sequence[Any]],
    numbers: Counted,
    exports: Sequence[Any],
) -> _Body | None:
    """The body as statements, where these are few and have all that is handed on."""
    last_first = runs[::-1]
    statements = _statements(runs[-1])
    results = [str(runs[-1][places[-1]]) for places in statements]
    if len(statements) > _MOST_STATEMENTS or not set(map(str, exports)).issubset(results):
        return None
    if any(is_unnamed(result) or base(result) == result for result in results):
        return None
    return _Body(graph, last_first, statements, numbers)


def _term(
    graph: nx.MultiDiGraph[Any], numbers: Counted, inner: Collection[Any], node: Any
) -> Term | None:
    term = inlined(graph, inner, node, _LONGEST, numbers.rows)
    return with_terms(term, numbers.terms) if term is not None else None


class _Body:
    """The statements of a loop's body, in the runs through it, the very last first."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        runs: Sequence[Sequence[Any]],
        statements: Sequence[Sequence[int]],
        numbers: Counted,
    ) -> None:
        self._inside = {str(node) for run in runs for node in run}
        self._numbers = numbers
        self._keys = [
            [str(run[places[-1]]) for places in statements] for run in runs[: _MOST_BACK + 1]
        ]
        self._names = [base(key) for key in self._keys[0]]
        self._terms = [
            [
                _term(graph, numbers, [run[i] for i in places], run[places[-1]])
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
        return Recurrence(
            assignments,
            at_once=not in_order,
            results=tuple(self._keys[0]),
            counter=self._numbers.sentence,
            lists=self._numbers.lists,
        )

    def by_indices(self) -> Recurrence | None:
        """`x[t] = x[t-1] + y[t]`, or `x[t+1] = x[t] + y[t]` where x is x[1] before the loop."""
        if len(set(self._names)) < len(self._names):
            return None
        t, last = self._numbers.counter.name, self._numbers.counter.values[-1]
        ahead = [_number(key) - last for key in self._keys[0]]
        if any(
            _number(key) != last + shift - back
            for back, keys in enumerate(self._keys)
            for key, shift in zip(keys, ahead, strict=True)
        ):
            return None
        names = {
            key: f"{name}[{t}{shift - back:+d}]" if shift != back else f"{name}[{t}]"
            for back, keys in enumerate(self._keys)
            for key, name, shift in zip(keys, self._names, ahead, strict=True)
        }
        assignments = self._definitions([names[key] for key in self._keys[0]], names, "=")
        if assignments is None:
            return None
        return Recurrence(
            assignments,
            begins=tuple(f"{name}[{n}]" for name, n in zip(self._names, ahead, strict=True)),
            results=tuple(self._keys[0]),
            counter=str(self._numbers.counter),
            lists=self._numbers.lists,
        )

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


def _number(key: str) -> int:
    """Which value of its name it is: 3 of `x_3`, 1 of `x`."""
    number = key.removeprefix(base(key))
    return int(number[1:]) if number else 1


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
        if not is_unnamed(node):
            statements.append([])
    return [statement for statement in statements if statement]


def start(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], count: int, export: Any
) -> tuple[str | None, Any]:
    """What the loop begins with in the place of `export`: the key of a node, or a constant."""
    size = len(inner) // count
    carried = str(inner[inner.index(export) - size])
    for early, late in zip(inner[:size], inner[-size:], strict=True):
        first, last = graph.nodes[early]["row"], graph.nodes[late]["row"]
        for k, key in enumerate(last.keys):
            if key == carried:
                return first.keys[k], first.operands[k] if first.keys[k] is None else None
    return None, None


def _is_uniform(
    graph: nx.MultiDiGraph[Any], runs: Sequence[Sequence[Any]], numbers: Counted
) -> bool:
    """Whether every run does as the last does, but for what it is handed at first."""
    place = {str(node): i for i, node in enumerate(node for run in runs for node in run)}
    later: list[Any] | None = None
    for run in reversed(runs):
        here: list[Any] = []
        rows: list[int] = []
        for node in run:
            i, row = place[str(node)], numbers.rows.get(str(node)) or graph.nodes[node]["row"]
            for key, name, operand in zip(row.keys, row.shown, row.operands, strict=True):
                at = place.get(key) if key is not None else None
                here.append(_Back(i - at) if at is not None else operand if key is None else name)
            here.append(row.params)
            rows += [i] * (len(row.keys) + 1)
        if later is not None:
            # What a later run reads from this one or before, early ones are handed from outside.
            here = [
                y if isinstance(y, _Back) and row < y else x
                for x, y, row in zip(here, later, rows, strict=True)
            ]
            if not all(_same(x, y) for x, y in zip(here, later, strict=True)):
                return False
        later = here
    return True


class _Back(int):
    """How many rows before its use an operand was computed, within the loop."""


def _general(a: Any, b: Any, inner: Collection[str], names: dict[str, str]) -> Term | None:
    """What the formulas of two runs have in common; None if they are not alike."""
    if a.op != b.op or len(a.operands) != len(b.operands):
        return None
    if a.primitive is None:
        atom = _general_atom(a.atom, b.atom, inner, names)
        return Term(atom=atom) if atom is not None else None
    if not _same(a.params, b.params):
        return None
    operands = [_general(*both, inner, names) for both in zip(a.operands, b.operands, strict=True)]
    common = tuple(operand for operand in operands if operand is not None)
    return replace(a, operands=common) if len(common) == len(operands) else None


def _same(a: Any, b: Any) -> bool:
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)


def _general_atom(a: Any, b: Any, inner: Collection[str], names: dict[str, str]) -> Any:
    if not isinstance(a, Name) or not isinstance(b, Name):
        return a if _same(a, b) else None
    if a.key in names:
        return replace(a, key=names[a.key])
    # Not from elsewhere in the loop, which has a story of its own; and not of the same name as
    # what is carried on, but another value.
    if a.key in inner or a.key in names.values():
        return None
    return a if a.key == b.key else None
