"""What the tests of compiled programs share: to compile, to run the text alone, to compare."""

import numpy as np

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of


def compiled(f, *args, **kwargs):
    return compile_graph(gt.trace(f, *args, **kwargs))


def source(f, *args, **kwargs):
    return source_of(gt.trace(f, *args, **kwargs))


def leaves(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def assert_same(found, wanted, *, ulps=0):
    """Equal in structure, type, shape and dtype, and in every bit (or within some ulps)."""
    found, wanted = leaves(found), leaves(wanted)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert type(a) is type(b)
        if a is not None:
            assert np.shape(a) == np.shape(b)
            assert np.result_type(a) == np.result_type(b)
            scale = np.max(np.abs(b), initial=0) if ulps else 0
            np.testing.assert_allclose(a, b, rtol=0, atol=ulps * np.finfo(float).eps * scale)


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def network(params, x):
    h = np.tanh(x @ params["W1"] + params["b1"])
    return np.mean((h @ params["W2"] + params["b2"]) ** 2)


def parameters():
    rng = np.random.default_rng(0)
    return {
        "W1": rng.normal(size=(3, 4)),
        "b1": rng.normal(size=4),
        "W2": rng.normal(size=(4, 1)),
        "b2": rng.normal(size=1),
    }


X = np.random.default_rng(1).normal(size=(50, 3))


def branching(x, n):
    total = 0.0
    for _ in range(int(n)):
        total = total + x
    if x > 1.5:
        total = total * 2
    while not x < 4:
        x = x / 2
    return total + x
