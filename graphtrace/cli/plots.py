"""The commands `graphtrace activation`, `slope` and `network`: the figures that are no graphs.

In: functions or layers, and how the figure looks. Out: a file.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from graphtrace.cli import complete, options
from graphtrace.cli.program import one_sentence, short_warnings
from graphtrace.errors import ArgumentError

if TYPE_CHECKING:
    from graphtrace.plots.drawing import Drawing

_SUFFIXES = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


@click.command(
    cls=options.Grouped,
    epilog="""\b
Examples:
  graphtrace activation sigmoid tanh relu -o activations.svg
  graphtrace activation "x*sigmoid(x)" models.py:swish --names product,swish --span -4,4
""",
    short_help="Draw activation functions above their derivatives.",
)
@click.argument(
    "functions", metavar="FUNCTION", nargs=-1, required=True, shell_complete=complete.targets
)
@options.drawn(
    ("--span", {"metavar": "LOW,HIGH", "help": "The range of x. E.g. --span -4,4."}),
    ("--names", {"metavar": "NAME,...", "help": "What they are called. E.g. --names f,g."}),
    (
        "--flat",
        {"type": float, "help": "Shaded is a slope below this. Default: 0.05. E.g. --flat 0.1."},
    ),
)
@options.look_of_plots
@options.output_of_plots
def activation(functions: tuple[str, ...], **typed: Any) -> None:
    """Draw each FUNCTION above its derivative, and shade where it is flat.

    FUNCTION is a name such as relu or np.tanh, path/to/file.py:function, package.module:function,
    or an expression in one variable.
    """

    def make(span: str | None, names: str | None, **chosen: Any) -> Drawing:
        from graphtrace.plots import activation

        return activation(
            *map(_function, functions),
            **_given(span=_pair(span, "--span"), names=_words(names)),
            **chosen,
        )

    _draw(make, ("span", "names", "flat"), typed)


@click.command(
    cls=options.Grouped,
    epilog="""\b
Examples:
  graphtrace slope "f = 3*a" --at a=2 --da 0.001
  graphtrace slope "f = a**2" --at 'a=[1, 2, 3]' -o slopes.svg
""",
    short_help="Draw the slope triangle of a function.",
)
@click.argument("function", metavar="FUNCTION", shell_complete=complete.targets)
@options.drawn(
    (
        "--at",
        {
            "metavar": "NAME=VALUE",
            "required": True,
            "help": "Where to look at it, one point or several. E.g. --at a=2, --at 'a=[1, 2]'.",
        },
    ),
    ("--da", {"type": float, "help": "The width of the triangle. E.g. --da 0.001."}),
    ("--span", {"metavar": "LOW,HIGH", "help": "The range of the argument. E.g. --span 0,4."}),
    ("--label", {"metavar": "TEXT", "help": "What it is called. E.g. --label 'f(a) = 3a'."}),
)
@options.look_of_plots
@options.output_of_plots
def slope(function: str, **typed: Any) -> None:
    """Draw the slope triangle of FUNCTION, a function of one number, at a point or at several.

    FUNCTION is a name such as relu or np.tanh, path/to/file.py:function, package.module:function,
    or an expression in one variable.
    """

    def make(at: str, span: str | None, **chosen: Any) -> Drawing:
        from graphtrace.plots import slope
        from graphtrace.target.call import arguments, assigned

        f = _function(function)
        args, kwargs = arguments(f, assigned([at]))
        (point,) = [*args, *kwargs.values()]
        return slope(f, point, **_given(span=_pair(span, "--span")), **chosen)

    _draw(make, ("at", "da", "span", "label"), typed)


@click.command(
    cls=options.Grouped,
    epilog="""\b
Examples:
  graphtrace network 3 5 5 3 1
  graphtrace network 2 4 1 --names x,h,y --layers inputs,hidden,output -o network.svg
""",
    short_help="Draw a network of neurons.",
)
@click.argument("sizes", metavar="SIZE", nargs=-1, required=True, type=click.IntRange(1))
@options.drawn(
    (
        "--names",
        {"metavar": "NAME,...", "help": "A letter for each layer's neurons. E.g. --names x,h,y."},
    ),
    (
        "--layers",
        {"metavar": "TEXT,...", "help": "The words beneath. E.g. --layers inputs,hidden,output."},
    ),
    (
        "--most",
        {"type": int, "help": "Of more neurons than this, ⋮ stands for some. E.g. --most 6."},
    ),
)
@options.look_of_plots
@options.output_of_plots
def network(sizes: tuple[int, ...], **typed: Any) -> None:
    """Draw a network with SIZE neurons in each layer, every one joined to all of the next layer."""

    def make(names: str | None, layers: str | None, **chosen: Any) -> Drawing:
        from graphtrace.plots import network

        return network(sizes, **_given(names=_words(names), layers=_words(layers)), **chosen)

    _draw(make, ("names", "layers", "most"), typed)


def _draw(make: Callable[..., Drawing], own: tuple[str, ...], typed: dict[str, Any]) -> None:
    """Make the figure of the options that are its own, and write it with the others."""
    from graphtrace.cli.file import place, put, show
    from graphtrace.cli.subject import sorted_out

    output, format, traceback = (typed.pop(name) for name in ("output", "format", "traceback"))
    with one_sentence(traceback), short_warnings(), contextlib.redirect_stdout(sys.stderr):
        at = place(output, format, _SUFFIXES)
        always: dict[str, Any] = {
            name: None for name in ("at", "span", "names", "layers") if name in own
        }
        _, wanted = sorted_out(typed)
        chosen = {name: wanted.pop(name) for name in own if name in wanted}
        drawing = make(**{**always, **chosen})
        line = put(drawing, at, drawing.name, wanted)
    show([line])


def _function(text: str) -> Callable[..., Any]:
    """The function of a target; that of a name alone is what it computes of x."""
    from graphtrace.core.inputs import signature_of
    from graphtrace.target.function import load

    if re.fullmatch(r"((np|numpy|gt|graphtrace)\.)?[^\W\d]\w*", text):
        return load(f"{text.rpartition('.')[2]} = {text}(x)")
    function = load(text)
    needed = [p.name for p in signature_of(function).parameters.values() if p.default is p.empty]
    if len(needed) != 1:
        has = ", ".join(needed) or "nothing"
        raise ArgumentError(f"'{text}' is a function of {has}: give one of a single number")
    return function


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",")]


def _pair(text: str | None, option: str) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise ArgumentError(f"{option} '{text}' is no range: write it as {option} -4,4") from None
    return low, high
