"""Extents of 1: every sample of tests/samples again, with axes of length 1 in turn."""

import itertools
import warnings

import numpy as np
import pytest
from adjoints import Case, check_first_order, check_second_order, check_value
from samples import QN, SAMPLES, A, B, C, M, N, P, Q, R, V, W

import graphtrace as gt

# The rows whose derivative an extent of 1 takes away.
KINKS = {
    "std": "a deviation of 0, whose root has no derivative",
    "nanstd": "the same",
    "std_where": "the same",
}


def one_of(a, axis):
    return a[(slice(None),) * axis + (slice(0, 1),)]


def shrunk(args, most):
    """The arguments with up to `most` of their axes cut to length 1, and moved off the kinks."""
    axes = [
        (k, axis) for k, a in enumerate(args) for axis in range(np.ndim(a)) if np.shape(a)[axis] > 1
    ]
    for count in range(1, most + 1):
        for chosen in itertools.combinations(axes, count):
            cut = [np.asarray(a, float) for a in args]
            for k, axis in chosen:
                cut[k] = one_of(cut[k], axis)
            yield [
                np.ascontiguousarray(a).reshape(a.shape) + 0.0123 * (k + 1)
                for k, a in enumerate(cut)
            ]


def takes(f, args):
    """Whether NumPy takes the arguments, and finite numbers come out."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            y = f(np, *args)
    except Exception:  # noqa: BLE001  (whatever NumPy raises)
        return False
    return all(np.all(np.isfinite(x)) for x in (y if isinstance(y, (list, tuple)) else [y]))


def check(f, args):
    case = Case("", f, tuple(args), jax=False)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        check_value(case)
        check_first_order(case)
        check_second_order(case)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in KINKS])
def test_a_row_is_differentiated_right_where_an_extent_is_1(name):
    for f, args, _ in SAMPLES[name]:
        for cut in shrunk(args, most=1):
            if takes(f, cut):
                check(f, cut)


def assigned(index):
    def f(xp, a, b):
        z = a * 1.0
        z[index] = b
        z[index] *= b
        return z * z

    return f


def changed_at(ufunc):
    def f(xp, a, b):
        z = a * 1.0
        ufunc.at(z, [0, 1, 0], b)
        return z * z

    return f


def put(xp, a, b):
    z = a * 1.0
    np.put_along_axis(z, np.array([[0], [1]]), b, 1)
    np.copyto(z, b, where=np.array([True, False, True]))
    return z * z


def choose(xp, a, b):
    return xp.choose(np.array([[0, 1, 1], [1, 0, 0]]), [a, b])


CALLS = {
    "average of rows": (lambda xp, a, w: xp.average(a, axis=0, weights=w), A, P[:, 0]),
    "average": (lambda xp, a, w: xp.average(a, axis=(0, 2), weights=w), N, P),
    "cov with weights": (lambda xp, a, w: xp.cov(a, aweights=w), A, P[0]),
    "cov of two": (lambda xp, a, b: xp.cov(a, b), A, B),
    "percentile": (
        lambda xp, a, q: xp.percentile(a, q, axis=1, keepdims=True),
        A,
        np.array([[23.0, 65.0], [12.0, 81.0]]),
    ),
    "gradient": (lambda xp, a, h: xp.gradient(a, h, axis=1), A, np.array([0.2, 0.5, 1.3])),
    "trapezoid": (lambda xp, y, x: xp.trapezoid(y, x), A, B),
    "trapezoid of steps": (lambda xp, y, d: xp.trapezoid(y, dx=d), A, R[:, :2]),
    "interp": (lambda xp, x, at, fp: xp.interp(x, at, fp), A, np.array([-1.0, 0.0, 0.4]), V),
    "clip": (lambda xp, a, low, high: xp.clip(a, low, high), A, B - 1.5, P + 0.1),
    "select": (lambda xp, a, b, c: xp.select([A[:1] > 0, a > -1], [a, b], c), A, B, P),
    "choose": (choose, A, B),
    "take_along_axis": (lambda xp, a: xp.take_along_axis(a, np.array([[0], [0]]), 0), A),
    "tensordot": (lambda xp, a, b: xp.tensordot(a, b, axes=([2, 0], [1, 0])), N, M),
    "kron": (lambda xp, a, b: xp.kron(a, b), N, A),
    "cross": (lambda xp, a, b: xp.cross(a, b, axisa=0, axisc=0), Q, Q.T),
    "solve": (lambda xp, a, b: xp.linalg.solve(a, b), QN[:, None], QN[None]),
    "multi_dot": (lambda xp, a, b, c, d: xp.linalg.multi_dot([a, b, c, d]), A, W, A, V),
    "vecdot": (lambda xp, a, b: xp.vecdot(a, b, axis=0), A, C),
    "matvec": (lambda xp, a, b: xp.matvec(a, b), N, A),
    "vecmat": (lambda xp, a, b: xp.vecmat(a, b), A, M),
    "outer": (lambda xp, a, b: xp.multiply.outer(a, b), A, V),
    "reduce": (lambda xp, a: xp.hypot.reduce(a, axis=1, keepdims=True), P),
    "accumulate": (lambda xp, a: xp.logaddexp.accumulate(a, axis=1), P),
    "at": (changed_at(np.add), A, np.ones((3, 3)) * 0.7),
    "multiply.at": (changed_at(np.multiply), A, np.ones((3, 3)) * 0.7),
    "put_along_axis": (put, A, C),
    "a row": (assigned(0), A, V),
    "all": (assigned(...), A, V),
    "rows": (assigned([1, 0]), A, V),
    "columns": (assigned((slice(None), slice(0, 2))), A, C),
    "entries": (assigned(([[0], [1]], [0, 2])), A, C),
    "pad": (lambda xp, a, c: xp.pad(a, 1, constant_values=c), A, A[:, :2]),
    "polyfit": (lambda xp, x, y: xp.polyfit(x, y, 1), V, W),
    "diff": (lambda xp, a, b: xp.diff(a, prepend=b, append=b), A, C),
    "prod": (lambda xp, a, b: xp.prod(a, axis=1, initial=b, where=A[:, :1] < 1), A, C[:, 0]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_broadcasts_is_differentiated_right_where_extents_are_1(name):
    f, *args = CALLS[name]
    for cut in shrunk(args, most=2):
        if takes(f, cut):
            check(f, cut)


EINSUMS = {
    "i,i": (V, V),
    "ij,jk->ik": (A, W),
    "...i,...i->...": (A, B),
    "...ij,...jk->...ik": (N, M),
    "ii,i->i": (Q, V),
    "ij,ij,ij->j": (A, B, P),
    "bij,bjk,bk->bi": (N, M, N[:, 0, :2]),
}


@pytest.mark.parametrize("subscripts", EINSUMS)
def test_einsum_sums_the_adjoint_over_the_axes_that_it_broadcast(subscripts):
    def f(xp, *factors):
        return xp.einsum(subscripts, *factors)

    for cut in shrunk(EINSUMS[subscripts], most=2 if subscripts.count(",") == 1 else 1):
        if takes(f, cut):
            check(f, cut)


def test_a_vector_times_an_array_of_one_entry_has_that_entry_as_its_gradient():
    g = gt.grad(lambda x, y: np.einsum("i,i", x, y), (0, 1))(np.array([2.0, 3.0]), np.array([5.0]))
    assert [each.tolist() for each in g] == [[5.0, 5.0], [5.0]]


def test_keepdims_may_be_any_truth_value():
    def shape(**how):
        return gt.trace(lambda a: np.median(a, axis=1, **how), A).value.shape

    assert shape(keepdims=np.True_) == shape(keepdims=1) == (2, 1)
