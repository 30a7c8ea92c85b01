"""trace: run a function once and make the Graph of what it did.

In: a function and its arguments. Out: a Graph. The function runs on the Wengert list; one pass over
the list then gives each row its name and fills the graph's dictionaries.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.filling import fill_later
from graphtrace.graph import Branch, Graph, Leaf, Tree
from graphtrace.inputs import (
    IDENTITY,
    INPUT,
    Opened,
    bind,
    carries_gradient,
    close_output,
    gradient_like,
    name_of,
    open_tree,
    own,
    plain,
    seed_for,
    signature_of,
    unbind,
)
from graphtrace.linear_map import LinearMap
from graphtrace.names import Returned, is_operator, location, operands, target, text
from graphtrace.primitive import Primitive, declare
from graphtrace.pytree import leaf_names
from graphtrace.sweep import partial as local_derivative, sweep
from graphtrace.symbol import Row, Symbol, row_text
from graphtrace.tape import Location, Scope, Tape, locations, parts, recording
from graphtrace.variable import Variable, holds_variable

CONSTANT = declare(Primitive("constant", lambda: None))


def trace(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Graph:
    """The computational graph of `f(*args, **kwargs)`. `f` runs once.

    Args:
        f: A function of floats, arrays, or nested dicts, lists and tuples of them, written with
            operators and NumPy.
        *args: Its arguments, as in a call. Every number and array in them is an input node, named
            by its parameter (`a`, `params['W1']`); flags, strings and functions are handed on as
            they are.
        **kwargs: The same, by name.

    Returns:
        A `Graph`, a networkx.MultiDiGraph that holds every value, evaluates again with `forward`,
        differentiates with `backward`, and draws itself with `render` or in a notebook.

    Raises:
        TraceError: `f` does something that cannot be traced; the message says where and what to
            write instead.
        ArgumentError: The arguments do not fit the parameters of `f`.

    >>> def J(a, b, c):
    ...     u = b * c
    ...     v = a + u
    ...     return 3 * v
    >>> g = trace(J, a=5, b=3, c=2)
    >>> list(g.nodes), g.nodes["u"]["value"], g.edges["b", "u", 0]["local"]
    (['a', 'b', 'c', 'u', 'v', 'J'], 6.0, 2.0)
    """
    arguments = bind(f, args, kwargs)
    for name, argument in arguments.items():
        if holds_variable(argument):
            raise ArgumentError(
                f"parameter {name} of {name_of(f)}() is traced already; gt.trace takes plain "
                f"values, and gt.grad is what can be used inside a traced function"
            )
    with recording(locate=True, nested=False) as (tape, _):
        opened = {
            name: open_tree(tape, argument, partial(str, name))
            for name, argument in arguments.items()
        }
        positional, keywords = unbind(f, {name: one.tree for name, one in opened.items()})
        out = tape.call(f, positional, keywords)
        graph = Graph(name=name_of(f))
        fill_later(graph, _Recording(f, tape, arguments, opened, out))
        return graph


class _Recording:
    """What a trace leaves: the Wengert list, and the one pass from it to the graph."""

    def __init__(
        self,
        f: Callable[..., Any],
        tape: Tape,
        arguments: dict[str, Any],
        opened: dict[str, Opened],
        out: Any,
    ) -> None:
        self.name = name_of(f)
        self.signature = signature_of(f)
        self.rows = tape.rows
        self.lastis = tape.lastis or []
        self.scopes_from = tape.scopes
        self.guards = tape.guards
        self.given_names = tape.given_names
        self.opened = opened
        self.input_names = [n for name, arg in arguments.items() for n in self._names(name, arg)]
        self.out, self.structure = close_output(out, tape)
        self.out_names = leaf_names(out, self.name)
        self.adjoints: list[Any] | None = None
        # Row number -> the row that stands for it in the graph, -1 where it is a constant.
        self.origin: list[int] = []
        self.keys: dict[int, str] = {}
        # Row number -> the key of its node, None for a constant.
        self.node_keys: list[str | None] = []
        self.result: list[Leaf] = []
        self.locations: list[Location] = []
        self.assigned: dict[Location, str | None] = {}
        self.sources: dict[Location, str | None] = {}
        self.scopes: dict[Scope, tuple[str, ...]] = {}
        self.scope_names = _Names()

    def value(self) -> Any:
        return self.structure([own(plain(leaf)) for leaf in self.out])

    def backward(self) -> dict[str, Any] | None:
        if len(self.out) != 1 or type(self.out[0]) is not Variable:
            return None
        output: Variable = self.out[0]
        if np.shape(output.value) != () or not carries_gradient(output.value):
            return None
        seeds = [(output.index, seed_for(output.value))]
        self.adjoints = sweep(self.rows, 0, len(self.rows), seeds)
        return {
            name: one.structure([None if row is None else self._gradient(row) for row in one.rows])
            for name, one in self.opened.items()
        }

    def _gradient(self, i: int) -> Any:
        """The adjoint of a row as its node tells it; None for what carries none."""
        value = self.rows[i][1]
        if self.adjoints is None or not carries_gradient(value):
            return None
        return gradient_like(self.adjoints[i], value)

    def fill(self, graph: Graph) -> None:
        first = len(self.input_names)
        self.locations = locations(self.lastis, self.scopes_from)
        self._find_origins(first)
        self._name_rows(first)
        constants = self._name_outputs(graph)
        # A local derivative of inf or nan is a fact, not a warning. And nothing here becomes
        # garbage, while collections would take half of the time.
        self.node_keys = [self.keys.get(o) for o in self.origin]
        with np.errstate(all="ignore"), _collector_paused():
            self._add_nodes(graph)
        graph.graph["inputs"] = [self.keys[i] for i in range(first)]
        graph.graph["parameters"] = {
            name: Tree(
                tuple(
                    Leaf(None, leaf) if row is None else Leaf(self.keys[row])
                    for leaf, row in zip(one.leaves, one.rows, strict=True)
                ),
                one.structure,
            )
            for name, one in self.opened.items()
        }
        graph.graph["result"] = Tree(tuple(self.result), self.structure)
        # What a parameter is for, but not of what type: an annotation may not pickle.
        graph.graph["signature"] = [
            p.replace(annotation=p.empty) for p in self.signature.parameters.values()
        ]
        graph.graph["outputs"] = [leaf.key for leaf in self.result if leaf.key is not None]
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
        names = _Names()
        for i, name in enumerate(self.input_names):
            self.keys[i] = names.unique(name)
        nodes = [i for i in range(first, len(self.rows)) if self.origin[i] == i]
        inner = self._inner_steps()
        given = {
            i: self.given_names.get(i) or (None if i in inner else self._assigned_name(i))
            for i in nodes
        }
        outputs = {
            self.origin[leaf.index]: name
            for leaf, name in zip(self.out, self.out_names, strict=True)
            if type(leaf) is Variable
        }
        own = {i: name or outputs.get(i) for i, name in given.items()}
        taken = {i: names.unique(name) for i, name in own.items() if name is not None}
        numbered = (f"v{n}" for n in count(1))
        for i in nodes:
            self.keys[i] = taken[i] if i in taken else names.next_of(numbered)

    def _names(self, name: str, argument: Any) -> list[str]:
        """The nodes of a parameter."""
        all_names = leaf_names(argument, name)
        rows = self.opened[name].rows
        return [n for n, row in zip(all_names, rows, strict=True) if row is not None]

    def _assigned_name(self, i: int) -> str | None:
        """The variable that the user's code assigns row `i` to."""
        here = self.locations[i]
        if here not in self.assigned:
            self.assigned[here] = self._target(*here)
        return self.assigned[here]

    def _target(self, scope: Scope | None, lasti: int) -> str | None:
        while scope is not None and scope.code is not None:
            name = target(scope.code, lasti)
            if not isinstance(name, Returned):
                return name
            lasti, scope = scope.call, scope.parent
        return None

    def _inner_steps(self) -> set[int]:
        """The rows that are a step inside a call, such as sum([...]), that goes on after them.

        The name belongs to the last step. The same call again, as in a loop, is no next step: it
        applies the same function, where the steps of sum() are operators.
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
            if not again and not is_operator(scope.code, lasti):
                inner.add(i)
        return inner

    def _name_outputs(self, graph: Graph) -> dict[str, Any]:
        """Fill in `result`; constants that are returned get a node of their own."""
        constants: dict[str, Any] = {}
        names = _Names(self.keys.values())
        for leaf, name in zip(self.out, self.out_names, strict=True):
            origin = self.origin[leaf.index] if type(leaf) is Variable else -1
            if origin >= 0:
                self.result.append(Leaf(self.keys[origin]))
            elif isinstance(plain(leaf), (int, float, complex, np.number, np.ndarray)):
                key = names.unique(name)
                constants[key] = plain(leaf)
                self.result.append(Leaf(key))
            else:
                self.result.append(Leaf(None, leaf))
        return constants

    def _add_nodes(self, graph: Graph) -> None:
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
                    edges[k] = {"local": local_of(row, k), "symbol": Symbol(row, k)}

    def _row(self, i: int, key: str) -> Row:
        primitive, value, xs, parents, params = parts(self.rows[i])
        keys = self._keys_of(parents)
        shown = self._with_constants(keys, xs, i) if None in keys else keys
        return Row(primitive, value, xs, params, key, keys, shown)

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
            attributes["scope"] = self._scope_path(here[0])
            attributes["source"] = self._source(here)
            attributes["formula"] = Symbol(row)
        if self.adjoints is not None and carries_gradient(value):
            attributes["grad"] = gradient_like(self.adjoints[i], value)
        return attributes

    def _keys_of(self, parents: tuple[int, ...]) -> tuple[str | None, ...]:
        """The nodes that operands come from; None for a constant."""
        return tuple([None if p < 0 else self.node_keys[p] for p in parents])

    def _with_constants(
        self, names: tuple[str | None, ...], xs: tuple[Any, ...], i: int
    ) -> tuple[str | None, ...]:
        """The names, with those of constant arrays as the source writes them, `X` in `X @ w`."""
        constants = [
            n is None and isinstance(x, np.ndarray) for n, x in zip(names, xs, strict=True)
        ]
        if not any(constants):
            return names
        scope, lasti = self.locations[i]
        if scope.code is None:
            return names
        written = operands(scope.code, lasti)
        if len(written) != len(names):
            return names
        return tuple(w if c else n for c, n, w in zip(constants, names, written, strict=True))

    def _source(self, here: Location) -> str | None:
        if here not in self.sources:
            scope, lasti = here
            place = None if scope.code is None else location(scope.code, lasti)
            self.sources[here] = None if place is None else f"{Path(place[0]).name}:{place[1]}"
        return self.sources[here]

    def _scope_path(self, scope: Scope) -> tuple[str, ...]:
        """The helper calls that a row is in, outermost first; a second call of f is `f_2`."""
        fresh: list[Scope] = []
        at: Scope | None = scope
        while at is not None and at not in self.scopes:
            fresh.append(at)
            at = at.parent
        for new in reversed(fresh):
            if new.parent is None or new.code is None:
                self.scopes[new] = ()
            else:
                name = new.code.co_name
                own = () if name in _NOT_CALLS else (self.scope_names.unique(name.strip("<>")),)
                self.scopes[new] = self.scopes[new.parent] + own
        return self.scopes[scope]

    def _branches(self) -> Iterator[Branch]:
        for position, test, xs, parents, outcome, here in self.guards:
            keys = self._keys_of(parents)
            if any(key is not None for key in keys):
                scope, lasti = here
                written = None if scope.code is None else _condition(text(scope.code, lasti))
                what = written or _decision_text(test, keys, xs)
                yield Branch(position, test, xs, keys, outcome, what, self._source(here))


# Comprehensions are inlined from Python 3.12 on, so they are no calls before that either.
_NOT_CALLS = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))


class _Names:
    """Gives out each name once: a second `h` is `h_2`."""

    def __init__(self, taken: Any = ()) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def unique(self, name: str) -> str:
        key, n = name, self._last.get(name, 1)
        while key in self._taken:
            n += 1
            key = f"{name}_{n}"
        self._last[name] = n
        self._taken.add(key)
        return key

    def next_of(self, names: Iterator[str]) -> str:
        return self.unique(next(name for name in names if name not in self._taken))


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


@contextmanager
def _collector_paused() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def local_of(row: Row, k: int) -> Any:
    """The local derivative of a row in operand `k`, as the edge holds it.

    A float for scalars, an array for an elementwise operation between arrays of one shape, else a
    LinearMap.
    """
    primitive, value, xs, params = row[:4]
    x, d = xs[k], None
    if primitive.partials is not None:
        constant = primitive.partials[k]
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


def _add_constant(graph: Graph, key: str, value: Any, index: int) -> None:
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
