"""Objects of the user's own classes as containers of what their attributes hold.

In: an object. Out: `Fields`, a container that optree looks into, of the attributes that hold
numbers, arrays, or containers or objects that do; and back: another object of the same class, with
other leaves. An object that two hold, or that holds itself, is one object then too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from graphtrace.core.state import attributes_of, is_opened, is_same, state_of

Flatten = Callable[[Any], tuple[list[Any], Any]]


class Fields:
    """An object's attributes: `moving` by name, and the others, which stay as they are."""

    __slots__ = ("kind", "moving", "number")

    def __init__(self, kind: Kind, moving: dict[str, Any], number: int) -> None:
        self.kind = kind
        self.moving = moving
        self.number = number


class Kind:
    """What an object is beside its leaves."""

    __slots__ = ("cls", "names", "states", "static")

    def __init__(self, cls: type, names: tuple[str, ...], static: dict[str, Any]) -> None:
        self.cls = cls
        self.names = names
        self.static = static
        self.states = [state_of(x) or x for x in static.values()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Kind) or (self.cls, self.names) != (other.cls, other.names):
            return False
        if self.static.keys() != other.static.keys():
            return False
        return all(map(is_same, self.states, other.states))

    def __hash__(self) -> int:
        return hash((self.cls, self.names))

    def __reduce__(self) -> tuple[Any, ...]:
        return Kind, (self.cls, self.names, self.static)


class Again:
    """In place of an object that has been met before: its number."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Again) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __reduce__(self) -> tuple[Any, ...]:
        return Again, (self.number,)


class _Met:
    """An object that is looked into: what its attributes hold, leaf by leaf."""

    def __init__(self, x: Any, number: int) -> None:
        self.object = x
        self.number = number
        self.attributes: dict[str, tuple[list[Any], Callable[..., Any]]] = {}
        self.is_opened = False


def opened(leaves: Sequence[Any], flatten: Flatten, is_number: Callable[[Any], bool]) -> list[Any]:
    """The leaves with `Fields` in place of objects that hold numbers.

    What is held in several places is opened in the one that takes the fewest steps to get to.
    """
    met: dict[int, _Met] = {}
    todo: deque[_Met] = deque()

    def meet(some: Sequence[Any]) -> list[Any]:
        """The leaves with a `_Met` for an object that is new, `Again` for another."""
        marked = list(some)
        for i, leaf in enumerate(some):
            kind: Any = type(leaf)
            if id(leaf) in met:
                marked[i] = Again(met[id(leaf)].number)
            elif is_opened(kind):
                marked[i] = met[id(leaf)] = _Met(leaf, len(met))
                todo.append(marked[i])
        return marked

    first = meet(leaves)
    while todo:
        one = todo.popleft()
        for name, x in attributes_of(one.object):
            inner, back = flatten(x)
            one.attributes[name] = meet(inner), back
    every = list(met.values())

    def is_moving(leaf: Any) -> bool:
        if isinstance(leaf, Again):
            return every[leaf.number].is_opened
        return leaf.is_opened if isinstance(leaf, _Met) else is_number(leaf)

    changing = True
    while changing:  # an object that holds one that is opened is opened too
        changing = False
        for one in every:
            held = (leaf for inner, _ in one.attributes.values() for leaf in inner)
            if not one.is_opened and any(map(is_moving, held)):
                one.is_opened = changing = True

    def fields(leaf: Any) -> Any:
        if isinstance(leaf, Again) and not every[leaf.number].is_opened:
            return every[leaf.number].object
        if not isinstance(leaf, _Met):
            return leaf
        if not leaf.is_opened:
            return leaf.object
        moving: dict[str, Any] = {}
        static: dict[str, Any] = {}
        for name, (inner, back) in leaf.attributes.items():
            some = moving if any(map(is_moving, inner)) else static
            some[name] = back([fields(x) for x in inner])
        return Fields(Kind(type(leaf.object), tuple(moving), static), moving, leaf.number)

    return [fields(leaf) for leaf in first]


def closed(leaves: Sequence[Any], flatten: Flatten) -> list[Any]:
    """The leaves with new objects in place of `Fields`."""
    made: dict[int, Any] = {}
    todo = [*leaves]
    for leaf in todo:
        if isinstance(leaf, Fields):  # no __init__: it may convert or check what is traced
            made[leaf.number] = object.__new__(leaf.kind.cls)
            todo += flatten(leaf.moving)[0]
    for leaf in todo:
        if isinstance(leaf, Fields):
            new = made[leaf.number]
            for name, x in leaf.kind.static.items():
                object.__setattr__(new, name, x)
            for name, x in leaf.moving.items():
                inner, back = flatten(x)
                object.__setattr__(new, name, back([_close(one, made) for one in inner]))
    return [_close(leaf, made) for leaf in leaves]


def _close(leaf: Any, made: dict[int, Any]) -> Any:
    return made[leaf.number] if isinstance(leaf, (Again, Fields)) else leaf
