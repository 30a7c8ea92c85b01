"""Tell the numbers that change from run to run of a loop by one that counts them: t = 1 … 8.

In: the rows of each run. Out: the rows with names in the place of such numbers, formulas in t for
these, and what t is. What is told gives back exactly the numbers of every run; where no
formula does, they are listed. Knows nothing about how the runs' formulas are put together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.core.primitive import primitive_named
from graphtrace.formula.printer import in_digits, text_of
from graphtrace.formula.row import Row
from graphtrace.formula.term import Name, Term

if TYPE_CHECKING:
    import networkx as nx

Numbers = tuple[float, ...]


class Counter(NamedTuple):
    """A variable that is `start` in the first of so many `runs`, and goes on by `step`."""

    name: str
    start: int
    step: int
    runs: int

    @property
    def values(self) -> list[int]:
        """What it is in each run."""
        return [self.start + self.step * run for run in range(self.runs)]

    def __str__(self) -> str:
        return f"{self.name} = {self.start:,} … {self.values[-1]:,}"


class Counted(NamedTuple):
    """Rows in which names stand for changing numbers, and the formulas that these names are for.

    `is_read` says whether a formula has the counter in it; `lists` are sentences about numbers that
    have no formula.
    """

    rows: Mapping[str, Row]
    terms: Mapping[str, Term]
    counter: Counter
    is_read: bool
    lists: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What the counter is, where a formula reads it."""
        return str(self.counter) if self.is_read else ""


def counted(
    graph: nx.MultiDiGraph[Any],
    runs: Sequence[Sequence[Any]],
    *,
    is_from_one: bool = False,
) -> Counted | None:
    """The rows of the runs, which are in their order; None where numbers have no rule.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     for k in range(8):
    ...         x = x / (2 * k + 1)
    ...     return x
    >>> g = gt.trace(f, 0.5)
    >>> numbers = counted(g, [[node] for node in list(g)[1:]])
    >>> str(numbers.counter), [text_of(term) for term in numbers.terms.values()]
    ('t = 0 … 7', ['2*t + 1'])
    """
    rows = [[graph.nodes[node].get("row") for node in run] for run in runs]
    if any(row is None for run in rows for row in run):
        return None
    inside = {str(node) for run in runs for node in run}
    changing = {
        (place, slot): numbers
        for place in range(len(rows[-1]))
        for slot, numbers in _changing([run[place] for run in rows], inside)
    }
    taken = _letters_in(graph) if changing or is_from_one else ()
    letter = next((letter for letter in _COUNTING if letter not in taken), None)
    if letter is None:
        return None
    counter, forms = _forms(changing, letter, len(runs), is_from_one)
    unruly = [numbers for numbers, term in forms.items() if term is None]
    names = [letter for letter in _LISTED if letter not in taken][:_MOST_LISTS]
    if len(unruly) > len(names):
        return None
    lists = dict(zip(unruly, names, strict=False))
    sentences = tuple(f"{name} = {_listed(numbers)}" for numbers, name in lists.items())
    if any(len(one) > _LONGEST for one in sentences):
        return None
    terms = {n: term or Term(atom=Name(lists[n])) for n, term in forms.items()}
    slots: dict[int, dict[_Slot, Term]] = {}
    for (place, slot), numbers in changing.items():
        if slot.kind != "operand" and forms[numbers] is None:
            return None
        slots.setdefault(place, {})[slot] = terms[numbers]
    stands_for: dict[str, Term] = {}
    replaced = {
        str(run[place]): _replaced(graph.nodes[run[place]]["row"], formulas, stands_for)
        for run in runs
        for place, formulas in slots.items()
    }
    return Counted(replaced, stands_for, counter, len(lists) < len(forms), sentences)


def _letters_in(graph: nx.MultiDiGraph[Any]) -> set[str]:
    """The letters that are names of something: of `t`, `t_2` and `t[0]` the t."""
    keys = map(str, graph)
    return {key[0] for key in keys if len(key) == 1 or (key and key[1] in "_[.")}


_COUNTING = "tkinjm"
_LISTED = "cqpba"
_MOST_LISTS = 2
_LONGEST = 40


class _Slot(NamedTuple):
    """Where in a row a number stands: an operand, or one in the name of an operand or an index."""

    kind: str
    at: int
    piece: int = 0


