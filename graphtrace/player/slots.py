"""Slots: the numbers of a figure that the page puts in, and parts printed with slots for them.

In: the parts of a figure whose numbers are `Live`. Out: what `render` says of them, in runs with a
mark where a number goes; `Slots` knows what each mark stands for. Knows no HTML.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Any, Literal, TypeAlias

from graphtrace.core.primitive import ATOM, SIGN
from graphtrace.figure.inlining import with_terms
from graphtrace.figure.parts import Contribution, Definition, Part, Partial, Value
from graphtrace.formula.naming import Naming
from graphtrace.formula.number import MINUS, number
from graphtrace.formula.printer import NUMBER_EDGE, SIGN_EDGE, Board, Printed
from graphtrace.formula.runs import Run, Runs, plain
from graphtrace.formula.term import Term
from graphtrace.render.typeset.wording import EQUALS, PartPrinter, Side

Recipe: TypeAlias = tuple[Any, ...]
"""Where a number comes from: `("v", node)`, `("g", node)`, the derivative `("l", head, position)`
on an edge, `("t", tail, head, edges)` through those edges of a box, or `("p", one, two)`, a product
of two others."""

Way: TypeAlias = Literal["n", "f", "b"]
"""How a number stands: by itself; as a factor, in brackets where it has a sign; or where a power of
ten asks for brackets as well."""

MARK = re.compile("\x02([nfb])(\\d+)\x03")
TOP, OVER, BOTTOM = "\x0e", "\x0f", "\x10"
"""Before, within and after a quotient; no text from a user holds a control character here."""


class Live(float):
    """A number of a figure, or a truth value, with the recipe that it is made by."""

    __slots__ = ("is_truth", "recipe")
    is_truth: bool
    recipe: Recipe

    def __new__(cls, value: Any, recipe: Recipe) -> Live:
        """The number, as Python's float."""
        one = super().__new__(cls, value)
        one.is_truth = type(value).__name__ in ("bool", "bool_")
        one.recipe = recipe
        return one

    def __mul__(self, other: float) -> float:
        """A product of two numbers that the page knows is one that it knows, too."""
        known = float(self) * other
        return Live(known, ("p", self.recipe, other.recipe)) if isinstance(other, Live) else known


class Slots:
    """The numbers that a page knows, each recipe once."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.recipes: dict[Recipe, int] = {}
        self.numbers: list[float] = []

    def at(self, x: Live) -> int:
        """The place of a number."""
        place = self.recipes.setdefault(x.recipe, len(self.numbers))
        if place == len(self.numbers):
            self.numbers.append(bool(x) if x.is_truth else float(x))
        return place

    def mark(self, x: Live, way: Way = "n") -> str:
        """What stands for the number in a template."""
        return f"\x02{way}{self.at(x)}\x03"

    def filled(self, runs: Runs) -> str:
        """What the runs say with the numbers as they are now."""

        def put(match: re.Match[str]) -> str:
            return shown(self.numbers[int(match[2])], match[1], self.digits)

        return _flat(MARK.sub(put, plain(runs)))


def shown(x: float, way: str, digits: int) -> str:
    """The number as it stands there.

    >>> [shown(x, "f", 4) for x in (2.0, -2.0)]
    ['2', '(−2)']
    """
    text = number(x, digits)
    is_bracketed = (way != "n" and text.startswith(MINUS)) or (way == "b" and "10" in text[1:])
    return f"({text})" if is_bracketed else text


def _flat(text: str) -> str:
    return text.replace(TOP, "").replace(OVER, "/").replace(BOTTOM, "")


class _Backend(Board):
    """A board on which numbers are slots, and quotients are told apart from what is around them."""

    def __init__(self, names: Naming, slots: Slots) -> None:
        super().__init__(names)
        self.slots = slots

    def atom(self, atom: Any) -> Printed[Runs]:
        if isinstance(atom, Live):  # as tightly as one with a sign
            return Printed((Run(self.slots.mark(atom)),), SIGN, SIGN_EDGE, NUMBER_EDGE)
        return super().atom(atom)

    def bracketed(self, inner: Printed[Runs]) -> Printed[Runs]:
        text = plain(inner.markup)
        if match := MARK.fullmatch(text):
            one = Run(f"\x02b{match[2]}\x03")
            return Printed((one,), ATOM, NUMBER_EDGE, NUMBER_EDGE)
        return super().bracketed(inner)

    def over(self, top: Runs, bottom: Runs) -> Runs:
        return (Run(TOP), *top, Run(OVER), *bottom, Run(BOTTOM))


class Printer(PartPrinter[Runs]):
    """Prints the parts of a figure with slots for their numbers."""

    def __init__(self, names: Naming, slots: Slots) -> None:
        # A copy knows nothing of what was printed without slots.
        super().__init__(_Backend(copy(names), slots), slots.digits)
        self.slots = slots

    def sides(self, part: Part) -> list[Side[Runs]]:
        """What a part says; a derivative that is a number always, `dJ/dv = 3`, once."""
        sides = super().sides(part)
        *_, before, last = [side.markup for side in sides] if len(sides) > 1 else [(), ()]
        is_constant = before and not MARK.search(plain(before))
        same = is_constant and plain(before) == self.slots.filled(last)
        return sides[:-1] if same and MARK.fullmatch(plain(last)) else sides

    def runs(self, part: Part) -> Runs:
        """What a part says."""
        return joined_sides(self.sides(part))

    def with_numbers(self, part: Definition, terms: dict[str, Term]) -> list[Side[Runs]]:
        """`u = bc = 3·2 = 6`: with the values of the names put in, where that says more."""
        sides = self.sides(part)
        term = getattr(part.formula, "term", None)
        if part.sign != "=" or not isinstance(term, Term) or len(sides) < 3:
            return sides
        put_in = with_terms(term, terms)
        if put_in == term or any(leaf.ndim for leaf in term.leaves):
            return sides
        between = self.backend.rule(put_in)
        if between is None or between == sides[-1].markup:
            return sides
        return [*sides[:-1], Side(EQUALS, between), sides[-1]]

    def _slot(self, x: Any, way: Way = "n") -> Runs | None:
        return (Run(self.slots.mark(x, way)),) if isinstance(x, Live) else None

    def _number(self, x: complex) -> Runs:
        return self._slot(x) or super()._number(x)

    def _factor(self, x: Any) -> Runs:
        return self._slot(x, "f") or super()._factor(x)

    def _summary(self, x: Any, *, shaped: bool | None = None) -> Runs:
        return self._slot(x) or super()._summary(x, shaped=shaped)

    def _value(self, part: Value) -> str:
        if isinstance(part.value, Live) and part.before is None:
            return self.slots.mark(part.value)
        return super()._value(part)

    def _result(self, part: Partial, has_rule: bool) -> Runs | None:
        return self._slot(part.value) or super()._result(part, has_rule)

    def _contribution(self, part: Contribution) -> list[Runs]:
        upstream, local = part.upstream, part.local
        if not (isinstance(upstream, Live) and isinstance(local, Live)):
            return super()._contribution(part)
        factors = [self._number(upstream), self._factor(local)]
        return [self._product(factors), self._number(upstream * local)]


def joined_sides(sides: list[Side[Runs]]) -> Runs:
    """The sides of an equation as one line."""
    runs: list[Run] = []
    for lead, markup in sides:
        runs += (Run(lead), *markup) if lead else markup
    return tuple(runs)
