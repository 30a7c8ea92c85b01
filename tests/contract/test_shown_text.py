"""Names, messages and paths that hold control, escape or bidi characters are shown without them."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

import graphtrace as gt
from graphtrace import cli
from graphtrace.errors import clean

HOSTILE = "\x1b[31mX\x1b]0;title\x07\u202eevil\u2066\x9b1m\x7f\b\u200f"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def graph():
    key = f"a{HOSTILE}"
    graph = gt.trace(lambda p: np.sum(p[key] * 0) + p["b"], {key: np.ones(2), "b": np.inf})
    graph.backward()
    graph.graph["name"] = f"loss{HOSTILE}"
    for node in graph:
        graph.nodes[node]["label"] += HOSTILE
        graph.nodes[node]["source"] = f"file{HOSTILE}.py:1"
    return graph


@pytest.mark.parametrize(
    "show",
    [
        repr,
        lambda g: g.to_text(),
        lambda g: g.to_text(sources=True, trouble=True),
        lambda g: g.to_dot(),
        lambda g: g.to_mermaid(),
        lambda g: g.to_tikz(),
        lambda g: g.to_html(),
        lambda g: str(g.explain("p['b']")),
        lambda g: g.explain("p['b']").to_markdown(),
        lambda g: g.explain("p['b']").to_latex(),
        lambda g: str(g.wengert()),
        lambda g: g.wengert().to_markdown(),
        lambda g: g.wengert().to_html(),
        lambda g: " ".join(map(str, g.trouble())),
        lambda g: " ".join(g.quiz("values").answers),
        lambda g: str(g.quiz("values")),
        lambda g: g.quiz("values").to_markdown(),
        lambda g: g.quiz("values").to_latex(),
        lambda g: g.quiz("values").to_html(),
        lambda g: g.to_python(),
    ],
)
def test_nothing_that_a_terminal_obeys_is_in_what_a_graph_shows(graph, show):
    assert not OBEYED.search(show(graph))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda g: g.explain(f"a{HOSTILE}"),
        lambda g: g.to_svg(step=f"d{HOSTILE}"),
        lambda g: g.to_svg(theme=HOSTILE),
        lambda g: g.render(f"J.{HOSTILE}"),
        lambda g: g.forward(p={"b": 1.0}),
        lambda g: g.quiz(HOSTILE),
    ],
)
def test_nor_in_an_error(graph, attempt):
    with pytest.raises(gt.GraphtraceError) as caught:
        attempt(graph)
    assert not OBEYED.search(str(caught.value))
    assert "\n" not in str(caught.value)


def test_nor_in_a_note_on_an_error():
    def f(x):
        return x[7]

    f.__code__ = f.__code__.replace(co_filename=f"f{HOSTILE}.py")
    with pytest.raises(IndexError) as caught:
        gt.trace(f, np.ones(3))
    assert not OBEYED.search(" ".join(caught.value.__notes__))


@pytest.mark.parametrize(
    "args",
    [
        ("render", f"J = a{HOSTILE}"),
        ("render", f"{HOSTILE}.py:f"),
        ("render", "J = a", "--at", f"a={HOSTILE}"),
        ("render", "J = a", "--at", "a=1", "--step", HOSTILE),
        ("render", "J = a", "--at", "a=1", f"--{HOSTILE}"),
        ("render", "J = a", "--at", "a=1", "-o", f"x{HOSTILE}.zip"),
        ("render", "f.py:fails", "--at", "a=1"),
        ("render", "f.py:warns", "--at", "a=1", "-o", f"x{HOSTILE}.txt"),
        ("gallery", HOSTILE),
        (HOSTILE,),
    ],
)
def test_nor_in_what_the_command_says(tmp_path, monkeypatch, args):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(
        f"import warnings\ndef fails(a):\n    raise ValueError({HOSTILE!r})\n"
        f"def warns(a):\n    warnings.warn({HOSTILE!r})\n    return a\n"
    )
    result = CliRunner().invoke(cli.main, args)
    assert result.output
    assert not OBEYED.search(result.output)


def test_text_of_every_script_is_left_as_it_is():
    for text in ("重み", "größe", "שלום", "مرحبا", "θ₁ = 2", "a\N{THIN SPACE}b", "👩\u200d💻"):
        assert clean(text) == text
