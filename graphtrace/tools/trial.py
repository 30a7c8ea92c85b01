"""Trial: call a function on samples, and see whether its derivatives are those of differences.

In: a function of NumPy's or SciPy's, by its public name. Out: for reverse and for forward mode
"yes", or what went wrong. Knows no rule: it calls the function and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from graphtrace.errors import GraphtraceError, NoDerivative, WrongDerivative
from graphtrace.transforms.check_grads import check_grads

_V = np.array([0.3, 0.62, 0.21, 0.84])
_W = np.array([0.55, 0.17, 0.73, 0.43])
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
    (2, _V),
    (2, 3, _V),
    (_V, _INDEX),
]
# By the public name, or by the name of a ufunc's method.
_SPECIFIC: dict[str, tuple[Any, ...]] = {
    "reduceat": (_V, [0, 2]),
    "numpy.ndarray.compress": (_M, [True, False, True], 0),
    "numpy.acosh": (_V + 1.2,),
    "numpy.arccosh": (_V + 1.2,),
    "numpy.astype": (_V, np.float64),
    "numpy.broadcast_to": (_V, (2, 4)),
    "numpy.dsplit": (_T, 3),
    "numpy.reshape": (_V, (2, 2)),
    "numpy.apply_along_axis": (np.sum, 0, _M),
    "numpy.apply_over_axes": (np.sum, _M, [0]),
    "numpy.bincount": (_INDEX, _W[:3]),
    "numpy.choose": (_INDEX, [_V[:3], _W[:3], _W[1:]]),
    "numpy.compress": ([True, False, True], _M),
    "numpy.delete": (_V, 1),
    "numpy.einsum": ("ij,jk->ik", _M, _N),
    "numpy.expand_dims": (_V, 0),
    "numpy.extract": (_V > 0.3, _V),
    "numpy.histogram": (_V, 3, None, None, _W),
    "numpy.histogram2d": (_V, _W, 2, None, None, _W),
    "numpy.histogramdd": (_T[:3, :, 0], 2, None, None, _W[:3]),
    "numpy.insert": (_V, 1, _W),
    "numpy.interp": (_V, np.sort(_W), _V),
    "numpy.ldexp": (_V, 2),
    "numpy.linalg.matrix_power": (_M, 3),
    "numpy.linalg.multi_dot": ([_M, _N, _M],),
    "numpy.linalg.tensorinv": (_M + np.eye(3), 1),
    "numpy.linspace": (0.3, 1.7, 5),
    "numpy.logspace": (0.3, 1.7, 5),
    "numpy.geomspace": (0.3, 1.7, 5),
    "numpy.matvec": (_M, _W[:3]),
    "numpy.vecmat": (_W[:3], _M),
    "numpy.moveaxis": (_T, 0, 1),
    "numpy.pad": (_V, 2),
    "numpy.partition": (_V, 2),
    "numpy.piecewise": (_V, [_V > 0.5], [np.sin, np.cos]),
    "numpy.polyfit": (_V, _W, 1),
    "numpy.select": ([_V > 0.5], [_V], _W),
    "numpy.split": (_V, 2),
    "numpy.swapaxes": (_M, 0, 1),
    "numpy.take": (_V, _INDEX),
    "numpy.take_along_axis": (_V, _INDEX, 0),
    "numpy.where": (_V > 0.5, _V, _W),
    "numpy.array": ([_V, _W],),
    "numpy.full": (4, 0.37),
    "numpy.full_like": (_V, 0.37),
    "numpy.lib.scimath.logn": (2, _V),
    "numpy.lib.scimath.power": (_V, 2),
    "numpy.resize": (_V, (2, 3)),
    "scipy.linalg.solve_banded": ((1, 1), _M, _W[:3]),
    "scipy.linalg.solve_sylvester": (_M, _N, _M),
    "scipy.ndimage.rank_filter": (_V, 1, 3),
    "scipy.ndimage.percentile_filter": (_V, 30, 3),
    "scipy.ndimage.gaussian_filter": (_V, 2),
    "scipy.special.hyp2f1": (1, 2, 3, _V),
    "scipy.special.polygamma": (2, _V),
    "scipy.special.multigammaln": (_V + 1.2, 2),
}


class Outcome(NamedTuple):
    """Whether each mode gives the derivatives of differences, to second order: "yes" or why not."""

    vjp: str
    jvp: str


def _changed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that changes its first argument, as one that returns it."""

    def call(a: Any, *args: Any) -> Any:
        a = a * 1.0
        function(a, *args)
        return a

    return call


