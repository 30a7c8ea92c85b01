"""How much work a row of a file asks for, known before any of it is done.

In: a row's operation, operands and params. Out: the entries that it makes and the steps that it
takes, about and at most; nothing here runs an operation. What a file may ask for is bounded by its
length, `Allowance`: an honest one has each value written in it.

An operation that is not named here makes no more entries than its operands have, alone or broadcast
together.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.primitive import Primitive
from graphtrace.ops.einsum import _explicit
from graphtrace.ops.index import filled

_FREE_ENTRIES, _FREE_STEPS = 2**22, 2**31
_ENTRIES, _STEPS = 16, 2**13  # more for each character, of which an entry has two or more
_PYTHON = 4096  # steps in the time of one in Python
_BITS = 1024


class Work(NamedTuple):
    """The entries that a row makes at once, and the steps that it takes."""

    entries: float
    steps: float = 0


_Count = Callable[[Sequence[Any], Mapping[str, Any]], float | Work]


class Allowance:
    """What a file of this length may ask for: entries in each row, and steps in all of them."""

    def __init__(self, length: int) -> None:
        self._entries = _FREE_ENTRIES + _ENTRIES * length
        self._steps: float = _FREE_STEPS + _STEPS * length

    def spend(self, primitive: Primitive, xs: Sequence[Any], params: Mapping[str, Any]) -> None:
        """Take off what a row needs; raises ValueError where there is not as much left."""
        needed = work(primitive, xs, params)
        self._steps -= needed.steps
        if needed.entries > self._entries or self._steps < 0:
            raise ValueError(
                f"{primitive.name} would take more memory or time than a file of this length may "
                "ask for"
            )


def work(primitive: Primitive, xs: Sequence[Any], params: Mapping[str, Any]) -> Work:
    """What a row makes and takes.

    >>> from graphtrace.core.primitive import PRIMITIVES
    >>> work(PRIMITIVES["matmul"], [np.zeros((10, 1)), np.zeros((1, 20))], {})
    Work(entries=200, steps=1000)
    """
    _require_small_ints(primitive, xs)
    count: _Count = _COUNTS.get(primitive.name.removeprefix("np."), _default)
    needed = count(xs, params)
    entries, steps = needed if isinstance(needed, Work) else (needed, 0)
    if not (entries >= 0 and steps >= 0):
        raise ValueError(f"a negative number of entries of {primitive.name}")
    return Work(entries, steps + 4 * entries)


def _require_small_ints(primitive: Primitive, xs: Sequence[Any]) -> None:
    """Python's ints have no bound: a power, or a chain of products, would fill any memory."""
    bits = [x.bit_length() for x in xs if type(x) is int]
    total = sum(bits)
    if primitive.forward is operator.pow and len(bits) == 2:
        total = bits[0] * min(abs(xs[1]), 2 * _BITS)
    if total > 2 * _BITS:
        raise ValueError(f"{primitive.name} of whole numbers that are larger than any float")


# Shapes.


def _default(xs: Sequence[Any], p: Mapping[str, Any]) -> int:
    return max(_broadcast(xs), _all(xs))


def _all(xs: Sequence[Any], p: Any = None) -> int:
    return sum([x.size if isinstance(x, np.ndarray) else 1 for x in xs])


def _broadcast(xs: Sequence[Any]) -> int:
    """The entries of the operands together; those of all where they do not fit together."""
    shapes = [x.shape for x in xs if isinstance(x, np.ndarray)]
    try:
        return math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        return _all(xs)


def _product(x: Any) -> int:
    """The product of an int, or of those in a tuple, a list or an array."""
    return math.prod(abs(int(n)) for n in np.ravel(x))


def _extent(a: Any, axis: Any) -> int:
    """The extent of an axis; all entries where it is None."""
    return int(np.size(a) if axis is None else np.shape(a)[axis])


def _resized(a: Any, axis: Any, extent: float) -> float:
    """The entries of `a` if that axis had another extent."""
    return np.size(a) // max(_extent(a, axis), 1) * extent


