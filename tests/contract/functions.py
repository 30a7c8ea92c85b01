"""The functions that the tests of the contract trace, and what they ask of a graph."""

from collections import namedtuple
from pathlib import Path

import numpy as np

X = np.array([1.0, 2.0, 3.0])


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def operations(g):
    """The keys of the nodes that are not inputs, in order."""
    return [key for key in g.nodes if key not in g.inputs]


def same(a, b):
    """Whether two results are equal to the last bit, and of one type and structure."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b, equal_nan=True) and np.shape(a) == np.shape(b)


Point = namedtuple("Point", "x y")


def line_of(function, offset):
    return f"{Path(function.__code__.co_filename).name}:{function.__code__.co_firstlineno + offset}"
