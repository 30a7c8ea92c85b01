"""Every way in which NumPy lets functions be called: axis, keepdims, where, mode, method, index.

Each call is compared with differences, in reverse and in forward mode, and each mode over each.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from adjoints import case, check_first_order, check_second_order, cplx, real

A, B, T, V, Q = real(3, 4), real(3, 4) ** 2 - 0.4, real(2, 3, 4), real(4), real(3, 3)
B = B + 0.1 * np.cos(np.arange(12.0)).reshape(3, 4)
P = np.abs(A) + 0.3
QN = real(2, 3, 3) + 2 * np.eye(3)
APART = np.argsort(T, axis=None).reshape(T.shape) / 7 - 1.2  # no two are close
TALL, VECTOR = real(4, 3), real(3)
MASK = np.cos(3 * np.arange(12)).reshape(3, 4) > -0.4
MASK[0], MASK[:, 0] = True, True

CALLS = []


def add(name, f, *args):
    """A call `f(*args)`; of several outputs those that are floats count."""

    def of_floats(xp, *args):
        y = f(*args)
        ys = y if isinstance(y, (list, tuple)) else (y,)
        return tuple(y for y in ys if y.dtype.kind in "fc")

    CALLS.append(case(name, of_floats, *args, jax=False))


def square(x):
    """The square of what may have either sign."""
    return x * x


REDUCTIONS = "sum prod mean max min var std median ptp nansum nanmean nanmax nanmin nanvar nanstd"
INITIAL = {"max": {"initial": -9.0}, "min": {"initial": 9.0}}
for _name in f"{REDUCTIONS} nanprod nanmedian".split():
    _f = getattr(np, _name)
    for _axis, _kept in [(None, True), (0, False), (-1, True), ((0, 1), False), ((1, 0), True)]:
        add(f"{_name} {_axis}", lambda x, f=_f, a=_axis, k=_kept: f(x, axis=a, keepdims=k), A)
    add(f"{_name} N-d", lambda x, f=_f: f(x, axis=(0, 2)), T)
    if _name not in ("median", "ptp", "nanmedian"):
        _how = INITIAL.get(_name.removeprefix("nan"), {})
        add(f"{_name} where", lambda x, f=_f, h=_how: f(x, axis=1, where=MASK, **h), A)
for _f in (np.sum, np.prod):
    add(f"{_f.__name__} dtype", lambda x, f=_f: f(x, dtype=np.complex128), A)
    add(f"{_f.__name__} initial", lambda x, i, f=_f: f(x, axis=0, initial=i), A, 1.3)

PAD = "constant edge linear_ramp maximum mean median minimum reflect symmetric wrap".split()
for _mode, _width in itertools.product(PAD, (1, ((1, 0), (2, 1)), 5, {0: 1})):
    add(f"pad {_mode} {_width}", lambda x, m=_mode, w=_width: np.pad(x, w, mode=m), A)
for _how in (
    {"mode": "reflect", "reflect_type": "odd"},
    {"mode": "symmetric", "reflect_type": "odd"},
    {"mode": "mean", "stat_length": 2},
):
    add(f"pad {_how}", lambda x, h=_how: np.pad(x, 2, **h), A)
add("pad with a value", lambda x, c: np.pad(x, 1, constant_values=c), A, 0.4)
add("pad to a value", lambda x, c: np.pad(x, 2, mode="linear_ramp", end_values=c), A, 0.4)

for _subscripts, _operands in [
    ("ij->ji", (A,)),
    ("ij", (A,)),
    ("ij->", (A,)),
    ("...j->...", (T,)),
    ("i...->...", (T,)),
    ("...ij,...jk->...ik", (T, real(2, 4, 2))),
    ("ii", (Q,)),
    ("ii->i", (Q,)),
    ("...ii->...i", (QN,)),
    ("iij->j", (np.transpose(QN, (1, 2, 0)),)),
    ("ij,ij->i", (A, B)),
    ("ij,kj", (A, B)),
    ("i,i,i->i", (V, V, V)),
    ("ij,jk,kl->il", (A, TALL, A)),
    (",ij->ij", (1.3, A)),
    ("...,...", (A, B)),
]:
    add(f"einsum {_subscripts}", lambda *xs, s=_subscripts: np.einsum(s, *xs), *_operands)
add("einsum by lists", lambda x, y: np.einsum(x, [0, 1], y, [2, 1], [0, 2]), A, B)
add("einsum by lists, implicit", lambda x, y: np.einsum(x, [0, 1], y, [2, 1]), A, B)
add("einsum by lists, ellipsis", lambda x: np.einsum(x, [Ellipsis, 0], [Ellipsis]), T)

for _ord in (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    add(f"norm {_ord}", lambda x, o=_ord: np.linalg.norm(x, o, axis=(1, 2), keepdims=True), T)
for _ord in (2, 1, 0, 3, 0.5, -1, -2.5, np.inf, -np.inf):
    add(f"norm {_ord}, 1-d", lambda x, o=_ord: np.linalg.norm(x, o, axis=-1, keepdims=True), A)
for _ord in (None, "fro", "nuc", 2, -2, 1, -1, np.inf):
    add(f"cond {_ord}", lambda x, o=_ord: np.linalg.cond(x, o), QN)


def of_svd(x):
    """What does not depend on the signs of singular vectors: the product, and the values."""
    u, s, v = np.linalg.svd(x, full_matrices=True)
    n = s.shape[-1]
    return (u[..., :n] * s[..., None, :]) @ v[..., :n, :], s


for _x in (A, TALL, Q, T):
    add(f"svd {_x.shape}", of_svd, _x)
    add(f"svd values {_x.shape}", lambda x: np.linalg.svd(x, compute_uv=False), _x)
    add(f"qr r {_x.shape}", lambda x: np.linalg.qr(x, mode="r"), _x)
add("qr complete", lambda x: tuple(np.linalg.qr(x, mode="complete")), QN)
for _upper in (False, True):
    add(
        f"cholesky {_upper}",
        lambda x, u=_upper: np.linalg.cholesky(x @ np.matrix_transpose(x), upper=u),
        QN,
    )
for _k in (0, 1, 2, -1, -2, 5):
    add(f"matrix_power {_k}", lambda x, k=_k: np.linalg.matrix_power(x, k), QN)
add("solve", lambda a, b: np.linalg.solve(a, b), QN, VECTOR)
add("lstsq, all", lambda a, b: np.linalg.lstsq(a, b, rcond=None)[::3], TALL, V)
add("lstsq, under", lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], A, VECTOR)

METHODS = """
    linear lower higher midpoint nearest inverted_cdf averaged_inverted_cdf closest_observation
    interpolated_inverted_cdf hazen weibull median_unbiased normal_unbiased
