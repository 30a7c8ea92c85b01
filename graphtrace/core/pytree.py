"""Nested containers, flattened to leaves with the names one would write for them.

In: a parameter's value. Out: leaves, their names (`params['W1']`, `layers[0]`, `p.W`), and the way
back. optree does the work, so that what is registered with it is a container too; a bare number or
array, the common case, does not wait for it to be imported. A dataclass is a container of its
fields, but for those with `field(metadata={"static": True})`, as in JAX; an object of another
class of the user's is one of its attributes (`objects`).
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphtrace.core.objects import Fields, Kind, closed, opened
from graphtrace.core.state import State, is_opened
from graphtrace.errors import ArgumentError

_LEAVES = (int, float, complex, str)
_NUMBERS = frozenset((int, float, complex, np.ndarray, np.float64))
_NAMESPACE = "graphtrace"

_registered: set[type] = set()  # the dataclasses met so far
_registering = threading.Lock()


class Structure:
    """How leaves are put together: a function from leaves to the tree."""

    __slots__ = ("_has_objects", "_treedef")

    def __init__(self, treedef: Any = None, *, has_objects: bool = False) -> None:
        self._treedef = treedef  # None: the tree is one leaf
        self._has_objects = has_objects  # `Fields` in it stand for objects

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and bool(self._treedef == other._treedef)

    def __hash__(self) -> int:
        return hash(self._treedef)

    @property
    def is_leaf(self) -> bool:
        """Whether the tree is a leaf itself, in no container."""
        return self._treedef is None or bool(self._treedef.is_leaf())

    def __reduce__(self) -> tuple[Any, ...]:
        if self._treedef is None:
            return Structure, ()
        import pickle

        kinds = tuple({kind for kind in _kinds(self._treedef) if dataclasses.is_dataclass(kind)})
        return _restored, (kinds, pickle.dumps(self._treedef), self._has_objects)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """The tree with these leaves."""
        if self._treedef is None:
            return leaves[0]
        tree = self._treedef.unflatten(leaves)
        return _with_objects(tree) if self._has_objects else tree

    def leaves_of(self, tree: Any, what: str) -> list[Any]:
        """The leaves of another tree of this structure, dicts matched by their keys.

        Raises ArgumentError, which calls the tree `what`, where it has another structure.
        """
        if self._treedef is None:
            return [tree]
        try:
            given = _with_fields(tree) if self._has_objects else tree
            parts: list[Any] = self._treedef.flatten_up_to(given)
        except (ValueError, TypeError):
            shown = self(["*"] * self._treedef.num_leaves)
            raise ArgumentError(
                f"{what} has another structure than {shown}; give it the same keys and lengths"
            ) from None
        return parts


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of `tree`, dicts in their own order, and the function that puts leaves back.

    >>> leaves, back = flatten({"w": 1.0, "b": [2.0, 3.0]})
    >>> leaves, back([10, 20, 30])
    ([1.0, 2.0, 3.0], {'w': 10, 'b': [20, 30]})
    """
    if _is_bare(tree):
        return [tree], Structure()
    leaves, treedef = _flattened(tree)
    if any(map(is_opened, set(map(type, leaves)) - _NUMBERS)):
        with_fields = opened(leaves, _reversible, _is_number)
        if any(type(leaf) is Fields for leaf in with_fields):
            leaves, treedef = _flattened(treedef.unflatten(with_fields))
            return leaves, Structure(treedef, has_objects=True)
    return leaves, Structure(treedef)


def _flattened(tree: Any) -> tuple[list[Any], Any]:
    """The leaves, objects among them, and optree's own word for the structure."""
    optree = _optree()
    while True:
        leaves, treedef = optree.tree_flatten(tree, namespace=_NAMESPACE)
        kinds = set(map(type, leaves)) - _NUMBERS
        met = [kind for kind in kinds if hasattr(kind, "__dataclass_fields__")]
        if not met:
            return leaves, treedef
        for kind in met:
            _register(kind)


def _reversible(tree: Any) -> tuple[list[Any], Any]:
    leaves, treedef = _flattened(tree)
    return leaves, treedef.unflatten


