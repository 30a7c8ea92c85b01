"""Every figure can be read: the gallery's, and those of functions that nobody has drawn before."""

import re
from pathlib import Path

import numpy as np
import pytest
from legibility import problems
from programs import PROGRAMS, plain

import graphtrace as gt

GALLERY = Path(__file__).parents[2] / "gallery"


@pytest.mark.parametrize("svg", sorted(GALLERY.glob("*.svg")), ids=lambda path: path.stem)
def test_our_gallery_can_be_read_in_light_and_dark(svg):
    assert list(problems(svg.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.function.__name__)
def test_a_program_that_is_not_in_the_gallery_can_be_read(program):
    graph = gt.trace(plain(program.function), *program.arguments)
    if np.shape(graph.value) == ():
        graph.backward()
    svg = graph.to_svg()
    assert list(problems(svg)) == []


def test_a_text_that_is_moved_onto_another_is_found(lecture):
    moved = re.sub(
        r'(<g class="gt-derivative [^>]*>)<text x="[\d.]+" y="[\d.]+"',
        r'\1<text x="90" y="90"',
        lecture,
    )
    assert any("overlaps" in problem for problem in problems(moved))


def test_a_text_that_leaves_its_box_or_the_canvas_is_found(lecture):
    assert any("leaves its box" in p for p in problems(lecture.replace(">33<", f">{'3' * 15}<")))
    assert any("canvas" in p for p in problems(re.sub('y="25[.][0-9]+"', 'y="3"', lecture)))


def test_a_text_under_a_line_is_found(lecture):
    crossed = lecture.replace('y="61.4"', 'y="72"')
    assert any("crossed" in problem for problem in problems(crossed))


def test_a_text_on_paper_above_a_line_can_be_read_and_one_beneath_it_cannot(lecture):
    crossed = lecture.replace('y="61.4"', 'y="72"', 7)
    text = re.search(r'<g class="gt-derivative [^>]*><text x="[\d.]+" y="72".*', crossed)[0]
    paper = (
        '<rect class="gt-paper gt-f-paper" fill="#ffffff" x="80" y="58" width="122" height="20"/>'
    )
    assert list(problems(crossed.replace(text, paper + text))) == []
    first = crossed.replace('<g id="', paper + '<g id="', 1)
    assert any("crossed" in problem for problem in problems(first))


def test_pale_text_is_found_in_light_and_in_dark(lecture):
    pale = lecture.replace("#55565c", "#aaaaaa").replace("--gt-ink:#ececf1", "--gt-ink:#444444")
    found = list(problems(pale))
    assert any("in the light" in problem for problem in found)
    assert any("in the dark" in problem for problem in found)


def test_small_text_is_found(lecture):
    small = re.sub(' viewBox="0 0 [0-9.]+', ' viewBox="0 0 2000', lecture, count=1)
    assert any("px" in problem for problem in problems(small))
