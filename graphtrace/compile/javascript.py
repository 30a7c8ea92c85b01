"""JavaScript: a program of single numbers as a function, for a page in which inputs are changed.

In: a Graph whose values are all numbers. Out: `LiveProgram`, the text of a function that computes
every value, every local derivative and every gradient for other inputs, or the sentence that says
why there is none. The lines come from the walk that prints Python (`graphtrace.compile.lines`),
over the rows that the derivative rules leave behind; a number is that of Python to some last
digits. The names in the text are the writer's own, v0, v1, ..., and it passes a gate of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphtrace.compile.javascript_gate import own_javascript
from graphtrace.compile.javascript_rows import helpers_for
from graphtrace.compile.javascript_text import (
    JavaScriptText,
    Refused,
    has_form,
    place,
    without_rule,
)
from graphtrace.compile.lines import Lines
from graphtrace.compile.names import Names
from graphtrace.compile.nodes import LITERAL, Node
from graphtrace.compile.program import Program
from graphtrace.core.primitive import Primitive, primitive_named
from graphtrace.core.sweep import on_tape, partial, vjp
from graphtrace.core.tape import Parts, parts
from graphtrace.core.variable import Variable, record
from graphtrace.errors import ArgumentError, clean
from graphtrace.graph.traced import TracedGraph
from graphtrace.ops.arithmetic import power_da, power_db
from graphtrace.ops.compare import equal

Edge = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class LiveProgram:
    """A function of JavaScript, and what stands at which position of what it takes and returns.

    `source` is a function expression. Called with the list of the numbers of `inputs` it returns

    * `{values, locals, grads}`: lists of the values of `nodes`, of the local derivatives of `edges`
      and of the gradients in `nodes`; `null` is the gradient of a node that carries none, and of
      all where no gradient is asked for. The value of a truth value is `true` or `false`.
    * `{branch}`: the sentence that says which decision of the program comes out otherwise, so that
      the graph does not hold.
    * `{error}`: the sentence that says what Python raises.
    """

    source: str
    inputs: tuple[str, ...]
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]


def javascript(
    graph: TracedGraph,
    nodes: Sequence[str] | None = None,
    *,
    output: str | None = None,
    seed: Any = None,
) -> LiveProgram | str:
    """The graph as a function of JavaScript; a sentence where it has no such function.

    Args:
        graph: The traced program.
        nodes: The keys of the nodes to return, by default all in order of evaluation.
        output: As for `Graph.backward`; where there are several outputs and none is chosen, there
            are no gradients.
        seed: As for `Graph.backward`.

    Raises:
        ArgumentError: There is no such output, or the seed does not fit.

    >>> import graphtrace as gt
    >>> program = javascript(gt.trace(lambda x, y: x * y, 2.0, 3.0))
    >>> print(program.source)
    (x) => {
    "use strict";
    const [v0, v1] = x;
    const v2 = v0 * v1;
    const d1 = v1;
    const d2 = v0;
    return {values: [v0, v1, v2], locals: [v1, v0], grads: [d1, d2, 1]};
    }
    >>> program.edges
    (('x', 'f', 0), ('y', 'f', 1))
    >>> import numpy as np
    >>> javascript(gt.trace(lambda x: np.sum(x), np.ones(3)))
    'x is an array, and numbers change in the page only where all values are single numbers'
    """
    try:
        _require_numbers(graph)
        return _written(_LiveRows(graph, output, seed), nodes)
    except Refused as refused:
        return str(refused)


def _require_numbers(graph: TracedGraph) -> None:
    for key, node in graph._node.items():
        row = node["row"]
        what = f"{clean(key)} is"
        for value in (node["value"], *row.operands):
            if np.ndim(value):
                raise Refused(
                    f"{what} an array, and numbers change in the page only where all values are "
                    "single numbers"
                    if value is node["value"]
                    else f"{what} made from an array, and numbers change in the page only where "
                    "all values are single numbers"
                )
        value = node["value"]
        if not isinstance(value, (bool, np.bool_)) and np.result_type(value) != np.float64:
            raise Refused(
                f"{what} of type {np.result_type(value)}, and numbers change in the page only "
                "where all are of double precision"
            )
        if row.operands and (not has_form(row.primitive) or row.params):
            where = f" in {place(node['source'])}," if node["source"] else ""
            raise Refused(
                f"{clean(node['op'])}{where} has no counterpart in JavaScript, so the numbers in "
                "the page are fixed"
            )


class _Numbered(Names):
    """Names that say nothing: whatever a graph calls its nodes, none of it comes into the text."""

    def __init__(self, order: list[str]) -> None:
        self.parameters = frozenset()
        self.function = ""
        self.of = {key: f"v{i}" for i, key in enumerate(order)}
        self.issued = set()
        self._count = 0

    def numbered(self, stem: str) -> str:
        """`t1`, `d2`, ...: each once."""
        self._count += 1
        return f"{stem}{self._count}"

    def adjoint(self, outputs: object, key: str) -> str:
        """A name for each sum so far."""
        return self.numbered("d")


class _LiveRows(Program):
    """A program with the local derivative of every edge, and NumPy's numbers in all rules."""

    def __init__(self, graph: TracedGraph, output: str | None, seed: Any) -> None:
        self._local_rows: dict[Edge, Any] = {}
        self.locals: dict[Edge, Node | float] = {}
        super().__init__(graph, output, seed)

    def _named(self) -> Names:
        return _Numbered(self.keys)

    def _seeds(self, output: str | None, seed: Any) -> dict[str, Any]:
        try:
            return super()._seeds(output, seed)
        except ArgumentError:
            if output is None and seed is None:
                return {}
            raise

    def _floats_of_python(self) -> set[str]:
        return set()  # the text has NumPy's numbers where the graph has

    def _primitive_of(self, primitive: Primitive) -> Primitive:
        return _EXACT.get(primitive, primitive)

    def _backward(self, rows: dict[str, int]) -> dict[int, Variable]:
        adjoints = super()._backward(rows)
        for key, i in rows.items():
            row = parts(self._tape.rows[i])
            for k, parent in enumerate(row[3]):
                if parent >= 0:
                    self._local_rows[self.keys[parent], key, k] = self._local(row, i, k)
        return adjoints

    def _local(self, row: Parts, i: int, k: int) -> Any:
        primitive, y, xs, parents, params = row
        if primitive.stops(k):
            return 0.0
        self._tape.looked = False
        y, xs = on_tape(self._tape, i, y, xs, parents)
        if primitive.partials is not None:
            local = partial(primitive, k, y, xs, params)
        else:
            local = vjp(primitive, k, record(self._tape, LITERAL, 1.0), y, xs, params)
        if self._tape.looked:
            raise without_rule(primitive)
        return 0.0 if local is None else local

    def _convert(self, rows: dict[str, int]) -> None:
        super()._convert(rows)
        for edge, local in self._local_rows.items():
            is_row = type(local) is Variable
            self.locals[edge] = self._at[local.index] if is_row else float(local)


