"""The printer of formulas: one walk over a term, in plain text, in runs or in LaTeX.

In: a term, and how the names in it are spelled. Out: text in Python's notation, runs as a figure
sets them, or LaTeX. How an operation is written is in its row; where brackets stand, and what
stands between two factors, is decided here alone. Nothing that was printed is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from graphtrace.core.primitive import (
    ATOM,
    COMPARE,
    PRIMITIVES,
    PRODUCT,
    SIGN,
    SUM,
    Form,
    Notation,
    Primitive,
    call,
)
from graphtrace.formula.alphabet import ELEMENTWISE
from graphtrace.formula.naming import MARK_OF, Mark, Naming
from graphtrace.formula.number import MINUS, number
from graphtrace.formula.runs import Run, Runs, digits, joined, latex, level
from graphtrace.formula.template import (
    Dialect,
    Index,
    Piece,
    Product,
    Slot,
    formatter,
    pieces_of,
    set_text,
)
from graphtrace.formula.term import Hole, Name, Quotient, Term, Text

_NAME = ATOM + 1  # binds tighter than a call: √x, but √(f(x))

Markup = TypeVar("Markup", str, Runs)


class Edge(NamedTuple):
    """What a print begins or ends with, by which it stands side by side with its neighbour.

    A `kind` is "number", "letter", "word", "group" (in brackets), "call" or "sign".
    """

    kind: str
    letter: str = ""


_GROUP, _CALL, _WORD, NUMBER_EDGE = map(Edge, ("group", "call", "word", "number"))
_LETTER, SIGN_EDGE = map(Edge, ("letter", "sign"))


class Printed(NamedTuple, Generic[Markup]):
    """A print: how tightly it binds, and its ends."""

    markup: Markup
    binds: int
    first: Edge
    last: Edge
    divided: bool = False
    """Whether it is a quotient, which a factor on its right would seem to go into."""
    tall: bool = False
    """Whether it is higher than a line."""


class Backend(Generic[Markup]):
    """How a backend writes; each says what is different."""

    dialect: ClassVar[Dialect]

    def __init__(self, names: Naming) -> None:
        self.names = names

    def rule(self, term: Term) -> Markup | None:
        """The print of a term; None of one that is not fit for a figure."""
        known = self.names.printed.get((self.dialect, id(term)))
        if known is None:  # a formula is set about five times in a figure
            printed = self.term(term) if is_settled(term) else None
            known = self.names.printed[self.dialect, id(term)] = (printed, term)
        markup: Markup | None = known[0]
        return markup

    def term(self, term: Term) -> Markup:
        """The print of a term."""
        return self.walk(term).markup

    def walk(self, term: Term) -> Printed[Markup]:
        """The print of a term, with its ends."""
        if term.primitive is None:
            if not isinstance(term.atom, Name):
                return self.atom(term.atom)
            known = self.names.printed.get((self.dialect, term.atom))
            if known is None:
                known = self.names.printed[self.dialect, term.atom] = self.atom(term.atom)
            printed: Printed[Markup] = known
            return printed
        return self.filled(term, [self._operand(term, k) for k in range(len(term.operands))])

    def _operand(self, term: Term, k: int) -> Printed[Markup]:
        operand = term.operands[k]
        if isinstance(operand.atom, Hole) and is_call(term):
            return self.dot()
        printed = self.walk(operand)
        return self.bracketed(printed) if _is_other_product(term, k) else printed

    def filled(self, term: Term, operands: Sequence[Printed[Markup]]) -> Printed[Markup]:
        """An operation on operands that are printed already."""
        assert term.primitive is not None
        form = form_of(term.primitive, term.params, term.operands, self.dialect)
        pieces = self.pieces(form)
        placed = self._placed(form, pieces, operands)
        markups = []
        for at, piece in enumerate(pieces):
            if at in placed:
                raised = self.raised(placed[at]) if _shift(piece) else placed[at].markup
                markups.append(raised)
            elif isinstance(piece, Product):
                sign = _sign_of(term) if len(pieces) == 3 else ""
                markups.append(self.product(placed[at - 1], placed[at + 1], sign))
            elif isinstance(piece, Index):
                markups.append(self.index(term.operands[0], piece.text))
            elif isinstance(piece, Slot):
                markups.append(self.settings(_settings(form, term.params)))
            else:
                markups.append(self.literal(piece, operands))
        first, last = _edges(form, pieces, placed)
        if term.op == "diag":  # it stands beside what it is multiplied by: diag(d)W
            last = _GROUP
        is_quotient = form.binds == PRODUCT and (
            "/" in form.template
            or "%" in form.template
            or any(operand.divided for operand in placed.values())
        )
        tall = self.is_tall(form) or any(operand.tall for operand in operands)
        return Printed(self.whole(markups), form.binds, first, last, is_quotient, tall)

    def _placed(
        self, form: Form, pieces: Sequence[Piece], operands: Sequence[Printed[Markup]]
    ) -> dict[int, Printed[Markup]]:
        """The operands by the places of their slots, in the brackets that they need there."""
        placed = {}
        for at, piece in enumerate(pieces):
            if not isinstance(piece, Slot) or piece.k < 0:
                continue
            operand = operands[piece.k]
            if operand.binds < _NAME:
                demand = form.operands[min(piece.k, len(form.operands) - 1)]
                demand = COMPARE if piece.shift else demand
                demand = _NAME if at and pieces[at - 1] == _ROOT else demand
                is_lost = form.binds < ATOM and demand > COMPARE and operand.first == SIGN_EDGE
                if operand.binds < demand or (at and is_lost):
                    operand = self.bracketed(operand)
            placed[at] = operand
        return placed

    def touch(self, left: Printed[Markup], right: Printed[Markup]) -> bool:
        """Whether a product is written by putting its factors side by side: 3v, bc, not aa."""
        before, after = left.last, right.first
        if left.divided:
            return False
        if after.kind == "group":
            return before.kind in ("number", "group")
        if after.kind != "letter" or before.kind not in ("number", "letter", "group"):
            return False
        both = before.letter + after.letter
        is_lost = before.letter == after.letter or both in self.names.taken
        return not (before.letter and is_lost)

    def name(self, key: str, mark: Mark = "") -> Markup:
        """A variable, its adjoint or its tangent."""
        return self.walk(Term(atom=Name(key, mark=mark))).markup

    def factor(self, printed: Printed[Markup]) -> Markup:
        """The print as one factor of a product, in brackets where it needs them."""
        loose = printed.binds < PRODUCT or printed.first == SIGN_EDGE
        return (self.bracketed(printed) if loose else printed).markup

    def between(self, sign: Markup, markups: Sequence[Markup]) -> Markup:
        """The prints, with a sign between two of them."""
        return self.whole([piece for one in markups for piece in (sign, one)][1:])

    # What each backend writes in its own way.

    def text(self, text: str) -> Markup:
        """Words, and signs with the space around them."""
        raise NotImplementedError

    def digits(self, text: str) -> Markup:
        """A printed number."""
        return self.text(text)

    def over(self, top: Markup, bottom: Markup) -> Markup:
        """A quotient."""
        raise NotImplementedError

    def differential(self, d: str, of: str) -> Markup:
        """`dJ`."""
        raise NotImplementedError

    def quotient(self, d: str, of: str, by: str) -> Markup:
        """`dJ/dv`."""
        known = self.names.printed.get((self.dialect, d, of, by))
        if known is None:
            known = self.over(self.differential(d, of), self.differential(d, by))
            self.names.printed[self.dialect, d, of, by] = known
        markup: Markup = known
        return markup

    def pieces(self, form: Form) -> tuple[Piece, ...]:
        """Those of the form's template."""
        return pieces_of(form.template, self.dialect)

    def is_tall(self, form: Form) -> bool:
        """Whether the form is higher than a line."""
        return False

    def atom(self, atom: Any) -> Printed[Markup]:
        """A name or a constant."""
        raise NotImplementedError

    def dot(self) -> Printed[Markup]:
        """What a map is applied to, where it is the argument of a call: cumsum(·)."""
        raise NotImplementedError

    def whole(self, markups: Sequence[Markup]) -> Markup:
        """The prints one behind the other."""
        raise NotImplementedError

    def literal(self, piece: Any, operands: Sequence[Printed[Markup]]) -> Markup:
        """What the form itself writes."""
        markup: Markup = piece
        return markup

    def bracketed(self, inner: Printed[Markup]) -> Printed[Markup]:
        """The print in brackets."""
        raise NotImplementedError

    def raised(self, inner: Printed[Markup]) -> Markup:
        """The print as an exponent."""
        return inner.markup

    def product(self, left: Printed[Markup], right: Printed[Markup], sign: str) -> Markup:
        """What stands between two factors; `sign` is one that must be there."""
        raise NotImplementedError

    def index(self, of: Term, text: str) -> Markup:
        """The number of an entry."""
        raise NotImplementedError

    def settings(self, params: Mapping[str, Any]) -> Markup:
        """What stands behind the operands of a call."""
        raise NotImplementedError


