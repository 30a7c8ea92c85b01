"""The derivative of a whole statement between arrays as a formula: diag(1 − h²)W, 2(Xw − y)ᵀX/n.

In: a graph, the nodes of one statement, the value that it hands on and those that it reads. Out:
formulas that are short, and do to random tangents what the sweep through the statement does.
Each is the sum over the paths inside of the products of their maps, in the order that conforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.core.primitive import primitive_named
from graphtrace.figure.inlining import with_terms
from graphtrace.figure.total import adjoints
from graphtrace.formula.collected import collected
from graphtrace.formula.maps import Map, added, composed, elementwise, has_hole, image
from graphtrace.formula.own_value import in_own_value
from graphtrace.formula.printer import text_of
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol, formula, local_map, tangent_like
from graphtrace.formula.term import Name, Term, bare, simplified

if TYPE_CHECKING:
    import networkx as nx

_LONGEST = 32
"""Characters of a formula that is read on an arrow."""

_MOST_NODES = 12
_SEEDS = (0, 1)
_CLOSE = 1e-6
"""Of a sum of products of random numbers, which float32 rounds."""


def maps(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], export: Any, tails: Iterable[Any]
) -> dict[Any, Symbol]:
    """The formulas of the derivatives of `export` by the `tails`, those that there are.

    >>> import graphtrace as gt
    >>> def f(x):
    ...     h = 3 * np.tanh(x)
    ...     return h
    >>> graph = gt.trace(f, np.ones(2))
    >>> {tail: str(symbol) for tail, symbol in maps(graph, ["v1", "h"], "h", ["x"]).items()}
    {'x': 'diag(3*(1 - tanh(x)**2))'}
    """
    rows = [graph.nodes[node].get("row") for node in inner]
    if len(inner) > _MOST_NODES or None in rows:
        return {}
    products = _products(graph, inner, export)
    terms: dict[str, Term] = {}
    for row in rows:
        if row.name != str(export):
            terms[row.name] = with_terms(formula(row), terms)
    last = next(row for row in rows if row.name == str(export))
    value = with_terms(formula(last), terms)
    sweeps = _Sweeps(graph, inner, export)

    def in_own_name(entries: Term) -> Term:
        whole = collected(entries) or entries
        name = Name(last.name, np.ndim(last.value))
        return in_own_value(whole, value, name, sweeps.values, _LONGEST)

    symbols = {}
    for tail in tails:
        product = products.get(tail) or _of_softmax(graph, last, bare(value), tail)
        if product is not None:
            term = _by_entry(with_terms(product.term, terms), in_own_name)
            whole = product._replace(term=term)
            if _is_short(whole.printed) and sweeps.are_those_of(whole.printed, tail):
                symbols[tail] = Symbol.of_map(whole)
    return symbols


def _products(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], export: Any
) -> dict[Any, Map | None]:
    """The derivative of `export` by each node, in all names; None where no formula says it."""
    ndim = np.ndim(graph.nodes[export]["value"])
    products: dict[Any, Map | None] = {export: Map("scale", Term(atom=1), ndim, ndim)}
    for node in reversed(inner):
        arriving = products.get(node)
        for tail, _, k, edge in graph.in_edges(node, keys=True, data=True):
            if node not in products or graph.nodes[node]["row"].primitive.stops(k):
                continue
            local = _local(graph.nodes[node]["row"], k, edge["symbol"])
            share = composed(arriving, local) if arriving and local else None
            if tail in products:
                before = products[tail]
                share = added(before, share) if before and share else None
            products[tail] = share
    return products


def _local(row: Row, k: int, symbol: Symbol) -> Map | None:
    """The local derivative; of max(x, 0) that of a person, [y > 0], who does not think of x = 0."""
    others = [x for i, x in enumerate(row.operands) if i != k]
    if row.primitive.op == "maximum" and np.ndim(others[0]) == 0 and others[0] == 0:
        ndim = np.ndim(row.value)
        y = Term(atom=Name(row.name, ndim))
        is_positive = Term(primitive_named("greater"), (y, Term(atom=0)), rank=ndim)
        return elementwise(is_positive, ndim, ndim)
    return symbol.map


def _of_softmax(graph: nx.MultiDiGraph[Any], row: Row, value: Term, tail: Any) -> Map | None:
    """diag(p) − ppᵀ of p = exp(z)/sum(exp(z)), as somebody writes a softmax by hand."""
    if value.op != "divide":
        return None
    above, below = value.operands
    z = Name(str(tail), np.ndim(graph.nodes[tail]["value"]))
    if below.op != "sum" or below.operands != (above,) or above.op != "exp":
        return None
    axis, raised = below.params.get("axis"), above.operands[0]
    if raised.op == "subtract" and raised.operands[1].op == "max":  # so that no exp is too large
        raised = raised.operands[0]
    if raised.atom != z or (axis is None and z.ndim != 1):
        return None
    x = graph.nodes[tail]["value"]
    own = Row(
        primitive_named("softmax"),
        row.value,
        (x,),
        {"axis": -1 if axis is None else axis},
        row.name,
        (z.key,),
        (z.key,),
    )
    return local_map(own, 0)


_PRODUCTS = ("diag", "compose", "outer", "matmul", "transpose", "matrix_transpose")


def _by_entry(term: Term, written: Callable[[Term], Term]) -> Term:
    """The term with what is told entry by entry written so, in products too."""
    if term.op in _PRODUCTS or (term.op == "negative" and term.operands[0].op in _PRODUCTS):
        factors = tuple(_by_entry(factor, written) for factor in term.operands)
        return simplified(replace(term, operands=factors))
    is_plain = all(operand.atom is not None for operand in term.operands)  # 0.5W is no W/2
    return term if is_plain or has_hole(term) else written(term)


def _is_short(term: Term) -> bool:
    """Whether it can be read on an arrow, and no array without a name stands in it."""
    has_array = any(isinstance(leaf.atom, np.ndarray) for leaf in term.leaves)
    return not has_array and term.is_readable and len(text_of(term)) <= _LONGEST


@dataclass(slots=True)
class _Sweeps:
    """Random adjoints swept back through a box, with which maps are compared."""

    graph: nx.MultiDiGraph[Any]
    inner: Sequence[Any]
    export: Any
    _swept: list[tuple[Any, Mapping[Any, Any]]] | None = None
    _values: dict[str, Any] | None = None

    def are_those_of(self, term: Term, tail: Any) -> bool:
        """Whether the map agrees with the sweeps: g · (M t) is (g M) · t."""
        x = self.graph.nodes[tail]["value"]
        try:
            with np.errstate(all="ignore"):
                for seed, (g, pulled) in zip(_SEEDS, self.swept, strict=True):
                    t = tangent_like(x, seed + 1)
                    products = g * image(term, t, self.values, np.shape(g))
                    difference = np.sum(products) - np.sum(pulled.get(tail, 0.0) * t)
                    if not abs(difference) <= _CLOSE * np.sum(np.abs(products)):
                        return False
            return True
        except Exception:  # noqa: BLE001  (what has no value is not printed)
            return False

    @property
    def swept(self) -> list[tuple[Any, Mapping[Any, Any]]]:
        """Adjoints of what comes out, and what arrives at what goes in."""
        if self._swept is None:
            y = self.graph.nodes[self.export]["value"]
            seeds = [tangent_like(y, seed) for seed in _SEEDS]
            self._swept = [(g, adjoints(self.graph, self.inner, {self.export: g})) for g in seeds]
        return self._swept

    @property
    def values(self) -> dict[str, Any]:
        """The values of all names in the formulas of the box."""
        if self._values is None:
            self._values = {}
            for node in self.inner:
                row = self.graph.nodes[node]["row"]
                self._values[row.name] = row.value
                shown = zip(row.shown, row.operands, strict=True)
                self._values |= {name: x for name, x in shown if name is not None}
        return self._values
