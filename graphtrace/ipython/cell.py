"""The statements of a cell as a function of their free names.

In: the text of a cell and the notebook's variables. Out: a function, whose text is read as it is
written in the cell. It runs as Python does, with the notebook's functions and modules.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Collection, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError

_DATA = (int, float, complex, np.ndarray, np.generic, list, tuple, dict)
"""What is an input of a cell, where it reads a variable of the notebook; else it is as it is."""


def function_of(
    cell: str, given: Collection[str], variables: dict[str, Any], name: str
) -> FunctionType:
    r"""The function of the cell.

    Its parameters are the names in `given`, and the variables with numbers that it reads and does
    not assign, in the order in which it reads them. It returns the last statement's value and has
    its target's name. `name` is what the cell is called in messages.

    Raises `ArgumentError` for what is no Python, for a last statement without a value, and for a
    name that has none.

    >>> f = function_of("u = 2*b\nJ = a + u", ["b"], {"a": 3.0}, "In[1]")
    >>> f.__name__, f(b=5.0, a=3.0)
    ('J', 13.0)
    """
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" line {error.lineno}" if isinstance(error, SyntaxError) else ""
        words = error.msg if isinstance(error, SyntaxError) else "it cannot be read"
        raise ArgumentError(f"{name}{place}: {words}: write statements, as in J = a*b") from None
    reads, assigned = _names(body)
    called, ending = _result(body, name)
    if unused := [one for one in given if one not in reads]:
        has = f"it reads {', '.join(reads)}" if reads else "it reads none"
        raise ArgumentError(f"the cell has no variable {unused[0]}: {has}")
    known = {*given, *assigned, *variables, *dir(builtins)}
    if missing := [one for one in reads if one not in known]:
        wanted = " ".join(f"{one}=..." for one in missing)
        raise ArgumentError(f"the cell needs a value for {', '.join(missing)}: add {wanted}")
    others = [one for one in reads if one not in given and _is_input(one, assigned, variables)]
    inputs = [*given, *others]
    function = ast.parse(f"def {called}({', '.join(inputs)}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*body, *ending]
    module = ast.fix_missing_locations(ast.Module([function], []))
    linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
    made: dict[str, Any] = {}
    try:
        exec(compile(module, name, "exec", dont_inherit=True), variables, made)  # noqa: S102
    except SyntaxError as error:  # such as yield outside a function
        raise ArgumentError(f"{name} line {error.lineno}: {error.msg}: leave it out") from None
    result: FunctionType = made[called]
    return result


def _result(body: list[ast.stmt], name: str) -> tuple[str, list[ast.stmt]]:
    """What the function is called, and how it returns the value of the last statement."""
    if body and isinstance(body[-1], ast.Expr):
        last = body.pop()
        assert isinstance(last, ast.Expr)
        return "f", [ast.copy_location(ast.Return(last.value), last)]
    match body[-1:]:
        case (
            [ast.Assign(targets=[ast.Name(id=target)])]
            | [ast.AugAssign(target=ast.Name(id=target))]
            | [ast.AnnAssign(target=ast.Name(id=target), value=ast.expr())]
        ):
            value = ast.Name(target, ast.Load())
            return target, [ast.copy_location(ast.Return(value), body[-1])]
    raise ArgumentError(f"{name} ends without a result: end it with one, as in J = a*b")


def _names(body: list[ast.stmt]) -> tuple[list[str], set[str]]:
    """The names that are read, in their order, and those that are assigned."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    places: dict[str, tuple[float, int]] = {}
    assigned: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=one, ctx=ast.Load()):
                places[one] = min(places.get(one, (np.inf, 0)), (node.lineno, node.col_offset))
            case ast.Name(id=one):
                assigned.add(one)
            case ast.AugAssign(target=ast.Name(id=one)):
                places[one] = min(places.get(one, (np.inf, 0)), (node.lineno, node.col_offset))
            case ast.FunctionDef(name=one) | ast.ClassDef(name=one) | ast.arg(arg=one):
                assigned.add(one)
            case ast.alias(name=module, asname=alias):
                assigned.add(alias or module.partition(".")[0])
            case ast.ExceptHandler(name=str() as one):
                assigned.add(one)
    return sorted(places, key=lambda one: places[one]), assigned


def _is_input(name: str, assigned: Collection[str], variables: Mapping[str, Any]) -> bool:
    return name not in assigned and isinstance(variables.get(name), _DATA)
