"""The figures that are no graphs: activation functions, slope triangles, layered networks."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from legibility import problems

import graphtrace as gt
from graphtrace.errors import ArgumentError, RenderError
from graphtrace.plots.curve import sample
from graphtrace.render import THEMES

SVG = "{http://www.w3.org/2000/svg}"


def line(a):
    return 3 * a


def steep(x):
    return np.tanh(30 * x)


def leaky(x):
    return x if x > 0 else 0.1 * x


DRAWINGS = {
    "activation": lambda: gt.figures.activation(gt.sigmoid, gt.relu),
    "alone": lambda: gt.figures.activation(np.tanh),
    "many": lambda: gt.figures.activation(gt.gelu, np.sin, leaky, np.tanh, span=(-4, 5)),
    "line": lambda: gt.figures.slope(line, 2),
    "near": lambda: gt.figures.slope(line, 2, da=0.001),
    "falling": lambda: gt.figures.slope(lambda x: np.exp(-x), 1),
    "curve": lambda: gt.figures.slope(lambda a: a**2, [-1, 1, 3]),
    "waves": lambda: gt.figures.slope(np.sin, [0.5, 2, 3.5]),
    "network": lambda: gt.figures.network([3, 5, 5, 3, 1]),
    "long": lambda: gt.figures.network([784, 16, 10]),
}
EACH = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS.keys())


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


@EACH
def test_a_figure_is_named_told_and_stands_alone(draw):
    svg = draw().to_svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text
    assert len(root.find(f"{SVG}desc").text) > 40
    assert svg.count("http") == 1
    assert not re.search(r"<script|<image|url\(|@import|<metadata", svg)


@EACH
def test_a_figure_can_be_read_in_light_and_dark(draw):
    assert list(problems(draw().to_svg())) == []


@EACH
def test_every_colour_is_one_of_the_theme(draw):
    svg = draw().to_svg(theme="blackboard")
    palettes = (THEMES["blackboard"].light, THEMES["blackboard"].dark)
    known = {getattr(p, name) for p in palettes for name in p.__slots__}
    assert set(re.findall("#[0-9a-f]{6}", svg.split("</desc>")[1])) - known <= {
        f"#{found}" for found in re.findall(r"-([0-9a-f]{8})", svg)
    }


@EACH
def test_the_same_figure_has_the_same_bytes(draw):
    assert draw().to_svg() == draw().to_svg()


def test_figures_on_one_page_share_no_id():
    svgs = [draw().to_svg() for draw in DRAWINGS.values()]
    ids = [name for svg in svgs for name in re.findall(r' id="([^"]*)"', svg)]
    assert len(set(ids)) == len(ids)


def test_a_style_of_matplotlib_changes_nothing():
    import matplotlib as mpl

    plain = DRAWINGS["activation"]().to_svg()
    with mpl.rc_context({"axes.grid": True, "xtick.top": True, "lines.marker": "s"}):
        assert DRAWINGS["activation"]().to_svg() == plain


def test_a_figure_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "network.svg"
    drawing = gt.figures.network([2, 1])
    drawing.render(target)
    assert target.read_text() == drawing.to_svg()
    with pytest.raises(RenderError, match=r"there is no theme 'none'"):
        drawing.render(target, theme="none")
    assert target.read_text() == drawing.to_svg()


def test_a_plot_can_be_a_picture_for_paper(tmp_path):
    pytest.importorskip("typst")
    DRAWINGS["activation"]().render(tmp_path / "activation.png")
    assert (tmp_path / "activation.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("network.dot", {}, "network cannot be written as dot: write it as SVG, PDF or PNG"),
        ("network.gif", {}, "has the suffix '.gif', which names no format: use one of .svg"),
        ("network.svg", {"step": "dJ/dv"}, "network has no option step: leave it out"),
    ],
)
def test_what_a_figure_cannot_do_is_said(tmp_path, target, options, message):
    with pytest.raises(RenderError, match=re.escape(message)):
        gt.figures.network([2, 1]).render(tmp_path / target, **options)


def test_without_matplotlib_a_plot_says_what_to_install_and_a_network_is_drawn():
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import graphtrace as gt\n"
        "gt.figures.network([2, 1]).to_svg()\n"
        "try: gt.figures.activation(gt.relu).to_svg()\n"
        "except gt.RenderError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout == (
        "plots are drawn by matplotlib, which is not installed: run "
        "`pip install 'graphtrace[plots]'`\n"
    )


# Curves


def test_the_derivative_of_a_curve_is_that_of_the_function():
    curve = sample(np.tanh, (-3.0, 3.0))
    np.testing.assert_allclose(curve.derivatives, 1 - np.tanh(curve.x) ** 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "jumps"),
    [(gt.relu, (0.0,)), (leaky, (0.0,)), (np.abs, (0.0,)), (np.tanh, ()), (steep, ())],
)
def test_a_jump_of_the_derivative_is_found_where_it_is(f, jumps):
    assert sample(f, (-2.9, 3.1)).jumps == pytest.approx(jumps, abs=1e-6)


def test_a_derivative_that_jumps_is_drawn_in_two_pieces():
    slopes = [
        path
        for path in ET.fromstring(DRAWINGS["activation"]().to_svg()).iter(f"{SVG}path")
        if "gt-slope" in path.get("class", "")
    ]
    assert len(slopes) == 3


# Activation functions


def test_flat_parts_are_shaded_and_told():
    drawing = gt.figures.activation(gt.sigmoid, gt.relu)
    shaded = re.findall('class="gt-flat ', drawing.to_svg())
    assert len(shaded) == 2 * 3
    assert "sigmoid has a slope of at most 0.25" in drawing.description
    assert "relu has a slope of at most 1 and is flat from −6 to 0" in drawing.description


def test_a_place_is_marked_where_one_function_is_flat_and_the_other_is_not():
    said = gt.figures.activation(gt.sigmoid, gt.relu, names=["σ", "ReLU"]).description
    assert said.endswith("At x = 4 the slope is 0.018 for σ and 1 for ReLU.")


def test_a_lambda_has_a_letter():
    assert gt.figures.activation(lambda x: x, lambda x: 2 * x).title.startswith("f and g, with")


# Slopes


@pytest.mark.parametrize("width", [300, 360, 480])
@pytest.mark.parametrize(
    "drawing",
    [
        gt.figures.slope(lambda a: a**2, 2, da=0.001),
        gt.figures.slope(lambda a: a**2, [1, 2, 3], da=0.5, span=(0, 4)),
        gt.figures.activation(np.tanh, gt.relu),
    ],
    ids=["near", "several", "activation"],
)
def test_a_plot_is_as_wide_as_its_column_and_legible_there(drawing, width):
    svg = drawing.to_svg(width=width)
    assert float(ET.fromstring(svg).get("width")) == width
    assert list(problems(svg)) == []


def test_the_triangle_says_its_width_its_height_and_their_ratio():
    said = texts(gt.figures.slope(line, 2, da=0.001).to_svg())
    assert {"width 0.001", "height 0.003", "slope = 0.003 / 0.001 = 3"} <= set(said)


def test_the_nudge_is_told_in_the_lecture_s_numbers():
    told = gt.figures.slope(line, 2, da=0.001).description
    assert told.endswith("From a = 2 to 2.001, line goes from 6 to 6.003: 0.003 / 0.001 = 3.")


def test_of_a_curve_the_tangent_and_the_curve_are_told_apart():
    told = gt.figures.slope(lambda a: a**2, 2, da=1).description
    assert told == (
        "The slope of f at a = 2 is 4. Over 1 more of a, the tangent rises by 4, f itself by 5."
    )


def test_at_several_points_each_slope_is_marked():
    said = texts(gt.figures.slope(lambda a: a**2, [-1, 1, 3]).to_svg())
    assert {"slope −2", "slope 2", "slope 6"} <= set(said)


def test_a_tangent_that_is_the_curve_is_not_drawn_over_it():
    assert 'class="gt-tangent ' not in gt.figures.slope(line, 2).to_svg()
    assert 'class="gt-tangent ' in gt.figures.slope(lambda a: a**2, 2).to_svg()


# Networks


def columns(svg):
    """The neurons' middles by their x."""
    found = {}
    for circle in ET.fromstring(svg).iter(f"{SVG}circle"):
        if "gt-box" in circle.get("class"):
            found.setdefault(circle.get("cx"), []).append(float(circle.get("cy")))
    return found


