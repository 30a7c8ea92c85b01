"""Write a part of a Figure as LaTeX, as say.py says it in runs.

In: a part and a `Wording`. Out: LaTeX for math mode, or None for what is better set as text: a
name that LaTeX would misread, a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphtrace.figure.chain import share_value
from graphtrace.figure.parts import (
    Chain,
    Definition,
    Part,
    Partial,
    Ratio,
    Shape,
    Share,
    Sign,
    Sweep,
    Unsaid,
    Value,
)
from graphtrace.formula.number import is_scalar, number
from graphtrace.formula.term import ARRIVING
from graphtrace.formula.term_text import name_latex
from graphtrace.render.typeset.formula import ELEMENTWISE, Run, Runs, digits, plain
from graphtrace.render.typeset.wording import Wording, is_number, is_whole, runs, sides, swept

_SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "÷": r"\div ",
    ELEMENTWISE: r"\odot ",
    "∞": r"\infty ",
    "…": r"\ \ldots\ ",
    "→": r"\to ",
    "∂": r"\partial ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "%": r"\%",
    "\N{THIN SPACE}": r"\,",
}
_SAFE = re.compile(rf"[{ARRIVING}\w\s\[\]().,'\"=+*/<>!|:;@-]*", re.ASCII)


def tex(part: Part, words: Wording) -> str | None:
    """The LaTeX of one part."""
    match part:
        case Unsaid():
            return tex(part.part, words)
        case Definition():
            return _definition(part, words)
        case Partial():
            return _partial(part, words)
        case Share() if part.of is not None and not (
            is_scalar(part.upstream) and is_scalar(part.local)
        ):
            first = _fraction(part.of, part.through, words, total=True)
            second = _fraction(part.through, part.by, words, total=False)
            if first is None or second is None:
                return None
            added = share_value(part)
            result = of_runs(runs(Value(added), words)) if added is not None else None
            return rf"{first} \cdot {second}" + (f" = {result}" if result else "")
        case Sweep():
            return _sweep(part, words)
        case Ratio():
            return _ratio(part, words)
        case Value() | Shape() | Share() | Sign():
            return of_runs(runs(part, words))
        case _:
            return None


def tex_sides(chain: Chain, words: Wording) -> list[str | None]:
    """The LaTeX of each of `say.sides`: the derivatives as fractions, the rest as it is said."""
    said = sides(chain, words)
    found = [of_runs(side) for side in said]
    if chain.whole:
        found[0] = _fraction(chain.of, chain.by, words, total=True)
    else:
        found[0] = r"\mathrm{Along\ this\ path{:}}\ "
    if len(chain.terms) == 1 and len(chain.terms[0]) == 1:
        return found
    for i, term in enumerate(chain.terms, 1):
        start = "= " if i == 1 and chain.whole else "+ " if i > 1 else ""
        factors = [_factor(factor, words, len(term) > 1) for factor in term]
        told = [factor for factor in factors if factor is not None]
        found[i] = start + r" \cdot ".join(told) if len(told) == len(factors) else None
    return found


def _sweep(part: Sweep, words: Wording) -> str | None:
    _, rule, *results = swept(part, words)
    said = [_marked(part, part.name, words)]
    if rule:
        said.append(_sum_of(part, words))
    said += [of_runs(side) for side in results if side]
    return _equated(said)


def _sum_of(part: Sweep, words: Wording) -> str | None:
    total = ""
    for key, symbol in part.terms:
        arrays = words.arrays | {ARRIVING} if key in words.arrays else words.arrays
        product = _formula(symbol, words._replace(arrays=arrays))
        arrived = _marked(part, key, words)
        if product is None or arrived is None:
            return None
        is_minus = bool(total) and product.startswith("{-") and product.endswith("}")
        product = product[2:-1] if is_minus else product
        total += (" - " if is_minus else " + " if total else "") + product
        total = total.replace(ARRIVING, arrived)
    return total + (rf" + \ldots\ ({part.more}\ \mathrm{{more}})" if part.more else "")


def _marked(part: Sweep, key: str, words: Wording) -> str | None:
    r"""`\bar{v}`, with the subscript outside of it."""
    known = _name(key, words)
    if known is None:
        return None
    head, lowered, rest = known.partition("_{")
    bar = r"\overline" if r"\mathit" in head else r"\bar"
    mark = r"\dot" if part.mode == "tangent" else bar
    return rf"{mark}{{{head}}}{lowered}{rest}"


def _ratio(part: Ratio, words: Wording) -> str | None:
    top, bottom = _name(part.of, words), _name(part.by, words)
    change, nudge, ratio = (
        of_runs(digits(number(x, words.digits)))
        for x in (part.change, part.nudge, part.change / part.nudge)
    )
    if top is None or bottom is None:
        return None
    return rf"\frac{{\Delta {top}}}{{\Delta {bottom}}} = \frac{{{change}}}{{{nudge}}} = {ratio}"


def _factor(factor: Partial, words: Wording, many: bool) -> str | None:
    rule = _formula(factor.formula, words) if factor.short and factor.formula is not None else None
    if rule is None:
        return _fraction(str(factor.of), factor.by, words, total=factor.total)
    return rf"\left({rule}\right)" if many and re.search("[ -]", rule) else rule


def _definition(part: Definition, words: Wording) -> str | None:
    said = [_name(part.name, words)]
    if part.sign != "=":
        return None
    if part.formula is not None:
        said.append(_formula(part.formula, words))
    if part.value is not None:
        said.append(of_runs(runs(Value(part.value), words)))
    return _equated(said)


def _partial(part: Partial, words: Wording) -> str | None:
    if not runs(part, words):
        return None
    said: list[str | None] = []
    if not part.short:
        if part.of is None:
            return None
        said.append(_fraction(part.of, part.by, words, total=part.total))
    alone = Partial(None, part.by, None, part.value, short=True)
    is_named = is_whole(part.value) and not part.short
    result = runs(alone, words) if part.value is not None and not is_named else ()
    rule = runs(Partial(None, part.by, part.formula, None, short=True), words)
    if rule and not (result and is_number(rule) and is_scalar(part.value)):
        said.append(_formula(part.formula, words))
    is_new = is_number(rule) or plain(result) != plain(rule)
    if result and is_new and (is_scalar(part.value) or not rule):
        said.append(of_runs(result))
    return _equated(said)


def _equated(said: Sequence[str | None]) -> str | None:
    known = [text for text in said if text is not None]
    return " = ".join(known) if len(known) == len(said) else None


def _fraction(of: str, by: str, words: Wording, *, total: bool) -> str | None:
    top, bottom = _name(of, words), _name(by, words)
    if top is None or bottom is None:
        return None
    d = r"\mathrm{d}" if total else r"\partial "
    return rf"\frac{{{d}{top}}}{{{d}{bottom}}}"


def _name(name: str, words: Wording) -> str | None:
    short = words.names.get(name, name)
    return name_latex(short) if _SAFE.fullmatch(short) else None


def _formula(formula: object, words: Wording) -> str | None:
    """The symbol's own LaTeX, with its fractions and roots, where it says what the text says."""
    text = str(formula)
    said = runs(Partial(None, "", formula, None, short=True), words)
    latex = getattr(formula, "latex", None)
    renamed = any(key in text for key in words.names)
    differs = ELEMENTWISE in plain(said) or "keepdims" in text
    if latex is None or renamed or differs or not _SAFE.fullmatch(text):
        return of_runs(said)
    latex = str(latex)
    if not re.search(r"\\(frac|sqrt)", latex):
        latex = latex.replace(r"\left(", "(").replace(r"\right)", ")")
    if not re.search(r"\\(mathit|operatorname)", latex):
        latex = latex.replace(r" \, ", " ")  # bc, not b c
    return _signed(latex)


