"""Rules that compute what their formula says in another way: the issue's numbers, and the formulas.

All elementwise rules at all sizes are in tests/ops/test_extremes.py.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES
from graphtrace.ops import stable

sp = pytest.importorskip("scipy.special")

TINY = 4.248354255291589e-18  # exp(-40), and so the slope of the sigmoid at 40


def second(f):
    return gt.grad(gt.grad(f))


def test_the_slopes_of_log_ndtr_far_out_on_the_left():
    assert gt.grad(sp.log_ndtr)(-1e8) == pytest.approx(1e8, rel=1e-15)
    assert second(sp.log_ndtr)(-1e4) == pytest.approx(-0.99999999, rel=1e-12)
    assert second(sp.log_ndtr)(-1e5) == pytest.approx(-1, rel=1e-9)
    assert second(sp.log_ndtr)(-1e300) == pytest.approx(-1, rel=1e-15)


def test_no_square_overflows_in_the_slope_of_arcsinh():
    assert gt.grad(np.arcsinh)(np.float32(1e22)) == pytest.approx(1e-22, rel=1e-6)
    assert gt.grad(lambda t: np.arcsinh(np.exp(t)))(np.float32(50)) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("s", "tolerance"), [(np.float32(1e20), 1e-6), (np.float32(1e-23), 1e-6), (1e-170, 1e-15)]
)
def test_an_angle_is_the_same_at_every_scale(s, tolerance):
    found = gt.grad(np.arctan2, (0, 1))(3 * s, 4 * s)
    assert_allclose(np.float64(found), np.array([0.16, -0.12]) / np.float64(s), rtol=tolerance)


@pytest.mark.parametrize("f", [gt.sigmoid, sp.expit, second(gt.softplus)])
def test_the_slope_of_the_sigmoid_is_no_difference_of_equals(f):
    slope = f if f not in (gt.sigmoid, sp.expit) else gt.grad(f)
    assert slope(40.0) == slope(-40.0) == pytest.approx(TINY, rel=1e-14)


@pytest.mark.parametrize("x", [0.3, 1.7, 20.0, 300.0])
def test_the_slope_of_tanh_of_a_number_is_that_of_an_array_and_of_a_compiled_program(x):
    right = (1 / np.cosh(x)) ** 2
    assert gt.grad(np.tanh)(x) == pytest.approx(right, rel=1e-14)
    assert_allclose(gt.grad(lambda a: np.sum(np.tanh(a)))(np.array([x])), right, rtol=1e-14)
    compiled = gt.trace(np.tanh, 0.5).compile()
    assert compiled(x)[1]["x"] == gt.grad(np.tanh)(x)


@pytest.fixture(params=[True, False], ids=["fast cosh", "slow cosh"])
def _on_either_machine(request, monkeypatch):
    monkeypatch.setattr(stable, "_has_fast_cosh", lambda: request.param)


@pytest.mark.parametrize("scale", [0.3, 2.0, 30.0])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.usefixtures("_on_either_machine")
def test_the_slope_of_tanh_of_many_numbers_is_right_however_they_lie(scale, kind):
    x = (np.random.default_rng(1).normal(size=(90, 100)) * scale).astype(kind)
    x[0, :3] = 0, np.inf, -np.inf
    with np.errstate(over="ignore", under="ignore"):
        for y in (x, np.asfortranarray(x), x[::-1, ::2], x.T, x[:5]):
            slope = gt.grad(lambda a: np.sum(np.tanh(a)))(y)
            right = (1 / np.cosh(y.astype(np.longdouble))) ** 2
            limits = np.finfo(kind)
            assert_allclose(slope, right, rtol=8 * limits.eps, atol=limits.tiny)


@pytest.mark.parametrize(
    "f",
    [
        np.tanh,
        np.arcsin,
        np.arctan,
        np.arcsinh,
        lambda x: np.tanh(np.sin(x)) ** np.exp(x),
        lambda x: np.sin(np.tanh(x)) + np.hypot(x, 2 * x) + np.arctan2(x, x * x),
    ],
)
@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_a_compiled_program_has_the_slopes_of_the_sweep_to_the_last_bit(f, kind):
    compiled = gt.trace(f, kind(0.4)).compile()
    for x in (kind(0.3), kind(0.97)):
        (found,) = compiled(x)[1].values()
        assert found == gt.grad(f)(x)
        assert type(found) is type(gt.grad(f)(x))


def test_the_slopes_of_a_softmax_that_has_decided():
    logits = np.array([40.0, 0.0, 0.0])
    slopes = np.array([2, -1, -1]) * TINY
    assert_allclose(gt.grad(lambda x: gt.softmax(x)[0])(logits), slopes, rtol=1e-14)
    assert_allclose(gt.grad(lambda x: gt.cross_entropy(x, 0))(logits), -slopes, rtol=1e-14)
    for f in (gt.logsumexp, lambda x: gt.cross_entropy(x, 0)):
        assert_allclose(gt.hessian(f)(logits)[0], slopes, rtol=1e-14)


@pytest.mark.parametrize("s", [1e-200, 1e200, np.float32(1e-30), np.float32(1e30)])
def test_the_slope_of_a_norm_is_a_direction_at_every_scale(s):
    x = np.array([3, 4]) * s
    with np.errstate(all="ignore"):  # the norm itself overflows in NumPy
        for f in (np.linalg.norm, np.linalg.vector_norm, lambda x: np.linalg.norm(x[None, :])):
            assert_allclose(gt.grad(f)(x), [0.6, 0.8], rtol=1e-6)
        right = np.array([9, 16]) / 91 ** (2 / 3)
        assert_allclose(gt.grad(lambda x: np.linalg.norm(x, 3))(x), right, rtol=1e-6)


@pytest.mark.parametrize("x", [1e-200, 0.3, 0.7, 20.0, 1e300])
def test_the_slopes_of_exponential_integrals_below_the_first(x):
    right = [np.exp(-x) / x, (1 + 1 / x) * np.exp(-x) / x]
    right.append((1 + 2 * (1 + 1 / x) / x) * np.exp(-x) / x)
    with np.errstate(over="ignore"):
        assert gt.grad(lambda x: sp.expn(0, x))(x) == pytest.approx(-right[1], rel=1e-14)
        assert second(lambda x: sp.expn(0, x))(x) == pytest.approx(right[2], rel=1e-14)
        assert second(lambda x: sp.expn(1, x))(x) == pytest.approx(right[1], rel=1e-14)
    slopes = gt.grad(lambda x: np.sum(sp.expn([0, 1, 3], x)))(np.full(3, x))
    assert_allclose(slopes, [-right[1], -right[0], -sp.expn(2, x)], rtol=1e-14)


def test_the_slope_of_an_exponential_integral_that_has_no_value():
    assert np.isnan(gt.grad(lambda x: sp.expn(-1, x))(0.7))


DEVIATIONS = {
    "std": np.std,
    "of the rows": lambda x: np.sum(np.std(np.stack([x, x[::-1]]), axis=1)) / 2,
    "nanstd": np.nanstd,
    "where": lambda x: np.std(x, where=np.array([True, True, True])),
}


@np.errstate(all="ignore")  # the variance itself overflows in NumPy
@pytest.mark.parametrize("s", [1e-200, 1e200, np.float32(1e-30), np.float32(1e30)])
@pytest.mark.parametrize("name", DEVIATIONS)
def test_the_slope_of_a_deviation_is_the_same_at_every_scale(name, s):
    x, f = np.array([1, 2, 6], np.result_type(s)), DEVIATIONS[name]
    right, compiled = gt.grad(f)(x), gt.trace(lambda x: f(x), x * s).compile()
    for found in (gt.grad(f)(x * s), compiled(x * s)[1]["x"]):
        assert found.dtype == x.dtype
        assert_allclose(found, right, rtol=1e-6)


@np.errstate(all="ignore")
def test_the_second_derivative_of_a_deviation_is_right_where_its_squares_overflow():
    x = np.array([1.0, 2.0, 6.0])
    assert_allclose(gt.hessian(np.std)(x * 1e155), gt.hessian(np.std)(x) / 1e155, rtol=1e-12)
    assert_allclose(gt.hessian(np.nanstd)(x * 1e155), gt.hessian(np.std)(x) / 1e155, rtol=1e-12)


@pytest.mark.parametrize("s", [1e-200, 1e155, 1e200, np.float32(1e-30), np.float32(1e30)])
def test_what_is_normalized_is_the_same_at_every_scale(s):
    def first(x):
        return gt.layer_norm(x, eps=0.0)[0, 0]

    x = np.array([[1, 2, 6], [0, 1, 5]], np.result_type(s))
    found = gt.layer_norm(x * s, eps=0.0)
    assert found.dtype == x.dtype
    assert_allclose(found, gt.layer_norm(x, eps=0.0), rtol=1e-6)
    assert_allclose(gt.grad(first)(x * s) * s, gt.grad(first)(x), rtol=1e-4, atol=1e-6)


def test_what_is_normalized_beside_something_huge_keeps_every_bit():
    x = np.array([[1.0, 2.0, 6.0], [1e200, 2e200, 5e200]])
    assert np.array_equal(gt.layer_norm(x)[0], gt.layer_norm(x[0]))
    assert np.array_equal(gt.layer_norm(np.zeros(3)), np.zeros(3))


def test_the_slope_of_owens_t():
    found = gt.grad(sp.owens_t, 1)(1e-300, 1e300)
    assert found == 0.0  # exp(-1/2) / (2 pi 1e600)
    assert gt.grad(sp.owens_t, 1)(0.5, 1e3) == pytest.approx(0.0, abs=1e-300)
    assert gt.grad(sp.owens_t, 1)(0.5, 2.0) == pytest.approx(np.exp(-0.625) / (10 * np.pi))


def test_the_slope_of_a_density_is_right_for_every_shape_and_where_the_density_is_no_number():
    assert second(lambda x: sp.gammainc(2.5, x))(1e-300) == pytest.approx(
        1.5e-150 / sp.gamma(2.5), rel=1e-12
    )
    for a, b in ((0.5, 0.5), (1.0, 2.0), (2.5, 1.0)):
        found = second(lambda x, a=a, b=b: sp.betainc(a, b, x))(0.3)
        density = 0.3 ** (a - 1) * 0.7 ** (b - 1) / sp.beta(a, b)
        assert found == pytest.approx(density * ((a - 1) / 0.3 - (b - 1) / 0.7), rel=1e-12)


def test_i0_of_what_is_too_large_is_infinite_and_takes_no_memory():
    with np.errstate(over="ignore"):
        assert gt.grad(np.i0)(1e300) == np.inf
    assert gt.grad(np.i0)(1e-300) == pytest.approx(5e-301, rel=1e-14)
    assert np.isnan(gt.grad(np.i0)(np.nan))


# -- What is printed -------------------------------------------------------------------------------

PRINTED = [name for name, row in PRIMITIVES.items() if row.formulas]
POINTS = np.array([0.21, 0.47, 0.83, 1.3, 2.6])


@pytest.mark.parametrize("name", PRINTED)
def test_a_formula_in_print_is_the_rule_at_ordinary_numbers(name):
    row = PRIMITIVES[name]
    params = {"axis": -1} if row.partials is None else {}
    rules = row.vjps if row.partials is None else row.partials
    operands = [POINTS + 0.1 * i for i in range(len(rules))]
    with np.errstate(all="ignore"):
        y = row.forward(*operands, **params)
        before = () if row.partials is None else (*operands, y)
        args = before or (np.sin(POINTS) if np.ndim(y) else 0.7, y, *operands)
        for rule, formula in zip(rules, row.formulas, strict=True):
            if formula is not None:
                found, printed = rule(*args, **params), formula(*args, **params)
                is_number = np.isfinite(printed)
                assert np.any(is_number)
                assert_allclose(found[is_number], printed[is_number], rtol=1e-11)


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (np.tanh, "1 - f**2"),
        (gt.sigmoid, "f*(1 - f)"),
        (sp.expit, "f*(1 - f)"),
        (np.arcsin, "1/sqrt(1 - x**2)"),
        (np.arctan, "1/(1 + x**2)"),
        (np.arcsinh, "1/sqrt(1 + x**2)"),
        (np.arccosh, "1/sqrt(x**2 - 1)"),
        (np.arctanh, "1/(1 - x**2)"),
    ],
)
def test_the_formula_on_the_edge_is_the_one_of_a_textbook(f, text):
    graph = gt.trace(lambda x: f(x), 1.5 if f is np.arccosh else 0.5)
    assert str(graph.edges["x", "f", 0]["symbol"]) == text


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.usefixtures("_on_either_machine")
def test_the_slope_of_tanh_of_many_numbers_is_right_to_the_last_digits(dtype):
    x = np.random.default_rng(0).uniform(-40, 40, (5, 1000)).astype(dtype)
    x[:, :8] = 0.0, -0.0, np.inf, -np.inf, np.finfo(dtype).tiny, np.finfo(dtype).max, 1.4722, 1e-9
    x[:, 8:400] /= 20
    slopes = gt.grad(lambda x: np.sum(np.tanh(x)))(x)
    assert slopes.dtype == dtype
    with np.errstate(over="ignore"):
        exact = 1 / np.cosh(x.astype(np.longdouble)) ** 2
    assert_allclose(
        slopes, exact.astype(dtype), rtol=6 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
    )
    some = x[1, :500]
    np.testing.assert_array_equal(gt.grad(lambda x: np.sum(np.tanh(x.T)))(x.T), slopes.T)
    few = gt.grad(lambda x: np.sum(np.tanh(x)))(some)
    assert_allclose(slopes[1, :500], few, rtol=6 * np.finfo(dtype).eps)
