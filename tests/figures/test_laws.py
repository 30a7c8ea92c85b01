"""The default figure of anybody's function keeps the laws."""

import ast
import inspect
import re
import textwrap
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from figures.corpus import BY_NAME, FUNCTIONS, WIDTHS, default_figure, graph_of
from figures.laws import (
    LAWS,
    Drawn,
    large_enough_text,
    names_whole,
    no_command_printed,
    no_number_cut,
    nothing_dead,
    printed_names_unique,
    within_the_column,
    within_the_page,
)
from figures.printed import lines_of
from figures.sheet import offenders

import graphtrace as gt


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", BY_NAME)
def test_the_default_figure_keeps_the_law(name, width, law):
    assert offenders(name, width, law) == []


@pytest.mark.parametrize("name", ["heron", "lotka_volterra", "attention", "sir", "resnet"])
def test_in_the_dark_only_the_colours_are_others(name):
    light, dark = (default_figure(name, 360, scheme) for scheme in ("light", "dark"))
    assert light != dark
    assert without_colours(light) == without_colours(dark)


def without_colours(svg):
    return re.sub("#[0-9a-f]{6}|color-scheme:[a-z]+|-[0-9a-f]{8}", "", svg)


@pytest.mark.parametrize(
    ("name", "width", "names"),
    [
        ("gaussian_pdf", 720, ["dL/dx", "dL/dμ", "dL/dz"]),
        ("svm_hinge_loss", 720, ["dL/dscores", "dL/db", "dL/dX"]),
        ("rosenbrock", 360, ["dL/dx", "dL/dy", "dL/da", "dL/db"]),
    ],
)
def test_a_gradient_keeps_its_name_where_there_is_room(name, width, names):
    drawn = ET.fromstring(default_figure(name, width, "light"))
    text = "\n".join("".join(line.text.split()) for line in lines_of(drawn))
    assert [name for name in names if f"{name}=" not in text] == []


def test_there_are_sixty_functions_of_different_names():
    assert len(FUNCTIONS) == len(BY_NAME) == 60
    assert all(example.source for example in FUNCTIONS)


@pytest.mark.parametrize("example", FUNCTIONS, ids=lambda example: example.name)
def test_a_function_of_the_corpus_is_traced_as_it_is_computed(example):
    flat = [np.ravel(x) for x in leaves(example.function(*example.arguments))]
    graph = graph_of(example)
    traced = [np.ravel(graph.nodes[key]["value"]) for key in graph.outputs]
    # NumPy adds an array up in another order where its memory is laid out otherwise.
    np.testing.assert_allclose(np.concatenate(traced), np.concatenate(flat), rtol=1e-14)


@pytest.mark.parametrize("example", FUNCTIONS, ids=lambda example: example.name)
def test_a_function_of_the_corpus_has_40_statements_at_most(example):
    if example.function.__name__ == "<lambda>":
        return
    tree = ast.parse(textwrap.dedent(inspect.getsource(example.function)))
    assert sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) - 1 <= 40


def leaves(value):
    return [x for one in value for x in leaves(one)] if isinstance(value, tuple) else [value]


# Each law finds what breaks it.


def broken(law, svg, width=720):
    return list(law(Drawn(svg, width)))


def sized(svg, width=None, height=None):
    """The same picture, enlarged or shrunk by its root's own width or height."""
    for side, new in (("width", width), ("height", height)):
        if new is not None:
            svg = re.sub(rf' {side}="[\d.]+"', f' {side}="{new}"', svg, count=1)
    return svg


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_lecture_figure_keeps_every_law(lecture, law):
    assert broken(law, lecture) == []


def test_text_below_ten_pixels_is_found_as_the_column_shows_it(lecture):
    own = float(re.search(r' width="([\d.]+)"', lecture)[1])
    small = re.sub(r'font-size="15"', 'font-size="9.9"', lecture, count=1)
    assert len(broken(large_enough_text, small)) == 1
    half = broken(large_enough_text, lecture, own / 2)
    assert any("shown at 8.0 px" in sentence for sentence in half)
    assert broken(large_enough_text, lecture, own * 2) == []


def test_a_figure_whose_file_is_shrunk_already_has_smaller_text(lecture):
    own = float(re.search(r' width="([\d.]+)"', lecture)[1])
    assert any("at 8.0 px" in line for line in broken(large_enough_text, sized(lecture, own / 2)))