def _of_attribute(name: str, *, is_method: bool) -> Callable[..., Any]:
    """An array's method or attribute as a function of the array."""

    def call(a: Any, *args: Any) -> Any:
        item = getattr(a, name)
        return item(*args) if is_method else list(item) if name == "flat" else item

    return call


_IN_PLACE: dict[str, tuple[Any, ...]] = {
    "at": (_V, _INDEX, _W[:3]),
    "numpy.copyto": (_V, _W),
    "numpy.fill_diagonal": (_M, _W[:3]),
    "numpy.place": (_V, _V > 0.5, _W),
    "numpy.put": (_V, _INDEX, _W[:3]),
    "numpy.put_along_axis": (_V, _INDEX, _W[:3], 0),
    "numpy.putmask": (_V, _V > 0.5, _W),
    "numpy.ndarray.fill": (_V, 0.7),
    "numpy.ndarray.partition": (_V, 2),
    "numpy.ndarray.put": (_V, _INDEX, _W[:3]),
    "numpy.ndarray.sort": (_V,),
}


def resolve(name: str) -> Any:
    """The function of the public name, `numpy.add.outer`.

    >>> resolve("numpy.linalg.det") is np.linalg.det
    True
    """
    head, *rest = name.split(".")
    item = import_module(head)
    for part in rest:
        attribute = getattr(item, part, None)
        item = import_module(f"{item.__name__}.{part}") if attribute is None else attribute
    return item


def _calls(name: str) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """The function of that name, called as a function of arrays, and the arguments to try."""
    function = resolve(name)
    prefix, _, last = name.rpartition(".")
    if prefix == "numpy.ndarray":
        function = _of_attribute(last, is_method=callable(function))
    in_place = _IN_PLACE.get(name) or _IN_PLACE.get(last)
    if in_place is not None:
        yield _changed(function), in_place
        return
    keys = (name, name.replace("ndarray.", ""), last)
    specific = next((_SPECIFIC[key] for key in keys if key in _SPECIFIC), None)
    for args in _ARGUMENTS if specific is None else [specific]:
        yield function, args


def try_function(name: str) -> Outcome:
    """What became of the function of that name on the first samples that it takes."""
    problem = "no sample"
    for call, args in _calls(name):
        try:
            with np.errstate(all="ignore"):
                call(*args)
        except Exception:  # noqa: BLE001  (NumPy does not take these arguments)
            continue
        try:
            return derivatives_agree(call, args)
        except NoDerivative as error:  # perhaps only in one of its arguments
            problem = _reason(error)
        except Exception as error:  # noqa: BLE001  (what the table is to say)
            problem = _reason(error)
            break
    return Outcome(problem, problem)


def _reason(error: Exception) -> str:
    """What an error says, without the place."""
    first = str(error).splitlines()[0]
    if isinstance(error, GraphtraceError):
        return re.sub(r"^(.*? line \d+|the traced function): ", "", first)
    return f"{type(error).__name__}: {first}"


def derivatives_agree(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    """Compare both modes, and each over each, with difference quotients.

    >>> derivatives_agree(np.hypot, (0.3, 0.4))
    Outcome(vjp='yes', jvp='yes')
    """
    free = [i for i, x in enumerate(args) if _has_floats(x)]

    def of_floats(primals: tuple[Any, ...]) -> list[Any]:
        full = list(args)
        for i, primal in zip(free, primals, strict=True):
            full[i] = primal
        return [y for y in _leaves(function(*full)) if np.result_type(y).kind in "fcO"]

    primals = tuple(args[i] for i in free)
    if not of_floats(primals):
        return Outcome("no floats come out", "no floats come out")

    def agree(*modes: str) -> bool:
        try:
            check_grads(of_floats, (primals,), modes=modes)
        except WrongDerivative:
            return False
        return True

    if agree("rev", "fwd"):
        return Outcome("yes", "yes")
    outcome = Outcome(*("yes" if agree(mode) else "disagrees" for mode in ("rev", "fwd")))
    return outcome if "disagrees" in outcome else Outcome("disagrees", "disagrees")


def _has_floats(x: Any) -> bool:
    if isinstance(x, list):
        return all(map(_has_floats, x)) and bool(x)
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def _leaves(y: Any) -> list[Any]:
    return [leaf for part in y for leaf in _leaves(part)] if isinstance(y, (list, tuple)) else [y]
