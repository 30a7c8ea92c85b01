"""The options of `graphtrace render`, in the groups in which its help shows them.

In: nothing. Out: decorators for click. Each option's name is that of the library's own, so that
what was typed is handed on as it is; what was not typed is not handed on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

THEMES = ("lecture", "cs231n", "karpathy", "blackboard", "print", "minimal")


class Option(click.Option):
    """An option in a group of the help."""

    def __init__(self, *names: Any, group: str, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.group = group


_LAST = "Where it goes"


class Grouped(click.Command):
    """A command whose help has a heading for each group of options."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings, in the order of the groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in (p for p in self.get_params(context) if isinstance(p, click.Option)):
            record = parameter.get_help_record(context)
            if record is not None:
                groups.setdefault(getattr(parameter, "group", _LAST), []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


def _some(group: str, *options: tuple[str, dict[str, Any]]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for names, settings in reversed(options):
            settings = {"default": None, **settings}
            wrap = click.option(*names.split(), cls=Option, group=group, **settings)
            function = wrap(function)
        return function

    return decorate


def _flag(help: str) -> dict[str, Any]:
    return {"is_flag": True, "help": help}


content = _some(
    "What is drawn",
    (
        "--values/--no-values",
        {"help": "The number under each formula. E.g. --no-values."},
    ),
    (
        "--grad/--no-grad",
        {
            "help": "The gradients in red. Default: where the function returns one number. "
            "E.g. --no-grad."
        },
    ),
    (
        "--derivatives",
        {
            "type": click.Choice(["both", "number", "formula", "none"]),
            "help": "The local derivative on each edge. E.g. --derivatives number.",
        },
    ),
    ("--shapes", _flag("The shape of each array. E.g. --shapes --no-values.")),
    ("--sources", _flag("File and line of each operation. E.g. --sources.")),
    ("--constants", _flag("The 3 of 3*v as a leaf of its own. E.g. --constants.")),
    ("--scopes", _flag("A titled frame around each helper call. E.g. --scopes.")),
    (
        "--depth",
        {
            "type": int,
            "metavar": "N",
            "help": "Levels of helper calls that are opened; 0: each is one box. E.g. --depth 0.",
        },
    ),
    (
        "--unfold",
        {
            "multiple": True,
            "metavar": "NAME",
            "help": "A folded call, or a node in one, to open. E.g. --unfold layer_2.",
        },
    ),
    (
        "--limit",
        {
            "type": int,
            "metavar": "N",
            "help": "Up to so many nodes nothing is folded. E.g. --limit 200.",
        },
    ),
)

story = _some(
    "What it tells",
    (
        "--step",
        {"metavar": "dJ/dV", "help": "One step back, with the chain rule. E.g. --step dJ/dv."},
    ),
    (
        "--path",
        {"metavar": "A,J", "help": "The paths between two nodes in colour. E.g. --path a,J."},
    ),
    (
        "--nudge",
        {
            "metavar": "NAME=STEP",
            "help": "Every value before and after a nudge. E.g. --nudge a=0.001.",
        },
    ),
    (
        "--tangent",
        {
            "multiple": True,
            "metavar": "NAME=VALUE",
            "help": "Forward mode: the tangents, from this one on. E.g. --tangent a=1.",
        },
    ),
    ("--trouble", _flag("Mark zeros, infinities and NaN; name the first. E.g. --trouble.")),
    ("--check", _flag("Mark derivatives that finite differences refute. E.g. --check.")),
    (
        "--quiz",
        {
            "metavar": "WHAT",
            "help": "Blank the values, gradients or derivatives; the solution goes into a second "
            "file. E.g. --quiz gradients, --quiz values,derivatives.",
        },
    ),
    (
        "--explain",
        {
            "metavar": "NAME",
            "help": "Instead of a figure, the derivation of one derivative. E.g. --explain a.",
        },
    ),
)

look = _some(
    "How it looks",
    (
        "--theme",
        {"type": click.Choice(THEMES), "help": "Colours and form. E.g. --theme blackboard."},
    ),
    (
        "--scheme",
        {
            "type": click.Choice(["auto", "light", "dark"]),
            "help": "Follow the page into the dark, or not. E.g. --scheme light.",
        },
    ),
    ("--math", _flag("Formulas typeset as in a book; graphtrace[math]. E.g. --math.")),
    (
        "--direction",
        {
            "type": click.Choice(["auto", "LR", "TB"], case_sensitive=False),
            "help": "Left to right, or top to bottom. E.g. --direction TB.",
        },
    ),
    (
        "--width",
        {
            "type": float,
            "metavar": "PIXELS",
            "help": "The column in which it has to be readable. E.g. --width 360.",
        },
    ),
    ("--font", {"metavar": "FAMILIES", "help": "As in CSS. E.g. --font 'Georgia, serif'."}),
    (
        "--font-size",
        {"type": float, "metavar": "PIXELS", "help": "Of the formulas. E.g. --font-size 18."},
    ),
    (
        "--digits",
        {"type": int, "metavar": "N", "help": "Significant digits of numbers. E.g. --digits 3."},
    ),
    ("--legend/--no-legend", {"help": "What colours and lines mean, beneath. E.g. --legend."}),
    ("--flow", _flag("Edges as wide as their gradient is large. E.g. --flow.")),
)

output = _some(
    _LAST,
    (
        "--standalone",
        _flag("TikZ as a document of its own. E.g. -o J.tex --standalone."),
    ),
    (
        "-o --output",
        {
            "metavar": "PATH",
            "help": "The file, - for standard output; the suffix is the format. Default: the "
            "function's name, as SVG. E.g. -o figures/J.svg, -o J.dot, -o -.",
        },
    ),
    (
        "--format",
        {
            "metavar": "FORMAT",
            "help": "Where the suffix does not say it. E.g. -o - --format text.",
        },
    ),
    (
        "--id-prefix",
        {"metavar": "TEXT", "help": "What the ids in an SVG begin with. E.g. --id-prefix fig1."},
    ),
    (
        "--dot",
        {
            "metavar": "PATH",
            "help": "A Graphviz program to lay it out with instead of ours. E.g. --dot dot.",
        },
    ),
    (
        "--time-limit",
        {
            "type": float,
            "metavar": "SECONDS",
            "help": "How long the layout may take, all tries and figures together; your function "
            "has all the time it needs. E.g. --time-limit 60.",
        },
    ),
    (
        "--traceback",
        {
            "is_flag": True,
            "default": False,
            "help": "On an error, Python's traceback before the sentence. E.g. --traceback.",
        },
    ),
)
