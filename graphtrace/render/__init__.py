"""Draw a traced graph: as the text of an SVG and of other formats, or as a file of any.

In: a Graph and options. Out: text, or a file that appears whole or not at all. The way through:
Graph -> figure.Figure (what to say) -> label.Sheet (measured text) -> dot -> engine ->
layout.Layout (where) -> svg. A new output starts from the same Figure, Sheet and Layout.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Literal, Unpack

from graphtrace.errors import RenderError
from graphtrace.figure import Derivatives, Direction, Figure, Form, figure, in_form
from graphtrace.render.formats import SUFFIXES, Format, format_of, unknown
from graphtrace.render.look import Look, styled
from graphtrace.render.theme import LECTURE, Palette, Theme
from graphtrace.render.themes import THEMES

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.render.fit import Setting
    from graphtrace.render.label import Sheet

MOST_MATH = 100
"""In a figure with more boxes than this, formulas are set as text."""


class Detail(Look, total=False):
    """What a figure shows, see `graphtrace.figure.figure`, and how it looks, see `styled`."""

    values: bool
    gradients: bool
    derivatives: Derivatives
    direction: Direction | Literal["auto"]
    depth: int | None
    unfold: str | Collection[str]
    limit: int | None
    step: str | Sequence[str] | None
    path: Sequence[str] | None
    trouble: bool
    shapes: bool
    sources: bool
    constants: bool
    scopes: bool
    flow: bool
    nudge: tuple[str, float] | None
    tangents: bool
    check: bool


def to_dot(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    **detail: Unpack[Detail],
) -> str:
    """The graph as DOT with its text in it, for your own `dot` or to read.

    The options are those of `graphtrace.figure.figure`, a theme and a `Look`.
    """
    from graphtrace.render import dot, label

    drawn, style = _told(graph, theme, detail)
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
    graphtrace, `time_limit` the seconds that all its tries may take together (20 if not given),
    `id_prefix` what the ids in the file start with (by default the same figure has the same ids
    each time, and different ones share none), and `math` sets formulas as outlines of real
    mathematics, which look the same in every viewer and need the extra `graphtrace[math]`.
    `scheme`, `font`, `font_size`, `digits`, `width` and `legend` change the theme, see
    `graphtrace.render.look.styled`. The other options are those of `graphtrace.figure.figure`.

    Raises `RenderError` if the figure is too large or the engine is missing, fails or takes too
    long.
    """
    from graphtrace.render import svg

    return svg.draw(*_setting(graph, theme, math, engine, time_limit, detail), id_prefix)


def to_html(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    math: bool = False,
    engine: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    **detail: Unpack[Detail],
) -> str:
    """The graph as one HTML page that needs no other file: the SVG, with zoom and pan.

    The options and the errors are those of `to_svg`.
    """
    from graphtrace.render import describe, html, svg

    setting = _setting(graph, theme, math, engine, time_limit, detail)
    return html.page(svg.draw(*setting), describe.title(setting.figure), setting.theme)


def to_tikz(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    math: bool = False,
    standalone: bool = False,
    engine: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    **detail: Unpack[Detail],
) -> str:
    """The graph as a `tikzpicture`, for a LaTeX document that loads tikz and amsmath.

    It has the places of the SVG. `math=True` makes room for fractions, as in the SVG;
    `standalone=True` gives a document of its own. The other options and the errors are those of
    `to_svg`.
    """
    from graphtrace.render import tikz

    setting = _setting(graph, theme, math, engine, time_limit, detail)
    return tikz.document(*setting) if standalone else tikz.picture(*setting)


def to_mermaid(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    theme: str | Theme = LECTURE,
    **detail: Unpack[Detail],
) -> str:
    """The graph as a Mermaid flowchart, for a README or a wiki that draws one.

    The options are those of `to_dot`.
    """
    from graphtrace.render import mermaid

    return mermaid.flowchart(*_told(graph, theme, detail, form="records"))


def to_text(
    graph: nx.MultiDiGraph[Any] | Figure,
    *,
    columns: int = 80,
    colour: bool = False,
    theme: str | Theme = LECTURE,
    **detail: Unpack[Detail],
) -> str:
    """The graph as plain text: a line for each step, with its value, gradient and derivatives.

    No line is longer than `columns`. `colour` puts in the colours of a terminal, where rich is
    installed. The other options are those of `to_dot`.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda x, y: x * y, 2.0, 5.0)
    >>> print(to_text(g), end="")
    f(x, y)
    <BLANKLINE>
      x      = 2
      y      = 5
      f = xy = 10  ∂f/∂x = y = 5   ∂f/∂y = x = 2
    """
    from graphtrace.render import listing

    rows = listing.lines(*_told(graph, theme, detail, form="records"), columns)
    return listing.coloured_text(rows) if colour else listing.plain_text(rows)


