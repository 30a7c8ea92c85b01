"""g.at(...) is the graph that a trace there would have given, without a call of the function."""

import numpy as np
import pytest
from programs import BY_NAME, plain

import graphtrace as gt


def dense(local):
    return np.asarray(local.to_dense() if hasattr(local, "to_dense") else local)


def assert_same_graph(now, wanted):
    assert (list(now.nodes), list(now.edges(keys=True))) == (
        list(wanted.nodes),
        list(wanted.edges(keys=True)),
    )
    for key, node in wanted.nodes.items():
        assert now.nodes[key].keys() == node.keys()
        np.testing.assert_array_equal(now.nodes[key]["value"], node["value"])
        for what in ("op", "label", "scope", "source"):
            assert now.nodes[key][what] == node[what]
    for edge, attributes in wanted.edges.items():
        np.testing.assert_array_equal(dense(now.edges[edge]["local"]), dense(attributes["local"]))
        assert str(now.edges[edge]["symbol"]) == str(attributes["symbol"])


def moved(x):
    return x * 0.99 if isinstance(x, (float, np.ndarray)) else x


@pytest.mark.parametrize("p", BY_NAME[::4])
def test_it_is_the_graph_of_a_trace_there(p):
    f, args = plain(p.function), tuple(map(moved, p.arguments))
    graph = gt.trace(f, *p.arguments)
    graph.backward()
    before = graph.value
    now, wanted = graph.at(p=args), gt.trace(f, *args)
    assert_same_graph(now, wanted)
    assert now.value == wanted.value == f(*args)
    np.testing.assert_equal(now.backward(), wanted.backward())
    assert graph.value == before
    assert now.forward(p=p.arguments) == before


def test_it_draws_itself_and_goes_on_from_there():
    def J(a, b, c):
        u = b * c
        v = a + u
        return 3 * v

    graph = gt.trace(J, 5, 3, 2)
    graph.backward()
    assert type(graph.at(a=6)) is gt.Graph
    assert graph.at(a=6).at(b=4).to_svg() == gt.trace(J, 6, 4, 2).to_svg()
    assert "grad" not in graph.at().nodes["u"]
    assert graph.nodes["u"]["grad"] == 3.0


def test_it_raises_what_forward_raises():
    graph = gt.trace(lambda x: x if x > 0 else -x, 2.0)
    with pytest.raises(gt.BranchChanged):
        graph.at(x=-1.0)
    with pytest.raises(gt.ArgumentError, match="no parameter 'y'"):
        graph.at(y=1.0)
    assert graph.at(x=3.0).graph["branches"][0].operands == (3.0, 0)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 1, 1)])
def test_an_output_of_one_entry_has_a_gradient(shape):
    graph = gt.trace(lambda x: 3 * x * np.ones(shape), 2.0)
    assert graph.backward() == {"x": 3.0}
    assert graph.outputs[0] in graph.adjoints(graph.outputs[0])
    list(graph.nodes)  # from now on as a graph
    assert graph.backward() == {"x": 3.0}
    with pytest.raises(gt.ArgumentError, match=r"has shape \(2,\), and a gradient needs a scalar"):
        gt.trace(lambda x: x * np.ones(2), 2.0).backward()


def test_an_expression_is_traced_from_its_text():
    graph = gt.trace("u = b*c; v = a + u; J = 3*v", a=5, b=3, c=2)
    assert sorted(graph.nodes) == ["J", "a", "b", "c", "u", "v"]
    assert graph.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}
    assert gt.trace("x**2", 3.0).value == 9.0
    with pytest.raises(gt.ExpressionError):
        gt.trace("__import__('os')", 1.0)
    with pytest.raises(gt.ArgumentError, match="a, b"):
        gt.trace("a*b", 1.0)
