"""Rows whose derivative is that of a formula in other rows: one node, NumPy's own value.

In: a NumPy function and the formula for it, written with operators and functions that have rows.
Out: a row. The value comes from the NumPy function, to the last bit; the formula is run only when a
derivative is asked for, and its rows are swept at once.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from graphtrace.core.inputs import IDENTITY, INPUT, value_of
from graphtrace.core.primitive import SAFE, Code, Rule
from graphtrace.core.sweep import sweep
from graphtrace.core.tape import Tape
from graphtrace.core.variable import Variable, define, record


def composed(
    name: str,
    forward: Rule,
    formula: Rule,
    *,
    notation: Any = None,
    is_exact: bool = False,
    quick: Rule | None = None,
    printed: tuple[Rule | None, ...] = (),
    code: Code = SAFE,
) -> Rule:
    """Declare a row with the value of `forward` and the derivative of `formula`.

    Both take the same operands and params; the function returned applies the row. `is_exact` says
    that the values of both are the same, to the last bit. `quick(k, g, y, *operands, **params)` is
    the adjoint of operand `k` where there is a shorter way to it than the formula's, else None.
    """

    def vjp(k: int, g: Any, y: Any, *xs: Any, **params: Any) -> Any:
        if np.result_type(value_of(xs[k])).kind not in "fc":
            return None
        adjoint = quick(k, g, y, *xs, **params) if quick else None
        if adjoint is not None:
            return adjoint
        return pulled_back(
            lambda x: formula(*xs[:k], x, *xs[k + 1 :], **params), g, xs[k], (*xs[:k], *xs[k + 1 :])
        )

    code = code._replace(expands=formula) if is_exact else code
    if not printed:
        return define(name, forward, vjp_each=vjp, notation=notation, code=code)
    vjps = tuple([functools.partial(vjp, k) for k in range(len(printed))])
    return define(name, forward, vjps=vjps, formulas=printed, notation=notation, code=code)


def pulled_back(f: Rule, g: Any, x: Any, others: tuple[Any, ...]) -> Any:
    """The adjoint of `x` in f(x) for the adjoint `g` of the result.

    Where one of them is traced, the rows of f and those of its sweep go on that trace, so that the
    adjoint can be differentiated again.
    """
    outer = next((v.tape for v in (g, x, *others) if type(v) is Variable), None)
    tape = Tape() if outer is None else outer
    start = len(tape.rows)
    if type(x) is Variable:
        inner = record(tape, IDENTITY, x.value, (x.value,), (x.index,))
    else:
        inner = record(tape, INPUT, x)
    out = f(inner)
    if type(out) is not Variable or out.index < start:
        return None
    return sweep(tape.rows, start, len(tape.rows), [(out.index, g)], outer)[0]
