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
from graphtrace.ops.shape import matrix_transpose

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


def matmul_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    """The adjoint of a in y = a @ b."""
    if b.ndim == 1:
        if a.ndim == 1:
            return g * b
        return outer(g, b) if a.ndim == 2 else g[..., None] * b
    if a.ndim == 1:
        return b @ g if b.ndim == 2 else unbroadcast((b @ g[..., None])[..., 0], a)
    return unbroadcast(g @ _transposed(b), a)


def matmul_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    """The adjoint of b in y = a @ b."""
    if a.ndim == 1:
        if b.ndim == 1:
            return g * a
        return outer(a, g) if b.ndim == 2 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        if a.ndim == 2:
            return matrix_transpose(a) @ g
        return unbroadcast((matrix_transpose(a) @ g[..., None])[..., 0], b)
    return unbroadcast(_transposed(a) @ g, b)


PRODUCT_OF_MATRICES = infix(" @ ", r" \, ", PRODUCT)
MATMUL = Primitive(
    "matmul",
    operator.matmul,
    vjps=(matmul_da, matmul_db),
    notation=PRODUCT_OF_MATRICES,
    code=Code(operator_form(PRODUCT_OF_MATRICES.text), "rule", memory="own"),
)
operation(MATMUL, np.matmul, np.linalg.matmul)
_method, _reflected = binary_operator(MATMUL)
add_methods(
    {
        "__matmul__": _method,
        "__rmatmul__": _reflected,
        "__imatmul__": inplace_operator(_method),
    }
)
