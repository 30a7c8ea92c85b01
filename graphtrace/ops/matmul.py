"""Products of matrices and vectors, with any number of leading batch axes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from graphtrace.core.primitive import PRODUCT, Code, Form, Notation, Primitive, infix
from graphtrace.core.refusal import no_out
from graphtrace.core.sweep import unbroadcast
from graphtrace.core.variable import add_methods, define, handles, operation, traced
from graphtrace.ops.as_python import operator_form
from graphtrace.ops.operators import binary_operator, inplace_operator
from graphtrace.ops.shape import matrix_transpose, merged

# y = a b:  da = g bᵀ, db = aᵀ g (Giles, "Collected matrix derivative results", 2008, 2.2.2). A
# one-dimensional operand is a row on the left and a column on the right, as in np.matmul.

outer = define(
    "outer",
    np.outer,
    vjps=(
        lambda g, y, a, b: np.reshape(g @ np.ravel(b), np.shape(a)),
        lambda g, y, a, b: np.reshape(np.ravel(a) @ g, np.shape(b)),
    ),
    notation=Notation(
        Form("outer($0, $1)"),
        Form(r"{$0} \, {$1}^{\mathsf{T}}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    ),
    code=Code(None, "rule", memory="own"),
)


@handles(np.outer)
def _outer(a: Any, b: Any, out: Any = None) -> Any:
    no_out(np.outer, out)
    return outer(traced(a), traced(b))


def _transposed(a: Any) -> Any:
    """`matrix_transpose`, without its microsecond where nothing is traced."""
    return a.mT if type(a) is np.ndarray else matrix_transpose(a)


def _matmul_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        if a.ndim == 1:
            return g * b
        return outer(g, b) if a.ndim == 2 else g[..., None] * b
    if a.ndim == 1:
        return b @ g if b.ndim == 2 else unbroadcast((b @ g[..., None])[..., 0], a)
    return unbroadcast(g @ _transposed(b), a)


def _matmul_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        if b.ndim == 1:
            return g * a
        return outer(a, g) if b.ndim == 2 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        if a.ndim == 2:
            return matrix_transpose(a) @ g
        return unbroadcast((matrix_transpose(a) @ g[..., None])[..., 0], b)
    return unbroadcast(_transposed(a) @ g, b)


_PRODUCT = infix(" @ ", r" \, ", PRODUCT)
_matmul = Primitive(
    "matmul",
    operator.matmul,
    vjps=(_matmul_da, _matmul_db),
    notation=_PRODUCT,
    code=Code(operator_form(_PRODUCT.text), "rule", memory="own"),
)
operation(_matmul, np.matmul, np.linalg.matmul)
_method, _reflected = binary_operator(_matmul)
add_methods(
    {
        "__matmul__": _method,
        "__rmatmul__": _reflected,
        "__imatmul__": inplace_operator(_method),
    }
)


def _columns(b: Any) -> Any:
    """An operand of np.dot with the axis that is summed over first, and the others flattened."""
    moved = b if np.ndim(b) == 1 else np.moveaxis(b, -2, 0)
    return merged(moved, 1)


def _dot_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) <= 2:
        return _matmul_da(g, y, a, b)
    columns = _columns(b)
    return np.reshape(merged(g, np.ndim(a) - 1) @ columns.T, np.shape(a))


def _dot_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return _matmul_db(g, y, a, b)
    g = merged(g, np.ndim(a) - 1)
    pulled = np.tensordot(a, g, (range(np.ndim(a) - 1),) * 2)
    if np.ndim(b) == 1:
        return np.reshape(pulled, np.shape(b))
    rest = np.shape(b)[:-2] + np.shape(b)[-1:]
    return np.moveaxis(np.reshape(pulled, (np.shape(b)[-2], *rest)), 0, -2)


_dot_row = define(
    "dot",
    np.dot,
    vjps=(_dot_da, _dot_db),
    notation=_matmul.notation,
    code=Code(static="shape"),
)


@handles(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    no_out(np.dot, out)
    a, b = traced(a), traced(b)
    return np.multiply(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else _dot_row(a, b)
