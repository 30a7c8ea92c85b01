"""The letters of mathematics: Greek, accents, raised and lowered characters, signs in LaTeX.

Each table stands here once; every print of a formula or a name reads it. Knows no formula.
"""

from __future__ import annotations

from graphtrace.formula.number import MINUS

_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ "
    "nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ "
    "Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω"
).split()

GREEK = dict(zip(_GREEK[::2], _GREEK[1::2], strict=True))
"""The letter of each name; with the spellings that Python's keyword `lambda` makes people use."""

COMMANDS = {letter: rf"\{name} " for name, letter in GREEK.items()} | {"ε": r"\varepsilon "}
"""LaTeX's command for each Greek letter."""

GREEK |= {"eps": "ε", "lam": "λ", "lambda_": "λ", "lamda": "λ"}

MARKS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "vec": "\u20d7"}
"""The combining mark of each accent, by the word that stands for it in a name: x_hat."""

ACCENTS = {mark: rf"\{word}" for word, mark in MARKS.items()}
WIDE_ACCENTS = ACCENTS | {
    MARKS["hat"]: r"\widehat",
    MARKS["bar"]: r"\overline",
    MARKS["tilde"]: r"\widetilde",
}
"""LaTeX's command for each combining mark, over a letter and over a word."""

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵀ"
RAISED = dict(zip("0123456789" + MINUS + "+T", _RAISED, strict=True))
LOWERED = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))
LEVEL = {shifted: c for table in (RAISED, LOWERED) for c, shifted in table.items()}
"""The characters that Unicode has raised and lowered, and back."""

ELEMENTWISE = "⊙"

SIGNS = {
    MINUS: "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    ELEMENTWISE: r"\odot ",
    "∞": r"\infty ",
    "…": r"\ \ldots\ ",
    "∂": r"\partial ",
    "√": r"\surd ",
    "‖": r"\|",
    "±": r"\pm ",
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
"""What LaTeX's math mode has for a sign."""
