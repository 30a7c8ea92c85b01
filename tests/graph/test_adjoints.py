"""One backward sweep over a graph: `adjoints` tells the gradients, and the graph stays as it is."""

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.frames import frames
from graphtrace.figure.parts import Blanked, Partial


def two_outputs(a, b):
    p = a * b
    q = p + np.sin(a)
    return p, q


def of_arrays(W, x):
    h = np.tanh(W @ x)
    return np.sum(h * h)


def arguments():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 4)), rng.normal(size=4)


def test_the_adjoints_of_an_output_are_what_backward_stores():
    graph = gt.trace(of_arrays, *arguments())
    adjoints = graph.adjoints("of_arrays")
    graph.backward()
    assert list(adjoints) == list(graph)
    for key in graph:
        assert np.array_equal(adjoints[key], graph.nodes[key]["grad"])


def test_adjoints_change_nothing():
    graph = gt.trace(two_outputs, 2.0, 3.0)
    graph.backward("p")
    before = dict(graph.nodes(data="grad")), dict(graph.graph)
    assert graph.adjoints("q")["a"] == 3.0 + np.cos(2.0)
    assert (dict(graph.nodes(data="grad")), dict(graph.graph)) == before


def test_any_node_may_be_differentiated():
    graph = gt.trace(of_arrays, *arguments())
    u = gt.trace(lambda a, b: 3 * (a + b), 1.0, 2.0)
    assert u.adjoints("v1") == {"a": 1.0, "b": 1.0, "v1": 1.0, "f": 0.0}
    with pytest.raises(gt.ArgumentError, match=r"h has shape \(3,\), and a gradient needs a scal"):
        graph.adjoints("h")
    with pytest.raises(gt.ArgumentError, match="'g' is no node of of_arrays"):
        graph.adjoints("g")


def test_adjoints_start_from_those_that_are_given():
    graph = gt.trace(of_arrays, *arguments())
    W, x = arguments()
    seed = np.arange(3.0)
    adjoints = graph.adjoints({"h": seed})
    np.testing.assert_allclose(adjoints["x"], (seed * (1 - np.tanh(W @ x) ** 2)) @ W)
    assert adjoints["of_arrays"] == 0.0


def test_adjoints_at_other_values_are_those_of_a_graph_traced_there():
    W, x = arguments()
    graph = gt.trace(of_arrays, W, x)
    adjoints = graph.adjoints("of_arrays", graph.evaluate(W=2 * W))
    assert np.array_equal(adjoints["W"], gt.grad(of_arrays)(2 * W, x))


def test_nothing_that_tells_a_gradient_copies_the_graph(monkeypatch):
    graph = gt.trace(lambda a, b: np.sin(a * b) + a, 2.0, 3.0)

    def refused(self, as_view=False):
        raise AssertionError("the graph was copied")

    monkeypatch.setattr(nx.MultiDiGraph, "copy", refused)
    graph.figure(step="df/da", flow=True)
    graph.figure(path=("a", "f"))
    graph.frames()
    graph.explain("a")
    graph.wengert()


def test_frames_of_one_output_do_not_tell_the_gradients_that_backward_left_of_another():
    graph = gt.trace(two_outputs, 2.0, 3.0)
    graph.backward("p")
    last = frames(graph, of="q")[-1]
    parts = [p for node in last.nodes for p in (node.gradient,)] + [e.part for e in last.edges]
    told = [p.part if isinstance(p, Blanked) else p for p in parts]
    assert {p.of for p in told if isinstance(p, Partial) and p.total} == {"q"}


def test_the_derivative_through_a_box_of_a_graph_from_elsewhere_is_the_product_of_its_edges():
    chain = nx.MultiDiGraph()
    for i in range(61):
        chain.add_node(f"n{i:02}", value=0.5**i, op="half" if i else "input")
    for i in range(60):
        chain.add_edge(f"n{i:02}", f"n{i + 1:02}", local=0.5)
    folded = fold(chain, limit=5)
    total = np.prod([local for _, _, local in folded.edges(data="local")])
    assert len(folded) <= 5
    assert total == pytest.approx(0.5**60)
