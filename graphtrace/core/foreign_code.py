"""Say what to write where code that does not know traced values met one.

In: an exception that came out of the traced function. Out: the error that names the user's line and
what to write there, or none where the exception is the user's own.
"""

from __future__ import annotations

import re
from types import TracebackType

import numpy as np

from graphtrace.core.describe_error import folder, text_of
from graphtrace.core.refusal import instead_of_call
from graphtrace.core.tape import is_foreign, place, source, user_frame
from graphtrace.core.variable import Variable, holds_variable, stale
from graphtrace.errors import GraphtraceError, TraceError, clean

_OF_WRONG_KIND = (TypeError, ValueError, AttributeError, NotImplementedError, RuntimeError)
_LONGEST = 200
_NAMED = r"(?:['.]|\b(?:not|got|type|of|from|a) )Variable\b"
"""How an error says that it got a traced value: `must be Tensor, not Variable`."""

_OURS = folder(__file__)


def in_our_words(error: Exception) -> Exception | None:
    """The error to raise instead of what the traced function raised; None for the same."""
    if isinstance(error, GraphtraceError) or not isinstance(error, _OF_WRONG_KIND):
        return None
    lines = _users_lines(error.__traceback__)
    if not lines:
        return None
    at = lines[-1]
    where = place(at.tb_frame.f_code, at.tb_lineno)
    words = text_of(error)
    # NumPy wraps our own refusal of `out[i] = x`.
    if isinstance(error.__cause__, TraceError) and "array element" in words:
        return error.__cause__
    if isinstance(error, TypeError) and (
        "loop of ufunc does not support arg" in words or "dtype('O')" in words
    ):
        # np.exp(np.array([x, 1.0])), np.linalg.det(np.array([[x, y], [y, x]])): arrays of objects,
        # which NumPy does not ask us about.
        return TraceError(
            f"{where}: NumPy cannot compute this of an array of objects; put traced values "
            f"together with np.stack([...]) instead of np.array([...])"
        )
    if isinstance(error, AttributeError) and type(error.obj) is Variable:
        better = _missing(error, where, at)
        if better is not None:
            return better
    code = _source(at)
    if "'Variable' object has no setter" in words:
        return TraceError(
            f"{where}: `{code}` of a traced value cannot be set; write x = ... or x[...] = ..."
        )
    if code.startswith("raise ") and len(lines) > 1:
        at = lines[-2]  # what called the code that does not take it
    elif code.startswith("raise "):
        return None
    if not _is_about_a_traced_value(error, words, lines[-1]):
        return None
    return TraceError(
        f"{place(at.tb_frame.f_code, at.tb_lineno)}: `{_source(at)}` cannot take a traced value "
        f"({_short(words)}); write {instead_of_call(_source(at))}"
    )


def _users_lines(at: TracebackType | None) -> list[TracebackType]:
    """The lines in the user's own code, the deepest last; in any package if there are no others."""
    lines: list[TracebackType] = []
    while at is not None:
        lines.append(at)
        at = at.tb_next
    own = [line for line in lines if not is_foreign(line.tb_frame.f_code)]
    return own or [line for line in lines if user_frame(line.tb_frame) is line.tb_frame]


def _source(at: TracebackType) -> str:
    return source(at.tb_frame.f_code, at.tb_lasti) or "the call"


def _is_about_a_traced_value(error: Exception, words: str, at: TracebackType) -> bool:
    """Whether foreign code, which the line has called, raised because it got a traced value."""
    from traceback import walk_tb  # 1 ms, and most programs do not fail

    beyond = [frame for frame, _ in walk_tb(at.tb_next)]
    if any(frame.f_code.co_filename.startswith(_OURS) for frame in beyond):
        return False  # an operation of ours, which has noted what it was given
    if re.search(_NAMED, words):
        return True
    if not beyond:
        return False
    is_scientific = beyond[0].f_globals.get("__name__", "").partition(".")[0] in ("numpy", "scipy")
    kinds = (TypeError, ValueError) if is_scientific else TypeError
    return isinstance(error, kinds) and any(map(holds_variable, beyond[0].f_locals.values()))


def _missing(error: AttributeError, where: str, at: TracebackType) -> Exception | None:
    """The error for an attribute that a Variable has not.

    A `__getattr__` would do this too, and make every operation slower by a third: Python then looks
    up no attribute in the short way.
    """
    name = error.name or ""
    if name in ("value", "index"):
        return stale(where)
    if name[:2] == "__" or at.tb_next is not None:
        return None
    hint = f"try np.{name}(...)" if hasattr(np, name) else "see docs/numpy.md"
    message = clean(f"{where}: a traced value has no attribute {name!r}; {hint}")
    return AttributeError(message, name=name, obj=error.obj)


def _short(words: str) -> str:
    line = " ".join(words.split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
