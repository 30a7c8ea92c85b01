"""np.linalg.lstsq: the solution x is pinv(a) @ b, with the residuals and the singular values of a.

Source: Golub and Pereyra, "The differentiation of pseudo-inverses", 1973.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.primitive import ATOM, PRODUCT, Form, Primitive
from graphtrace.core.tape import parts
from graphtrace.core.variable import fixed, handles, operation, record, traced
from graphtrace.ops.decompose import singular_values_vjp
from graphtrace.ops.inverses import adjoint, as_columns, eps


def _cut(a: Any, rcond: float | None) -> Any:
    """What np.linalg.lstsq takes for zero beside the largest singular value."""
    if rcond is None:
        return eps(a) * max(np.shape(a))
    return eps(a) if rcond == -1 else rcond


def _x_vjp(k: int, g: Any, y: Any, a: Any, b: Any, rcond: float | None) -> Any:
    inverse = np.linalg.pinv(a, _cut(a, rcond))
    across = adjoint(inverse)
    g, x, target = as_columns(b, g), as_columns(b, y), as_columns(b, b)
    if k == 1:
        return np.reshape(across @ g, np.shape(b))
    pg, gh = across @ g, adjoint(g)
    rest = target - a @ x
    beyond = gh - (gh @ inverse) @ a
    return -pg @ adjoint(x) + (rest @ gh) @ inverse @ across + across @ x @ beyond


def _residuals_vjp(k: int, g: Any, a: Any, b: Any, rcond: float | None) -> Any:
    x = as_columns(b, np.linalg.lstsq(a, b, rcond)[0])
    rest = 2 * g * (as_columns(b, b) - a @ x)
    return np.reshape(rest, np.shape(b)) if k == 1 else -rest @ adjoint(x)


def _vjp(k: int, g: Any, y: Any, a: Any, b: Any, *, output: int, rcond: float | None = None) -> Any:
    if not np.size(y):
        return None
    g = np.conjugate(g)
    if output == 0:
        da = _x_vjp(k, g, y, a, b, rcond)
    elif output == 1:
        da = _residuals_vjp(k, g, a, b, rcond)
    else:
        da = singular_values_vjp(g, y, a) if k == 0 else None
    return None if da is None else np.conjugate(da)


_OUTPUTS = ("x", "residuals", "rank", "s")
_PRIMITIVE = Primitive(
    "lstsq",
    lambda a, b, *, output, rcond=None: np.linalg.lstsq(a, b, rcond)[output],
    vjp_each=_vjp,
    notation=lambda count, params, latex: (
        Form(r"{$0}^{+} \, $1", PRODUCT, (ATOM, PRODUCT + 1))
        if latex and params["output"] == 0
        else Form(f"lstsq($0, $1).{_OUTPUTS[params['output']]}")
    ),
)
_row = operation(_PRIMITIVE)


@handles(np.linalg.lstsq)
def _handler(a: Any, b: Any, rcond: Any = None) -> Any:
    """The rank is a plain number; the other outputs are a row each."""
    how = {} if rcond is None else {"rcond": fixed(rcond)}
    x = _row(traced(a), traced(b), output=0, **how)
    _, _, operands, parents, _ = parts(x.tape.rows[x.index])
    _, residuals, rank, s = np.linalg.lstsq(*operands, **how)
    rows = (
        record(x.tape, _PRIMITIVE, y, operands, parents, {"output": i, **how})
        for i, y in ((1, residuals), (3, s))
    )
    return x, next(rows), rank, next(rows)
