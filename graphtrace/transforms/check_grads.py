"""check_grads: whether the derivatives of a function are those that finite differences find.

In: a function and where to look. Out: nothing, or an error that names the argument, the entry and
the mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.inputs import carries_gradient, name_of, signature_of
from graphtrace.core.pytree import flatten, leaf_names
from graphtrace.core.sweep import pull, push
from graphtrace.core.tape import parts
from graphtrace.errors import ArgumentError, WrongDerivative
from graphtrace.ops.triangles import both_triangles
from graphtrace.transforms.grad import jvp, vjp
from graphtrace.transforms.linearize import Linearized

_TRANSFORMS = {"fwd": "jvp", "rev": "vjp"}
_SEARCHED = 1000  # entries of an argument among which the wrong one is looked for


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    modes: Sequence[str] = ("fwd", "rev"),
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Compare the derivatives of `f` with central differences along random directions.

    `np.linalg.cholesky`, `eigh` and `eigvalsh` read one triangle of a symmetric matrix, and their
    gradients are shared between both: such a matrix is moved as a symmetric one.

    Args:
        f: A function as for `vjp`, smooth around `args`.
        args: Its arguments. Those that hold no float, complex number or array of such (flags,
            integer arrays) are handed on as they are.
        order: How many derivatives to check; each is checked against differences of the one before.
        modes: "fwd" for `jvp`, "rev" for `vjp`, or both. The next derivative is that of both.
        rtol: How far they may differ, relative to the larger; by default what central differences
            can tell in the precision of `args`.
        atol: The same, absolutely.

    Raises:
        WrongDerivative: A derivative disagrees; the message and the attributes name the argument,
            its worst entry, the order, the mode and both numbers.

    >>> check_grads(lambda x: x**3, (2.0,))
    """
    for mode in modes:
        if mode not in _TRANSFORMS:
            raise ArgumentError(f'mode {mode!r} is not known; modes are "fwd" and "rev"')
    floats = [leaf for leaf in flatten(list(args))[0] if carries_gradient(leaf)]
    if not floats:
        raise ArgumentError(f"no argument of {name_of(f)}() is a float or holds one; give floats")
    precision = max(float(np.finfo(_dtype(leaf)).eps) for leaf in floats)
    step = precision ** (1 / 3)
    rtol = 2 * step if rtol is None else rtol
    atol = 2 * step if atol is None else atol
    _Check(f, tuple(modes), step, rtol, atol, np.random.default_rng(0)).run(f, tuple(args), order)


