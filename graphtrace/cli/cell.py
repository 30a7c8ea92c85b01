"""The options of the command in a line of a notebook, `%%graphtrace a=5 --theme print`.

In: the line, and what makes a graph of its values. Out: what is to be displayed; every error is a
`GraphtraceError` with one sentence.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from graphtrace.cli import options
from graphtrace.cli.program import sentence, short_warnings, words
from graphtrace.errors import GraphtraceError

if TYPE_CHECKING:
    from graphtrace.api import Graph


@click.command(
    "%%graphtrace", cls=options.Grouped, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("assignments", metavar="NAME=VALUE", nargs=-1)
@options.content
@options.story
@options.look
def cell() -> None:
    """Draw the statements of the cell at the values given.

    A variable of the notebook that the cell reads needs no value here; its name may also be a
    value, as in w=weights.
    """


def shown(line: str, graph_of: Callable[[list[str]], Graph]) -> Any:
    """What the line asks for: the graph itself, where it has no options; None for --help.

    Raises `GraphtraceError` for whatever is wrong with it, and with the function.
    """
    first = re.search(r"(?:^|\s)-{1,2}[A-Za-z]", line)
    end = first.start() if first else len(line)
    try:
        with cell.make_context("%%graphtrace", shlex.split(line[end:])) as context:
            return _shown(line[:end], context.params, graph_of)
    except click.exceptions.Exit:  # after --help
        return None
    except click.ClickException as error:
        raise GraphtraceError(sentence(error)) from None
    except ValueError as error:  # of shlex: no closing quotation
        raise GraphtraceError(f"{line.strip()!r}: {error}") from None


def _shown(start: str, typed: dict[str, Any], graph_of: Callable[[list[str]], Graph]) -> Any:
    from graphtrace.api import Graph
    from graphtrace.cli.subject import sorted_out, subject
    from graphtrace.target.argument import split

    values = [*split(start), *typed.pop("assignments")]
    try:
        with short_warnings():
            asked, wanted = sorted_out(typed)
            graph = graph_of(values)
            made = subject(graph, asked, wanted)
            if asked.play:
                wanted.pop("play")
                return graph.play(**wanted)
            is_plain = not isinstance(made, Graph) or not (wanted or asked.tangent)
            return made if is_plain and asked.grad is not False else graph.figure(**wanted)
    except Exception as error:  # noqa: BLE001 (a function may raise anything)
        raise GraphtraceError(words(error)) from None


def completions(typed: str) -> list[str]:
    """The options that begin so, for a notebook that completes them.

    >>> completions("--the")
    ['--theme']
    """
    names = [name for option in cell.params for name in (*option.opts, *option.secondary_opts)]
    return [name for name in names if name.startswith("--") and name.startswith(typed)]
