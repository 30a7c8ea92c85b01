"""The figures that several tests of the drawing look at."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from reading import lines

import graphtrace as gt
from graphtrace.formula.term import Name

SVG = "{http://www.w3.org/2000/svg}"


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def square(a):
    return a * a


def neuron(w0, x0, w1, x1, w2):
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


def olah(a, b):
    return (a + b) * (b + 1)


def network(params, x, y):
    h = np.tanh(params["W1"] @ x + params["b1"])
    e = params["W2"] @ h - y
    return np.sum(e**2)


def residual(x):
    y = x
    for _ in range(12):
        y = np.tanh(y) + x
    return y


ARRAYS = (
    {"W1": np.arange(6.0).reshape(3, 2) / 5, "b1": np.zeros(3), "W2": np.ones((1, 3))},
    np.array([1.0, -2.0]),
    np.array([0.5]),
)
CORPUS = [
    (J, (5.0, 3.0, 2.0)),
    (square, (3.0,)),
    (neuron, (2.0, -1.0, -3.0, -2.0, -3.0)),
    (olah, (2.0, 1.0)),
    (network, ARRAYS),
    (residual, (0.3,)),
]


def traced(f, args, backward=False):
    graph = gt.trace(f, *args)
    if backward:
        graph.backward()
    return graph


def lecture(backward=False):
    return traced(J, (5.0, 3.0, 2.0), backward)


def single(key, **attributes):
    graph = nx.MultiDiGraph()
    graph.add_node(key, **{"op": "input", "value": 1.0, **attributes})
    return graph


def groups(svg, kind):
    root = ET.fromstring(svg)
    return [g for g in root.iter(f"{SVG}g") if kind in g.get("class", "").split()]


def with_arrays(term):
    """The term with a matrix of every Y and h."""
    if isinstance(term.atom, Name) and term.atom.key in ("Y", "h"):
        return replace(term, atom=replace(term.atom, ndim=2))
    return replace(term, operands=tuple(map(with_arrays, term.operands)))


def boxes_of(svg):
    for group in groups(svg, "node"):
        box = group.find(f"{SVG}rect")
        if box is None:
            continue
        x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        yield x, y, x + w, y + h


def apart(p, q):
    return p[2] <= q[0] or q[2] <= p[0] or p[3] <= q[1] or q[3] <= p[1]


def label_boxes(svg):
    for group in groups(svg, "edge"):
        for line in lines(group):
            left, y = float(line[0].get("x")), float(line[0].get("y"))
            right = float(line[-1].get("x")) + float(line[-1].get("textLength"))
            yield left + 1, y - 10, right - 1, y + 2


NASTY = st.text(
    st.characters(codec=None) | st.sampled_from("<>&\"'\\\n\r\t\0{}|\ud800\u202e\u05d0\ufffe]"),
    min_size=1,
    max_size=30,
)


def nasty_graph(key, other, graph_name):
    graph = nx.MultiDiGraph(name=graph_name)
    graph.add_node(key, op="input", value=1.0, label=key, source=other)
    graph.add_node(other, op="tanh", value=key, label=f"{other} = {key}", formula=key, grad=2.0)
    if key != other:
        graph.add_edge(key, other, 0, local=1.0, symbol=other)
    return graph
