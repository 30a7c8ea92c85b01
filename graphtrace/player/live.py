"""Live: whether the page can compute a graph's numbers itself, and the program that does.

In: a graph and the recipes of the numbers that a page shows. Out: JavaScript with the recipes by
places in its lists, or the sentence that says why there is none. It is the one place that asks
`compile` for the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphtrace.compile.javascript import javascript
from graphtrace.player.slots import Recipe
from graphtrace.render.options import Options

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph

MOST_NODES = 1000
"""A page computes at once what is not larger."""

_OF_THESE_NUMBERS = ("flow", "nudge", "tangents", "trouble", "check")
"""Options that show what holds at the traced inputs alone."""


class Program(NamedTuple):
    """The program, as the text of a JavaScript function, and what each number is made of."""

    source: str
    recipes: tuple[Any, ...]
    ends: tuple[tuple[int, int], ...]
    """The tail and the head of each edge, where a recipe goes through several of them."""


def live_program(
    graph: TracedGraph, target: str | None, recipes: Sequence[Recipe], show: Options
) -> Program | str:
    """The program of the graph, or the sentence that says why its inputs are fixed."""
    for name in _OF_THESE_NUMBERS:
        if getattr(show, name):
            return f"The inputs are fixed: {name}= shows what holds at these numbers."
    if not graph.inputs:
        return "There is no input to change."
    if len(graph) > MOST_NODES:
        return (
            f"The inputs are fixed: {len(graph):,} values are too many for a page to compute them "
            "anew at each change."
        )
    program = javascript(graph, output=target)
    if isinstance(program, str):
        return f"The inputs are fixed: {program}."
    node = {key: i for i, key in enumerate(program.nodes)}
    edge = {(head, position): i for i, (_, head, position) in enumerate(program.edges)}

    def placed(recipe: Recipe) -> list[Any]:
        kind, *rest = recipe
        if kind == "p":
            return [kind, *map(placed, rest)]
        if kind == "l":
            return [kind, edge[rest[0], rest[1]]]
        if kind == "t":
            tail, head, through = rest
            return [kind, node[tail], node[head], [edge[use] for use in through]]
        return [kind, node[rest[0]]]

    try:
        made = tuple(placed(recipe) for recipe in recipes)
    except KeyError as error:
        return f"The inputs are fixed: {error} is not among what a page can compute."
    ends = tuple((node[tail], node[head]) for tail, head, _ in program.edges)
    is_through = any("t" in recipe for recipe in recipes)
    return Program(program.source, made, ends if is_through else ())
