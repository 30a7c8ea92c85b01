"""The names of constant arrays: how the source writes them, told apart where it writes two alike.

In: the operands and the params of a row, and where it was made. Out: what stands in a formula for
each array that is no node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from graphtrace.core.named_array import arrays_in
from graphtrace.core.operands import operands, subscript
from graphtrace.core.tape import Location
from graphtrace.formula.naming import CONSTANT_ARRAY
from graphtrace.formula.printer import constant
from graphtrace.ops.index import places_text


class Names:
    """Gives out each name once: a second `h` is `h_2`."""

    def __init__(self, taken: Any = ()) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The name, numbered if it is taken; from now on it is."""
        key, n = name, self._last.get(name, 1)
        while key in self._taken:
            n += 1
            key = f"{name}_{n}"
        self._last[name] = n
        self._taken.add(key)
        return key

    def next_of(self, names: Iterator[str]) -> str:
        """The first of the names that is free."""
        return self.unique(next(name for name in names if name not in self._taken))


class ArrayNames:
    """The names that the constant arrays of a graph have got; `taken` are the keys of its nodes."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._names = Names(self._taken)
        # The array that a name stood for last, and how it is told from those before.
        self._last: dict[str, tuple[str, np.ndarray[Any, Any]]] = {}

    def of_operands(
        self, names: tuple[str | None, ...], xs: tuple[Any, ...], here: Location
    ) -> tuple[str | None, ...]:
        """The names, with those of constant arrays as the source writes them, `X` in `X @ w`."""
        constants = [
            n is None and isinstance(x, np.ndarray) for n, x in zip(names, xs, strict=True)
        ]
        if not any(constants):
            return names
        scope, lasti = here
        written = () if scope.code is None else operands(scope.code, lasti)
        if len(written) != len(names):
            written = (None,) * len(names)
        # One that a node has as well would stand for two things.
        free = (None if name in self._taken else name for name in written)
        return tuple(
            self._of_operand(w, x) if c else n
            for c, n, w, x in zip(constants, names, free, xs, strict=True)
        )

    def of_params(self, params: Mapping[str, Any], here: Location) -> tuple[str | None, ...]:
        """A name for each array in the params, `places` in `x[places]`; None for its entries."""
        arrays = list(arrays_in(params))
        if not arrays:
            return ()
        written = self._parts_of_index(params.get("index"), here)
        names = []
        for array in arrays:
            text = places_text(array) if "index" in params else constant(array)
            name = self._numbered(written.get(id(array), text), array)
            names.append(None if name == text else name)
        return tuple(names)

    def _parts_of_index(self, index: Any, here: Location) -> dict[int, str]:
        """How the source writes the arrays in an index, by their `id`."""
        scope, lasti = here
        if index is None or scope.code is None:
            return {}
        parts = index if type(index) is tuple else (index,)
        written = subscript(scope.code, lasti)
        if len(written) != len(parts):
            return {}
        return {
            id(part): name
            for part, name in zip(parts, written, strict=True)
            if name is not None and "(" not in name and name not in self._taken
        }

    def _of_operand(self, name: str | None, array: Any) -> str | None:
        """The name of a constant array; None where its numbers say it all."""
        if name is None or "(" in name:
            text = constant(array)
            if not CONSTANT_ARRAY.match(text):
                return None
            name = name or text
        return self._numbered(name, array)

    def _numbered(self, name: str, array: Any) -> str:
        """The name for an array, numbered where it has stood for another one before: `X_2`."""
        known = self._last.get(name)
        if known is not None and _are_same(known[1], array):
            return known[0]
        key = self._names.unique(name)
        self._last[name] = key, array
        return key


def _are_same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether one name may stand for both: a mask chooses others than the places 0 and 1 do."""
    return a is b or ((a.dtype == bool) == (b.dtype == bool) and np.array_equal(a, b))
