"""A derivative told by the value that it is of, as a person tells it: p(1 − p), 1 − h², −x·y.

In: a derivative and a value as terms, the value's name, and numbers for the names in them. Out:
the derivative with the value's name in it, where that is much shorter; the same at other numbers
as well, so that it is the formula and not a coincidence. Knows no row and no graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from graphtrace.core.primitive import primitive_named
from graphtrace.formula.collected import collected
from graphtrace.formula.maps import value_of
from graphtrace.formula.printer import text_of
from graphtrace.formula.term import Name, Term, times

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
    room = len(text_of(derivative))
    if room <= longest:
        room //= 2
    candidates = _in_name(derivative, value, Term(atom=name))
    shorter = [term for term in candidates if len(text_of(term)) <= room]
    for near in _nearby(value, name, values) if shorter else ():
        x = _value(derivative, near)
        shorter = [term for term in shorter if _are_close(x, _value(term, near))]
    return shorter[0] if shorter else derivative


def _in_name(derivative: Term, value: Term, y: Term) -> Iterator[Term]:
    """What it could be: a logistic function's, a tangent's, y times what is left of it by y."""
    subtract, power = primitive_named("subtract"), primitive_named("power")
    squared = Term(power, (y, _TWO))
    yield y
    yield times(y, Term(subtract, (_ONE, y)))
    yield Term(subtract, (_ONE, squared))
    yield Term(primitive_named("add"), (_ONE, squared))
    rest = collected(Term(primitive_named("divide"), (derivative, value)))
    if rest is not None:
        whole = collected(times(y, rest))
        if whole is not None:
            yield whole


def _nearby(value: Term, name: Name, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Numbers near those of the trace, with what the value is at them."""
    for seed in _SEEDS:
        near = {key: _moved(x, seed) for key, x in values.items() if key != name.key}
        near[name.key] = _value(value, near)
        yield near


def _moved(x: Any, seed: int) -> Any:
    """Numbers of the same shape and sign, up to a fifth larger or smaller; of 0 a small one."""
    random = np.random.default_rng(seed)
    wide = np.asarray(x, np.result_type(x, np.float64))
    moved = np.where(wide == 0, 0.1, wide) * (1 + random.uniform(-0.2, 0.2, np.shape(x)))
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
