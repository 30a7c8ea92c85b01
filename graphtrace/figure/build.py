"""Turn a Graph into a Figure: which boxes, which arrows, what is said in each.

In: a traced graph (a networkx.MultiDiGraph with the attributes of graphtrace.graph). Out: a
`Figure`, plain immutable data from which every picture starts. It knows nothing about colours,
fonts, text widths, DOT or SVG, and has no derivative rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphtrace.errors import RenderError
from graphtrace.figure.boxes import Box, Ids, boxes_of
from graphtrace.figure.chain import Way, step_way, way
from graphtrace.figure.parts import (
    Definition,
    Derivatives,
    Direction,
    Edge,
    Emphasis,
    Figure,
    Node,
    Part,
    Partial,
    Role,
    Share,
    Value,
)
from graphtrace.figure.trouble import marked, trouble_of
from graphtrace.figure.uses import (
    Use,
    is_array,
    is_one,
    outputs_of,
    right_side,
    short_names,
    target_of,
    title,
    uses_of,
)

if TYPE_CHECKING:
    import networkx as nx

SMALL = 15
"""From this many boxes on, a gradient is a row in its box and an edge's label is short."""

LIMIT = 2000
"""More boxes than this are not drawn."""


def figure(
    graph: nx.MultiDiGraph[Any],
    *,
    values: bool = True,
    gradients: bool = True,
    derivatives: Derivatives = "both",
    direction: Direction = "LR",
    limit: int = LIMIT,
    step: str | Sequence[str] | None = None,
    path: Sequence[str] | None = None,
    trouble: bool = False,
) -> Figure:
    """What a lecturer would draw of the graph, as data.

    Args:
        graph: A traced graph.
        values: Whether the number stands under each formula.
        gradients: Whether to show what `backward` has left on the nodes.
        derivatives: The local derivative on each edge: "number", "formula", "both" or "none".
        direction: "LR" (left to right) or "TB" (top to bottom).
        limit: More boxes than this are refused.
        step: One step back, such as "dJ/dv": the arrows that bring this derivative, and the
            chain rule beneath. It needs no `backward` before.
        path: Two nodes, such as ("a", "J"), and any between them to pass: all paths between
            them in colour with the factors on their edges, and their product beneath.
        trouble: Whether to mark zeros, infinities and NaN, and to name the first of them.

    A use of an input far down the graph is drawn as a small copy of that input beside the use,
    since no lecturer draws an arrow across the whole board.

    Raises:
        RenderError: There are more boxes than `limit`, or an option or a node does not exist.

    >>> import networkx as nx
    >>> g = nx.MultiDiGraph()
    >>> g.add_node("a", op="input", value=2.0, label="a")
    >>> [node.id for node in figure(g).nodes]
    ['node-a']
    """
    _choice("direction", direction, ("LR", "TB"))
    _choice("derivatives", derivatives, ("both", "number", "formula", "none"))
    focus = _focus(graph, step, path)
    uses = uses_of(graph)
    boxes = boxes_of(graph, uses, reach=3)
    if len(boxes) >= SMALL:
        boxes = boxes_of(graph, uses, reach=2)
    if len(boxes) > limit:
        raise RenderError(
            f"the figure of {title(graph)} would have {len(boxes)} boxes, more than the {limit} "
            "that are drawn: render a part of it, for example g.subgraph(...) of the nodes you "
            "want to see, or raise limit="
        )
    drawing = _Drawing(graph, uses, boxes, _Show(values, gradients, derivatives, focus))
    drawn = Figure(
        title(graph),
        drawing.nodes(),
        drawing.edges(),
        short_names(graph),
        direction,
        arrays=frozenset(_arrays(graph)),
        caption=(focus.way.chain,) if focus is not None else (),
    )
    return marked(drawn, trouble_of(graph)) if trouble else drawn


class _Focus(NamedTuple):
    """A part of the graph that the figure is about."""

    kind: Literal["step", "path"]
    way: Way


class _Show(NamedTuple):
    """What a figure shows."""

    values: bool
    gradients: bool
    derivatives: Derivatives
    focus: _Focus | None


def _arrays(graph: nx.MultiDiGraph[Any]) -> Iterator[str]:
    """The names that stand for arrays in formulas: nodes, and constants by their own names."""
    for key, node in graph.nodes(data=True):
        if is_array(node.get("value")):
            yield str(key)
        row = node.get("row")
        if row is not None:
            named = zip(row.keys, row.shown, row.operands, strict=True)
            yield from (name for k, name, x in named if k is None and name and is_array(x))


def _focus(
    graph: nx.MultiDiGraph[Any], step: str | Sequence[str] | None, path: Sequence[str] | None
) -> _Focus | None:
    if step is not None and path is not None:
        raise RenderError("a figure shows a step or a path, not both: leave out step= or path=")
    if step is not None:
        return _Focus("step", step_way(graph, step))
    return _Focus("path", way(graph, path)) if path is not None else None


