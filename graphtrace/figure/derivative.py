"""The derivative of a whole statement as a formula: −4c, −x/a, 1/(4a√D).

In: a graph, the nodes of one statement, the value that it hands on and one that it reads. Out: the
formula, where a person would write it out, and where it gives the number that the chain rule gave;
else None. It is the sum over the paths inside of the products of their local derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.figure.inlining import with_terms
from graphtrace.formula.collected import collected
from graphtrace.formula.maps import value_of
from graphtrace.formula.own_value import in_own_value
from graphtrace.formula.printer import text_of
from graphtrace.formula.symbol import Symbol, formula, local_formula
from graphtrace.formula.term import Name, Term, times, total

if TYPE_CHECKING:
    import networkx as nx

_LONGEST = 16
"""Characters of a formula that is read at a glance."""

_MOST_NODES = 12
_CLOSE = 1e-9


def derivatives(
    graph: nx.MultiDiGraph[Any], inner: Sequence[Any], export: Any, numbers: Mapping[Any, Any]
) -> dict[Any, Symbol]:
    """The formulas of the derivatives of `export` by what goes in, whose values are `numbers`."""
    rows = [graph.nodes[node].get("row") for node in inner]
    if len(inner) > _MOST_NODES or None in rows:
        return {}
    if any(np.shape(x) for row in rows for x in (row.value, *row.operands)):
        return {}
    adjoints: dict[str, Term] = {str(export): Term(atom=1)}
    for row in reversed(rows):
        arriving = adjoints.get(row.name)
        if arriving is None:
            continue
        for k, key in enumerate(row.keys):
            if key is not None:
                share = times(arriving, local_formula(row, k))
                both = [adjoints[key], share] if key in adjoints else [share]
                adjoints[key] = total(both) or share
    terms: dict[str, Term] = {}
    for row in rows:
        if row.name != str(export):
            terms[row.name] = with_terms(formula(row), terms)
    last = next(row for row in rows if row.name == str(export))
    value = with_terms(formula(last), terms)
    values = {str(node): graph.nodes[node]["value"] for node in (*inner, *numbers)}
    symbols = {}
    for key, number in numbers.items():
        term = collected(with_terms(adjoints[str(key)], terms)) if str(key) in adjoints else None
        if term is not None:
            term = in_own_value(term, value, Name(last.name, 0), values, _LONGEST)
        if term is not None and len(text_of(term)) <= _LONGEST and _gives(term, number, values):
            symbols[key] = Symbol.of(term)
    return symbols


def _gives(term: Term, number: Any, values: Mapping[str, Any]) -> bool:
    """Whether the formula has that value, with those of the nodes that it names."""
    try:
        with np.errstate(all="ignore"):
            return math.isclose(value_of(term, values), number, rel_tol=_CLOSE, abs_tol=0.0)
    except Exception:  # noqa: BLE001  (what has no value is not printed)
        return False
