"""Special functions: every rule against differences, to second order, on arrays and numbers."""

import numpy as np
import pytest
from checks import agrees_with_differences, agrees_with_jax

import graphtrace as gt
from graphtrace.core.variable import NUMPY
from graphtrace.ops.special import _UFUNCS

scipy = pytest.importorskip("scipy")
sp = scipy.special

X = np.array([0.3, 0.7, 1.2, 2.6])
UNIT = np.array([0.2, 0.45, 0.8])
IN_UNIT = set(
    "erfinv erfcinv ndtri logit ellipk ellipe betainc betaincc betaincinv gammaincinv "
    "gammainccinv hyp2f1".split()
)
# What stands in the operands without a rule.
GIVEN = {"yn": [2], "kn": [2], "expn": [3], "zeta": [2.5]}
NOT_SMOOTH = {"round", "gammasgn"}
NAMES = [name for name, _, _ in _UFUNCS if hasattr(sp, name)]
RULES = {name: rules for name, rules, _ in _UFUNCS}


def sample(name):
    """The function of the operands that have a rule, and values for them."""
    rules = RULES[name]
    free = [i for i, rule in enumerate(rules) if rule is not None]
    given = dict(enumerate(GIVEN.get(name, [])))

    def f(*args):
        operands = [given.get(i, 1.5 + 0.4 * i) for i in range(len(rules))]
        for i, arg in zip(free, args, strict=True):
            operands[i] = arg
        return getattr(sp, name)(*operands)

    values = UNIT if name in IN_UNIT else X
    return f, [values + 0.3 * j * (name not in IN_UNIT) for j in range(len(free))]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_SMOOTH])
def test_a_special_function_has_the_derivatives_of_differences(name):
    f, args = sample(name)
    agrees_with_differences(f, *args, tol=1e-5)
    agrees_with_differences(f, *(float(arg[0]) for arg in args), tol=1e-5, order=1)


@pytest.mark.parametrize("name", sorted(NOT_SMOOTH))
def test_a_step_function_has_derivative_zero(name):
    f, args = sample(name)
    np.testing.assert_array_equal(gt.grad(lambda x: np.sum(f(x)))(*args), 0.0)


@pytest.mark.parametrize("alias", ["digamma", "jn"])
def test_an_alias_is_the_same_row(alias):
    f = sp.digamma if alias == "digamma" else lambda x: sp.jn(2, x)
    agrees_with_differences(f, X, tol=1e-5)


@pytest.mark.parametrize(
    ("f", "position"),
    [(lambda a: sp.gammainc(a, 1.0), 1), (lambda b: sp.betainc(1.0, b, 0.3), 2)],
)
def test_an_operand_without_a_formula_is_refused_not_called_zero(f, position):
    with pytest.raises(gt.NoDerivative, match=f"in its argument {position}; pass that argument"):
        gt.grad(f)(2.0)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: sp.logsumexp(x), r"scipy.special.logsumexp takes .*write gt.logsumexp\("),
        (lambda x: np.sum(sp.softmax(x)), r"scipy.special.softmax takes .*write gt.softmax\("),
        (lambda x: np.sum(sp.log_softmax(x)), r"write gt.log_softmax\("),
        (lambda x: np.sum(sp.polygamma(2, x)), r"scipy.special.polygamma takes .*zeta\(n \+ 1, x"),
        (lambda x: sp.polygamma(2, x[0]), r"scipy.special.polygamma takes plain arrays"),
        (lambda x: sp.multigammaln(x[0] + 3, 2), r"scipy.special.multigammaln takes .*gammaln"),
        (lambda x: scipy.linalg.sqrtm(np.outer(x, x))[0, 0], r"scipy.linalg.sqrtm takes .*eigh"),
        (
            lambda x: scipy.linalg.solve_triangular(np.eye(4), x)[0],
            r"scipy.linalg.solve_triangular takes .*np.linalg.solve\(np.tril",
        ),
        (lambda x: scipy.ndimage.gaussian_filter(x, 2)[0], r"gaussian_filter takes .*sliding_win"),
        (lambda x: scipy.ndimage.median_filter(x, 3)[0], r"median_filter takes .*sliding_window"),
        (lambda x: scipy.fft.fft(x)[0], r"scipy.fft.fft takes plain arrays .*np.fft"),
    ],
)
def test_what_scipy_computes_from_plain_arrays_is_refused_with_what_to_write(f, message):
    with pytest.raises(gt.TraceError, match=message):
        gt.grad(f)(X)


def test_what_is_to_be_written_for_the_functions_of_scipy_is_the_same_number():
    a, d = 3.2, 2
    assert d * (d - 1) / 4 * np.log(np.pi) + sum(
        sp.gammaln(a - j / 2) for j in range(d)
    ) == pytest.approx(sp.multigammaln(a, d))
    n = 2
    found = (-1) ** (n + 1) * sp.gamma(n + 1) * sp.zeta(n + 1, X)
    np.testing.assert_allclose(found, sp.polygamma(n, X))
    m = np.array([[2.0, 0.3], [0.3, 1.0]])
    w, v = np.linalg.eigh(m)
    np.testing.assert_allclose((v * np.sqrt(w)) @ v.T, scipy.linalg.sqrtm(m))
    b, q = np.array([[1.0, 0.2], [0.5, 3.0]]), np.ones((2, 2))
    whole = np.kron(m, np.eye(2)) + np.kron(np.eye(2), b.T)
    sylvester = np.reshape(np.linalg.solve(whole, np.ravel(q)), (2, 2))
    np.testing.assert_allclose(sylvester, scipy.linalg.solve_sylvester(m, b, q))


def test_the_ufunc_of_another_library_with_a_name_of_scipys_is_not_taken_for_it():
    erf = np.frompyfunc(lambda x: x, 1, 1)
    assert erf not in NUMPY
    with pytest.raises(gt.TraceError):
        gt.grad(lambda x: np.sum(erf(x)))(X)


def test_the_figure_has_the_names_of_mathematics():
    graph = gt.trace(lambda x: sp.expit(x), 0.3)
    assert graph.nodes["f"]["label"] == "f = σ(x)"
    assert str(graph.edges["x", "f", 0]["symbol"]) == "f*(1 - f)"


def test_sinc_is_smooth_at_zero():
    second = gt.grad(gt.grad(np.sinc))
    assert second(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert second(1e-9) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert gt.grad(second)(0.0) == 0.0


@pytest.mark.parametrize("x", [0.05, 0.5, 1.3, 5.0])
def test_sinc_has_the_derivatives_of_jax(x):
    agrees_with_jax(lambda xp, t: xp.sinc(t), x)


@pytest.mark.parametrize("x", [0.01, 1.0, 20.0, 300.0])
def test_the_derivative_of_i0_is_i1(x):
    assert gt.grad(np.i0)(x) == pytest.approx(float(sp.i1(x)), rel=1e-12)
