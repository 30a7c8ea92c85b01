"""What a figure tells and how it looks, as far as it can be chosen."""

import math
import re
import subprocess
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from reading import lines, middle_of, read, texts

import graphtrace as gt
from graphtrace.core.primitive import primitive_named
from graphtrace.errors import RenderError
from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Edge, Shape, Source
from graphtrace.render import LECTURE, THEMES, Palette, Theme, to_dot, to_svg
from graphtrace.render.layout import engine
from graphtrace.render.paint.flow import flows, width_of
from graphtrace.render.paint.paint import paint

SVG = "{http://www.w3.org/2000/svg}"


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def sigma(x):
    return 1 / (1 + np.exp(-x))


def neuron(w, x, b):
    z = w * x + b
    return sigma(z)


def lecture():
    graph = gt.trace(J, 5.0, 3.0, 2.0)
    graph.backward()
    return graph


def deep(x, w):
    for _ in range(4):
        x = sigma(w * x)
    return x


def nodes_of(figure):
    return {node.key: node for node in figure.nodes}


def groups(svg, kind):
    root = ET.fromstring(svg)
    return [g for g in root.iter(f"{SVG}g") if kind in g.get("class", "").split()]


# What is told


def test_the_shape_of_an_array_stands_in_place_of_its_values():
    graph = gt.trace(lambda W, x: W @ x, np.ones((3, 2)), np.ones(2))
    said = texts(to_svg(graph, values=False, shapes=True))
    assert {"3×2", "2 numbers", "3 numbers"} <= set(said)


def test_the_shape_stands_before_values_that_would_tell_it_anyway():
    graph = gt.trace(lambda x: x * 2.0, np.array([1.0, 4.0]))
    assert "2 numbers, [1, 4]" in texts(to_svg(graph, shapes=True))
    assert "[1, 4]" in texts(to_svg(graph))


def test_a_number_has_no_shape():
    assert not any(
        isinstance(part, Shape)
        for node in lecture().figure(values=False, shapes=True).nodes
        for part in node.parts
    )


def test_file_and_line_stand_beneath_an_operation():
    figure = lecture().figure(sources=True)
    said = {n.key: [p.text for p in n.parts if isinstance(p, Source)] for n in figure.nodes}
    line = J.__code__.co_firstlineno
    assert said["u"] == [f"test_look.py:{line + 1}"]
    assert said["a"] == []
    assert f"test_look.py:{line + 3}" in texts(to_svg(lecture(), sources=True))


def test_a_constant_is_a_leaf_before_the_operand_that_it_precedes():
    figure = lecture().figure(constants=True)
    assert nodes_of(figure)["3"].role == "constant"
    into = [edge.tail for edge in figure.edges if edge.head == "node-J" and edge.kind == "forward"]
    assert into == ["node-J-constant-0", "node-v"]


def test_a_constant_after_an_operand_stands_after_it():
    figure = gt.trace(lambda x: x**2, 3.0).figure(constants=True)
    assert [edge.tail for edge in figure.edges] == ["node-x", "node-f-constant-1"]


def test_a_named_constant_has_its_name_and_its_value():
    rate = np.array([1.0, 2.0])
    svg = to_svg(gt.trace(lambda x: x * rate, np.ones(2)), constants=True)
    assert {"rate", "[1, 2]"} <= set(texts(svg))


@pytest.mark.parametrize("theme", THEMES)
def test_constants_are_drawn_in_every_theme(theme):
    svg = to_svg(lecture(), constants=True, theme=theme)
    (leaf,) = groups(svg, "constant")
    assert ["".join(text.itertext()) for text in leaf.iter(f"{SVG}text")] == ["3"]


def test_a_wire_carries_a_shape_as_it_carries_a_value():
    graph = gt.trace(lambda W, x: W @ x, np.ones((3, 2)), np.ones(2))
    said = texts(to_svg(graph, values=False, shapes=True, theme="cs231n"))
    assert {"3×2", "2 numbers", "3 numbers"} <= set(said)


