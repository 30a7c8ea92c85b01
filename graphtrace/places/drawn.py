"""A figure in a format, drawn once for each content.

In: a `Request`, a format, a folder. Out: the figure, or its file in that folder. The file's name is
a digest of all that the figure depends on, so it is drawn again only where something changed.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias

from graphtrace.core.describe_error import describe, text_of
from graphtrace.errors import GraphtraceError, OptionError
from graphtrace.places.request import Request
from graphtrace.places.sources import sources
from graphtrace.render.display import on_page
from graphtrace.render.formats import output
from graphtrace.render.options import in_force

Kind: TypeAlias = Literal["svg", "pdf", "html"]
"""`html` is the player, to be put into a page."""


def content(request: Request, kind: Kind) -> bytes:
    """The figure; raises `GraphtraceError`, and whatever the author's own Python raises.

    >>> content(Request(text="J = 3*a", options={"at": "a=5"}), "svg")[:4]
    b'<svg'
    """
    shown = request.meant()
    options = on_page(request.chosen())
    if kind == "svg":
        return shown.to_svg(**options).encode("utf-8")
    if kind == "html":
        from graphtrace.api import Graph

        if not isinstance(shown, Graph):
            raise OptionError("a player is of a graph, and this is a figure: leave play out")
        return shown.play(slides=False, **options).fragment.encode("utf-8")
    file = io.BytesIO()
    shown.render(file, format=kind, **options)
    return file.getvalue()


def kept(request: Request, kind: Kind, folder: Path) -> Path:
    """The file with the figure in the folder, which is drawn where it is not there."""
    path = folder / f"{digest(request, kind)}.{kind}"
    if not path.is_file():
        made = content(request, kind)
        folder.mkdir(parents=True, exist_ok=True)
        output.write(path, made)
    return path


def digest(request: Request, kind: Kind) -> str:
    """A name for all that the figure depends on."""
    place = (str(request.page), request.line) if request.python() else ()  # it is in the tooltips
    parts: list[object] = [version("graphtrace"), kind, request.text, *place]
    parts += [sorted(request.options.items()), sorted(map(str, in_force().items()))]
    hashed = hashlib.sha256(repr(parts).encode("utf-8"))
    for path in sources(request):
        hashed.update(f"\0{path.name}\0".encode())
        if path.is_file():
            hashed.update(path.read_bytes())
    return hashed.hexdigest()[:32]


def alternative(svg: str) -> str:
    """The text for who does not see an SVG of ours: its description, or else its title.

    >>> alternative('<svg><title id="a-title">a &lt; b</title></svg>')
    'a < b'
    """
    match = re.search(r"<desc\b[^>]*>(.*?)</desc>", svg) or re.search(r"<title\b[^>]*>(.*?)</", svg)
    return html.unescape(match[1]) if match else ""


def sentence(error: BaseException) -> str:
    """What went wrong, in one sentence, with file and line where the author's Python raised."""
    return text_of(error) if isinstance(error, GraphtraceError) else describe(error)
