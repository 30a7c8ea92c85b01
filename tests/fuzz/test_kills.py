"""Kills at random moments: a file is whole, or the old one, or not there; no process is left."""

import random
import re
import signal
import subprocess
import time
from xml.etree import ElementTree as ET

import pytest
from fuzz.budget import cases
from processes import ENVIRONMENT, LECTURE, command, linux, mark, running, stub, wait_until

from graphtrace.render.layout import engine

SQUARE = "import graphtrace as gt\ngraph = gt.trace(lambda x: x**2, x=3)\n"
OLD = "<svg>old</svg>"
COMMANDS = [
    ("render", *LECTURE, "-o", "J.svg"),
    ("render", *LECTURE, "--quiz", "values", "-o", "J.svg"),
    ("gallery", "."),
]
LONGEST = 0.8
"""Seconds in which a command usually ends; where it has, the kill comes too late to do anything."""


@linux
@pytest.mark.parametrize("seed", range(cases(4, 400)))
def test_a_kill_leaves_no_half_a_file_and_no_process(tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    for name in ("cube.py", "square.py"):
        (tmp_path / name).write_text(SQUARE)
    for name in ("J.svg", "cube.svg"):
        (tmp_path / name).write_text(OLD)
    # An engine that takes its time, and leaves a child.
    dot = stub(tmp_path / "dot", f"sleep 1000 & sleep 0.05; exec {engine.find('').path} $@")
    monkeypatch.setitem(ENVIRONMENT, engine.VARIABLE, str(dot))
    number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = command(*chance.choice(COMMANDS), cwd=tmp_path, mark=(m := mark()), **quiet)
    time.sleep(chance.uniform(0, LONGEST))  # any moment will do
    process.send_signal(number)
    process.wait()
    assert wait_until(lambda: not running(m)), running(m)
    for path in tmp_path.iterdir():
        if path.suffix == ".svg":
            ET.parse(path)  # whole, be it old or new
        elif path.suffix == ".tmp":
            assert number == signal.SIGKILL
            assert re.fullmatch(r"\.graphtrace-[0-9a-f]{16}\.tmp", path.name)
        elif path.suffix == ".html":
            assert path.read_text("utf-8").endswith("</html>\n")
        else:
            assert path.name in ("cube.py", "square.py", "dot", "__pycache__")
