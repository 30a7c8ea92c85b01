"""The options of a figure: what it shows. Each is one field, with its meaning and what it may be.

In: names and values as somebody chose them. Out: a frozen `Content`, checked, or an error that
names the nearest option. How a figure looks and where it goes is added in `render.options`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Real
from types import NoneType
from typing import (
    Any,
    Literal,
    NamedTuple,
    Self,
    TypeAlias,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

from graphtrace.errors import OptionError
from graphtrace.figure.parts import Arrangement, Arrays, Derivatives, Detail, Direction

Group: TypeAlias = Literal["What is drawn", "What it tells", "How it looks", "Where it goes"]


class About(NamedTuple):
    """What is known of an option, beside its name, type and default."""

    meaning: str
    group: Group
    example: str = ""
    """As it is typed after its `--name`; an option without one is none of the command's."""
    metavar: str | None = None
    wrong: Callable[[Any], str | None] | None = None
    """What is wrong with a value, as the end of a sentence that begins with it."""


def option(default: Any, meaning: str, group: Group, *about: Any, **more: Any) -> Any:
    """A field of an options class; the meaning is told by `help`, the docs and the command."""
    return field(default=default, metadata={"about": About(meaning, group, *about, **more)})


def whole_number(least: int) -> Callable[[Any], str | None]:
    """The check of a number that counts."""

    def wrong(value: Any) -> str | None:
        if type(value) is int and value >= least:
            return None
        return f"is not a choice: use {least}, {least + 1}, ..."

    return wrong


def _are_names(value: Any) -> bool:
    return isinstance(value, (list, tuple, Set)) and all(isinstance(name, str) for name in value)


def _unfold(value: Any) -> str | None:
    is_one = isinstance(value, str) or _are_names(value)
    return None if is_one else "names nothing: write it as unfold='layer_2', or several in a list"


def _step(value: Any) -> str | None:
    is_one = isinstance(value, str) or (_are_names(value) and not isinstance(value, Set))
    return None if is_one else "is not a derivative: write it as step='dJ/dv'"


def _path(value: Any) -> str | None:
    is_one = _are_names(value) and not isinstance(value, Set) and len(value) > 1
    return None if is_one else "is not a path: give its ends, as in path=('a', 'J')"


def _nudge(value: Any) -> str | None:
    is_pair = isinstance(value, (list, tuple)) and len(value) == 2
    if is_pair and isinstance(value[0], str) and is_number(value[1]):
        return None
    return "is not an input and a step: write it as nudge=('a', 0.001)"


