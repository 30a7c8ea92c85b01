"""Nodes: the values of a program in the order of evaluation, each made once and as simple as it is.

In: operations on nodes. Out: the node of the result, which may be one that is there already. Knows
nothing of graphs, rules or text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from graphtrace.core.primitive import ATOM, Code, Form, Primitive, primitive_named
from graphtrace.core.tape import NO_PARAMS
from graphtrace.ops.index import Slot

NAMED = Primitive("named", lambda a: a)  # a value that has a line of its own
LITERAL = Primitive("literal", lambda: None)
FLOAT = Primitive(
    "float",
    float,
    code=Code(lambda write, y, xs, params: Form(f"{write.call('float')}($0)"), keeps=True),
)
RULE = Primitive("rule", lambda: None)  # a rule that is called
GUARD = Primitive("guard", lambda: None)
SHAPE_GUARD = Primitive("shape guard", lambda: None)

ADD, NEGATIVE, BROADCAST = map(primitive_named, ("add", "negative", "broadcast_to"))
SCATTER_AT = primitive_named("scatter_at")
_RESHAPE, _SUM, _TRANSPOSE = map(primitive_named, ("reshape", "sum", "matrix_transpose"))


_LARGEST_CONSTANT = 1000  # entries


@dataclass(eq=False, slots=True)
class Node:
    """A value of the program: an operation on others."""

    primitive: Primitive
    value: Any
    operands: tuple[Node, ...]
    params: dict[str, Any]
    name: str = ""  # of a NAMED node
    note: str = ""  # beside its line
    is_soft: bool = False  # the name may be left out where the value is used once
    is_backward: bool = False
    uses: int = 0
    behind: Node | None = None  # of a NAMED node: what it, and any name that it names, stands for
    text: str = ""  # what stands for it in other lines, once that is known
    binds: int = ATOM


class Nodes:
    """The list of a program's nodes; `is_backward` says which part the next ones belong to.

    Where the program is `exact`, no array is laid out otherwise than by the function itself, as
    NumPy sums entries in the order in which they lie.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self._exact = exact
        self.listed: list[Node] = []
        # The NAMED node made right after a node; in the node it would be a cycle for the collector.
        self.labels: dict[Node, Node] = {}
        self.is_backward = False
        self._known: dict[Any, Node] = {}
        self._arrays: dict[int, Node] = {}  # the constant arrays, by id

    def append_named(self, named: Node) -> None:
        """Add a NAMED node."""
        (node,) = named.operands
        named.behind = behind(node)
        if self.listed and node is self.listed[-1]:
            self.labels[node] = named
        self.listed.append(named)

    def made(
        self, primitive: Primitive, value: Any, ops: tuple[Node, ...], params: dict[str, Any]
    ) -> Node:
        """The node of an operation, or the one there is already."""
        key = (primitive, _hashable(params) if params else None, *map(behind, ops))
        node = self._known.get(key)
        if node is None:
            node = Node(primitive, value, ops, params, is_backward=self.is_backward)
            self._known[key] = node
            self.listed.append(node)
        return node

    def literal(self, x: Any, hint: str | None = None) -> Node:
        """The node of a constant; equal ones are one."""
        if isinstance(x, np.ndarray):
            return self._constant_array(x, hint)
        key = (type(x), repr(x)) if isinstance(x, (int, float, complex, np.generic, str)) else id(x)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = Node(LITERAL, x, (), {"hint": hint})
        return node

    def _constant_array(self, x: Any, hint: str | None) -> Node:
        key = (x.shape, x.dtype, sha256(x.tobytes()).digest())
        if key in self._known:
            return self._known[key]
        whole = self._arrays.get(id(x.base))
        if whole is not None and x.ndim == 2 and _is_transpose(x, whole.value):
            return self.made(_TRANSPOSE, x, (whole,), NO_PARAMS)  # X.T, as a rule wrote it
        node = self._arrays[id(x)] = self._known[key] = Node(LITERAL, x, (), {"hint": hint})
        return node

    # Simplification, as a person would write it. Each step keeps every bit of the value.

    def simplified(
        self, primitive: Primitive, value: Any, ops: tuple[Node, ...], params: dict[str, Any]
    ) -> Node:
        """The node of an operation, or of a simpler one with the same result."""
        if not ops:
            return self.made(primitive, value, ops, params)
        if self._exact and _is_constant(value, ops):
            return self.literal(value)
        if primitive.partials is None and primitive.code.static != "elementwise":
            return self._moved(primitive, value, ops, params)
        if any(op.primitive is BROADCAST or (self._exact and _is_uniform(op)) for op in ops):
            thin = self._thin(primitive, value, ops, params)
            if thin is not None:
                return thin
        node, unit = None, primitive.code.unit
        if unit == "both":
            node = self._product(value, *ops)
        elif unit == "right" and _number(ops[1]) == 1 and alike(ops[0].value, value):
            node = ops[0]
        return node or self.made(primitive, value, ops, params)

    def _moved(
        self, primitive: Primitive, value: Any, ops: tuple[Node, ...], params: dict[str, Any]
    ) -> Node:
        """No reshape, copy or spreading without need."""
        a = ops[0]
        if primitive.code.keeps and alike(a.value, value):
            return a
        if primitive is _RESHAPE and a.primitive is _SUM and not a.params["keepdims"]:
            kept = {"axis": a.params["axis"], "keepdims": True}
            if np.shape(np.sum(a.operands[0].value, **kept)) == np.shape(value):
                return self.made(_SUM, value, a.operands, kept)
        if primitive is BROADCAST or (primitive is _RESHAPE and not np.ndim(a.value)):
            a = a.operands[0] if a.primitive is BROADCAST else a
            return self.made(BROADCAST, value, (a,), {"shape": np.shape(value)})
        return self.made(primitive, value, ops, params)

    def _thin(
        self, primitive: Primitive, value: Any, ops: tuple[Node, ...], params: dict[str, Any]
    ) -> Node | None:
        """An elementwise operation before its operands are spread, not after."""
        ops = tuple([self._before_it_was_spread(op) for op in ops])
        try:
            result = primitive.forward(*[op.value for op in ops], **params)
        except ArithmeticError:
            return None
        if np.result_type(result) != np.result_type(value):
            return None
        if self._exact and np.shape(result) != np.shape(value):
            return None
        node = self.simplified(primitive, result, ops, params)
        if np.shape(result) == np.shape(value):
            return node
        return self.made(BROADCAST, value, (node,), {"shape": np.shape(value)})

    def _before_it_was_spread(self, op: Node) -> Node:
        if op.primitive is BROADCAST:
            return op.operands[0]
        return self.literal(op.value.reshape(-1)[0]) if self._exact and _is_uniform(op) else op

    def _product(self, value: Any, a: Node, b: Node) -> Node | None:
        """No factor of 1 or -1; plain ones first, so that `dJ_du = dJ_dv` keeps the name."""
        pairs = ((b, a), (a, b)) if a.primitive is NAMED else ((a, b), (b, a))
        for factor, other in pairs:
            number = _number(behind(factor))
            if (number == 1 or number == -1) and alike(other.value, value):
                return other if number == 1 else self.made(NEGATIVE, value, (other,), NO_PARAMS)
        if type(value) in (int, float) and _number(a) is not None and _number(b) is not None:
            return self.literal(value)
        return None


