"""Symbol: a formula, as plain text and as LaTeX, read off from the operations themselves.

In: a row of the Wengert list with the names of its operands. Out: the formula of the row
(`b*c`), or of its local derivative in one operand (`1 - h**2`). For the latter the derivative rule
is run once on traced values, and the rows that it leaves behind are printed: a rule is written a
second time only where its row states another formula to print. Formulas are made when they are
first printed; a graph of a million rows holds a million unprinted ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from graphtrace.core.inputs import INPUT, carries_gradient, of_numpy
from graphtrace.core.sweep import partial, pull, push, vjp
from graphtrace.core.tape import Tape, parts
from graphtrace.core.variable import Variable, record
from graphtrace.formula.maps import Map, elementwise, has_hole, hole, image, read, value_of
from graphtrace.formula.phrases import phrase, repeated
from graphtrace.formula.printer import latex_of, operation_text, text_of
from graphtrace.formula.row import Row, atom_of, ndim_of
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

    __slots__ = ("_k", "_map", "_row", "_term", "_written")

    def __init__(self, row: Row, k: int | None = None) -> None:
        self._row = row
        self._k = k
        self._term: Term | None = None
        self._map: Map | Literal[False] | None = None
        self._written: Term | None = None

    @classmethod
    def of(cls, term: Term) -> Symbol:
        """The formula that a term says."""
        symbol = cls.__new__(cls)
        symbol._term = symbol._written = term
        symbol._map = False
        return symbol

    @classmethod
    def of_map(cls, one: Map) -> Symbol:
        """The formula of a derivative that is a map between arrays."""
        symbol = cls.of(one.printed)
        symbol._map = one
        return symbol

    def __reduce__(self) -> tuple[Any, ...]:
        """By its row: a term in words holds what no pickle has."""
        if hasattr(self, "_row"):
            return Symbol, (self._row, self._k)
        return Symbol.of, (self.term,)

    @property
    def term(self) -> Term:
        """The expression itself."""
        if self._term is None:
            row, k = self._row, self._k
            if k is None:
                self._term = formula(row)
            elif is_by_entry(row, k):
                self._term = local_formula(row, k)
            else:
                self._term = _quotient(row, k) if self.map is None else self.map.printed
        return self._term

    @property
    def map(self) -> Map | None:
        """The derivative as a map that can be multiplied; None where no formula says it."""
        if self._map is None:
            one = None if self._k is None else local_map(self._row, self._k)
            self._map = False if one is None else one
        return self._map or None

    @property
    def written(self) -> Term:
        """The derivative as it composes with others: diag(1 - h**2), where `term` is 1 - h**2."""
        if self._written is None:
            self._written = self.term
            if self._k is not None and self.term.ndim:
                self._written = _as_map(self._row, self._k, self.term)
        return self._written

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
    return operation_text(row.primitive, row.shown_params, row.shown, row.operands)


def formula(row: Row) -> Term:
    """The right-hand side of a row: the operation on the names of its operands."""
    atoms = [atom_of(row, k) for k in range(len(row.operands))]
    return Term(row.primitive, tuple(atoms), row.shown_params, rank=ndim_of(row.value))


def local_formula(row: Row, k: int) -> Term:
    """What the rule of operand `k` says; of an elementwise row, the factor of each entry."""
    try:
        with np.errstate(all="ignore"):
            term = _local(row, k)
        if term.is_readable:
            return term
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a figure)
        pass
    return _quotient(row, k)


def is_by_entry(row: Row, k: int) -> bool:
    """Whether the derivative is a number, or an array of the numbers of the entries."""
    return _is_elementwise(row, k) or not (ndim_of(row.value) or ndim_of(row.operands[k]))


_LONGEST_MAP, _LONGEST_APPLIED = 40, 32
"""Characters of a map, and of one that says what it is applied to, that a person reads."""


def local_map(row: Row, k: int) -> Map | None:
    """The local derivative of a row in operand `k`, as a map; None where no formula says it."""
    out, into = ndim_of(row.value), ndim_of(row.operands[k])
    try:
        with np.errstate(all="ignore"):
            if row.primitive.partials is not None or not (out or into):
                return _fit_to_print(_elementwise_map(row, k, _local(row, k)))
            for one in () if _is_wide(row) else _candidates(row, k):
                if _fit_to_print(one) is not None and _is_derivative(row, k, one):
                    return one
    except Exception:  # noqa: BLE001  (as above)
        pass
    return None


def _is_elementwise(row: Row, k: int) -> bool:
    """Whether each entry of the value comes from that entry of operand `k`."""
    is_same = np.shape(row.operands[k]) == np.shape(row.value)
    return row.primitive.partials is not None and is_same


def _fit_to_print(one: Map) -> Map | None:
    term = one.printed
    longest = _LONGEST_APPLIED if has_hole(term) else _LONGEST_MAP
    if any(isinstance(leaf.atom, np.ndarray) and leaf.atom.size > 3 for leaf in term.leaves):
        return None  # of whose entries nothing can be seen
    return one if term.is_readable and len(text_of(term)) <= longest else None


def _as_map(row: Row, k: int, term: Term) -> Term:
    """diag(d) for the d of an elementwise row; another's term is that of a map."""
    if isinstance(term.atom, Quotient) or not _is_elementwise(row, k):
        return term
    return _elementwise_map(row, k, term).printed


