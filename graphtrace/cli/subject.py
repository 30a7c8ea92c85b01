"""What is drawn or written of a traced call: its figure, a derivation, a table or a quiz.

In: the options as they were typed, and a Graph. Out: the subject, and the options of its figure as
the library takes them. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from graphtrace.cli import options
from graphtrace.cli.program import say
from graphtrace.errors import ArgumentError, GraphtraceError, OptionError

if TYPE_CHECKING:
    from graphtrace.api import Graph, Picture, PictureQuiz
    from graphtrace.lesson.shown import Shown
    from graphtrace.render.series import Frames

Subject: TypeAlias = "Graph | PictureQuiz | Shown | Frames[Picture]"


class Asked(NamedTuple):
    """What was typed, but for the options of the figure."""

    grad: bool | None = None
    explain: str | None = None
    wengert: bool | None = None
    quiz: str | None = None
    tangent: tuple[str, ...] = ()
    play: bool | None = None
    frames: str | None = None

    @property
    def is_written(self) -> bool:
        """Whether it is a table or a derivation, and no figure."""
        return self.explain is not None or bool(self.wengert)


def sorted_out(typed: Mapping[str, Any]) -> tuple[Asked, dict[str, Any]]:
    """What was typed, and apart from that the options of the figure; what was not typed is out.

    Raises `ArgumentError` for options that exclude each other.
    """
    from graphtrace.target.option import names, nudge

    wanted: dict[str, Any] = {
        name: None if value is options.NONE else value
        for name, value in typed.items()
        if value not in (None, ()) and (value is not False or name in _TWO_WAYS)
    }
    asked = Asked(**{name: wanted.pop(name) for name in Asked._fields if name in wanted})
    given = [name for name in _EACH_ALONE if getattr(asked, name)]
    if asked.play and (given := [*given, *(["tangent"] if asked.tangent else [])])[1:]:
        raise OptionError(f"a player has no {given[1]}: leave out one of the two", "play")
    if len(given) > 1:
        raise ArgumentError(f"--{given[0]} and --{given[1]} are two things: draw them one by one")
    if "path" in wanted:
        wanted["path"] = names(wanted["path"])
    if "nudge" in wanted:
        typed_nudge = wanted["nudge"]
        wanted["nudge"] = nudge(typed_nudge, f"--nudge '{typed_nudge}'", "--nudge a=0.001")
    return asked, wanted


_TWO_WAYS = ("values", "grad", "legend")
"""Options that have a --no-."""

_EACH_ALONE = ("play", "frames", "explain", "wengert", "quiz")


def subject(graph: Graph, asked: Asked, wanted: dict[str, Any], format: str = "svg") -> Subject:
    """What was asked for; of a nudge its table, where the format has no figures.

    The graph gets the gradients or tangents that were asked for; the options learn of tangents.
    """
    from graphtrace.render.options import chosen
    from graphtrace.target.call import assigned

    tangents = assigned(asked.tangent, "--tangent")
    if asked.is_written or format == "markdown":
        chosen(wanted)  # a wrong option is refused where there is no figure, too
    if asked.explain is not None:
        of, by = _of_and_by(asked.explain)
        return graph.explain(by, of=of)
    if asked.wengert:
        with _about_tangents():
            return graph.wengert(tangent=tangents or None, adjoint=asked.grad is not False)
    if format == "markdown" and asked.quiz is None:
        return graph.nudge(*wanted["nudge"])
    if tangents:
        with _about_tangents():
            graph.jvp(**tangents)
        wanted["tangents"] = True
    else:
        _differentiate(graph, asked.grad)
    if asked.play:
        wanted["play"] = True
    if asked.frames is not None:
        return graph.frames(**wanted)
    if asked.quiz is None:
        return graph
    if asked.grad is False and "gradients" in asked.quiz:  # else it differentiates itself
        raise OptionError("there are no gradients to ask for: call backward() before", "quiz")
    kinds: list[Any] = [part.strip() for part in asked.quiz.split(",")]
    return graph.quiz(*kinds, **wanted)


def _of_and_by(typed: str) -> tuple[str | None, str]:
    """`J` and `a` of `dJ/da`; a name alone is differentiated in."""
    from graphtrace.figure.chain import of_and_by

    try:
        return of_and_by(typed)
    except OptionError:
        return None, typed


@contextmanager
def _about_tangents() -> Iterator[None]:
    try:
        yield
    except ArgumentError as error:
        raise OptionError(str(error), "tangent") from None


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
