"""What the tests of the JavaScript programs share: Node, numbers on their way there and back."""

import json
import math
import shutil
import subprocess

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.compile.javascript import javascript

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")

_HARNESS = """
const number = (x) =>
  x === null || typeof x === "boolean" ? x : Object.is(x, -0) ? "-0" : String(x);
const lists = (r) => "values" in r
  ? Object.fromEntries(Object.entries(r).map(([k, v]) => [k, v.map(number)])) : r;
process.stdout.write(JSON.stringify(PROGRAMS.map(([f, inputs]) =>
  inputs.map((x) => lists(f(x.map(Number)))))));
"""


def run(programs):
    """What each of some programs returns in Node for each of its lists of inputs."""
    texts = [
        f"[{program.source}, {json.dumps([[repr(float(x)) for x in xs] for xs in inputs])}]"
        for program, inputs in programs
    ]
    script = f"const PROGRAMS = [{', '.join(texts)}];{_HARNESS}"
    script = script.replace('"inf"', '"Infinity"').replace('"-inf"', '"-Infinity"')
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [[_read(result) for result in results] for results in json.loads(done.stdout)]


def _read(result):
    return {
        key: [x if x is None or isinstance(x, bool) else float(x) for x in value]
        if isinstance(value, list)
        else value
        for key, value in result.items()
    }


def live(graph, **options):
    """The program, which there is."""
    program = javascript(graph, **options)
    assert not isinstance(program, str), program
    return program


def wanted(f, program, inputs, kind=float):
    """What Python has: the values, local derivatives and gradients of a trace with these inputs."""
    with np.errstate(all="ignore"):
        graph = gt.trace(f, *map(kind, inputs))
        graph.backward()
    return {
        "values": [graph.nodes[key]["value"] for key in program.nodes],
        "locals": [graph.edges[edge]["local"] for edge in program.edges],
        "grads": [graph.nodes[key].get("grad") for key in program.nodes],
    }


def assert_close(got, expected, where, rtol=1e-12):
    """Equal to 1e-12, and in NaN and infinities."""
    assert got.keys() == expected.keys(), (where, got)
    for name, numbers in expected.items():
        for k, (a, b) in enumerate(zip(got[name], numbers, strict=True)):
            if b is None:
                assert a is None, (where, name, k, a)
            elif isinstance(a, bool):
                assert a == bool(b), (where, name, k, a, b)
            else:
                b = float(b)
                same = (math.isnan(a) and math.isnan(b)) or a == b
                close = math.isfinite(a) and abs(a - b) <= max(rtol * abs(b), 1e-322)
                assert same or close, (where, name, k, a, b)
