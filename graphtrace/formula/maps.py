"""Linear maps between arrays in the notation of the board: W, (·)W, diag(1 − h²)W.

In: a term that says what becomes of a change of the operand, with a `Hole` in its place; or two
maps that follow one another. Out: a `Map`, whose print leaves out what is applied where a person
would. What each print means is in `image`, by which it is compared with the numbers. Knows no
row and no graph.

| print | what becomes of a change t | shape of the operand and of the value |
| --- | --- | --- |
| 3, c | c t | the same |
| diag(d) | d t, entry by entry | the same |
| W | W t | the product's |
| d | the sum of all d t; in a product dᵀ | any, to a number |
| d | d t | a number, to any |
| (·)W, cumsum(·), rows 0:3 of z | what it says, with t for · | any |
| A B | A (B t) | as they conform |
| I | t | the same |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from graphtrace.core.primitive import (
    ATOM,
    PRODUCT,
    SIGN,
    SUM,
    Form,
    Notation,
    Primitive,
    called,
    infix,
    primitive_named,
)
from graphtrace.formula.term import Hole, Name, Term, applied, bare, simplified, times

Kind: TypeAlias = Literal["scale", "diagonal", "matrix", "gradient", "column", "other"]

_DIAGONAL = Primitive("diag", lambda d: d, notation=called("diag", r"\operatorname{diag}"))
_MATMUL = primitive_named("matmul")
_COMPOSED = Primitive("compose", lambda *maps: None, notation=_MATMUL.notation)
_SUM = Primitive("sum of maps", lambda *maps: None, notation=infix(" + ", " + ", SUM))
_IDENTITY = Primitive("identity map", lambda: None, notation=Notation(Form("I"), Form("I")))
_OUTER = Primitive(
    "outer",
    np.outer,
    notation=Notation(
        Form("outer($0, $1)", PRODUCT, (SIGN, ATOM), "$0 @ $1^{T}"),
        Form(r"{$0} \, {$1}^{\mathsf{T}}", PRODUCT, (SIGN, ATOM)),
    ),
)
_ONE = Term(atom=1)


class Map(NamedTuple):
    """A linear map: what kind it is, its term, and the dimensions of its value and its operand.

    The term of a "diagonal" is what stands in it; that of an "other" has a Hole, or is a product.
    """

    kind: Kind
    term: Term
    out: int
    into: int

    @property
    def printed(self) -> Term:
        """The term as it is printed."""
        return Term(_DIAGONAL, (self.term,), rank=2) if self.kind == "diagonal" else self.term


def read(term: Term, out: int, into: int) -> Map:
    """The map that takes the Hole to the term.

    What it prints is a guess where shapes decide, so it has to be compared with the map's numbers.
    """
    if isinstance(term.atom, Hole):
        return Map("scale", _ONE, out, into)
    if term.op in ("broadcast_to", "reshape", "astype", "copy", "positive"):
        return read(term.operands[0], out, into)
    if term.number == 0:
        return Map("scale", term, out, into)
    whole = Map("other", bare(term), out, into)
    at = [k for k, operand in enumerate(term.operands) if has_hole(operand)]
    if len(at) != 1:
        return whole
    k, inner = at[0], term.operands[at[0]]
    part = read(inner, inner.ndim, into)
    last = _last(term, k, inner.ndim, out)
    if last is None:
        return whole
    return composed(last, part) or whole


def _last(term: Term, k: int, into: int, out: int) -> Map | None:
    """The last operation of a term, as a map of its operand `k`."""
    others = [bare(operand) for i, operand in enumerate(term.operands) if i != k]
    if term.op == "negative":
        return Map("scale", Term(atom=-1), out, into)
    if term.op == "multiply":
        return elementwise(others[0], out, into)
    if term.op == "divide" and k == 0:
        over = Term(term.primitive, (_ONE, others[0]))
        return elementwise(over, out, into)
    if term.op == "sum":
        return Map("other", replace(term, operands=(hole(into),)), out, into)
    if term.op in ("matmul", "dot") and others[0].ndim <= 2 and into <= 2:
        if out == 0:
            return Map("gradient", others[0], 0, into)
        if k == 1:
            return Map("matrix", others[0], out, into)
        return Map("other", Term(_MATMUL, (hole(into), others[0]), rank=out), out, into)
    return None


def elementwise(d: Term, out: int, into: int, *, is_same: bool = True) -> Map:
    """The map that multiplies each entry by that of `d`.

    Where the shapes of the value and the operand are not the same, entries of the operand are
    broadcast.
    """
    if out == into and (is_same or d.ndim == 0 == out):
        return Map("scale" if d.ndim == 0 else "diagonal", d, out, into)
    if into == 0:
        return Map("column", d, out, into)
    return Map("other", applied(d, hole(into)), out, into)


def hole(ndim: int) -> Term:
    """What a map is applied to."""
    return Term(atom=Hole(ndim))


def has_hole(term: Term) -> bool:
    """Whether it says to what it is applied."""
    return any(isinstance(leaf.atom, Hole) for leaf in term.leaves)


def composed(last: Map, first: Map) -> Map | None:
    """The map that applies the first and then the last, `last first`; None if that is not short.

    >>> W, d = Term(atom=Name("W", 2)), Term(atom=Name("d", 1))
    >>> composed(Map("diagonal", d, 1, 1), Map("matrix", W, 1, 1)).printed.op
    'compose'
    """
    out, into = last.out, first.into
    if last.kind == "scale" and (last.term.number == 1 or not _is_in_words(first)):
        return first._replace(term=_both(last.term, first.term), out=out)
    if first.kind == "scale" and last.kind != "other":
        return last._replace(term=_both(first.term, last.term), into=into)
    if first.kind == "scale" and first.term.number == 1:
        return last
    if last.kind == "other" and _shows_hole(last.term) and not _is_in_words(last):
        return (
            None
            if _is_in_words(first)
            else last._replace(term=_put_in(last.term, first), into=into)
        )
    if first.term.op == "repeated" and first.term.params["d"] == 1 and last.kind == "diagonal":
        return elementwise(last.term, out, into, is_same=False)
    step = _COMPOSITIONS.get((last.kind, first.kind))
    term = step(last, first) if step is not None else None
    if term is None:
        return None
    kind: Kind = "other"
    if not has_hole(term) and term.op != "compose":
        kind = "gradient" if out == 0 else "column" if into == 0 else last.kind
    return Map(kind, term, out, into)


def _entries(last: Map, first: Map) -> Term:
    return _both(last.term, first.term)


def _both(a: Term, b: Term) -> Term:
    """The product: a/x of a and 1/x."""
    is_inverse = b.op == "divide" and b.operands[0].number == 1
    return applied(b, a) if is_inverse else applied(a, b)


def _product(last: Map, first: Map) -> Term:
    return Term(_COMPOSED, (last.printed, first.printed))


def _matrices(last: Map, first: Map) -> Term:
    return Term(_MATMUL, (last.term, first.term), rank=max(last.term.ndim, first.term.ndim))


def _row_times(last: Map, first: Map) -> Term | None:
    """A gradient, as a row, times a map: vᵀW, and of W in W x the textbook's v xᵀ."""
    v, term = last.term, first.term
    if first.kind == "matrix" and first.into == last.into == 2 == term.ndim:
        return Term(_MATMUL, (_transposed(term), v), rank=2)
    if first.kind == "matrix" and last.into == 1:
        return Term(_OUTER, (term, v), rank=2) if term.ndim == 1 else _product_of(v, term)
    if term.op == "compose" and last.into == 1 and not has_hole(term):
        return _product_of(v, term)
    if term.op != "matmul" or not isinstance(term.operands[0].atom, Hole):
        return None
    by = term.operands[1]
    if by.ndim == 1 and last.into == 1 and first.into == 2:
        return Term(_OUTER, (v, by), rank=2)
    if by.ndim == 2 and last.into == first.into == 2:
        return Term(_MATMUL, (v, _transposed(by)), rank=2)
    if by.ndim == 2 and last.into == first.into == 1:
        return Term(_MATMUL, (by, v), rank=1)
    return None


