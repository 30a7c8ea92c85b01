"""Sums and what is like them: over axes, running, sorted."""

import jax
import numpy as np
from oracles import Sample

from samples.arrays import MASK, A, B, N, P, V, calls, named, without_nan

KEPT = [None, 0, 1, -1, (0, 1), (1, -2), ()]


def reduction(name, array=A, **kwargs):
    def over(axis, keepdims):
        return lambda xp, a: getattr(xp, name)(a, axis=axis, keepdims=keepdims, **kwargs)

    return [
        *(Sample(over(axis, False), (array,)) for axis in KEPT),
        *(Sample(over(axis, True), (array,)) for axis in (None, 0, (0, 1))),
        *calls(lambda xp, a: getattr(xp, name)(a, (0, 2), **kwargs), (N,)),
        *calls(lambda xp, a: getattr(a, name)(-1, **kwargs), (array,)),
        *calls(lambda xp, a: getattr(xp, name)(a, **kwargs), (V,)),
    ]


Z = np.array([[0.0, 0.5, 2.0], [0.0, 0.0, 3.0], [0.7, 0.4, -1.1]])

REDUCTIONS = {
    "sum": [
        *reduction("sum"),
        *calls(named("sum"), (0.7,)),
        *calls(lambda xp, a: a.sum() + a.sum(axis=0), (A,)),
        *calls(lambda xp, a: np.add.reduce(a, axis=1), (A,), twin=lambda xp, a: xp.sum(a, 1)),
        *calls(lambda xp, a: np.add.reduce(a), (A,), twin=lambda xp, a: xp.sum(a, 0)),
        *calls(lambda xp, a: xp.sum(a, dtype=np.float64), (A,)),
        *calls(lambda xp, a, b: np.sum([a, b]), (0.2, 0.4), twin=lambda xp, a, b: a + b),
    ],
    "mean": [*reduction("mean"), *calls(lambda xp, a: a.mean(), (A,))],
    "prod": [
        *reduction("prod"),
        *(
            Sample(lambda xp, a, axis=axis: xp.prod(a, axis=axis), (Z,))
            for axis in (None, 0, 1, -1, (0, 1))
        ),
        *calls(lambda xp, a: xp.prod(a), (Z[0],), (Z[1],), (Z[2],), (np.zeros(3),)),
        *calls(lambda xp, a: xp.prod(a, (0, 2)), (np.where(np.abs(N) < 0.2, 0.0, N),)),
        *calls(lambda xp, a: np.multiply.reduce(a), (A,), twin=lambda xp, a: xp.prod(a, 0)),
    ],
    "max": [
        *reduction("max"),
        *calls(lambda xp, a: xp.amax(a, 0), (A,)),
        *calls(lambda xp, a: np.maximum.reduce(a), (A,), twin=lambda xp, a: xp.max(a, 0)),
    ],
    "min": [*reduction("min"), *calls(lambda xp, a: xp.amin(a, 1), (A,))],
    "var": [
        *reduction("var"),
        *reduction("var", ddof=1)[:3],
        *calls(
            lambda xp, a: np.var(a, 0, None, None, 1), (A,), twin=lambda xp, a: xp.var(a, 0, ddof=1)
        ),
        *calls(lambda xp, a: a.var(ddof=0.5), (A,), twin=lambda xp, a: xp.var(a, ddof=0) * 6 / 5.5),
        *calls(lambda xp, a: xp.var(a, correction=1), (A,)),
    ],
    "std": [
        *(s for i, s in enumerate(reduction("std")) if i != 6),  # over no axis: 0 / 0
        *reduction("std", ddof=1)[:3],
        *calls(lambda xp, a: a.std(), (A,)),
    ],
    "cumsum": [
        *calls(named("cumsum"), (A,), (V,), (N,)),
        *calls(lambda xp, a: xp.cumsum(a, axis=0), (A,), (N,)),
        *calls(lambda xp, a: xp.cumsum(a, -1), (N,)),
        *calls(lambda xp, a: a.cumsum(1), (A,)),
    ],
}