def _around_fields(tree: Any) -> tuple[list[Any], Any]:
    leaves, treedef = _optree().tree_flatten(
        tree, is_leaf=lambda x: type(x) is Fields, namespace=_NAMESPACE
    )
    return leaves, treedef.unflatten


def _with_fields(tree: Any) -> Any:
    """A tree with `Fields` in place of its objects."""
    leaves, back = _reversible(tree)
    return back(opened(leaves, _reversible, _is_number))


def _with_objects(tree: Any) -> Any:
    """A tree with objects in place of its `Fields`."""
    leaves, back = _around_fields(tree)
    return back(closed(leaves, _around_fields))


def _is_number(leaf: Any) -> bool:
    return _is_bare(leaf) and not isinstance(leaf, (bool, np.bool_, str))


def leaf_names(tree: Any, name: str) -> list[str]:
    """The names of the leaves of a parameter called `name`.

    >>> leaf_names({"W": [1.0, 2.0]}, "params")
    ["params['W'][0]", "params['W'][1]"]
    """
    if _is_bare(tree):
        return [name]
    accessors = _optree().tree_accessors(_with_fields(tree), namespace=_NAMESPACE)
    return [accessor.codify(name) for accessor in accessors]


@functools.cache
def _optree() -> Any:
    """optree, which from now on keeps dicts of our namespace in their own order.

    Its context manager is entered for good: to switch for each call takes 3 us and is not safe in
    threads.
    """
    import optree

    order = optree.dict_insertion_ordered(True, namespace=_NAMESPACE)
    order.__enter__()
    atexit.register(order.__exit__, None, None, None)  # which keeps it until then
    how: dict[str, Any] = {"path_entry_type": optree.GetAttrEntry, "namespace": _NAMESPACE}
    kind: Any = Fields  # which is no collection to Python
    optree.register_pytree_node(kind, _open_fields, _close_fields, **how)
    return optree


def _open_fields(fields: Any) -> tuple[list[Any], tuple[Kind, int], tuple[str, ...]]:
    return list(fields.moving.values()), (fields.kind, fields.number), fields.kind.names


def _close_fields(fixed: Any, parts: Iterable[Any]) -> Any:
    kind, number = fixed
    return Fields(kind, dict(zip(kind.names, parts, strict=True)), number)


def _is_bare(tree: Any) -> bool:
    """Whether a tree is a number or an array, traced or not."""
    return isinstance(tree, _LEAVES) or hasattr(type(tree), "__array_ufunc__")


def _register(kind: type) -> None:
    """Make a dataclass a container of its fields in their order, once."""
    import optree

    fields = dataclasses.fields(kind)
    static = tuple(f.name for f in fields if f.metadata.get("static"))
    moving = tuple(f.name for f in fields if not f.metadata.get("static"))

    def opened(tree: Any) -> tuple[list[Any], State, tuple[str, ...]]:
        parts = [getattr(tree, name) for name in moving]
        return parts, State([getattr(tree, name) for name in static]), moving

    def closed(fixed: Any, parts: Iterable[Any]) -> Any:
        tree: Any = object.__new__(kind)  # no __init__: it may convert or check what is traced
        for name, value in zip(moving + static, (*parts, *fixed.parts), strict=True):
            object.__setattr__(tree, name, value)
        return tree

    with _registering:
        if kind not in _registered:
            optree.register_pytree_node(
                kind, opened, closed, path_entry_type=optree.GetAttrEntry, namespace=_NAMESPACE
            )
            _registered.add(kind)


def _kinds(treedef: Any) -> list[type]:
    """The types of all containers of a structure."""
    kinds = [] if treedef.type is None else [treedef.type]
    for child in treedef.children():
        kinds += _kinds(child)
    return kinds


def _restored(
    kinds: Sequence[type],
    treedef: bytes,
    has_objects: bool = False,  # not in older pickles
) -> Structure:
    """A structure from a pickle, its dataclasses registered before."""
    import pickle

    for kind in kinds:
        _register(kind)
    _optree()
    return Structure(pickle.loads(treedef), has_objects=has_objects)
