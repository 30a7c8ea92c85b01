"""What the printed text of a replay calls by name, beside NumPy.

In: arguments as they are given, and what they were when the graph was traced. Out: the arguments,
checked, or an error in the words of `Graph.forward`; and the functions of rows that are called
rather than printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from graphtrace.core.primitive import Primitive, primitive_named
from graphtrace.core.sweep import pull
from graphtrace.core.variable import describe
from graphtrace.errors import ArgumentError
from graphtrace.graph.fitting import changed as changed, fitting, reshaped as reshaped, same as same

_ARRAY = np.ndarray


def array(x: Any, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """The argument `x` as an array of the traced shape and dtype; no copy of one that is."""
    # 0.10 us a call: a step of a small network is 13 us, and it has a call for each array.
    if x.__class__ is _ARRAY and x.shape == shape and x.dtype.type is dtype:
        return x
    return np.asarray(fitting(x, name, shape, dtype)).astype(dtype)


def scalar(x: Any, name: str, kind: type[np.generic]) -> Any:
    """The argument `x` as a number of NumPy's."""
    return x if x.__class__ is kind else kind(fitting(x, name, (), kind))


def as_numbers(traced: Sequence[tuple[str, type]], *given: Any) -> list[Any]:
    """The arguments as numbers of their kinds; they are by name."""
    return [kind(fitting(x, name, (), kind)) for (name, kind), x in zip(traced, given, strict=True)]


def items(x: Any, name: str, keys: Any) -> Any:
    """The entries of a dict with exactly these keys, or of a list or tuple of this length."""
    if x.__class__ is dict and tuple(x) == keys:
        return x.values()  # 0.13 us, by each key 0.22
    if isinstance(keys, int):
        if isinstance(x, (list, tuple)) and len(x) == keys:
            return x
        wanted, now = f"{keys} entries", f"has {len(x)}" if isinstance(x, (list, tuple)) else ""
    else:
        if isinstance(x, dict) and len(x) == len(keys):
            try:
                return list(map(x.__getitem__, keys))
            except KeyError:
                pass
        wanted, now = (
            f"the keys {_listed(keys)}",
            f"has {_listed(x)}" if isinstance(x, dict) else "",
        )
    raise ArgumentError(
        f"{name} was traced with {wanted} and now {now or f'is {describe(x)}'}; give it the same "
        f"structure, or trace again"
    )


def _listed(keys: Iterable[Any]) -> str:
    shown = [repr(key) if len(repr(key)) <= 40 else type(key).__name__ for key in keys]
    return ", ".join(shown if len(shown) <= 12 else [*shown[:11], "..."]) or "none"


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
