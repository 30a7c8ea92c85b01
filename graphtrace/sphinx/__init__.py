"""The extension of Sphinx: `extensions = ["graphtrace.sphinx"]` in conf.py.

In: the directive `.. graphtrace::` on a page. Out: an SVG in the page, a PDF in LaTeX, the figure
in words where there are no pictures. Knows how Sphinx builds; what a figure is, `places` knows. For
others: the name of the room, which Sphinx imports, and `setup`, which it calls.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from graphtrace.sphinx.directive import Graphtrace
from graphtrace.sphinx.drawing import drawing, visit_html, visit_latex, visit_text


def setup(app: Any) -> dict[str, Any]:
    """Add the directive and its node to a Sphinx application."""
    words = (visit_text, None)
    app.add_node(
        drawing,
        html=(visit_html, None),
        latex=(visit_latex, None),
        text=words,
        man=words,
        texinfo=words,
    )
    app.add_directive("graphtrace", Graphtrace)
    return {
        "version": version("graphtrace"),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
