"""The player as text: what is in it, what is refused, and that it is the same every time."""

import io
import re

import numpy as np
import pytest
from click.testing import CliRunner
from player import programs
from player.programs import J

import graphtrace as gt
from graphtrace.cli import main

SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)


@pytest.fixture(scope="module")
def player():
    return gt.trace(J, a=5, b=3, c=2).play()


def test_a_page_of_its_own_is_around_it_in_the_scheme_that_it_has():
    page = gt.trace(J, a=5, b=3, c=2).play(scheme="page").html
    assert "html{background:#ffffff}@supports (color:light-dark(red,red)){html{" in page
    assert "color-scheme:light dark;background:light-dark(#ffffff,#16171b)}}" in page
    for scheme, paper in (("light", "#ffffff"), ("dark", "#16171b")):
        page = gt.trace(J, a=5, b=3, c=2).play(scheme=scheme).html
        assert f"html{{color-scheme:{scheme};background:{paper}}}" in page


def test_a_notebook_shows_it_in_the_scheme_of_its_page(player):
    display = player._repr_html_()
    assert "prefers-color-scheme" in player.fragment
    assert "prefers-color-scheme" not in display
    assert "--paper:light-dark(#ffffff,#16171b)" in display
    assert [len(re.findall("data-line", text)) for text in (display, player.html)] == [
        len(re.findall("data-line", player.fragment))
    ] * 2
    assert "<html" not in player.fragment
    assert player.fragment.count("<script>") == player.fragment.count("</script>") == 1


def test_the_page_asks_for_nothing(player):
    assert "default-src 'none'" in player.html
    assert not re.search(r"""(?:src|href)=|url\(|@import|fetch\(|eval|Function\(""", player.html)
    assert re.findall(r"https?://[^\"' ]+", player.html.replace("www.w3.org", "")) == [
        "http:///2000/svg"
    ] * player.html.count("http://www.w3.org/2000/svg")


def test_the_root_has_what_the_contract_names(player):
    assert re.search(
        r'<div class="graphtrace-player"[^>]* data-step="0" data-steps="10"[^>]* tabindex="0"',
        player.html,
    )
    for action in ("first", "previous", "play", "next", "last"):
        assert f'data-action="{action}"' in player.html
    assert re.search(r'<input type="range" data-role="step"[^>]* max="10"', player.html)
    for name in "abc":
        assert f'<input type="number" data-input="{name}"' in player.html
    assert '<p data-role="caption" aria-live="polite">' in player.html
    assert '<p data-role="message"' in player.html


def test_the_picture_is_the_one_that_a_frame_has(player):
    last = gt.trace(J, a=5, b=3, c=2).frames()[-1].to_svg()
    boxes = re.compile(r'<rect class="gt-box[^>]*? x="([\d.]+)" y="([\d.]+)" width="(\d+)"')
    assert len(re.findall(boxes, last)) == 6
    assert re.findall(boxes, player.html) == re.findall(boxes, last)


def test_wires_have_room_for_wider_numbers():
    graph = gt.trace(programs.neuron, 0.5, 2.0, -1.0)
    lines = graph.play(theme="cs231n").parts.data["lines"]
    rooms = [left + right for _, _, when, _, _, size, left, right, _ in lines if when in ("v", "e")]
    assert min(rooms) > 28  # −12.35 takes 40, and is written smaller by a third at most


def test_every_way_to_write_it_gives_the_same_bytes(player, tmp_path, monkeypatch):
    graph = gt.trace(J, a=5, b=3, c=2)
    stream = io.BytesIO()
    player.save(tmp_path / "1.html")
    graph.render(tmp_path / "2.html", play=True)
    graph.render(stream, play=True)
    graph.backward()
    graph.play().save(tmp_path / "3.htm")
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(
        main,
        ["render", "u = b*c; v = a + u; J = 3*v", *"--at a=5 --at b=3 --at c=2 --play".split()],
    )
    assert run.exit_code == 0, run.output
    texts = {path.read_text(encoding="utf-8") for path in tmp_path.glob("[123].htm*")}
    assert texts == {player.html, stream.getvalue().decode("utf-8")}
    assert '<div class="graphtrace-player"' in (tmp_path / "J.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda g: g.play().save("J.svg"), "J.svg is no page"),
        (lambda g: g.render("J.svg", play=True), "J.svg is no page"),
        (lambda g: g.render("J.html", play=True, format="pdf"), "pdf is none"),
        (lambda g: g.play(step="dJ/dv"), "leave out step="),
        (lambda g: g.play(path=("a", "J")), "leave out path="),
        (lambda g: g.play(of="u"), "'u' is no output"),
        (lambda g: g.play(dgits=3), "did you mean digits"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(act, says):
    with pytest.raises(gt.GraphtraceError) as caught:
        act(gt.trace(J, a=5, b=3, c=2))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [["-o", "J.svg"], ["--format", "pdf"], ["-o", "J.html", "--quiz", "values"]],
)
def test_the_command_refuses_what_is_no_player(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(main, ["render", "3*a", "--at", "a=2", "--play", *arguments])
    assert run.exit_code != 0
    assert "player" in run.output
    assert "Traceback" not in run.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (programs.layer, (np.eye(2), np.ones(2), np.zeros(2))),
        (lambda x: (x, 2 * x), (3.0,)),
        (lambda x: x, (3.0,)),
        (lambda x: np.sum(x), (np.array([]),)),
        (lambda x, n: x * n, (np.nan, np.inf)),
        (lambda x: x * 1j * x, (2.0,)),
        (lambda x: 3.0, (2.0,)),
    ],
    ids=["arrays", "two outputs", "nothing", "empty", "nan", "complex", "constant"],
)
@pytest.mark.parametrize(
    "look", [{}, {"theme": "cs231n"}, {"theme": "karpathy"}, {"math": True}], ids=str
)
def test_anything_that_is_traced_can_be_stepped_through(f, at, look):
    page = gt.trace(f, *at).play(**look).html
    assert SVG.search(page)
    assert 'data-role="caption"' in page


def test_a_long_name_of_the_output_is_the_same_letter_everywhere():
    def a_long_name_of_a_loss(w0, w1, w2, w3):
        return np.tanh(w0 * w1 + w2 * w3) ** 2

    graph = gt.trace(a_long_name_of_a_loss, 0.1, 0.2, 0.3, 0.4)
    parts = graph.play(detail="statements", width=360).parts
    assert "L = a_long_name_of_a_loss" in re.sub("<[^>]*>", "", parts.svg)
    captions = [caption for caption, *_ in parts.data["steps"]]
    assert captions[-1][0] == "d<i>L</i>/d<i>w</i><sub>0</sub>"
    assert "a_long" not in str([line[-1] for line in parts.data["lines"]])


def test_names_from_a_user_stay_text():
    evil = {"</script><script>alert(1)//": 2.0, "{n0}": 3.0, '"><img src=x>': 4.0}
    page = gt.trace(lambda p: sum(p.values()), evil).play().html
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<img" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "&#123;n0}" in page
