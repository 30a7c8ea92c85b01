"""Term: an expression as a tree, and the steps that make it what a person would write.

In: operations on names and constants. Out: the same without `1*x`, `x + 0`, `--x`, or without the
adjoint that a linear map is applied to. Knows no row and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from graphtrace.core.primitive import Primitive, primitive_named
from graphtrace.formula.naming import Mark

LONGEST = 40  # operations and names in a formula; a longer one nobody reads


@dataclass(frozen=True, slots=True)
class Name:
    """A variable in a formula, which may be an array; with a mark, its adjoint or its tangent."""

    key: str
    ndim: int = 0
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Quotient:
    """∂of/∂by, for a derivative that has no formula."""

    of: str
    by: str


@dataclass(frozen=True, slots=True)
class Text:
    """What is no expression, as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Hole:
    """What a linear map is applied to, where no name stands for it: the · of `·.T`.

    `is_number` says that the map is between numbers, whose derivative is better told as one.
    """

    ndim: int = 0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """An expression: an operation on others, or an atom (a name or a constant).

    `rank` is the number of dimensions of its value, where it is known; else that of its operands.
    """

    primitive: Primitive | None = None
    operands: tuple[Term, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    atom: Any = None
    rank: int | None = None

    @property
    def ndim(self) -> int:
        """How many dimensions its value has, as far as one can see."""
        if self.rank is not None:
            return self.rank
        if self.primitive is None:
            return int(getattr(self.atom, "ndim", 0))
        return max((operand.ndim for operand in self.operands), default=0)

    @property
    def leaves(self) -> Iterator[Term]:
        """The atoms, from left to right."""
        if self.primitive is None:
            yield self
        for operand in self.operands:
            yield from operand.leaves

    @property
    def op(self) -> str:
        """The name of the operation, empty for an atom."""
        return self.primitive.name.removeprefix("np.") if self.primitive is not None else ""

    @property
    def number(self) -> float | None:
        """The value of a constant scalar."""
        is_number = isinstance(self.atom, (int, float, np.integer, np.floating))
        return self.atom if is_number else None

    @property
    def is_marked(self) -> bool:
        """Whether it is an adjoint or a tangent."""
        return isinstance(self.atom, Name) and self.atom.mark != ""

    @property
    def is_readable(self) -> bool:
        """Whether it is short, and an operation that a person would write."""
        todo, count = [self], 0
        while todo and count <= LONGEST:
            count += 1
            todo.extend(todo.pop().operands)
        return count <= LONGEST and self.op not in ("scatter", "scatter_at")

    def holds(self, leaf: Term) -> bool:
        """Whether `leaf` itself, not an equal term, is in it."""
        todo = [self]
        while todo:
            at = todo.pop()
            if at is leaf:
                return True
            todo.extend(at.operands)
        return False


def times(a: Term, b: Term) -> Term:
    """The product, simplified."""
    return simplified(Term(primitive_named("multiply"), (a, b)))


def applied(local: Term, arriving: Term) -> Term:
    """The local derivative times the adjoint, or the tangent, that arrives; `v̄/x` for `1/x`."""
    if local.op == "divide" and local.operands[0].number == 1:
        return Term(local.primitive, (arriving, local.operands[1]))
    return times(local, arriving)


def bare(term: Term) -> Term:
    """The term without the shapes that broadcasting tells."""
    if term.op in ("broadcast_to", "reshape", "astype"):
        return bare(term.operands[0])
    params, axis = term.params, term.params.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        params = params | {"axis": axis[0]}
    return replace(term, operands=tuple(map(bare, term.operands)), params=params)


def negated(term: Term) -> Term | None:
    """The term without the minus that it begins with; None where it begins with none."""
    if term.number is not None:
        return Term(atom=-term.number) if term.number < 0 else None
    if term.op == "negative":
        return term.operands[0]
    if term.op not in ("multiply", "divide", "matmul"):
        return None
    first, *others = term.operands
    rest = negated(first)
    return None if rest is None else simplified(replace(term, operands=(rest, *others)))


def total(terms: Iterable[Term]) -> Term | None:
    """The sum of the terms, `a - b` where one begins with a minus; None of none."""
    whole: Term | None = None
    for term in terms:
        rest = negated(term) if whole is not None else None
        if whole is None:
            whole = term
        elif rest is not None:
            whole = Term(primitive_named("subtract"), (whole, rest))
        else:
            whole = Term(primitive_named("add"), (whole, term))
    return whole


def without(term: Term, g: Term) -> Term:
    """The linear map that takes `g` to `term`, where it can be said without naming `g`."""
    if term is g:
        return Term(atom=1)
    if term.op in ("broadcast_to", "reshape", "astype", "sum"):
        return without(term.operands[0], g)
    if term.op not in ("multiply", "matmul", "outer", "divide"):
        return term
    left, right = term.operands
    on_left = left.holds(g)
    if on_left == right.holds(g):
        return term
    inner = without(left if on_left else right, g)
    if inner.holds(g) or (term.op == "divide" and not on_left):
        return term
    if term.op in ("matmul", "outer") and inner.number is None:
        return term  # a product from both sides, A g B, is no one matrix
    if not on_left:
        return times(left, inner)
    if term.op == "divide":
        return simplified(Term(term.primitive, (inner, right)))
    if term.op == "outer":
        right = Term(primitive_named("matrix_transpose"), (right,))
    return times(inner, right)


def simplified(term: Term) -> Term:
    """The term as a person would write it: no 1*x, no x + 0, no x*x, no --x."""
    simpler = _SIMPLER.get(term.op)
    return term if simpler is None else simpler(term, *term.operands)


def _product(term: Term, a: Term, b: Term) -> Term:
    x, y = a.number, b.number
    if x == 0 or y == 0:
        return Term(atom=0)
    if x == 1 or y == 1:
        return b if x == 1 else a
    if x == -1 or y == -1:
        return simplified(Term(primitive_named("negative"), (b if x == -1 else a,)))
    if isinstance(a.atom, Name) and isinstance(b.atom, Name) and a.atom == b.atom:
        return Term(primitive_named("power"), (a, Term(atom=2)))
    if y is not None and x is None:
        return Term(term.primitive, (b, a), term.params)
    return term


def _negative(term: Term, a: Term) -> Term:
    if a.number is not None:
        return Term(atom=-a.number)
    return a.operands[0] if a.op == "negative" else term


def _sum(term: Term, a: Term, b: Term) -> Term:
    return b if a.number == 0 else a if b.number == 0 else term


def _difference(term: Term, a: Term, b: Term) -> Term:
    return a if b.number == 0 else term


def _power_or_quotient(term: Term, a: Term, b: Term) -> Term:
    return a if b.number == 1 else term


def _same(term: Term, a: Term) -> Term:
    return a


def _transposed(term: Term, a: Term) -> Term:
    if a.op == "negative":
        return simplified(replace(a, operands=(simplified(replace(term, operands=a.operands)),)))
    if a.op == "matmul" and all(factor.ndim == 2 for factor in a.operands):
        left, right = (simplified(replace(term, operands=(x,), rank=2)) for x in a.operands)
        if right.op != term.op:  # (A Bᵀ)ᵀ is B Aᵀ
            return replace(a, operands=(right, left))
    are_matrices = a.ndim == 2 and a.op in ("transpose", "matrix_transpose")
    is_back = (a.op == term.op or are_matrices) and not (a.params or term.params)
    return a.operands[0] if is_back else term


_SIMPLER: dict[str, Callable[..., Term]] = {
    "multiply": _product,
    "negative": _negative,
    "add": _sum,
    "subtract": _difference,
    "power": _power_or_quotient,
    "divide": _power_or_quotient,
    "positive": _same,
    "nonzero": _same,
    "transpose": _transposed,
    "matrix_transpose": _transposed,
}
