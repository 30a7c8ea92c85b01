"""The engine's process: it ends when it should, with all that it started, and when we do."""

import os
import signal
import threading

import pytest
from processes import LECTURE, MARK, command, linux, mark, posix, running, stub, wait_until

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.render import to_svg
from graphtrace.render.layout import engine, process

HANGS = "sleep 1000 & touch began; exec sleep 1000"


def square():
    return gt.trace(lambda x: x**2, 3.0)


def several_steps(x, y, z):
    u = x * y + z
    v = u * (x + z)
    return u * v


def ours():
    return engine.find(engine.BUNDLED).path


@pytest.fixture
def marked(monkeypatch):
    """A mark that all processes have that the test starts."""
    monkeypatch.setenv(MARK, value := mark())
    return value


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_when_we_are_killed_the_engine_dies_with_all_that_it_started(tmp_path, number):
    started = command(
        "render", *LECTURE, "--dot", stub(tmp_path / "dot", HANGS), cwd=tmp_path, mark=(m := mark())
    )
    assert wait_until((tmp_path / "began").exists)
    started.send_signal(number)
    assert started.wait() == -number
    assert wait_until(lambda: not running(m)), running(m)


@linux
def test_what_an_engine_leaves_behind_is_killed_and_its_layout_taken(tmp_path, marked):
    leaves = stub(tmp_path / "dot", f"sleep 1000 & exec {ours()} $@")
    assert to_svg(square(), engine=leaves) == to_svg(square())
    assert wait_until(lambda: not running(marked)), running(marked)


@linux
def test_what_a_failing_engine_leaves_behind_is_killed(tmp_path, marked):
    with pytest.raises(RenderError, match="stopped with code 3"):
        to_svg(square(), engine=stub(tmp_path / "dot", "sleep 1000 & exit 3"))
    assert wait_until(lambda: not running(marked)), running(marked)


@linux
def test_an_engine_that_takes_too_long_is_stopped_with_its_children(tmp_path, marked):
    slow = stub(tmp_path / "dot", "sleep 1000 & sleep 1000")
    with pytest.raises(RenderError, match=r"took longer than 0\.2 s: draw a part"):
        to_svg(square(), engine=slow, time_limit=0.2)
    assert wait_until(lambda: not running(marked)), running(marked)


@linux
def test_ctrl_c_stops_the_engine_with_its_children(tmp_path, marked, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        wait_until((tmp_path / "began").exists)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            to_svg(square(), engine=stub(tmp_path / "dot", HANGS), time_limit=120)
    finally:
        signal.signal(signal.SIGINT, old)
    assert wait_until(lambda: not running(marked)), running(marked)


@linux
def test_where_there_is_no_shell_a_figure_is_drawn_all_the_same(marked, monkeypatch):
    drawn = to_svg(square())
    monkeypatch.setattr(process, "_LEADER", ["/no/such/shell"])
    assert to_svg(square()) == drawn
    assert wait_until(lambda: not running(marked)), running(marked)


def test_a_figure_is_drawn_in_a_thread_and_leaves_none():
    drawn = []
    before = threading.active_count()
    thread = threading.Thread(target=lambda: drawn.append(to_svg(square())))
    thread.start()
    thread.join()
    assert drawn == [to_svg(square())]
    assert threading.active_count() <= before


@posix
def test_the_time_limit_holds_for_all_tries_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slow = stub(tmp_path / "dot", f"echo >>tries; sleep 0.3; exec {ours()} $@")
    graph = gt.trace(several_steps, 1.0, 2.0, 3.0)  # four ways to draw it are tried
    with pytest.raises(RenderError, match=r"took longer than 0\.8 s"):
        to_svg(graph, engine=slow, time_limit=0.8, width=300, height=300)
    assert (tmp_path / "tries").read_text().count("\n") < 4


@posix
def test_the_time_limit_holds_for_both_figures_of_a_quiz(tmp_path):
    slow = stub(tmp_path / "dot", f"sleep 0.6; exec {ours()} $@")
    typed = ("--quiz", "values", "-o", "q.svg", "--dot", slow, "--time-limit", "1")
    quiz = command("render", *LECTURE, *typed, cwd=tmp_path)
    assert b"the layout took longer than 1 s" in quiz.communicate()[1]
    assert quiz.returncode == 1


@posix
@pytest.mark.parametrize("where", [1, 2])
def test_an_engine_that_prints_forever_is_cut(tmp_path, monkeypatch, where):
    monkeypatch.setattr(engine, "OUTPUT_LIMIT", 1 << 20)
    endless = stub(tmp_path / "dot", f"exec yes >&{where}")
    with pytest.raises(RenderError, match=r"dot printed more than 1 MiB: check that it is a Graph"):
        to_svg(square(), engine=endless, time_limit=120)


@posix
def test_of_a_long_complaint_the_beginning_is_quoted(tmp_path):
    talks = stub(tmp_path / "dot", "yes no | head -n 100000 >&2; exit 3")
    with pytest.raises(RenderError, match="stopped with code 3, and said: no") as caught:
        to_svg(square(), engine=talks)
    assert len(str(caught.value)) < engine.MOST_QUOTED + 200


@posix
def test_an_engine_that_does_not_read_is_no_reason_to_wait(tmp_path):
    deaf = stub(tmp_path / "dot", "echo {}")
    dot = "digraph {" + " " * (1 << 20) + "}"
    assert engine.run(engine.find(deaf), dot, "json0", time_limit=120) == b"{}\n"
