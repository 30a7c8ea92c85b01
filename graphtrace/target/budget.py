"""What the calls of an expression may cost, told before each from the shapes that go in.

In: the name of a function and its arguments. Out: nothing, or an ExpressionError. Whoever typed the
expression may be a stranger, and a few letters, `outer(u, u)` or `diag(v, 60000)`, make what is
larger than any memory. A call is free up to ten times the size of the values that the expression
was given, so that one's own data may be as large as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from inspect import Signature, signature
from typing import Any

import numpy as np

from graphtrace.errors import ExpressionError

LARGEST = 2_000_000
"""Numbers that the calls of one run may make or go over, in all."""

_FREE = 10_000  # more than can be typed

# Functions whose result may be as large as the square of what they are given, or as the product of
# their operands; the product without the axis that they sum over, or pick from. The result of any
# other is as large as its operands broadcast together, or as these one after the other.
_SQUARES = frozenset("diag tril triu cov corrcoef qr svd multi_dot".split())
_PRODUCTS = frozenset("outer kron cross tensordot convolve correlate polyval lstsq".split())
_SUMMED = frozenset("dot inner vdot matmul matvec vecmat".split())
_STEPS = frozenset(["trapezoid"])
"""What has one number less along an axis, where of two numbers one is left, which fits to any."""
_PICKED = frozenset("getitem take take_along_axis quantile percentile".split())

_Shape = tuple[int, ...]


class Budget:
    """What is left for the calls of one run of an expression, which was given these values."""

    def __init__(self, given: Iterable[Any]) -> None:
        self._free = max(_FREE, 10 * sum(_entries(_shapes(value)) for value in given))
        self._left = LARGEST

    def call(
        self, name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Call the function, unless that may cost too much."""
        self.spend(name, (*args, *kwargs.values()), _counts(function, args, kwargs))
        return function(*args, **kwargs)

    def pick(self, value: Any, index: Any) -> Any:
        """`value[index]`; an array or a list in the index may pick an entry again and again."""
        parts = index if isinstance(index, tuple) else (index,)
        many = [part for part in parts if _shapes(part) != [()] and not _is_mask(part)]
        if many:
            self.spend("getitem", (value, *many))
        return value[index]

    def spend(self, name: str, operands: Iterable[Any], counts: int = 0) -> None:
        """Raise ExpressionError if this operation, after all before it, may cost too much."""
        shapes = [shape for operand in operands for shape in _shapes(operand)]
        cost = _cost(name.rpartition(".")[2], shapes, counts)
        if cost <= self._free:
            return
        self._left -= cost
        if self._left < 0:
            raise ExpressionError(
                f"{name} may make or go over {cost:,} numbers here, and an expression does that "
                f"with {LARGEST:,} in all: make it smaller, or put the function in a file and "
                "render path/to/file.py:function"
            )


def _cost(name: str, shapes: Sequence[_Shape], counts: int) -> int:
    """How many numbers a call makes or goes over, at most."""
    total = _entries(shapes) + counts
    sizes = list(map(math.prod, shapes))
    first = shapes[0] if shapes else ()
    if name in _SQUARES:
        return total**2
    if name in _PRODUCTS:
        return max(total, math.prod(sizes))
    if name in _SUMMED:
        summed = max((1, *first[-1:]))
        return max(total, math.prod(max(1, size // summed) for size in sizes))
    if name in _PICKED:
        return max(total, sizes[0] // max(1, min(first, default=1)) * _together(shapes[1:]))
    if name in _STEPS and not _fit(shapes) and any(2 in shape for shape in shapes):
        return max(total, math.prod(sizes))
    return max(total, _together(shapes))


def _fit(shapes: Sequence[_Shape]) -> bool:
    """Whether arrays of these shapes are broadcast together."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def _together(shapes: Sequence[_Shape]) -> int:
    """The size of arrays that are broadcast, or put one after the other where they do not fit."""
    return math.prod(np.broadcast_shapes(*shapes)) if _fit(shapes) else _entries(shapes)


def _counts(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """The sum of the numbers that stand where NumPy has a whole number by default.

    They are counts, or offsets: `n` of `diff`, `k` of `diag`.
    """
    try:
        known = _signature(function)
        given = known.bind(*args, **kwargs).arguments
    except (TypeError, ValueError):  # the call will say it, or has none
        return 0
    counts = [
        abs(getattr(given[name], "value", given[name]))
        for name, parameter in known.parameters.items()
        if name in given and type(parameter.default) is int and np.ndim(given[name]) == 0
    ]
    return sum(int(count) for count in counts if math.isfinite(count))


_signature: Callable[[Callable[..., Any]], Signature] = cache(signature)


def _is_mask(index: Any) -> bool:
    return getattr(getattr(index, "dtype", None), "kind", "") == "b"


def _shapes(value: Any) -> list[_Shape]:
    """The shape of a value; of a list that is no array the shapes of what it holds."""
    if not isinstance(value, list | tuple):
        return [getattr(value, "shape", ())]
    inner = [shape for item in value for shape in _shapes(item)]
    if len(inner) == len(value) and len(set(inner)) == 1:
        return [(len(value), *inner[0])]
    return inner or [(0,)]


def _entries(shapes: Iterable[_Shape]) -> int:
    return sum(map(math.prod, shapes))
