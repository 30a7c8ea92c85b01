"""The pieces of a template, `$0 + $1`: what is written as it stands, and where operands go.

In: the template of a Form. Out: its pieces, found once for each template. Knows no operand.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from graphtrace.formula.alphabet import LEVEL, RAISED
from graphtrace.formula.number import MINUS
from graphtrace.formula.runs import Run, Runs, Shift, joined


class Slot(NamedTuple):
    """Where operand `k` stands; -1 is where the settings do."""

    k: int
    shift: Shift = ""


class Product(NamedTuple):
    """What stands between two factors."""

    sign: str


class Index(NamedTuple):
    """A whole number that counts the entries of what stands before it."""

    text: str


Piece: TypeAlias = "str | Runs | Slot | Product | Index"
Dialect: TypeAlias = Literal["text", "board", "latex"]

_SLOT = re.compile(r"\$(\d+|\*)")
_MARKUP = re.compile(r"\^\{([^{}]*)\}|_\{([^{}]*)\}|\$(\d+|\*)|((?:[^$^_]|[$^_](?![{\d*]))+)")
_PRODUCTS = frozenset(("*", " @ ", r" \, "))
_RAISED = "".join(RAISED.values())
_WORDS = re.compile(
    rf"([{_RAISED}])|('[^']*')|((?![{_RAISED}])[^\W\d_](?:(?![{_RAISED}])\w)*)|(<=|>=|!=|[-*])|(.)",
    re.DOTALL,
)
_SIGNS = {"-": MINUS, "*": "·", "<=": "≤", ">=": "≥", "!=": "≠"}


@cache
def pieces_of(template: str, dialect: Dialect) -> tuple[Piece, ...]:
    """The pieces of a template; on the board, `^{...}` is raised and `_{...}` an index.

    >>> pieces_of("$0**$1", "text")
    (Slot(k=0, shift=''), '**', Slot(k=1, shift=''))
    >>> pieces_of("$0^{$1}", "board")
    (Slot(k=0, shift=''), Slot(k=1, shift='sup'))
    """
    pieces: list[Piece] = []
    if dialect == "board":
        for raised, index, slot, literal in _MARKUP.findall(template):
            if raised.startswith("$"):
                pieces.append(Slot(int(raised[1:]), "sup"))
            elif raised:
                pieces.append((Run(raised, False, "sup"),))
            elif index:
                pieces.append(Index(index))
            elif slot:
                pieces.append(_slot(slot))
            else:
                pieces.append(Product(literal) if literal in _PRODUCTS else set_text(literal))
        return tuple(pieces)
    for i, literal in enumerate(_SLOT.split(template)):
        if i % 2:
            pieces.append(_slot(literal))
        elif literal:
            is_product = dialect == "latex" and literal in _PRODUCTS
            pieces.append(Product(literal) if is_product else literal)
    return tuple(pieces)


def _slot(text: str) -> Slot:
    return Slot(-1 if text == "*" else int(text))


@cache
def formatter(template: str) -> str:
    """The template for `str.format`, for operands that need no brackets."""
    escaped = template.replace("{", "{{").replace("}", "}}")
    return _SLOT.sub(r"{\1}", escaped).replace("{*}", "{settings}")


@cache
def set_text(text: str) -> Runs:
    """What a template writes, as a figure sets it: one letter is italic, ² is raised.

    >>> set_text("s⁺")
    (Run(text='s', italic=True, shift=''), Run(text='+', italic=False, shift='sup'))
    """
    runs = []
    for raised, quoted, word, sign, other in _WORDS.findall(text):
        if raised:
            runs.append(Run(LEVEL[raised], False, "sup"))
        else:
            shown = quoted or word or _SIGNS.get(sign) or other
            runs.append(Run(shown, len(word) == 1))
    return joined(runs)
