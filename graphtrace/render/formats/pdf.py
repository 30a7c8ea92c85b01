"""Make a PDF or PNG of an SVG, without any program: by typst, which the extra `pdf` brings.

In: the SVG, its title, the format. Out: bytes. A PDF is vectors: paths, and text in embedded
fonts. This is the only place that knows typst.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Literal

from graphtrace.errors import RenderError

_SCALE = 2
"""Pixels of a PNG for each CSS pixel: sharp on today's screens."""

_PAGE = b"""\
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)
"""


def is_installed() -> bool:
    """Whether typst is there."""
    return find_spec("typst") is not None


def convert(svg: str, title: str, format: Literal["pdf", "png"]) -> bytes:
    """The SVG on one page of its own size.

    Raises `RenderError` if typst is not installed or refuses it.
    """
    try:
        import typst
    except ImportError:
        raise RenderError(
            f"{format.upper()} is written by typst, which is not installed: run "
            "`pip install 'graphtrace[pdf]'`, or name a system Graphviz with engine='dot', or "
            "write .svg instead"
        ) from None
    said = {"svg": flat(svg), "title": title}
    try:
        made = typst.compile(_PAGE, sys_inputs=said, format=format, ppi=96.0 * _SCALE)
    except RuntimeError as error:
        raise RenderError(
            f"typst could not write the {format.upper()} ({error}): write .svg instead"
        ) from error
    return bytes(made)


def flat(svg: str) -> str:
    """The SVG in plain colours, for a reader that knows no CSS variables and no dark mode.

    >>> flat("<style>.a{fill:#fff;fill:var(--b,#fff)}</style>")
    '<style>.a{fill:#fff}</style>'
    """
    head, start, rest = svg.partition("<style>")
    style, end, body = rest.partition("</style>")
    style = re.sub(r"@media \(prefers-color-scheme:dark\)\{.*\}\}\n", "", style)
    style = re.sub(r";(?:fill|stroke):var\([^()]*\)", "", style)
    body = re.sub(r' textLength="[\d.]+" lengthAdjust="spacingAndGlyphs"', "", body)
    return head + start + style + end + body