def _product_of(v: Term, term: Term) -> Term:
    return Term(_COMPOSED, (_transposed(v), term))


def _transposed(term: Term) -> Term:
    op = "matrix_transpose" if term.ndim == 2 else "transpose"
    return simplified(Term(primitive_named(op), (term,), rank=term.ndim))


def _added_up(last: Map, first: Map) -> Term | None:
    """The sum, or the mean, of all entries of a product, perhaps times a number."""
    each = _of_each(last)
    return _followed(last, first) if each is None else _both(each, first.term)


def _of_each(one: Map) -> Term | None:
    """What a sum, or a mean, multiplies each entry with; None of other maps."""
    scale, added_up = _factored(one.term)
    if one.out == 0 and added_up.op == "sum":
        return scale
    size = added_up.params.get("size")
    if one.out or added_up.op != "mean" or size is None:
        return None
    return Term(primitive_named("divide"), (scale, Term(atom=size)))


def _factored(term: Term) -> tuple[Term, Term]:
    """A term as what it is multiplied by, and the rest: −mean(·) as −1 and mean(·)."""
    if term.op == "negative":
        scale, rest = _factored(term.operands[0])
        return times(Term(atom=-1), scale), rest
    if term.op == "multiply" and has_hole(term.operands[1]):
        scale, rest = _factored(term.operands[1])
        return times(term.operands[0], scale), rest
    return _ONE, term