def _exact(name: str, *rules: Any) -> tuple[Primitive, Primitive]:
    row = primitive_named(name)
    return row, replace(row, partials=rules)


# Rows whose rules look at the numbers, and the same rules for whatever the numbers are: NumPy's.
_EXACT = dict(
    [
        _exact("np.power", power_da, power_db),
        _exact(
            "where",
            None,
            lambda c, a, b, y: np.logical_not(equal(c, 0)),
            lambda c, a, b, y: equal(c, 0),
        ),
    ]
)


def _written(program: _LiveRows, nodes: Sequence[str] | None) -> LiveProgram:
    chosen = tuple(program.keys if nodes is None else nodes)
    edges = tuple(program.locals)
    code = JavaScriptText(program.names)
    lines = Lines(program, code, _roots(program))
    body = [
        text for is_backward in (False, True) for text, _ in lines.taken(is_backward=is_backward)
    ]
    carries = [
        program.graph._node[key]["value"].__class__ not in (bool, np.bool_) for key in chosen
    ]
    returned = ", ".join(
        f"{name}: [{', '.join(texts)}]"
        for name, texts in (
            ("values", [code.text(program.values[key])[0] for key in chosen]),
            ("locals", [code.number(program.locals[edge]) for edge in edges]),
            (
                "grads",
                [
                    _gradient(program, code, key) if one else "null"
                    for key, one in zip(chosen, carries, strict=True)
                ],
            ),
        )
    )
    inputs = tuple(program.graph.inputs)
    taken = ", ".join(program.names.of[key] for key in inputs)
    text = "\n".join([*([f"const [{taken}] = x;"] if inputs else []), *body])
    text = f"{text}\nreturn {{{returned}}};"
    head = ["(x) => {", '"use strict";', *helpers_for(text)]
    lines.release()
    return LiveProgram(own_javascript("\n".join([*head, text, "}"])), inputs, chosen, edges)


def _roots(program: _LiveRows) -> Iterator[Node]:
    yield from program.values.values()
    yield from (local for local in program.locals.values() if isinstance(local, Node))
    yield from program.adjoints.values()


def _gradient(program: _LiveRows, code: JavaScriptText, key: str) -> str:
    if not program.seeds:
        return "null"
    adjoint = program.adjoints.get(key)
    return "0" if adjoint is None else code.number(adjoint)
