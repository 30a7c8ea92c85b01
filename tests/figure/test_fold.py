"""Folding: what a figure draws as one box, and the derivatives that stand on its edges."""

import re
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.build import figure
from graphtrace.figure.fold import fold
from graphtrace.figure.frames import frames
from graphtrace.figure.options import Content
from graphtrace.figure.parts import Definition, Note, Partial, Value
from graphtrace.figure.reading_order import ordered
from graphtrace.figure.recurrence import recurrences
from graphtrace.figure.regions import regions_of, repeats
from graphtrace.formula.read import term_of
from graphtrace.formula.symbol import Symbol

RNG = np.random.default_rng(7)


def layer(x, W, b):
    z = W @ x + b
    return np.tanh(z)


def perceptron(layers, x):
    h = x
    for p in layers:
        h = layer(h, p["W"], p["b"])
    return np.sum(h * h)


def recurrent(W, U, xs):
    h = np.zeros(3)
    for t in range(12):
        h = np.tanh(W @ h + U @ xs[t])
    return np.sum(h)


def euler(x, r):
    for _ in range(20):
        x = x + 0.1 * r * x
    return x


def fib(n, x):
    if n < 2:
        return x * x
    a = fib(n - 1, x)
    b = fib(n - 2, x)
    return a + b


def fibonacci(x):
    return fib(9, x)


def inner(x):
    return np.sin(x) * x


def middle(x):
    y = inner(x)
    return inner(y) - x


def outer(x):
    u = middle(x)
    return u * middle(u)


def nested(a, b):
    p = outer(a)
    return p + outer(p * b)


def cell(x, h, c):
    z = x * h
    c = c + np.tanh(z)
    h = np.sin(c) * z
    return h, c


def cells(x):
    h, c = cell(x, x, x)
    h, c = cell(x, h, c)
    return h * c


def square(x):
    y = x * x
    return y + 1


def damped(x):
    z = np.exp(-x)
    return z * x


def crossing(x):
    a = square(x)
    b = damped(a)
    c = square(b)
    return a * damped(c) + b


def flat(length, seed=0):
    """A program in which no line is like another, and every operand is any earlier value."""
    rng = np.random.default_rng(seed)
    lines = ["def flat(a, b):", "    t0 = a * b", "    t1 = a + b"]
    for i in range(2, length):
        left, right = (max(0, i - rng.integers(1, 20)) for _ in range(2))
        lines.append(f"    t{i} = t{left} {'+-*'[rng.integers(3)]} t{right} * 0.5")
    names: dict = {}
    exec("\n".join([*lines, f"    return t{length - 1}"]), names)
    return names["flat"]


LAYERS = [{"W": RNG.normal(size=(3, 3)), "b": RNG.normal(size=3)} for _ in range(10)]
CORPUS = {
    "perceptron": (perceptron, LAYERS, RNG.normal(size=3)),
    "recurrent": (
        recurrent,
        0.3 * RNG.normal(size=(3, 3)),
        RNG.normal(size=(3, 2)),
        RNG.normal(size=(12, 2)),
    ),
    "euler": (euler, 1.0, 0.3),
    "fibonacci": (fibonacci, 0.5),
    "nested": (nested, 0.3, 0.4),
    "cells": (cells, 0.5),
    "crossing": (crossing, 0.5),
    "flat": (flat(150), 0.1, 0.2),
}


def traced(name):
    f, *args = CORPUS[name]
    graph = gt.trace(f, *args)
    graph.backward()
    return graph


@pytest.fixture(scope="module", params=CORPUS)
def graph(request):
    return traced(request.param)


FOLDINGS = [{"depth": 0}, {"depth": 1}, {"limit": 20}, {"limit": 5}, {"limit": 1}]
EACH_FOLDING = pytest.mark.parametrize("folding", FOLDINGS, ids=str)


def gradients_into(folded, whole, key):
    """The gradients at the values that come out of a box: one, or a tuple."""
    exports = folded.nodes[key].get("exports", (key,))
    grads = tuple(whole.nodes[export]["grad"] for export in exports)
    return grads if len(grads) > 1 else grads[0]


