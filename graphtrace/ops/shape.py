"""Operations that move, copy or choose entries: reshape, transpose, broadcast, join, flip, take.

Each is linear, and its vjp puts every entry of the adjoint back where it came from. The few that
run often have a rule of their own. For the others one rule serves all: run the function on the
positions 1, 2, 3, ... instead of the entries, and it says where each output entry came from (0:
from nowhere, a fill).
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from graphtrace.core.inputs import value_of
from graphtrace.core.primitive import (
    ATOM,
    COMPARE,
    SAFE,
    Code,
    Form,
    Notation,
    Primitive,
    Rule,
    Writer,
    Written,
    call,
)
from graphtrace.core.refusal import no_out
from graphtrace.core.sweep import unbroadcast
from graphtrace.core.variable import NUMPY, define, fixed, handles, operation, traced
from graphtrace.ops.as_python import by_name


def _reshape_written(
    write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Form | None:
    a, shape = xs[0], np.shape(y)
    if not isinstance(a, np.ndarray) or params.get("order", "C") != "C":
        return None
    if tuple(n for n in shape if n != 1) == a.shape:
        axes = ", ".join("None" if n == 1 else ":" for n in shape)
        return Form(f"$0[{axes}]", ATOM, (ATOM,))
    return Form(f"$0.reshape({shape})", ATOM, (ATOM,))


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a reduction over `axis` takes, counted from the front; of a number none."""
    if axis is None or not ndim:
        return tuple(range(ndim))
    return tuple(np.mod(np.atleast_1d(axis), ndim).astype(int).tolist())


def merged(a: Any, count: int) -> Any:
    """`a` with all axes after the first `count` as one.

    A -1 in np.reshape cannot say how long that is where an axis before it has no entries.
    """
    shape = np.shape(a)
    return np.reshape(a, (*shape[:count], math.prod(shape[count:])))


reshape = define(
    "reshape",
    lambda a, *, shape, order="C": np.reshape(a, shape, order=order),
    vjps=(lambda g, y, a, *, shape, order="C": np.reshape(g, np.shape(a), order),),
    code=Code(_reshape_written, "rule", memory="view", keeps=True),
)


@handles(np.reshape)
def _reshape(a: Any, shape: Any, order: str = "C", **copy: Any) -> Any:
    a = traced(a)
    if order in ("A", "K"):  # as the entries lie in memory, which an adjoint need not share
        order = "F" if np.isfortran(value_of(a)) else "C"
    how = {} if order == "C" else {"order": order}
    return reshape(a, shape=fixed(shape), **how)