def _is_constant(value: Any, ops: tuple[Node, ...]) -> bool:
    """Whether a value comes of constants alone, and is not too large to be kept."""
    is_small = not isinstance(value, np.ndarray) or value.size <= _LARGEST_CONSTANT
    return is_small and all(op.primitive is LITERAL for op in ops)


def _is_uniform(op: Node) -> bool:
    """Whether it is a constant array of one number: what a transform inside the function made."""
    x = op.value
    if op.primitive is not LITERAL or not isinstance(x, np.ndarray) or x.size < 2:
        return False
    first = x.reshape(-1)[:1]
    is_one = x.dtype.kind == "f" and (x == first).all()
    return bool(is_one and (np.signbit(x) == np.signbit(first)).all())


def _is_transpose(x: Any, y: Any) -> bool:
    return bool(x.shape == y.shape[::-1] and x.dtype == y.dtype and y.T.strides == x.strides)


def behind(node: Node) -> Node:
    """The node that a name stands for."""
    return node.behind or node


def alike(a: Any, b: Any) -> bool:
    """Whether two values have one shape and one type."""
    if type(a) is type(b) and not isinstance(a, np.ndarray):
        return True
    if np.shape(a) != np.shape(b):
        return False
    numpy = (np.ndarray, np.generic)
    return isinstance(a, numpy) and isinstance(b, numpy) and a.dtype == b.dtype


def owner(node: Node, *, sole: bool = False) -> Node | None:
    """The operation that made the array; None where it may be an argument's or a constant.

    With `sole` also None where the array has another use, or is a view: `+=` would keep its
    layout, and NumPy sums entries in the order in which they lie.
    """
    while node.primitive is NAMED or node.primitive.code.memory == "view":
        if sole and (node.uses > 1 or node.primitive is not NAMED):
            return None
        node = node.operands[0]
    primitive = node.primitive
    is_fresh = isinstance(primitive.forward, np.ufunc) or primitive.code.memory == "own"
    is_own = is_fresh and isinstance(node.value, np.ndarray) and not (sole and node.uses > 1)
    return node if is_own else None


def shape_varies(node: Node) -> bool:
    """Whether the shape of the value may depend on numbers."""
    primitive, code = node.primitive, node.primitive.code
    if not isinstance(node.value, np.ndarray) or primitive.partials is not None:
        return False
    if code.by_mask:
        return any(op.value.dtype == bool for op in node.operands[1:])
    return not code.static and not isinstance(primitive.forward, np.ufunc)


def names_no_entry_twice(index: Any, where: Sequence[Node]) -> bool:
    """Whether that is sure of an index, whose traced parts are `where`."""
    parts = index if type(index) is tuple else (index,)
    return all(
        where[part.position].value.dtype == bool
        if isinstance(part, Slot)
        else part is None or part is ... or isinstance(part, (int, slice))
        for part in parts
    )


def _number(node: Node) -> float | None:
    is_number = node.primitive is LITERAL and type(node.value) in (int, float)
    return node.value if is_number else None


def _hashable(params: dict[str, Any]) -> Any:
    try:
        key = tuple(params.items())
        hash(key)
    except TypeError:
        return id(params)
    return key
