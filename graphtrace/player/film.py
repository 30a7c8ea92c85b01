"""The film: the graph with live numbers, its steps, and what is said at each of them.

In: a folded graph. Out: a Figure whose numbers are `Live`, and for each step its caption, which is
a template. Knows no HTML and no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graphtrace.figure.chain import gradients_of, paths_through
from graphtrace.figure.frames import Step, series, target_of_series
from graphtrace.figure.parts import Chain, Definition, Figure, Part, Value
from graphtrace.formula.runs import Run, Runs
from graphtrace.formula.term import Term
from graphtrace.player.slots import Live, Printer, Slots, joined_sides
from graphtrace.render.options import Options
from graphtrace.render.typeset.wording import Side

if TYPE_CHECKING:
    import networkx as nx

Sides = list[Side[Runs]]


@dataclass(frozen=True)
class Film:
    """What the page is made of: the figure, its steps, and what is said of a node by itself."""

    figure: Figure
    steps: tuple[Step, ...]
    target: str | None
    printer: Printer
    terms: Mapping[str, Term]
    """What stands for the value of each node in a formula with its numbers put in."""
    graph: nx.MultiDiGraph[Any]
    gradients: Mapping[Any, Any]

    def caption(self, step: Step) -> Sides:
        """What is said at a step; of the inputs, each with its value."""
        if step.sweep == "inputs":
            return self._inputs(step)
        (part,) = step.parts
        if isinstance(part, Definition):
            return self.printer.with_numbers(part, dict(self.terms))
        return self.printer.sides(self._valued(part))

    def _inputs(self, step: Step) -> Sides:
        sides: Sides = []
        nodes = [node for node in self.graph if str(node) in step.values]
        for node in nodes[:_MOST_INPUTS]:
            definition = Definition(str(node), None, self.graph.nodes[node].get("value"))
            markup = joined_sides(self.printer.sides(definition))
            sides.append(Side(", " if sides else "", markup))
        if len(nodes) > _MOST_INPUTS:
            sides.append(Side(", ", (Run(f"… ({len(nodes)} inputs)"),)))
        return sides

    def _valued(self, chain: Chain) -> Chain:
        """The chain, which comes to the gradient that the page knows."""
        gradient = self.gradients.get(chain.by)
        return replace(chain, value=gradient) if chain.value is not None else chain

    def path(self, node: str) -> tuple[Sides, set[tuple[str, ...]]]:
        """The product along the paths from a node to the output, and the edges on them."""
        if self.target in (None, node) or not any(node in step.grads for step in self.steps):
            return [], set()
        paths = paths_through(self.graph, (node, self.target), gradients=self.gradients)
        return self.printer.sides(self._valued(paths.chain)), {
            tuple(map(str, use)) for use in paths.uses
        }


_MOST_INPUTS = 12


def film_of(graph: nx.MultiDiGraph[Any], options: Options, of: str | None, slots: Slots) -> Film:
    """The film of a graph that is folded already.

    Raises `OptionError` if `of` is no output.
    """
    target = target_of_series(graph, of)
    gradients = {
        node: _live(gradient, ("g", node))
        for node, gradient in (gradients_of(graph, target) if target is not None else {}).items()
    }
    live = _with_live_numbers(graph)
    figure, steps = series(live, options, target, gradients)
    whole = graph.graph.get("unfolded", graph)
    values = ((str(node), data.get("value")) for node, data in whole.nodes(data=True))
    terms = {
        key: Term(atom=_live(value, ("v", key)))
        for key, value in values
        if isinstance(_live(value, ("v", key)), Live)
    }
    printer = Printer(figure.names, slots)
    of_key = None if target is None else str(target)
    return Film(replace(figure, caption=()), tuple(steps), of_key, printer, terms, live, gradients)


def _live(x: Any, recipe: tuple[Any, ...]) -> Any:
    """A real number or a truth value as one that the page knows; anything else as it is."""
    if not isinstance(x, (int, float, np.integer, np.floating, np.bool_)):
        return x
    try:
        return Live(x, recipe)
    except OverflowError:  # an int that no float holds
        return x


def _with_live_numbers(graph: nx.MultiDiGraph[Any]) -> nx.MultiDiGraph[Any]:
    """A copy whose values and derivatives know where they come from."""
    live = graph.copy()
    live.graph["unfolded"] = graph.graph.get("unfolded", graph)
    for node, data in live.nodes(data=True):
        data["value"] = _live(data.get("value"), ("v", node))
        if "parts" in data:
            data["parts"] = tuple(_live_part(part, node, graph) for part in data["parts"])
    boxes = graph.graph.get("boxes", {})
    for tail, head, position, data in live.edges(keys=True, data=True):
        box = boxes.get(str(head))
        recipe: tuple[Any, ...] = ("l", head, position)
        if box is not None:
            recipe = ("t", data.get("by", str(tail)), head, tuple(_inside(graph, box.inner)))
        data["local"] = _live(data.get("local"), recipe)
    return live


def _live_part(part: Part, box: Any, graph: nx.MultiDiGraph[Any]) -> Part:
    """A part of a folded box; what a loop begins with is a constant."""
    if isinstance(part, Value):
        return replace(part, value=_live(part.value, ("v", box)))
    if not isinstance(part, Definition) or part.name not in graph.nodes[box].get("exports", ()):
        return part
    is_its_value = part.value is graph.graph["unfolded"].nodes[part.name].get("value")
    return replace(part, value=_live(part.value, ("v", part.name))) if is_its_value else part


def _inside(graph: nx.MultiDiGraph[Any], inner: Any) -> Iterator[tuple[Any, Any]]:
    """The heads and positions of the edges into the nodes of a box, from its end."""
    whole = graph.graph["unfolded"]
    for node in reversed(inner):
        for use in sorted(k for _, _, k in whole.in_edges(node, keys=True)):
            yield node, use
