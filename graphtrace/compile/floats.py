"""Which of NumPy's scalars a program may hold as floats of Python, which are three times as fast.

In: a Graph. Out: the keys of the nodes whose double precision value, `np.tanh(z)` of a number z, is
a Python float to all that use it, without a bit's difference in any number. Where Python's floats
raise and NumPy's do not, the caller falls back on the graph.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from graphtrace.formula.row import Row
from graphtrace.graph.tree import Listing

MAY_RAISE = frozenset((operator.truediv, operator.floordiv, operator.mod, operator.pow))

_EXACT = frozenset(
    (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pos, abs)
)
_COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
_TESTS = frozenset((bool, int, math.floor, math.ceil, math.trunc, *_COMPARISONS))


def floats_for(graph: Listing, order: list[str]) -> set[str]:
    """The keys of those nodes."""
    values = {key: graph._node[key]["value"] for key in order}
    if not any(type(value) is np.float64 for value in values.values()):
        return set()
    rows: dict[str, Row] = {key: graph._node[key]["row"] for key in order}
    useful = {k for key in order for k in _used_by_operator(rows[key])}
    kept = _kept(graph, order, rows)
    floats: set[str] = set()
    for key in order:
        row = rows[key]
        if type(values[key]) is not np.float64 or not row.operands:
            continue
        is_python = row.primitive.is_operator and all(
            k in floats or type(x) in (int, float)
            for x, k in zip(row.operands, row.keys, strict=True)
        )
        is_ufunc = isinstance(row.primitive.forward, np.ufunc)
        if is_python or (is_ufunc and key in useful and key not in kept):
            floats.add(key)
    return floats


def _kept(graph: Listing, order: list[str], rows: dict[str, Row]) -> set[str]:
    """The keys of values whose type matters to something."""
    kept: set[str] = set()
    for branch in graph.graph["branches"]:
        if branch.test not in _TESTS:
            kept.update(k for k in branch.keys if k)
    for key in reversed(order):
        if key in kept or not _is_exact(rows[key]):
            kept.update(k for k in rows[key].keys if k)
    return kept


def _is_exact(row: Row) -> bool:
    """Whether an operation has the same numbers for a float of Python as for one of NumPy."""
    if not all(map(_is_double, row.operands)):
        return False
    forward = row.primitive.forward
    if forward is operator.pow:
        return type(row.operands[1]) is int and row.keys[1] is None
    if isinstance(forward, np.ufunc):  # the rules of the powers take a root of what is negative
        return forward not in (np.power, np.float_power)
    return forward in _EXACT or forward is np.where


def _is_double(x: Any) -> bool:
    return type(x) in (int, float, bool, np.float64) or (
        isinstance(x, np.ndarray) and x.dtype == np.float64
    )


def _used_by_operator(row: Row) -> Iterator[str]:
    """The operands of an operator between numbers."""
    if row.primitive.is_operator and not any(isinstance(x, np.ndarray) for x in row.operands):
        yield from (k for k in row.keys if k)
