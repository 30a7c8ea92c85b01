"""Set a plain-text formula as a person writes it: `3*v` as 3v, `1 - h**2` as 1 − h².

In: the text that str(symbol) or a node's name gives. Out: runs, pieces of text that are italic,
raised or lowered. It knows nothing about widths, colours or SVG. What it cannot read it passes
on as it is: a formula is never refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from graphtrace.formula.number import MINUS, number

Shift: TypeAlias = Literal["", "sub", "sup"]


class Run(NamedTuple):
    """A piece of text in one style."""

    text: str
    italic: bool = False
    shift: Shift = ""


Runs: TypeAlias = tuple[Run, ...]

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "eps": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "lam": "λ",
    "lambda_": "λ",
    "lamda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Sigma": "Σ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
_OPERATORS = {"-": MINUS, "<=": "≤", ">=": "≥", "!=": "≠", "*": "·", "@": "·"}
_SPACED = {"+", "-", "=", "==", "!=", "<", ">", "<=", ">="}
_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀ"
_SUPERSCRIPT_OF = dict(zip("0123456789" + MINUS + "+T", _SUPERSCRIPT, strict=True))
_LOWERED_OF = {raised: low for low, raised in _SUPERSCRIPT_OF.items()}
_SUBSCRIPT_OF = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))
_DEEPEST = 20
ELEMENTWISE = "⊙"
_REDUCING = frozenset("sum mean prod max min amax amin norm dot vdot trace size std var".split())
_CONSTANT_ARRAY = re.compile(r"(?:u?int|float|bool|complex)\d*\[")

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<name>[^\W\d]\w*(?:\[[^\[\]]*\]|\.[^\W\d]\w*)*)
    | (?P<operator>\*\*|//|<=|>=|==|!=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str


def formula(
    text: str, names: Mapping[str, str] | None = None, arrays: Collection[str] = ()
) -> Runs:
    """The runs of a formula; `names` gives short forms of variable names.

    Two of the `arrays` side by side would read as a matrix product, so their elementwise product
    has its own sign.

    >>> plain(formula("a + b*c")), plain(formula("1 - h**2")), plain(formula("W1 @ x"))
    ('a + bc', '1 − h²', 'W₁x')
    >>> plain(formula("2*Y*h", arrays={"Y", "h"}))
    '2Y ⊙ h'
    """
    if names or not isinstance(arrays, frozenset):
        return _whole(text, names or {}, arrays)
    return _remembered(text, arrays)


@lru_cache(4096)  # a formula is set about five times in a figure
def _remembered(text: str, arrays: frozenset[str]) -> Runs:
    return _whole(text, {}, arrays)


def _whole(text: str, names: Mapping[str, str], arrays: Collection[str]) -> Runs:
    text = text.replace(".T.T", "")
    tokens = [_Token(m.lastgroup or "", m[0]) for m in _TOKEN.finditer(text)]
    # A pathological text is shown, not set: nobody reads a formula of this length.
    if len(tokens) > 400:
        return (Run(text),)
    return _Setting(tokens, names, arrays, 0).runs()


def name(text: str, names: Mapping[str, str] | None = None) -> Runs:
    r"""The runs of a variable's name: x italic, W1 as W with a lowered 1, alpha as α.

    >>> plain(name("W1")), plain(name("alpha_0")), plain(name("loss")), plain(name("h[2]"))
    ('W₁', 'α₀', 'loss', 'h₂')
    >>> plain(name("y_2[:-1]"))
    'y₂[:−1]'
    >>> ascii(plain(name("x_hat")))
    "'x\\u0302'"
    """
    text = names.get(text, text) if names else text
    if "[" not in text:
        return _unindexed(text)
    if match := _INDEXED.match(text):
        return _joined([*name(match[1]), Run(match[2], False, "sub")])
    if not _CONSTANT_ARRAY.match(text) and (match := _ENTRY.match(text)):
        index = re.sub(r"-(?=\d)", MINUS, match[2])
        return _joined([*name(match[1], names), Run(index)])
    return _unindexed(text)


@lru_cache(4096)  # a name is set about ten times in a figure
def _unindexed(text: str) -> Runs:
    base, lowered, accent = text, "", ""
    if match := _ACCENTED.match(text):
        text, accent = match[1] + match[3], _ACCENTS[match[2]]
        base = text
    if match := _NUMBERED.match(text) or _LOWERED.match(text):
        base, lowered = match[1], match[2]
    elif text not in GREEK and len(text) > 1:
        return (Run(text + accent),)
    base = GREEK.get(base, base)
    italic = len(base) == 1 and base.isalpha() and not ("Α" <= base <= "Ω")
    head = Run(base + accent, italic)
    return (head, Run(lowered, False, "sub")) if lowered else (head,)


_GREEK_OR_LETTER = "|".join([*sorted(GREEK, key=len, reverse=True), "[A-Za-z]"])
_NUMBERED = re.compile(r"([A-Za-z]+?)_?(\d+)$", re.ASCII)
_LOWERED = re.compile(rf"({_GREEK_OR_LETTER})_([A-Za-z0-9]{{1,6}})$", re.ASCII)
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_ACCENTED = re.compile(
    rf"({_GREEK_OR_LETTER})_(hat|bar|tilde|dot)((?:_[A-Za-z0-9]{{1,6}})?)$", re.ASCII
)
_ENTRY = re.compile(r"(.+)(\[[^\[\]'\"]*\])$", re.DOTALL)
_INDEXED = re.compile(rf"({_GREEK_OR_LETTER})\[(\d+(?:, ?\d+)*)\]$", re.ASCII)


def digits(text: str) -> Runs:
    """The runs of a printed number: the power of ten raised.

    >>> digits("1.2×10⁻⁵")
    (Run(text='1.2×10', italic=False, shift=''), Run(text='−5', italic=False, shift='sup'))
    """
    if _LOWERED_OF.keys().isdisjoint(text):  # nearly always, and ten times faster
        return (Run(text),) if text else ()
    return _joined(Run(_LOWERED_OF[c], False, "sup") if c in _LOWERED_OF else Run(c) for c in text)


def plain(runs: Iterable[Run]) -> str:
    """The runs as Unicode text: raised and lowered characters where Unicode has them."""
    out = []
    for text, _, shift in runs:
        if not shift:
            out.append(text)
            continue
        table = _SUPERSCRIPT_OF if shift == "sup" else _SUBSCRIPT_OF
        if not all(c in table for c in text):
            out.append(("^" if shift == "sup" else "_") + _grouped(text))
        else:
            out.append("".join(table[c] for c in text))
    return "".join(out)


def _grouped(text: str) -> str:
    return text if text.isalnum() else f"({text})"


def _joined(runs: Iterable[Run]) -> Runs:
    """Neighbours in one style become one run."""
    out: list[Run] = []
    for run in runs:
        if out and out[-1].shift == run.shift and out[-1].italic == run.italic:
            out[-1] = Run(out[-1].text + run.text, run.italic, run.shift)
        elif run.text:
            out.append(run)
    return tuple(out)


class _Setting:
    """One pass over the tokens; what stands to the left decides how the next is set."""

    def __init__(
        self,
        tokens: Sequence[_Token],
        names: Mapping[str, str],
        arrays: Collection[str],
        depth: int,
    ) -> None:
        self.tokens = [t for t in tokens if t.kind != "space"]
        self.names = names
        self.arrays = arrays
        self.depth = depth
        self.out: list[Run] = []
        self.left = "start"  # start, operator, open, number, letter, word, group, call
        self.parens: list[str] = []
        self.divided = [False]  # a/b*c must not be set as a/bc
        self.at = 0

    def runs(self) -> Runs:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            getattr(self, f"_{token.kind}")(token.text)
        return _joined(self.out)

    def _peek(self, offset: int = 0) -> _Token:
        at = self.at + offset
        return self.tokens[at] if at < len(self.tokens) else _Token("end", "")

    def _number(self, text: str) -> None:
        printed = number(float(text) if set(text) & set(".eE") else int(text[:300]), 6)
        self.out += digits(printed)
        self.left = "number" if "×" not in printed else "word"

    def _name(self, text: str) -> None:
        text = text.removeprefix("np.").removeprefix("math.")
        transposed = text.endswith(".T") and text not in self.names
        text = text.removesuffix(".T") if transposed else text
        if self._peek().text == "(":
            self._function(text)
            return
        set_name = name(text, self.names)
        self.out += set_name
        if transposed:
            self.out.append(Run("T", False, "sup"))
        self.left = "letter" if len(set_name[0].text) == 1 else "word"

    def _function(self, text: str) -> None:
        inner = self._peek(1)
        if text == "sqrt":
            self.out.append(Run("√"))
            if inner.kind in ("name", "number") and self._peek(2).text == ")":
                self.at += 1
                getattr(self, f"_{self._take().kind}")(inner.text)
                self.at += 1
                self.left = "call"
                return
        else:
            self.out.append(Run(text, len(text) == 1))
        self.left = "function"

    def _take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _operator(self, text: str) -> None:
        if text == "**":
            self._power()
        elif text in ("*", "@"):
            self.out += self._product(text)
            self.left = "operator"
        elif text in "([":
            self.parens.append("call" if self.left == "function" else "group")
            self.divided.append(False)
            self.out.append(Run(text))
            self.left = "open"
        elif text in ")]":
            self.left = self.parens.pop() if self.parens else "group"
            if len(self.divided) > 1:
                self.divided.pop()
            self.out.append(Run(text))
        elif text == "." and self._peek().text == "T" and self.left in ("group", "call"):
            self.at += 1
            self.out.append(Run("T", False, "sup"))
        else:
            self._sign(text)

    def _sign(self, text: str) -> None:
        unary = self.left in ("start", "operator", "open")
        shown = _OPERATORS.get(text, text)
        if text in _SPACED and not unary:
            shown = f" {shown} "
        if text == ",":
            shown = ", "
        if text in _SPACED or text == ",":
            self.divided[-1] = False
        elif text in ("/", "//", "%"):
            self.divided[-1] = True
        self.out.append(Run(shown))
        self.left = "operator"

    def _product(self, text: str) -> list[Run]:
        """What stands between two factors."""
        if text == "*" and self._is_array(self._term_before()) and self._is_array(self._after()):
            return [Run(f" {ELEMENTWISE} ")]
        return [] if self._touch() else [Run("·")]

    def _term_before(self) -> Sequence[_Token]:
        """What the product has on its left, back to a sum, a comma or an open parenthesis."""
        depth, start = 0, self.at - 1
        while start > 0:
            text = self.tokens[start - 1].text
            depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(text, 0)
            if depth < 0 or (depth == 0 and (text in _SPACED or text == ",")):
                break
            start -= 1
        return self.tokens[start : self.at - 1]

    def _after(self) -> Sequence[_Token]:
        """The factor on the right: a name, a call or what parentheses hold."""
        end = self.at + (self._peek().kind == "name")
        if end < len(self.tokens) and self.tokens[end].text in "([":
            depth = 0
            while end < len(self.tokens):
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.tokens[end].text, 0)
                end += 1
                if depth == 0:
                    break
        return self.tokens[self.at : max(end, self.at + 1)]

    def _is_array(self, tokens: Sequence[_Token]) -> bool:
        """Whether the value of these tokens is an array, as far as one can see."""
        if any(t.kind == "name" and t.text.removeprefix("np.") in _REDUCING for t in tokens):
            return False
        return any(
            (t.kind == "name" and (t.text in self.arrays or _CONSTANT_ARRAY.match(t.text)))
            or t.text.removesuffix(".T") in self.arrays
            or t.text == "["
            for t in tokens
        )

    def _touch(self) -> bool:
        """Whether a product is written by putting its factors side by side."""
        right = self._peek()
        called = self._peek(1).text == "("
        if self.divided[-1] or (right.kind == "name" and called):
            return False
        if right.kind == "name" and self.at > 1 and right.text == self.tokens[self.at - 2].text:
            return False  # a·a, not aa
        if right.text == "(":
            return self.left in ("number", "group")
        if right.kind != "name" or self.left not in ("number", "letter", "group"):
            return False
        short = name(right.text.removesuffix(".T"), self.names)
        return len(short[0].text) == 1

    def _power(self) -> None:
        exponent = self._exponent()
        if not exponent:
            self.out.append(Run("**"))
            return
        nested = self.depth < _DEEPEST
        inner = _Setting(exponent, self.names, self.arrays, self.depth + 1).runs() if nested else ()
        text = plain(inner) if nested else "".join(t.text for t in exponent)
        self.out.append(Run(_flat(text), False, "sup"))
        if self.left in ("start", "operator", "open"):
            self.left = "word"

    def _exponent(self) -> list[_Token]:
        """The tokens that are raised: an atom with its sign and call, or what parentheses hold."""
        start = self.at
        while self._peek().text in ("-", "+"):
            self.at += 1
        signed = self.at > start
        if self._peek().kind == "name":
            self.at += 1
        opened = self.at
        if self._peek().text == "(":
            self._skip_parens()
            if opened == start and not signed and self._peek().text != "**":
                return list(self.tokens[start + 1 : self.at - 1])
        elif self.at == opened and self._peek().kind == "number":
            self.at += 1
        if self._peek().text == "**":
            self.at += 1
            self._exponent()
        return list(self.tokens[start : self.at])

    def _skip_parens(self) -> None:
        depth = 0
        while self.at < len(self.tokens):
            depth += {"(": 1, ")": -1}.get(self._take().text, 0)
            if depth == 0:
                return


def _flat(text: str) -> str:
    """Raised text inside raised text cannot be raised again: 2 to the h² reads h^2."""
    back = {raised: low for low, raised in _SUPERSCRIPT_OF.items()}
    back |= {low: c for c, low in _SUBSCRIPT_OF.items()}
    out = ""
    for i, c in enumerate(text):
        raised = c in _SUPERSCRIPT
        if raised and (i == 0 or text[i - 1] not in _SUPERSCRIPT):
            out += "^"
        out += back.get(c, c)
    return out
