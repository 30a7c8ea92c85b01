"""Say what a stretch of operations computes, a line for each statement in it: h = (b − a)/16.

In: a graph, nodes of it in evaluation order and those that are read elsewhere. Out: `Definition`s
with their values, none where they are many or long; and what it is computed from, in a phrase.
Knows nothing about boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from graphtrace.figure.comprehensions import comprehended
from graphtrace.figure.inlining import as_written, inlined, quoted
from graphtrace.figure.parts import Definition, Note
from graphtrace.figure.recurrence import Recurrence
from graphtrace.figure.regions import Region, head, is_unnamed, start_of, stop_of
from graphtrace.formula.naming import Naming
from graphtrace.formula.printer import on_board, text_of
from graphtrace.formula.row import ndim_of
from graphtrace.formula.runs import plain
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term

if TYPE_CHECKING:
    import networkx as nx

_MOST_LINES = 4
_LONGEST_LINE = 60
_LONGEST_STATEMENT = 60  # operations, and operands of them
_MOST_NAMED = 3


def lines_of(
    graph: nx.MultiDiGraph[Any],
    region: Region,
    inner: Sequence[Any],
    exports: Sequence[Any],
    formula: Callable[[Region], Recurrence | None],
) -> list[Definition | Note]:
    """A line for each value that a statement hands on, and what each run of a loop in it assigns.

    >>> import graphtrace as gt
    >>> def f(a, b):
    ...     s, d = a + b, a - b
    ...     return (s * d + 1) / s
    >>> g = gt.trace(f, 2.0, 1.0)
    >>> stretch = Region("segment", "", 2, 7, items=[2, 3, 4, 5, 6])
    >>> lines = lines_of(g, stretch, list(g)[2:], ["f"], lambda loop: None)
    >>> [f"{line.name} = {line.formula}" for line in lines]
    ['s = a + b', 'd = a - b', 'f = (s*d + 1)/s']
    """
    pieces = list(islice(_pieces(graph, region, inner), _MOST_LINES + 1))
    if len(pieces) > _MOST_LINES:  # each has a line
        return []
    lines: list[Definition | Note] = []
    for piece, members in pieces:
        inside = set(members)
        own = [n for n in members if n in exports or not inside.issuperset(graph[n])]
        if isinstance(piece, Region):
            repeated = formula(piece)
            if repeated is None:
                return []
            times = repeated.counter or f"{piece.count:,} times"
            times += ", all at once" if repeated.at_once else ""
            lines += repeated.assignments
            lines += [Note(times)] if piece.kind == "loop" else []
            lines += map(Note, repeated.lists)
            lines += (Definition(str(n), None, graph.nodes[n].get("value")) for n in own)
        else:
            known = _of_piece(graph, piece, members, own)
            if not known:
                return []
            lines += known
        if sum(isinstance(line, Definition) for line in lines) > _MOST_LINES:
            return []
    return lines


def _pieces(
    graph: nx.MultiDiGraph[Any], region: Region, inner: Sequence[Any]
) -> Iterator[tuple[Region | int, list[Any]]]:
    """The loops, and the runs of statements by their number, with their nodes."""
    run_of = partial(_outermost, graph)
    items = region.items if region.rest is None else [*region.rest.items, *region.items[1:]]
    is_loop = [isinstance(one, Region) and one.kind in ("loop", "written") for one in items]
    for together, group in groupby(
        range(len(items)), key=lambda k: items[k] if is_loop[k] else None
    ):
        members = list(group)
        start, stop = start_of(items[members[0]]), stop_of(items[members[-1]])
        nodes = inner[start - region.start : stop - region.start]
        if isinstance(together, Region):
            yield together, list(nodes)
        else:
            yield from ((number, list(own)) for number, own in groupby(nodes, key=run_of))


def _outermost(graph: nx.MultiDiGraph[Any], node: Any) -> int:
    """The run of the traced function's own statement that the node is of."""
    runs, number = graph.graph.get("runs", ()), int(graph.nodes[node].get("run", -1))
    while 0 <= number < len(runs) and runs[number].caller >= 0:
        number = runs[number].caller
    return number


