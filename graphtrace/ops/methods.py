"""The methods and attributes that a traced array shares with np.ndarray: each is its function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from graphtrace.core.tape import here, written
from graphtrace.core.variable import Variable, add_methods
from graphtrace.errors import TraceError

_METHODS = """
    all any argmax argmin argpartition argsort choose clip cumprod cumsum diagonal dot
    max mean min nonzero prod ptp ravel repeat round searchsorted squeeze std sum swapaxes take
    trace var
""".split()


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Variable, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


class _Flat:
    """`x.flat`: the entries one by one, to read and not to write."""

    def __init__(self, entries: Any) -> None:
        self._entries = entries
        self._rest = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._rest)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        return self._entries[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        source = written(sys._getframe(1)) or "x.flat[i] = v"
        raise TraceError(
            f"{here(sys._getframe(1))}: `{source}` cannot be traced; write np.put(x, i, v) instead "
            f"of x.flat[i] = v"
        )


def _spread_arguments(args: tuple[Any, ...]) -> Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) say the same."""
    return args[0] if len(args) == 1 else args


def _item(self: Variable, *at: Any) -> Any:
    """The entry as a number of Python's, which has double precision; one index counts all."""
    entry: Any = self
    if at:
        index = _spread_arguments(at)
        entry = np.ravel(self)[index] if np.ndim(index) == 0 else self[index]
    entry = np.reshape(entry, ())
    double = {"f": np.float64, "c": np.complex128}.get(entry.dtype.kind)
    is_less = double is not None and entry.dtype.itemsize < np.dtype(double).itemsize
    return np.astype(entry, double) if is_less else entry


def _astype(self: Variable, dtype: Any, *args: Any, copy: bool = True, **how: Any) -> Any:
    same = self.dtype == np.dtype(dtype)
    return self if same and not copy else np.astype(self, dtype)  # type: ignore[call-overload]


add_methods({name: _method(getattr(np, name)) for name in _METHODS})
add_methods(
    {
        "astype": _astype,
        "copy": lambda self, order="C": np.copy(self, order),
        "flatten": lambda self, order="C": np.copy(np.ravel(self, order)),
        "item": _item,
        "reshape": lambda self, *shape, **how: np.reshape(self, _spread_arguments(shape), **how),
        "transpose": lambda self, *axes: np.transpose(
            self, _spread_arguments(axes) if axes else None
        ),
        "T": property(np.transpose),
        "mT": property(np.matrix_transpose),
        "flat": property(lambda self: _Flat(np.ravel(self))),
    }
)
