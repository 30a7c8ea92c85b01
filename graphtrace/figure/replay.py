"""Run a loop as it is written, with the figure's numbers, to see that it gives what was traced.

In: a graph, a run in a loop, what goes into the loop and what comes out. Out: whether it does; None
where that cannot be computed here. And a loop of a helper with the names that its caller has.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from graphtrace.figure.evaluated import Evaluation, Unsure, is_equal, leaves_of
from graphtrace.figure.regions import base
from graphtrace.figure.values import read_by, values_before

if TYPE_CHECKING:
    import networkx as nx

_MOST = 5000  # expressions


def is_as_traced(
    graph: nx.MultiDiGraph[Any], number: int, tails: Collection[Any], exports: Collection[Any]
) -> bool | None:
    """Whether the loop of that run leaves its variables with the values of its `exports`."""
    loop = graph.graph["runs"][number].loop
    tree = ast.parse(loop.text)
    stored = stored_in(tree)
    values = values_before(graph, number, read_by(tree) | stored, loop.before)
    by_name: dict[str, list[Any]] = {}
    for tail in tails:
        by_name.setdefault(base(str(tail)), []).append(graph.nodes[tail].get("value"))
    values |= {name: one[0] for name, one in by_name.items() if len(one) == 1}
    evaluation = Evaluation(values, _MOST)
    try:
        evaluation.run(tree.body)
    except Unsure:
        return None
    # A node may have the name of one variable and be what another one was assigned.
    last = [x for name in stored for x in leaves_of(evaluation.scope.get(name))]
    traced = [graph.nodes[export].get("value") for export in exports]
    return all(any(is_equal(x, one) for one in last) for x in traced)


def stored_in(tree: ast.AST) -> set[str]:
    """The variables that are assigned in it."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if not isinstance(node.ctx, ast.Load)}


def renamed(text: str, given: Mapping[str, ast.expr]) -> tuple[str, dict[str, ast.expr]] | None:
    """The loop with what the caller hands over in the place of parameters.

    And what those begin with that it assigns. None where a name would stand for two things.

    >>> given = {"p": ast.Name("w", ast.Load()), "f": ast.Name("rate", ast.Load())}
    >>> text, begun = renamed("for _ in range(9): p = p - f * p", given)
    >>> print(text, begun["p"].id)
    for _ in range(9):
        p = p - rate * p w
    """
    tree = ast.parse(text)
    stored, read = stored_in(tree), read_by(tree)
    needed = {name: x for name, x in given.items() if name in read | stored}
    for name, x in needed.items():
        is_same = isinstance(x, ast.Name) and x.id == name
        if not is_same and (read_by(x) & stored or not isinstance(x, ast.Name | ast.Constant)):
            return None
    begun = {name: x for name, x in needed.items() if name in stored and ast.unparse(x) != name}
    others = {name: x for name, x in needed.items() if name not in stored}
    outside = set().union(*map(read_by, others.values()))
    if outside & (read - others.keys() - stored):  # a local variable has that name
        return None
    return ast.unparse(_Renaming(others).visit(tree)), begun


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._names.get(node.id, node)
