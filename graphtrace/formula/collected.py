"""A derivative collected as a person would write it: `-x/a`, `1/(4*a*sqrt(D))`, `2*b`.

In: a term of numbers. Out: an equal one that is a sum of products, each with one number in front
and every factor once, with what it is divided by beneath. Knows no row and no text but the print
by which two factors are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from graphtrace.core.primitive import primitive_named
from graphtrace.formula.printer import text_of
from graphtrace.formula.term import Name, Term, times, total

_MOST_TERMS = 8
_LARGEST = 1000
"""A number is written as a fraction of whole numbers that are no larger."""


@dataclass(frozen=True, slots=True)
class Product:
    """A number times powers of factors, which are kept by how they are printed."""

    number: Fraction | float = Fraction(1)
    powers: Mapping[str, tuple[Term, Fraction]] = field(default_factory=dict)

    def times(self, other: Product, power: Fraction = Fraction(1)) -> Product:
        """The product with a power of another."""
        powers = dict(self.powers)
        for name, (factor, exponent) in other.powers.items():
            both = powers.get(name, (factor, Fraction(0)))[1] + exponent * power
            powers[name] = factor, both
        number = self.number * _power(other.number, power)
        return Product(number, {name: one for name, one in powers.items() if one[1]})

    @property
    def key(self) -> frozenset[tuple[str, Fraction]]:
        """By which products differ in their number alone."""
        return frozenset((name, exponent) for name, (_, exponent) in self.powers.items())


def collected(term: Term) -> Term | None:
    """The term, collected; None where it has too many terms for a person.

    >>> from graphtrace.formula.read import term_of
    >>> text_of(collected(term_of("-x/(2*a)*2"))), text_of(collected(term_of("b + b")))
    ('-x/a', '2*b')
    """
    products: dict[frozenset[tuple[str, Fraction]], Product] = {}
    for product in _sum(term):
        known = products.get(product.key)
        number = product.number if known is None else known.number + product.number
        products[product.key] = Product(number, product.powers)
        if len(products) > _MOST_TERMS:
            return None
    return total(_term(p) for p in products.values() if p.number) or Term(atom=0)


def _sum(term: Term) -> list[Product]:
    """The products that a term is the sum of."""
    if term.op == "add":
        return [product for operand in term.operands for product in _sum(operand)]
    if term.op == "subtract":
        minus = [Product(-p.number, p.powers) for p in _sum(term.operands[1])]
        return [*_sum(term.operands[0]), *minus]
    if term.op == "negative":
        return [Product(-p.number, p.powers) for p in _sum(term.operands[0])]
    return [_product(term)]


def _product(term: Term) -> Product:
    if term.number is not None:
        return Product(_exact(float(term.number)))
    match term.op, term.operands:
        case "multiply", (a, b):
            return _product(a).times(_product(b))
        case "divide", (a, b):
            return _product(a).times(_product(b), Fraction(-1))
        case "negative", (a,):
            return _product(a).times(Product(Fraction(-1)))
        case "positive", (a,):
            return _product(a)
        case "square", (a,):
            return _product(a).times(_product(a))
        case "reciprocal", (a,):
            return Product().times(_product(a), Fraction(-1))
        case "sqrt", (a,):
            return _raised(term, a, Fraction(1, 2))
        case (("power" | "float_power"), (a, b)) if b.number is not None:
            return _raised(term, a, Fraction(float(b.number)).limit_denominator(12))
    return _factor(term)


def _raised(term: Term, base: Term, exponent: Fraction) -> Product:
    """A power; a root only of what is one factor, since √(x²) is not x."""
    inner = _product(base)
    if exponent.denominator != 1 or not isinstance(inner.number, Fraction):
        return Product(Fraction(1), {text_of(base): (base, exponent)})
    return Product().times(inner, exponent)


def _factor(term: Term) -> Product:
    return Product(Fraction(1), {text_of(term): (term, Fraction(1))})


def _exact(number: float) -> Fraction | float:
    """The fraction that the number is, where a person would write it as one."""
    if number != number or abs(number) > _LARGEST:
        return number
    fraction = Fraction(number).limit_denominator(_LARGEST)
    return fraction if float(fraction) == number else number


def _power(number: Fraction | float, power: Fraction) -> Fraction | float:
    if power.denominator == 1 and (number or power > 0):
        return Fraction(number) ** int(power) if isinstance(number, Fraction) else number**power
    return float(math.pow(number, power))


def _term(product: Product) -> Term:
    """Numbers first, then names, then what is longer; what it is divided by beneath."""
    number = product.number
    above, below = (
        (number.numerator, number.denominator) if isinstance(number, Fraction) else (number, 1)
    )
    top = _multiplied(above, ((f, e) for f, e in product.powers.values() if e > 0))
    bottom = _multiplied(below, ((f, -e) for f, e in product.powers.values() if e < 0))
    return top if bottom.number == 1 else Term(primitive_named("divide"), (top, bottom))


def _multiplied(number: float, powers: Iterable[tuple[Term, Fraction]]) -> Term:
    factors = [_raised_term(factor, exponent) for factor, exponent in powers]
    factors.sort(key=_place)
    whole = Term(atom=number)
    for factor in factors:
        whole = times(whole, factor)
    return whole


def _place(factor: Term) -> tuple[bool, bool, str]:
    """Names first, by the alphabet: bcd, not dcb."""
    is_name = isinstance(factor.atom, Name)
    return not is_name, factor.op == "sqrt", factor.atom.key if is_name else ""


def _raised_term(factor: Term, exponent: Fraction) -> Term:
    if exponent == 1:
        return factor
    if exponent == Fraction(1, 2):
        return Term(primitive_named("sqrt"), (factor,))
    number = int(exponent) if exponent.denominator == 1 else float(exponent)
    return Term(primitive_named("power"), (factor, Term(atom=number)))
