"""Variant: the program of one trace, to be run in place of the function.

In: a function, which may be a gradient that graphtrace made, and its arguments. Out: a compiled
function of the same arguments, which raises `Elsewhere` where it does not hold for them. The
function's body runs once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from graphtrace.compile import StandIn, stand_in
from graphtrace.core.inputs import carries_gradient, is_static, signature_of
from graphtrace.core.made import Made
from graphtrace.core.pytree import flatten
from graphtrace.graph.bare import bare
from graphtrace.graph.tree import Listing, Tree
from graphtrace.training.whole import counts_by_value, whole_values
from graphtrace.transforms.grad import grad, value_and_grad
from graphtrace.transforms.linearize import positions


class NoVariant(Exception):
    """There is no program for these arguments; the function itself says why or does it."""


class Gradient(NamedTuple):
    """What `gt.grad(loss)` and `gt.value_and_grad(loss)` were made of."""

    loss: Callable[..., Any]
    argnums: int | Sequence[int]
    has_value: bool


def gradient_of(f: Callable[..., Any]) -> Gradient | None:
    """What the gradient function `f` was made of; None for any other function.

    >>> gradient_of(grad(abs)), gradient_of(abs)
    (Gradient(loss=<built-in function abs>, argnums=0, has_value=False), None)
    """
    made_by = f.made_by if isinstance(f, Made) else None
    if not isinstance(made_by, functools.partial) or made_by.func not in (grad, value_and_grad):
        return None
    loss, argnums = made_by.args
    parameters = [*signature_of(loss).parameters.values()] if callable(loss) else []
    if made_by.keywords["has_aux"] or any(
        not 0 <= i < len(parameters) or parameters[i].kind is parameters[i].VAR_POSITIONAL
        for i in positions(argnums)
    ):
        return None  # traced as any function is
    return Gradient(loss, argnums, made_by.func is value_and_grad)


def variant(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    given: int | None = None,
    *,
    ints: bool,
) -> Callable[..., Any] | None:
    """The program of `f` at these arguments; None where its ints have to be constants.

    Args:
        f: The function.
        args: Its arguments, as in a call.
        kwargs: The same, by name.
        given: How many of them were given by position; by default all in `args`.
        ints: Whether Python's ints among them may change from call to call.

    Raises:
        NoVariant: A gradient is asked for that there is not.
    """
    gradient = gradient_of(f)
    is_fixed = functools.partial(counts_by_value, ints=ints)
    if gradient is None:
        graph = bare(f, args, kwargs, is_fixed)
        whole = whole_values(graph, ())
        return None if whole is None else stand_in(graph, StandIn(whole=whole))
    wrt = _parameters(gradient, args if given is None else args[:given], is_fixed)
    graph = bare(gradient.loss, args, kwargs, is_fixed)
    whole = whole_values(graph, wrt)
    if whole is None:
        return None
    _require_scalar(graph)
    is_tuple = isinstance(gradient.argnums, Sequence)
    what = StandIn("both" if gradient.has_value else "gradients", wrt, is_tuple, whole)
    return stand_in(graph, what)


def _parameters(
    gradient: Gradient, args: Sequence[Any], is_fixed: Callable[[Any], bool]
) -> tuple[str, ...]:
    """The names of the parameters that are differentiated in, if all their leaves can be."""
    chosen = positions(gradient.argnums)
    parameters = list(signature_of(gradient.loss).parameters)
    if len(set(chosen)) < len(chosen) or max(chosen, default=0) >= len(args):
        raise NoVariant
    for i in chosen:
        leaves = flatten(args[i])[0]
        if not leaves or any(is_fixed(leaf) or not carries_gradient(leaf) for leaf in leaves):
            raise NoVariant
    return tuple(parameters[i] for i in chosen)


def _require_scalar(graph: Listing) -> None:
    """Refuse what has no gradient; the transform itself says so in its own words."""
    result: Tree = graph.graph["result"]
    key = result.leaves[0].key if result.structure.is_leaf else None
    value: Any = None if key is None else graph._node[key]["value"]
    if is_static(value) or np.shape(value) != () or np.iscomplexobj(value):
        raise NoVariant
