"""Say a part of a Figure in mathematics: which formula, which number, in which order.

In: a part, and a `Wording`. Out: what the printer makes of it, runs that are not yet measured or
LaTeX. It knows nothing about widths, colours or places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Generic, NamedTuple

from graphtrace.figure.chain import contribution_value
from graphtrace.figure.parts import (
    Blanked,
    Chain,
    Contribution,
    Definition,
    Figure,
    Note,
    Part,
    Partial,
    Ratio,
    Shape,
    Sign,
    Source,
    Sweep,
    Value,
)
from graphtrace.formula.naming import Naming
from graphtrace.formula.number import (
    MINUS,
    is_scalar,
    norms,
    number,
    shape,
    summaries,
    telling,
    value,
)
from graphtrace.formula.printer import Backend, Markup, in_latex, is_settled, on_board
from graphtrace.formula.read import term_of
from graphtrace.formula.runs import Run, Runs, latex, plain
from graphtrace.formula.term import Term, total
from graphtrace.graph.linear_map import LinearMap, is_negative

EQUALS, PLUS = " = ", " + "


@dataclass(frozen=True, slots=True)
class Wording:
    """How a figure speaks: how its names are spelled, with how many digits.

    `rung` says how far an array's numbers have given way to the room that there is.
    """

    names: Naming = field(default_factory=Naming)
    digits: int = 4
    rung: int = 0


def wording(figure: Figure, digits: int) -> Wording:
    """How this figure speaks."""
    return Wording(figure.names, digits)


class Side(NamedTuple, Generic[Markup]):
    """What stands between two signs of equality, and the sign before it; in a chain also +."""

    lead: str
    markup: Markup


def runs(part: Part, words: Wording) -> Runs:
    """What one part says, as runs; () where it has nothing to say."""
    return _printed(part, words)[1]


def narrower(part: Part, words: Wording) -> Iterator[Wording]:
    """The wordings of a part, in each of which it says less of an array than in that before."""
    yield words
    for rung in count(words.rung + 1):
        fewer = replace(words, rung=rung)
        if runs(part, fewer) == runs(part, replace(words, rung=rung - 1)):
            return
        yield fewer


def whole(side: Side[Runs]) -> Runs:
    """A side with the sign before it."""
    return (Run(side.lead), *side.markup) if side.lead else side.markup


def sides(part: Part, words: Wording) -> list[Side[Runs]]:
    """What a part says, cut so that it can be broken over lines."""
    return _printed(part, words)[0]


def name_of(part: Partial, words: Wording) -> str:
    """The name of a derivative, dL/dw."""
    return plain(PartPrinter(on_board(words.names), words.digits)._derivative(part))


def _printed(part: Part, words: Wording) -> tuple[list[Side[Runs]], Runs, Part]:
    """The sides and the runs of a part, which is said about three times in a figure."""
    precision = words.digits, words.rung
    printed, key = words.names.printed, (id(part), *precision)
    known: tuple[list[Side[Runs]], Runs, Part] | None = printed.get(key)
    if known is None:
        printer = printed.get(precision)
        if printer is None:
            printer = printed[precision] = PartPrinter(on_board(words.names), *precision)
        part_sides = printer.sides(part)
        runs: list[Run] = []
        for lead, markup in part_sides:
            runs += (Run(lead), *markup) if lead else markup
        known = printed[key] = (part_sides, tuple(runs), part)
    return known


def tex(part: Part, words: Wording) -> str | None:
    """The part in LaTeX for math mode; None for a sentence, and for what no font has."""
    latex_sides = tex_sides(part, words)
    return "".join(side.lead + side.markup for side in latex_sides) if latex_sides else None


def tex_sides(part: Part, words: Wording) -> list[Side[str]]:
    """The LaTeX of `sides`; none for a sentence, and for what no font has."""
    part = part.part if isinstance(part, Blanked) else part
    if isinstance(part, Note | Source):
        return []
    if isinstance(part, Sign):  # in a circle there is no room for a fraction
        return [Side("", latex(runs(part, words)))]
    backend = in_latex(words.names, tight=True)
    latex_sides = PartPrinter(backend, words.digits, words.rung).sides(part)
    return latex_sides if all(side.markup.isascii() for side in latex_sides) else []


class PartPrinter(Generic[Markup]):
    """Prints the parts of a figure with one backend."""

    def __init__(self, backend: Backend[Markup], digits: int, rung: int = 0) -> None:
        self.backend: Backend[Markup] = backend
        self.few = digits
        self.rung = rung

    def sides(self, part: Part) -> list[Side[Markup]]:
        """What a part says, cut at its signs of equality."""
        match part:
            case Blanked():
                return self.sides(part.part)
            case Chain():
                return self._chain(part)
            case Definition():
                return _equated(self._definition(part))
            case Sign() if isinstance(part.text, Term):
                return _equated([self.backend.term(part.text)])
            case Sign() | Source() | Note():
                return _equated([self.backend.text(str(part.text))])
            case Value():
                return _equated([self.backend.digits(self._value(part))])
            case Shape():
                return _equated([self.backend.digits(shape(part.value))])
            case Partial():
                return _equated(self._partial(part))
            case Contribution():
                return _equated(self._contribution(part))
            case Sweep():
                return _equated(self._sweep(part))
            case Ratio():
                return _equated(self._ratio(part))

    def _number(self, x: complex) -> Markup:
        return self.backend.digits(number(x, self.few))

    def _factor(self, x: Any) -> Markup:
        """A number in a product, in brackets where it has a sign."""
        text = number(_python(x), self.few)
        return self.backend.digits(f"({text})" if text.startswith(MINUS) or " " in text else text)

    def _product(self, factors: Sequence[Markup]) -> Markup:
        return self.backend.between(self.backend.text(" · "), factors)

    def _rung_of(self, ladder: Sequence[object]) -> int:
        """Which of these, the longest first, there is room for."""
        return min(self.rung, len(ladder) - 1)

    def _summary(self, x: Any, *, shaped: bool | None = None) -> Markup:
        """A number, or what there is room for of an array."""
        lines = self._of_array(summaries, x, self.few, shaped=shaped)
        return self.backend.digits(lines[self._rung_of(lines)])

    def _of_array(self, tell: Callable[..., list[str]], x: Any, few: int, **how: Any) -> list[str]:
        """What is told of an array, which may be large and is asked for at each try of a layout."""
        printed, key = self.backend.names.printed, (tell, id(x), few, *how.items())
        if key not in printed:
            printed[key] = tell(x, few, **how), x
        lines: list[str] = printed[key][0]
        return lines

    def _value(self, part: Value) -> str:
        shaped = True if part.shaped else None
        few = max(self.few, part.digits)
        if part.before is None:
            lines = self._of_array(summaries, part.value, few, shaped=shaped)
            return lines[self._rung_of(lines)]
        if getattr(part.value, "shape", ()) and (self.rung or "…" in value(part.value, few)):
            change: Any = part.value - part.before  # type: ignore[operator]
            *ranges, size = summaries(change, few, shaped=False)
            lines = [f"{size}, Δ {span}" for span in ranges] + [size]
            return lines[self._rung_of(lines)]
        few = telling(part.before, part.value, few)
        return " → ".join(value(x, few, shaped=shaped) for x in (part.before, part.value))

    def _definition(self, part: Definition) -> list[Markup]:
        name = self.backend.name(part.name)
        rule = None if part.formula is None else self._rule(part.formula)
        equation = [name]
        if rule is not None and part.sign != "=":
            equation = [self.backend.whole([name, self.backend.text(f" {part.sign} "), rule])]
        elif rule is not None:
            equation.append(rule)
        if part.value is not None:
            result = self._summary(part.value)
            equation += [result] if result != rule else []
        return equation

    def _rule(self, formula: object) -> Markup | None:
        """The formula of a symbol; None where it has none that is fit for a figure."""
        return self.backend.rule(_term(formula))

    def _partial(self, part: Partial) -> list[Markup]:
        """`∂u/∂b = c = 2`; `∂v/∂a = 1` where the formula is the number; `c = 2` when short."""
        rule = None if part.formula is None else self.backend.rule(_composable(part.formula))
        if rule is None and is_array(part.value):
            name = None if part.short else self._derivative(part)
            shaped = None if part.spare else False
            equations = self._array_equations(name, part.value, part.total, shaped)
            equations = equations[:-1] if part.spare else equations
            return equations[self._rung_of(equations)] if equations else []
        equation = [] if part.short else [self._derivative(part)]
        is_number = rule is not None and _term(part.formula).number is not None
        result = self._result(part, rule is not None)
        if rule is not None and not (result and is_number):
            equation.append(rule)
        if result and (is_number or result != rule):
            equation.append(result)
        return equation if len(equation) > 1 or part.short else []

    def _derivative(self, part: Partial) -> Markup:
        if part.of is None:
            return self.backend.text("gradient")
        return self.backend.quotient("d" if part.total else "∂", part.of, part.by)

    def _array_equations(
        self, name: Markup | None, x: Any, has_norm: bool = True, shaped: bool | None = False
    ) -> list[list[Markup]]:
        """`dL/dw = [−0.1 … 0.3]`, `‖dL/dw‖ = 0.4`, `dL/dw: 64×16`; the same without the name."""
        text, digits = self.backend.text, self.backend.digits
        *ranges, size = self._of_array(summaries, x, self.few, shaped=shaped)
        lengths: list[str] = self._of_array(norms, x, self.few) if has_norm else []
        if name is None:
            words: list[str] = [*ranges, *map("norm {}".format, lengths), size]
            return [[digits(line)] for line in words]
        bars = self.backend.whole([text("‖"), name, text("‖")])
        equations: list[list[Markup]] = [[name, digits(line)] for line in ranges]
        equations += [[bars, digits(length)] for length in lengths]
        equations.append([self.backend.whole([name, text(": "), digits(size)])])
        return equations

    def _result(self, part: Partial, has_rule: bool) -> Markup | None:
        """The number of a derivative; of a map between arrays its structure, if it stands alone."""
        if part.value is None:
            return None
        if is_scalar(part.value):
            return self.backend.digits(value(part.value, self.few))
        if has_rule:
            return None
        if is_whole(part.value):
            return self.backend.text(str(getattr(part.value, "size", "")))
        if isinstance(part.value, LinearMap) and part.value.structure == "weighted broadcast":
            return self.backend.text("−broadcast") if is_negative(part.value) else None
        return self.backend.text(str(getattr(part.value, "structure", None) or part.value))

    def _contribution(self, part: Contribution) -> list[Markup]:
        """`3 · 2 = 6`: the gradient that arrives, times the local derivative."""
        if part.upstream is None or not is_scalar(part.upstream) or not is_scalar(part.local):
            if part.of is None:
                return []
            chain: list[Partial] = [Partial(part.through, part.by)]
            if part.of != part.through:
                chain = [Partial(part.of, part.through, total=True), *chain]
            added = contribution_value(part)
            product = self._product([self._derivative(factor) for factor in chain])
            if is_array(added):
                equations = self._array_equations(product, added)[:-1] or [[product]]
                return equations[self._rung_of(equations)]
            return [product] if added is None else [product, self._summary(added)]
        upstream, local = _python(part.upstream), _python(part.local)
        first = number(upstream, self.few)
        first = f"({first})" if " " in first else first
        factors = [self.backend.digits(first), self._factor(local)]
        return [self._product(factors), self._number(upstream * local)]

    def _sweep(self, part: Sweep) -> list[Markup]:
        """`b̄ = cū = 2 · 3 = 6`, without a side that says nothing new."""
        mark = self.backend.name(part.name, part.mode)
        equation = [mark]
        rule = total(part.terms)
        if rule is not None:
            more = self.backend.text(f" + … ({part.more} more)" if part.more else "")
            equation.append(self.backend.whole([self.backend.walk(rule).markup, more]))
        products = [self._product([self._factor(x) for x in pair]) for pair in part.numbers]
        if products:
            equation.append(self.backend.between(self.backend.text(PLUS), products))
        if part.value is not None:
            equation.append(self._summary(part.value))
        return list(dict.fromkeys(equation))

    def _ratio(self, part: Ratio) -> list[Markup]:
        """`ΔJ/Δa = 0.003/0.001 = 3`."""
        numbers = self.backend.over(self._number(part.change), self._factor(part.nudge))
        ratio = self._number(part.change / part.nudge)
        return [self.backend.quotient("Δ", part.of, part.by), numbers, ratio]

    def _chain(self, chain: Chain) -> list[Side[Markup]]:
        whole = Partial(chain.of, chain.by, total=True)
        start = self._derivative(whole) if chain.whole else self.backend.text("Along this path: ")
        equation = [Side("", start)]
        if len(chain.terms) == 1 and len(chain.terms[0]) == 1:
            formula = chain.terms[0][0].formula
            rule = None if formula is None else self.backend.rule(_composable(formula))
            equation += [Side(EQUALS, rule)] if rule is not None else []
        elif chain.terms:
            equation += _summed([self._chain_term(term) for term in chain.terms], chain.whole)
            if chain.product is not None:
                equation.append(Side(EQUALS, self.backend.term(chain.product)))
            factors = [factor for term in chain.terms for factor in term]
            if all(factor.value is not None and is_scalar(factor.value) for factor in factors):
                products = [[self._factor(f.value) for f in term] for term in chain.terms]
                equation += _summed([self._product(product) for product in products], True)
        if chain.value is not None:
            result = self._summary(chain.value, shaped=False)
            equation += [Side(EQUALS, result)] if result != equation[-1].markup else []
        return equation

    def _chain_term(self, term: Sequence[Partial]) -> Markup:
        """`dJ/dv · dv/da`; of a short factor its formula, since its name would not tell which."""
        return self._product([self._chain_factor(factor, len(term) > 1) for factor in term])

    def _chain_factor(self, factor: Partial, is_one_of_many: bool) -> Markup:
        if not factor.short or factor.formula is None:
            return self._derivative(factor)
        term = _composable(factor.formula)
        if not is_settled(term):
            return self._derivative(factor)
        printed = self.backend.walk(term)
        return self.backend.factor(printed) if is_one_of_many else printed.markup


def _term(formula: object) -> Term:
    """The term of a symbol, or of a text."""
    term = getattr(formula, "term", formula)
    return term if isinstance(term, Term) else term_of(str(term))


def _composable(formula: object) -> Term:
    """The term of a derivative, as it composes with others."""
    term = getattr(formula, "written", None)
    return term if isinstance(term, Term) else _term(formula)


def _equated(equation: Sequence[Markup]) -> list[Side[Markup]]:
    return [Side(EQUALS if i else "", one) for i, one in enumerate(equation) if one]


def _summed(terms: Sequence[Markup], equals: bool) -> list[Side[Markup]]:
    first = EQUALS if equals else ""
    return [Side(PLUS if i else first, term) for i, term in enumerate(terms)]


def is_array(x: object) -> bool:
    """Whether it holds several numbers, which can be told in more or fewer words."""
    return hasattr(x, "tolist") and not is_scalar(x)


def is_whole(local: object) -> bool:
    """Whether it is a matrix of derivatives without a structure, which its name tells best."""
    return getattr(local, "structure", None) == "dense"


def _python(x: Any) -> complex:
    """A scalar as Python's float or complex, whatever its own type."""
    plain_x = x.item() if hasattr(x, "item") else x
    return plain_x if isinstance(plain_x, complex) else float(plain_x)
