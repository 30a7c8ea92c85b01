"""Slides: the steps of a player without a player, one picture for a deck of reveal.js.

In: a traced graph and options. Out: `Slides`, an SVG whose parts are fragments. What appears when
is `figure.timeline`'s, the picture is the one that `render` draws.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from graphtrace.errors import OptionError
from graphtrace.render.formats import output, svg
from graphtrace.render.formats.registry import format_of
from graphtrace.render.rendering import Rendering

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph


@dataclass(frozen=True, repr=False)
class Slides:
    """A figure whose parts appear step by step in a deck of reveal.js, and at once elsewhere.

    reveal.js knows the fragments of what stands in the page: paste `svg` into a slide, or include
    the file (`{{< include J.svg >}}` in Quarto); behind an <img> it is the whole figure.
    """

    name: str
    svg: str
    steps: int

    def __repr__(self) -> str:
        return f"<Slides of {self.name}: {self.steps} steps>"

    def save(self, path: str | os.PathLike[str] | IO[Any]) -> None:
        """Write the SVG to a path that ends in .svg, or into an open file.

        Raises `RenderError` for a path that cannot be written to, or that is no SVG.
        """
        if isinstance(path, (str, os.PathLike)) and format_of(path) != "svg":
            raise OptionError(f"{path} is no SVG, and slides are one: name a file like J.svg")
        output.write(path, self.svg.encode("utf-8"))

    def _repr_html_(self) -> str:
        return self.svg


def slides(graph: TracedGraph, options: Mapping[str, Any], of: str | None = None) -> Slides:
    """The slides of a graph; `Graph.play` says the rest.

    >>> import graphtrace as gt
    >>> slides(gt.trace(lambda a, b: a * b + a, 2.0, 3.0), {})
    <Slides of f: 7 steps>
    """
    rendering = Rendering(graph, {**options, "overlays": True}, "svg")
    setting, steps = rendering.stepped(of)
    show = rendering.options
    drawn = svg.draw(*setting, show.id_prefix, show.alt, steps=steps)
    return Slides(setting.figure.name, drawn, len(steps.captions))