def test_a_raised_letter_is_text_too():
    svg = gt.trace(lambda w: (2 + 3 * w) ** 2, 3.0).to_svg(scheme="light")
    small = re.sub(r'<text font-size="[\d.]+"', '<text font-size="9"', svg)
    assert broken(large_enough_text, small)


def test_a_figure_that_scrolls_is_not_in_its_column(lecture):
    scrolls = sized(lecture, 900).replace("<svg ", '<svg data-display="scroll" ', 1)
    assert broken(within_the_column, scrolls)
    assert broken(within_the_column, scrolls, 900) == []
    # Large text may be shrunk.
    assert broken(within_the_column, sized(lecture, 900)) == []


def test_a_figure_that_is_higher_than_a_page_is_found(lecture):
    assert broken(within_the_page, sized(lecture, height=961))
    assert broken(within_the_page, sized(lecture, 1440, 1920)) == []


def test_two_boxes_of_one_name_are_found_and_copies_of_one_input_are_none(lecture):
    twice = lecture.replace('data-node="v"', 'data-node="w"')
    assert broken(printed_names_unique, twice) == []
    alike = re.sub(r'(data-node="v".*?>)v(<)', r"\1u\2", lecture, flags=re.DOTALL)
    assert broken(printed_names_unique, alike) == ["u and v are both printed “u”"]
    assert broken(printed_names_unique, alike.replace('data-node="v"', 'data-node="u"')) == []


def test_an_index_below_the_line_tells_names_apart():
    svg = gt.trace(lambda x_1, x: (x_1 * x) ** 2, 3.0, 2.0).to_svg(scheme="light")
    assert broken(printed_names_unique, svg) == []


@pytest.mark.parametrize("text", ["[−2.22×10…", "[0 ……", "1.…", "6 numbers, −1.16…", "…"])
def test_a_number_that_is_cut_is_found_in_a_box_and_on_an_arrow(lecture, text):
    in_box = lecture.replace(">33<", f">{text}<", 1)
    assert in_box != lecture
    assert broken(no_number_cut, in_box)


@pytest.mark.parametrize("text", ["[1, 2, …]", "[0.1,…", "−1 … 2.5", "2×3, 0 … ∞"])
def test_a_list_that_goes_on_and_a_range_are_not_cut(lecture, text):
    assert broken(no_number_cut, lecture.replace(">33<", f">{text}<", 1)) == []


def test_a_gradient_that_is_lost_to_an_ellipsis_is_found(lecture):
    edge = re.search(r'<g id="[^"]*" class="edge backward".*?\n</g>', lecture, re.DOTALL)[0]
    texts = re.findall(r"<text[^>]*>[^<]*</text>", edge)
    lost = edge.replace("".join(texts), re.sub(r">[^<]*<", ">dJ/d…<", texts[0], count=1))
    assert broken(no_number_cut, lecture.replace(edge, lost)) == ["“dJ/d…” has lost its number"]


def test_a_name_that_is_cut_is_found_unless_the_caption_says_it():
    def longname(x):
        return 3 * x

    svg = gt.trace(longname, 2.0).to_svg(scheme="light")
    cut = re.sub(r"(<text[^>]*>)longname =[^<]*<", r"\1long…<", svg)
    assert cut != svg
    assert broken(names_whole, cut) == ["longname is printed “long…”"]
    text = '<g font-size="14"><text x="0" y="9" textLength="9">long… = longname</text></g>'
    caption = f'<g class="caption">{text}</g></svg>'
    assert broken(names_whole, cut.replace("</svg>", caption)) == []


def test_a_box_that_leads_nowhere_is_found_and_so_is_an_addition_of_zero(lecture):
    def dead(x):
        y = 2 * x
        unused = y + 1  # noqa: F841
        return 3 * y

    assert broken(nothing_dead, gt.trace(dead, 1.0).to_svg(dead=True)) == [
        "unused reaches no output"
    ]
    added = gt.trace(lambda xs: sum(xs), [1.0, 2.0]).to_svg(dead=True)
    assert any("adds 0" in sentence for sentence in broken(nothing_dead, added))


def test_a_way_to_open_a_box_that_is_printed_is_found(lecture):
    line = '<g font-size="14"><text x="0" y="9" textLength="9">unfold=x_4 opens one</text></g>'
    opened = lecture.replace("</svg>", f"{line}</svg>")
    assert broken(no_command_printed, opened) == ["“unfold=x_4 opens one”"]
