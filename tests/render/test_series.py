"""The frames of a series: one figure with a slider in a notebook, numbered files in a directory."""

import copy
import html
import pickle
import re
import shutil
import subprocess

import pytest

import graphtrace as gt
from graphtrace.errors import OptionError, RenderError


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def frames(**options):
    return gt.trace(J, a=5, b=3, c=2).frames(**options)


def test_frames_are_a_list():
    series = frames()
    assert isinstance(series, list)
    assert len(series) == 10
    for same in (pickle.loads(pickle.dumps(series)), copy.copy(series)):
        assert [frame.to_svg() for frame in same] == [frame.to_svg() for frame in series]


def test_a_notebook_shows_one_of_them_and_a_slider():
    series = frames(math=False, digits=3)
    page = series._repr_html_()
    shown = re.findall(
        r'<div data-step="([^"]*)" style="grid-area:1/1(;visibility:hidden)?">', page
    )
    assert [step for step, _ in shown][::3] == [
        "1 of 10 · inputs", "4 of 10 · forward", "7 of 10 · backward", "10 of 10 · backward",
    ]  # fmt: skip
    assert [bool(hidden) for _, hidden in shown] == [False, *[True] * 9]
    assert page.count("<svg ") == 10
    assert 'type="range" min="1" max="10" value="1"' in page
    assert 'aria-label="step" aria-valuetext="1 of 10 · inputs"' in page
    assert "<script" not in page
    assert not re.search(r"(?:href|src)=|url\((?!#)", page)
    assert "light-dark(" in page  # the scheme of the page, as every display


def test_so_many_that_a_page_would_stall_are_refused():
    series = frames()
    series.extend(series * 60)
    with pytest.raises(OptionError, match="610 frames are too many to show: save them"):
        series._repr_html_()


@pytest.mark.exe
@pytest.mark.slow
def test_the_slider_moves_its_own_series_in_a_browser(tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("there is no Chromium on the PATH")
    page = tmp_path / "page.html"
    move = (
        "<script>const r=document.querySelectorAll('input')[1];r.value=4;"
        "r.dispatchEvent(new Event('input'));"
        "const seen=[...document.querySelectorAll('.graphtrace-frames')].map(one=>"
        "[...one.firstElementChild.children].map((f,i)=>getComputedStyle(f).visibility=='visible'"
        "?i+1:0).filter(Boolean).join());"
        "document.title=JSON.stringify([seen,r.getAttribute('aria-valuetext')])</script>"
    )
    page.write_text(f"<meta charset=utf-8>{2 * frames()._repr_html_()}{move}", "utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, timeout=120)
    found = re.search(r"<title>(.*?)</title>", done.stdout.decode("utf-8"))
    if found is None:
        pytest.skip("this Chromium does not run here")
    assert html.unescape(found[1]) == '[["1","4"],"4 of 10 · forward"]'


def test_each_is_a_numbered_file(tmp_path):
    series = frames()
    names = series.save(tmp_path / "frames")
    assert names == [f"{i:02}.svg" for i in range(1, 11)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["frames"]
    assert sorted(p.name for p in (tmp_path / "frames").iterdir()) == names
    for name, frame in zip(names, series, strict=True):
        assert (tmp_path / "frames" / name).read_text("utf-8") == frame.to_svg()
    (tmp_path / "frames" / "notes.txt").write_text("mine", "utf-8")
    again = series.save(tmp_path / "frames", scheme="dark")
    assert again == names
    assert (tmp_path / "frames" / "01.svg").read_text("utf-8") == series[0].to_svg(scheme="dark")
    assert series.save(tmp_path / "frames", format="tikz")[0] == "01.tex"
    assert len(list((tmp_path / "frames").iterdir())) == 21


def test_they_are_written_all_or_none(tmp_path, monkeypatch):
    series = frames()
    series.save(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    from pathlib import Path

    written = []
    write_bytes = Path.write_bytes

    def full(path, content):
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        written.append(path)
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    for place in (tmp_path, tmp_path / "new"):
        written.clear()
        with pytest.raises(RenderError, match=r"cannot be written \(No space left on device\)"):
            series.save(place, scheme="dark")
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_directory_with_other_frames_is_left_alone(tmp_path):
    (tmp_path / "11.svg").write_text("an older one", "utf-8")
    with pytest.raises(RenderError, match=r"has 11\.svg, which is not one of these 10 files"):
        frames().save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["11.svg"]
    with pytest.raises(RenderError, match="choose another directory, in one that exists"):
        frames().save(tmp_path / "none" / "frames")
    with pytest.raises(RenderError, match="there is no format"):
        frames().save(tmp_path / "new", format="gif")