class _Drawing:
    """The choices of one figure, and the boxes and arrows that follow from them."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        uses: Sequence[Use],
        boxes: Sequence[Box],
        show: _Show,
    ) -> None:
        self.graph = graph
        self.uses = uses
        self.boxes = boxes
        self.show = show
        self.outputs = outputs_of(graph)
        self.target = target_of(graph, self.outputs)
        self.grads = {n: d["grad"] for n, d in graph.nodes(data=True) if "grad" in d}
        told = uses
        focus = show.focus
        if focus is not None:
            self.target = str(focus.way.of)
            self.grads = dict(focus.way.gradients) if focus.kind == "step" else {}
            told = [use for use in uses if use.key in focus.way.uses]
        if not show.gradients:
            self.grads = {}
        self.small = len(boxes) < SMALL
        self.fan: dict[Any, int] = dict.fromkeys(graph, 0)
        for use in told:
            self.fan[use.tail] += 1

    def nodes(self) -> tuple[Node, ...]:
        return tuple(self._node(box) for box in self.boxes)

    def _node(self, box: Box) -> Node:
        data = self.graph.nodes[box.key]
        key = str(box.key)
        emphasis = self._node_emphasis(box)
        if box.use is not None:
            return Node(box.id, key, "copy", (Definition(key),), emphasis=emphasis)
        formula = data.get("formula")
        if formula is None and data.get("op") != "input":
            formula = right_side(data.get("label"))
        parts: list[Part] = [Definition(key, formula)]
        if self.show.values and data.get("value") is not None:
            parts.append(Value(data["value"]))
        role: Role = "operation"
        if data.get("op") == "input":
            role = "input"
        elif box.key in self.outputs:
            role = "output"
        gradient = self._gradient(box.key) if self._tells_in_box(box.key) else None
        return Node(
            box.id,
            key,
            role,
            tuple(parts),
            gradient,
            data.get("source"),
            data.get("op"),
            emphasis,
        )

    def _node_emphasis(self, box: Box) -> Emphasis:
        focus = self.show.focus
        if focus is None:
            return "plain"
        if focus.kind == "step":
            ends = (focus.way.by, *(head for _, head, _ in focus.way.first))
            return "strong" if box.use is None and box.key in ends else "plain"
        on_path = box.key in focus.way.nodes if box.use is None else box.use.key in focus.way.uses
        return "strong" if on_path else "dim"

    def _gradient(self, node: Any) -> Partial | None:
        value = self.grads.get(node)
        if value is None:
            return None
        return Partial(self.target, str(node), value=value, total=True)

    def _tells_in_box(self, node: Any) -> bool:
        """A single use tells the whole gradient on its arrow; dJ/dJ = 1 needs no telling."""
        focus = self.show.focus
        if focus is not None:
            return self.fan[node] > 1
        if self.fan[node] == 0 and node in self.outputs:
            return not is_one(self.grads.get(node))
        return not self.small or self.fan[node] != 1

    def edges(self) -> tuple[Edge, ...]:
        own = {box.key: box.id for box in self.boxes if box.use is None}
        copies = {box.use.key: box.id for box in self.boxes if box.use is not None}
        ids = Ids()
        edges = []
        for use in self.uses:
            tail, head = copies.get(use.key, own[use.tail]), own[use.head]
            name = ids.new("edge", use.tail, use.head, use.position)
            emphasis = self._edge_emphasis(use)
            forward: Emphasis = emphasis if self._is_path() else "plain"
            local, operand = self._local(use), tuple(map(str, use.key))
            edges.append(Edge(name, tail, head, "forward", local, None, forward, operand))
            back = self._backward(use)
            if back is not None:
                own_id = ids.new("gradient", use.tail, use.head, use.position)
                edges.append(Edge(own_id, tail, head, "backward", back, name, emphasis, operand))
        return tuple(edges)

    def _is_path(self) -> bool:
        return self.show.focus is not None and self.show.focus.kind == "path"

    def _edge_emphasis(self, use: Use) -> Emphasis:
        focus = self.show.focus
        if focus is None:
            return "plain"
        if focus.kind == "step":
            return "strong" if use.key in focus.way.first else "plain"
        return "strong" if use.key in focus.way.uses else "dim"

    def _local(self, use: Use) -> Partial | None:
        focus, derivatives = self.show.focus, self.show.derivatives
        if derivatives == "none" or (focus is not None and use.key not in focus.way.uses):
            return None
        formula = use.attributes.get("symbol") if derivatives != "number" else None
        value = use.attributes.get("local") if derivatives != "formula" else None
        if formula is None and value is None:
            return None
        total = focus is not None and focus.kind == "path" and use.key in focus.way.total
        part = Partial(str(use.head), str(use.tail), formula, value, total=total)
        return replace(part, short=not self.small and focus is None)

    def _backward(self, use: Use) -> Part | None:
        focus = self.show.focus
        if focus is not None and use.key not in focus.way.uses:
            return None
        whole = self._gradient(use.tail)
        if whole is None or not (self.small or focus is not None):
            return None
        if self.fan[use.tail] == 1:
            return whole
        upstream = self.grads.get(use.head)
        if upstream is None:
            return None
        local = use.attributes.get("local")
        return Share(self.target, str(use.head), str(use.tail), upstream, local)


def _choice(name: str, value: object, valid: Sequence[str]) -> None:
    if value not in valid:
        raise RenderError(f"{name}={value!r} is not a choice: use one of {', '.join(valid)}")
