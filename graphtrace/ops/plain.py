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

for _name in "gcd lcm packbits unpackbits bitwise_count".split():
    NUMPY[getattr(np, _name)] = define(_name, getattr(np, _name))

_LEXSORT = define("lexsort", lambda *keys, axis: np.lexsort(keys, axis))
NUMPY[np.lexsort] = lambda keys, axis=-1: _LEXSORT(*map(traced, keys), axis=fixed(axis))


def _of_values(function: Callable[..., Any], look: Callable[[Any], Any]) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*map(look, args), **{key: look(value) for key, value in kwargs.items()})

    return answer


_QUESTIONS = """
    array2string array_repr array_str can_cast common_type diag_indices_from may_share_memory
    min_scalar_type shares_memory tril_indices_from triu_indices_from
""".split()
_POSITIONS = "ix_ ravel_multi_index unravel_index".split()
for _name in (*_QUESTIONS, *_POSITIONS):
    _look = plain if _name in _QUESTIONS else fixed
    NUMPY[getattr(np, _name)] = _of_values(getattr(np, _name), _look)


def _tolist(a: Any) -> Any:
    return [_tolist(item) for item in a] if np.ndim(a) else a.item()


add_methods({"tolist": _tolist})
