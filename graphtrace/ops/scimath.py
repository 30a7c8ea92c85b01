"""np.emath (np.lib.scimath): the functions that leave the real line where their domain ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import of_numpy, plain
from graphtrace.core.variable import NUMPY, Variable, decided, handles, traced
from graphtrace.ops.shape import astype


def below_zero(x: Any) -> bool:
    """Whether an entry is less than 0."""
    return bool(np.any(x < 0))


def beyond_one(x: Any) -> bool:
    """Whether an entry is outside [-1, 1]."""
    return bool(np.any(abs(x) > 1))


def _complex_where(outside: Callable[[Any], bool], x: Any) -> Any:
    """`x` as complex numbers if one of its entries is real and outside the real domain."""
    x = traced(x)
    value = plain(x)
    if np.iscomplexobj(value) or not decided(outside, x):
        return x
    return astype(x, dtype=np.result_type(value, np.complex64))


def _extended(name: str, outside: Callable[[Any], bool]) -> None:
    function = getattr(np, name)
    NUMPY[getattr(np.emath, name)] = lambda x: function(_complex_where(outside, x))


for _name in ("sqrt", "log", "log2", "log10"):
    _extended(_name, below_zero)
for _name in ("arccos", "arcsin", "arctanh"):
    _extended(_name, beyond_one)

NUMPY[np.emath.logn] = lambda n, x: (
    np.log(_complex_where(below_zero, x)) / np.log(_complex_where(below_zero, n))
)


@handles(np.emath.power)
def _power(x: Any, p: Any) -> Any:
    """NumPy makes arrays of both, so that a Python number decides the precision as well."""
    p = traced(p)
    p = of_numpy(p) if type(p) is Variable else np.asarray(p)
    return np.power(_complex_where(below_zero, x), p)
