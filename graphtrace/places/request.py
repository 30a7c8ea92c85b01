"""What a page asks for, and the graph or figure that is meant.

In: the text of a page. Out: what draws itself. Python in a page, and the files that it names, are
run: they are its author's own. An expression, a value and an option run nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from graphtrace.errors import ArgumentError, GraphtraceError, TargetError
from graphtrace.target.argument import split
from graphtrace.target.call import assigned, call
from graphtrace.target.function import load, load_text
from graphtrace.target.option import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphtrace.api import Graph, Picture
    from graphtrace.plots import Drawing

AT = "at"
"""The option that has the values, as it is typed in a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A figure that a page asks for.

    >>> one = Request(text="J = 3*(a + b*c)", options={"at": "a=5 b=3 c=2", "width": "360"})
    >>> one.chosen()
    {'width': 360.0}
    >>> one.meant()
    <Graph J: 3 inputs, 3 operations>
    """

    text: str
    """One line is a TARGET; several are statements without code, or else Python."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What stands in the page: `at`, and the options of a figure."""
    folder: Path = Path()
    """Where relative paths begin."""
    page: Path = Path("page")
    line: int = 1
    """Where the text stands."""

    @classmethod
    def on_page(
        cls,
        text: str,
        options: Mapping[str, str],
        page: Path,
        folder: Path,
        root: Path,
        line: int = 1,
    ) -> Request:
        """What stands on a page; a path that begins with / begins in the folder of all pages."""
        if "\n" not in text.strip() and text.strip().startswith("/"):
            text, folder = text.strip().lstrip("/"), root
        return cls(text=text, options=options, folder=folder, page=page, line=line)

    def chosen(self) -> dict[str, Any]:
        """The options of the figure.

        Raises `OptionError` for one that there is not.
        """
        typed = {name: text for name, text in self.options.items() if name != AT}
        return dict(option(name, text) for name, text in typed.items())

    def again(self, count: int) -> Request:
        """The same under other ids, for the figure that is the `count`th of its page."""
        if "id_prefix" in self.options:
            return self
        return replace(self, options={**self.options, "id_prefix": f"graphtrace-{count}"})

    def meant(self) -> Graph | Picture | Drawing:
        """What the text means, with gradients where there is one number to differentiate.

        Raises `GraphtraceError`, and whatever the function raises.
        """
        made = self._made()
        wanted = self.chosen().get("gradients")
        from graphtrace.api import Graph

        is_bare = isinstance(made, Graph) and not any(
            "grad" in node for node in made.nodes.values()
        )
        if isinstance(made, Graph) and is_bare and wanted is not False:
            try:
                made.backward()
            except GraphtraceError:  # several outputs, an array
                if wanted:
                    raise
        return made

    def python(self) -> bool:
        """Whether the text is Python that is run."""
        return "\n" in self.text.strip() and not _is_statements(self.text)

    def _made(self) -> Graph | Picture | Drawing:
        text = self.text.strip()
        if not text:
            raise ArgumentError(
                "there is nothing to draw: write path/to/file.py:function, or an expression such "
                "as J = 3*(a + b*c)"
            )
        if not self.python():
            return self._traced(load(text, self.folder) if "\n" not in text else _parsed(text))
        module = load_text(self.text, self.page, self.line, self.folder)
        shown: Any = getattr(module, "figure", None) or getattr(module, "graph", None)
        if shown is None and (function := _last_function(module)) is not None:
            return self._traced(function)
        if not hasattr(shown, "to_svg"):
            raise TargetError(
                "the Python leaves nothing to draw: end it with graph = gt.trace(function, ...), "
                f"or with a function, and its values in {AT}"
            )
        if self.options.get(AT):
            raise ArgumentError(
                f"{AT} is for a function, and the Python has traced it: leave it out"
            )
        drawable: Graph | Picture | Drawing = shown
        return drawable

    def _traced(self, function: Callable[..., Any]) -> Graph:
        from graphtrace.api import trace

        values = assigned(split(self.options.get(AT, "")), AT, self.folder)
        return call(trace, function, values, AT)


def _parsed(text: str) -> Callable[..., Any]:
    from graphtrace.target.expression import parse

    return parse(text)


def _is_statements(text: str) -> bool:
    """Whether there is nothing in it but `u = b*c` and the like, which are walked and not run."""
    try:
        body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # Python will say why
    return all(isinstance(statement, ast.Assign | ast.Expr) for statement in body)


def _last_function(module: ModuleType) -> FunctionType | None:
    """The last function that the text itself defines."""
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    ]
    return own[-1] if own else None
