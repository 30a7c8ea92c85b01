"""The program around the commands: every way out through one door.

In: what was typed. Out: an exit code, and what is said on standard error. It knows nothing about
what the commands do.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

import click

from graphtrace.cli.typed import as_typed
from graphtrace.errors import (
    ArgumentError,
    ExpressionError,
    GraphtraceError,
    RenderError,
    TargetError,
    clean,
)

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class _Program(click.Group):
    """The group of commands, with every way out through one door."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        kwargs.setdefault("prog_name", "graphtrace")
        kwargs["standalone_mode"] = False
        _open_output()
        try:
            code = super().main(*args, **kwargs) or 0
            sys.stdout.flush()
        except click.Abort:
            code = INTERRUPTED
        except click.ClickException as error:
            code = error.exit_code
            say("error", sentence(error))
        except OSError as error:  # all others have met `one_sentence`
            code = FAILURE
            _give_up_output(error)
        sys.exit(code)


def sentence(error: click.ClickException) -> str:
    """What is wrong with what was typed, and where to read how it is used."""
    message = error.format_message().rstrip(".").replace(". (", " (")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "graphtrace"
    return f"{message[:1].lower()}{message[1:]}: see '{command} --help'"


def say(kind: str, text: str) -> None:
    """One line on standard error, such as `graphtrace: error: ...`."""
    with contextlib.suppress(OSError):  # where not even that can be said, the exit code tells
        click.echo(f"graphtrace: {kind}: {clean(' '.join(text.split()))}", err=True)


def tell(text: str) -> None:
    """Lines on standard output; what its encoding has no character for is written as an escape."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def _open_output() -> None:
    """A standard output that is closed (`>&-`) fails when it is written to, as a full one does."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _give_up_output(error: OSError) -> None:
    """Say why standard output failed, unless its reader has left: that is nothing to talk about."""
    if not isinstance(error, BrokenPipeError):
        say(
            "error",
            f"standard output cannot be written ({error.strerror}): send it to a terminal, or to "
            "a file on a disk that has room",
        )
    with contextlib.suppress(OSError, ValueError):  # or Python would complain once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def one_sentence(traceback: bool) -> Iterator[None]:
    """Whatever is raised becomes one sentence, even a SystemExit in the user's file."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None  # click would print an empty line
    except BaseException as error:  # a function may raise anything
        if isinstance(error, BrokenPipeError) and not _is_from_function(error):
            raise
        if traceback:
            import traceback as printer

            printer.print_exception(error, file=sys.stderr)
        say("error", words(error))
        raise click.exceptions.Exit(_exit_code(error)) from None


def words(error: BaseException) -> str:
    """What an error says, in one sentence, its options as one types them."""
    from graphtrace.core.describe_error import describe, raised_at, text_of

    if not isinstance(error, GraphtraceError):
        return describe(error)
    text = text_of(error)
    if _is_from_function(error):
        place = "" if " line " in text else raised_at(error)
        return f"{text} ({place.strip()})" if place else text
    return as_typed(error) if isinstance(error, RenderError) else text


def _exit_code(error: BaseException) -> int:
    if isinstance(error, TargetError):
        return FAILURE if error.__cause__ else USAGE  # a cause: the user's file itself raised
    is_of_use = isinstance(error, ArgumentError | ExpressionError)
    return USAGE if is_of_use and not _is_from_function(error) else FAILURE


def _is_from_function(error: BaseException) -> bool:
    """Whether it came out of the user's function, and is not of how it was called or drawn."""
    from traceback import walk_tb

    from graphtrace.core.tape import Tape

    call = Tape.call.__code__
    return any(frame.f_code is call for frame, _ in walk_tb(error.__traceback__))


@contextlib.contextmanager
def short_warnings() -> Iterator[None]:
    """Each warning as one line, once; NumPy's would show a line of our source."""
    from graphtrace.core.describe_error import text_of

    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        text = f"{category.__name__}: {text_of(message)}"
        if text not in shown:
            shown.add(text)
            say("warning", text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"graphtrace {version('graphtrace')}")
        context.exit()


@click.group(
    "graphtrace",
    cls=_Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Example: graphtrace render "J = 3*(a + b*c)" --at a=5 --at b=3 --at c=2 -o J.svg',
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version, e.g. graphtrace --version, and stop.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Draw the computational graph of a Python function."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
