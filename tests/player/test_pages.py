"""Where a player stands: alone, twice on a page, in slides, in a notebook, on a phone, on paper."""

import pytest
from player import programs
from player.driving import change, grads, step, until, values

import graphtrace as gt


@pytest.fixture(scope="module")
def player():
    return gt.trace(programs.J, a=5, b=3, c=2).play()


def around(*fragments, head=""):
    body = "\n".join(f"<section>{one}</section>" for one in fragments)
    return f'<!DOCTYPE html><meta charset="utf-8"><title>page</title>{head}{body}'


def test_two_players_and_the_same_one_twice_do_not_disturb_each_other(show, player):
    other = gt.trace(programs.two_paths, 1.5).play()
    page = show(around(player.fragment, other.fragment, player.fragment))
    first, second, third = (f"section:nth-of-type({i}) .graphtrace-player" for i in (1, 2, 3))
    page.locator(f"{first} [data-action=last]").click()
    page.locator(f"{second} [data-action=next]").click()
    page.locator(f"{third} [data-input=a]").fill("7")
    page.locator(f"{third} [data-role=step]").fill("4")
    assert [step(page, root) for root in (first, second, third)] == [10, 1, 4]
    assert values(page, first)["J"] == 33.0
    assert values(page, second) == {"x": 1.5}
    assert values(page, third)["J"] == 39.0
    assert page.evaluate("location.hash") == ""


def test_in_a_deck_the_keys_turn_steps_and_not_slides(show, player, node_modules):
    dist = node_modules / "reveal.js" / "dist"
    script = (dist / "reveal.js").read_text(encoding="utf-8")
    deck = f"""<!DOCTYPE html><meta charset="utf-8"><title>deck</title>
    <style>{(dist / "reveal.css").read_text(encoding="utf-8")}</style>
    <div class="reveal"><div class="slides"><section>one</section>
    <section>{player.fragment}</section><section>three</section></div></div>
    <script>{script}</script><script>Reveal.initialize({{transition: 'none'}});</script>"""
    page = show(deck)
    until(page, "Reveal.isReady()")
    slide = "Reveal.getIndices().h"
    page.keyboard.press("ArrowRight")
    until(page, f"{slide} === 1")
    page.locator(".graphtrace-player").focus()
    for key in ("ArrowRight", "ArrowRight", "End", "Home", "ArrowRight", "ArrowDown", " ", " "):
        page.keyboard.press(key)
    assert (page.evaluate(slide), step(page)) == (1, 0)
    page.keyboard.press("End")
    change(page, "a", 7.0)
    assert values(page)["J"] == 39.0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    until(page, f"{slide} === 2")


def test_in_the_html_of_a_notebook(show, player):
    nbconvert = pytest.importorskip("nbconvert", reason="make test-browser installs nbconvert")
    from nbformat import v4

    output = v4.new_output(
        "execute_result", {"text/html": player._repr_html_(), "text/plain": "<Player>"}
    )
    cells = [v4.new_code_cell("g.play()", outputs=[output]) for _ in range(2)]
    html, _ = nbconvert.HTMLExporter().from_notebook_node(v4.new_notebook(cells=cells))
    page = show(html, quiet=False, offline=True)  # its own template asks for MathJax
    roots = page.locator(".graphtrace-player")
    assert roots.count() == 2
    roots.nth(1).locator("[data-action=last]").click()
    roots.nth(1).locator("[data-input=b]").fill("4")
    assert roots.nth(0).get_attribute("data-step") == "0"
    assert roots.nth(1).locator('[data-node="J"]').first.get_attribute("data-value") == "39.0"


def test_frames_in_the_html_of_a_notebook_are_stepped_by_their_slider(show):
    nbconvert = pytest.importorskip("nbconvert", reason="make test-browser installs nbconvert")
    from nbformat import v4

    frames = gt.trace(programs.J, a=5, b=3, c=2).frames()
    shown = {"text/html": frames._repr_html_(), "text/plain": "[...]"}
    cells = [
        v4.new_code_cell("g.frames()", outputs=[v4.new_output("execute_result", shown)])
        for _ in range(2)
    ]
    html, _ = nbconvert.HTMLExporter().from_notebook_node(v4.new_notebook(cells=cells))
    page = show(html, quiet=False, offline=True)
    places = page.locator(".graphtrace-frames")
    slider = places.nth(1).locator("input[type=range]")
    for at in (1, 7, len(frames)):
        slider.fill(str(at))
        visible = [
            [one.is_visible() for one in places.nth(i).locator("svg").all()] for i in range(2)
        ]
        assert visible[0].index(True) == 0
        assert visible[1].index(True) == at - 1
        assert [sum(each) for each in visible] == [1, 1]
        assert slider.get_attribute("aria-valuetext").startswith(f"{at} of {len(frames)}")


