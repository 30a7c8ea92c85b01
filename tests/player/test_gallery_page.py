"""Our gallery as a reader sees it: whole, copied from, and without a network."""

from pathlib import Path

import pytest

from graphtrace.target.function import load_file

GALLERY = Path(__file__).parents[2] / "gallery"
INDEX = GALLERY / "index.html"
PLAYED = ["lecture", "sigmoid_neuron", "two_paths", "quadratic_formula", "newton_iteration"]

# What sticks out of the window or of a box that scrolls it away, and figures that are not there.
CROPPED = """() => [...document.querySelectorAll("body *")].filter(e => {
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const scrolls = style.overflowX !== "visible" || style.overflowY !== "visible";
  return box.left < 0 || box.right > innerWidth + 0.5 || e.scrollWidth > e.clientWidth + 1 &&
    style.display !== "inline" || scrolls && e.scrollHeight > e.clientHeight + 1 ||
    e.tagName === "IMG" && !(e.complete && e.naturalWidth > 0 && box.width > 0);
}).map(e => e.outerHTML.slice(0, 80))"""

# The contrast of all text with the page, where it is least.
CONTRAST = """() => {
  const light = color => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255);
    const [r, g, b] = parts.map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = e => {
    const colour = getComputedStyle(e).backgroundColor;
    return colour !== "rgba(0, 0, 0, 0)" ? colour : ground(e.parentElement);
  };
  const texts = [...document.querySelectorAll("h1, h2, h3, p, a, code, button")];
  return Math.min(...texts.filter(e => e.textContent).map(e => {
    const [p, q] = [light(getComputedStyle(e).color), light(ground(e))];
    return Math.max(p, q) / Math.min(p, q);
  }));
}"""


@pytest.mark.parametrize("width", [360, 720, 1280])
def test_nothing_is_cropped_and_all_text_has_contrast(show, width):
    page = show(INDEX, width=width)
    page.evaluate(
        """() => Promise.all([...document.images].map(image => {
            image.loading = "eager";
            return image.decode();
        }))"""
    )
    figures = len(list(GALLERY.glob("[!_]*.py")))
    assert page.locator("img").count() == figures
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CROPPED) == []
        assert page.evaluate(CONTRAST) >= 4.5


def test_each_source_is_copied_as_it_runs(show, tmp_path):
    page = show(INDEX, permissions=["clipboard-read", "clipboard-write"], offline=True)
    buttons = page.locator("button.copy:visible")
    assert buttons.count() == page.locator("article").count() == page.locator("pre").count()
    page.get_by_role("button", name="Copy the source of Two paths", exact=True).click()
    page.get_by_text("Copied", exact=True).wait_for()
    copied = tmp_path / "copied.py"
    copied.write_text(page.evaluate("navigator.clipboard.readText()"), encoding="utf-8")
    ours = (GALLERY / "two_paths.py").read_text(encoding="utf-8")
    assert ours.endswith(copied.read_text(encoding="utf-8"))
    graphs = [load_file(path).graph for path in (copied, GALLERY / "two_paths.py")]
    values, others = (list(graph.nodes(data="value")) for graph in graphs)
    assert values == others != []


def test_where_there_is_no_clipboard_the_source_is_selected(show):
    page = show(INDEX)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject('denied'); }")
    button = page.get_by_role("button", name="Copy the source of Lecture", exact=True)
    button.click()
    page.get_by_text("Selected").wait_for()
    source = page.locator("article", has=button).locator("code").text_content()
    assert "def J(a, b, c):" in source
    assert page.evaluate("getSelection().toString()").strip() == source


def test_without_scripts_there_are_no_buttons_and_all_figures(show):
    page = show(INDEX, java_script_enabled=False)
    assert page.locator("button.copy:visible").count() == 0
    assert page.locator("img").count() == page.locator("article").count()


def test_each_figure_that_has_a_player_leads_to_it(show):
    page = show(INDEX)
    links = page.get_by_role("link", name="Step by step", exact=True)
    hrefs = [link.get_attribute("href") for link in links.all()]
    assert hrefs == [f"players.html#figure-{stem}" for stem in PLAYED]
    links.nth(2).click()
    page.wait_for_url("**/players.html#figure-two_paths")
    heading = page.locator("h2", has_text="Two paths")
    assert abs(heading.bounding_box()["y"]) < 100
    player = heading.locator("xpath=..").locator(".graphtrace-player")
    player.locator("[data-action=last]").click()
    assert int(player.get_attribute("data-step")) > 0


SCALES = """() => [...document.querySelectorAll(".graphtrace-player svg")]
  .filter(svg => svg.viewBox.baseVal.width > 100)  // and not the picture on a button
  .map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"""


def test_the_players_can_be_read_on_a_phone(show):
    scales = show(INDEX.with_name("players.html"), width=360).evaluate(SCALES)
    assert len(scales) == len(PLAYED)
    assert min(scales) > 0.6  # labels of 14 pixels are 8.4 and more