def _changing(rows: Sequence[Row], inside: Collection[str]) -> Iterator[tuple[_Slot, Numbers]]:
    """The numbers in one place of the body that are not the same in all runs."""
    first, *others = (dict(_numbers(row, inside)) for row in rows)
    for slot, number in first.items():
        if all(slot in other for other in others):
            numbers = (number, *(other[slot] for other in others))
            if any(x != number or type(x) is not type(number) for x in numbers):
                yield slot, numbers


def _numbers(row: Row, inside: Collection[str]) -> Iterator[tuple[_Slot, float]]:
    for k, (key, name, x) in enumerate(zip(row.keys, row.shown, row.operands, strict=True)):
        if key is None and name is None and _is_number(x):
            yield _Slot("operand", k), x
        elif key is not None and key not in inside:
            for piece, text in _places_in(key):
                yield _Slot("name", k, piece), int(text)
    if row.params.keys() == {"index"}:
        index = row.params["index"]
        for k, part in enumerate(index if type(index) is tuple else (index,)):
            if type(part) is int:
                yield _Slot("index", k), part


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.integer, np.floating)) and not isinstance(x, bool)


_DIGITS = re.compile(r"(\d+)")


def _places_in(key: str) -> Iterator[tuple[int, str]]:
    """The numbers in a name that count: 3 of `xs[3]`, 2 of `x_2`."""
    pieces = _DIGITS.split(key)
    for piece in range(1, len(pieces), 2):
        if pieces[piece - 1].endswith(("[", "_")):
            yield piece, pieces[piece]


def _replaced(row: Row, formulas: Mapping[_Slot, Term], stands_for: dict[str, Term]) -> Row:
    """The row with formulas in the places of numbers; a name in it `stands_for` an operand."""
    shown, operands, params = list(row.shown), list(row.operands), row.params
    names: dict[int, list[str]] = {}
    for slot, term in formulas.items():
        if slot.kind == "operand":
            marker = f"#{text_of(term)}"
            stands_for[marker] = term
            shown[slot.at] = operands[slot.at] = marker
        elif slot.kind == "name":
            pieces = names.setdefault(slot.at, _DIGITS.split(str(row.keys[slot.at])))
            pieces[slot.piece] = _tight(term)
        else:
            index = params["index"]
            parts = list(index) if type(index) is tuple else [index]
            parts[slot.at] = _Place(_tight(term))
            params = {"index": tuple(parts) if type(index) is tuple else parts[0]}
    for k, pieces in names.items():
        shown[k] = "".join(pieces)
    return row._replace(shown=tuple(shown), operands=tuple(operands), params=params)


def _tight(term: Term) -> str:
    return text_of(term).replace(" ", "")


