"""`flow=True`: how much gradient each edge brings back, where boxes are folded too."""

import numpy as np
import pytest

import graphtrace as gt

LAYERS = [{"W": 0.5 * np.eye(2), "b": np.array([0.1, 0.2])} for _ in range(12)]


def layer(p, x):
    return np.tanh(p["W"] @ x + p["b"])


def net(layers, x):
    for p in layers:
        x = layer(p, x)
    return np.sum(x)


def both(p, x):
    return layer(p, x), np.sum(x)


def of_two(layers, x):
    total = 0.0
    for p in layers:
        x, entries = both(p, x)
        total = total + entries
    return np.sum(x) + total


FOLDED = [{"depth": 0}, {"limit": 3}, {"detail": "statements"}, {"detail": "calls", "limit": 8}]


@pytest.mark.parametrize("swept", [True, False], ids=["after backward", "before"])
@pytest.mark.parametrize("how", FOLDED, ids=str)
@pytest.mark.parametrize("f", [net, of_two], ids=lambda f: f.__name__)
def test_every_edge_of_a_folded_figure_tells_its_share(f, how, swept):
    graph = gt.trace(f, LAYERS, np.ones(2))
    if swept:
        graph.backward()
    figure = graph.figure(flow=True, **how)
    forward = [edge for edge in figure.edges if edge.kind == "forward"]
    assert forward
    assert all(edge.flow is not None for edge in forward)
    assert "<svg" in graph.to_svg(flow=True, **how)


def test_the_share_of_several_values_is_the_largest_entry_of_all():
    graph = gt.trace(of_two, LAYERS, np.ones(2))
    gradients = graph.backward()
    flows = {edge.flow for edge in graph.figure(flow=True, limit=2).edges}
    parameters = [np.max(np.abs(grad)) for p in gradients["layers"] for grad in p.values()]
    largest = (max(parameters), np.max(np.abs(gradients["x"])))
    assert any(flow == pytest.approx(one) for flow in flows for one in largest)
