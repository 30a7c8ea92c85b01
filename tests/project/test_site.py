"""The site that `make docs` has built: each page in Chromium, narrow and wide, light and dark."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "build" / "site"
PAGES = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("index.html"))]

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


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_fits_says_nothing_on_the_console_and_asks_no_other_host(browser, address, width):
    wrong = []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith((address, "data:", "blob:"))
            or wrong.append(f"{page.url} asks for {request.url}")
        ),
    )
    for name in PAGES:
        page.goto(address + name)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{name} is {wide} wide at {width}, {scheme}")
    page.close()
    assert not wrong, "\n".join(wrong)
