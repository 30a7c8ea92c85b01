"""What the variables of a function are where a statement begins, as far as the source tells.

In: a graph with statements, and a run of one. Out: numbers, arrays and lists of them by name,
computed from what the traced function was handed. Knows nothing about what is told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from graphtrace.core.statements import Statement
from graphtrace.figure.evaluated import Evaluation, Unsure
from graphtrace.figure.header import computed

if TYPE_CHECKING:
    import networkx as nx


def arguments(graph: nx.MultiDiGraph[Any]) -> dict[str, Any]:
    """What the traced function was handed, and the constants that it reads."""
    values: dict[str, Any] = dict(graph.graph.get("constants", {}))
    for name, tree in graph.graph["parameters"].items():
        leaves = [
            leaf.constant if leaf.key is None else graph.nodes[leaf.key].get("value")
            for leaf in tree.leaves
        ]
        values[name] = tree.structure(leaves)
    return values


def handed(graph: nx.MultiDiGraph[Any], number: int) -> dict[str, ast.expr] | None:
    """What the function that the run is in was handed, as its caller writes it, by parameter.

    None where that is not told by one plain call, or by a call in a function that is called itself.
    """
    runs = graph.graph["runs"]
    written, caller = runs[number].written, runs[runs[number].caller]
    if caller.right is None or caller.caller >= 0:
        return None
    function = written.function
    right = ast.parse(caller.right, mode="eval").body
    calls = [
        node
        for node in ast.walk(right)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function.name
    ]
    if len(calls) != 1 or len(calls[0].args) > len(function.parameters):
        return None
    if any(isinstance(one, ast.Starred) for one in calls[0].args):
        return None
    by_name = {str(one.arg): one.value for one in calls[0].keywords}
    return {**dict(zip(function.parameters, calls[0].args, strict=False)), **by_name}


def values_before(
    graph: nx.MultiDiGraph[Any],
    number: int,
    read: set[str],
    assigned: Iterable[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """What the variables are that are read, and those that lead to them; some are not known.

    `assigned` is what leads to them, where it is not what is assigned before the statement.
    """
    run = graph.graph["runs"][number]
    known = arguments(graph)
    if run.caller >= 0:
        given = handed(graph, number) or {}
        outside = set().union(*map(read_by, given.values()))
        evaluation = Evaluation(values_before(graph, run.caller, outside))
        known = dict(graph.graph.get("constants", {}))
        for name, expression in given.items():
            try:
                known[name] = evaluation.value(expression)
            except Unsure:
                continue
    leading = assigned_before(run.written, read) if assigned is None else needed(assigned, read)
    return with_assigned(known, leading)


def assigned_before(written: Statement, read: set[str]) -> Sequence[tuple[str, ast.expr]]:
    """What is assigned before a statement and leads to what is read."""
    start = written.start[0]
    lines = ((name, text) for name, text, end in written.function.assigned if end < start)
    return needed(lines, read)


def numbers_before(graph: nx.MultiDiGraph[Any], loop: Any, is_outermost: bool) -> dict[str, Any]:
    """The numbers, and lists of numbers, that variables hold as the loop begins."""
    known: dict[str, Any] = {}
    if is_outermost:
        known |= graph.graph["constants"]
        for name, tree in graph.graph.get("parameters", {}).items():
            if len(tree.leaves) == 1 and tree.leaves[0].key is None:
                known[name] = tree.leaves[0].constant
    for name, text in loop.before:
        known.pop(name, None)
        number = computed(ast.parse(text, mode="eval").body, known)
        if number is not None:
            known[name] = number
    return {name: x for name, x in known.items() if _is_numbers(x)}


def _is_numbers(x: Any) -> bool:
    is_number = isinstance(x, (int, float)) and not isinstance(x, bool)
    return is_number or (isinstance(x, list) and bool(x))


def with_assigned(
    values: dict[str, Any], assigned: Iterable[tuple[str, ast.expr]]
) -> dict[str, Any]:
    """The values after some assignments."""
    for name, expression in assigned:
        try:
            values[name] = Evaluation(values).value(expression)
        except Unsure:
            values.pop(name, None)
    return values


def needed(assigned: Iterable[tuple[str, str]], read: set[str]) -> Sequence[tuple[str, ast.expr]]:
    """Those assignments that lead to what is read, in their order."""
    names, leading = set(read), []
    for name, text in reversed(list(assigned)):
        if name in names:
            expression = ast.parse(text, mode="eval").body
            leading.append((name, expression))
            names |= read_by(expression)
    return leading[::-1]


def read_by(expression: ast.AST) -> set[str]:
    """The variables that it reads, but for its own and the functions that it calls."""
    nodes = list(ast.walk(expression))
    functions = {id(n) for node in nodes if isinstance(node, ast.Call) for n in ast.walk(node.func)}
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in functions]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - own
