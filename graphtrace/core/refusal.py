"""What to say where a traced value cannot go on, and what to write instead.

In: the frame in which it happened, or the user's source text. Out: the words. SciPy's ufuncs are no
part of this: a traced value reaches them, as it does NumPy's.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from graphtrace.core.tape import here, users_own, written
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
    "scipy.sparse": "the whole matrix, as in A.toarray() @ x",
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

_NUMPY = ("np.", "numpy.")
_ARRAYS = tuple("array asarray asanyarray ascontiguousarray asfortranarray".split())
_NOT_TRACED = (*_ARRAYS, "load", "save", "frombuffer", "from_dlpack")
# Where NumPy has no function of the name that `math` or `cmath` has.
_NOT_NUMPYS = {
    "dist": "np.linalg.norm(x - y)",
    "erf": "scipy.special.erf(...)",
    "erfc": "scipy.special.erfc(...)",
    "fma": "x*y + z",
    "fsum": "np.sum(...)",
    "gamma": "scipy.special.gamma(...)",
    "lgamma": "scipy.special.gammaln(...)",
    "phase": "np.angle(...)",
    "polar": "np.abs(z) and np.angle(z)",
    "pow": "np.power(...)",
    "rect": "r*np.exp(1j*phi)",
    "remainder": "x - y*np.round(x/y)",
    "sumprod": "np.dot(...)",
}
# By NumPy's own name for what hands a traced value to code that takes plain numbers.
_NUMPYS = {
    "fromiter": "np.stack([...])",
    "ndenumerate": "a loop over np.ndindex(x.shape), with x[i]",
    "nditer": "a loop over np.ndindex(x.shape), with x[i]",
    "random": "the noise by itself and scale it, as in mean + std*np.random.normal(size=...)",
    "vectorize": (
        "the function with np. functions and np.where, which take whole arrays, or "
        "np.stack([g(t) for t in x])"
    ),
}


def instead_of_float(frame: FrameType) -> str:
    """What to write instead of code that needs a plain float: one clause."""
    wanted = written(frame) or "float(x)"
    function = _function_of_math(frame, wanted)
    head, _, inside = wanted.partition("(")
    if function is not None:
        better = _NOT_NUMPYS.get(function, f"np.{function}(...)")
        return f"`{wanted}` would lose the trace of its argument; write {better} instead"
    name = called_in(frame)
    if name is not None:
        return f"{name} takes plain arrays and would lose the trace; write {instead_of(name)}"
    if instead := _NUMPYS.get(_numpys(frame, head)):
        return f"`{wanted}` takes plain numbers and would lose the trace; write {instead}"
    node = _expression(wanted)
    if isinstance(node, ast.Subscript) and not wanted.startswith(("np.r_[", "np.c_[")):
        return (
            f"`{wanted}` takes entries of a plain array at a traced index; write "
            f"{_of_traced_array(node)}"
        )
    if head.startswith(_NUMPY) and head.endswith(_ARRAYS):
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
            f"`{wanted}` stores a traced value into a plain array; make that with gt.zeros(shape) "
            f"or gt.array(...), not np.zeros or np.empty, or collect the values in a list and "
            f"write np.stack(values), or np.where(...) to choose by a mask"
        )
    if stacked := _with_stack(frame, wanted):
        return f"`{wanted}` would take the traced arrays in the list apart; write {stacked}"
    if package := _package(frame):
        return (
            f"`{wanted}` hands a traced value to {package}, which takes plain arrays and would "
            f"lose the trace; write {instead_of_call(wanted)}"
        )
    return (
        f"`{wanted}` needs a plain float and would lose the trace; write the NumPy function, or "
        f"leave the conversion out"
    )


def instead_of_complex(frame: FrameType) -> str:
    """What to write instead of code that needs a plain complex number: one clause."""
    function = _function_of_math(frame, written(frame) or "")
    if function is not None:
        better = _NOT_NUMPYS.get(function, f"np.{function}(...)")
        return f"cmath.{function} would lose the trace of its argument; write {better} instead"
    return "complex(x) would lose the trace of x; write x + 0j"


def instead_of_call(source: str) -> str:
    """What to write instead of source text that hands a traced value to foreign code.

    >>> instead_of_call("torch.sin(x)"), instead_of_call("jax.nn.relu(x)")
    ('np.sin(...)', 'gt.relu(...)')
    """
    node = _expression(source)
    head = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    several = isinstance(node, ast.Call) and len(node.args) > 1 and head.startswith(_NUMPY)
    if isinstance(node, (ast.BinOp, ast.Compare)) or several:
        return "the other operand as a number or as a NumPy array, np.asarray(...)"
    name = head.rpartition(".")[2]
    if callable(getattr(np, name, None)) and name not in _NOT_TRACED and head != f"np.{name}":
        return f"np.{name}(...)"
    if name in sys.modules["graphtrace"].__all__:
        return f"gt.{name}(...)"
    return (
        "it with operators and np. functions, declare it with @gt.primitive and its rule, or do it "
        "afterwards with what the function returns"
    )


def _expression(source: str) -> ast.expr | None:
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _with_stack(frame: FrameType, source: str) -> str | None:
    """`np.sum(np.stack((x, x)))` for `np.sum((x, x))`: NumPy gets traced arrays in a list."""
    node, user = _expression(source), users_own(frame)
    if user is None or not isinstance(node, ast.Call) or not source.startswith(_NUMPY):
        return None
    scope = {**user.f_globals, **user.f_locals}
    for i, arg in enumerate(node.args):
        given = scope.get(arg.id) if isinstance(arg, ast.Name) else None
        is_list = isinstance(given, (list, tuple)) and any(hasattr(x, "tape") for x in given)
        if is_list or isinstance(arg, (ast.List, ast.Tuple, ast.ListComp)):
            node.args[i] = ast.Call(ast.parse("np.stack", mode="eval").body, [arg], [])
            return ast.unparse(node)
    return None


def _of_traced_array(subscript: ast.Subscript) -> str:
    """`gt.array(a)[i]` for `a[i]`; of whole numbers, which it leaves plain, floats."""
    table = subscript.value
    if isinstance(table, ast.Call) and ast.unparse(table.func) == "gt.array":
        table.args.append(ast.Name("float"))
    else:
        subscript.value = ast.Call(ast.Name("gt.array"), [table], [])
    return ast.unparse(subscript)


def _numpys(frame: FrameType, head: str) -> str:
    """The function of NumPy, by its name in `np.`, that the user has called; "" for none.

    What NumPy has in Python is known by its frames, whatever the user calls it.
    """
    function = head.split(".")[1] if head.startswith(_NUMPY) else ""
    at: FrameType | None = frame
    while at is not None and str(at.f_globals.get("__name__")).startswith("numpy."):
        name = at.f_code.co_qualname.partition(".")[0]
        function = name if hasattr(np, name) else function
        at = at.f_back
    return function


def called_in(frame: FrameType | None) -> str | None:
    """The public name of the function of SciPy that `frame` is part of; None outside SciPy."""
    public_name: str | None = None
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
                public_name = f"{public}.{name}"
        public_name = public_name or ".".join(str(at.f_globals["__name__"]).split(".")[:2])
        at = at.f_back
    return public_name


def instead_of(name: str) -> str:
    """What to write instead of the function of that public name.

    >>> instead_of("scipy.special.softmax")
    'gt.softmax(...)'
    """
    while name not in _INSTEAD:
        name = name.rpartition(".")[0]
    return _INSTEAD[name]


def _package(frame: FrameType) -> str | None:
    """The package that the user's line has called, where it is an installed one."""
    user, at, called = users_own(frame), frame, frame
    while user is not None and at is not user and at.f_back is not None:
        at, called = at.f_back, at
    name = str(called.f_globals.get("__name__")).partition(".")[0]
    return None if called is user or user is None or name in ("numpy", "graphtrace") else name


def is_store(source: str) -> bool:
    """Whether the text is an assignment, `out[i] = x`, and no expression."""
    try:
        return isinstance(ast.parse(source).body[0], (ast.Assign, ast.AugAssign))
    except (SyntaxError, IndexError):
        return False


def _function_of_math(frame: FrameType, source: str) -> str | None:
    """The function of the module `math` that the source text calls, under whatever name."""
    user = users_own(frame)
    head = source.partition("(")[0]
    if user is None or head.startswith(("math.", "cmath.")):
        return head.partition(".")[2] or None
    function = user.f_locals.get(head, user.f_globals.get(head))
    is_math = getattr(function, "__module__", None) in ("math", "cmath")
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