def _elementwise_map(row: Row, k: int, d: Term) -> Map:
    out, into = ndim_of(row.value), ndim_of(row.operands[k])
    shape, size = np.shape(row.value), np.size(row.operands[k])
    if not _is_elementwise(row, k) and size and d.number is not None and d.number != 0:
        return Map("other", repeated(np.size(row.value) // size, d.number, into, shape), out, into)
    if d.ndim == 0:
        return elementwise(d, out, into, is_same=_is_elementwise(row, k))
    values = {name: x for name, x in zip(row.shown, row.operands, strict=True) if name is not None}
    with np.errstate(all="ignore"):  # who prints a figure is told of a pole by the figure
        shape = np.shape(value_of(d, values | {row.name: row.value}))
    return elementwise(d, out, into, is_same=shape == np.shape(row.operands[k]) != ())


def _candidates(row: Row, k: int) -> Iterator[Map]:
    """What may be the derivative: in words, the operation itself, or what its rule says."""
    out, into = ndim_of(row.value), ndim_of(row.operands[k])
    in_words = phrase(row, k)
    if in_words is not None:
        yield Map("other", in_words, out, into)
    term = formula(row)
    operands = (*term.operands[:k], hole(into), *term.operands[k + 1 :])
    yield from _readings(replace(term, operands=operands), out, into)
    rule = _RuleRun(row)
    t = rule.leaf(Hole(into), np.ones_like(row.operands[k]))
    pushed = push(row.primitive.printed, k, t, rule.y, rule.xs, row.params, rule.tape)
    yield from _readings(rule.term(pushed), out, into)


def _readings(term: Term, out: int, into: int) -> Iterator[Map]:
    one = read(term, out, into)
    yield one
    if one.term is not term:
        yield Map("other", bare(term), out, into)


def _is_derivative(row: Row, k: int, one: Map) -> bool:
    """Whether the map takes tangents to what the rule of the row takes them to."""
    values = {name: x for name, x in zip(row.shown, row.operands, strict=True) if name is not None}
    values[row.name] = row.value
    x = row.operands[k]
    return _is_homogeneous(row, k, one, values) and all(
        _are_close(
            image(one.printed, t, values, np.shape(row.value)),
            _pushed(row, k, t),
        )
        for t in (tangent_like(x), -tangent_like(x))  # |t| and max(t) are no linear maps
    )


def _is_homogeneous(row: Row, k: int, one: Map, values: Mapping[str, Any]) -> bool:
    """Whether it takes no change to none, for other numbers of the other operands too.

    conv(x, ·, b) is the derivative by the weight where b happens to be 0, and no map.
    """
    if not has_hole(one.printed) or len(values) < 3:
        return True
    others = {
        name: tangent_like(x, 1) if np.asarray(x).dtype.kind in "fc" else x
        for name, x in values.items()
    }
    none = np.zeros_like(row.operands[k])
    return not np.any(image(one.printed, none, others, np.shape(row.value)))


def _pushed(row: Row, k: int, t: Any) -> Any:
    y = push(row.primitive, k, t, row.value, row.operands, row.params)
    return np.zeros(np.shape(row.value)) if y is None else y


def tangent_like(x: Any, seed: int = 0) -> Any:
    """A random tangent of the shape and type of `x`."""
    random = np.random.default_rng(seed)
    t = random.normal(size=np.shape(x))
    if np.iscomplexobj(x):
        t = t + 1j * random.normal(size=np.shape(x))
    return np.asarray(t, np.result_type(x))[()]


def _are_close(a: Any, b: Any) -> bool:
    if np.shape(a) != np.shape(b):
        return False
    kind = np.result_type(a, b)
    tolerance = float(np.sqrt(np.finfo(kind).eps)) if kind.kind in "fc" else 0.0
    scale = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True))


