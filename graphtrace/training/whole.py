"""Whole: Python's ints among the arguments, which a trace takes for floats.

In: a graph. Out: which of its values are ints when the function itself runs, if it makes no other
difference than that one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from graphtrace.compile import MOST
from graphtrace.core.inputs import is_static
from graphtrace.formula.row import Row
from graphtrace.graph.tree import Listing

_STAY = frozenset("add subtract negative positive absolute remainder floor_divide".split())
_DECIDE = frozenset("less less_equal greater greater_equal equal not_equal".split())
_LARGEST_FACTOR = 1000


def counts_by_value(leaf: Any, *, ints: bool) -> bool:
    """Whether an argument is a constant of a trace: no number, or an int that no float stands for.

    >>> [counts_by_value(x, ints=True) for x in ("sin", True, 3, 2**40, 3.0)]
    [True, True, False, True, False]
    """
    if isinstance(leaf, int):
        return not (ints and type(leaf) is int and -MOST < leaf < MOST)
    return is_static(leaf) or isinstance(leaf, np.integer)


def whole_values(graph: Listing, wrt: Collection[str]) -> frozenset[str] | None:
    """The keys of the values that are ints; None where floats in their place give something else.

    In the parameters `wrt` ints are floats: a gradient takes them so.

    >>> import graphtrace as gt
    >>> whole_values(gt.trace(lambda n, x: (n + 1, x * n), 3, 2.0), ())
    frozenset({...})
    >>> whole_values(gt.trace(lambda n: n * n, 3), ()) is None
    True
    """
    trees = graph.graph["parameters"]
    floats = {leaf.key for name in wrt for leaf in trees[name].leaves}
    nodes = graph._node
    given = (key for key in graph.inputs if nodes[key]["row"].params.get("whole"))
    whole = {key for key in given if key not in floats}
    for key in graph._in_order() if whole else ():
        row: Row = nodes[key]["row"]
        if any(k in whole for k in row.keys):
            kind = _kind(row, whole)
            if kind is None:
                return None
            if kind is int:
                whole.add(key)
    return frozenset(whole)


def _kind(row: Row, whole: set[str]) -> type | None:
    """What an operation on ints returns, int or float; None where floats would not do."""
    name = row.primitive.op
    if not row.primitive.is_operator:
        return None
    others = [
        x
        for x, k in zip(row.operands, row.keys, strict=True)
        if k not in whole and not (k is None and type(x) is int)
    ]
    if others:
        return float if all(map(_is_float, others)) else None
    if name in _STAY:
        return int
    if name in _DECIDE or name == "divide":
        return float
    if name == "multiply":
        factors = [x for x, k in zip(row.operands, row.keys, strict=True) if k is None]
        return int if factors and abs(factors[0]) <= _LARGEST_FACTOR else None
    return None


def _is_float(x: Any) -> bool:
    kind = type(x)
    if kind is np.ndarray:
        return bool(x.dtype.kind in "fc")
    return kind in (float, complex) or issubclass(kind, np.inexact)
