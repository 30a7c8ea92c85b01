r"""How a user's operation is written: a template of their own, or a call.

In: `"|$x|"` and the operands' names, or the name of a function and its settings. Out: Forms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphtrace.core.primitive import ATOM, COMPARE, PRODUCT, SUM, Form
from graphtrace.errors import ArgumentError

# What needs no brackets of its own: a call, a pair of bars; and in LaTeX the same, and a fraction.
# What a possessive repetition (`*+`) has read it does not try again in another way.
_PREFIX = r"(?:(?!\\left\b)\\?\w++|[\^_]?\{[^{}]*\})*+"
_CLOSED = re.compile(
    rf"{_PREFIX}\([^()]*\)|\|[^|]*\||\[[^\[\]]*\]"
    rf"|{_PREFIX}\\left\S((?!\\left|\\right).)*\\right\S"
)
_FRACTION = re.compile(r"\\frac\{[^{}]*\}\{[^{}]*\}")
_IN_BRACKETS = re.compile(r"[(|\[,]\s*\$\d+\s*(?=[)|\],]|\\right)")


def template(text: str, operands: Sequence[str]) -> Form:
    """The Form that a user's text stands for, with `$` before the operands' names.

    Raises ArgumentError where it names no operand.

    >>> template("|$x|", ["x", "y"]).template
    '|$0|'
    """
    first, *rest = text.split("$")
    for piece in rest:  # not \w, which takes the ² of "$b²" too
        end = max((i for i in range(len(piece) + 1) if piece[:i].isidentifier()), default=0)
        name = piece[:end]
        if end and name not in operands:
            raise ArgumentError(
                f"the notation {text!r} names ${name}; the operands are {', '.join(operands)}"
            )
        if piece[:1].isdigit():
            raise ArgumentError(
                f"the notation {text!r} has a $ before a number; it stands before an operand's "
                f"name: {', '.join(operands)}"
            )
        first += f"${operands.index(name) if end else ''}{piece[end:]}"
    numbered = first
    is_bare = "$" in _IN_BRACKETS.sub("", numbered)
    binds = SUM
    if _CLOSED.fullmatch(numbered):
        binds = ATOM
    elif _FRACTION.fullmatch(numbered):
        binds = PRODUCT
    return Form(numbered, binds, (ATOM if is_bare else COMPARE,))


def of_output(form: Form, output: int, *, latex: bool) -> Form:
    """One of several outputs: `eigen(A)[0]`."""
    text = form.template
    if form.binds < ATOM:
        text = rf"\left({text}\right)" if latex else f"({text})"
    index = f"_{{{output}}}" if latex else f"[{output}]"
    return form._replace(template=text + index, binds=ATOM)
