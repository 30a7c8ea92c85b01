"""A listing of a trace for programs: what is compiled of it, and nothing that somebody reads.

In: a function and its arguments. Out: the nodes that `build` makes, with values and rows, in half
of the time and without NetworkX, which takes longer to import than all the rest: names are numbers,
and there are no edges, labels, sources or local derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphtrace.core.inputs import carries_gradient, is_static, seed_for
from graphtrace.core.tape import collector_paused
from graphtrace.graph.array_names import Names
from graphtrace.graph.build import Builder
from graphtrace.graph.recording import Recording, recorded


class BareGraph:
    """The nodes of a traced function in order."""

    def __init__(self) -> None:
        self.graph: dict[str, Any] = {}
        self._node: dict[str, dict[str, Any]] = {}

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.graph["name"])

    @property
    def inputs(self) -> list[str]:
        """The keys of the input nodes, in the order of the parameters."""
        return list(self.graph["inputs"])

    @property
    def outputs(self) -> list[str]:
        """The keys of the output nodes, in the order of the function's result."""
        return list(self.graph["outputs"])

    def _in_order(self) -> list[str]:
        return list(self._node)

    def adjoint_seeds(self, output: str | None, seed: Any) -> dict[str, Any]:
        """1 for the output, a number; nobody gives another seed."""
        value = None if output is None else self._node[output]["value"]
        return {output: seed_for(value)} if output and carries_gradient(value) else {}

    def add_node(self, key: str, **attributes: Any) -> None:
        """Add a node, which comes after the others."""
        self._node[key] = attributes


def bare(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    is_fixed: Callable[[Any], bool] = is_static,
) -> BareGraph:
    """What `f(*args, **kwargs)` did; leaves of the arguments that `is_fixed` are constants.

    >>> bare(lambda x: x * x + 1, (2.0,), {}).outputs
    ['v2']
    """
    graph = BareGraph()
    with collector_paused():
        _BareBuilder(recorded(f, args, kwargs, is_fixed, _Bare)).fill(graph)
    return graph


class _Bare(Recording):
    """A recording with names that nobody reads."""

    is_located = False

    def _names(self, name: str, argument: Any) -> list[str]:
        one = self.opened[name]
        if one.structure.is_leaf:
            return [name] if one.rows[0] is not None else []
        return [f"{name}_{i}" for i, row in enumerate(one.rows) if row is not None]

    def _names_of_results(self, out: Any) -> list[str]:
        return [self.name] * len(self.out)


class _BareBuilder(Builder):
    """The pass over one recording."""

    def _name_rows(self, first: int) -> None:
        names = Names()
        for i, name in enumerate(self.recording.input_names):
            self.keys[i] = names.unique(name)
        for i in range(first, len(self.rows)):
            if self.origin[i] == i:
                self.keys[i] = names.unique(f"v{i}")

    def _add_nodes(self, graph: BareGraph) -> None:
        for i, key in self.keys.items():
            row = self._row(i, key)
            graph.add_node(key, value=row.value, label=key, source=None, index=i, row=row)

    def _shown(
        self, keys: tuple[str | None, ...], xs: tuple[Any, ...], i: int
    ) -> tuple[str | None, ...]:
        return keys

    def _array_names(self, params: dict[str, Any], i: int) -> tuple[str | None, ...]:
        return ()

    def _decision(self, *_: Any) -> tuple[str, str | None]:
        return "", None
