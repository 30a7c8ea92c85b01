"""The options of `graphtrace render`, in the groups in which its help shows them.

In: the options as the library declares them. Out: decorators for click. Each option's name is that
of the library's own, so that what was typed is handed on as it is; what was not typed, is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, get_args

import click

from graphtrace.figure.options import About, abouts, choices_of
from graphtrace.render.options import Options
from graphtrace.render.paint.themes import THEMES

_Function = TypeVar("_Function", bound=Callable[..., Any])


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


_TYPED = {"gradients": "grad", "engine": "dot"}
"""What an option of the library is called on the command line, where that is another word."""


def _declared(group: str) -> list[tuple[str, dict[str, Any]]]:
    """The options of a figure in this group of the help, as `Options` declares them."""
    known = abouts(Options)
    return [
        _as_typed(_TYPED.get(one.name, one.name).replace("_", "-"), one.default, *known[one.name])
        for one in fields(Options)
        if known[one.name][1].group == group and known[one.name][1].example
    ]


def _as_typed(name: str, default: Any, kind: Any, about: About) -> tuple[str, dict[str, Any]]:
    settings: dict[str, Any] = {"metavar": about.metavar}
    names = f"--{name}"
    kinds = (kind, *get_args(kind))
    if bool in kinds:
        settings["is_flag"] = True
        if default is not False:
            names = f"--{name}/--no-{name}"
    elif choices := choices_of(kind):
        settings["type"] = click.Choice(choices, case_sensitive=False)
    elif name == "theme":
        settings["type"] = click.Choice(list(THEMES))
    elif int in kinds or float in kinds:
        settings["type"] = int if int in kinds else float
    settings["multiple"] = default == ()
    example = about.example if "-" in about.example[:1] else f"--{name} {about.example}"
    meaning = about.meaning.replace("`", "")
    return names, {**settings, "help": f"{meaning} E.g. {example}."}


content = _some("What is drawn", *_declared("What is drawn"))

story = _some(
    "What it tells",
    *_declared("What it tells"),
    (
        "--tangent",
        {
            "multiple": True,
            "metavar": "NAME=VALUE",
            "help": "Forward mode: the tangents, from this one on. E.g. --tangent a=1.",
        },
    ),
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

look = _some("How it looks", *_declared("How it looks"))

output = _some(
    _LAST,
    *_declared(_LAST),
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
        "--traceback",
        {
            "is_flag": True,
            "default": False,
            "help": "On an error, Python's traceback before the sentence. E.g. --traceback.",
        },
    ),
)