class _Board(Backend[Runs]):
    """Runs, as a person writes on a board."""

    dialect = "board"

    def pieces(self, form: Form) -> tuple[Piece, ...]:
        return pieces_of(form.board or form.template, "board")

    def atom(self, atom: Any) -> Printed[Runs]:
        if isinstance(atom, Name):
            spelling = self.names[atom.key]
            edge = Edge("letter", spelling.flat) if spelling.is_letter else _WORD
            return Printed(spelling.runs(atom.mark), _NAME, edge, edge)
        if isinstance(atom, Quotient):
            quotient = self.quotient("∂", atom.of, atom.by)
            return Printed(quotient, PRODUCT, _WORD, _WORD, divided=True)
        if isinstance(atom, Hole):
            return Printed((Run("(·)"),), ATOM, _LETTER, _LETTER)
        text = constant(atom)
        if is_number(atom):
            text = number(float(text), _EXACT)
            first = SIGN_EDGE if text.startswith(MINUS) else NUMBER_EDGE
            binds = _binding(atom, text)
            return Printed(digits(text), binds, first, _WORD if "×" in text else NUMBER_EDGE)
        if isinstance(atom, complex):
            text = number(atom, 6)
            return Printed((Run(f"({text})" if " " in text else text),), ATOM, _WORD, _WORD)
        if isinstance(atom, np.ndarray) and text.startswith("["):
            return Printed(set_text(text), ATOM, _WORD, _GROUP)
        if isinstance(atom, Text):
            text = text.partition("\n")[0]
        return Printed((Run("…" if "\n" in text else text),), _binding(atom, text), _WORD, _WORD)

    def text(self, text: str) -> Runs:
        return (Run(text),) if text else ()

    def digits(self, text: str) -> Runs:
        return digits(text)

    def over(self, top: Runs, bottom: Runs) -> Runs:
        return (*top, Run("/"), *bottom)

    def differential(self, d: str, of: str) -> Runs:
        """`dJ`, and `d loss` with a little space, since dloss would read as one word."""
        spelling = self.names[of]
        apart = "" if spelling.is_letter or d == "∂" else "\N{THIN SPACE}"
        return (Run(d + apart), *spelling.runs())

    def dot(self) -> Printed[Runs]:
        return Printed((Run("·"),), ATOM, _WORD, _WORD)

    def whole(self, markups: Sequence[Runs]) -> Runs:
        return joined(run for runs in markups for run in runs)

    def bracketed(self, inner: Printed[Runs]) -> Printed[Runs]:
        return Printed((Run("("), *inner.markup, Run(")")), ATOM, _GROUP, _GROUP)

    def raised(self, inner: Printed[Runs]) -> Runs:
        return (Run(level(inner.markup), False, "sup"),)

    def product(self, left: Printed[Runs], right: Printed[Runs], sign: str) -> Runs:
        if sign == ELEMENTWISE:
            return (Run(f" {sign} "),)
        return () if not sign and self.touch(left, right) else (Run("·"),)

    def index(self, of: Term, text: str) -> Runs:
        if isinstance(of.atom, Name):
            spelling = self.names[of.atom.key]
            bare = spelling.is_letter and not (spelling.lowered or spelling.rest)
            if bare and spelling.flat + text.replace(" ", "") not in self.names.taken:
                return (Run(text, False, "sub"),)
        return (Run(f"[{text}]"),)

    def settings(self, params: Mapping[str, Any]) -> Runs:
        return tuple(Run(f", {k} = {v}") for k, v in _shown_settings(params))


