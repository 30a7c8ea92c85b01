"""What to say where a traced value cannot go on, and what to write instead.

In: the frame in which it happened. Out: the words, from the user's own source text.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from graphtrace.core.scipy_functions import called_in, instead_of
from graphtrace.core.tape import here, user_frame, written
from graphtrace.errors import TraceError


def instead_of_float(frame: FrameType) -> str:
    """What to write instead of code that needs a plain float: one clause."""
    wanted = written(frame) or "float(x)"
    function = _function_of_math(frame, wanted)
    head, _, inside = wanted.partition("(")
    if function is not None:
        return f"`{wanted}` would lose the trace of its argument; write np.{function}(...) instead"
    name = called_in(frame)
    if name is not None:
        return f"{name} takes plain arrays and would lose the trace; write {instead_of(name)}"
    if head in ("np.array", "np.asarray", "np.asanyarray", "numpy.array", "numpy.asarray"):
        return (
            f"`{wanted}` would lose the trace; a traced array is an array already, so leave {head} "
            f"out, or write np.stack([...]) to put traced values together"
        )
    if wanted.startswith(("np.r_[", "np.c_[")):
        return f"`{wanted}` would lose the trace; write np.concatenate([...]) or np.stack([...])"
    if head == "np.arange":
        return f"`{wanted}` needs a plain number; write np.arange(int({inside[:-1]}))"
    if is_store(wanted):
        return (
            f"`{wanted}` stores a traced value into a plain array; collect the values in a list "
            f"and write np.stack(values), or np.where(...) to choose by a mask"
        )
    return (
        f"`{wanted}` needs a plain float and would lose the trace; write the NumPy function, or "
        f"leave the conversion out"
    )


def is_store(source: str) -> bool:
    """Whether the text is an assignment, `out[i] = x`, and no expression."""
    try:
        return isinstance(ast.parse(source).body[0], (ast.Assign, ast.AugAssign))
    except (SyntaxError, IndexError):
        return False


def _function_of_math(frame: FrameType, source: str) -> str | None:
    """The function of the module `math` that the source text calls, under whatever name."""
    user = user_frame(frame)
    head = source.partition("(")[0]
    if user is None or head.startswith("math."):
        return head[5:] or None
    function = user.f_locals.get(head, user.f_globals.get(head))
    is_math = getattr(function, "__module__", None) == "math"
    return function.__name__ if is_math and function is not None else None


def foreign() -> TraceError:
    """The error for an operation on values of two traces."""
    return TraceError(
        f"{here(sys._getframe(2))}: two traced values of different traces meet; return a value "
        f"from the trace that made it before using it in another"
    )


def no_out(function: Callable[..., Any], out: Any) -> None:
    """Refuse `out=`, an array that a traced result cannot be written into."""
    if out is not None:
        name = function.__name__
        raise TraceError(
            f"{here(sys._getframe())}: np.{name} cannot write a traced result into `out`; "
            f"write x = np.{name}(...)"
        )
