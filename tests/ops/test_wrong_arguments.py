"""Wrong arguments of NumPy's functions: NumPy's own refusal, and no error of a rule's making."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.tools import coverage, trial

V, M = trial._V, trial._M
WRONG = [
    (V, M),
    (M, V),
    (M[:2], M),
    (V[:2], V[:3]),
    (V, "x"),
    (V, None),
    (V, -99),
    (V, V, 99),
    (V, 1.5),
    (V, (1, 2, 3)),
    (M, (0, 0)),
    ([V, V[:2]],),
    ("x", V),
    ({}, V),
    (V,) * 6,
]
NAMES = [
    name
    for name in coverage.own_functions()
    if not name.startswith(("scipy", "numpy.ndarray")) and name.rpartition(".")[2] != "at"
]


def leaves(x):
    return [y for part in x for y in leaves(part)] if isinstance(x, list) else [x]


def errors(function, args):
    """What plain NumPy raises, and what the traced call raises: None where they return."""

    def call(*floats):
        rest = iter(floats)
        return function(*(next(rest) if i in free else a for i, a in enumerate(args)))

    free = [i for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    found = []
    for run in (call, lambda *floats: gt.vjp(call, *floats)):
        try:
            run(*(args[i].copy() for i in free))
        except Exception as error:  # noqa: BLE001  (whatever NumPy raises)
            found.append(error)
        else:
            found.append(None)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_a_function_refuses_what_numpy_refuses_in_numpys_way(name):
    function = next(trial._calls(name))[0]
    for args in WRONG:
        with np.errstate(all="ignore"):
            plain, traced = errors(function, args)
        assert not isinstance(traced, RecursionError), args
        if plain is not None and traced is not None:
            assert isinstance(traced, (gt.GraphtraceError, type(plain))), (args, traced)


def test_the_cross_product_of_vectors_that_do_not_fit_is_refused_by_numpy():
    with pytest.raises(
        ValueError, match=r"incompatible dimensions for cross product|3-dimensional"
    ):
        gt.grad(lambda x: np.sum(np.cross(x, x[0:1])))(np.ones(3))
    with pytest.raises(ValueError, match="3-dimensional vectors"):
        gt.grad(lambda x: np.sum(np.linalg.cross(x, x)))(np.ones(2))


def test_the_error_still_names_the_users_line():
    with pytest.raises(ValueError, match="enough dimensions") as caught:
        gt.trace(lambda a, b: np.matmul(a, b), 0.3, 0.4)
    assert "np.matmul(a, b)" in caught.value.__notes__[0]


def test_lexsort_of_traced_keys_orders_them_and_passes_no_gradient():
    def f(x):
        return np.sum(x[np.lexsort((x,))] * np.arange(3.0))

    x = np.array([3.0, 1.0, 2.0])
    assert gt.grad(f)(x).tolist() == [2.0, 0.0, 1.0]
    graph = gt.trace(lambda x: np.sum(x[np.lexsort((x, np.round(x)))] * np.arange(3.0)), x)
    assert graph.forward(x=x[::-1]) == graph.compile()(x[::-1])[0] == 8.0


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.nancumsum, (0.3,)),
        (np.pad, (0.3, 2)),
        (np.trim_zeros, (0.3,)),
        (np.polymul, (np.zeros(2), V)),
        (np.greater, (1 + 2j, 2j)),
        (np.emath.power, (np.float32([0.3, 0.7]), 2)),
        (np.unique_values, (V * (1 + 1j),)),
        (np.logaddexp.accumulate, (np.zeros(0),)),
        (np.logaddexp.reduce, (0.3,)),
    ],
)
def test_what_numpy_takes_is_taken_with_numpys_value(function, args):
    plain = function(*args)
    traced = gt.trace(lambda *args: function(*args), *args).value
    assert np.array_equal(plain, traced)
    assert np.result_type(plain) == np.result_type(traced)


def test_a_histogram_of_one_column_is_that_of_numpy():
    counts, edges = gt.trace(lambda x: np.histogramdd(x, 3), V).value
    assert np.array_equal(counts, np.histogramdd(V, 3)[0])
    assert len(edges) == 1


@pytest.mark.filterwarnings("ignore")
def test_a_fit_without_a_unique_solution_has_the_derivative_of_numpys():
    x, y = np.array([1.3]), np.array([0.7])
    gt.check_grads(lambda x, y: np.polyfit(x, y, 1), (x, y))


def test_a_fit_cuts_off_what_rcond_says():
    cut = np.polyfit(V, trial._W, 2, rcond=0.3)
    assert np.array_equal(gt.trace(lambda x: np.polyfit(x, trial._W, 2, rcond=0.3), V).value, cut)
