"""The DOT text, and what the engine gets to see of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from render.drawn import lecture, single

import graphtrace as gt
from graphtrace.render import to_dot, to_svg
from graphtrace.render.layout import engine


def test_dot_is_readable_on_its_own():
    dot = to_dot(lecture(backward=True))
    assert 'u [label="u = bc\\n6"' in dot
    assert re.search(r'b -> u \[.*label="∂u/∂b = c = 2"', dot)
    assert 'label="dJ/du = 3"' in dot
    assert "dir=back" in dot
    assert "rankdir=LR" in dot


@pytest.mark.parametrize(
    ("key", "written"), [("a\\nb", "a\\\\nb"), ("&lt;", "&amp;lt;"), ('"<b>', '\\"&lt;b&gt;')]
)
def test_what_graphviz_would_read_as_an_escape_is_escaped_in_dot(key, written):
    assert f'label="{written}' in to_dot(single(key))


def test_a_keyword_is_not_a_dot_name():
    assert '"node-node" [label=' in to_dot(single("node"))


def test_the_engine_sees_no_text_of_the_users(monkeypatch):
    seen = []
    real = engine.run

    def spy(found, dot, *args, **options):
        seen.append(dot)
        return real(found, dot, *args, **options)

    monkeypatch.setattr(engine, "run", spy)
    to_svg(single("secret"))
    assert seen
    assert "secret" not in seen[0]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_same_input_gives_the_same_bytes_in_every_run(seed):
    code = (
        "import sys, graphtrace as gt; from graphtrace.render import to_dot, to_svg\n"
        "def J(a, b, c):\n    u = b * c\n    v = a + u\n    return 3 * v\n"
        "g = gt.trace(J, 5.0, 3.0, 2.0); g.backward()\n"
        "sys.stdout.buffer.write((to_svg(g) + to_dot(g)).encode())"
    )
    root = Path(gt.__file__).parents[1]
    variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "LC_ALL": "C"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=variables)
    graph = lecture(backward=True)
    strip = re.compile(r" \([^()]*:\d+\)</title>|-[0-9a-f]{8}(?=[ \"-.{])")
    ours = strip.sub("", to_svg(graph) + to_dot(graph))
    assert strip.sub("", run.stdout.decode()) == ours
