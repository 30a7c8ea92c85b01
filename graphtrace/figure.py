"""Turn a Graph into a Figure: which boxes, which arrows, what is said in each.

In: a traced graph (a networkx.MultiDiGraph with the attributes of graphtrace.graph). Out: a
`Figure`, plain immutable data from which every picture starts. It knows nothing about colours,
fonts, text widths, DOT or SVG, and never computes a derivative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from graphtrace.errors import RenderError

if TYPE_CHECKING:
    import networkx as nx

SMALL = 15
"""From this many boxes on, a gradient is a row in its box and an edge's label is short."""

LIMIT = 2000
"""More boxes than this are not drawn."""

Role: TypeAlias = Literal["input", "operation", "output", "copy"]
Kind: TypeAlias = Literal["forward", "backward"]
Direction: TypeAlias = Literal["LR", "TB"]
Derivatives: TypeAlias = Literal["both", "number", "formula", "none"]


@dataclass(frozen=True, slots=True)
class Definition:
    """`u = b*c`; without a formula, the name alone."""

    name: str
    formula: object | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """The value that a node has."""

    value: object


@dataclass(frozen=True, slots=True)
class Partial:
    """∂of/∂by, as a formula, a value, or both; `short` leaves out what the arrow's ends tell."""

    of: str | None
    by: str
    formula: object | None = None
    value: object | None = None
    short: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of `by` adds to its gradient: ∂of/∂through · ∂through/∂by."""

    of: str | None
    through: str
    by: str
    upstream: object
    local: object


Part: TypeAlias = Definition | Value | Partial | Share


@dataclass(frozen=True, slots=True)
class Node:
    """A box; `gradient` is its red row, if the gradient is not told by an arrow."""

    id: str
    key: str
    role: Role
    parts: tuple[Part, ...]
    gradient: Partial | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, given by their ids.

    A backward one points to its tail and runs `beside` the forward arrow with that id.
    """

    id: str
    tail: str
    head: str
    kind: Kind
    part: Part | None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """All that a picture says.

    `names` gives the short form of a key where there is one: `W1` for `params['W1']`.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    names: Mapping[str, str]
    direction: Direction = "LR"


def figure(
    graph: nx.MultiDiGraph[Any],
    *,
    values: bool = True,
    gradients: bool = True,
    derivatives: Derivatives = "both",
    direction: Direction = "LR",
    limit: int = LIMIT,
) -> Figure:
    """What a lecturer would draw of the graph, as data.

    `values` shows the number under each formula, `gradients` what `backward` has left on the
    nodes, `derivatives` the local derivative on each edge as "number", "formula", "both" or
    "none". `direction` is "LR" (left to right) or "TB" (top to bottom).

    A use of an input far down the graph is drawn as a small copy of that input beside the use,
    since no lecturer draws an arrow across the whole board. Raises `RenderError` above `limit`
    boxes and for an option that does not exist.

    >>> import networkx as nx
    >>> g = nx.MultiDiGraph()
    >>> g.add_node("a", op="input", value=2.0, label="a")
    >>> [node.id for node in figure(g).nodes]
    ['node-a']
    """
    _choice("direction", direction, ("LR", "TB"))
    _choice("derivatives", derivatives, ("both", "number", "formula", "none"))
    uses = _uses(graph)
    boxes = _boxes(graph, uses, reach=3)
    if len(boxes) >= SMALL:
        boxes = _boxes(graph, uses, reach=2)
    if len(boxes) > limit:
        raise RenderError(
            f"the figure of {_title(graph)} would have {len(boxes)} boxes, more than the {limit} "
            "that are drawn: render a part of it, for example g.subgraph(...) of the nodes you "
            "want to see, or raise limit="
        )
    drawing = _Drawing(graph, uses, boxes, values, gradients, derivatives)
    return Figure(_title(graph), drawing.nodes(), drawing.edges(), short_names(graph), direction)


def short_names(keys: Iterable[object]) -> dict[str, str]:
    """The last string of each container key, where it stands for one key only.

    >>> short_names(["params['W1']", "params['b1']", "x"])
    {"params['W1']": 'W1', "params['b1']": 'b1'}
    """
    texts = [str(key) for key in keys]
    found = {key: match[1] for key in texts if (match := _LAST_STRING.search(key))}
    taken = [*found.values(), *texts]
    return {key: short for key, short in found.items() if taken.count(short) == 1}


_LAST_STRING = re.compile(r"""\[['"]([A-Za-z]\w*)['"]\]$""", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Use:
    """One operand of one node: an edge of the graph."""

    tail: Any
    head: Any
    position: Any
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Box:
    """A node to be drawn; `use` is set where it is a copy that stands beside one use."""

    key: Any
    id: str
    use: _Use | None = None


def _uses(graph: nx.MultiDiGraph[Any]) -> list[_Use]:
    """The edges by head, in operand order, so that the picture does not depend on history."""
    uses = []
    for head in _ordered(graph):
        into = graph.in_edges(head, keys=True, data=True)
        for tail, _, position, attributes in sorted(into, key=lambda e: (str(type(e[2])), e[2])):
            uses.append(_Use(tail, head, position, attributes))
    return uses


def _ordered(graph: nx.MultiDiGraph[Any]) -> list[Any]:
    """The nodes in evaluation order, which a subgraph may have lost; else by name."""
    nodes = list(graph)
    if all("index" in data for _, data in graph.nodes(data=True)):
        nodes.sort(key=lambda node: int(graph.nodes[node]["index"]))
    place = {node: i for i, node in enumerate(nodes)}
    if all(place[tail] < place[head] for tail, head in graph.edges()):
        return nodes
    import networkx as nx

    try:
        return list(nx.lexicographical_topological_sort(graph, key=str))
    except nx.NetworkXUnfeasible:
        raise RenderError(
            f"the graph of {_title(graph)} has a cycle, so it is not a computation: remove the "
            "edge that closes it before drawing"
        ) from None


def _ranks(nodes: Sequence[Any], uses: Sequence[_Use]) -> dict[Any, int]:
    """The column each node will stand in: operands to the left, inputs next to their first use."""
    rank = dict.fromkeys(nodes, 0)
    inner = {use.head for use in uses}
    for use in uses:
        rank[use.head] = max(rank[use.head], rank[use.tail] + 1)
    first: dict[Any, int] = {}
    for use in uses:
        first[use.tail] = min(first.get(use.tail, rank[use.head]), rank[use.head])
    for node, use_rank in first.items():
        if node not in inner:
            rank[node] = use_rank - 1
    return rank


def _boxes(graph: nx.MultiDiGraph[Any], uses: Sequence[_Use], reach: int) -> list[_Box]:
    """A box for each node, and before each far-off use of a node a copy of it.

    Layout time grows with the length of edges, not with nodes, so results too are copied where
    an edge would run across many columns.
    """
    nodes = _ordered(graph)
    rank = _ranks(nodes, uses)
    inner = {use.head for use in uses}
    far: dict[Any, list[_Use]] = {}
    for use in uses:
        if rank[use.head] - rank[use.tail] > (8 if use.tail in inner else reach):
            far.setdefault(use.head, []).append(use)
    ids = _Ids()
    own = {node: ids.new("node", node) for node in nodes}
    boxes = []
    for node in nodes:
        boxes += [_Box(u.tail, ids.new("node", u.tail, "copy"), u) for u in far.get(node, ())]
        boxes.append(_Box(node, own[node]))
    return boxes


class _Ids:
    """Ids that can stand in HTML, CSS and URLs, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, *parts: object) -> str:
        slug = "-".join(_NOT_IN_ID.sub("-", str(part)).strip("-") or "x" for part in parts)
        found, n = slug, 1
        while found in self._given:
            n += 1
            found = f"{slug}-{n}"
        self._given.add(found)
        return found


_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_]+")


class _Drawing:
    """The choices of one figure, and the boxes and arrows that follow from them."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        uses: Sequence[_Use],
        boxes: Sequence[_Box],
        values: bool,
        gradients: bool,
        derivatives: Derivatives,
    ) -> None:
        self.graph = graph
        self.uses = uses
        self.boxes = boxes
        self.values = values
        self.gradients = gradients and any("grad" in data for _, data in graph.nodes(data=True))
        self.derivatives = derivatives
        self.small = len(boxes) < SMALL
        self.outputs = _outputs(graph)
        self.target = _target(graph, self.outputs)
        self.fan: dict[Any, int] = dict.fromkeys(graph, 0)
        for use in uses:
            self.fan[use.tail] += 1

    def nodes(self) -> tuple[Node, ...]:
        return tuple(self._node(box) for box in self.boxes)

    def _node(self, box: _Box) -> Node:
        data = self.graph.nodes[box.key]
        key = str(box.key)
        if box.use is not None:
            return Node(box.id, key, "copy", (Definition(key),))
        formula = data.get("formula")
        if formula is None and data.get("op") != "input":
            formula = _right_side(data.get("label"))
        parts: list[Part] = [Definition(key, formula)]
        if self.values and data.get("value") is not None:
            parts.append(Value(data["value"]))
        role: Role = "operation"
        if data.get("op") == "input":
            role = "input"
        elif box.key in self.outputs:
            role = "output"
        gradient = self._gradient(box.key) if self._tells_in_box(box.key) else None
        return Node(box.id, key, role, tuple(parts), gradient, data.get("source"))

    def _gradient(self, node: Any) -> Partial | None:
        value = self.graph.nodes[node].get("grad")
        if value is None or not self.gradients:
            return None
        return Partial(self.target, str(node), value=value)

    def _tells_in_box(self, node: Any) -> bool:
        """A single use tells the whole gradient on its arrow; dJ/dJ = 1 needs no telling."""
        if self.fan[node] == 0 and node in self.outputs:
            return not _is_one(self.graph.nodes[node].get("grad"))
        return not self.small or self.fan[node] != 1

    def edges(self) -> tuple[Edge, ...]:
        own = {box.key: box.id for box in self.boxes if box.use is None}
        copies = {id(box.use): box.id for box in self.boxes if box.use is not None}
        ids = _Ids()
        edges = []
        for use in self.uses:
            tail, head = copies.get(id(use), own[use.tail]), own[use.head]
            name = ids.new("edge", use.tail, use.head, use.position)
            edges.append(Edge(name, tail, head, "forward", self._local(use)))
            back = self._backward(use)
            if back is not None:
                own_id = ids.new("gradient", use.tail, use.head, use.position)
                edges.append(Edge(own_id, tail, head, "backward", back, beside=name))
        return tuple(edges)

    def _local(self, use: _Use) -> Partial | None:
        if self.derivatives == "none":
            return None
        formula = use.attributes.get("symbol") if self.derivatives != "number" else None
        value = use.attributes.get("local") if self.derivatives != "formula" else None
        if formula is None and value is None:
            return None
        return Partial(str(use.head), str(use.tail), formula, value, short=not self.small)

    def _backward(self, use: _Use) -> Part | None:
        whole = self._gradient(use.tail)
        if whole is None or not self.small:
            return None
        if self.fan[use.tail] == 1:
            return whole
        upstream = self.graph.nodes[use.head].get("grad")
        if upstream is None:
            return None
        local = use.attributes.get("local")
        return Share(self.target, str(use.head), str(use.tail), upstream, local)


def _choice(name: str, value: object, valid: Sequence[str]) -> None:
    if value not in valid:
        raise RenderError(f"{name}={value!r} is not a choice: use one of {', '.join(valid)}")


def _title(graph: nx.MultiDiGraph[Any]) -> str:
    return str(getattr(graph, "name", "") or "graph")


def _outputs(graph: nx.MultiDiGraph[Any]) -> list[Any]:
    given = getattr(graph, "outputs", None)
    if given is not None:
        return [node for node in given if node in graph]
    return [node for node in graph if graph.out_degree(node) == 0]


def _target(graph: nx.MultiDiGraph[Any], outputs: Sequence[Any]) -> str | None:
    """The J of ∂J/∂a, where the graph tells which output the gradients are of."""
    if len(outputs) == 1:
        return str(outputs[0])
    sinks = [node for node in outputs if _is_one(graph.nodes[node].get("grad"))]
    return str(sinks[0]) if len(sinks) == 1 else None


def _is_one(value: object) -> bool:
    return isinstance(value, (int, float)) and value == 1


def _right_side(label: object) -> str | None:
    """`b*c` of `u = b*c`, for a graph whose nodes carry only the text."""
    if not isinstance(label, str):
        return None
    _, equals, right = label.partition(" = ")
    return right if equals else None
