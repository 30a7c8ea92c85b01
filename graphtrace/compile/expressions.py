"""Expressions: a node of the program as Python text, and the lines that it needs before it.

In: nodes. Out: text with NumPy's own calls and operators, `x.sum(axis=0)`, `h @ W.T`; a row that
has none is a call of the row's function. A node that is used again, or would make too long a line,
gets a line and a name. Knows nothing of the order in which nodes are printed.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from graphtrace.compile.literals import Literals, is_declared
from graphtrace.compile.names import Names
from graphtrace.compile.nodes import BROADCAST, FLOAT, LITERAL, NAMED, Node, names_no_entry_twice
from graphtrace.core.primitive import ATOM, COMPARE, POWER, PRODUCT, SIGN, SUM
from graphtrace.ops.index import Slot

# The operators: how they are written, how tightly they bind, and how tightly operands must.
INFIX: dict[Any, tuple[str, int, int, int]] = {
    operator.add: (" + ", SUM, SUM, SUM + 1),
    operator.sub: (" - ", SUM, SUM, SUM + 1),
    operator.mul: (" * ", PRODUCT, PRODUCT, PRODUCT + 1),
    operator.truediv: (" / ", PRODUCT, PRODUCT, PRODUCT + 1),
    operator.floordiv: (" // ", PRODUCT, PRODUCT, PRODUCT + 1),
    operator.mod: (" % ", PRODUCT, PRODUCT, PRODUCT + 1),
    operator.matmul: (" @ ", PRODUCT, PRODUCT, PRODUCT + 1),
    operator.pow: ("**", POWER, ATOM, ATOM),
    operator.lt: (" < ", COMPARE, COMPARE + 1, COMPARE + 1),
    operator.le: (" <= ", COMPARE, COMPARE + 1, COMPARE + 1),
    operator.gt: (" > ", COMPARE, COMPARE + 1, COMPARE + 1),
    operator.ge: (" >= ", COMPARE, COMPARE + 1, COMPARE + 1),
    operator.eq: (" == ", COMPARE, COMPARE + 1, COMPARE + 1),
    operator.ne: (" != ", COMPARE, COMPARE + 1, COMPARE + 1),
}
PREFIX = {operator.neg: "-", operator.pos: "+"}

# Array methods that are the functions of the same name.
METHODS = frozenset("sum mean prod max min var std".split())
# NumPy functions that are called with the row's params.
_FUNCTIONS = METHODS | frozenset(
    "expand_dims squeeze swapaxes moveaxis rollaxis flip fliplr flipud rot90 roll repeat tile "
    "resize take take_along_axis diag diagonal diagflat tril triu sort partition cumsum "
    "cumprod".split()
)
_DEFAULTS = {"axis": None, "keepdims": False, "ddof": 0}
_WIDEST = 72


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
        elif node.primitive.name == "scatter_at":
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
        if node.primitive.name != "scatter_at":
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
        forward = node.primitive.forward
        if node.primitive in (NAMED, LITERAL):
            return self.text(node.operands[0] if node.operands else node)
        atoms = [self._operand(node, k) for k in range(len(node.operands))]
        if forward in INFIX and len(atoms) == 2:
            return infix(forward, atoms)
        if forward in PREFIX:
            text, binds = atoms[0]
            return f"{PREFIX[forward]}{text if binds > SIGN else f'({text})'}", SIGN
        return self._call(node, [text for text, _ in atoms]), ATOM

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
        name = primitive.name.removeprefix("np.")
        if "rule" in params:
            return f"{self._literals.rule(*params['rule'])}({', '.join(texts)})"
        if primitive is FLOAT:
            return f"{self._literals.call('float')}({texts[0]})"
        if primitive.forward is operator.abs:
            return f"{self._literals.call('abs')}({texts[0]})"
        special, is_ours = _SPECIAL.get(name), is_declared(primitive)
        text: str | None = special(self, node, texts) if special and is_ours else None
        if text is not None:
            return text
        how = [
            f"{key}={self._axis(x) if key == 'axis' else self._literals.param(x)}"
            for key, x in params.items()
            if name not in METHODS or x != _DEFAULTS[key]
        ]
        if name in METHODS and isinstance(node.operands[0].value, np.ndarray) and is_ours:
            return f"{self._receiver(node)}.{name}({', '.join(how)})"
        if primitive.forward is getattr(np, name, None) or (name in _FUNCTIONS and is_ours):
            function = f"{self._np}.{name}"
        else:
            function = self._literals.forward(primitive)
        return f"{function}({', '.join([*texts, *how])})"

    def _axis(self, x: Any) -> str:
        return self._literals.param(x[0] if type(x) is tuple and len(x) == 1 else x)

    def _receiver(self, node: Node) -> str:
        """The first operand, in front of a dot or a bracket."""
        text, binds = self.text(node.operands[0])
        is_number = node.operands[0].primitive is LITERAL and not text.isidentifier()
        return f"({text})" if binds < ATOM or is_number else text

    def _index(self, index: Any, where: list[Node]) -> str:
        """What is written between the brackets."""
        if type(index) is tuple and index:
            parts = [self._index(part, where) for part in index]
            is_list = len(parts) == 1 and type(index[0]) in (list, tuple)
            return f"{parts[0]}," if is_list else ", ".join(parts)
        if isinstance(index, Slot):
            return self.text(where[index.position])[0]
        if isinstance(index, slice):
            ends = ["" if x is None else self._literals.param(x) for x in (index.start, index.stop)]
            return ":".join(ends) + (
                "" if index.step is None else f":{self._literals.param(index.step)}"
            )
        return "..." if index is ... else self._literals.param(index)

    # Rows that NumPy has another way of writing; None for the way of all others.

    def _reshape(self, node: Node, texts: list[str]) -> str | None:
        a, shape = node.operands[0].value, np.shape(node.value)
        if not isinstance(a, np.ndarray) or node.params.get("order", "C") != "C":
            return None
        if tuple(n for n in shape if n != 1) == a.shape:
            axes = ", ".join("None" if n == 1 else ":" for n in shape)
            return f"{self._receiver(node)}[{axes}]"
        return f"{self._receiver(node)}.reshape({shape})"

    def _transpose(self, node: Node, texts: list[str]) -> str | None:
        axes = node.params.get("axes")
        if not isinstance(node.operands[0].value, np.ndarray):
            return None
        how = "T" if axes is None else f"transpose({self._literals.param(axes)})"
        return f"{self._receiver(node)}.{how}"

    def _matrix_transpose(self, node: Node, texts: list[str]) -> str:
        return f"{self._receiver(node)}.{'T' if np.ndim(node.value) == 2 else 'swapaxes(-1, -2)'}"

    def _broadcast_to(self, node: Node, texts: list[str]) -> str:
        return f"{self._np}.broadcast_to({texts[0]}, {np.shape(node.value)})"

    def _astype(self, node: Node, texts: list[str]) -> str | None:
        dtype, a = node.params["dtype"], node.operands[0].value
        if np.ndim(a):
            return f"{self._receiver(node)}.astype({self._literals.dtype(dtype)})"
        is_real = np.result_type(a).kind in "fiub" and dtype.kind == "f"
        return f"{self._literals.dtype(dtype)}({texts[0]})" if is_real else None

    def _joined(self, node: Node, texts: list[str]) -> str:
        axis = f", axis={node.params['axis']}" if node.params["axis"] else ""
        return f"{self._np}.{node.primitive.name}([{', '.join(texts)}]{axis})"

    def _getitem(self, node: Node, texts: list[str]) -> str:
        return f"{self._receiver(node)}[{self._index(node.params['index'], node.operands[1:])}]"

    def _take(self, node: Node, texts: list[str]) -> str | None:
        at, axis = node.params.get("indices"), node.params.get("axis")
        if type(at) is not int or type(axis) is not int or axis < 0 or len(node.params) > 2:
            return None
        return f"{self._receiver(node)}[{':, ' * axis}{at}]"

    def _nonzero(self, node: Node, texts: list[str]) -> str | None:
        if isinstance(node.value, np.ndarray):
            return f"{self._np}.where({texts[0]} == 0, 1, {texts[0]})"
        return f"({texts[0]} or 1.0)" if type(node.value) is float else None

    def _side(self, node: Node, texts: list[str]) -> str:
        if isinstance(node.operands[0].value, np.ndarray):
            return f"{self._np}.where({texts[0]} >= 0, 1, -1)"
        return f"(1.0 if {texts[0]} >= 0 else -1.0)"


_SPECIAL: dict[str, Any] = {
    "reshape": Expressions._reshape,
    "transpose": Expressions._transpose,
    "matrix_transpose": Expressions._matrix_transpose,
    "broadcast_to": Expressions._broadcast_to,
    "astype": Expressions._astype,
    "concatenate": Expressions._joined,
    "stack": Expressions._joined,
    "getitem": Expressions._getitem,
    "take": Expressions._take,
    "nonzero": Expressions._nonzero,
    "side": Expressions._side,
}


def infix(function: Any, atoms: list[tuple[str, int]]) -> tuple[str, int]:
    """Two operands with the operator between them."""
    sign, binds, *least = INFIX[function]
    pairs = zip(atoms, least, strict=True)
    a, b = (text if own >= needs else f"({text})" for (text, own), needs in pairs)
    return f"{a}{sign}{b}", binds
