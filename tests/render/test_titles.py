"""The title of a frame around a helper call stands where no arrow runs through it."""

import re

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.render.layout.places import Route
from graphtrace.render.layout.ways import way_points


def dense(w, x, b):
    z = w * x
    return np.tanh(z + b)


def net(w1, w2, b1, b2, x):
    h = dense(w1, x, b1)
    k = dense(w2, h, b2)
    return h * k + k


def outer(x, y):
    def inner(t):
        return t * t + y

    a = inner(x)
    return np.sin(a) + a


def nested(x, y):
    p = outer(x, y)
    return p * outer(p, x)


CALLS = [(net, (0.3, 0.4, 0.1, 0.2, 0.5)), (nested, (0.3, 0.4))]
NUMBER = r"-?[\d.]+"


def lines_of(svg):
    """Points on every arrow of an SVG."""
    for way in re.findall(r'<path [^>]*?d="(M[^"]*C[^"]*)"', svg):
        numbers = [float(x) for x in re.findall(NUMBER, way)]
        curve = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        yield from way_points(Route(curve[: len(curve) - (len(curve) - 1) % 3], None, None, None))


def titles_of(svg):
    """The rectangle behind each title."""
    for group in re.findall(r'class="cluster">(.*?)</g>\n</g>', svg, re.DOTALL):
        paper = group.split("<rect")[2]
        x, y, width, height = (
            float(re.search(rf' {side}="({NUMBER})"', paper)[1])
            for side in ("x", "y", "width", "height")
        )
        yield x, y, x + width, y + height


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize(("f", "at"), CALLS, ids=["net", "nested"])
def test_no_arrow_runs_through_the_title_of_a_frame(f, at, direction, backward):
    graph = gt.trace(f, *at)
    if backward:
        graph.backward()
    svg = graph.to_svg(scopes=True, direction=direction, width=None, scheme="light")
    points, titles = list(lines_of(svg)), list(titles_of(svg))
    assert len(points) > 100
    assert len(titles) == sum(1 for _ in re.finditer('class="cluster"', svg))
    for left, top, right, bottom in titles:
        assert not [(x, y) for x, y in points if left < x < right and top < y < bottom]
