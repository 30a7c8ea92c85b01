"""accumulate: a loss and its gradient over more rows than fit into memory, piece by piece.

In: a loss that is a mean or a sum over the rows of some of its arguments. Out: a function of the
same arguments that returns its value and gradient. The pieces may be computed anywhere and in any
order; they are added up here in the order of the rows, so that every bit is the same whoever
computes them.
"""

from __future__ import annotations

import functools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphtrace.core.inputs import bind, name_of, signature_of, unbind
from graphtrace.core.made import Made
from graphtrace.core.pytree import flatten
from graphtrace.core.variable import describe, holds_variable
from graphtrace.core.waiting import progress
from graphtrace.errors import ArgumentError, TraceError
from graphtrace.training.jit import jit
from graphtrace.training.piece import Call, Part, Work, piece, squared
from graphtrace.transforms.grad import value_and_grad
from graphtrace.transforms.linearize import Argnums, positions


@dataclass(frozen=True, slots=True, eq=False)
class Stats:
    """How the gradients of single rows differ.

    Attributes:
        norms: The length of each row's gradient, in the order of the rows.
        variance: The trace of the covariance of the rows' gradients, without bias.
        noise_scale: `variance` over the squared length of the mean gradient: the batch size from
            which on a larger one gains little. It is the simple noise scale of McCandlish, Kaplan,
            Amodei and the OpenAI Dota Team, "An Empirical Model of Large-Batch Training" (2018),
            equation 2.9.
    """

    norms: np.ndarray[Any, Any]
    variance: float
    noise_scale: float


