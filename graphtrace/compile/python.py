"""Python: the text of a program's nodes with NumPy's own calls, operators and methods.

In: nodes. Out: `x.sum(axis=0)`, `h @ W.T`; a row that says nothing of how it is written is a call
of the row's function. Arrays that are added to in place, and decisions, take lines of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.compile.expressions import Expressions, filled
from graphtrace.compile.guards import Guards
from graphtrace.compile.literals import Literals
from graphtrace.compile.nodes import (
    ADD,
    BROADCAST,
    LITERAL,
    RULE,
    SCATTER_AT,
    Node,
    alike,
    names_no_entry_twice,
    owner,
)
from graphtrace.compile.program import Program
from graphtrace.core.primitive import ATOM, SIGN, Form
from graphtrace.ops.as_python import keywords
from graphtrace.ops.index import index_in_python


class PythonText(Expressions):
    """The text of nodes in Python; for the compiler of `jit` a decision raises without a word."""

    def __init__(self, program: Program, literals: Literals, *, jit: bool) -> None:
        super().__init__(program.names)
        self._literals = literals
        self._guards = Guards(program, literals, jit=jit)

    def constant(self, node: Node) -> str:
        """A literal, or a name that is bound to the object."""
        return self._literals.constant(node.value, node.params["hint"])

    def assignment(self, name: str, text: str) -> str:
        """`name = text`."""
        return f"{name} = {text}"

    def guard(self, node: Node) -> None:
        """An `if` and a `raise`."""
        self.lines += self._guards.lines(node, [self.text(operand) for operand in node.operands])

    def needs_lines(self, node: Node) -> bool:
        """Whether the entries of an array are put into zeros."""
        return node.primitive is SCATTER_AT

    def assign(self, name: str, node: Node, note: str = "") -> None:
        """`name = ...`; two lines where the entries of an array are put into zeros."""
        if node.primitive is not SCATTER_AT:
            super().assign(name, node, note)
        else:
            zeros = self._literals.zeros(node.value.shape, node.value.dtype)
            self.say(self.assignment(name, zeros), note)
            self._scatter(name, node, "=", note)

    def accumulated(self, named: Node, total: Node) -> bool:
        """`dJ_da += ...`, if the name stands for a number or for an array that nobody else has."""
        if total.primitive is not ADD or total.operands[0].name != named.name:
            return False
        before, more = total.operands
        if isinstance(before.value, np.ndarray) and not (
            owner(before, sole=True) and alike(before.value, total.value)
        ):
            return False
        is_array = isinstance(before.value, np.ndarray)
        if is_array and more.primitive is SCATTER_AT and not more.text and more.uses == 1:
            self._scatter(named.name, more, "+=", named.note)
        else:
            self.say(f"{named.name} += {self.text(more)[0]}", named.note)
        return True

    def _scatter(self, name: str, node: Node, sign: str, note: str) -> None:
        """`name[i] += ...`, where an entry may come twice `np.add.at(name, i, ...)`."""
        g, *where = node.operands
        if g.primitive is BROADCAST and not g.text and g.uses == 1:
            g = g.operands[0]  # NumPy spreads what is assigned to several entries
        value, index = self.text(g)[0], self._index(node.params["index"], where)
        if names_no_entry_twice(node.params["index"], where):
            self.say(f"{name}[{index}] {sign} {value}", note)
        else:
            is_plain = not any(mark in index for mark in (":", ",", "..."))
            at = index if is_plain else f"{self._np}.s_[{index}]"
            self.say(f"{self._np}.add.at({name}, {at}, {value})", note)

    @property
    def _np(self) -> str:
        return self._literals.call("np")

    def form(self, node: Node) -> Form | None:
        """How the row says that it is written."""
        python = node.primitive.code.python
        if python is None or isinstance(python, Form):
            return python
        xs = tuple([operand.value for operand in node.operands])
        return python(self._literals, node.value, xs, node.params)

    def operand(self, node: Node, k: int) -> tuple[str, int]:
        """An operand; NumPy's constant float is Python's beside NumPy's double precision."""
        op = node.operands[k]
        if op.primitive is LITERAL and type(op.value) is np.float64 and np.isfinite(op.value):
            others = [x.value for x in node.operands if x is not op]
            if any(
                isinstance(x, (np.ndarray, np.float64)) and x.dtype == np.float64 for x in others
            ):
                text = repr(float(op.value))
                return text, SIGN if text.startswith("-") else ATOM
        return self.text(op)

    def call(self, node: Node, texts: list[str]) -> str:
        """A call by NumPy's name, of the row's function, or of its rule."""
        primitive, params = node.primitive, node.params
        if primitive.name == RULE.name:
            return f"{self._literals.rule(*params['rule'])}({', '.join(texts)})"
        texts = [*texts, *keywords(self._literals, params)]
        name = primitive.name.removeprefix("np.")
        is_numpys = primitive.forward is getattr(np, name, None)
        function = f"{self._np}.{name}" if is_numpys else self._literals.forward(primitive)
        return f"{function}({', '.join(texts)})"

    def _index(self, index: Any, where: list[Node]) -> str:
        """What is written between the brackets."""
        atoms = [self.text(node) for node in where]
        form = Form(index_in_python(self._literals, index, first=0))
        return filled(form, atoms)[0]
