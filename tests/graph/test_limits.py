"""What is long, wide, deep or many takes time and memory in proportion."""

import inspect
import sys
import threading
import time
import tracemalloc
from io import StringIO

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.compile import parts
from graphtrace.errors import TargetError
from graphtrace.extend.notation import template
from graphtrace.figure.chain import step_paths
from graphtrace.graph.build import DEEPEST
from graphtrace.target.function import load

TEXTS = ["svg", "html", "tikz", "dot", "mermaid", "text", "graphml", "json"]


def seconds(action):
    start = time.process_time()
    action()
    return time.process_time() - start


# What is typed


@pytest.mark.parametrize(
    "text", ["cross_entropy_with_logits $x", "a" * 50_000 + " $x", r"\a_" * 9999 + "$x"]
)
def test_a_notation_of_any_length_is_read_at_once(text):
    assert seconds(lambda: template(text, ["x"])) < 1


def test_a_notation_still_needs_no_brackets_where_it_has_its_own():
    closed = ["log_b($x)", "|$x|", r"\log_{2}\left($x\right)", r"\left|$x\right|", r"\Gamma{}($x)"]
    binds = {template(text, ["x"]).binds for text in closed}
    assert len(binds) == 1
    assert template("a $x", ["x"]).binds not in binds


def test_a_target_and_a_step_of_any_length_are_read_at_once():
    def refused(action, error):
        with pytest.raises(error):
            action()

    graph = gt.trace(lambda x: x * x, 3.0)
    assert seconds(lambda: refused(lambda: load("/" * 50_000 + " :"), gt.GraphtraceError)) < 1
    assert seconds(lambda: refused(lambda: load("a/b:" + "c" * 50_000), TargetError)) < 1
    for step in ("d" + " " * 50_000, "d" + "/" * 50_000, "d" + "x/ " * 20_000 + "dy"):
        assert seconds(lambda: refused(lambda: step_paths(graph, step), gt.GraphtraceError)) < 1  # noqa: B023


# Names, inputs, operands


@pytest.mark.parametrize("format", TEXTS)
def test_a_name_of_sixteen_thousand_letters_is_drawn(format):
    graph = gt.trace(lambda p: p["x_" * 8000] * p["x_" * 8000], {"x_" * 8000: 2.0})
    assert seconds(lambda: graph.render(StringIO(), format=format)) < 3


def test_mathematics_of_a_long_name_is_cut_before_it_is_set():
    pytest.importorskip("ziamath")
    graph = gt.trace(lambda p: p["x" * 4000] * 2, {"x" * 4000: 2.0})
    assert seconds(lambda: graph.to_svg(math=True)) < 3


def many(xs):
    return np.sum(np.stack(xs))


@pytest.mark.parametrize("format", ["dot", "mermaid", "text", "graphml", "json"])
def test_an_operation_on_five_hundred_operands_is_drawn(format):
    graph = gt.trace(many, [1.0] * 500)
    assert seconds(lambda: graph.render(StringIO(), format=format)) < 3


def test_a_derivative_in_one_of_many_operands_has_its_name_for_a_formula():
    graph = gt.trace(many, [1.0] * 41)
    assert str(graph.edges["xs[7]", "v1", 7]["symbol"]) == "∂v1/∂xs[7]"
    assert graph.edges["xs[7]", "v1", 7]["local"].structure == "padding"


def test_the_line_of_a_long_text_is_cut_by_columns():
    graph = gt.trace(lambda p: p["重" * 50] * 2, {"重" * 50: 2.0})
    line = graph.to_text(columns=40).splitlines()[2]
    assert line == "  " + "p['" + "重" * 17 + "…"


# Depth


def deep(x, n):
    y = np.cos(x)
    return np.sin(y) if n == 0 else deep(y, n - 1) * 2


def in_deep_stack(action):
    """Run in a thread with room for recursion."""
    limit, size = sys.getrecursionlimit(), threading.stack_size(256 << 20)
    sys.setrecursionlimit(50_000)
    try:
        thread = threading.Thread(target=action)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)


