"""The directive `.. graphtrace::` of a page.

In: an argument or a body, and options. Out: a node with the request and the figure in words, and
the files that it depends on. The figure is drawn when the page is read, so that what is wrong is
told there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from graphtrace.errors import ArgumentError
from graphtrace.places.drawn import alternative
from graphtrace.places.request import AT, Request
from graphtrace.places.sources import sources
from graphtrace.render.options import Options
from graphtrace.sphinx.drawing import drawing, file_of, kind_in, warn


class _Options(dict[str, Callable[[str], str]]):
    """Every option as text; one that there is not is refused with the nearest one, by `Request`."""

    def __missing__(self, name: str) -> Callable[[str], str]:
        return _text


def _text(argument: str | None) -> str:
    return " ".join((argument or "").split())


_OF_THE_PAGE = ("caption", "play", "align", "class", "name")


class Graphtrace(SphinxDirective):
    """`.. graphtrace:: path/to/file.py:J`, an expression, or Python in the body."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[Any] = _Options(
        dict.fromkeys([AT, *_OF_THE_PAGE, *(one.name for one in fields(Options))], _text)
    )

    def run(self) -> Sequence[nodes.Node]:
        """The figure, or nothing and one warning."""
        try:
            return [self._captioned(self._drawing(self._request()))]
        except (Exception, SystemExit) as error:  # noqa: BLE001 (the author's Python may raise anything)
            warn(error, self.get_location())
            return []

    def _request(self) -> Request:
        argument, body = " ".join(self.arguments), "\n".join(self.content)
        if argument and body.strip():
            raise ArgumentError("there is an argument and a body: leave one of them out")
        page, root = Path(self.env.doc2path(self.env.docname)), Path(self.env.srcdir)
        return Request.on_page(
            argument or body,
            {name: text for name, text in self.options.items() if name not in _OF_THE_PAGE},
            page=page.relative_to(root) if page.is_relative_to(root) else page,
            folder=page.parent,
            root=root,
            line=self.content_offset + 1 + (self.lineno if self._is_myst() else 0),
        )

    def _is_myst(self) -> bool:
        """Whether the page is Markdown, where the body's place is told from the directive on."""
        return type(self.state_machine).__module__.startswith("myst_parser")

    def _drawing(self, request: Request) -> drawing:
        for path in sources(request):
            self.env.note_dependency(str(path))
        seen: Any = self.env.temp_data.setdefault("graphtrace", [])
        seen.append((request.text, request.options))
        if seen.count(seen[-1]) > 1:
            request = request.again(len(seen))
        node = drawing("", request=request, plays="play" in self.options)
        self.set_source_info(node)
        for kind in dict.fromkeys(["svg", kind_in(self.env.app.builder, node)]):
            file = file_of(self.env.app, request, kind)
            if kind == "svg":
                node["alt"] = alternative(file.read_text(encoding="utf-8"))
        return node

    def _captioned(self, node: drawing) -> nodes.Element:
        """The figure, in a numbered one with its caption where there is one."""
        outer: nodes.Element = node
        if caption := self.options.get("caption"):
            inlines, messages = self.parse_inline(caption, lineno=self.lineno)
            legend = nodes.caption(caption, "", *inlines)
            outer = nodes.figure("", node, legend, *messages)
            self.set_source_info(outer)
            self.set_source_info(legend)
        if align := self.options.get("align"):
            outer["align"] = align
        outer["classes"] += self.options.get("class", "").split()
        self.add_name(outer)
        return outer
