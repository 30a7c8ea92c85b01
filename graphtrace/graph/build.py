"""From the Wengert list to the graph: one pass names each row and fills NetworkX's dictionaries.

In: what a trace has recorded. Out: the nodes and edges of its Graph, with names, labels, sources,
scopes and local derivatives.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from graphtrace.core.inputs import IDENTITY, INPUT, carries_gradient, value_of
from graphtrace.core.primitive import Primitive, declare
from graphtrace.core.source import Returned, is_operator, location, target, text
from graphtrace.core.sweep import partial as local_derivative
from graphtrace.core.tape import Location, Scope, locations, parts
from graphtrace.core.variable import Variable
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol, row_text
from graphtrace.graph.array_names import ArrayNames, Names
from graphtrace.graph.linear_map import LinearMap
from graphtrace.graph.recording import Recording
from graphtrace.graph.statements import INNER_FUNCTIONS, Run, calls_back, gathers, runs_of
from graphtrace.graph.tree import Branch, Leaf, Tree

CONSTANT = declare(Primitive("constant", lambda: None))

DEEPEST = 100
"""Calls in calls that the attribute `scope` tells apart; recursion may go on for thousands."""


class Builder:
    """The pass over one recording; holds what its steps share."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.rows = recording.rows
        self.locations = locations(recording.lastis, recording.scopes)
        # Row number -> the row that stands for it in the graph, -1 where it is a constant.
        self.origin: list[int] = []
        self.keys: dict[int, str] = {}
        self.named: list[str] = []
        # Row number -> the key of its node, None for a constant.
        self.node_keys: list[str | None] = []
        self.result: list[Leaf] = []
        self.assigned: dict[tuple[Location, tuple[int, ...]], str | None] = {}
        # Row number -> its place among the entries that one instruction has read.
        self.part_of: dict[int, int] = {}
        self.sources: dict[Location, str | None] = {}
        self.runs: list[Run] = []
        self.run_of: dict[int, int] = {}
        self.back: dict[Location, bool] = {}
        self.scopes: dict[Scope, tuple[str, ...]] = {}
        self.scope_names = Names()

    def fill(self, graph: Any) -> None:
        """Add the nodes, the edges and the graph's attributes."""
        first = len(self.recording.input_names)
        self._find_origins(first)
        self._name_rows(first)
        constants = self._name_outputs()
        self.node_keys = [self.keys.get(o) for o in self.origin]
        with np.errstate(all="ignore"):  # a local derivative of inf or nan is a fact, no warning
            self._add_nodes(graph)
        graph.graph["name"] = self.recording.name
        graph.graph["inputs"] = [self.keys[i] for i in range(first)]
        graph.graph["parameters"] = {
            name: Tree(
                tuple(
                    Leaf(None, leaf) if row is None else Leaf(self.keys[row])
                    for leaf, row in zip(one.leaves, one.rows, strict=True)
                ),
                one.structure,
            )
            for name, one in self.recording.opened.items()
        }
        names, weights = self.recording.input_names, self.recording.weights
        if weights:
            graph.graph["weights"] = [self.keys[i] for i, n in enumerate(names) if n in weights]
        graph.graph["result"] = Tree(tuple(self.result), self.recording.structure)
        # What a parameter is for, but not of what type: an annotation may not pickle.
        graph.graph["signature"] = [
            p.replace(annotation=p.empty) for p in self.recording.signature.parameters.values()
        ]
        if self.named:  # they look like the keys of temporaries, and are the user's
            graph.graph["named"] = self.named
        graph.graph["runs"] = self.runs
        graph.graph["constants"] = self.recording.constants
        graph.graph["outputs"] = [leaf.key for leaf in self.result if leaf.key is not None]
        if self.recording.adjoints is not None:
            (graph.graph["gradient_of"],) = graph.graph["outputs"]
        graph.graph["branches"] = list(self._branches())
        for key, value in constants.items():
            _add_constant(graph, key, value, len(self.rows))

    def _find_origins(self, first: int) -> None:
        """Which rows are nodes: those that an input reaches; an identity is its operand."""
        origin = self.origin
        for i, row in enumerate(self.rows):
            if i < first:
                origin.append(i)
            elif row[0] is IDENTITY:
                origin.append(origin[row[4]])
            else:
                origin.append(i if any(p >= 0 and origin[p] >= 0 for p in row[4::2]) else -1)

    def _name_rows(self, first: int) -> None:
        names = Names()
        for i, name in enumerate(self.recording.input_names):
            self.keys[i] = names.unique(name)
        nodes = [i for i in range(first, len(self.rows)) if self.origin[i] == i]
        ends = self.recording.given_names
        self.runs, self.run_of = runs_of(self.rows, nodes, self.locations, ends)
        self.part_of = self._parts(nodes)
        inner = self._inner_steps() | self._called_back(nodes)
        user_names = {
            i: self.recording.given_names.get(i) or (None if i in inner else self._assigned_name(i))
            for i in nodes
        }
        outputs = {
            self.origin[leaf.index]: name
            for leaf, name in zip(self.recording.out, self.recording.out_names, strict=True)
            if type(leaf) is Variable
        }
        own = {i: name or outputs.get(i) for i, name in user_names.items()}
        taken = {i: names.unique(name) for i, name in own.items() if name is not None}
        named_keys = [*self.keys.values(), *taken.values()]
        self.named = [key for key in named_keys if key[0] == "v" and key[1:].isdigit()]
        numbered = (f"v{n}" for n in count(1))
        for i in nodes:
            self.keys[i] = taken[i] if i in taken else names.next_of(numbered)

    def _assigned_name(self, i: int) -> str | None:
        """The variable that the user's code assigns row `i` to."""
        output = self.rows[i][2].get("output")
        if output is not None:  # it is one of several results
            return self._name_at(self.locations[i], (output,))
        part = self.part_of.get(i)
        unpacked = None if part is None else self._name_at(self.locations[i], (part,))
        return unpacked or self._name_at(self.locations[i], ())

    def _name_at(self, here: Location, path: tuple[int, ...]) -> str | None:
        if (here, path) not in self.assigned:
            self.assigned[here, path] = self._target(*here, path)
        return self.assigned[here, path]

    def _parts(self, nodes: Sequence[int]) -> dict[int, int]:
        """The place of each row among those that one instruction has read out of one array.

        So do `i, f, o, g = np.split(z, 4)` and `x, y = point`.
        """
        part_of: dict[int, int] = {}
        before: tuple[Location, int] | None = None
        at = 0
        for i in nodes:
            is_read = self.rows[i][0].name == "getitem"
            here = (self.locations[i], self.rows[i][4]) if is_read else None
            at = at + 1 if here == before else 0
            if here is not None:
                part_of[i] = at
            before = here
        return part_of

    def _target(self, scope: Scope | None, lasti: int, path: tuple[int, ...]) -> str | None:
        while scope is not None and scope.code is not None:
            name = target(scope.code, lasti, path)
            if not isinstance(name, Returned):
                return name
            lasti, scope, path = scope.call, scope.parent, name.path
        return None

    def _inner_steps(self) -> set[int]:
        """The rows that are a step inside a call, such as sum([...]), that goes on after them.

        The name belongs to the last step. The same call again, as in a loop, is no next step: it
        applies the same function, where the steps of sum() are operators. What makes one array of
        an array of objects is a step of the operator that takes it.
        """
        inner: set[int] = set()
        following: dict[Location, int] = {}
        for i in range(len(self.rows) - 1, -1, -1):
            scope, lasti = here = self.locations[i]
            then = following.get(here)
            following[here] = i
            if then is None or i not in self.rows[then][4::2] or scope.code is None:
                continue
            primitive, next_primitive = self.rows[i][0], self.rows[then][0]
            again = primitive is next_primitive and not primitive.is_operator
            if not again and (gathers(primitive) or not is_operator(scope.code, lasti)):
                inner.add(i)
        return inner

    def _called_back(self, nodes: Sequence[int]) -> set[int]:
        """The rows that a call such as sum(map(f, xs)) has made in f, but for its last one."""
        inner: set[int] = set()
        followed: set[tuple[Scope, int, int]] = set()
        for i in reversed(nodes):
            (scope, lasti), run = self.locations[i], self.run_of[i]
            is_in_call = self._calls_back(scope, lasti)
            while is_in_call and scope.code is not None:
                if calls_back(scope.code, lasti):
                    call = scope, lasti, run
                    if call in followed:
                        inner.add(i)
                    followed.add(call)
                if scope.parent is None:
                    break
                scope, lasti, run = scope.parent, scope.call, self.runs[run].caller
        return inner

    def _calls_back(self, scope: Scope, lasti: int) -> bool:
        """Whether the instruction, or one that has led to it, calls a function of the user's."""
        waiting: list[Location] = []
        here: Location = scope, lasti
        answer = False
        while here not in self.back:
            waiting.append(here)
            at, offset = here
            if at.code is None or at.parent is None:
                answer = at.code is not None and calls_back(at.code, offset)
                break
            if calls_back(at.code, offset):
                answer = True
                break
            here = at.parent, at.call
        answer = self.back.get(here, answer)
        self.back.update(dict.fromkeys(waiting, answer))
        return answer

    def _name_outputs(self) -> dict[str, Any]:
        """Fill in `result`; constants that are returned get a node of their own."""
        constants: dict[str, Any] = {}
        names = Names(self.keys.values())
        for leaf, name in zip(self.recording.out, self.recording.out_names, strict=True):
            origin = self.origin[leaf.index] if type(leaf) is Variable else -1
            if origin >= 0:
                self.result.append(Leaf(self.keys[origin]))
            elif isinstance(value_of(leaf), (int, float, complex, np.number, np.ndarray)):
                key = names.unique(name)
                constants[key] = value_of(leaf)
                self.result.append(Leaf(key))
            else:
                self.result.append(Leaf(None, leaf))
        return constants

    def _add_nodes(self, graph: Any) -> None:
        """What add_node and add_edge do, at a fifth of their time.

        There is one dictionary for the edges between two nodes, in both directions.
        """
        nodes, succ, pred = graph._node, graph._succ, graph._pred
        for i, key in self.keys.items():
            row = self._row(i, key)
            nodes[key] = self._attributes(i, row)
            succ[key] = {}
            into: dict[str, dict[int, Any]] = {}
            pred[key] = into
            for k, operand in enumerate(row.keys):
                if operand is not None:
                    edges = into.get(operand)
                    if edges is None:
                        edges = into[operand] = succ[operand][key] = {}
                    edges[k] = self._edge(row, k)

    def _edge(self, row: Row, k: int) -> dict[str, Any]:
        return {"local": local_of(row, k), "symbol": Symbol(row, k)}

    def _row(self, i: int, key: str) -> Row:
        primitive, value, xs, parents, params = parts(self.rows[i])
        keys = self._keys_of(parents)
        shown = self._shown(keys, xs, i) if None in keys else keys
        array_names = self._array_names(params, i) if params else ()
        return Row(primitive, value, xs, params, key, keys, shown, array_names)

    def _shown(
        self, keys: tuple[str | None, ...], xs: tuple[Any, ...], i: int
    ) -> tuple[str | None, ...]:
        """What stands for the operands in a formula: the keys, and names of constant arrays."""
        return self._arrays.of_operands(keys, xs, self.locations[i])

    def _array_names(self, params: dict[str, Any], i: int) -> tuple[str | None, ...]:
        """What stands in a formula for the arrays in the params."""
        return self._arrays.of_params(params, self.locations[i])

    @cached_property
    def _arrays(self) -> ArrayNames:
        return ArrayNames(self.keys.values())

    def _attributes(self, i: int, row: Row) -> dict[str, Any]:
        primitive, value, key = row.primitive, row.value, row.name
        attributes = {
            "op": primitive.op,
            "value": value,
            "label": key,
            "scope": (),
            "source": None,
            "formula": None,
            "index": i,
            "row": row,
        }
        if primitive is not INPUT:
            here = self.locations[i]
            attributes["label"] = f"{key} = {row_text(row)}"
            given = self.recording.given_scopes.get(i)
            attributes["scope"] = self._scope_path(here[0]) if given is None else given
            attributes["source"] = self._source(here)
            attributes["formula"] = Symbol(row)
            attributes["run"] = self.run_of[i]
        gradient = self.recording.gradient(i)
        if gradient is not None:
            attributes["grad"] = gradient
        return attributes

    def _keys_of(self, parents: tuple[int, ...]) -> tuple[str | None, ...]:
        """The nodes that operands come from; None for a constant."""
        return tuple([None if p < 0 else self.node_keys[p] for p in parents])

    def _source(self, here: Location) -> str | None:
        if here not in self.sources:
            scope, lasti = here
            place = None if scope.code is None else location(scope.code, lasti)
            self.sources[here] = None if place is None else f"{Path(place[0]).name}:{place[1]}"
        return self.sources[here]

    def _scope_path(self, scope: Scope) -> tuple[str, ...]:
        """The helper calls that a row is in, outermost first; a second call of f is `f_2`.

        Calls deeper than `DEEPEST` belong to the one around them, so that paths stay short.
        """
        fresh: list[Scope] = []
        at: Scope | None = scope
        while at is not None and at not in self.scopes:
            fresh.append(at)
            at = at.parent
        for new in reversed(fresh):
            if new.parent is None or new.code is None:
                self.scopes[new] = ()
                continue
            path, name = self.scopes[new.parent], new.code.co_name
            if name not in INNER_FUNCTIONS and len(path) < DEEPEST:
                path = (*path, self.scope_names.unique(name.strip("<>")))
            self.scopes[new] = path
        return self.scopes[scope]

    def _branches(self) -> Iterator[Branch]:
        for position, test, xs, parents, outcome, here in self.recording.guards:
            keys = self._keys_of(parents)
            if any(key is not None for key in keys):
                what, source = self._decision(test, keys, xs, here)
                yield Branch(position, test, xs, keys, outcome, what, source)

    def _decision(
        self, test: Callable[..., Any], keys: tuple[str | None, ...], xs: Any, here: Location
    ) -> tuple[str, str | None]:
        """What a decision says, and where it stands."""
        scope, lasti = here
        written = None if scope.code is None else _condition(text(scope.code, lasti))
        return written or _decision_text(test, keys, xs), self._source(here)


