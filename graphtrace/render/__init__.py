"""Draw a traced graph: as DOT text, as SVG text, as a file.

In: a Graph and options. Out: text, or a file that appears whole or not at all. The way through:
Graph -> figure.Figure (what to say) -> label.Sheet (measured text) -> dot -> engine ->
layout.Layout (where) -> svg. A new output starts from the same Figure, Sheet and Layout.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from graphtrace.errors import RenderError
from graphtrace.figure import Derivatives, Direction, Figure, figure, in_form
from graphtrace.render.theme import LECTURE, THEMES, Palette, Theme, find

if TYPE_CHECKING:
    import networkx as nx

Format = Literal["svg", "dot", "pdf", "png"]

SUFFIXES: dict[str, Format] = {
    ".svg": "svg",
    ".dot": "dot",
    ".gv": "dot",
    ".pdf": "pdf",
    ".png": "png",
}


MOST_MATH = 100
"""In a figure with more boxes than this, formulas are set as text."""


class Detail(TypedDict, total=False):
    """What a figure shows; see `graphtrace.figure.figure`."""

    values: bool
    gradients: bool
    derivatives: Derivatives
    direction: Direction
    limit: int
    step: str | Sequence[str] | None
    path: Sequence[str] | None
    trouble: bool


def to_dot(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    **detail: Unpack[Detail],
) -> str:
    """The graph as DOT with its text in it, for your own `dot` or to read.

    The options are those of `graphtrace.figure.figure`, and a theme.
    """
    from graphtrace.render import dot, label

    style = find(theme)
    drawn = _drawn(graph, style, detail)
    return dot.readable_dot(drawn, label.typeset(drawn, style), style)


def to_svg(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    math: bool = False,
    engine: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    id_prefix: str | None = None,
    **detail: Unpack[Detail],
) -> str:
    """The graph, or a figure of it, as the text of an SVG file.

    `theme` is a `Theme` or the name of one: lecture, cs231n, karpathy, blackboard, print, minimal.
    `engine` is the name or path of a `dot` to lay out with instead of the one that came with
    graphtrace, `time_limit` the seconds it may take, `id_prefix` what the ids in the file start
    with, and `math` sets formulas as outlines of real mathematics, which look the same in every
    viewer and need the extra `graphtrace[math]`. The other options are those of
    `graphtrace.figure.figure`.

    Raises `RenderError` if the figure is too large or the engine is missing, fails or takes too
    long.
    """
    from graphtrace.render import dot, engine as engines, label, layout, svg

    style = find(theme)
    drawn = _drawn(graph, style, detail)
    style = replace(style, math=(math or style.math) and len(drawn.nodes) <= MOST_MATH)
    sheet = label.typeset(drawn, style)
    limit = engines.TIME_LIMIT if time_limit is None else time_limit
    source = dot.layout_dot(drawn, sheet, style)
    answer = engines.run(engines.find(engine), source, "json0", time_limit=limit)
    placed = layout.read_layout(answer, len(drawn.nodes))
    return svg.draw(drawn, sheet, placed, style, id_prefix)


def render(
    graph: nx.MultiDiGraph[Any] | Figure,
    target: str | os.PathLike[str] | IO[Any],
    *,
    format: Format | None = None,
    theme: str | Theme = LECTURE,
    math: bool = False,
    engine: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    id_prefix: str | None = None,
    **detail: Unpack[Detail],
) -> None:
    """Write the graph, or a figure of it, to a path or a stream.

    The format follows the suffix (.svg on a stream). SVG and DOT need nothing else; PDF and PNG
    need a system Graphviz, chosen by `engine="dot"`, a path, or the environment variable
    GRAPHTRACE_DOT. The options are those of `to_svg`.

    Raises `RenderError` as `to_svg` does, for a format that is not known, and for a path that
    cannot be written to. A file appears whole or not at all.
    """
    from graphtrace.render import output

    chosen = format if format is not None else _format(target)
    if chosen not in SUFFIXES.values():
        raise RenderError(f"there is no format {chosen!r}: use one of {_formats()}")
    if chosen == "svg":
        text = to_svg(
            graph,
            theme=theme,
            math=math,
            engine=engine,
            time_limit=time_limit,
            id_prefix=id_prefix,
            **detail,
        )
        output.write(target, text.encode("utf-8"))
        return
    text = to_dot(graph, theme=theme, **detail)
    if chosen == "dot":
        output.write(target, text.encode("utf-8"))
        return
    output.write(target, _by_system_dot(text, chosen, engine, time_limit))


def _drawn(graph: nx.MultiDiGraph[Any] | Figure, theme: Theme, detail: Detail) -> Figure:
    if not isinstance(graph, Figure):
        return in_form(figure(graph, **detail), theme.form)
    if detail:
        raise RenderError(
            f"a Figure is drawn as it is, so {', '.join(detail)} cannot be chosen now: choose it "
            "when you make the figure, as in g.figure(step='dJ/dv')"
        )
    return in_form(graph, theme.form)


def _by_system_dot(
    text: str,
    format: Format,
    engine: str | os.PathLike[str] | None,
    time_limit: float | None,
) -> bytes:
    from graphtrace.render import engine as engines

    found = engines.find(engine)
    if found.bundled:
        raise RenderError(
            f"{format.upper()} needs a system Graphviz: install it and say engine='dot' (or set "
            f"{engines.VARIABLE}=dot), or write .svg instead"
        )
    limit = engines.TIME_LIMIT if time_limit is None else time_limit
    return engines.run(found, text, format, time_limit=limit)


def _format(target: str | os.PathLike[str] | IO[Any]) -> Format:
    if not isinstance(target, (str, os.PathLike)):
        return "svg"
    path = PurePath(target)
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    has = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
    raise RenderError(f"{path} has {has}, which names no format: use one of {_suffixes()}")


def _suffixes() -> str:
    return ", ".join(SUFFIXES)


def _formats() -> str:
    return ", ".join(dict.fromkeys(SUFFIXES.values()))


__all__ = [
    "LECTURE",
    "SUFFIXES",
    "THEMES",
    "Detail",
    "Format",
    "Palette",
    "Theme",
    "render",
    "to_dot",
    "to_svg",
]