def _setting(
    graph: nx.MultiDiGraph[Any] | Figure,
    theme: str | Theme,
    math: bool,
    engine: str | os.PathLike[str] | None,
    time_limit: float | None,
    detail: Mapping[str, Any],
) -> Setting:
    """The figure with all that is known of it before it is drawn."""
    from graphtrace.render import engine as engines, fit, flow, geometry, layout

    turn = detail.get("direction", "auto") == "auto"
    drawn, style = _told(graph, theme, detail)
    style = replace(style, math=(math or style.math) and len(drawn.nodes) <= MOST_MATH)
    deadline = engines.deadline(time_limit)  # for all tries together
    program = engines.find(engine)

    def place(figure: Figure, sheet: Sheet, style: Theme) -> layout.Layout:
        source = geometry.layout_dot(figure, sheet, style)
        answer = engines.run(program, source, "json0", time_limit=deadline)
        return layout.read_layout(answer, len(figure.nodes))

    return fit.laid_out(drawn, flow.roomy(drawn, style), place, turn=turn)


def render(
    graph: nx.MultiDiGraph[Any] | Figure,
    target: str | os.PathLike[str] | IO[Any],
    *,
    format: Format | None = None,
    theme: str | Theme = LECTURE,
    math: bool = False,
    standalone: bool = False,
    engine: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    id_prefix: str | None = None,
    **detail: Unpack[Detail],
) -> None:
    """Write the graph, or a figure of it, to a path or a stream.

    The format follows the suffix (.svg on a stream): a picture (.svg, .html with zoom, .pdf, .png),
    source that others draw (.tex or .tikz, .dot or .gv, .mmd for Mermaid), text for the terminal
    (.txt), or the graph itself as data (.graphml, and .json, which `gt.load` reads). PDF and PNG
    need the extra `graphtrace[pdf]`, or a system Graphviz, chosen by `engine="dot"`, a path, or
    the environment variable GRAPHTRACE_DOT. `standalone` is for TikZ; the other options are those
    of `to_svg`.

    Raises `RenderError` as `to_svg` does, for a format that is not known, and for a path that
    cannot be written to. A file appears whole or not at all.
    """
    from graphtrace.render import output

    chosen = format if format is not None else format_of(target)
    drawing: Any = {"theme": theme, "math": math, "engine": engine, "time_limit": time_limit}
    drawing |= detail
    content: str | bytes
    match chosen:
        case "svg":
            content = to_svg(graph, id_prefix=id_prefix, **drawing)
        case "html":
            content = to_html(graph, **drawing)
        case "tikz":
            content = to_tikz(graph, standalone=standalone, **drawing)
        case "pdf" | "png":
            content = _paper(graph, chosen, theme, math, engine, time_limit, detail)
        case "dot":
            content = to_dot(graph, theme=theme, **detail)
        case "mermaid":
            content = to_mermaid(graph, theme=theme, **detail)
        case "text":
            content = to_text(graph, theme=theme, **detail)
        case "graphml" | "json":
            content = _data(graph, chosen, list(detail))
        case _:
            raise unknown(chosen)
    output.write(target, content.encode("utf-8") if isinstance(content, str) else content)


def _told(
    graph: nx.MultiDiGraph[Any] | Figure,
    theme: str | Theme,
    detail: Mapping[str, Any],
    form: Form | None = None,
) -> tuple[Figure, Theme]:
    """What is drawn, and how it looks; in that form, or in the theme's own."""
    options = dict(detail)
    style = styled(theme, options)
    form = style.form if form is None else form
    if not isinstance(graph, Figure):
        return in_form(figure(graph, **options), form), style
    if options:
        raise RenderError(
            f"a Figure is drawn as it is, so {', '.join(options)} cannot be chosen now: choose it "
            "when you make the figure, as in g.figure(step='dJ/dv')"
        )
    return in_form(graph, form), style


def _paper(
    graph: nx.MultiDiGraph[Any] | Figure,
    format: Literal["pdf", "png"],
    theme: str | Theme,
    math: bool,
    engine: str | os.PathLike[str] | None,
    time_limit: float | None,
    detail: Mapping[str, Any],
) -> bytes:
    """A PDF or PNG of the SVG; where only a system Graphviz is at hand, what that draws."""
    from graphtrace.render import describe, engine as engines, paper, svg

    program = engines.find(engine)
    if program.bundled or paper.is_installed():
        setting = _setting(graph, theme, math, engine, time_limit, detail)
        return paper.convert(svg.draw(*setting), describe.title(setting.figure), format)
    source = to_dot(graph, theme=theme, **detail)
    return engines.run(program, source, format, time_limit=time_limit)


def _data(graph: nx.MultiDiGraph[Any] | Figure, format: Format, detail: Sequence[str]) -> str:
    if isinstance(graph, Figure) or detail:
        what = "a Figure is a picture" if isinstance(graph, Figure) else f"{detail[0]}= is not told"
        raise RenderError(
            f"{format} holds the whole graph, and {what}: write the graph itself, as in "
            f"g.render('J.{format}')"
        )
    if format == "json":
        from graphtrace.document import to_json

        return to_json(graph)
    from graphtrace.render import graphml

    return graphml.graphml(graph)


__all__ = [
    "LECTURE",
    "SUFFIXES",
    "THEMES",
    "Detail",
    "Format",
    "Look",
    "Palette",
    "Theme",
    "render",
    "to_dot",
    "to_html",
    "to_mermaid",
    "to_svg",
    "to_text",
    "to_tikz",
]
