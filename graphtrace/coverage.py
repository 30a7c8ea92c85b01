"""The table of NumPy's functions and whether they are differentiated, found by trying each.

In: the classification. Out: a table as tab-separated text (`python -m graphtrace.coverage`), with
`yes` where the vjp agreed with a difference quotient. Knows no rule: it calls NumPy and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from graphtrace.classification import DIFFERENTIATED, public_functions, table
from graphtrace.transforms import vjp

_V = np.array([0.3, 0.62, 0.21, 0.84])
_W = np.array([0.55, 0.17, 0.73, 0.42])
_M = np.array([[2.3, 0.4, 0.7], [0.4, 1.9, 0.2], [0.7, 0.2, 3.1]])
_N = np.array([[1.2, 0.3, -0.4], [0.6, -0.8, 0.5], [0.1, 0.9, 1.4]])
_T = _V[:, None, None] + _M / 7
_INDEX = np.array([2, 0, 1])

for _array in (_V, _W, _M, _N, _T, _INDEX):
    _array.flags.writeable = False  # the second argument of a ufunc such as np.sin is its `out`

# What is tried in turn, until NumPy takes it.
_ARGUMENTS: list[tuple[Any, ...]] = [
    (_V,),
    (_M,),
    (_T,),
    (_V, _W),
    (_M, _N),
    (_M, _N[0]),
    ([_V, _W],),
    (_V, 2),
    (_M, (1, 0)),
    (_M, 0, 1),
    (_V, 0.37),
]
_SPECIFIC: dict[str, tuple[Any, ...]] = {
    "np.acosh": (_V + 1.2,),
    "np.arccosh": (_V + 1.2,),
    "np.astype": (_V, np.float64),
    "np.broadcast_to": (_V, (2, 4)),
    "np.dsplit": (_T, 3),
    "np.reshape": (_V, (2, 2)),
    "np.apply_along_axis": (np.sum, 0, _M),
    "np.apply_over_axes": (np.sum, _M, [0]),
    "np.bincount": (_INDEX, _W[:3]),
    "np.choose": (_INDEX, [_V[:3], _W[:3], _W[1:]]),
    "np.compress": ([True, False, True], _M),
    "np.delete": (_V, 1),
    "np.einsum": ("ij,jk->ik", _M, _N),
    "np.expand_dims": (_V, 0),
    "np.extract": (_V > 0.3, _V),
    "np.histogram": (_V, 3, None, None, _W),
    "np.histogram2d": (_V, _W, 2, None, None, _W),
    "np.histogramdd": (_N, 2, None, None, _W[:3]),
    "np.insert": (_V, 1, _W),
    "np.interp": (_V, np.sort(_W), _V),
    "np.ldexp": (_V, 2),
    "np.linalg.matrix_power": (_M, 3),
    "np.linalg.multi_dot": ([_M, _N, _M],),
    "np.linalg.tensorinv": (_M + np.eye(3), 1),
    "np.linspace": (0.3, 1.7, 5),
    "np.logspace": (0.3, 1.7, 5),
    "np.geomspace": (0.3, 1.7, 5),
    "np.matvec": (_M, _W[:3]),
    "np.vecmat": (_W[:3], _M),
    "np.moveaxis": (_T, 0, 1),
    "np.pad": (_V, 2),
    "np.partition": (_V, 2),
    "np.piecewise": (_V, [_V > 0.5], [np.sin, np.cos]),
    "np.polyfit": (_V, _W, 1),
    "np.select": ([_V > 0.5], [_V], _W),
    "np.split": (_V, 2),
    "np.swapaxes": (_M, 0, 1),
    "np.take": (_V, _INDEX),
    "np.take_along_axis": (_V, _INDEX, 0),
    "np.where": (_V > 0.5, _V, _W),
}


def _changed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that changes its first argument, as one that returns it."""

    def call(a: Any, *args: Any) -> Any:
        a = a * 1.0
        function(a, *args)
        return a

    return call


