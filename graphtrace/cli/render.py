"""The command `graphtrace render`.

In: targets, the values to trace them at, and what the figure shows. Out: files.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphtrace.cli import complete, options
from graphtrace.cli.program import one_sentence, short_warnings
from graphtrace.errors import ArgumentError, OptionError

if TYPE_CHECKING:
    from graphtrace.cli.file import Place
    from graphtrace.cli.subject import Asked


@click.command(
    cls=options.Grouped,
    epilog="""\b
Examples:
  graphtrace render "u = b*c; v = a + u; J = 3*v" --at a=5 --at b=3 --at c=2
  graphtrace render "u = b*c; v = a + u; J = 3*v" --at a=5 --at b=3 --at c=2 --path a,J
  graphtrace render loss.py:loss --at 'w=[0.5, -1]' --at x=@x.npy --theme print -o loss.svg
  graphtrace render models.py:net models.py:loss --at w=1 --at mode=lin -o figures/ --watch
  graphtrace render "J = a*b" --at a=5 --at b=3 --wengert -o table.tex
""",
    short_help="Draw the computational graph of a function.",
)
@click.argument(
    "targets", metavar="TARGET", nargs=-1, required=True, shell_complete=complete.targets
)
@click.option(
    "--at",
    "assignments",
    cls=options.Option,
    group="What is traced",
    metavar="NAME=VALUE",
    multiple=True,
    shell_complete=complete.parameters,
    help="The value of a parameter; once for each that has no default. Numbers, words, lists "
    "(arrays of floats; of integers, where those are needed), dicts, or a file: --at a=5, "
    "--at mode=lin, --at 'w=[1, 2]', --at x=@data.npy, --at p=@params.json.",
)
@options.content
@options.story
@options.look
@options.output
@options.again
def render(
    targets: tuple[str, ...],
    assignments: tuple[str, ...],
    output: str | None,
    format: str | None,
    defaults: str | None,
    watch: bool,
    traceback: bool,
    **typed: Any,
) -> None:
    """Draw the computational graph of TARGET at the values given, or of several.

    TARGET is path/to/file.py:function, package.module:function, or an expression; an expression may
    be several statements, separated by semicolons, of which the last is the result.
    """
    from graphtrace.cli.file import show
    from graphtrace.cli.subject import sorted_out

    lines: list[str | bytes] = []
    try:
        # What the function prints must not end up inside the figure.
        with one_sentence(traceback), short_warnings(), contextlib.redirect_stdout(sys.stderr):
            if watch:
                _watch(targets, assignments, defaults, output)
            asked, wanted = sorted_out(typed)
            at = _place(output, format, asked, wanted)
            if len(targets) > 1 and at.path is not None and not at.is_folder:
                raise ArgumentError(
                    f"{len(targets)} targets are no one file: name a folder, as in -o figures/"
                )
            with _in_force(defaults):
                lines.extend(_each(targets, assignments, at, asked, wanted))
    finally:
        show(lines)


def _in_force(defaults: str | None) -> AbstractContextManager[Any]:
    if defaults is None:
        return contextlib.nullcontext()
    from graphtrace.cli.defaults import from_file

    return from_file(Path(defaults))


def _place(output: str | None, format: str | None, asked: Asked, wanted: dict[str, Any]) -> Place:
    from graphtrace.cli.file import place
    from graphtrace.lesson import document
    from graphtrace.render import SUFFIXES

    if asked.is_written:
        return place(output, format, document.SUFFIXES)
    known: dict[str, str] = dict(SUFFIXES)
    if asked.quiz is not None:  # a sheet
        known.update(document.SUFFIXES)
    elif "nudge" in wanted:  # its table
        known[".md"] = "markdown"
    is_unnamed = format is None and (output in (None, "-") or str(output).endswith("/"))
    if asked.frames is not None:
        if output is not None:
            raise ArgumentError("frames are files in a folder, and need no --output: leave it out")
        return place(None, format, known)._replace(path=asked.frames.rstrip("/") or "/")
    at = place(output, "html" if asked.play and is_unnamed else format, known)
    if asked.play and at.format != "html":
        raise OptionError(f"a player is a page, and {at.format} is none: write -o J.html", "play")
    if asked.quiz is not None and at.path == "-" and at.format not in document.SUFFIXES.values():
        raise ArgumentError("a quiz is two figures: name a file, as in -o quiz.svg")
    return at


def _each(
    targets: tuple[str, ...],
    assignments: Iterable[str],
    at: Place,
    asked: Asked,
    wanted: dict[str, Any],
) -> Iterator[str | bytes]:
    from graphtrace.cli.call import functions_of, traced
    from graphtrace.cli.file import put
    from graphtrace.cli.subject import subject
    from graphtrace.target.call import assigned

    named = functions_of(targets, assigned(assignments))
    if asked.frames is not None and len(named) > 1:
        raise ArgumentError(
            f"the frames of {len(named)} targets are no one series: write them one by one"
        )
    hidden = len(named) == 1 or not sys.stderr.isatty()
    with click.progressbar(named, label="Drawing", hidden=hidden, file=sys.stderr) as functions:
        for name, function, values in functions:
            look = dict(wanted)
            graph = traced(function, values)
            yield put(subject(graph, asked, look, at.format), at, name, look)


def _watch(
    targets: tuple[str, ...], assignments: tuple[str, ...], defaults: str | None, output: str | None
) -> None:
    from graphtrace.cli.watch import draw_again, files_of

    if output == "-":
        raise ArgumentError("--watch writes files: name one, as in -o figure.svg")
    files = files_of(targets, assignments, [defaults] if defaults else [])
    draw_again(click.get_current_context().meta[complete.TYPED], files)
