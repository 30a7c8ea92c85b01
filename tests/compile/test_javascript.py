"""The JavaScript of a program as such: what it decides, what it refuses, what it never says."""

import json
import math
import re
import subprocess

import numpy as np
import pytest
from compile.compiled import J
from compile.javascript import NODE, live, needs_node, run

import graphtrace as gt
from graphtrace.compile.javascript import javascript
from graphtrace.compile.javascript_gate import own_javascript
from graphtrace.core.primitive import Primitive


@needs_node
def test_the_lecture_s_example():
    program = live(gt.trace(J, 5, 3, 2))
    (result,) = run([(program, [(6, 3, 2)])])[0]
    assert dict(zip(program.nodes, result["values"], strict=True))["J"] == 36.0
    assert dict(zip(program.nodes, result["grads"], strict=True)) == {
        "a": 3, "b": 6, "c": 9, "u": 3, "v": 3, "J": 1,
    }  # fmt: skip
    assert dict(zip(program.edges, result["locals"], strict=True)) == {
        ("b", "u", 0): 2, ("c", "u", 1): 3, ("a", "v", 0): 1, ("u", "v", 1): 1, ("v", "J", 1): 3,
    }  # fmt: skip


@needs_node
def test_the_nodes_that_are_asked_for_in_their_order():
    program = live(gt.trace(J, 5, 3, 2), nodes=["J", "a"])
    assert program.nodes == ("J", "a")
    assert run([(program, [(6, 3, 2)])])[0][0]["values"] == [36.0, 6.0]


def several(x):
    u = x * x
    return u, 3 * u


@needs_node
def test_the_gradients_are_those_of_the_output_that_is_chosen():
    graph = gt.trace(several, 2.0)
    last = graph.outputs[1]
    for options, grads in (
        ({}, [None, None, None]),
        ({"output": last}, [12.0, 3.0, 1.0]),
        ({"output": "u"}, [4.0, 1.0, 0.0]),
        ({"seed": (1.0, 2.0)}, [28.0, 7.0, 2.0]),
    ):
        (result,) = run([(live(graph, **options), [(2.0,)])])[0]
        assert result["grads"] == grads
        assert result["locals"] == [2.0, 2.0, 3.0]
    with pytest.raises(gt.ArgumentError, match="'w' is no output"):
        javascript(graph, output="w")


def deciding(x, n):
    y = x
    for _ in range(int(n)):
        y = y * x
    if x > 1:
        y = y + 1
    while not y <= 2.5:
        y = y / 2
    return y if round(x) == 2 else -y


@needs_node
def test_a_decision_that_comes_out_otherwise_says_its_line():
    program = live(gt.trace(deciding, 2.0, 2))
    grid = [(2.0, 2.9), (2.4, 2.0), (0.5, 2.0), (2.0, 3.0), (2.0, math.nan), (math.nan, 2.0)]
    same, too_many, small, more, none, nan = run([(program, grid)])[0]
    assert same["values"][-1] == deciding(2.0, 2.9)
    start = deciding.__code__.co_firstlineno
    for result, text, line, then in (
        (too_many, "y <= 2.5", 6, "would go the other way"),
        (small, "x > 1", 4, "would go the other way"),
        (more, "int(n)", 2, "was 2 and would be another number"),
        (none, "int(n)", 2, "was 2 and would be another number"),
        (nan, "x > 1", 4, "would go the other way"),
    ):
        sentence = f"`{text}` in test_javascript.py, line {start + line}, {then}"
        assert result == {"branch": sentence}


@needs_node
@pytest.mark.parametrize("x", [0.0, -0.0, 2.0, 2.5, 3.5, -1.5, math.nan, math.inf])
def test_every_kind_of_decision(x):
    tests = [
        lambda x: x < 2, lambda x: x <= 2, lambda x: x > 2, lambda x: x >= 2, lambda x: x == 2,
        lambda x: x != 2, bool, lambda x: not x, int, round, math.floor, math.ceil, math.trunc,
    ]  # fmt: skip
    graphs, expected = [], []
    for test in tests:
        graph = gt.trace(lambda x, test=test: x * 1.0 if test(x) == test(2.0) else -x, 2.0)
        graphs.append((live(graph), [(x,)]))
        try:
            expected.append(test(x) == test(2.0))
        except (ValueError, OverflowError):
            expected.append(False)
    assert ["values" in results[0] for results in run(graphs)] == expected


