"""What a graph shows of itself: figures, tables, derivations, and the formats they are written in.

In: a traced graph, as `self`. Out: what `graphtrace.figure` and `graphtrace.render` make of it;
each is imported when it is first asked for. Knows nothing of how.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphtrace.figure import Figure, Trouble
    from graphtrace.lesson import Explanation, Moved, Quiz, Step, Table


class Views:
    """The methods of a Graph that show it."""

    __slots__ = ()

    def figure(self, **options: Any) -> Figure:
        """The figure as data: what `render` would draw, without colours, fonts or places."""
        from graphtrace.figure import figure

        return figure(self, **options)

    def frames(self, **options: Any) -> list[Figure]:
        """The forward and the backward pass, step by step, as figures with one layout.

        In a notebook, `for frame in g.frames(): display(frame)` shows them; `frame.render("1.svg")`
        writes one.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a: 2 * a, 3.0).frames()[0]
        <Figure f: 2 nodes>
        """
        from graphtrace.figure import frames

        return frames(self, **options)

    def trouble(self) -> list[Trouble]:
        """Where a value or derivative is 0, infinite or NaN, the first on the way first.

        Each says in a sentence what it is and in which file and line.
        """
        from graphtrace.figure import trouble_of

        return trouble_of(self)

    def check(self) -> list[Trouble]:
        """Which local derivatives differ from finite differences of their own operation.

        Returns:
            A `Trouble` for each edge that is wrong, in the order of evaluation, which says both
            numbers with file and line; `figure(check=True)` marks them.

        >>> import graphtrace as gt
        >>> gt.trace(lambda w, x: w * x, 3.0, 4.0).check()
        []
        """
        from graphtrace.figure import check

        return check(self)

    def nudge(self, at: str, by: float) -> Table[Moved]:
        """Move one input a little, and see how far every node moves with it.

        Args:
            at: An input, or an entry of one: "a", "x[2]", "params['W'][0, 1]". Of an array without
                an index every entry is moved.
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
        from graphtrace.lesson import nudge

        return nudge(self, at, by)  # type: ignore[arg-type]  # a Graph: there is no other

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
        from graphtrace.lesson import explain

        return explain(self, by, of=of)  # type: ignore[arg-type]

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
        from graphtrace.lesson import wengert

        return wengert(self, tangent=tangent, adjoint=adjoint)  # type: ignore[arg-type]

    def quiz(self, *blank: Any, **options: Any) -> Quiz:
        """The figure with numbers blanked to boxes to write into, and its solution.

        Args:
            blank: What to ask for: "values", "gradients" or "derivatives" (on the edges), by
                default the gradients.
            **options: `keys=` asks only at these nodes, `count=` only for so many numbers, chosen
                by `seed=`; the others are those of `figure`.

        Returns:
            A quiz with two figures of one layout: `question` and `solution`.

        Raises:
            RenderError: There is nothing to ask for, or no such node or option.

        >>> import graphtrace as gt
        >>> g = gt.trace(lambda a, b: a * b, 5.0, 3.0)
        >>> g.quiz("values").answers
        ('f = 15',)
        """
        from graphtrace.lesson import quiz

        return quiz(self, *blank, **options)

    def render(self, target: str | Path | IO[Any], /, **options: Any) -> None:
        """Draw the figure into a file; the suffix says the format.

        Args:
            target: A path that ends in .svg, .html, .pdf, .png, .tex, .dot, .mmd (Mermaid),
                .graphml, .json (read again by `gt.load`) or .txt; or an open file, with `format=`.
            **options: `step="dJ/dv"` for one step back, `path=("a", "J")` for the chain rule along
                a path, `theme=` by name, and all that `graphtrace.render.render` takes.

        Raises:
            RenderError: The file cannot be written, or the layout engine failed or took too long.
        """
        from graphtrace.render import render

        render(self, target, **options)

    def to_svg(self, **options: Any) -> str:
        """The figure as SVG text; the options are those of `render`."""
        from graphtrace.render import to_svg

        return to_svg(self, **options)

    def to_dot(self, **options: Any) -> str:
        """The figure as DOT source, with readable labels, for any Graphviz."""
        from graphtrace.render import to_dot

        return to_dot(self, **options)

    def to_tikz(self, **options: Any) -> str:
        """The figure as TikZ code for LaTeX; `standalone=True` makes it a whole document."""
        from graphtrace.render import to_tikz

        return to_tikz(self, **options)

    def to_mermaid(self, **options: Any) -> str:
        """The figure as a Mermaid flowchart, for Markdown pages that draw it."""
        from graphtrace.render import to_mermaid

        return to_mermaid(self, **options)

    def to_html(self, **options: Any) -> str:
        """The figure as an HTML page by itself, to zoom and pan."""
        from graphtrace.render import to_html

        return to_html(self, **options)

    def to_text(self, **options: Any) -> str:
        """The graph as lines for the terminal: each step with its value and derivatives."""
        from graphtrace.render import to_text

        return to_text(self, **options)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg(), "text/plain": repr(self)}
