"""Values as JSON and back, every bit of them: numbers, arrays, and what an operation is told.

In: the values, params and constants of a graph. Out: what json.dumps can write, of which `decode`
makes the same again. An object that JSON does not have is a dict with one key that says what it
is, `{"complex": [1.0, 2.0]}`. It knows no graph, and nothing that it reads is ever executed.
"""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphtrace.core.variable import NUMPY
from graphtrace.errors import ArgumentError
from graphtrace.ops.index import Slot

_ENTRIES = 4096
"""A larger array is written as its bytes."""

_NUMBERS = re.compile(r"[<>|][fciub]\d{1,2}")
"""The dtypes of numbers and flags: an object or a record is never read."""

DEEPEST = 64
"""What is nested deeper is not read: each level costs the functions that follow a call or more."""

_LARGEST = 2**1024
"""Beyond it an int is no float, so that no operation of a trace has one."""

_EMPTIEST = 2**24
"""An array without entries may have no longer axes: a sum over the empty one would be as large."""

_CLASHES = 64

_NO_VALUE = np._NoValue


def encode(x: Any, where: str) -> Any:
    """The value for json.dumps; `where` says whose it is, for the error.

    Raises ArgumentError for a value that no JSON can hold: a function, an object of some class.

    >>> encode((1, 2.0, float("inf")), "x")
    {'tuple': [1, 2.0, {'float': 'inf'}]}
    >>> encode(np.float32([1, 2]), "x")
    {'array': {'dtype': '<f4', 'shape': [2], 'data': [1.0, 2.0]}}
    """
    kind = type(x)
    if x is None or kind in (bool, int, str):
        return x
    if kind is float:
        return x if math.isfinite(x) else {"float": _special(x)}
    if kind is complex:
        return {"complex": [encode(x.real, where), encode(x.imag, where)]}
    if kind is list:
        return [encode(item, where) for item in x]
    if kind is tuple:
        return {"tuple": [encode(item, where) for item in x]}
    if kind is dict:
        return {"dict": [[encode(k, where), encode(v, where)] for k, v in x.items()]}
    if kind is slice:
        return {"slice": [encode(part, where) for part in (x.start, x.stop, x.step)]}
    if kind is Slot:
        return {"operand": x.position}
    if x is Ellipsis or x is _NO_VALUE:
        return {"missing" if x is _NO_VALUE else "ellipsis": True}
    if isinstance(x, np.dtype) and _NUMBERS.fullmatch(x.str):
        return {"dtype": x.str}
    if isinstance(x, (np.ndarray, np.generic)) and _NUMBERS.fullmatch(x.dtype.str):
        return _encode_array(x)
    if isinstance(x, type) and _TYPES.get(x.__name__) is x:
        return {"type": x.__name__}
    framework = getattr(x, "framework", None)  # of a call that only it can make again
    if isinstance(framework, str):
        raise ArgumentError(
            f"{where} is a call of {framework}, which no file holds; keep the program and trace it "
            f"again"
        )
    name = getattr(x, "__name__", "")
    if callable(x) and functions().get(name) is x:
        return {"function": name}
    raise ArgumentError(
        f"{where} is {x!r:.60}, of type {kind.__name__}, which cannot be written as JSON: use "
        f"numbers, arrays, strings and nested dicts, lists and tuples of them"
    )


_TYPES: Mapping[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, complex)},
    **{
        kind.__name__: kind
        for kind in vars(np).values()
        if isinstance(kind, type) and issubclass(kind, np.number)
    },
}
"""The types that a text may name."""


@functools.cache
def functions() -> Mapping[str, Any]:
    """The functions that a text may name: those of NumPy that can be traced, which only compute.

    A name is looked up here and nowhere else: NumPy imports some of its modules when they are asked
    for by name.
    """
    return {
        name: f
        for name, f in vars(np).items()
        if isinstance(f, np.ufunc) or (callable(f) and f in NUMPY)
    }


def _special(x: float) -> str:
    sign = "-" if math.copysign(1, x) < 0 else ""
    return sign + ("nan" if math.isnan(x) else "inf")


def _encode_array(x: np.ndarray[Any, Any] | np.generic) -> dict[str, Any]:
    """An array is a dict with its dtype and shape; a scalar of NumPy has no shape."""
    array = np.asarray(x)
    content: dict[str, Any] = {"dtype": array.dtype.str}
    if isinstance(x, np.ndarray):
        content["shape"] = list(array.shape)
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            content["order"] = "F"  # the order of memory is the order of NumPy's sums
    if array.dtype.char in "gG":
        content["data"] = [np.format_float_scientific(n) for n in _numbers(array)]
    elif array.size <= _ENTRIES and _is_whole(_entries(array), array):
        content["data"] = _entries(array)
    else:
        content["base64"] = base64.b64encode(array.tobytes()).decode("ascii")
    return {"array" if isinstance(x, np.ndarray) else "scalar": content}


def _entries(array: np.ndarray[Any, Any]) -> list[Any]:
    """The entries in the order of C; of a complex number its two parts."""
    flat = _numbers(array).tolist()
    return [n if type(n) is not float or math.isfinite(n) else _special(n) for n in flat]


