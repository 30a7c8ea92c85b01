"""The detail that a figure has by itself: the finest that can be read on the page."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.render import LECTURE, settled
from graphtrace.render.rendering import Rendering
from graphtrace.render.typeset.typesetting import typeset


def chain(x):
    for _ in range(30):
        u = 0.9 * x
        x = np.tanh(u) + 0.1
    return x


def short(a):
    b = a + 1
    c = b * b
    return c


@pytest.mark.parametrize("width", [100, 120, 720, None])
@pytest.mark.parametrize("height", [100, 150, None])
def test_every_graph_is_drawn_on_every_page(width, height):
    for f in (short, chain, lambda a: a, lambda a: 3.0):
        graph = gt.trace(f, 2.0)
        assert "</svg>" in graph.to_svg(width=width, height=height)


def test_the_finest_detail_that_can_be_read_is_drawn():
    def quadratic(a, b, c):
        D = b**2 - 4 * a * c
        x = (-b + np.sqrt(D)) / (2 * a)
        return x * x

    graph = gt.trace(quadratic, 1.0, -3.0, 2.0)
    graph.backward()
    assert settled(graph, {"width": None}).detail == "operations"
    assert settled(graph, {"height": 300}).detail == "statements"
    assert settled(gt.trace(chain, 1.0), {}).detail == "calls"


def test_a_step_inside_what_would_be_one_box_is_drawn():
    graph = gt.trace(chain, 1.0)
    graph.backward()
    inside = list(graph)[40]
    svg = graph.to_svg(path=(inside, graph.outputs[0]), width=360, height=300)
    assert f'data-node="{inside}"' in svg


def test_a_detail_that_is_chosen_is_drawn_whatever_the_page():
    graph = gt.trace(short, 2.0)
    for detail in ("operations", "statements", "calls"):
        assert settled(graph, {"detail": detail, "width": 100}).detail == detail


def test_what_is_far_too_large_for_the_page_is_drawn_in_full():
    graph = gt.trace(chain, 1.0)
    graph.backward()
    drawn = Rendering(graph, {"limit": 1000}, "svg").setting
    assert len(drawn.figure.nodes) == len(graph) > 90
    partials = [e.part for e in drawn.figure.edges if e.kind == "forward" and e.part is not None]
    assert any(partial.formula is not None for partial in partials)
    assert drawn.sheet == typeset(drawn.figure, drawn.theme)
    assert drawn.theme.formula_size == LECTURE.formula_size
