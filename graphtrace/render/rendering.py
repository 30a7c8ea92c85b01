"""Rendering: one figure on its way to a format, each stage made when it is first asked for.

In: a graph or a Figure, and options. Out: the Figure, in the form that the theme or the format
asks for; and the Setting, measured and laid out. Knows no format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphtrace.errors import OptionError
from graphtrace.figure.build import figure
from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Figure
from graphtrace.render.options import Options, chosen, is_content
from graphtrace.render.paint.theme import Theme

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.render.layout.fit import Setting
    from graphtrace.render.layout.places import Layout
    from graphtrace.render.typeset.label import Sheet

MOST_MATH = 100
"""In a figure with more boxes than this, formulas are set as text."""


class Rendering:
    """What the formats are written from.

    Raises `OptionError` for an option that there is not, or that a Figure has decided already.
    """

    def __init__(
        self, source: nx.MultiDiGraph[Any] | Figure, options: Mapping[str, Any], format: str
    ) -> None:
        self.options: Options = chosen(options)
        self.format = format
        self._source = source
        self._decided = [name for name in options if is_content(name)]
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
        return figure(self._source, self.options)

    @property
    def figure(self) -> Figure:
        """What is drawn, in the theme's form."""
        return in_form(self._whole, self.theme.form)

    @property
    def records(self) -> Figure:
        """What is drawn, all of a node in one record."""
        return in_form(self._whole, "records")

    @cached_property
    def setting(self) -> Setting:
        """The figure with all that is known of it before it is drawn."""
        from graphtrace.render.layout import engine, fit, geometry, places
        from graphtrace.render.paint import flow

        options, drawn, style = self.options, self.figure, self.theme
        style = replace(style, math=style.math and len(drawn.nodes) <= MOST_MATH)
        deadline = engine.deadline(options.time_limit)  # for all tries together
        program = engine.find(options.engine)

        def place(figure: Figure, sheet: Sheet, style: Theme) -> Layout:
            source = geometry.layout_dot(figure, sheet, style)
            answer = engine.run(program, source, "json0", time_limit=deadline)
            return places.read_layout(answer, len(figure.nodes))

        turn = options.direction == "auto"
        return fit.laid_out(drawn, flow.roomy(drawn, style), place, turn=turn)

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
