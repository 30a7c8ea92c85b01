"""Where a derivative jumps, has a pole or does not exist: as JAX has it, and without a warning."""

import warnings

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import jnp

import graphtrace as gt

INF = float("inf")


def named(name):
    return lambda xp, *args: getattr(xp, name)(*args)


KINKS = {
    "abs at 0": (lambda xp, x: abs(x), 0.0),
    "np.abs at 0": (named("abs"), 0.0),
    "fabs at 0": (named("fabs"), 0.0),
    "sign at 0": (named("sign"), 0.0),
    "floor at 1": (named("floor"), 1.0),
    "maximum of equals": (named("maximum"), 2.0, 2.0),
    "minimum of equals": (named("minimum"), 2.0, 2.0),
    "maximum above": (named("maximum"), 3.0, 2.0),
    "minimum above": (named("minimum"), 3.0, 2.0),
    "fmax of equals": (named("fmax"), 2.0, 2.0),
    "fmin of equals": (named("fmin"), 2.0, 2.0),
    "relu at 0": (lambda xp, x: xp.maximum(x, 0), 0.0),
    "relu below": (lambda xp, x: xp.maximum(x, 0), -1.0),
    "relu by where at 0": (lambda xp, x: xp.where(x > 0, x, 0.0), 0.0),
    "where and a pole": (
        lambda xp, x: xp.where(x == 0, 1.0, xp.sin(xp.where(x == 0, 1.0, x))),
        0.0,
    ),
    "clip at its lower bound": (lambda xp, x: xp.clip(x, 0.0, 1.0), 0.0),
    "clip at its upper bound": (lambda xp, x: xp.clip(x, 0.0, 1.0), 1.0),
    "clip inside": (named("clip"), 0.5, 0.0, 1.0),
    "clip below": (named("clip"), -0.5, 0.0, 1.0),
    "clip above": (named("clip"), 1.5, 0.0, 1.0),
    "clip, all equal": (named("clip"), 1.0, 1.0, 1.0),
    "clip, bounds crossed": (named("clip"), 0.5, 1.0, 0.0),
    "clip, x at the lower bound, traced": (named("clip"), 0.0, 0.0, 1.0),
    "clip, x at the upper bound, traced": (named("clip"), 1.0, 0.0, 1.0),
    "sqrt at 0": (named("sqrt"), 0.0),
    "log at 0": (named("log"), 0.0),
    "cbrt at 0": (named("cbrt"), 0.0),
    "arcsin at 1": (named("arcsin"), 1.0),
    "arctanh at 1": (named("arctanh"), 1.0),
    "arccosh at 1": (named("arccosh"), 1.0),
    "log1p at -1": (named("log1p"), -1.0),
    "power 2 at 0": (lambda xp, x: x**2, 0.0),
    "power 1 at 0": (lambda xp, x: x**1, 0.0),
    "power 0 at 0": (lambda xp, x: x**0, 0.0),
    "power 3 below 0": (lambda xp, x: x**3, -2.0),
    "power 3.0 below 0": (lambda xp, x: x**3.0, -2.0),
    "power -2 below 0": (lambda xp, x: x**-2, -2.0),
    "power 0.5 at 0": (lambda xp, x: x**0.5, 0.0),
    "np.power 0 at 0": (lambda xp, x: xp.power(x, 0), 0.0),
    "np.power 0.5 at 0": (lambda xp, x: xp.power(x, 0.5), 0.0),
    "float_power 2 at 0": (lambda xp, x: xp.float_power(x, 2.0), 0.0),
    "0 to the x at 2": (lambda xp, x: 0.0**x, 2.0),
    "0 to the x at 0": (lambda xp, x: 0.0**x, 0.0),
    "x to the y at 0, 2": (lambda xp, x, y: x**y, 0.0, 2.0),
    "x to the y at 0, 1": (lambda xp, x, y: x**y, 0.0, 1.0),
    "float_power at 0, 2": (named("float_power"), 0.0, 2.0),
    "copysign at 0": (named("copysign"), 0.0, 1.0),
    "heaviside at 0": (named("heaviside"), 0.0, 0.3),
    "logaddexp of inf and -inf": (named("logaddexp"), INF, -INF),
    "logaddexp of inf twice": (named("logaddexp"), INF, INF),
    "logaddexp of -inf twice": (named("logaddexp"), -INF, -INF),
    "logaddexp2 of inf and -inf": (named("logaddexp2"), INF, -INF),
    "hypot on an axis": (named("hypot"), 0.0, 2.0),
    "arctan2 on an axis": (named("arctan2"), 0.0, -2.0),
    "arctan2 at 0, 0": (named("arctan2"), 0.0, 0.0),
    "logaddexp of equals": (named("logaddexp"), 1.0, 1.0),
    "logaddexp with -inf": (named("logaddexp"), -INF, 1.0),
    "a constant behind a pole": (lambda xp, x: 1 / xp.floor(x), 0.5),
    "exp of much": (lambda xp, x: xp.exp(-x), 800.0),
    "tanh of much": (named("tanh"), 800.0),
}

