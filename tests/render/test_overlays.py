"""Overlays: one picture whose parts appear step by step, in reveal.js and in beamer."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import OptionError, RenderError

SVG = "{http://www.w3.org/2000/svg}"


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def lecture():
    return gt.trace(J, a=5, b=3, c=2)


def residual(x):
    for _ in range(40):
        x = x + np.tanh(x)
    return np.sum(x)


def index(element):
    """The step at which an element appears, 0 from the start."""
    assert ("fragment" in element.get("class", "").split()) == (
        element.get("data-fragment-index") is not None
    )
    return int(element.get("data-fragment-index", 0))


def test_each_part_of_the_svg_is_a_fragment_of_its_step():
    root = ET.fromstring(lecture().to_svg(overlays=True))
    boxes = {e.get("data-node"): e for e in root.iter(f"{SVG}g") if e.get("data-node")}
    assert {key: index(e) for key, e in boxes.items()} == {
        "a": 0, "b": 0, "c": 0, "u": 1, "v": 2, "J": 3,
    }  # fmt: skip
    arrows = [e for e in root.iter(f"{SVG}g") if e.get("data-from")]
    steps = {
        (e.get("data-from"), e.get("data-to"), e.get("class").split()[1]): index(e) for e in arrows
    }
    assert steps == {
        ("b", "u", "forward"): 1, ("c", "u", "forward"): 1,
        ("a", "v", "forward"): 2, ("u", "v", "forward"): 2, ("v", "J", "forward"): 3,
        ("v", "J", "backward"): 5, ("u", "v", "backward"): 6, ("c", "u", "backward"): 7,
        ("b", "u", "backward"): 8, ("a", "v", "backward"): 9,
    }  # fmt: skip
    for arrow in arrows:  # the local derivative comes when the way back goes over it
        if "forward" in arrow.get("class"):
            (label,) = [e for e in arrow.iter(f"{SVG}g") if e.get("class") == "line fragment"]
            ends = arrow.get("data-from"), arrow.get("data-to")
            assert index(label) == steps[(*ends, "backward")]
    (seed,) = [e for e in boxes["J"].iter(f"{SVG}g") if e.get("class") == "line fragment"]
    assert index(seed) == 4


def test_without_reveal_the_svg_is_the_whole_figure():
    graph = lecture()
    root = ET.fromstring(graph.to_svg(overlays=True))
    hidden = [e for e in root.iter() if e.get("visibility") == "hidden"]
    captions = ["".join(e.itertext()).split() for e in hidden]
    assert [words[:3] for words in captions] == [[str(i), "of", "10"] for i in range(1, 11)]
    assert [index(e) for e in hidden] == [1, *range(1, 10)]
    assert [e.get("class").split()[0] for e in hidden] == ["fade-out"] + 9 * ["current-visible"]
    for e in hidden:
        e.clear()
    texts = {text.strip() for text in root.itertext()}
    graph.backward()
    for number in ("33", "11"):
        assert number in texts
    assert not list(root.iter(f"{SVG}script"))


def test_a_picture_of_overlays_has_room_for_every_caption_and_for_a_slide():
    root = ET.fromstring(gt.trace(residual, np.ones(3)).to_svg(overlays=True))
    assert float(root.get("width")) <= 720
    assert float(root.get("height")) <= 480
    chosen = ET.fromstring(lecture().to_svg(overlays=True, width=360))
    assert float(chosen.get("width")) <= 360


def test_what_never_comes_is_not_drawn():
    def f(a, b):
        return a * b, a + b

    several = gt.trace(f, 2.0, 3.0)
    root = ET.fromstring(several.to_svg(overlays=True))
    assert "backward" not in {e.get("class", "").partition(" ")[0] for e in root.iter()}
    assert "∂" not in "".join(root.itertext()).replace(root.find(f"{SVG}desc").text, "")
    last = several.play(slides=True, of=several.outputs[1]).svg
    assert "edge backward fragment" in last or "line fragment" in last


def test_tikz_uncovers_each_part_from_its_step_on():
    tex = lecture().to_tikz(overlays=True)
    assert re.findall(r"\\only<(\d+)>", tex) == [str(i) for i in range(1, 11)]
    uncovered = re.findall(r"\\uncover<(\d+)->\{\n(.*?)\n  \}", tex, re.DOTALL)
    boxes = [(n, *re.findall(r"\] \(node-(\w+)\) at", text)) for n, text in uncovered]
    assert [box for box in boxes if box[1:]] == [("2", "u"), ("3", "v"), ("4", "J")]
    assert sum("dash pattern" in text for _, text in uncovered) == 5
    assert tex.count("{") == tex.count("}")


@pytest.mark.parametrize("theme", ["lecture", "cs231n", "karpathy"])
def test_a_frame_of_beamer_takes_the_text(theme):
    """What a frame's argument may not hold: a parameter, a comment inside a line, an empty line."""
    tex = lecture().to_tikz(overlays=True, theme=theme)
    body = tex.split("\n", 2)[2]
    assert "#" not in body
    assert not re.search(r"%(?!\n)", body)
    assert "\n\n" not in body


