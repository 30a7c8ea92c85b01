"""A figure that takes long says so on a terminal, and nowhere else."""

import io
import re
import sys
import time

import pytest

import graphtrace as gt
from graphtrace.core import waiting
from graphtrace.core.waiting import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.02)


def test_a_terminal_sees_a_line_that_goes_away(monkeypatch, hasty):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(lambda: "drawing f, 10,002 nodes"):
        time.sleep(0.3)
    lines = stream.getvalue().split("\r")
    assert lines[1] == "graphtrace: drawing f, 10,002 nodes, 0 s"
    assert lines[-1] == ""
    assert set(lines[-2]) == {" "}
    assert len(lines[-2]) >= len(lines[1])


def test_nothing_is_said_where_it_is_quick(monkeypatch):
    assert waiting.PATIENCE >= 1
    monkeypatch.setattr(waiting, "PATIENCE", 600)  # so that it is quick on a busy machine too
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    gt.trace(lambda x: x * x, 2.0).to_svg()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["a pipe", "none"])
def test_nothing_is_said_where_there_is_no_terminal(monkeypatch, hasty, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(lambda: "drawing f"):
        time.sleep(0.1)
    assert stream is None or stream.getvalue() == ""


def test_a_figure_of_many_nodes_says_how_many_and_is_the_same(monkeypatch, hasty):
    def chain(x):
        for _ in range(300):
            x = x * 1.01
        return x

    graph = gt.trace(chain, 2.0)
    quiet = graph.to_svg(limit=1000)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert graph.to_svg(limit=1000) == quiet
    assert re.search(r"drawing chain, 301 nodes, \d+ s", stream.getvalue())


def test_it_ends_when_drawing_fails(monkeypatch, hasty):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(ZeroDivisionError):
        failing()
    assert stream.getvalue().endswith(" \r")


def failing():
    with progress(lambda: "drawing f"):
        time.sleep(0.1)
        raise ZeroDivisionError