def _condition(source: str | None) -> str | None:
    """`c` of `a if c else b`, which is what Python 3.11 gives as the place of the decision."""
    if source is None or " if " not in source:
        return source
    whole = ast.parse(source).body[0]
    inner = whole.value if isinstance(whole, ast.Expr) else None
    return ast.unparse(inner.test) if isinstance(inner, ast.IfExp) else source


def _decision_text(
    test: Callable[..., Any], keys: tuple[str | None, ...], xs: tuple[Any, ...]
) -> str:
    """A decision in words of the graph, where the source is not to be had."""
    names = [str(x) if key is None else key for key, x in zip(keys, xs, strict=True)]
    name = getattr(test, "__name__", "the operation")
    sign = _SIGNS.get(name)
    return f" {sign} ".join(names) if sign else f"{name}({', '.join(names)})"


_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


def local_of(row: Row, k: int) -> Any:
    """The local derivative of a row in operand `k`, as the edge holds it.

    A float for scalars, an array for an elementwise operation between arrays of one shape, else a
    LinearMap.
    """
    primitive, value, xs, params = row[:4]
    x, d = xs[k], None
    if primitive.partials is not None:
        constant: Any = primitive.partials[k]
        if isinstance(constant, int) and value.__class__ is float and x.__class__ is float:
            return float(constant)
        d = local_derivative(primitive, k, value, xs, params)
    if d.__class__ is float:
        return d
    if primitive.stops(k) or not carries_gradient(x):
        d = 0
    if not isinstance(value, np.ndarray) and not isinstance(x, np.ndarray) and d is not None:
        return float(d) if isinstance(d, (bool, int, np.bool_, np.float64)) else d
    if primitive.partials is None or np.shape(x) != np.shape(value):
        return LinearMap(row, k)
    if d is None or (isinstance(d, (int, float)) and not isinstance(d, bool)):
        d = np.asarray(d or 0, dtype=np.result_type(value, np.float16))
    return np.broadcast_to(d, np.shape(value))


def _add_constant(graph: Any, key: str, value: Any, index: int) -> None:
    """A node for a returned constant: an output that depends on no input."""
    graph.add_node(
        key,
        op="constant",
        value=value,
        label=f"{key} = {value!r:.40}",
        scope=(),
        source=None,
        formula=None,
        index=index,
        row=Row(CONSTANT, value, (), {}, key, (), ()),
    )
