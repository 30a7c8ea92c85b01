"""Guards: lines that raise where a program does not hold for the numbers at hand.

In: the decisions that were taken while tracing, and values whose shape depends on numbers. Out: an
`if` and a `raise` for each, in the words of `Graph.forward`. Knows nothing of the lines between.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from graphtrace.compile.expressions import filled
from graphtrace.compile.literals import Literals, string
from graphtrace.compile.nodes import GUARD, Node
from graphtrace.compile.program import Program
from graphtrace.core.primitive import PRIMITIVES, Form
from graphtrace.graph.tree import Branch


@functools.cache
def _operators() -> dict[Any, Form]:
    """How the operators are written, which a row is of."""
    return {
        row.forward: row.code.python
        for row in PRIMITIVES.values()
        if isinstance(row.code.python, Form)
    }


class Guards:
    """The guards of one program; with `jit` a decision raises without a word."""

    def __init__(self, program: Program, literals: Literals, *, jit: bool) -> None:
        self._program = program
        self._literals = literals
        self._jit = jit

    def lines(self, node: Node, atoms: list[tuple[str, int]]) -> list[tuple[str, str]]:
        """The lines of a guard, of its operands' texts, each without a note."""
        is_decision = node.primitive is GUARD
        condition, raised = (self._decision if is_decision else self._shape)(node, atoms)
        return [(f"if {condition}:", ""), (f"    raise {raised}", "")]

    def _decision(self, node: Node, atoms: list[tuple[str, int]]) -> tuple[str, str]:
        """What Python decided from numbers."""
        branch: Branch = node.params["branch"]
        outcome, now = branch.outcome, self._condition(branch, atoms)
        if outcome is True or outcome is False:
            condition = f"not {now}" if outcome else now
        elif type(outcome) is int:
            condition = f"{now} != {outcome}"
        else:
            equal = f"{self._literals.call('np')}.array_equal"
            condition = f"not {equal}({now}, {self._literals.constant(outcome)})"
        if self._jit:
            return condition, "ArithmeticError"
        where = string(branch.source or "the traced function")
        how = f"{where}, {string(branch.text)}, {self._literals.constant(outcome)}, {now}"
        return condition, f"{self._literals.call('changed')}({how})"

    def _condition(self, branch: Branch, atoms: list[tuple[str, int]]) -> str:
        """The expression that was decided on."""
        test = branch.test
        form = _operators().get(test)
        if form is not None:
            return filled(form, atoms)[0]
        texts = ", ".join(text for text, _ in atoms)
        if test is np.asarray:
            return texts
        if test in (bool, int, round):
            return f"{self._literals.call(test.__name__)}({texts})"
        if test in (math.floor, math.ceil, math.trunc):
            return f"{self._literals.call('math')}.{test.__name__}({texts})"
        return f"{self._literals.bind(test, getattr(test, '__name__', 'test'))}({texts})"

    def _shape(self, node: Node, atoms: list[tuple[str, int]]) -> tuple[str, str]:
        """A shape that depends on numbers."""
        graph, key, shape = self._program.graph, node.params["key"], node.value.shape
        where = string(graph._node[key]["source"] or graph.name)
        now = f"{atoms[0][0]}.shape"
        call = self._literals.call("reshaped")
        return f"{now} != {shape}", f"{call}({where}, {string(key)}, {shape}, {now})"
