"""Draw again whenever a file changes.

In: what was typed, and the files that it reads. Out: the figure, drawn by a process of its own each
time, so that nothing of an earlier run stays, neither modules nor errors.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from graphtrace.cli.program import say
from graphtrace.errors import ArgumentError

EVERY = 0.25
"""Seconds between two looks."""

_Times: TypeAlias = dict[Path, tuple[int, int]]


def files_of(
    targets: Iterable[str], assignments: Iterable[str], others: Iterable[str]
) -> list[Path]:
    """What a drawing depends on: the targets' files, folders for what lies beside, and values.

    Raises `ArgumentError` where there is nothing that could change.
    """
    from graphtrace.target.function import source_of

    files = [Path(other) for other in others]
    for target in targets:
        if (path := source_of(target)) is not None:
            files += [path, path.parent]
    values = (assignment.partition("=")[2].strip() for assignment in assignments)
    files += [Path(value[1:]) for value in values if value.startswith("@")]
    if not files:
        raise ArgumentError("--watch has no file to look at: put the function in one")
    return files


def draw_again(typed: Sequence[str], files: Iterable[Path]) -> NoReturn:
    """Run the command without --watch now and after each change, until Ctrl-C."""
    command = [sys.executable, "-P", "-m", "graphtrace", "render"]
    command += [word for word in typed if word != "--watch"]
    while True:
        times = _times(files)
        subprocess.run(command, check=False)
        say("note", "drawn again when a file changes; Ctrl-C ends it")
        while _times(files) == times:
            time.sleep(EVERY)


def _times(files: Iterable[Path]) -> _Times:
    """When each file was changed, and its size; of a folder, of the Python files in it."""
    times: _Times = {}
    for path in files:
        for file in path.glob("*.py") if path.is_dir() else [path]:
            try:
                state = file.stat()
            except OSError:  # an editor is about to put it there
                continue
            times[file] = (state.st_mtime_ns, state.st_size)
    return times
