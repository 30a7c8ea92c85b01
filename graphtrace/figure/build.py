"""Turn a Graph into a Figure: which boxes, which arrows, what is said in each.

In: a traced graph (a networkx.MultiDiGraph with the attributes of graphtrace.graph). Out: a
`Figure`, plain immutable data from which every picture starts. It knows nothing about colours,
fonts, text widths, DOT or SVG, and has no derivative rules.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from graphtrace.errors import RenderError
from graphtrace.figure.boxes import SMALL, Box, Ids, boxes_of, reading_direction
from graphtrace.figure.chain import Way, step_way, way
from graphtrace.figure.check import ALL_AGREE, check as checked
from graphtrace.figure.constants import rows, with_constants
from graphtrace.figure.flow import with_flow
from graphtrace.figure.fold import fold, located
from graphtrace.figure.folded import tells_value
from graphtrace.figure.nudge import nudged
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
    Source,
)
from graphtrace.figure.reading_order import (
    Use,
    is_one,
    naming_of,
    outputs_of,
    right_side,
    target_of,
    title,
    uses_of,
)
from graphtrace.figure.scopes import with_scopes
from graphtrace.figure.tangents import with_tangents
from graphtrace.figure.trouble import marked, trouble_of

if TYPE_CHECKING:
    import networkx as nx


def figure(
    graph: nx.MultiDiGraph[Any],
    *,
    values: bool = True,
    gradients: bool = True,
    derivatives: Derivatives = "both",
    direction: Direction | Literal["auto"] = "auto",
    depth: int | None = None,
    unfold: str | Collection[str] = (),
    limit: int | None = None,
    step: str | Sequence[str] | None = None,
    path: Sequence[str] | None = None,
    trouble: bool = False,
    shapes: bool = False,
    sources: bool = False,
    constants: bool = False,
    scopes: bool = False,
    flow: bool = False,
    nudge: tuple[str, float] | None = None,
    tangents: bool = False,
    check: bool = False,
) -> Figure:
    """What a lecturer would draw of the graph, as data.

    Args:
        graph: A traced graph.
        values: Whether the number stands under each formula.
        gradients: Whether to show what `backward` has left on the nodes.
        derivatives: The local derivative on each edge: "number", "formula", "both" or "none".
        direction: "LR" (left to right), "TB" (top to bottom), or "auto": left to right, unless
            that were a long strip.
        depth: How many levels of helper calls are opened: 0 draws each call as one box. By
            default as many as fit.
        unfold: Helper calls to open although they are folded, by their names in the attribute
            `scope`, such as "layer_2"; and nodes to be seen, such as "h_7" in a loop.
        limit: Up to so many nodes nothing is folded; by default 40. Beyond, helper calls and
            loops are one box each, with the total derivatives on its edges, then stretches of
            the computation; a note beneath says so.
        step: One step back, such as "dJ/dv": the arrows that bring this derivative, and the
            chain rule beneath. It needs no `backward` before.
        path: Two nodes, such as ("a", "J"), and any between them to pass: all paths between
            them in colour with the factors on their edges, and their product beneath.
        trouble: Whether to mark zeros, infinities and NaN, and to name the first of them. What
            `Graph.check` finds is another matter, see `check`.
        shapes: Whether the shape of each array is told, beside its values or instead of them.
        sources: Whether the file and line of each operation stand beneath it.
        constants: Whether the 3 of 3*v is a leaf of its own.
        scopes: Whether a titled frame stands around what a helper call computes.
        flow: Whether an edge is as wide as the gradient that it brings back is large.
        nudge: An input and a step, such as ("a", 0.001): 5 → 5.001 in the boxes that move, and
            the ratio beneath; see `Graph.nudge`.
        tangents: Whether to show what `jvp` has left on the nodes.
        check: Whether to mark local derivatives that differ from finite differences of their
            operation, and to name the first of them; see `Graph.check`.

    With a nudge or tangents, which go forward, no gradients come back.

    A use of an input far down the graph is drawn as a small copy of that input beside the use,
    since no lecturer draws an arrow across the whole board.

    Raises:
        RenderError: An option or a node does not exist, or is inside a folded box.

    >>> import networkx as nx
    >>> g = nx.MultiDiGraph()
    >>> g.add_node("a", op="input", value=2.0, label="a")
    >>> [node.id for node in figure(g).nodes]
    ['node-a']
    """
    _choice("direction", direction, ("auto", "LR", "TB"))
    _choice("derivatives", derivatives, ("both", "number", "formula", "none"))
    whole = graph
    graph = fold(graph, depth=depth, unfold=unfold, limit=limit)
    focus = _focus(graph, step, path)
    gradients = gradients and nudge is None and not tangents
    uses = uses_of(graph)
    boxes = boxes_of(graph, uses, reach=3)
    if len(boxes) >= SMALL:
        boxes = boxes_of(graph, uses, reach=2)
    show = _Show(values, gradients, derivatives, focus, shapes, sources)
    drawing = _Drawing(graph, uses, boxes, show)
    drawn = Figure(
        title(graph),
        drawing.nodes(),
        drawing.edges(),
        naming_of(graph),
        reading_direction(graph, uses, boxes) if direction == "auto" else direction,
        caption=(focus.way.chain,) if focus is not None else (),
    )
    if "note" in graph.graph:
        drawn = replace(drawn, caption=(*drawn.caption, graph.graph["note"]))
    drawn = with_constants(drawn, graph) if constants else drawn
    drawn = with_scopes(drawn, graph) if scopes else drawn
    drawn = with_flow(drawn, graph) if flow else drawn
    drawn = with_tangents(drawn, whole) if tangents else drawn
    drawn = nudged(drawn, whole, nudge) if nudge is not None else drawn
    drawn = marked(drawn, located(graph, trouble_of(whole))) if trouble else drawn
    return marked(drawn, located(graph, checked(whole)), none=ALL_AGREE) if check else drawn


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
    shapes: bool = False
    sources: bool = False


def _focus(
    graph: nx.MultiDiGraph[Any], step: str | Sequence[str] | None, path: Sequence[str] | None
) -> _Focus | None:
    if step is not None and path is not None:
        raise RenderError("a figure shows a step or a path, not both: leave out step= or path=")
    if step is None and path is None:
        return None
    focus = _Focus("step", step_way(graph, step)) if step is not None else None
    focus = focus or _Focus("path", way(graph, path or ()))
    told = focus.way.first if focus.kind == "step" else focus.way.uses
    for use in uses_of(graph):
        if use.key in told and use.is_bundle:
            key = use.head if "exports" in graph.nodes[use.head] else use.tail
            box = graph.graph["boxes"][str(graph.nodes[key]["exports"][0])]
            raise RenderError(
                f"the way from {focus.way.by} to {focus.way.of} passes the folded box {key}, which "
                f"hands on several values: add unfold={box.opened_by!r} to draw them"
            )
    return focus


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
        parts += rows(data, values=self.show.values, shapes=self.show.shapes)
        if "parts" in data:
            parts = [part for part in data["parts"] if self.show.values or not tells_value(part)]
        if self.show.sources and data.get("source"):
            parts.append(Source(data["source"]))
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
        if (formula is None and value is None) or "untold" in use.attributes:
            return None
        by = use.attributes.get("by", str(use.tail))
        part = Partial(str(use.head), by, formula, value)
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
