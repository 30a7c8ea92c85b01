"""Which statements of a loop leave a trace whenever they are executed, so that one knows how often.

In: the source of a loop, and the variables that are traced as it begins. Out: those statements.
What computes with plain numbers in some run leaves no trace in it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from graphtrace.core.statements import statements_of


def assignment(statement: ast.stmt) -> tuple[ast.expr, ast.expr] | None:
    """The target and the value of a plain assignment, `x + 1` where it is `x += 1`."""
    match statement:
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
            return target, value
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
            return target, value
        case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=op, value=value):
            now = ast.parse(ast.unparse(target), mode="eval").body
            return target, ast.BinOp(now, op, value)
        case _:
            return None


def at_once(statement: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    """The names and values of `a, b = b, a + b`."""
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            is_plain = all(isinstance(name, ast.Name) for name in names)
            return list(zip(names, values, strict=False)) if is_plain else []
        case _:
            return []


def always_traced(loop: ast.For | ast.While, traced: Collection[str]) -> set[ast.stmt]:
    """The assignments in the loop that compute with a traced value each time.

    >>> (loop,) = ast.parse("for k in range(9): x = x * k; n = 2 * n; y = n + x; x = y").body
    >>> [ast.unparse(one) for one in loop.body if one in always_traced(loop, ["x"])]
    ['x = x * k', 'y = n + x', 'x = y']
    """
    pairs = {one: pair for one in statements_of(loop) if (pair := assignment(one)) is not None}
    targets = {id(target) for target, _ in pairs.values()}
    stored = {
        node.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Name)
        if not isinstance(node.ctx, ast.Load) and id(node) not in targets
    }
    names = (set(traced) | set(_made_anew(loop, pairs))) - stored
    while True:
        plain = {
            target.id
            for target, value in pairs.values()
            if isinstance(target, ast.Name) and target.id in names and not _is_traced(value, names)
        }
        if not plain:
            return {one for one, (_, value) in pairs.items() if _is_traced(value, names)}
        names -= plain


def _made_anew(
    loop: ast.For | ast.While, pairs: Mapping[ast.stmt, tuple[ast.expr, ast.expr]]
) -> Iterator[str]:
    """The names that are assigned in every run before they are read."""
    read: set[str] = (
        {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
        if (isinstance(loop, ast.While))
        else set()
    )
    for one in loop.body:
        target, value = pairs.get(one, (None, one))
        read |= {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        if isinstance(target, ast.Name) and target.id not in read:
            yield target.id


def _is_traced(value: ast.expr, names: Collection[str]) -> bool:
    """Whether an expression with these names, which are traced, is traced for sure."""
    match value:
        case ast.Name(name):
            return name in names
        case ast.BinOp(left=left, right=right):
            return _is_traced(left, names) or _is_traced(right, names)
        case ast.UnaryOp(ast.USub(), operand):
            return _is_traced(operand, names)
        case ast.IfExp(body=one, orelse=other):
            return _is_traced(one, names) and _is_traced(other, names)
        case ast.Call(ast.Attribute(ast.Name("np")), [argument, *_]):
            return _is_traced(argument, names)
        case _:
            return False
