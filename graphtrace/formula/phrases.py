"""Maps that only move, copy or add entries, in words: "rows 0:3 of z", "sum over axis 1".

In: a row and the position of one operand. Out: the term of its derivative, which prints as a
phrase and does what the phrase says; None where an operation has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from graphtrace.core.primitive import ATOM, SUM, Form, Notation, Primitive
from graphtrace.formula.maps import hole
from graphtrace.formula.row import Row, atom_of, ndim_of
from graphtrace.formula.runs import Run, latex
from graphtrace.formula.term import Name, Term

Phrase = Callable[[Row, int], Term | None]


def phrase(row: Row, k: int) -> Term | None:
    """The derivative of the row in operand `k`, in words."""
    words = _PHRASES.get(row.primitive.name.removeprefix("np."))
    return None if words is None else words(row, k)


def repeated(times: int, d: Any, ndim: int, shape: tuple[int, ...]) -> Term:
    """The map of broadcasting, times the number `d`."""
    text = f"repeated {times:,} times" if times != 1 else "reshaped"
    text = text if d == 1 else f"{d:.6g}, {text}"
    return in_words("repeated", text, lambda t, d: np.broadcast_to(d * t, shape), ndim, d=d)


def in_words(
    op: str, text: str, forward: Callable[..., Any], ndim: int, *names: Term, **params: Any
) -> Term:
    """A map that is told in words; `$1` is a name in them, and `forward` is what it does."""
    before, slot, after = text.partition("$1")
    tex = latex((Run(before),)) + slot + (latex((Run(after),)) if after else "")
    notation = Notation(Form(text, ATOM, settings={}), Form(tex, ATOM, settings={}))
    return Term(Primitive(op, forward, notation=notation), (hole(ndim), *names), params)


def _selection(row: Row, k: int) -> Term | None:
    """`z[0:3]`: rows 0:3 of z."""
    index, x = row.params.get("index"), row.operands[0]
    place = _place(index, np.ndim(x))
    if k != 0 or place is None or row.shown[0] is None:
        return None
    return in_words("getitem", f"{place} of $1", lambda t, z: t[index], x.ndim, atom_of(row, 0))


def _place(index: Any, ndim: int) -> str | None:
    """What an index picks, "rows 0:3", where there is a word for it."""
    if isinstance(index, tuple) and len(index) == ndim == 2:
        rows, columns = index
        if _is_all(rows) and not _is_all(columns):
            return _counted("column", columns)
        if _is_all(columns):
            return _counted("row", rows)
        are_whole = isinstance(rows, int) and isinstance(columns, int)
        return f"entry [{rows}, {columns}]" if are_whole else None
    if isinstance(index, tuple) and len(index) == 1:
        return _place(index[0], ndim)
    return _counted("entry" if ndim == 1 else "row", index) if ndim in (1, 2) else None


def _is_all(index: Any) -> bool:
    return isinstance(index, slice) and index == slice(None)


def _counted(what: str, index: Any) -> str | None:
    plural = "entries" if what == "entry" else f"{what}s"
    if isinstance(index, (int, np.integer)) and not isinstance(index, (bool, np.bool_)):
        return f"{what} {index}"
    if isinstance(index, slice):
        start, stop = index.start or 0, "" if index.stop is None else index.stop
        step = "" if index.step is None else f":{index.step}"
        return f"{plural} {start}:{stop}{step}"
    if isinstance(index, (list, np.ndarray)):
        picked = np.asarray(index)
        if picked.ndim == 1 and picked.size <= 4 and picked.dtype.kind in "iu":
            return f"{plural} {', '.join(map(str, picked.tolist()))}"
    return None


def _total(row: Row, k: int) -> Term | None:
    """`sum(x, axis=1)`: sum over axis 1."""
    op, x, axis = row.primitive.op, row.operands[0], row.params.get("axis")
    function = np.sum if op == "sum" else np.mean
    keepdims = bool(row.params.get("keepdims"))
    size = math.prod(np.shape(x)) // max(math.prod(np.shape(row.value)), 1)

    def forward(t: Any, **params: Any) -> Any:
        return function(t, axis=axis, keepdims=keepdims)

    axes = (axis,) if isinstance(axis, int) else axis
    text = op
    if axes == ():
        return None
    if axes is not None and len(axes) < np.ndim(x):
        over = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
        text = f"{op} over {over}"
    return in_words(op, text, forward, ndim_of(x), size=size)


def _reshaped(row: Row, k: int) -> Term | None:
    shape = np.shape(row.value)
    order = row.params.get("order", "C")
    text = f"reshaped to {shape}" if order == "C" else f"reshaped to {shape} by columns"
    return in_words("reshape", text, lambda t: np.reshape(t, shape, order=order), _rank(row, k))


def _broadcast(row: Row, k: int) -> Term | None:
    size = max(math.prod(np.shape(row.operands[0])), 1)
    shape = np.shape(row.value)
    return repeated(math.prod(shape) // size, 1, _rank(row, k), shape)


def _joined(row: Row, k: int) -> Term | None:
    """`concatenate([x, y])` in y: into entries 3:5."""
    axis, shape = row.params["axis"], np.shape(row.value)
    if axis < 0:
        axis += len(shape)
    sizes = [np.shape(x)[axis] if row.primitive.op == "concatenate" else 1 for x in row.operands]
    start, stop = sum(sizes[:k]), sum(sizes[: k + 1])
    at = (slice(None),) * axis + ((start if row.primitive.op == "stack" else slice(start, stop)),)

    def forward(t: Any) -> Any:
        whole = np.zeros(shape, np.result_type(t))
        whole[at] = t
        return whole

    where = _place((*at, slice(None)) if axis == 0 and len(shape) == 2 else at, len(shape))
    return None if where is None else in_words("into", f"into {where}", forward, _rank(row, k))


def _windows(row: Row, k: int) -> Term | None:
    """`sliding_window_view(x, 3)`: windows of x."""
    if row.shown[k] is None:
        return None
    forward = partial(row.primitive.forward, **row.params)
    words = "windows of $1"
    return in_words("windows", words, lambda t, x: forward(t), _rank(row, k), atom_of(row, k))


def _softmax(row: Row, k: int) -> Term | None:
    """diag(p) − p pᵀ, of the whole vector or for each row."""
    axis = row.params["axis"]

    def forward(t: Any, p: Any) -> Any:
        return p * (t - np.sum(p * t, axis=axis, keepdims=True))

    return _of_vectors(row, forward, _SOFTMAX)


def _log_softmax(row: Row, k: int) -> Term | None:
    """I − 1 exp(y)ᵀ."""
    axis = row.params["axis"]

    def forward(t: Any, y: Any) -> Any:
        return t - np.sum(np.exp(y) * t, axis=axis, keepdims=True)

    return _of_vectors(row, forward, _LOG_SOFTMAX)


_SOFTMAX = (
    "diag($1) - $1 @ $1.T",
    "diag($1) − $1·$1^{T}",
    r"\operatorname{diag}({$1}) - {$1} {$1}^{\mathsf{T}}",
)
_LOG_SOFTMAX = (
    "I - 1 @ exp($1).T",
    "I − 1·exp($1)^{T}",
    r"I - \mathbf{1} \exp({$1})^{\mathsf{T}}",
)


def _of_vectors(row: Row, forward: Callable[..., Any], forms: tuple[str, ...]) -> Term | None:
    """The map of a vector, `$1` in the forms, or of each row or column of a matrix."""
    axis, ndim = row.params["axis"], ndim_of(row.operands[0])
    if axis not in range(-ndim, ndim) or ndim > 2:
        return None
    text, board, tex = forms
    if ndim == 1 and re.fullmatch(r"[^\W\d_](_?\d+)?", row.name):
        board = board.replace("$1·$1", "$1$1")
    if ndim == 2:
        line = "row" if axis in (-1, 1) else "column"
        text, board, tex = (form.replace("$1", "p") for form in forms)
        board = board.replace("p·p", "pp")
        text, board = f"{text} for each {line} p", f"{board} for each {line} p"
        tex += rf"\ \mathrm{{for\ each\ {line}}}\ p"
    binds = SUM if ndim == 1 else ATOM
    notation = Notation(
        Form(text, binds, (ATOM,), board, settings={}), Form(tex, binds, (ATOM,), settings={})
    )
    op = row.primitive.op if ndim == 1 else "for each row"
    y = Term(atom=Name(row.name, ndim_of(row.value)))
    return Term(Primitive(op, forward, notation=notation), (hole(ndim), y))


def _rank(row: Row, k: int) -> int:
    return ndim_of(row.operands[k])


_PHRASES: dict[str, Phrase] = {
    "getitem": _selection,
    "sum": _total,
    "mean": _total,
    "reshape": _reshaped,
    "broadcast_to": _broadcast,
    "concatenate": _joined,
    "stack": _joined,
    "sliding_window_view": _windows,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}
