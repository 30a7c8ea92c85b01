"""Products of matrices and vectors, with any number of leading batch axes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from graphtrace.ops.shape import matrix_transpose, unbroadcast
from graphtrace.primitive import PRODUCT, Form, Notation, Primitive, infix
from graphtrace.variable import (
    NUMPY,
    add_methods,
    binary_operator,
    inplace_operator,
    operation,
    traced,
)

# y = a b:  da = g bᵀ, db = aᵀ g (Giles, "Collected matrix derivative results", 2008, 2.2.2). A
# one-dimensional operand is a row on the left and a column on the right, as in np.matmul.

outer = operation(
    Primitive(
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
    )
)
NUMPY[np.outer] = lambda a, b, out=None: outer(traced(a), traced(b))


def _matmul_da(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:
        if np.ndim(a) == 1:
            return g * b
        return outer(g, b) if np.ndim(a) == 2 else g[..., None] * b
    if np.ndim(a) == 1:
        return b @ g if np.ndim(b) == 2 else unbroadcast((b @ g[..., None])[..., 0], a)
    return unbroadcast(g @ matrix_transpose(b), a)


def _matmul_db(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(a) == 1:
        if np.ndim(b) == 1:
            return g * a
        return outer(a, g) if np.ndim(b) == 2 else a[:, None] * g[..., None, :]
    if np.ndim(b) == 1:
        if np.ndim(a) == 2:
            return matrix_transpose(a) @ g
        return unbroadcast((matrix_transpose(a) @ g[..., None])[..., 0], b)
    return unbroadcast(matrix_transpose(a) @ g, b)


_matmul = Primitive(
    "matmul",
    operator.matmul,
    vjps=(_matmul_da, _matmul_db),
    notation=infix(" @ ", r" \, ", PRODUCT),
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


def _dot(a: Any, b: Any, out: None = None) -> Any:
    a, b = traced(a), traced(b)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return np.matmul(a, b)
    # Over the last axis of a and the last but one of b: bring that to the front and flatten.
    moved = np.moveaxis(b, -2, 0)
    flat = np.reshape(moved, (np.shape(moved)[0], -1))
    return np.reshape(np.matmul(a, flat), np.shape(a)[:-1] + np.shape(moved)[1:])


NUMPY[np.dot] = _dot