@pytest.mark.exe
@pytest.mark.slow
def test_beamer_has_a_page_for_each_step(tmp_path):
    latex, reader = shutil.which("pdflatex"), shutil.which("pdftotext")
    if latex is None or reader is None:
        pytest.skip("there is no pdflatex or pdftotext on the PATH")
    graph = lecture()
    alone = graph.to_tikz(overlays=True, standalone=True)
    pasted = graph.to_tikz(overlays=True)
    (tmp_path / "J.tex").write_text(pasted, "utf-8")
    odd = gt.trace(lambda p: 2 * p["a_b%#"] + p["é中"], {"a_b%#": 1.0, "é中": 2.0})
    more = [r"\input{J.tex}", odd.to_tikz(overlays=True)]
    frames = "".join(f"\\begin{{frame}}{{T}}\n{one}\\end{{frame}}\n" for one in more)
    deck = alone.replace(r"\end{document}", frames + r"\end{document}")
    (tmp_path / "deck.tex").write_text(deck, "utf-8")
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "deck.tex"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300)
    log = made.stdout.decode("utf-8", "replace")
    if re.search(r"File `[\w.]+' not found", log):
        pytest.skip("this LaTeX has no beamer, lmodern or tikz")
    assert made.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    text = subprocess.run([reader, "deck.pdf", "-"], cwd=tmp_path, capture_output=True)
    pages = text.stdout.decode("utf-8").split("\f")[:-1]
    assert len(pages) == 20 + len(odd.frames())
    steps = [("1 of 10", "6\n"), ("2 of 10", "11"), ("3 of 10", "33"), ("4 of 10", "∂J")]
    steps += [(f"{i} of 10", f"{i - 1} of 10") for i in range(5, 11)]
    for page, (there, not_yet) in zip(pages, [*steps, *steps], strict=False):
        assert there in page
        assert not_yet not in page


def test_what_has_no_overlays_says_so():
    graph = lecture()
    with pytest.raises(OptionError, match="png has no overlays"):
        graph.render("J.png", overlays=True)
    with pytest.raises(OptionError, match="a Figure is one step"):
        graph.figure(step="dJ/dv").to_svg(overlays=True)
    with pytest.raises(OptionError, match="overlays go through all steps: leave out step="):
        graph.to_svg(overlays=True, step="dJ/dv")
    with pytest.raises(RenderError, match="'K'"):
        graph.play(slides=True, of="K")


def test_slides_are_the_same_picture(tmp_path):
    graph = lecture()
    slides = graph.play(slides=True)
    assert repr(slides) == "<Slides of J: 10 steps>"
    assert slides.svg == slides._repr_html_() == graph.to_svg(overlays=True)
    slides.save(tmp_path / "J.svg")
    assert (tmp_path / "J.svg").read_text("utf-8") == slides.svg
    with pytest.raises(OptionError, match="is no SVG, and slides are one"):
        slides.save(tmp_path / "J.html")
    with pytest.raises(OptionError, match="a player steps by itself: leave out overlays="):
        graph.play(overlays=True)
