"""NumPy's warnings of floating point, at the user's line and not at one of ours.

In: how NumPy reports what it meets, where that is a warning. Out: the same warning, as if the
traced function had run by itself. NumPy warns at the line that called it, which while a function is
traced is one of this project.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any

import numpy as np

from graphtrace.core.primitive import Primitive
from graphtrace.core.source import OPERATORS, text
from graphtrace.core.tape import is_library, users_own


def at_the_users_line() -> AbstractContextManager[object]:
    """While it is entered, what NumPy would warn of is a warning at the user's line.

    What the user has told NumPy to ignore, to raise or to log stays as it is.
    """
    return _reporting(_report)


def at_the_line_of(
    running: Callable[[], tuple[Primitive, str | None]],
) -> AbstractContextManager[object]:
    """The same where the user's function does not run; `running` is what does, and `file.py:12`."""

    def report(kind: str, flag: int) -> None:
        primitive, source = running()
        file, _, line = (source or "").rpartition(":")
        message = f"{kind} encountered in {primitive.name.removeprefix('np.')}"
        warnings.warn_explicit(message, RuntimeWarning, file or "<no source>", int(line or 1))

    return _reporting(report)


def _reporting(report: Callable[[str, int], None]) -> AbstractContextManager[object]:
    modes = np.geterr()
    if "call" in modes.values() or "log" in modes.values():
        return nullcontext()  # they have a function of the user's
    warned: dict[str, Any] = {kind: "call" for kind, mode in modes.items() if mode == "warn"}
    return np.errstate(call=report, **warned)


def _report(kind: str, flag: int) -> None:
    """Warn of a `kind`, "divide by zero"; `flag` is how NumPy counts them."""
    inner = sys._getframe(1)
    user = users_own(inner) or inner
    name = _primitive(inner) or _written(user)
    warnings.warn_explicit(
        f"{kind} encountered in {name}" if name else f"{kind} encountered",
        RuntimeWarning,
        user.f_code.co_filename,
        user.f_lineno,
        user.f_globals.get("__name__", "__main__"),
        user.f_globals.setdefault("__warningregistry__", {}),
    )


def _primitive(frame: FrameType | None) -> str:
    """What runs for a traced value, as NumPy calls it; nothing where the user calls NumPy."""
    while frame is not None and is_library(frame.f_code):
        primitive = frame.f_locals.get("primitive")
        if isinstance(primitive, Primitive):
            operands = frame.f_locals.get("values", frame.f_locals.values())
            is_scalar = not any(isinstance(x, np.ndarray) for x in operands)
            name = primitive.name.removeprefix("np.")
            return f"scalar {name}" if is_scalar and primitive.is_operator else name
        frame = frame.f_back
    return ""


def _written(frame: FrameType) -> str:
    """The function that the source calls at this instruction, or the name of its operator."""
    source = text(frame.f_code, frame.f_lasti)
    try:
        match ast.parse(source or "", mode="eval").body:
            case ast.Call(func=function):
                return ast.unparse(function).rpartition(".")[2]
            case ast.BinOp(op=operator):
                return OPERATORS.get(type(operator), "")
    except SyntaxError:
        pass
    return ""