def _of_piece(
    graph: nx.MultiDiGraph[Any], number: int, inner: Sequence[Any], exports: Sequence[Any]
) -> list[Definition]:
    """The lines of a run of a statement; none where one of them is long."""
    inside = set(inner)
    tails = list(dict.fromkeys(t for n in inner for t in graph.pred[n] if t not in inside))
    # What is a part of a statement is not told as all of it is written.
    beside = [*tails, *(head for node in inner for head in graph[node] if head not in inside)]
    is_part = any(_outermost(graph, node) == number for node in beside)
    whole = statement(graph, -1 if is_part else number, inner, exports, tails)
    if whole is not None:
        value = graph.nodes[exports[0]].get("value") if len(exports) == 1 else None
        lines = [Definition(whole.name, whole.formula, value)]
    else:
        own = [node for node in inner if node not in exports]
        lines = []
        for export in exports:
            term = inlined(graph, own, export, _LONGEST_STATEMENT)
            if term is None or len(lines) >= _MOST_LINES:
                return []
            value = graph.nodes[export].get("value")
            lines.append(Definition(str(export), Symbol.of(term), value))
    return [] if any(len(str(line.formula)) > _LONGEST_LINE for line in lines) else lines


def statement(
    graph: nx.MultiDiGraph[Any],
    number: int,
    inner: Sequence[Any],
    exports: Sequence[Any],
    tails: Sequence[Any],
) -> Definition | None:
    """What a run of a statement computes: its comprehension, or its one value.

    The calls in it are as they are written, or what they compute is put in.
    """
    runs = graph.graph.get("runs", ())
    run = runs[number] if 0 <= number < len(runs) else None
    term = inlined(graph, inner, exports[0], _LONGEST_STATEMENT) if len(exports) == 1 else None
    if run is not None and not (term is not None and _is_short(term)):
        listed = comprehended(graph, number, exports, tails)
        if listed is not None:
            name = str(exports[0]) if len(exports) == 1 else listed[0]
            return Definition(name, Symbol.of(listed[1])) if name else None
    if len(exports) != 1:
        return None
    if run is not None and run.right is not None and run.caller < 0:
        term = _as_written(graph, run.right, inner, tails, term)
    return Definition(str(exports[0]), Symbol.of(term)) if term is not None else None


def call(
    graph: nx.MultiDiGraph[Any], region: Region, inner: Sequence[Any], tails: Sequence[Any]
) -> Term | None:
    """A call as the traced function writes it, `cell(h, x)`, where it is all of a statement."""
    runs, number = graph.graph.get("runs", ()), int(graph.nodes[inner[-1]].get("run", -1))
    if region.calls or not 0 <= number < len(runs):
        return None
    while runs[number].caller >= 0 and runs[runs[number].caller].caller >= 0:
        number = runs[number].caller
    caller = runs[number].caller
    if caller < 0 or not runs[number].is_whole or runs[caller].right is None:
        return None
    return _as_written(graph, runs[caller].right, inner, tails, None)


def _is_short(term: Term) -> bool:
    """Whether it is read at a glance: few terms, and none of them a part of a list of many."""
    keys = (leaf.atom.key for leaf in term.leaves if isinstance(leaf.atom, Name))
    return len(text_of(term)) <= _LONGEST_LINE and not any(map(is_unnamed, keys))


def _as_written(
    graph: nx.MultiDiGraph[Any],
    right: str,
    inner: Sequence[Any],
    tails: Sequence[Any],
    whole: Term | None,
) -> Term | None:
    nodes = [graph.nodes[node] for node in inner]
    if whole is not None and not any(one.get("scope") for one in nodes):
        return whole
    rows = [one.get("row") for one in nodes]
    constants = {
        name
        for row in rows
        if row is not None
        for name, key in zip(row.shown, row.keys, strict=True)
        if key is None and name is not None
    }
    keys = {str(tail): ndim_of(graph.nodes[tail].get("value")) for tail in tails}
    written = as_written(right, keys, constants) or whole
    return written or quoted(right, {*keys, *graph.graph.get("inputs", ())})


def origin(tails: Sequence[Any]) -> str:
    """What it is computed from: `from x, W and 3 more`.

    >>> origin(["x", "p[0]", "p[1]"]), origin(["v1"]), origin(["a", "b", "c", "d"])
    ('from x and p', 'from one value', 'from a, b and 2 more')
    """
    names = list(dict.fromkeys(_printed(head(tail)) for tail in tails if not is_unnamed(tail)))
    others = sum(map(is_unnamed, tails))
    if not names:
        return "from one value" if others == 1 else f"from {others:,} values" if others else ""
    if len(names) + bool(others) > _MOST_NAMED:
        others += len(names) - _MOST_NAMED + 1
        names = names[: _MOST_NAMED - 1]
    if others:
        names.append(f"{others:,} more")
    return "from " + " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _printed(name: str) -> str:
    """A name in a sentence, as the figure prints it: β."""
    return plain(on_board(Naming()).term(Term(atom=Name(name))))
