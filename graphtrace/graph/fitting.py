"""Fitting: arguments and values of a recorded function that are other than those of its trace.

In: what was traced, and what is there now. Out: the argument, if it fits; or the error that says
what has changed. Knows no graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import is_static
from graphtrace.core.variable import describe
from graphtrace.errors import ArgumentError, BranchChanged


def same(x: Any, name: str, traced: Any) -> None:
    """Refuse another value for a parameter that was fixed when it was traced."""
    if x is not traced and (isinstance(x, np.ndarray) or x != traced):
        raise ArgumentError(
            f"parameter {name} was fixed at {describe(traced)} when it was traced and is now "
            f"{describe(x)}; trace again with it"
        )


def fitting(x: Any, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """`x`, an array where it is a list, if it has that shape and numbers of that kind.

    True and False are 1 and 0, as they are to NumPy.

    >>> fitting([1, 2], "x", (2,), np.float64)
    array([1, 2])
    """
    value: Any
    try:
        value = np.asarray(x) if isinstance(x, (list, tuple)) else x
    except ValueError:  # its rows have different lengths
        value = None
    if is_static(value) and not isinstance(value, (bool, np.bool_)):
        traced = f"an array of shape {shape}" if shape else "a number"
        raise ArgumentError(
            f"{name} was traced as {traced} and is now {describe(x)}; give it one, or trace again"
        )
    if np.shape(value) != shape:
        raise ArgumentError(
            f"{name} was traced with shape {shape} and now has shape {np.shape(value)}; give it "
            f"the same shape, or trace again"
        )
    if not np.can_cast(np.result_type(value), dtype, "same_kind"):
        raise ArgumentError(
            f"{name} was traced as {np.dtype(dtype)} and is now {np.result_type(value)}; give it "
            f"numbers of the same kind, or trace again"
        )
    return value


def changed(where: str, what: str, then: Any, now: Any) -> BranchChanged:
    """The error for a decision that comes out otherwise than when it was traced."""
    return BranchChanged(
        f"{where}: `{what}` was {then} when it was traced and is {now} for these inputs; trace "
        f"again with them"
    )


def reshaped(where: str, what: str, then: tuple[int, ...], now: tuple[int, ...]) -> BranchChanged:
    """The error for a value whose shape depends on numbers, and has changed."""
    return BranchChanged(
        f"{where}: {what} had shape {then} when it was traced and has {now} for these inputs; "
        f"trace again with them"
    )
