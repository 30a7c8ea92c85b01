"""Names that nobody means well with, in every format: no break-out, nothing raw, no hang."""

import ast
import io
import json
import random
import re
import time
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fuzz.budget import cases

import graphtrace as gt
from graphtrace.render import to_dot, to_html, to_mermaid, to_svg, to_text, to_tikz
from graphtrace.render.layout import engine

PIECES = [
    *"<>&\"'`{}[]()$%#\\^_~;:,.|/*+-=@!? \t\n\r\0\x1b\x7f\u2028\u202e\ufffe\ud800",
    *("x", "W1", "alpha", "重み", "e\u0301", "\U0001f600", "x_hat", "\u0305" * 9, "∂", "ℵ"),
    *(
        "</script><script>alert(1)</script>",
        "<svg onload=alert(1)>",
        "]]>",
        "--><!--",
        "&lt;",
        "</",
    ),
    *("javascript:alert(1)", '" onclick="alert(1)', "url(http://a.b)", "@import 'a'", "&#x3c;"),
    *(r"\end{tikzpicture}\input{/etc/passwd}", r"\write18{ls}", "%%", r"\\", "$$", "^^41"),
    *('"]; click n0 call f()', "#quot;", '"; n9 -> n8; "', "subgraph cluster_0 {", "\\N", "\\G"),
    *("__import__('os').system('id')", "'; import os; '", "{0.__class__}", "%s", "['a']", "[0][0]"),
]
COMMANDS = {"input", "write", "def", "csname", "begin", "include", "catcode", "immediate", "let"}


def hostile(rng):
    pieces = rng.choices(PIECES, k=rng.choice([1, 1, 2, 3, 6]))
    return "".join(pieces) * rng.choice([1, 1, 1, 1, 500])


def renamed(f, name):
    f.__code__ = f.__code__.replace(co_name=name)
    f.__name__ = f.__qualname__ = name
    return f


def graph_of(function, helper, key, keyword):
    """A graph with these names for the function, a helper of it, a dict's key and a parameter."""

    def inner(a, b):
        return np.tanh(a * b) + a

    inner = renamed(inner, helper)

    def outer(p, **kwargs):
        (x,), (y,) = p.values(), kwargs.values()
        return inner(x, y) * y

    try:
        graph = gt.trace(renamed(outer, function), {key: 0.5}, **{keyword: 2.0})
    except UnicodeEncodeError:  # of Python itself, for what is no text in UTF-8
        return None
    graph.backward()
    return graph


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def harmless(elements, plain):
    """Whether there is nothing among the elements that a figure with plain names has not."""
    allowed = {tag for tag, _ in plain}
    for tag, attributes in elements:
        assert tag in allowed, tag
        for name, value in attributes.items():
            assert not name.lower().startswith("on"), name
            if name.rpartition("}")[2] in ("href", "src", "xlink:href", "action"):
                assert value.startswith("#"), value


def svg_elements(graph):
    root = ET.fromstring(to_svg(graph, scopes=True, sources=True).encode("utf-8"))
    return [(e.tag.rpartition("}")[2], e.attrib) for e in root.iter()]


def check_svg(graph, plain):
    harmless(svg_elements(graph), svg_elements(plain))


def check_html(graph, plain):
    elements = Tags(to_html(graph)).found
    harmless(elements, Tags(to_html(plain)).found)
    assert [tag for tag, _ in elements].count("script") == 1


def commands(tex):
    return re.findall(r"\\([A-Za-z]+)", tex.replace(r"\\", ""))


def check_tikz(graph, plain):
    tex, usual = to_tikz(graph, scopes=True), to_tikz(plain, scopes=True)
    for command in ("begin", "end"):
        assert commands(tex).count(command) == commands(usual).count(command)
    assert not set(commands(tex)) & (COMMANDS - set(commands(usual)))
    bare = re.sub(r"\\[\\{}%$#&_]", "", tex)
    assert bare.count("{") == bare.count("}")
    assert len(re.findall("^%", bare, re.MULTILINE)) == len(re.findall("%", bare))
    assert not any("^^" in line for line in tex.splitlines() if not line.startswith("%"))


def check_mermaid(graph, plain):
    text, usual = to_mermaid(graph), to_mermaid(plain)
    for label in re.findall(r'"([^"\n]*)"', text):
        assert not re.search(r"[<>\[\]{}|`;\\]", re.sub(r"<br/>|#\d+;", "", label))
    bare, usual = (re.sub(r'"[^"]*"', '""', t).splitlines() for t in (text, usual))
    assert bare[2:] == usual[2:]


def check_dot(graph, plain):
    drawn = json.loads(engine.run(engine.find()._replace(bundled=False), to_dot(graph), "json0"))
    assert len(drawn["objects"]) == len(plain.figure().nodes)
    assert not any(part.get("URL") or part.get("href") for part in drawn["objects"])


def check_graphml(graph, plain):
    text = io.StringIO()
    graph.render(text, format="graphml")
    root = ET.fromstring(text.getvalue().encode("utf-8"))
    assert sum(e.tag.endswith("}node") for e in root.iter()) == len(plain)


def check_json(graph, _):
    text = io.StringIO()
    graph.render(text, format="json")
    assert list(gt.load(text.getvalue())) == list(graph)


def check_text(graph, _):
    rows = to_text(graph).split("\n")
    assert len(rows) < 40
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for row in rows for c in row)


def check_python(graph, _):
    names = {node.id for node in ast.walk(ast.parse(graph.to_python())) if type(node) is ast.Name}
    assert not names & {"__import__", "os", "eval", "exec"}
    with np.errstate(all="ignore"):
        graph.compile()


CHECKS = [
    check_svg,
    check_html,
    check_tikz,
    check_mermaid,
    check_dot,
    check_graphml,
    check_json,
    check_text,
    check_python,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_no_name_breaks_out_or_hangs(check):
    rng, plain = random.Random(check.__name__), graph_of("f", "g", "a", "b")
    for _ in range(cases(8, 1200)):
        names = [hostile(rng) for _ in range(4)]
        graph = graph_of(*names)
        if graph is not None:
            start = time.process_time()
            try:
                check(graph, plain)
            except Exception as error:
                error.add_note(f"with the names {[name[:80] for name in names]!r}")
                raise
            assert time.process_time() - start < 4, names
