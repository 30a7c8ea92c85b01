"""Which formats there are, and which one a file has by its name.

In: a path or a stream. Out: the name of a format. It knows nothing about how one is written.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import IO, Any, Literal, NamedTuple

from graphtrace.errors import OptionError

Format = Literal["svg", "html", "pdf", "png", "tikz", "dot", "mermaid", "graphml", "json", "text"]


class Row(NamedTuple):
    """A format: the module of this room whose `write` makes it of a Rendering, its suffixes."""

    module: str
    suffixes: tuple[str, ...]


FORMATS: dict[Format, Row] = {
    "svg": Row("svg", (".svg",)),
    "html": Row("html", (".html",)),
    "pdf": Row("pdf", (".pdf",)),
    "png": Row("pdf", (".png",)),
    "tikz": Row("tikz", (".tex", ".tikz")),
    "dot": Row("dot", (".dot", ".gv")),
    "mermaid": Row("mermaid", (".mmd",)),
    "graphml": Row("graphml", (".graphml",)),
    "json": Row("document", (".json",)),
    "text": Row("listing", (".txt",)),
}

SUFFIXES: dict[str, Format] = {
    suffix: name for name, row in FORMATS.items() for suffix in row.suffixes
}


def format_of(target: str | os.PathLike[str] | IO[Any]) -> Format:
    """The format that the suffix names; SVG for a stream.

    Raises `OptionError`, with all suffixes, for another one.

    >>> format_of("figures/J.tex")
    'tikz'
    """
    if not isinstance(target, (str, os.PathLike)):
        return "svg"
    path = PurePath(target)
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    has = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
    raise OptionError(
        f"{path} has {has}, which names no format: use one of {', '.join(SUFFIXES)}", "output"
    )


def unknown(format: str) -> OptionError:
    """The error for a name that is no format."""
    return OptionError(f"there is no format {format!r}: use one of {', '.join(FORMATS)}", "format")
