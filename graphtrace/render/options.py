"""The options of a rendering: what the figure shows, how it looks and where it goes.

In: names and values as somebody chose them, over those that `gt.defaults` has set. Out: a frozen
`Options`, checked. A new option is a field here or in `figure.options`, its line in the class for
type checkers below, and the place where it acts.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, TypeAlias, TypeVar

from graphtrace.errors import OptionError
from graphtrace.figure.options import (
    Content,
    ContentChoices,
    abouts,
    is_number,
    option,
    whole_number,
)
from graphtrace.render.paint.theme import LARGEST, Theme
from graphtrace.render.paint.themes import THEMES, find

Scheme: TypeAlias = Literal["auto", "page", "light", "dark"]
_NARROWEST = 100
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _between(least: float, most: float, otherwise: str) -> Any:
    def wrong(value: Any) -> str | None:
        return None if is_number(value) and least <= value < most else otherwise

    return wrong


def _seconds(value: Any) -> str | None:
    is_one = is_number(value) and 0 < value < math.inf
    return None if is_one else "is no time: use a number of seconds above 0"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "is no text: put it in quotes"


def _program(value: Any) -> str | None:
    is_one = isinstance(value, (str, os.PathLike))
    return None if is_one else "is no program: give its name or path, as in engine='dot'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Content):
    """What a figure shows, how it looks and where it goes.

    >>> Options.of({"width": 360, "scheme": "dark"}).width
    360
    """

    theme: str | Theme = option(
        "lecture",
        f"Colours and form: {', '.join(THEMES)}, or a `Theme`.",
        "How it looks",
        "blackboard",
        "NAME",
    )
    scheme: Scheme = option(
        "auto",
        "Light or dark: as the reader's system is, as the page around the figure is (light, where "
        "that does not say), or always one. A notebook's display has `page` by default.",
        "How it looks",
        "light",
    )
    math: bool = option(
        False,
        "Formulas typeset as in a book, as outlines; needs the extra graphtrace[math].",
        "How it looks",
        "--math",
    )
    width: float | None = option(
        720,
        "The column in which it has to be readable, in pixels: the figure may turn, shorten its "
        "labels and tell less detail. `none`: as wide as it is.",
        "How it looks",
        "360",
        "PIXELS",
        _between(_NARROWEST, LARGEST, f"is no column: use {_NARROWEST} pixels or more"),
    )
    height: float | None = option(
        960,
        "The page that it has to fit on, in pixels. `none`: as high as it is.",
        "How it looks",
        "600",
        "PIXELS",
        _between(_NARROWEST, LARGEST, f"is no page: use {_NARROWEST} pixels or more"),
    )
    font: str | None = option(
        None, "Font families, as in CSS.", "How it looks", "'Georgia, serif'", "FAMILIES"
    )
    font_size: float | None = option(
        None,
        "Of the formulas, in pixels; other text keeps its proportion.",
        "How it looks",
        "18",
        "PIXELS",
        _between(1, 200.5, "is no size in pixels: use a number from 1 to 200"),
    )
    digits: int | None = option(None, "Significant digits of numbers.", "How it looks", "3", "N")
    legend: bool | None = option(
        None,
        "What colours and lines mean, beneath. Default: only widths.",
        "How it looks",
        "--legend",
    )
    standalone: bool = option(
        False, "TikZ as a document of its own.", "Where it goes", "-o J.tex --standalone"
    )
    overlays: bool = option(
        False,
        "For slides: one picture whose parts appear step by step, as reveal.js fragments in SVG, "
        "as overlays of beamer in TikZ.",
        "Where it goes",
        "--slides, -o J.tex --slides",
    )
    alt: str | None = option(
        None,
        "What it shows, in words, for who does not see it. Default: its steps and derivatives.",
        "Where it goes",
        "'How J moves with a'",
        "TEXT",
        _text,
    )
    id_prefix: str | None = option(
        None, "What the ids in an SVG begin with.", "Where it goes", "fig1", "TEXT", _text
    )
    engine: str | os.PathLike[str] | None = option(
        None,
        "A Graphviz program to lay it out with instead of ours.",
        "Where it goes",
        "dot",
        "PATH",
        _program,
    )
    time_limit: float | None = option(
        None,
        "How long the layout may take, in seconds, all tries and figures together; your "
        "function has all the time it needs.",
        "Where it goes",
        "60",
        "SECONDS",
        _seconds,
    )
    columns: int = option(
        80, "The longest line of plain text.", "Where it goes", wrong=whole_number(1)
    )
    colour: bool = option(
        False, "Plain text in the colours of a terminal; needs rich.", "Where it goes"
    )
    pdf: bool = option(
        True,
        "A PDF beside the SVG in what a notebook displays, for LaTeX; needs graphtrace[pdf].",
        "Where it goes",
    )

    def __post_init__(self) -> None:
        """Say at once what a figure could not be drawn with."""
        Content.__post_init__(self)
        self.style()  # a theme says what is wrong with it, its font and its digits

    def style(self) -> Theme:
        """The theme with what is chosen of it.

        Raises `OptionError` for a theme, a font or a number of digits that there is not.

        >>> Options(scheme="dark", digits=3).style().light.paper
        '#16171b'
        """
        style = find(self.theme)
        if self.scheme == "page":
            style = replace(style, follows="page")
        elif self.scheme != "auto":
            dark = style.dark if self.scheme == "dark" else None
            style = replace(style, light=dark or style.light, dark=None)
        if self.font_size is not None:
            style = _sized(style, self.font_size)
        if self.width is not None:
            style = replace(style, column=self.width, page_height=self.height, fit=True)
        own = {name: getattr(self, name) for name in ("font", "digits", "legend")}
        own = {name: value for name, value in own.items() if value is not None}
        return replace(style, math=self.math or style.math, **own)


def _sized(theme: Theme, size: float) -> Theme:
    """The theme with formulas of that size, and all other text in proportion."""
    names = [one.name for one in fields(theme) if one.name.endswith("_size")]
    scale = size / theme.formula_size
    try:
        return replace(theme, **{name: getattr(theme, name) * scale for name in names})
    except OptionError:  # one of the others is too small
        raise OptionError(
            f"font_size={size!r} is too small for the text that is smaller than a formula: use a "
            f"larger one"
        ) from None


class Choices(ContentChoices, total=False):
    """The fields of `Options` for a type checker, in its order."""

    theme: str | Theme
    scheme: Scheme
    math: bool
    width: float | None
    height: float | None
    font: str | None
    font_size: float | None
    digits: int | None
    legend: bool | None
    standalone: bool
    overlays: bool
    alt: str | None
    id_prefix: str | None
    engine: str | os.PathLike[str] | None
    time_limit: float | None
    columns: int
    colour: bool
    pdf: bool


def chosen(options: Mapping[str, Any]) -> Options:
    """The options with these values, over those in force."""
    return Options.of({**_IN_FORCE, **options})


def in_force() -> Mapping[str, Any]:
    """What `gt.defaults` has set; the other options have their own defaults."""
    return _IN_FORCE


def is_content(name: str) -> bool:
    """Whether an option says what a figure shows, and not how it looks or where it goes."""
    return name in abouts(Content)


def takes_options(method: _Method) -> _Method:
    """The method, whose `**options` help and completion show one by one, with their meanings."""
    signature = inspect.signature(method)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    known = abouts(Options)
    options = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=known[one.name][0],
        )
        for one in fields(Options)
    ]
    meanings = "".join(f"    {name}: {about.meaning}\n" for name, (_, about) in known.items())
    method.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    method.__doc__ = f"{inspect.cleandoc(method.__doc__ or '')}\n\nOptions:\n{meanings}"
    return method


_IN_FORCE: dict[str, Any] = {}


class Defaults(Mapping[str, Any], AbstractContextManager["Defaults"]):
    """The options in force; in a `with` block, those from before come back at its end."""

    def __init__(self, before: Mapping[str, Any]) -> None:
        self._before = dict(before)
        self._now = {one.name: _IN_FORCE.get(one.name, one.default) for one in fields(Options)}

    def __getitem__(self, name: str) -> Any:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def __repr__(self) -> str:
        return f"Defaults({', '.join(f'{name}={value!r}' for name, value in self.items())})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _IN_FORCE.clear()
        _IN_FORCE.update(self._before)


def set_defaults(options: Mapping[str, Any]) -> Defaults:
    """Put these options in force, checked; `graphtrace.defaults` says the rest."""
    before = dict(_IN_FORCE)
    chosen(options)
    _IN_FORCE.update(options)
    return Defaults(before)
