"""Arrays among the params of an operation, and the names that stand for them in formulas.

In: params, and a name for each array in them. Out: the same params, whose arrays know their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class NamedArray(np.ndarray[Any, Any]):
    """An array that a formula shows by its name; what is computed from it has none.

    >>> named(np.array([True, False]), "mask").name, (~named(np.array([True]), "mask")).name
    ('mask', '')
    """

    name: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        return named, (np.asarray(self), self.name)

    def __deepcopy__(self, memo: dict[int, Any] | None, /) -> NamedArray:
        return named(np.array(self), self.name)


def named(array: np.ndarray[Any, Any], name: str) -> NamedArray:
    """A view of the array, with a name."""
    view = array.view(NamedArray)
    view.name = name
    return view


def arrays_in(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays in params, in a tuple, a list or a dict, in their order."""
    if isinstance(x, np.ndarray):
        yield x
    elif isinstance(x, (tuple, list, dict)):
        for part in x.values() if isinstance(x, dict) else x:
            yield from arrays_in(part)


def with_names(params: dict[str, Any], names: Sequence[str | None]) -> dict[str, Any]:
    """The params, with a name for each of `arrays_in(params)` that has one."""
    waiting = iter(names)

    def renamed(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            name = next(waiting)
            return x if name is None else named(x, name)
        if isinstance(x, dict):
            return {key: renamed(part) for key, part in x.items()}
        return type(x)(map(renamed, x)) if type(x) in (tuple, list) else x

    return {key: renamed(x) for key, x in params.items()}
