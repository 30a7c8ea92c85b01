"""Compute what a piece of source says, with the numbers of a figure, so as to see that it is true.

In: an expression or statements, and what its variables are. Out: what it comes to. Only arithmetic,
lists and functions of numbers are computed, and only so much; all else is `Unsure`. No
code of the user's is called and nothing of the user's is changed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from graphtrace.core.operators import BINARY, COMPARE, UNARY

Scope: TypeAlias = MutableMapping[str, Any]


class Unsure(Exception):
    """It cannot be said here what that comes to."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


_MOST = 20_000  # expressions

_BINARY = BINARY | COMPARE
_BUILT_IN: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "enumerate": lambda xs, start=0: list(enumerate(xs, start)),
    "float": float,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "range": range,
    "reversed": lambda xs: list(reversed(xs)),
    "sum": sum,
    "tuple": tuple,
    "zip": lambda *xs, strict=False: list(zip(*xs, strict=strict)),
}
_OF_WHOLE_NUMBERS = (range, math.factorial)
_OF_ARRAYS = "array clip dot linalg.norm linspace max mean min ones outer prod sum where zeros"


class Evaluation:
    """One computation, in the order of the source; `scope` is what the variables are now."""

    def __init__(self, scope: Mapping[str, Any], most: int = _MOST) -> None:
        self.scope: Scope = {name: _copied(x) for name, x in scope.items()}
        self._left = most

    def value(self, expression: ast.expr) -> Any:
        """What the expression comes to."""
        return self._guarded(lambda: self._value(expression, self.scope))

    def run(self, statements: Sequence[ast.stmt]) -> None:
        """Do what the statements say."""
        self._guarded(lambda: self._run(statements))

    def _guarded(self, computation: Callable[[], Any]) -> Any:
        try:
            with np.errstate(all="ignore"):
                return computation()
        except (ArithmeticError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise Unsure(str(error)) from error

    # -- expressions

    def _value(self, node: ast.expr, scope: Scope) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Unsure
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return _known(name, scope)
            case ast.Attribute(ast.Name("np" | "math" | "numpy"), "pi" | "e" as name):
                return getattr(math, name)
            case ast.Attribute(value, "T"):
                return np.transpose(self._value(value, scope))
            case ast.BinOp(left, ast.Pow(), right):
                return self._power(self._value(left, scope), self._value(right, scope))
            case ast.BinOp(left, sign, right) if type(sign) in _BINARY:
                return _BINARY[type(sign)](self._value(left, scope), self._value(right, scope))
            case ast.UnaryOp(sign, operand) if type(sign) in UNARY:
                return UNARY[type(sign)](self._value(operand, scope))
            case ast.Compare(left, signs, others):
                return self._compared(left, signs, others, scope)
            case ast.BoolOp(sign, values):
                result = isinstance(sign, ast.And)
                for one in values:
                    result = self._value(one, scope)
                    if bool(result) is not isinstance(sign, ast.And):
                        break
                return result
            case ast.IfExp(test, body, orelse):
                return self._value(body if self._value(test, scope) else orelse, scope)
            case ast.List(elts) | ast.Tuple(elts):
                return [self._value(one, scope) for one in elts]
            case ast.ListComp(elt, generators) | ast.GeneratorExp(elt, generators):
                return [self._value(elt, inner) for inner in self._each(generators, scope)]
            case ast.Subscript(value, index):
                return self._value(value, scope)[self._index(index, scope)]
            case ast.Call():
                return self._called(node, scope)
            case _:
                raise Unsure

    @staticmethod
    def _power(base: Any, exponent: Any) -> Any:
        if isinstance(exponent, int) and isinstance(base, int) and abs(exponent) > _LARGEST:
            raise Unsure
        return base**exponent

    def _compared(
        self, left: ast.expr, signs: Sequence[ast.AST], others: Sequence[ast.expr], scope: Scope
    ) -> Any:
        x, result = self._value(left, scope), True
        for sign, other in zip(signs, others, strict=True):
            if type(sign) not in _BINARY:
                raise Unsure
            y = self._value(other, scope)
            result = _BINARY[type(sign)](x, y)
            if not result:
                break
            x = y
        return result

    def _index(self, node: ast.expr, scope: Scope) -> Any:
        match node:
            case ast.Slice(lower, upper, step):
                ends = (None if x is None else self._value(x, scope) for x in (lower, upper, step))
                return slice(*ends)
            case ast.Tuple(elts):
                return tuple(self._index(one, scope) for one in elts)
            case _:
                return self._value(node, scope)

    def _called(self, node: ast.Call, scope: Scope) -> Any:
        function = function_of(node.func)
        if function is None or (isinstance(node.func, ast.Name) and node.func.id in scope):
            raise Unsure
        if any(one.arg is None for one in node.keywords):
            raise Unsure
        arguments = [self._value(one, scope) for one in node.args]
        named = {str(one.arg): self._value(one.value, scope) for one in node.keywords}
        if function in _OF_WHOLE_NUMBERS:  # an int among the inputs is traced as a float
            arguments = [int(x) if type(x) is float and x.is_integer() else x for x in arguments]
        if function is range and len(range(*arguments)) > _MOST:
            raise Unsure
        return function(*arguments, **named)

    def _each(self, generators: Sequence[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        """The variables in each run of a comprehension."""
        first, *others = generators
        inner = dict(scope)
        for x in self._value(first.iter, scope):
            self._store(first.target, x, inner)
            if all(self._value(test, inner) for test in first.ifs):
                if others:
                    yield from self._each(others, inner)
                else:
                    yield inner

    # -- statements

    def _run(self, statements: Iterable[ast.stmt]) -> None:
        for one in statements:
            self._do(one)

    def _do(self, statement: ast.stmt) -> None:
        scope = self.scope
        match statement:
            case ast.Assign(targets, value):
                x = self._value(value, scope)
                for target in targets:
                    self._store(target, x, scope)
            case ast.AnnAssign(target, _, ast.expr() as value):
                self._store(target, self._value(value, scope), scope)
            case ast.AugAssign(target, sign, value):
                now = ast.parse(ast.unparse(target), mode="eval").body
                self._store(target, self._value(ast.BinOp(now, sign, value), scope), scope)
            case ast.If(test, body, orelse):
                self._run(body if self._value(test, scope) else orelse)
            case ast.For(target, iterated, body, []):
                for x in self._value(iterated, scope):
                    self._store(target, x, scope)
                    if not self._goes_on(body):
                        break
            case ast.While(test, body, []):
                while self._value(test, scope):
                    if not self._goes_on(body):
                        break
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case ast.Pass() | ast.Expr(ast.Constant()):
                pass
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"), [value], [])):
                scope[name].append(self._value(value, scope))
            case _:
                raise Unsure

    def _goes_on(self, body: Sequence[ast.stmt]) -> bool:
        self._left -= 1
        if self._left < 0:
            raise Unsure
        try:
            self._run(body)
        except _Continue:
            return True
        except _Break:
            return False
        return True

    def _store(self, target: ast.expr, x: Any, scope: Scope) -> None:
        match target:
            case ast.Name(name):
                scope[name] = x
            case ast.Tuple(elts) | ast.List(elts):
                for one, part in zip(elts, list(x), strict=True):
                    self._store(one, part, scope)
            case ast.Subscript(ast.Name(name), index):
                if isinstance(_known(name, scope), np.ndarray):  # it may be the graph's own
                    scope[name] = scope[name].copy()
                scope[name][self._index(index, scope)] = x
            case _:
                raise Unsure


_LARGEST = 99


def function_of(node: ast.expr) -> Callable[..., Any] | None:
    """A function of numbers or lists by the name that it has in Python or NumPy."""
    name = ast.unparse(node)
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    if name == "math.factorial":
        return math.factorial
    _, _, short = name.rpartition(".") if "linalg" not in name else ("", "", name[3:])
    if name not in (f"np.{short}", f"numpy.{short}", f"math.{short}", short):
        return None
    if short in _OF_ARRAYS.split():
        return operator.attrgetter(short)(np) if "." in name else None
    function = getattr(np, short, None)
    return function if isinstance(function, np.ufunc) else None


def _known(name: str, scope: Mapping[str, Any]) -> Any:
    if name not in scope:
        raise Unsure(name)
    return scope[name]


def _copied(x: Any) -> Any:
    """Lists and dicts that can be changed; an array is copied where it is."""
    if isinstance(x, dict):
        return {key: _copied(one) for key, one in x.items()}
    return list(map(_copied, x)) if isinstance(x, (list, tuple)) else x


def leaves_of(x: Any) -> Iterator[Any]:
    """The numbers and arrays in lists of them."""
    if isinstance(x, (list, tuple)):
        for one in x:
            yield from leaves_of(one)
    else:
        yield x


def is_equal(a: Any, b: Any) -> bool:
    """Whether that is the same number, or array, but for the order in which it was added up."""
    try:
        x, y = np.asarray(a), np.asarray(b)
        if x.shape != y.shape:
            return False
        return bool(np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True))
    except (TypeError, ValueError):
        return False
