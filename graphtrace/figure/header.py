"""Read the header of a loop: what it counts, from where and to where, and where it stops.

In: expressions of the source, and the numbers that variables hold. Out: numbers, or expressions of
what is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from graphtrace.core.source import OPERATORS

Header: TypeAlias = ast.For | ast.While


def computed(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """What an expression of numbers comes to; None of others."""
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(name):
            return known.get(name)
        case ast.UnaryOp(ast.USub(), operand):
            x = computed(operand, known)
            return -x if isinstance(x, (int, float)) else None
        case ast.BinOp(left, operator, right):
            a, b = computed(left, known), computed(right, known)
            compute = _COMPUTE.get(OPERATORS.get(type(operator), ""))
            if compute is None or not all(isinstance(x, (int, float)) for x in (a, b)):
                return None
            try:
                return compute(a, b)
            except (ArithmeticError, ValueError):
                return None
        case ast.List(elts) | ast.Tuple(elts):
            numbers = [computed(one, known) for one in elts]
            return numbers if all(isinstance(x, (int, float)) for x in numbers) else None
        case _:
            return None


_COMPUTE: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "power": lambda a, b: a**b if abs(b) < 99 else None,
}


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
