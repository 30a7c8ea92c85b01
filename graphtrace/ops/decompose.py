"""np.linalg: inverses, equations, determinants and decompositions of matrices, in batches.

Each is one row under NumPy's name; a function that returns several arrays is one row for each. The
adjoint of an eigenvector, a singular vector or a column of Q is the one of a function that does not
depend on how NumPy chose its sign or phase. Where eigenvalues coincide it does not exist, and is
NaN, as in JAX.

Sources: [Giles] "Collected matrix derivative results for forward and reverse mode AD", 2008.
[Golub] Golub and Pereyra, "The differentiation of pseudo-inverses", 1973. [Murray]
"Differentiation of the Cholesky decomposition", 2016. [Seeger] Seeger et al., "Auto-differentiating
linear algebra", 2017. [Townsend] "Differentiating the singular value decomposition", 2016. [Wan]
Wan and Zhang, "Automatic differentiation for complex valued SVD", 2019. [Roberts] "QR and LQ
decomposition matrix backpropagation algorithms", 2020. [Boeddeker] "On the computation of
complex-valued gradients", 2017.

The rules of these papers pair adjoints with their conjugates; `_hermitian` turns one into a rule of
the convention that graphtrace has (see `graphtrace.ops.complex`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.ops.composed import plain
from graphtrace.ops.rows import each_output, numpy_row
from graphtrace.ops.shape import matrix_transpose
from graphtrace.primitive import ATOM, PRODUCT, Form, Notation, Primitive, Rule, called
from graphtrace.variable import NUMPY, fixed, operation, record, traced, unsupported


def _adjoint(a: Any) -> Any:
    """The conjugate transpose."""
    return matrix_transpose(np.conjugate(a))


def _hermitian(rule: Rule) -> Rule:
    """A rule for adjoints that pair with their conjugates, as one for adjoints that do not."""

    def vjp(g: Any, *operands: Any, **params: Any) -> Any:
        return np.conjugate(rule(np.conjugate(g), *operands, **params))

    return vjp


def column_factor(w: Any) -> Any:
    """The entries of `w` as a factor of the columns of a matrix: a product with diag(w)."""
    return w[..., None, :]


def _diagonal_matrix(w: Any) -> Any:
    return w[..., None] * np.eye(np.shape(w)[-1], dtype=np.result_type(w))


def _identity(a: Any, k: int = -1) -> Any:
    return np.eye(np.shape(a)[k], dtype=np.result_type(a))


def _eps(x: Any) -> float:
    return float(np.finfo(np.result_type(x)).eps)


# Inverses and equations [Giles 2.2.3, 2.3.1].

_INVERSE = Notation(Form("inv($0)"), Form("{$0}^{-1}", ATOM, (ATOM,)))
_PSEUDO = Notation(Form("pinv($0)"), Form("{$0}^{+}", ATOM, (ATOM,)))
_SOLVE = Notation(Form("solve($0, $1)"), Form(r"{$0}^{-1} \, $1", PRODUCT, (ATOM, PRODUCT + 1)))


def inv_vjp(g: Any, y: Any, a: Any) -> Any:
    """The adjoint of `a` in y = inv(a)."""
    at = matrix_transpose(y)
    return -at @ g @ at


inv = numpy_row(np.linalg.inv, inv_vjp, notation=_INVERSE)


def _or_nan(function: Callable[..., Any], a: Any, *b: Any) -> Any:
    """`function(a, *b)`, and NaN for the singular matrices: a derivative is no place to raise."""
    try:
        return function(a, *b)
    except np.linalg.LinAlgError:
        singular = np.linalg.slogdet(plain(a))[0] == 0
        return function(np.where(singular[..., None, None], np.nan, a), *b)


def _pinv_vjp(g: Any, y: Any, a: Any, **how: Any) -> Any:
    """[Golub 4.12], for matrices of one rank."""
    yh, gh = _adjoint(y), _adjoint(g)
    left = gh - a @ (y @ gh)
    right = gh - (gh @ y) @ a
    return -yh @ g @ yh + left @ y @ yh + yh @ y @ right


numpy_row(np.linalg.pinv, _hermitian(_pinv_vjp), notation=_PSEUDO)


def _columns(b: Any, x: Any) -> Any:
    """`x` with a vector written as a column, where `b` says that it is one."""
    return x[..., None] if np.ndim(b) == 1 else x


def _solve_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    db = np.linalg.solve(matrix_transpose(a), _columns(b, g))
    return -db @ matrix_transpose(_columns(b, y))


def _solve_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) > 1 or np.ndim(a) == 2:
        return np.linalg.solve(matrix_transpose(a), g)
    return np.linalg.solve(matrix_transpose(a), g[..., None])[..., 0]


solve = numpy_row(np.linalg.solve, _solve_da, _solve_db, notation=_SOLVE)


def _tensorinv_vjp(g: Any, y: Any, a: Any, *, ind: int = 2) -> Any:
    size = int(np.prod(np.shape(a)[:ind]))
    yt = np.transpose(np.reshape(y, (-1, size)))
    return np.reshape(-yt @ np.reshape(g, (-1, size)) @ yt, np.shape(a))


numpy_row(np.linalg.tensorinv, _tensorinv_vjp, notation=_INVERSE)


def _tensorsolve_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    matrix = np.reshape(a, (int(np.size(b)), -1))
    return np.reshape(np.linalg.solve(np.transpose(matrix), np.ravel(g)), np.shape(b))


def _tensorsolve_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    db = np.ravel(_tensorsolve_db(g, y, a, b))
    return np.reshape(-np.outer(db, np.ravel(y)), np.shape(a))


tensorsolve = numpy_row(np.linalg.tensorsolve, _tensorsolve_da, _tensorsolve_db, notation=_SOLVE)


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = traced(a), traced(b)
    if axes is not None:
        axes = fixed(axes)
        moved = [i for i in range(np.ndim(a)) if i not in axes]
        a = np.transpose(a, [*moved, *axes])
    return tensorsolve(a, b)


NUMPY[np.linalg.tensorsolve] = _tensorsolve

# Determinants [Giles 2.2.4].


def _scalars(x: Any) -> Any:
    """A number for each matrix of a batch, as a factor of the matrices."""
    return x[..., None, None] if np.ndim(x) else x


def _det_vjp(g: Any, y: Any, a: Any) -> Any:
    return _scalars(g) * _cofactors(y, a)


def _cofactors(y: Any, a: Any) -> Any:
    """The derivative of y = det(a), a polynomial in the entries, singular or not.

    It is y * inv(a).T while that is accurate, to second order too; else the matrix of minors, or
    for a large matrix what the singular values say.
    """
    if np.all(plain(y) != 0):
        inverse = np.linalg.inv(a)
        sizes = [np.max(np.abs(plain(m)), axis=(-2, -1), initial=0) for m in (a, inverse)]
        if np.all(sizes[0] * sizes[1] * _eps(a) ** 0.75 < 1):
            return _scalars(y) * matrix_transpose(inverse)
    return _minors(a) if np.shape(a)[-1] <= _MANY_MINORS else _cofactors_by_svd(a)


_MANY_MINORS = 16  # above it, n**2 determinants take longer than a singular value decomposition


def _minors(a: Any) -> Any:
    n = np.shape(a)[-1]
    rows = []
    for i in range(n):
        below = np.delete(a, i, axis=-2)
        minors = [np.linalg.det(np.delete(below, j, axis=-1)) for j in range(n)]
        rows.append(np.stack([m if (i + j) % 2 == 0 else -m for j, m in enumerate(minors)], -1))
    return np.stack(rows, axis=-2)


def _cofactors_by_svd(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    others = [np.prod(np.delete(s, i, axis=-1), axis=-1) for i in range(np.shape(a)[-1])]
    product = np.conjugate((u * column_factor(np.stack(others, axis=-1))) @ vh)
    return _scalars(np.linalg.det(u) * np.linalg.det(vh)) * product


det = numpy_row(np.linalg.det, _det_vjp, notation=called("det", r"\det"))


def _sign_vjp(g: Any, y: Any, a: Any) -> Any:
    """The sign of a complex determinant turns with the imaginary part of the logarithm."""
    if not np.iscomplexobj(a):
        return None
    turn = 1j * np.imag(g * y)
    return _scalars(turn) * matrix_transpose(_or_nan(np.linalg.inv, a))


def _logabsdet_vjp(g: Any, y: Any, a: Any) -> Any:
    return _scalars(g) * matrix_transpose(_or_nan(np.linalg.inv, a))


def _output_of(*names: str) -> Callable[[int, dict[str, Any], bool], Form]:
    """`eigh(A).eigenvalues`: one of the outputs of a function."""

    def notation(count: int, params: dict[str, Any], latex: bool) -> Form:
        function, *fields = names
        field = fields[params["output"]]
        if latex:
            return Form(rf"\operatorname{{{field}}}\left($0\right)")
        return Form(f"{function}($0).{field}")

    return notation


slogdet = each_output(
    np.linalg.slogdet,
    _sign_vjp,
    _logabsdet_vjp,
    notation=_output_of("slogdet", "sign", "logabsdet"),
)
NUMPY[np.linalg.slogdet] = lambda a: slogdet(traced(a))

# Cholesky [Murray]. NumPy reads one triangle of a matrix that it takes to be symmetric. The adjoint
# is that of a symmetric matrix, equal on both sides of the diagonal, as in JAX.


def _symmetrised(g: Any) -> Any:
    return (g + _adjoint(g)) / 2


def _cholesky_vjp(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    if upper:
        g, y = _adjoint(g), _adjoint(y)
    half = np.tril(_adjoint(y) @ g)
    half = half - half * (_identity(half) / 2)
    yh = _adjoint(y)
    # yᴴ⁻¹ half y⁻¹, by equations.
    s = np.linalg.solve(yh, _adjoint(np.linalg.solve(yh, _adjoint(half))))
    return _symmetrised(s)


numpy_row(
    np.linalg.cholesky,
    _hermitian(_cholesky_vjp),
    notation=called("cholesky", r"\operatorname{chol}"),
)

# QR [Seeger; Roberts for a wide matrix].


def _qr_vjp(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """The adjoint of a in q r = a, for a as tall as wide or taller; None for one that is zero."""
    m: Any = 0
    if gr is not None:
        m = gr @ _adjoint(r)
    if gq is not None:
        m = m - _adjoint(q) @ gq
    upper = np.triu(m, 1)
    m = upper + _adjoint(upper) + np.real(m) * _identity(m)
    b = q @ m if gq is None else gq + q @ m
    return _adjoint(_or_nan(np.linalg.solve, r, _adjoint(b)))


def _square_part(a: Any) -> int:
    return int(min(np.shape(a)[-2:]))


def _require_unique(a: Any, mode: str) -> None:
    rows, columns = np.shape(a)[-2:]
    if mode == "complete" and rows > columns:
        hint = "the added columns of Q are not unique; use mode='reduced'"
        raise unsupported("np.linalg.qr with mode='complete' of a tall matrix", (a,), hint)


def _qr_q_vjp(g: Any, y: Any, a: Any, *, mode: str = "reduced") -> Any:
    k = _square_part(a)
    square = a[..., :k]
    da = _qr_vjp(g, None, y, np.triu(_adjoint(y) @ square))
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
    dx = _qr_vjp(a[..., k:] @ _adjoint(gz), g[..., :k], q, y[..., :k])
    return np.concatenate([dx, q @ gz], axis=-1)


_qr = each_output(
    np.linalg.qr, _hermitian(_qr_q_vjp), _hermitian(_qr_r_vjp), notation=_output_of("qr", "Q", "R")
)


def _qr_handler(a: Any, mode: str = "reduced") -> Any:
    a = traced(a)
    if mode == "r":
        return _qr(a)[1]
    if mode not in ("reduced", "complete"):
        hint = "use mode='reduced'"
        raise unsupported(f"np.linalg.qr with mode={mode!r}", (a,), hint)
    _require_unique(a, mode)
    return _qr(a)


NUMPY[np.linalg.qr] = _qr_handler

# Symmetric eigenvalues [Giles 3.1].


def _quotient(x: Any, gap: Any) -> Any:
    with np.errstate(all="ignore"):
        unused = np.all(x == 0, axis=-2, keepdims=True)
        return np.where(unused, 0, np.where(gap == 0, np.nan, x / gap))


# x / gap, and NaN for a gap of 0, but 0 in a column of zeros. The adjoint of an eigenvector that
# nobody uses is 0: that its eigenvalue coincides with another's does no harm, in any order.
_over: Rule = operation(
    Primitive(
        "over",
        _quotient,
        vjps=(
            lambda g, y, x, gap: _over(g, gap),
            lambda g, y, x, gap: _over(-g * y, gap),
        ),
        notation=Notation(
            Form("$0/$1", PRODUCT, (PRODUCT, PRODUCT + 1)),
            Form(r"\frac{$0}{$1}", PRODUCT, (0,)),
        ),
    )
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
    tied = values <= 4 * n * _eps(values) * largest
    return _over(x, np.where(np.eye(n, dtype=bool), np.inf, np.where(tied, 0, gaps)))


def _lower(a: Any, uplo: str) -> Any:
    """The Hermitian matrix of which NumPy reads one triangle."""
    upper = uplo.upper() == "U"
    half = np.triu(a, 1) if upper else np.tril(a, -1)
    return half + _adjoint(half) + np.real(a) * _identity(a)


def _eigenvalues_vjp(g: Any, y: Any, a: Any, *, UPLO: Any = "L") -> Any:
    _, v = np.linalg.eigh(a, UPLO)
    return (v * column_factor(g)) @ _adjoint(v)


def _eigenvectors_vjp(g: Any, y: Any, a: Any, *, UPLO: str = "L") -> Any:
    v, vh = y, _adjoint(y)
    # The eigenvalues again, without another decomposition.
    w = np.real(np.sum(np.conjugate(v) * (_lower(a, UPLO) @ v), axis=-2))
    return _symmetrised(v @ _over_gaps(vh @ g, w) @ vh)


_eigh = each_output(
    np.linalg.eigh,
    _hermitian(_eigenvalues_vjp),
    _hermitian(_eigenvectors_vjp),
    notation=_output_of("eigh", "eigenvalues", "eigenvectors"),
)


def _eigh_handler(a: Any, UPLO: str = "L") -> Any:
    return _eigh(traced(a)) if UPLO == "L" else _eigh(traced(a), UPLO=UPLO)


NUMPY[np.linalg.eigh] = _eigh_handler
numpy_row(np.linalg.eigvalsh, _hermitian(_eigenvalues_vjp))

# General eigenvalues [Boeddeker; Giles 3.1].


def _eigvals_vjp(g: Any, y: Any, a: Any) -> Any:
    _, v = np.linalg.eig(a)
    vh = _adjoint(v)
    return _or_nan(np.linalg.solve, vh, _diagonal_matrix(g) @ vh)


def _eig_vectors_vjp(g: Any, y: Any, a: Any) -> Any:
    """Of the vectors as LAPACK scales them: to length one, with the largest entry real."""
    v, vh = y, _adjoint(y)
    w = np.sum(np.conjugate(v) * (a @ v), axis=-2)
    along = np.sum(np.conjugate(g) * v, axis=-2)
    g = g - v * column_factor(np.real(along))
    if np.iscomplexobj(v):
        values = np.abs(plain(v))
        largest = np.argmax(values, axis=-2)
        chosen = np.arange(np.shape(v)[-2])[:, None] == largest[..., None, :]
        turn = np.imag(along) / np.real(np.sum(v * chosen, axis=-2))
        g = g + chosen * column_factor(1j * turn)
    return _or_nan(np.linalg.solve, vh, _over_gaps(vh @ g, np.conjugate(w)) @ vh)


_eig = each_output(
    np.linalg.eig,
    _hermitian(_eigvals_vjp),
    _hermitian(_eig_vectors_vjp),
    notation=_output_of("eig", "eigenvalues", "eigenvectors"),
)
NUMPY[np.linalg.eig] = lambda a: _eig(traced(a))
numpy_row(np.linalg.eigvals, _hermitian(_eigvals_vjp))

# Singular values [Townsend; Wan]. With p = uᴴ da v:  ds = Re diag(p), and uᴴ du and vᴴ dv off the
# diagonal from p and its adjoint; of a complex pair u takes the phase, as in JAX.


def _singular_values_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    return _if(hermitian, (u * column_factor(g)) @ vh)


def _if(hermitian: bool, da: Any) -> Any:
    return _symmetrised(da) if hermitian else da


def _left_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    """The adjoint of a in its left singular vectors, from them alone: uᴴ a is s vᴴ."""
    k = _square_part(a)
    u, gu = y[..., :k], g[..., :k]
    svh = _adjoint(u) @ a
    squares = _squared(svh, axis=-1)
    x = _adjoint(u) @ gu
    m = _over_gaps(x, squares)
    m = m + _adjoint(m)
    if np.iscomplexobj(a):
        phases = np.imag(np.sum(np.conjugate(u) * gu, axis=-2))
        m = m + 1j * _over(_diagonal_matrix(phases), column_factor(squares))
    beyond = _beyond(u, x, y, g, k)
    if beyond is not None:
        return (u @ m + _over(beyond, column_factor(squares))) @ svh
    return _if(hermitian, u @ m @ svh)


def _right_vjp(g: Any, y: Any, a: Any, *, hermitian: bool = False, **how: Any) -> Any:
    """The same of the right ones, y = vᴴ, where a v is u s."""
    k = _square_part(a)
    y, g = _adjoint(y), _adjoint(g)
    v, gv = y[..., :k], g[..., :k]
    us = a @ v
    squares = _squared(us, axis=-2)
    x = _adjoint(v) @ gv
    m = _over_gaps(x, squares)
    da = us @ (m + _adjoint(m)) @ _adjoint(v)
    beyond = _beyond(v, x, y, g, k)
    if beyond is not None:
        da = da + us @ _adjoint(_over(beyond, column_factor(squares)))
    return _if(hermitian, da)


def _squared(x: Any, axis: int) -> Any:
    return np.sum(np.real(x * np.conjugate(x)), axis=axis)


def _beyond(u: Any, x: Any, y: Any, g: Any, k: int) -> Any:
    """The part of the adjoint g[:, :k] outside the span of u = y[:, :k], None where it spans all.

    The columns that full_matrices adds are any basis of the rest, which turns as u does.
    """
    if np.shape(y)[-2] == k:
        return None
    beyond = g[..., :k] - u @ x
    if np.shape(y)[-1] > k:
        beyond = beyond - y[..., k:] @ (_adjoint(g[..., k:]) @ u)
    return beyond


_svd = each_output(
    np.linalg.svd,
    _hermitian(_left_vjp),
    _hermitian(_singular_values_vjp),
    _hermitian(_right_vjp),
    notation=_output_of("svd", "U", "S", "Vh"),
)


def _singular_values(x: Any, *, hermitian: bool = False) -> Any:
    return np.linalg.svd(x, compute_uv=False, hermitian=hermitian)


svdvals = operation(
    Primitive("svdvals", _singular_values, vjps=(_hermitian(_singular_values_vjp),))
)


def _svd_handler(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    a, how = traced(a), {"hermitian": True} if hermitian else {}
    if not compute_uv:
        return svdvals(a, **how)
    return _svd(a, full_matrices=bool(full_matrices), **how)


NUMPY[np.linalg.svd] = _svd_handler
NUMPY[np.linalg.svdvals] = lambda x, /: svdvals(traced(x))
operation(Primitive("matrix_rank", np.linalg.matrix_rank), np.linalg.matrix_rank)

# Least squares: x is pinv(a) @ b [Golub].


def _lstsq_cut(a: Any, rcond: float | None) -> Any:
    """What np.linalg.lstsq takes for zero beside the largest singular value."""
    if rcond is None:
        return _eps(a) * max(np.shape(a))
    return _eps(a) if rcond == -1 else rcond


def _lstsq_x_vjp(k: int, g: Any, y: Any, a: Any, b: Any, rcond: float | None) -> Any:
    inverse = np.linalg.pinv(a, _lstsq_cut(a, rcond))
    across = _adjoint(inverse)
    g, x, target = _columns(b, g), _columns(b, y), _columns(b, b)
    if k == 1:
        return np.reshape(across @ g, np.shape(b))
    pg, gh = across @ g, _adjoint(g)
    rest = target - a @ x
    beyond = gh - (gh @ inverse) @ a
    return -pg @ _adjoint(x) + (rest @ gh) @ inverse @ across + across @ x @ beyond


def _lstsq_residuals_vjp(k: int, g: Any, a: Any, b: Any, rcond: float | None) -> Any:
    x = _columns(b, np.linalg.lstsq(a, b, rcond)[0])
    rest = 2 * g * (_columns(b, b) - a @ x)
    return np.reshape(rest, np.shape(b)) if k == 1 else -rest @ _adjoint(x)


def _lstsq_vjp(
    k: int, g: Any, y: Any, a: Any, b: Any, *, output: int, rcond: float | None = None
) -> Any:
    if not np.size(y):
        return None
    g = np.conjugate(g)
    if output == 0:
        da = _lstsq_x_vjp(k, g, y, a, b, rcond)
    elif output == 1:
        da = _lstsq_residuals_vjp(k, g, a, b, rcond)
    else:
        da = _singular_values_vjp(g, y, a) if k == 0 else None
    return None if da is None else np.conjugate(da)


_LSTSQ = ("x", "residuals", "rank", "s")
_LSTSQ_PRIMITIVE = Primitive(
    "lstsq",
    lambda a, b, *, output, rcond=None: np.linalg.lstsq(a, b, rcond)[output],
    vjp_each=_lstsq_vjp,
    notation=lambda count, params, latex: (
        Form(r"{$0}^{+} \, $1", PRODUCT, (ATOM, PRODUCT + 1))
        if latex and params["output"] == 0
        else Form(f"lstsq($0, $1).{_LSTSQ[params['output']]}")
    ),
)
_lstsq = operation(_LSTSQ_PRIMITIVE)


def _lstsq_handler(a: Any, b: Any, rcond: Any = None) -> Any:
    """The rank is a plain number; the other outputs are a row each."""
    how = {} if rcond is None else {"rcond": fixed(rcond)}
    x = _lstsq(traced(a), traced(b), output=0, **how)
    _, _, operands, parents, _ = x.tape.rows[x.index]
    _, residuals, rank, s = np.linalg.lstsq(*operands, **how)
    rows = (
        record(x.tape, _LSTSQ_PRIMITIVE, y, operands, parents, {"output": i, **how})
        for i, y in ((1, residuals), (3, s))
    )
    return x, next(rows), rank, next(rows)


NUMPY[np.linalg.lstsq] = _lstsq_handler
