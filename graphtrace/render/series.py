"""A series of figures that differ by a step: shown as one with a slider, or written as files.

In: figures in their order, each with the looks that were chosen for it. Out: a list that a notebook
shows as one figure, which asks for nothing else, and a directory of numbered files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Unpack, cast

from graphtrace.errors import OptionError
from graphtrace.figure.parts import Figure, Note
from graphtrace.render import content, to_svg
from graphtrace.render.display import on_page
from graphtrace.render.formats import output
from graphtrace.render.formats.registry import FORMATS, Format, unknown
from graphtrace.render.options import Choices
from graphtrace.render.typeset.escape import xml

_Figure = TypeVar("_Figure", bound=Figure)

# One line, so that it needs no script element, which a page may forbid and a notebook may lose.
_SHOW = (
    "const all=[...this.closest('.graphtrace-frames').firstElementChild.children],"
    "now=all[this.value-1];for(const one of all)one.style.visibility=one===now?'':'hidden';"
    "this.setAttribute('aria-valuetext',now.dataset.step);"
    "this.nextElementSibling.textContent=now.dataset.step"
)


class Frames(list[_Figure]):
    """The figures of a series. A notebook shows one at a time, with a slider.

    >>> import graphtrace as gt
    >>> frames = gt.trace(lambda a: 2 * a, 3.0).frames()
    >>> len(frames), frames[0]
    (4, <Figure f: 2 nodes>)
    """

    def __init__(self, frames: Iterable[_Figure], look: Mapping[str, Any]) -> None:
        super().__init__(frames)
        self.look = look

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        format: Format = "svg",
        **options: Unpack[Choices],
    ) -> list[str]:
        """Write each figure into the directory, as 01.svg, 02.svg, ...; the names of the files.

        All of them are written, or none. The directory is made, if there is none.

        Args:
            directory: Where they go.
            format: As for `Graph.render`.
            **options: How they look.

        Raises:
            RenderError: An option or a format does not exist, the files cannot be written, or the
                directory has numbered files that are not of this series.
        """
        if format not in FORMATS:
            raise unknown(format)
        suffix = FORMATS[format].suffixes[0]
        digits = max(2, len(str(len(self))))
        files = {}
        for i, frame in enumerate(self, 1):
            made = content(frame, format, **_chosen({**self.look, **options}))
            whole = made.encode("utf-8") if isinstance(made, str) else made
            files[f"{i:0{digits}}{suffix}"] = whole
        output.write_all(directory, files)
        return list(files)

    def _repr_html_(self) -> str:
        if len(self) > _MOST:
            raise OptionError(f"{len(self)} frames are too many to show: save them, as files")
        steps = [_place_of(frame, f"{i} of {len(self)}") for i, frame in enumerate(self, 1)]
        shown = [
            f'<div data-step="{xml(step)}" style="grid-area:1/1{"" if i == 0 else _HIDDEN}">'
            f"{to_svg(frame, **_chosen(on_page(self.look)))}</div>"
            for i, (step, frame) in enumerate(zip(steps, self, strict=True))
        ]
        name = f'aria-label="step" aria-valuetext="{xml(steps[0])}"' if steps else ""
        return "\n".join(
            [
                '<div class="graphtrace-frames">',
                '<div style="display:grid;justify-content:start">',
                *shown,
                "</div>",
                '<div style="display:flex;gap:1em;align-items:center">',
                f'<input type="range" min="1" max="{len(self)}" value="1" step="1" {name} '
                f'style="flex:0 1 24em;min-width:0;min-height:44px" oninput="{_SHOW}">',
                f'<span aria-hidden="true">{xml(steps[0]) if steps else ""}</span>',
                "</div>",
                "</div>",
            ]
        )


_HIDDEN = ";visibility:hidden"
_MOST = 500


def _chosen(look: Mapping[str, Any]) -> Choices:
    return cast(Choices, look)


def _place_of(frame: Figure, otherwise: str) -> str:
    """What a figure says of its place in the series."""
    note = frame.caption[0] if frame.caption else None
    return note.text if isinstance(note, Note) else otherwise
