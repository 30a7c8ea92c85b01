"""A figure that is no graph: a plot, a network of neurons.

In: what it is called, what it tells, and a function that draws it in a theme. Out: a `Drawing`,
which is written and shown as a traced figure is. It knows nothing about what is drawn.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Unpack

from graphtrace.errors import OptionError
from graphtrace.formula.naming import natural
from graphtrace.formula.runs import Run, Runs, plain
from graphtrace.render import Theme
from graphtrace.render.display import Bundle, bundle, on_page
from graphtrace.render.formats import output, pdf as paper
from graphtrace.render.formats.page import page
from graphtrace.render.formats.registry import Format, format_of
from graphtrace.render.formats.text import set_line
from graphtrace.render.options import Choices, chosen, is_content
from graphtrace.render.typeset import metrics
from graphtrace.render.typeset.line import runs_width
from graphtrace.render.typeset.sheet import Line

Point = tuple[float, float]


class Picture(NamedTuple):
    """The lines of an SVG body, and its size in CSS pixels."""

    body: tuple[str, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure that draws itself: in a notebook, as SVG text, into a file."""

    name: str
    title: str
    description: str
    draw: Callable[[Theme], Picture] = field(repr=False, compare=False)

    def to_svg(self, **options: Unpack[Choices]) -> str:
        """The figure as the text of an SVG file.

        The options are those of a traced figure that say how it looks, `alt` and `id_prefix`.

        Raises `OptionError` for a theme or an option that is not known, and `OptionError` where
        matplotlib is needed and not installed.
        """
        content = [name for name in options if is_content(name)]
        if content:
            raise OptionError(f"{self.name} has no option {', '.join(content)}: leave it out")
        look = chosen(options)
        style, id_prefix = look.style(), look.id_prefix
        drawn = self.draw(style)
        texts = (look.alt, "") if look.alt else (self.title, self.description)
        size = (drawn.width, drawn.height)
        smallest = size_of("index", style) * min(1, style.column / drawn.width)
        wide = smallest < style.smallest
        return page(self.name, texts, drawn.body, size, style, id_prefix, wide=wide)

    def render(
        self,
        target: str | os.PathLike[str] | IO[Any],
        *,
        format: Format | None = None,
        **options: Unpack[Choices],
    ) -> None:
        """Write the figure to a path or a stream, whole or not at all.

        The suffix says the format: .svg, or .pdf and .png, which need the extra `graphtrace[pdf]`.
        The options are those of `to_svg`. Raises what `to_svg` does, `OptionError` for another
        format, and `OptionError` for a path that cannot be written to.
        """
        chosen = format_of(target) if format is None else format
        if chosen not in ("svg", "pdf", "png"):
            raise OptionError(
                f"{self.name} cannot be written as {chosen}: write it as SVG, PDF or PNG"
            )
        text = self.to_svg(**options)
        content = text.encode("utf-8")
        if chosen != "svg":
            content = paper.convert(text, options.get("alt") or self.title, chosen)
        output.write(target, content)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        def printed() -> bytes:
            return paper.convert(self._repr_svg_(), self.title, "pdf")

        return bundle(repr(self), self._repr_svg_, printed, include, exclude)

    def _repr_svg_(self) -> str:
        return self.to_svg(**on_page({}))


_SMALLER = {"heading": 1.0, "note": 15 / 16, "small": 14 / 16, "tick": 13 / 16, "index": 11 / 16}
"""The size of a role's text, as a share of a formula's."""


def size_of(role: str, theme: Theme) -> float:
    """The font size of text in this role, which is the first word of its class."""
    return theme.formula_size * _SMALLER.get(role.split()[0], 1.0)


def line(role: str, content: str | Runs, theme: Theme) -> Line:
    """One measured line of text; `role` is its class."""
    text = (Run(content),) if isinstance(content, str) else content
    size = size_of(role, theme)
    return Line(role, text, size, runs_width(text, size), plain(text))


def call(function: str, variable: str, prime: str = "") -> Runs:
    """`f(a)` and `f′(a)`, set as mathematics.

    >>> plain(call("f", "a")), plain(call("relu", "x", "′"))
    ('f(a)', 'relu′(x)')
    """
    return (*natural(function).runs(), Run(f"{prime}("), *natural(variable).runs(), Run(")"))


def listed(words: Sequence[str]) -> str:
    """The words with commas and `and`.

    >>> listed("xyz")
    'x, y and z'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """A sentence, broken into lines that fit the room.

    >>> wrapped("hardly any gradient", 10, 60)
    ['hardly any', 'gradient']
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if metrics.width(longer, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def caption(
    sentences: Iterable[str], width: float, top: float, theme: Theme
) -> tuple[list[str], float]:
    """The sentences beneath a figure, and where they end; `*x*` is set in italics.

    What stands on both sides of `=` and `/` is not parted.
    """
    size = size_of("note", theme)
    body = []
    for sentence in sentences:
        whole = re.sub(" ([=/]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", sentence)
        for row in wrapped(whole, size, width - 2 * theme.margin):
            words = row.split("*")
            runs = tuple(Run(word, bool(i % 2)) for i, word in enumerate(words) if word)
            middle = (width / 2, top + size * 0.7)
            body.append(set_line(line("note", runs, theme), middle, theme))
            top += size * 1.4
    return body, top + theme.margin


def marked(word: str) -> str:
    """The name of a variable or function in a sentence, for `caption`.

    >>> marked("a"), marked("relu")
    ('*a*', 'relu')
    """
    return f"*{word}*" if len(word) == 1 else word


def unmarked(sentence: str) -> str:
    """The sentence for a reader who does not see it."""
    return sentence.replace("*", "")
