"""The two sweeps over a Wengert list: adjoints from its end, tangents from its beginning.

In: rows and the adjoints of the outputs, or the tangents of the inputs. Out: a list of adjoints or
tangents, None where none arrived. What a row contributes to one operand (`pull`), what it gets from
one (`push`), and the sum back to a broadcast operand's shape and dtype (`fit`) live here alone;
`Graph.backward` and the replay use them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphtrace.core.inputs import IDENTITY, INPUT, of_numpy, value_of
from graphtrace.core.primitive import Primitive
from graphtrace.core.tape import Row, Tape, here, parts
from graphtrace.core.variable import Variable, forgive, record
from graphtrace.errors import GraphtraceError, NoDerivative

_add_reduce: Any = np.add.reduce  # its stubs differ from NumPy to NumPy
_astype: Any = np.astype
_BOOL = np.dtype(bool)
_STUMBLES = (ZeroDivisionError, OverflowError, TypeError)
"""What a rule raises at a pole or of a complex number; or there is none, or it is a number."""


def sweep(
    rows: Sequence[Row],
    start: int,
    stop: int,
    seeds: Iterable[tuple[int, Any]],
    tape: Tape | None = None,
    *,
    inputs_only: bool = False,
) -> list[Any]:
    """The adjoints of rows `start` to `stop`, given those of the outputs as (row, adjoint) pairs.

    With a `tape` the rules run on its traced values and add their own rows to it, so that the
    result can be differentiated again. Rows older than `start` are constants. With `inputs_only` a
    row may have no adjoint that would pass none on.
    """
    adjoints: list[Any] = [None] * (stop - start)
    for index, seed in seeds:
        before = adjoints[index - start]
        adjoints[index - start] = seed if before is None else before + seed
    is_plain = tape is None
    owned: set[int] = set()  # rows whose adjoint is an array of this sweep's own, to add into
    with np.errstate(all="ignore"):  # NaN and inf go through as NumPy has them, without a warning
        for i in range(stop - 1, start - 1, -1):
            g = adjoints[i - start]
            if g is None:
                continue
            row = rows[i]
            primitive = row[0]
            # One or two scalars, in line: 0.17 us a row, 0.5 when each goes through `pull`.
            if g.__class__ is float and is_plain and primitive.partials and not row[2]:
                if len(row) == 7:
                    _, y, params, a, p, b, q = row
                    d, e = primitive.partials
                    if p >= start:
                        if d.__class__ is int:
                            c = g * d if d else None
                        else:
                            try:
                                d = d(a, b, y)
                            except _STUMBLES:
                                d = partial(primitive, 0, y, (a, b), params)
                            c = g * d if d.__class__ is float else _scaled(g, d, a)
                        if c is not None:
                            before = adjoints[p - start]
                            adjoints[p - start] = c if before is None else before + c
                    if q >= start:
                        if e.__class__ is int:
                            c = g * e if e else None
                        else:
                            try:
                                e = e(a, b, y)
                            except _STUMBLES:
                                e = partial(primitive, 1, y, (a, b), params)
                            c = g * e if e.__class__ is float else _scaled(g, e, b)
                        if c is not None:
                            before = adjoints[q - start]
                            adjoints[q - start] = c if before is None else before + c
                    continue
                if len(row) == 5:
                    _, y, params, a, p = row
                    (d,) = primitive.partials
                    if p >= start:
                        if d.__class__ is int:
                            c = g * d if d else None
                        else:
                            try:
                                d = d(a, y)
                            except _STUMBLES:
                                d = partial(primitive, 0, y, (a,), params)
                            c = g * d if d.__class__ is float else _scaled(g, d, a)
                        if c is not None:
                            before = adjoints[p - start]
                            adjoints[p - start] = c if before is None else before + c
                    continue
            _, y, xs, parents, params = parts(row)
            if tape is not None:
                y, xs = on_tape(tape, i, y, xs, parents)
            pieces = primitive.pieces
            where = None if pieces is None or not is_plain else pieces(*xs, **params)
            k = -1
            for parent in parents:
                k += 1
                if parent >= start and not (inputs_only and _ends(rows[parent], start)):
                    if k == 0 and primitive.add_into and is_plain and _is_alike(g, xs[0]):
                        before = adjoints[parent - start]
                        if parent not in owned or type(before) is not np.ndarray:
                            before = np.zeros_like(xs[0]) if before is None else np.array(before)
                            adjoints[parent - start] = before
                            owned.add(parent)
                        primitive.add_into(before, g, *xs, **params)
                        continue
                    if where is None:
                        c = pull(primitive, k, g, y, xs, params)
                    else:
                        c = fit(g[where[k]], xs[k])
                    if c is not None:
                        before = adjoints[parent - start]
                        adjoints[parent - start] = c if before is None else before + c
    return adjoints


def _ends(row: Row, start: int) -> bool:
    """Whether no adjoint goes on from a row to another, such as from truth values as floats."""
    if len(row) == 3 or row[0] is IDENTITY:
        return False  # an input
    for k in range(3, len(row), 2):  # of most rows the first operand answers, in 0.2 us
        x, parent = row[k], row[k + 1]
        if parent >= start and not (type(x) is np.ndarray and x.dtype.kind in "biu"):
            return False
    return True


def _is_alike(g: Any, x: Any) -> bool:
    """Whether the adjoint of an entry needs no conversion to be one of the array `x`."""
    return type(x) is np.ndarray and bool(np.result_type(g) == x.dtype)


def _scaled(g: float, d: Any, x: Any) -> Any:
    """What a scalar operand `x` receives from the adjoint `g` by the local derivative `d`."""
    if d.__class__ is np.float64:  # float is three times as fast
        return g * float(d)
    return None if d is None else fit(times(g, d), x)


def sweep_forward(
    rows: Sequence[Row],
    start: int,
    stop: int,
    seeds: Iterable[tuple[int, Any]],
    tape: Tape | None = None,
    outputs: Iterable[int] | None = None,
) -> list[Any]:
    """The tangents of rows `start` to `stop`, given those of the inputs as (row, tangent) pairs.

    `tape` as for `sweep`. With `outputs`, rows that none of these comes from have no tangent.
    """
    tangents: list[Any] = [None] * (stop - start)
    needed = None if outputs is None else _ancestors(rows, start, stop, outputs)
    for index, seed in seeds:
        tangents[index - start] = seed
    with np.errstate(all="ignore"):
        for i in range(start, stop):
            primitive, y, xs, parents, params = parts(rows[i])
            moving = [
                (k, tangents[p - start])
                for k, p in enumerate(parents)
                if p >= start and tangents[p - start] is not None
            ]
            if not moving or primitive.flat or not (needed is None or needed[i - start]):
                continue
            if tape is not None:
                y, xs = on_tape(tape, i, y, xs, parents)
            for k, t in moving:
                c = push(primitive, k, t, y, xs, params, tape)
                if c is not None:
                    before = tangents[i - start]
                    tangents[i - start] = c if before is None else before + c
    return tangents


def _ancestors(rows: Sequence[Row], start: int, stop: int, outputs: Iterable[int]) -> bytearray:
    """Which of the rows `start` to `stop` the outputs come from."""
    needed = bytearray(stop - start)
    for i in outputs:
        needed[i - start] = True
    for i in range(stop - 1, start - 1, -1):
        if needed[i - start]:
            for parent in rows[i][4::2]:
                if parent >= start:
                    needed[parent - start] = True
    return needed


def push(
    primitive: Primitive,
    k: int,
    t: Any,
    y: Any,
    xs: tuple[Any, ...],
    params: dict[str, Any],
    tape: Tape | None = None,
) -> Any:
    """The tangent of the output for the tangent `t` of operand `k`; None if none."""
    if primitive.jvp_each is not None:
        try:
            c = primitive.jvp_each(k, t, y, *xs, **params)
        except _STUMBLES as error:
            c = primitive.jvp_each(k, *_tried_again(primitive, error, (t, y, *xs)), **params)
        return _of_kind(c, y)
    if primitive.partials is not None:
        d = partial(primitive, k, y, xs, params)
        if d is None:
            return None
        c, shape = _of_kind(times(t, d), y), np.shape(y)
        return c if np.shape(c) == shape else np.broadcast_to(c, shape)
    # The rule is linear in the adjoint g of the output; its transpose takes t to the tangent.
    work = Tape() if tape is None else tape
    start = len(work.rows)
    g = record(work, INPUT, np.zeros_like(value_of(y))[()])
    pulled = pull(primitive, k, g, y, xs, params)
    if type(pulled) is not Variable or pulled.index < start:
        return None
    if t.__class__ in (float, complex):  # a rule for arrays may ask it for its shape
        t = np.result_type(t).type(t)
    c = sweep(work.rows, start, len(work.rows), [(pulled.index, t)], tape)[0]
    return _of_kind(c, y)


def _of_kind(c: Any, y: Any) -> Any:
    """The real part of a tangent, where the output is real."""
    is_real = c is not None and np.iscomplexobj(value_of(c)) and not np.iscomplexobj(value_of(y))
    return np.real(c) if is_real else c


def pull(
    primitive: Primitive, k: int, g: Any, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Any:
    """The adjoint that operand `k` receives from the adjoint `g` of the output; None if none."""
    if primitive.partials is None:
        c = vjp(primitive, k, g, y, xs, params)
    else:
        d = partial(primitive, k, y, xs, params)
        c = None if d is None else times(g, d)
    return None if c is None else fit(c, xs[k])


def on_tape(
    tape: Tape, i: int, y: Any, xs: tuple[Any, ...], parents: tuple[int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """What went in and out of a row, as the traced values that they are."""
    operands = [Variable(tape, p, x) if p >= 0 else x for x, p in zip(xs, parents, strict=True)]
    return Variable(tape, i, y), tuple(operands)


def partial(
    primitive: Primitive, k: int, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Any:
    """The elementwise local derivative of `y` in operand `k`, or None where there is none."""
    d = primitive.partials[k]  # type: ignore[index]
    if not callable(d):
        return d or None  # where 0 stands for none, not even inf or nan comes through
    try:
        return d(*xs, y, **params)
    except _STUMBLES as error:
        return d(*_tried_again(primitive, error, (*xs, y)), **params)


def vjp(
    primitive: Primitive, k: int, g: Any, y: Any, xs: tuple[Any, ...], params: dict[str, Any]
) -> Any:
    """What the rule of operand `k` makes of the adjoint `g`, before it is fitted to the operand."""
    try:
        return primitive.vjp(k, g, y, xs, params)
    except _STUMBLES as error:
        g, y, *rest = _tried_again(primitive, error, (g, y, *xs))
        return primitive.vjp(k, g, y, tuple(rest), params)


def _tried_again(primitive: Primitive, error: Exception, values: tuple[Any, ...]) -> list[Any]:
    """The numbers that a rule stumbled over as NumPy's.

    Python's floats and complex numbers raise at a pole, where NumPy's give inf or nan. Every other
    error is raised again; that a rule cannot do with complex numbers in the project's own words.
    """
    if isinstance(error, (ZeroDivisionError, OverflowError)):
        forgive(error, values)
        return [of_numpy(x) for x in values]
    if not isinstance(error, GraphtraceError) and any(np.iscomplexobj(value_of(x)) for x in values):
        raise NoDerivative(
            f"{here(sys._getframe(1))}: {primitive.op} has no derivative rule for complex numbers "
            f"({error}); take np.real, np.imag or np.abs of them first"
        ) from error
    raise error


def times(g: Any, d: Any) -> Any:
    """The adjoint `g` times a local derivative."""
    if d.__class__ is int or d.__class__ is float:
        return g if d == 1 else -g if d == -1 else g * d
    if d is True:
        return g
    if d is False or getattr(d, "dtype", None) is _BOOL:
        return np.where(d, g, 0)  # a choice, not a product: inf * 0 would be nan
    return g * d


def fit(c: Any, x: Any) -> Any:
    """The contribution `c` in the shape and dtype of the operand `x` that it belongs to."""
    kind = c.__class__
    if kind is float and x.__class__ is float:
        return c
    is_array = kind is np.ndarray and x.__class__ is np.ndarray
    if is_array and c.shape == x.shape and c.dtype == x.dtype:  # nearly always
        return c
    if kind is np.ndarray or kind is Variable:
        c = unbroadcast(c, x)
    if isinstance(x, (int, float, complex)):  # np.float64 too
        c = c[()] if c.__class__ is np.ndarray else c
        return np.real(c) if np.iscomplexobj(c) and not isinstance(x, complex) else c
    if c.__class__ is not Variable:
        c = np.asarray(c)
    dtype = x.dtype
    if c.dtype != dtype and dtype.kind in "fc":
        c = _astype(np.real(c) if c.dtype.kind == "c" and dtype.kind == "f" else c, dtype)
    return c if c.__class__ is not np.ndarray or isinstance(x, np.ndarray) else c[()]


def unbroadcast(g: Any, x: Any) -> Any:
    """The adjoint `g` of a broadcast operand summed back to the shape and kind of `x`."""
    shape = x.shape if type(x) is np.ndarray or type(x) is Variable else np.shape(x)
    if g.shape != shape:
        lead = g.ndim - len(shape)
        axes = (*range(lead), *[lead + i for i, n in enumerate(shape) if n != g.shape[lead + i]])
        # np.sum is a layer of Python over this, and takes twice as long on small arrays.
        g = _add_reduce(g, axis=axes) if type(g) is np.ndarray else np.sum(g, axis=axes)
        g = g if g.shape == shape else np.reshape(g, shape)
    return g
