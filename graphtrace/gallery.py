"""Draw a gallery: a folder of small Python files, each with the SVG made from it beside it.

In: a folder. Out: `name.svg` for every `name.py`, or what differs from the SVGs that are there. A
file is ordinary code that leaves its graph under the name `graph` and, if it wants to, what to ask
of `graph.render` under the name `options`; a file whose name begins with `_` is a helper and is not
drawn. Knows nothing of how a graph is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from graphtrace.errors import ArgumentError, TargetError
from graphtrace.graph import Graph
from graphtrace.target import load_file


def update(folder: Path) -> Iterator[Path]:
    """Write the SVG of every file, each in one step, and yield where it is."""
    for source in _sources(folder):
        svg = source.with_suffix(".svg")
        partial = svg.with_suffix(".svg.partial")
        partial.write_bytes(draw(source))
        partial.replace(svg)
        yield svg


def differences(folder: Path) -> Iterator[str]:
    """A line for each SVG that is missing, differs from what its file draws, or has no file."""
    sources = _sources(folder)
    for source in sources:
        svg = source.with_suffix(".svg")
        if not svg.is_file():
            yield f"{svg} is missing: draw it with 'graphtrace gallery'"
        elif svg.read_bytes() != draw(source):
            yield f"{svg} differs: look at it, then draw it again with 'graphtrace gallery'"
    for svg in sorted(folder.glob("*.svg")):
        if svg.with_suffix(".py") not in sources:
            yield f"{svg} is stale: no {svg.with_suffix('.py').name} draws it any more, remove it"


def draw(source: Path) -> bytes:
    """The SVG of the graph that a gallery file leaves under the name `graph`."""
    module = load_file(source)
    graph = getattr(module, "graph", None)
    if not isinstance(graph, Graph):
        raise TargetError(
            f"'{source}' has no graph to draw: end it with graph = gt.trace(function, ...)"
        )
    stream = io.BytesIO()
    graph.render(stream, format="svg", **getattr(module, "options", {}))
    return stream.getvalue()


def _sources(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ArgumentError(f"there is no folder '{folder}': name one with Python files in it")
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
