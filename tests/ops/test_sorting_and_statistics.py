"""Sorting, running sums, calculus, statistics, padding, polynomials: against JAX and differences.

JAX answers where it has the function; differences where it lacks it or one of its modes.
"""

import functools

import numpy as np
import pytest
from checks import agrees_with_differences, agrees_with_jax

import graphtrace as gt

RNG = np.random.default_rng(7)
X = RNG.normal(size=6)
Y = RNG.normal(size=4)
M = RNG.normal(size=(3, 4))
T = RNG.normal(size=(2, 3, 4))
P = abs(M) + 0.5
Z = np.where([[1, 0, 0, 1], [1, 1, 0, 1], [1, 0, 1, 1]], M, 0.0)  # a zero, two, and none
MASK = np.array([[1, 0, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1]], bool)
KNOTS = np.array([0.0, 0.5, 0.7, 1.4])
AT = np.array([[-0.3, 0.2, 0.6], [1.1, 1.39, 2.0]])
TIES = np.array([1.0, 3.0, 1.0, 2.0, 3.0, 3.0])


def holed(a):
    return np.where(MASK, a, np.nan)


# Each line: the function, as f(xp, *args) for JAX or f(*args) for differences, and the arguments.
JAX = {
    "sort": (lambda xp, a: xp.sort(a), X),
    "sort axis": (lambda xp, a: xp.sort(a, axis=0), M),
    "sort flat": (lambda xp, a: xp.sort(a, axis=None), M),
    "sort ties": (lambda xp, a: xp.sort(a) * xp.arange(6.0), TIES),
    "median": (lambda xp, a: xp.median(a), X),
    "median axis": (lambda xp, a: xp.median(a, axis=1, keepdims=True), M),
    "quantile": (lambda xp, a, q: xp.quantile(a, q, axis=0), M, np.array([0.3, 0.8])),
    "percentile": (lambda xp, a: xp.percentile(a, 37.0), M),
    "ptp": (lambda xp, a: xp.ptp(a, axis=0), M),
    "cumsum": (lambda xp, a: xp.cumsum(a, axis=1), M),
    "cumprod": (lambda xp, a: xp.cumprod(a, axis=0), M),
    "cumprod zeros": (lambda xp, a: xp.cumprod(a, axis=0), Z),
    "diff": (lambda xp, a: xp.diff(a, n=2, axis=1), M),
    "gradient": (lambda xp, a: xp.stack(list(xp.gradient(a))), M),
    "trapezoid": (lambda xp, a, x: xp.trapezoid(a, x), M, KNOTS),
    "interp": (lambda xp, x, k, f: xp.interp(x, k, f), AT, KNOTS, Y),
    "unwrap": (lambda xp, a: xp.unwrap(a), 4 * X),
    "convolve": (lambda xp, a, v: xp.convolve(a, v), X, Y),
    "correlate": (lambda xp, a, v: xp.correlate(a, v), X, Y),
    "pad": (lambda xp, a: xp.pad(a, ((1, 2), (2, 1))), M),
    "pad reflect": (lambda xp, a: xp.pad(a, ((1, 2), (2, 1)), "reflect"), M),
    "select": (lambda xp, a, b: xp.select([a > 0, a < -0.5], [a * a, b], a + 1), M, Y),
    "nan_to_num": (lambda xp, a: xp.nan_to_num(xp.where(MASK, a, np.nan), nan=3.0) * a, M),
    "nansum": (lambda xp, a: xp.nansum(xp.where(MASK, a, np.nan), axis=0), M),
    "nanmean": (lambda xp, a: xp.nanmean(xp.where(MASK, a, np.nan), axis=1), M),
    "nanmax": (lambda xp, a: xp.nanmax(xp.where(MASK, a, np.nan), axis=1), M),
    "sum where": (lambda xp, a: xp.sum(a, axis=0, where=MASK), M),
    "max initial": (lambda xp, a: xp.max(a, axis=0, initial=0.2), M),
    "average": (lambda xp, a, w: xp.average(a, axis=1, weights=w), M, abs(Y)),
    "cov": (lambda xp, a: xp.cov(a), M),
    "corrcoef": (lambda xp, a: xp.corrcoef(a), M),
    "polyval": (lambda xp, p, x: xp.polyval(p, x), Y, X),
    "vander": (lambda xp, a: xp.vander(a, 3), X),
    "sinc": (lambda xp, a: xp.sinc(a), np.array([0.0, 0.3, -0.9, 2.2])),
    "linspace": (lambda xp, a, b: xp.linspace(a, b, 5), 0.3, 2.0),
}

