"""Run the layout engine: the only place in graphtrace that starts a process.

In: DOT text, a format, limits. Out: the engine's bytes. It knows nothing about figures. The
engine is found inside the installed graphviz-pure package, never on the PATH, so that a figure
is the same on every machine; another one is used only where the caller or the environment
variable GRAPHTRACE_DOT names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from graphtrace.errors import RenderError

BUNDLED = "graphviz-pure"
VARIABLE = "GRAPHTRACE_DOT"
TIME_LIMIT = 20.0
MEMORY_LIMIT = 2 << 30


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
    found = shutil.which(wanted)
    if found is None:
        origin = "" if engine is not None else f" (from {VARIABLE})"
        raise RenderError(
            f"there is no layout engine {wanted!r}{origin}: install Graphviz so that it has its "
            "`dot`, or leave the engine out to use the one that came with graphtrace"
        )
    return Engine(found, False)


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


def run(
    engine: Engine,
    dot: str,
    format: str,
    *,
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
) -> bytes:
    """What the engine makes of the DOT text in that format.

    Raises `RenderError`, with what the engine said, if it fails, warns (the bundled one: our DOT
    gives no reason for a warning) or passes a limit. Memory is limited on Linux only; time
    everywhere.
    """
    process = _start(engine, format)
    try:
        # The engine waits for its input, so the limit is set before it allocates anything.
        _limit_memory(process.pid, memory_limit)
        output, errors = process.communicate(dot.encode("utf-8"), timeout=time_limit)
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"the layout took longer than {time_limit:g} s: draw a part of the graph "
            "(g.subgraph(...)), or give more time with time_limit="
        ) from None
    finally:
        _end(process)
    said = errors.decode("utf-8", "replace").strip()
    if process.returncode != 0 or (said and engine.bundled):
        raise RenderError(_complaint(engine, process.returncode, said, memory_limit))
    return output


def _start(engine: Engine, format: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [engine.path, "-Kdot", f"-T{format}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=None if sys.platform == "win32" else 0,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise RenderError(
            f"the layout engine {engine.path} does not start ({error.strerror}): "
            "choose another one with engine="
        ) from error


def _limit_memory(pid: int, limit: int) -> None:
    if sys.platform != "linux":
        return
    import resource

    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
    except (ProcessLookupError, PermissionError, ValueError):
        return  # ended already, or a lower hard limit holds: then that one protects us


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process behind, nor a child of a `dot` that is a shell script."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, 9)
        process.communicate()


def _complaint(engine: Engine, code: int, said: str, memory_limit: int) -> str:
    if "memory allocation" in said or "out of memory" in said or "bad_alloc" in said:
        return (
            f"the layout needed more than {memory_limit >> 20} MiB of memory: draw a part of the "
            f"graph, for example g.subgraph(...) (the engine said: {said})"
        )
    how = f"stopped with code {code}" if code else "warned"
    return f"the layout engine {engine.path} {how}, and said: {said or 'nothing'}"