def test_a_frame_stands_around_the_boxes_of_a_helper_call():
    graph = gt.trace(neuron, 1.0, 2.0, 3.0)
    graph.backward()
    svg = to_svg(graph, scopes=True)
    frame = groups(svg, "cluster")[0]
    rect = frame.find(f"{SVG}rect")
    left, top = float(rect.get("x")), float(rect.get("y"))
    right, bottom = left + float(rect.get("width")), top + float(rect.get("height"))
    inside = set()
    for group in groups(svg, "node"):
        box = group.find(f"{SVG}rect")
        x = float(box.get("x")) + float(box.get("width")) / 2
        y = float(box.get("y")) + float(box.get("height")) / 2
        if left < x < right and top < y < bottom:
            inside.add(group.get("data-node"))
    assert inside == {key for key, data in graph.nodes(data=True) if data["scope"]}
    assert read(lines(frame)[0]) == "sigma"
    for group in groups(svg, "edge"):
        if {group.get("data-from"), group.get("data-to")} <= inside:
            label = group.find(f".//{SVG}text")
            assert left < float(label.get("x")) < right
            assert top < float(label.get("y")) < bottom


def test_frames_within_frames_and_second_calls_have_the_name_of_their_function():
    def layer(x):
        return sigma(2 * x)

    figure = gt.trace(lambda x: layer(layer(x)), 0.5).figure(scopes=True, limit=100)
    told = [(scope.title, scope.outer) for scope in figure.scopes]
    assert told == [
        ("layer", None),
        ("sigma", "scope-layer"),
        ("layer", None),
        ("sigma", "scope-layer_2"),
    ]


def test_the_dot_has_the_frames_as_clusters():
    dot = to_dot(gt.trace(neuron, 1.0, 2.0, 3.0), scopes=True)
    assert "subgraph cluster_0 {" in dot
    assert "label=sigma" in dot


def test_the_description_tells_the_calls_and_no_leaf_twice():
    svg = to_svg(gt.trace(neuron, 1.0, 2.0, 3.0), scopes=True, constants=True, sources=True)
    told = ET.fromstring(svg).find(f"{SVG}desc").text
    assert "In sigma: v₂, v₃, v₄, neuron." in told
    assert "at test_look.py:" in told
    assert told.count(", value ") == 9


# Widths


def test_an_edge_tells_the_size_of_what_it_brings_back():
    figure = lecture().figure(flow=True)
    assert {e.id: e.flow for e in figure.edges if e.kind == "backward"} == {
        "gradient-b-u-0": 6.0,
        "gradient-c-u-1": 9.0,
        "gradient-a-v-0": 3.0,
        "gradient-u-v-1": 3.0,
        "gradient-v-J-1": 3.0,
    }


def test_the_share_of_an_array_is_its_largest_entry():
    graph = gt.trace(lambda W, x: np.sum(W @ x), np.ones((2, 2)), np.array([3.0, -4.0]))
    sizes = {edge.operand: edge.flow for edge in graph.figure(flow=True).edges}
    assert sizes["W", "v1", "0"] == 4
    assert sizes["x", "v1", "1"] == 2


def test_the_flow_needs_no_backward_but_an_output_to_start_from():
    assert gt.trace(J, 5.0, 3.0, 2.0).figure(flow=True).edges[0].flow == 6
    with pytest.raises(RenderError, match=r"no gradients to show the flow of: call backward\(\)"):
        gt.trace(lambda x: x * 2.0, np.ones(2)).figure(flow=True)


@given(st.floats(0, 1e30), st.floats(0, 1e30))
def test_a_larger_gradient_is_never_narrower(x, y):
    assert (x <= y) <= (width_of(x) <= width_of(y))
    assert width_of(math.inf) >= width_of(x) >= width_of(0) > 0


@pytest.mark.parametrize("theme", ["lecture", "print", "cs231n", "karpathy"])
def test_widths_are_drawn_and_told_beneath_in_every_form(theme):
    graph = gt.trace(deep, 0.5, 1.5)
    graph.backward()
    svg = to_svg(graph, flow=True, theme=theme, limit=100)
    drawn = re.findall(r'class="gt-arrow [^>]*stroke-width="([\d.]+)', svg)
    assert len(set(drawn)) > 5
    assert "(widths on a log scale)" in texts(svg)
    assert "(widths on a log scale)" not in texts(to_svg(graph, flow=True, legend=False))


def test_the_dot_has_the_widths_too():
    lines = [line for line in to_dot(lecture(), flow=True).splitlines() if "dir=back" in line]
    widths = [re.search(r"penwidth=([\d.]+)", line)[1] for line in lines]
    assert widths == [f"{width_of(size):.2f}".rstrip("0") for size in (6, 9, 3, 3, 3)]


