"""LinearMap: the local derivative on an edge where it is no number and no elementwise array.

In: a row and the position of one operand. Out: the map ∂y/∂x between arrays, applied by the rule of
the row and never written out unless `to_dense` asks for it, and the name of its structure, which is
found by applying it: there is no second table that says which operation only moves entries about.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.sweep import pull, push
from graphtrace.errors import ArgumentError
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol, product_with
from graphtrace.formula.term import Hole, Quotient

Apply = Callable[[Any], Any]


class LinearMap:
    """The derivative ∂y/∂x of an array in an array, as a linear map.

    `local @ t` is the change of the output for a change `t` of the operand (jvp); `g @ local`, the
    same as `local.T @ g`, is the operand's adjoint for the output's adjoint `g` (vjp). The product
    of two maps, `∂z/∂y @ ∂y/∂x`, is a map. `str(local)` is its formula, `W` for x in W @ x and
    `· @ W` for x in x @ W, or its structure where no formula says it.

    >>> import graphtrace as gt, numpy as np
    >>> def f(W, x):
    ...     return W @ x
    >>> local = gt.trace(f, np.arange(6.0).reshape(2, 3), np.ones(3)).edges["x", "f", 1]["local"]
    >>> local.shape, local @ np.ones(3), local.T @ np.ones(2)
    ((2, 3), array([ 3., 12.]), array([3., 5., 7.]))
    >>> local.structure, str(local)
    ('matmul by W', 'W')
    """

    __slots__ = ("_factors", "_named")

    # NumPy hands `array @ local` to __rmatmul__.
    __array_ufunc__ = None

    def __init__(self, row: Row, k: int) -> None:
        self._factors: tuple[_Factor, ...] = (_Factor(row, k, is_transposed=False),)
        self._named: str | None = None  # its structure, once somebody asked

    @property
    def shape(self) -> tuple[int, ...]:
        """The output's shape followed by the operand's, as of a Jacobian."""
        return self._factors[0].out + self._factors[-1].into

    @property
    def structure(self) -> str:
        """What kind of map it is.

        "diagonal", "reshape" (all entries in their order, in another shape), "permutation" (in
        another order), "selection" (of some entries), "padding" (with zeros), "broadcast" or
        "weighted broadcast" (an entry goes to several, as it is or multiplied), "sum" or "weighted
        sum" (an entry goes to one sum), "matmul by W", "zero", or "dense" where it is none of
        these.
        """
        if self._named is None:
            self._named = self._structure()
        return self._named

    def _structure(self) -> str:
        if len(self._factors) == 1:
            row, k, is_transposed = self._factors[0]
            is_same = np.shape(row.value) == np.shape(row.operands[k])
            if row.primitive.partials is not None and (is_same or not is_transposed):
                ones = np.ones(self._factors[-1].into)[()]
                return "diagonal" if is_same else _broadcast(self @ ones)
            by = product_with(row, k)
            if by is not None:
                return f"matmul by {by}"
        return _structure(
            self.__matmul__, self.__rmatmul__, self._factors[0].out, self._factors[-1].into
        )

    @property
    def entries(self) -> int:
        """How many numbers it reads at most, one operand of one of its factors."""
        rows = (factor.row for factor in self._factors)
        return max(np.size(x) for row in rows for x in (row.value, *row.operands))

    @property
    def T(self) -> LinearMap:
        """The transposed map, from adjoints of the output to adjoints of the operand."""
        flipped = (f._replace(is_transposed=not f.is_transposed) for f in self._factors)
        return _product(*reversed(tuple(flipped)))

    def __matmul__(self, x: Any) -> Any:
        if isinstance(x, LinearMap):
            _require_shape(x._factors[0].out, self._factors[-1].into)
            return _product(*self._factors, *x._factors)
        _require_shape(np.shape(x), self._factors[-1].into)
        for factor in reversed(self._factors):
            x = factor.push(x)
        return x

    def __rmatmul__(self, x: Any) -> Any:
        _require_shape(np.shape(x), self._factors[0].out)
        for factor in self._factors:
            x = factor.pull(x)
        return x

    def to_dense(self, *, at_most: int = 10**7) -> np.ndarray[Any, Any]:
        """The map written out as an array of its `shape`.

        Raises ArgumentError where that has more than `at_most` entries.
        """
        out, into = self._factors[0].out, self._factors[-1].into
        entries = math.prod(out) * math.prod(into)
        if entries > at_most:
            raise ArgumentError(
                f"this map is a matrix of {self.size}, which has {entries} entries; apply it as it "
                f"is with @, or write it out nevertheless by to_dense(at_most={entries})"
            )
        dtype = np.result_type(*(f.row.value for f in self._factors))
        units = np.eye(math.prod(out), dtype=dtype)
        rows = [unit.reshape(out)[()] @ self for unit in units]
        return np.array(rows, dtype=dtype).reshape(out + into)

    @property
    def size(self) -> str:
        """The size of its matrix, `2×3`: entries of the output by those of the operand."""
        return f"{math.prod(self._factors[0].out)}×{math.prod(self._factors[-1].into)}"

    def __str__(self) -> str:
        texts = [_product(factor)._text() for factor in self._factors]
        if len(texts) > 1:
            texts = [f"({text})" if "·" in text else text for text in texts]
        return " @ ".join(texts)

    def _text(self) -> str:
        term = Symbol(self._factors[0].row, self._factors[0].k).term
        is_product = term.op in ("matmul", "multiply")
        has_formula = term.number != 1 and not any(
            isinstance(leaf.atom, Quotient) or (isinstance(leaf.atom, Hole) and not is_product)
            for leaf in term.leaves
        )
        return str(self._factors[0]) if has_formula else self.structure

    def __repr__(self) -> str:
        return f"<LinearMap {self} {self.structure} {self.shape}>"


class _Factor(NamedTuple):
    """The local derivative of one row in one operand, or its transpose."""

    row: Row
    k: int
    is_transposed: bool

    @property
    def out(self) -> tuple[int, ...]:
        return np.shape(self.row.operands[self.k] if self.is_transposed else self.row.value)

    @property
    def into(self) -> tuple[int, ...]:
        return np.shape(self.row.value if self.is_transposed else self.row.operands[self.k])

    def push(self, x: Any) -> Any:
        return self._apply(pull if self.is_transposed else push, x, self.out)

    def pull(self, x: Any) -> Any:
        return self._apply(push if self.is_transposed else pull, x, self.into)

    def _apply(self, rule: Callable[..., Any], x: Any, shape: tuple[int, ...]) -> Any:
        row = self.row
        with np.errstate(all="ignore"):
            y = rule(row.primitive, self.k, x, row.value, row.operands, row.params)
        return np.zeros(shape) if y is None else y

    def __str__(self) -> str:
        text = str(Symbol(self.row, self.k))
        if not self.is_transposed:
            return text
        return f"{text}.T" if text.isidentifier() else f"({text}).T"


def _product(*factors: _Factor) -> LinearMap:
    product = LinearMap.__new__(LinearMap)
    product._factors = factors
    product._named = None
    return product


def is_negative(local: LinearMap) -> bool:
    """Whether a map that repeats entries multiplies each of them with −1."""
    return bool(np.all(local @ np.ones(local._factors[-1].into)[()] == -1))


def _require_shape(actual: tuple[int, ...], shape: tuple[int, ...]) -> None:
    if actual != shape:
        raise ArgumentError(f"this local derivative takes shape {shape}, not {actual}")


def _structure(forth: Apply, back: Apply, out: tuple[int, ...], into: tuple[int, ...]) -> str:
    """The name of what a map does to entries, or of what its transpose does."""
    picked = _picked(forth, into)
    if picked is not None:
        at, weights = picked
        if not np.any(weights):
            return "zero"
        size, kept = math.prod(into), at[weights != 0]
        is_onto, is_whole = np.unique(kept).size == size, kept.size == at.size
        if np.all(weights[weights != 0] == 1):
            if is_onto and kept.size == size:
                if not is_whole:
                    return "padding"
                is_in_order = out != into and np.array_equal(at, np.arange(size))
                return "reshape" if is_in_order else "permutation"
            if is_whole and not is_onto:
                return "selection"
        if out == into and np.array_equal(kept, np.flatnonzero(weights)):
            return "diagonal"
        if is_onto and kept.size > size:
            return _broadcast(weights)
    picked = _picked(back, out)
    if picked is None:
        return "dense"
    return "sum" if np.all(picked[1] == 1) else "weighted sum"


def _broadcast(weights: Any) -> str:
    return "broadcast" if np.all(weights == 1) else "weighted broadcast"


def _picked(apply: Apply, shape: tuple[int, ...]) -> tuple[Any, Any] | None:
    """Which entry of the argument each entry of the result is a multiple of, and the factors.

    None where an entry of the result depends on several. The image of ones is the factors. An entry
    is found by its place, written in digits that the type of the numbers can tell apart, and is
    known again by the image of random numbers.
    """
    size = math.prod(shape)
    if not size:
        return None

    def image(x: Any) -> Any:
        return np.ravel(apply(x.reshape(shape)[()]))

    ones = image(np.ones(size))
    if np.iscomplexobj(ones):
        return None
    eps = np.finfo(ones.dtype).eps
    base = int(min(_MOST_DIGITS, 1 / (32 * eps)))
    places = np.arange(size)
    at = np.zeros(ones.shape, places.dtype)
    unit = 1
    while unit < size:
        digits = image(1 + places // unit % base / base)
        if np.iscomplexobj(digits):
            return None
        with np.errstate(all="ignore"):
            digits = np.where(ones != 0, digits / ones - 1, 0) * base
        if not np.all(abs(digits - np.rint(digits)) <= 0.25):  # a mean of several
            return None
        at += np.clip(np.rint(digits), 0, base - 1).astype(at.dtype) * unit
        unit *= base
    at = np.minimum(at, size - 1)
    labels = np.random.default_rng(0).uniform(1.0, 2.0, size)
    is_multiple = abs(labels[at] * ones - image(labels)) <= 8 * eps * abs(ones)
    return (at, ones) if np.all(is_multiple) else None


_MOST_DIGITS = 1024
