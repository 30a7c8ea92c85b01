"""Whole numbers: Python's ints are traced as floats, and here their arithmetic is run on ints.

In: the rows of a Wengert list and the ints that were its inputs. Out: the int that each row stands
for, and where a float that does not hold it decides something: in `%`, in `//`, in a branch. Knows
Python's operators only.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from graphtrace.errors import ArgumentError

_ARITHMETIC = frozenset(
    "add subtract multiply floor_divide remainder power negative positive absolute identity".split()
)
STEPWISE = {"remainder": "%", "floor_divide": "//"}
_MOST_BITS = 1024  # of an int that is no larger than the largest float

Whole = dict[int, int | None]
"""The int that a row stands for, None for one that is larger than any float."""


def as_float(number: Any, called: str) -> float:
    """The float for an int, which must hold it: those above 2**53 have gaps between them.

    >>> as_float(5, "parameter n")
    5.0
    """
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if value == int(number):
        return value
    instead = "a smaller number" if value in (math.inf, -math.inf) else f"the float {value!r}"
    raise ArgumentError(
        f"{called} is {shown(int(number))}, a whole number that no float holds, and ints are "
        f"traced as floats; pass {instead}"
    )


def shown(number: int | None) -> str:
    """An int as it is written; only how long it is where that is long."""
    if number is None:
        return "more than the largest float"
    digits = int(number.bit_length() * math.log10(2)) + 1
    return str(number) if digits < 50 else f"a number of about {digits} digits"


def follow(rows: Sequence[tuple[Any, ...]], start: int, whole: Whole) -> str | None:
    """Add the ints that the rows from `start` on stand for; the first step that floats get wrong.

    A sum or a product that is rounded is as good a float as any; what is left of a division by an
    int is not.
    """
    for i in range(start, len(rows)):
        row = rows[i]
        name = row[0].name
        if name not in _ARITHMETIC:
            continue
        ints = ints_of(row[3::2], row[4::2], whole)
        if ints is None:
            continue
        exact = None if None in ints else row[0].forward(*ints)
        if exact is None or exact.__class__ is int:
            whole[i] = None if exact is None or exact.bit_length() > _MOST_BITS else exact
            if name in STEPWISE and exact != row[1]:
                return f" {STEPWISE[name]} ".join(map(shown, ints))
    return None


def ints_of(
    operands: Sequence[Any], parents: Sequence[int], whole: Whole
) -> list[int | None] | None:
    """The ints that operands stand for; None where one is no whole number."""
    ints: list[int | None] = []
    for x, parent in zip(operands, parents, strict=True):
        if parent < 0 and x.__class__ is int:
            ints.append(x)
        elif parent in whole:
            ints.append(whole[parent])
        else:
            return None
    return ints


def misleads(
    test: Callable[..., Any],
    operands: Sequence[Any],
    parents: Sequence[int],
    outcome: Any,
    whole: Whole,
) -> bool:
    """Whether ints decide otherwise than the floats that stand for them."""
    exact = [whole.get(p, x) if p >= 0 else x for x, p in zip(operands, parents, strict=True)]
    if all(n is x or p < 0 or n == x for n, x, p in zip(exact, operands, parents, strict=True)):
        return False
    if isinstance(test, functools.partial):  # whether an operation fails, which may take for ever
        return False
    return None in exact or bool(test(*exact) != outcome)
