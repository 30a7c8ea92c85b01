"""What the printed text of a replay calls by name, beside NumPy.

In: arguments as they are given, and what they were when the graph was traced. Out: the arguments,
checked, or an error in the words of `Graph.forward`; and the functions of rows that are called
rather than printed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import is_static
from graphtrace.core.primitive import Primitive, primitive_named
from graphtrace.core.sweep import pull
from graphtrace.errors import ArgumentError
from graphtrace.graph.traced import changed as changed, reshaped as reshaped, same as same

_ARRAY = np.ndarray


def array(x: Any, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """The argument `x` as an array of the traced shape and dtype; no copy of one that is."""
    # 0.10 us a call: a step of a small network is 13 us, and it has a call for each array.
    if x.__class__ is _ARRAY and x.shape == shape and x.dtype.type is dtype:
        return x
    x = _converted(x, name, dtype)
    if x.shape != shape:
        raise ArgumentError(
            f"{name} was traced with shape {shape} and is now {x!r:.60}; give it the same shape, "
            f"or trace again"
        )
    return x


def _converted(x: Any, name: str, dtype: Any) -> Any:
    if is_static(x) and not isinstance(x, (list, tuple)):
        raise ArgumentError(f"{name} was traced as an array and is now {x!r:.60}; give it one")
    given = np.asarray(x)
    if not np.can_cast(given.dtype, dtype, "same_kind"):
        raise ArgumentError(
            f"{name} was traced as {np.dtype(dtype)} and is now {given.dtype}; give it numbers of "
            f"the same kind, or trace again"
        )
    return given.astype(dtype)


def items(x: Any, name: str, keys: Any) -> Any:
    """The entries of a dict with exactly these keys, or of a list or tuple of this length."""
    if x.__class__ is dict and tuple(x) == keys:
        return x.values()  # 0.13 us, by each key 0.22
    if isinstance(keys, int):
        if isinstance(x, (list, tuple)) and len(x) == keys:
            return x
        wanted = f"{keys} entries"
    else:
        if isinstance(x, dict) and len(x) == len(keys):
            try:
                return list(map(x.__getitem__, keys))
            except KeyError:
                pass
        wanted = f"the keys {', '.join(map(repr, keys))}"
    raise ArgumentError(
        f"{name} was traced with {wanted} and is now {x!r:.60}; give it the same structure, or "
        f"trace again"
    )


def forward(name: str) -> Callable[..., Any]:
    """The function of the operation's row."""
    return primitive_named(name).forward


def rule(name: str, k: int, /, **params: Any) -> Callable[..., Any]:
    """What gives operand `k` its adjoint, of the output's adjoint, the output and the operands."""
    return rule_of(primitive_named(name), k, params)


def rule_of(primitive: Primitive, k: int, params: dict[str, Any]) -> Callable[..., Any]:
    """`rule` for a row that may have no name in the registry."""

    def pulled(g: Any, y: Any, *xs: Any) -> Any:
        return pull(primitive, k, g, y, xs, params)

    return pulled
