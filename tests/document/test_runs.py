"""The executions of statements in a file: a loaded graph is drawn in statements as well."""

import io
import json

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import ArgumentError


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def layer(x, w):
    z = w * x + 1
    return np.tanh(z) * 2


def net(x, w):
    h = layer(x, w)
    for _ in range(3):
        h = h * w - x
    return h * h + 1


def text_of(graph):
    file = io.StringIO()
    graph.render(file, format="json")
    return file.getvalue()


def document(graph):
    return json.loads(text_of(graph))


@pytest.mark.parametrize("detail", ["operations", "statements"])
def test_a_loaded_graph_is_drawn_in_the_same_detail(detail):
    graph = gt.trace(net, 1.0, 2.0)
    graph.backward()
    loaded = gt.load(text_of(graph))
    assert loaded.to_svg(detail=detail) == graph.to_svg(detail=detail)
    assert text_of(loaded) == text_of(graph)


def test_what_a_statement_looks_like_in_the_source_is_not_in_a_file():
    def f(x, w):
        p = w * sigmoid(x)
        return p * p - 1

    graph = gt.trace(f, 1.0, 2.0)
    assert "sigmoid(x)" in graph.to_text(detail="statements")
    loaded = gt.load(text_of(graph)).to_text(detail="statements")
    assert "sigmoid" not in loaded
    assert "exp(−x)" in loaded


def test_a_file_of_before_is_drawn_in_operations():
    old = document(gt.trace(net, 1.0, 2.0))
    del old["runs"]
    for node in old["nodes"]:
        node.pop("run", None)
    loaded = gt.load(json.dumps(old))
    assert len(loaded.figure(detail="statements").nodes) >= len(loaded)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["runs"][1].__setitem__(0, 1), r"runs\[1\]"),
        (lambda d: d["runs"][1].__setitem__(0, -2), r"runs\[1\]"),
        (lambda d: d["runs"][1].__setitem__(0, True), r"runs\[1\]"),
        (lambda d: d["runs"][1].__setitem__(0, "open('x')"), r"runs\[1\]"),
        (lambda d: d["runs"][0].__setitem__(1, 1), r"runs\[0\]"),
        (lambda d: d["runs"][0].append("x"), "runs"),
        (lambda d: d["nodes"][-1].__setitem__("run", 99), r"nodes\[\d+\]\.run"),
        (lambda d: d["nodes"][-1].__setitem__("run", -1), r"nodes\[\d+\]\.run"),
        (lambda d: d["nodes"][-1].__setitem__("run", {}), r"nodes\[\d+\]\.run"),
        (lambda d: d.pop("runs"), r"nodes\[\d+\]\.run"),
        (lambda d: d.__setitem__("runs", 3), "runs"),
    ],
)
def test_runs_that_are_none_are_refused(change, place):
    damaged = document(gt.trace(net, 1.0, 2.0))
    change(damaged)
    with pytest.raises(ArgumentError, match=place):
        gt.load(json.dumps(damaged))


def test_runs_inside_one_another_a_thousand_deep_take_no_time():
    deep = document(gt.trace(net, 1.0, 2.0))
    deep["runs"] = [[i - 1, True] for i in range(20_000)]
    for node in deep["nodes"]:
        if "run" in node:
            node["run"] = 19_999
    gt.load(json.dumps(deep)).to_svg()
