"""Products, decompositions, Fourier transforms, polynomials."""

import numpy as np

from samples.arrays import QN, A, B, C, M, N, P, Q, V, W, calls, changed, named


def imatmul(z, b):
    z @= b
    return z


PRODUCTS = [
    (V, V),
    (A, V),
    (V, W),
    (A, W),
    (N, V),
    (V, M),
    (N, M),
    (N, W),
    (A, M),
    (N[:, None], M[None]),
    (N[:1], M),
    (N, M[:1]),
    (np.ones((1, 1)), np.ones((1, 1))),
]

LINALG = {
    "outer": calls(named("outer"), (V, C[:, 0]), (A, V), (0.3, V)),
    "matmul": [
        *calls(lambda xp, a, b: a @ b, *PRODUCTS),
        *calls(named("matmul"), (A, W), (N, M)),
        *calls(lambda xp, a, b: xp.linalg.matmul(a, b), (A, W)),
        *calls(lambda xp, b: A @ b, (V,), (W,)),
        *calls(lambda xp, a: a @ W, (V,), (A,)),
        *calls(lambda xp, a: a @ a.T, (A,)),
        *calls(changed(imatmul), (A, W @ A)),
        *calls(named("dot"), *PRODUCTS[:10]),
        *calls(lambda xp, a, b: a.dot(b), (A, V), (V, V)),
        *calls(
            lambda xp, a, b: np.array([a, b]) @ [2.0, 3.0],
            (0.2, 0.3),
            twin=lambda xp, a, b: 2 * a + 3 * b,
        ),
    ],
}


SPD = Q @ Q.T


def symmetric(f):
    """`f` of the symmetric part, so that every direction is one that `f` is defined for."""
    return lambda xp, a: f(xp, (a + xp.swapaxes(a, -1, -2)) / 2)


def linalg(name, *pick):
    """The real outputs `pick` of `np.linalg.name`; all of them where none is named."""

    def f(xp, *args):
        ys = getattr(xp.linalg, name)(*args)
        return [ys[i] for i in pick] if pick else ys

    return f


def eigenvalues(xp, a):
    """Those of a matrix of two rows: JAX has no derivative of an asymmetric matrix's."""
    half, det = (a[0, 0] + a[1, 1]) / 2, a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return half + xp.sqrt(half**2 - det) * np.array([-1.0, 1.0])


def spectrum(name):
    """The power spectrum: real, and every entry of the transform is in it."""
    return lambda xp, a: xp.abs(getattr(xp.fft, name)(a)) ** 2


DECOMPOSITIONS = {
    "inv": calls(linalg("inv"), (Q,), (QN,)),
    "pinv": calls(linalg("pinv"), (Q,), (A,)),
    "solve": calls(linalg("solve"), (Q, V), (Q, W), (QN, N[:, :1].mT)),
    "tensorinv": calls(lambda xp, a: xp.linalg.tensorinv(xp.reshape(a, (3, 3)), ind=1), (Q,)),
    "tensorsolve": calls(linalg("tensorsolve"), (Q, V)),
    "det": calls(linalg("det"), (Q,), (QN,)),
    "slogdet": calls(linalg("slogdet", 1), (Q,), (QN,)),
    "cholesky": calls(symmetric(linalg("cholesky")), (SPD,)),
    "qr": calls(linalg("qr", 0, 1), (Q,)),
    "eigh": calls(symmetric(linalg("eigh", 0)), (SPD,)),
    "eigvalsh": calls(symmetric(linalg("eigvalsh")), (SPD,)),
    "svd": calls(lambda xp, a: xp.linalg.svd(a, full_matrices=False)[1], (A,)),
    "svdvals": calls(linalg("svdvals"), (A,)),
    "lstsq": calls(
        lambda xp, a, b: np.linalg.lstsq(a, b, rcond=None)[0],
        (W, V),
        twin=lambda xp, a, b: xp.linalg.solve(a.T @ a, a.T @ b),
    ),
    "norm": calls(linalg("norm"), (A,), (V,))
    + calls(lambda xp, a: xp.linalg.norm(a, axis=1), (A,))
    + calls(lambda xp, a: xp.linalg.norm(a, ord=1, axis=0), (A,))
    + calls(lambda xp, a: xp.linalg.norm(a, ord=3), (V,))
    + calls(lambda xp, a: xp.linalg.norm(a, "nuc"), (A,)),
    "vector_norm": calls(linalg("vector_norm"), (A,)),
    "matrix_norm": calls(linalg("matrix_norm"), (A,), (N,)),
    "cond": calls(linalg("cond"), (Q,)),
    "eig": calls(
        lambda xp, a: np.sort(np.real(np.linalg.eig(a)[0])), (Q[:2, :2],), twin=eigenvalues
    ),
    "eigvals": calls(
        lambda xp, a: np.sort(np.real(np.linalg.eigvals(a))), (Q[:2, :2],), twin=eigenvalues
    ),
}