TIES = {
    "max of equals": (lambda xp, x: xp.max(x), [2.0, 1.0, 2.0]),
    "min of equals": (lambda xp, x: xp.min(x), [0.5, 0.5, 0.5]),
    "max along an axis": (lambda xp, x: xp.sum(xp.max(x, axis=1)), [[2.0, 2.0], [1.0, 3.0]]),
    "max over two axes": (lambda xp, x: xp.max(x, axis=(0, 1)), [[2.0, 2.0], [1.0, 2.0]]),
    "abs with a 0": (lambda xp, x: xp.sum(abs(x)), [-1.0, 0.0, 2.0]),
    "maximum with a scalar": (lambda xp, x: xp.sum(xp.maximum(x, 0)), [-1.0, 0.0, 2.0]),
    "clip with equals": (lambda xp, x: xp.sum(xp.clip(x, -1, 2)), [-1.0, 0.0, 2.0]),
    "clip from below only": (lambda xp, x: xp.sum(xp.clip(x, 0, None)), [-1.0, 0.0, 2.0]),
    "powers at 0": (
        lambda xp, x: xp.sum(x ** np.array([1.0, 2.0, 3.0, 0.0])),
        [0.0, 0.0, 0.0, -1.0],
    ),
    "0 to the": (lambda xp, x: xp.sum(np.array([0.0, 0.0, 2.0]) ** x), [0.0, 1.0, 2.0]),
    "one 0 in a product": (lambda xp, x: xp.prod(x), [2.0, 0.0, 3.0]),
    "inf in running products": (lambda xp, x: xp.sum(xp.cumprod(x)), [2.0, INF, 1.0]),
    "nan in running products": (lambda xp, x: xp.sum(xp.cumprod(x)[:1]), [2.0, np.nan, 1.0]),
    "two 0 in a product": (lambda xp, x: xp.prod(x), [0.0, 0.0, 3.0]),
    "a pole behind the other choice": (
        lambda xp, x: xp.sum(1 / xp.where(x > 5, x, 0.0)),
        [1.0, 7.0],
    ),
    "a product that overflows": (lambda xp, x: xp.prod(x), [1e200, 1e200]),
    "a product that underflows": (lambda xp, x: xp.prod(x), [1e-200, 1e-200, 2.0]),
    "inf in a product": (lambda xp, x: xp.prod(x), [2.0, INF]),
    "sqrt with a 0": (lambda xp, x: xp.sum(xp.sqrt(x)), [0.0, 1.0]),
    "std of equals": (lambda xp, x: xp.std(x), [1.0, 1.0]),
    "where guards a log": (
        lambda xp, x: xp.sum(xp.where(x > 0, xp.log(xp.where(x > 0, x, 1.0)), 0.0)),
        [0.0, 1.0, -1.0],
    ),
}


def positions(args):
    return tuple(range(len(args)))


def _jax_gradients(table):
    cases = {name: (f, [np.asarray(a, float) for a in args]) for name, (f, *args) in table.items()}

    @jax.jit
    def run(every):
        return {
            name: jax.grad(lambda *a, f=f: f(jnp, *a) * 1.0, positions(args))(*every[name])
            for name, (f, args) in cases.items()
        }

    return run({name: args for name, (_, args) in cases.items()})


@pytest.fixture(scope="module")
def right():
    return _jax_gradients(KINKS | TIES)


def gradient(f, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="ignore"):  # what plain NumPy warns of, the value, is not the question
            value = f(np, *args)
    with np.errstate(all="ignore"):
        return value, gt.grad(lambda *a: f(np, *a), positions(args))(*args)


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("kind", [float, np.float64, np.array])
def test_a_kink_of_a_scalar_is_that_of_jax(right, name, kind):
    f, *args = KINKS[name]
    _, found = gradient(f, *map(kind, args))
    assert_allclose(found, right[name], rtol=1e-12)


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_of_arrays_is_that_of_jax(right, name):
    f, *args = KINKS[name]
    with np.errstate(all="ignore"):
        found = gt.grad(lambda *a: np.sum(f(np, *a)), positions(args))(
            *(np.full(2, a) for a in args)
        )
    for g, h in zip(found, right[name], strict=True):
        assert_allclose(g, [h, h], rtol=1e-12)


@pytest.mark.parametrize("name", TIES)
def test_a_tie_is_that_of_jax(right, name):
    f, x = TIES[name]
    assert_allclose(gradient(f, np.array(x))[1][0], right[name][0], rtol=1e-12)