def test_what_has_no_counterpart_gets_a_sentence():
    special = pytest.importorskip("scipy.special")

    def gamma(x):
        return special.gamma(x) + 1.0

    where = f"in test_javascript.py, line {gamma.__code__.co_firstlineno + 1},"
    for graph, sentence in (
        (gt.trace(gamma, 2.0), f"gamma {where} has no counterpart in JavaScript"),
        (gt.trace(lambda x: np.sum(x), np.ones(3)), "x is an array"),
        (gt.trace(lambda x: np.array([1.0, 2.0])[0] * np.stack([x, x])[0], 2.0), "is an array"),
        (gt.trace(lambda x: x * 2, np.float32(2.0)), "x is of type float32"),
        (gt.trace(lambda x: x * 2, 2j), "x is of type complex128"),
        (gt.trace(lambda x: x + 2**53 + 1.0 if x != 2**53 + 1 else x, 2.0), "more than a number"),
        (gt.trace(lambda x: x if np.allclose(x, 2.0) else -x, 2.0), "has no counterpart"),
        (gt.trace(lambda x: round(x * 2.0, 2), 2.0), "round"),
    ):
        program = javascript(graph)
        assert isinstance(program, str), graph
        assert sentence in program


def test_an_operation_of_one_s_own_is_none_of_ours_whatever_its_name():
    own = Primitive("sin", lambda x: 3.0 * x, partials=(lambda x, y: 3.0,))
    graph = gt.trace(lambda x: np.sin(x), 2.0)
    graph.nodes["f"]["row"] = graph.nodes["f"]["row"]._replace(primitive=own)
    assert re.match(r"sin in test_javascript\.py, line \d+, has no counterpart", javascript(graph))


def test_an_error_that_the_function_catches_is_no_decision_of_javascript_s():
    def careful(x):
        try:
            return 1 / x
        except ZeroDivisionError:
            return 2 * x

    program = javascript(gt.trace(careful, 0.0))
    assert "the decision `1 / x` in test_javascript.py, line" in program


EVIL = '"`</script><script>alert(1)</script><!--\\u2028\u2028\r\n*/ ${evil} '


def test_nothing_that_a_graph_says_is_code():
    def f(x):
        return x / (x - 1.0) if x > 2 else x

    graph = gt.trace(f, 3.0)
    graph = gt.Graph(graph)
    for node in graph.nodes.values():
        node["source"] = node["label"] = EVIL
    branches = graph.graph["branches"]
    graph.graph["branches"] = [
        type(b)(b.index, b.test, b.operands, b.keys, b.outcome, EVIL, EVIL) for b in branches
    ]
    graph.graph["name"] = EVIL
    source = live(graph).source
    assert "<" not in re.sub(r"(?<= )<=?(?= )", "", source)
    assert source.isascii()
    assert source.replace("\n", "").isprintable()
    outside = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"', "", source)
    assert "alert" not in outside
    assert "evil" not in outside
    if NODE:
        check = f"const f = {source}; process.stdout.write(JSON.stringify(f([1])))"
        done = subprocess.run([NODE, "-"], input=check, capture_output=True, text=True, timeout=60)
        assert json.loads(done.stdout)["branch"].startswith('`"`</script>')


@pytest.mark.parametrize(
    "text",
    [
        "alert(1)",
        "eval(v0)",
        "const Math = 1;",
        "Math.constructor(v0)",
        "Object.assign(v0)",
        "(v0)(v1)",
        "v0[v1]",
        'v0["a"]',
        '(v0)["a"]',
        "v0.x",
        "v0 .x",
        "`x`",
        "'x'",
        '"</script>"',
        '"\u2028"',
        '"\\x3c"',
        "v0 <!-- v1",
        "v0 </script",
        "v0 --> v1",
        "v0 // v1",
        "v0 /* v1 */",
        "v0 ++",
        "import(v0)",
        "window",
        "globalThis",
        "this",
        "with (v0) {}",
        "while (v0) {}",
        "v0\r",
        "v0\\u0061",
        "é",
        "1.0.x",
        "1e5x",
    ],
)
def test_what_the_writer_does_not_write_does_not_go_through(text):
    with pytest.raises(gt.ArgumentError, match="which graphtrace does not write"):
        own_javascript(text)


@needs_node
def test_a_program_does_not_care_for_the_names_around_it():
    program = live(gt.trace(lambda x: np.round(np.sin(x)) + x % 3, 2.0))
    around = 'const x = 1, pow = 2, v0 = 3, mod = 4; let rint = "a";'
    text = f"{around} process.stdout.write(JSON.stringify(({program.source})([2]).values))"
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)[-1] == 3


def test_only_the_helpers_that_are_used_are_there():
    assert "const" not in live(gt.trace(lambda x: x, 2.0)).source.split("x;")[1]
    source = live(gt.trace(lambda x: np.rint(x), 2.0)).source
    assert re.findall(r"const ([a-zA-Z]{2,}) ", source) == ["signed", "rint"]
