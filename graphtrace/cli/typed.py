"""Say what the library says of its options in the words of the command line.

In: an error whose message writes options as Python does, `path=('a', 'J')`. Out: the message with
`--path a,J`. It knows no option by name: the command that runs has them.
"""

from __future__ import annotations

import ast
import re
import shlex
from typing import Any

import click

from graphtrace.errors import GraphtraceError

_LITERAL = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\([^()]*\)|[\w+-]+(?:\.\d\w*)?"""


def as_typed(error: GraphtraceError) -> str:
    """The message of the error, each option in it as one types it for the command that runs."""
    options = {o.name: o for o in click.get_current_context().command.params if o.name}
    names = "|".join(map(re.escape, options))

    def typed(match: re.Match[str]) -> str:
        return _typed(options[match["name"]], match["value"])

    message = re.sub(r"call backward\(\) before$", "leave --no-grad out", str(error))
    message = re.sub(r"explain\(.*, of=\.\.\.\)$", "--explain dJ/da", message)
    message = re.sub(rf"\b(?P<name>{names})=(?P<value>{_LITERAL})?", typed, message)
    option = options.get(getattr(error, "option", ""))
    if option is None or option.opts[-1] in message:
        return message
    return f"{option.opts[-1]}: {message}"


def _typed(option: click.Parameter, literal: str | None) -> str:
    name = option.opts[-1]
    try:
        value = ast.literal_eval(literal or "None")
    except (ValueError, SyntaxError):  # nan, inf
        return f"{name} {literal}"
    if value is None or value is True:
        return name
    if value is False:
        return option.secondary_opts[-1] if option.secondary_opts else name
    return f"{name} {shlex.quote(_text(value))}"


def _text(value: Any) -> str:
    """A value as one types it: a pair of names `a,J`, a name and a number `a=0.001`."""
    if isinstance(value, tuple):
        is_nudge = len(value) == 2 and not isinstance(value[1], str)
        return ("=" if is_nudge else ",").join(map(_text, value))
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
