"""Lines: the lines of a program, whatever the language.

In: a Program, the nodes that are wanted of it, and a language's `Expressions`. Out: its lines,
those of the forward part with their guards and those of the backward part. What is not needed has
none; what is used once, and has no name of its own, is written where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphtrace.compile.expressions import Expressions
from graphtrace.compile.nodes import BROADCAST, GUARD, LITERAL, NAMED, SHAPE_GUARD, Node
from graphtrace.compile.program import Program
from graphtrace.core.primitive import ATOM

_SOFT_WIDTH = 72  # an expression of the forward part without a name is no longer


class Lines:
    """The lines of one program."""

    def __init__(self, program: Program, code: Expressions, roots: Iterable[Node]) -> None:
        self._program = program
        self._code = code
        adjoints = program.adjoints.values()
        # The last contribution to each adjoint; the name stands for another value before.
        self._final = {a.operands[0] if a.primitive is BROADCAST else a for a in adjoints}
        self._count(roots)

    def _count(self, roots: Iterable[Node]) -> None:
        """What is needed, and how often."""
        for root in roots:
            root.uses += 2  # so that it has a line of its own
        for node in reversed(self._program.nodes):
            if node.primitive is SHAPE_GUARD:
                node.uses = node.operands[0].uses
                node.operands[0].uses *= 2
            elif node.uses or node.primitive is GUARD:
                node.uses += node.primitive is GUARD
                for operand in node.operands:
                    operand.uses += 1

    def taken(self, *, is_backward: bool) -> list[tuple[str, str]]:
        """The lines of one part, as (text, note) pairs."""
        for node in self._program.nodes:
            if node.is_backward is not is_backward or not node.uses:
                continue
            if node.primitive in (GUARD, SHAPE_GUARD):
                self._code.guard(node)
            elif node.primitive is NAMED:
                self._line(node)
            elif node.uses > 1 and not self._is_labelled(node):
                self._code.store(node)
        return self._code.taken()

    def release(self) -> None:
        """Let go of all nodes, a kilobyte an operation, once there is a line for each."""
        self._final.clear()
        self._program.release()

    def _is_labelled(self, node: Node) -> bool:
        """Whether the next line gives the value a name that it keeps."""
        label = self._program.labels.get(node)
        return (
            label is not None and label.uses > 0 and (not label.is_backward or label in self._final)
        )

    def _line(self, named: Node) -> None:
        """A line for a name; none where the expression goes into another line."""
        code, (node,) = self._code, named.operands
        if named.is_soft and named.uses == 1 == node.uses and not node.text:
            text, binds = code.text(node)
            if len(text) <= _SOFT_WIDTH:
                named.text, named.binds = text, binds
                return
        is_own = node.primitive is not LITERAL and (node.uses == 1 or self._is_labelled(node))
        if node.text or not is_own:
            code.say(code.assignment(named.name, code.text(node)[0]), named.note)
        else:
            if not code.accumulated(named, node):
                code.assign(named.name, node, named.note)
            node.text, node.binds = named.name, ATOM
        named.text, named.binds = named.name, ATOM
