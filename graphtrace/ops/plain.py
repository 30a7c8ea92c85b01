"""Functions that no gradient passes through: about types and memory, integers, and positions.

Those about integers are flat rows; the others are answered from the values, which are remembered as
decisions where the answer depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.variable import NUMPY, add_methods, define, fixed, traced

_INTEGERS: list[Any] = [
    np.gcd,
    np.lcm,
    np.packbits,
    np.unpackbits,
    np.bitwise_count,
]
for _function in _INTEGERS:
    NUMPY[_function] = define(_function.__name__, _function)

_LEXSORT = define("lexsort", lambda *keys, axis: np.lexsort(keys, axis))
NUMPY[np.lexsort] = lambda keys, axis=-1: _LEXSORT(*map(traced, keys), axis=fixed(axis))


def _of_values(function: Callable[..., Any], look: Callable[[Any], Any]) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*map(look, args), **{key: look(value) for key, value in kwargs.items()})

    return answer


_QUESTIONS: list[Any] = [
    np.array2string,
    np.array_repr,
    np.array_str,
    np.can_cast,
    np.common_type,
    np.diag_indices_from,
    np.may_share_memory,
    np.min_scalar_type,
    np.shares_memory,
    np.tril_indices_from,
    np.triu_indices_from,
]
_POSITIONS: list[Any] = [np.ix_, np.ravel_multi_index, np.unravel_index]
for _function in _QUESTIONS:
    NUMPY[_function] = _of_values(_function, plain)
for _function in _POSITIONS:
    NUMPY[_function] = _of_values(_function, fixed)


def _tolist(a: Any) -> Any:
    return [_tolist(item) for item in a] if np.ndim(a) else a.item()


add_methods({"tolist": _tolist})
