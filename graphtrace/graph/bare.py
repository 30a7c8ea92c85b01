"""A graph for programs: what is compiled of it, and nothing that somebody reads.

In: what a trace has recorded. Out: the same nodes and edges as `build` makes, with values and rows,
in half of the time: names are numbers, and there are no labels, sources or local derivatives.
"""

from __future__ import annotations

from typing import Any

from graphtrace.formula.row import Row
from graphtrace.graph.array_names import Names
from graphtrace.graph.build import Builder


class BareBuilder(Builder):
    """The pass over one recording."""

    def _name_rows(self, first: int) -> None:
        names = Names()
        for i, name in enumerate(self.recording.input_names):
            self.keys[i] = names.unique(name)
        for i in range(first, len(self.rows)):
            if self.origin[i] == i:
                self.keys[i] = names.unique(f"v{i}")

    def _attributes(self, i: int, row: Row) -> dict[str, Any]:
        key = row.name
        return {"value": row.value, "label": key, "source": None, "index": i, "row": row}

    def _edge(self, row: Row, k: int) -> dict[str, Any]:
        return {}

    def _shown(
        self, keys: tuple[str | None, ...], xs: tuple[Any, ...], i: int
    ) -> tuple[str | None, ...]:
        return keys

    def _array_names(self, params: dict[str, Any], i: int) -> tuple[str | None, ...]:
        return ()

    def _decision(self, *_: Any) -> tuple[str, str | None]:
        return "", None
