"""Guards: lines that raise where a program does not hold for the numbers at hand.

In: the decisions that were taken while tracing, and values whose shape depends on numbers. Out: an
`if` and a `raise` for each, in the words of `Graph.forward`. Knows nothing of the lines between.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from graphtrace.compile.expressions import Expressions, filled
from graphtrace.compile.literals import Literals, string
from graphtrace.compile.nodes import Node
from graphtrace.compile.program import Program
from graphtrace.core.primitive import PRIMITIVES, Form
from graphtrace.graph.traced import Branch


@functools.cache
def _operators() -> dict[Any, Form]:
    """How the operators are written, which a row is of."""
    return {
        row.forward: row.code.python
        for row in PRIMITIVES.values()
        if isinstance(row.code.python, Form)
    }


class Guards:
    """The guards of one program."""

    def __init__(self, program: Program, literals: Literals, code: Expressions) -> None:
        self._program = program
        self._literals = literals
        self._code = code

    def decision(self, node: Node, *, jit: bool) -> None:
        """What Python decided from numbers; with `jit` it raises without a word."""
        branch: Branch = node.params["branch"]
        outcome, now = branch.outcome, self._condition(branch, node)
        if outcome is True or outcome is False:
            condition = f"not {now}" if outcome else now
        elif type(outcome) is int:
            condition = f"{now} != {outcome}"
        else:
            equal = f"{self._literals.call('np')}.array_equal"
            condition = f"not {equal}({now}, {self._literals.constant(outcome)})"
        if jit:
            self._code.say(f"if {condition}:")
            self._code.say("    raise ArithmeticError")
            return
        where = string(branch.source or "the traced function")
        how = f"{where}, {string(branch.text)}, {self._literals.constant(outcome)}, {now}"
        self._code.say(f"if {condition}:")
        self._code.say(f"    raise {self._literals.call('changed')}({how})")

    def _condition(self, branch: Branch, node: Node) -> str:
        """The expression that was decided on."""
        test, atoms = branch.test, [self._code.text(operand) for operand in node.operands]
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

    def shape(self, node: Node) -> None:
        """A shape that depends on numbers."""
        graph, key, shape = self._program.graph, node.params["key"], node.value.shape
        where = string(graph._node[key]["source"] or graph.name)
        now = f"{node.operands[0].text}.shape"
        self._code.say(f"if {now} != {shape}:")
        call = self._literals.call("reshaped")
        self._code.say(f"    raise {call}({where}, {string(key)}, {shape}, {now})")
