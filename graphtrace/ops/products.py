"""Products beyond matmul and einsum: tensordot, those of vectors, kron, matrix powers, trace.

Each is one row under NumPy's name. The adjoint of a product in one factor is the product of the
output's adjoint with the other factors (Giles, "Collected matrix derivative results", 2008, 2.2.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import ATOM, PRODUCT, Code, Form, Notation, Rule, called
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, define, handles, traced
from graphtrace.ops.matmul import PRODUCT_OF_MATRICES, matmul_da, matmul_db, outer
from graphtrace.ops.rows import numpy_row
from graphtrace.ops.shape import matrix_transpose

# tensordot and inner

Axes = tuple[tuple[int, ...], tuple[int, ...]]


def _summed_axes(a: Any, b: Any, axes: Any) -> Axes:
    """The axes of each operand that tensordot sums over, counted from the front."""
    if isinstance(axes, (int, np.integer)):
        left: Any = range(np.ndim(a) - axes, np.ndim(a))
        right: Any = range(axes)
    else:
        left, right = axes
    return _counted(left, np.ndim(a)), _counted(right, np.ndim(b))


def _counted(axes: Any, ndim: int) -> tuple[int, ...]:
    return tuple(int(i) % ndim for i in np.atleast_1d(np.asarray(axes, int)))


def _others(axes: tuple[int, ...], ndim: int) -> list[int]:
    return [i for i in range(ndim) if i not in axes]


def _tensordot_da(g: Any, y: Any, a: Any, b: Any, *, axes: Any = 2) -> Any:
    left, right = _summed_axes(a, b, axes)
    free, free_b = _others(left, np.ndim(a)), _others(right, np.ndim(b))
    da = np.tensordot(g, b, (list(range(len(free), np.ndim(y))), free_b))
    order = [*free, *(left[i] for i in np.argsort(right))]
    return np.transpose(da, np.argsort(order)) if order else da


def _tensordot_db(g: Any, y: Any, a: Any, b: Any, *, axes: Any = 2) -> Any:
    left, right = _summed_axes(a, b, axes)
    free_a, free = _others(left, np.ndim(a)), _others(right, np.ndim(b))
    db = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    order = [*(right[i] for i in np.argsort(left)), *free]
    return np.transpose(db, np.argsort(order)) if order else db


tensordot = numpy_row(np.tensordot, _tensordot_da, _tensordot_db)
NUMPY[np.linalg.tensordot] = NUMPY[np.tensordot]


def _bracket(name: str) -> Notation:
    """⟨a, b⟩, which in plain text has the function's own name."""
    return Notation(Form(f"{name}($0, $1)"), Form(r"\left\langle $0, $1 \right\rangle"))


inner = define(
    "inner",
    np.inner,
    vjps=(
        lambda g, y, a, b: _tensordot_da(g, y, a, b, axes=(-1, -1)),
        lambda g, y, a, b: _tensordot_db(g, y, a, b, axes=(-1, -1)),
    ),
    notation=_bracket("inner"),
)