DIFFERENCES = {
    "partition": (lambda a: np.partition(a, 2, axis=1), M),
    "sort_complex": (lambda a: abs(np.sort_complex(a)), X),
    "median axes": (lambda a: np.median(a, axis=(0, 2), keepdims=True), T),
    "quantile axes": (lambda a, q: np.quantile(a, q, axis=(0, 2)), T, np.array([[0.1, 0.37]])),
    "nanmedian": (lambda a: np.nanmedian(holed(a), axis=1), M),
    "nanquantile": (lambda a: np.nanquantile(holed(a), [0.2, 0.7], axis=0), M),
    "nanpercentile q": (lambda a, q: np.nanpercentile(holed(a), q), M, np.array([22.0, 71.0])),
    "quantile weights": (
        lambda a: np.quantile(a, 0.4, axis=1, method="inverted_cdf", weights=[1, 2, 3, 1.0]),
        M,
    ),
    "unique": (lambda a: np.unique(np.concatenate([a, a])), X),
    "unique axis": (lambda a: np.unique(np.concatenate([a, a]), axis=0), M),
    "unique_values": (np.unique_values, X),
    "unique_counts": (lambda a: np.unique_counts(a).values, X),
    "unique_inverse": (lambda a: np.unique_inverse(a).values, X),
    "unique_all": (lambda a: np.unique_all(a).values, X),
    "union1d": (lambda a, b: np.union1d(a, np.append(b, a[1:3])), X, Y),
    "intersect1d": (lambda a, b: np.intersect1d(a, np.append(b, a[1:3])), X, Y),
    "setdiff1d": (lambda a, b: np.setdiff1d(a, np.append(b, a[1:3])), X, Y),
    "setxor1d": (lambda a, b: np.setxor1d(a, np.append(b, a[1:3])), X, Y),
    "nancumsum": (lambda a: np.nancumsum(holed(a), axis=1), M),
    "nancumprod": (lambda a: np.nancumprod(holed(a), axis=0), M),
    "cumulative_sum": (lambda a: np.cumulative_sum(a, axis=1, include_initial=True), M),
    "cumulative_prod": (lambda a: np.cumulative_prod(a, axis=0, include_initial=True), M),
    "cumprod flat": (np.cumprod, Z),
    "diff ends": (lambda a, b: np.diff(a, prepend=b, append=2.0, axis=0), M, 1.3),
    "diff 0": (lambda a: np.diff(a, n=0), M),
    "ediff1d": (lambda a, b: np.ediff1d(a, to_end=b, to_begin=[1.0, 2.0]), M, X),
    "gradient spacing": (lambda a, h: np.gradient(a, h, edge_order=2), X, 0.3),
    "gradient points": (lambda a, x: np.gradient(a, x, axis=1, edge_order=2), M, KNOTS),
    "gradient mixed": (lambda a, x: np.gradient(a, 0.5, x, axis=(0, 1)), M, KNOTS),
    "gradient two": (np.gradient, X[:2]),
    "trapezoid dx": (lambda y, d: np.trapezoid(y, dx=d, axis=0), M, 0.4),
    "trapezoid grid": (lambda y, x: np.trapezoid(y, x, axis=0), M, 2 * M),
    "interp ends": (lambda x, f, end: np.interp(x, KNOTS, f, left=end, right=2.0), AT, Y, 0.3),
    "interp period": (lambda x, k, f: np.interp(x, k, f, period=1.7), AT, KNOTS + 0.13, Y),
    "interp point": (lambda x, f: np.interp(x, [0.5], f), AT, Y[:1]),
    "interp number": (lambda x, f: np.interp(x, KNOTS, f), 0.3, Y),
    "unwrap period": (lambda a: np.unwrap(a, axis=0, period=1.0), M),
    "linspace step": (lambda a, b: np.linspace(a, b, 5, retstep=True), M, 2 * M[0]),
    "linspace open": (lambda a, b: np.linspace(a, b, 5, endpoint=False, axis=1), M, 2.0),
    "logspace": (lambda a, b, c: np.logspace(a, b, 4, base=c), 0.3, 1.0, 2.5),
    "geomspace": (lambda a, b: np.geomspace(a, b, 4), 0.3, 5.0),
    "geomspace below 0": (lambda a, b: np.geomspace(a, b, 4, axis=-1), -P, -2.0),
    "choose": (lambda a, b: np.choose(np.array([0, 1, 0, 1]), [a, b]), M, Y),
    "choose wrap": (lambda a: np.choose(np.array([5, -1, 0]), [a[0], a[1], a[2]], mode="wrap"), X),
    "piecewise": (
        lambda a: np.piecewise(a, [a < 0, a > 0.5], [lambda t: t * t, np.sin, 3.0]),
        M,
    ),
    "piecewise else": (lambda a: np.piecewise(a, a < 0, [lambda t: -t, lambda t: t**3]), X),
    "compress": (lambda a: np.compress([True, False, True], a, axis=0), M),
    "compress flat": (lambda a: np.compress(np.arange(12) > 3, a), M),
    "sliding_window_view": (
        lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 3)),
        M,
    ),
    "emath": (
        lambda a: [abs(f(a)) for f in (np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10)],
        M,
    ),
    "emath beyond 1": (
        lambda a: [abs(f(a)) for f in (np.emath.arccos, np.emath.arcsin, np.emath.arctanh)],
        3 * M,
    ),
    "emath real": (lambda a: [np.emath.sqrt(a), np.emath.logn(2.0, a)], P),
    "emath power": (lambda a: abs(np.emath.power(a, 1.5)), M),
    "compress method": (lambda a: a.compress([True, False, True], axis=0), M),
    "extract": (lambda a: np.extract(a > 0, a), M),
    "nonzero": (lambda a: a[np.nonzero(a > 0)], M),
    "where": (lambda a: a[np.where(a > 0)], M),
    "real_if_close": (np.real_if_close, M),
    "round": (lambda a: np.round(a, 1) * a + np.around(a) * a + np.fix(a) * a, M),
    "modf": (np.modf, M),
    "frexp": (lambda a: np.frexp(a)[0], M),
    "divmod": (lambda a: np.divmod(a, 0.3), M),
    "insert": (lambda a, b: np.insert(a, 1, b, axis=1), M, Y[:3]),
    "insert several": (lambda a, b: np.insert(a, [0, 2, 2], b), X, Y[:3]),
    "insert slice": (lambda a, b: np.insert(a, slice(1, 3), b, axis=0), M, Y),
    "pad constant": (lambda a, c: np.pad(a, ((1, 2), (2, 1)), constant_values=c), M, M[:2, :2]),
    "pad ramp": (lambda a, c: np.pad(a, 2, "linear_ramp", end_values=c), M, M[:2, :2]),
    "pad dict": (lambda a: np.pad(a, {-1: (1, 2)}, "edge"), M),
    "pad odd 1": (lambda a: np.pad(a, 3, "reflect", reflect_type="odd"), X[:1]),
    "meshgrid": (lambda a, b, c: np.meshgrid(a, b, c), X[:2], Y, X[:3]),
    "meshgrid ij": (lambda a, b, c: np.meshgrid(a, b, c, indexing="ij"), X[:2], Y, X[:3]),
    "meshgrid sparse": (lambda a, b: np.meshgrid(a, b, sparse=True), X, Y),
    "block": (lambda a, b: np.block([[a, np.zeros((3, 1))], [b, 1.0]]), M, Y),
    "block flat": (lambda a, b: np.block([a, b, 2.0]), X, Y),
    "unstack": (lambda a: np.unstack(a, axis=1), M),
    "trim_zeros": (lambda a: np.trim_zeros(np.where([0, 0, 1, 0, 1, 0], a, 0)), X),
    "trim_zeros front": (lambda a: np.trim_zeros(np.where([0, 0, 1, 0, 1, 0], a, 0), "f"), X),
    "apply_along_axis": (lambda a: np.apply_along_axis(lambda t: t @ t * t[:2], 1, a), T),
    "apply_along_axis number": (lambda a: np.apply_along_axis(np.prod, 0, a), T),
    "apply_along_axis matrix": (lambda a: np.apply_along_axis(lambda t: np.outer(t, t), 1, a), T),
    "apply_over_axes": (lambda a: np.apply_over_axes(np.sum, a, [0, 2]), T),
    "average all": (lambda a, w: np.average(a, weights=w, returned=True), M, P),
    "average axes": (
        lambda a, w: np.average(a, axis=(2, 0), weights=w, keepdims=True),
        T,
        abs(T[:, 0]).T.copy(),
    ),
    "average plain": (lambda a: np.average(a, axis=0, returned=True), M),
    "cov two": (lambda a, b: np.cov(a, b), M, Y),
    "cov columns": (lambda a: np.cov(a, rowvar=False, bias=True), M),
    "cov weights": (lambda a: np.cov(a, fweights=[1, 2, 1, 3], aweights=[0.3, 0.4, 0.5, 0.1]), M),
    "cov number": (lambda a: np.cov(a), X),
    "corrcoef two": (lambda a, b: np.corrcoef(a, b), X, X**2),
    "bincount": (lambda w: np.bincount([0, 1, 1, 3], w, minlength=6), Y),
    "histogram": (lambda w: np.histogram(X, 3, weights=w), P.ravel()[:6]),
    "histogram range": (lambda w: np.histogram(X, 4, (-1, 1), weights=w), P.ravel()[:6]),
    "histogram edges": (lambda w: np.histogram(X, [-1.0, 0, 0.5, 2], weights=w), P.ravel()[:6]),
    "histogram density": (lambda a: np.histogram(a, 3, density=True), X),
    "histogram2d": (lambda w: np.histogram2d(X, X**2, 3, weights=w), P.ravel()[:6]),
    "histogramdd": (lambda w: np.histogramdd(M[:, :2], 2, weights=w)[0], P[:, 0]),
    "histogram_bin_edges": (lambda a: np.histogram_bin_edges(a, "auto"), X),
    "polyadd": (np.polyadd, Y, X),
    "polysub": (np.polysub, X, Y),
    "polymul": (np.polymul, X, Y),
    "polyder": (lambda p: np.polyder(p, 2), X),
    "polyint": (lambda p, k: np.polyint(p, 2, k), X, Y[:2]),
    "polydiv": (np.polydiv, X, Y),
    "polydiv short": (np.polydiv, Y, X),
    "poly": (np.poly, Y),
    "roots": (np.roots, np.array([1.0, -6, 11, -6.2])),
    "roots complex": (lambda p: abs(np.roots(p)), np.array([1.0, -2.0, 3.0, 0.5])),
    "polyfit": (lambda x, y: np.polyfit(x, y, 1), KNOTS, Y),
    "polyfit weights": (lambda x, y, w: np.polyfit(x, y, 1, w=w), KNOTS, Y, P[0]),
    "vander up": (lambda a: np.vander(a, 3, increasing=True), np.array([0.0, 0.3, 1.2])),
    "i0": (np.i0, np.array([0.0, 0.3, -0.9, 2.2])),
    "reduce keepdims": (lambda a: np.logaddexp.reduce(a, axis=(0, 2), keepdims=True), T),
    "reduce initial": (lambda a: np.logaddexp.reduce(a, axis=0, initial=0.3), M),
    "reduce flat": (lambda a: np.hypot.reduce(a, axis=None), M),
}
for mode in ("constant", "edge", "wrap", "reflect", "symmetric", "linear_ramp"):
    DIFFERENCES[f"pad {mode} far"] = (lambda a, m=mode: np.pad(a, ((7, 9),), m), Y)
    DIFFERENCES[f"pad {mode} 3-d"] = (lambda a, m=mode: np.pad(a, ((1, 2), (0, 1), (2, 0)), m), T)
