"""The layout engine: which one runs, and what is said where it fails."""

import sys

import pytest
from processes import posix, stub
from render.drawn import lecture

from graphtrace.errors import RenderError
from graphtrace.render import to_svg
from graphtrace.render.layout import engine


def test_the_default_engine_is_not_looked_for_on_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    assert engine.find().bundled
    assert "<svg" in to_svg(lecture())


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(RenderError, match=r"no layout engine 'no-such-dot'"):
        to_svg(lecture(), engine="no-such-dot")


def test_the_variable_chooses_the_engine_and_is_named_in_the_error(monkeypatch):
    monkeypatch.setenv(engine.VARIABLE, "/no/such/dot")
    with pytest.raises(RenderError, match=r"'/no/such/dot' \(from GRAPHTRACE_DOT\)"):
        to_svg(lecture())


@posix
def test_an_engine_that_fails_is_quoted(tmp_path):
    with pytest.raises(RenderError, match=r"stopped with code 3, and said: it hurts"):
        to_svg(lecture(), engine=stub(tmp_path / "dot", "echo it hurts >&2; exit 3"))


@posix
def test_an_engine_that_answers_nonsense_is_refused(tmp_path):
    with pytest.raises(RenderError, match="is not a layout"):
        to_svg(lecture(), engine=stub(tmp_path / "dot", "cat >/dev/null; echo nonsense"))


@posix
def test_an_engine_that_is_no_program_does_not_start(tmp_path):
    broken = tmp_path / "dot"
    broken.write_bytes(b"\x7fELFnot")
    broken.chmod(0o755)
    with pytest.raises(RenderError, match="does not start"):
        to_svg(lecture(), engine=broken)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_an_engine_that_takes_too_much_memory_is_stopped():
    wide = "digraph {" + "".join(f"a{i} -> b{j};" for i in range(60) for j in range(60)) + "}"
    with pytest.raises(RenderError, match="layout"):
        engine.run(engine.find(engine.BUNDLED), wide, "json0", memory_limit=24 << 20)


def test_a_warning_of_the_bundled_engine_is_an_error():
    dot = 'digraph { a [label="x" fontname="No Such Font"] }'
    with pytest.raises(RenderError, match=r"warned, and said: .*No Such Font"):
        engine.run(engine.find(engine.BUNDLED), dot, "json0")
