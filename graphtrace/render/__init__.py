"""Draw a traced graph: as the text of an SVG and of other formats, or as a file of any.

In: a Graph or a Figure, and options. Out: text, or a file that appears whole or not at all. The way
through: Graph -> figure.Figure (what to say) -> typeset (measured text) -> layout (where) ->
formats. Knows nothing of tracing. For other rooms: the names below.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Unpack, cast

from graphtrace.core.waiting import progress
from graphtrace.errors import clean
from graphtrace.render.formats.registry import FORMATS, SUFFIXES, Format, format_of, unknown
from graphtrace.render.options import Choices, Options, chosen
from graphtrace.render.paint.theme import LECTURE, Palette, Theme
from graphtrace.render.paint.themes import THEMES

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.figure.parts import Figure


def content(
    graph: nx.MultiDiGraph[Any] | Figure, format: Format, **options: Unpack[Choices]
) -> str | bytes:
    """The graph, or a figure of it, in a format; the options are those of `Options`.

    Raises `RenderError` for an option or a format that there is not, if the figure is too large or
    the engine is missing, fails or takes too long.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda x, y: x * y, 2.0, 5.0)
    >>> print(content(g, "text"), end="")
    f(x, y)
    <BLANKLINE>
      x      = 2
      y      = 5
      f = xy = 10  ∂f/∂x = y = 5   ∂f/∂y = x = 2
    """
    if format not in FORMATS:
        raise unknown(format)
    from graphtrace.render.rendering import Rendering

    module = import_module(f"graphtrace.render.formats.{FORMATS[format].module}")
    rendering = Rendering(graph, options, format)
    with progress(lambda: f"drawing {_named(graph)}"):
        written: str | bytes = module.write(rendering)
    return written


def _named(graph: nx.MultiDiGraph[Any] | Figure) -> str:
    count = len(graph.nodes)
    return f"{clean(str(graph.name))}, {count:,} {'node' if count == 1 else 'nodes'}"


def render(
    graph: nx.MultiDiGraph[Any] | Figure,
    target: str | os.PathLike[str] | IO[Any],
    *,
    format: Format | None = None,
    **options: Unpack[Choices],
) -> None:
    """Write the graph, or a figure of it, to a path or a stream.

    The format follows the suffix (.svg on a stream). Raises `RenderError` as `content` does, and
    for a path that cannot be written to. A file appears whole or not at all.
    """
    from graphtrace.render.formats import output

    made = content(graph, format_of(target) if format is None else format, **options)
    output.write(target, made.encode("utf-8") if isinstance(made, str) else made)


def settled(
    graph: nx.MultiDiGraph[Any], options: Mapping[str, Any], *, series: bool = False
) -> Options:
    """The options with the detail in which the graph can be read on the page.

    What is told step by step, in a `series`, is drawn as time only where that is asked for: whether
    its gradients fit is known when they come.
    """
    from graphtrace.render.rendering import Rendering

    if series and chosen(options).layout == "auto":
        options = {**options, "layout": "layered"}
    return Rendering(graph, options, "svg").settled


def to_svg(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph, or a figure of it, as the text of an SVG file."""
    return cast(str, content(graph, "svg", **options))


def to_html(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph as one HTML page that needs no other file: the SVG, with zoom and pan."""
    return cast(str, content(graph, "html", **options))


def to_tikz(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph as a `tikzpicture`, for a LaTeX document that loads tikz and amsmath."""
    return cast(str, content(graph, "tikz", **options))


def to_dot(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph as DOT with its text in it, for your own `dot` or to read."""
    return cast(str, content(graph, "dot", **options))


def to_mermaid(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph as a Mermaid flowchart, for a README or a wiki that draws one."""
    return cast(str, content(graph, "mermaid", **options))


def to_text(graph: nx.MultiDiGraph[Any] | Figure, **options: Unpack[Choices]) -> str:
    """The graph as plain text: a line for each step, with its value, gradient and derivatives."""
    return cast(str, content(graph, "text", **options))


__all__ = [
    "LECTURE",
    "SUFFIXES",
    "THEMES",
    "Format",
    "Palette",
    "Theme",
    "content",
    "render",
    "settled",
    "to_dot",
    "to_html",
    "to_mermaid",
    "to_svg",
    "to_text",
    "to_tikz",
]
