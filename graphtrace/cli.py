"""The command `graphtrace`.

In: what was typed. Out: files, lines on standard error, and an exit code: 0, 2 where the command
was not used as it can be, 1 where something failed, 130 after Ctrl-C. Each command imports what it
needs when it runs; an error is one sentence, and a traceback only if asked for.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from graphtrace.errors import ArgumentError, ExpressionError, GraphtraceError, TargetError

if TYPE_CHECKING:
    from graphtrace.graph import Graph
    from graphtrace.render import Format

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class _Program(click.Group):
    """The group of commands, with every way out through one door."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        kwargs.setdefault("prog_name", "graphtrace")
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs) or 0
        except click.Abort:
            code = INTERRUPTED
        except BrokenPipeError:
            # the reader of standard output has left; Python would complain once more at exit
            _close_quietly(sys.stdout)
            code = FAILURE
        except click.ClickException as error:
            code = error.exit_code
            _say("error", _sentence(error))
        sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".").replace(". (", " (")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "graphtrace"
    return f"{message[:1].lower()}{message[1:]}: see '{command} --help'"


def _say(kind: str, text: str) -> None:
    click.echo(f"graphtrace: {kind}: {' '.join(text.split())}", err=True)


def _close_quietly(stream: Any) -> None:
    with contextlib.suppress(OSError, ValueError):
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def _one_sentence(traceback: bool) -> Iterator[None]:
    """Whatever is raised becomes one sentence, even a SystemExit in the user's file."""
    try:
        yield
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None  # click would print an empty line
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a function may raise anything
        if traceback:
            import traceback as printer

            printer.print_exception(error, file=sys.stderr)
        _say("error", _words(error))
        raise click.exceptions.Exit(_exit_code(error)) from None


def _words(error: BaseException) -> str:
    if isinstance(error, GraphtraceError):
        return str(error)
    from graphtrace.failure import describe

    return describe(error)


def _exit_code(error: BaseException) -> int:
    if isinstance(error, TargetError):
        return FAILURE if error.__cause__ else USAGE  # a cause: the user's file itself raised
    return USAGE if isinstance(error, ArgumentError | ExpressionError) else FAILURE


@contextlib.contextmanager
def _short_warnings() -> Iterator[None]:
    """Each warning as one line, once; NumPy's would show a line of our source."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        text = f"{category.__name__}: {message}"
        if text not in said:
            said.add(text)
            _say("warning", text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from graphtrace import __version__

        click.echo(f"graphtrace {__version__}")
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


@main.command(
    epilog="""\b
Examples:
  graphtrace render "u = b*c; v = a + u; J = 3*v" --at a=5 --at b=3 --at c=2
  graphtrace render loss.py:loss --at 'w=[0.5, -1]' --at x=@x.npy -o loss.svg
  graphtrace render mypackage.models:loss --at w=1 --no-grad -o - > loss.svg