def test_a_gradient_of_zero_is_dotted():
    graph = gt.trace(lambda x: np.maximum(x, 0.0) * 2, -1.0)
    graph.backward()
    assert 'stroke-dasharray="1 4"' in to_svg(graph, flow=True)


def test_one_line_shows_a_gradient_not_two():
    figure = lecture().figure(flow=True)
    assert set(flows(figure)) == {e.id for e in figure.edges if e.kind == "backward"}
    wires = in_form(figure, "wires")
    assert set(flows(wires)) <= {e.id for e in wires.edges if e.kind == "forward"}


# Legend


@pytest.mark.parametrize("theme", THEMES)
def test_a_legend_stands_beneath_the_figure_and_inside_it(theme):
    svg = to_svg(lecture(), theme=theme, legend=True)
    root = ET.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    lowest = max(float(t.get("y")) for g in groups(svg, "node") for t in g.iter(f"{SVG}text"))
    keys = groups(svg, "key")
    assert keys
    for key in keys:
        *_, text = key.iter(f"{SVG}text")
        assert lowest < float(text.get("y")) < height
        assert float(text.get("x")) + float(text.get("textLength")) < width
    assert groups(to_svg(lecture(), theme=theme), "key") == []


def test_a_legend_tells_what_there_is_and_nothing_else():
    keys = groups(to_svg(lecture(), legend=True), "key")
    said = {read(lines(key)[-1]) for key in keys}
    assert said == {
        "input",
        "operation",
        "output",
        "operand, with its local derivative",
        "gradient, on its way back",
    }
    path = to_svg(lecture(), legend=True, path=("a", "J"))
    assert "on the path" in texts(path)
    assert "gradient, on its way back" not in texts(path)


def test_a_legend_tells_tangents_and_the_blanks_of_a_quiz():
    graph = gt.trace(J, 5.0, 3.0, 2.0)
    graph.jvp(a=1.0)
    assert "tangent, on its way forward" in texts(to_svg(graph, tangents=True, legend=True))
    quiz = lecture().quiz()
    svg = to_svg(quiz.question, legend=True)
    assert "a number to find" in texts(svg)
    (key,) = groups(svg, "blank")
    assert key.find(f"{SVG}rect").get("class").startswith("gt-blank")


def test_several_lines_beneath_a_figure_have_one_middle():
    svg = to_svg(gt.trace(J, 5.0, 3.0, 2.0), nudge=("a", 0.001))
    (caption,) = groups(svg, "caption")
    middles = {round(middle_of(line)) for line in lines(caption)}
    assert len(middles) == 1 < len(lines(caption))


def test_in_records_inputs_and_the_output_are_told_apart_by_their_fill():
    for palette in (THEMES["karpathy"].light, THEMES["karpathy"].dark):
        assert len({palette.input, palette.operation, palette.output}) == 3


def test_in_records_boxes_that_look_alike_need_no_telling():
    karpathy = THEMES["karpathy"]
    white = replace(karpathy.light, input="#ffffff", output="#ffffff")
    said = texts(to_svg(lecture(), legend=True, theme=replace(karpathy, light=white)))
    assert not any(text.startswith("input") for text in said)


# A column


def shown_sizes(svg):
    """The sizes of all text, as the column shows them."""
    root = ET.fromstring(svg)
    scale = float(root.get("width")) / float(root.get("viewBox").split()[2])
    sizes = [float(e.get("font-size")) for e in root.iter() if e.get("font-size")]
    return [size * scale for size in sizes]


def test_in_a_narrow_column_the_lecture_figure_turns_and_can_be_read():
    svg = to_svg(lecture(), width=360)
    assert float(ET.fromstring(svg).get("width")) <= 360
    assert min(shown_sizes(svg)) >= 10
    wide = to_svg(lecture())
    assert 360 / float(ET.fromstring(wide).get("width")) * LECTURE.label_size < 9


def test_where_turning_is_not_enough_labels_are_shortened():
    graph = gt.trace(neuron, 1.0, 2.0, 3.0)
    graph.backward()
    svg = to_svg(graph, width=330)
    assert float(ET.fromstring(svg).get("width")) <= 330
    assert not any("∂" in text for text in texts(svg))


def test_a_direction_that_was_chosen_stays():
    assert "wide" in ET.fromstring(to_svg(lecture(), width=200, direction="LR", limit=9)).get(
        "class"
    )


