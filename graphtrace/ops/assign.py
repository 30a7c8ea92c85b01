"""Assignment: x[i] = v, np.put, np.fill_diagonal and all else that changes an array in place.

A traced array is never written into. A change is a row, whose value is the changed copy, and the
array's handle moves to it. `zeros` and `array` make arrays to assign into.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import ATOM, Form, Primitive, Rule, declare
from graphtrace.core.tape import Tape, active, here, written
from graphtrace.core.variable import (
    NUMPY,
    WRITE_BACK,
    Variable,
    add_methods,
    define,
    fixed,
    handles,
    record,
    traced,
)
from graphtrace.errors import TraceError
from graphtrace.ops.index import filled, getitem, in_latex, index_text, is_basic, with_slots


def _setitem(a: Any, value: Any, *where: Any, index: Any) -> Any:
    out = np.copy(a)
    out[filled(index, where)] = value
    return out


def _last_written(index: Any, where: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Where a position is written several times, the last value stays: 1 there and 0 else."""
    index = filled(index, tuple(map(plain, where)))
    if is_basic(index):
        return 1
    stamps = np.zeros(shape, int)
    order = np.arange(stamps[index].size).reshape(stamps[index].shape)
    stamps[index] = order
    return stamps[index] == order


def _setitem_vjp(k: int, g: Any, y: Any, a: Any, value: Any, *where: Any, index: Any) -> Any:
    if k == 0:
        return setitem(g, np.zeros((), np.result_type(plain(g))), *where, index=index)
    if k == 1 and np.result_type(plain(a)).kind in "fc":  # into integers it was rounded
        return getitem(g, *where, index=index) * _last_written(index, where, np.shape(a))
    return None


def _setitem_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    index = index_text(params["index"], [f"${i}" for i in range(2, count)])
    if latex:
        return Form(rf"\left.{{$0}}\right|_{{{in_latex(index)} \leftarrow $1}}", ATOM, (ATOM, 0))
    return Form(f"$0[{index} := $1]", ATOM, (ATOM, 0))


setitem: Rule = define("setitem", _setitem, vjp_each=_setitem_vjp, notation=_setitem_form)


def _assign(a: Variable, index: Any, value: Any) -> None:
    """`a[index] = value` on a traced array."""
    if not isinstance(a.value, np.ndarray):
        raise TraceError(f"{here(sys._getframe(1))}: a traced number has no items to assign to")
    index, parts = with_slots(index)
    if type(value) is Variable and not parts and _shows(value, a, index):
        return  # the second half of a[index] += b: the first has changed a
    value = traced(value)
    if type(value) is Variable and value.ndim:
        extra = value.ndim - np.ndim(a.value[filled(index, tuple(map(plain, parts)))])
        value = np.reshape(value, value.shape[extra:]) if extra > 0 else value
    a._become(setitem(a, value, *parts, index=index))


def _shows(value: Variable, a: Variable, index: Any) -> bool:
    """Whether `value` is the view a[index] itself."""
    view = value._as_view()
    return (
        view is not None
        and view.base is a
        and view.primitive.name == "getitem"
        and is_basic(index)
        and view.params["index"] == index
    )


add_methods({"__setitem__": _assign})
WRITE_BACK["getitem"] = lambda base, view, params: setitem(base, view, index=params["index"])
WRITE_BACK["reshape"] = lambda base, view, params: np.reshape(
    view, base.shape, order=params.get("order", "C")
)
WRITE_BACK["transpose"] = lambda base, view, params: np.transpose(
    view, None if params.get("axes") is None else np.argsort(np.mod(params["axes"], base.ndim))
)


# NumPy's functions that change their first argument. Each finds the positions it writes to, as
# indices into the flattened array, and the values for them.


def _target(name: str, a: Any) -> Variable:
    if type(a) is not Variable or not isinstance(a.value, np.ndarray):
        raise TraceError(
            f"{here(sys._getframe(1))}: `{written(sys._getframe(1)) or name}` writes a traced "
            f"value into a plain array; make that with gt.zeros(shape), gt.array(...) or "
            f"np.zeros_like(x) of a traced x"
        )
    return a


def _write(a: Variable, positions: Any, values: Any, *, each: Any = None) -> None:
    """a.flat[positions] = values, these taken again from the start where they are too few.

    `each` says which of the values go there, if not the first, the second, ...
    """
    positions = np.ravel(positions)
    flat = np.ravel(traced(values))
    if not positions.size or not np.size(flat):
        return
    each = np.arange(positions.size) if each is None else each
    a[np.unravel_index(positions, a.shape)] = flat[each % np.size(flat)].astype(a.dtype)


@handles(np.put)
def _put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    a = _target("put", a)
    positions = np.arange(a.size)
    _write(a, np.take(positions, np.ravel(fixed(ind)), mode=mode), v)


