"""Standing in: what a program calls and returns that stands in for the user's own function.

In: arguments, and what they were when the function was traced. Out: the same, or `Elsewhere`, which
says nothing: whoever called the program has another one, or the function itself, for them. The
functions have the names of those in `calls`, which convert what they can and explain the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np

from graphtrace.compile.calls import forward, rule
from graphtrace.core.pytree import Structure, flatten
from graphtrace.core.state import State, state_of

_ARRAY = np.ndarray
MOST = 2**31
"""Sums and differences of some ints that are smaller are exact as floats."""


class Elsewhere(Exception):
    """The program does not hold for these arguments."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a program returns that stands in for a function of the user's.

    Args:
        returns: The function's value, or its gradients in `wrt`, or a pair of both.
        wrt: The parameters that are differentiated in.
        is_tuple: Whether the gradients are a tuple, one for each; else there is one.
        whole: The keys of the values that are ints when the function itself runs.
    """

    returns: Literal["value", "gradients", "both"] = "value"
    wrt: tuple[str, ...] = ()
    is_tuple: bool = False
    whole: frozenset[str] = frozenset()


def arrays(kinds: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...], *xs: Any) -> None:
    """Nothing, if each is an array of its shape and dtype."""
    # All in one call, 0.1 us each: a step of a small network is 12 us.
    for x, (shape, dtype) in zip(xs, kinds, strict=True):
        if x.__class__ is not _ARRAY or x.shape != shape or x.dtype != dtype:
            raise Elsewhere


def packed(*xs: Any) -> list[Any]:
    """Arrays that a transform is to differentiate in, without gaps, as the transform copies them.

    NumPy sums the entries of an array with gaps in another order.
    """
    return [x if x.flags.forc else x.copy("K") for x in xs]


def scalar(x: Any, name: str, kind: type[np.generic]) -> Any:
    """`x`, if it is a number of that kind."""
    if x.__class__ is kind:
        return x
    raise Elsewhere


def floats(*xs: Any) -> tuple[Any, ...]:
    """The arguments, if each is a float."""
    for x in xs:
        if x.__class__ is not float:
            raise Elsewhere
    return xs


def whole(x: Any) -> float:
    """An int as a float, if sums of such floats are those of the ints."""
    if x.__class__ is int and -MOST < x < MOST:
        return float(x)
    raise Elsewhere


def items(x: Any, name: str, keys: Any, kind: Any) -> Any:
    """The entries of a dict with exactly these keys, or of a list or tuple of this length."""
    if x.__class__ is kind:
        if kind is not dict:
            if len(x) == keys:
                return x
        elif tuple(x) == keys:
            return x.values()
    raise Elsewhere


def leaves_of(x: Any, structure: Structure) -> list[Any]:
    """The leaves of a container of this structure, as `Structure.leaves_of`."""
    leaves, now = flatten(x)
    if now == structure:
        return leaves
    raise Elsewhere


def same(x: Any, name: str, traced: Any) -> None:
    """Nothing, if `x` is what it was."""
    if x is not traced and (x.__class__ is not traced.__class__ or x != traced):
        raise Elsewhere


class Held:
    """An argument that is a constant of a trace, and what it held then."""

    def __init__(self, value: Any, state: State) -> None:
        self.value = value
        self.state = state


def unchanged(x: Any, name: str, traced: Held) -> None:
    """Nothing, if `x` is what it was and nothing in it has changed in place."""
    same(x, name, traced.value)
    if state_of(x) != traced.state:
        raise Elsewhere


def changed(*_: Any) -> NoReturn:
    """A decision comes out otherwise."""
    raise Elsewhere


def reshaped(*_: Any) -> NoReturn:
    """A value has another shape."""
    raise Elsewhere


HELPERS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        arrays, changed, floats, forward, items, leaves_of, packed, reshaped, rule, same, scalar,
        unchanged, whole,
    )
}  # fmt: skip
"""What a program that stands in calls by name."""