def test_a_network_has_a_column_for_each_layer_and_its_middle_is_the_same():
    found = columns(gt.figures.network([3, 5, 5, 3, 1]).to_svg())
    assert [len(column) for column in found.values()] == [3, 5, 5, 3, 1]
    assert len({(min(column) + max(column)) / 2 for column in found.values()}) == 1


def test_the_neurons_of_a_layer_are_numbered_from_the_top_and_evenly_apart():
    for column in columns(gt.figures.network([4, 6, 7]).to_svg()).values():
        assert len(set(np.diff(column).round(6))) <= 1
        assert column == sorted(column)


def test_every_neuron_is_joined_to_every_neuron_of_the_next_layer():
    assert gt.figures.network([3, 5, 5, 3, 1]).to_svg().count('class="gt-weight ') == 58


def test_neurons_are_named_as_in_the_lecture():
    svg = gt.figures.network([3, 5, 5, 3, 1]).to_svg()
    names = re.findall(r'data-node="([^"]*)"', svg)
    assert names[:5] == ["x_1", "x_2", "x_3", "a^[1]_1", "a^[1]_2"]
    assert names[-1] == "y\N{COMBINING CIRCUMFLEX ACCENT}"


def test_names_and_words_can_be_chosen_by_layer():
    svg = gt.figures.network([2, 3, 1], names=[["age", "x_2"], "h", ""], layers=["in", "", "out"])
    assert {"age", "in", "out"} <= set(texts(svg.to_svg()))
    assert re.findall(r'data-node="([^"]*)"', svg.to_svg())[2:] == ["h_1", "h_2", "h_3", "2.1"]


