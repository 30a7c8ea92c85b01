"""Turn a Graph into a Figure: which boxes, which arrows, what is said in each.

In: a traced graph (a networkx.MultiDiGraph with the attributes of graphtrace.graph). Out: a
`Figure`, plain immutable data from which every picture starts. It knows nothing about colours,
fonts, text widths, DOT or SVG, and has no derivative rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from graphtrace.core.inputs import carries_gradient
from graphtrace.errors import OptionError
from graphtrace.figure.boxes import SMALL, Box, Ids, boxes_of, reading_direction
from graphtrace.figure.branches import with_branches
from graphtrace.figure.chain import Paths, paths_through, step_paths
from graphtrace.figure.check import ALL_AGREE, check as checked
from graphtrace.figure.constants import rows, with_constants
from graphtrace.figure.flow import with_flow
from graphtrace.figure.fold import folded, located
from graphtrace.figure.folded import tells_value
from graphtrace.figure.modules import has_modules
from graphtrace.figure.nudge import nudged
from graphtrace.figure.options import DEFAULT, Content
from graphtrace.figure.parts import (
    Contribution,
    Definition,
    Edge,
    Emphasis,
    Figure,
    Node,
    Part,
    Partial,
    Role,
    Source,
    Value,
)
from graphtrace.figure.reading_order import (
    Gradients,
    Use,
    gradients_left,
    is_one,
    naming_of,
    right_side,
    title,
    uses_of,
)
from graphtrace.figure.scopes import with_scopes
from graphtrace.figure.spots import with_timeline
from graphtrace.figure.tangents import with_tangents
from graphtrace.figure.total import written_out
from graphtrace.figure.trouble import marked, trouble_of
from graphtrace.graph.linear_map import LinearMap

if TYPE_CHECKING:
    import networkx as nx


def figure(
    graph: nx.MultiDiGraph[Any],
    options: Content = DEFAULT,
    backward: Gradients | None = None,
    folded_graph: nx.MultiDiGraph[Any] | None = None,
) -> Figure:
    """What a lecturer would draw of the graph, as data.

    With a nudge or tangents, which go forward, no gradients come back. A use of an input far down
    the graph is drawn as a small copy of that input beside the use, since no lecturer draws an
    arrow across the whole board.

    Args:
        graph: A traced graph.
        options: What to show.
        backward: The gradients, where they are not those that `backward` has left.
        folded_graph: The graph as the options want it folded, where it is known.

    Raises:
        OptionError: A node does not exist, or is inside a folded box.

    >>> import networkx as nx
    >>> g = nx.MultiDiGraph()
    >>> g.add_node("a", op="input", value=2.0, label="a")
    >>> [node.id for node in figure(g).nodes]
    ['node-a']
    """
    show = options
    whole = graph
    graph = folded(graph, show) if folded_graph is None else folded_graph
    focus = _focus(graph, show.step, show.path)
    gradients = show.gradients and show.nudge is None and not show.tangents
    uses = uses_of(graph)
    is_time = "timeline" in graph.graph
    boxes = boxes_of(graph, uses, reach=None if is_time else 3)
    if len(boxes) >= SMALL and not is_time:
        boxes = boxes_of(graph, uses, reach=2)
    sweep = backward or gradients_left(graph)
    drawing = _Drawing(graph, uses, boxes, replace(show, gradients=gradients), focus, sweep)
    drawn = Figure(
        title(graph),
        drawing.nodes(),
        drawing.edges(),
        naming_of(graph),
        reading_direction(graph, uses, boxes) if show.direction == "auto" else show.direction,
        caption=(focus.paths.chain,) if focus is not None else (),
    )
    if "note" in graph.graph:
        drawn = replace(drawn, caption=(*drawn.caption, graph.graph["note"]))
    drawn = with_constants(drawn, graph) if show.constants else drawn
    drawn = with_branches(drawn, graph, whole) if show.branches else drawn
    drawn = with_scopes(drawn, graph) if show.scopes else drawn
    drawn = with_flow(drawn, graph, sweep) if show.flow else drawn
    drawn = with_tangents(drawn, whole) if show.tangents else drawn
    drawn = nudged(drawn, whole, show.nudge) if show.nudge is not None else drawn
    drawn = with_timeline(drawn, graph, sweep.of) if is_time else drawn
    if show.trouble:
        drawn = marked(drawn, located(graph, trouble_of(whole, backward)))
    return marked(drawn, located(graph, checked(whole)), none=ALL_AGREE) if show.check else drawn


_MOST_MAPPED = 10**6
"""A map that reads more numbers than this is not applied to tell what it is."""


class _Focus(NamedTuple):
    """A part of the graph that the figure is about."""

    kind: Literal["step", "path"]
    paths: Paths


def _focus(
    graph: nx.MultiDiGraph[Any], step: str | Sequence[str] | None, path: Sequence[str] | None
) -> _Focus | None:
    if step is not None and path is not None:
        raise OptionError("a figure shows a step or a path, not both: leave out step= or path=")
    if step is None and path is None:
        return None
    focus = _Focus("step", step_paths(graph, step)) if step is not None else None
    focus = focus or _Focus("path", paths_through(graph, path or ()))
    path_keys = focus.paths.first if focus.kind == "step" else focus.paths.uses
    for use in uses_of(graph):
        if use.key in path_keys and use.is_bundle:
            key = use.head if "exports" in graph.nodes[use.head] else use.tail
            box = graph.graph["boxes"][str(graph.nodes[key]["exports"][0])]
            raise OptionError(
                f"the way from {focus.paths.by} to {focus.paths.of} passes the folded box {key}, "
                f"which hands on several values: add unfold={box.opened_by!r} to draw them"
            )
    return focus


class _Drawing:
    """The choices of one figure, and the boxes and arrows that follow from them."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        uses: Sequence[Use],
        boxes: Sequence[Box],
        show: Content,
        focus: _Focus | None,
        backward: Gradients,
    ) -> None:
        self.graph = graph
        self.uses = uses
        self.boxes = boxes
        self.show = show
        self.focus = focus
        self.outputs = backward.outputs
        self.target = backward.of
        self.grads = backward.by
        drawn = uses
        if focus is not None:
            self.target = str(focus.paths.of)
            self.grads = dict(focus.paths.gradients) if focus.kind == "step" else {}
            drawn = [use for use in uses if use.key in focus.paths.uses]
        if not show.gradients:
            self.grads = {}
        self.small = len(boxes) < SMALL
        self.fan: dict[Any, int] = dict.fromkeys(graph, 0)
        for use in drawn:
            self.fan[use.tail] += 1

    def nodes(self) -> tuple[Node, ...]:
        return tuple(self._node(box) for box in self.boxes)

    def _node(self, box: Box) -> Node:
        data = self.graph.nodes[box.key]
        key = str(box.key)
        emphasis = self._node_emphasis(box)
        value = data.get("value") if self.show.values else None
        numbers = {"value": value, "adjoint": self.grads.get(box.key)}
        if box.use is not None:
            return Node(box.id, key, "copy", (Definition(key),), emphasis=emphasis, **numbers)
        formula = data.get("formula")
        if formula is None and data.get("op") != "input":
            formula = right_side(data.get("label"))
        parts: list[Part] = [Definition(key, formula)]
        parts += rows(data, values=self.show.values, shapes=self.show.shapes)
        if "parts" in data:
            parts = [part for part in data["parts"] if self.show.values or not tells_value(part)]
        parts = [
            replace(part, arrays=self.show.arrays) if isinstance(part, Value) else part
            for part in parts
        ]
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
            **numbers,
        )

    def _node_emphasis(self, box: Box) -> Emphasis:
        focus = self.focus
        if focus is None:
            return "plain"
        if focus.kind == "step":
            ends = (focus.paths.by, *(head for _, head, _ in focus.paths.first))
            return "strong" if box.use is None and box.key in ends else "plain"
        on_path = (
            box.key in focus.paths.nodes if box.use is None else box.use.key in focus.paths.uses
        )
        return "strong" if on_path else "dim"

    def _gradient(self, node: Any) -> Partial | None:
        value = self.grads.get(node)
        if value is None:
            return None
        return Partial(self.target, str(node), value=value, total=True)

    def _tells_in_box(self, node: Any) -> bool:
        """A single use tells the whole gradient on its arrow; dJ/dJ = 1 needs no telling."""
        focus = self.focus
        if focus is not None:
            return self.fan[node] > 1
        if node in self.outputs and is_one(self.grads.get(node)):
            return False
        return not self.small or not self._is_used_once(node)

    def _is_used_once(self, node: Any) -> bool:
        """Whether all of its gradient comes back along one arrow: an output has some by itself."""
        return self.fan[node] == 1 and node not in self.outputs

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
        return self.focus is not None and self.focus.kind == "path"

    def _edge_emphasis(self, use: Use) -> Emphasis:
        focus = self.focus
        if focus is None:
            return "plain"
        if focus.kind == "step":
            return "strong" if use.key in focus.paths.first else "plain"
        return "strong" if use.key in focus.paths.uses else "dim"

    def _local(self, use: Use) -> Partial | None:
        focus, derivatives = self.focus, self.show.derivatives
        if derivatives == "none" or (focus is not None and use.key not in focus.paths.uses):
            return None
        formula = use.attributes.get("symbol") if derivatives != "number" else None
        value = use.attributes.get("local") if derivatives != "formula" else None
        if (formula is None and value is None) or "untold" in use.attributes:
            return None
        by = use.attributes.get("by", str(use.tail))
        x = self.graph.nodes[use.tail].get("value")
        is_label = has_modules(
            self.graph.graph.get("unfolded", self.graph)
        ) and not carries_gradient(x)
        if _is_large(value) or is_label:
            return None
        part = Partial(str(use.head), by, formula, value)
        if getattr(value, "structure", None) == "dense":
            out = np.size(self.graph.nodes[use.head].get("value"))
            part = replace(part, value=written_out(value, out), spare=True)
            if part.value is None and formula is None:
                return None
        return replace(part, short=not self.small and focus is None)

    def _backward(self, use: Use) -> Part | None:
        focus = self.focus
        if focus is not None and use.key not in focus.paths.uses:
            return None
        whole = self._gradient(use.tail)
        if whole is None or not (self.small or focus is not None):
            return None
        if self._is_used_once(use.tail):
            return whole
        upstream = self.grads.get(use.head)
        local = use.attributes.get("local")
        if upstream is None or _is_large(local):
            return None
        return Contribution(self.target, str(use.head), str(use.tail), upstream, local)


def _is_large(local: Any) -> bool:
    """Whether a person would wait for what the map is called, or comes to."""
    return isinstance(local, LinearMap) and local.entries > _MOST_MAPPED
