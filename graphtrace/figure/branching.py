"""Put the decisions of a loop side by side, so that each line has one condition.

In: the statements of a loop's body. Out: statements that do the same: what follows `continue` is
the other branch, and a decision in a decision has both conditions. Knows nothing of figures.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence


def side_by_side(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements without `continue`, and without decisions that are all of a branch.

    What is assigned keeps its identity, so that what is known of it stays known.

    >>> (loop,) = ast.parse('''
    ... for k in range(9):
    ...     if x > 3:
    ...         x = x - 1
    ...         continue
    ...     x = x + a
    ... ''').body
    >>> print(*map(ast.unparse, side_by_side(loop.body)))
    if x > 3:
        x = x - 1
    else:
        x = x + a
    >>> (one,) = side_by_side(ast.parse('''
    ... if x > 0:
    ...     if x > 2:
    ...         x = x / 2
    ...     else:
    ...         x = x - 1
    ... else:
    ...     x = x + a
    ... ''').body)
    >>> print(ast.unparse(one))
    if x > 0 and x > 2:
        x = x / 2
    elif x > 0:
        x = x - 1
    else:
        x = x + a
    """
    for at, one in enumerate(body):
        if isinstance(one, ast.If) and not one.orelse and isinstance(one.body[-1], ast.Continue):
            done, rest = one.body[:-1], side_by_side(body[at + 1 :])
            before = list(map(_flat, body[:at]))
            if not done and not rest:
                return before
            whole = ast.If(one.test, done, rest) if done else ast.If(opposite(one.test), rest, [])
            return [*before, _flat(whole)]
    return list(map(_flat, body))


def _flat(statement: ast.stmt) -> ast.stmt:
    if not isinstance(statement, ast.If):
        return statement
    body, rest = (list(map(_flat, branch)) for branch in (statement.body, statement.orelse))
    if len(body) != 1 or not isinstance(body[0], ast.If):
        return ast.If(statement.test, body, rest)
    cases, otherwise = _cases(body[0])
    if rest and not otherwise:  # it is of the outer condition, not of the inner one
        return ast.If(opposite(statement.test), rest, [_within(statement.test, cases, [])])
    last: list[ast.stmt] = [ast.If(statement.test, otherwise, rest)] if otherwise else []
    return _within(statement.test, cases, last)


def _cases(decision: ast.If) -> tuple[list[ast.If], list[ast.stmt]]:
    """`if`, and each `elif` of it; and `else`."""
    cases, rest = [decision], decision.orelse
    while len(rest) == 1 and isinstance(rest[0], ast.If):
        cases.append(rest[0])
        rest = rest[0].orelse
    return cases, rest


def _within(test: ast.expr, cases: Sequence[ast.If], rest: list[ast.stmt]) -> ast.stmt:
    for case in reversed(cases):
        rest = [ast.If(ast.BoolOp(ast.And(), [*_parts(test), *_parts(case.test)]), case.body, rest)]
    return rest[0]


def _parts(test: ast.expr) -> list[ast.expr]:
    match test:
        case ast.BoolOp(ast.And(), values):
            return values
        case _:
            return [test]


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def opposite(test: ast.expr) -> ast.expr:
    """`x <= 1` of `x > 1`: of a number, which a loop that goes on has compared."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return operand
        case ast.Compare(left, [sign], [right]) if type(sign) in _OPPOSITE:
            return ast.Compare(left, [_OPPOSITE[type(sign)]()], [right])
        case _:
            return ast.UnaryOp(ast.Not(), test)
