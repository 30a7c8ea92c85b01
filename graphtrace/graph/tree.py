"""Tree and Branch: how a traced function's values hang together, and what a compiler reads.

In: keys of nodes. Out: the leaves of a parameter or of the value, in their structure; the decisions
that were taken; and `Listing`, which a graph is to those who go through its nodes in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from graphtrace.core.pytree import Structure


class Leaf(NamedTuple):
    """A leaf of a parameter or of the value: the key of its node, or a value that is no node."""

    key: str | None
    constant: Any = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A parameter, or the traced function's value: its leaves and how they are put together."""

    leaves: tuple[Leaf, ...]
    structure: Structure

    def gradients(self, adjoints: Mapping[str, Any]) -> Any:
        """The adjoints of the leaves, in their structure; None for a leaf that has none."""
        each = [None if leaf.key is None else adjoints.get(leaf.key) for leaf in self.leaves]
        return self.structure(each)


@dataclass(frozen=True, slots=True)
class Branch:
    """A decision taken while tracing: `test(*operands)` was `outcome`, before node `index`.

    `keys` are the nodes that the operands came from, None for a constant.
    """

    index: int
    test: Callable[..., Any]
    operands: tuple[Any, ...]
    keys: tuple[str | None, ...]
    outcome: Any
    text: str
    source: str | None


class Listing(Protocol):
    """The nodes of a traced function in order, each with its value and row, and its attributes."""

    graph: Any
    _node: Any

    @property
    def name(self) -> str:
        """The function's name."""

    @property
    def inputs(self) -> list[str]:
        """The keys of the input nodes, in the order of the parameters."""

    @property
    def outputs(self) -> list[str]:
        """The keys of the output nodes, in the order of the function's result."""

    def _in_order(self) -> list[str]:
        """The keys in the order of evaluation."""

    def adjoint_seeds(self, output: str | None, seed: Any) -> dict[str, Any]:
        """The adjoints of the outputs to start from, by node."""
