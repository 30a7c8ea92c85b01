"""Read one value of a parameter as it is typed after --at, such as `w=[1, 2]` or `x=@data.npy`.

In: text. Out: the parameter's name and a number, a text, None, an array, or lists and dicts of
these. Numbers stay as they are typed, so `n=3` is an int; a list of numbers, however deep, becomes
an array of floats. Nothing is executed and nothing is unpickled. Knows nothing of the function that
gets it.
"""

from __future__ import annotations

import ast
import json
import keyword
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from graphtrace.errors import ArgumentError

_LARGEST_INTEGER = 2**63
_NAMES: dict[str, Any] = {
    "inf": math.inf,
    "nan": math.nan,
    "pi": math.pi,
    "true": True,
    "false": False,
    "null": None,
    "none": None,
}


def split(text: str) -> list[str]:
    """The assignments in a line of them, with blanks or commas between.

    >>> split("a=5 w=[1, 2], x=@data.npy")
    ['a=5', 'w=[1, 2]', 'x=@data.npy']
    """
    pieces, depth, quote = [""], 0, ""
    for part in _PIECE.findall(text):
        if quote or part in ("'", '"'):
            quote = "" if quote == part else quote or part
        elif part in ("[", "(", "{"):
            depth += 1
        elif part in ("]", ")", "}"):
            depth -= 1
        elif part.endswith("=") and not depth:
            pieces.append("")
        pieces[-1] += part
    return [stripped for piece in pieces if (stripped := piece.strip(" \t\n,"))]


_PIECE = re.compile(r"[^\W\d]\w*+[ \t]*+(?:=(?!=))?|\\?.", re.DOTALL)
"""The beginning of an assignment, a word, or one character; nothing is looked at twice."""


def read(text: str, option: str = "--at", folder: Path | None = None) -> tuple[str, Any]:
    """The name and the value of `name=value`; anything else raises `ArgumentError`.

    A relative path after @ begins in `folder`, by default the current one. A word that is no number
    is a text; any other text stands in quotes.

    >>> read("a=-1e-3")
    ('a', -0.001)
    >>> read("w=[1, 2]"), read("mode=lin"), read("p={'act': 'relu'}")
    (('w', array([1., 2.])), ('mode', 'lin'), ('p', {'act': 'relu'}))
    """
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier() or not value:
        example = f"{option} a=5".strip()
        raise ArgumentError(f"'{_shorten(text)}' is not NAME=VALUE: write for example {example}")
    if value.startswith("@"):
        return name, _read_file(name, (folder or Path()) / value[1:])
    if value.isidentifier() and value not in _NAMES and not keyword.iskeyword(value):
        return name, value
    try:
        return name, _convert(_literal(ast.parse(value, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = f" ({error})" if isinstance(error, _Unsuitable) else ""
        raise no_value(name, value, why) from None


def no_value(name: str, text: str, why: str = "") -> ArgumentError:
    """The error for a text that a parameter cannot have."""
    return ArgumentError(
        f"{name}: '{_shorten(text)}' is not a number, a list of numbers or a file{why}: write "
        f"for example {name}=5, {name}=[1, 2], {name}=@{name}.npy or {name}=@{name}.json"
    )


class _Unsuitable(ValueError):
    """What is wrong with the inside of a value, in a few words."""


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _literal(node: ast.expr) -> Any:
    """The plain Python value of a literal; names only for inf, nan, pi, true, false and null."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(_literal(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _number(_literal(operand))
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_literal(element) for element in elements]
        case ast.Dict(keys=keys, values=values):
            return {_key(key): _literal(value) for key, value in zip(keys, values, strict=True)}
        case _:
            raise _Unsuitable(f"'{_shorten(ast.unparse(node))}' is not a number")


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unsuitable("only a number has a sign")
    return value


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise _Unsuitable("the keys of a dict are text in quotes")


def _convert(value: Any) -> Any:
    """Lists of numbers as arrays of floats, at every depth of dicts and of lists of dicts."""
    if isinstance(value, dict):
        return {key: _convert(item) for key, item in value.items()}
    if isinstance(value, list):
        leaves = _leaves(value)
        is_words = bool(leaves) and all(leaf is None or isinstance(leaf, str) for leaf in leaves)
        if is_words or any(_holds_dict(item) for item in value):
            return [_convert(item) for item in value]
        return _array(value)
    if type(value) is int and abs(value) >= _LARGEST_INTEGER:
        return _float(value)
    return value


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _Unsuitable("it is larger than the largest float") from None


def _holds_dict(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_dict, value)))


def _array(values: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    for value in _leaves(values):
        if value is None or isinstance(value, str):
            raise _Unsuitable(f"{json.dumps(value)} is not a number")
    try:
        return np.array(values, dtype=np.float64)
    except ValueError:
        raise _Unsuitable("its rows have different lengths") from None
    except OverflowError:
        raise _Unsuitable("a number is too large") from None


def _leaves(values: list[Any]) -> list[Any]:
    leaves: list[Any] = []
    for value in values:
        leaves.extend(_leaves(value) if isinstance(value, list) else [value])
    return leaves


def _read_file(name: str, path: Path) -> Any:
    readers: dict[str, Callable[[Path], Any]] = {
        ".npy": lambda path: np.load(path, allow_pickle=False),
        ".json": lambda path: _convert(json.loads(path.read_text(encoding="utf-8"))),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ArgumentError(
            f"{name}: '@{path}' is neither a .npy nor a .json file: save the value with "
            f"numpy.save('{name}.npy', {name}) and write {name}=@{name}.npy"
        )
    try:
        return reader(path)
    except FileNotFoundError:
        raise ArgumentError(f"{name}: there is no file '{path}': check the path after @") from None
    except OSError as error:
        raise ArgumentError(
            f"{name}: '{path}' cannot be read ({error.strerror}): check the path after @"
        ) from None
    except (ValueError, EOFError, RecursionError, MemoryError) as error:
        _refuse_content(name, path, error)


def _refuse_content(name: str, path: Path, error: Exception) -> NoReturn:
    known = isinstance(error, _Unsuitable | json.JSONDecodeError)
    why = str(error)[:1].lower() + str(error)[1:] if known else "its content is not of that kind"
    wanted = (
        "an array saved with numpy.save, not of Python objects"
        if path.suffix.lower() == ".npy"
        else "numbers and texts, and lists and dicts of them"
    )
    raise ArgumentError(f"{name}: '{path}' cannot be used ({why}): give {wanted}") from None
