"""Say what a folded box holds: which call or loop it is, how many operations, what comes out.

In: a graph and a `Folded`. Out: the attributes of the box's node in the folded graph, and the
parts that stand in it. Knows nothing about how it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.figure.lines import call, lines_of, origin, statement
from graphtrace.figure.modules import has_modules, title_of
from graphtrace.figure.parts import Definition, Note, Part, Value
from graphtrace.figure.recurrence import Recurrence, start
from graphtrace.figure.regions import Region, base, head, is_unnamed
from graphtrace.formula.read import called
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term, Text

if TYPE_CHECKING:
    import networkx as nx

MOST_NAMED = 3
"""A box that hands on more values than this does not name them."""


class Folded(NamedTuple):
    """A folded box: its nodes in evaluation order, what comes out of it and what goes in.

    A box that hands on one value has that value's key.
    """

    key: Any
    region: Region
    inner: Sequence[Any]
    exports: tuple[Any, ...]
    tails: tuple[Any, ...]
    weights: Sequence[Any] = ()
    """The parameters of a module that are told in its box."""

    @property
    def opened_by(self) -> str:
        """What to call it in `unfold`."""
        return self.region.name or str(self.exports[-1])


def attributes(
    graph: nx.MultiDiGraph[Any],
    box: Folded,
    calls: Collection[str],
    formula: Callable[[Region], Recurrence | None],
) -> dict[str, Any]:
    """The node of a folded box: its `parts`, and what a node of a trace has.

    `calls` are the names of all helper calls; `formula` is what each run of a loop computes.
    """
    is_module = has_modules(graph) and box.region.kind in ("call", "segment")
    if is_module and title_of(box.region, calls):
        return _module(graph, box, title_of(box.region, calls))
    region, export = box.region, graph.nodes[box.exports[-1]]
    one = export if len(box.exports) == 1 else {}
    is_input = graph.nodes[box.inner[0]].get("op") == "input"
    count = counted(len(box.inner), "input" if is_input else "operation")
    named, repeated, lines, lists = Definition(str(box.key)), None, [], list[Note]()
    written: Definition | None = None
    op = "input" if is_input else "operations"
    if region.kind == "call":
        op = base(region.name) if base(region.name) in calls else region.name
        as_written = call(graph, region, box.inner, box.tails)
        arguments = [Term(atom=Text("…"))] if box.tails else []
        named = Definition(str(box.key), Symbol.of(as_written or called(op, *arguments)))
        count = "" if as_written is not None else origin(box.tails)
    elif region.kind == "loop":
        count = f"{region.count:,} times, {count}"
        repeated = formula(region)
        if repeated is not None:
            named = repeated.assignments[0]
            count = repeated.counter or f"{region.count:,} times"
            count += ", all at once" if repeated.at_once else ""
            lists = list(map(Note, repeated.lists))
        else:
            lines = lines_of(graph, region, box.inner, box.exports, formula)
            times = filter(None, [f"{region.count:,} times", origin(box.tails)])
            count = "" if lines else ", ".join(times)
        op = f"× {region.count:,}"
    elif region.kind == "written":
        repeated, op = formula(region), "loop"
        if repeated is not None:
            named, count, lists = repeated.assignments[-1], "", list(map(Note, repeated.lists))
    elif region.kind == "segment":
        lines = [] if region.name else lines_of(graph, region, box.inner, box.exports, formula)
        count = region.name or ("" if lines else origin(box.tails))
    elif region.kind == "statement":
        written = statement(graph, box.region.run, box.inner, box.exports, box.tails)
        if written is not None:
            count, named = "", written
        else:
            count = origin(box.tails)
    heading: list[Part] = [*(lines or [named])]
    if len(box.exports) > 1 and not is_input and not lines and written is None:
        heading = [Definition(op)] if region.kind == "call" else []
    if repeated is not None:
        begun = _begun(graph, box, repeated) if region.kind == "loop" else ()
        heading = [*begun, *repeated.assignments]
    title_parts = [*heading, *([Note(count)] if count else []), *lists]
    if box.weights:
        title_parts.append(Note(_parameters(graph, box.weights), spare=True))
    is_formula = named.name == str(box.key) and _is_of_nodes(graph, named.formula)
    data = {
        "op": op,
        "value": one.get("value"),
        "label": f"{box.key} ({count})" if count else str(box.key),
        "scope": tuple(export.get("scope") or ())[: region.calls],
        "source": graph.nodes[box.inner[0]].get("source"),
        "formula": named.formula if is_formula else None,
        "index": region.start,
        "exports": box.exports,
        "parts": (*title_parts, *(() if is_input or lines else _values(graph, box, named))),
    }
    return data | ({"grad": one["grad"]} if "grad" in one else {})


def _is_of_nodes(graph: nx.MultiDiGraph[Any], formula: Any) -> bool:
    """Whether all that the formula reads is in the graph, and no variable of a comprehension."""
    leaves = formula.term.leaves if isinstance(formula, Symbol) else ()
    return all(leaf.atom.key in graph for leaf in leaves if isinstance(leaf.atom, Name))


def _module(graph: nx.MultiDiGraph[Any], box: Folded, title: str) -> dict[str, Any]:
    """The node of a box that is a module: its path, what it does and has, and what comes out."""
    export = graph.nodes[box.exports[-1]]
    one = export if len(box.exports) == 1 else {}
    count = counted(len(box.inner), "operation")
    if len(box.inner) == 1:
        count = str(export.get("op"))
    if box.weights:
        count += f", {_parameters(graph, box.weights)}"
    named = Definition(title)
    if one:
        named = Definition(str(box.key), Symbol.of(Term(atom=Text(title))))
    data = {
        "op": title,
        "module": title,
        "value": one.get("value"),
        "label": f"{box.key} ({title}: {count})",
        "scope": tuple(export.get("scope") or ())[: box.region.calls],
        "source": graph.nodes[box.inner[0]].get("source"),
        "formula": None,
        "index": box.region.start,
        "exports": box.exports,
        "parts": (named, Note(count, spare=True), *_values(graph, box, named)),
    }
    return data | ({"grad": one["grad"]} if "grad" in one else {})


def _parameters(graph: nx.MultiDiGraph[Any], weights: Sequence[Any]) -> str:
    """`7.1M parameters`, or of a container of arrays `7.1M numbers of params`."""
    size = float(sum(np.size(graph.nodes[weight].get("value")) for weight in weights))
    unit = 0
    while size >= 999.5 and unit < len(_THOUSANDS) - 1:
        size, unit = size / 1000, unit + 1
    text = f"{size:.3g}{_THOUSANDS[unit]}"
    containers = {head(weight) for weight in weights}.intersection(graph.graph["parameters"])
    if containers:
        return f"{text} numbers of {', '.join(sorted(containers))}"
    return f"{text} parameter{'s' * (text != '1')}"


_THOUSANDS = ("", "k", "M", "G")


def _begun(graph: nx.MultiDiGraph[Any], box: Folded, loop: Recurrence) -> Iterator[Definition]:
    """What a loop begins with under another name: x = 0, S = S0, x[0] = 0 where steps count."""
    results = loop.results or box.exports
    named = {key for key in map(str, box.tails) if not is_unnamed(key)}
    for node, name in zip(results, loop.begins or map(base, map(str, results)), strict=True):
        if name in map(str, box.exports):  # it is what the first run computes, elsewhere
            continue
        key, constant = start(graph, box.inner, box.region.count, node)
        if constant is not None:
            yield Definition(name, None, constant)
        elif key in named and base(key) != base(str(node)):
            yield Definition(name, Symbol.of(Term(atom=Name(key))))


def _values(graph: nx.MultiDiGraph[Any], box: Folded, named: Definition) -> Iterator[Part]:
    """What comes out of the box, by name where the box is not named after it."""
    if len(box.exports) > MOST_NAMED and box.region.kind == "segment":  # nothing else names it
        yield from (Definition(str(node)) for node in box.exports[:MOST_NAMED])
        yield Note(f"and {counted(len(box.exports) - MOST_NAMED, 'value')} more")
    elif len(box.exports) > MOST_NAMED:
        yield Note(counted(len(box.exports), "value"))
    elif len(box.exports) > 1 or named.name != str(box.key):
        for node in box.exports:
            yield Definition(str(node), None, graph.nodes[node].get("value"))
    elif graph.nodes[box.key].get("value") is not None:
        yield Value(graph.nodes[box.key]["value"])


def tells_value(part: Part) -> bool:
    """Whether the part tells a value that comes out of a box."""
    return isinstance(part, Value) or (isinstance(part, Definition) and part.value is not None)


def counted(n: int, what: str) -> str:
    """`1 operation`, `1,000 operations`, `24 boxes`."""
    return f"{n:,} {what if n == 1 else what + ('es' if what.endswith('x') else 's')}"
