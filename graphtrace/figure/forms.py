"""Tell a figure in another form: its values on the wires, or all of a node in one record.

In: a Figure of boxes. Out: a Figure that says the same in other places. It knows nothing about
the graph that the figure came from, so that a step, a path or a frame can be told in any form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphtrace.figure.chain import contribution_value
from graphtrace.figure.parts import (
    Blanked,
    Contribution,
    Definition,
    Edge,
    Figure,
    Form,
    Kind,
    Node,
    Part,
    Partial,
    Shape,
    Sign,
    Sweep,
    Value,
)
from graphtrace.formula.printer import is_call, text_of
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term


def in_form(figure: Figure, form: Form) -> Figure:
    """The figure in that form.

    >>> from graphtrace.formula.naming import Naming
    >>> figure = Figure("f", (Node("node-a", "a", "input", (Definition("a"),)),), (), Naming())
    >>> in_form(figure, "wires").form
    'wires'
    """
    if form == "wires" and figure.form != "wires":
        return _wires(figure)
    if form == "records" and figure.form != "records":
        return _records(figure)
    return figure


def with_gradients_in_boxes(figure: Figure) -> Figure | None:
    """The figure without arrows back; None where they are what it is about, or there are none.

    One of a series is as all of it: what its arrows do not tell yet, its boxes do not either.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a: 3 * a, 2.0)
    >>> _ = g.backward()
    >>> one = with_gradients_in_boxes(g.figure())
    >>> [(node.key, node.gradient.value) for node in one.nodes if node.gradient], len(one.edges)
    ([('a', 3.0)], 1)
    """
    back = [edge for edge in figure.edges if edge.kind == "backward"]
    is_about = not figure.room and any(edge.emphasis != "plain" for edge in back)
    if figure.form != "boxes" or not back or is_about:
        return None
    gradients = _gradients(figure)
    nodes = (replace(n, gradient=n.gradient or gradients.get(n.id)) for n in figure.nodes)
    edges = (edge for edge in figure.edges if edge.kind == "forward")
    return replace(figure, nodes=tuple(nodes), edges=tuple(edges))


def with_input_gradients_in_boxes(figure: Figure) -> Figure:
    """The figure with the gradient of each input in its box by name, and a number on its arrow.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a: 3 * a, 2.0)
    >>> _ = g.backward()
    >>> one = with_input_gradients_in_boxes(g.figure())
    >>> one.nodes[0].gradient.value, one.edges[1].part.short
    (3.0, True)
    """
    gradients = _gradients(figure)
    inputs = {n.id for n in figure.nodes if n.role == "input" and n.gradient is None}
    nodes = (
        replace(n, gradient=gradients.get(n.id)) if n.id in inputs else n for n in figure.nodes
    )

    def numbered(edge: Edge) -> Edge:
        if edge.tail not in inputs:
            return edge
        return with_part(edge, "backward", lambda part: replace(part, short=True))

    edges = map(numbered, figure.edges)
    return replace(figure, nodes=tuple(nodes), edges=tuple(edges))


def with_short_gradients(figure: Figure) -> Figure:
    """The figure with the gradients in its boxes without the names that these already have."""

    def short(part: Partial) -> Partial:
        return replace(part, short=True)

    nodes = (
        replace(node, gradient=_changed(node.gradient, short)) if node.gradient else node
        for node in figure.nodes
    )
    return replace(figure, nodes=tuple(nodes))


def with_part(edge: Edge, kind: Kind, change: Callable[[Partial], Partial]) -> Edge:
    """The arrow with another derivative, whether it is shown already or has only its room."""
    if edge.kind != kind or not isinstance(edge.part, Partial | Blanked):
        return edge
    return replace(edge, part=_changed(edge.part, change))


def _changed(part: Partial | Blanked, change: Callable[[Partial], Partial]) -> Partial | Blanked:
    if isinstance(part, Partial):
        return change(part)
    inner = part.part
    return replace(part, part=change(inner)) if isinstance(inner, Partial) else part


def with_derivatives_in_boxes(figure: Figure) -> Figure | None:
    """The figure with each local derivative in the box that it is of, and arrows that only point.

    None where the arrows are what it is about, where there are no derivatives, or where one name
    would stand for those of two arrows.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a: 3 * a, 2.0)
    >>> one = with_derivatives_in_boxes(g.figure())
    >>> one.nodes[1].parts[-1].value, one.edges[0].part
    (3.0, None)
    """
    is_about = not figure.room and any(edge.emphasis != "plain" for edge in figure.edges)
    if figure.form != "boxes" or is_about:
        return None
    by_head: dict[str, dict[str, Part]] = {}
    edges: list[Edge] = []
    for edge in figure.edges:
        inner = edge.part.part if isinstance(edge.part, Blanked) else edge.part
        if edge.kind != "forward" or not isinstance(inner, Partial):
            edges.append(edge)
            continue
        named = replace(inner, short=False)
        is_shown = edge.part is inner and edge.emphasis != "hidden"
        own = by_head.setdefault(edge.head, {})
        if inner.by in own:
            return None
        box = edge.part.box if isinstance(edge.part, Blanked) else ""
        own[inner.by] = named if is_shown else Blanked(named, box)
        edges.append(replace(edge, part=None))
    nodes = (replace(n, parts=(*n.parts, *by_head.get(n.id, {}).values())) for n in figure.nodes)
    return replace(figure, nodes=tuple(nodes), edges=tuple(edges)) if by_head else None


def _gradients(figure: Figure) -> dict[str, Partial | Blanked]:
    """What the arrows back tell of the gradients of whole nodes, by the nodes' ids."""
    gradients: dict[str, Partial | Blanked] = {}
    for edge in figure.edges:
        if edge.kind != "backward":
            continue
        match edge.part:
            case Partial() as part:
                is_shown = edge.emphasis != "hidden"
                gradients[edge.tail] = part if is_shown else Blanked(part)
            case Blanked(part=Partial()) as part:
                gradients[edge.tail] = part
    return gradients


