"""The command `graphtrace render`.

In: a target, the values to trace it at, and what the figure shows. Out: a file.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphtrace.cli import options
from graphtrace.cli.program import one_sentence, say, short_warnings, tell
from graphtrace.errors import ArgumentError, GraphtraceError, OptionError, clean

if TYPE_CHECKING:
    from graphtrace.api import Graph
    from graphtrace.render import Format


@click.command(
    cls=options.Grouped,
    epilog="""\b
Examples:
  graphtrace render "u = b*c; v = a + u; J = 3*v" --at a=5 --at b=3 --at c=2
  graphtrace render "u = b*c; v = a + u; J = 3*v" --at a=5 --at b=3 --at c=2 --path a,J
  graphtrace render loss.py:loss --at 'w=[0.5, -1]' --at x=@x.npy --theme print -o loss.svg
  graphtrace render mypackage.models:loss --at w=1 --no-grad -o - > loss.svg
""",
    short_help="Draw the computational graph of a function.",
)
@click.argument("target")
@click.option(
    "--at",
    "assignments",
    cls=options.Option,
    group="What is traced",
    metavar="NAME=VALUE",
    multiple=True,
    help="The value of a parameter; once for each that has no default. Numbers, lists (arrays of "
    "floats), dicts, or a file: --at a=5, --at 'w=[1, 2]', --at x=@data.npy, --at p=@params.json.",
)
@options.content
@options.story
@options.look
@options.output
def render(
    target: str,
    assignments: tuple[str, ...],
    output: str | None,
    format: str | None,
    traceback: bool,
    **chosen: Any,
) -> None:
    """Draw the computational graph of TARGET at the values given.

    TARGET is path/to/file.py:function, package.module:function, or an expression; an expression may
    be several statements, separated by semicolons, of which the last is the result.
    """
    output = "-" if output == "/dev/stdout" else output
    # What the function prints must not end up inside the figure.
    with one_sentence(traceback), short_warnings(), contextlib.redirect_stdout(sys.stderr):
        unsaid: tuple[Any, ...] = (None, ())
        wanted = {
            name: value
            for name, value in chosen.items()
            if value not in unsaid and (value is not False or name in _TWO_WAYS)
        }
        to_print = _drawn(target, assignments, output, format, wanted)
    if isinstance(to_print, bytes):
        click.echo(to_print, nl=False)
    else:
        tell(to_print)


_TWO_WAYS = ("values", "grad", "legend")
"""Options that have a --no-."""


def _drawn(
    target: str,
    assignments: tuple[str, ...],
    output: str | None,
    format: str | None,
    wanted: dict[str, Any],
) -> str | bytes:
    """Draw, and return what is to be said on standard output: a line, or the figure itself."""
    from graphtrace.cli.call import traced
    from graphtrace.render.options import chosen
    from graphtrace.target.call import assigned

    names = ("grad", "explain", "quiz", "tangent", "play")
    asked = {name: wanted.pop(name, None) for name in names}
    if asked["play"] and format is None and output in (None, "-"):
        format = "html"
    kind = _format(format, output)
    if asked["play"] and kind != "html":
        raise OptionError(f"a player is a page, and {kind} is none: write -o J.html", "play")
    if asked["play"] and (other := next((n for n in names[1:-1] if asked[n]), None)):
        raise OptionError(f"a player has no {other}: leave out one of the two", "play")
    _translate(wanted)
    if asked["quiz"] is not None and output == "-":
        raise ArgumentError("a quiz is two figures: name a file, as in -o quiz.svg")
    # What the user's function prints must not end up in a figure on standard output.
    aside = contextlib.redirect_stdout(sys.stderr) if output == "-" else contextlib.nullcontext()
    with aside:
        graph = traced(target, assignments)
    if asked["explain"] is not None:
        chosen(wanted)  # a wrong option is refused where there is no figure, too
        return str(graph.explain(asked["explain"]))
    if asked["tangent"]:
        _move(graph, assigned(asked["tangent"], "--tangent"))
        wanted["tangents"] = True
    else:
        _differentiate(graph, asked["grad"])
    path = output or f"{graph.name}{_suffix(kind)}"
    if asked["play"]:
        wanted["play"] = True
    if asked["quiz"] is not None:
        if asked["grad"] is False and "gradients" in asked["quiz"]:  # else it differentiates itself
            raise OptionError("there are no gradients to ask for: call backward() before", "quiz")
        return _quiz(graph, asked["quiz"], Path(path), kind, wanted)
    if path == "-" and kind == "text" and sys.__stdout__ is not None and sys.__stdout__.isatty():
        return _listed(graph, wanted)
    if path == "-":
        content = io.BytesIO()
        graph.render(content, format=kind, **wanted)
        return content.getvalue()
    graph.render(path, format=kind, **wanted)
    return f"wrote {clean(path)}"


def _listed(graph: Graph, wanted: dict[str, Any]) -> bytes:
    """The text in the colours of the terminal, as wide as it is."""
    from shutil import get_terminal_size

    columns = get_terminal_size().columns
    return graph.to_text(columns=columns, colour=True, **wanted).encode("utf-8")


def _translate(wanted: dict[str, Any]) -> None:
    """What was typed as text, as the library takes it."""
    from graphtrace.target.option import names, nudge

    wanted.update(
        (name, None) for name in [n for n, typed in wanted.items() if typed is options.NONE]
    )
    if "path" in wanted:
        wanted["path"] = names(wanted["path"])
    if "nudge" in wanted:
        typed = wanted["nudge"]
        wanted["nudge"] = nudge(typed, f"--nudge '{typed}'", "--nudge a=0.001")


def _move(graph: Graph, tangents: dict[str, Any]) -> None:
    try:
        graph.jvp(**tangents)
    except ArgumentError as error:
        raise OptionError(str(error), "tangent") from None


def _quiz(graph: Graph, blank: str, path: Path, kind: Format, wanted: dict[str, Any]) -> str:
    """The question into the file, the solution into one beside it."""
    from graphtrace.render.layout.engine import deadline

    parts: list[Any] = [part.strip() for part in blank.split(",")]
    quiz = graph.quiz(*parts, **wanted)
    beside = path.with_name(f"{path.stem}-solution{path.suffix}")
    limit = deadline(wanted.get("time_limit"))
    quiz.question.render(path, format=kind, time_limit=limit)
    quiz.solution.render(beside, format=kind, time_limit=limit)
    return "\n".join(f"wrote {clean(str(file))}" for file in (path, beside))


def _format(wanted: str | None, output: str | None) -> Format:
    """The format that --format names, or else the suffix; SVG where there is neither."""
    from graphtrace.render import SUFFIXES

    known = list(dict.fromkeys(SUFFIXES.values()))
    if wanted is not None:
        for kind in known:
            if kind == wanted.lower():
                return kind
        raise ArgumentError(f"there is no format '{wanted}': use one of {', '.join(known)}")
    if output is None or output == "-":
        return "svg"
    suffix = Path(output).suffix
    if suffix.lower() not in SUFFIXES:
        has = f"the suffix '{suffix}', which is no format" if suffix else "no suffix"
        raise ArgumentError(
            f"'{output}' has {has}: use one of {', '.join(SUFFIXES)}, or add --format svg"
        )
    return SUFFIXES[suffix.lower()]


def _suffix(kind: Format) -> str:
    from graphtrace.render import SUFFIXES

    return next(suffix for suffix, format in SUFFIXES.items() if format == kind)


def _differentiate(graph: Graph, grad: bool | None) -> None:
    """Gradients if asked for, and also if not asked about and the function returns one number."""
    if grad is False:
        return
    try:
        graph.backward()
    except GraphtraceError as error:
        if grad:
            raise
        say("note", f"drawn without gradients, since {error}")