@handles(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = traced(a), traced(b)
    return inner(a, b) if np.ndim(a) and np.ndim(b) else np.multiply(a, b)


# dot is matmul; of arrays with more axes, tensordot over the last of a and the last but one of b.


def _of_dot(of_matrices: Rule, of_arrays: Callable[..., Any]) -> Rule:
    def vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
        if max(np.ndim(a), np.ndim(b)) <= 2:
            return of_matrices(g, y, a, b)
        return of_arrays(g, y, a, b, axes=(-1, -2))

    return vjp


_dot_row = define(
    "dot",
    np.dot,
    vjps=(_of_dot(matmul_da, _tensordot_da), _of_dot(matmul_db, _tensordot_db)),
    notation=PRODUCT_OF_MATRICES._replace(most_ndim=2),
    code=Code(static="shape"),
)


@handles(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    no_out(np.dot, out)
    a, b = traced(a), traced(b)
    return np.multiply(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else _dot_row(a, b)


# vdot and vecdot conjugate their first operand.

numpy_row(
    np.vdot,
    lambda g, y, a, b: np.reshape(np.conjugate(g * b), np.shape(a)),
    lambda g, y, a, b: np.reshape(g * np.conjugate(a), np.shape(b)),
    notation=_bracket("vdot"),
)


def _column(g: Any) -> Any:
    """`g` with an axis of length one behind, also where it is a float."""
    return np.reshape(g, (*np.shape(g), 1))


vecdot = define(
    "vecdot",
    np.vecdot,
    vjps=(
        lambda g, y, a, b: np.conjugate(_column(g) * b),
        lambda g, y, a, b: _column(g) * np.conjugate(a),
    ),
    notation=_bracket("vecdot"),
)


NUMPY[np.vecdot] = lambda a, b: vecdot(traced(a), traced(b))
_VECDOT: Any = np.vecdot
NUMPY[np.linalg.vecdot] = lambda x1, x2, /, *, axis=-1: _VECDOT(traced(x1), traced(x2), axis=axis)


def _of_matrix_and_vector(ufunc: Any, *vjps: Callable[..., Any], latex: str) -> None:
    """Declare np.matvec or np.vecmat."""
    name = ufunc.__name__
    notation = Notation(Form(f"{name}($0, $1)"), Form(latex, PRODUCT, (PRODUCT, PRODUCT + 1)))
    row = define(name, ufunc, vjps=vjps, notation=notation)
    NUMPY[ufunc] = lambda a, b: row(traced(a), traced(b))


_of_matrix_and_vector(
    np.matvec,
    lambda g, y, a, b: _column(g) * b[..., None, :],
    lambda g, y, a, b: np.matvec(matrix_transpose(a), g),
    latex=r"$0 \, $1",
)
_of_matrix_and_vector(
    np.vecmat,
    lambda g, y, a, b: np.conjugate(np.matvec(b, g)),
    lambda g, y, a, b: _column(np.conjugate(a)) * g[..., None, :],
    latex=r"{$0}^{\mathsf{H}} \, $1",
)

# kron: entry (i, j) of y is a[i // p] * b[i % p]; as an array with twice as many axes, an outer
# product.


def _interleaved(a: Any, b: Any) -> tuple[list[int], list[int]]:
    ndim = max(np.ndim(a), np.ndim(b))
    left = (1,) * (ndim - np.ndim(a)) + np.shape(a)
    right = (1,) * (ndim - np.ndim(b)) + np.shape(b)
    return [n for m in left for n in (m, 1)], [n for m in right for n in (1, m)]


def _kron_vjp(k: int, g: Any, a: Any, b: Any) -> Any:
    shapes = _interleaved(a, b)
    both = [m * n for m, n in zip(*shapes, strict=True)]
    other = np.reshape((b, a)[k], shapes[1 - k])
    summed = tuple(range(1 - k, len(both), 2))
    return np.reshape(np.sum(np.reshape(g, both) * other, axis=summed), np.shape((a, b)[k]))


numpy_row(
    np.kron,
    lambda g, y, a, b: _kron_vjp(0, g, a, b),
    lambda g, y, a, b: _kron_vjp(1, g, a, b),
    notation=Notation(
        Form("kron($0, $1)"), Form(r"$0 \otimes $1", PRODUCT, (PRODUCT, PRODUCT + 1))
    ),
)

# cross: g · (da x b) = da · (b x g), and so around.


def _cross_da(
    g: Any, y: Any, a: Any, b: Any, *, axisa: int = -1, axisb: int = -1, axisc: int = -1
) -> Any:
    return np.cross(b, g, axisa=axisb, axisb=axisc, axisc=axisa)


def _cross_db(
    g: Any, y: Any, a: Any, b: Any, *, axisa: int = -1, axisb: int = -1, axisc: int = -1
) -> Any:
    return np.cross(g, a, axisa=axisc, axisb=axisa, axisc=axisb)


cross = define(
    "cross",
    np.cross,
    vjps=(_cross_da, _cross_db),
    notation=Notation(
        Form("cross($0, $1)"), Form(r"$0 \times $1", PRODUCT, (PRODUCT + 1, PRODUCT + 1))
    ),
)


@handles(np.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    a, b = traced(a), traced(b)
    if axis is not None:
        axisa = axisb = axisc = axis
    try:
        lengths = {np.shape(a)[axisa], np.shape(b)[axisb]}
    except IndexError:
        lengths = set()
    if not lengths or not lengths <= {2, 3}:
        return np.cross(plain(a), plain(b), axisa, axisb, axisc)  # NumPy's own refusal
    if 2 in lengths:
        return _cross_in_the_plane(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1), axisc)
    # From the end, where an axis keeps its number beside a broadcast operand.
    ends = {"axisa": axisa % np.ndim(a) - np.ndim(a), "axisb": axisb % np.ndim(b) - np.ndim(b)}
    ndim = max(np.ndim(a), np.ndim(b))
    ends["axisc"] = axisc % ndim - ndim
    return cross(a, b, **{name: at for name, at in ends.items() if at != -1})


def _cross_in_the_plane(a: Any, b: Any, axisc: int) -> Any:
    """The cross product where a vector has two components, as older versions of NumPy allow."""
    if np.shape(a)[-1] == np.shape(b)[-1] == 2:
        np.cross(np.zeros(2), np.zeros(2))  # warns as NumPy does, or refuses
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return NUMPY[np.cross](_in_space(a), _in_space(b), axisc=axisc)


def _in_space(a: Any) -> Any:
    if np.shape(a)[-1] != 2:
        return a
    return np.concatenate([a, np.zeros((*np.shape(a)[:-1], 1), np.result_type(a))], axis=-1)


@handles(np.linalg.cross)
def _cross_in_space(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = traced(x1), traced(x2)
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        np.linalg.cross(plain(x1), plain(x2), axis=axis)  # NumPy's own refusal
    return _cross(x1, x2, axis=axis)


# trace, and other names for known products


def _trace_vjp(
    g: Any, y: Any, a: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None
) -> Any:
    diagonal = np.eye(np.shape(a)[axis1], np.shape(a)[axis2], offset, dtype=np.result_type(y))
    if np.ndim(g) == 0:
        return g * (diagonal if axis1 % 2 < axis2 % 2 else np.transpose(diagonal))
    return np.moveaxis(g[..., None, None] * diagonal, (-2, -1), (axis1, axis2))


numpy_row(np.trace, _trace_vjp, notation=called("trace", r"\operatorname{tr}"))
NUMPY[np.linalg.trace] = lambda x, /, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype)
NUMPY[np.linalg.diagonal] = lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1)


@handles(np.linalg.outer)
def _vector_outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = traced(x1), traced(x2)
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        np.linalg.outer(plain(x1), plain(x2))  # NumPy's own refusal
    return outer(x1, x2)


def _multi_dot_vjp(k: int, g: Any, y: Any, *arrays: Any) -> Any:
    """The chain of the transposed others around `g`, in the order that costs least."""
    first, last = arrays[0], arrays[-1]
    matrices = [
        first[None, :] if np.ndim(first) == 1 else first,
        *arrays[1:-1],
        last[:, None] if np.ndim(last) == 1 else last,
    ]
    g = np.reshape(g, (np.shape(matrices[0])[0], np.shape(matrices[-1])[1]))
    before = [np.transpose(m) for m in reversed(matrices[:k])]
    after = [np.transpose(m) for m in reversed(matrices[k + 1 :])]
    return np.reshape(np.linalg.multi_dot([*before, g, *after]), np.shape(arrays[k]))


multi_dot = define(
    "multi_dot", lambda *arrays: np.linalg.multi_dot(arrays), vjp_each=_multi_dot_vjp
)


@handles(np.linalg.multi_dot)
def _multi_dot(arrays: Any, *, out: Any = None) -> Any:
    no_out(np.linalg.multi_dot, out)
    return multi_dot(*map(traced, arrays))


def _matrix_power_vjp(g: Any, y: Any, a: Any, *, n: int) -> Any:
    """f([[A, E], [0, A]]) holds the derivative of f at A in the direction E (Mathias 1996).

    The sum of A**i E A**(n-1-i) over i, at the cost of the power itself, for n < 0 too.
    """
    size = np.shape(a)[-1]
    at = matrix_transpose(a)
    rows = [
        np.concatenate([at, np.broadcast_to(g, np.shape(a))], axis=-1),
        np.concatenate([np.zeros(np.shape(a), np.result_type(y)), at], axis=-1),
    ]
    return np.linalg.matrix_power(np.concatenate(rows, axis=-2), n)[..., :size, size:]


numpy_row(
    np.linalg.matrix_power,
    _matrix_power_vjp,
    notation=lambda count, params, latex: Form(
        f"{{$0}}^{{{params['n']}}}" if latex else f"matrix_power($0, {params['n']})",
        ATOM,
        (ATOM,) if latex else (0,),
    ),
)
