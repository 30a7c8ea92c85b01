"""Say where each box of a loop drawn as time stands, and beneath it what is summed over time.

In: a Figure, and the graph of its boxes as `figure.iterations` has chosen them. Out: the Figure
with a `Spot` for each box. Knows no width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graphtrace.figure.chain import step_paths
from graphtrace.figure.parts import Figure, Node, Note, Part, Side, Spot
from graphtrace.formula.runs import plain

if TYPE_CHECKING:
    import networkx as nx


def with_timeline(figure: Figure, graph: nx.MultiDiGraph[Any], target: str | None) -> Figure:
    """The figure with the spot of each box, and beneath it the sum over time."""
    spots = _Spots(figure, graph).all()
    return replace(
        figure, timeline=spots, caption=(*figure.caption, *_beneath(figure, graph, target))
    )


_MOST_TERMS = 5


def _beneath(figure: Figure, graph: nx.MultiDiGraph[Any], target: str | None) -> Iterator[Part]:
    """What is the same at every step, and the gradient of the first of it: a sum over the steps."""
    shared = graph.graph["shared"]
    same = [
        node.key for node in figure.nodes if node.key in shared and not _is_indexed(graph, node.key)
    ]
    if same:
        names = ", ".join(plain(figure.names[key].runs()) for key in same)
        yield Note(f"the same {names} at every step")
    gradients = {str(node): data["grad"] for node, data in graph.nodes(data=True) if "grad" in data}
    for key in same:
        if (
            target is not None
            and key in gradients
            and any(edge.kind == "backward" for edge in figure.edges)
        ):
            chain = step_paths(graph, (target, key), gradients).chain
            if 1 < len(chain.terms) <= _MOST_TERMS:
                yield chain
                return


def _is_indexed(graph: nx.MultiDiGraph[Any], key: str) -> bool:
    """Whether each step reads another part of it: x[t]."""
    whole = graph.graph.get("unfolded", graph)
    return all(whole.nodes[head].get("op") == "getitem" for head in whole.succ[key])


class _Spots:
    """The spots of the boxes of one figure."""

    def __init__(self, figure: Figure, graph: nx.MultiDiGraph[Any]) -> None:
        self.figure = figure
        self.graph = graph
        steps: Mapping[str, tuple[int, int | None]] = graph.graph["timeline"]
        self.spot = {n.id: Spot(*steps[n.key]) for n in figure.nodes if n.key in steps}
        self.heads: dict[str, list[str]] = {node.id: [] for node in figure.nodes}
        self.tails: dict[str, list[str]] = {node.id: [] for node in figure.nodes}
        for edge in figure.edges:
            if edge.kind == "forward":
                self.heads[edge.tail].append(edge.head)
                self.tails[edge.head].append(edge.tail)
        rows = [spot.row for spot in self.spot.values() if spot.row is not None]
        self.rows = 1 + max(rows, default=0)

    def all(self) -> tuple[Spot, ...]:
        self._place_after()
        for node in reversed(self.figure.nodes):
            if node.id not in self.spot:
                self.spot[node.id] = self._before(node)
        return tuple(self.spot[node.id] for node in self.figure.nodes)

    def _place_after(self) -> None:
        last = max(spot.column for spot in self.spot.values())
        taken = {(spot.column, spot.row) for spot in self.spot.values()}
        for node in self.figure.nodes:
            tails = [self.spot[tail] for tail in self.tails[node.id] if tail in self.spot]
            latest = max(tails, key=lambda spot: spot.column, default=None)
            if node.id in self.spot or latest is None or latest.column < 0:
                continue
            column, row = max(latest.column, last) + 1, latest.row or 0
            while (column, row) in taken:
                row += 1
            taken.add((column, row))
            self.spot[node.id] = Spot(column, row)

    def _before(self, node: Node) -> Spot:
        heads = [self.spot[head] for head in self.heads[node.id]]
        columns = {spot.column for spot in heads}
        rows = [spot.row for spot in heads if spot.row is not None]
        if not heads:
            return Spot(-1, None, "rail", "below")
        if len(columns) == 1 and heads[0].column >= 0:
            return Spot(heads[0].column, None, "handed", self._side(rows, "below"))
        column = min(-1, min(columns) - 1)
        indexed = node.role == "input" and _is_indexed(self.graph, node.key)
        if not rows and heads[0].side:
            return Spot(column, None, "rail", heads[0].side)
        return Spot(column, None, "rail", self._side(rows, "below" if indexed else "above"))

    def _side(self, rows: Sequence[int], middle: Side) -> Side:
        if not rows:
            return middle
        mean, half = sum(rows) / len(rows), (self.rows - 1) / 2
        return middle if mean == half else "above" if mean < half else "below"
