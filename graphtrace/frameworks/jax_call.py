"""A call of a JAX primitive, that can be made again: its value, its vjp and its jvp.

In: a function of JAX arrays and how it is written. Out: NumPy arrays. Knows nothing of jaxprs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphtrace.errors import NoDerivative
from graphtrace.frameworks.call import Call, are_same
from graphtrace.frameworks.notation import Slot


def is_key(dtype: Any) -> bool:
    """Whether it is the type of a random key, which holds no numbers."""
    return bool(jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key))


def to_numpy(x: Any) -> Any:
    """The numbers of an array; a bfloat16 is a float32, which holds each of its numbers."""
    if is_key(x.dtype):
        return np.asarray(jax.random.key_data(x))
    value = np.asarray(x)
    return (value.astype(np.float32) if value.dtype.kind == "V" else value)[()]


def to_jax(x: Any, dtype: Any) -> Any:
    """The array of that type that `to_numpy` had the numbers of."""
    return x if isinstance(x, jax.Array) else jnp.asarray(x, dtype=dtype)


class JaxCall(Call):
    """See `Call`. `function` takes arrays of these `dtypes` and returns a list of arrays."""

    framework = "JAX"

    def __init__(
        self,
        op: str,
        function: Callable[..., Sequence[Any]],
        dtypes: Sequence[Any],
        moving: Sequence[bool],
        *,
        args: tuple[Any, ...] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.op = op
        self.args = tuple(map(Slot, range(len(dtypes)))) if args is None else args
        self.settings = settings or {}
        self._function = function
        self._dtypes = dtypes
        self._moving = moving  # what may want a gradient
        self._last: tuple[Any, Any, int, list[Any]] | None = None

    def value(self, xs: Sequence[Any]) -> list[Any]:
        """See `Call`."""
        return [to_numpy(y) for y in self._function(*self._arrays(xs))]

    def vjp(self, output: int, g: Any, xs: Sequence[Any]) -> list[Any]:
        """See `Call`. The sweep asks operand by operand: the last answer is kept."""
        last = self._last
        if last is not None and last[0] is g and last[2] == output and are_same(last[1], xs):
            return last[3]
        run, moving, at = self._of_moving(output, xs)
        try:
            y, pull = jax.vjp(run, *moving)
            pulled = iter(pull(jnp.asarray(g, y.dtype).reshape(y.shape)))
        except (ValueError, NotImplementedError) as error:
            raise NoDerivative(f"{self.op} has no reverse derivative in JAX: {error}") from None
        answer = [to_numpy(next(pulled)) if k in at else None for k in range(len(xs))]
        self._last = (g, tuple(xs), output, answer)
        return answer

    def jvp(self, output: int, k: int, t: Any, xs: Sequence[Any]) -> Any:
        """See `Call`."""
        run, moving, at = self._of_moving(output, xs)
        if k not in at:
            return None
        tangents = [jnp.zeros_like(x) for x in moving]
        place = at.index(k)
        tangents[place] = jnp.asarray(t, moving[place].dtype).reshape(moving[place].shape)
        return to_numpy(jax.jvp(run, tuple(moving), tuple(tangents))[1])

    def _arrays(self, xs: Sequence[Any]) -> list[Any]:
        return [to_jax(x, dtype) for x, dtype in zip(xs, self._dtypes, strict=True)]

    def _of_moving(
        self, output: int, xs: Sequence[Any]
    ) -> tuple[Callable[..., Any], list[Any], list[int]]:
        """One result as a function of the operands that want a gradient, these, their places."""
        arrays = self._arrays(xs)
        at = [
            k
            for k, (x, moves) in enumerate(zip(arrays, self._moving, strict=True))
            if moves and jnp.issubdtype(x.dtype, jnp.inexact)
        ]

        def run(*moving: Any) -> Any:
            inputs = list(arrays)
            for k, x in zip(at, moving, strict=True):
                inputs[k] = x
            return self._function(*inputs)[output]

        return run, [arrays[k] for k in at], at
