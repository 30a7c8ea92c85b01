"""Numbers, empty arrays, complex numbers and NaN: the right value or a refusal, for every row."""

import warnings

import numpy as np
import pytest
from samples import SAMPLES

import graphtrace as gt

KINDS = {
    "a number of Python's": lambda a: float(np.ravel(a)[0]),
    "a number of NumPy's": lambda a: np.ravel(a)[0],
    "an array of no axes": lambda a: np.array(np.ravel(a)[0]),
    "no rows": lambda a: np.atleast_1d(a)[:0],
    "no columns": lambda a: np.atleast_1d(a)[..., :0],
    "complex": lambda a: np.asarray(a) * (1 + 0.3j),
    "a complex number": lambda a: complex(np.ravel(a)[0] * (1 + 0.3j)),
}


def leaves(y):
    return [x for part in y for x in leaves(part)] if isinstance(y, (list, tuple)) else [y]


def real_sum(y):
    return sum(np.sum(np.real(x)) for x in leaves(y))


def outcome(run):
    """What it returns, or the class of what it raises."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001  (whatever NumPy raises)
        return error


def check(f, args):
    """What plain NumPy gives or raises, with each mode and the gradient of the gradient."""
    every = tuple(range(len(args)))
    plain = outcome(lambda: real_sum(f(np, *args)))

    def scalar(*args):
        y = real_sum(f(np, *args))
        return y + 0.0 * sum(np.sum(np.real(a)) for a in args)  # of a constant too

    along = tuple(np.ones_like(a)[()] for a in args)
    gradients = outcome(lambda: gt.grad(scalar, every)(*args))
    others = [
        outcome(lambda: gt.jvp(scalar, args, along)),
        outcome(lambda: gt.grad(lambda *a: real_sum(gt.grad(scalar, every)(*a)), every)(*args)),
    ]
    if isinstance(plain, AttributeError):  # a traced number has the methods of an array
        return
    if isinstance(plain, Exception):
        assert isinstance(gradients, (gt.GraphtraceError, type(plain))), repr(gradients)
        return
    for each in (gradients, *others):
        if isinstance(each, Exception) and not isinstance(each, gt.GraphtraceError):
            raise each
    if not isinstance(gradients, Exception):
        for g, a in zip(gradients, args, strict=True):
            assert np.shape(g) == np.shape(a)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_row_of_such_operands_is_right_or_refused_as_numpy_refuses(name, kind):
    f, args, _ = max(SAMPLES[name], key=lambda sample: np.ndim(sample.args[0]) > 0)
    with np.errstate(all="ignore"):
        check(f, tuple(KINDS[kind](a) for a in args))


@pytest.mark.parametrize("function", [np.median, np.nanmedian, lambda x: np.quantile(x, 0.3)])
def test_the_median_of_a_number_is_the_number(function):
    assert gt.grad(function)(1.5) == gt.grad(function)(np.array(1.5)) == 1.0
    assert gt.jvp(function, (1.5,), (1.0,))[1] == 1.0


@pytest.mark.parametrize("function", [np.sum, np.prod, np.mean, np.var, np.std, np.nanmean])
def test_the_gradient_of_an_empty_array_is_empty(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert gt.grad(function)(np.zeros(0)).shape == (0,)


def test_the_largest_of_no_entries_is_refused_by_numpy():
    with pytest.raises(ValueError, match="zero-size array"):
        gt.grad(np.max)(np.zeros(0))


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "clip"])
@pytest.mark.parametrize("pair", [(1 + 2j, 2j), (np.array([1 + 2j]), np.array([2j]))])
def test_the_larger_of_complex_numbers_has_no_derivative(name, pair):
    more = (3.0,) if name == "clip" else ()

    def f(a, b):
        return np.sum(np.real(getattr(np, name)(a, b, *more)))

    with pytest.raises(gt.NoDerivative, match=f"{name} has no derivative rule for complex numbers"):
        gt.grad(f)(*pair)


def test_a_rule_of_scipys_that_takes_no_complex_numbers_says_so():
    special = pytest.importorskip("scipy.special")
    with pytest.raises(gt.NoDerivative, match="psi has no derivative rule for complex numbers"):
        gt.grad(lambda z: np.real(special.psi(z)))(1 + 1j)


@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_the_variance_of_complex_numbers_is_that_of_their_distances(name):
    z = np.array([1 + 2j, 3 - 1j, -0.5j])
    where = {} if name.startswith("nan") else {"where": np.array([True, True, True])}
    gt.check_grads(lambda z: getattr(np, name)(z, **where), (z,))


def test_sinc_keeps_the_imaginary_part():
    gt.check_grads(lambda z: np.real(np.sinc(z)), (np.array([0.3 + 0.2j, 1.1 - 0.7j]),))


ORDER = {
    "median": np.median,
    "quantile": lambda x: np.quantile(x, 0.3),
    "percentile": lambda x: np.sum(np.percentile(x, [30, 60])),
    "max": np.max,
    "min": np.min,
    "ptp": np.ptp,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ORDER)
def test_an_order_statistic_that_is_nan_has_a_gradient_of_nan(name):
    x = np.array([np.nan, 1.0, 2.0])
    assert np.isnan(gt.grad(ORDER[name])(x)).all()
    assert np.isnan(gt.jvp(ORDER[name], (x,), (np.ones(3),))[1])


def test_a_row_with_a_nan_leaves_the_others_their_gradient():
    g = gt.grad(lambda a: np.sum(np.median(a, axis=1)))(np.array([[1.0, np.nan], [2.0, 3.0]]))
    np.testing.assert_array_equal(g, [[np.nan, np.nan], [0.5, 0.5]])


def test_a_median_that_skips_nan_passes_it_no_gradient():
    assert gt.grad(np.nanmedian)(np.array([np.nan, 1.0, 2.0, 4.0])).tolist() == [0, 0, 1, 0]


def test_the_bessel_function_takes_nan_and_numbers_too_large_for_it():
    with np.errstate(all="ignore"):
        assert np.isnan(gt.grad(np.i0)(np.nan))
        assert gt.grad(np.i0)(1e9) == np.inf


def test_two_equal_knots_at_the_end_of_interp_give_no_nan():
    knots, heights = np.array([0.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0])
    g = gt.grad(lambda x, xp, fp: np.interp(x, xp, fp), (0, 1, 2))(5.0, knots, heights)
    assert [np.asarray(each).tolist() for each in g] == [0.0, [0, 0, 0], [0, 0, 1]]
