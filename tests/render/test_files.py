"""Figures in files: the format, the folder, what an extra is needed for."""

import io
import os
import re
import sys

import pytest
from render.drawn import lecture

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.render import render, to_svg
from graphtrace.render.layout import engine


@pytest.mark.parametrize(
    ("suffix", "start"), [(".svg", "<svg"), (".dot", "digraph"), (".gv", "di")]
)
def test_the_format_follows_the_suffix(tmp_path, suffix, start):
    path = tmp_path / f"J{suffix}"
    render(lecture(), path)
    assert path.read_text("utf-8").startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_suffix_lists_the_valid_ones(tmp_path):
    with pytest.raises(RenderError, match=r"'\.bmp', which names no format: use one of \.svg, "):
        render(lecture(), tmp_path / "J.bmp")


def test_an_unknown_format_lists_the_valid_ones(tmp_path):
    with pytest.raises(RenderError, match="no format 'bmp': use one of svg, html, pdf, png"):
        render(lecture(), tmp_path / "J.svg", format="bmp")


def test_a_directory_that_is_missing_is_named(tmp_path):
    path = tmp_path / "nowhere" / "J.svg"
    with pytest.raises(RenderError, match=re.escape(str(path))):
        render(lecture(), path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "J.svg"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RenderError, match="No space left"):
        render(lecture(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stream_takes_bytes_or_text():
    binary, text = io.BytesIO(), io.StringIO()
    render(lecture(), binary)
    render(lecture(), text, format="dot")
    assert binary.getvalue().startswith(b"<svg")
    assert text.getvalue().startswith("digraph")


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_a_format_that_needs_an_extra_says_how(tmp_path, monkeypatch, suffix):
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RenderError, match=r"pip install 'graphtrace\[pdf\]'`, or .*engine='dot'"):
        render(lecture(), tmp_path / f"J.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.exe
def test_without_the_extra_a_system_dot_writes_pdf(tmp_path, monkeypatch):
    try:
        engine.find("dot")
    except RenderError:
        pytest.skip("there is no dot on the PATH")
    monkeypatch.setitem(sys.modules, "typst", None)
    render(lecture(backward=True), tmp_path / "J.pdf", engine="dot")
    assert (tmp_path / "J.pdf").read_bytes().startswith(b"%PDF")


def test_a_chain_of_a_hundred_uses_of_one_input_is_laid_out():
    def f(x, y):
        v = x
        for _ in range(50):
            v = v * y + x
        return v

    assert to_svg(gt.trace(f, 1.0, 0.5), limit=200, time_limit=5).count("<rect") > 100
