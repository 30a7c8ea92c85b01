"""Write tangents and adjoints as the textbooks do: v̇ and v̄, and the lines of their sweeps.

In: a `Sweep`, the short names, which names are arrays. Out: the runs of v̄ and of the products that
it is the sum of. It knows nothing about numbers or LaTeX.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Set as AbstractSet

from graphtrace.figure.parts import Sweep
from graphtrace.formula.term import ARRIVING
from graphtrace.render.typeset.formula import Run, Runs, formula, name, plain

_DOT, _BAR, _OVERLINE = "\u0307", "\u0304", "\u0305"
_LONGEST = 2000


def marked(sweep: Sweep, key: str, names: Mapping[str, str]) -> Runs:
    r"""The tangent or the adjoint of a variable: a bar over all of a word, a dot in its middle.

    >>> [ascii(plain(marked(Sweep(mode, "v1"), "v1", {}))) for mode in ("tangent", "adjoint")]
    ["'v\\u0307\\u2081'", "'v\\u0304\\u2081'"]
    """
    head, *rest = name(key, names)
    letters = _letters(head.text)
    if len(letters) == 1:
        letters[0] += _DOT if sweep.mode == "tangent" else _BAR
    elif sweep.mode == "adjoint":
        letters = [letter + _OVERLINE for letter in letters]
    else:
        letters[(len(letters) - 1) // 2] += _DOT
    return (head._replace(text="".join(letters)), *rest)


def _letters(text: str) -> list[str]:
    """The letters, each with the accents that it has."""
    letters: list[str] = []
    for c in text:
        if letters and unicodedata.combining(c):
            letters[-1] += c
        else:
            letters.append(c)
    return letters


def sum_of(sweep: Sweep, names: Mapping[str, str], arrays: AbstractSet[str]) -> Runs:
    """The right side of a line: `c·v̄ + 2·w̄`; () where nothing arrives."""
    out: list[Run] = []
    for key, symbol in sweep.terms:
        said = term(sweep, key, str(symbol)[:_LONGEST], names, arrays)
        if out and plain(said).startswith("−"):
            first = said[0]._replace(text=said[0].text[1:])
            out += [Run(" − "), first, *said[1:]]
        else:
            out += [*([Run(" + ")] if out else ()), *said]
    if sweep.more:
        out.append(Run(f" + … ({sweep.more} more)"))
    return tuple(run for run in out if run.text)


def term(
    sweep: Sweep, key: str, text: str, names: Mapping[str, str], arrays: AbstractSet[str]
) -> Runs:
    """One product, with the tangent or adjoint of `key` for what arrives."""
    arrived = marked(sweep, key, names)
    # A word does not stand side by side with its factor, so what stands for it is a word too.
    sign = ARRIVING * min(len(_letters(arrived[0].text)), 2)
    known = arrays | {sign} if key in arrays else arrays
    out: list[Run] = []
    for run in formula(text.replace(ARRIVING, sign), names, known):
        before, *after = run.text.split(sign)
        out.append(run._replace(text=before))
        for piece in after:
            out += [*arrived, run._replace(text=piece)]
    return tuple(run for run in out if run.text)