def _of_symmetric(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a: function((a + a.T) / 2)


_IN_PLACE: dict[str, tuple[Any, ...]] = {
    "np.copyto": (_V, _W),
    "np.fill_diagonal": (_M, _W[:3]),
    "np.place": (_V, _V > 0.5, _W),
    "np.put": (_V, _INDEX, _W[:3]),
    "np.put_along_axis": (_V, _INDEX, _W[:3], 0),
    "np.putmask": (_V, _V > 0.5, _W),
    "ndarray.fill": (_V, 0.7),
    "ndarray.partition": (_V, 2),
    "ndarray.put": (_V, _INDEX, _W[:3]),
    "ndarray.sort": (_V,),
}


def _floats(x: Any) -> bool:
    if isinstance(x, list):
        return all(map(_floats, x)) and bool(x)
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def _leaves(y: Any) -> list[Any]:
    return [leaf for part in y for leaf in _leaves(part)] if isinstance(y, (list, tuple)) else [y]


def _moved(x: Any, step: float) -> Any:
    """The argument with every entry moved by another fraction of the step."""
    if isinstance(x, list):
        return [_moved(part, step * (1 + i / 7)) for i, part in enumerate(x)]
    return x + step * np.reshape(np.cos(np.arange(np.size(x))), np.shape(x))[()]


def is_differentiated(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether the vjp of `function` agrees with a difference quotient in one direction.

    >>> is_differentiated(np.hypot, (0.3, 0.4))
    True
    """
    free = [i for i, x in enumerate(args) if _floats(x)]

    def of_floats(*primals: Any) -> list[Any]:
        full = list(args)
        for i, primal in zip(free, primals, strict=True):
            full[i] = primal
        return [y for y in _leaves(function(*full)) if np.result_type(y).kind in "fc"]

    primals = [args[i] for i in free]
    h = 1e-6
    left, right = (of_floats(*(_moved(x, step) for x in primals)) for step in (-h, h))
    quotient = sum(np.sum((b - a).real) / (2 * h) for a, b in zip(left, right, strict=True))
    value, pullback = vjp(of_floats, *primals)
    adjoints = pullback([np.ones_like(y) for y in value])
    along = sum(
        np.sum(g * (b - a) / (2 * h))
        for adjoint, x in zip(adjoints, primals, strict=True)
        for g, a, b in zip(*map(_leaves, (adjoint, _moved(x, -h), _moved(x, h))), strict=True)
    )
    return bool(value) and bool(np.isclose(along, quotient, rtol=1e-4, atol=1e-6))


def _calls(name: str, function: Any) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """The function, called as a function of arrays, and the arguments to try."""
    arguments = _SPECIFIC.get(name.replace("ndarray.", "np."))
    if name.startswith("ndarray."):
        last, is_method = name[8:], callable(function)

        def call(a: Any, *args: Any) -> Any:
            item = getattr(a, last)
            return item(*args) if is_method else list(item) if last == "flat" else item

        function = call
        if last == "compress":
            # The condition comes first in the function.
            function, arguments = (lambda a, c: a.compress(c, 0)), (_M, [True, False, True])
    if name in ("np.linalg.cholesky", "np.linalg.eigh"):  # they read one triangle
        function = _of_symmetric(function)
    if name in _IN_PLACE:
        yield _changed(function), _IN_PLACE[name]
        return
    for args in _ARGUMENTS if arguments is None else [arguments]:
        yield function, args


def try_function(name: str, function: Any) -> str:
    """`yes` if the function is differentiated, else what went wrong."""
    problem = "no sample"
    for call, args in _calls(name, function):
        try:
            with np.errstate(all="ignore"):
                call(*args)
        except Exception:  # noqa: BLE001  (NumPy does not take these arguments)
            continue
        try:
            if is_differentiated(call, args):
                return "yes"
            problem = "disagrees"
        except Exception as error:  # noqa: BLE001  (what the table is to say)
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
    return problem


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, group and outcome of every public function of the installed NumPy."""
    functions = public_functions()
    for name, one in table().items():
        tried = one.group == DIFFERENTIATED
        yield name, one.group, try_function(name, functions[name]) if tried else one.reason


def main() -> None:
    """Print the table."""
    sys.stdout.write("function\tgroup\tgraphtrace_vjp\n")
    for row in rows():
        sys.stdout.write("\t".join(row) + "\n")


if __name__ == "__main__":
    main()
