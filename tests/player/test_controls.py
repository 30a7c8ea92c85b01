"""Every control of a player, by mouse and by keyboard, in Chromium."""

import pytest
from player.driving import attributes, caption, grads, shown, step, until, values
from player.programs import J

import graphtrace as gt


@pytest.fixture(scope="module")
def html():
    return gt.trace(J, a=5, b=3, c=2).play().html


CAPTIONS = [
    "Nothing is known yet.",
    "a = 5, b = 3, c = 2",
    "u = bc = 3·2 = 6",
    "v = a + u = 5 + 6 = 11",
    "J = 3v = 3·11 = 33",
    "dJ/dJ = 1",
    "dJ/dv = 3",
    "dJ/du = dJ/dv · dv/du = 3 · 1 = 3",
    "dJ/dc = dJ/du · du/dc = 3 · 3 = 9",
    "dJ/db = dJ/du · du/db = 3 · 2 = 6",
    "dJ/da = dJ/dv · dv/da = 3 · 1 = 3",
]
VALUES = {"a": 5, "b": 3, "c": 2, "u": 6, "v": 11, "J": 33}
ORDER = ["J", "v", "u", "c", "b", "a"]
GRADS = {"J": 1, "v": 3, "u": 3, "c": 9, "b": 6, "a": 3}


def test_each_step_tells_what_is_known_and_nothing_else(show, html):
    page = show(html)
    for at, text in enumerate(CAPTIONS):
        assert step(page) == at
        assert caption(page) == text
        known = list(VALUES)[: 0 if at == 0 else min(at + 2, 6)]
        back = ORDER[: max(at - 4, 0)]
        assert values(page) == {key: VALUES[key] for key in known}
        assert grads(page) == {key: GRADS[key] for key in back}
        assert ("33" in shown(page)) == (at >= 4)
        assert ("∂u/∂b=c=2" in shown(page)) == (at >= 9)
        page.locator("[data-action=next]").click()
    assert step(page) == 10
    assert attributes(page, "data-value")["J"] == "33.0"


def test_the_buttons(show, html):
    page = show(html)
    for action, at in [
        ("last", 10), ("previous", 9), ("first", 0), ("previous", 0), ("next", 1), ("last", 10),
        ("next", 10),
    ]:  # fmt: skip
        page.locator(f"[data-action={action}]").click()
        assert step(page) == at


@pytest.mark.parametrize("focus", [".graphtrace-player", "[data-role=step]", "[data-action=next]"])
def test_the_keys(show, html, focus):
    page = show(html)
    page.locator(focus).focus()
    for key, at in [
        ("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("ArrowDown", 0), ("End", 10),
        ("Home", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert step(page) == at


def test_keys_elsewhere_are_not_ours_and_ours_go_no_further(show, html):
    page = show(html.replace("<main>", '<main><button id="other">other</button>'))
    page.evaluate(
        "() => { window.heard = []; addEventListener('keydown', e => heard.push(e.key)); }"
    )
    page.locator("#other").focus()
    page.keyboard.press("ArrowRight")
    assert step(page) == 0
    page.locator(".graphtrace-player").focus()
    for key in ("ArrowRight", "ArrowLeft", "End", "Home", "PageDown", "Control+ArrowRight"):
        page.keyboard.press(key)
    page.locator("[data-input=a]").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("heard") == ["ArrowRight", "PageDown", "Control", "ArrowRight"]
    assert step(page) == 0


def test_the_slider(show, html):
    page = show(html)
    slider = page.locator("[data-role=step]")
    slider.fill("2")
    assert step(page) == 2
    assert slider.get_attribute("aria-valuetext") == "step 2 of 10: u = bc is 6"
    slider.fill("9")
    assert slider.get_attribute("aria-valuetext") == "step 9 of 10: dJ/db is 6"


def test_play_and_its_speed(show, html):
    page = show(html)
    play = page.locator("[data-action=play]")
    page.clock.install(time=0)
    page.clock.pause_at(1)
    play.click()
    assert play.get_attribute("aria-label") == "Pause"
    page.clock.run_for(1600)
    assert step(page) == 1
    page.locator("[data-role=speed]").select_option("2")
    page.clock.run_for(1600)
    page.clock.run_for(800)
    assert step(page) == 3
    play.click()
    page.clock.run_for(9000)
    assert (step(page), play.get_attribute("aria-label")) == (3, "Play")
    page.locator(".graphtrace-player").focus()
    page.keyboard.press(" ")
    page.clock.run_for(9000)
    assert (step(page), play.get_attribute("aria-label")) == (10, "Play")
    page.keyboard.press(" ")
    assert step(page) == 0
    page.clock.run_for(800)
    assert step(page) == 1


def test_nothing_plays_by_itself(show, html):
    page = show(html)
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.clock.run_for(60_000)
    assert step(page) == 0


def test_the_address_tells_the_step_and_the_inputs(show, html):
    page = show(html, address="#step=3&a=7")
    assert (step(page), values(page)["v"]) == (3, 13.0)
    page.locator("[data-action=next]").click()
    page.locator("[data-input=b]").fill("4")
    assert page.evaluate("location.hash") == "#step=4&a=7&b=4"
    assert values(page)["J"] == 45.0
    page.evaluate("location.hash = '#step=99'")
    until(page, "document.querySelector('.graphtrace-player').dataset.step === '10'")
    page.evaluate("location.hash = '#step=x'")
    until(page, "document.querySelector('.graphtrace-player').dataset.step === '0'")


def test_a_node_shows_its_way_to_the_output(show, html):
    page = show(html)
    page.locator("[data-action=last]").click()
    node = page.locator('.node[data-node="b"]')
    for point in (node.hover, node.focus):
        page.locator("[data-role=step]").hover()
        page.locator("[data-role=step]").focus()
        assert page.locator(".gt-path").count() == 0
        point()
        lit = page.eval_on_selector_all(".gt-path", "all => all.map(e => e.dataset.from)")
        assert sorted(set(lit)) == ["b", "u", "v"]
        way = " ".join(page.locator("[data-role=path]").inner_text().split())
        assert way == "dJ/db = dJ/dv · dv/du · du/db = 3 · 1 · 2 = 6"


def test_the_way_of_a_node_tells_no_number_that_is_not_known(show, html):
    page = show(html, address="#step=6")
    page.locator('.node[data-node="b"]').hover()
    way = " ".join(page.locator("[data-role=path]").inner_text().split())
    assert way == "dJ/db = dJ/dv · dv/du · du/db"


@pytest.mark.parametrize("key", [None, "Enter", " "])
def test_a_node_becomes_what_the_caption_differentiates_in(show, html, key):
    page = show(html)
    page.locator("[data-action=last]").click()
    node = page.locator('.node[data-node="c"]')
    for expected in (CAPTIONS[8], CAPTIONS[10]):
        if key is None:
            node.click()
        else:
            node.press(key)
        page.locator("[data-role=step]").hover()
        page.locator("[data-role=step]").focus()
        assert caption(page) == expected
    assert step(page) == 10