@pytest.mark.parametrize("name", [*KINKS, *TIES])
def test_a_traced_rule_gives_the_same_gradient(right, name):
    f, *args = (KINKS | TIES)[name]
    args = [np.array(a) if isinstance(a, list) else a for a in args]

    def slopes(*args):
        return gt.grad(lambda *a: f(np, *a), positions(args))(*args)

    with np.errstate(all="ignore"):
        traced, _ = gt.vjp(slopes, *args)
    assert_allclose(traced[0], right[name][0], rtol=1e-12)
    assert len(traced) == len(args)


@pytest.mark.parametrize("name", [*KINKS, *TIES])
def test_backward_says_the_same_as_grad(name):
    f, *args = (KINKS | TIES)[name]
    args = [np.array(a) if isinstance(a, list) else a for a in args]
    with np.errstate(all="ignore"):
        right = gt.grad(lambda *a: f(np, *a), positions(args))(*args)
        (found,) = gt.trace(lambda *a: f(np, *a), *args).backward().values()
    for g, h in zip(found, right, strict=True):
        assert np.array_equal(g, h, equal_nan=True)


@pytest.mark.parametrize("name", [*KINKS, *TIES])
def test_no_rule_warns(name):
    f, *args = (KINKS | TIES)[name]
    args = [np.array(a) if isinstance(a, list) else a for a in args]
    with np.errstate(all="ignore"):
        value, pullback = gt.vjp(lambda *a: f(np, *a), *args)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pullback(np.ones_like(value)[()])


@pytest.mark.parametrize(
    ("f", "right"),
    [
        (lambda x: 1 / x, -INF),
        (lambda x: np.log(x), INF),
        (lambda x: x**0.5, INF),
        (lambda x: x**-1, -INF),
        (lambda x: np.arctan2(x, x), np.nan),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_a_pole_is_inf_or_nan_and_no_exception(f, right, order):
    """np.float64(0) is asked, for which plain NumPy divides; with 0.0, 1 / x raises as it does."""
    with np.errstate(all="ignore"):
        found = gt.grad(f)(np.float64(0.0))
        assert_allclose(found, right)
        if order == 2:
            assert not np.isfinite(gt.grad(gt.grad(f))(np.float64(0.0)))


@pytest.mark.parametrize("f", [np.sqrt, np.log, np.cbrt, lambda x: x**0.5])
def test_the_second_derivative_of_a_python_float_at_a_pole_is_not_finite(f):
    with np.errstate(all="ignore"):
        assert not np.isfinite(gt.grad(gt.grad(f))(0.0))


def test_division_by_a_python_zero_raises_as_it_does_without_a_trace():
    with pytest.raises(ZeroDivisionError):
        gt.grad(lambda x: 1 / x)(0.0)


@pytest.mark.parametrize(
    "f", [lambda x, y: x**y, np.power, np.float_power], ids=["x**y", "power", "float_power"]
)
@pytest.mark.parametrize("kind", [float, np.float64, np.array, lambda a: np.full(2, a)])
def test_x_to_the_0_is_flat_at_0_where_jax_has_nan(f, kind):
    found = gt.grad(lambda x, y: np.sum(f(x, y)), (0, 1))(kind(0.0), kind(0.0))
    assert_allclose(found, np.zeros((2, *np.shape(kind(0.0)))))
    assert_allclose(gt.grad(lambda x: np.sum(f(x, 0.0)))(kind(0.0)), np.zeros(np.shape(kind(0.0))))


def test_a_variance_with_no_degree_of_freedom_is_not_finite_and_does_not_raise():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = gt.grad(lambda x: np.var(x, ddof=1))(np.array([2.0]))
    assert not np.isfinite(found).any()


@pytest.mark.parametrize("kind", [float, np.float64, np.array])
def test_a_pole_behind_the_other_choice_of_a_scalar_does_not_come_through(kind):
    with np.errstate(all="ignore"):
        assert gt.grad(lambda x: 1 / np.where(x > 5, x, 0.0))(kind(1.0)) == 0.0


def test_the_slope_of_expm1_is_not_rounded_away_far_below_0():
    assert gt.grad(np.expm1)(-50.0) == pytest.approx(np.exp(-50.0))


def test_nan_in_gives_nan_out_only_where_it_enters():
    found = gt.grad(lambda x: np.sum(x * x))(np.array([1.0, np.nan, 3.0]))
    assert_allclose(found, [2.0, np.nan, 6.0])


@pytest.mark.parametrize("zero", [0.0, np.float64(0.0), np.zeros(2)], ids=type)
def test_at_the_corner_of_hypot_the_slope_is_shared(zero):
    """JAX 0.10 says so; from 0.12 on it says nan."""
    _, pullback = gt.vjp(np.hypot, zero, zero)
    for slope in pullback(np.ones_like(zero)[()]):
        assert_allclose(slope, np.full_like(zero, 0.5))
    assert gt.jvp(np.hypot, (0.0, 0.0), (1.0, 0.0)) == (0.0, 0.5)