FOURIER = {
    name: calls(spectrum(name), (A,), (V,) if "2" not in name else (P,))
    for name in (
        "fft ifft rfft hfft ihfft fft2 fftn ifft2 ifftn rfft2 rfftn irfft irfft2 irfftn".split()
    )
} | {
    name: calls(lambda xp, a, n=name: getattr(xp.fft, n)(a), (A,))
    for name in ("fftshift", "ifftshift")
}


CONTRACTIONS = {
    "dot": calls(lambda xp, a, b: xp.dot(a, b), (N, M), (A, M)),
    "einsum": calls(lambda xp, a, b: xp.einsum("ij,jk->ik", a, b), (A, W))
    + calls(lambda xp, a, b: xp.einsum("bij,j", a, b), (N, V))
    + calls(lambda xp, a: xp.einsum("ii->i", a), (Q,))
    + calls(lambda xp, a, b: xp.einsum("ij,jk,kl", a, b, a), (A, W)),
    "tensordot": calls(lambda xp, a, b: xp.tensordot(a, b, axes=1), (N, W))
    + calls(lambda xp, a, b: xp.tensordot(a, b, axes=([0, 2], [1, 0])), (N, W)),
    "inner": calls(named("inner"), (V, V), (A, B), (N, A)),
    "vdot": calls(named("vdot"), (V, V), (A, B)),
    "vecdot": calls(named("vecdot"), (A, V), (A, B)),
    "matvec": calls(named("matvec"), (A, V), (N, A)),
    "vecmat": calls(named("vecmat"), (V, W), (A, W)),
    "kron": calls(named("kron"), (A, C), (V, V)),
    "cross": calls(named("cross"), (V, B[0]), (A, V)),
    "trace": calls(named("trace"), (Q,), (N,)) + calls(lambda xp, a: xp.trace(a, 1), (A,)),
    "multi_dot": calls(lambda xp, a, b, c: xp.linalg.multi_dot([a, b, c]), (A, W, A)),
    "matrix_power": calls(lambda xp, a: xp.linalg.matrix_power(a, 3), (Q,))
    + calls(lambda xp, a: xp.linalg.matrix_power(a, -2), (Q,)),
}


POLYNOMIALS = {
    "polyval": calls(lambda xp, p, x: xp.polyval(p, x), (V, A), (P.ravel()[:4], 0.3)),
    "poly": calls(lambda xp, r: xp.poly(r), (V,)),
    "polyfit": calls(
        lambda xp, x, y: xp.polyfit(x, y, 2), (np.array([0.1, 0.5, 0.9, 1.6]), P.ravel()[:4])
    ),
    "polydiv_quotient": calls(lambda xp, u, v: xp.polydiv(u, v)[0], (P.ravel()[:4], V[:2])),
    "polydiv_remainder": calls(
        lambda xp, u, v: np.polydiv(u, v)[1],
        (P.ravel()[:4], V[:2]),
        twin=lambda xp, u, v: xp.polydiv(u, v, trim_leading_zeros=False)[1][-1:],
    ),
    "roots": calls(
        lambda xp, p: np.sort(np.roots(p)),
        (np.array([0.9, 2.3, 0.6]),),
        twin=lambda xp, p: (
            (-p[1] + xp.sqrt(p[1] ** 2 - 4 * p[0] * p[2]) * np.array([-1.0, 1.0])) / (2 * p[0])
        ),
    ),
    "vander": calls(lambda xp, a: xp.vander(a, 4), (V,)),
    "sinc": calls(named("sinc"), (A,), (0.6,)),
    "i0": calls(named("i0"), (A,), (0.6,)),
}
