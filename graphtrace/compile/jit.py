"""jit: a program of floats, compiled to machine code by Numba.

In: a graph of scalars. Out: a function as `written` writes it, whose numbers are computed by Numba.
It raises an ArithmeticError where the plain program has to say what happens: another branch, a
pole, a number that is not finite. Knows nothing of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graphtrace.errors import ArgumentError
from graphtrace.graph.tree import Listing

_SCALARS = (float, np.float64, int, bool, np.bool_)


def require_floats(graph: Listing) -> None:
    """Raise ArgumentError, which names the first that is not, unless all values are plain floats.

    >>> import graphtrace as gt
    >>> require_floats(gt.trace(lambda x: x * x, 2.0))
    """
    for key, node in graph._node.items():
        value = node["value"]
        if not isinstance(value, _SCALARS):
            is_array = isinstance(value, np.ndarray)
            what = f"an array of shape {value.shape}" if is_array else f"a {type(value).__name__}"
            where = node["source"] or f"{graph.name}()"
            raise ArgumentError(
                f"{where}: {key} is {what}, and jit='numba' is for programs of floats; leave it "
                f"out, NumPy's own loops are compiled already"
            )


def compiled(
    f: Callable[..., Any], inputs: int, name: str, called: list[str]
) -> Callable[..., Any]:
    """`f`, a function of that many floats, as Numba compiles it.

    Args:
        f: The function; `name` is the traced function's, for the errors.
        inputs: How many floats it takes.
        name: What an error calls it.
        called: The operations in it that are graphtrace's own functions, which Numba cannot see
            into.

    Raises:
        ArgumentError: Numba is not installed, or does not know something that `f` calls.
    """
    try:
        import numba
    except ImportError as error:
        raise ArgumentError(
            f"jit='numba' needs Numba, and it cannot be imported ({error}): "
            "run `pip install 'graphtrace[numba]'`"
        ) from None
    if called:
        raise ArgumentError(
            f"{name}() calls {called[0]}, which Numba does not know; compile it without jit='numba'"
        )
    try:
        # A division by zero raises, as between Python's floats: Numba's own default.
        machine_code: Callable[..., Any] = numba.njit([(numba.float64,) * inputs])(f)
    except numba.core.errors.NumbaError as error:
        reason = next((s for s in str(error).splitlines()[1:] if s), str(error))
        raise ArgumentError(
            f"{name}() is nothing that Numba can compile ({reason.rstrip('.')}); compile it "
            f"without jit='numba'"
        ) from None
    return machine_code