""".split()
for _m in METHODS:
    add(
        f"quantile {_m}",
        lambda x, m=_m: np.quantile(x, [0.13, 0.61], axis=1, method=m, keepdims=True),
        A,
    )
    add(f"percentile {_m}", lambda x, m=_m: np.percentile(x, 37, method=m), T)
add("quantile at traced", lambda x, q: np.quantile(x, q, axis=(0, 2)), T, [0.2, 0.71])
for _axis in (0, 1, -1, None):
    for _f in (np.sort, np.cumsum, np.cumprod, np.median):
        add(f"{_f.__name__} axis {_axis}", lambda x, f=_f, a=_axis: f(x, axis=a), APART)
    add(f"partition axis {_axis}", lambda x, a=_axis: np.partition(x, 1, axis=a), APART)

INDICES = {
    "int": -1,
    "slice": slice(None, None, -2),
    "slices": (slice(1, None), slice(None, 3)),
    "ellipsis": (Ellipsis, 1),
    "None": (None, Ellipsis, None),
    "array": np.array([2, 0, 2]),
    "two arrays": (np.array([2, 0, 2])[:, None], np.array([[1, 0, 3]])),
    "slice and array": (slice(None), np.array([2, 0, 2])),
    "array, None, slice": (np.array([2, 0]), None, slice(None)),
    "mask": MASK,
    "mask of rows": np.array([True, False, True]),
    "mask and int": (np.array([True, False, True]), 1),
    "list": [0, 2],
    "nothing": [],
    "ix_": np.ix_([0, 2], [1, 3]),
    "0-d": np.array(1),
    "empty slice": slice(0, 0),
}


def replaced(x, index, value):
    z = x * 1.0
    z[index] = value
    return z * z


for _name, _index in INDICES.items():
    add(f"x[{_name}]", lambda x, i=_index: x[i], A)
    add(f"x[{_name}] = v", lambda x, v, i=_index: replaced(x, i, v), A, 1.7)
    add(f"x[{_name}] = f(x)", lambda x, i=_index: replaced(x, i, 2 * x[i] + 1), A)

UFUNCS = np.add, np.multiply, np.maximum, np.logaddexp, np.subtract, np.divide, np.hypot
for _u in UFUNCS:
    for _method in ("reduce", "accumulate"):
        add(
            f"{_u.__name__}.{_method}",
            lambda x, u=_u, m=_method: getattr(u, m)(x, axis=1),
            P,
        )
    add(f"{_u.__name__}.outer", _u.outer, P, V + 4)
    add(f"{_u.__name__}.reduceat", lambda x, u=_u: u.reduceat(x, [0, 2, 1], axis=1), P)
add("exp dtype", lambda x: np.exp(x, dtype=np.complex128), A)

for _name, _norm, _n in itertools.product(
    "fft ifft rfft hfft ihfft irfft".split(), (None, "ortho"), (None, 3, 6)
):
    _x = A if _name in ("rfft", "ihfft") else cplx(3, 4)
    _f = getattr(np.fft, _name)
    add(f"{_name} {_norm} {_n}", lambda x, f=_f, n=_n, o=_norm: f(x, n=n, norm=o, axis=0), _x)
for _name in "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split():
    _x = T if _name.startswith("r") else cplx(2, 3, 4)
    _f = getattr(np.fft, _name)
    add(f"{_name} s", lambda x, f=_f: f(x, s=(3, 5), axes=(0, 2)), _x)

for _mode in ("full", "same", "valid"):
    add(f"convolve {_mode}", lambda a, v, m=_mode: np.convolve(a, v, m), V, real(2))
    add(f"correlate {_mode}", lambda a, v, m=_mode: np.correlate(a, v, m), V, real(5))
add("diff prepend", lambda x, p: np.diff(x, prepend=p, axis=0), A, 0.3)
add(
    "gradient",
    lambda x: np.gradient(x, 0.3, np.array([0, 0.2, 0.5, 1.1]), edge_order=2),
    A,
)
add("trapezoid", lambda y, x: np.trapezoid(y, x, axis=0), A, [0, 0.2, 0.7])
add("average", lambda x, w: np.average(x, axis=0, weights=w, returned=True), A, [0.2, 0.5, 0.3])
add("cov by columns", lambda x: np.cov(x, rowvar=False, fweights=[1, 2, 1], ddof=0), A)
add("cross axes", lambda a, b: np.cross(a, b, axisa=0, axisb=0, axisc=1), A, B)
add("matmul axes", lambda a, b: np.matmul(a, b, axes=[(0, 1), (1, 2), (0, 1)]), T, real(4, 3, 5))
add("rot90", lambda x: np.rot90(x, 3, (1, 2)), T)
add("repeat by counts", lambda x: np.repeat(x, [1, 0, 2], axis=0), A)
add("select", lambda a, b: np.select([A > 0, B > 0], [a, b], default=a * b), A, B)
add("piecewise", lambda x: np.piecewise(x, [A > 0], [np.sin, square]), A)
add("block", lambda a, b: np.block([[a, b], [b, a]]), A, B)


@pytest.mark.parametrize("c", [pytest.param(c, id=c.name) for c in CALLS])
@pytest.mark.filterwarnings("ignore:Casting complex")
def test_a_way_to_call_a_function_has_the_derivatives_of_differences(c):
    check_first_order(c)
    check_second_order(c)
