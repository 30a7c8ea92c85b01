"""Say on a terminal that something takes long: a large figure, a pass over much data.

In: what is being done. Out: one line on standard error, which counts the seconds and goes away at
the end. Where standard error is no terminal, as in a notebook, a pipe or a test, nothing.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

PATIENCE = 2.0
"""Seconds that pass before anything is said."""

_EVERY = 1.0


@contextmanager
def progress(what: Callable[[], str]) -> Iterator[None]:
    """While the block runs, from some seconds on: `graphtrace: drawing f, 10,002 nodes, 5 s`."""
    stream = sys.stderr
    try:
        is_terminal = stream is not None and stream.isatty()
    except ValueError:  # closed
        is_terminal = False
    if not is_terminal:
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_count, args=(stream, what, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _count(stream: TextIO, what: Callable[[], str], done: threading.Event) -> None:
    begin = time.monotonic()
    longest = 0
    with suppress(OSError, ValueError):  # the terminal is gone
        wait = PATIENCE
        while not done.wait(wait):
            line = f"graphtrace: {what()}, {time.monotonic() - begin:.0f} s"
            longest = max(longest, len(line))
            stream.write(f"\r{line:{longest}}")
            stream.flush()
            wait = _EVERY
        if longest:
            stream.write(f"\r{' ' * longest}\r")
            stream.flush()
