"""np.linalg: decompositions of matrices, and what comes from them, in batches.

Each is one row under NumPy's name; a function that returns several arrays is one row for each. The
adjoint of an eigenvector, a singular vector or a column of Q is the one of a function that does not
depend on how NumPy chose its sign or phase. Where eigenvalues coincide it does not exist, and is
NaN, as in JAX.

Sources:
[Giles] "Collected matrix derivative results for forward and reverse mode AD", 2008.
[Murray] "Differentiation of the Cholesky decomposition", 2016.
[Seeger] Seeger et al., "Auto-differentiating linear algebra", 2017.
[Roberts] "QR and LQ decomposition matrix backpropagation algorithms", 2020.
[Boeddeker] "On the computation of complex-valued gradients", 2017.
[Townsend] "Differentiating the singular value decomposition", 2016.
[Wan] Wan and Zhang, "Automatic differentiation for complex valued SVD", 2019.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import Rule, called
from graphtrace.core.variable import NUMPY, Variable, define, handles, traced, unsupported
from graphtrace.ops.arithmetic import FRACTION
from graphtrace.ops.inverses import (
    adjoint,
    column_factor,
    eps,
    hermitian,
    identity,
    or_nan,
)
from graphtrace.ops.rows import each_output, numpy_row, output_of
from graphtrace.ops.triangles import of_symmetric, symmetrised

# Cholesky [Murray].


def _cholesky_vjp(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    if upper:
        g, y = adjoint(g), adjoint(y)
    half = np.tril(adjoint(y) @ g)
    half = half - half * (identity(half) / 2)
    yh = adjoint(y)
    # yᴴ⁻¹ half y⁻¹, by equations.
    s = np.linalg.solve(yh, adjoint(np.linalg.solve(yh, adjoint(half))))
    return symmetrised(s)


numpy_row(
    np.linalg.cholesky,
    hermitian(_cholesky_vjp),
    forward=of_symmetric(np.linalg.cholesky),
    notation=called("cholesky", r"\operatorname{chol}"),
)

# QR [Seeger; Roberts for a wide matrix].


def _qr_vjp(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """The adjoint of a in q r = a, for a as tall as wide or taller; None for one that is zero."""
    m: Any = 0
    if gr is not None:
        m = gr @ adjoint(r)
    if gq is not None:
        m = m - adjoint(q) @ gq
    upper = np.triu(m, 1)
    m = upper + adjoint(upper) + np.real(m) * identity(m)
    b = q @ m if gq is None else gq + q @ m
    return adjoint(or_nan(np.linalg.solve, r, adjoint(b)))


def _square_part(a: Any) -> int:
    return int(min(np.shape(a)[-2:]))


def _qr_q_vjp(g: Any, y: Any, a: Any, *, mode: str = "reduced") -> Any:
    k = _square_part(a)
    square = a[..., :k]
    da = _qr_vjp(g, None, y, np.triu(adjoint(y) @ square))
    return _widened(da, a)


def _widened(g: Any, a: Any) -> Any:
    """`g` with zeros for the columns of `a` that it lacks."""
    rest = (*np.shape(a)[:-1], np.shape(a)[-1] - np.shape(g)[-1])
    return np.concatenate([g, np.zeros(rest, np.result_type(a))], axis=-1) if rest[-1] else g


def _qr_r_vjp(g: Any, y: Any, a: Any, *, mode: str = "reduced") -> Any:
    k = _square_part(a)
    q, _ = np.linalg.qr(a[..., :k])
    if np.shape(a)[-1] <= k:
        return _qr_vjp(None, g, q, y)
    # a = [x, z] and r = [u, qᴴ z]
    gz = g[..., k:]
    dx = _qr_vjp(a[..., k:] @ adjoint(gz), g[..., :k], q, y[..., :k])
    return np.concatenate([dx, q @ gz], axis=-1)


_qr = each_output(
    np.linalg.qr, hermitian(_qr_q_vjp), hermitian(_qr_r_vjp), notation=output_of("qr", "Q", "R")
)


@handles(np.linalg.qr)
def _qr_handler(a: Any, mode: str = "reduced") -> Any:
    a = traced(a)
    if mode == "r":
        return _qr(a)[1]
    if mode not in ("reduced", "complete"):
        hint = "use mode='reduced'"
        raise unsupported(f"np.linalg.qr with mode={mode!r}", (a,), hint)
    m, n = np.shape(a)[-2:]
    if mode == "complete" and m > n:
        hint = "the added columns of Q are not unique; use mode='reduced'"
        raise unsupported("np.linalg.qr with mode='complete' of a tall matrix", (a,), hint)
    return _qr(a)


# Symmetric eigenvalues [Giles 3.1].


def _quotient(x: Any, gap: Any) -> Any:
    with np.errstate(all="ignore"):
        unused = np.all(x == 0, axis=-2, keepdims=True)
        return np.where(unused, 0, np.where(gap == 0, np.nan, x / gap))


# x / gap, and NaN for a gap of 0, but 0 in a column of zeros. The adjoint of an eigenvector that
# nobody uses is 0: that its eigenvalue coincides with another's does no harm, in any order.
_over: Rule = define(
    "over",
    _quotient,
    vjps=(
        lambda g, y, x, gap: _over(g, gap),
        lambda g, y, x, gap: _over(-g * y, gap),
    ),
    notation=FRACTION,
)


def _over_gaps(x: Any, w: Any) -> Any:
    """Entry (i, j) of `x` over w[j] - w[i], and 0 on the diagonal.

    Where two eigenvalues coincide up to rounding, the vectors are any basis of their plane and
    have no derivative: NaN, as far as their adjoint is not 0.
    """
    gaps = w[..., None, :] - w[..., :, None]
    values = np.abs(plain(gaps))
    n = np.shape(w)[-1]
    largest = np.max(np.abs(plain(w)), axis=-1, initial=0)[..., None, None]
    tied = values <= 4 * n * eps(values) * largest
    return _over(x, np.where(np.eye(n, dtype=bool), np.inf, np.where(tied, 0, gaps)))


def _lower(a: Any, uplo: str) -> Any:
    """The Hermitian matrix of which NumPy reads one triangle."""
    upper = uplo.upper() == "U"
    half = np.triu(a, 1) if upper else np.tril(a, -1)
    return half + adjoint(half) + np.real(a) * identity(a)


def _eigenvalues_vjp(g: Any, y: Any, a: Any, *, UPLO: Any = "L") -> Any:
    _, v = np.linalg.eigh(a, UPLO)
    return (v * column_factor(g)) @ adjoint(v)


def _eigenvectors_vjp(g: Any, y: Any, a: Any, *, UPLO: str = "L") -> Any:
    v, vh = y, adjoint(y)
    # The eigenvalues again, of plain numbers without another decomposition.
    w = (
        NUMPY[np.linalg.eigvalsh](a, UPLO)
        if type(a) is Variable
        else np.real(np.sum(np.conjugate(v) * (_lower(a, UPLO) @ v), axis=-2))
    )
    return symmetrised(v @ _over_gaps(vh @ g, w) @ vh)


_eigh = each_output(
    of_symmetric(np.linalg.eigh),
    hermitian(_eigenvalues_vjp),
    hermitian(_eigenvectors_vjp),
    notation=output_of("eigh", "eigenvalues", "eigenvectors"),
)


@handles(np.linalg.eigh)
def _eigh_handler(a: Any, UPLO: str = "L") -> Any:
    return _eigh(traced(a)) if UPLO == "L" else _eigh(traced(a), UPLO=UPLO)


numpy_row(
    np.linalg.eigvalsh,
    hermitian(_eigenvalues_vjp),
    forward=of_symmetric(np.linalg.eigvalsh),
)

# General eigenvalues [Boeddeker; Giles 3.1].


def _diagonal_matrix(w: Any) -> Any:
    return w[..., None] * np.eye(np.shape(w)[-1], dtype=np.result_type(w))


def _eigvals_vjp(g: Any, y: Any, a: Any) -> Any:
    _, v = np.linalg.eig(a)
    vh = adjoint(v)
    return or_nan(np.linalg.solve, vh, _diagonal_matrix(g) @ vh)


def _eig_vectors_vjp(g: Any, y: Any, a: Any) -> Any:
    """Of the vectors as LAPACK scales them: to length one, with the largest entry real."""
    v, vh = y, adjoint(y)
    w = np.sum(np.conjugate(v) * (a @ v), axis=-2)
    along = np.sum(np.conjugate(g) * v, axis=-2)
    g = g - v * column_factor(np.real(along))
    if np.iscomplexobj(v):
        values = np.abs(plain(v))
        largest = np.argmax(values, axis=-2)
        chosen = np.arange(np.shape(v)[-2])[:, None] == largest[..., None, :]
        turn = np.imag(along) / np.real(np.sum(v * chosen, axis=-2))
        g = g + chosen * column_factor(1j * turn)
    return or_nan(np.linalg.solve, vh, _over_gaps(vh @ g, np.conjugate(w)) @ vh)


_eig = each_output(
    np.linalg.eig,
    hermitian(_eigvals_vjp),
    hermitian(_eig_vectors_vjp),
    notation=output_of("eig", "eigenvalues", "eigenvectors"),
)
NUMPY[np.linalg.eig] = lambda a: _eig(traced(a))
numpy_row(np.linalg.eigvals, hermitian(_eigvals_vjp))

# Singular values [Townsend; Wan]. With p = uᴴ da v:  ds = Re diag(p), and uᴴ du and vᴴ dv off the
# diagonal from p and its adjoint; of a complex pair u takes the phase, as in JAX.


def singular_values_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    """The adjoint of `a` in its singular values, for adjoints that pair with their conjugates."""
    u, _, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    da = (u * column_factor(g)) @ vh
    return symmetrised(da) if hermitian else da


def _left_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    return _vectors_vjp(g, y, a, hermitian, turns=np.iscomplexobj(a))


def _right_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    """The right vectors, y = vᴴ, are the left ones of aᴴ."""
    g, y, a = adjoint(g), adjoint(y), adjoint(a)
    return adjoint(_vectors_vjp(g, y, a, hermitian, turns=False))


def _vectors_vjp(g: Any, y: Any, a: Any, hermitian: bool, *, turns: bool) -> Any:
    """The adjoint of a in its left singular vectors, from them alone: uᴴ a is s vᴴ.

    `turns` says that the phase of a pair is theirs.
    """
    k = _square_part(a)
    u, gu = y[..., :k], g[..., :k]
    svh = adjoint(u) @ a
    squares = np.sum(np.real(svh * np.conjugate(svh)), axis=-1)
    x = adjoint(u) @ gu
    m = _over_gaps(x, squares)
    m = m + adjoint(m)
    if turns:
        phases = np.imag(np.sum(np.conjugate(u) * gu, axis=-2))
        m = m + 1j * _over(_diagonal_matrix(phases), column_factor(squares))
    beyond = _beyond(u, x, y, g, k)
    if beyond is not None:
        return (u @ m + _over(beyond, column_factor(squares))) @ svh
    da = u @ m @ svh
    return symmetrised(da) if hermitian else da


def _beyond(u: Any, x: Any, y: Any, g: Any, k: int) -> Any:
    """The part of the adjoint g[:, :k] outside the span of u = y[:, :k], None where it spans all.

    The columns that full_matrices adds are any basis of the rest, which turns as u does.
    """
    if np.shape(y)[-2] == k:
        return None
    beyond = g[..., :k] - u @ x
    if np.shape(y)[-1] > k:
        beyond = beyond - y[..., k:] @ (adjoint(g[..., k:]) @ u)
    return beyond


_svd = each_output(
    of_symmetric(np.linalg.svd, hermitian=False),
    hermitian(_left_vjp),
    hermitian(singular_values_vjp),
    hermitian(_right_vjp),
    notation=output_of("svd", "U", "S", "Vh"),
)


svdvals = define(
    "svdvals",
    of_symmetric(
        lambda x, *, hermitian=False: np.linalg.svd(x, compute_uv=False, hermitian=hermitian),
        hermitian=False,
    ),
    vjps=(hermitian(singular_values_vjp),),
)


@handles(np.linalg.svd)
def _svd_handler(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    a, how = traced(a), {"hermitian": True} if hermitian else {}
    if not compute_uv:
        return svdvals(a, **how)
    return _svd(a, full_matrices=bool(full_matrices), **how)


NUMPY[np.linalg.svdvals] = lambda x, /: svdvals(traced(x))
NUMPY[np.linalg.matrix_rank] = define("matrix_rank", np.linalg.matrix_rank)