def times(upstream, local):
    return upstream @ local if hasattr(local, "structure") else upstream * local


# The law


@EACH_FOLDING
def test_a_gradient_is_the_sum_over_the_edges_of_the_folded_graph(graph, folding):
    folded = fold(graph, **folding)
    for key, data in folded.nodes(data=True):
        if "grad" not in data or key in folded.graph["outputs"]:
            continue
        total = np.zeros_like(np.asarray(data["grad"]))
        for _, head, edge in folded.out_edges(key, data=True):
            total = total + times(gradients_into(folded, graph, head), edge["local"])
        np.testing.assert_allclose(data["grad"], total, rtol=1e-9, atol=1e-12)


@EACH_FOLDING
def test_what_comes_out_of_a_box_of_several_gets_its_gradient_from_the_edges(graph, folding):
    folded = fold(graph, **folding)
    for key, data in folded.nodes(data=True):
        exports = data.get("exports", ())
        inside = {n for n, box in folded.graph.get("boxes", {}).items() if box.key == key}
        last = [e for e in exports if not inside & set(map(str, nx.descendants(graph, e)))]
        for export in last if len(exports) > 1 else ():
            if export not in graph.outputs:
                total = 0.0
                for _, head, edge in folded.out_edges(key, data=True):
                    share = times(gradients_into(folded, graph, head), edge["local"])
                    tails = getattr(edge["local"], "tails", (edge.get("by"),))
                    shares = share if len(tails) > 1 else (share,)
                    total = total + dict(zip(tails, shares, strict=True)).get(export, 0.0)
                np.testing.assert_allclose(graph.nodes[export]["grad"], total, rtol=1e-9)


@EACH_FOLDING
def test_folding_makes_no_cycle_and_loses_no_operand(graph, folding):
    folded = fold(graph, **folding)
    assert nx.is_directed_acyclic_graph(folded)
    assert ordered(folded) == list(folded)
    boxes = folded.graph.get("boxes", {})
    ends = {
        (boxes[t].key if t in boxes else t, boxes[h].key if h in boxes else h)
        for t, h in graph.edges()
    }
    assert {(t, h) for t, h in ends if t != h} == set(folded.edges())


def test_random_stretches_of_random_graphs_make_no_cycle():
    for seed in range(20):
        graph = gt.trace(flat(60, seed), 0.1, 0.2)
        graph.backward()
        folded = fold(graph, limit=int(RNG.integers(2, 40)))
        assert nx.is_directed_acyclic_graph(folded)
        assert ordered(folded) == list(folded)


def test_a_total_derivative_of_arrays_is_the_product_of_the_jacobians():
    W, b, x = RNG.normal(size=(3, 3)), RNG.normal(size=3), RNG.normal(size=3)

    def f(W, b, x):
        h = layer(x, W, b)
        return np.sum(h * h)

    local = fold(gt.trace(f, W, b, x), depth=0).edges["x", "h", 2]["local"]
    h = np.tanh(W @ x + b)
    np.testing.assert_allclose(np.ones(3) @ local, (1 - h**2) @ W)
    assert (local.shape, local.structure, str(local)) == ((3, 3), "dense", "3×3")


def test_a_derivative_that_does_not_arrive_is_zero():
    def chosen(x, y):
        z = y * 2
        return x * x if z > 0 else z

    def f(x, y):
        return chosen(x, y) + y

    folded = fold(gt.trace(f, 2.0, 3.0), depth=0)
    assert [edge["local"] for _, _, edge in folded.in_edges("v1", data=True)] == [4.0, 0.0]


# What is folded


def test_a_small_graph_is_not_folded():
    graph = traced("crossing")
    assert fold(graph) is graph


def test_calls_are_one_box_each_at_depth_zero():
    folded = fold(traced("crossing"), depth=0)
    assert list(folded) == ["x", "a", "b", "c", "v3", "v4", "crossing"]
    assert folded.nodes["b"]["op"] == "damped"


