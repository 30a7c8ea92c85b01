"""gt.custom_vjp and gt.checkpoint: a function whose backward pass is written by hand.

In: a function of numbers, arrays and trees of them, and the pair of functions that JAX asks for.
Out: a function that records one row for the call. What one call keeps is in
`graphtrace.extend.custom_call`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from graphtrace.core.inputs import name_of, signature_of
from graphtrace.core.primitive import Form, Primitive, call
from graphtrace.core.pytree import flatten
from graphtrace.core.sweep import push
from graphtrace.core.tape import activated
from graphtrace.core.variable import Variable, apply, unsupported
from graphtrace.errors import ArgumentError, NoDerivative
from graphtrace.extend.custom_call import Call, adjoints_through, taken_apart
from graphtrace.extend.primitive import qualified_name
from graphtrace.extend.rules import tape_of
from graphtrace.transforms.linearize import sweeping, transforms_on


def custom_vjp(f: Callable[..., Any], nondiff_argnums: Sequence[int] = ()) -> CustomVJP:
    """A function with a backward pass of your own, as `jax.custom_vjp`.

    `f.defvjp(fwd, bwd)` sets the two functions: `fwd(*args)` returns the value and whatever the
    backward pass needs, the residuals; `bwd(residuals, g)` takes the adjoint of the value, in its
    structure, and returns a tuple with the adjoint of each argument, None for zero. Both are
    traced, so that the result can be differentiated again. In a graph the call is one node.

    Args:
        f: A function of numbers, arrays, and trees of them.
        nondiff_argnums: The positions of arguments that no gradient passes, such as functions;
            `bwd` gets them first, `bwd(*nondiff, residuals, g)`.

    Returns:
        A function that is called as `f`. It has a reverse mode only: forward mode through it
        raises NoDerivative.

    Raises:
        NoDerivative: It is differentiated before `defvjp`, or in forward mode.
        ArgumentError: `bwd` returns something of another length, structure or shape.

    >>> import graphtrace as gt, numpy as np
    >>> @gt.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))
    >>> gt.grad(lambda x: 5 * clipped(x))(2.0)
    1.0
    """
    return CustomVJP(f, nondiff_argnums)


def checkpoint(f: Callable[..., Any]) -> CustomVJP:
    """`f`, of which a gradient keeps the arguments alone and computes the rest once more.

    It saves memory and costs one more evaluation. In a graph it is one node.

    >>> import graphtrace as gt, numpy as np
    >>> gt.grad(gt.checkpoint(lambda x: np.sin(np.sin(x))))(0.0)
    1.0
    """
    kept = CustomVJP(f, ())

    def backward(args: tuple[Any, ...], g: Any) -> tuple[Any, ...]:
        leaves, structure = flatten(list(args))
        return tuple(structure(adjoints_through(lambda xs: f(*structure(xs)), leaves, g)))

    kept.defvjp(lambda *args: (f(*args), args), backward)
    kept.row = kept.declared(jvp_each=None)  # the backward pass is linear: forward mode follows
    return kept


class CustomVJP:
    """A function with a backward pass of its own; see `custom_vjp`. `row` is its Primitive."""

    __name__: str

    def __init__(self, f: Callable[..., Any], nondiff_argnums: Sequence[int]) -> None:
        if not callable(f):
            raise ArgumentError(f"gt.custom_vjp takes a function, not {f!r:.40}")
        functools.update_wrapper(self, f)
        self.name = name_of(f)
        self._function = f
        self._signature = signature_of(f)
        self.nondiff = tuple(nondiff_argnums)
        self._fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.row = self.declared(jvp_each=self._forward_mode)

    def declared(self, jvp_each: Callable[..., Any] | None) -> Primitive:
        """The row, with this rule for forward mode."""
        function = self._function
        return Primitive(
            f"{function.__module__}:{qualified_name(function)}",
            lambda *xs, call: call.value(xs),
            vjp_each=lambda k, g, y, *xs, call: call.pull(k, g, xs),
            jvp_each=jvp_each,
            notation=self._written,
        )

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the forward function, with residuals, and the backward function."""
        self._fwd, self.bwd = fwd, bwd

    def __repr__(self) -> str:
        return f"<custom_vjp {self.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value; one row for the call where an argument is traced."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentError(
                f"{self.name} has the keyword-only parameter {next(iter(bound.kwargs))}, and a "
                f"function with its own backward pass takes all by position; make it positional"
            )
        args = bound.args
        call, operands = taken_apart(self, args)
        if not any(type(x) is Variable for x in operands):
            return self._function(*args)
        if self._fwd is None:
            raise unsupported(self.name, operands, f"give it one: {self.name}.defvjp(fwd, bwd)")
        (tape, *_) = (x.tape for x in operands if type(x) is Variable)
        call.transforms = transforms_on(tape)
        packed = apply(self.row, tuple(operands), {"call": call})
        return call.unpacked(packed)

    def forward(self, args: Sequence[Any]) -> tuple[Any, Any]:
        """The value and the residuals."""
        with activated(tape_of(flatten(list(args))[0])):
            pair = self._fwd(*args) if self._fwd is not None else None
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentError(
                f"the forward function of {self.name} returned {pair!r:.40}; return a pair of the "
                f"value and the residuals"
            )
        return pair

    def _forward_mode(self, k: int, t: Any, y: Any, *xs: Any, call: Call) -> Any:
        if call.is_swept_from_outside():
            return call.push(k, t, xs)
        if sweeping() is None:  # the linear map on an edge, which the backward function is
            return push(replace(self.row, jvp_each=None), k, t, y, xs, {"call": call})
        raise NoDerivative(
            f"{self.name} has a custom_vjp, which says nothing of forward mode (jvp); use reverse "
            f'mode (gt.vjp, mode="rev"), or declare it with gt.primitive'
        )

    def _written(self, count: int, params: dict[str, Any], latex: bool) -> Form:
        return call(self.name, count, latex, {})
