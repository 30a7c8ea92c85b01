"""The Wengert list as a table: primal values down, tangents down, adjoints up.

In: a traced graph. Out: a Table with a row for each node, as Griewank & Walther and Baydin et al.
print it. The formulas of the sweeps are read off from the derivative rules by
`graphtrace.formula.symbol`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx

from graphtrace.core.inputs import carries_gradient, gradient_like
from graphtrace.figure.chain import as_number, gradients_of
from graphtrace.figure.parts import Definition, Part, Partial, Sweep, Value
from graphtrace.figure.reading_order import (
    Use,
    gradients_left,
    naming_of,
    ordered,
    title,
    uses_of,
)
from graphtrace.formula.symbol import adjoint_term, tangent_term
from graphtrace.formula.term import Term
from graphtrace.lesson.table import Column, Table

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph

MOST_TERMS = 6
"""Of a variable with more uses than this, so many are spelled out."""


class Step(NamedTuple):
    """A row of the Wengert list; `tangent` and `adjoint` are None where there is none."""

    key: str
    expression: str
    value: Any
    tangent: Any = None
    adjoint: Any = None


def wengert(
    graph: TracedGraph, *, tangent: Mapping[str, Any] | None = None, adjoint: bool = True
) -> Table[Step]:
    """The Wengert list of the graph; `Graph.wengert` says the rest.

    >>> import graphtrace as gt
    >>> print(wengert(gt.trace(lambda a, b: a * b, 5.0, 3.0), adjoint=False))
    Wengert list of f
    <BLANKLINE>
    variable  expression  value
    ────────  ──────────  ─────
    a                         5
    b                         3
    f         ab             15
    """
    seeds = None if tangent is None else graph.tangent_seeds(tangent)
    tangents = {} if seeds is None else graph.tangents(seeds)
    sweep = Adjoints(graph) if adjoint else None
    columns = [Column("variable"), Column("expression"), Column("value", "r")]
    columns += [Column("tangent ↓")] if seeds is not None else []
    columns += [Column("adjoint ↑")] if sweep is not None and sweep.known else []
    rows, cells = [], []
    for key in ordered(graph):
        data = graph.nodes[key]
        formula, value = data.get("formula"), data["value"]
        expression: Part | None = Partial(None, key, formula, short=True) if formula else None
        entries: list[Part | None] = [Definition(key), expression, Value(value)]
        t = g = None
        if seeds is not None:
            t = gradient_like(tangents.get(key), value) if carries_gradient(value) else None
            entries.append(_tangent(graph, key, t) if t is not None else None)
        if sweep is not None and sweep.known:
            g = sweep.known.get(key)
            entries.append(sweep.line(key) if g is not None else None)
        rows.append(Step(key, str(formula or ""), value, t, g))
        cells.append(tuple(entries))
    named = f"Wengert list of {title(graph)}"
    return Table(named, tuple(rows), tuple(columns), tuple(cells), naming_of(graph))


def _tangent(graph: TracedGraph, key: str, value: Any) -> Sweep:
    row = graph.nodes[key]["row"]
    operands = [(k, name) for k, name in enumerate(row.keys) if name is not None]
    terms = [tangent_term(row, k) for k, _ in operands[:MOST_TERMS]]
    nonzero = tuple(term for term in terms if term.number != 0)
    return Sweep("tangent", key, nonzero, value, more=len(operands) - len(terms))


class Adjoints:
    """The reverse sweep, line by line: v̄ = Σ w̄ · ∂w/∂v over the uses w of v.

    `known` are the adjoints by node: what `backward` has left, else those of the one output; empty
    where the graph has no gradient to tell.
    """

    def __init__(self, graph: nx.MultiDiGraph[Any], of: Any = None) -> None:
        self.graph = graph
        left = gradients_left(graph)
        target = of if of is not None else left.of
        self.known = left.by
        if of is not None or not left.by:
            self.known = gradients_of(graph, target) if target is not None else {}
        ends = [target] if target is not None else left.outputs
        # Of a weighted sum, an output that is used further starts from its weight.
        self.weighted = set(ends) if target is None else set()
        self.reached = set(ends).union(*(nx.ancestors(graph, end) for end in ends))
        self.uses: dict[Any, list[Use]] = {}
        for use in uses_of(graph):
            if use.head in self.reached and use.head in self.known:
                self.uses.setdefault(use.tail, []).append(use)

    def line(self, key: Any, *, numbers: bool = False) -> Sweep:
        """What the adjoint of a node is made of, with `numbers` in them too."""
        use_terms = [(use, _term(self.graph, use)) for use in self.uses.get(key, ())]
        nonzero = [(use, term) for use, term in use_terms if term is not None]
        more = max(len(nonzero) - MOST_TERMS, 0) + (bool(nonzero) and key in self.weighted)
        nonzero = nonzero[:MOST_TERMS]
        terms = tuple(term for _, term in nonzero)
        pairs = [(self.known[use.head], use.attributes.get("local")) for use, _ in nonzero]
        scalar = all(as_number(x) is not None for pair in pairs for x in pair)
        products = tuple(pairs) if numbers and scalar and not more else ()
        return Sweep("adjoint", str(key), terms, self.known.get(key), products, more)


def _term(graph: nx.MultiDiGraph[Any], use: Use) -> Term | None:
    """The formula of what one use gives back; None where it gives nothing."""
    term = adjoint_term(graph.nodes[use.head]["row"], use.position)
    return None if term.number == 0 else term