def test_depth_opens_levels_of_calls():
    graph = traced("nested")
    operations = [{d["op"] for _, d in fold(graph, depth=d).nodes(data=True)} for d in range(4)]
    assert "outer" in operations[0]
    assert operations[1] >= {"middle", "multiply"}
    assert operations[2] >= {"inner", "subtract"}
    assert not operations[2] & {"outer", "middle"}
    assert fold(graph, depth=3) is graph


def test_a_folded_box_has_the_value_and_the_gradient_of_what_it_hands_on():
    graph = traced("nested")
    box = fold(graph, depth=0).nodes["p"]
    assert (box["value"], box["grad"]) == (graph.nodes["p"]["value"], graph.nodes["p"]["grad"])
    assert box["parts"] == (
        Definition("p", Symbol.of(term_of("outer(a)"))),
        Value(box["value"]),
    )


def test_a_call_of_several_operands_does_not_guess_their_order():
    box = fold(traced("perceptron"), depth=0).nodes["h"]
    assert str(box["formula"]) == "layer(…)"


def test_a_call_is_told_as_it_is_written_where_its_arguments_are_in_the_figure():
    def shrink(x, by):
        return np.sign(x) * np.maximum(abs(x) - by, 0)

    def f(a, b):
        y = shrink(a, 0.5) * 2
        c = shrink(by=0.1, x=y)
        return shrink(c, b)

    folded = fold(gt.trace(f, 2.0, 0.3), depth=0)
    boxes = [(d["formula"], d["parts"]) for _, d in folded.nodes(data=True) if d["op"] == "shrink"]
    assert [str(formula) for formula, _ in boxes] == [
        "shrink(…)",  # a part of a statement
        "shrink(by=0.1, x=y)",
        "shrink(c, b)",
    ]
    assert Note("from a") in boxes[0][1]
    assert not any(isinstance(part, Note) for _, parts in boxes[1:] for part in parts)


def test_unfold_opens_one_call_and_what_is_around_it():
    graph = traced("nested")
    operations = [d["op"] for _, d in fold(graph, depth=0, unfold="middle_2").nodes(data=True)]
    assert operations.count("outer") == 1
    assert operations.count("middle") == 1
    assert operations.count("inner") == 2


def test_unfold_takes_a_node_that_is_to_be_seen():
    graph = traced("euler")
    assert "x_7" not in fold(graph)
    assert "x_7" in fold(graph, unfold="x_7")


def test_unfold_takes_several_names():
    folded = fold(traced("crossing"), depth=0, unfold=["square", "square_2"])
    assert {"y", "y_2"} <= set(folded)


def test_unfold_of_what_is_not_there_lists_the_calls():
    with pytest.raises(RenderError, match=r"unfold='circle' is no helper .* calls square, damped,"):
        fold(traced("crossing"), unfold="circle")


@pytest.mark.parametrize(("option", "value"), [("depth", -1), ("depth", "all"), ("limit", 0)])
def test_a_number_that_is_none_is_refused(option, value):
    with pytest.raises(RenderError, match=f"{option}={value!r} is not a choice: use"):
        traced("crossing").figure(**{option: value})


def test_alike_calls_are_open_or_folded_together():
    folded = fold(traced("nested"), limit=20)
    operations = [data["op"] for _, data in folded.nodes(data=True)]
    assert operations.count("middle") in (0, 4)
    assert len(folded) <= 20


def test_a_recursion_is_folded_where_it_gets_too_large():
    folded = fold(traced("fibonacci"))
    assert len(folded) <= 40
    assert {data["op"] for _, data in folded.nodes(data=True)} == {"input", "fib", "add"}


def test_a_call_that_hands_on_several_values_tells_each():
    box = fold(traced("cells"), depth=0).nodes["cell()"]
    assert box["exports"] == ("c", "h")
    assert [part.name for part in box["parts"] if isinstance(part, Definition)] == [
        "cell",
        "c",
        "h",
    ]


def test_many_leaves_of_one_parameter_are_one_box():
    folded = fold(traced("perceptron"), limit=10)
    assert [part.name for part in folded.nodes["layers"]["parts"][:1]] == ["layers"]
    assert folded.nodes["layers"]["parts"][1] == Note("20 inputs")


