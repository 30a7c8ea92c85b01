"""What sum() adds to 0 first is not drawn as a step, and a label that only decided is no input."""

import operator

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt


def squares(p, q):
    return sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) * 2.0


def products(xs):
    return sum(xs) * sum(x * x for x in xs)


def totals(a, b):
    total = 0
    for x in (a, b):
        total = total + x * x
    return total * 3.0


def nested(xs):
    return sum([sum(xs)]) * xs[0]


PROGRAMS = [
    (squares, ([1.0, 2.0], [4.0, 0.0])),
    (products, ([1.0, 2.0, 3.0],)),
    (nested, ([2.0, 5.0],)),
]


def drawn(graph, **how):
    graph.backward()
    return graph.figure(detail="operations", **how)


@pytest.mark.parametrize(("f", "at"), PROGRAMS, ids=lambda one: getattr(one, "__name__", ""))
def test_no_box_adds_0_and_the_arrows_go_on(f, at):
    graph = gt.trace(f, *at)
    before = {key: dict(data) for key, data in graph.nodes(data=True)}
    figure = drawn(graph)
    keys = {node.id: node.key for node in figure.nodes}
    formulas = {n.key: str(n.parts[0].formula) for n in figure.nodes if n.role != "input"}
    assert not [formula for formula in formulas.values() if formula.startswith("0 + ")]
    assert len(keys) < len(graph)
    # Each gradient is still the sum over the arrows of the derivatives times the gradients.
    way = nx.MultiDiGraph()
    for edge in figure.edges:
        if edge.kind == "forward":
            way.add_edge(keys[edge.tail], keys[edge.head], local=edge.part.value)
    for tail in way:
        heads = [(graph.nodes[h]["grad"], e["local"]) for _, h, e in way.out_edges(tail, data=True)]
        if heads:
            assert sum(g * d for g, d in heads) == pytest.approx(graph.nodes[tail]["grad"])
    # No formula names what is not drawn.
    hidden = set(graph) - set(keys.values())
    for edge in figure.edges:
        text = str(edge.part.formula) if edge.kind == "forward" else ""
        assert not [key for key in hidden if key in operator_names(text)]
    assert not [key for key in hidden for text in formulas.values() if key in operator_names(text)]
    assert {key: set(data) - {"grad"} for key, data in graph.nodes(data=True)} == {
        key: set(data) - {"grad"} for key, data in before.items()
    }


def operator_names(text):
    return set("".join(c if c.isalnum() or c in "_[]" else " " for c in text).split())


def test_all_of_it_is_drawn_where_it_is_asked_for():
    graph = gt.trace(squares, [1.0, 2.0], [4.0, 0.0])
    assert {node.key for node in drawn(graph, dead=True).nodes} == set(graph)
    assert graph.figure(step="dsquares/dv3").caption


def test_a_sum_with_a_name_of_its_own_and_an_output_stay():
    assert "total" in {node.key for node in drawn(gt.trace(totals, 1.0, 2.0)).nodes}
    graph = gt.trace(lambda x: sum([x]), 2.0)
    assert {node.key for node in drawn(graph).nodes} == {"x", "f"}


def test_a_float_0_that_is_added_stays():
    graph = gt.trace(lambda x: (0.0 + x) * 2, 2.0)
    assert len(drawn(graph).nodes) == 3


def test_a_folded_figure_has_the_same_gradients():
    def f(xs):
        return sum(np.sin(x) for x in xs) * sum(xs)

    graph = gt.trace(f, list(np.arange(60.0)))
    graph.backward()
    for how in ({}, {"limit": 10}, {"depth": 0}, {"detail": "statements"}, {"detail": "calls"}):
        assert "<svg" in graph.to_svg(**how)


def loss(logit, target):
    p = gt.sigmoid(logit)
    return -np.log(p if target == 1 else 1 - p)


@pytest.mark.parametrize("target", [1, 1.0, 0.0])
def test_a_label_that_only_decided_is_no_input_of_the_figure(target):
    figure = drawn(gt.trace(loss, 0.4, target))
    assert "target" not in {node.key for node in figure.nodes}
    assert "target" in {node.key for node in drawn(gt.trace(loss, 0.4, target), dead=True).nodes}


def test_a_number_whose_gradient_is_0_stays():
    def clipped(x, w):
        return w * w if x < 0 else w * x

    assert "x" in {node.key for node in drawn(gt.trace(clipped, -2.0, 3.0)).nodes}
    half = gt.trace(lambda x, w: w if operator.eq(x, 0.5) else w * x, 0.5, 3.0)
    assert "x" in {node.key for node in drawn(half).nodes}
