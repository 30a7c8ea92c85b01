"""What a player computes when an input changes, against Python, in Chromium."""

import math
import random
import re

import numpy as np
import pytest
from player import programs
from player.driving import attributes, caption, change, grads, shown, step, values

import graphtrace as gt

PLAYED = [
    (programs.J, {"a": 5.0, "b": 3.0, "c": 2.0}, (-9, 9)),
    (programs.quadratic, {"a": 1.0, "b": -5.0, "c": 2.0}, (0.1, 2)),
    (programs.newton, {"a": 2.0, "x": 1.0}, (0.5, 3)),
    (programs.two_paths, {"x": 1.5}, (-3, 3)),
    (programs.neuron, {"w": 0.5, "x": 2.0, "b": -1.0}, (-4, 4)),
]


def same(x, y, least):
    both_nan = math.isnan(x) and math.isnan(y)
    return both_nan or math.isclose(x, y, rel_tol=1e-12, abs_tol=least)


@pytest.mark.parametrize("detail", ["operations", "statements"])
@pytest.mark.parametrize(("f", "at", "between"), PLAYED, ids=[f.__name__ for f, _, _ in PLAYED])
def test_every_number_is_that_of_python(show, f, at, between, detail):
    graph = gt.trace(f, **at)
    page = show(graph.play(detail=detail).html)
    page.locator("[data-action=last]").click()
    chosen = random.Random(3)
    for _ in range(4):
        now = {name: round(chosen.uniform(*between), 3) for name in at}
        for name, x in now.items():
            change(page, name, x)
        again = gt.trace(f, **now)
        again.backward()
        shown_values, shown_grads = values(page), grads(page)
        assert len(shown_values) >= len(at) + 1
        for key, x in shown_values.items():
            assert same(x, again.nodes[key]["value"], 1e-300), key
        for key, x in shown_grads.items():
            assert same(x, again.nodes[key]["grad"], 1e-15), key
        assert not page.locator("[data-role=message]").inner_text()


@pytest.mark.parametrize("detail", ["operations", "statements"])
@pytest.mark.parametrize("theme", ["lecture", "cs231n", "karpathy"])
def test_all_text_is_that_of_a_player_made_there(show, theme, detail):
    if theme == "cs231n" and detail == "statements":
        pytest.skip("wires are of operations")
    before, now = {"w": 0.5, "x": 2.0, "b": -1.0}, {"w": -1.25, "x": 3.5, "b": 0.75}
    f, texts, captions = programs.neuron, [], []
    for start in (before, now):
        page = show(gt.trace(f, **start).play(theme=theme, detail=detail, width=None).html)
        for name, x in now.items():
            change(page, name, x)
        captions.append([])
        while step(page) < int(page.locator(".graphtrace-player").get_attribute("data-steps")):
            page.locator("[data-action=next]").click()
            captions[-1].append(caption(page))
        texts.append(shown(page))
    assert captions[0] == captions[1]
    # Where there is less room, an equation may have lost its name or its formula.
    ends = [[text.rpartition("=")[2] for text in one] for one in texts]
    assert ends[0] == ends[1]


def test_the_name_above_a_gradient_stays_where_its_number_changes(show):
    texts = []
    for start in ({"initial_investment": 1.5, "interest_rate": 0.07}, AFTERWARDS):
        page = show(gt.trace(programs.discounted, **start).play(width=360).html)
        for name, x in AFTERWARDS.items():
            change(page, name, x)
        page.locator("[data-action=last]").click()
        texts.append(shown(page))
    rate = gt.grad(programs.discounted, argnums=1)(*AFTERWARDS.values())
    named = texts[0].index("dL/dinterest_rate")
    assert texts[0][named + 1] == f"={rate:.4g}"
    assert texts[0] == texts[1]


AFTERWARDS = {"initial_investment": 2.5, "interest_rate": 0.03}


def test_another_branch_says_which_and_shows_no_number(show):
    page = show(gt.trace(programs.kinked, 2.0, 3.0).play().html)
    page.locator("[data-action=last]").click()
    change(page, "x", -1.0)
    message = page.locator("[data-role=message]").inner_text()
    assert "programs.py" in message
    assert "x" in message
    assert attributes(page, "data-value") == attributes(page, "data-grad") == {}
    assert not re.search(r"[=·] ?[−(]?\d", caption(page))
    assert not any(re.fullmatch(r"[−\d.]+", text) for text in shown(page))
    change(page, "x", 4.0)
    assert page.locator("[data-role=message]").inner_text() == ""
    assert values(page)["kinked"] == 24.0


def test_what_is_no_number_or_no_float_shows_none(show):
    page = show(gt.trace(lambda x: 1 / x, 2.0).play().html)
    page.locator("[data-action=last]").click()
    for text in ("", "0"):
        page.locator("[data-input=x]").fill(text)
        assert page.locator("[data-role=message]").inner_text() != ""
        assert attributes(page, "data-value") == {}
    page.locator("[data-input=x]").fill("4")
    assert values(page)["f"] == 0.25


def test_the_field_and_the_range_follow_each_other(show):
    page = show(gt.trace(programs.J, a=5, b=3, c=2).play().html)
    page.locator("[data-action=last]").click()
    field, slider = page.locator("[data-input=a]"), page.locator("[data-input=a] + [type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert field.input_value() == "5.1"
    assert math.isclose(values(page)["J"], 33.3, rel_tol=1e-12)
    field.fill("-2")
    assert slider.input_value() == "-2"
    assert step(page) == 10


def test_arrays_step_through_with_their_inputs_fixed(show):
    W = np.array([[1.0, -0.5], [0.25, 2.0]])
    page = show(gt.trace(programs.layer, W, np.ones(2), 0.5).play().html)
    assert "array" in page.locator("[data-role=message]").inner_text()
    assert page.locator("[data-input]").evaluate_all("all => all.every(e => e.disabled)")
    page.locator("[data-action=last]").click()
    told = attributes(page, "data-value")
    graph = gt.trace(programs.layer, W, np.ones(2), 0.5)
    assert float(told["layer"]) == graph.value
    assert set(attributes(page, "data-grad")) >= {"W", "x", "b", "layer"}


def test_a_graph_of_thousands_of_nodes_steps_through(show):
    def long(x):
        for _ in range(2500):
            x = 0.999 * x + 0.001
        return x

    page = show(gt.trace(long, 2.0).play().html)
    assert "5,001 values" in page.locator("[data-role=message]").inner_text()
    page.locator("[data-action=last]").click()
    assert values(page)["x"] == 2.0


@pytest.mark.parametrize("name", ["params['W1']", "</script>", "{0}", '"', "step", "שלום", "x < y"])
def test_any_name_of_an_input_works(show, name):
    page = show(gt.trace(lambda p: 3 * p[name], {name: 2.0}).play().html)
    page.locator("[data-action=last]").click()
    page.locator("[data-input]").fill("5")
    assert 15.0 in values(page).values()
    again = show(
        gt.trace(lambda p: 3 * p[name], {name: 2.0}).play().html,
        address=page.evaluate("location.hash"),
    )
    assert 15.0 in values(again).values()