class _Place(str):
    """An index that is a formula."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _listed(numbers: Numbers) -> str:
    """All of them, or those that come in turn."""
    for period in range(1, _LONGEST_TURN + 1):
        if 2 * period < len(numbers) and numbers[period:] == numbers[:-period]:
            return ", ".join(map(in_digits, numbers[:period])) + " in turn"
    return ", ".join(map(in_digits, numbers[:_LONGEST]))


_LONGEST_TURN = 6
_FEW = 3


# -- formulas for numbers -------------------------------------------------------------------------


def _forms(
    changing: Mapping[Any, Numbers], name: str, count: int, is_from_one: bool
) -> tuple[Counter, dict[Numbers, Term | None]]:
    """The counter by which the numbers have the shortest formulas, and these."""
    all_numbers = dict.fromkeys(
        sorted(changing.values(), key=lambda numbers: not isinstance(numbers[0], int))
    )
    own = [(int(n[0]), int(n[1] - n[0])) for n in all_numbers if _counts(n)]
    starts = [(1, 1)] if is_from_one else list(dict.fromkeys([*own, (0, 1), (1, 1)]))
    choices: list[tuple[int, int, Counter, dict[Numbers, Term | None]]] = []
    for start, step in starts:
        counter = Counter(name, start, step, count)
        forms = {numbers: _form(numbers, counter) for numbers in all_numbers}
        cost = sum(_length(*pair) for pair in forms.items())
        choices.append((cost, len(choices), counter, forms))
    _, _, counter, forms = min(choices, key=lambda choice: choice[:2])
    return counter, forms


def _length(numbers: Numbers, form: Term | None) -> int:
    """How long it takes to tell the numbers; in a list longer than by any formula."""
    if form is not None:
        return len(text_of(form))
    length = len(_listed(numbers))
    return _LONGEST + length if length + len("c = ") <= _LONGEST else _UNTOLD


_UNTOLD = 10_000


def _counts(numbers: Numbers) -> bool:
    steps = {y - x for x, y in pairwise(numbers)}
    is_whole = all(isinstance(n, (int, np.integer)) and n >= 0 for n in numbers)
    return is_whole and steps in ({1}, {-1})


def _form(numbers: Numbers, counter: Counter) -> Term | None:
    """A formula that gives these numbers exactly."""
    t = Term(atom=Name(counter.name))
    values = counter.values
    for term, by in _candidates(numbers, values, t):
        try:
            if all(by(value) == x for value, x in zip(values, numbers, strict=True)):
                return term
        except (ArithmeticError, ValueError):
            continue
    return None


_By = Callable[[int], Any]


def _candidates(numbers: Numbers, values: Sequence[int], t: Term) -> Iterable[tuple[Term, _By]]:
    first, second = (x.item() if isinstance(x, np.generic) else x for x in numbers[:2])
    a = _short((second - first) / (values[1] - values[0]))
    b = _short(first - a * values[0])
    yield _affine(a, b, t), lambda n: a * n + b
    yield from _quadratic(numbers, values, t)
    if not first:
        return
    q = _short(second / first)
    q = q if values[1] > values[0] else _short(first / second) if second else q
    if q == -1 and abs(values[1] - values[0]) == 1:
        c = _short(first * (-1) ** values[0])
        yield _times(c, _power(q, t)), lambda n: c * (-1) ** n
        yield _times(-c, _power(q, _affine(1, 1, t))), lambda n: c * (-1) ** n
    elif q > 0:
        c = _short(first / q ** values[0])
        yield _times(c, _power(q, t)), lambda n: c * q**n
    if first != 1 and (second - 1) / (first - 1) > 0:
        r = _short((second - 1) / (first - 1))
        r = r if values[1] > values[0] else _short(1 / r)
        yield _of("subtract", _number(1), _power(r, t)), lambda n: 1 - r**n
    if second:
        d = _short((1 / second - 1 / first) / (values[1] - values[0]))
        e = _short(1 / first - d * values[0])
        yield _of("divide", _number(1), _affine(d, e, t)), lambda n: 1 / (e + d * n)
        c = _short(1 / e) if e else 1
        d, e = (_short(d * c), 1) if e else (d, e)
        yield _of("divide", _number(c), _affine(d, e, t)), lambda n: c / (e + d * n)


def _quadratic(numbers: Numbers, values: Sequence[int], t: Term) -> Iterator[tuple[Term, _By]]:
    """`t**2`, or `(2*t + 1)*(2*t + 3)`, for whole numbers."""
    if len(numbers) < _FEW or not all(isinstance(x, (int, np.integer)) for x in numbers[:3]):
        return
    (x, y, z), n = map(int, numbers[:3]), values[0]
    step = values[1] - n
    a = Fraction(z - 2 * y + x, 2)
    b = (y - x) * step - a * (2 * n + step)
    c = x - a * n * n - b * n
    root = Fraction(math.isqrt(max(0, int(b * b - 4 * a * c))))
    if not a or root * root != b * b - 4 * a * c or a < 0:
        return
    first, second = sorted(((-b + root) / (2 * a), (-b - root) / (2 * a)), key=abs)
    p, q = first.denominator, second.denominator
    scale = a / (p * q)
    if scale.denominator > 1:
        return

    def by(n: int) -> Fraction:
        return a * n * n + b * n + c

    if first == second == 0:
        yield _times(int(a), _of("power", t, _number(2))), by
    factors = _affine(p, int(-first * p), t), _affine(q, int(-second * q), t)
    product = _of("multiply", *factors)
    yield (product if scale == 1 else _of("multiply", _number(int(scale)), product)), by


def _short(x: float) -> float:
    """What a person would have written: 0.9 for 0.9000000000000001, and 2 for 2.0."""
    short = float(f"{x:.9g}")
    return int(short) if short.is_integer() else short


def _of(op: str, *operands: Term) -> Term:
    return Term(primitive_named(op), operands)


def _number(x: float) -> Term:
    return Term(atom=x)


def _times(a: float, t: Term) -> Term:
    if a == 1:
        return t
    return _of("negative", t) if a == -1 else _of("multiply", _number(a), t)


def _power(q: float, t: Term) -> Term:
    return _of("power", _number(q), t)


def _affine(a: float, b: float, t: Term) -> Term:
    """`a*t + b`, or `b - t`."""
    if a < 0 < b:
        return _of("subtract", _number(b), _times(-a, t))
    if not b:
        return _times(a, t)
    return _of("subtract" if b < 0 else "add", _times(a, t), _number(abs(b)))
