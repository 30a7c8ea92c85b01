"""The gate that a program's text passes on its way out: it says nothing but what the writer made.

In: the text, and the names that were given out for it. Out: the same text, or an error. Whatever
went wrong before, a name, a string or a number of a graph that came from elsewhere cannot get by as
code: what is left of the text without its strings and comments consists of names that were given
out, of NumPy's functions that rows stand for, and of operators; and only these functions, and those
that the program fetches by name at its top, are called.

`compile` and `to_python` have no other way to a text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import numpy as np

from graphtrace.compile.names import Issued
from graphtrace.core.primitive import PRIMITIVES
from graphtrace.errors import ArgumentError

# Strings and comments. One with a prefix, as f"...", or in three quotes leaves a quote standing.
_OPAQUE = re.compile(
    r"""(?<![\w"'])(?:"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')(?!["'])|#[^\n]*"""
)
_DECORATOR = re.compile(r"^@(?=\w+\.errstate\(all= \)\s*$)", re.MULTILINE)
_WORD = re.compile(r"(\.\s*|def )?(?<!\w)([^\W\d]\w*)(\s*\(|=(?!=))?")
# What is no operator, a decorator, and a call of anything but a name.
_FOREIGN = re.compile(r"[^\w \n.,:=<>!+\-*/%@~&|^()\[\]{}]|^\s*@|[)\]}]\s*\(", re.MULTILINE)

_CUT = re.compile(r"\n(?= *[A-Za-z_])")
_PIECE = 100_000  # letters

_KEYWORDS = frozenset("def return if raise not or else None True False ArithmeticError".split())
_ATTRIBUTES = frozenset("T at errstate full inf nan reduce s_ shape zeros".split())
_ARGUMENTS = frozenset(("all", "axis", "dtype"))


def own_text(text: str, issued: Issued) -> str:
    """The text, if there is nothing in it but what the writer made; else raises ArgumentError.

    >>> own_text("f = x + 1.0", Issued({"f", "x"}, set(), set()))
    'f = x + 1.0'
    """
    if not text.replace("\n", "").isprintable():  # a carriage return would end a comment
        raise _refusal("what is not printed")
    for some in _pieces(text):
        code = _DECORATOR.sub("", _OPAQUE.sub(" ", some))
        foreign = _FOREIGN.search(code)
        if foreign is not None:
            raise _refusal(repr(foreign[0]))
        if code.rstrip().endswith("."):
            raise _refusal("'.' at the end of a line")
        for before, word, after in set(_WORD.findall(code)):
            if not _is_own(before, word, after, issued):
                raise _refusal(repr(word))
    return text


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that say by themselves what they say.

    Between two lines, of which the second begins with a name, no string, comment or call goes on.
    All at once, a long text would take a kilobyte for each line.
    """
    start, cut = 0, _CUT.search(text, _PIECE)
    while cut:
        yield text[start : cut.start()]
        start = cut.start()
        cut = _CUT.search(text, start + _PIECE)
    yield text[start:]


def _is_own(before: str, word: str, after: str, issued: Issued) -> bool:
    if before == "def ":
        return word in issued.names
    if before:
        return word in _ATTRIBUTES or word in _functions()
    if after == "=":
        return word in issued.arguments or word in _ARGUMENTS
    return word in issued.called or (word in issued.names and not after) or word in _KEYWORDS


@functools.cache
def _functions() -> frozenset[str]:
    """The names of NumPy's that a text may say: the functions of rows, and the types of numbers."""
    rows = {row.name.removeprefix("np.") for row in PRIMITIVES.values()}
    kinds = {name for name, x in vars(np).items() if isinstance(x, type)}
    numbers = {name for name in kinds if issubclass(vars(np)[name], (np.number, np.bool_))}
    return frozenset(numbers | (rows & vars(np).keys()))


def _refusal(what: str) -> ArgumentError:
    return ArgumentError(
        f"the program of this graph would say {what:.60}, which graphtrace does not write; use the "
        "graph that gt.trace returned, or a copy of it"
    )
