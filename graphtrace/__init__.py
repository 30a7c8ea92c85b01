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

from typing import TYPE_CHECKING, Any

import graphtrace.ops  # noqa: F401  (declares every operation)
from graphtrace.errors import (
    ArgumentError as ArgumentError,
)
from graphtrace.errors import (
    BranchChanged as BranchChanged,
)
from graphtrace.errors import (
    ExpressionError as ExpressionError,
)
from graphtrace.errors import (
    GraphtraceError as GraphtraceError,
)
from graphtrace.errors import (
    NoDerivative as NoDerivative,
)
from graphtrace.errors import (
    RenderError as RenderError,
)
from graphtrace.errors import (
    TargetError as TargetError,
)
from graphtrace.errors import (
    TraceError as TraceError,
)
from graphtrace.transforms import (
    grad as grad,
    hessian as hessian,
    jacobian as jacobian,
    jvp as jvp,
)
from graphtrace.transforms import (
    value_and_grad as value_and_grad,
)
from graphtrace.transforms import (
    vjp as vjp,
)

if TYPE_CHECKING:
    from graphtrace.graph import Graph as Graph
    from graphtrace.tracing import trace as trace

__version__ = "0.1.0"

_LAZY = {"trace": "graphtrace.tracing", "Graph": "graphtrace.graph"}
"""Names that import networkx, which takes longer than all the rest: only when they are used."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'graphtrace' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