def _repeat(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    repeats, axis = np.asarray(p["repeats"]), p.get("axis")
    times = _extent(xs[0], axis) if repeats.size == 1 else 1
    return _resized(xs[0], axis, int(repeats.sum()) * times)


def _pad(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    widths = np.broadcast_to(np.asarray(p["widths"], object), (np.ndim(xs[0]), 2))
    return _product([n + sum(pair) for n, pair in zip(np.shape(xs[0]), widths, strict=True)])


def _indexed(xs: Sequence[Any], p: Mapping[str, Any], first: int = 1) -> float | Work:
    """The entries of a[index]: of the index arrays together, times the axes that remain.

    The operands from the `first` on are those of the index.
    """
    index = filled(p["index"], tuple(xs[first:]))
    parts = index if type(index) is tuple else (index,)
    axes, kept, shapes = list(np.shape(xs[0])), 1, []
    skipped = len(axes) - sum(map(_consumed, parts))
    for part in parts:
        count = skipped if part is ... else _consumed(part)
        taken, axes = axes[:count], axes[count:]
        if part is ...:
            kept *= math.prod(taken)
        elif isinstance(part, slice):
            kept *= len(range(*part.indices(*taken)))
        elif part is not None:
            part = np.asarray(part)
            shapes.append((int(np.count_nonzero(part)),) if part.dtype == bool else part.shape)
    return float(kept * math.prod(axes) * math.prod(np.broadcast_shapes(*shapes)))


def _consumed(part: Any) -> int:
    """How many axes a part of an index stands for."""
    if part is None or part is ...:
        return 0
    if isinstance(part, slice):
        return 1
    part = np.asarray(part)
    return part.ndim if part.dtype == bool else 1


# Products.


def _einsum(xs: Sequence[Any], subscripts: str) -> Work:
    """The entries of the output, and a step for each combination of all labels."""
    inputs, output = _explicit(subscripts, [np.ndim(x) for x in xs])
    extents: dict[str, int] = {}
    for labels, x in zip(inputs, xs, strict=True):
        for label, n in zip(labels, np.shape(x), strict=True):
            extents[label] = max(n, extents.get(label, 1))
    return Work(math.prod(extents[c] for c in output), math.prod(extents.values()))


def _einsum_row(xs: Sequence[Any], p: Mapping[str, Any]) -> Work:
    """It is done by no BLAS, and looks first for an order, if it is told to."""
    entries, steps = _einsum(xs, p["subscripts"])
    is_thorough = "optimal" in np.ravel(np.asarray(p.get("optimize"), object))
    orders = math.factorial(min(len(xs), 20)) if is_thorough else 64 * len(xs) ** 3
    return Work(entries, 8 * steps + orders)


def _matmul(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    a, b = map(np.ndim, xs)
    return _einsum(xs, f"{'i' if a == 1 else '...hi'},{'i' if b == 1 else '...ij'}")


def _contracted(xs: Sequence[Any], extent: int) -> float | Work:
    """A product of each entry with each, but for axes of that extent, which are summed over."""
    entries = math.prod(np.size(x) / max(extent, 1) for x in xs)
    return Work(entries, entries * extent)


def _tensordot(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    axes, shape = p.get("axes", 2), np.shape(xs[0])
    if type(axes) is int:
        if axes > len(shape):
            return axes  # NumPy lists them before it looks how many there are
        return _contracted(xs, math.prod(shape[len(shape) - axes :]))
    return _contracted(xs, math.prod(shape[i] for i in np.ravel(axes[0])))


def _multi_dot(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    """The chain in the best order, which is no worse than to begin at either end."""
    first, *others = map(np.shape, xs)
    n: list[int] = [*(1, *first)[-2:], *(shape[1] if len(shape) > 1 else 1 for shape in others)]
    steps = min(sum(end * a * b for a, b in pairwise(n)) for end in (n[0], n[-1]))
    return Work(min(steps, len(n) * math.prod(sorted(n)[-2:])), steps + 64 * len(n) ** 3)


# Decompositions and polynomials, which take steps for each of the entries.


def _solved(xs: Sequence[Any], p: Mapping[str, Any], steps: int = 2) -> Work:
    """Steps for each entry of a matrix and each of its rows, or columns."""
    shapes = [np.shape(x) for x in xs]
    batch = math.prod(np.broadcast_shapes(*(shape[:-2] for shape in shapes)))
    entries = batch * sum(math.prod(shape[-2:]) for shape in shapes)
    return Work(entries, entries * min((1, *shapes[0])[-2:]) * steps)


def _factors(xs: Sequence[Any], p: Mapping[str, Any]) -> Work:
    """A decomposition whose factors may be square where the matrix is not."""
    shape = np.shape(xs[0])
    is_square = p.get("full_matrices", "mode" not in p) or p.get("mode") == "complete"
    more = math.prod(shape[:-2]) * max(shape[-2:]) ** 2 if is_square else 0
    entries, steps = _solved(xs, p, 64)
    return Work(entries + more, steps + more * min(shape[-2:]))


def _covariances(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    rows = sum(max((1, *np.shape(x))[-2:]) if np.ndim(x) > 1 else 1 for x in xs)
    return Work(rows**2, rows * _all(xs))


def _fourier(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    a, axes, lengths = xs[0], p.get("axes"), p.get("s", p.get("n"))
    if lengths is None:
        return 4 * np.size(a)
    if "n" in p:
        axes = (p.get("axis", -1),)
    elif axes is None:
        axes = range(-len(lengths), 0)
    pairs = zip(np.ravel(lengths), axes, strict=True)
    return 4 * np.size(a) * math.prod(int(n) / max(_extent(a, axis), 1) for n, axis in pairs)


def _histogram(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    a, bins = np.asarray(xs[0]), p.get("bins", 10)
    if isinstance(bins, str):
        return 4 * _all(xs) + (_freedman_diaconis(a) if bins == "fd" else 0)
    columns = a.shape[1] if a.ndim == 2 else 1
    each = bins if a.ndim == 2 and type(bins) is not int else [bins] * columns
    return _all(xs) + math.prod((n if type(n) is int else np.size(n)) + 2 for n in each)


def _freedman_diaconis(a: Any) -> float:
    """How many bins the rule of Freedman and Diaconis makes: any number, for a narrow middle."""
    width = 2 * np.subtract(*np.percentile(a, [75, 25])) / np.cbrt(a.size)
    return float(np.ptp(a) / width) if width else 1


def _diagonal(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    """A matrix that is made of a vector; tril and triu make one of rows that are alike."""
    is_vector = np.ndim(xs[0]) < 2
    return (np.size(xs[0]) + abs(p.get("k", 0))) ** 2 if is_vector else np.size(xs[0])


def _take_along_axis(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    shape, axis = list(np.shape(xs[0])), p.get("axis", -1)
    if axis is not None:
        shape[axis] = 1
    return _broadcast([np.broadcast_to(0, shape or (1,)), p["indices"]])


def _insert(xs: Sequence[Any], p: Mapping[str, Any]) -> float | Work:
    axis, at = p.get("axis"), p["obj"]
    count = _extent(xs[0], axis) + np.size(xs[1]) if isinstance(at, slice) else np.size(at)
    return _all(xs) + _resized(xs[0], axis, count)


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x)))


_NAMED: dict[str, _Count] = {
    "add.at getitem subtract.at": _indexed,
    "bincount": lambda xs, p: _all(xs) + max(_largest(xs[0]), p.get("minlength", 0)),
    "convolve correlate polydiv_quotient polydiv_remainder polyval": (
        lambda xs, p: Work(_all(xs), math.prod(map(np.size, xs)))
    ),
    "cov corrcoef": _covariances,
    "diag tril triu": _diagonal,
    "diagflat": lambda xs, p: (np.size(xs[0]) + abs(p.get("k", 0))) ** 2,
    # NumPy goes along the offset, and at -2**31 beyond its memory.
    "diagonal trace": lambda xs, p: np.size(xs[0]) + abs(p.get("offset", 0)),
    "diff": lambda xs, p: Work(np.size(xs[0]), p["n"] * (_PYTHON + np.size(xs[0]))),
    "digitize interp lexsort searchsorted": _all,
    "dot inner": (
        lambda xs, p: _contracted(xs, np.shape(xs[0])[-1] if all(map(np.ndim, xs)) else 1)
    ),
    "einsum": _einsum_row,
    "fft fft2 fftn hfft ifft ifft2 ifftn ihfft irfft irfft2 irfftn rfft rfft2 rfftn": _fourier,
    "gather scatter": lambda xs, p: _product(p["shape"]) + np.size(p["origin"]),
    "geomspace linspace logspace": lambda xs, p: _broadcast(xs) * p.get("num", 50),
    "histogram": _histogram,
    # Their derivatives take terms for the argument's size and the order.
    "i0 sinc": lambda xs, p: np.size(xs[0]) * (64 + p.get("order", 0) ** 3 + _largest(xs[0])),
    "insert": _insert,
    "isin": lambda xs, p: _all(xs) + (np.ptp(xs[1]) if p.get("kind") == "table" else 0),
    "kron nanpercentile nanquantile outer percentile quantile": lambda xs, p: _contracted(xs, 1),
    "cholesky det inv slogdet solve": _solved,
    "cond eig eigh eigvals eigvalsh lstsq matrix_norm matrix_rank norm pinv svdvals": (
        lambda xs, p: _solved(xs, p, 64)
    ),
    "matmul": _matmul,
    "matrix_power": lambda xs, p: _solved(xs, p, 2 * p["n"].bit_length() + 2),
    "matvec": lambda xs, p: _einsum(xs, "...ij,...j->...i"),
    "multi_dot": _multi_dot,
    "pad": _pad,
    "poly": lambda xs, p: Work(np.size(xs[0]), np.size(xs[0]) * (_PYTHON + np.size(xs[0]))),
    "polyfit": lambda xs, p: Work(_all(xs) * (p["deg"] + 1), _all(xs) * (p["deg"] + 1) ** 2),
    "qr svd": _factors,
    "repeat": _repeat,
    "resize": lambda xs, p: _product(p["new_shape"]),
    "roots": lambda xs, p: Work(np.size(xs[0]) ** 2, 16 * np.size(xs[0]) ** 3),
    "round": lambda xs, p: Work(_all(xs), 8 * abs(p.get("decimals", 0))),
    "scatter_at": lambda xs, p: np.size(p["like"]),
    "setitem": lambda xs, p: _indexed(xs, p, 2),
    # The recurrence of a Bessel function goes up to its order.
    "special.kn special.yn": lambda xs, p: Work(_broadcast(xs), _broadcast(xs) * _largest(xs[0])),
    "take": lambda xs, p: _resized(xs[0], p.get("axis"), np.size(p["indices"])),
    "take_along_axis": _take_along_axis,
    "tensordot": _tensordot,
    # A system of equations whose matrix has several axes.
    "tensorinv tensorsolve": (
        lambda xs, p: Work(_all(xs), 2 * _all(xs) * math.sqrt(np.size(xs[0])))
    ),
    "tile": lambda xs, p: np.size(xs[0]) * _product(p["reps"]),
    "ufunc.reduceat": lambda xs, p: _resized(xs[0], p.get("axis", 0), np.size(p["starts"])),
    "unpackbits": lambda xs, p: np.size(xs[0]) * max(8, abs(p.get("count") or 0)),
    "vander": lambda xs, p: np.size(xs[0]) * p["N"],
    "vecdot": lambda xs, p: _einsum(xs, "...i,...i->..."),
    "vecmat": lambda xs, p: _einsum(xs, "...i,...ij->...j"),
}
_COUNTS: dict[str, _Count] = {
    name: count for names, count in _NAMED.items() for name in names.split()
}
