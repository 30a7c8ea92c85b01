"""Program: a graph's rows and those of its backward pass as one list of nodes.

In: a Graph with one scalar output. Out: `Program.nodes` in the order of evaluation, the node of
each key's value and of its adjoint. The derivative rules run on traced values of a list of their
own and leave their rows behind; each row becomes a node unless it says nothing new. Knows nothing
of text.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.graph import Branch, Graph
from graphtrace.inputs import INPUT, plain, seed_for
from graphtrace.ops.index import Slot
from graphtrace.primitive import ATOM, Primitive, primitive_named
from graphtrace.replay.floats import MAY_RAISE, floats_for
from graphtrace.replay.names import Names
from graphtrace.sweep import fit, partial, pull, times
from graphtrace.tape import NO_PARAMS, Tape, parts
from graphtrace.variable import Variable, apply, record

NAMED = Primitive("named", lambda a: a)  # a value that has a line of its own
LITERAL = Primitive("literal", lambda: None)
FLOAT = Primitive("float", float)
RULE = Primitive("rule", lambda: None)  # a rule that is called
GUARD = Primitive("guard", lambda: None)
SHAPE_GUARD = Primitive("shape guard", lambda: None)

ADD, NEGATIVE, BROADCAST = map(primitive_named, ("add", "negative", "broadcast_to"))
_SUM, _TRANSPOSE = map(primitive_named, ("sum", "matrix_transpose"))
_COMPARISONS = frozenset("less less_equal greater greater_equal equal not_equal".split())

# The rules of these look at shapes, types and params, and at no number, so that the rows they leave
# behind hold for all inputs. So do those of elementwise operations (see `_is_printed`).
_PRINTED = frozenset(
    "sum mean max min var std cumsum reshape transpose matrix_transpose broadcast_to astype copy "
    "concatenate stack getitem matmul outer expand_dims squeeze swapaxes moveaxis flip".split()
)
_LOOKS = frozenset("plain _plain _value value".split())

# The shapes of these follow from the operands' shapes; any other row's shape is checked.
_SHAPED = _PRINTED | _COMPARISONS
_SHAPED |= frozenset(
    "prod dot clip sort partition median cumprod argmax argmin argsort all any count_nonzero tril "
    "triu roll".split()
)


@dataclass(eq=False, slots=True)
class Node:
    """A value of the program: an operation on others."""

    primitive: Primitive
    value: Any
    operands: list[Node]
    params: dict[str, Any]
    name: str = ""  # of a NAMED node
    note: str = ""  # beside its line
    is_soft: bool = False  # the name may be left out where the value is used once
    is_backward: bool = False
    label: Node | None = None  # the NAMED node made right after this
    uses: int = 0
    text: str = ""  # what stands for it in other lines, once that is known
    binds: int = ATOM


class _Watched(Tape):
    """A list that notices when a rule decides something from numbers, as `if x > 0` does."""

    __slots__ = ("decided",)

    def __init__(self) -> None:
        super().__init__()
        self.decided = False

    def guard(self, *decision: Any) -> None:
        self.decided = True


class Program:
    """The nodes in order, and those that are returned, by the keys of the graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.keys = graph._in_order()
        self.names = Names(graph, self.keys)
        self.output = _output(graph)
        self.nodes: list[Node] = []
        self._tape = _Watched()
        self._known: dict[Any, Node] = {}
        self._arrays: dict[Any, list[Node]] = {}
        self._steps: dict[int, tuple[str, str]] = {}
        self._at: list[Node] = []  # the node of each row
        self.may_raise = False  # a float of Python where the graph has one of NumPy
        self._floats = floats_for(graph, self.keys)
        rows = self._forward()
        self._first = len(rows)  # of the backward rows
        with np.errstate(all="ignore"):
            adjoints = self._backward(rows)
            self._convert(rows)
        self.values = {key: self._at[i] for key, i in rows.items()}
        self.adjoints = {
            key: self._at[adjoints[i].index] for key, i in rows.items() if i in adjoints
        }

    # Rows.

    def _forward(self) -> dict[str, int]:
        """The graph's rows on a list again; the row of each key."""
        rows: dict[str, int] = {}
        for key in self.keys:
            row = self.graph._node[key]["row"]
            primitive = row.primitive if row.operands or row.primitive is INPUT else LITERAL
            parents = tuple([-1 if k is None else rows[k] for k in row.keys])
            rows[key] = len(self._tape.rows)
            value, xs = row.value, row.operands
            if self._floats:
                value = float(value) if key in self._floats else value
                pairs = zip(xs, row.keys, strict=True)
                xs = tuple([float(x) if k in self._floats else x for x, k in pairs])
            record(self._tape, primitive, value, xs, parents, row.params)
        return rows

    def _backward(self, rows: dict[str, int]) -> dict[int, Variable]:
        """Run the rules on the list, in the order of `graphtrace.sweep.sweep`; the adjoints."""
        tape = self._tape
        seed = seed_for(self.graph._node[self.output]["value"])
        adjoints = {rows[self.output]: record(tape, LITERAL, seed)}
        for i in range(self._first - 1, -1, -1):
            g = adjoints.get(i)
            if g is None:
                continue
            node = self.graph._node[self.keys[i]]
            note = ", ".join(filter(None, (node["label"], node["source"])))
            for k, parent in enumerate(parts(tape.rows[i])[3]):
                c = self._contribution(i, k, g) if parent >= 0 else None
                if c is not None:
                    before = adjoints.get(parent)
                    total = c if before is None else before + c
                    adjoints[parent] = self._step(total, parent, note)
        return adjoints

    def _step(self, value: Any, parent: int, note: str) -> Variable:
        """A line for an adjoint."""
        if type(value) is not Variable:
            value = record(self._tape, LITERAL, value)
        named = record(self._tape, NAMED, value.value, (value.value,), (value.index,))
        name = self.names.adjoint(self.output, self.keys[parent])
        self._steps[named.index] = name, note
        return named

    def _contribution(self, i: int, k: int, g: Variable) -> Any:
        """What operand `k` of row `i` gets from the row's adjoint `g`; None if nothing."""
        primitive, y, xs, _, params = parts(self._tape.rows[i])
        if primitive.stops(k):
            return None
        if _is_printed(primitive):
            self._tape.decided = False
            try:
                c = self._pulled(i, k, g)
            except Exception:  # noqa: BLE001  (what cannot be traced is called)
                self._tape.decided = True
            if not self._tape.decided:
                return c
        value = pull(primitive, k, g.value, y, xs, params)
        if value is None:
            return None
        called = Primitive(RULE.name, lambda *_, **__: value)
        return apply(called, (g, *self._traced(i)), {"rule": (primitive, k, params)})

    def _pulled(self, i: int, k: int, g: Variable) -> Any:
        """`graphtrace.sweep.pull` of traced values, with the types it has for plain ones."""
        primitive, _, plain_xs, _, params = parts(self._tape.rows[i])
        y, *xs = self._traced(i)
        if primitive.partials is None:
            if primitive.vjps is not None:
                c = primitive.vjps[k](g, y, *xs, **params)  # type: ignore[misc]
            else:
                c = primitive.vjp_each(k, g, y, *xs, **params)  # type: ignore[misc]
            return None if c is None else fit(c, plain_xs[k])
        d = partial(primitive, k, y, tuple(xs), params)
        if d is None:
            return None
        if type(g.value) is float and not params:  # as the sweep does it in line
            if type(plain(d)) is np.float64:
                d = apply(FLOAT, (d,), NO_PARAMS)
            if type(plain(d)) in (int, float):
                return g * d
        return fit(times(g, d), plain_xs[k])

    def _traced(self, i: int) -> list[Any]:
        """The value and the operands of a row as traced values."""
        _, y, xs, parents, _ = parts(self._tape.rows[i])
        traced = [Variable(self._tape, i, y)]
        traced += [
            Variable(self._tape, p, x) if p >= 0 else x for x, p in zip(xs, parents, strict=True)
        ]
        return traced

    # Nodes.

    def _convert(self, rows: dict[str, int]) -> None:
        branches = [*self.graph.graph["branches"]][::-1]
        at = self._at
        for i, row in enumerate(self._tape.rows):
            primitive, value, xs, parents, params = parts(row)
            node = self.graph._node[self.keys[i]] if i < self._first else None
            while branches and (node is None or branches[-1].index <= node["index"]):
                self._guard(branches.pop(), rows)
            hints = itertools.repeat(None) if node is None else node["row"].shown
            ops = [
                at[p] if p >= 0 else self._literal(x, hint)
                for x, p, hint in zip(xs, parents, hints, strict=False)
            ]
            if primitive is LITERAL:
                at.append(self._literal(value))
            elif primitive is INPUT:
                at.append(Node(INPUT, value, [], {}, text=self.names.of[self.keys[i]]))
            elif node is not None:
                made = self._made(primitive, value, ops, params)
                if self.keys[i] in self._floats:
                    made = self._as_float(made)
                at.append(self._value(made, i, node))
            elif primitive is NAMED:
                at.append(self._adjoint(ops[0], *self._steps[i]))
            else:
                at.append(self._simplified(primitive, value, ops, params))
        while branches:
            self._guard(branches.pop(), rows)

    def _guard(self, branch: Branch, rows: dict[str, int]) -> None:
        operands = [
            self._literal(x) if key is None else self._at[rows[key]]
            for x, key in zip(branch.operands, branch.keys, strict=True)
        ]
        self.nodes.append(Node(GUARD, None, operands, {"branch": branch}))

    def _as_float(self, made: Node) -> Node:
        """NumPy's result as a float of Python; the result of Python's operators is one."""
        is_python = all(type(operand.value) in (int, float) for operand in made.operands)
        if is_python and made.primitive.is_operator:
            self.may_raise |= made.primitive.forward in MAY_RAISE
            return made
        return self._made(FLOAT, made.value, [made], NO_PARAMS)

    def _value(self, made: Node, i: int, node: dict[str, Any]) -> Node:
        """A line of the forward part."""
        key = self.keys[i]
        is_soft = re.fullmatch(r"v\d+", key) is not None
        if is_soft and made.label is not None:
            return made.label  # computed before
        named = Node(
            NAMED, made.value, [made], {}, self.names.of[key], node["source"] or "", is_soft
        )
        self._append_named(named)
        if _shape_varies(made):
            self.nodes.append(Node(SHAPE_GUARD, made.value, [named], {"key": key}))
        return named

    def _adjoint(self, x: Node, name: str, note: str) -> Node:
        """A line of the backward part. The name is for the numbers, before they are spread."""
        if x.primitive is BROADCAST:
            inner = self._adjoint(x.operands[0], name, note)
            return self._made(BROADCAST, x.value, [inner], x.params)
        named = Node(NAMED, x.value, [x], {}, name, note, is_backward=True)
        self._append_named(named)
        return named

    def _append_named(self, named: Node) -> None:
        (node,) = named.operands
        if self.nodes and node is self.nodes[-1]:
            node.label = named
        self.nodes.append(named)

    def _made(
        self, primitive: Primitive, value: Any, ops: list[Node], params: dict[str, Any]
    ) -> Node:
        """The node of an operation, or the one there is already."""
        key = (primitive, *[id(behind(op)) for op in ops], _hashable(params))
        node = self._known.get(key)
        if node is None:
            is_backward = len(self._at) >= self._first
            node = Node(primitive, value, ops, params, is_backward=is_backward)
            self._known[key] = node
            self.nodes.append(node)
        return node

    def _literal(self, x: Any, hint: str | None = None) -> Node:
        """The node of a constant; equal ones are one."""
        if isinstance(x, np.ndarray):
            return self._constant_array(x, hint)
        key = (type(x), repr(x)) if isinstance(x, (int, float, complex, np.generic, str)) else id(x)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = Node(LITERAL, x, [], {"hint": hint})
        return node

    def _constant_array(self, x: Any, hint: str | None) -> Node:
        alike = self._arrays.setdefault((x.shape, x.dtype), [])
        for node in alike:
            if node.value is x or node.value.tobytes() == x.tobytes():
                return node
        for node in self._arrays.get((x.shape[::-1], x.dtype), ()) if x.ndim == 2 else ():
            if node.value is x.base and node.value.T.strides == x.strides:
                return self._made(_TRANSPOSE, x, [node], NO_PARAMS)  # X.T, as a rule wrote it
        alike.append(Node(LITERAL, x, [], {"hint": hint}))
        return alike[-1]

    # Simplification, as a person would write it. Each step keeps every bit of the value.

    def _simplified(
        self, primitive: Primitive, value: Any, ops: list[Node], params: dict[str, Any]
    ) -> Node:
        if not ops:
            return self._made(primitive, value, ops, params)
        name = primitive.name.removeprefix("np.")
        if primitive.partials is None and name not in _COMPARISONS:
            return self._moved(primitive, value, ops, params)
        if any(op.primitive is BROADCAST for op in ops):
            thin = self._thin(primitive, value, ops, params)
            if thin is not None:
                return thin
        node = None
        if name == "multiply":
            node = self._product(value, *ops)
        elif name in ("power", "divide") and _number(ops[1]) == 1 and alike(ops[0].value, value):
            node = ops[0]
        return node or self._made(primitive, value, ops, params)

    def _moved(
        self, primitive: Primitive, value: Any, ops: list[Node], params: dict[str, Any]
    ) -> Node:
        """No reshape, copy or spreading without need."""
        a, name = ops[0], primitive.name
        if name in ("reshape", "broadcast_to", "astype", "copy", "float") and alike(a.value, value):
            return a
        if name == "reshape" and a.primitive is _SUM and not a.params["keepdims"]:
            kept = {"axis": a.params["axis"], "keepdims": True}
            if np.shape(np.sum(a.operands[0].value, **kept)) == np.shape(value):
                return self._made(_SUM, value, a.operands, kept)
        if name == "broadcast_to" or (name == "reshape" and not np.ndim(a.value)):
            a = a.operands[0] if a.primitive is BROADCAST else a
            return self._made(BROADCAST, value, [a], {"shape": np.shape(value)})
        return self._made(primitive, value, ops, params)

    def _thin(
        self, primitive: Primitive, value: Any, ops: list[Node], params: dict[str, Any]
    ) -> Node | None:
        """An elementwise operation before its operands are spread, not after."""
        ops = [op.operands[0] if op.primitive is BROADCAST else op for op in ops]
        try:
            result = primitive.forward(*[op.value for op in ops], **params)
        except ArithmeticError:
            return None
        if np.result_type(result) != np.result_type(value):
            return None
        node = self._simplified(primitive, result, ops, params)
        if np.shape(result) == np.shape(value):
            return node
        return self._made(BROADCAST, value, [node], {"shape": np.shape(value)})

    def _product(self, value: Any, a: Node, b: Node) -> Node | None:
        """No factor of 1 or -1; plain ones first, so that `dJ_du = dJ_dv` keeps the name."""
        pairs = ((b, a), (a, b)) if a.primitive is NAMED else ((a, b), (b, a))
        for factor, other in pairs:
            number = _number(behind(factor))
            if (number == 1 or number == -1) and alike(other.value, value):
                return other if number == 1 else self._made(NEGATIVE, value, [other], NO_PARAMS)
        if type(value) in (int, float) and _number(a) is not None and _number(b) is not None:
            return self._literal(value)
        return None


