"""The one face of graphtrace: trace, load, and a Graph that evaluates, compiles and shows itself.

In: a function and its arguments, or a file. Out: a Graph, and Pictures of it. Each method asks the
room that knows how, which is imported when it is first needed; nothing below knows this module.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import IO, TYPE_CHECKING, Any, Literal, Unpack, cast, overload

from graphtrace.errors import GraphtraceError
from graphtrace.figure.parts import Figure
from graphtrace.frameworks import recorder_of
from graphtrace.graph.trace import filled_from, trace_into, with_itself
from graphtrace.graph.traced import TracedGraph
from graphtrace.lesson.quiz import Blank
from graphtrace.lesson.sheet import Sheet
from graphtrace.render.formats.registry import Format
from graphtrace.render.options import (
    Choices,
    Defaults,
    is_content,
    set_defaults,
    takes_options,
)

if TYPE_CHECKING:
    from graphtrace.figure.nudge import Moved
    from graphtrace.figure.trouble import Trouble
    from graphtrace.lesson.explain import Explanation
    from graphtrace.lesson.table import Table
    from graphtrace.lesson.wengert import Step
    from graphtrace.player import Player, Slides
    from graphtrace.render.display import Bundle
    from graphtrace.render.series import Frames


def trace(f: Callable[..., Any] | str, /, *args: Any, **kwargs: Any) -> Graph:
    """The computational graph of `f(*args, **kwargs)`. `f` runs once.

    Args:
        f: A function of floats, arrays, or nested dicts, lists and tuples of them, written with
            operators and NumPy; or, in a string, an expression or what else the command takes.
        *args: Its arguments, as in a call. Every number and array in them is an input node, named
            by its parameter (`a`, `params['W1']`); flags, strings and functions are handed on as
            they are.
        **kwargs: The same, by name.

    Returns:
        A `Graph`, a networkx.MultiDiGraph that holds every value, evaluates again with `forward`,
        differentiates with `backward`, and draws itself with `render` or in a notebook.

    Raises:
        TraceError: `f` does something that cannot be traced; the message says where and what to
            write instead.
        ArgumentError: The arguments do not fit the parameters of `f`.
        ExpressionError: The expression holds something that is no arithmetic.

    >>> def J(a, b, c):
    ...     u = b * c
    ...     v = a + u
    ...     return 3 * v
    >>> g = trace(J, a=5, b=3, c=2)
    >>> list(g.nodes), g.nodes["u"]["value"], g.edges["b", "u", 0]["local"]
    (['a', 'b', 'c', 'u', 'v', 'J'], 6.0, 2.0)
    >>> list(trace("u = b*c; v = a + u; J = 3*v", a=5, b=3, c=2).nodes)
    ['b', 'c', 'a', 'u', 'v', 'J']
    """
    if isinstance(f, str):
        from graphtrace.target.function import load as load_target

        f = load_target(f)
    record = recorder_of(f, args, kwargs)
    if record is not None:
        return filled_from(Graph(), record(f, args, kwargs))
    f, args = with_itself(f, args)
    return trace_into(Graph(), f, args, kwargs)


def defaults(**options: Unpack[Choices]) -> Defaults:
    """Set options for every later figure, those that a notebook displays included.

    Args:
        **options: Any of those of `Graph.render`, such as `theme`, `scheme`, `math` or `width`.

    Returns:
        All options in force, by name. In a `with` block, those from before come back at its end.

    Raises:
        RenderError: There is no such option, with the nearest one, or no such value.

    >>> import graphtrace as gt
    >>> with gt.defaults(theme="print", digits=3):
    ...     gt.defaults()["theme"]
    'print'
    >>> gt.defaults()["theme"]
    'lecture'
    """
    return set_defaults(options)


def load(source: str | os.PathLike[str] | IO[Any]) -> Graph:
    """The graph that `g.render("J.json")` has written.

    Args:
        source: A path, an open file, or the text itself.

    Returns:
        A Graph with the same values, gradients, `forward`, `backward` and figures.

    Raises:
        ArgumentError: It cannot be read, is no graph of graphtrace, is damaged, or needs a
            primitive that is not declared here.

    >>> import graphtrace as gt, io
    >>> def J(a, b, c):
    ...     return 3 * (a + b * c)
    >>> file = io.StringIO()
    >>> gt.trace(J, a=5, b=3, c=2).render(file, format="json")
    >>> gt.load(file.getvalue()).forward(a=6)
    36.0
    """
    from graphtrace.document import read

    return read(source, Graph())


class Graph(TracedGraph):
    """A traced function as a directed acyclic graph, from the inputs to the outputs.

    Every method of `networkx.MultiDiGraph` works on it. A node has the attributes `op`, `value`,
    `label`, `scope`, `source` and, after `backward`, `grad`; an edge `(operand, node, position)`
    has `local`, the local derivative, and `symbol`, the same as a formula. Made by
    `graphtrace.trace`.

    A notebook shows it with the gradients that `backward` has left; where there are none, with
    those of its one output, if that is a number, which are on the figure only.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda b, c: b * c, 3.0, 2.0)
    >>> g.nodes["f"]["label"], g.edges["b", "f", 0]["local"], str(g.edges["b", "f", 0]["symbol"])
    ('f = b*c', 2.0, 'c')
    >>> g.backward(), g.nodes["b"]["grad"]
    ({'b': 2.0, 'c': 3.0}, 2.0)
    """

    # Elsewhere

    def at(self, **parameters: Any) -> Graph:
        """Another graph: this one as if it had been traced at other values.

        Args:
            **parameters: New values by parameter name, as for `forward`; a parameter left out keeps
                its value.

        Returns:
            A graph with the same nodes and edges, and the values and local derivatives there. It
            has no gradients until `backward`. The function is not called, and this graph stays.

        Raises:
            BranchChanged: The function would take another branch there.
            ArgumentError: An unknown parameter, another structure or another shape.

        >>> import graphtrace as gt
        >>> g = gt.trace(lambda b, c: b * c, 3.0, 2.0)
        >>> h = g.at(b=5)
        >>> h.value, h.edges["c", "f", 1]["local"], g.value
        (10.0, 5.0, 6.0)
        """
        from graphtrace.graph.elsewhere import elsewhere

        return elsewhere(self, Graph(), parameters)

    # Compiled

    def compile(
        self,
        output: str | None = None,
        *,
        seed: Any = None,
        wrt: str | Sequence[str] | None = None,
        jit: str | None = None,
    ) -> Callable[..., tuple[Any, dict[str, Any]]]:
        """The graph as a plain function of the same parameters: its value and all gradients.

        Args:
            output: The key of the output to differentiate, as for `backward`.
            seed: The weights of several outputs, or of an array, as for `backward`.
            wrt: The parameters whose gradients are wanted, by default all; `[]` for none.
            jit: "numba" to have the numbers of a program of floats computed by machine code, where
                Numba is installed: some seconds to compile, then several times as fast.

        Returns:
            A function that returns the value and a dictionary with a gradient for each parameter;
            `to_python` shows its source. It raises what `forward` raises.

        Raises:
            ArgumentError: What `backward` raises, and for what Numba cannot compile.

        >>> import graphtrace as gt
        >>> f = gt.trace(lambda w, x: w * x, 3.0, 4.0).compile()
        >>> f(5.0, 6.0)
        (30.0, {'w': 6.0, 'x': 5.0})
        """
        from graphtrace.compile import compile_graph

        return compile_graph(self, jit, output=output, seed=seed, wrt=wrt)

    def to_python(
        self,
        output: str | None = None,
        *,
        seed: Any = None,
        wrt: str | Sequence[str] | None = None,
    ) -> str:
        """The source of `compile()`: forward and backward, as one would write them by hand."""
        from graphtrace.compile import source_of

        return source_of(self, output=output, seed=seed, wrt=wrt)

    # Shown

    @takes_options
    def figure(self, **options: Unpack[Choices]) -> Picture:
        """The figure as data: what `render` would draw, without places.

        Raises:
            RenderError: An option or a node does not exist, or is inside a folded box.
        """
        from graphtrace.figure.build import figure
        from graphtrace.render import settled

        return Picture.of(figure(self, settled(self, options)), options)

    @takes_options
    def frames(self, *, of: str | None = None, **options: Unpack[Choices]) -> Frames[Picture]:
        """The forward and the backward pass, step by step, as figures with one layout.

        A list; a notebook shows one at a time, with a slider. `frames.save("frames/")` writes them
        as 01.svg, 02.svg, ...

        Args:
            of: The output to step back from; by default the one output, or none if there are
                several.
            **options: What to show, and how it looks.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a: 2 * a, 3.0).frames()[0]
        <Figure f: 2 nodes>
        """
        from graphtrace.figure.frames import frames
        from graphtrace.render import settled
        from graphtrace.render.series import Frames

        drawn = frames(self, settled(self, options, series=True), of=of)
        pictures = [Picture.of(frame, options) for frame in drawn]
        return Frames(pictures, pictures[0].look)

    @overload
    def play(
        self, *, of: str | None = None, slides: Literal[False] = False, **options: Unpack[Choices]
    ) -> Player: ...

    @overload
    def play(
        self, *, of: str | None = None, slides: Literal[True], **options: Unpack[Choices]
    ) -> Slides: ...

    @takes_options
    def play(
        self, *, of: str | None = None, slides: bool = False, **options: Unpack[Choices]
    ) -> Player | Slides:
        """The forward and the backward pass for a reader to step through, with inputs to change.

        A notebook shows it. Each number follows when an input changes, where the graph is one of
        numbers; else the player says why its inputs are fixed.

        Args:
            of: The output to step back from; by default the one output, or none if there are
                several.
            slides: A picture for a deck of reveal.js instead, whose steps are fragments, without a
                script: `svg` to paste into a slide, and `save("J.svg")`. For beamer write TikZ:
                `render("J.tex", overlays=True)`.
            **options: What to show, and how it looks.

        Returns:
            A Player with `html` (a page that needs no other file), `fragment` (to paste into a page
            of one's own) and `save(path)`; `render("J.html", play=True)` writes the page, too.

        Raises:
            RenderError: An option or an output does not exist, or the figure is of one step only.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a: 2 * a, 3.0).play()
        <Player of f(a): 4 steps>
        """
        from graphtrace.player import play, slides as slides_of

        return slides_of(self, options, of) if slides else play(self, options, of)

    def trouble(self, *, small: float = 1e-7, large: float = 1e7) -> list[Trouble]:
        """Where a value or derivative is 0, infinite or NaN, the first on the way first.

        Args:
            small: A gradient that is smaller than so many times that of the output is vanishing.
            large: One that is larger than so many times that of the output is exploding.

        Returns:
            A `Trouble` for each, with the fields `kind` ("zero", "nan", "infinite", "vanishing",
            "exploding"), `where` (the node), `entries` (the indices of the first few entries that
            are so), `count` (of all of them) and `source`. It prints as a sentence. Gradients are
            those that `backward` has left; without, none is told but what vanishes or explodes.

        >>> import graphtrace as gt
        >>> print(gt.trace(lambda x: 1e-9 * x, 2.0).trouble()[0])
        the gradient of x is vanishing: it is 1e-09 times that of f
        """
        from graphtrace.figure.trouble import sizes_of, trouble_of

        return [*trouble_of(self), *sizes_of(self._differentiated(), small, large)]

    def check(self) -> list[Trouble]:
        """Which local derivatives differ from finite differences of their own operation.

        Returns:
            A `Trouble` for each edge that is wrong, in the order of evaluation, which says both
            numbers with file and line; `figure(check=True)` marks them.

        >>> import graphtrace as gt
        >>> gt.trace(lambda w, x: w * x, 3.0, 4.0).check()
        []
        """
        from graphtrace.figure.check import check

        return check(self)

    def nudge(self, at: str, by: float) -> Table[Moved]:
        """Move one input a little, and see how far every node moves with it.

        Args:
            at: An input, or an entry of one: `"a"`, `"x[2]"`, `"params['W'][0, 1]"`. Of an array
                without an index every entry is moved.
            by: How far.

        Returns:
            A table whose rows have the fields `key`, `before`, `after`, `change`, `ratio` (the
            change over the nudge) and `derivative`. It prints as text and has `to_markdown()`,
            `to_latex()` and `to_html()`; `figure(nudge=(at, by))` draws it.

        Raises:
            ArgumentError: There is no such input, or it does not move by so little.
            BranchChanged: The function would take another branch.

        >>> import graphtrace as gt
        >>> g = gt.trace(lambda a, b: 3 * (a + b), 5.0, 6.0)
        >>> [(row.key, round(row.after, 6)) for row in g.nudge("a", 0.001)]
        [('a', 5.001), ('v1', 11.001), ('f', 33.003)]
        """
        from graphtrace.lesson.nudge import nudge

        return nudge(self, at, by)

    def explain(self, by: str, *, of: str | None = None) -> Explanation:
        """The derivation of dJ/da by the chain rule, step by step.

        Args:
            by: The node to differentiate in: "a".
            of: The node to differentiate; by default the one output.

        Returns:
            An explanation that prints as text and has `to_markdown()`, `to_latex()` and
            `to_html()`. Where the paths are too many, or arrays, it goes back node by node.

        Raises:
            ArgumentError: There is no such node, or several outputs and no `of`.

        >>> import graphtrace as gt
        >>> print(str(gt.trace(lambda a, b: a * b, 5.0, 3.0).explain("a")).splitlines()[-1])
          df/da = b = 3
        """
        from graphtrace.lesson.explain import explain

        return explain(self, by, of=of)

    def wengert(
        self, *, tangent: Mapping[str, Any] | None = None, adjoint: bool = True
    ) -> Table[Step]:
        """The Wengert list as a table: a row for each variable, in the order of evaluation.

        Args:
            tangent: A tangent for some parameters, as for `jvp`; adds the column of the forward
                sweep.
            adjoint: Whether the column of the reverse sweep is there, which is read upwards: what
                `backward` has left, else the gradient of the one scalar output.

        Returns:
            A table whose rows have the fields `key`, `expression`, `value`, `tangent` and
            `adjoint`. It prints as text and has `to_markdown()`, `to_latex()` and `to_html()`.

        Raises:
            ArgumentError: An unknown parameter, another structure or another shape.

        >>> import graphtrace as gt
        >>> g = gt.trace(lambda a, b: a * b, 5.0, 3.0)
        >>> [(row.key, row.tangent, row.adjoint) for row in g.wengert(tangent={"a": 1.0})]
        [('a', 1.0, 3.0), ('b', 0.0, 5.0), ('f', 3.0, 1.0)]
        """
        from graphtrace.lesson.wengert import wengert

        return wengert(self, tangent=tangent, adjoint=adjoint)

    @takes_options
    def quiz(
        self,
        *blank: Blank,
        keys: Collection[str] | None = None,
        count: int | None = None,
        seed: int = 0,
        **options: Unpack[Choices],
    ) -> PictureQuiz:
        """The figure with numbers blanked to boxes to write into, and its solution.

        Args:
            *blank: What to ask for: "values", "gradients" or "derivatives" (on the edges), by
                default the gradients.
            keys: Only at these nodes.
            count: Only so many numbers, chosen by `seed`.
            seed: Another number, another choice.
            **options: What to show, and how it looks.

        Returns:
            A quiz with two figures of one layout, `question` and `solution`. It prints as text and
            has `to_markdown()`, `to_latex()` and `to_html()`: the sheet, and the solution apart.

        Raises:
            RenderError: There is nothing to ask for, or no such node or option.

        Without `backward` before, the gradients are those of the one output, if it is a number; the
        graph itself stays without them.

        >>> import graphtrace as gt
        >>> g = gt.trace(lambda a, b: a * b, 5.0, 3.0)
        >>> g.quiz("values").answers, g.quiz().answers
        (('f = 15',), ('df/da = 3', 'df/db = 5'))
        """
        from graphtrace.lesson.quiz import quiz
        from graphtrace.render import settled

        graph = self._differentiated() if "gradients" in (blank or ("gradients",)) else self
        show = settled(self, options, series=True)
        drawn = quiz(graph, *blank, options=show, keys=keys, count=count, seed=seed)
        two = (Picture.of(one, options) for one in (drawn.question, drawn.solution))
        return PictureQuiz(*two)

    @takes_options
    def render(
        self,
        target: str | os.PathLike[str] | IO[Any],
        *,
        format: Format | None = None,
        play: bool = False,
        **options: Unpack[Choices],
    ) -> None:
        """Draw the figure into a file; the suffix says the format.

        Args:
            target: A path that ends in .svg, .html, .pdf, .png, .tex, .dot, .mmd (Mermaid),
                .graphml, .json (read again by `gt.load`) or .txt; or an open file.
            format: Where no suffix says it: "svg", "html", "pdf", "png", "tikz", "dot", "mermaid",
                "graphml", "json" or "text".
            play: Write a player, an .html page to step through; `play()` says the rest.
            **options: What to show, and how it looks.

        Raises:
            RenderError: An option does not exist, the file cannot be written, or the layout engine
                failed or took too long.
        """
        if play:
            from graphtrace.player import save

            save(self, target, options, format)
            return
        from graphtrace.render import render

        render(self, target, format=format, **options)

    @takes_options
    def to_svg(self, **options: Unpack[Choices]) -> str:
        """The figure as SVG text."""
        from graphtrace.render import to_svg

        return to_svg(self, **options)

    @takes_options
    def to_dot(self, **options: Unpack[Choices]) -> str:
        """The figure as DOT source, with readable labels, for any Graphviz."""
        from graphtrace.render import to_dot

        return to_dot(self, **options)

    @takes_options
    def to_tikz(self, **options: Unpack[Choices]) -> str:
        """The figure as TikZ code for LaTeX; `standalone=True` makes it a whole document."""
        from graphtrace.render import to_tikz

        return to_tikz(self, **options)

    @takes_options
    def to_mermaid(self, **options: Unpack[Choices]) -> str:
        """The figure as a Mermaid flowchart, for Markdown pages that draw it."""
        from graphtrace.render import to_mermaid

        return to_mermaid(self, **options)

    @takes_options
    def to_html(self, **options: Unpack[Choices]) -> str:
        """The figure as an HTML page by itself, to zoom and pan."""
        from graphtrace.render import to_html

        return to_html(self, **options)

    @takes_options
    def to_text(self, **options: Unpack[Choices]) -> str:
        """The graph as lines for the terminal: each step with its value and derivatives."""
        from graphtrace.render import to_text

        return to_text(self, **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        from graphtrace.render.display import display

        return display(self._differentiated(), include, exclude)

    def _repr_svg_(self) -> str:
        return _shown_svg(self)

    def _differentiated(self) -> Graph:
        """The graph, or a copy with gradients where it has none and its one output is a number.

        A copy, since to look at a graph changes nothing of it.
        """
        if any("grad" in data for _, data in self.nodes(data=True)):
            return self
        shown: Graph = self.copy()
        try:
            shown.backward()
        except GraphtraceError:  # several outputs, an array
            return self
        return shown


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Picture(Figure):
    """A Figure that draws itself: in a notebook, as SVG text, into a file.

    `look` is what was chosen of its looks when it was made.
    """

    look: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, figure: Figure, options: Mapping[str, Any]) -> Picture:
        """The figure, able to draw itself with these options."""
        figure_fields = {one.name: getattr(figure, one.name) for one in fields(Figure)}
        look = {name: value for name, value in options.items() if not is_content(name)}
        return cls(**figure_fields, look=look)

    @takes_options
    def to_svg(self, **options: Unpack[Choices]) -> str:
        """The figure as the text of an SVG file."""
        from graphtrace.render import content

        return str(content(self, "svg", **{**self.look, **options}))

    @takes_options
    def render(
        self,
        target: str | os.PathLike[str] | IO[Any],
        *,
        format: Format | None = None,
        **options: Unpack[Choices],
    ) -> None:
        """Draw the figure into a file; the suffix says the format, as for `Graph.render`."""
        from graphtrace.render import render

        render(self, target, format=format, **{**self.look, **options})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        from graphtrace.render.display import display

        return display(self, include, exclude, **self.look)

    def _repr_svg_(self) -> str:
        return _shown_svg(self)


@dataclass(frozen=True)
class PictureQuiz(Sheet[Picture]):
    """A quiz that draws itself in a notebook: to fill in, and beneath it the solution."""

    def drawn(self, figure: Picture, format: Format) -> str:
        """The figure in the format "svg", "tikz" or "text", in the scheme of the page."""
        from graphtrace.render import content
        from graphtrace.render.display import on_page

        look = {**on_page(figure.look), "standalone": False}
        return str(content(figure, format, **cast(Choices, look)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            **super()._repr_mimebundle_(include, exclude),
            **self.question._repr_mimebundle_(include, {*(exclude or ()), "text/plain"}),
        }

    def _ipython_display_(self) -> None:
        from graphtrace.render.display import put_beneath

        bundles = (one._repr_mimebundle_() for one in (self.question, self.solution))
        put_beneath(self.pieces(*bundles))

    def _repr_svg_(self) -> str:
        return _shown_svg(self.question)


def _shown_svg(shown: Graph | Picture) -> str:
    return str(shown._repr_mimebundle_(["image/svg+xml"])["image/svg+xml"])