class _Check(NamedTuple):
    """How derivatives of `f` are checked; `run` does it for `f` or one of its derivatives."""

    f: Callable[..., Any]
    modes: tuple[str, ...]
    step: float
    rtol: float
    atol: float
    rng: np.random.Generator

    def run(self, f: Callable[..., Any], args: tuple[Any, ...], order: int, level: int = 1) -> None:
        for i, arg in enumerate(args):
            if not _moves(arg):
                continue
            of_one = _OfOne(f, args, i)
            direction = _random_like(arg, self.rng)
            weights = _weights(f(*args), self.rng)
            numeric = self._numeric(of_one, weights, direction)
            for mode in self.modes:
                exact = _exact(of_one, mode, weights, direction)
                if not self._agree(exact, numeric) and not self._agree(
                    exact, self._numeric_of_rows(of_one, weights, direction)
                ):
                    culprit = self._culprit(f, args, mode)
                    raise self._wrong(of_one, weights, mode, level, culprit)
            if order > 1:
                for mode in self.modes:
                    derivative = _Derivative(f, i, mode, weights, direction)
                    self.run(derivative, args, order - 1, level + 1)

    def _agree(self, exact: float, numeric: float) -> bool:
        bound = self.atol + self.rtol * max(abs(exact), abs(numeric))
        return bool(abs(exact - numeric) <= bound)

    def _numeric(self, f: _OfOne, weights: Any, direction: Any) -> float:
        ahead, behind = (f(_moved(f.arg, direction, t)) for t in (self.step, -self.step))
        return (_dot(weights, ahead) - _dot(weights, behind)) / (2 * self.step)

    def _numeric_of_rows(self, f: _OfOne, weights: Any, direction: Any) -> float:
        """The same of what the rows compute, each of which reads both triangles of a matrix.

        The gradient of `np.linalg.eigvalsh` is that for a symmetric matrix, where differences of
        the function itself see one triangle alone.
        """

        def by_rows(x: Any) -> Any:
            return vjp(f, x)[0]

        with both_triangles():
            return self._numeric(_OfOne(by_rows, (f.arg,), 0), weights, direction)

    def _culprit(
        self, f: Callable[..., Any], args: tuple[Any, ...], mode: str
    ) -> tuple[str, int] | tuple[None, None]:
        """The first operation, and its operand, whose rule is not that of its own function."""
        moving = [i for i, arg in enumerate(args) if _moves(arg)]
        run = Linearized(f, args, moving)
        for primitive, y, xs, parents, params in map(parts, run.rows()):
            for k, parent in enumerate(parents):
                if parent >= 0 and carries_gradient(xs[k]) and not primitive.stops(k):
                    weights, direction = _random(y, self.rng), _random(xs[k], self.rng)
                    of_one = _OfOne(partial(primitive.forward, **params), xs, k)
                    with np.errstate(all="ignore"), run.sweeping(), both_triangles():
                        if mode == "fwd":
                            exact = _dot(weights, push(primitive, k, direction, y, xs, params))
                        else:
                            exact = _dot(pull(primitive, k, weights, y, xs, params), direction)
                        numeric = self._numeric(of_one, weights, direction)
                    if not self._agree(exact, numeric):
                        return primitive.op, k
        return None, None

    def _wrong(
        self,
        f: _OfOne,
        weights: Any,
        mode: str,
        level: int,
        culprit: tuple[str, int] | tuple[None, None],
    ) -> WrongDerivative:
        """The error, for the entry of the argument that is farthest off."""
        operation, operand = culprit
        compared = [
            (_exact(f, mode, weights, unit), self._numeric_of_rows(f, weights, unit), name, entry)
            for name, entry, unit in _units(f.arg, _parameter(self.f, f.i))
        ]
        exact, numeric, name, entry = max(compared, key=lambda one: _gap(*one[:2]))
        where = name + (f"[{', '.join(map(str, entry))}]" if entry else "")
        error = WrongDerivative(
            f"derivative {level} of {name_of(self.f)}() in {where} is {exact:.8g} by "
            f"{_TRANSFORMS[mode]} and {numeric:.8g} by differences; look "
            + ("for a rule that is wrong" if operation is None else f"at the rule of {operation}")
            + f", or for a kink near {f.arg!r:.60}"
        )
        error.operation, error.operand = operation, operand
        error.argument, error.leaf, error.entry = f.i, name, entry
        error.order, error.mode, error.exact, error.numeric = level, mode, exact, numeric
        return error


