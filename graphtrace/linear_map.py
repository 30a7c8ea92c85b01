"""LinearMap: the local derivative on an edge where it is no number and no elementwise array.

In: a row and the position of one operand. Out: the map ∂y/∂x between arrays, applied by the rule of
the row and never written out unless `to_dense` asks for it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.sweep import pull, push
from graphtrace.symbol import Row, Symbol


class LinearMap:
    """The derivative ∂y/∂x of an array in an array, as a linear map.

    `local @ t` is the change of the output for a change `t` of the operand (jvp); `g @ local`, the
    same as `local.T @ g`, is the operand's adjoint for the output's adjoint `g` (vjp).
    `str(local)` is its formula, `W.T` for x in x @ W.

    >>> import graphtrace as gt, numpy as np
    >>> def f(W, x):
    ...     return W @ x
    >>> local = gt.trace(f, np.arange(6.0).reshape(2, 3), np.ones(3)).edges["x", "f", 1]["local"]
    >>> local.shape, local @ np.ones(3), local.T @ np.ones(2)
    ((2, 3), array([ 3., 12.]), array([3., 5., 7.]))
    """

    __slots__ = ("_k", "_row", "_transposed")

    # NumPy hands `array @ local` to __rmatmul__.
    __array_ufunc__ = None

    def __init__(self, row: Row, k: int, *, transposed: bool = False) -> None:
        self._row = row
        self._k = k
        self._transposed = transposed

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's shape followed by the operand's, as of a Jacobian."""
        out: tuple[int, ...] = np.shape(self._row.value)
        into: tuple[int, ...] = np.shape(self._row.operands[self._k])
        return into + out if self._transposed else out + into

    @property
    def structure(self) -> str:
        """What kind of map it is: "diagonal", "broadcast", or the operation, "matmul"."""
        primitive = self._row.primitive
        if primitive.partials is None:
            return primitive.name
        same = np.shape(self._row.value) == np.shape(self._row.operands[self._k])
        return "diagonal" if same else "broadcast"

    @property
    def T(self) -> LinearMap:
        """The transposed map, from adjoints of the output to adjoints of the operand."""
        return LinearMap(self._row, self._k, transposed=not self._transposed)

    def __matmul__(self, x: Any) -> Any:
        return self._pull(x) if self._transposed else self._push(x)

    def __rmatmul__(self, x: Any) -> Any:
        return self._push(x) if self._transposed else self._pull(x)

    def to_dense(self) -> np.ndarray[Any, Any]:
        """The map written out as an array of its `shape`."""
        row = self._row
        out, into = np.shape(row.value), np.shape(row.operands[self._k])
        rows = [
            self._pull(unit.reshape(out)[()])
            for unit in np.eye(math.prod(out), dtype=np.result_type(row.value))
        ]
        dense = np.array(rows, dtype=np.result_type(row.value)).reshape(out + into)
        if self._transposed:
            axes = tuple(range(dense.ndim))
            return np.transpose(dense, axes[len(out) :] + axes[: len(out)])
        return dense

    def __str__(self) -> str:
        text = str(Symbol(self._row, self._k))
        return f"({text}).T" if self._transposed else text

    def __repr__(self) -> str:
        return f"<LinearMap {self} {self.structure} {self.shape}>"

    def _pull(self, g: Any) -> Any:
        row = self._row
        _require_shape(g, np.shape(row.value))
        with np.errstate(all="ignore"):
            pulled = pull(row.primitive, self._k, g, row.value, row.operands, row.params)
        return np.zeros(np.shape(row.operands[self._k])) if pulled is None else pulled

    def _push(self, t: Any) -> Any:
        row = self._row
        _require_shape(t, np.shape(row.operands[self._k]))
        with np.errstate(all="ignore"):
            pushed = push(row.primitive, self._k, t, row.value, row.operands, row.params)
        return np.zeros(np.shape(row.value)) if pushed is None else pushed


def _require_shape(x: Any, shape: tuple[int, ...]) -> None:
    if np.shape(x) != shape:
        raise ArgumentError(f"this local derivative takes shape {shape}, not {np.shape(x)}")