def test_what_is_neither_call_nor_loop_is_folded_by_position():
    folded = fold(traced("flat"))
    assert len(folded) <= 40
    boxes = [data for _, data in folded.nodes(data=True) if data["op"] == "operations"]
    assert all(a["index"] < b["index"] for a, b in pairwise(boxes))


def test_no_box_is_told_by_the_numbers_of_its_operations():
    folded = fold(traced("flat"))
    texts = [str(folded.nodes[key]) for key in folded] + list(map(str, folded))
    assert not any("operations 1" in text or re.search(r"\d operations?", text) for text in texts)


def test_a_stretch_can_be_opened_by_a_node_in_it():
    graph = traced("flat")
    folded = fold(graph)
    inside = next(
        data["exports"][0]
        for _, data in folded.nodes(data=True)
        if len(data.get("exports", ())) > 1
    )
    assert inside not in folded
    assert inside in fold(graph, unfold=inside)


def test_a_box_of_a_few_short_statements_says_them():
    def f(a, b):
        s, d = a + b, a - b
        p = s * d
        q = p / s
        return np.exp(q) + np.sin(p) * np.cos(q) + np.tanh(p - q) + np.sqrt(q * q + p * p) - 3

    folded = fold(gt.trace(f, 2.0, 1.0), detail="calls", limit=2)
    first, last = list(folded)[2:]
    lines = [part for box in (first, last) for part in folded.nodes[box]["parts"]]
    assert [(line.name, str(line.formula)) for line in lines] == [
        ("s", "a + b"),
        ("d", "a - b"),
        ("p", "s*d"),
        ("q", "p/s"),
        ("f", "exp(q) + sin(p)*cos(q) + tanh(p - q) + sqrt(q*q + p*p) - 3"),
    ]
    assert [line.value for line in lines][:4] == [3.0, 1.0, 3.0, 1.0]


def test_up_to_the_limit_nothing_is_folded():
    graph = traced("flat")
    assert fold(graph, limit=len(graph)) is graph


# Loops


def test_repeats_are_found_with_their_period():
    assert list(repeats([1, 2, 3, 2, 3, 2, 3, 4], 4)) == [(1, 2, 3)]


def test_repeats_are_not_confused_by_a_sign_that_comes_twice_in_a_body():
    assert list(repeats([5, 5, 6] * 4, 8)) == [(0, 3, 4)]


def test_two_are_no_loop():
    assert list(repeats([1, 2, 1, 2], 4)) == []


def test_loops_in_loops_are_found():
    def f(x):
        for _ in range(4):
            for _ in range(5):
                x = x * 1.1
            x = x + 1
        return x

    graph = gt.trace(f, 1.0)
    (outside,) = regions_of(graph, list(graph)).regions
    counts = [(region.kind, region.count) for region in outside.all]
    assert counts[:3] == [("loop", 4), ("loop", 3), ("loop", 5)]


def test_a_loop_tells_what_it_repeats_and_how_often():
    box = fold(traced("euler")).nodes["x_21"]
    definition, count, value = box["parts"]
    assert (definition.name, definition.sign, str(definition.formula)) == ("x", "←", "x + 0.1*r*x")
    assert count == Note("20 times")
    assert (value.name, value.value) == ("x_21", box["value"])


def test_a_loop_over_an_array_tells_the_index_as_t():
    box = fold(traced("recurrent")).nodes["h_12"]
    assert str(box["parts"][1].formula) == "tanh(W @ h + U @ xs[t])"


def test_a_loop_that_begins_with_a_constant_tells_it():
    definition = fold(traced("recurrent")).nodes["h_12"]["parts"][0]
    assert (definition.name, definition.formula) == ("h", None)
    np.testing.assert_array_equal(definition.value, np.zeros(3))


