"""What a row of a file may be: declared as its operation says, and computable as it stands.

In: an operation, its operands and params, and the value that the file gives the row. Out: nothing,
or an error that says what is wrong. Each row is computed once, from the inputs on, so that a graph
that was loaded has a forward pass; the rules of small rows are tried, so that it has a backward
pass. Knows nothing of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.inputs import INPUT, gradient_like, is_static
from graphtrace.core.primitive import Primitive, param_names
from graphtrace.core.sweep import pull
from graphtrace.core.variable import raised
from graphtrace.document.work import Allowance
from graphtrace.errors import GraphtraceError
from graphtrace.formula.row import Row
from graphtrace.graph.build import CONSTANT
from graphtrace.graph.tree import Branch
from graphtrace.ops.index import Slot

_WORD = re.compile(r"[A-Za-z_]{0,30}")
_DTYPE = re.compile(r"[<>=|]?((bool|u?int|float|complex|[iufcb])\d*|longdouble|[?bhilqefdgFDG])")
_SUBSCRIPTS = re.compile(r"[A-Za-z,.> -]*")
_TEXTS = {"dtype": _DTYPE, "subscripts": _SUBSCRIPTS}

# The params that may hold more than numbers, words, arrays, and lists and tuples of these.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "dtype": (np.dtype, type),
    "how": (dict,),
    "index": (Slot, slice, type(...)),
    "obj": (slice,),
    "ufunc": (np.ufunc,),
}
_PLAIN = (type(None), bool, int, float, complex, str, np.generic, np.ndarray)

_TRIED = 256
"""The rules of a row with more entries are not tried: that may take longer than reading it."""


def require_params(primitive: Primitive, params: Mapping[str, Any]) -> None:
    """Refuse params that the operation does not declare, or of a kind that no param has."""
    names = param_names(primitive)
    for name, x in params.items():
        if not name.isidentifier() or not (names is None or name in names):
            raise ValueError(f"{primitive.name} has no param {name!r:.60}")
        if ":" not in primitive.name:
            _require_kind(name, x)


def _require_kind(name: str, x: Any) -> None:
    for part in _parts(x):
        if not isinstance(part, (*_PLAIN, *_KINDS.get(name, ()))):
            raise ValueError(f"{name} is {part!r:.60}")
        if isinstance(part, str) and not _TEXTS.get(name, _WORD).fullmatch(part):
            raise ValueError(f"{name} is {part!r:.60}")


def _parts(x: Any) -> Iterator[Any]:
    """A value, and what is in it where it is a list, a tuple or a dict."""
    if type(x) is dict:
        yield x
        yield from (part for item in x.items() for each in item for part in _parts(each))
    elif type(x) in (list, tuple):
        yield from (part for item in x for part in _parts(item))
    else:
        yield x


def require_operands(primitive: Primitive, keys: Sequence[str | None], xs: Sequence[Any]) -> None:
    """Refuse operands that are no numbers or arrays, or are not as many as the rules."""
    if primitive in (INPUT, CONSTANT):
        if keys:
            raise ValueError(f"{primitive.name} has no operands")
        return
    rules = primitive.partials or primitive.vjps
    if rules is not None and len(rules) != len(xs):
        raise ValueError(f"{primitive.name} of {len(xs)} operands, which has {len(rules)}")
    if not all(map(is_value, xs)):
        raise ValueError("an operand that is no number and no array of numbers")
    if all(key is None for key in keys):
        raise ValueError(f"{primitive.name} of constants alone, which is no node of a graph")


def is_value(x: Any) -> bool:
    """Whether a node can have this value: a number, a flag, or an array of them."""
    return isinstance(x, (bool, int, float, complex, np.generic, np.ndarray))


class Computed:
    """The values of a graph as its rows give them, each computed once; `values` by the keys."""

    def __init__(self, allowance: Allowance) -> None:
        self.values: dict[str, Any] = {}
        self._allowance = allowance

    def add(self, row: Row) -> None:
        """Compute a row; refuse one whose value has another shape or type than the file says."""
        if not row.operands:
            self.values[row.name] = row.value
            return
        xs = self._operands(row.keys, row.operands)
        self._allowance.spend(row.primitive, xs, row.params)
        value = row.primitive.forward(*xs, **row.params)
        if _kind(value) != _kind(row.value):
            was, now = _described(row.value), _described(value)
            raise ValueError(f"the value is {was}, and what computes it gives {now}")
        self.values[row.name] = value

    def try_rule(self, row: Row, k: int) -> None:
        """Apply the derivative rule of operand `k` of a small row."""
        if ":" in row.primitive.name or sum(map(np.size, (row.value, *row.operands))) > _TRIED:
            return
        self._allowance.spend(row.primitive, row.operands, row.params)
        g = gradient_like(np.ones_like(row.value), row.value)
        with suppress(GraphtraceError):  # it has none, and says so in words of its own
            pull(row.primitive, k, g, row.value, row.operands, row.params)

    def check(self, branch: Branch) -> None:
        """Refuse a decision that comes out otherwise."""
        xs = branch.operands
        for each in (self._operands(branch.keys, xs), xs):
            self._require_bounded(branch, each)
            try:
                outcome = branch.test(*each)
            except (ValueError, OverflowError) as error:  # int(nan)
                outcome = str(error)
        if not np.array_equal(outcome, branch.outcome):
            raise ValueError(f"it comes out as {outcome!r:.60}")

    def _require_bounded(self, branch: Branch, xs: Sequence[Any]) -> None:
        """Refuse an operation that is said to raise, if it is no row or asks for too much."""
        if isinstance(branch.test, partial) and branch.test.func is raised:
            operation, params = branch.test.args
            if isinstance(operation, Primitive):
                require_params(operation, params)
                require_operands(operation, branch.keys, xs)
                self._allowance.spend(operation, xs, params)

    def _operands(self, keys: Sequence[str | None], xs: Sequence[Any]) -> tuple[Any, ...]:
        """What goes into a row: the values as they are computed, and constants."""
        return tuple([x if k is None else self.values[k] for k, x in zip(keys, xs, strict=True)])


def require_gradient(grad: Any, value: Any) -> None:
    """Refuse a gradient of another shape or type than its value has."""
    if not is_value(grad) or _kind(grad) != _kind(gradient_like(None, value)):
        raise ValueError("the gradient has another shape or type than its value")


def _kind(x: Any) -> tuple[bool, tuple[int, ...], Any]:
    """Whether it is an array, its shape and its dtype; of a Python number the dtype of the same."""
    if not is_value(x):
        return False, (), type(x)
    numpy = isinstance(x, (np.ndarray, np.generic))
    return isinstance(x, np.ndarray), np.shape(x), x.dtype if numpy else np.dtype(type(x))


def _described(x: Any) -> str:
    is_array, shape, dtype = _kind(x)
    return f"an array of {dtype} of shape {shape}" if is_array else f"a number of type {dtype}"


def require_leaf(x: Any) -> None:
    """Refuse a fixed leaf of a parameter that would be traced, or that holds others."""
    if not is_static(x) or isinstance(x, (list, tuple, dict)):
        raise ValueError(f"{x!r:.60} where a flag, a text or the like should be")
