"""A graph's dictionaries, filled when one of them is first read.

In: a graph and the recording of its trace. Out: the same graph, whole, as soon as somebody looks at
a node or an edge. Names, labels and NetworkX's dictionaries cost eight times what the trace and its
backward pass do, and a program that wants only `backward()` never pays for them. Knows nothing of
what is filled in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from threading import RLock
from typing import Any, Protocol

import networkx as nx

from graphtrace.core.tape import collector_paused

_PENDING = "_recording"


class Recording(Protocol):
    """What a trace has left, until the graph is made of it."""

    def value(self) -> Any:
        """What the traced function returned."""

    def backward(self) -> dict[str, Any] | None:
        """The gradient of each parameter; None where it takes the graph to say what is missing."""


class FilledWhenRead:
    """An attribute of a networkx graph; to read it makes the pending recording into the graph."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        # networkx drops its cached views where one of its dictionaries is replaced.
        self.networkx = inspect.getattr_static(nx.MultiDiGraph, name, None)

    def __get__(self, graph: Any, owner: type) -> Any:
        if graph is None:
            return self
        state = graph.__dict__
        unread = state.get(_PENDING)
        if unread is not None:
            unread.fill(graph)
        return state[self.name]

    def __set__(self, graph: Any, value: Any) -> None:
        if self.networkx is None:
            graph.__dict__[self.name] = value
        else:
            self.networkx.__set__(graph, value)


class _Unread:
    """A recording that no graph has been made of; threads that look at once wait for one."""

    __slots__ = ("build", "is_filling", "lock", "recording")

    def __init__(self, recording: Recording, build: Callable[[Any], None]) -> None:
        self.recording = recording
        self.build = build
        self.lock = RLock()
        self.is_filling = False

    def fill(self, graph: Any) -> None:
        with self.lock:
            if self.is_filling or graph.__dict__.get(_PENDING) is not self:
                return  # what fills the graph reads it too; or another thread was first
            self.is_filling = True
            try:
                with collector_paused():
                    self.build(graph)
                del graph.__dict__[_PENDING]
            except BaseException:  # such as an interrupt: the next to look finds it pending
                nx.MultiDiGraph.__init__(graph)
                raise
            finally:
                self.is_filling = False


def fill_later(graph: Any, recording: Recording, build: Callable[[Any], None]) -> None:
    """Let `build` fill the graph from the recording when it is first read."""
    graph.__dict__[_PENDING] = _Unread(recording, build)


def pending(graph: Any) -> Recording | None:
    """The recording that the graph has not been filled from yet."""
    unread: _Unread | None = graph.__dict__.get(_PENDING)
    return None if unread is None else unread.recording


def backward_unread(graph: Any) -> dict[str, Any] | None:
    """The gradients, where the graph has not been filled and need not be; else None."""
    unread: _Unread | None = graph.__dict__.get(_PENDING)
    if unread is None:
        return None
    with unread.lock:  # so that a graph is filled with all gradients or with none
        return unread.recording.backward() if pending(graph) is unread.recording else None
