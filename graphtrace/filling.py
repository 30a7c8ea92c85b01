"""A graph's dictionaries, filled when one of them is first read.

In: a graph and the recording of its trace. Out: the same graph, whole, as soon as somebody looks at
a node or an edge. Names, labels and NetworkX's dictionaries cost eight times what the trace and its
backward pass do, and a program that wants only `backward()` never pays for them. Knows nothing of
what is filled in.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import networkx as nx

_PENDING = "_recording"


class Recording(Protocol):
    """What a trace has left, until the graph is made of it."""

    def fill(self, graph: Any) -> None:
        """Add the nodes, the edges and the graph's attributes."""

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
        recording = state.pop(_PENDING, None)
        if recording is not None:
            try:
                with collector_paused():
                    recording.fill(graph)
            except BaseException:  # such as an interrupt: the next to look finds it pending
                nx.MultiDiGraph.__init__(graph)
                state[_PENDING] = recording
                raise
        return state[self.name]

    def __set__(self, graph: Any, value: Any) -> None:
        if self.networkx is None:
            graph.__dict__[self.name] = value
        else:
            self.networkx.__set__(graph, value)


def fill_later(graph: Any, recording: Recording) -> None:
    """Let the graph be filled from the recording when it is first read."""
    graph.__dict__[_PENDING] = recording


def pending(graph: Any) -> Recording | None:
    """The recording that the graph has not been filled from yet."""
    recording: Recording | None = graph.__dict__.get(_PENDING)
    return recording


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection: nothing becomes garbage, and it would take half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