def is_number(value: Any) -> bool:
    """Whether it is a number that is no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a figure shows.

    >>> Content.of({"deriv": "none"})
    Traceback (most recent call last):
    graphtrace.errors.OptionError: there is no option deriv: did you mean derivatives?
    """

    values: bool = option(True, "The number under each formula.", "What is drawn", "--no-values")
    gradients: bool = option(
        True, "What `backward` has left on the nodes, in red.", "What is drawn", "--no-grad"
    )
    derivatives: Derivatives = option(
        "both", "The local derivative on each edge.", "What is drawn", "number"
    )
    shapes: bool = option(
        False,
        "The shape of each array, beside its values or instead of them.",
        "What is drawn",
        "--shapes --no-values",
    )
    arrays: Arrays = option(
        "auto",
        "An array's value in words, as a matrix of numbers (up to 6×6), or as a grid of colours in "
        "its proportions (more than 32 rows or columns: means of blocks). One that has more "
        "dimensions, or is too large, is told in words.",
        "What is drawn",
        "heatmap",
    )
    sources: bool = option(False, "File and line of each operation.", "What is drawn", "--sources")
    constants: bool = option(
        False, "The 3 of 3*v as a leaf of its own.", "What is drawn", "--constants"
    )
    branches: bool = option(
        False,
        "The tests that decided which way the function went.",
        "What is drawn",
        "--branches",
    )
    scopes: bool = option(
        False, "A titled frame around what a helper call computes.", "What is drawn", "--scopes"
    )
    dead: bool = option(
        False,
        "What reaches no output: tests, variables that nothing uses, defaults.",
        "What is drawn",
        "--dead",
    )
    detail: Detail | Literal["auto"] = option(
        "auto",
        "A box for each operation, for each statement of the source, or for each helper call and "
        "loop. Default: the finest of these that can be read on the page.",
        "What is drawn",
        "statements",
    )
    depth: int | None = option(
        None,
        "Levels of helper calls that are opened; 0: each is one box. Default: as many as fit.",
        "What is drawn",
        "0",
        "N",
        whole_number(0),
    )
    unfold: str | Collection[str] = option(
        (),
        "A folded call to open, by its name in the attribute `scope`, or a node in one to show.",
        "What is drawn",
        "layer_2",
        "NAME",
        _unfold,
    )
    limit: int | None = option(
        None,
        "Up to so many nodes nothing is folded; beyond, helper calls and loops are one box each.",
        "What is drawn",
        "200",
        "N",
        whole_number(1),
    )
    step: str | Sequence[str] | None = option(
        None,
        "One step back, with the chain rule beneath.",
        "What it tells",
        "dJ/dv",
        "dJ/dV",
        _step,
    )
    path: Sequence[str] | None = option(
        None,
        "All paths between two nodes in colour, and their product beneath.",
        "What it tells",
        "a,J",
        "A,J",
        _path,
    )
    nudge: tuple[str, float] | None = option(
        None,
        "Every value before and after a nudge.",
        "What it tells",
        "a=0.001",
        "NAME=STEP",
        _nudge,
    )
    tangents: bool = option(False, "What `jvp` has left on the nodes.", "What it tells")
    trouble: bool = option(
        False, "Mark zeros, infinities and NaN; name the first.", "What it tells", "--trouble"
    )
    check: bool = option(
        False,
        "Mark derivatives that finite differences refute; name the first.",
        "What it tells",
        "--check",
    )
    direction: Direction | Literal["auto"] = option(
        "auto",
        "Left to right, top to bottom, or what fits.",
        "How it looks",
        "TB",
    )
    layout: Arrangement | Literal["auto"] = option(
        "auto",
        "In layers, or a loop as time: an iteration a column, what it carries on along a line. "
        "Default: as time where a loop carries a state and all of it can be read on the page.",
        "How it looks",
        "timeline",
    )
    flow: bool = option(
        False,
        "Edges as wide as the gradient that they bring back is large.",
        "How it looks",
        "--flow",
    )

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Self:
        """The options with these values; the others have their defaults.

        Raises `OptionError` for an option or a value that there is not.
        """
        known = abouts(cls)
        for name in chosen:
            if name not in known:
                raise unknown(name, known)
        return cls(**chosen)

    def __post_init__(self) -> None:
        """Say at once what a figure could not be drawn with; NumPy's numbers are as Python's."""
        for name, (kind, about) in abouts(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, np.generic):
                value = value.item()
                object.__setattr__(self, name, value)
            wrong = _wrong(value, kind, about)
            if wrong:
                raise OptionError(f"{name}={value!r:.80} {wrong}")


class ContentChoices(TypedDict, total=False):
    """The fields of `Content` for a type checker, in its order."""

    values: bool
    gradients: bool
    derivatives: Derivatives
    shapes: bool
    arrays: Arrays
    sources: bool
    constants: bool
    branches: bool
    scopes: bool
    dead: bool
    detail: Detail | Literal["auto"]
    depth: int | None
    unfold: str | Collection[str]
    limit: int | None
    step: str | Sequence[str] | None
    path: Sequence[str] | None
    nudge: tuple[str, float] | None
    tangents: bool
    trouble: bool
    check: bool
    direction: Direction | Literal["auto"]
    layout: Arrangement | Literal["auto"]
    flow: bool


def abouts(kind: type) -> dict[str, tuple[Any, About]]:
    """The type of each option of a class, and what is known of it."""
    return _abouts(kind)


@cache
def _abouts(kind: Any) -> dict[str, tuple[Any, About]]:
    hints = get_type_hints(kind)
    return {one.name: (hints[one.name], one.metadata["about"]) for one in fields(kind)}


def _wrong(value: Any, kind: Any, about: About) -> str | None:
    """What is wrong with a value: by what the option itself says, else by its type."""
    kinds = (kind, *get_args(kind))
    if value is None and NoneType in kinds:
        return None
    if about.wrong:
        return about.wrong(value)
    choices = choices_of(kind) or ((True, False) if bool in kinds else ())
    if not choices or any(type(one) is type(value) and one == value for one in choices):
        return None
    return f"is not a choice: use one of {', '.join(map(str, choices))}"


def choices_of(kind: Any) -> tuple[Any, ...]:
    """The values of a `Literal`, or of a union of such; () for any other type."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    parts = get_args(kind)
    if not parts or not all(get_origin(part) is Literal for part in parts):
        return ()
    return tuple(value for part in reversed(parts) for value in get_args(part))


def unknown(name: str, known: Collection[str]) -> OptionError:
    """The error for an option that there is not, with the nearest one that there is."""
    near = difflib.get_close_matches(name, known, 1, 0.5) or [
        one for one in known if one.startswith(name)
    ]
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return OptionError(f"there is no option {name}: {hint}")


DEFAULT = Content()
