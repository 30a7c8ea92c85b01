"""Program: a graph's rows and those of its backward pass as one list of nodes.

In: a Graph, and what is differentiated in which parameters. Out: `Program.nodes` in the order of
evaluation, the node of each key's value and of its adjoint. The derivative rules run on traced
values of a list of their own and leave their rows behind; each row becomes a node unless it says
nothing new. Knows nothing of text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphtrace.compile.floats import MAY_RAISE, floats_for
from graphtrace.compile.names import Names
from graphtrace.compile.nodes import (
    BROADCAST,
    FLOAT,
    GUARD,
    LITERAL,
    NAMED,
    RULE,
    SHAPE_GUARD,
    Node,
    Nodes,
    shape_varies,
)
from graphtrace.compile.standing import StandIn
from graphtrace.core.inputs import INPUT, carries_gradient, value_of
from graphtrace.core.primitive import Primitive
from graphtrace.core.sweep import fit, on_tape, partial, pull, times, vjp
from graphtrace.core.tape import NO_PARAMS, Parts, Tape, parts
from graphtrace.core.variable import Variable, apply, record
from graphtrace.errors import ArgumentError
from graphtrace.graph.tree import Branch, Leaf, Listing, Tree

_NUMBERED = re.compile(r"v\d+").fullmatch  # the keys of values without a name of their own


class Program:
    """The nodes in order, and those that are returned, by the keys of the graph.

    `output` and `seed` are those of `Graph.backward`; `wrt` names the parameters whose gradient is
    wanted, by default all. Where the program is a `stand_in`, these say what is returned, and the
    forward part is simplified too, as nobody reads it.
    """

    def __init__(
        self,
        graph: Listing,
        output: str | None = None,
        seed: Any = None,
        wrt: str | Sequence[str] | None = None,
        *,
        stand_in: StandIn | None = None,
    ) -> None:
        self.graph = graph
        self.stand_in = stand_in
        has_backward = stand_in is None or stand_in.returns != "value"
        self.seeds = self._seeds(output, seed) if has_backward else {}
        self.wrt = _chosen(graph, wrt)
        self.keys = graph._in_order()
        self.names = self._named()
        self._nodes = Nodes(exact=stand_in is not None)
        self.nodes, self.labels = self._nodes.listed, self._nodes.labels
        self._tape = Tape()
        self._steps: dict[int, tuple[str, str]] = {}
        self._at: list[Node] = []  # the node of each row
        self.may_raise = False  # a float of Python where the graph has one of NumPy
        self._floats = self._floats_of_python()
        rows = self._forward()
        self._first = len(rows)  # of the backward rows
        with np.errstate(all="ignore"):
            adjoints = self._backward(rows)
            self._convert(rows)
        self.values = {key: self._at[i] for key, i in rows.items()}
        self.adjoints = {
            key: self._at[adjoints[i].index] for key, i in rows.items() if i in adjoints
        }
        del self._tape, self._nodes, self._steps, self._at  # a kilobyte an operation

    def has_gradient(self, leaf: Leaf) -> bool:
        """Whether a leaf of a parameter has a gradient, if only zeros."""
        return leaf.key is not None and carries_gradient(self.values[leaf.key].value)

    def release(self) -> None:
        """Let go of all nodes, a kilobyte an operation, once there is a line for each."""
        for held in (self.nodes, self.labels, self.values, self.adjoints):
            held.clear()

    # What a program for another language does in its own way.

    def _seeds(self, output: str | None, seed: Any) -> dict[str, Any]:
        return self.graph.adjoint_seeds(output, seed)

    def _named(self) -> Names:
        return Names(self.graph, self.keys)

    def _floats_of_python(self) -> set[str]:
        return floats_for(self.graph, self.keys)

    def _primitive_of(self, primitive: Primitive) -> Primitive:
        return primitive

    # Rows.

    def _forward(self) -> dict[str, int]:
        """The graph's rows on a list again; the row of each key."""
        rows: dict[str, int] = {}
        for key in self.keys:
            row = self.graph._node[key]["row"]
            is_operation = row.operands or row.primitive is INPUT
            primitive = self._primitive_of(row.primitive) if is_operation else LITERAL
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
        """Run the rules on the list, in the order of `core.sweep`; the adjoints."""
        tape, wanted = self._tape, self._on_the_way()
        adjoints = {rows[key]: record(tape, LITERAL, seed) for key, seed in self.seeds.items()}
        for i in range(self._first - 1, -1, -1):
            g = adjoints.get(i)
            if g is None:
                continue
            node = self.graph._node[self.keys[i]]
            shown = (node["label"], node["source"]) if self.stand_in is None else ()
            note = ", ".join(filter(None, shown))
            row = parts(tape.rows[i])
            y, xs = on_tape(tape, i, *row[1:4])
            for k, parent in enumerate(row[3]):
                is_wanted = parent >= 0 and wanted[parent]
                c = self._contribution(row, (y, *xs), k, g) if is_wanted else None
                if c is not None:
                    before = adjoints.get(parent)
                    total = c if before is None else before + c
                    adjoints[parent] = self._step(total, parent, note)
        return adjoints

    def _on_the_way(self) -> Sequence[bool]:
        """Of each row, whether its adjoint is wanted: where nobody reads it, for `wrt` alone."""
        if self.stand_in is None:
            return [True] * self._first
        trees: dict[str, Tree] = self.graph.graph["parameters"]
        inputs = {leaf.key for name in self.wrt for leaf in trees[name].leaves}
        wanted: list[bool] = []
        for key, row in zip(self.keys, self._tape.rows, strict=True):
            wanted.append(key in inputs or any(p >= 0 and wanted[p] for p in row[4::2]))
        return wanted

    def _step(self, value: Any, parent: int, note: str) -> Variable:
        """A line for an adjoint."""
        if type(value) is not Variable:
            value = record(self._tape, LITERAL, value)
        named = record(self._tape, NAMED, value.value, (value.value,), (value.index,))
        name = self.names.adjoint(self.seeds, self.keys[parent])
        self._steps[named.index] = name, note
        return named

    def _contribution(self, row: Parts, traced: tuple[Any, ...], k: int, g: Variable) -> Any:
        """What operand `k` of a row gets from the row's adjoint `g`; None if nothing."""
        primitive, y, xs, _, params = row
        if primitive.stops(k):
            return None
        if primitive.partials is not None or primitive.code.static == "rule":
            self._tape.looked = False
            try:
                c = self._pulled(row, traced, k, g)
            except Exception:  # noqa: BLE001  (what cannot be traced is called)
                self._tape.looked = True
            if not self._tape.looked:
                return c
        value = pull(primitive, k, g.value, y, xs, params)
        if value is None:
            return None
        called = Primitive(RULE.name, lambda *_, **__: value)
        return apply(called, (g, *traced), {"rule": (primitive, k, params)})

    def _pulled(self, row: Parts, traced: tuple[Any, ...], k: int, g: Variable) -> Any:
        """`graphtrace.core.sweep.pull` of traced values, with the types it has for plain ones."""
        primitive, _, plain_xs, _, params = row
        y, *xs = traced
        if primitive.partials is None:
            c = vjp(primitive, k, g, y, tuple(xs), params)
            return None if c is None else fit(c, plain_xs[k])
        d = partial(primitive, k, y, tuple(xs), params)
        if d is None:
            return None
        if type(g.value) is float and not params:  # as the sweep does it in line
            if type(value_of(d)) is np.float64:
                d = apply(FLOAT, (d,), NO_PARAMS)
            if type(value_of(d)) in (int, float):
                return times(g, d)
        return fit(times(g, d), plain_xs[k])

    # Nodes.

    def _convert(self, rows: dict[str, int]) -> None:
        branches = [*self.graph.graph["branches"]][::-1]
        at, nodes, listed = self._at, self.graph._node, self._tape.rows
        for i, row in enumerate(listed):
            listed[i] = ()  # a row is not needed once it is a node
            primitive, value, xs, parents, params = parts(row)
            node = nodes[self.keys[i]] if i < self._first else None
            self._nodes.is_backward = node is None
            while branches and (node is None or branches[-1].index <= node["index"]):
                self._guard(branches.pop(), rows)
            hints = itertools.repeat(None) if node is None else node["row"].shown
            pairs = zip(xs, parents, hints, strict=False)
            ops = tuple([at[p] if p >= 0 else self._nodes.literal(x, hint) for x, p, hint in pairs])
            if primitive is LITERAL:
                at.append(self._nodes.literal(value))
            elif primitive is INPUT:
                at.append(Node(INPUT, value, (), NO_PARAMS, text=self.names.of[self.keys[i]]))
            elif node is not None:
                made = self._made(primitive, value, ops, params)
                if self.keys[i] in self._floats or self._is_gradient(made):
                    made = self._as_float(made)
                at.append(self._value(made, i, node))
            elif primitive is NAMED:
                at.append(self._adjoint(ops[0], *self._steps.pop(i)))
            else:
                at.append(self._nodes.simplified(primitive, value, ops, params))
        while branches:
            self._guard(branches.pop(), rows)

    def _made(
        self, primitive: Primitive, value: Any, ops: tuple[Node, ...], params: dict[str, Any]
    ) -> Node:
        """The node of a row of the forward part."""
        if self.stand_in is None:
            return self._nodes.made(primitive, value, ops, params)
        if primitive.code.expands is None:
            return self._nodes.simplified(primitive, value, ops, params)
        tape, at = Tape(), [*ops]
        xs = [record(tape, INPUT, op.value) for op in ops]
        out: Variable = primitive.code.expands(*xs, **params)
        for row in tape.rows[len(ops) :]:
            inner, y, operands, parents, how = parts(row)
            pairs = zip(operands, parents, strict=True)
            some = tuple([at[p] if p >= 0 else self._nodes.literal(x) for x, p in pairs])
            at.append(self._nodes.simplified(inner, y, some, how))
        return at[out.index]

    def _is_gradient(self, made: Node) -> bool:
        """Whether a transform inside the function has made a float of NumPy's number."""
        if self.stand_in is None or type(made.value) is not float or made.primitive is NAMED:
            return False
        is_numpys = isinstance(made.primitive.forward, np.ufunc)
        return is_numpys or any(
            isinstance(op.value, (np.generic, np.ndarray)) for op in made.operands
        )

    def _guard(self, branch: Branch, rows: dict[str, int]) -> None:
        pairs = zip(branch.operands, branch.keys, strict=True)
        operands = [
            self._nodes.literal(x) if key is None else self._at[rows[key]] for x, key in pairs
        ]
        self.nodes.append(Node(GUARD, None, tuple(operands), {"branch": branch}))

    def _as_float(self, made: Node) -> Node:
        """NumPy's result as a float of Python; the result of Python's operators is one."""
        is_python = all(type(operand.value) in (int, float) for operand in made.operands)
        if is_python and made.primitive.is_operator:
            self.may_raise |= made.primitive.forward in MAY_RAISE
            return made
        return self._nodes.made(FLOAT, made.value, (made,), NO_PARAMS)

    def _value(self, made: Node, i: int, node: dict[str, Any]) -> Node:
        """A line of the forward part."""
        key = self.keys[i]
        is_soft = self.stand_in is not None or _NUMBERED(key) is not None
        if is_soft and made in self.labels:
            return self.labels[made]  # computed before
        named = Node(
            NAMED, made.value, (made,), NO_PARAMS, self.names.of[key], node["source"] or "", is_soft
        )
        self._nodes.append_named(named)
        if made.primitive is not NAMED and shape_varies(made):
            self.nodes.append(Node(SHAPE_GUARD, made.value, (named,), {"key": key}))
        return named

    def _adjoint(self, x: Node, name: str, note: str) -> Node:
        """A line of the backward part. The name is for the numbers, before they are spread."""
        if self.stand_in is not None and x.primitive is LITERAL:
            return x  # nobody reads the name
        if x.primitive is BROADCAST:
            inner = self._adjoint(x.operands[0], name, note)
            return self._nodes.made(BROADCAST, x.value, (inner,), x.params)
        named = Node(NAMED, x.value, (x,), NO_PARAMS, name, note, is_backward=True)
        self._nodes.append_named(named)
        return named


def _chosen(graph: Listing, wrt: str | Sequence[str] | None) -> list[str]:
    """The parameters whose gradient is wanted, in their own order."""
    known = list(graph.graph["parameters"])
    if not (wrt is None or isinstance(wrt, Iterable)):
        raise ArgumentError(f"wrt is {wrt!r:.40}; name some of {', '.join(known)} in it")
    chosen = known if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
    for name in chosen:
        if name not in known:
            raise ArgumentError(
                f"{graph.name}() has no parameter {name!r}; wrt names some of {', '.join(known)}"
            )
    return [name for name in known if name in chosen]
