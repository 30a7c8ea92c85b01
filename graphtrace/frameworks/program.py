"""What is traced, and the calls that a row is in, where a framework's own frames stand between.

In: a running frame. Out: the path of names for the attribute `scope`. Knows no framework.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from graphtrace.core.tape import Tape, is_library

_INNER = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))


class Program:
    """A name and a signature, for what has no plain ones."""

    def __init__(self, name: str, signature: inspect.Signature) -> None:
        self.__name__ = name
        self.__signature__ = signature

    def __call__(self) -> Any:
        """Never: it stands for what has run already."""
        raise NotImplementedError


class Scopes:
    """The names of the calls around each row: modules by their path, helpers by their name.

    `label` says of a library's frame what its call is named, "" where it is no call to be named,
    None where the frame says nothing.
    """

    def __init__(self, tape: Tape, label: Callable[[FrameType], str | None]) -> None:
        self._tape = tape
        self._label = label
        self._open: list[tuple[FrameType, str]] = []
        self._counts: dict[str, int] = {}

    def note(self, rows: Sequence[int], frame: FrameType) -> None:
        """Remember the calls that these rows were made in."""
        path = self.path(frame)
        for row in rows:
            self._tape.given_scopes[row] = path

    def path(self, frame: FrameType) -> tuple[str, ...]:
        """The calls around a frame, the outermost first; a second call of h is h_2."""
        calls = list(self._calls(frame))
        calls.reverse()
        same = 0
        while same < min(len(calls), len(self._open)) and calls[same][0] is self._open[same][0]:
            same += 1
        del self._open[same:]
        for at, name in calls[same:]:
            self._open.append((at, self._unique(name) if name else ""))
        return tuple(name for _, name in self._open if name)

    def _unique(self, name: str) -> str:
        n = self._counts[name] = self._counts.get(name, 0) + 1
        return name if n == 1 else f"{name}_{n}"

    def _calls(self, frame: FrameType) -> Iterator[tuple[FrameType, str]]:
        """Each frame that is a call to be named, from the innermost out."""
        at: FrameType | None = frame
        inner: tuple[FrameType, str] | None = None
        while at is not None and at is not self._tape.root:
            if is_library(at.f_code):
                label = self._label(at)
                if label is not None:
                    inner = None  # what the call runs is named by it
                    yield at, label
            elif at.f_code.co_name not in _INNER:
                if inner is not None:
                    yield inner
                inner = at, at.f_code.co_name
            at = at.f_back
        # The outermost is the traced function itself.
