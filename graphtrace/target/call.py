"""The arguments of a call, from assignments such as `a=5` and the signature of the function.

In: a function and assignments as text. Out: positional and keyword arguments. What is wrong with an
assignment is told before the function is called. Knows no graph, and no command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from graphtrace.core.inputs import name_of, signature_of
from graphtrace.errors import ArgumentError
from graphtrace.target.argument import read


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

    Raises `ArgumentError` for a parameter that there is not, or that has no value; `option` is how
    one types the values.

    >>> arguments(lambda x, /, y=1: x, {"x": 2, "y": 3})
    ([2], {'y': 3})
    """
    name = name_of(function)
    parameters = signature_of(function).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for given in values:
        if given not in named and not open_ended:
            has = f"it has {', '.join(named)}" if named else "it has none"
            raise ArgumentError(f"{name} has no parameter {given}: {has}")
    needed = [p.name for p in parameters if p.default is p.empty and p.name in named]
    if missing := [parameter for parameter in needed if parameter not in values]:
        wanted = " ".join(f"{option} {parameter}=..." for parameter in missing)
        raise ArgumentError(f"{name} needs a value for {', '.join(missing)}: add {wanted}")
    first = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
    named_values = {name: value for name, value in values.items() if name not in first}
    return [values[parameter] for parameter in first], named_values
