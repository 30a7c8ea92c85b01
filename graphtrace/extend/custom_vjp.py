"""gt.custom_vjp and gt.checkpoint: a function whose backward pass is written by hand.

In: a function of numbers, arrays and trees of them, and the pair of functions that JAX asks for.
Out: a function that records one row for the call. Where the function returns several numbers or
arrays, the row holds them in one vector, so that the backward function gets all of their adjoints
at once.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from graphtrace.core.inputs import (
    carries_gradient,
    defined_at,
    is_static,
    name_of,
    own,
    signature_of,
    value_of,
)
from graphtrace.core.made import own_name
from graphtrace.core.primitive import Primitive, call
from graphtrace.core.pytree import Structure, flatten
from graphtrace.core.sweep import push
from graphtrace.core.tape import activated
from graphtrace.core.variable import Variable, apply, describe, gather, holds_variable, unsupported
from graphtrace.errors import ArgumentError, NoDerivative, TraceError
from graphtrace.extend.primitive import qualified_name
from graphtrace.extend.rules import tape_of
from graphtrace.transforms.grad import jvp, vjp
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
        A function that is called as `f`. It has a reverse mode only, and forward mode through it
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

    Args:
        f: A function of numbers, arrays, and trees of them. It is run again on the way back, so it
            has to return the same for the same arguments.

    Returns:
        A function that is called as `f`, with the same derivatives, in both modes and of any order.

    >>> import graphtrace as gt, numpy as np
    >>> gt.grad(gt.checkpoint(lambda x: np.sin(np.sin(x))))(0.0)
    1.0
    """
    kept = CustomVJP(f, ())

    def backward(args: tuple[Any, ...], g: Any) -> tuple[Any, ...]:
        leaves, structure = flatten(list(args))
        return tuple(structure(_adjoints_through(lambda xs: f(*structure(xs)), leaves, g)))

    kept.defvjp(lambda *args: (f(*args), args), backward)
    kept.made_by = functools.partial(checkpoint, f)
    kept.row = kept.declared(jvp_each=None)  # the backward pass is linear: forward mode follows
    return kept


def _defined(
    f: Callable[..., Any],
    nondiff: tuple[int, ...],
    fwd: Callable[..., Any],
    bwd: Callable[..., Any],
) -> CustomVJP:
    made = CustomVJP(f, nondiff)
    made.defvjp(fwd, bwd)
    return made


