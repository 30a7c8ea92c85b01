"""Functions of symmetric matrices, of which NumPy reads one triangle: cholesky, eigh, eigvalsh.

Their gradient is that for the symmetric matrix, equal on both sides of the diagonal, as in JAX. So
differences of the function itself, which see one triangle, are not those of its rule; to compare
them, `both_triangles` lets the rows read both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from graphtrace.ops.shape import matrix_transpose

_BOTH: ContextVar[bool] = ContextVar("graphtrace_both_triangles", default=False)


@contextmanager
def both_triangles() -> Iterator[None]:
    """Let the rows read the mean of both triangles, which of a symmetric matrix is the same."""
    token = _BOTH.set(True)
    try:
        yield
    finally:
        _BOTH.reset(token)


def symmetrised(a: Any) -> Any:
    """The mean of a matrix and its conjugate transpose."""
    return (a + matrix_transpose(np.conjugate(a))) / 2


def of_symmetric(function: Callable[..., Any], *, hermitian: bool = True) -> Callable[..., Any]:
    """`function` as its row runs it; `hermitian` is the default of its parameter of that name."""

    @functools.wraps(function)
    def read(a: Any, *args: Any, **how: Any) -> Any:
        reads_both = _BOTH.get() and how.get("hermitian", hermitian)
        return function(symmetrised(a) if reads_both else a, *args, **how)

    return read
