"""The methods and attributes that a traced array shares with np.ndarray: each is its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.variable import Variable, add_methods

_METHODS = """
    all any argmax argmin argpartition argsort choose clip cumprod cumsum diagonal dot
    max mean min nonzero prod ptp ravel repeat round searchsorted squeeze std sum swapaxes take
    trace var
""".split()


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Variable, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


def _spread_arguments(args: tuple[Any, ...]) -> Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) say the same."""
    return args[0] if len(args) == 1 else args


def _reshape(self: Variable, *shape: Any, **how: Any) -> Any:
    return np.reshape(self, _spread_arguments(shape), **how)


def _transpose(self: Variable, *axes: Any) -> Any:
    return np.transpose(self, _spread_arguments(axes) if axes else None)


def _item(self: Variable, *at: Any) -> Any:
    return np.reshape(self[_spread_arguments(at)] if at else self, ())


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
        "reshape": _reshape,
        "transpose": _transpose,
        "T": property(np.transpose),
        "mT": property(np.matrix_transpose),
        "flat": property(lambda self: iter(np.ravel(self))),
    }
)