def _scaled_sum(last: Map, first: Map) -> Term | None:
    """A number times the sum, or the mean, of all entries, in either order: −mean."""
    added_up, scale = (last, first) if first.kind == "scale" else (first, last)
    return None if _of_each(added_up) is None else times(scale.term, added_up.term)


def _followed(last: Map, first: Map) -> Term | None:
    """`diag(d)` and then `(·)W`, say: diag(d)W; None of what is told in words."""
    return None if _is_in_words(last) or _is_in_words(first) else _product(last, first)


def _shows_hole(term: Term) -> bool:
    """Whether what it is applied to stands in its print; a softmax's diag(p) − ppᵀ has no place."""
    return has_hole(term) and term.op not in _WITHOUT_PLACE


def _put_in(term: Term, first: Map) -> Term:
    """The term with the image of a map in the place of the Hole: F(·)Fᵀ for (·)Fᵀ after F."""
    if isinstance(term.atom, Hole):
        return _of_hole(first)
    if not _shows_hole(term):
        return term
    return replace(term, operands=tuple(_put_in(operand, first) for operand in term.operands))


def _of_hole(one: Map) -> Term:
    """What a map makes of the Hole, written out."""
    at = hole(one.into)
    if one.kind == "matrix":
        return Term(_MATMUL, (one.term, at), rank=one.out)
    if one.kind == "other" and _shows_hole(one.term):
        return one.term
    if one.kind == "other":
        return Term(_COMPOSED, (one.term, at), rank=one.out)
    return times(one.term, at)


_WITHOUT_PLACE = ("softmax", "log_softmax")
_FACTORS = ("matmul", "compose", "softmax", "log_softmax", "matrix_transpose", "transpose")


def _is_in_words(one: Map) -> bool:
    """Whether it is a phrase, or a call: what cannot stand in a product."""
    return one.kind == "other" and one.term.op not in _FACTORS


_COMPOSITIONS: dict[tuple[Kind, Kind], Callable[[Map, Map], Term | None]] = {
    ("diagonal", "diagonal"): _entries,
    ("diagonal", "matrix"): _product,
    ("diagonal", "column"): _entries,
    ("diagonal", "other"): _followed,
    ("matrix", "diagonal"): _product,
    ("matrix", "matrix"): _matrices,
    ("matrix", "column"): _matrices,
    ("matrix", "other"): _followed,
    ("gradient", "diagonal"): _entries,
    ("gradient", "matrix"): _row_times,
    ("gradient", "other"): _row_times,
    ("scale", "other"): _scaled_sum,
    ("other", "scale"): _scaled_sum,
    ("other", "diagonal"): _added_up,
    ("other", "matrix"): _followed,
    ("other", "other"): _followed,
}