def test_a_loop_that_does_otherwise_in_an_earlier_run_is_not_told_by_a_formula():
    def f(x, a, b):
        for i in range(20):
            x = x * (a if i < 5 else b)
        return x

    graph = gt.trace(f, 1.0, 2.0, 3.0)
    assert recurrences(graph, list(graph)[3:], 20, ["x_21"]) is None


def test_a_loop_with_two_values_that_change_is_told_by_the_formulas_of_both():
    def f(x, total):
        for _ in range(20):
            x = np.sin(x)
            total = total + x * x
        return total

    graph = gt.trace(f, 1.0, 2.0)
    told = recurrences(graph, list(graph)[2:], 20, ["total_21"])
    assert [str(one.formula) for one in told.assignments] == ["sin(x)", "total + x*x"]


def test_a_loop_whose_operations_differ_in_an_argument_is_not_told_by_a_formula():
    def f(x):
        for i in range(20):
            x = x + np.roll(x, i)
        return x

    graph = gt.trace(f, np.ones(3))
    assert recurrences(graph, list(graph)[1:], 20, ["x_21"]) is None


def test_a_value_from_before_the_loop_is_not_confused_with_what_the_loop_carries():
    def f(x):
        first = x
        for _ in range(4):
            x = x * first
        return x

    graph = gt.trace(f, 1.5)
    told = recurrences(graph, list(graph)[1:], 4, ["x_5"])
    assert [(one.name, str(one.formula)) for one in told.assignments] == [("x[t+1]", "x[t]*x")]
    assert told.counter == "t = 1 … 4"


def test_values_that_have_no_number_of_their_own_are_not_told_by_indices():
    """A part of x*x*x is no value of x: x[t] would be one."""

    def f(x):
        x = x * x * x * x * x
        return x

    graph = gt.trace(f, 1.5)
    assert recurrences(graph, list(graph)[1:], 4, ["x_2"]) is None


def test_a_graph_from_elsewhere_has_no_loops():
    chain = nx.MultiDiGraph([(f"n{i}", f"n{i + 1}", {"local": 0.5}) for i in range(100)])
    folded = fold(chain)
    assert len(folded) <= 40
    assert {data["op"] for _, data in folded.nodes(data=True)} == {"operations"}


def test_of_a_loop_without_a_formula_the_last_run_is_drawn():
    def f(x, y, z):
        for _ in range(30):
            x, y, z = y, z, x - 0.1 * y * z
        return z * z

    folded = fold(gt.trace(f, 1.0, 0.5, 0.2))
    notes = [
        part.text
        for _, d in folded.nodes(data=True)
        for part in d.get("parts", ())
        if isinstance(part, Note)
    ]
    assert notes == ["29 times, from x, y and z"]
    assert sum(data["op"] == "multiply" for _, data in folded.nodes(data=True)) == 3


def test_calls_in_a_loop_are_opened_before_they_are_called_a_repeat():
    folded = fold(traced("perceptron"), limit=40)
    assert sum(data["op"] == "layer" for _, data in folded.nodes(data=True)) == 10
    folded = fold(traced("perceptron"), limit=12)
    assert any(data["op"].startswith("×") for _, data in folded.nodes(data=True))


# The figure


def partial_on(drawn, tail, head):
    return next(
        e.part for e in drawn.edges if e.kind == "forward" and e.operand[:2] == (tail, head)
    )


def test_the_edge_into_a_folded_box_carries_the_total_derivative():
    graph = traced("crossing")
    part = partial_on(graph.figure(depth=0), "a", "b")
    a = graph.nodes["a"]["value"]
    assert isinstance(part, Partial)
    assert part.value == pytest.approx((1 - a) * np.exp(-a))


def test_a_folded_figure_says_so_and_not_how_to_call_us():
    (note,) = traced("euler").figure(limit=40).caption
    assert note.text == "60 operations in 1 box"


def test_a_figure_that_was_folded_on_demand_needs_no_note():
    assert traced("crossing").figure(depth=0).caption == ()


def test_a_figure_that_is_folded_further_than_asked_says_so():
    (note,) = traced("recurrent").figure(depth=0).caption
    assert note.text == "61 operations in 2 boxes"