def _records(figure: Figure) -> Figure:
    """Every gradient in its box, and arrows that only point."""
    gradients = _gradients(figure)
    has_gradients = any(e.kind == "backward" and e.part is not None for e in figure.edges)
    has_gradients = has_gradients or any(node.gradient for node in figure.nodes)
    nodes = []
    for node in figure.nodes:
        gradient = node.gradient
        if gradient is None and node.role not in ("copy", "constant"):
            gradient = gradients.get(node.id)
            if gradient is None and has_gradients and node.role == "output":
                gradient = Partial(node.key, node.key, value=1.0, total=True)
        nodes.append(replace(node, gradient=gradient))
    edges = tuple(edge for edge in figure.edges if edge.kind == "forward")
    return replace(figure, nodes=tuple(nodes), edges=edges, form="records")


def _wires(figure: Figure) -> Figure:
    """Operations as signs; above each wire the value that it carries, below it the gradient."""
    values = {node.id: _value(node) for node in figure.nodes}
    leaves = ("copy", "constant")
    by_key = {node.key: values[node.id] for node in figure.nodes if node.role not in leaves}
    tangents = {node.key: tangent for node in figure.nodes if (tangent := _tangent(node))}
    keys = {node.id: node.key for node in figure.nodes}
    emphasis = {node.id: node.emphasis for node in figure.nodes}
    back = {edge.beside: edge for edge in figure.edges if edge.kind == "backward"}
    edges: list[Edge] = []
    for edge in figure.edges:
        if edge.kind == "backward":
            continue
        part = values[edge.tail] or by_key.get(keys[edge.tail])
        reached = edge.emphasis == "dim" and emphasis[edge.tail] in ("plain", "bold")
        edges.append(replace(edge, part=part, emphasis="plain" if reached else edge.emphasis))
        if edge.id in back:
            edges.append(replace(back[edge.id], part=_result(back[edge.id].part)))
        elif (tangent := tangents.get(keys[edge.tail])) is not None:
            edges.append(_below(edge, tangent))
        elif edge.emphasis == "strong" and isinstance(edge.part, Partial):  # a path's factor
            factor = replace(edge.part, short=True)
            name = f"{edge.id}-factor"
            edges.append(replace(edge, id=name, kind="backward", part=factor, beside=edge.id))
    operands: dict[str, set[str]] = {}
    for edge in figure.edges:
        operands.setdefault(edge.head, set()).add(keys[edge.tail])
    nodes = []
    for node in figure.nodes:
        nodes.append(_sign(node, operands.get(node.id, set())))
        if node.role == "output":
            end, wires = _end(node, values[node.id], any(back.values()))
            nodes.append(end)
            edges += wires
    return replace(figure, nodes=tuple(nodes), edges=tuple(edges), form="wires")


