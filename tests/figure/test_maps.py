"""The label of an edge is the derivative: what it says is what `local` does, written out."""

import pickle
import re

import numpy as np
import pytest
from figures.corpus import FUNCTIONS
from map_meaning import Unreadable, meaning
from numpy.testing import assert_allclose
from samples import SAMPLES

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.formula.printer import text_of


def dense(local, out, into):
    """The Jacobian as an array of the value's shape followed by the operand's."""
    if hasattr(local, "to_dense"):
        return local.to_dense()
    if hasattr(local, "inner"):  # through a folded box
        units = np.eye(int(np.prod(out))).reshape(-1, *out)
        return np.array([unit[()] @ local for unit in units]).reshape(out + into)
    if out != into:
        return np.reshape(local, out + into)
    return np.diag(np.ravel(np.broadcast_to(local, out))).reshape(out + into)


def check(values, tail, head, edge):
    """Whether the label could be read; it says what the derivative is, or this fails."""
    text = text_of(edge["symbol"].written)
    keys = {key: f"n{i}" for i, key in enumerate(values)}
    for old, new in sorted(keys.items(), key=lambda pair: -len(pair[0])):
        text = re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)
    x, y = values[tail], values[head]
    names = {keys[key]: value for key, value in values.items()} | {"_value": (y,)}
    t = np.asarray(np.random.default_rng(1).normal(size=np.shape(x)), np.result_type(x))[()]
    out, into = np.shape(y), np.shape(x)
    jacobian = dense(edge["local"], out, into)
    expected = np.tensordot(jacobian, t, axes=len(into))
    try:
        with np.errstate(all="ignore"):
            actual = meaning(text, names, t, out)
    except Unreadable:
        return False
    if text == "0":
        actual = np.zeros(out)
    assert np.shape(actual) == out, f"{tail} -> {head}: {text}"
    assert_allclose(actual, expected, rtol=1e-5, atol=1e-9, err_msg=f"{tail} -> {head}: {text}")
    return True


def labels(sample):
    """The edges of a sample's graph that have a formula, as `check` takes them."""
    graph = gt.trace(lambda *args: sample.f(np, *args), *sample.args)
    values = {key: data["value"] for key, data in graph.nodes(data=True)}
    for tail, head, edge in graph.edges(data=True):
        row, text = graph.nodes[head]["row"], str(edge["symbol"])
        arrays = (row.value, *row.operands)
        if max(map(np.ndim, arrays)) > 2 and (row.primitive.op == "dot" or ".T" in text):
            continue  # a person's ᵀ turns the matrices of a stack; NumPy's .T all axes
        if "∂" not in text and not any(map(np.iscomplexobj, arrays)):
            yield values, tail, head, edge


@pytest.mark.parametrize("name", SAMPLES)
def test_the_label_of_an_operation_means_its_local_derivative(name):
    for sample in SAMPLES[name]:
        for label in labels(sample):
            check(*label)


def test_nearly_every_label_can_be_read():
    read = []
    for samples in SAMPLES.values():
        read += [check(*label) for label in labels(samples[-1])]
    assert sum(read) > 250
    assert read.count(False) < len(read) / 8


W, U = (np.random.default_rng(k).normal(size=(3, 4)) for k in (1, 2))
X, S = np.random.default_rng(3).normal(size=(5, 4)), np.random.default_rng(4).normal(size=(3, 3))
x, b, v, y = (np.random.default_rng(k).normal(size=n) for k, n in enumerate((4, 3, 3, 5)))


def gates(y):
    a = y[:2]
    a = 1 / (1 + np.exp(-a))
    return a


def layer(W, x, b):
    h = np.tanh(W @ x + b)
    return h


def batch(X, W, b):
    H = np.tanh(X @ W.T + b)
    return H


def rectified(W, x, b):
    h = np.maximum(0, W @ x + b)
    return h


def residual(x, S, b):
    h = x + np.tanh(S @ x)
    return h


def squares(X, x, y):
    L = np.mean((X @ x - y) ** 2)
    return L


def penalty(W):
    L = np.sum(W * W)
    return L


def quadratic(S, b):
    q = b @ S @ b
    return q


def scores(W, U):
    s = W @ U.T / 2
    return s


def choice(S, b):
    p = gt.softmax(S @ b)
    return p


def output(v, S, b):
    z = v @ np.tanh(S @ b)
    return z


def logistic(W, x):
    p = 1 / (1 + np.exp(-(W @ x)))
    return p


def entropy(y, p):
    L = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return L


def by_hand(z):
    p = np.exp(z) / np.exp(z).sum()
    return p


def shifted(z):
    p = np.exp(z - np.max(z)) / np.sum(np.exp(z - np.max(z)))
    return p


def of_rows(Z):
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    return P


def half(z):
    p = np.exp(z) / np.exp(z / 2).sum()
    return p


def divergence(m, s):
    KL = -np.sum(1 + s - m**2 - np.exp(s)) / 2
    return KL


def residuals(W, z, x):
    L = -np.sum((x - W @ z) ** 2) / 2
    return L


def negative_mean(v):
    L = -np.mean(v)
    return L


def riccati(A, P):
    M = A.T @ P @ A
    return M


def windows(y):
    w = np.lib.stride_tricks.sliding_window_view(y, 3)
    return w


