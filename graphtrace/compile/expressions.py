"""Expressions: a node of the program as Python text, and the lines that it needs before it.

In: nodes. Out: text with NumPy's own calls and operators, `x.sum(axis=0)`, `h @ W.T`; a row that
has none is a call of the row's function. A node that is used again, or would make too long a line,
gets a line and a name. Knows nothing of the order in which nodes are printed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from graphtrace.compile.literals import Literals
from graphtrace.compile.names import Names
from graphtrace.compile.nodes import (
    BROADCAST,
    LITERAL,
    NAMED,
    RULE,
    SCATTER_AT,
    Node,
    names_no_entry_twice,
)
from graphtrace.core.primitive import ATOM, SIGN, Form
from graphtrace.ops.as_python import keywords
from graphtrace.ops.index import index_in_python

_WIDEST = 72
_SLOT = re.compile(r"\$(\d+)")


class Expressions:
    """The text of nodes, and the lines so far as (text, note) pairs."""

    def __init__(self, names: Names, literals: Literals) -> None:
        self.lines: list[tuple[str, str]] = []
        self._names = names
        self._literals = literals

    def say(self, text: str, note: str = "") -> None:
        """Add a line."""
        self.lines.append((text, note))

    def text(self, node: Node) -> tuple[str, int]:
        """What stands for a value in a line, and how tightly it binds."""
        if node.text:
            return node.text, node.binds
        if node.primitive is LITERAL:
            node.text = self._literals.constant(node.value, node.params["hint"])
            node.binds = SIGN if node.text.startswith("-") else ATOM
        elif node.primitive is SCATTER_AT:
            self.store(node)
        else:
            text, binds = self._expression(node)
            if len(text) <= _WIDEST or not node.is_backward:
                return text, binds
            self.store(node)
        return node.text, node.binds

    def store(self, node: Node) -> None:
        """A line for a value that has no name of its own."""
        name = self._names.numbered("t")
        self.assign(name, node)
        node.text, node.binds = name, ATOM

    def assign(self, name: str, node: Node, note: str = "") -> None:
        """`name = ...`; two lines where the entries of an array are put into zeros."""
        if node.primitive is not SCATTER_AT:
            self.say(f"{name} = {self._expression(node)[0]}", note)
        else:
            self.say(f"{name} = {self.zeros(node.value.shape, node.value.dtype)}", note)
            self.scatter(name, node, "=", note)

    def scatter(self, name: str, node: Node, sign: str, note: str) -> None:
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

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> str:
        """`np.zeros(3)`."""
        how = "" if dtype == np.float64 else f", {self._literals.dtype(dtype)}"
        return f"{self._np}.zeros({shape[0] if len(shape) == 1 else shape}{how})"

    @property
    def _np(self) -> str:
        return self._literals.call("np")

    def _expression(self, node: Node) -> tuple[str, int]:
        if node.primitive in (NAMED, LITERAL):
            return self.text(node.operands[0] if node.operands else node)
        atoms = [self._operand(node, k) for k in range(len(node.operands))]
        form = self._form(node)
        return filled(form, atoms) if form else (self._call(node, [x for x, _ in atoms]), ATOM)

    def _form(self, node: Node) -> Form | None:
        """How the row says that it is written."""
        python = node.primitive.code.python
        if python is None or isinstance(python, Form):
            return python
        xs = tuple([operand.value for operand in node.operands])
        return python(self._literals, node.value, xs, node.params)

    def _operand(self, node: Node, k: int) -> tuple[str, int]:
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

    def _call(self, node: Node, texts: list[str]) -> str:
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


def filled(form: Form, atoms: list[tuple[str, int]]) -> tuple[str, int]:
    """The Form with these operands, each a text and how tightly it binds."""

    def operand(match: re.Match[str]) -> str:
        k = int(match[1])
        text, binds = atoms[k]
        return text if binds >= form.operands[min(k, len(form.operands) - 1)] else f"({text})"

    return _SLOT.sub(operand, form.template), form.binds
