"""Indexing and choosing: x[...], np.where, np.clip."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.primitive import ATOM, COMPARE, Code, Form, Rule, Writer
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import (
    Variable,
    add_methods,
    define,
    fixed,
    handles,
    traced,
    unsupported,
)
from graphtrace.ops.compare import above, below


class Slot(NamedTuple):
    """Stands in a recorded index for operand `position`: an index that is itself traced."""

    position: int


def filled(index: Any, operands: tuple[Any, ...]) -> Any:
    """The index with the operands in the place of its Slots."""
    if isinstance(index, Slot):
        return operands[index.position]
    if type(index) is tuple:
        return tuple(filled(part, operands) for part in index)
    return index


def _scatter_at(g: Any, *where: Any, index: Any, like: Any) -> Any:
    out = np.zeros(np.shape(like), dtype=np.result_type(g))
    _add_at(out, g, None, *where, index=index)
    return out


def _add_at(total: Any, g: Any, a: Any, *where: Any, index: Any) -> None:
    index = filled(index, where)
    if is_basic(index):
        total[index] += g  # no entry twice, so no need for add.at, which is slower
    else:
        np.add.at(total, index, g)


def is_basic(index: Any) -> bool:
    """Whether the index selects no entry twice: it has slices and whole numbers only."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is ... or isinstance(part, (int, slice)) for part in parts)


def index_text(index: Any, where: list[str]) -> str:
    """The index as it is written, `1:3, i`; `where` are the texts of its Slots."""
    if isinstance(index, Slot):
        return where[index.position]
    if isinstance(index, tuple):
        return ", ".join(index_text(part, where) for part in index)
    if isinstance(index, slice):
        ends = ("" if end is None else str(end) for end in (index.start, index.stop))
        return ":".join(ends) + ("" if index.step is None else f":{index.step}")
    if isinstance(index, np.ndarray):
        return getattr(index, "name", "") or places_text(index)
    return "..." if index is ... else str(index)


def places_text(index: np.ndarray[Any, Any]) -> str:
    """The places that an array without a name chooses: all of a few, the first and last of more."""
    if index.dtype == bool:
        return "mask" if index.size > 3 or index.ndim != 1 else str(index.tolist())
    if index.ndim == 1 and index.size > 3 and np.array_equal(index, np.arange(index.size)):
        return f"arange({index.size})"
    if index.size <= 8:
        return str(index.tolist())
    if index.ndim != 1:
        return f"{index.dtype}[{','.join(map(str, index.shape))}]"
    return f"[{index[0]}, {index[1]}, …, {index[-1]}]"


def in_latex(index: str) -> str:
    """The text of an index for math mode, where `_` would lower what follows."""
    return index.replace("_", r"\_")


def _getitem_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    index = index_text(params["index"], [f"${i}" for i in range(1, count)])
    if latex:
        return Form(f"{{$0}}_{{{in_latex(index)}}}", ATOM, (ATOM, 0))
    written = params["index"]
    parts = written if type(written) is tuple else (written,)  # a Slot is one of its own
    is_entry = all(isinstance(part, int) and part >= 0 for part in parts)
    return Form(f"$0[{index}]", ATOM, (ATOM, 0), f"$0_{{{index}}}" if is_entry else "")


def _getitem_written(write: Writer, y: Any, xs: tuple[Any, ...], params: dict[str, Any]) -> Form:
    return Form(f"$0[{index_in_python(write, params['index'], first=1)}]", ATOM, (ATOM, COMPARE))


def index_in_python(write: Writer, index: Any, *, first: int) -> str:
    """What stands between the brackets; the Slots are the operands from `first` on."""
    if isinstance(index, Slot):
        return f"${first + index.position}"
    if type(index) is tuple and index:
        parts = [index_in_python(write, part, first=first) for part in index]
        is_list = len(parts) == 1 and type(index[0]) in (list, tuple)
        return f"{parts[0]}," if is_list else ", ".join(parts)
    if isinstance(index, slice):
        ends = ["" if x is None else write.param(x) for x in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{write.param(index.step)}")
    return "..." if index is ... else write.param(index)


getitem = define(
    "getitem",
    lambda a, *where, index: a[filled(index, where)],
    vjp_each=lambda k, g, y, a, *where, index: (
        scatter_at(g, *where, index=index, like=np.broadcast_to(0.0, np.shape(a)))
        if k == 0
        else None
    ),
    add_into=_add_at,
    notation=_getitem_form,
    code=Code(_getitem_written, "rule", by_mask=True),
)
scatter_at: Rule = define(
    "scatter_at",
    _scatter_at,
    vjp_each=lambda k, h, y, g, *where, index, like: (
        getitem(h, *where, index=index) if k == 0 else None
    ),
    code=Code(memory="own"),
)


def _index_of(part: Any, traced_parts: list[Variable]) -> Any:
    if type(part) is Variable:
        if not part.shape and part.dtype != bool:
            return operator.index(part)
        if part.dtype.kind == "f":
            raise TypeError("arrays used as indices must be of integer (or boolean) type")
        traced_parts.append(part)
        return Slot(len(traced_parts) - 1)
    if isinstance(part, slice):
        return slice(
            *(None if end is None else fixed(end) for end in (part.start, part.stop, part.step))
        )
    return fixed(part) if isinstance(part, (list, np.ndarray)) else part


def with_slots(index: Any) -> tuple[Any, list[Variable]]:
    """The index with a Slot in the place of each traced part, and these parts."""
    parts: list[Variable] = []
    if type(index) is tuple:
        return tuple(_index_of(part, parts) for part in index), parts
    return _index_of(index, parts), parts


def _subscript(a: Any, index: Any) -> Any:
    index, parts = with_slots(index)
    return getitem(a, *parts, index=index)


add_methods({"__getitem__": _subscript})

where = define(
    "where",
    np.where,
    partials=(None, lambda c, a, b, y: c != 0, lambda c, a, b, y: c == 0),
    code=Code(memory="own"),
)


@handles(np.where)
def _where(condition: Any, *choices: Any) -> Any:
    return where(*map(traced, (condition, *choices))) if choices else np.nonzero(condition)


clip = define(
    "clip",
    np.clip,
    partials=(
        lambda a, low, high, y: above(a, low) * below(a, high),
        lambda a, low, high, y: below(a, low) * below(low, high),
        lambda a, low, high, y: above(np.maximum(a, low), high),
    ),
    code=Code(memory="own"),
)


@handles(np.clip)
def _clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **how: Any,
) -> Any:
    no_out(np.clip, out)
    if how:
        raise unsupported(f"np.clip with {next(iter(how))}=", (a,), "use np.where on its result")
    a = traced(a)
    low, high = a_min if min is None else min, a_max if max is None else max
    least, most = _limits(np.result_type(a))
    return clip(a, least if low is None else low, most if high is None else high)


def _limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Bounds that clip nothing, of the dtype's own kind."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min, np.iinfo(dtype).max
    return -np.inf, np.inf