def test_a_long_layer_is_elided():
    svg = gt.figures.network([784, 3], most=5).to_svg()
    assert re.findall(r'data-node="(x[^"]*)"', svg) == ["x_1", "x_2", "x_3", "x_784"]
    assert svg.count('class="gt-dot ') == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gt.figures.network([]), "a network's sizes are whole numbers from 1 up"),
        (lambda: gt.figures.network([3, 0]), "a network's sizes are whole numbers from 1 up"),
        (lambda: gt.figures.network([3, 1], most=2), "most=2 leaves no room for neurons"),
        (lambda: gt.figures.network([3, 1], names=["x"]), "names has 1 entries for 2 layers"),
        (
            lambda: gt.figures.network([3], names=[["x"]]),
            "names has 1 names for the 3 neurons of layer 0",
        ),
        (lambda: gt.figures.activation(), "activation() has nothing to draw"),
        (lambda: gt.figures.activation(gt.relu, names=[]), "names has 0 entries for 1 functions"),
        (lambda: gt.figures.activation(gt.relu, span=(1, 1)), "span=(1, 1) is no range"),
        (lambda: gt.figures.slope(line, []), "slope() has no point to look at"),
        (lambda: gt.figures.slope(line, 2, da=0), "da=0 is no width of a triangle"),
        (lambda: gt.figures.slope(line, 2, span=(3, 4)), "span=(3, 4) does not hold"),
        (lambda: gt.figures.slope(np.sqrt, 0, span=(0, 2)), "the slope at 0 is ∞"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value).startswith(message)
