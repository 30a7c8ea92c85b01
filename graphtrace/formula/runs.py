"""Runs: pieces of text in one style, which a figure sets; and the same as Unicode or LaTeX.

In: runs, from the printer or from a text. Out: text whose raised and lowered letters are Unicode's,
or LaTeX that compiles with amsmath: braces are balanced, and no character from a user's name is a
command. Knows no term and no width.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from graphtrace.formula.alphabet import ACCENTS, COMMANDS, LEVEL, LOWERED, RAISED, SIGNS

Shift: TypeAlias = Literal["", "sub", "sup"]


class Run(NamedTuple):
    """A piece of text in one style."""

    text: str
    italic: bool = False
    shift: Shift = ""


Runs: TypeAlias = tuple[Run, ...]


def digits(text: str) -> Runs:
    """The runs of a printed number: the power of ten raised.

    >>> digits("1.2×10⁻⁵")
    (Run(text='1.2×10', italic=False, shift=''), Run(text='−5', italic=False, shift='sup'))
    """
    if _SUPERSCRIPTS.isdisjoint(text):  # nearly always, and ten times faster
        return (Run(text),) if text else ()
    return joined(Run(LEVEL[c], False, "sup") if c in _SUPERSCRIPTS else Run(c) for c in text)


_SUPERSCRIPTS = frozenset(RAISED.values())


def joined(runs: Iterable[Run]) -> Runs:
    """Neighbours in one style become one run."""
    out: list[Run] = []
    for run in runs:
        if out and out[-1][1:] == run[1:]:
            out[-1] = Run(out[-1][0] + run[0], run[1], run[2])
        elif run[0]:
            out.append(run)
    return tuple(out)


def plain(runs: Iterable[Run]) -> str:
    """The runs as Unicode text: raised and lowered characters where Unicode has them.

    >>> plain((Run("v", italic=True), Run("1", shift="sub"), Run("ab", shift="sup")))
    'v₁^ab'
    """
    out = []
    for text, _, shift in runs:
        if not shift:
            out.append(text)
            continue
        table = RAISED if shift == "sup" else LOWERED
        if all(c in table for c in text):
            out.append("".join(table[c] for c in text))
        else:
            out.append(("^" if shift == "sup" else "_") + (text if text.isalnum() else f"({text})"))
    return "".join(out)


def level(runs: Iterable[Run]) -> str:
    """The text of runs that are raised as a whole, in which nothing is raised again.

    >>> level((Run("h", italic=True), Run("2", shift="sup")))
    'h^2'
    """
    return "".join(("^" if shift == "sup" else "") + text for text, _, shift in runs)


_PIECES = re.compile(
    rf"([A-Za-z]|[^\W\d_])([{''.join(ACCENTS)}]+)|([A-Za-z]+)|(\d+(?:,\d{{3}})*(?:\.\d+)?)|(.)",
    re.DOTALL,
)
_OPENS = ("", "=", "(", "[", ",", "·", "×", "+", "^", "/", "<", ">")


def latex(runs: Iterable[Run], foreign: Callable[[str], str] = str) -> str:
    r"""The runs in LaTeX's math mode; `foreign` writes a letter that LaTeX may not have.

    >>> latex((Run("W"), Run("1", shift="sub"))), latex((Run("100% {x"),)), latex((Run("= −2"),))
    ('\\mathrm{W}_{1}', '100\\% \\{\\mathrm{x}', '= {-}2')
    """
    pieces: list[str] = []
    left = ""
    scripts: set[str] = set()  # a second one of a kind needs a base of its own
    for run in runs:
        text, left = _text(run.text, run.italic, "" if run.shift else left, foreign)
        script = {"": "", "sub": "_", "sup": "^"}[run.shift]
        if script:
            is_free = script not in scripts and bool(pieces)
            scripts = {*scripts, script} if is_free else {script}
            text = f"{'' if is_free else '{}'}{script}{{{text}}}"
        elif text.strip():
            scripts = set()
        pieces.append(text)
    return "".join(pieces)


def _text(text: str, italic: bool, left: str, foreign: Callable[[str], str]) -> tuple[str, str]:
    """The LaTeX of a text, and the last sign in it; `left` is the one that came before."""
    pieces = []
    for match in _PIECES.finditer(text):
        under, marks, word, number, sign = match.groups()
        if marks:
            piece = _text(under, italic, left, foreign)[0].strip()
            for mark in marks:
                piece = f"{ACCENTS[mark]}{{{piece}}}"
            pieces.append(piece)
        elif word:
            one = italic and len(word) == 1
            pieces.append(word if one else rf"\math{'it' if italic else 'rm'}{{{word}}}")
        elif number:
            pieces.append(number.replace(",", "{,}"))
        elif sign == " ":
            beside = text[max(match.start() - 1, 0)] + text[min(match.end(), len(text) - 1)]
            pieces.append(r"\ " if re.search("[A-Za-z]", beside) else " ")
            continue
        elif sign == "−" and (left in _OPENS or _is_sign(text, match.start())):
            pieces.append("{-}")  # a sign, not a difference
        else:
            known = SIGNS.get(sign) or COMMANDS.get(sign)
            pieces.append(known or (sign if sign.isascii() else foreign(sign)))
        left = match[0]
    return "".join(pieces), left


def _is_sign(text: str, at: int) -> bool:
    """Whether it is the minus of `data −6`; that of a difference has a space on either side."""
    return text[max(at - 1, 0)] == " " != text[at + 1 : at + 2]