def adjoint_term(row: Row, k: int) -> Term:
    """What operand `k` receives of the adjoint of the row: `c*v̄`, `W.T @ v̄`."""
    arriving = Name(row.name, ndim_of(row.value), "adjoint")
    is_same = np.shape(row.operands[k]) == np.shape(row.value)
    if row.primitive.partials is not None and is_same:
        return applied(local_formula(row, k), Term(atom=arriving))
    try:
        with np.errstate(all="ignore"):
            rule = _RuleRun(row)
            g = rule.leaf(arriving, np.ones_like(row.value))
            term = bare(
                rule.term(pull(row.primitive.printed, k, g, rule.y, rule.xs, row.shown_params))
            )
        if term.is_readable:
            return term
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a table)
        pass
    return applied(_quotient(row, k), Term(atom=arriving))


def tangent_term(row: Row, k: int) -> Term:
    """What the tangent of operand `k` gives to that of the row: `c*v̇`, `W @ v̇`."""
    arriving = atom_of(row, k, "tangent")
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
        self.tape = Tape()
        self._leaves: dict[int, Term] = {}
        self.xs = tuple(
            x if n is None else self.leaf(Name(n, ndim_of(x)), x)
            for n, x in zip(row.shown, row.operands, strict=True)
        )
        self.y = self.leaf(Name(row.name, ndim_of(row.value)), row.value)

    def leaf(self, atom: Name | Hole, value: Any) -> Variable:
        """A traced value that is printed as that."""
        variable = record(self.tape, INPUT, of_numpy(value))
        self._leaves[variable.index] = Term(atom=atom)
        return variable

    def term(self, x: Any) -> Term:
        """What the rows that lead to `x` say, simplified."""
        if type(x) is not Variable:
            return Term(atom=0 if x is None else x)
        terms = dict(self._leaves)
        for i, row in enumerate(self.tape.rows):
            if i not in terms:
                primitive, value, xs, parents, params = parts(row)
                operands = [
                    terms[p] if p >= 0 else Term(atom=x) for x, p in zip(xs, parents, strict=True)
                ]
                whole = Term(primitive, tuple(operands), params, rank=ndim_of(value))
                terms[i] = simplified(whole)
        return terms[x.index]


def _local(row: Row, k: int) -> Term:
    """What the rule of operand `k` says."""
    if not carries_gradient(row.operands[k]):
        return Term(atom=0)
    rule, primitive = _RuleRun(row), row.primitive.printed
    if primitive.partials is not None:
        return rule.term(partial(primitive, k, rule.y, rule.xs, row.shown_params))
    g = rule.leaf(Hole(ndim_of(row.value), is_number=True), np.ones_like(row.value))
    return without(rule.term(vjp(primitive, k, g, rule.y, rule.xs, row.shown_params)), rule.term(g))


def _quotient(row: Row, k: int) -> Term:
    return Term(atom=Quotient(row.name, str(row.shown[k])))


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