class CustomVJP:
    """A function with a backward pass of its own; see `custom_vjp`. `row` is its Primitive."""

    __name__: str
    made_by: Callable[[], CustomVJP]

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
        self.made_by = functools.partial(CustomVJP, f, self.nondiff)

    def declared(self, jvp_each: Callable[..., Any] | None) -> Primitive:
        """The row, with this rule for forward mode."""
        function = self._function
        return Primitive(
            f"{function.__module__}:{qualified_name(function)}",
            lambda *xs, call: call.value(xs),
            vjp_each=lambda k, g, y, *xs, call: call.pull(k, g, xs),
            jvp_each=jvp_each,
            notation=lambda count, params, latex: call(self.name, count, latex, {}),
        )

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the forward function, with residuals, and the backward function."""
        self._fwd, self.bwd = fwd, bwd
        self.made_by = functools.partial(_defined, self._function, self.nondiff, fwd, bwd)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return own_name(self) or (operator.call, (self.made_by,))

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
        call, operands = _taken_apart(self, args)
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
                f"the forward function of {self.name} returned {describe(pair)}; return a "
                f"pair of the value and the residuals"
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


class Call:
    """One call: how its arguments are put together, and the shapes of what it returned.

    Of the arguments, those in `nondiff` are kept; the leaves of the others are `static`, or
    operands of the row, which come at `places`.

    The backward function is that of the innermost transform around the call. A transform around
    that one sees what the inner one did, the forward function and the backward function, and
    differentiates them, as in JAX: for it the row is the forward function's value.
    """

    def __init__(
        self,
        owner: CustomVJP,
        nondiff: dict[int, Any],
        structure: Structure,
        static: list[Any],
        places: list[int],
    ) -> None:
        self.owner = owner
        self._nondiff = nondiff
        self._structure = structure
        self._static = static
        self._places = places
        self.transforms: tuple[object, ...] = ()  # around the call
        self._out: tuple[Structure, list[Any]] | None = None  # zeros like the leaves returned
        self._kept: tuple[tuple[Any, ...], Any] | None = None  # operands, and their residuals
        # What a backward pass was run for, and the adjoints that no operand has asked for yet.
        self._adjoints: tuple[Any, dict[int, Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # For what sweeps an unpickled graph, there either is a transform around the call or not.
        inside = ("a transform",) if self.transforms else ()
        lost = {"_kept": None, "_adjoints": None}
        return {**self.__dict__, **lost, "owner": self.owner.row, "transforms": inside}

    def __setstate__(self, state: dict[str, Any]) -> None:
        row: Primitive = state["owner"]
        module, _, path = row.name.partition(":")
        owner = functools.reduce(getattr, path.split("."), import_module(module))
        self.__dict__.update(state, owner=owner)

    def value(self, xs: Sequence[Any]) -> Any:
        """What the function returns: a number or array, or several in one vector."""
        out, residuals = self.owner.forward(self._arguments(map(own, xs)))
        leaves, structure = flatten(out)
        for leaf in (*leaves, *flatten(residuals)[0]):
            if holds_variable(leaf):
                raise TraceError(
                    f"{self.owner.name} uses a traced value from outside, by a closure or a "
                    f"global; hand it over as an argument"
                )
        self._out = structure, [leaf if is_static(leaf) else np.zeros_like(leaf) for leaf in leaves]
        self._kept = tuple(xs), residuals
        if all(map(is_static, leaves)):
            raise TraceError(
                f"{self.owner.name} returned {describe(out)}, which holds no number; return "
                f"numbers or arrays, or trees of them"
            )
        return own(_packed(leaves))

    def unpacked(self, packed: Any) -> Any:
        """The value in the function's own structure."""
        structure, zeros = self._returned()
        if len(zeros) == 1 and carries_gradient(zeros[0]):
            return structure([packed])
        return structure(list(self._parts(packed, cast=True)))

    def _parts(self, packed: Any, *, cast: bool = False) -> Iterator[Any]:
        at = 0
        for zero in self._returned()[1]:
            if is_static(zero):
                yield zero
                continue
            shape, size = np.shape(zero), np.size(zero)
            part = np.reshape(packed[at : at + size], shape) if shape else packed[at]
            at += size
            yield part.astype(zero.dtype) if cast and part.dtype != zero.dtype else part

    def pull(self, k: int, g: Any, xs: tuple[Any, ...]) -> Any:
        """The adjoint of operand `k`; the backward function runs once for all of them."""
        outside = self.is_swept_from_outside()
        backward = self._of_value if outside else self._backward
        if len(xs) == 1:
            return backward(g, xs)[0]
        key = [outside, *map(_identity, (g, *xs))]
        known = self._adjoints
        if known is None or known[0] != key or k not in known[1]:
            known = self._adjoints = key, dict(enumerate(backward(g, xs)))
        return known[1].pop(k)

    def push(self, k: int, t: Any, xs: tuple[Any, ...]) -> Any:
        """The tangent of the forward function's value."""

        def of_one(x: Any) -> Any:
            return self._traced_value((*xs[:k], x, *xs[k + 1 :]))

        with activated(tape_of((t, *xs))):
            return jvp(of_one, (xs[k],), (t,))[1]

    def is_swept_from_outside(self) -> bool:
        """Whether what sweeps now is around the transform that the backward function is for."""
        now = sweeping()
        return bool(self.transforms) if now is None else now in self.transforms[:-1]

    def _of_value(self, g: Any, xs: tuple[Any, ...]) -> list[Any]:
        """The adjoints of the operands through the forward function's value."""
        with activated(tape_of((g, *xs))):
            return _adjoints_through(self._traced_value, xs, g)

    def _traced_value(self, xs: Sequence[Any]) -> Any:
        return _packed(flatten(self.owner.forward(self._arguments(xs))[0])[0])

    def _backward(self, g: Any, xs: tuple[Any, ...]) -> list[Any]:
        structure, zeros = self._returned()
        kept = self._kept
        if kept is not None and all(a is b for a, b in zip(xs, kept[0], strict=True)):
            leaves, back = flatten(kept[1])
            residuals = back([own(leaf) for leaf in leaves])
        else:
            residuals = self.owner.forward(self._arguments(map(own, xs)))[1]
        is_one = len(zeros) == 1 and carries_gradient(zeros[0])
        g = structure([own(g)]) if is_one else structure(list(self._parts(own(g))))
        nondiff = [self._nondiff[i] for i in sorted(self._nondiff)]
        assert self.owner.bwd is not None
        with activated(tape_of((*xs, *flatten(g)[0]))):
            adjoints = self.owner.bwd(*nondiff, residuals, g)
        return self._checked(adjoints, xs)

    def _checked(self, adjoints: Any, xs: tuple[Any, ...]) -> list[Any]:
        """The adjoints of the operands, from those of the arguments."""
        place = defined_at(self.owner.bwd)
        what = f"the backward function of {self.owner.name}" + (f" ({place})" if place else "")
        arguments = self._structure([*self._static])
        if not isinstance(adjoints, (tuple, list)) or len(adjoints) != len(arguments):
            returned = str(len(adjoints)) if isinstance(adjoints, (tuple, list)) else "no tuple"
            raise ArgumentError(
                f"{what} returned {returned} where there are {len(arguments)} arguments; return a "
                f"tuple with an adjoint for each, None for zero"
            )
        leaves: list[Any] = []
        for i, adjoint in enumerate(adjoints):
            count, structure = self._structure_of(i)
            if adjoint is None:
                leaves += [None] * count
            else:
                leaves += structure.leaves_of(adjoint, f"adjoint {i} that {what} returned")
        pairs = zip([leaves[i] for i in self._places], xs, strict=True)
        return [_adjoint_of(x, c, what) if carries_gradient(x) else None for c, x in pairs]

    def _structure_of(self, i: int) -> tuple[int, Structure]:
        """How many leaves argument `i` has, and how they are put together."""
        numbered = self._structure(list(range(len(self._static))))
        leaves, structure = flatten(numbered[i])
        return len(leaves), structure

    def _arguments(self, xs: Any) -> list[Any]:
        leaves = _replaced(self._static, self._places, list(xs))
        chosen = iter(self._structure(leaves))
        count = len(self._nondiff) + len(self._structure(self._static))
        return [self._nondiff[i] if i in self._nondiff else next(chosen) for i in range(count)]

    def _returned(self) -> tuple[Structure, list[Any]]:
        assert self._out is not None  # the function has run
        return self._out


