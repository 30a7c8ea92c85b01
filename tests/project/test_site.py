"""The site that `make docs` has built: each page in Chromium, narrow and wide, light and dark."""

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "build" / "site"
WIDTHS = (360, 1280)
PAGES = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html"))]

playwright = pytest.importorskip("playwright.sync_api", reason="make test-docs installs Playwright")
if not PAGES:
    pytest.skip("make docs has not built the site", allow_module_level=True)


class Handler(SimpleHTTPRequestHandler):
    """Files, without a word about each."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as program:
        browser = program.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


CUT = """() => {
  document.getAnimations().forEach(one => one.finish());  // a menu on its way to its place
  const cut = box => box.scrollWidth > box.clientWidth;
  const figures = [...document.querySelectorAll(".graphtrace")].filter(cut);
  const page = cut(document.documentElement) ? ["the page"] : [];
  return [...page, ...figures.map(box => `a figure, ${box.querySelector("title")?.textContent},`)];
}"""
"""The page, and each figure on it, that has to be moved sideways to be seen."""

MOUNTED = {
    ".md-content pre > code": ".md-code__button",
    ".graphtrace-player": "[data-role=controls]:not([hidden])",
    "article button.copy": "button.copy:not([hidden])",
}
"""What the scripts of Material, of the player and of the gallery make, and of what."""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": 900})
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    yield page
    page.close()


def watched(page, address):
    """A list that gets a line for each message, each error and each request to another host."""
    wrong = []
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith((address, "data:", "blob:"))
            or wrong.append(f"{page.url} asks for {request.url}")
        ),
    )
    return wrong


def opened(page, url):
    """Go there, and wait until its scripts have run."""
    page.goto(url)
    for source, made in MOUNTED.items():
        if page.locator(source).count():
            page.locator(made).first.wait_for(state="attached", timeout=10_000)


def cut(page, name):
    """A line for each width and scheme in which the page or a figure is moved sideways."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for box in page.evaluate(CUT):
                yield f"{name} at {width}, {scheme}: {box} is cut"


def test_pages_fit_say_nothing_on_the_console_and_ask_no_other_host(page, address):
    wrong = watched(page, address)
    for name in PAGES:
        opened(page, address + name)
        wrong += cut(page, name)
    assert not wrong, "\n".join(wrong)


def test_each_player_of_the_tutorial_steps_to_its_end_in_the_scheme_of_the_page(page, address):
    page.emulate_media(color_scheme="light")
    opened(page, address + "docs/tutorial/index.html")
    page.locator("label[title=Dark]").click()
    players = page.locator(".graphtrace-player").all()
    assert len(players) == 2
    for player in players:
        player.locator("[data-action=last]").click()
        assert player.get_attribute("data-step") == player.get_attribute("data-steps")
        assert player.locator("[data-node]:not([data-grad])").count() == 0
        assert player.evaluate("box => getComputedStyle(box).backgroundColor") == "rgb(22, 23, 27)"


def test_no_mark_of_a_docstring_is_left_in_the_reference():
    text = (SITE / "docs" / "reference" / "index.html").read_text(encoding="utf-8")
    prose = re.sub(r"<pre.*?</pre>|<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"[^\n]*`[^\n]*|[^\n]*&gt;&gt;&gt;[^\n]*", prose)