def _output(graph: Graph) -> str:
    """The key of the one output."""
    outputs = graph.outputs
    if len(outputs) != 1 or np.shape(graph._node[outputs[0]]["value"]) != ():
        shapes = ", ".join(f"{k} of shape {np.shape(graph._node[k]['value'])}" for k in outputs)
        raise ArgumentError(
            f"{graph.name}() returned {shapes or 'no number'}, and a function is compiled with the "
            f"gradient of one scalar; sum or choose in the function"
        )
    return outputs[0]


def behind(node: Node) -> Node:
    """The node that a name stands for."""
    while node.primitive is NAMED:
        node = node.operands[0]
    return node


def alike(a: Any, b: Any) -> bool:
    """Whether two values have one shape and one type."""
    if type(a) is type(b) and not isinstance(a, np.ndarray):
        return True
    if np.shape(a) != np.shape(b):
        return False
    numpy = (np.ndarray, np.generic)
    return isinstance(a, numpy) and isinstance(b, numpy) and a.dtype == b.dtype


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
    if not params:
        return None
    try:
        key = tuple(params.items())
        hash(key)
    except TypeError:
        return id(params)
    return key


@functools.cache
def _is_printed(primitive: Primitive) -> bool:
    """Whether the rows that the rules leave behind hold for other numbers too."""
    if primitive.partials is None:
        return primitive.name in _PRINTED
    return not any(_looks_at_numbers(rule) for rule in primitive.partials)


def _looks_at_numbers(rule: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a rule, or a function beside it that it calls, takes the number out of an operand."""
    rule = inspect.unwrap(rule) if callable(rule) else rule
    if not isinstance(rule, FunctionType) or rule in seen:
        return False
    names = rule.__code__.co_names
    beside = [rule.__globals__.get(name) for name in names]
    return not _LOOKS.isdisjoint(names) or any(
        _looks_at_numbers(f, seen | {rule})
        for f in beside
        if getattr(f, "__globals__", None) is rule.__globals__
    )


def _shape_varies(node: Node) -> bool:
    """Whether the shape of the value may depend on numbers."""
    primitive = node.primitive
    if not isinstance(node.value, np.ndarray) or primitive.partials is not None:
        return False
    if primitive.name == "getitem":
        return any(op.value.dtype == bool for op in node.operands[1:])
    return primitive.name not in _SHAPED and not isinstance(primitive.forward, np.ufunc)