class _OfOne:
    """A function of several arguments, of one of them."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], i: int) -> None:
        self._f, self._args, self.i = f, args, i
        self.arg = args[i]
        self.__name__ = name_of(f)

    def __call__(self, x: Any) -> Any:
        return self._f(*self._args[: self.i], x, *self._args[self.i + 1 :])


class _Derivative:
    """The derivative of a function in argument `i`, by one of the modes, as a function of all."""

    def __init__(
        self, f: Callable[..., Any], i: int, mode: str, weights: Any, direction: Any
    ) -> None:
        self._f, self._i, self._mode = f, i, mode
        self._weights, self._direction = weights, direction
        self.__name__ = name_of(f)

    def __call__(self, *args: Any) -> Any:
        of_one = _OfOne(self._f, args, self._i)
        return _derivative(of_one, self._mode, self._weights, self._direction)


def _derivative(f: _OfOne, mode: str, weights: Any, direction: Any) -> Any:
    """The tangent of the value along the direction, or the adjoint for these weights of it."""
    if mode == "fwd":
        return jvp(f, (f.arg,), (direction,))[1]
    return vjp(f, f.arg)[1](weights)[0]


def _exact(f: _OfOne, mode: str, weights: Any, direction: Any) -> float:
    return _dot(weights if mode == "fwd" else direction, _derivative(f, mode, weights, direction))


def _gap(exact: float, numeric: float) -> float:
    gap = abs(exact - numeric)
    return np.inf if np.isnan(gap) else gap


def _moves(arg: Any) -> bool:
    return any(map(carries_gradient, flatten(arg)[0]))


def _dtype(leaf: Any) -> np.dtype[Any]:
    if isinstance(leaf, (np.ndarray, np.inexact)):
        return np.result_type(leaf)
    return np.dtype(complex if isinstance(leaf, complex) else float)


def _random_like(tree: Any, rng: np.random.Generator) -> Any:
    leaves, structure = flatten(tree)
    return structure([_random(leaf, rng) for leaf in leaves])


def _weights(value: Any, rng: np.random.Generator) -> Any:
    """What to weigh the value with: a real number by 1, so that the derivative is its own."""
    is_number = carries_gradient(value) and np.shape(value) == () and not np.iscomplexobj(value)
    return np.ones((), _dtype(value))[()] if is_number else _random_like(value, rng)


def _random(leaf: Any, rng: np.random.Generator) -> Any:
    if not carries_gradient(leaf):
        return leaf if isinstance(leaf, (bool, str)) else np.zeros(np.shape(leaf))
    dtype, shape = _dtype(leaf), np.shape(leaf)
    random = rng.normal(size=shape)
    if dtype.kind == "c":
        random = random + 1j * rng.normal(size=shape)
    return np.asarray(random).astype(dtype)[()]


def _units(tree: Any, name: str) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Directions along one entry after the other: the leaf's name, the entry and the direction."""
    leaves, structure = flatten(tree)
    names = leaf_names(tree, name)
    zeros = [np.zeros(np.shape(leaf), _dtype(leaf))[()] for leaf in leaves]
    for k, leaf in enumerate(leaves):
        is_complex = _dtype(leaf).kind == "c"
        for entry in list(np.ndindex(np.shape(leaf)))[:_SEARCHED]:
            for one in (1, 1j) if is_complex else (1,):
                unit = np.zeros(np.shape(leaf), _dtype(leaf))
                unit[entry] = one
                yield names[k], entry, structure([*zeros[:k], unit[()], *zeros[k + 1 :]])


def _moved(tree: Any, direction: Any, t: float) -> Any:
    leaves, structure = flatten(tree)
    steps = structure.leaves_of(direction, "a direction")
    return structure([_step(leaf, d, t) for leaf, d in zip(leaves, steps, strict=True)])


def _step(leaf: Any, d: Any, t: float) -> Any:
    if isinstance(leaf, (np.ndarray, np.inexact)):
        return (leaf + np.asarray(t, _dtype(leaf)) * d).astype(_dtype(leaf))[()]
    return leaf + t * (complex(d) if isinstance(leaf, complex) else float(d))


def _dot(a: Any, b: Any) -> float:
    """The sum of the products of the entries; of complex ones the real part, as in JAX's vjp."""
    total: Any = 0.0
    if a is None or b is None:  # no gradient passes
        return 0.0
    for x, y in zip(flatten(a)[0], flatten(b)[0], strict=True):
        if carries_gradient(x) and carries_gradient(y):
            total += np.sum(np.multiply(x, y), dtype=np.clongdouble).real
    return float(total)


def _parameter(f: Callable[..., Any], i: int) -> str:
    names = list(signature_of(f).parameters)
    return names[i] if i < len(names) else f"argument {i}"
