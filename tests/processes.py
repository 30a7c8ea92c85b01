"""Processes in tests: stand-ins for the layout engine, the command, and what of them is running.

In: nothing. Out: helpers. A process is known as ours by a variable of its environment, which all
that it starts inherit; Linux tells it to us in /proc.
"""

import os
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

import graphtrace as gt

posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the processes are looked for in /proc")

LECTURE = ("J = 3*(a + b*c)", "--at", "a=5", "--at", "b=3", "--at", "c=2")

MARK = "GRAPHTRACE_TEST_MARK"

# Processes start in a folder of their own and still run this graphtrace.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(gt.__file__).parents[1])}


def stub(path, body):
    """A stand-in for dot: what happens when the engine misbehaves."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def mark():
    """A value of `MARK` that no other process has."""
    return uuid.uuid4().hex


def command(*args, mark="", **how):
    """`graphtrace ...` as a process, its output in pipes if not said otherwise."""
    line = [sys.executable, "-m", "graphtrace", *map(str, args)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(line, env={**ENVIRONMENT, MARK: mark}, **pipes | how)


def running(mark):
    """The processes that were started with that mark and have not ended."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((int(process.name), (process / "cmdline").read_bytes()))
        except OSError:
            pass  # it has just ended, or is somebody else's
    return found


def wait_until(condition, seconds=60):
    """Look again and again, for long on a machine that is busy, and say whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