# Themes


def test_a_scheme_is_followed_or_chosen():
    light, dark = LECTURE.light.paper, LECTURE.dark.paper
    assert "prefers-color-scheme" in to_svg(lecture())
    for scheme, paper in (("light", light), ("dark", dark)):
        svg = to_svg(lecture(), scheme=scheme)
        assert "prefers-color-scheme" not in svg
        assert f'<rect class="gt-paper gt-f-paper" fill="{paper}"' in svg
        assert "var(" not in svg


def test_a_theme_without_a_dark_palette_stays_light():
    svg = to_svg(lecture(), theme=replace(LECTURE, dark=None), scheme="dark")
    assert f'<rect class="gt-paper gt-f-paper" fill="{LECTURE.light.paper}"' in svg
    assert "prefers-color-scheme" not in svg


def test_another_font_is_held_to_the_measured_width_and_ends_in_a_generic_one():
    svg = to_svg(lecture(), font='"Comic Neue", Georgia')
    assert ET.fromstring(svg).get("font-family") == "'Comic Neue', Georgia, sans-serif"
    assert all(t.get("textLength") for t in ET.fromstring(svg).iter(f"{SVG}text"))


def test_the_font_size_keeps_the_proportions():
    svg = to_svg(lecture(), font_size=32)
    assert 'class="gt-formula gt-f-ink" fill="#1b1b1f" font-size="32"' in svg
    assert f'font-size="{LECTURE.label_size * 2:g}"' in svg


def test_numbers_have_the_digits_that_were_asked_for():
    graph = gt.trace(lambda x: x / 3, 1.0)
    assert "0.33" in texts(to_svg(graph, digits=2))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scheme": "night"}, "scheme='night' is not a choice: use one of auto, page, light, dark"),
        ({"font": "a;b"}, "font='a;b' is no list of font families"),
        ({"font": '"><script>'}, "is no list of font families"),
        ({"font_size": 0}, "font_size=0 is no size in pixels: use a number from 1 to 200"),
        ({"digits": 0}, "digits=0 is no number of digits: use 1 to 17"),
        ({"width": 5}, "width=5 is no column: use 100 pixels or more"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(options, said):
    with pytest.raises(RenderError, match=re.escape(said)):
        to_svg(lecture(), **options)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Palette(ink="redd"), "ink='redd' is no colour: write it as #rrggbb"),
        (lambda: Palette(ink="#12345"), "is no colour"),
        (lambda: Palette(ink="#fff}</style>"), "is no colour"),
        (lambda: Theme(form="tree"), "form='tree' is no form of a figure: use one of boxes"),
        (lambda: Theme(formula_size=-1), "formula_size=-1 is no size in pixels"),
        (lambda: Theme(label_size=0.5), "label_size=0.5 cannot be read"),
        (lambda: Theme(pad_x="9"), "pad_x='9' is no size in pixels"),
    ],
)
def test_a_theme_that_cannot_be_drawn_is_refused_when_it_is_made(make, said):
    with pytest.raises(RenderError, match=re.escape(said)):
        make()


# Colour blindness: Machado, Oliveira & Fernandes (2009), and distances in CIELAB.

