"""np.linalg: inverses, equations and determinants of matrices, in batches.

Each is one row under NumPy's name.

Sources:
[Giles] "Collected matrix derivative results for forward and reverse mode AD", 2008.
[Golub] Golub and Pereyra, "The differentiation of pseudo-inverses", 1973.

The rules of papers on matrices pair adjoints with their conjugates; `hermitian` turns one into a
rule of the convention that graphtrace has (see `graphtrace.ops.complex`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import ATOM, PRODUCT, Form, Notation, Rule, called
from graphtrace.core.variable import NUMPY, define, fixed, handles, traced
from graphtrace.ops.rows import each_output, numpy_row, output_of
from graphtrace.ops.shape import matrix_transpose
from graphtrace.ops.triangles import of_symmetric, symmetrised


def adjoint(a: Any) -> Any:
    """The conjugate transpose."""
    return matrix_transpose(np.conjugate(a))


def hermitian(rule: Rule) -> Rule:
    """A rule for adjoints that pair with their conjugates, as one for adjoints that do not."""

    def vjp(g: Any, *operands: Any, **params: Any) -> Any:
        return np.conjugate(rule(np.conjugate(g), *operands, **params))

    return vjp


def column_factor(w: Any) -> Any:
    """The entries of `w` as a factor of the columns of a matrix: a product with diag(w)."""
    return w[..., None, :]


def identity(a: Any) -> Any:
    """The identity matrix that `a` can be multiplied by, of its dtype."""
    return np.eye(np.shape(a)[-1], dtype=np.result_type(a))


def eps(x: Any) -> float:
    """The relative rounding error of the dtype of `x`."""
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


def or_nan(function: Callable[..., Any], a: Any, *b: Any) -> Any:
    """`function(a, *b)`, and NaN for the singular matrices: a derivative is no place to raise."""
    try:
        return function(a, *b)
    except np.linalg.LinAlgError:
        singular = np.linalg.slogdet(plain(a))[0] == 0
        return function(np.where(singular[..., None, None], np.nan, a), *b)


def _pinv_vjp(g: Any, y: Any, a: Any, **how: Any) -> Any:
    """[Golub 4.12], for matrices of one rank."""
    yh, gh = adjoint(y), adjoint(g)
    left = gh - a @ (y @ gh)
    right = gh - (gh @ y) @ a
    da = -yh @ g @ yh + left @ y @ yh + yh @ y @ right
    return symmetrised(da) if how.get("hermitian") else da


numpy_row(
    np.linalg.pinv,
    hermitian(_pinv_vjp),
    forward=of_symmetric(np.linalg.pinv, hermitian=False),
    notation=_PSEUDO,
)


def as_columns(b: Any, x: Any) -> Any:
    """`x` with a vector written as a column, where `b` says that it is one."""
    return x[..., None] if np.ndim(b) == 1 else x


def _solve_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    db = np.linalg.solve(matrix_transpose(a), as_columns(b, g))
    return -db @ matrix_transpose(as_columns(b, y))


def _solve_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) > 1 or np.ndim(a) == 2:
        return np.linalg.solve(matrix_transpose(a), g)
    return np.linalg.solve(matrix_transpose(a), g[..., None])[..., 0]


solve = numpy_row(np.linalg.solve, _solve_da, _solve_db, notation=_SOLVE)


def _tensorinv_vjp(g: Any, y: Any, a: Any, *, ind: int = 2) -> Any:
    size = int(np.prod(np.shape(a)[:ind]))
    yt = np.transpose(np.reshape(y, (size, size)))
    return np.reshape(-yt @ np.reshape(g, (size, size)) @ yt, np.shape(a))


numpy_row(np.linalg.tensorinv, _tensorinv_vjp, notation=_INVERSE)


def _tensorsolve_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    matrix = np.reshape(a, (int(np.size(b)), int(np.size(y))))
    return np.reshape(np.linalg.solve(np.transpose(matrix), np.ravel(g)), np.shape(b))


def _tensorsolve_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    db = np.ravel(_tensorsolve_db(g, y, a, b))
    return np.reshape(-np.outer(db, np.ravel(y)), np.shape(a))


tensorsolve = define(
    "tensorsolve",
    np.linalg.tensorsolve,
    vjps=(_tensorsolve_da, _tensorsolve_db),
    notation=_SOLVE,
)


@handles(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = traced(a), traced(b)
    if axes is not None:
        axes = fixed(axes)
        moved = [i for i in range(np.ndim(a)) if i not in axes]
        a = np.transpose(a, [*moved, *axes])
    return tensorsolve(a, b)


# Determinants [Giles 2.2.4].


def _scalars(x: Any) -> Any:
    """A number for each matrix of a batch, as a factor of the matrices."""
    return x[..., None, None] if np.ndim(x) else x


def _cofactors(y: Any, a: Any) -> Any:
    """The derivative of y = det(a), a polynomial in the entries, singular or not.

    It is y * inv(a).T while that is accurate, to second order too; else the matrix of minors, or
    for a large matrix what the singular values say.
    """
    if np.all(plain(y) != 0):
        inverse = np.linalg.inv(a)
        sizes = [np.max(np.abs(plain(m)), axis=(-2, -1), initial=0) for m in (a, inverse)]
        if np.all(sizes[0] * sizes[1] * eps(a) ** 0.75 < 1):
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


det = numpy_row(
    np.linalg.det,
    lambda g, y, a: _scalars(g) * _cofactors(y, a),
    notation=called("det", r"\det"),
)


def _sign_vjp(g: Any, y: Any, a: Any) -> Any:
    """The sign of a complex determinant turns with the imaginary part of the logarithm."""
    if not np.iscomplexobj(a):
        return None
    turn = 1j * np.imag(g * y)
    return _scalars(turn) * matrix_transpose(or_nan(np.linalg.inv, a))


slogdet = each_output(
    np.linalg.slogdet,
    _sign_vjp,
    lambda g, y, a: _scalars(g) * matrix_transpose(or_nan(np.linalg.inv, a)),
    notation=output_of("slogdet", "sign", "logabsdet"),
)
NUMPY[np.linalg.slogdet] = lambda a: slogdet(traced(a))
