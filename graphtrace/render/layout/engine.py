"""Find the layout engine and run it.

In: DOT text, a format, limits. Out: the engine's bytes. It knows nothing about figures. The
engine is found inside the installed graphviz-pure package, never on the PATH, so that a figure
is the same on every machine; another one is used only where the caller or the environment
variable GRAPHTRACE_DOT names it.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from graphtrace.errors import RenderError
from graphtrace.render.layout import process
from graphtrace.render.layout.process import Deadline

BUNDLED = "graphviz-pure"
VARIABLE = "GRAPHTRACE_DOT"
TIME_LIMIT = 20.0
MEMORY_LIMIT = 2 << 30
OUTPUT_LIMIT = 64 << 20
MOST_QUOTED = 2000
"""So many characters of what an engine complains of are quoted."""


class Engine(NamedTuple):
    """A program that speaks DOT; `bundled` is the one that is the same everywhere."""

    path: str
    bundled: bool


def find(engine: str | os.PathLike[str] | None = None) -> Engine:
    """The engine by name or path; without one, what GRAPHTRACE_DOT says, else the bundled one.

    Raises `RenderError` if there is no such program.
    """
    wanted = os.fspath(engine) if engine is not None else os.environ.get(VARIABLE, "")
    if wanted in ("", BUNDLED):
        return Engine(_bundled(), True)
    program = shutil.which(wanted)
    if program is None:
        origin = "" if engine is not None else f" (from {VARIABLE})"
        raise RenderError(
            f"there is no layout engine {wanted!r}{origin}: install Graphviz so that it has its "
            "`dot`, or leave the engine out to use the one that came with graphtrace"
        )
    return Engine(program, False)


@cache
def _bundled() -> str:
    from importlib.metadata import PackageNotFoundError, distribution

    program = BUNDLED + (".exe" if sys.platform == "win32" else "")
    try:
        package = distribution(BUNDLED)
    except PackageNotFoundError:
        raise RenderError(
            "the layout engine is not installed: run `pip install graphviz-pure`"
        ) from None
    listed = [Path(str(file.locate())) for file in package.files or () if file.name == program]
    # `pip install --target` moves the program after its path has been written down.
    moved = Path(str(package.locate_file(""))) / "bin" / program
    for path in (*listed, moved):
        if path.is_file():
            return str(path.resolve())
    raise RenderError(
        "the layout engine's program is missing from the installed graphviz-pure: "
        "run `pip install --force-reinstall graphviz-pure`"
    )


def deadline(time_limit: float | None) -> Deadline:
    """The limit, or the usual one, with its clock started; that of a deadline goes on."""
    if isinstance(time_limit, Deadline):
        return time_limit
    return Deadline(TIME_LIMIT if time_limit is None else time_limit)


def run(
    engine: Engine,
    dot: str,
    format: str,
    *,
    time_limit: float | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> bytes:
    """What the engine makes of the DOT text in that format.

    Raises `RenderError`, with what the engine said, if it fails, warns (the bundled one: our DOT
    gives no reason for a warning) or passes a limit. Memory is limited on Linux only; time and
    output everywhere.
    """
    limit = deadline(time_limit)
    command = [engine.path, "-Kdot", f"-T{format}"]
    try:
        code, output, errors = process.run(
            command, dot.encode("utf-8"), limit, memory=memory_limit, most=OUTPUT_LIMIT
        )
    except process.TooLong:
        raise RenderError(
            f"the layout took longer than {limit:g} s: draw a part of the graph "
            "(g.subgraph(...)), or give more time with time_limit="
        ) from None
    except process.TooMuch:
        raise RenderError(
            f"the layout engine {engine.path} printed more than {OUTPUT_LIMIT >> 20} MiB: check "
            "that it is a Graphviz dot, or draw a part of the graph, for example g.subgraph(...)"
        ) from None
    except OSError as error:
        raise RenderError(
            f"the layout engine {engine.path} does not start ({error.strerror}): "
            "choose another one with engine="
        ) from error
    complaint = errors.decode("utf-8", "replace").strip()
    if code != 0 or (complaint and engine.bundled):
        raise RenderError(_complaint(engine, code, complaint[:MOST_QUOTED], memory_limit))
    return output


def _complaint(engine: Engine, code: int, complaint: str, memory_limit: int) -> str:
    if "memory allocation" in complaint or "out of memory" in complaint or "bad_alloc" in complaint:
        return (
            f"the layout needed more than {memory_limit >> 20} MiB of memory: draw a part of the "
            f"graph, for example g.subgraph(...) (the engine said: {complaint})"
        )
    how = f"stopped with code {code}" if code else "warned"
    return f"the layout engine {engine.path} {how}, and said: {complaint or 'nothing'}"
