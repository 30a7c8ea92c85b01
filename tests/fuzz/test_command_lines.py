"""Random command lines: a file or one sentence, exit code 0, 1 or 2, and nothing half written."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from fuzz.budget import cases

import graphtrace as gt
from graphtrace import cli

HOSTILE = "\x1b[31m\u202e\x07\x9b"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

FILE = """\
import sys
import numpy as np

class Mute(BaseException):
    def __str__(self):
        raise self

def good(a, b=2.0): return np.sum(a * b)
def tree(p): return p["w"] * p["w"] + 1
def pole(a): return 1 / a
def mute(a): raise Mute
def leaves(a): sys.exit(a)
def gen(a): yield a
def text(a): return "text"
def lost(a): return float(a)
def jump(a): return a if a > 0 else -a
def shape(a): return np.ones((2, 3)) @ a
class Kind: pass
weights = [1, 2]
"""

# What can be drawn, with its parameters, and what cannot.
TARGETS = {
    "J = 3*(a + b*c)": "abc",
    "a*b": "ab",
    "-a*b": "ab",
    "a**b": "ab",
    "1/a": "a",
    "exp(a)": "a",
    "a; b; c": "abc",
    "J = a; J = J*J": "a",
    "é + a": "aé",
    "np.sum(a)": "a",
    "a\n*b": "ab",
    **{f"f.py:{name}": "a" for name in "good pole mute leaves gen text lost jump shape".split()},
    "f.py:tree": "p",
    "math:sin": "x",
    "os:getcwd": "",
}
NO_TARGETS = [
    *("--a", "-", "x.y", "a[", "exp(a", "", " ", "f.py:Kind", "f.py:weights", "f.py:gone", "f.py"),
    *("gone.py:f", "bad.py:f", "json.decoder", "a" * 3000, "(" * 300, "-o*a"),
    *(f"a{HOSTILE}", f"{HOSTILE}.py:f"),
]
VALUES = [
    *(
        "1",
        "-1",
        "0",
        "1e308",
        "nan",
        "inf",
        "[1, 2, 3]",
        "[[1], [2, 3]]",
        "[]",
        "{'w': 2}",
        "true",
    ),
    *(
        "1" + "0" * 400,
        "10**400",
        "'text'",
        "None",
        "@gone.npy",
        "@f.py",
        "@bad.json",
        "(",
        HOSTILE,
    ),
]
NAMES = ["a", "b", "c", "p", "a", "a", "zz", "", "J", "a[0]", "a,J", HOSTILE, "é", "dJ/da", "v1"]
NUMBERS = ["0", "1", "2", "3.5", "-1", "-5", "400", "1e9", "nan", "inf", "x", "", "9" * 400]
OPTIONS = {
    "--at": [f"{name}={value}" for name in ("a", "b", "c", "p", "zz") for value in VALUES],
    "--step": ["dJ/da", "x", "da/dJ", "", *NAMES],
    "--path": ["a,J", "J,a", ",", *NAMES],
    "--nudge": ["a=0.1", "a=0", "a=nan", "J=1", "a[0]=1", *NAMES],
    "--tangent": ["a=1", "a=[1, 2, 3]", "zz=1", *NAMES],
    "--quiz": ["values", "gradients", "values,derivatives", *NAMES],
    "--explain": NAMES,
    "--unfold": NAMES,
    "--theme": ["lecture", "print", "foo", ""],
    "--direction": ["LR", "tb", "xx"],
    "--derivatives": ["both", "none", "xx"],
    "--font": ["serif", "a;b", "", HOSTILE],
    "--id-prefix": ["one", "<x", '"', "", HOSTILE],
    "--dot": ["/gone/dot", "", "f.py"],
    "--format": ["svg", "text", "json", "dot", "mermaid", "graphml", "xyz", ""],
    "-o": [
        "out.svg",
        "out.txt",
        "out.json",
        "-",
        "gone/out.txt",
        ".",
        "",
        f"{HOSTILE}.txt",
        "é.dot",
    ],
    **dict.fromkeys(
        ["--width", "--font-size", "--digits", "--depth", "--limit", "--time-limit"], NUMBERS
    ),
}
FLAGS = """
    --values --no-values --grad --no-grad --shapes --sources --constants --scopes --trouble --check
    --legend --no-legend --flow --standalone --foo -x --at --
""".split()
ENDINGS = {".svg": ET.fromstring, ".json": json.loads, ".graphml": ET.fromstring}


def command_line(chance):
    """Words that are often nearly right: a target, values for it, some options, in any order."""
    target = chance.choice(list(TARGETS))
    groups = [["--at", f"{name}={_value(chance, target)}"] for name in TARGETS[target]]
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        name = chance.choice(list(OPTIONS))
        value = chance.choice(OPTIONS[name])
        groups.append([name, value] if chance.random() < 0.9 else [f"{name}={value}"])
    groups += [[chance.choice(FLAGS)] for _ in range(chance.choice((0, 0, 0, 1, 2)))]
    if chance.random() < 0.7:  # no picture, which takes the engine's time
        groups.append(["--format", chance.choice(("text", "dot", "json", "mermaid"))])
    groups.append([target if chance.random() < 0.8 else chance.choice(NO_TARGETS)])
    chance.shuffle(groups)
    return ["render", *(word for group in groups for word in group)]


def _value(chance, target):
    if chance.random() < 0.1:
        return chance.choice(VALUES)
    return "{'w': 2}" if target == "f.py:tree" else chance.choice(VALUES[:7])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FILE)
    (tmp_path / "bad.py").write_text("1/0\n")
    (tmp_path / "bad.json").write_text("{")
    return tmp_path


def check(folder, args, code, stdout, stderr):
    """What holds for every command line; the files that it wrote are whole, and are removed."""
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("graphtrace: error: ")]
    new = [path for path in folder.iterdir() if path.name not in ("f.py", "bad.py", "bad.json")]
    new = [path for path in new if path.name != "__pycache__"]
    assert code in (0, 1, 2), (args, stderr)
    assert "Traceback" not in stderr, args
    assert not OBEYED.search(stderr), args
    assert len(errors) == (code != 0), (args, stderr)
    assert not code or lines[-1] == errors[0], (args, stderr)
    assert not code or (stdout, new) == ("", []), args
    for path in new:
        content = path.read_text(encoding="utf-8")
        assert content, args
        ENDINGS.get(path.suffix, str)(content) if "--format" not in " ".join(args) else None
        path.unlink()


def test_no_command_line_is_a_traceback_or_half_a_file(folder):
    chance = random.Random(0)
    codes = set()
    for _ in range(cases(150, 10_000)):
        args = command_line(chance)
        result = CliRunner().invoke(cli.main, args)
        assert result.exception is None or isinstance(result.exception, SystemExit), args
        check(folder, args, result.exit_code, result.stdout, result.stderr)
        codes.add(result.exit_code)
    assert codes == {0, 1, 2}


def test_nor_is_one_as_a_process(folder):
    chance = random.Random(1)
    environment = {**os.environ, "PYTHONPATH": str(Path(gt.__file__).parents[1])}
    for _ in range(cases(2, 200)):
        args = command_line(chance)
        done = subprocess.run(
            [sys.executable, "-m", "graphtrace", *(word.replace("\0", "") for word in args)],
            capture_output=True,
            cwd=folder,
            env=environment,
            timeout=100,
            check=False,
        )
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        check(folder, args, done.returncode, out, err)