@pytest.mark.parametrize("choice", ["auto", "page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(show, choice, scheme):
    player = gt.trace(programs.J, a=5, b=3, c=2).play(scheme=choice)
    page = show(player.html, color_scheme=scheme)
    page.locator("[data-role=step]").fill("8")
    paper = page.eval_on_selector(".graphtrace-player", "e => getComputedStyle(e).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == paper
    worst = page.evaluate(
        """() => {
        const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
          .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
          return (x + 0.05) / (y + 0.05); };
        const root = document.querySelector('.graphtrace-player');
        const own = e => { for (; e; e = e.parentElement) {
          const fill = e.matches?.('g.node') ? getComputedStyle(e.querySelector('rect')).fill
            : e instanceof SVGElement ? '' : getComputedStyle(e).backgroundColor;
          if (fill && !/, 0\\)$|none/.test(fill)) return fill; } };
        return Math.min(...[...root.querySelectorAll('svg text, p, small, label, input, button')]
          .filter(e => getComputedStyle(e).visibility === 'visible' && e.type !== 'range')
          .map(e => contrast(e instanceof SVGElement ? getComputedStyle(e).fill
            : getComputedStyle(e).color, own(e))));
        }"""
    )
    assert worst >= 4.5


def test_on_a_phone_nothing_is_beyond_the_side_and_every_control_is_for_a_finger(show):
    player = gt.trace(programs.quadratic, 1.0, -3.0, 2.0).play()
    page = show(player.html, width=360, height=640, has_touch=True)
    for at in (0, 9, 22):
        page.locator("[data-role=step]").fill(str(at))
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    sizes = page.eval_on_selector_all(
        "button, select, input", "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    assert len(sizes) == 5 + 1 + 1 + 6
    assert min(min(one["width"], one["height"]) for one in sizes) >= 44
    assert max(one["right"] for one in sizes) <= 360


def test_every_control_has_a_name_and_the_focus_is_seen(show, player):
    page = show(player.html)
    page.locator("[data-action=last]").click()
    for name in ("First step", "Previous step", "Play", "Next step", "Last step"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1
    assert page.get_by_role("slider", name="Step").count() == 1
    assert page.get_by_role("combobox", name="Speed").count() == 1
    for name in "abc":
        assert page.get_by_role("spinbutton", name=name, exact=True).count() == 1
        assert page.get_by_role("slider", name=name, exact=True).count() == 1
    assert page.get_by_role("button", name="b, value 3, gradient 6").count() == 1
    page.locator(".graphtrace-player").focus()
    focused = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focused.append(
            page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                const box = e.matches('g') && getComputedStyle(e.querySelector('rect'));
                return box ? box.strokeWidth === '4px' : s.outlineStyle !== 'none'; }"""
            )
        )
    assert all(focused[:19])


def test_nothing_beneath_the_figure_moves_from_step_to_step(show):
    page = show(gt.trace(programs.quadratic, 1.0, -3.0, 2.0).play().html, width=400)
    tops = set()
    for at in range(23):
        page.locator("[data-role=step]").fill(str(at))
        tops.add(page.locator("[data-action=play]").evaluate("e => e.getBoundingClientRect().top"))
    assert len(tops) == 1
    page.set_viewport_size({"width": 120, "height": 700})
    until(page, "document.querySelector('[data-role=words]').offsetHeight > 150")
    page.set_viewport_size({"width": 800, "height": 700})
    until(page, "document.querySelector('[data-role=words]').offsetHeight < 100")


@pytest.mark.parametrize("how", ["print", "no script"])
def test_paper_and_a_page_without_script_show_the_whole_figure(show, player, how):
    page = show(player.html, java_script_enabled=how == "print")
    if how == "print":
        page.emulate_media(media="print")
    labels = page.locator("svg [data-line]")
    assert labels.count() > 20
    assert all(labels.nth(i).is_visible() for i in range(labels.count()))
    assert page.get_by_text("33", exact=True).is_visible()
    assert not page.locator("[data-action=play]").is_visible()


def test_a_reader_of_slides_finds_no_motion(show, player):
    page = show(player.html, reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    page.locator("[data-action=next]").click()
    assert page.evaluate("document.getAnimations().length") == 0
    assert grads(page) == {}
