"""Explain a derivative: the forward pass, the local derivatives and the chain rule, in lines.

In: a traced graph and a node. Out: an Explanation, parts under headings, which prints as plain
text, Markdown and LaTeX. Where there are too many paths to write down, or arrays on them, it goes
back node by node instead, so that its length grows with the graph and never with its paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import networkx as nx

from graphtrace.errors import OptionError
from graphtrace.figure.chain import Paths, as_number, paths_through
from graphtrace.figure.parts import Chain, Definition, Note, Part, Partial
from graphtrace.figure.reading_order import (
    find,
    naming_of,
    ordered,
    output_of,
    outputs_of,
    title,
    uses_of,
)
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import plain
from graphtrace.lesson.shown import Shown
from graphtrace.lesson.wengert import Adjoints

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph


@dataclass(frozen=True)
class Explanation(Shown):
    """A derivation in sections; it prints as text and draws itself in a notebook."""

    title: str
    sections: tuple[tuple[str, tuple[Part, ...]], ...]
    names: Naming = field(default_factory=Naming, repr=False)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from graphtrace.lesson.written import explanation_text

        return explanation_text(self.title, self.sections, self.names)

    def to_html(self) -> str:
        """The derivation as HTML, without any style of its own."""
        from graphtrace.lesson.written import explanation_html

        return explanation_html(self.title, self.sections, self.names)

    def to_markdown(self) -> str:
        """The derivation as Markdown, with formulas in TeX between dollar signs."""
        from graphtrace.lesson.written import explanation_markdown

        return explanation_markdown(self.title, self.sections, self.names)

    def to_latex(self) -> str:
        """The derivation as paragraphs of aligned equations; they need amsmath."""
        from graphtrace.lesson.written import explanation_latex

        return explanation_latex(self.title, self.sections, self.names)


def explain(graph: TracedGraph, by: str, *, of: str | None = None) -> Explanation:
    """How the derivative of `of` in `by` comes about; `Graph.explain` says the rest.

    >>> import graphtrace as gt
    >>> print(explain(gt.trace(lambda a, b: 2 * (a + b), 5.0, 3.0), "a"))
    The derivative of f in a
    <BLANKLINE>
    Forward
      a = 5
      b = 3
      v₁ = a + b = 8
      f = 2v₁ = 16
    <BLANKLINE>
    Local derivatives
      dv₁/da = 1
      df/dv₁ = 2
    <BLANKLINE>
    Chain rule
      df/da = df/dv₁ · dv₁/da = 2 · 1 = 2
    """
    start = find(graph, by, "explain")
    end = find(graph, of, "explain") if of is not None else output_of(graph)
    if end is None:
        listed = ", ".join(outputs_of(graph)) or "no number"
        raise OptionError(
            f"{title(graph)}() returns {listed}; say which one to differentiate, as in "
            f"explain({by!r}, of=...)",
            "explain",
        )
    names = naming_of(graph)
    of_end, in_start = (plain(names[str(key)].runs()) for key in (end, start))
    named = f"The derivative of {of_end} in {in_start}"
    before = nx.ancestors(graph, end) | {end}
    forward = ("Forward", tuple(_defined(graph, key) for key in ordered(graph) if key in before))
    if start not in before or start == end:
        value = 1.0 if start == end else 0.0
        chain = Chain(str(end), str(start), (), value)
        parts: tuple[Part, ...] = (chain, *_why_zero(start, end, value))
        return Explanation(named, (forward, ("Chain rule", parts)), names)
    paths = paths_through(graph, (start, end))
    chosen = [use for use in uses_of(graph) if use.key in paths.uses]
    derivatives = tuple(
        Partial(
            str(use.head),
            str(use.tail),
            use.attributes.get("symbol"),
            use.attributes.get("local"),
            total=use.key in paths.total,
        )
        for use in chosen
    )
    local = ("Local derivatives", derivatives)
    return Explanation(named, (forward, local, _backward(graph, paths)), names)


def _defined(graph: TracedGraph, key: str) -> Definition:
    data = graph.nodes[key]
    return Definition(key, data.get("formula"), data["value"])


def _why_zero(start: Any, end: Any, value: float) -> tuple[Note, ...]:
    return () if value else (Note(f"{end} does not depend on {start}."),)


def _backward(graph: TracedGraph, paths: Paths) -> tuple[str, tuple[Part, ...]]:
    """All paths if they are few and of numbers; else the adjoints, node by node."""
    factors = [as_number(factor.value) for term in paths.chain.terms for factor in term]
    adjoints = Adjoints(graph, paths.of)
    if (paths.spelled and None not in factors) or not adjoints.known:
        return "Chain rule", (paths.chain,)
    back = [key for key in reversed(ordered(graph)) if key in paths.nodes]
    lines = tuple(adjoints.line(key, numbers=True) for key in back)
    return f"Backward from {paths.of}, node by node", lines
