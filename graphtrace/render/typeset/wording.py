"""Say a part of a Figure in words and mathematics: which formula, which number, in which order.

In: a part, and a `Wording`. Out: runs of text that are not yet measured. It knows nothing about
widths, colours or places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set as AbstractSet
from typing import Any, NamedTuple

from graphtrace.figure.chain import share_value
from graphtrace.figure.parts import (
    Chain,
    Definition,
    Figure,
    Note,
    Part,
    Partial,
    Ratio,
    Shape,
    Share,
    Sign,
    Source,
    Sweep,
    Unsaid,
    Value,
)
from graphtrace.formula.number import is_scalar, number, shape, telling, value
from graphtrace.formula.term import ARRIVING
from graphtrace.render.typeset.accents import marked, sum_of
from graphtrace.render.typeset.formula import Run, Runs, digits, formula, name, plain

_LONGEST_SOURCE = 2000
_PLACEHOLDER = "·"
"""What a rule that is no product is written on: `·.T`; see `graphtrace.formula.symbol`."""

_UNWRITTEN = (f"({_PLACEHOLDER}", f"{_PLACEHOLDER}[", "\n")
"""A rule that prints as a call on the placeholder has no formula that is fit for a figure."""

_KEPT = ", keepdims=True"
"""What the shapes tell, and no formula on a board."""

EQUALS = Run(" = ")
PLUS = Run(" + ")
DOT = Run(" · ")


class Wording(NamedTuple):
    """How a figure speaks: short names, which names are arrays, and how many digits."""

    names: Mapping[str, str] = {}
    arrays: AbstractSet[str] = frozenset()
    digits: int = 4


def wording(figure: Figure, digits: int) -> Wording:
    """How this figure speaks."""
    return Wording(figure.names, figure.arrays, digits)


def runs(part: Part, words: Wording) -> Runs:
    """What one part says, as runs; () where it has nothing to say."""
    match part:
        case Definition():
            return _definition(part, words)
        case Sign():
            return formula(part.text, words.names, words.arrays)
        case Value():
            return _value(part, words)
        case Shape():
            return digits(shape(part.value))
        case Source():
            return (Run(part.text),)
        case Partial():
            return _partial(part, words)
        case Share():
            return _share(part, words)
        case Chain():
            return tuple(run for side in sides(part, words) for run in side)
        case Sweep():
            return _joined([side for side in swept(part, words) if side], EQUALS)
        case Ratio():
            return _ratio(part, words)
        case Note():
            return (Run(part.text),)
        case Unsaid():
            return runs(part.part, words)


def _value(part: Value, words: Wording) -> Runs:
    shaped = True if part.shaped else None
    few = max(words.digits, part.digits)
    if part.before is None:
        return digits(value(part.value, few, shaped=shaped))
    if getattr(part.value, "shape", ()) and "…" in value(part.value, few):
        change = value(part.value - part.before, few, shaped=False)  # type: ignore[operator]
        return digits(f"{shape(part.value)}, Δ {change}")
    few = telling(part.before, part.value, few)
    ends = (value(x, few, shaped=shaped) for x in (part.before, part.value))
    return digits(" → ".join(ends))


def swept(part: Sweep, words: Wording) -> list[Runs]:
    """The sides of `b̄ = cū = 2 · 3 = 6`; () for one that says nothing new."""
    products = [
        _joined([digits(_in_product(_number(x), words)) for x in pair], DOT)
        for pair in part.numbers
    ]
    found = [
        marked(part, part.name, words.names),
        sum_of(part, words.names, words.arrays),
        _joined(products, PLUS),
        digits(value(part.value, words.digits)) if part.value is not None else (),
    ]
    told = {plain(side) for side in found[:2]}
    for i in (2, 3):
        found[i] = () if plain(found[i]) in told else found[i]
        told.add(plain(found[i]))
    return found


def _ratio(part: Ratio, words: Wording) -> Runs:
    """`ΔJ/Δa = 0.003/0.001 = 3`."""
    ends = (*_differential("Δ", part.of, words), Run("/"), *_differential("Δ", part.by, words))
    change, nudge = number(part.change, words.digits), _in_product(part.nudge, words)
    ratio = digits(number(part.change / part.nudge, words.digits))
    return (*ends, EQUALS, *digits(change), Run("/"), *digits(nudge), EQUALS, *ratio)


def sides(chain: Chain, words: Wording) -> list[Runs]:
    """An equation cut before each `=` and `+`, so that it can be broken over lines."""
    found: list[Runs] = []
    if chain.whole:
        found.append(_derivative(chain.of, chain.by, words, total=True))
    else:
        found.append((Run("Along this path: "),))
    numbers = [[_factor_number(f, words) for f in term] for term in chain.terms]
    told = all(factor for term in numbers for factor in term)
    single = len(chain.terms) == 1 and len(chain.terms[0]) == 1
    if single:
        found += _equated([_formula(chain.terms[0][0].formula, words)])
    elif chain.terms:
        found += _summed([_product_said(term, words) for term in chain.terms], chain.whole)
        if told:
            found += _summed([_joined(term, DOT) for term in numbers], True)
    if chain.value is not None:
        result = digits(value(chain.value, words.digits, shaped=False))
        if plain(result) != plain(found[-1]).removeprefix(" = "):
            found.append((EQUALS, *result))
    return found


def _summed(terms: Sequence[Runs], equals: bool) -> list[Runs]:
    first = (EQUALS,) if equals else ()
    return [((PLUS,) if i else first) + term for i, term in enumerate(terms)]


def _equated(terms: Sequence[Runs]) -> list[Runs]:
    return [(EQUALS, *term) for term in terms if term]


def _joined(terms: Sequence[Runs], between: Run) -> Runs:
    out: list[Run] = []
    for term in terms:
        out += [*([between] if out else []), *term]
    return tuple(out)


def _product_said(term: Sequence[Partial], words: Wording) -> Runs:
    """`dJ/dv · ∂v/∂a`; of a short factor its formula, since its name would not tell which it is."""
    said = []
    for factor in term:
        rule = _formula(factor.formula, words) if factor.short else ()
        if not rule:
            said.append(_derivative(factor.of, factor.by, words, total=factor.total))
        elif len(term) > 1 and (" " in plain(rule) or plain(rule).startswith("−")):
            said.append((Run("("), *rule, Run(")")))
        else:
            said.append(rule)
    return _joined(said, DOT)


def _factor_number(factor: Partial, words: Wording) -> Runs:
    if factor.value is None or not is_scalar(factor.value):
        return ()
    return digits(_in_product(_number(factor.value), words))


def _in_product(x: complex, words: Wording) -> str:
    said = number(x, words.digits)
    return f"({said})" if said.startswith("−") or " " in said else said


def _definition(part: Definition, words: Wording) -> Runs:
    said = list(name(part.name, words.names))
    if part.formula is not None:
        said += [Run(f" {part.sign} "), *_formula(part.formula, words)]
    if part.value is not None:
        result = digits(value(part.value, words.digits))
        if plain(result) != plain(_formula(part.formula, words)):
            said += [EQUALS, *result]
    return tuple(said)


def _formula(symbol: object, words: Wording) -> Runs:
    """The formula of a symbol, `(·)ᵀ` where it says what is done to what arrives."""
    text = str(symbol)[:_LONGEST_SOURCE].replace(_KEPT, "")
    if symbol is None or text.startswith("∂") or any(mark in text for mark in _UNWRITTEN):
        return ()
    if _PLACEHOLDER not in text:
        return formula(text, words.names, words.arrays)
    said = formula(text.replace(_PLACEHOLDER, ARRIVING), words.names, words.arrays)
    return tuple(run._replace(text=run.text.replace(ARRIVING, "(·)")) for run in said)


def _derivative(of: str | None, by: str, words: Wording, *, total: bool) -> Runs:
    d = "d" if total else "∂"
    if of is None:
        return (Run("gradient"),)
    return (*_differential(d, of, words), Run("/"), *_differential(d, by, words))


def _differential(d: str, of: str, words: Wording) -> Runs:
    """`dJ`, and `d loss` with a little space, since dloss would read as one word."""
    said = name(of, words.names)
    apart = "\N{THIN SPACE}" if d != "∂" and len(said[0].text) > 1 else ""
    return (Run(d + apart), *said)


def _partial(part: Partial, words: Wording) -> Runs:
    """`∂u/∂b = c = 2`; `∂v/∂a = 1` where the formula is the number; `c = 2` when short."""
    said: list[Runs] = []
    if not part.short:
        said.append(_derivative(part.of, part.by, words, total=part.total))
    rule = _formula(part.formula, words)
    result = _result(part, words, bool(rule))
    if rule and not (result and is_number(rule)):
        said.append(rule)
    if result and (is_number(rule) or plain(result) != plain(rule)):
        said.append(result)
    is_told = len(said) > 1 or part.short or is_whole(part.value)
    return _joined(said, EQUALS) if is_told else ()


def is_whole(local: object) -> bool:
    """Whether it is a matrix of derivatives without a structure, which its name tells best."""
    return getattr(local, "structure", None) == "dense"


def is_number(rule: Runs) -> bool:
    """Whether a formula is a number: 0.333333 has to be told with the figure's digits alone."""
    return len(rule) == 1 and re.fullmatch(r"−?[\d.]+", rule[0].text) is not None


