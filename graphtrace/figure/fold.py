"""Fold a graph that is too large to look at: helper calls, loops and stretches become one box each.

In: a graph. Out: a graph of boxes that says the same in fewer: on the edges into a folded box
stands the total derivative through it, so that each gradient is still the sum over the edges of
their derivatives times the gradients at their ends. What a folded box tells of itself is in its
attribute `parts`. Knows nothing about how it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphtrace.core.inputs import seed_for
from graphtrace.errors import OptionError
from graphtrace.figure.choice import COMFORT, chosen, named_stretches
from graphtrace.figure.derivative import derivatives
from graphtrace.figure.folded import MOST_NAMED, Folded, attributes, counted
from graphtrace.figure.iterations import Loop, refused, steps_of
from graphtrace.figure.maps import maps
from graphtrace.figure.modules import has_modules, is_cut, module_boxes, readers_of
from graphtrace.figure.options import Content
from graphtrace.figure.parts import Detail, Note
from graphtrace.figure.reading_order import is_array, nodes_of, outputs_of, title
from graphtrace.figure.recurrence import Recurrence
from graphtrace.figure.regions import Item, Region, is_called, regions_of, start_of, stop_of
from graphtrace.figure.statements import statement_boxes
from graphtrace.figure.sums import sum_starts, without
from graphtrace.figure.total import Total, adjoints
from graphtrace.figure.trouble import Trouble
from graphtrace.figure.written import Formulas
from graphtrace.formula.symbol import Symbol, row_text

if TYPE_CHECKING:
    import networkx as nx


def folded(
    graph: nx.MultiDiGraph[Any], show: Content, loop: Loop | None = None
) -> nx.MultiDiGraph[Any]:
    """The graph as the options want it folded; `loop` is the one to draw as time, if known."""
    if show.layout == "timeline":
        return _in_time(graph, show, loop)
    detail = "operations" if show.detail == "auto" else show.detail
    is_asked_for = show.dead or show.step is not None or show.path is not None
    return fold(
        graph,
        depth=show.depth,
        unfold=show.unfold,
        limit=show.limit,
        detail=detail,
        dead=is_asked_for,
    )


def fold(
    graph: nx.MultiDiGraph[Any],
    *,
    depth: int | None = None,
    unfold: str | Collection[str] = (),
    limit: int | None = None,
    detail: Detail = "operations",
    dead: bool = True,
) -> nx.MultiDiGraph[Any]:
    """The graph with parts of it folded; the graph itself if it is small enough to look at.

    A box that hands on one value has that value's key, value and gradient. One that hands on
    several has the name of what it is, and their keys in the attribute `exports`.

    Args:
        graph: A traced graph.
        depth: How many levels of helper calls are open; by default what fits.
        unfold: Names of helper calls, or of nodes that are to be seen.
        limit: Up to so many boxes nothing is folded.
        detail: "statements" for a box for each statement, "calls" for one for each helper call and
            loop, of which so many are opened that there are `limit` boxes.
        dead: Whether what reaches no output is there too, and the step with which sum() begins.

    Raises:
        OptionError: `unfold` names what is not there, or a number is none.

    >>> import graphtrace as gt
    >>> def twice(x):
    ...     y = 3 * x
    ...     return y - x
    >>> def f(a):
    ...     h = twice(a)
    ...     return twice(h)
    >>> folded = fold(gt.trace(f, 1.0), depth=0)
    >>> list(folded), folded.edges["a", "h", 0]["local"]
    (['a', 'h', 'f'], 2.0)
    """
    if "unfolded" in graph.graph:
        return graph
    is_of_modules = detail == "calls" and has_modules(graph)
    if detail != "operations" and graph.graph.get("runs") and not is_of_modules:
        most = None if detail == "statements" else limit or 0
        return _in_statements(graph, nodes_of(graph, dead), most, dead)
    unfold_names = {unfold} if isinstance(unfold, str) else unfold
    names = {name.removesuffix("()") for name in unfold_names}
    nodes = nodes_of(graph, dead)
    is_small = len(nodes) <= (limit or COMFORT) and not is_of_modules
    if depth is None and not names and is_small:
        return _without_others(graph, nodes, dead)
    whole = regions_of(graph, nodes, siblings=has_modules(graph))
    _check(graph, whole, names)
    if has_modules(graph):
        return _in_modules(graph, nodes, whole, depth, names, limit or COMFORT, dead)
    inputs = 0
    while inputs < len(nodes) and graph.nodes[nodes[inputs]].get("op") == "input":
        inputs += 1
    formula = Formulas(graph, nodes)
    items = chosen(
        whole,
        nodes,
        inputs,
        depth=depth,
        unfold=names,
        limit=limit,
        has_formula=lambda loop: formula(loop) is not None,
    )
    if len(items) == len(nodes):
        return _without_others(graph, nodes, dead)
    calls = {region.name for region in whole.all if region.kind == "call"}
    folded = _Folding(graph, nodes, items, dead).folded(calls, formula)
    operations = counted(len(nodes) - inputs, "operation")
    boxes = counted(sum(op != "input" for _, op in folded.nodes(data="op")), "box")
    further = (isinstance(item, Region) and item.kind in ("loop", "segment") for item in items)
    if depth is None or any(further):
        folded.graph["note"] = Note(f"{operations} in {boxes}")
    return folded


def _without_others(
    graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], dead: bool
) -> nx.MultiDiGraph[Any]:
    """The graph itself, or only those nodes of it."""
    if len(nodes) == len(graph) and (dead or not sum_starts(graph, nodes)):
        return graph
    return _Folding(graph, nodes, range(len(nodes)), dead).folded((), lambda loop: None)


def _in_statements(
    graph: nx.MultiDiGraph[Any], nodes: Sequence[Any], limit: int | None, dead: bool
) -> nx.MultiDiGraph[Any]:
    """The graph with a box for each statement, or for calls and loops where there is a limit."""
    whole = regions_of(graph, nodes, statements=True)
    formula = Formulas(graph, nodes)
    has_lines = (lambda loop: formula(loop) is not None) if limit is not None else None
    items = statement_boxes(graph, nodes, whole, limit, has_lines)
    weights = set(graph.graph.get("weights", ()))
    items = [
        Region("statement", "", item, item + 1)
        if isinstance(item, int) and weights.intersection(graph.pred[nodes[item]])
        else item
        for item in items
    ]
    if len(items) == len(nodes) and not any(isinstance(item, Region) for item in items):
        return _without_others(graph, nodes, dead)
    calls = {region.name for region in whole.all if region.kind == "call"}
    return _Folding(graph, nodes, items, dead, weights).folded(calls, formula)


def _in_modules(
    graph: nx.MultiDiGraph[Any],
    nodes: Sequence[Any],
    whole: Region,
    depth: int | None,
    names: Collection[str],
    limit: int,
    dead: bool,
) -> nx.MultiDiGraph[Any]:
    """The graph with a box for each module, with the parameters that only this one reads."""
    inputs = sum(graph.nodes[node].get("op") == "input" for node in nodes)
    named = list(named_stretches(whole, nodes, names))
    items = module_boxes(whole, inputs, depth=depth, named=named, limit=limit)
    if not any(isinstance(item, Region) for item in items):
        return _without_others(graph, nodes, dead)
    calls = {region.name for region in whole.all if region.kind == "call"}
    folding = _Folding(graph, nodes, items, dead, graph.graph["weights"])
    folded = folding.folded(calls, lambda loop: None)
    folded.graph["cut"] = any(isinstance(item, Region) and is_cut(item) for item in items)
    return folded


def statements_in(graph: nx.MultiDiGraph[Any], dead: bool) -> tuple[int, int]:
    """How many boxes there are in a figure of statements, and how many one behind the other."""
    nodes = nodes_of(graph, dead)
    items = statement_boxes(graph, nodes, regions_of(graph, nodes, statements=True), None)
    longest: dict[Any, int] = {}
    for item in items:
        inner = nodes[start_of(item) : stop_of(item)]
        before = (longest.get(tail, 0) for node in inner for tail in graph.pred[node])
        longest.update(dict.fromkeys(inner, 1 + max(before, default=0)))
    return len(items), max(longest.values(), default=0)


def _in_time(graph: nx.MultiDiGraph[Any], show: Content, loop: Loop | None) -> nx.MultiDiGraph[Any]:
    """The graph with a box for each statement of each iteration of a loop, up to so many columns.

    Raises `OptionError` if there is no loop that carries a value on, or another option wants more.
    """
    if "unfolded" in graph.graph:
        return graph
    other = refused(show)
    if other is not None:
        raise OptionError(
            f"{other}={getattr(show, other)!r} is not for a loop drawn as time: leave it out, or "
            "choose layout='layered'",
            "layout",
        )
    nodes = nodes_of(graph, show.dead)
    steps = steps_of(graph, nodes, show.limit, loop)
    if steps is None:
        raise OptionError(
            f"{title(graph)} has no loop of three or more alike iterations that each read what the "
            "one before has computed, so layout='timeline' has no time to draw: leave it out",
            "layout",
        )
    folding = _Folding(graph, nodes, steps.items, show.dead)
    folded = folding.folded((), lambda loop: None)
    starts = {str(folding.key(node)): (-1, row) for node, row in steps.starts.items()}
    folded.graph["timeline"] = starts | {
        str(folding.key(nodes[at])): spot for at, spot in steps.spots.items()
    }
    folded.graph["shared"] = set(map(str, steps.shared))
    return folded


def _check(graph: nx.MultiDiGraph[Any], whole: Region, names: Collection[str]) -> None:
    known = {region.name for region in whole.all} - {""}
    for name in names:
        if (
            not any(is_called(region, name) for region in known)
            and name not in graph
            and not name.startswith("inputs ")
        ):
            listed = [region.name for region in whole.all if region.kind == "call"]
            calls = ", ".join(listed if len(listed) <= 12 else [*listed[:11], "..."])
            there = f"it calls {calls}" if calls else "it calls no helpers, so name a node"
            raise OptionError(
                f"unfold={name!r} is no helper call and no node of {title(graph)}: {there}"
            )


def located(graph: nx.MultiDiGraph[Any], troubles: Iterable[Trouble]) -> list[Trouble]:
    """Where they are drawn: what lies in a folded box, at that box."""
    boxes: Mapping[str, Folded] = graph.graph.get("boxes", {})
    at_boxes = []
    for trouble in troubles:
        box = boxes.get(trouble.node)
        at_box = replace(trouble, node=str(box.key), edge=None) if box is not None else trouble
        at_boxes.append(at_box)
    return at_boxes


class _Folding:
    """One pass over the boxes of a folded graph."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        nodes: Sequence[Any],
        items: Sequence[Item],
        dead: bool,
        weights: Collection[Any] = (),
    ) -> None:
        self.graph = graph
        self.nodes = nodes
        self.items = items
        self.outputs = outputs_of(graph)
        regions = [item for item in items if isinstance(item, Region)]
        region_of = {n: r for r in regions for n in nodes[r.start : r.stop]}
        place = {node: i for i, node in enumerate(nodes)}
        self.weights = {
            weight: readers
            for weight in weights
            if (readers := readers_of((h for h in graph.succ[weight] if h in place), region_of))
        }
        out = set(self.outputs)
        into: dict[Region, set[Any]] = {region: set() for region in regions}
        in_boxes: set[Any] = set()
        for to in nodes:
            region, tails = region_of.get(to), graph.pred[to]
            if region is not None:
                in_boxes.update(tails)
            for tail in tails:
                if region_of.get(tail) is not region and tail not in self.weights:
                    out.add(tail)
                    if region is not None:
                        into[region].add(tail)
        self.starts = {
            node: tail
            for node, tail in sum_starts(graph, nodes).items()
            if not dead and node not in region_of and node not in in_boxes
        }
        self.box_of: dict[Any, Folded] = {}
        taken = set(map(str, graph))
        for region in regions:
            inner = nodes[region.start : region.stop]
            exports = tuple(node for node in inner if node in out) or (inner[-1],)
            key = exports[0] if len(exports) == 1 else _name(region, exports, taken)
            taken.add(str(key))
            box = Folded(
                key, region, inner, exports, tuple(sorted(into[region], key=place.__getitem__))
            )
            own = [weight for weight, readers in self.weights.items() if region in readers]
            self.box_of.update(dict.fromkeys([*inner, *own], box._replace(weights=own)))

    def key(self, node: Any) -> Any:
        """The key of the box that a node is in."""
        return self.box_of[node].key if node in self.box_of else node

    def folded(
        self, calls: Collection[str], formula: Callable[[Region], Recurrence | None]
    ) -> nx.MultiDiGraph[Any]:
        """The graph of boxes."""
        import networkx as nx

        folded: nx.MultiDiGraph[Any] = nx.MultiDiGraph(name=title(self.graph))
        for item in self.items:
            if isinstance(item, Region):
                box = self.box_of[self.nodes[item.start]]
                folded.add_node(box.key, **attributes(self.graph, box, calls, formula))
                for k, (tail, data) in enumerate(self._into(box)):
                    folded.add_edge(tail, box.key, k, **data)
            else:
                node = self.nodes[item]
                if node not in self.starts and node not in self.weights:
                    folded.add_node(node, **{**self.graph.nodes[node], "index": item})
                    self._add_edges(folded, node)
        folded.graph["unfolded"] = self.graph
        folded.graph["outputs"] = list(dict.fromkeys(map(self.key, self.outputs)))
        # What has the index t in a loop: layers[t]['W'].
        entries = (key for key in map(str, self.graph) if "[" in key)
        indexed = dict.fromkeys(re.sub(r"\[\d+\]", "[t]", key) for key in entries)
        folded.graph["indexed"] = [key for key in indexed if key not in self.graph]
        folded.graph["boxes"] = {str(node): box for node, box in self.box_of.items()}
        return folded

    def _add_edges(self, folded: nx.MultiDiGraph[Any], node: Any) -> None:
        """The edges into a node that is no folded box, around the steps that add 0."""
        data, row = folded.nodes[node], self.graph.nodes[node].get("row")
        own = without(row, self.starts) if row is not None else None
        if own is not row and own is not None:
            data |= {"row": own, "formula": Symbol(own), "label": f"{node} = {row_text(own)}"}
        for start, _, k, edge in self.graph.in_edges(node, keys=True, data=True):
            tail = self.starts.get(start, start)
            symbol = {"symbol": Symbol(own, k)} if own is not row and own is not None else {}
            folded.add_edge(self.key(tail), node, k, **{**edge, **symbol}, **self._by(tail))

    def _by(self, tail: Any) -> dict[str, Any]:
        """Which value an edge carries, where the box that it comes from is not named after it."""
        return {} if self.key(tail) == tail else {"by": str(tail)}

    def _into(self, box: Folded) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The edges into a folded box, each with the total derivative through it."""
        if self.weights and len(box.inner) == 1:
            for tail, _, edge in self.graph.in_edges(box.inner[0], data=True):
                if tail not in box.weights:
                    yield self.key(tail), {**edge, **self._by(tail)}
            return
        numbers = self._numbers(box)
        formulas = {}
        if box.region.kind == "statement" and numbers is not None:
            scalars = {tail: numbers.get(tail, 0.0) for tail in box.tails}
            formulas = derivatives(self.graph, box.inner, box.exports[0], scalars)
        has_array = any(is_array(self._value(node)) for node in (*box.tails, *box.exports))
        if has_array and box.region.kind == "statement" and len(box.exports) == 1:
            formulas = maps(self.graph, box.inner, box.exports[0], box.tails)
        by_box: dict[Any, list[Any]] = {}
        for tail in box.tails:
            by_box.setdefault(self.key(tail), []).append(tail)
        for key, tails in by_box.items():
            are_inputs = len(tails) > 1 and self.box_of[tails[0]].region.kind == "inputs"
            if len(box.exports) > 1 or len(tails) > MOST_NAMED or are_inputs:
                total = Total(self.graph, box.inner, box.exports, tuple(tails))
                yield key, {"local": total, "untold": True}
                continue
            for tail in tails:
                local = numbers.get(tail, 0.0) if numbers is not None else None
                if local is None or is_array(self._value(tail)):
                    local = Total(self.graph, box.inner, box.exports, (tail,))
                formula = {"symbol": formulas[tail]} if tail in formulas else {}
                yield key, {"local": local, **formula, **self._by(tail)}

    def _numbers(self, box: Folded) -> Mapping[Any, Any] | None:
        """The derivatives of a box's one value, where that is a number."""
        value = self._value(box.exports[0])
        if len(box.exports) > 1 or value is None or is_array(value):
            return None
        return adjoints(self.graph, box.inner, {box.exports[0]: seed_for(value)})

    def _value(self, node: Any) -> Any:
        return self.graph.nodes[node].get("value")


def _name(region: Region, exports: Sequence[Any], taken: Collection[str]) -> str:
    """A key for a box of several values, unlike that of any node."""
    name = f"{region.name}()" if region.kind == "call" else region.name
    name = name or f"{exports[0]} … {exports[-1]}"
    while name in taken:
        name += "′"
    return name
