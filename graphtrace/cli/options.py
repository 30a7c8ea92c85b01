"""The options of `graphtrace render`, in the groups in which its help shows them.

In: the options as the library declares them. Out: decorators for click. Each option's name is that
of the library's own, so that what was typed is handed on as it is; what was not typed, is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, get_args

import click

from graphtrace.cli.complete import TYPED, blanks
from graphtrace.figure.options import About, abouts, choices_of
from graphtrace.render.options import Options, is_content
from graphtrace.render.paint.themes import THEMES

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Option(click.Option):
    """An option in a group of the help."""

    def __init__(self, *names: Any, group: str, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.group = group


_LAST = "Where it goes"


_OPTION = re.compile(r"--[A-Za-z][\w-]*(=.*)?", re.DOTALL)


class Grouped(click.Command):
    """A command whose help has a heading for each group of options, and whose target may be `-a`.

    What begins with `-` and is neither an option nor the value of one is the target, where there is
    no other.
    """

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put such a target where click takes it for one: last, after `--`."""
        context.meta[TYPED] = list(args)
        options = [p for p in self.get_params(context) if isinstance(p, click.Option)]
        valued = {name for p in options if not p.is_flag for name in p.opts}
        short = tuple(name for name in valued if not name.startswith("--"))
        known = {name for p in options for name in (*p.opts, *p.secondary_opts)}
        end = args.index("--") if "--" in args else len(args)
        free = [i for i in range(end) if not i or args[i - 1] not in valued]
        glued = [args[i] for i in free if args[i].startswith(short) and args[i] not in short]
        taken = {*known, *glued}  # glued: -o*b
        words = [i for i in free if args[i] not in taken and not _OPTION.fullmatch(args[i])]
        if len(words) == 1 and args[words[0]][:1] == "-" and end == len(args):
            args = [*args[: words[0]], *args[words[0] + 1 :], "--", args[words[0]]]
        try:
            return super().parse_args(context, args)
        except click.MissingParameter:
            if not glued:
                raise
            why = f"missing argument 'TARGET' (write -- before {glued[0]!r} if it is one)"
            raise click.UsageError(why, context) from None
        except click.UsageError as error:
            error.ctx = error.ctx or context  # click's own parser does not say which command it is
            raise

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
            if not settings.get("required"):
                settings = {"default": None, **settings}
            wrap = click.option(*names.split(), cls=Option, group=group, **settings)
            function = wrap(function)
        return function

    return decorate


NONE = object()
"""What is made of a `none`, where an option has a number by default and may have none."""


def _number_or_none(text: str) -> object:
    try:
        return NONE if text == "none" else float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor none") from None


_TYPED = {
    "gradients": "--grad",
    "engine": "--dot engine",
    "overlays": "--slides --overlays overlays",
}
"""How an option of the library is declared for click, where it is typed as another word."""


_OF_GRAPHS = "math width height digits legend standalone engine time_limit".split()
"""What has no meaning for other figures."""


def _declared(group: str, *, of_plots: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """The options of a figure in this group of the help, as `Options` declares them.

    Those of plots say how a figure looks, and not what of a graph it shows.
    """
    known = abouts(Options)
    return [
        _declaration(one.name, one.default, *known[one.name])
        for one in fields(Options)
        if known[one.name][1].group == group and known[one.name][1].example
        if not (of_plots and (is_content(one.name) or one.name in _OF_GRAPHS))
    ]


def _declaration(name: str, default: Any, kind: Any, about: About) -> tuple[str, dict[str, Any]]:
    settings: dict[str, Any] = {"metavar": about.metavar, "multiple": default == ()}
    names = _TYPED.get(name, f"--{name.replace('_', '-')}")
    typed = names.split()[0]
    kinds = (kind, *get_args(kind))
    if bool in kinds:
        settings["is_flag"] = True
        if default is not False:
            names = f"{typed}/--no-{typed[2:]}"
    elif choices := choices_of(kind):
        settings["type"] = click.Choice(choices, case_sensitive=False)
    elif name == "theme":
        settings["type"] = click.Choice(list(THEMES))
    elif int in kinds or float in kinds:
        number = int if int in kinds else float
        has_none = default is not None and type(None) in kinds
        settings["type"] = _number_or_none if has_none else number
    example = about.example if about.example[:1] == "-" else f"{typed} {about.example}"
    return names, {**settings, "help": f"{about.meaning.replace('`', '')} E.g. {example}."}


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
            "shell_complete": blanks,
            "help": "Blank the values, gradients or derivatives: a sheet with its solution (.md, "
            ".html, .tex, .txt), or two figures. E.g. --quiz gradients -o q.html, --quiz "
            "values,derivatives.",
        },
    ),
    (
        "--play",
        {
            "is_flag": True,
            "help": "A page to step through, with inputs to change. E.g. --play -o J.html.",
        },
    ),
    (
        "--frames",
        {
            "metavar": "DIR",
            "help": "Each step as a file in this folder, 01.svg and so on. E.g. --frames frames/, "
            "--frames frames/ --format png.",
        },
    ),
    (
        "--explain",
        {
            "metavar": "NAME",
            "help": "Instead of a figure, the derivation of one derivative, as text, or into a "
            ".txt, .md, .tex or .html. E.g. --explain a, --explain dJ/da -o a.tex.",
        },
    ),
    (
        "--wengert",
        {
            "is_flag": True,
            "help": "Instead of a figure, the Wengert list, as text, or into a .txt, .md, .tex or "
            ".html. E.g. --wengert -o table.md, --wengert --tangent a=1.",
        },
    ),
)

look = _some("How it looks", *_declared("How it looks"))

look_of_plots = _some("How it looks", *_declared("How it looks", of_plots=True))


def drawn(*options: tuple[str, dict[str, Any]]) -> Callable[[_Function], _Function]:
    """The options of a figure that is no graph."""
    return _some("What is drawn", *options)


_file = (
    (
        "-o --output",
        {
            "metavar": "PATH",
            "type": click.Path(),
            "help": "The file, - for standard output, or a folder; the suffix is the format. "
            "Default: the function's name, as SVG. E.g. -o figures/J.svg, -o J.dot, -o figures/.",
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

output = _some(_LAST, *_declared(_LAST), *_file)

output_of_plots = _some(_LAST, *_declared(_LAST, of_plots=True), *_file)

again = _some(
    _LAST,
    (
        "--watch",
        {
            "is_flag": True,
            "default": False,
            "help": "Draw again when the file, one beside it or a value's file changes, until "
            "Ctrl-C. E.g. --watch.",
        },
    ),
    (
        "--defaults",
        {
            "metavar": "FILE",
            "type": click.Path(),
            "help": "Options from a .toml or .json file; those that are typed count more. "
            "E.g. --defaults figures.toml, where it says width = 360.",
        },
    ),
)
