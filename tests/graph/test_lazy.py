"""A traced graph is filled when somebody looks at it, and nobody can tell."""

import copy
import pickle
import threading
import time

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt
from graphtrace.formula.symbol import Symbol
from graphtrace.graph.lazy import pending


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def layer(params, x):
    h = np.tanh(x @ params["W"] + params["b"])
    return np.sum(h * h)


PARAMS = {"W": np.arange(6.0).reshape(3, 2) / 10, "b": np.array([0.1, -0.2])}
X = np.array([1.0, -2.0, 0.5])


def looked_at(graph):
    list(graph.nodes)
    return graph


def test_backward_and_value_need_no_node():
    g = gt.trace(J, a=5, b=3, c=2)
    assert g.value == 33.0
    assert g.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}
    assert pending(g) is not None


def test_a_gradient_found_before_the_first_look_is_on_the_nodes():
    g = gt.trace(layer, PARAMS, X)
    g.backward()
    seen = looked_at(gt.trace(layer, PARAMS, X))
    seen.backward()
    assert [n for n in g if "grad" in g.nodes[n]] == [n for n in seen if "grad" in seen.nodes[n]]
    for key in seen:
        np.testing.assert_array_equal(g.nodes[key].get("grad"), seen.nodes[key].get("grad"))


def test_the_gradient_is_the_same_to_the_last_bit_before_and_after_the_first_look():
    before = gt.trace(layer, PARAMS, X).backward()["params"]
    after = looked_at(gt.trace(layer, PARAMS, X)).backward()["params"]
    assert {k: v.tobytes() for k, v in before.items()} == {k: v.tobytes() for k, v in after.items()}


def test_no_gradient_is_on_the_nodes_before_backward():
    assert not any("grad" in data for _, data in gt.trace(J, 5, 3, 2).nodes(data=True))


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g)), lambda g: g.copy()],
    ids=["copy", "deepcopy", "pickle", "networkx"],
)
def test_a_copy_of_a_graph_that_nobody_has_looked_at_is_whole(duplicate):
    g = gt.trace(J, a=5, b=3, c=2)
    g.backward()
    twin = duplicate(g)
    assert list(twin) == ["a", "b", "c", "u", "v", "J"]
    assert twin.nodes["u"]["grad"] == 3.0
    assert twin.forward(a=6) == 36.0


@pytest.mark.parametrize(
    "look",
    [
        len,
        list,
        lambda g: g.nodes["u"],
        lambda g: g.edges["b", "u", 0],
        lambda g: g["b"]["u"],
        lambda g: g.adj["b"],
        lambda g: g.pred["u"],
        lambda g: g.succ["b"],
        lambda g: g.graph["inputs"],
        lambda g: "u" in g,
        lambda g: g.has_edge("b", "u"),
        lambda g: g.in_degree("u"),
        lambda g: nx.topological_sort(g).__next__(),
        lambda g: nx.is_directed_acyclic_graph(g),
        lambda g: g.reverse(),
        lambda g: g.subgraph(["b", "u"]).edges,
        lambda g: nx.compose(g, nx.MultiDiGraph()),
        lambda g: g.add_node("extra"),
        lambda g: g.inputs,
        repr,
    ],
)
def test_every_way_to_look_finds_the_graph_filled(look):
    g = gt.trace(J, a=5, b=3, c=2)
    assert pending(g) is not None
    assert look(g) is not False
    assert pending(g) is None
    assert g.nodes["u"]["value"] == 6.0


def test_a_container_changed_after_the_trace_changes_no_name():
    params = {"W": 2.0, "b": 1.0}
    g = gt.trace(lambda params: params["W"] * params["b"], params)
    params["late"] = 3.0
    del params["W"]
    assert g.inputs == ["params['W']", "params['b']"]


def test_an_array_changed_after_the_trace_changes_no_value():
    x = np.array([1.0, 2.0])
    g = gt.trace(lambda x: np.sum(x * x), x)
    x[:] = 0
    np.testing.assert_array_equal(g.nodes["x"]["value"], [1.0, 2.0])
    np.testing.assert_array_equal(g.backward()["x"], [2.0, 4.0])


def test_a_look_that_is_interrupted_can_be_taken_again(monkeypatch):
    g = gt.trace(J, a=5, b=3, c=2)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("graphtrace.graph.build.Symbol", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(g.nodes)
    assert g.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}
    assert list(g.nodes) == ["a", "b", "c", "u", "v", "J"]
    assert g.nodes["u"]["value"] == 6.0
    assert g.forward(a=6) == 36.0
    assert g.name == "J"


def begun_elsewhere(monkeypatch, look):
    """Call `look` in a thread, with a wait at every edge, until its first edge is made."""
    begun = threading.Event()

    def slow(*args):
        begun.set()
        time.sleep(0.01)
        return Symbol(*args)

    monkeypatch.setattr("graphtrace.graph.build.Symbol", slow)
    thread = threading.Thread(target=look)
    thread.start()
    begun.wait()
    return thread


def test_who_looks_while_another_thread_looks_sees_the_whole_graph(monkeypatch):
    g = gt.trace(J, a=5, b=3, c=2)
    thread = begun_elsewhere(monkeypatch, lambda: len(g))
    assert (list(g), g.number_of_edges(), g.outputs) == (["a", "b", "c", "u", "v", "J"], 5, ["J"])
    thread.join()


def test_a_gradient_found_while_another_thread_looks_is_on_every_node(monkeypatch):
    g = gt.trace(J, a=5, b=3, c=2)
    thread = begun_elsewhere(monkeypatch, lambda: len(g))
    assert g.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}
    thread.join()
    assert [g.nodes[key]["grad"] for key in g] == [3.0, 6.0, 9.0, 3.0, 3.0, 1.0]
