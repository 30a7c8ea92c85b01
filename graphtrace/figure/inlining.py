"""The formula of a stretch of operations in what goes into it, as one expression.

In: a graph, nodes of it and the one that they lead to. Out: its term with the others put in, or
None where that is longer than a person reads. Knows nothing about boxes.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graphtrace.core.primitive import PRIMITIVES, primitive_named
from graphtrace.figure.regions import base, head
from graphtrace.formula.read import term_of
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import formula
from graphtrace.formula.term import Name, Term, Text

if TYPE_CHECKING:
    import networkx as nx


def inlined(
    graph: nx.MultiDiGraph[Any],
    inner: Collection[Any],
    node: Any,
    longest: int,
    rows: Mapping[str, Row] = MappingProxyType({}),
) -> Term | None:
    """The formula of a node in what the `inner` ones get from outside; None if it is long.

    A node that is among the `rows` is told by the row there.

    >>> import graphtrace as gt
    >>> from graphtrace.formula.printer import text_of
    >>> g = gt.trace(lambda a, b: 3 * (a + b), 1.0, 2.0)
    >>> text_of(inlined(g, ["v1"], "f", 9))
    '3*(a + b)'
    """
    inside = set(map(str, inner))
    budget = longest

    def written(key: Any) -> Term | None:
        nonlocal budget
        row = rows.get(str(key)) or graph.nodes[key].get("row")
        if row is None:
            return None
        term = formula(row)
        budget -= 1 + len(term.operands)
        operands = []
        for operand in term.operands:
            whole = operand
            if budget > 0 and isinstance(operand.atom, Name) and operand.atom.key in inside:
                whole = written(operand.atom.key) or operand
            operands.append(whole)
        if term.op == "add" and operands[0].number == 0:  # where sum() begins
            return operands[1]
        if term.op == "multiply" and operands[0].number == 1:  # the first run of a loop
            return operands[1]
        return replace(term, operands=tuple(operands))

    term = written(node)
    return term if budget > 0 else None


def as_written(text: str, tails: Mapping[str, int], constants: Collection[str]) -> Term | None:
    """The term of a statement's right side, whose variables are the keys `tails`.

    Each key comes with its number of dimensions, so that a product of arrays is told as one.

    None where a variable is none of them, or may be several: `x` of `x` and `x_2`; and for what is
    no formula, such as a comprehension.

    >>> from graphtrace.formula.printer import text_of
    >>> text_of(as_written("S*N(d1) - K", {"S": 0, "d1": 0, "K_2": 0}, ()))
    'S*N(d1) - K_2'
    """
    keys: dict[str, list[str]] = {}
    for key in tails:
        keys.setdefault(base(key), []).append(key)
        if base(key) != key:
            keys.setdefault(key, []).append(key)
    term = term_of(text)
    names = {}
    for leaf in term.leaves:
        if isinstance(leaf.atom, Name):
            name = leaf.atom.key
            candidates = [name] if name in constants else keys.get(name, [])
            if len(candidates) != 1:
                return None
            key = candidates[0]
            names[name] = Term(atom=replace(leaf.atom, key=key, ndim=tails.get(key, 0)))
        elif isinstance(leaf.atom, Text):
            return None
    return _with_ranks(with_terms(term, names))


def _with_ranks(term: Term) -> Term:
    """The term with the rank of each product of arrays; what a call gives has none that is known.

    >>> u = Term(atom=Name("u", 1))
    >>> _with_ranks(Term(primitive_named("matmul"), (u, u))).rank
    0
    """
    operands = tuple(map(_with_ranks, term.operands))
    ranks = [operand.ndim for operand in operands]
    if term.op in ("matmul", "dot") and len(ranks) == 2 and 0 < min(ranks) <= max(ranks) <= 2:
        return Term(primitive_named("matmul"), operands, rank=sum(ranks) - 2)
    is_known = term.primitive is None or PRIMITIVES.get(term.primitive.name) is term.primitive
    is_known = is_known and not (term.op == "matmul" and 0 in ranks)
    return replace(term, operands=operands, rank=None if is_known else 0)


_LONGEST_QUOTED = 100


def quoted(text: str, keys: Collection[str]) -> Term | None:
    """The right side of a statement as it stands in the source, where it is short.

    None where it reads a variable that is none of the keys, or a leaf of one.

    >>> quoted("sum(w * x for x in xs)", {"w", "xs[0]", "xs[1]"}).atom.text
    'sum(w * x for x in xs)'
    >>> quoted("sum(w * x for x in ys)", {"w", "xs[0]"})
    """
    if len(text) > _LONGEST_QUOTED:
        return None
    nodes = list(ast.walk(ast.parse(text, mode="eval")))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    functions = {
        part.id for function in called for part in ast.walk(function) if isinstance(part, ast.Name)
    }
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = {node.id for node in names} - bound - functions
    heads = {head(key) for key in keys}
    # A variable of a comprehension that has the name of another may be that one elsewhere.
    is_clear = read.issubset(heads) and bound.isdisjoint(map(base, heads))
    return Term(atom=Text(text)) if is_clear else None


def with_terms(term: Term, terms: Mapping[str, Term]) -> Term:
    """The term with others in the place of names."""
    if isinstance(term.atom, Name):
        return terms.get(term.atom.key, term)
    if not term.operands:
        return term
    operands = tuple(with_terms(operand, terms) for operand in term.operands)
    return replace(term, operands=operands)
