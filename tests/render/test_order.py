"""Inputs stand in the order of the signature where no pairs cross for it; lines have no kinks."""

import re
from itertools import pairwise

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.render.layout.lane import Box, Track, pairs
from graphtrace.render.layout.places import Lane, Route


def haversine(lat1, lon1, lat2, lon2):
    lat1, lon1, lat2, lon2 = (np.radians(x) for x in (lat1, lon1, lat2, lon2))
    dlat = lat2 - lat1
    dlon = lon2 - lon1
    a = np.sin(dlat / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(dlon / 2) ** 2
    c = 2 * np.arcsin(np.sqrt(a))
    return 6371 * c


def attention(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    weights = gt.softmax(Q @ K.T, axis=-1)
    return weights @ V


def across(svg, *names, at="x"):
    """Where the boxes of these names begin, on the way across or, by their y, down the page."""
    places = []
    for name in names:
        box = re.search(rf'data-node="{re.escape(name)}".*?<rect [^>]*? {at}="([\d.]+)"', svg, re.S)
        places.append(float(box[1]))
    return places


def test_siblings_stand_in_the_order_of_the_signature():
    rng = np.random.default_rng(0)
    graph = gt.trace(attention, rng.normal(size=(3, 4)), *rng.normal(size=(3, 4, 2)))
    places = across(graph.to_svg(), "W_q", "W_k", "W_v")
    assert places == sorted(places)


def test_an_input_in_the_midst_of_those_behind_it_has_a_row_of_its_own():
    rng = np.random.default_rng(0)
    svg = gt.trace(attention, rng.normal(size=(3, 4)), *rng.normal(size=(3, 4, 2))).to_svg()
    above, *below = across(svg, "X", "W_q", "W_k", "W_v", at="y")
    assert len(set(below)) == 1
    assert above < below[0]


def test_neighbours_are_swapped_where_all_in_order_would_cross():
    graph = gt.trace(haversine, 52.52, 13.405, 48.8566, 2.3522)
    graph.backward()
    places = across(graph.to_svg(), "lat1", "lat2", "lon1", "lon2")
    assert places == sorted(places)


def quadratic(a, b, c):
    D = b**2 - 4 * a * c
    return (-b + np.sqrt(D)) / (2 * a)


@pytest.mark.parametrize(("width", "at", "order"), [(360, "x", "abc"), (720, "y", "acb")])
def test_single_lines_may_cross_for_the_order_of_all_and_pairs_may_not(width, at, order):
    graph = gt.trace(quadratic, 1.0, -3.0, 2.0)
    graph.backward()
    places = across(graph.to_svg(width=width, detail="statements"), *order, at=at)
    assert places == sorted(places)


def test_entries_of_two_sequences_stand_in_pairs():
    def distance(p, q):
        return np.sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)))

    def neuron(x1, x2, w1, w2):
        return np.tanh(x1 * w1 + x2 * w2)

    entries = gt.trace(distance, [3.0, 1.0], [0.0, 4.0]).to_svg(direction="TB")
    numbered = gt.trace(neuron, 3.0, 1.0, 0.0, 4.0).to_svg(direction="TB")
    for places in (
        across(entries, "p[0]", "q[0]", "p[1]", "q[1]"),
        across(numbered, "x1", "w1", "x2", "w2"),
    ):
        assert places == sorted(places)


def test_an_order_that_crosses_is_not_taken():
    def crossed(a, b, c, d):
        return (a * d + b * c) * 2

    graph = gt.trace(crossed, 1.0, 2.0, 3.0, 4.0)
    svg = graph.to_svg(direction="TB")
    places = dict(zip("abcd", across(svg, *"abcd"), strict=True))
    order = sorted(places, key=places.get)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ad"), frozenset("bc")}


def lane(tail, label, head):
    """A lane as the engine leaves it, from left to right."""

    def way(p, q):
        return Route((p, p, q, q), None, None, None)

    return Lane(way(tail, label), label, way(label, head))


def track(lane, tail, head, label):
    """A track whose arrows run through the middle of its label's room."""
    return Track(lane, tail, head, label, label.middle[1], (8, 8))


def straight_ends(route):
    """The heights at which a route leaves its box, passes its label and meets the next box."""
    return {round(y, 6) for _, y in route.curve}


def test_a_line_whose_label_is_straight_ahead_of_its_box_does_not_bend_there():
    box, ahead, off = Box((0, 0), 60, 120), Box((100, 10), 40, 20), Box((100, 90), 40, 20)
    heads = [Box((200, 10), 60, 40), Box((200, 90), 60, 40)]
    tracks = {
        i: track(lane((30, 0), label.middle, (170, label.middle[1])), box, head, label)
        for i, (label, head) in enumerate(zip((ahead, off), heads, strict=True))
    }
    forward, backward = pairs(tracks, [box, *heads], 0, 24)[0]
    assert straight_ends(forward) == straight_ends(backward) == {10}


def test_lines_that_meet_one_side_keep_apart_and_in_order():
    box = Box((200, 0), 60, 90)
    labels = [Box((100, y), 40, 10) for y in (-14, -8, 60)]
    tails = [Box((0, label.middle[1]), 60, 10) for label in labels]
    tracks = {
        i: track(lane((30, label.middle[1]), label.middle, (170, 0)), tail, box, label)
        for i, (label, tail) in enumerate(zip(labels, tails, strict=True))
    }
    drawn = pairs(tracks, [box, *tails], 0, 24)
    ends = [drawn[i][0].end[1] for i in range(3)]
    assert all(second - first >= 24 - 1e-9 for first, second in pairwise(ends))
    assert -45 < ends[0] < ends[-1] < 45