def test_a_path_through_a_folded_box_multiplies_its_total_derivative():
    graph = traced("crossing")
    chain = graph.figure(depth=0, path=("a", "c")).caption[0]
    assert chain.value == pytest.approx(graph.figure(path=("a", "c")).caption[0].value, rel=1e-12)
    assert len(chain.terms[0]) == 2


def test_one_step_back_out_of_a_folded_box():
    graph = traced("crossing")
    chain = graph.figure(depth=0, step="dcrossing/db").caption[0]
    assert chain.value == pytest.approx(graph.nodes["b"]["grad"])


def test_a_path_to_what_is_folded_says_how_to_see_it():
    with pytest.raises(RenderError, match=r"y_2 is inside the folded box c: add unfold='y_2'"):
        traced("crossing").figure(depth=0, path=("y_2", "crossing"))


def test_a_path_through_a_box_of_several_values_asks_to_unfold_it():
    graph = traced("cells")
    with pytest.raises(RenderError, match=r"cell\(\), which hands on .* add unfold='cell'"):
        graph.figure(depth=0, path=("x", "cells"))
    assert graph.figure(depth=0, unfold=["cell", "cell_2"], path=("x", "cells"))


def test_the_frames_of_a_folded_graph_have_one_layout():
    series = frames(traced("euler"))
    assert len(series) == 5
    ids = {tuple(node.id for node in drawn.nodes) for drawn in series}
    assert len(ids) == 1
    known = [
        any(getattr(part, "value", None) is not None for part in drawn.nodes[-1].parts)
        for drawn in series
    ]
    assert known == [False, True, True, True, True]


def test_the_frames_of_a_box_of_several_values_tell_each_gradient():
    graph = traced("cells")
    last = frames(graph, Content(depth=0))[-1]
    assert last.caption[-1].terms == ()
    assert last.caption[-1].value == pytest.approx(graph.nodes["x"]["grad"])


def test_trouble_inside_a_folded_box_is_marked_at_the_box():
    def angle(x):
        slope = np.divide(1.0, x)
        return np.arctan(slope)

    def f(x):
        phi = angle(x)
        return phi + 1

    with np.errstate(divide="ignore"):
        drawn = gt.trace(f, 0.0).figure(depth=0, trouble=True)
    assert [node.trouble for node in drawn.nodes] == [None, "inf", None]
    assert "slope = 1/x is infinite" in drawn.caption[-1].text


def test_values_can_be_left_out_of_folded_boxes():
    drawn = traced("euler").figure(values=False)
    assert all(getattr(p, "value", None) is None for node in drawn.nodes for p in node.parts)


@pytest.mark.parametrize("theme", ["lecture", "cs231n", "karpathy", "minimal"])
def test_a_folded_figure_is_drawn_in_every_form(theme):
    svg = traced("nested").to_svg(depth=0, theme=theme)
    assert "outer" in svg


def test_ten_thousand_operations_are_one_overview():
    def f(x, r):
        for _ in range(2_500):
            x = x + 1e-6 * r * x
            x = np.sin(x)
        return x

    assert len(gt.trace(f, 1.0, 0.5).figure().nodes) == 3


# Direction


def test_a_short_chain_runs_from_left_to_right():
    assert traced("cells").figure(depth=0).direction == "LR"


def test_a_long_chain_runs_from_top_to_bottom():
    assert traced("nested").figure(limit=100).direction == "TB"


def test_a_direction_that_is_asked_for_is_kept():
    assert traced("nested").figure(limit=100, direction="LR").direction == "LR"


def test_what_is_wider_than_long_is_read_from_left_to_right():
    assert figure(gt.trace(fibonacci, 0.5), Content(limit=200)).direction == "LR"


def test_what_is_unpacked_is_told_line_by_line_and_not_as_so_many_times():
    def gates(z):
        i, f, o, g = np.split(z, 4)
        return np.sum(i * f + o * g)

    text = gt.trace(gates, np.arange(8.0)).to_text(detail="calls")
    assert "f = z[2:4] = [2, 3]" in text
    assert "times" not in text
