"""A derivative told by the value that it is of, as a person tells it: p(1 − p), 1 − h², −x·y.

In: a derivative and a value as terms, the value's name, and numbers for the names in them. Out:
the derivative with the value's name in it, where that is much shorter; the same at other numbers
as well, so that it is the formula and not a coincidence. Knows no row and no graph.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from graphtrace.core.primitive import primitive_named
from graphtrace.formula.collected import collected
from graphtrace.formula.maps import value_of
from graphtrace.formula.printer import text_of
from graphtrace.formula.term import Name, Term, times

_SUBTRACT, _POWER = primitive_named("subtract"), primitive_named("power")
_ADD, _DIVIDE = primitive_named("add"), primitive_named("divide")
_SEEDS = (0, 1, 2)
_CLOSE = 1e-9
_ONE, _TWO = Term(atom=1), Term(atom=2)


def in_own_value(
    derivative: Term, value: Term, name: Name, values: Mapping[str, Any], longest: int
) -> Term:
    """The derivative; in the value's name where it is longer than that, or more than twice as long.

    `values` are those of the names in both terms.

    >>> from graphtrace.formula.read import term_of
    >>> p, slope = term_of("a*b*(c - d)/(c + d)"), term_of("b*(c - d)/(c + d)")
    >>> numbers = {"a": 2.0, "b": 3.0, "c": 1.0, "d": 0.5}
    >>> text_of(in_own_value(slope, p, Name("p", 0), numbers, 16))
    'p/a'
    """
    if value.op in ("add", "subtract"):  # of a sum nobody knows the derivative by heart
        return derivative
    y = Term(atom=name)
    keys = {leaf.atom.key for leaf in (*value.leaves, *derivative.leaves) if _is_name(leaf)}
    points: list[tuple[dict[str, Any], Any]] = []
    for shorter, is_known in _in_name(derivative, value, y):
        # What is known by heart is read as fast under a long name.
        length = functools.partial(_length, name=name) if is_known else _letters
        room = length(derivative) // (2 if _letters(derivative) <= longest else 1)
        if length(shorter) > room:
            continue
        points = points or list(_nearby(derivative, value, name, {k: values[k] for k in keys}))
        if not any(np.any(slope) for _, slope in points):  # 0 is y too, and y/x, where y is 0
            return derivative
        if all(_are_close(slope, _value(shorter, near)) for near, slope in points):
            return shorter
    return derivative


def _in_name(derivative: Term, value: Term, y: Term) -> Iterator[tuple[Term, bool]]:
    """What it could be: a logistic function's, a tangent's, y times what is left of it by y.

    Also whether it is known by heart, as all are but the last.
    """
    yield y, True
    yield times(y, Term(_SUBTRACT, (_ONE, y))), True
    squared = Term(_POWER, (y, _TWO))
    yield Term(_SUBTRACT, (_ONE, squared)), True
    yield Term(_ADD, (_ONE, squared)), True
    rest = collected(Term(_DIVIDE, (derivative, value)))
    whole = None if rest is None else collected(times(y, rest))
    if whole is not None:
        yield whole, False


def _letters(term: Term) -> int:
    return len(text_of(term))


def _length(term: Term, name: Name) -> int:
    """How many characters the term has, as many as if the value's name were one letter."""
    atoms = [leaf.atom for leaf in term.leaves]
    uses = sum(isinstance(atom, Name) and atom.key == name.key for atom in atoms)
    return _letters(term) - uses * (len(name.key) - 1)


def _is_name(leaf: Term) -> bool:
    return isinstance(leaf.atom, Name)


def _nearby(
    derivative: Term, value: Term, name: Name, values: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Numbers near those of the trace, with the value at them; and the derivative there."""
    for seed in _SEEDS:
        random = np.random.default_rng(seed)
        near = {key: _moved(values[key], random) for key in sorted(values) if key != name.key}
        near[name.key] = _value(value, near)
        yield near, _value(derivative, near)


def _moved(x: Any, random: np.random.Generator) -> Any:
    """Numbers of the same shape and sign, up to a fifth larger or smaller; of 0 a small one."""
    if isinstance(x, float):
        return (x or 0.1) * (0.8 + 0.4 * random.random())
    wide = np.asarray(x, np.result_type(x, np.float64))
    moved = np.where(wide == 0, 0.1, wide) * random.uniform(0.8, 1.2, np.shape(x))
    return moved[()]


def _value(term: Term, values: Mapping[str, Any]) -> Any:
    """The value of a term; NaN, which is close to nothing, where it has none."""
    try:
        with np.errstate(all="ignore"):
            return value_of(term, values)
    except Exception:  # noqa: BLE001  (such as an index that is no whole number any more)
        return math.nan


def _are_close(x: Any, y: Any) -> bool:
    return np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=_CLOSE, atol=0.0)