STATEMENTS = [
    (divergence, (b, v), {"m": "m", "s": "exp(s)/2 - 1/2"}),
    (residuals, (W, x, b), {"W": "outer((x - W @ z), z)", "z": "(x - W @ z).T @ W"}),
    (residuals, (W, x, b), {"x": "-(x - W @ z)"}),
    (negative_mean, (b,), {"v": "-mean"}),
    (windows, (y,), {"y": "windows of y"}),
    (logistic, (W, x), {"x": "diag(p*(1 - p)) @ W", "W": "diag(p*(1 - p)) @ · @ x"}),
    (gates, (y,), {"a": "diag(a_2*(1 - a_2))"}),
    (entropy, (b**2, 1 / (1 + v**2)), {"p": "(1 - y)/(3*(1 - p)) - y/(3*p)"}),
    (by_hand, (b,), {"z": "diag(p) - p @ p.T"}),
    (shifted, (b,), {"z": "diag(p) - p @ p.T"}),
    (of_rows, (S,), {"Z": "diag(p) - p @ p.T for each row p"}),
    (half, (b,), {"z": None}),
    (layer, (W, x, b), {"W": "diag(1 - h**2) @ · @ x", "x": "diag(1 - h**2) @ W"}),
    (layer, (W, x, b), {"b": "diag(1 - h**2)"}),
    (batch, (X, W, b), {"X": "diag(1 - H**2) @ · @ W.T", "b": "(1 - H**2)*·"}),
    (rectified, (W, x, b), {"W": "diag([h > 0]) @ · @ x", "b": "diag([h > 0])"}),
    (residual, (b, S, b), {"x": "I + diag(1 - tanh(S @ x)**2) @ S"}),
    (squares, (X, x, y), {"x": "(2*(X @ x - y)/5).T @ X", "y": "-2*(X @ x - y)/5"}),
    (squares, (X, x, y), {"X": "outer((2*(X @ x - y)/5), x)"}),
    (penalty, (W,), {"W": "2*W"}),
    (quadratic, (S, b), {"S": "outer(b, b)", "b": "b @ S + S @ b"}),
    (riccati, (S, S + 1), {"A": "A.T @ P @ · + ·.T @ P @ A", "P": "A.T @ · @ A"}),
    (scores, (W, U), {"W": "0.5*· @ U.T", "U": "0.5*W @ ·.T"}),
    (choice, (S, b), {"b": "(diag(p) - p @ p.T) @ S", "S": "(diag(p) - p @ p.T) @ · @ b"}),
    (output, (v, S, b), {"v": "tanh(S @ b)"}),
]


@pytest.mark.parametrize(
    ("f", "arguments", "texts"), STATEMENTS, ids=lambda one: getattr(one, "__name__", "")
)
def test_the_label_of_a_statement_is_the_composition_of_its_maps(f, arguments, texts):
    graph = fold(gt.trace(f, *arguments), detail="statements", dead=False)
    values = {key: data["value"] for key, data in graph.nodes(data=True)}
    for tail, head, edge in graph.edges(data=True):
        if "symbol" in edge:
            check(values, tail, head, edge)
        if tail in texts:
            assert str(edge.get("symbol")) == str(texts[tail])


@pytest.mark.parametrize("example", FUNCTIONS, ids=lambda example: example.name)
def test_the_labels_of_anybody_s_statements_mean_their_derivatives(example):
    graph = fold(gt.trace(example.function, *example.arguments), detail="statements", dead=False)
    values = {key: data.get("value") for key, data in graph.nodes(data=True)}
    for tail, head, edge in graph.edges(data=True):
        is_plain = "symbol" in edge and "by" not in edge and "∂" not in str(edge["symbol"])
        if is_plain and values[tail] is not None and values[head] is not None:
            check(values, tail, head, edge)


def network(W, x, b, v):
    z = W @ x
    a = z + b
    h = np.tanh(a)
    L = v @ h
    return L


@pytest.mark.parametrize(
    ("path", "product"),
    [
        (("W", "L"), "outer((v*(1 - h**2)), x)"),
        (("x", "L"), "(v*(1 - h**2)).T @ W"),
        (("b", "L"), "v*(1 - h**2)"),
        (("x", "h"), "diag(1 - h**2) @ W"),
        (("W", "h"), "diag(1 - h**2) @ · @ x"),
    ],
)
def test_the_caption_of_a_path_multiplies_in_the_order_that_conforms(path, product):
    graph = gt.trace(network, W, x, b, v)
    (chain,) = graph.figure(path=path).caption
    assert text_of(chain.product) == product
    names = {key: data["value"] for key, data in graph.nodes(data=True)}
    t, out = np.ones(np.shape(names[path[0]])), np.shape(names[path[1]])
    moved = meaning(product, names, t, out)
    graph.jvp(**{path[0]: t})
    assert_allclose(moved, graph.nodes[path[1]]["tangent"])


def test_a_graph_whose_labels_were_read_is_pickled():
    graph = gt.trace(lambda W, x: np.sum(gt.softmax(np.tanh(W @ x))[:2]), S, b)
    texts = [str(edge["symbol"]) for *_, edge in graph.edges(data=True)]
    written = [text_of(edge["symbol"].written) for *_, edge in graph.edges(data=True)]
    other = pickle.loads(pickle.dumps(graph))
    assert [str(edge["symbol"]) for *_, edge in other.edges(data=True)] == texts
    assert [text_of(edge["symbol"].written) for *_, edge in other.edges(data=True)] == written