def _signed(latex: str) -> str:
    """A leading minus belongs to its number: after `=` it would be set as one of a difference."""
    return f"{{{latex}}}" if latex.startswith("-") else latex


def of_runs(said: Runs) -> str | None:
    """Runs as LaTeX, letter by letter; None where there is a letter that it may not know."""
    pieces = [_run(run) for run in said]
    told = [piece for piece in pieces if piece is not None]
    return "".join(told) if len(told) == len(pieces) else None


def _run(run: Run) -> str | None:
    pieces = []
    words = _WORDS.findall(run.text)
    for i, word in enumerate(words):
        if word == "−" and words[i + 1 : i + 2] and words[i + 1][0].isdigit():
            pieces.append("{-}")  # a sign, not a difference
        elif word in _SIGNS:
            pieces.append(_SIGNS[word])
        elif word[1:] in _ACCENTS:
            letter = word[0] if run.italic or not word[0].isascii() else rf"\mathrm{{{word[0]}}}"
            pieces.append(rf"{_ACCENTS[word[1:]]}{{{letter}}}")
        elif not word.isascii():
            if not ("Α" <= word <= "ω" or word == ARRIVING):
                return None
            pieces.append(word)
        elif word.isalpha():
            pieces.append(word if run.italic else rf"\mathrm{{{word}}}")
        elif word == " ":
            beside = words[max(i - 1, 0)] + words[min(i + 1, len(words) - 1)]
            pieces.append(r"\ " if re.search("[A-Za-z]", beside) else " ")
        elif word in r"\{}^_&#$~":
            return None
        else:
            pieces.append(word)
    text = "".join(pieces)
    return {"": text, "sub": f"_{{{text}}}", "sup": f"^{{{text}}}"}[run.shift]


_ACCENTS = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0303": r"\tilde", "\u0307": r"\dot"}
_WORDS = re.compile(rf"[A-Za-zΑ-ω][{''.join(_ACCENTS)}]|[A-Za-z]+|\d+(?:\.\d+)?|.", re.DOTALL)
