"""How rows are written in Python: operators, methods of arrays, calls by NumPy's name.

In: a Form, or a name. Out: what stands in `Code.python` of a row. Knows no operation by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphtrace.core.primitive import ATOM, COMPARE, POWER, SIGN, Form, Writer, Written


def operator_form(form: Form) -> Form:
    """An operator as its notation has it, with brackets that keep the order of evaluation.

    >>> operator_form(Form("$0*$1", binds=2)).template
    '$0 * $1'
    """
    sign = form.template.replace("$0", "").replace("$1", "").strip()
    if form.binds == SIGN:
        return Form(f"{sign}$0", SIGN, (SIGN + 1,))
    if form.binds == POWER:
        return Form(f"$0{sign}$1", POWER, (ATOM,))
    return Form(f"$0 {sign} $1", form.binds, (form.binds, form.binds + 1))


def keywords(write: Writer, params: dict[str, Any]) -> list[str]:
    """`axis=0`, `shift=2`."""
    texts = []
    for key, x in params.items():
        is_one = key == "axis" and type(x) is tuple and len(x) == 1
        texts.append(write.argument(key, write.param(x[0] if is_one else x)))
    return texts


def by_name(name: str) -> Written:
    """`np.flip(x, axis=0)`."""

    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form:
        operands = [f"${i}" for i in range(len(xs))]
        return Form(f"{write.call('np')}.{name}({', '.join(operands + keywords(write, params))})")

    return written


def by_method(name: str, **defaults: Any) -> Written:
    """`x.sum(axis=0)`; of a number `np.sum(x)`. Params that are the default are left out."""

    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form | None:
        given = {key: x for key, x in params.items() if x != defaults[key]}
        if isinstance(xs[0], np.ndarray):
            return Form(f"$0.{name}({', '.join(keywords(write, given))})", ATOM, (ATOM,))
        return by_name(name)(write, y, xs, given)

    return written


def by_kind(of_array: str, of_float: str) -> Written:
    """Templates for arrays and Python's floats, with `{np}`, `{math}`, `{float}`, `{abs}`."""

    def written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form | None:
        if not isinstance(y, np.ndarray) and type(y) is not float:
            return None
        template = of_array if isinstance(y, np.ndarray) else of_float
        words = ("np", "math", "float", "abs")
        names = {word: write.call(word) for word in words if f"{{{word}}}" in template}
        return Form(template.format(**names), ATOM, (COMPARE + 1,))

    return written
