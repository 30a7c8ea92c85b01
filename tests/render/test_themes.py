"""The themes: each legible, each as it is described."""

import re

import numpy as np
import pytest
from reading import lines, read
from render.drawn import CORPUS, SVG, apart, boxes_of, groups, label_boxes, lecture, traced

from graphtrace.errors import RenderError
from graphtrace.render import THEMES, to_svg


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_in_every_theme_no_box_or_label_overlaps_another(f, args, theme):
    svg = to_svg(traced(f, args, True), theme=theme)
    areas = [*boxes_of(svg), *label_boxes(svg)]
    clashes = [(p, q) for i, p in enumerate(areas) for q in areas[:i] if not apart(p, q)]
    assert clashes == []


def test_a_theme_that_is_not_there_lists_those_that_are():
    with pytest.raises(RenderError, match="no theme 'neon': use one of lecture, cs231n, karpathy"):
        to_svg(lecture(), theme="neon")


def test_figures_in_different_themes_share_no_id():
    ids = [re.search(r'<svg [^>]*id="([^"]*)"', to_svg(lecture(), theme=t))[1] for t in THEMES]
    assert len(set(ids)) == len(THEMES)


def test_wires_have_the_value_above_and_the_gradient_below():
    svg = to_svg(lecture(backward=True), theme="cs231n")
    (above,) = (g for g in groups(svg, "forward") if g.get("data-from") == "u")
    (below,) = (g for g in groups(svg, "backward") if g.get("data-from") == "u")
    above, under = above.find(f".//{SVG}text"), below.find(f".//{SVG}text")
    assert (above.text, under.text) == ("6", "3")
    assert float(above.get("y")) < float(under.get("y"))
    assert below.find(f"{SVG}path") is None


def test_a_record_says_name_data_and_grad_in_one_row():
    svg = to_svg(lecture(backward=True), theme="karpathy")
    (u,) = (g for g in groups(svg, "node") if g.get("data-node") == "u")
    assert [read(line) for line in lines(u)] == ["u = bc", "data 6", "grad 3"]
    assert len({t.get("y") for t in u.iter(f"{SVG}text")}) <= 3
    assert len(u.findall(f"{SVG}line")) == 2


def test_trouble_is_marked_in_the_svg():
    svg = to_svg(traced(lambda x: np.sqrt(x), (0.0,)), trouble=True)
    (edge,) = groups(svg, "edge")
    assert edge.get("class").split() == ["edge", "forward", "bold", "trouble", "inf"]
