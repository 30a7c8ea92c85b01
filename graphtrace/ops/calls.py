"""Calls of ufuncs, `np.exp(x)` and `scipy.special.expit(x)`, with a traced operand.

In: the ufunc, its operands and keywords, from NumPy (NEP 13). Out: what the row for it returns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from graphtrace.core.tape import here
from graphtrace.core.variable import DISPATCH, LATE, NUMPY, Variable, fixed, traced, unsupported
from graphtrace.errors import TraceError


def ufunc_name(ufunc: np.ufunc) -> str:
    """`np.exp`; the bare name of another library's ufunc, which does not say where it is from."""
    name = ufunc.__name__
    return f"np.{name}" if getattr(np, name, None) is ufunc else name


def _find_late(ufunc: np.ufunc) -> Callable[..., Any] | None:
    for find in LATE:
        handler = find(ufunc)
        if handler is not None:
            return NUMPY.setdefault(ufunc, handler)
    return None


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    handler = NUMPY.get(ufunc) or _find_late(ufunc)
    if handler is None:
        raise unsupported(ufunc_name(ufunc), inputs)
    if "out" in kwargs:
        raise TraceError(
            f"{here(sys._getframe())}: {ufunc_name(ufunc)} cannot write a traced result into `out` "
            f"or a plain array in place; write x = {ufunc_name(ufunc)}(...) or x = x + ..."
        )
    operands: Iterable[Any] = map(traced, inputs)
    if "dtype" in kwargs:  # the loop to compute in: the same as converting what goes in
        dtype = np.dtype(kwargs.pop("dtype"))
        operands = (
            x.astype(dtype) if type(x) is Variable else np.asarray(x, dtype)[()] for x in operands
        )
    if kwargs:
        raise unsupported(
            f"{ufunc_name(ufunc)} with {'= and '.join(kwargs)}=",
            inputs,
            "use np.where on its result",
        )
    return handler(*operands)


def _call_along_axes(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`axis`, `axes` and `keepdims` of a product that is a gufunc move its core axes about."""
    if not kwargs or ufunc.signature is None:
        return _call(ufunc, inputs, kwargs)
    axis, axes = fixed(kwargs.pop("axis", -1)), fixed(kwargs.pop("axes", None))
    keepdims = kwargs.pop("keepdims", False)
    if axes is None:
        if axis == -1 and not keepdims:
            return _call(ufunc, inputs, kwargs)
        axes = (axis,) * ufunc.nin
    operands = (_core_last(traced(x), at) for x, at in zip(inputs, axes, strict=False))
    y = _call(ufunc, tuple(operands), kwargs)
    if keepdims:
        return np.expand_dims(y, axis if len(axes) == ufunc.nin else axes[-1])
    out = tuple(np.atleast_1d(axes[-1]).tolist()) if len(axes) > ufunc.nin else ()
    return np.moveaxis(y, tuple(range(-len(out), 0)), out) if out else y


def _core_last(x: Any, axes: Any) -> Any:
    """`x` with its core axes, those that a gufunc works on, moved to the end."""
    axes = tuple(np.atleast_1d(axes).tolist())
    return np.moveaxis(x, axes, tuple(range(-len(axes), 0)))


DISPATCH["__call__"] = _call_along_axes
