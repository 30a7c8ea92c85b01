"""Live: whether the page can compute a graph's numbers itself, and the program that does.

In: a graph and the recipes of the numbers that a page shows. Out: JavaScript with the recipes by
places in its lists, or the sentence that says why there is none. It is the one place that asks
`compile` for the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphtrace.player.slots import Recipe
from graphtrace.render.options import Options

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph

MOST_NODES = 1000
"""A page computes at once what is not larger."""


class Program(NamedTuple):
    """The program, as the text of a JavaScript function, and what each number is made of."""

    source: str
    recipes: tuple[Any, ...]
    ends: tuple[tuple[int, int], ...]
    """The tail and the head of each edge that a recipe goes through, by place."""


def live_program(
    graph: TracedGraph, target: str | None, recipes: Sequence[Recipe], options: Options
) -> Program | str:
    """The program of the graph, or why its numbers stay as they were traced."""
    return "The numbers stay as they were traced."