def _numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flat = array.ravel()
    return np.stack([flat.real, flat.imag], -1).ravel() if array.dtype.kind == "c" else flat


def _is_whole(entries: list[Any], array: np.ndarray[Any, Any]) -> bool:
    """Whether the entries give every bit: a NaN may hold more than they say."""
    return _read_entries(entries, array.dtype).tobytes() == array.tobytes()


def _read_entries(entries: list[Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if dtype.char in "gG":
        return np.array([np.longdouble(str(n)) for n in entries], np.longdouble).view(dtype)
    numbers = [_SPECIAL[n] if isinstance(n, str) else n for n in entries]
    wanted = {"b": (bool,), "i": (int,), "u": (int,)}.get(dtype.kind, (int, float))
    if not all(type(n) in wanted for n in numbers):
        raise ValueError(f"an entry that is no {dtype}")
    if dtype.kind != "c":
        return np.array(numbers, dtype)
    part = np.dtype(f"{dtype.byteorder}f{dtype.itemsize // 2}")
    return np.array(numbers, part).view(dtype)


_SPECIAL = {sign + name: float(sign + name) for name in ("nan", "inf") for sign in ("", "-")}


def decode(encoded: Any, depth: int = DEEPEST) -> Any:
    """The value that `encode` has written, nested no deeper than `depth`.

    Raises ValueError, KeyError or TypeError for anything else; it calls no code that the text
    names and makes no array larger than the text.

    >>> decode(encode({"axis": (0, None), "at": slice(1, 2)}, "params"))
    {'axis': (0, None), 'at': slice(1, 2, None)}
    """
    if not isinstance(encoded, (list, dict)):
        if type(encoded) is int and abs(encoded) >= _LARGEST:
            raise ValueError("a whole number that is larger than any float")
        return encoded
    if not depth:
        raise ValueError("a value that is nested too deeply")
    if isinstance(encoded, list):
        return [decode(item, depth - 1) for item in encoded]
    if len(encoded) != 1:
        raise ValueError(f"{sorted(encoded)!s:.60} where there should be one key")
    ((tag, content),) = encoded.items()
    if tag not in _DECODERS:
        raise ValueError(f"the unknown kind of value {tag!r:.60}")
    return _DECODERS[tag](content, depth - 1)


def _array(content: Any, depth: int) -> np.ndarray[Any, Any]:
    dtype = _dtype(content["dtype"])
    if "base64" in content:
        flat = np.frombuffer(base64.b64decode(content["base64"], validate=True), dtype).copy()
    else:
        flat = _read_entries(content["data"], dtype)
    shape = content.get("shape", ())
    if flat.size != math.prod(shape) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{flat.size} entries for an array of shape {shape}")
    if not flat.size and math.prod(max(n, 1) for n in shape) > _EMPTIEST:
        raise ValueError(f"an array without entries of shape {shape}")
    array = flat.reshape(shape)
    return np.asfortranarray(array) if content.get("order") == "F" else array


def _dtype(text: Any, depth: int = 0) -> np.dtype[Any]:
    if not isinstance(text, str) or not _NUMBERS.fullmatch(text):
        raise ValueError(f"{text!r:.60}, which is no dtype of numbers")
    return np.dtype(text)


def _named(things: Mapping[str, Any], name: Any, what: str) -> Any:
    if not isinstance(name, str) or name not in things:
        raise ValueError(f"{name!r:.60}, which is no {what}")
    return things[name]


def _parts(parts: Any, depth: int) -> list[Any]:
    return [decode(part, depth) for part in parts]


def _complex(parts: Any, depth: int) -> complex:
    real, imag = _parts(parts, depth)
    return complex(real, imag)


def _slice(parts: Any, depth: int) -> slice:
    start, stop, step = _parts(parts, depth)
    return slice(start, stop, step)


def dict_of(pairs: list[Any]) -> dict[Any, Any]:
    """A dict of these pairs, none of whose keys is there twice.

    Numbers may be chosen so that they all have one hash, with which a dict takes forever.
    """
    if len(pairs) - len({hash(key) for key, _ in pairs}) > _CLASHES:
        raise ValueError("a dict of keys that have one hash")
    items = dict(pairs)
    if len(items) < len(pairs):
        raise ValueError("a dict with a key that is there twice")
    return items


def _slot(position: Any, depth: int) -> Slot:
    if type(position) is not int or position < 0:
        raise ValueError(f"{position!r:.60}, which is the position of no operand")
    return Slot(position)


_DECODERS: dict[str, Callable[[Any, int], Any]] = {
    "float": lambda name, _: _named(_SPECIAL, name, "special float"),
    "complex": _complex,
    "tuple": lambda items, depth: tuple(_parts(items, depth)),
    "dict": lambda pairs, depth: dict_of([_parts(pair, depth) for pair in pairs]),
    "slice": _slice,
    "operand": _slot,
    "missing": lambda *_: _NO_VALUE,
    "ellipsis": lambda *_: Ellipsis,
    "dtype": _dtype,
    "array": _array,
    "scalar": lambda content, depth: _array({**content, "shape": []}, depth)[()],
    "type": lambda name, _: _named(_TYPES, name, "type of number"),
    "function": lambda name, _: _named(functions(), name, "function of NumPy that can be traced"),
}