for mode in ("maximum", "mean", "median", "minimum"):
    lengths = ((1, 2), (3, 2))
    DIFFERENCES[f"pad {mode}"] = (lambda a, m=mode: np.pad(a, ((1, 2), (2, 1)), m), M)
    DIFFERENCES[f"pad {mode} part"] = (
        lambda a, m=mode, n=lengths: np.pad(a, ((1, 2), (2, 1)), m, stat_length=n),
        M,
    )
for mode in ("reflect", "symmetric"):
    for width in (2, 3, 8, 11):
        DIFFERENCES[f"pad {mode} odd {width}"] = (
            lambda a, m=mode, w=width: np.pad(a, (w, w + 3), m, reflect_type="odd"),
            Y,
        )
for method in (
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf"),
    *("hazen", "weibull", "linear", "median_unbiased", "normal_unbiased"),
    *("lower", "higher", "midpoint", "nearest"),
):
    DIFFERENCES[f"quantile {method}"] = (
        lambda a, q, m=method: np.quantile(a, q, axis=0, method=m),
        M,
        np.array([0.31, 0.67, 0.02]),
    )
for a, b in ((X, Y), (Y, X), (X[:5], Y), (Y[:3], X), (X[:1], Y)):
    for mode in ("full", "same", "valid"):
        sizes = f"{mode} {a.size} {b.size}"
        DIFFERENCES[f"convolve {sizes}"] = (lambda a, b, m=mode: np.convolve(a, b, m), a, b)
        DIFFERENCES[f"correlate {sizes}"] = (lambda a, b, m=mode: np.correlate(a, b, m), a, b)