def added(a: Map, b: Map) -> Map | None:
    """The sum of two maps between the same arrays; None if that is not short."""
    if "gradient" in (a.kind, b.kind):
        a, b = _as_gradient(a), _as_gradient(b)
    if a.kind == b.kind and a.kind != "other":
        if a.term == b.term:
            return a._replace(term=times(Term(atom=2), a.term))
        return a._replace(term=Term(primitive_named("add"), (a.term, b.term)))
    if a.into == 0 or a.out == 0 or _is_in_words(a) or _is_in_words(b):
        return None
    both = (b, a) if b.kind == "scale" else (a, b)
    is_shown = any(_shows_hole(one.term) for one in both)  # then everywhere: A(·) + (·)B
    terms = (
        _of_hole(one) if is_shown and one.kind == "matrix" else _as_factor(one) for one in both
    )
    return Map("other", Term(_SUM, tuple(terms)), a.out, a.into)


def _as_gradient(one: Map) -> Map:
    each = _of_each(one) if one.kind == "other" else None
    return one if each is None else Map("gradient", each, 0, one.into)


def _as_factor(one: Map) -> Term:
    """The map in a sum: 3I for 3."""
    if one.kind != "scale":
        return one.printed
    identity = Term(_IDENTITY)
    return identity if one.term.number == 1 else times(one.term, identity)


def image(term: Term, t: Any, values: Mapping[str, Any], out: tuple[int, ...]) -> Any:
    """What the printed map makes of a change `t`, where the names have these values.

    `out` is the shape of the result.

    >>> W = Term(atom=Name("W", 2))
    >>> image(W, np.ones(2), {"W": np.eye(2)}, (2,))
    array([1., 1.])
    """
    if has_hole(term) or _is_of_maps(term):
        return np.broadcast_to(_followed_by(term, t, values), out)
    if term.number == 0:
        return np.zeros(out)
    matrix = value_of(term, values, t)
    if np.ndim(matrix) == 0 or np.ndim(t) == 0:
        return np.broadcast_to(matrix * t, np.broadcast_shapes(np.shape(matrix * t), out))
    return np.sum(matrix * t) if not out else matrix @ t


def _followed_by(term: Term, t: Any, values: Mapping[str, Any]) -> Any:
    """The same of a factor, which is applied to what comes from its right."""
    if term.op == "diag":
        return value_of(term.operands[0], values, t) * t
    if term.op == "compose":
        return _followed_by(term.operands[0], _followed_by(term.operands[1], t, values), values)
    if term.op == "sum of maps":
        return sum(_followed_by(operand, t, values) for operand in term.operands)
    if term.op == "identity map":
        return t
    if term.op == "negative" and _is_of_maps(term):
        return -_followed_by(term.operands[0], t, values)
    if term.op == "multiply" and _is_of_maps(term):
        scale, one = term.operands
        return value_of(scale, values, t) * _followed_by(one, t, values)
    factor = value_of(term, values, t)
    return factor if has_hole(term) else factor * t if np.ndim(factor) == 0 else factor @ t


def _is_of_maps(term: Term) -> bool:
    maps = ("diag", "compose", "sum of maps", "identity map")
    return term.op in maps or any(map(_is_of_maps, term.operands))


def value_of(term: Term, values: Mapping[str, Any], t: Any = None) -> Any:
    """The value of a term, `t` for what it is applied to."""
    if isinstance(term.atom, Name):
        return values[term.atom.key]
    if isinstance(term.atom, Hole):
        return t
    if term.primitive is None:
        return term.atom
    if term.op == "compose":
        return _followed_by(term, t, values)
    operands = [value_of(operand, values, t) for operand in term.operands]
    return term.primitive.forward(*operands, **term.params)
