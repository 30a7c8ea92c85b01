"""The text of a program's nodes in JavaScript, the decisions with their sentences among them.

In: nodes. Out: expressions of numbers that are NumPy's, and lines that return a sentence where a
decision comes out otherwise, or where Python's floats raise and NumPy's do not. `Refused` is raised
with the reason where a node or a decision has no counterpart.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.compile.expressions import Expressions
from graphtrace.compile.floats import MAY_RAISE
from graphtrace.compile.javascript_rows import LOGICAL, ROWS, TRUTHS
from graphtrace.compile.nodes import FLOAT, LITERAL, RULE, Node
from graphtrace.core.primitive import ATOM, COMPARE, PRIMITIVES, Form, Primitive
from graphtrace.errors import clean
from graphtrace.graph.tree import Branch


class Refused(Exception):
    """Why a program has no JavaScript, in one sentence."""


def without_rule(primitive: Primitive) -> Refused:
    """The reason where the derivative of a row has no counterpart."""
    return Refused(
        f"the derivative of {clean(primitive.op)} has no counterpart in JavaScript, so the numbers "
        "in the page are fixed"
    )


def has_form(primitive: Primitive) -> bool:
    """Whether `ROWS` says how the row is written, and means it by that name."""
    if primitive is FLOAT:
        return True
    known = PRIMITIVES.get(primitive.name)
    return primitive.name in ROWS and known is not None and known.forward is primitive.forward


class JavaScriptText(Expressions):
    """The text of nodes in JavaScript."""

    def constant(self, node: Node) -> str:
        """A number; a constant that is none has no counterpart."""
        return _number(node.value)

    def form(self, node: Node) -> Form | None:
        """That of `ROWS`."""
        primitive, ops = node.primitive, node.operands
        if node.params or not has_form(primitive) or any(np.ndim(op.value) for op in ops):
            raise without_rule(node.params["rule"][0] if primitive.name == RULE.name else primitive)
        is_array = any(isinstance(op.value, np.ndarray) for op in ops)
        name = "np.power" if primitive.name == "power" and is_array else primitive.name
        if ops and primitive.name not in LOGICAL and all(map(_is_truth, ops)):
            raise without_rule(primitive)
        return ROWS[name]

    def call(self, node: Node, texts: list[str]) -> str:
        """Every row has a form."""
        raise without_rule(node.primitive)

    def assignment(self, name: str, text: str) -> str:
        """`const name = text;`."""
        return f"const {name} = {text};"

    def operand(self, node: Node, k: int) -> tuple[str, int]:
        """An operand, as a truth value or as a number as the row wants it."""
        op = node.operands[k]
        text, binds = self.text(op)
        wants = k < LOGICAL.get(node.primitive.name, 0)
        if wants and not _is_truth(op):
            return f"{_wrapped(text, binds, COMPARE)} !== 0", COMPARE
        if not wants and _is_truth(op) and op.primitive is not LITERAL:
            return f"({_wrapped(text, binds, COMPARE)} ? 1 : 0)", ATOM
        return text, binds

    def number(self, of: Node | float) -> str:
        """What stands for a value that is a number to those who read it."""
        if not isinstance(of, Node):
            return _number(of)
        text, binds = self.text(of)
        is_number = not _is_truth(of) or of.primitive is LITERAL
        return text if is_number else f"({_wrapped(text, binds, COMPARE)} ? 1 : 0)"

    def assign(self, name: str, node: Node, note: str = "") -> None:
        """The line, and those that say where Python raises and NumPy does not."""
        if _raises(node):
            self._check(node, [self.operand(node, k)[0] for k in (0, 1)], _where(note))
        super().assign(name, node, note)

    def _check(self, node: Node, texts: list[str], where: str) -> None:
        divisor = node.operands[1]  # or the exponent
        if node.primitive.forward is operator.pow:
            name = self._names.numbered("e")
            self.say(self.assignment(name, f"powerError({', '.join(texts)})"))
            for code, (error, may_be) in enumerate(_POWER_ERRORS, 1):
                if divisor.primitive is not LITERAL or may_be(divisor.value):
                    self._error(f"{name} === {code}", where + error)
        elif divisor.primitive is not LITERAL or divisor.value == 0:
            self._error(f"{texts[1]} === 0", f"{where}the divisor is 0 (ZeroDivisionError)")

    def _error(self, condition: str, sentence: str) -> None:
        self.say(f"if ({condition}) return {{error: {_string(sentence)}}};")

    def guard(self, node: Node) -> None:
        """A line that returns the sentence of a decision that comes out otherwise."""
        branch: Branch = node.params["branch"]
        for op in node.operands:
            is_number = np.ndim(op.value) == 0 and np.result_type(op.value).kind in "fiub"
            if op.primitive is LITERAL and not is_number:
                raise _undecided(branch)
        texts = [self.operand(node, k) for k in range(len(node.operands))]
        condition, then = _decided(branch, texts)
        where = f" in {place(branch.source)}," if branch.source else ""
        sentence = f"`{clean(branch.text)}`{where} {then}"
        self.say(f"if ({condition}) return {{branch: {_string(sentence)}}};")


_POWER_ERRORS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("0 is raised to a negative power (ZeroDivisionError)", lambda b: b < 0),
    ("the root of a negative number is complex", lambda b: b % 1 != 0),
    ("the power is larger than any float (OverflowError)", lambda b: not 0 <= b <= 1),
)
"""What `powerError` means by 1, 2, ..., and for which constant exponents it may be."""

_COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "===",
    operator.ne: "!==",
}
_ROUNDED = {
    int: "Math.trunc",
    math.trunc: "Math.trunc",
    math.floor: "Math.floor",
    math.ceil: "Math.ceil",
    round: "rint",
}


def _decided(branch: Branch, atoms: list[tuple[str, int]]) -> tuple[str, str]:
    """When a decision comes out otherwise, and the words for it."""
    test, outcome = branch.test, branch.outcome
    sign = _COMPARISONS.get(test)
    if sign is not None or test is bool:
        left = _wrapped(*atoms[0], COMPARE)
        right = "!== 0" if sign is None else f"{sign} {_wrapped(*atoms[1], COMPARE)}"
        now = f"{left} {right}"
        return f"!({now})" if outcome else now, "would go the other way"
    if test in _ROUNDED and type(outcome) is int:
        return f"{_ROUNDED[test]}({atoms[0][0]}) !== {_number(outcome)}", (
            f"was {outcome} and would be another number"
        )
    raise _undecided(branch)


def _undecided(branch: Branch) -> Refused:
    where = f" in {place(branch.source)}," if branch.source else ""
    return Refused(
        f"the decision `{clean(branch.text)}`{where} has no counterpart in JavaScript, so the "
        "numbers in the page are fixed"
    )


def _raises(node: Node) -> bool:
    """Whether this is arithmetic of Python's floats, which raise where NumPy's do not."""
    if node.is_backward or node.primitive.forward not in MAY_RAISE:
        return False
    return all(type(op.value) in (int, float, bool) for op in node.operands)


def _is_truth(node: Node) -> bool:
    return node.primitive.name in TRUTHS or np.result_type(node.value) == np.bool_


def _wrapped(text: str, binds: int, least: int) -> str:
    return text if binds > least else f"({text})"


def _number(x: Any) -> str:
    """A number that reads back to the same bits."""
    if np.ndim(x) or np.result_type(x).kind not in "fiub":
        raise Refused(f"a constant is {clean(repr(x))[:60]}, which is no number of JavaScript")
    value = float(x)
    if value != x and x == x:
        raise Refused(f"the constant {clean(repr(x))[:60]} is more than a number of JavaScript has")
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < 1e16 and (value or math.copysign(1, value) > 0):
        return str(int(value))
    return "-0" if value == 0 else repr(value)


def _string(text: str) -> str:
    """A string that ends neither a line nor a `<script>`, whatever it says."""
    literal = json.dumps(text)
    for mark in "<>&\x7f":
        literal = literal.replace(mark, f"\\u{ord(mark):04x}")
    return literal


def place(source: str) -> str:
    """`f.py, line 3` for `f.py:3`."""
    name, _, line = source.rpartition(":")
    return clean(f"{name}, line {line}" if name and line.isdigit() else source)


def _where(note: str) -> str:
    return f"{place(note)}: " if note else ""