_SIGHTS = {
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def seen(colour, sight):
    """The colour in CIELAB, as it is seen."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    rgb = [
        max(0.0, min(1.0, sum(a * b for a, b in zip(row, linear, strict=True))))
        for row in _SIGHTS[sight]
    ]
    x = 0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    z = 0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.9505, y, z / 1.089)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


PALETTES = [
    pytest.param(theme, palette, id=f"{name}-{scheme}")
    for name, theme in THEMES.items()
    for scheme, palette in (("light", theme.light), ("dark", theme.dark))
]


@pytest.mark.parametrize("sight", _SIGHTS)
@pytest.mark.parametrize(("theme", "palette"), PALETTES)
def test_what_only_a_colour_tells_is_told_apart_without_red_green_or_blue(theme, palette, sight):
    # An arrow back is dashed, a path is wide, trouble is dotted; on a wire only colour and
    # place tell a value from a gradient.
    if theme.form == "wires":
        value, gradient = seen(palette.value, sight), seen(palette.gradient, sight)
        assert math.dist(value, gradient) > 10
    faint = seen(palette.faint, sight)
    assert math.dist(faint, seen(palette.ink, sight)) > 10


@pytest.mark.parametrize("theme", THEMES)
def test_every_line_that_means_something_has_a_cue_beside_its_colour(theme):
    style = THEMES[theme]
    arrow = Edge("", "", "", "backward", None)
    assert paint(arrow, style).dash == (5, 3)
    assert paint(replace(arrow, emphasis="strong"), style).width == 2.4
    assert paint(replace(arrow, trouble="nan"), style).dash == (1, 4)


# Several figures on one page


def test_figures_on_one_page_share_no_id_and_no_rule():
    svgs = [
        to_svg(lecture(), **options)
        for options in ({}, {"theme": "print"}, {"legend": True}, {"scopes": True, "digits": 3})
    ]
    ids = [re.findall(r' id="([^"]+)"', svg) for svg in svgs[:3]]
    assert all(set(a).isdisjoint(b) for a, b in combinations(ids, 2))
    for svg in svgs:
        root = ET.fromstring(svg)
        style = root.find(f"{SVG}style").text
        for rule in re.findall(r"([^{}]+)\{", re.sub(r"@[^{]+\{", "", style)):
            assert all(s.strip().startswith(f"#{root.get('id')}") for s in rule.split(","))


def test_the_same_figure_twice_on_a_page_takes_a_prefix():
    first, second = (to_svg(lecture(), id_prefix=prefix) for prefix in ("one", "two"))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    assert "one-node-u" in ids[0]
    assert "two-edge-b-u-0" in ids[1]


# Text of users

WORDS = st.text(
    st.characters(codec=None)
    | st.sampled_from("<>&\"'\\\n\r\t\0{}|[];:#\ud800\u202e\u200f\u05d0\ufffe🙂]"),
    min_size=1,
    max_size=20,
) | st.sampled_from(["]]>", "-->", "&lt;", "\\N", "subgraph", "node", "<b>x</b>", "x" * 10_000])


def strange(name, other, source, scope):
    row = type(
        "Row",
        (),
        {
            "primitive": primitive_named("multiply"),
            "keys": (name, None),
            "shown": (name, other),
            "operands": (1.0, 2.0),
        },
    )()
    graph = nx.MultiDiGraph(name=other)
    graph.add_node(name, op="input", value=1.0, label=name, scope=())
    graph.add_node("out" + name, op=other, value=2.0, label=f"out = {other}", formula=other)
    graph.nodes["out" + name].update(source=source, scope=(scope,), grad=2.0, row=row)
    graph.add_edge(name, "out" + name, 0, local=1.0, symbol=source)
    return graph


EVERYTHING = {"shapes": True, "sources": True, "constants": True, "scopes": True}


@settings(max_examples=60)
@example("]]>", "</style><script>", "--><!--", "\ud800\0")
@given(WORDS, WORDS, WORDS, WORDS)
def test_no_text_of_a_user_breaks_out_of_an_svg_that_tells_everything(name, other, source, scope):
    svg = to_svg(strange(name, other, source, scope), legend=True, **EVERYTHING)
    root = ET.fromstring(svg.encode("utf-8"))
    allowed = {"svg", "title", "desc", "style", "rect", "g", "path", "polygon", "text", "tspan"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    known = {"class", "id", "x", "y", "width", "height", "rx", "d", "points", "dy", "font-size"}
    known |= {"fill", "stroke", "stroke-width", "stroke-dasharray", "font-style"}
    known |= {
        "stroke-linecap",
        "stroke-linejoin",
        "data-node",
        "data-from",
        "data-to",
        "data-value",
        "data-grad",
        "textLength",
        "lengthAdjust",
        "text-anchor",
        "transform",
    }
    assert {a for e in root.iter() for a in e.attrib if e is not root} <= known
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", svg)
    assert len(groups(svg, "node")) == 3
    assert len(groups(svg, "cluster")) == 1


@settings(max_examples=40)
@example("]]>", "<b>", "\\N", "<b>x</b>")
@given(WORDS, WORDS, WORDS, WORDS)
def test_no_text_of_a_user_breaks_out_of_dot_that_tells_everything(name, other, source, scope):
    dot = to_dot(strange(name, other, source, scope), **EVERYTHING)
    program = engine.find(engine.BUNDLED).path
    ran = subprocess.run([program, "-Tplain"], input=dot.encode(), capture_output=True, check=True)
    told = ran.stdout.decode()
    assert (told.count("\nnode "), told.count("\nedge ")) == (3, 2)
