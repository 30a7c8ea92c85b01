"""Read the header of a loop: what it counts, from where and to where, and where it stops.

In: expressions of the source, and the numbers that variables hold. Out: numbers, or expressions of
what is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from graphtrace.figure.evaluated import Evaluation, Unsure

Header: TypeAlias = ast.For | ast.While


_ARITHMETIC = (
    *(ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.List, ast.Tuple),
    *(ast.operator, ast.unaryop, ast.expr_context),
)


def computed(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """What an expression of numbers, or of a list of them, comes to; None of others."""
    if not all(isinstance(one, _ARITHMETIC) for one in ast.walk(node)):
        return None
    try:
        x = Evaluation(known).value(node)
    except Unsure:
        return None
    return x if all(type(one) in (int, float) for one in (x if type(x) is list else [x])) else None


def range_of(iterated: ast.expr) -> list[ast.expr] | None:
    """What it counts from, to before what, and by what."""
    match iterated:
        case ast.Call(ast.Name("range"), [stop], []):
            return [ast.Constant(0), stop, ast.Constant(1)]
        case ast.Call(ast.Name("range"), [start, stop], []):
            return [start, stop, ast.Constant(1)]
        case ast.Call(ast.Name("range"), [start, stop, step], []):
            return [start, stop, step]
        case _:
            return None


def count_of(loop: Header, known: Mapping[str, Any]) -> int | None:
    """How often a loop runs that nothing stops; None where its header does not tell."""
    if isinstance(loop, ast.While):
        return None
    listed = computed(loop.iter, known)
    if isinstance(listed, list):
        return len(listed)
    ends = [computed(end, known) for end in range_of(loop.iter) or ()]
    return len(range(*ends)) if ends and all(isinstance(end, int) for end in ends) else None


def before(end: ast.expr, known: Any, step: int) -> ast.expr:
    """The last that is counted: `n - 1` before `n`, which may be known.

    >>> ends = [ast.parse(text, mode="eval").body for text in ("n", "n + 1", "4 - k", "2 * n - 1")]
    >>> [ast.unparse(before(end, None, 1)) for end in ends], ast.unparse(before(ends[0], 9, 1))
    (['n - 1', 'n', '3 - k', '2 * n - 2'], '8')
    """
    if isinstance(known, int):
        return constant(known - step)
    match end:
        case ast.BinOp(ast.Constant(int() as number), ast.Add() | ast.Sub() as sign, right):
            return ast.BinOp(constant(number - step), sign, right)
        case ast.BinOp(left, ast.Add(), ast.Constant(int() as number)):
            shift = number - step
        case ast.BinOp(left, ast.Sub(), ast.Constant(int() as number)):
            shift = -number - step
        case _:
            left, shift = end, -step
    if not shift:
        return left
    return ast.BinOp(left, ast.Add() if shift > 0 else ast.Sub(), ast.Constant(abs(shift)))


def nested(loop: ast.stmt) -> Iterator[Header]:
    """The loop, and the one that is all of its body, and so on."""
    while isinstance(loop, ast.For | ast.While):
        yield loop
        if len(loop.body) > 1:
            return
        loop = loop.body[0]


def stop_of(statement: ast.stmt) -> ast.expr | None:
    """The condition of `if c: break`."""
    match statement:
        case ast.If(test=test, body=[ast.Break()], orelse=[]):
            return test
        case _:
            return None


def constant(number: float) -> ast.expr:
    """The number as an expression."""
    return ast.parse(repr(number), mode="eval").body
