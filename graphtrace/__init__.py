"""graphtrace: an ordinary Python function in, the computational graph of its lecture out.

>>> import graphtrace as gt
>>> def J(a, b, c):
...     u = b * c
...     v = a + u
...     return 3 * v
>>> g = gt.trace(J, a=5, b=3, c=2)
>>> g.value
33.0
>>> g.backward()
{'a': 3.0, 'b': 6.0, 'c': 9.0}
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import graphtrace.ops  # noqa: F401  (declares every operation)
from graphtrace.errors import (
    ArgumentError,
    BranchChanged,
    ExpressionError,
    GraphtraceError,
    NoDerivative,
    OptionError,
    RenderError,
    TargetError,
    TraceError,
    UnknownPrimitive,
    WrongDerivative,
)
from graphtrace.ops.assign import array, zeros
from graphtrace.ops.classes import cross_entropy, one_hot
from graphtrace.ops.nn import (
    gelu,
    layer_norm,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from graphtrace.ops.stop import stop_gradient
from graphtrace.transforms.grad import grad, jvp, value_and_grad, vjp
from graphtrace.transforms.jacobians import hessian, hvp, jacobian

if TYPE_CHECKING:
    from graphtrace import plots as figures
    from graphtrace.api import Graph, defaults, load, trace
    from graphtrace.extend.custom_vjp import checkpoint, custom_vjp
    from graphtrace.extend.primitive import primitive
    from graphtrace.training import accumulate, jit
    from graphtrace.transforms.check_grads import check_grads

__all__ = [
    "ArgumentError",
    "BranchChanged",
    "ExpressionError",
    "Graph",
    "GraphtraceError",
    "NoDerivative",
    "OptionError",
    "RenderError",
    "TargetError",
    "TraceError",
    "UnknownPrimitive",
    "WrongDerivative",
    "accumulate",
    "array",
    "check_grads",
    "checkpoint",
    "cross_entropy",
    "custom_vjp",
    "defaults",
    "figures",
    "gelu",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jit",
    "jvp",
    "layer_norm",
    "load",
    "log_softmax",
    "logsumexp",
    "one_hot",
    "primitive",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "stop_gradient",
    "trace",
    "value_and_grad",
    "vjp",
    "zeros",
]
__version__ = "0.1.0"

_LAZY = {
    "Graph": "graphtrace.api",
    "accumulate": "graphtrace.training",
    "check_grads": "graphtrace.transforms.check_grads",
    "checkpoint": "graphtrace.extend.custom_vjp",
    "custom_vjp": "graphtrace.extend.custom_vjp",
    "defaults": "graphtrace.api",
    "figures": "graphtrace.plots",
    "jit": "graphtrace.training",
    "load": "graphtrace.api",
    "load_ipython_extension": "graphtrace.ipython",
    "primitive": "graphtrace.extend.primitive",
    "trace": "graphtrace.api",
}
"""Names whose modules, and networkx for some, take long to import: only when they are used."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'graphtrace' has no attribute {name!r}")
    module = import_module(_LAZY[name])
    return getattr(module, name, module)


def __dir__() -> list[str]:
    return __all__


class _Renamed(ModuleType):
    """A module under the name that it had until 0.1, for programs that were printed then."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # of which those ask who look through all modules
            raise AttributeError(name)
        return getattr(import_module(_RENAMED[self.__name__]), name)


_RENAMED = {"graphtrace.replay": "graphtrace.compile", "graphtrace.figures": "graphtrace.plots"}
sys.modules.update({old: _Renamed(old) for old in _RENAMED})
