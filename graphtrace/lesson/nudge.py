"""The table of a nudge: every value before and after, the two changes' ratio and the derivative.

In: a traced graph, an input (or an entry of one) and a step. Out: a Table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphtrace.figure.nudge import Index, Moved, entry_at, entry_name, moves_of
from graphtrace.figure.parts import Definition, Part, Partial, Sweep, Value
from graphtrace.figure.reading_order import naming_of
from graphtrace.formula.number import number, telling
from graphtrace.formula.runs import plain
from graphtrace.lesson.table import Column, Table

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph


def nudge(graph: TracedGraph, at: str, by: float) -> Table[Moved]:
    """The values before and after `at` moves; `Graph.nudge` says the rest.

    >>> import graphtrace as gt
    >>> print(nudge(gt.trace(lambda a, b: a * b, 5.0, 3.0), "a", 0.001))
    a from 5 to 5.001
    <BLANKLINE>
            before   after  change  change/nudge  derivative
    ──────  ──────  ──────  ──────  ────────────  ──────────
    a            5   5.001   0.001             1           1
    f = ab      15  15.003   0.003             3   df/da = 3
    """
    key, index = entry_at(graph, at)
    rows = moves_of(graph, key, index, by)
    name, names = entry_name(key, index), naming_of(graph)
    whole = index is None and np.shape(rows[0].before) != ()
    cells = []
    for row in rows:
        derivative: Part = Value(row.derivative)
        if row is not rows[0]:
            derivative = Partial(row.key, name, value=row.derivative, total=True)
        if whole:
            derivative = Sweep("tangent", row.key, value=row.derivative)
        formula = graph.nodes[row.key].get("formula")
        few = telling(row.before, row.after)
        cells.append(
            (
                Definition(row.key, formula),
                Value(row.before, digits=few),
                Value(row.after, digits=few),
                Value(row.change),
                Value(row.ratio),
                derivative,
            )
        )
    title = _title(plain(names[name].runs()), rows[0], index, by)
    return Table(title, rows, _COLUMNS, tuple(cells), names)


_COLUMNS = (
    Column(""),
    Column("before", "r"),
    Column("after", "r"),
    Column("change", "r"),
    Column("change/nudge", "r"),
    Column("derivative", "r"),
)


def _title(name: str, first: Moved, index: Index | None, by: float) -> str:
    before = first.before if index is None else first.before[index]
    after = first.after if index is None else first.after[index]
    if np.shape(before) != ():
        return f"every entry of {name} moved by {number(by)}"
    few = telling(before, after)
    return f"{name} from {number(before, few)} to {number(after, few)}"
