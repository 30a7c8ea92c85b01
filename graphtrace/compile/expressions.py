"""Expressions: a node of the program as text, and the lines that it needs before it.

In: nodes. Out: text with the brackets that it needs; a node that is used again, or would make too
long a line, gets a line and a name. What a language writes in its own way, such as a constant or
the form of a row, its own class says: `graphtrace.compile.python`, `graphtrace.compile.javascript`.
Knows nothing of the order in which nodes are printed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from graphtrace.compile.names import Names
from graphtrace.compile.nodes import LITERAL, NAMED, Node
from graphtrace.core.primitive import ATOM, SIGN, Form

_WIDEST = 72
_SLOT = re.compile(r"\$(\d+)")


class Expressions(ABC):
    """The text of nodes in one language, and the lines so far as (text, note) pairs."""

    def __init__(self, names: Names) -> None:
        self.lines: list[tuple[str, str]] = []
        self._names = names

    @abstractmethod
    def constant(self, node: Node) -> str:
        """The text of a LITERAL."""

    @abstractmethod
    def form(self, node: Node) -> Form | None:
        """How the row is written; None for a call."""

    @abstractmethod
    def call(self, node: Node, texts: list[str]) -> str:
        """A row that has no form of its own, of the texts of its operands."""

    @abstractmethod
    def assignment(self, name: str, text: str) -> str:
        """The line that gives a value a name."""

    @abstractmethod
    def guard(self, node: Node) -> None:
        """The lines for a decision that was taken, or for a shape that depends on numbers."""

    def accumulated(self, named: Node, total: Node) -> bool:
        """Whether a line adds to what the name stands for already."""
        return False

    def needs_lines(self, node: Node) -> bool:
        """Whether more than an expression is needed."""
        return False

    def say(self, text: str, note: str = "") -> None:
        """Add a line."""
        self.lines.append((text, note))

    def taken(self) -> list[tuple[str, str]]:
        """The lines so far, which are handed out once."""
        lines, self.lines = self.lines, []
        return lines

    def text(self, node: Node) -> tuple[str, int]:
        """What stands for a value in a line, and how tightly it binds."""
        if node.text:
            return node.text, node.binds
        if node.primitive is LITERAL:
            node.text = self.constant(node)
            node.binds = SIGN if node.text.startswith("-") else ATOM
        elif self.needs_lines(node):
            self.store(node)
        else:
            text, binds = self.expression(node)
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
        """The line, or lines, for the operation itself."""
        self.say(self.assignment(name, self.expression(node)[0]), note)

    def expression(self, node: Node) -> tuple[str, int]:
        """The operation itself, whatever stands for its value."""
        if node.primitive in (NAMED, LITERAL):
            return self.text(node.operands[0] if node.operands else node)
        atoms = [self.operand(node, k) for k in range(len(node.operands))]
        form = self.form(node)
        return filled(form, atoms) if form else (self.call(node, [x for x, _ in atoms]), ATOM)

    def operand(self, node: Node, k: int) -> tuple[str, int]:
        """What stands for operand `k` of a node."""
        return self.text(node.operands[k])


def filled(form: Form, atoms: list[tuple[str, int]]) -> tuple[str, int]:
    """The Form with these operands, each a text and how tightly it binds."""

    def operand(match: re.Match[str]) -> str:
        k = int(match[1])
        text, binds = atoms[k]
        return text if binds >= form.operands[min(k, len(form.operands) - 1)] else f"({text})"

    return _SLOT.sub(operand, form.template), form.binds
