"""The arguments of a call, from assignments such as `a=5` and the signature of the function.

In: a function and assignments as text. Out: positional and keyword arguments. What is wrong with an
assignment is told before the function is called. Knows no graph, and no command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from graphtrace.core.describe_error import text_of
from graphtrace.core.inputs import name_of, signature_of
from graphtrace.errors import ArgumentError
from graphtrace.target.argument import no_value, read
from graphtrace.target.expression import in_order, is_expression

_T = TypeVar("_T")


def assigned(
    assignments: Iterable[str], option: str = "--at", folder: Path | None = None
) -> dict[str, Any]:
    """The values by name; each name may be given once. Relative paths begin in `folder`.

    >>> assigned(["a=5", "b=-1e-3"])
    {'a': 5, 'b': -0.001}
    """
    values: dict[str, Any] = {}
    for text in assignments:
        name, value = read(text, option, folder)
        if name in values:
            raise ArgumentError(f"{name} is given twice: leave out one {option} {name}=...")
        values[name] = value
    return values


def arguments(
    function: Callable[..., Any], values: dict[str, Any], option: str = "--at"
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments for a call of the function, each checked against its signature.

    A parameter `*xs` takes a list. The parameters of an expression take the order of the values.

    Raises `ArgumentError` for a parameter that there is not, or that has no value; `option` is how
    one types the values.

    >>> arguments(lambda x, /, y=1: x, {"x": 2, "y": 3})
    ([2], {'y': 3})
    >>> arguments(lambda x, *xs: x, {"x": 2, "xs": [3, 4]})
    ([2, 3, 4], {})
    """
    if is_expression(function):  # which has no other order than that in which one gives values
        in_order(function, values)
    name = name_of(function)
    parameters = signature_of(function).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    several = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for given, value in values.items():
        if given not in (*named, several) and not open_ended:
            written = [*named, *([f"*{several}"] if several else [])]
            has = f"it has {', '.join(written)}" if written else "it has none"
            raise ArgumentError(f"{name} has no parameter {given}: {has}")
        if isinstance(value, str) and is_expression(function):
            raise no_value(given, value)
    needed = [p.name for p in parameters if p.default is p.empty and p.name in named]
    if missing := [parameter for parameter in needed if parameter not in values]:
        wanted = " ".join(f"{option} {parameter}=..." for parameter in missing)
        raise ArgumentError(f"{name} needs a value for {', '.join(missing)}: add {wanted}")
    rest = _each(several, values[several], option) if several in values else []
    first = [p for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
    if rest:  # what stands before them is given by place, too
        first = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_place = {p.name: values.get(p.name, p.default) for p in first}
    by_name = {n: value for n, value in values.items() if n not in (*by_place, several)}
    return [*by_place.values(), *rest], by_name


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether the function has a parameter of that name.

    >>> takes(lambda a, *xs: a, "xs"), takes(lambda a: a, "b"), takes(lambda **more: 1, "b")
    (True, False, True)
    """
    parameters = signature_of(function).parameters.values()
    return any(p.name == name or p.kind is p.VAR_KEYWORD for p in parameters)


def _each(name: str, value: Any, option: str) -> list[Any]:
    """The values of `*name`."""
    if not isinstance(value, list | np.ndarray) or np.ndim(value) == 0:
        raise ArgumentError(f"*{name} takes a list: write for example {option} '{name}=[1, 2]'")
    return [one.item() if isinstance(one, np.generic) else one for one in value]


def call(
    trace: Callable[..., _T],
    function: Callable[..., Any],
    values: Mapping[str, Any],
    option: str = "--at",
) -> _T:
    """What `trace(function, ...)` returns at these values.

    An array of whole numbers is one of floats, unless the function takes only integers, as for
    labels and indices: then it is called once more. Raises what `arguments` and `trace` do.

    >>> import graphtrace as gt
    >>> def pick(w, y):
    ...     return sum(w[y])
    >>> call(gt.trace, pick, assigned(["w=[2, 3]", "y=[1, 1]"])).value
    np.float64(6.0)
    """
    args, kwargs = arguments(function, dict(values), option)
    try:
        return trace(function, *args, **kwargs)
    except Exception as error:
        if not _asks_for_integers(error):
            raise
        refusal = error
    for changed in _with_integers(values):
        args, kwargs = arguments(function, changed, option)
        try:
            return trace(function, *args, **kwargs)
        except Exception as error:
            if not _asks_for_integers(error):
                raise
    raise refusal


def _asks_for_integers(error: Exception) -> bool:
    """In NumPy's words or Python's, or in ours for the labels of a loss."""
    return "integer" in text_of(error)


def _with_integers(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values with one array as integers, each in turn, then with all of them."""
    whole = {name: whole for name, value in values.items() if (whole := _whole(value)) is not value}
    for name in whole:
        yield {**values, name: whole[name]}
    if len(whole) > 1:
        yield {**values, **whole}


def _whole(value: Any) -> Any:
    """The value with its arrays as integers where nothing is lost; itself, where there is none."""
    is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 0
    if is_array and np.all(np.isfinite(value)) and np.all(value == np.rint(value)):
        return value.astype(np.int64)
    return value
