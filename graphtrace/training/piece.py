"""Piece: a loss, its gradient and what is told of single rows, of one piece of the data.

In: a function that gives a loss and its gradient, and its arguments with some rows of the data.
Out: a `Part`. This is what an executor runs, in another process or on another machine too: there,
the function is taken out of its pickle once, and keeps the programs that it was compiled to.
"""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.pytree import flatten
from graphtrace.errors import ArgumentError


class Call(NamedTuple):
    """The arguments of the loss; `places` says where those go that come in pieces."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    places: dict[str, int | str]

    def with_rows(self, f: Callable[..., Any], rows: Mapping[str, Any]) -> Any:
        """`f` of the arguments with these rows of the data."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for name, x in rows.items():
            place = self.places[name]
            if isinstance(place, int):
                args[place] = x
            else:
                kwargs[place] = x
        return f(*args, **kwargs)


class Part(NamedTuple):
    """What one piece of the data gives.

    `norms` are the lengths of the gradients of single rows, `spread` the sum of their squared
    distances from the gradient of the piece, where the loss is a mean over its rows.
    """

    value: Any
    gradient: Any
    norms: Any = None
    spread: float = 0.0


class Work(NamedTuple):
    """What is computed of each piece: a loss and its gradient as `jit` runs them, or a pickle."""

    function: Callable[..., Any] | bytes
    stats: bool
    is_mean: bool

    @property
    def value_and_gradient(self) -> Callable[..., Any]:
        """The loss and its gradient, compiled."""
        return _unpickled(self.function) if isinstance(self.function, bytes) else self.function

    def sent(self) -> Work:
        """The same, to be sent to another process."""
        return self._replace(function=_pickled(self.function))


def piece(work: Work, call: Call, rows: Mapping[str, Any], count: int) -> Part:
    """The part of a piece with so many rows, which are given by the parameter's name."""
    f = work.value_and_gradient
    value, gradient = call.with_rows(f, rows)
    if not work.stats:
        return Part(value, gradient)
    center = gradient if work.is_mean else _scaled(gradient, 1 / count)
    norms, spread = np.empty(count), 0.0
    for i in range(count):
        _, one = call.with_rows(f, {name: x[i : i + 1] for name, x in rows.items()})
        norms[i] = math.sqrt(squared(one))
        spread += squared(one, center)
    return Part(value, gradient, norms, spread)


def squared(gradient: Any, other: Any = None) -> float:
    """The squared length of a gradient, or of its difference from another one.

    >>> squared({"a": 3.0, "b": np.array([4.0])}), squared(3.0, 1.0)
    (25.0, 4.0)
    """
    leaves = flatten(gradient)[0]
    others: Sequence[Any] = [0] * len(leaves) if other is None else flatten(other)[0]
    pairs = zip(leaves, others, strict=True)
    return float(sum(np.sum(np.abs(np.subtract(a, b)) ** 2) for a, b in pairs))


def _scaled(gradient: Any, factor: float) -> Any:
    leaves, structure = flatten(gradient)
    return structure([leaf * factor for leaf in leaves])


@functools.lru_cache(maxsize=16)
def _unpickled(function: bytes) -> Any:
    return pickle.loads(function)


def _pickled(function: Any) -> bytes:
    """A pickle; of cloudpickle, as Dask has it, where that is there: it takes a lambda too."""
    if find_spec("cloudpickle") is not None:
        from cloudpickle import dumps
    else:
        from pickle import dumps
    try:
        return bytes(dumps(function))
    except Exception as error:  # noqa: BLE001  (a pickle may raise anything)
        raise ArgumentError(
            f"the loss cannot be sent to another process ({error}); define it at the top of a "
            f"module, or give a ThreadPoolExecutor"
        ) from None
