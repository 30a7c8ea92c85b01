"""A figure on a page: its width, its ids, its dark side, and names that cannot break out."""

import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import example, given
from reading import lines, read, texts
from render.drawn import NASTY, SVG, groups, lecture, nasty_graph, residual, single, traced

from graphtrace.render import LECTURE, to_dot, to_svg
from graphtrace.render.layout import engine
from graphtrace.render.typeset.sheet import SHIFTED_SIZE


def test_the_lecture_figure_fits_a_page_column():
    root = ET.fromstring(to_svg(lecture(backward=True)))
    assert float(root.get("width")) <= 720
    assert "wide" not in root.get("class").split()


def test_a_figure_that_cannot_be_read_when_shrunk_says_that_it_scrolls():
    root = ET.fromstring(to_svg(traced(residual, (0.3,)), direction="LR", width=None))
    assert "wide" in root.get("class").split()
    assert root.get("data-display") == "scroll"


def test_raised_text_is_smaller_and_returns_to_the_line():
    svg = to_svg(traced(lambda w: (2 + 3 * w) ** 2 + 1, (3.0,)))
    power = next(line for line in lines(ET.fromstring(svg)) if read(line) == "f = v3 + 1")
    heights = [float(run.get("y")) for run in power]
    assert max(heights) > heights[0] == heights[-1]
    assert f'font-size="{LECTURE.formula_size * SHIFTED_SIZE:g}"' in svg


def test_a_graph_shown_twice_on_a_page_looks_the_same_both_times():
    # Its ids are the same then, and so is all that they are given; the file stays the same, too.
    graph = lecture()
    assert graph._repr_svg_() == graph._repr_svg_() == lecture()._repr_svg_()


def test_ids_are_meaningful_and_the_prefix_can_be_chosen():
    assert 'id="J-1-node-u"' in to_svg(lecture(), id_prefix="J-1")
    assert 'id="edge-b-u-0"' in to_svg(lecture(), id_prefix="")
    assert 'data-node="u"' in to_svg(lecture())


def test_two_different_figures_share_no_id():
    ids = [set(re.findall(r' id="([^"]*)"', to_svg(lecture(back)))) for back in (False, True)]
    assert not ids[0] & ids[1]


def test_every_style_rule_is_for_this_figure_alone():
    svg = to_svg(lecture())
    root = ET.fromstring(svg).get("id")
    style = re.search(r"<style>(.*)</style>", svg, re.DOTALL)[1]
    selectors = [s for rule in re.findall(r"([^{}]+)\{", style) for s in rule.split(",")]
    assert all(s.strip().startswith(f"#{root}") for s in selectors if "@" not in s)


def test_a_figure_follows_the_page_into_the_dark_unless_told_not_to():
    assert "prefers-color-scheme:dark" in to_svg(lecture())
    assert "prefers-color-scheme" not in to_svg(lecture(), theme=replace(LECTURE, dark=None))


def test_a_long_name_is_cut_and_told_in_full_in_the_title():
    long = "a_very_long_name_" * 20
    svg = to_svg(single(long))
    assert any(text.endswith("…") for text in texts(svg))
    assert long.strip("_")[:100] in groups(svg, "node")[0].find(f"{SVG}title").text


def test_nothing_in_a_figure_comes_from_elsewhere():
    svg = to_svg(lecture(backward=True))
    for word in ("<script", "href", "url(", "@import", "foreignObject", " on"):
        assert word not in svg.replace("xmlns=", "").split("</desc>")[1]


@example("\ud800", "<script>", "]]>")
@example('"><x', "&amp;", "--><!--")
@given(NASTY, NASTY, NASTY)
def test_no_name_breaks_out_of_the_svg(key, other, graph_name):
    svg = to_svg(nasty_graph(key, other, graph_name))
    root = ET.fromstring(svg.encode("utf-8"))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    allowed = {"svg", "title", "desc", "style", "rect", "g", "path", "polygon", "text", "tspan"}
    assert tags <= allowed
    assert len(groups(svg, "node")) == len({key, other})


@given(NASTY, NASTY, NASTY)
def test_no_name_breaks_out_of_the_dot(key, other, graph_name):
    dot = to_dot(nasty_graph(key, other, graph_name))
    # By itself: the engine warns of characters whose width it does not know.
    command = [engine.find(engine.BUNDLED).path, "-Tplain"]
    ran = subprocess.run(command, input=dot.encode(), capture_output=True, check=True)
    plain_layout = ran.stdout.decode()
    assert plain_layout.count("\nnode ") == len({key, other})
    assert plain_layout.count("\nedge ") == (1 if key != other else 0)