def _masked(function: Callable[..., Any], a: Variable, mask: Any) -> Any:
    mask = np.asarray(fixed(mask))
    if mask.size != a.size:
        function(np.copy(a.value), mask, 0)  # NumPy's own refusal
    return np.flatnonzero(mask)


@handles(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    arr = _target("place", arr)
    _write(arr, _masked(np.place, arr, mask), vals)


@handles(np.putmask)
def _putmask(a: Any, /, mask: Any, values: Any) -> None:
    a = _target("putmask", a)
    positions = _masked(np.putmask, a, mask)
    _write(a, positions, values, each=positions)


@handles(np.copyto)
def _copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    dst, src = _target("copyto", dst), traced(src)
    if not np.can_cast(np.result_type(plain(src)), dst.dtype, casting):
        raise TypeError(f"Cannot cast array data to {dst.dtype} according to the rule {casting!r}")
    src = np.broadcast_to(src, dst.shape)
    if where is True:
        dst[...] = src
    else:
        mask = np.broadcast_to(fixed(where), dst.shape)
        dst[mask] = src[mask]


@handles(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    a = _target("fill_diagonal", a)
    marked = np.zeros(a.shape, bool)
    np.fill_diagonal(marked, True, wrap)
    _write(a, np.flatnonzero(marked), val)


@handles(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    arr, indices = _target("put_along_axis", arr), fixed(indices)
    positions = np.arange(arr.size).reshape(arr.shape)
    if axis is None:
        positions, axis = np.ravel(positions), 0
    chosen = np.take_along_axis(positions, indices, axis)
    _write(arr, chosen, np.broadcast_to(traced(values), np.shape(chosen)))


def _in_place(function: Callable[..., Any]) -> Callable[..., None]:
    """The method that changes the array into what the function returns."""

    def method(self: Variable, *args: Any, **kwargs: Any) -> None:
        self._become(function(self, *args, **kwargs))

    return method


def _fill(self: Variable, value: Any) -> None:
    self[...] = value


add_methods(
    {"sort": _in_place(np.sort), "partition": _in_place(np.partition), "put": _put, "fill": _fill}
)


# Arrays to assign into.

_ARRAY = declare(Primitive("array", lambda: None))


def _open(value: Any, tape: Tape | None) -> Any:
    """A plain array as a traced constant, where a function is being traced."""
    if tape is None or not isinstance(value, np.ndarray) or value.dtype.kind not in "fc":
        return value
    return record(tape, _ARRAY, value)


def zeros(shape: Any, dtype: Any = float) -> Any:
    """An array of zeros that traced values can be assigned into.

    Args:
        shape: As for `np.zeros`.
        dtype: As for `np.zeros`.

    Returns:
        Inside a function that is being traced or differentiated, a traced array; else what
        `np.zeros` returns.

    >>> import numpy as np
    >>> import graphtrace as gt
    >>> from graphtrace.ops.assign import zeros
    >>> def f(x):
    ...     y = zeros(3)
    ...     y[1] = x**2
    ...     return np.sum(y)
    >>> gt.grad(f)(3.0)
    6.0
    """
    return _open(np.zeros(fixed(shape), dtype), active())


def array(values: Any, dtype: Any = None) -> Any:
    """An array of plain and traced values that traced values can be assigned into.

    Args:
        values: Nested lists or tuples of numbers, arrays and traced values, or one of these.
        dtype: The type of the array; that of the values by default.

    Returns:
        Inside a function that is being traced or differentiated, a traced array; else what
        `np.array` returns.

    >>> import graphtrace as gt
    >>> from graphtrace.ops.assign import array
    >>> gt.grad(lambda x: array([x, 2 * x, 1.0])[1])(3.0)
    2.0
    """
    values = traced(values)
    if type(values) is Variable:
        return np.copy(values) if dtype is None else values.astype(dtype)
    return _open(np.array(values, dtype), active())


def _like(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros_like and its kin: of a traced array, an array that can be assigned into."""

    def like(a: Any, *args: Any, **kwargs: Any) -> Any:
        a = traced(a)
        return _open(function(plain(a), *map(fixed, args), **fixed(kwargs)), _tape_of(a))

    return like


def _tape_of(a: Any) -> Tape | None:
    return a.tape if type(a) is Variable else None


@handles(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", **kwargs: Any) -> Any:
    fill_value = traced(fill_value)
    a, tape = plain(traced(a)), _tape_of(a)
    if type(fill_value) is not Variable:
        return _open(np.full_like(a, fill_value, dtype, order, **fixed(kwargs)), tape)
    kind, shape = np.dtype(dtype or np.result_type(a)), kwargs.get("shape")
    cast = fill_value if fill_value.dtype == kind else fill_value.astype(kind)
    return np.copy(np.broadcast_to(cast, np.shape(a) if shape is None else fixed(shape)))


for _function in (np.zeros_like, np.ones_like, np.empty_like):
    NUMPY[_function] = _like(_function)
