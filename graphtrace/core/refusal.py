"""What to say where a traced value cannot go on, and what to write instead.

In: the frame in which it happened. Out: the words, from the user's own source text. SciPy's ufuncs
are no part of this: a traced value reaches them, as it does NumPy's.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from graphtrace.core.tape import here, user_frame, written
from graphtrace.errors import TraceError

_WINDOWS = (
    "np.lib.stride_tricks.sliding_window_view(np.pad(x, ...), size) and a product, np.max or "
    "np.median over the windows"
)
# Instead of SciPy's functions, which take plain arrays: by the public name of a function or of a
# module; the longest that fits counts.
_INSTEAD = {
    "scipy": "it with np. functions, or declare it with @gt.primitive and its vjp",
    "scipy.fft": "the function of np.fft",
    "scipy.integrate": "a loop over the steps",
    "scipy.interpolate": "np.interp",
    "scipy.linalg": "the function of np.linalg, or declare it with @gt.primitive and its vjp",
    "scipy.linalg.expm": "a Taylor series of x / 2**k, squared k times",
    "scipy.linalg.solve_banded": "np.linalg.solve of the whole matrix",
    "scipy.linalg.solve_sylvester": (
        "np.linalg.solve(np.kron(a, np.eye(m)) + np.kron(np.eye(n), b.T), np.ravel(q))"
    ),
    "scipy.linalg.solve_triangular": "np.linalg.solve(np.tril(a), b), or np.triu",
    "scipy.linalg.sqrtm": "w, v = np.linalg.eigh(a) and (v * np.sqrt(w)) @ v.T, for symmetric a",
    "scipy.ndimage": _WINDOWS,
    "scipy.signal": f"np.convolve, or {_WINDOWS}",
    "scipy.special.log_softmax": "gt.log_softmax(...)",
    "scipy.special.logsumexp": "gt.logsumexp(...)",
    "scipy.special.multigammaln": (
        "d*(d - 1)/4*np.log(np.pi) + sum(gammaln(a - j/2) for j in range(d))"
    ),
    "scipy.special.polygamma": "(-1)**(n + 1)*gamma(n + 1)*zeta(n + 1, x)",
    "scipy.special.softmax": "gt.softmax(...)",
    "scipy.stats": "the density with np. and scipy.special functions",
}


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


def called_in(frame: FrameType | None) -> str | None:
    """The public name of the function of SciPy that `frame` is part of; None outside SciPy."""
    found: str | None = None
    at = frame
    while at is not None and str(at.f_globals.get("__name__")).startswith("scipy."):
        # A decorator's frame has the function that it wraps among its variables.
        wrapped = [at.f_locals[name] for name in at.f_code.co_freevars if name in at.f_locals]
        for module, name in [
            (at.f_globals["__name__"], at.f_code.co_name),
            *((getattr(f, "__module__", None) or "", getattr(f, "__name__", "")) for f in wrapped),
        ]:
            public = module.partition("._")[0]
            if hasattr(sys.modules.get(public), name):
                found = f"{public}.{name}"
        found = found or "scipy"
        at = at.f_back
    return found


def instead_of(name: str) -> str:
    """What to write instead of the function of that public name.

    >>> instead_of("scipy.special.softmax")
    'gt.softmax(...)'
    """
    while name not in _INSTEAD:
        name = name.rpartition(".")[0]
    return _INSTEAD[name]


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
