"""Make a PDF or PNG of an SVG, without any program: by typst, which the extra `pdf` brings.

In: the SVG, its title, the format. Out: bytes. A PDF is vectors: paths, and text in embedded
fonts. This is the only place that knows typst.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from graphtrace.errors import RenderError
from graphtrace.render.formats import describe, dot, svg
from graphtrace.render.layout import engine

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

_SCALE = 2
"""Pixels of a PNG for each CSS pixel: sharp on today's screens."""

_PAGE = b"""\
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)
"""


def write(rendering: Rendering) -> bytes:
    """A PDF or PNG of the SVG; where only a system Graphviz is at hand, what that draws."""
    format: Literal["pdf", "png"] = "png" if rendering.format == "png" else "pdf"
    program = engine.find(rendering.options.engine)
    if program.bundled or is_installed():
        setting = rendering.setting
        plain = setting._replace(theme=replace(setting.theme, dark=None))
        title = rendering.options.alt or describe.title(setting.figure)
        return convert(svg.draw(*plain), title, format)
    limit = rendering.options.time_limit
    return engine.run(program, dot.write(rendering), format, time_limit=limit)


def is_installed() -> bool:
    """Whether typst is there."""
    return find_spec("typst") is not None


def convert(drawing: str, title: str, format: Literal["pdf", "png"]) -> bytes:
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
    inputs = {"svg": drawing, "title": title}
    try:
        made = typst.compile(_PAGE, sys_inputs=inputs, format=format, ppi=96.0 * _SCALE)
    except RuntimeError as error:
        raise RenderError(
            f"typst could not write the {format.upper()} ({error}): write .svg instead"
        ) from error
    return bytes(made)
