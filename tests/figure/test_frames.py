"""The frames of one series: one size, one layout, one place of the caption, in every column."""

import re

import numpy as np
import pytest

import graphtrace as gt


def great_circle(lat1, lon1, lat2, lon2):
    lat1, lon1, lat2, lon2 = map(np.radians, (lat1, lon1, lat2, lon2))
    a = np.sin((lat2 - lat1) / 2) ** 2
    a = a + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 6371 * 2 * np.arcsin(np.sqrt(a))


def call_price(S, K, T, r, sigma):
    d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * gt.sigmoid(1.7 * d1) - K * np.exp(-r * T) * gt.sigmoid(1.7 * d2)


def rosenbrock(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def residual(x, W):
    for _ in range(12):
        x = x + np.tanh(W @ x)
    return np.sum(x)


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


PROGRAMS = [
    (great_circle, (52.52, 13.4, 48.86, 2.35)),
    (call_price, (100.0, 105.0, 0.5, 0.03, 0.25)),
    (rosenbrock, (np.array([0.5, 1.5, -1.0]),)),
    (residual, (np.array([0.3, -0.2]), np.array([[0.1, 0.4], [-0.3, 0.2]]))),
    (J, (5, 3, 2)),
]
BOX = re.compile(r'data-node=[^>]*>\n<title>.*</title>\n<rect [^>]*? (x="[^>]*)/>')


def places(svg):
    """The size of the picture, its boxes, and where its caption begins."""
    size = re.search(r' width="[\d.]+" height="[\d.]+"', svg)[0]
    begin = re.search(r'class="caption">.*?<text ([^>]*?) textLength', svg, re.DOTALL)[1]
    boxes = re.findall(BOX, svg)
    assert boxes
    return size, tuple(boxes), begin


@pytest.mark.parametrize(
    ("width", "how"),
    [(720, {}), (360, {"legend": True}), (None, {})],
    ids=["720", "legend", "free"],
)
@pytest.mark.parametrize(("f", "at"), PROGRAMS, ids=lambda one: getattr(one, "__name__", ""))
def test_all_frames_have_one_size_one_layout_and_one_place_of_the_caption(f, at, how, width):
    series = gt.trace(f, *at).frames(width=width, scheme="light", **how)
    svgs = [frame.to_svg() for frame in (*series[:3], series[len(series) // 2], *series[-4:])]
    assert len({places(svg) for svg in svgs}) == 1


def epidemic(S, I, R, beta, gamma):  # noqa: E741
    N = S + I + R
    for _ in range(3):
        new_infections = beta * S * I / N
        recoveries = gamma * I
        S = S - new_infections
        I = I + new_infections - recoveries  # noqa: E741
        R = R + recoveries
    return I


def test_a_statement_over_several_lines_in_a_box_has_its_room_before_its_value_is_known():
    series = gt.trace(epidemic, 990.0, 10.0, 0.0, 0.3, 0.1).frames(scheme="light")
    svgs = [frame.to_svg() for frame in (*series[:2], *series[-2:])]
    assert any("new_infections_2" in svg for svg in svgs)
    assert len({places(svg) for svg in svgs}) == 1


def test_a_gradient_in_a_box_waits_for_its_frame_as_its_arrow_does():
    series = gt.trace(call_price, *PROGRAMS[1][1]).frames(scheme="light")
    graph = gt.trace(call_price, *PROGRAMS[1][1])
    told = f"{graph.backward()['K']:.4g}".replace("-", "−")
    svgs = [re.sub(r'class="caption">.*', "", f.to_svg(), flags=re.DOTALL) for f in series]
    first = next(i for i, svg in enumerate(svgs) if f"d{'K'}" in re.sub("<[^>]*>", "", svg))
    assert told not in svgs[first - 1]
    assert told in svgs[-1]