Board = _Board
"""For those that print numbers in their own way."""


class _Latex(Backend[str]):
    r"""LaTeX for math mode; `tight` as a figure sets it: `(a + b) c`, without `\left` and `\,`."""

    dialect = "latex"

    def __init__(self, names: Naming, *, tight: bool = False) -> None:
        super().__init__(names)
        self.tight = tight

    def atom(self, atom: Any) -> Printed[str]:
        if isinstance(atom, Name):
            spelling = self.names[atom.key]
            edge = Edge("letter", spelling.flat) if spelling.is_letter else _WORD
            return Printed(spelling.latex(atom.mark), _NAME, edge, edge)
        if isinstance(atom, Quotient):
            return Printed(self.quotient("∂", atom.of, atom.by), PRODUCT, _WORD, _WORD, tall=True)
        if isinstance(atom, Hole):
            return Printed(r"(\cdot)", ATOM, _LETTER, _LETTER)
        text = constant(atom)
        if is_number(atom):
            mantissa, e, power = text.partition("e")
            number_tex = f"{mantissa} \\times 10^{{{int(power)}}}" if e else text
            first = SIGN_EDGE if text.startswith("-") else NUMBER_EDGE
            return Printed(
                number_tex.replace("inf", r"\infty"), _binding(atom, text), first, NUMBER_EDGE
            )
        if not isinstance(atom, np.ndarray) or not text.startswith("["):
            text = latex((Run(text.partition("\n")[0]),))
        return Printed(text, _binding(atom, text), _WORD, _WORD)

    def term(self, term: Term) -> str:
        """In a figure a leading minus belongs to its number, not to the sign of equality."""
        markup = super().term(term)
        return f"{{{markup}}}" if self.tight and markup.startswith("-") else markup

    def text(self, text: str) -> str:
        return latex((Run(text),))

    def digits(self, text: str) -> str:
        return latex(digits(text))

    def over(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def differential(self, d: str, of: str) -> str:
        sign = {"d": r"\mathrm{d}", "∂": r"\partial "}.get(d, r"\Delta ")
        return sign + self.names[of].latex()

    def dot(self) -> Printed[str]:
        return Printed(r"\cdot", ATOM, _WORD, _WORD)

    def whole(self, markups: Sequence[str]) -> str:
        return "".join(markups)

    def is_tall(self, form: Form) -> bool:
        return r"\frac" in form.template or r"\sqrt" in form.template

    def literal(self, piece: Any, operands: Sequence[Printed[str]]) -> str:
        if not piece.isascii():  # of a notation that has no LaTeX
            return latex(set_text(piece))
        if self.tight and not any(operand.tall for operand in operands):
            return str(piece).replace(r"\left(", "(").replace(r"\right)", ")")
        return str(piece)

    def bracketed(self, inner: Printed[str]) -> Printed[str]:
        left, right = ("(", ")") if self.tight and not inner.tall else (r"\left(", r"\right)")
        return Printed(left + inner.markup + right, ATOM, _GROUP, _GROUP, tall=inner.tall)

    def product(self, left: Printed[str], right: Printed[str], sign: str) -> str:
        if sign == ELEMENTWISE:
            return r" \odot "
        if self.touch(left, right):
            return r" \cdot " if sign else " " if self.tight else r" \, "
        clash = right.first.kind in ("number", "group") and left.last.kind in ("number", "letter")
        clash |= left.last.letter != "" and left.last.letter == right.first.letter
        return r" \cdot " if sign or clash else r" \, "

    def settings(self, params: Mapping[str, Any]) -> str:
        return "".join(f", {self.text(k)} = {self.text(v)}" for k, v in _shown_settings(params))


def _sign_of(term: Term) -> str:
    """The ⊙ of a product entry by entry, the · of two vectors; none where none must be."""
    ranks = [operand.ndim for operand in term.operands]
    if term.primitive is not None and term.primitive.partials is not None:
        return ELEMENTWISE if all(ranks) else ""
    return "·" if ranks == [1, 1] else ""


_ROOT = (Run("√"),)


def _shift(piece: Piece) -> str:
    return piece.shift if isinstance(piece, Slot) else ""


def _edges(
    form: Form, pieces: Sequence[Piece], placed: Mapping[int, Printed[Any]]
) -> tuple[Edge, Edge]:
    """What an operation begins and ends with."""
    start, final = (1 if pieces[0] == "{" else 0), len(pieces) - 1
    is_open = final in placed and not _shift(pieces[final])
    if start in placed:
        last = placed[final].last if is_open else Edge(placed[start].last.kind)
        return placed[start].first, last
    if form.binds == SIGN:
        return SIGN_EDGE, placed[final].last if is_open else _CALL
    return _CALL, _CALL


def form_of(
    primitive: Primitive, params: Mapping[str, Any], operands: Sequence[Any], dialect: Dialect
) -> Form:
    """How the row is written: as it says, or as a call; `operands` are terms or values."""
    notation, is_latex, count = primitive.notation, dialect == "latex", len(operands)
    if isinstance(notation, Notation):
        most = notation.most_ndim
        if most is None or all(getattr(x, "ndim", 0) <= most for x in operands):
            return notation.latex if is_latex else notation.text
    elif notation is not None:
        return notation(count, params, is_latex)
    return call(primitive.name.removeprefix("np."), count, is_latex)


def _settings(form: Form, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return params if form.settings is None else form.settings


def shown(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings that say something; those of a dict one by one."""
    for name, value in params.items():
        if isinstance(value, dict):
            yield from shown(value)
        elif value is not None and value is not False:
            yield name, value


def _shown_settings(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The settings in a formula on a board: that a sum keeps its dimensions the shapes tell."""
    return ((k, _set_value(v)) for k, v in shown(params) if k != "keepdims")


def _set_value(value: Any) -> str:
    if is_number(value):
        return in_digits(value)
    text = constant(value) if isinstance(value, np.ndarray) else str(value)
    return re.sub(r"-(?=\d)", MINUS, text) if isinstance(value, (tuple, list)) else text


def is_call(term: Term) -> bool:
    """Whether it is written as a call, `exp(x)`."""
    if term.primitive is None:
        return False
    form = form_of(term.primitive, term.params, term.operands, "text")
    return form.template[:1].isalpha()


def is_settled(term: Term) -> bool:
    """Whether it says something: no bare quotient, and no map of what is applied in two places."""
    if isinstance(term.atom, Quotient):
        return False
    if term.op == "sum of maps":
        return all(map(is_settled, term.operands))
    holes = [leaf for leaf in term.leaves if isinstance(leaf.atom, Hole)]
    return len(holes) < 2 and not any(leaf.atom.is_number for leaf in holes)


def is_number(x: Any) -> bool:
    """Whether it is a real number, and no truth value."""
    return isinstance(x, (int, float, np.number)) and not isinstance(x, (bool, np.complexfloating))


def constant(x: Any) -> str:
    """A constant in Python's notation: a number of six digits, an array by what it is made of.

    >>> constant(0.1), constant(np.array([1.0, -2.0])), constant(np.eye(2))
    ('0.1', '[1, -2]', 'eye(2)')
    """
    if isinstance(x, np.ndarray):
        if name := getattr(x, "name", ""):
            return str(name)
        if x.ndim <= 1 and x.size <= 3:
            return "[" + ", ".join(map(constant, np.ravel(x))) + "]"
        return _made_by(x) or _matrix(x) or f"{x.dtype}[{','.join(map(str, x.shape))}]"
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, np.complexfloating):
        return f"({x:.6g})"
    if isinstance(x, Text):
        return x.text
    return _digits(x) if is_number(x) else str(x)


_EXACT = 12


def _digits(x: Any) -> str:
    """All digits of a number that a person has written; six of one that was computed.

    >>> _digits(6.62607015e-34), _digits(0.31938153), _digits(2 / 3)
    ('6.62607015e-34', '0.31938153', '0.666667')
    """
    exact = f"{x:.{_EXACT}g}"
    return exact if float(exact) == x else f"{x:.6g}"


def in_digits(x: Any) -> str:
    """A constant number as on a board: `−0.31938153`."""
    return number(float(_digits(x)), _EXACT)


def _matrix(x: np.ndarray[Any, Any]) -> str | None:
    """The rows of a small matrix.

    >>> _matrix(np.array([[1, 2], [3, 4.5]])), _matrix(np.full((2, 2), 1 / 3))
    ('[[1, 2], [3, 4.5]]', None)
    """
    if x.ndim != 2 or not 0 < x.size <= 9:
        return None
    text = "[" + ", ".join("[" + ", ".join(map(constant, row)) + "]" for row in x) + "]"
    return text if len(text) <= _LONGEST_MATRIX else None


_LONGEST_MATRIX = 32
_LARGEST = 10_000  # entries to look at


def _made_by(x: np.ndarray[Any, Any]) -> str | None:
    """The call that makes an array of real numbers, if it is a common one.

    >>> _made_by(np.arange(5)), _made_by(np.zeros(4)), _made_by(-np.zeros(4))
    ('arange(5)', 'zeros(4)', None)
    """
    if x.dtype.kind not in "iuf" or not 0 < x.size <= _LARGEST or np.signbit(x).any():
        return None
    shape = str(x.shape if x.ndim > 1 else x.size)
    calls = {
        f"zeros({shape})": not x.any(),
        f"ones({shape})": (x == 1).all(),
        f"arange({x.size})": x.ndim == 1 and (x == np.arange(x.size)).all(),
        f"eye({len(x)})": x.ndim == 2 and x.shape[0] == x.shape[1] and (x == np.eye(len(x))).all(),
    }
    return next((call for call, makes in calls.items() if makes), None)


def _binding(atom: Any, text: str) -> int:
    """How tightly a constant binds: 3 as a name, −2 and 10⁻⁶ as signs and products do."""
    if not is_number(atom):
        return ATOM
    return SIGN if text[:1] in ("-", MINUS) else SUM + 1 if "e" in text or "×" in text else _NAME


def operation_text(
    primitive: Primitive,
    params: Mapping[str, Any],
    names: Sequence[str | None],
    xs: Sequence[Any],
) -> str:
    """The plain text of one operation on operands that have a name, or are the constants `xs`."""
    form = form_of(primitive, params, xs, "text")
    texts = [_within(form, k, *_plain_atom(xs[k])) if n is None else n for k, n in enumerate(names)]
    return _formatted(form, texts, params)


def text_of(term: Term) -> str:
    """The term in Python's notation, every name as its key."""
    return _plain(term)[0]


def _plain(term: Term) -> tuple[str, int]:
    """The plain text, and how tightly it binds."""
    if term.primitive is None:
        return _plain_atom(term.atom)
    form = form_of(term.primitive, term.params, term.operands, "text")
    texts = [
        f"({_plain(operand)[0]})"
        if _is_other_product(term, k)
        else _within(form, k, *_plain(operand))
        for k, operand in enumerate(term.operands)
    ]
    return _formatted(form, texts, term.params), form.binds


def _is_other_product(term: Term, k: int) -> bool:
    """Whether operand `k` mixes two products of arrays: x*(A @ y), (u @ v)*x; (d*A) @ B."""
    operand = term.operands[k]
    if term.op in ("multiply", "divide"):
        shows = [_shows_inner_product(one) for one in term.operands]
        if shows[k]:
            return _joins(term, k, shows)
        return k == 1 and operand.op in ("matmul", "dot") and term.operands[0].ndim > 0
    is_entrywise = operand.op == "multiply" and all(part.ndim for part in operand.operands)
    return k == 0 and term.op in ("matmul", "dot") and is_entrywise


def _joins(term: Term, k: int, shows: Sequence[bool]) -> bool:
    """Whether the other factor would join the v of the u·v in operand `k`; `shows` has both's."""
    is_beside_two = term.op == "multiply" and shows[1 - k]
    return is_beside_two or _may_be_array(term.operands[1 - k])


def _shows_inner_product(term: Term) -> bool:
    """Whether the number u·v stands in it without brackets, so that a factor would join v.

    A rank that is not known is 0 in a product of arrays.
    """
    if term.op in ("matmul", "dot"):
        return not is_call(term) and all(operand.ndim <= 1 for operand in term.operands)
    if term.op not in ("multiply", "divide"):
        return False
    shows = [_shows_inner_product(operand) for operand in term.operands]
    return any(x and not _joins(term, k, shows) for k, x in enumerate(shows))


def _may_be_array(term: Term) -> bool:
    """Whether it is an array, as far as one can see: what a call gives may be one."""
    if term.primitive is None or term.ndim:
        return term.ndim > 0
    is_unknown = PRIMITIVES.get(term.primitive.name) is not term.primitive
    return is_unknown or (
        term.op in ("multiply", "divide", "add", "subtract", "negative")
        and any(map(_may_be_array, term.operands))
    )


def _plain_atom(atom: Any) -> tuple[str, int]:
    if isinstance(atom, Name):
        return atom.key + MARK_OF[atom.mark], _NAME
    if isinstance(atom, Quotient):
        return f"∂{atom.of}/∂{atom.by}", PRODUCT
    text = "·" if isinstance(atom, Hole) else constant(atom)
    return text, _binding(atom, text)


def _within(form: Form, k: int, text: str, binds: int) -> str:
    return text if binds >= form.operands[min(k, len(form.operands) - 1)] else f"({text})"


def _formatted(form: Form, operands: Sequence[str], params: Mapping[str, Any]) -> str:
    """The plain text of a form, around operands that have the brackets they need."""
    text = formatter(form.template)
    if "{settings}" not in text:
        return text.format(*operands)
    settings = "".join(
        f", {k}={constant(v) if isinstance(v, np.ndarray) else v}"
        for k, v in shown(_settings(form, params))
    )
    return text.format(*operands, settings=settings)


def on_board(names: Naming) -> Backend[Runs]:
    """The backend that writes runs."""
    return _Board(names)


def in_latex(names: Naming, *, tight: bool = False) -> Backend[str]:
    """The backend that writes LaTeX; a figure's is `tight`."""
    return _Latex(names, tight=tight)


def latex_of(term: Term) -> str:
    """The term as LaTeX, its names told apart from each other."""
    keys = (leaf.atom.key for leaf in term.leaves if isinstance(leaf.atom, Name))
    return in_latex(Naming(keys)).walk(term).markup
