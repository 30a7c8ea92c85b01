"""Rendering: one figure on its way to a format, each stage made when it is first asked for.

In: a graph or a Figure, and options. Out: the Figure, in the form that the theme or the format
asks for; and the Setting, measured and laid out. Knows no format.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from graphtrace.errors import OptionError
from graphtrace.figure.build import figure
from graphtrace.figure.detail import by_detail
from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Figure
from graphtrace.figure.timeline import Timeline, timeline
from graphtrace.render.options import Options, chosen, in_force, is_content
from graphtrace.render.paint.theme import Theme

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.render.layout.fit import Setting
    from graphtrace.render.layout.places import Layout
    from graphtrace.render.typeset.sheet import Sheet

MOST_MATH = 100
"""In a figure with more boxes than this, formulas are set as text."""


_SLIDES: Mapping[str, Mapping[str, float]] = {
    "svg": {"width": 720, "height": 480},
    "tikz": {"width": 540, "height": 300},
}
"""The room on a slide of reveal.js and of beamer, in pixels."""


_layouts: dict[Hashable, Layout] = {}
_MOST_LAYOUTS = 64
_LARGEST_LAYOUT = 100  # boxes
_lock = Lock()


def _remembered(key: Hashable, lay_out: Callable[[], Layout]) -> Layout:
    """What was laid out lately, from the same: the frames of a series differ in what they tell."""
    layout = _layouts.get(key)
    if layout is None:
        layout = lay_out()
        if len(layout.nodes) <= _LARGEST_LAYOUT:
            with _lock:
                _layouts[key] = layout
                while len(_layouts) > _MOST_LAYOUTS:
                    del _layouts[next(iter(_layouts))]
    return layout


class Rendering:
    """What the formats are written from.

    Raises `OptionError` for an option that there is not, or that a Figure has decided already.
    """

    def __init__(
        self, source: nx.MultiDiGraph[Any] | Figure, options: Mapping[str, Any], format: str
    ) -> None:
        decided = [name for name in options if is_content(name)]
        self.options: Options = chosen(options)
        if self.options.overlays and format in _SLIDES:
            options = {**_SLIDES[format], **in_force(), **options}
            self.options = chosen(options)
        self.format = format
        self._source = source
        self._chosen = options
        self._decided = decided
        if options.get("overlays") and format not in _SLIDES:
            raise OptionError(
                f"{format} has no overlays: write TikZ for beamer (J.tex), or SVG for reveal.js"
            )
        if isinstance(source, Figure) and self._decided:
            raise OptionError(
                f"a Figure is drawn as it is, so {', '.join(self._decided)} cannot be chosen now: "
                "choose it when you make the figure, as in g.figure(step='dJ/dv')"
            )

    @cached_property
    def theme(self) -> Theme:
        """How it looks."""
        return self.options.style()

    @cached_property
    def _whole(self) -> Figure:
        if isinstance(self._source, Figure):
            return self._source
        return figure(self._source, self.options if self.format == "text" else self.settled)

    @property
    def figure(self) -> Figure:
        """What is drawn, in the theme's form."""
        return in_form(self._whole, self.theme.form)

    @property
    def records(self) -> Figure:
        """What is drawn, all of a node in one record."""
        return in_form(self._whole, "records")

    @property
    def settled(self) -> Options:
        """The options, with the detail that can be read on the page."""
        return self._laid_out[0]

    @property
    def setting(self) -> Setting:
        """The figure with all that is known of it before it is drawn."""
        return self._laid_out[1]

    def stepped(self, of: str | None = None) -> tuple[Setting, Timeline]:
        """The figure of a whole pass, laid out, and when each part of it appears.

        Raises `OptionError` for a Figure, which has no steps, and for an `of` that is no output.
        """
        if isinstance(self._source, Figure):
            raise OptionError(
                "a Figure is one step, and overlays are all of them: write the graph itself, as in "
                "g.render('J.tex', overlays=True)"
            )
        for name in ("step", "path"):
            if getattr(self.options, name) is not None:
                raise OptionError(f"overlays go through all steps: leave out {name}=")
        first = self
        if (
            self.options.layout == "auto"
        ):  # whether its gradients fit in time is known when they come
            own = {**self._chosen, "layout": "layered"}
            first = Rendering(self._source, own, self.format)
        drawn, steps = timeline(self._source, first.settled, of=of)
        look = {name: x for name, x in self._chosen.items() if not is_content(name)}
        setting = Rendering(drawn, look, self.format).setting
        keys = {node.id: node.key for node in setting.figure.nodes}
        return setting, steps._replace(keys=keys)

    @cached_property
    def _laid_out(self) -> tuple[Options, Setting]:
        from graphtrace.render.layout import engine, fit, frame, geometry, places, route
        from graphtrace.render.layout.order import Orders, in_order
        from graphtrace.render.paint import flow

        options, style = self.options, self.theme
        deadline = engine.deadline(options.time_limit)  # for all tries together
        program = engine.find(options.engine)
        tried: list[Options] = []

        def place(figure: Figure, sheet: Sheet, style: Theme, orders: Orders = ()) -> Layout:
            source = geometry.layout_dot(figure, sheet, style, orders)

            def run() -> Layout:
                answer = engine.run(program, source, "json0", time_limit=deadline)
                return places.read_layout(answer, len(figure.nodes))

            return _remembered((program, source), run)

        def figures() -> Iterator[tuple[Figure, Theme, bool]]:
            for drawn in self._by_detail(tried):
                fitting = replace(style, math=style.math and len(drawn.nodes) <= MOST_MATH)
                # Statements tell more of what a person means than gradients in another place.
                has_statements = bool(getattr(self._source, "graph", {}).get("runs"))
                boxed = tried[-1].detail != "operations" or not has_statements
                yield drawn, flow.roomy(drawn, fitting), boxed

        at, setting = fit.laid_out(figures(), place, turn=options.direction == "auto")
        drawn, sheet, layout, style = setting
        if drawn.timeline is not None:
            return tried[at], setting

        def ordered() -> Layout:
            return in_order(
                drawn,
                layout,
                lambda orders: place(drawn, sheet, style, orders),
                lambda layout: route.routes(drawn, sheet, layout, style),
                frame.room_of(drawn, layout, style),
            )

        roles = tuple(node.role for node in drawn.nodes)
        arrows = tuple((edge.tail, edge.head, edge.kind, edge.beside) for edge in drawn.edges)
        source = geometry.layout_dot(drawn, sheet, style)
        layout = _remembered((program, source, roles, arrows, style), ordered)
        return tried[at], setting._replace(layout=layout)

    def _by_detail(self, tried: list[Options]) -> Iterator[Figure]:
        """The figure in less and less detail; `tried` are the options of each."""
        from graphtrace.render.layout import fit

        if isinstance(self._source, Figure):
            tried.append(self.options)
            yield in_form(self._source, self.theme.form)
            return
        chosen = self.options
        if self.theme.form == "wires" and chosen.layout == "timeline":
            raise OptionError(
                f"layout='timeline' is of boxes, and the theme {self.theme.name} draws wires: "
                "choose another theme, or layout='layered'"
            )
        if self.theme.form != "boxes" and chosen.layout == "auto":
            chosen = replace(chosen, layout="layered")
        if self.theme.form == "wires" and chosen.detail == "auto":  # of signs, not of formulas
            chosen = replace(chosen, detail="operations")
        page = fit.most_on_a_page(self.theme)
        for options, folded in by_detail(self._source, chosen, *page):
            try:
                drawn = figure(self._source, options, None, folded)
            except OptionError:  # what it is about is inside a folded box
                if not tried:
                    raise
                return
            tried.append(cast(Options, options))
            yield in_form(drawn, self.theme.form)

    @property
    def graph(self) -> nx.MultiDiGraph[Any]:
        """The graph itself, for a format that holds all of it.

        Raises `OptionError` for a Figure, or where an option would leave something out.
        """
        if isinstance(self._source, Figure):
            raise OptionError(
                f"format={self.format!r} holds the whole graph, and a Figure is a picture: write "
                f"the graph itself, as in g.render('J.{self.format}')"
            )
        if self._decided:
            raise OptionError(
                f"format={self.format!r} holds the whole graph, and {self._decided[0]}= is not "
                f"told in it: leave it out"
            )
        return self._source