def _value(node: Node) -> Value | Shape | Blanked | None:
    if node.role == "constant" and isinstance(node.parts[0], Value):
        return None  # it is all that the leaf says
    for part in node.parts:
        inner = part.part if isinstance(part, Blanked) else part
        if isinstance(part, Value | Shape | Blanked) and isinstance(inner, Value | Shape):
            return part
    return None


def _tangent(node: Node) -> Sweep | None:
    """The tangent that a box tells."""
    for part in node.parts:
        if isinstance(part, Partial) and part.total:
            return Sweep("tangent", node.key, value=part.value)
        if isinstance(part, Sweep):
            return part
    return None


def _below(edge: Edge, tangent: Sweep) -> Edge:
    """What stands below a wire that carries a value."""
    name = f"{edge.id}-tangent"
    return replace(edge, id=name, kind="backward", part=tangent, beside=edge.id)


def _result(part: Part | None) -> Part | None:
    """Of a derivative on a wire only the number."""
    if isinstance(part, Blanked):
        inner = _result(part.part)
        return replace(part, part=inner) if isinstance(inner, Partial | Value) else part
    if isinstance(part, Partial):
        return replace(part, short=True, formula=None)
    if isinstance(part, Contribution):
        added = contribution_value(part)
        if added is not None:
            return Partial(part.of, part.by, value=added, short=True)
    return part


def _end(
    node: Node, value: Value | Shape | Blanked | None, gradients: bool
) -> tuple[Node, list[Edge]]:
    """The name at the end of the last wire."""
    end = Node(f"{node.id}-end", node.key, "end", (Definition(node.key),), emphasis=node.emphasis)
    name = f"{node.id}-wire"
    if node.emphasis == "bold":
        end = replace(end, emphasis="plain")
    wires = [Edge(name, node.id, end.id, "forward", value, emphasis=end.emphasis)]
    gradient: Part | None = node.gradient
    if gradient is None and gradients:
        gradient = Partial(node.key, node.key, value=1.0, short=True, total=True)
    if gradient is not None:
        wires.append(Edge(f"{name}-back", node.id, end.id, "backward", _result(gradient), name))
    elif (tangent := _tangent(node)) is not None:
        wires.append(_below(wires[0], tangent))
    return end, wires


_SIGNS = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "matmul": "·"}


def _sign(node: Node, operands: set[str]) -> Node:
    if node.role == "test":
        return node
    if node.role in ("input", "copy", "constant"):
        return replace(node, parts=node.parts[:1], gradient=None)
    definition = node.parts[0]
    formula = definition.formula if isinstance(definition, Definition) else None
    sign: str | Term = _SIGNS.get(node.op or "", (node.op or "").removeprefix("np."))
    if len(operands) == 1 and isinstance(formula, Symbol):
        term = _with_x(formula.term, min(operands))
        if not is_call(term) and len(text_of(term)) <= _LONGEST_SIGN:
            sign = term
    return replace(node, parts=(Sign(sign),), gradient=None)


_LONGEST_SIGN = 12


def _with_x(term: Term, operand: str) -> Term:
    """`1/v5` as 1/x: what is done, whatever it is done to."""
    if isinstance(term.atom, Name) and term.atom.key == operand:
        return Term(atom=replace(term.atom, key="x"))
    return replace(term, operands=tuple(_with_x(each, operand) for each in term.operands))
