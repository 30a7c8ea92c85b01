"""Read one option of a figure as it is typed, such as `width=360` or `path=a,J`.

In: the name of a field of `Options` and text. Out: the value that the library takes; whether the
option may have it, `Options` says.
"""

from __future__ import annotations

import re
from types import NoneType
from typing import Any, get_args

from graphtrace.errors import ArgumentError, OptionError
from graphtrace.figure.options import abouts, choices_of, unknown
from graphtrace.render.options import Options

_FLAGS = {
    "": True,
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}


def option(name: str, text: str) -> tuple[str, Any]:
    """The option of that name (or with hyphens, `font-size`) and its value.

    Raises `OptionError` for an option that there is not, and for text that is no value of it.

    >>> option("width", "360"), option("path", "a, J"), option("no-values", "")
    (('width', 360.0), ('path', ('a', 'J')), ('values', False))
    """
    key, text = name.strip().lower().replace("-", "_"), text.strip()
    known = abouts(Options)
    if key not in known and key.startswith("no_") and text.lower() in ("", "no_" + key, key):
        positive = key.removeprefix("no_")
        if positive in known and bool in _kinds(known[positive][0]):
            return positive, False
    if key not in known:
        raise unknown(name, known)
    return key, _value(key, known[key][0], text)


def _kinds(kind: Any) -> tuple[Any, ...]:
    return (kind, *get_args(kind))


def _value(name: str, kind: Any, text: str) -> Any:
    kinds = _kinds(kind)
    if NoneType in kinds and text.lower() == "none":
        return None
    if bool in kinds:
        if text.lower() == name:  # a fence hands a flag on with its name as its value
            return True
        if text.lower() not in _FLAGS:
            raise OptionError(f"{name}={text!r} is neither true nor false")
        return _FLAGS[text.lower()]
    if choices := choices_of(kind):
        return next((one for one in choices if one.lower() == text.lower()), text)
    if int in kinds or float in kinds:
        return _number(name, int if int in kinds else float, text)
    if name == "nudge":
        return nudge(text, f"nudge={text!r}", "a=0.001")
    if name in _NAMES:
        return names(text)
    return text


_NAMES = ("path", "unfold")
"""Options of several names."""


def _number(name: str, kind: type[int] | type[float], text: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise OptionError(f"{name}={text!r} is no {_CALLED[kind]}") from None


_CALLED = {int: "whole number", float: "number"}


def names(text: str) -> tuple[str, ...]:
    """The names in a list of them, with commas between.

    >>> names("a, W[0, 1]")
    ('a', 'W[0, 1]')
    """
    pieces = [""]
    for part in _PIECE.findall(text):
        if part == ",":
            pieces.append("")
        else:
            pieces[-1] += part
    return tuple(piece.strip() for piece in pieces)


_PIECE = re.compile(r"\[[^\[\]]*+\]|.", re.DOTALL)
"""An index in brackets, or one character."""


def nudge(text: str, typed: str, example: str) -> tuple[str, float]:
    """The input and the step in `a=0.001`; the error tells how it was typed, and an example.

    >>> nudge("w[0]=1e-3", "", "")
    ('w[0]', 0.001)
    """
    name, _, step = text.rpartition("=")
    try:
        by = float(step)
    except ValueError:
        name = ""
    if not name:
        raise ArgumentError(f"{typed} is no nudge: write it as {example}")
    return name, by
