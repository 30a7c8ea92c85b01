"""Write runs of a formula for LaTeX's math mode, whatever is in them.

In: runs, as say.py makes them. Out: LaTeX that compiles with amsmath: braces are balanced, and no
character from a user's name is a command. It knows nothing about figures.
"""

from __future__ import annotations

import re

from graphtrace.render.typeset.escape import clean
from graphtrace.render.typeset.formula import ELEMENTWISE, GREEK, Runs

FOREIGN = (
    r"\providecommand\gtforeign[2]"
    r"{\ifdefined\Umathchar\text{#2}\else\text{\scriptsize U+#1}\fi}"
)
"""A letter that pdfLaTeX has no font for is told by its number; XeLaTeX and LuaLaTeX set it."""

_ACCENTS = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0303": r"\tilde", "\u0307": r"\dot"}

_GREEK = {letter: rf"\{name.strip('_')} " for name, letter in reversed(GREEK.items())}
_GREEK |= {"ε": r"\varepsilon ", "λ": r"\lambda ", "Σ": r"\Sigma ", "Π": r"\Pi "}

_SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    ELEMENTWISE: r"\odot ",
    "∞": r"\infty ",
    "…": r"\ldots ",
    "∂": r"\partial ",
    "√": r"\surd ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "→": r"\to ",
    "←": r"\leftarrow ",
    "↑": r"\uparrow ",
    "↓": r"\downarrow ",
    "ᵀ": r"{{}^{\mathrm{T}}}",
    "\N{THIN SPACE}": r"\,",
    "\N{NO-BREAK SPACE}": r"\ ",
    "\\": r"\backslash ",
    "^": r"\text{\textasciicircum}",
    "~": r"\text{\textasciitilde}",
    "'": r"\text{'}",
    '"': r"\text{\char`\"}",
    "`": r"\text{\char`\`}",
    ":": "{:}",
} | {c: rf"\{c}" for c in "{}_&#$%"}

_TOKEN = re.compile(
    r"([A-Za-z]+|.)([\u0302\u0304\u0303\u0307])|([A-Za-z]+)|(\d+(?:,\d{3})*(?:\.\d+)?)|(.)",
    re.DOTALL,
)
_OPENS = ("", "=", "(", "[", ",", "·", "×", "+", "^", "/", "<", ">")


def formula(runs: Runs) -> str:
    r"""The runs in math mode.

    >>> from graphtrace.render.typeset.formula import Run, name
    >>> formula(name("W1")), formula((Run("100% {x"),)), formula((Run("= −2"),))
    ('W_{1}', '100\\% \\{\\mathrm{x}', '= {-}2')
    """
    pieces: list[str] = []
    left = ""
    scripts: set[str] = set()  # a second one of a kind needs a base of its own
    for run in runs:
        said, left = _text(clean(run.text), run.italic, left)
        script = {"": "", "sub": "_", "sup": "^"}[run.shift]
        if script:
            is_free = script not in scripts and bool(pieces)
            scripts = {*scripts, script} if is_free else {script}
            said = f"{'' if is_free else '{}'}{script}{{{said}}}"
        elif said.strip():
            scripts = set()
        pieces.append(said)
    return "".join(pieces)


def greek(tex: str) -> str:
    """LaTeX for math mode with commands in the place of Greek letters."""
    return "".join(_GREEK.get(c, c) for c in tex)


def _text(text: str, italic: bool, left: str) -> tuple[str, str]:
    """The LaTeX of a text, and the last sign in it; `left` is the one that came before."""
    pieces = []
    for match in _TOKEN.finditer(text):
        under, accent, word, number, sign = match.groups()
        if accent:
            pieces.append(f"{_ACCENTS[accent]}{{{_text(under, italic, left)[0]}}}")
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
            pieces.append(_SIGNS.get(sign) or _GREEK.get(sign) or _other(sign))
        left = match[0]
    return "".join(pieces), left


def _is_sign(text: str, at: int) -> bool:
    """Whether it is the minus of `data −6`; that of a difference has a space on either side."""
    return text[max(at - 1, 0)] == " " != text[at + 1 : at + 2]


def _other(sign: str) -> str:
    return sign if sign.isascii() else rf"\gtforeign{{{ord(sign):04X}}}{{{sign}}}"