ACCUMULATIONS = {
    "cumprod": calls(named("cumprod"), (A,), (V,), (Z,))
    + calls(lambda xp, a: xp.cumprod(a, axis=1), (A,), (Z,)),
    "diff": calls(named("diff"), (A,), (V,))
    + calls(lambda xp, a: xp.diff(a, n=2, axis=-1), (N,))
    + calls(lambda xp, a: xp.diff(a, axis=0), (A,)),
    "ufunc.accumulate": calls(
        lambda xp, a: np.maximum.accumulate(a), (V,), twin=lambda xp, a: jax.lax.cummax(a)
    ),
    "ufunc.reduce": calls(
        lambda xp, a: np.logaddexp.reduce(a),
        (V,),
        twin=lambda xp, a: jax.scipy.special.logsumexp(a),
    ),
    "ufunc.reduceat": calls(
        lambda xp, a: np.add.reduceat(a, [0, 2]),
        (V,),
        twin=lambda xp, a: xp.stack([a[0] + a[1], a[2]]),
    ),
    "gradient": calls(named("gradient"), (V,), (A[:, :2],), (A,))
    + calls(lambda xp, a, h: xp.gradient(a, h), (V, 0.3)),
    "trapezoid": calls(named("trapezoid"), (A,), (V,))
    + calls(lambda xp, y, x: xp.trapezoid(y, x), (A, V)),
    "interp": calls(
        lambda xp, x, at, fp: xp.interp(x, at, fp),
        (A, np.array([-1.0, 0.0, 0.4, 1.5]), P.ravel()[:4]),
    ),
    "unwrap": calls(named("unwrap"), (3 * V,)),
    "convolve": calls(named("convolve"), (V, B[0]))
    + calls(lambda xp, a, v: xp.convolve(a, v, mode="same"), (P.ravel(), V)),
    "correlate": calls(named("correlate"), (V, B[0]))
    + calls(lambda xp, a, v: xp.correlate(a, v, mode="full"), (P.ravel(), V)),
    "linspace": calls(lambda xp, a, b: xp.linspace(a, b, 4), (0.2, 1.1), (V, B[0])),
    "logspace": calls(lambda xp, a, b: xp.logspace(a, b, 4), (0.2, 1.1))
    + calls(lambda xp, a, b, base: xp.logspace(a, b, 4, base=base), (0.2, 1.1, 2.5)),
    "geomspace": calls(lambda xp, a, b: xp.geomspace(a, b, 4), (0.2, 1.1)),
}


ORDER = {
    "sort": calls(named("sort"), (A,), (V,)) + calls(lambda xp, a: xp.sort(a, axis=0), (A,)),
    "partition": calls(lambda xp, a: np.partition(a, 1), (V,), twin=lambda xp, a: xp.sort(a)),
    "median": calls(named("median"), (A,), (V,)) + calls(lambda xp, a: xp.median(a, axis=1), (A,)),
    "nanmedian": calls(without_nan(lambda xp, a: xp.nanmedian(a, axis=1)), (A,)),
    "percentile": calls(lambda xp, a, q: xp.percentile(a, q), (A, np.array([23.0, 65.0]))),
    "quantile": calls(lambda xp, a: xp.quantile(a, 0.3, axis=1), (A,))
    + calls(lambda xp, a, q: xp.quantile(a, q), (A, 0.3)),
    "nanpercentile": calls(without_nan(lambda xp, a, q: xp.nanpercentile(a, q)), (A, 30.0)),
    "nanquantile": calls(without_nan(lambda xp, a, q: xp.nanquantile(a, q)), (A, 0.3)),
    "union1d": calls(
        lambda xp, a, b: np.union1d(a, b),
        (V, B[0]),
        twin=lambda xp, a, b: xp.sort(xp.concatenate([a, b])),
    ),
    "setdiff1d": calls(lambda xp, a: np.setdiff1d(a, [0.8]), (V,), twin=lambda xp, a: a[1:]),
    "setxor1d": calls(
        lambda xp, a: np.setxor1d(a, [0.8, 3.0]), (V,), twin=lambda xp, a: xp.append(a[1:], 3.0)
    ),
    "intersect1d": calls(lambda xp, a: np.intersect1d(a, V), (V,), twin=lambda xp, a: xp.sort(a)),
    "unique": calls(named("unique"), (V,), twin=lambda xp, a: xp.sort(a)),
}


_INITIAL = {"max": {"initial": -9.0}, "min": {"initial": 9.0}}

STATISTICS = {
    **{
        f"{name}_where": calls(
            lambda xp, a, n=name: getattr(xp, n)(a, axis=1, where=MASK, **_INITIAL.get(n, {})), (A,)
        )
        for name in ("sum", "prod", "mean", "var", "std", "max", "min")
    },
    **{
        f"nan{name}": calls(
            without_nan(lambda xp, a, n=name: getattr(xp, f"nan{n}")(a, axis=1)), (A,)
        )
        for name in ("sum", "prod", "mean", "var", "std", "max", "min")
    },
    "average": calls(lambda xp, a, w: xp.average(a, axis=1, weights=w), (A, P[0])),
    "cov": calls(named("cov"), (A,), (N[:, 0],)) + calls(named("cov"), (V, B[0])),
    "corrcoef": calls(named("corrcoef"), (A + P,)),
    "bincount": calls(
        lambda xp, w: xp.bincount(np.array([0, 2, 0]), weights=w),
        (V,),
        twin=lambda xp, w: xp.stack([w[0] + w[2], 0.0, w[1]]),
    ),
    "histogram": calls(
        lambda xp, w: np.histogram([0.1, 0.6, 0.7], bins=2, range=(0, 1), weights=w)[0],
        (V,),
        twin=lambda xp, w: xp.stack([w[0], w[1] + w[2]]),
    ),
}