def test_recursion_is_traced_and_written_in_proportion_to_its_depth():
    sizes = []

    def action():
        graph = gt.trace(deep, 1.0, 2000)
        scopes = {len(data["scope"]) for _, data in graph.nodes(data=True)}
        text = StringIO()
        graph.render(text, format="json")
        sizes.extend((max(scopes), len(text.getvalue())))

    in_deep_stack(action)
    longest, letters = sizes
    assert longest == DEEPEST
    assert letters < 10e6


# Programs of many lines


def steps(x, w, n):
    for _ in range(n):
        u = x * w
        x = (u + w) * 0.5
        if x > 100:
            x = x - u
    return {"x": x, "u": [u, w]}


def test_a_program_in_parts_is_the_same_program(monkeypatch):
    graph = gt.trace(lambda x, w=0.5, *, run=1.0: steps(x * run, w, 50)["x"], 1.0)
    whole = graph.compile()
    monkeypatch.setattr(parts, "LONGEST", 5)
    monkeypatch.setattr(parts, "_SIZE", 3)
    apart = graph.compile()
    assert inspect.signature(apart) == inspect.signature(whole)
    assert apart(1.5, 0.25, run=2.0) == whole(1.5, 0.25, run=2.0)
    assert apart(1.5) == whole(1.5)


def test_a_program_in_parts_tells_its_lines(monkeypatch):
    graph = gt.trace(lambda x: steps(x, x, 20)["x"], 1.0)
    monkeypatch.setattr(parts, "LONGEST", 5)
    monkeypatch.setattr(parts, "_SIZE", 3)
    with pytest.raises(gt.BranchChanged) as caught:
        graph.compile()(1e9)
    (frame,) = [entry for entry in caught.traceback if entry.name == "part"]
    assert str(frame.statement).strip().startswith("raise changed(")


def test_arrays_and_guards_go_through_parts(monkeypatch):
    graph = gt.trace(lambda x, w: np.sum(steps(np.sum(x), w, 20)["x"] * x), np.ones(3), 0.5)
    monkeypatch.setattr(parts, "LONGEST", 5)
    monkeypatch.setattr(parts, "_SIZE", 3)
    value, gradients = graph.compile()(np.ones(3), 0.25)
    assert value == graph.forward(x=np.ones(3), w=0.25)
    assert gradients["x"].shape == (3,)
    with pytest.raises(gt.BranchChanged):
        graph.compile()(np.full(3, 1e9), 0.25)


def test_what_is_compiled_takes_less_than_three_kilobytes_an_operation(monkeypatch):
    graph = gt.trace(lambda x, w: steps(x, w, 800)["x"], 1.0, 0.5)
    count = len(graph)
    monkeypatch.setattr(parts, "LONGEST", 1000)
    monkeypatch.setattr(parts, "_SIZE", 100)
    tracemalloc.start()
    graph.compile()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2600 * count


def test_names_that_are_cut_alike_are_told_apart_in_time():
    keys = {"k" * 60 + str(i): 1.0 for i in range(3000)}
    graph = gt.trace(lambda p: sum(p.values()), keys)
    assert seconds(graph.to_python) < 5


def test_many_constant_arrays_are_compared_in_time():
    arrays = [np.full(100, float(i)) for i in range(2000)]
    graph = gt.trace(lambda x: sum(np.sum(x * a) for a in arrays), 1.0)
    assert seconds(graph.compile) < 8


# Operations on many numbers


def test_a_product_with_a_zero_among_many_numbers_is_differentiated_in_time():
    x = np.linspace(0.9, 1.1, 60_000)
    x[7] = 0.0
    assert seconds(lambda: gt.grad(np.prod)(x)) < 1
    assert seconds(lambda: gt.hvp(np.prod, (x[:500],), (x[:500],))) < 1


def joined(xs):
    return np.sum(np.concatenate([np.stack(xs), *[np.stack([x]) for x in xs[:5000]]]) ** 2)


def test_operations_on_twenty_thousand_operands_are_differentiated_in_time():
    xs = [float(i) for i in range(20_000)]
    gradients = []
    assert seconds(lambda: gradients.extend(gt.grad(joined)(xs))) < 1.5
    assert gradients[:2] == [0.0, 4.0]
    assert gradients[-1] == 2 * xs[-1]