for function in (np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min):
    name = function.__name__
    nan = getattr(np, f"nan{name}")
    for label, how in (("", {}), (" axis", {"axis": 1}), (" keep", {"axis": 0, "keepdims": True})):
        DIFFERENCES[f"{nan.__name__}{label}"] = (lambda a, f=nan, h=how: f(holed(a), **h), M)
        if name in ("mean", "var", "std"):
            DIFFERENCES[f"{name} where{label}"] = (
                lambda a, f=function, h=how: f(a, where=MASK, **h),
                M,
            )
        else:
            DIFFERENCES[f"{name} where{label}"] = (
                lambda a, i, f=function, h=how: f(a, initial=i, where=MASK, **h),
                M,
                0.3,
            )
for ufunc in (np.add, np.multiply, np.subtract, np.maximum, np.logaddexp, np.hypot, np.divide):
    name = ufunc.__name__
    DIFFERENCES[f"{name}.accumulate"] = (lambda a, u=ufunc: u.accumulate(a, axis=1), P)
    DIFFERENCES[f"{name}.reduce"] = (lambda a, u=ufunc: u.reduce(a, axis=0), P)
    DIFFERENCES[f"{name}.reduceat"] = (lambda a, u=ufunc: u.reduceat(a, [0, 2, 1], axis=1), P)
    DIFFERENCES[f"{name}.outer"] = (lambda a, b, u=ufunc: u.outer(a, b), P, Y + 2.1)


