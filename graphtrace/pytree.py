"""Nested dicts, lists and tuples, flattened to leaves with the names one would write for them.

In: a parameter's value. Out: leaves, their names (`params['W1']`, `layers[0]`), and the way back.
optree does the work; a bare number or array, the common case, does not wait for it to be imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphtrace.errors import ArgumentError

_CONTAINERS = (dict, list, tuple, type(None))
_NAMESPACE = "graphtrace"


class Structure:
    """How leaves are put together: a function from leaves to the tree."""

    __slots__ = ("_treedef",)

    def __init__(self, treedef: Any = None) -> None:
        self._treedef = treedef  # None: the tree is one leaf

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """The tree with these leaves."""
        return leaves[0] if self._treedef is None else self._treedef.unflatten(leaves)

    def leaves_of(self, tree: Any, what: str) -> list[Any]:
        """The leaves of another tree of this structure, dicts matched by their keys.

        Raises ArgumentError, which calls the tree `what`, where it has another structure.
        """
        if self._treedef is None:
            return [tree]
        try:
            parts: list[Any] = self._treedef.flatten_up_to(tree)
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
    if not isinstance(tree, _CONTAINERS):
        return [tree], Structure()
    import optree

    containers: Any = tree
    with optree.dict_insertion_ordered(True, namespace=_NAMESPACE):
        leaves, treedef = optree.tree_flatten(containers, namespace=_NAMESPACE)
    return leaves, Structure(treedef)


def leaf_names(tree: Any, name: str) -> list[str]:
    """The names of the leaves of a parameter called `name`.

    >>> leaf_names({"W": [1.0, 2.0]}, "params")
    ["params['W'][0]", "params['W'][1]"]
    """
    if not isinstance(tree, _CONTAINERS):
        return [name]
    import optree

    containers: Any = tree
    with optree.dict_insertion_ordered(True, namespace=_NAMESPACE):
        accessors = optree.tree_accessors(containers, namespace=_NAMESPACE)
    return [accessor.codify(name) for accessor in accessors]
