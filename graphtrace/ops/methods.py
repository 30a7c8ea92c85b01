"""The methods and attributes that a traced array shares with np.ndarray: each calls its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.variable import Variable

_METHODS = (
    "all any argmax argmin argpartition argsort choose clip compress copy cumprod cumsum diagonal "
    "dot max mean min nonzero prod ptp ravel repeat round searchsorted sort squeeze std sum swapaxes "
    "take trace var"
).split()


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Variable, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


def _spread_arguments(args: tuple[Any, ...]) -> Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) say the same."""
    return args[0] if len(args) == 1 else args


for _name in _METHODS:
    setattr(Variable, _name, _method(getattr(np, _name)))

setattr(Variable, "astype", lambda self, dtype, **how: np.astype(self, dtype))
setattr(Variable, "flatten", lambda self, order="C": np.ravel(self, order))
setattr(Variable, "item", lambda self, *at: np.reshape(self if not at else self[at], ()))
setattr(Variable, "reshape", lambda self, *shape, **how: np.reshape(self, _spread_arguments(shape), **how))
setattr(
    Variable,
    "transpose",
    lambda self, *axes: np.transpose(self, _spread_arguments(axes) if axes else None),
)
setattr(Variable, "T", property(lambda self: np.transpose(self)))
setattr(Variable, "mT", property(lambda self: np.matrix_transpose(self)))
setattr(Variable, "flat", property(lambda self: iter(np.ravel(self))))