@pytest.mark.parametrize("name", JAX)
def test_value_gradient_and_its_gradient_are_those_of_jax(name):
    f, *args = JAX[name]
    agrees_with_jax(f, *args)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_value_gradient_and_its_gradient_are_those_of_differences(name):
    f, *args = DIFFERENCES[name]
    agrees_with_differences(f, *args, tol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda a: np.add.accumulate(a, out=np.zeros(6)),
        lambda a: np.cumsum(a, out=np.zeros(6)),
        lambda a: np.sum(a, where=a > 0, out=np.zeros(())),
        lambda a: np.median(a, out=np.zeros(())),
        lambda a: np.ptp(a, out=np.zeros(())),
        lambda a: np.nansum(a, out=np.zeros(())),
        lambda a: np.compress(a > 0, a, out=np.zeros(6)),
    ],
)
def test_out_is_refused_with_what_to_write(call):
    with pytest.raises(gt.TraceError, match=r"cannot write a traced result into `out`.* write x ="):
        gt.grad(lambda a: np.sum(call(a)))(X)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: np.multiply.at(np.ones(6), [0], a[0]), "np.multiply.at on a plain array has"),
        (lambda a: np.add.at(np.zeros(6), [0], a[:1]), "start from gt.zeros"),
        (lambda a: np.pad(a, 1, lambda *_: None), "use np.concatenate"),
        (lambda a: np.interp(0.3, X, a, period=a[0]), "traced period"),
        (lambda a: np.nan_to_num(a, copy=False), "write x = np.nan_to_num"),
        (lambda a: np.polyfit(X, a, 1, full=True)[0], "leave full= and cov= away"),
    ],
)
def test_what_is_not_differentiated_is_refused_with_what_to_write(call, message):
    with pytest.raises(gt.TraceError, match=message):
        gt.grad(lambda a: np.sum(call(a)))(X)