""",
    short_help="Draw the computational graph of a function.",
)
@click.argument("target")
@click.option(
    "--at",
    "assignments",
    metavar="NAME=VALUE",
    multiple=True,
    help="The value of a parameter; once for each that has no default. Numbers, lists (arrays of "
    "floats), dicts, or a file: --at a=5, --at 'w=[1, 2]', --at x=@data.npy, --at p=@params.json.",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="Where the figure goes, - for standard output; the suffix is the format. Default: the "
    "function's name, as SVG, in this folder. E.g. -o figures/J.svg, -o J.dot, -o -.",
)
@click.option(
    "--grad/--no-grad",
    default=None,
    help="With the gradients in red, or only the values. Default: with, where the function returns "
    "one number. E.g. --no-grad.",
)
@click.option(
    "--dot",
    metavar="PATH",
    help="A Graphviz program to lay the figure out, instead of the one that comes with graphtrace; "
    "PDF and PNG need it. E.g. --dot dot, --dot /usr/local/bin/dot.",
)
@click.option(
    "--format",
    "format_",
    metavar="FORMAT",
    help="svg, dot, pdf or png, where the suffix does not say it. E.g. -o - --format dot.",
)
@click.option(
    "--traceback",
    is_flag=True,
    help="On an error, show Python's traceback before the sentence. E.g. --traceback.",
)
def render(
    target: str,
    assignments: tuple[str, ...],
    output: str | None,
    grad: bool | None,
    dot: str | None,
    format_: str | None,
    traceback: bool,
) -> None:
    """Draw the computational graph of TARGET at the values given.

    TARGET is path/to/file.py:function, package.module:function, or an expression; an expression may
    be several statements, separated by semicolons, of which the last is the result.
    """
    stdout = sys.stdout
    # What the function prints must not end up inside the figure.
    with _one_sentence(traceback), _short_warnings(), contextlib.redirect_stdout(sys.stderr):
        kind = _format(format_, output)
        _check_engine(kind, dot)
        graph = _trace(target, assignments)
        _differentiate(graph, grad)
        if output == "-":
            content = io.BytesIO()
            graph.render(content, format=kind, engine=dot)
            stdout.buffer.write(content.getvalue())
            stdout.buffer.flush()
            return
        path = output or f"{graph.name}.{kind}"
        graph.render(path, format=kind, engine=dot)
    click.echo(f"wrote {path}")


def _format(wanted: str | None, output: str | None) -> Format:
    """The format that --format names, or else the suffix; SVG where there is neither."""
    from graphtrace.render import SUFFIXES

    known = ", ".join(dict.fromkeys(SUFFIXES.values()))
    if wanted is not None:
        if f".{wanted.lower()}" not in SUFFIXES:
            raise ArgumentError(f"there is no format '{wanted}': use one of {known}")
        return SUFFIXES[f".{wanted.lower()}"]
    if output is None or output == "-":
        return "svg"
    suffix = Path(output).suffix
    if suffix.lower() not in SUFFIXES:
        has = f"the suffix '{suffix}', which is no format" if suffix else "no suffix"
        raise ArgumentError(
            f"'{output}' has {has}: use one of {', '.join(SUFFIXES)}, or add --format svg"
        )
    return SUFFIXES[suffix.lower()]


def _check_engine(kind: Format, dot: str | None) -> None:
    from graphtrace.render import engine

    if kind not in ("svg", "dot") and engine.find(dot).bundled:
        raise ArgumentError(
            f"{kind.upper()} needs a system Graphviz: install it and add --dot dot, or write SVG"
        )


def _trace(target: str, assignments: Sequence[str]) -> Graph:
    from graphtrace.target import load

    function = load(target)
    args, kwargs = _arguments(function, assignments)
    from graphtrace import trace

    graph = trace(function, *args, **kwargs)
    _warn_of_nan(graph)
    return graph


def _arguments(
    function: Callable[..., Any], assignments: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments for a call of the function, each checked against its signature."""
    from graphtrace.argument import read
    from graphtrace.inputs import name_of, signature_of

    values: dict[str, Any] = {}
    for text in assignments:
        name, value = read(text)
        if name in values:
            raise ArgumentError(f"{name} is given twice: leave out one --at {name}=...")
        values[name] = value
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
        wanted = " ".join(f"--at {parameter}=..." for parameter in missing)
        raise ArgumentError(f"{name} needs a value for {', '.join(missing)}: add {wanted}")
    first = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
    return [values.pop(parameter) for parameter in first], values


def _differentiate(graph: Graph, grad: bool | None) -> None:
    """Gradients if asked for, and also if not asked about and the function returns one number."""
    if grad is False:
        return
    try:
        graph.backward()
    except GraphtraceError as error:
        if grad:
            raise
        _say("note", f"drawn without gradients, since {error}")


def _warn_of_nan(graph: Graph) -> None:
    import numpy as np

    for key, data in graph.nodes(data=True):
        value = np.asarray(data["value"])
        if value.dtype.kind in "fc" and np.isnan(value).any():
            where = f" at {data['source']}" if data.get("source") else ""
            what = "is" if value.ndim == 0 else "holds"
            label = f" ({data['label']})" if data["label"] != key else ""
            _say("warning", f"{key}{label} {what} NaN{where}, the first node that does")
            return


@main.command(
    epilog="""\b
Examples:
  graphtrace gallery
  graphtrace gallery docs/figures --check
""",
    short_help="Draw a folder of small Python files.",
)
@click.argument("folder", default="gallery", metavar="[DIR]")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; compare with the files that are there, byte for byte, and list those that "
    "differ. E.g. graphtrace gallery --check.",
)
@click.option(
    "--traceback",
    is_flag=True,
    help="On an error, show Python's traceback before the sentence. E.g. --traceback.",
)
def gallery(folder: str, check: bool, traceback: bool) -> None:
    """Draw every Python file of DIR (default: gallery) to an SVG of the same name beside it.

    A file ends with its graph under the name `graph`, as in `graph = gt.trace(J, a=5, b=3, c=2)`.
    """
    from graphtrace.gallery import differences, update

    with _one_sentence(traceback), _short_warnings(), contextlib.redirect_stdout(sys.stderr):
        found = list((differences if check else update)(Path(folder)))
    for line in found:
        click.echo(line if check else f"wrote {line}")
    if check and found:
        raise click.exceptions.Exit(FAILURE)