@handles(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    if order == "K" and np.ndim(a := traced(a)) > 2:  # the axes as they lie in memory
        steps = np.abs(value_of(a).strides)
        a, order = np.transpose(a, np.argsort(-steps, kind="stable")), "C"
    flat = _reshape(a, (-1,), order)
    # Of every second entry, say, np.ravel makes a copy where np.reshape makes a view.
    return flat if value_of(flat).flags.c_contiguous else np.copy(flat)


_TRANSPOSED = Notation(
    Form("$0.T", ATOM, (ATOM,), board="$0^{T}"), Form(r"{$0}^{\mathsf{T}}", ATOM, (ATOM,))
)


def _transposed(count: int, params: dict[str, Any], latex: bool) -> Form:
    """x.T where the order of the axes is turned round, as it is of a matrix."""
    axes = params.get("axes")
    order = None if axes is None else [int(i) % len(axes) for i in axes]
    if order is None or order == [*range(len(order))][::-1]:
        return _TRANSPOSED.latex if latex else _TRANSPOSED.text
    is_same = order == [*range(len(order))]
    return Form("$0", ATOM, (ATOM,)) if is_same else call("transpose", count, latex)


def _transpose_written(
    write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Form | None:
    if not isinstance(xs[0], np.ndarray):
        return None
    axes = params.get("axes")
    how = "T" if axes is None else f"transpose({write.param(axes)})"
    return Form(f"$0.{how}", ATOM, (ATOM,))


transpose = define(
    "transpose",
    lambda a, *, axes=None: np.transpose(a, axes),
    vjps=(
        lambda g, y, a, *, axes=None: np.transpose(
            g, None if axes is None else np.argsort(np.mod(axes, len(axes)))
        ),
    ),
    notation=_transposed,
    code=Code(_transpose_written, "rule", memory="view"),
)


@handles(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return transpose(traced(a)) if axes is None else transpose(traced(a), axes=fixed(axes))


matrix_transpose: Rule = operation(
    Primitive(
        "matrix_transpose",
        lambda a: np.swapaxes(a, -1, -2),
        vjps=(lambda g, y, a: matrix_transpose(g),),
        notation=_TRANSPOSED._replace(most_ndim=2),
        code=Code(
            lambda write, y, xs, params: Form(
                "$0.T" if np.ndim(y) == 2 else "$0.swapaxes(-1, -2)", ATOM, (ATOM,)
            ),
            "rule",
            memory="view",
        ),
    ),
    np.matrix_transpose,
    np.linalg.matrix_transpose,
)

broadcast_to = define(
    "broadcast_to",
    lambda a, *, shape: np.broadcast_to(a, shape),
    vjps=(lambda g, y, a, *, shape: unbroadcast(g, a) if shape else g,),
    code=Code(
        lambda write, y, xs, params: Form(f"{write.call('np')}.broadcast_to($0, {np.shape(y)})"),
        "rule",
        keeps=True,
    ),
)
NUMPY[np.broadcast_to] = lambda a, shape, subok=False: broadcast_to(traced(a), shape=fixed(shape))
NUMPY[np.broadcast_arrays] = lambda *arrays, subok=False: tuple(
    broadcast_to(a, shape=np.broadcast_shapes(*map(np.shape, arrays))) for a in arrays
)


def _astype_written(
    write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Form | None:
    dtype, a = params["dtype"], xs[0]
    if np.ndim(a):
        return Form(f"$0.astype({write.dtype(dtype)})", ATOM, (ATOM,))
    is_real = np.result_type(a).kind in "fiub" and dtype.kind == "f"
    return Form(f"{write.dtype(dtype)}($0)") if is_real else None


astype = define(
    "astype",
    lambda a, *, dtype: np.asarray(a).astype(dtype)[()],
    vjps=(lambda g, y, a, *, dtype: g if dtype.kind in "fc" else None,),
    code=Code(_astype_written, "rule", memory="own", keeps=True),
)
NUMPY[np.astype] = lambda a, dtype, /, *, copy=True: astype(a, dtype=np.dtype(dtype))

copy = define(
    "copy",
    lambda a, *, order="K": np.copy(a, order),
    vjps=(lambda g, y, a, *, order="K": g,),
    code=Code(None, "rule", memory="own", keeps=True),
)


@handles(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    a = traced(a)
    if np.ndim(a) < 2 or order == "K" or (order == "C" and value_of(a).flags.c_contiguous):
        return copy(a)
    return copy(a, order=order)  # which ravel("K") of the copy sees


def _concatenate_vjp(k: int, g: Any, y: Any, *arrays: Any, axis: int) -> Any:
    start = sum([a.shape[axis] for a in arrays[:k]])
    index: list[Any] = [slice(None)] * np.ndim(y)
    index[axis] = slice(start, start + np.shape(arrays[k])[axis])
    return g[tuple(index)]


def _concatenated(*arrays: Any, axis: int) -> list[Any]:
    """Where each array is in the result."""
    ends = list(itertools.accumulate([np.shape(a)[axis] for a in arrays], initial=0))
    before = (slice(None),) * (axis % np.ndim(arrays[0]))
    return [(*before, slice(start, end)) for start, end in itertools.pairwise(ends)]


def _stacked(*arrays: Any, axis: int) -> list[Any]:
    """Where each array is in the result."""
    before = (slice(None),) * (axis % (np.ndim(arrays[0]) + 1))
    return [(*before, k) for k in range(len(arrays))]


def _joined(name: str) -> Written:
    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form:
        arrays = ", ".join(f"${i}" for i in range(len(xs)))
        axis = f", axis={params['axis']}" if params["axis"] else ""
        return Form(f"{write.call('np')}.{name}([{arrays}]{axis})")

    return written


def _rows_form(count: int, params: Mapping[str, Any], latex: bool) -> Form:
    """`[a, b]`, as one writes an array out."""
    if params["axis"]:
        return call("stack", count, latex)
    return Form("[" + ", ".join(f"${k}" for k in range(count)) + "]", ATOM, (COMPARE,))


concatenate = define(
    "concatenate",
    lambda *arrays, axis: np.concatenate(arrays, axis=axis),
    vjp_each=_concatenate_vjp,
    pieces=_concatenated,
    code=Code(_joined("concatenate"), "rule", memory="own"),
)
stack = define(
    "stack",
    lambda *arrays, axis: np.stack(arrays, axis=axis),
    vjp_each=lambda k, g, y, *arrays, axis: np.take(g, k, axis=axis),
    pieces=_stacked,
    notation=_rows_form,
    code=Code(_joined("stack"), "rule", memory="own"),
)


@handles(np.concatenate)
def _concatenate(arrays: Any, axis: int | None = 0, out: Any = None, **dtype: Any) -> Any:
    no_out(np.concatenate, out)
    parts = [traced(a) for a in arrays]
    if axis is None:
        parts, axis = [np.ravel(a) for a in parts], 0
    return _cast(concatenate(*parts, axis=axis), **dtype)


@handles(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None, **dtype: Any) -> Any:
    no_out(np.stack, out)
    return _cast(stack(*map(traced, arrays), axis=axis), **dtype)


def _cast(a: Any, dtype: Any = None, casting: str = "same_kind") -> Any:
    return a if dtype is None or a.dtype == dtype else astype(a, dtype=np.dtype(dtype))


def _columns(a: Any) -> Any:
    a = traced(a)
    return a if np.ndim(a) >= 2 else np.reshape(a, (-1, 1))


NUMPY[np.append] = lambda arr, values, axis=None: _concatenate((arr, values), axis)
NUMPY[np.vstack] = lambda tup, **dtype: _concatenate(
    [np.atleast_2d(traced(a)) for a in tup], 0, **dtype
)
NUMPY[np.dstack] = lambda tup: _concatenate([np.atleast_3d(traced(a)) for a in tup], 2)
NUMPY[np.column_stack] = lambda tup: _concatenate([_columns(a) for a in tup], 1)


@handles(np.hstack)
def _hstack(tup: Any, **dtype: Any) -> Any:
    parts = [np.atleast_1d(traced(a)) for a in tup]
    return _concatenate(parts, 0 if np.ndim(parts[0]) == 1 else 1, **dtype)


# The rule for all the others.


def _scatter(g: Any, *, origin: Any, shape: tuple[int, ...]) -> Any:
    """Sum the entries of `g` into zeros of `shape`, each at its origin; origin 0 is dropped."""
    out = np.zeros(int(np.prod(shape)) + 1, dtype=np.result_type(g))
    np.add.at(out, origin, g)
    return out[1:].reshape(shape)


def _gather(a: Any, *, origin: Any, shape: tuple[int, ...]) -> Any:
    """The inverse reading: entry `origin` of `a`, zero where the origin is 0."""
    return np.concatenate([np.zeros(1, np.result_type(a)), np.ravel(a)])[origin]


scatter = define(
    "scatter",
    _scatter,
    vjps=(lambda h, y, g, **at: gather_from(h, **at),),
    code=Code(memory="own"),
)
gather_from: Rule = define("gather", _gather, vjps=(lambda h, y, a, **at: scatter(h, **at),))


def positions_of(a: Any) -> Any:
    """The positions 1, 2, 3, ... in the shape of `a`."""
    return np.arange(1, np.size(a) + 1).reshape(np.shape(a))


def selection(function: Callable[..., Any], code: Code = SAFE) -> None:
    """Declare a row for a NumPy function that only moves, copies or drops entries, or fills with 0.

    The first argument is the operand; the others are parameters.
    """
    names = list(inspect.signature(function).parameters)

    def vjp(g: Any, y: Any, a: Any, **params: Any) -> Any:
        return scatter(g, origin=function(positions_of(a), **params), shape=np.shape(a))

    row = define(function.__name__, function, vjps=(vjp,), code=code)

    def select(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, args, strict=False)) | kwargs
        no_out(function, given.pop("out", None))
        return row(traced(given.pop(names[0])), **fixed(given))

    NUMPY[function] = select


def _take_written(
    write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Form | None:
    at, axis = params.get("indices"), params.get("axis")
    if type(at) is not int or type(axis) is not int or axis < 0 or len(params) > 2:
        return by_name("take")(write, y, xs, params)
    return Form(f"$0[{':, ' * axis}{at}]", ATOM, (ATOM,))


_SELECTIONS = """
    expand_dims squeeze swapaxes moveaxis rollaxis flip fliplr flipud rot90 roll repeat tile resize
    take take_along_axis delete diag diagonal diagflat tril triu
""".split()
# Of what follows from shapes alone: what the rule leaves behind, or the shape.
_STATIC: dict[str, Literal["shape", "rule"]] = {
    **dict.fromkeys("expand_dims squeeze swapaxes moveaxis flip".split(), "rule"),
    **dict.fromkeys("roll tril triu".split(), "shape"),
}
_WRITTEN: dict[str, Written | None] = {"take": _take_written, "delete": None}
for _name in _SELECTIONS:
    _python = _WRITTEN.get(_name, by_name(_name))
    selection(getattr(np, _name), Code(_python, _STATIC.get(_name, "")))


def _atleast(n: int) -> Callable[..., Any]:
    def at_least(*arrays: Any) -> Any:
        results = tuple(_reshape(a, _shape_at_least(n, np.shape(a))) for a in map(traced, arrays))
        return results[0] if len(results) == 1 else results

    return at_least


def _shape_at_least(n: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    example = (np.atleast_1d, np.atleast_2d, np.atleast_3d)[n - 1]
    padded: tuple[int, ...] = example(np.broadcast_to(0, shape)).shape
    return padded


NUMPY[np.atleast_1d] = _atleast(1)
NUMPY[np.atleast_2d] = _atleast(2)
NUMPY[np.atleast_3d] = _atleast(3)


def _split(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.split and its kin: the pieces are slices; run on positions to find which."""

    def split(a: Any, *args: Any, **kwargs: Any) -> list[Any]:
        a = traced(a)
        pieces = function(np.arange(int(np.size(a))).reshape(np.shape(a)), *fixed(args), **kwargs)
        return [a[_slices(piece, np.shape(a))] for piece in pieces]

    return split


def _slices(piece: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    if piece.size == 0:
        return tuple(slice(0, n) for n in piece.shape)
    first = np.unravel_index(int(piece.flat[0]), shape)
    return tuple(slice(int(i), int(i) + n) for i, n in zip(first, piece.shape, strict=True))


for _splitter in (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit):
    NUMPY[_splitter] = _split(_splitter)

# What only asks about shape and type is answered from the value.
for _question in (np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type):
    NUMPY[_question] = lambda *args, f=_question, **kw: f(*map(value_of, args), **kw)