def test_a_median_is_one_node():
    graph = gt.trace(lambda x: np.median(x), X)
    assert [graph.nodes[key]["op"] for key in graph] == ["input", "median"]


def test_equal_entries_of_a_maximum_with_initial_share_its_gradient():
    gradient = gt.grad(lambda a: np.max(a, initial=0.0, where=a > 1))(TIES)
    np.testing.assert_allclose(gradient, (TIES == 3) / 3)


def test_a_composed_row_of_float32_stays_float32():
    x = X.astype(np.float32)
    assert gt.grad(lambda a: np.trapezoid(a))(x).dtype == np.float32
    assert gt.grad(lambda a: np.cov(a))(x).dtype == np.float32


def test_unique_hands_out_the_positions_that_numpy_does():
    out = gt.vjp(lambda a: np.unique(a, True, True, True), TIES)[0]
    for one, right in zip(out, np.unique(TIES, True, True, True), strict=True):
        np.testing.assert_array_equal(one, right)


def test_a_method_that_sorts_in_place_sorts_in_place():
    def f(x):
        y = x * 1.0
        assert y.sort() is None
        return y

    np.testing.assert_array_equal(gt.vjp(f, X)[0], np.sort(X))


def test_the_weights_of_a_covariance_have_a_gradient():
    a = np.array([[0.3, -0.7, 1.2, 0.1], [-1.1, 0.5, 0.8, 0.4]])
    w = np.array([0.5, 1.0, 0.7, 0.2])
    gt.check_grads(lambda a, w: np.cov(a, aweights=w), (a, w))
    gt.check_grads(lambda a, w: np.cov(a, a[0] ** 2, aweights=w, fweights=[1, 2, 1, 3]), (a, w))


def test_a_traced_array_where_no_gradient_passes_is_refused_and_not_called_constant():
    with pytest.raises(gt.NoDerivative, match="traced array of floats; pass a plain array there"):
        gt.grad(lambda w: np.quantile(np.ones(3), 0.3, weights=w, method="inverted_cdf"))(
            np.ones(3)
        )


@pytest.mark.parametrize("ufunc", [np.logaddexp, np.hypot, np.add, np.maximum])
def test_a_reduction_of_a_ufunc_takes_where(ufunc):
    a = np.array([[0.3, 0.7, 1.2], [1.1, 0.5, 0.8]])
    mask = np.array([[True, False, True], [False, True, True]])
    for axis in (0, 1, (0, 1)):
        f = functools.partial(ufunc.reduce, axis=axis, where=mask, initial=0.2, keepdims=True)
        gt.check_grads(f, (a,))
        assert np.array_equal(gt.trace(f, a).value, f(a))


@pytest.mark.parametrize("shape", [(1,), (1, 1), (3, 1)])
def test_the_difference_along_an_axis_of_one_entry_is_empty_and_has_gradient_zero(shape):
    f = lambda x: np.sum(np.diff(x, axis=-1))  # noqa: E731
    assert np.array_equal(gt.grad(f)(np.ones(shape)), np.zeros(shape))
    assert gt.jvp(f, (np.ones(shape),), (np.ones(shape),))[1] == 0
