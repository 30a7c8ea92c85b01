"""Two things that differ never print alike: constants, places, masks and settings."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st

import graphtrace as gt
from graphtrace.figure.inlining import inlined
from graphtrace.formula.naming import Naming
from graphtrace.formula.printer import latex_of, on_board, text_of
from graphtrace.formula.runs import plain

X = np.linspace(0.5, 3.5, 4)
M = np.linspace(-1.0, 2.5, 12).reshape(3, 4)

NUMBERS = st.decimals(-9, 9, places=9).map(float)
WHOLE = st.integers(-3, 3)


def arrays(entries, size):
    return st.lists(entries, min_size=size, max_size=size).map(np.array)


def grids(entries):
    return st.lists(st.lists(entries, min_size=3, max_size=3), min_size=2, max_size=5).map(np.array)


MASKS = arrays(st.booleans(), 4)
PLACES = st.integers(1, 14).flatmap(lambda size: arrays(st.integers(-4, 3), size))


def assigned(x, where, y=0.0):
    z = x * 1
    z[where] = y
    return z


# Each is done twice in one function, with two values of c.
ON_VECTORS = {
    "times a number": (lambda x, c: x * c, NUMBERS),
    "power": (lambda x, c: x**c, NUMBERS),
    "times an array": (lambda x, c: x * c, arrays(NUMBERS, 4)),
    "clip": (lambda x, c: np.clip(x, c, 9), NUMBERS),
    "one place": (lambda x, c: x[c], WHOLE),
    "slice": (lambda x, c: x[c:], WHOLE),
    "mask": (lambda x, c: x[c], MASKS),
    "places": (lambda x, c: x[c], PLACES),
    "grid of places": (lambda x, c: x[c], grids(st.integers(-4, 3))),
    "list of places": (lambda x, c: x[c.tolist()], PLACES),
    "masked sum": (lambda x, c: np.sum(x, where=c), MASKS),
    "masked assignment": (assigned, MASKS),
    "assignment": (assigned, PLACES),
    "assigned number": (lambda x, c: assigned(x, 0, c), NUMBERS),
    "take": (lambda x, c: np.take(x, c), PLACES),
    "take a list": (lambda x, c: np.take(x, c.tolist()), PLACES),
    "take along": (lambda x, c: np.take_along_axis(x, c, 0), arrays(st.integers(0, 3), 4)),
    "compress": (lambda x, c: np.compress(c, x), MASKS),
    "where": (lambda x, c: np.where(c, x, 0), MASKS),
    "repeat": (lambda x, c: np.repeat(x, c), arrays(st.integers(0, 3), 4)),
    "roll": (lambda x, c: np.roll(x, c), WHOLE),
    "pad": (lambda x, c: np.pad(x, c), st.tuples(*[st.integers(0, 2)] * 2)),
    "average": (lambda x, c: np.average(x, weights=c), arrays(st.integers(1, 9), 4)),
    "convolve": (lambda x, c: np.convolve(x, c), arrays(NUMBERS, 3)),
    "polyval": (lambda x, c: np.polyval(c, x), arrays(NUMBERS, 5)),
    "quantile": (lambda x, c: np.quantile(x, c), arrays(st.floats(0, 1, width=16), 4)),
    "norm": (lambda x, c: np.linalg.norm(x, c), st.sampled_from([1, 2, 3, np.inf])),
    "diff": (lambda x, c: np.diff(x, c), st.integers(1, 3)),
    "variance": (lambda x, c: np.var(x, ddof=c), st.integers(0, 2)),
}
ON_MATRICES = {
    "sum": (lambda x, c: np.sum(x, axis=c), st.sampled_from([None, 0, 1])),
    "reshape": (lambda x, c: np.reshape(x, c), st.sampled_from([(12,), (4, 3), (2, 6), (-1, 1)])),
    "transpose": (lambda x, c: np.transpose(x[None], c), st.permutations(range(3))),
    "columns": (lambda x, c: x[:, c], PLACES),
    "column mask": (lambda x, c: x[:, c], MASKS),
    "mask of entries": (
        lambda x, c: x[c],
        arrays(st.booleans(), 12).map(lambda c: c.reshape(3, 4)),
    ),
    "triangle": (lambda x, c: np.triu(x, c), WHOLE),
    "trace": (lambda x, c: np.trace(x, c), st.integers(-2, 3)),
    "diagonal": (lambda x, c: np.diagonal(x, c), st.integers(-2, 3)),
    "turned": (lambda x, c: np.rot90(x, c), st.integers(1, 3)),
    "einsum": (lambda x, c: np.einsum(c, x), st.sampled_from(["ij->i", "ij->j", "ij->ji", "ij->"])),
    "product": (lambda x, c: x @ c, grids(NUMBERS).filter(lambda c: len(c) == 4)),
}
CASES = [
    *((name, X, *case) for name, case in ON_VECTORS.items()),
    *((name, M, *case) for name, case in ON_MATRICES.items()),
]


def prints(graph, output):
    """How a value is written in terms of the inputs: as text, as LaTeX, and in a figure."""
    term = inlined(graph, list(graph)[1:], output, 99)
    return text_of(term), latex_of(term), plain(on_board(Naming(map(str, graph))).term(term))


def as_json(graph):
    """The graph, written as JSON and read again."""
    file = io.StringIO()
    graph.render(file, format="json")
    return gt.load(io.StringIO(file.getvalue()))


def differ(a, b):
    return type(a) is not type(b) or not np.array_equal(a, b)


@pytest.mark.parametrize(
    ("x", "do", "values"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
@given(data=st.data())
def test_the_same_step_with_another_constant_is_written_otherwise(x, do, values, data):
    one = data.draw(values)
    other = data.draw(values.filter(lambda c: differ(one, c)))

    def twice(x):
        first = do(x, one)
        second = do(x, other)
        return first, second

    graph = gt.trace(twice, x)
    for drawn in (graph, pickle.loads(pickle.dumps(graph)), as_json(graph)):
        told, also = (prints(drawn, output) for output in drawn.graph["outputs"])
        assert all(a != b for a, b in zip(told, also, strict=True)), told


def test_the_letter_of_the_output_makes_no_differential_that_is_a_variable():
    def lab_distance(c, k):
        dL = c[0] - k
        return np.sqrt(dL**2 + c[1] ** 2)

    graph = gt.trace(lab_distance, np.array([3.0, 4.0]), 1.0)
    graph.backward()
    svg = graph.to_svg(detail="statements", width=360)
    assert "J = lab_distance" in svg
