"""Returned: the last line of a program, its value and its gradients.

In: a Program and the text of its nodes. Out: `return J, {"x": dJ_dx}`, in which each number has the
type that it has in the graph, and each array is one that nobody else holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.compile.expressions import Expressions
from graphtrace.compile.literals import WIDTH, Literals, string, tuple_of
from graphtrace.compile.nodes import BROADCAST, Node, owner
from graphtrace.compile.program import Program
from graphtrace.compile.standing import StandIn
from graphtrace.compile.trees import Trees
from graphtrace.core.primitive import ATOM
from graphtrace.graph.tree import Leaf, Tree


class Returned:
    """What one program returns.

    For the compiler of `jit`, `numbers` are what its inner function returns: the name outside, and
    the text inside.
    """

    def __init__(
        self, program: Program, literals: Literals, code: Expressions, trees: Trees, *, jit: bool
    ) -> None:
        self.numbers: dict[str, str] = {}
        self._program = program
        self._literals = literals
        self._code = code
        self._trees = trees
        self._jit = jit
        self._returned: set[Node] = set()

    def lines(self, gradients: list[str]) -> list[str]:
        """`return J, {"x": dJ_dx}`."""
        stand_in = self._program.stand_in
        if stand_in is not None:
            return [f"return {self._in_place_of(stand_in, gradients)}"]
        value = self._value()
        line = f"return {value}, {{{', '.join(gradients)}}}"
        if len(line) <= WIDTH:
            return [line]
        return [f"return {value}, {{", *(f"    {gradient}," for gradient in gradients), "}"]

    def _value(self) -> str:
        result: Tree = self._program.graph.graph["result"]
        return self._trees.packed(result, [self._result(leaf) for leaf in result.leaves])

    def _in_place_of(self, stand_in: StandIn, gradients: list[str]) -> str:
        """What a function of the user's returns."""
        if stand_in.returns == "value":
            return self._value()
        together = tuple_of(gradients) if stand_in.is_tuple else gradients[0]
        if stand_in.returns == "gradients":
            return together
        return tuple_of([self._value(), together])

    def _result(self, leaf: Leaf) -> str:
        if leaf.key is None:
            return self._literals.constant(leaf.constant)
        stand_in = self._program.stand_in
        if stand_in is not None and leaf.key in stand_in.whole:
            text, _ = self._code.text(self._program.values[leaf.key])
            return f"{self._literals.call('int')}({text})"
        node = self._program.values[leaf.key]
        if isinstance(node.value, np.ndarray):
            return self._handed_out(node)
        return self._number(node, type(self._program.graph._node[leaf.key]["value"]))

    def gradients(self) -> list[str]:
        """`"x": dJ_dx` for each parameter that is differentiated in."""
        trees: dict[str, Tree] = self._program.graph.graph["parameters"]
        gradients, stand_in = [], self._program.stand_in
        for name in self._program.wrt if stand_in is None else stand_in.wrt:
            texts = [self._gradient(leaf) for leaf in trees[name].leaves]
            gradient = self._trees.packed(trees[name], texts)
            gradients.append(f"{string(name)}: {gradient}" if stand_in is None else gradient)
        return gradients

    def _gradient(self, leaf: Leaf) -> str:
        """The gradient of one leaf: of its type and shape, and an array that nobody else has."""
        if leaf.key is None or not self._program.has_gradient(leaf):
            return "None"
        value = self._program.values[leaf.key].value
        node = self._program.adjoints.get(leaf.key)
        if isinstance(value, np.ndarray):
            return self._array_gradient(value, node)
        if node is None:
            return "0.0" if type(value) is float else f"{self._literals.type(type(value))}(0)"
        return self._number(node, type(value))

    def _number(self, node: Node, kind: type) -> str:
        """A number that is returned, of the type that it has in the graph."""
        text, own = self._code.text(node)[0], type(node.value)
        if self._jit:
            name = self._program.names.numbered("r")
            self.numbers[name] = text
            text, own = name, float
        return text if own is kind else f"{self._literals.type(kind)}({text})"

    def _array_gradient(self, value: Any, node: Node | None) -> str:
        dtype = self._literals.dtype
        if node is None:
            return self._literals.zeros(value.shape, value.dtype)
        call = f"{self._literals.call('np')}."
        if node.primitive is BROADCAST and not np.ndim(node.operands[0].value):
            number = node.operands[0]
            is_same = np.result_type(number.value) == value.dtype
            how = "" if is_same else f", {dtype(value.dtype)}"
            return f"{call}full({value.shape}, {self._code.text(number)[0]}{how})"
        if not isinstance(node.value, np.ndarray) or node.value.dtype != value.dtype:
            return f"{call}array({self._code.text(node)[0]}, dtype={dtype(value.dtype)})"
        return self._handed_out(node)

    def _handed_out(self, node: Node) -> str:
        """An array that is returned, a copy of it where somebody else may have it."""
        text, binds = self._code.text(node)
        maker = owner(node)
        if maker is None or maker in self._returned:
            return f"{text}.copy()" if binds == ATOM else f"({text}).copy()"
        self._returned.add(maker)
        return text