def _adjoint_of(x: Any, c: Any, what: str) -> Any:
    """What `what` has returned for `x`, if it has the shape of `x`."""
    if c is not None and is_static(c):
        raise ArgumentError(
            f"{what} returned the adjoint {describe(c)}; return a number or an array of the "
            f"argument's shape"
        )
    if c is not None and np.shape(value_of(c)) != np.shape(value_of(x)):
        raise ArgumentError(
            f"{what} returned shape {np.shape(value_of(c))} for an argument of shape "
            f"{np.shape(value_of(x))}; return the argument's shape"
        )
    return c


def _taken_apart(owner: CustomVJP, args: tuple[Any, ...]) -> tuple[Call, list[Any]]:
    """A call, and its operands: the numbers and arrays that gradients may pass."""
    count = len(args)
    nondiff = {i % count: args[i] for i in owner.nondiff if -count <= i < count}
    for i, x in nondiff.items():
        if holds_variable(x):
            raise TraceError(
                f"argument {i} of {owner.name} is in nondiff_argnums and is traced; leave it out "
                f"of nondiff_argnums, and return None for it in the backward function"
            )
    leaves, structure = flatten([x for i, x in enumerate(args) if i not in nondiff])
    leaves = [gather(x) for x in leaves]
    static = [x if is_static(x) else None for x in leaves]
    places = [i for i, x in enumerate(leaves) if not is_static(x)]
    return Call(owner, nondiff, structure, static, places), [leaves[i] for i in places]


def _adjoints_through(f: Callable[[list[Any]], Any], xs: Sequence[Any], g: Any) -> list[Any]:
    """The adjoints of `xs` for that of `f(xs)`; None for what carries no gradient."""
    moving = [i for i, x in enumerate(xs) if carries_gradient(x)]

    def of_moving(*values: Any) -> Any:
        return f(_replaced(xs, moving, values))

    adjoints = vjp(of_moving, *[xs[i] for i in moving])[1](g)
    return _replaced([None] * len(xs), moving, adjoints)


def _packed(leaves: list[Any]) -> Any:
    """A number or array by itself; several numbers and arrays in one vector."""
    if len(leaves) == 1 and carries_gradient(leaves[0]):
        return leaves[0]
    return np.concatenate([np.ravel(leaf) for leaf in leaves if not is_static(leaf)])


def _identity(x: Any) -> Any:
    """What is equal for two values only if they are the same to the last bit."""
    if type(x) is Variable:
        return x.tape, x.index
    value = np.asarray(x)
    return type(x), value.dtype, value.shape, value.tobytes()


def _replaced(leaves: Sequence[Any], places: Sequence[int], by: Sequence[Any]) -> list[Any]:
    """The leaves with those at `places` replaced."""
    new = list(leaves)
    for i, x in zip(places, by, strict=True):
        new[i] = x
    return new
