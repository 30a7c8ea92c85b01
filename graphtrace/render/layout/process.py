"""Run a program within limits, and let nothing of it outlive us: the only place that starts one.

In: a command, what it reads, limits. Out: what it wrote, and its exit code. It knows nothing of
what the program is for.

The program and all that it starts are one process group, and the group is killed whatever happens:
the program ends, passes a limit, fails, or we are interrupted. Against our own death, which may
come without a word (SIGKILL), the group has a leader that waits for it: a shell at the end of a
pipe that we hold open. Linux could do the same with PR_SET_PDEATHSIG, but for the program alone,
and it would take Python code between fork and exec, which is not safe where there are threads.
What leaves its group (setsid) is not followed. Windows has no groups: there the program itself is
killed, and if we are, it ends when it next reads or writes the pipes that broke.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

_LEADER = ["/bin/sh", "-c", "read line; kill -9 0"]

_PATIENCE = 5.0
"""Seconds to read what was written before a group was killed; only what has left it takes them."""


class Deadline(float):
    """A time limit in seconds whose clock runs from when it is made."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """How many seconds are left, 0 where none are."""
        return min(max(0.0, self._end - time.monotonic()), threading.TIMEOUT_MAX)


class TooLong(Exception):
    """The program did not end in time."""


class TooMuch(Exception):
    """The program wrote more than it may."""


class Ended(NamedTuple):
    """How a program ended, and what it wrote to standard output and standard error."""

    code: int
    output: bytes
    errors: bytes


def run(
    command: Sequence[str], content: bytes, deadline: Deadline, *, memory: int, most: int
) -> Ended:
    """Run the command with that content as its standard input.

    It may take `memory` bytes (on Linux) and write `most` bytes to either output. Raises `TooLong`
    or `TooMuch` where it passes a limit, and OSError if it does not start.
    """
    done = threading.Event()
    output, errors = bytearray(), bytearray()
    with _group() as leader, _started(command, leader) as process:
        # It waits for its input, so the limit is set before it allocates anything.
        _limit_memory(process.pid, memory)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        threads = [
            threading.Thread(target=_write, args=(process.stdin, content), daemon=True),
            threading.Thread(target=_read, args=(process.stdout, output, most, done), daemon=True),
            threading.Thread(target=_read, args=(process.stderr, errors, most, done), daemon=True),
            threading.Thread(target=_wait, args=(process, done), daemon=True),
        ]
        for thread in threads:
            thread.start()
        in_time = done.wait(deadline.left())
    patience = Deadline(_PATIENCE)
    for thread in threads:
        thread.join(patience.left())
    if max(len(output), len(errors)) > most:
        raise TooMuch
    if not in_time:
        raise TooLong
    return Ended(process.returncode, bytes(output), bytes(errors))


@contextmanager
def _group() -> Iterator[int | None]:
    """The number of a new process group, which is killed at the end, ours or that of the block.

    It stays ours as long as we have not waited for its leader. None where there are no groups, or
    no shell to lead one.
    """
    leader = _leader()
    try:
        yield leader.pid if leader else None
    finally:
        if leader and sys.platform != "win32":
            with suppress(OSError):  # somebody else has killed it
                os.killpg(leader.pid, signal.SIGKILL)
            leader.communicate()


def _leader() -> subprocess.Popen[bytes] | None:
    if sys.platform == "win32":
        return None
    try:
        return subprocess.Popen(
            _LEADER,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
    except OSError:
        return None


@contextmanager
def _started(command: Sequence[str], group: int | None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        process_group=group,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        yield process
    finally:
        if group is None:
            process.kill()


def _limit_memory(pid: int, limit: int) -> None:
    if sys.platform != "linux":
        return
    import resource

    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
    except (ProcessLookupError, PermissionError, ValueError):
        return  # ended already, or a lower hard limit holds: then that one protects us


def _write(pipe: IO[bytes], content: bytes) -> None:
    left = memoryview(content)
    with suppress(OSError), pipe:  # it may end before it has read everything
        while left:
            left = left[pipe.write(left) :]


def _read(pipe: IO[bytes], content: bytearray, most: int, done: threading.Event) -> None:
    with pipe:
        while chunk := pipe.read(1 << 16):
            content += chunk
            if len(content) > most:
                done.set()
                return


def _wait(process: subprocess.Popen[bytes], done: threading.Event) -> None:
    process.wait()
    done.set()
