"""State: what a value that is handed on as it is holds, so that a change in place is seen.

In: a flag, a string, a function, an object of the user's own class, or another value that is no
number. Out: its state, equal to a later one of the same value as long as nothing in it has changed;
None for what cannot change. What an object of an installed library holds is not looked into,
unless it has no hash, as what is compared by its contents has none.
"""

from __future__ import annotations

import enum
import functools
import pickle
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from graphtrace.core.describe_error import is_installed

_NOT_OPENED = (
    type,
    ModuleType,
    BaseException,
    str,
    bytes,
    bytearray,
    int,
    float,
    complex,
    list,
    tuple,
    dict,
    set,
    frozenset,
    enum.Enum,
)
_NO_CONTAINER = ("__array_ufunc__", "__array__", "__next__", "__await__")
_OURS = __name__.partition(".")[0]

_LASTING = (
    str,
    bytes,
    int,
    float,
    complex,
    type(None),
    type(...),
    type,
    range,
    slice,
    enum.Enum,
    np.generic,
    np.dtype,
    np.ufunc,
    FunctionType,
    BuiltinFunctionType,
    ModuleType,
)
_COLLECTIONS = (list, tuple, set, frozenset, deque)


@functools.cache
def is_opened(kind: Any) -> bool:
    """Whether objects of a class are looked into: it is the user's own, and no kind of number.

    >>> is_opened(object), is_opened(dict), is_opened(np.ndarray)
    (False, False, False)
    """
    if issubclass(kind, _NOT_OPENED) or kind.__flags__ & (1 << 9) == 0:  # written in C
        return False
    if any(hasattr(kind, name) for name in _NO_CONTAINER):
        return False
    if kind.__module__.partition(".")[0] in (_OURS, "builtins"):
        return False
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return file is None or not is_installed(file)


class State:
    """All that a value holds, one after the other; arrays are equal where all entries are."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State) or len(self.parts) != len(other.parts):
            return False
        return all(map(is_same, self.parts, other.parts))

    def __hash__(self) -> int:
        return len(self.parts)


def state_of(x: Any) -> State | None:
    """The state of a value; None for what cannot change in place.

    >>> flags = {"train": True}
    >>> before = state_of([flags])
    >>> flags["train"] = False
    >>> state_of([flags]) == before, state_of("train")
    (False, None)
    """
    if isinstance(x, _LASTING):
        return None
    parts: list[Any] = []
    todo, seen = [x], set()
    while todo:  # a list that is linked may be longer than Python's stack
        one: Any = todo.pop()
        if isinstance(one, _LASTING):
            parts.append(one)
            continue
        parts.append(type(one))
        if id(one) not in seen:
            seen.add(id(one))
            own, held = _taken_apart(one)
            parts += own
            todo += held
    return State(parts)


def is_same(a: Any, b: Any) -> bool:
    """Whether it is one value, or two that are equal and of one type."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    try:
        return np.array_equal(a, b) if isinstance(a, np.ndarray) else bool(a == b)
    except Exception:  # noqa: BLE001  (whatever its == raises)
        return False


def _taken_apart(x: Any) -> tuple[list[Any], list[Any]]:
    """What a value is by itself, and what it holds."""
    if isinstance(x, np.ndarray):
        return [x.copy()], []
    kind: Any = type(x)
    attributes = chain(*attributes_of(x))
    if isinstance(x, (*_COLLECTIONS, dict)):
        held: Iterable[Any] = chain(*x.items()) if isinstance(x, dict) else x
        return [len(x)], [*held, *attributes]
    if is_opened(kind):
        return [x], [*attributes]
    if kind.__hash__ is not None:
        return [x], []
    try:
        return [pickle.dumps(x)], []
    except Exception:  # noqa: BLE001  (a pickle may raise anything)
        return [], [*attributes]


def attributes_of(x: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, by name: in its dictionary and in its slots."""
    yield from getattr(x, "__dict__", {}).items()
    for cls in type(x).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = f"_{cls.__name__.lstrip('_')}{slot}" if _is_private(slot) else slot
            if name not in ("__dict__", "__weakref__") and hasattr(x, name):
                yield name, getattr(x, name)


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
