"""Read a formula that is only a text, of a graph that nobody traced, as a term.

In: an expression in Python's notation. Out: its term; what is none stays a text. Traced graphs have
their terms from the rows, and never come here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from graphtrace.core.primitive import COMPARE, Form, Notation, Primitive, primitive_named
from graphtrace.core.source import OPERATORS
from graphtrace.formula.term import Name, Term, Text, simplified

_OPERATORS = {**OPERATORS, ast.USub: "negative"}
_LONGEST = 2000


def term_of(text: str) -> Term:
    """The term of an expression; a text of what Python does not read as one.

    >>> term_of("3*v").op, term_of("3 v").atom
    ('multiply', Text(text='3 v'))
    """
    try:
        if len(text) > _LONGEST:
            raise SyntaxError
        return _term(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, KeyError):
        return Term(atom=Text(text))


AND, OR, IF, REMARK = range(-1, -5, -1)
"""How strongly words bind their operands, each less than a comparison and those before it."""


def called(name: str, *operands: Term) -> Term:
    """The call of a function that is no operation of a graph."""
    slots = ", ".join(f"${k}" for k in range(len(operands)))
    # The parentheses of the call are enough around `x for x in xs`.
    form = Form(f"{name}({slots})", operands=(IF if len(operands) == 1 else COMPARE,))
    return Term(Primitive(name, lambda: None, notation=Notation(form, form)), operands)


def joined_by(words: Sequence[str], *operands: Term, binds: int) -> Term:
    """The operands with words or signs between them and behind them: `x/2 if x > 0`.

    What binds no more strongly is put in parentheses, and comparisons are not: they make a chain.

    >>> from graphtrace.formula.printer import text_of
    >>> text_of(joined_by(["if"], term_of("x/2"), term_of("(x > 0 or y > 0) and z > 0"), binds=IF))
    'x/2 if (x > 0 or y > 0) and z > 0'
    """
    least = min(binds + 1, COMPARE)
    tail = f" ${len(words)}" if len(operands) > len(words) else ""

    def form(spelling: Mapping[str, str], board: str = "") -> Form:
        spelled = (spelling.get(word, word) for word in words)
        parts = (f"${k}{'' if ',' in w else ' '}{w}" for k, w in enumerate(spelled))
        return Form(" ".join(parts) + tail, binds, (least,), board)

    upright = {w: rf"\text{{ {w} }}" for w in words if w[0].isalpha()}
    upright |= {w: rf"\text{{{w}}}" for w in words if w[0] == ","}
    notation = Notation(form({}, form(_SIGNS).template), form(upright | _LATEX))
    return Term(Primitive(" ".join(words), lambda: None, notation=notation), operands)


_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
_LATEX = {"<": "<", ">": ">", "<=": r"\leq", ">=": r"\geq", "==": "=", "!=": r"\neq"}
_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def _term(node: ast.expr) -> Term:
    match node:
        case ast.Compare(left=left, ops=operators, comparators=others) if not any(
            isinstance(one, ast.Compare) for one in (left, *others)
        ):
            signs = [_COMPARED[type(operator)] for operator in operators]
            return joined_by(signs, *map(_term, (left, *others)), binds=COMPARE)
        case ast.IfExp(test=test, body=value, orelse=other):
            return joined_by(["if", "else"], *map(_term, (value, test, other)), binds=IF)
        case ast.BoolOp(op=operator, values=values):
            word, binds = ("and", AND) if isinstance(operator, ast.And) else ("or", OR)
            return joined_by([word] * (len(values) - 1), *map(_term, values), binds=binds)
        case ast.BinOp(left, operator, right):
            row = primitive_named(_OPERATORS[type(operator)])
            return Term(row, (_term(left), _term(right)))
        case ast.UnaryOp(operator, operand):
            return Term(primitive_named(_OPERATORS[type(operator)]), (_term(operand),))
        case ast.Constant(int() | float() | complex() as value):
            return Term(atom=value)
        case ast.Call(function, arguments, []):
            name = re.sub(r"^(np\.linalg|np|math)\.", "", ast.unparse(function))
            if name == "sqrt" and len(arguments) == 1:
                return Term(primitive_named("sqrt"), (_term(arguments[0]),))
            return called(name, *map(_term, arguments))
        case ast.Attribute(value, "T"):
            return simplified(Term(primitive_named("matrix_transpose"), (_term(value),)))
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return Term(atom=Name(ast.unparse(node)))
        case _:
            raise KeyError(type(node).__name__)