def accumulate(
    loss: Callable[..., Any],
    over: str | Sequence[str],
    chunk: int = 10_000,
    reduce: str = "mean",
    argnums: Argnums = 0,
    executor: Executor | None = None,
    *,
    stats: bool = False,
) -> Callable[..., Any]:
    """`gt.value_and_grad(loss)`, computed over some rows of the data at a time.

    Args:
        loss: A function as for `gt.grad` that is a mean, or a sum, over the rows of some arguments.
        over: The names of these arguments, such as ("X", "Y"): arrays, memmaps, or whatever can be
            sliced and has a length.
        chunk: How many rows are computed at a time.
        reduce: "mean" or "sum": what the loss is over the rows.
        argnums: The position of the argument to differentiate in, or several.
        executor: Who computes the pieces: any `concurrent.futures.Executor`, such as a
            ThreadPoolExecutor, a ProcessPoolExecutor or the `get_executor()` of a Dask client.
            The same bits come out of each.
        stats: Whether the function returns `Stats` of the gradients of single rows too, each of
            which is computed by itself then.

    Returns:
        A function of the arguments of `loss` that returns `(value, gradient)`, with `stats` a
        triple. The program is compiled as by `gt.jit`. On a terminal it says how far it is where
        that takes long. Within another trace it is `gt.value_and_grad(loss)` of all rows.

    Raises:
        ArgumentError: There is no such parameter, the arguments have different lengths, or the loss
            is no mean (or sum) over its rows, as far as two halves of the first rows show.

    >>> import numpy as np
    >>> def loss(w, X, Y):
    ...     return np.mean((X @ w - Y) ** 2)
    >>> X, Y = np.ones((25, 2)), np.zeros(25)
    >>> accumulate(loss, over=("X", "Y"), chunk=10)(np.array([1.0, 2.0]), X, Y)
    (np.float64(9.0), array([6., 6.]))
    """
    given: Any = over
    is_one = isinstance(given, str) or not isinstance(given, Iterable)
    names = (given,) if is_one else tuple(given)
    _require(loss, names, chunk, reduce, argnums)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ArgumentError(
            f"executor is {executor!r:.40}, which has no submit(); give a ThreadPoolExecutor(), a "
            f"ProcessPoolExecutor() or the get_executor() of a Dask client"
        )
    total = _Total(loss, names, chunk, reduce == "mean", argnums, executor, stats)

    @functools.wraps(loss, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return total(*args, **kwargs)

    made_by = functools.partial(
        accumulate, loss, over, chunk, reduce, argnums, executor, stats=stats
    )
    return Made(value_and_gradient, made_by)


def _require(
    loss: Callable[..., Any], names: tuple[str, ...], chunk: Any, reduce: str, argnums: Argnums
) -> None:
    if not callable(loss):
        raise ArgumentError(f"a loss is needed for gt.accumulate, not {describe(loss)}")
    if reduce not in ("mean", "sum"):
        raise ArgumentError(f'reduce={reduce!r:.40} is not known; give "mean" or "sum"')
    if not (type(chunk) is int or isinstance(chunk, np.integer)) or chunk < 1:
        raise ArgumentError(f"chunk is {chunk!r:.40}; give how many rows to compute at a time")
    parameters = list(signature_of(loss).parameters)
    if not names:
        raise ArgumentError(
            f"over is empty; name the parameters of {name_of(loss)}() whose rows are the data, "
            f"among {', '.join(parameters)}"
        )
    for name in names:
        if name not in parameters:
            raise ArgumentError(
                f"{name_of(loss)}() has no parameter {name!r:.40}; over names some of "
                f"{', '.join(parameters)}"
            )
    for i in positions(argnums):
        if -len(parameters) <= i < len(parameters) and parameters[i] in names:
            raise ArgumentError(
                f"argnums={argnums} asks for the gradient in {parameters[i]}, whose rows come in "
                f"pieces; differentiate in the other parameters"
            )


class _Total:
    """The sum over all pieces, for one loss."""

    def __init__(
        self,
        loss: Callable[..., Any],
        names: tuple[str, ...],
        chunk: int,
        is_mean: bool,
        argnums: Argnums,
        executor: Executor | None,
        stats: bool,
    ) -> None:
        self._loss = loss
        self._names = names
        self._chunk = int(chunk)
        self._argnums = argnums
        self._executor = executor
        self._work = Work(jit(value_and_grad(loss, argnums)), stats, is_mean)
        self._is_checked = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call, data, count = self._taken_apart(args, kwargs)
        if holds_variable(flatten((call.args, call.kwargs))[0]):  # within a trace
            if self._work.stats:
                raise TraceError(
                    f"gt.accumulate({name_of(self._loss)}, ..., stats=True) cannot be traced; call "
                    f"it outside of the traced function, or without stats"
                )
            return value_and_grad(self._loss, self._argnums)(*args, **kwargs)
        if not self._is_checked:
            self._check(call, data, count)
            self._is_checked = True
        starts = range(0, count, self._chunk)
        done = 0
        with progress(lambda: f"{name_of(self._loss)}, {done:,} of {count:,} rows"):
            sum_of = _Sum(self._work, count)
            parts = self._parts(call, data, count, starts)
            for start, part in zip(starts, parts, strict=True):
                done = min(start + self._chunk, count)
                sum_of.add(part, done - start)
        return sum_of.result()

    def _taken_apart(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Call, dict[str, Any], int]:
        """The call, the data by name, and how many rows there are."""
        arguments = bind(self._loss, args, kwargs)
        data = {name: arguments[name] for name in self._names}
        lengths = {name: _length(x, name, self._loss) for name, x in data.items()}
        if len(set(lengths.values())) > 1:
            each = " and ".join(f"{name} has {n:,}" for name, n in lengths.items())
            raise ArgumentError(f"{each} rows; give them as many of each")
        count = next(iter(lengths.values()))
        if not count:
            raise ArgumentError(f"{self._names[0]} has no rows; give at least one")
        plain, by_name = unbind(self._loss, {**arguments, **dict.fromkeys(data)})
        order = list(arguments)  # positional parameters come first
        places = {name: name if name in by_name else order.index(name) for name in data}
        return Call(plain, by_name, places), data, count

    def _parts(self, call: Call, data: dict[str, Any], count: int, starts: range) -> Iterator[Part]:
        """The parts of the pieces that begin there, in their order."""

        def rows(start: int) -> tuple[dict[str, Any], int]:
            stop = min(start + self._chunk, count)
            return _rows(data, start, stop), stop - start

        executor = self._executor
        if executor is None:
            for start in starts:
                yield piece(self._work, call, *rows(start))
            return
        work = self._work if isinstance(executor, ThreadPoolExecutor) else self._work.sent()
        waiting: deque[Future[Part]] = deque()
        todo = iter(starts)
        try:
            for start in todo:
                waiting.append(executor.submit(piece, work, call, *rows(start)))
                if len(waiting) >= _at_once(executor):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _check(self, call: Call, data: dict[str, Any], count: int) -> None:
        """Refuse a loss that is not what `reduce` says, as its value or gradient shows."""
        stop = min(count, max(self._chunk, 2))
        if stop < 2:
            return
        f = value_and_grad(self._loss, self._argnums)
        middle = stop // 2
        whole, *halves = [
            call.with_rows(f, _rows(data, i, k))
            for i, k in ((0, stop), (0, middle), (middle, stop))
        ]
        weights = [1.0, 1.0]
        if self._work.is_mean:
            weights = [middle / stop, (stop - middle) / stop]
        for of_whole, *of_halves in zip(*(flatten(x)[0] for x in (whole, *halves)), strict=True):
            if not _is_close(of_whole, of_halves, weights):
                what = "mean" if self._work.is_mean else "sum"
                raise ArgumentError(
                    f"{name_of(self._loss)}() is no {what} over the rows of "
                    f"{' and '.join(self._names)}: of the first {stop:,} rows and of their halves "
                    f"it gives {_short(whole[0])}, {_short(halves[0][0])} and "
                    f"{_short(halves[1][0])}; give reduce= what it is, or compute it in one piece "
                    f"with gt.value_and_grad"
                )


class _Sum:
    """Parts, added up in the order of the rows."""

    def __init__(self, work: Work, count: int) -> None:
        self._work = work
        self._count = count
        self._value: Any = None
        self._gradient: list[Any] = []
        self._structure: Any = None
        self._norms: list[Any] = []
        self._spread = 0.0
        self._rows = 0

    def add(self, part: Part, rows: int) -> None:
        """Add the next part, of so many rows."""
        leaves, structure = flatten(part.gradient)
        if self._work.stats:
            self._add_stats(part, leaves, rows)
        weight = rows / self._count if self._work.is_mean else 1.0
        if self._structure is None:
            self._structure = structure
            self._value = _weighted(part.value, weight)
            self._gradient = [_weighted(leaf, weight) for leaf in leaves]
        else:
            self._value = self._value + _weighted(part.value, weight)
            for i, leaf in enumerate(leaves):
                self._gradient[i] += _weighted(leaf, weight)
        self._rows += rows

    def _add_stats(self, part: Part, leaves: list[Any], rows: int) -> None:
        """The squared distances from the mean, of two groups of rows together (Chan et al. 1979).

        https://doi.org/10.2307/2683386 has the formula.
        """
        self._norms.append(part.norms)
        self._spread += part.spread
        if self._rows:
            before, now = (self._count, 1.0) if self._work.is_mean else (1.0, 1 / rows)
            apart = squared(
                [leaf * (before / self._rows) for leaf in self._gradient],
                [leaf * now for leaf in leaves],
            )
            self._spread += apart * self._rows * rows / (self._rows + rows)

    def result(self) -> Any:
        """What the function returns."""
        gradient = self._structure(self._gradient)
        if not self._work.stats:
            return self._value, gradient
        n = self._count
        variance = self._spread / (n - 1) if n > 1 else math.nan
        length = squared(gradient) / (1 if self._work.is_mean else n**2)
        with np.errstate(all="ignore"):
            scale = float(np.float64(variance) / length)
        return self._value, gradient, Stats(np.concatenate(self._norms), variance, scale)


def _weighted(x: Any, weight: float) -> Any:
    return x if weight == 1 else x * weight


def _length(x: Any, name: str, loss: Callable[..., Any]) -> int:
    shape = getattr(x, "shape", None)
    if isinstance(x, (str, bytes, dict)) or not hasattr(type(x), "__getitem__") or shape == ():
        raise ArgumentError(
            f"{name} of {name_of(loss)}() is {describe(x)}, which has no rows; leave it out of over"
        )
    return int(shape[0]) if shape else len(x)


def _rows(data: dict[str, Any], start: int, stop: int) -> dict[str, Any]:
    """Some rows of the data, as arrays; no copy of what is in memory."""
    return {name: np.asarray(x[start:stop]) for name, x in data.items()}


def _at_once(executor: Executor) -> int:
    """How many pieces are under way: no more gradients are in memory than these."""
    return 2 * int(getattr(executor, "_max_workers", 0) or os.cpu_count() or 1)


def _is_close(whole: Any, halves: Sequence[Any], weights: Sequence[float]) -> bool:
    """Whether a number or an array is the weighted sum of the two, up to rounding."""
    parts = [np.asarray(half) * weight for half, weight in zip(halves, weights, strict=True)]
    sizes = [float(np.max(np.abs(x), initial=0)) for x in (whole, *parts)]
    if not np.isfinite(sizes).all():
        return True
    kind = np.result_type(whole)
    bound = math.sqrt(np.finfo(kind if kind.kind in "fc" else float).eps) * max(sizes)
    return bool(np.max(np.abs(whole - (parts[0] + parts[1])), initial=0) <= bound)


def _short(x: Any) -> str:
    return f"{float(x):.6g}"