def _result(part: Partial, words: Wording, said: bool) -> Runs:
    """The number of a derivative; of a map between arrays only its structure, and only alone."""
    if part.value is None:
        return ()
    if is_scalar(part.value):
        return digits(value(part.value, words.digits))
    if said:
        return ()
    if hasattr(part.value, "tolist"):
        return digits(value(part.value, words.digits, shaped=False))
    structure = getattr(part.value, "structure", None)
    if is_whole(part.value):
        return (Run("Jacobian"),) if part.short else ()
    return (Run(str(structure or part.value)),)


def _share(part: Share, words: Wording) -> Runs:
    """`3 · 2 = 6`: the gradient that arrives, times the local derivative."""
    if part.upstream is None or not is_scalar(part.upstream) or not is_scalar(part.local):
        if part.of is None:
            return ()
        chain = _derivative(part.of, part.through, words, total=True)
        chain = (*chain, DOT, *_derivative(part.through, part.by, words, total=False))
        added = share_value(part)
        return (*chain, EQUALS, *runs(Value(added), words)) if added is not None else chain
    upstream, local = _number(part.upstream), _number(part.local)
    result = number(upstream * local, words.digits)
    first = number(upstream, words.digits)
    first = f"({first})" if " " in first else first
    return digits(f"{first} · {_in_product(local, words)} = {result}")


def _number(x: Any) -> complex:
    """A scalar as Python's float or complex, whatever its own type."""
    plain_x = x.item() if hasattr(x, "item") else x
    return plain_x if isinstance(plain_x, complex) else float(plain_x)
