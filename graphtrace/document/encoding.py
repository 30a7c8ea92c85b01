"""Values as JSON and back, every bit of them: numbers, arrays, and what an operation is told.

In: the values, params and constants of a graph. Out: what json.dumps can write, of which `decode`
makes the same again. An object that JSON does not have is a dict with one key that says what it
is, `{"complex": [1.0, 2.0]}`. It knows no graph, and nothing that it reads is ever executed.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.core.variable import NUMPY
from graphtrace.errors import ArgumentError
from graphtrace.ops.index import Slot

_ENTRIES = 4096
"""A larger array is written as its bytes."""

_NUMBERS = re.compile(r"[<>|][fciub]\d{1,2}")
"""The dtypes of numbers and flags: an object or a record is never read."""

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
    if isinstance(x, type) and (x in _TYPES.values() or issubclass(x, np.number)):
        return {"type": x.__name__}
    name = getattr(x, "__name__", "")
    if callable(x) and _function_named(name) is x:
        return {"function": name}
    raise ArgumentError(
        f"{where} is {x!r:.60}, of type {kind.__name__}, which cannot be written as JSON: use "
        f"numbers, arrays, strings and nested dicts, lists and tuples of them"
    )


_TYPES: dict[str, type] = {"bool": bool, "int": int, "float": float, "complex": complex}


def _special(x: float) -> str:
    sign = "-" if math.copysign(1, x) < 0 else ""
    return sign + ("nan" if math.isnan(x) else "inf")


def _encode_array(x: np.ndarray[Any, Any] | np.generic) -> dict[str, Any]:
    """An array is a dict with its dtype and shape; a scalar of NumPy has no shape."""
    array = np.asarray(x)
    said: dict[str, Any] = {"dtype": array.dtype.str}
    if isinstance(x, np.ndarray):
        said["shape"] = list(array.shape)
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            said["order"] = "F"  # the order of memory is the order of NumPy's sums
    if array.dtype.char in "gG":
        said["data"] = [np.format_float_scientific(n) for n in _parts(array)]
    elif array.size <= _ENTRIES and _is_whole(_entries(array), array):
        said["data"] = _entries(array)
    else:
        said["base64"] = base64.b64encode(array.tobytes()).decode("ascii")
    return {"array" if isinstance(x, np.ndarray) else "scalar": said}


def _entries(array: np.ndarray[Any, Any]) -> list[Any]:
    """The entries in the order of C; of a complex number its two parts."""
    flat = _parts(array).tolist()
    return [n if type(n) is not float or math.isfinite(n) else _special(n) for n in flat]


def _parts(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
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


def decode(said: Any) -> Any:
    """The value that `encode` has written.

    Raises ValueError, KeyError or TypeError for anything else; it calls no code that the text
    names and makes no array larger than the text.

    >>> decode(encode({"axis": (0, None), "at": slice(1, 2)}, "params"))
    {'axis': (0, None), 'at': slice(1, 2, None)}
    """
    if isinstance(said, list):
        return [decode(item) for item in said]
    if not isinstance(said, dict):
        return said
    if len(said) != 1:
        raise ValueError(f"{sorted(said)!s:.60} where there should be one key")
    ((tag, content),) = said.items()
    if tag not in _DECODERS:
        raise ValueError(f"the unknown kind of value {tag!r:.60}")
    return _DECODERS[tag](content)


def _decode_array(said: Any) -> np.ndarray[Any, Any]:
    dtype = _dtype(said["dtype"])
    if "base64" in said:
        flat = np.frombuffer(base64.b64decode(said["base64"], validate=True), dtype).copy()
    else:
        flat = _read_entries(said["data"], dtype)
    shape = said.get("shape", ())
    if flat.size != math.prod(shape) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{flat.size} entries for an array of shape {shape}")
    array = flat.reshape(shape)
    return np.asfortranarray(array) if said.get("order") == "F" else array


def _dtype(text: Any) -> np.dtype[Any]:
    if not isinstance(text, str) or not _NUMBERS.fullmatch(text):
        raise ValueError(f"{text!r:.60}, which is no dtype of numbers")
    return np.dtype(text)


def _type(name: Any) -> type:
    found = _TYPES.get(name) or getattr(np, name, None)
    if not (isinstance(found, type) and (name in _TYPES or issubclass(found, np.number))):
        raise ValueError(f"{name!r:.60}, which is no type of number")
    return found


def _function(name: Any) -> Any:
    found = _function_named(name)
    if found is None:
        raise ValueError(f"{name!r:.60}, which is no function of NumPy that can be traced")
    return found


def _function_named(name: str) -> Any:
    """The function of NumPy of that name, such as np.mean, if it computes and does no more."""
    found = getattr(np, name, None)
    return found if isinstance(found, np.ufunc) or (callable(found) and found in NUMPY) else None


def _slice(parts: Any) -> slice:
    start, stop, step = map(decode, parts)
    return slice(start, stop, step)


def _dict(pairs: Any) -> dict[Any, Any]:
    return {decode(k): decode(v) for k, v in pairs}


def _complex(parts: Any) -> complex:
    real, imag = map(decode, parts)
    return complex(real, imag)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "float": lambda name: _SPECIAL[name],
    "complex": _complex,
    "tuple": lambda items: tuple(map(decode, items)),
    "dict": _dict,
    "slice": _slice,
    "operand": lambda n: Slot(int(n)),
    "missing": lambda _: _NO_VALUE,
    "ellipsis": lambda _: Ellipsis,
    "dtype": _dtype,
    "array": _decode_array,
    "scalar": lambda said: _decode_array({**said, "shape": []})[()],
    "type": _type,
    "function": _function,
}
