"""A quiz: the figure with numbers blanked to boxes, and its solution in the same layout.

In: a traced graph and what to ask for. Out: two Figures that differ in nothing but the boxes'
content.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from graphtrace.errors import OptionError
from graphtrace.figure.options import DEFAULT, Content
from graphtrace.figure.parts import (
    Blanked,
    Contribution,
    Definition,
    Edge,
    Figure,
    Node,
    Part,
    Partial,
    Value,
)
from graphtrace.figure.reading_order import find

if TYPE_CHECKING:
    import networkx as nx

Blank: TypeAlias = Literal["values", "gradients", "derivatives"]
BLANKS = ("values", "gradients", "derivatives")

AnyFigure = TypeVar("AnyFigure", bound=Figure)
_Place: TypeAlias = tuple[str, int]
"""The id of a box or an arrow, and which of its parts: -1 is a box's gradient."""


@dataclass(frozen=True)
class Quiz(Generic[AnyFigure]):
    """A figure to fill in, `question`, and the same filled in, `solution`.

    `answers` are what belongs into the boxes, as text, in the order of the figure.
    """

    question: AnyFigure
    solution: AnyFigure

    @property
    def answers(self) -> tuple[str, ...]:
        """What belongs into the boxes."""
        from graphtrace.lesson.written import part_text

        return tuple(part_text(part, self.solution) for part in self.asked)

    @property
    def asked(self) -> tuple[Part, ...]:
        """The parts that are in boxes."""
        return tuple(_parts_in_boxes(self.solution))


def _parts_in_boxes(drawn: Figure) -> Iterator[Part]:
    """The parts that are in boxes; a value with its name, since it does not say what it is of."""
    for node in drawn.nodes:
        for part in (*node.parts, node.gradient):
            if isinstance(part, Blanked):
                of = part.part
                yield Definition(node.key, None, of.value) if isinstance(of, Value) else of
    yield from (edge.part.part for edge in drawn.edges if isinstance(edge.part, Blanked))


def quiz(
    graph: nx.MultiDiGraph[Any],
    *blank: Blank,
    options: Content = DEFAULT,
    keys: Collection[str] | None = None,
    count: int | None = None,
    seed: int = 0,
) -> Quiz[Figure]:
    """A question and its solution; `Graph.quiz` says the rest.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a, b: 3 * (a + b), 5.0, 6.0)
    >>> quiz(g, "values", "derivatives", keys=["v1"]).answers
    ('v₁ = 11', '∂v₁/∂a = 1', '∂v₁/∂b = 1')
    """
    kinds = blank or ("gradients",)
    for name in kinds:
        if name not in BLANKS:
            raise OptionError(
                f"{name!r} cannot be asked for: use one of {', '.join(BLANKS)}", "quiz"
            )
    if options.step is not None or options.path is not None:
        raise OptionError("a quiz asks about the whole figure: leave out step= and path=", "quiz")
    if "gradients" in kinds and not any("grad" in data for _, data in graph.nodes(data=True)):
        raise OptionError("there are no gradients to ask for: call backward() before", "quiz")
    _check(keys, count, seed)
    from graphtrace.figure.build import figure  # not for those who never ask

    drawn = figure(graph, options)
    chosen = None if keys is None else {str(find(graph, key)) for key in keys}
    places = list(_places(drawn, kinds, chosen))
    if count is not None and count < len(places):
        picked = set(random.Random(seed).sample(range(len(places)), max(count, 0)))
        places = [place for i, place in enumerate(places) if i in picked]
    if not places:
        raise OptionError(
            f"the figure of {drawn.name} has no {' or '.join(kinds)} to ask for there: choose "
            f"others of {', '.join(BLANKS)}, or other keys",
            "quiz",
        )
    solution = _boxed(drawn, set(places), "filled")
    question = _boxed(drawn, set(places), "empty")
    return Quiz(replace(question, caption=(), room=(drawn.caption,)), solution)


def _check(keys: Any, count: Any, seed: Any) -> None:
    for name, number in (("count", 0 if count is None else count), ("seed", seed)):
        if type(number) is not int:
            raise OptionError(f"{name}={number!r} is no whole number: write it as {name}=3")
    if isinstance(keys, str) or not isinstance(keys, Collection | None):
        raise OptionError(f"keys={keys!r} are no nodes: write them in a list, as in keys=['u']")


def _places(drawn: Figure, kinds: Sequence[str], keys: Collection[str] | None) -> Iterator[_Place]:
    """Where there is a number to ask for; the inputs are given."""
    by_id = {node.id: node.key for node in drawn.nodes}
    for node in drawn.nodes:
        if keys is not None and node.key not in keys:
            continue
        for i, part in enumerate(node.parts):
            if "values" in kinds and isinstance(part, Value) and node.role != "input":
                yield node.id, i
        if "gradients" in kinds and isinstance(node.gradient, Partial):
            yield node.id, -1
    for edge in drawn.edges:
        back = edge.kind == "backward"
        asks = "gradients" in kinds if back else "derivatives" in kinds
        at = by_id[edge.tail] if back else by_id[edge.head]
        if asks and (keys is None or at in keys) and _has_number(edge.part):
            yield edge.id, 0


def _has_number(part: object) -> bool:
    return isinstance(part, Contribution) or (isinstance(part, Partial) and part.value is not None)


def _boxed(drawn: Figure, places: Collection[_Place], box: Literal["empty", "filled"]) -> Figure:
    def of_node(node: Node) -> Node:
        parts = tuple(
            Blanked(part, box) if (node.id, i) in places and isinstance(part, Value) else part
            for i, part in enumerate(node.parts)
        )
        gradient = node.gradient
        if (node.id, -1) in places and isinstance(gradient, Partial):
            gradient = Blanked(gradient, box)
        # Nor does the file tell what is asked.
        return replace(node, parts=parts, gradient=gradient, value=None, adjoint=None)

    def of_edge(edge: Edge) -> Edge:
        if (edge.id, 0) in places and isinstance(edge.part, Partial | Contribution):
            return replace(edge, part=Blanked(edge.part, box))
        return edge

    return replace(
        drawn,
        nodes=tuple(of_node(node) for node in drawn.nodes),
        edges=tuple(of_edge(edge) for edge in drawn.edges),
    )
