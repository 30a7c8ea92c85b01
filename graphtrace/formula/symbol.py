"""Symbol: a formula, as plain text and as LaTeX, read off from the operations themselves.

In: a row of the Wengert list with the names of its operands. Out: the formula of the row
(`b*c`), or of its local derivative in one operand (`1 - h**2`). For the latter the derivative rule
is run once on traced values, and the rows that it leaves behind are printed: a rule is written a
second time only where its row states another formula to print. Formulas are made when they are
first printed; a graph of a million rows holds a million unprinted ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.inputs import INPUT, of_numpy
from graphtrace.core.primitive import Primitive
from graphtrace.core.sweep import partial, pull, push, vjp
from graphtrace.core.tape import Tape, parts
from graphtrace.core.variable import Variable, record
from graphtrace.formula.naming import Mark
from graphtrace.formula.printer import latex_of, operation_text, text_of
from graphtrace.formula.term import (
    LONGEST,
    Hole,
    Name,
    Quotient,
    Term,
    applied,
    bare,
    simplified,
    without,
)


class Row(NamedTuple):
    """A row of the Wengert list as a node of the graph keeps it.

    `operands` are the values that went in; `keys` the nodes they came from, None for a constant;
    `shown` what stands for them in a formula, None for a number.
    """

    primitive: Primitive
    value: Any
    operands: tuple[Any, ...]
    params: dict[str, Any]
    name: str
    keys: tuple[str | None, ...]
    shown: tuple[str | None, ...]


class Symbol:
    """A formula. `str(symbol)` is plain text in Python's notation, `symbol.latex` is LaTeX.

    >>> import graphtrace as gt, numpy as np
    >>> def f(x):
    ...     h = np.tanh(x)
    ...     return h
    >>> symbol = gt.trace(f, 0.5).edges["x", "h", 0]["symbol"]
    >>> str(symbol), symbol.latex
    ('1 - h**2', '1 - {h}^{2}')
    """

    __slots__ = ("_k", "_row", "_term")

    def __init__(self, row: Row, k: int | None = None) -> None:
        self._row = row
        self._k = k
        self._term: Term | None = None

    @classmethod
    def of(cls, term: Term) -> Symbol:
        """The formula that a term says."""
        symbol = cls.__new__(cls)
        symbol._term = term
        return symbol

    @property
    def term(self) -> Term:
        """The expression itself."""
        if self._term is None:
            row, k = self._row, self._k
            self._term = formula(row) if k is None else local_formula(row, k)
        return self._term

    def __str__(self) -> str:
        return text_of(self.term)

    @property
    def latex(self) -> str:
        """The formula as LaTeX, for math mode."""
        return latex_of(self.term)

    def __repr__(self) -> str:
        return f"Symbol({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def row_text(row: Row) -> str:
    """`str(Symbol(row))`, without making the term first: every node of a graph has one."""
    return operation_text(row.primitive, row.params, row.shown, row.operands)


def formula(row: Row) -> Term:
    """The right-hand side of a row: the operation on the names of its operands."""
    atoms = [_atom(row, k) for k in range(len(row.operands))]
    return Term(row.primitive, tuple(atoms), row.params, rank=_ndim(row.value))


def _atom(row: Row, k: int, mark: Mark = "") -> Term:
    """What stands for operand `k` in a formula: its name, or a number."""
    name, x = row.shown[k], row.operands[k]
    return Term(atom=x if name is None else Name(name, _ndim(x), mark))


def local_formula(row: Row, k: int) -> Term:
    """The local derivative of a row in operand `k`."""
    try:
        with np.errstate(all="ignore"):
            term = _local(row, k)
        if term.is_readable:
            return term
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a figure)
        pass
    return _quotient(row, k)


def adjoint_term(row: Row, k: int) -> Term:
    """What operand `k` receives of the adjoint of the row: `c*v̄`, `W.T @ v̄`."""
    arriving = Name(row.name, _ndim(row.value), "adjoint")
    is_same = np.shape(row.operands[k]) == np.shape(row.value)
    if row.primitive.partials is not None and is_same:
        return applied(local_formula(row, k), Term(atom=arriving))
    try:
        with np.errstate(all="ignore"):
            rule = _RuleRun(row)
            g = rule.leaf(arriving, np.ones_like(row.value))
            term = bare(rule.term(pull(row.primitive.printed, k, g, rule.y, rule.xs, row.params)))
        if term.is_readable:
            return term
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a table)
        pass
    return applied(_quotient(row, k), Term(atom=arriving))


def tangent_term(row: Row, k: int) -> Term:
    """What the tangent of operand `k` gives to that of the row: `c*v̇`, `W @ v̇`."""
    arriving = _atom(row, k, "tangent")
    if row.primitive.partials is not None:
        return applied(local_formula(row, k), arriving)
    if _is_wide(row) or not _is_linear(row, k):
        return applied(_quotient(row, k), arriving)
    term = formula(row)
    return replace(term, operands=(*term.operands[:k], arriving, *term.operands[k + 1 :]))


def product_with(row: Row, k: int) -> str | None:
    """The matrix `W` whose product with operand `k` the row is, as its rule says; else None."""
    if row.primitive.partials is not None:
        return None
    term = adjoint_term(row, k)
    if term.op not in ("matmul", "outer"):
        return None
    others = [operand for operand in term.operands if not operand.is_marked]
    if len(others) != 1:
        return None
    while others[0].op in ("matrix_transpose", "transpose"):
        others = list(others[0].operands)
    return text_of(others[0])


class _RuleRun:
    """The operands `xs` and the output `y` of a row as traced values, for a rule to run on."""

    def __init__(self, row: Row) -> None:
        if _is_wide(row):
            raise ValueError("no formula of so many operands is readable")
        self._tape = Tape()
        self._leaves: dict[int, Term] = {}
        self.xs = tuple(
            x if n is None else self.leaf(Name(n, _ndim(x)), x)
            for n, x in zip(row.shown, row.operands, strict=True)
        )
        self.y = self.leaf(Name(row.name, _ndim(row.value)), row.value)

    def leaf(self, atom: Name | Hole, value: Any) -> Variable:
        """A traced value that is printed as that."""
        variable = record(self._tape, INPUT, of_numpy(value))
        self._leaves[variable.index] = Term(atom=atom)
        return variable

    def term(self, x: Any) -> Term:
        """What the rows that lead to `x` say, simplified."""
        if type(x) is not Variable:
            return Term(atom=0 if x is None else x)
        terms = dict(self._leaves)
        for i, row in enumerate(self._tape.rows):
            if i not in terms:
                primitive, value, xs, parents, params = parts(row)
                operands = [
                    terms[p] if p >= 0 else Term(atom=x) for x, p in zip(xs, parents, strict=True)
                ]
                whole = Term(primitive, tuple(operands), params, rank=_ndim(value))
                terms[i] = simplified(whole)
        return terms[x.index]


def _local(row: Row, k: int) -> Term:
    """What the rule of operand `k` says."""
    rule, primitive = _RuleRun(row), row.primitive.printed
    if primitive.partials is not None:
        return rule.term(partial(primitive, k, rule.y, rule.xs, row.params))
    g = rule.leaf(Hole(_ndim(row.value)), np.ones_like(row.value))
    return without(rule.term(vjp(primitive, k, g, rule.y, rule.xs, row.params)), rule.term(g))


def _quotient(row: Row, k: int) -> Term:
    return Term(atom=Quotient(row.name, str(row.shown[k])))


def _ndim(x: Any) -> int:
    return getattr(x, "ndim", 0)  # np.ndim makes an array of a float


def _is_wide(row: Row) -> bool:
    """Whether it has so many operands that to name all for each of them takes too long."""
    return len(row.operands) > LONGEST


def _is_linear(row: Row, k: int) -> bool:
    """Whether the operation itself takes the tangent of operand `k` to that of its output."""
    t = (np.arange(np.size(row.operands[k])) % 7 + 1.0).reshape(np.shape(row.operands[k]))[()]
    try:
        with np.errstate(all="ignore"):
            for tangent in (t, -t):  # max(t) alone would do for a linear map
                xs = (*row.operands[:k], tangent, *row.operands[k + 1 :])
                moved = push(row.primitive, k, tangent, row.value, row.operands, row.params)
                if not np.allclose(row.primitive.forward(*xs, **row.params), moved):
                    return False
    except Exception:  # noqa: BLE001  (as above)
        return False
    return True
