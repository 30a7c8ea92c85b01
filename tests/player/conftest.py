"""A real Chromium, and pages in it that must say nothing on the console and ask for nothing."""

import os
import shutil
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
NODE_MODULES = Path(__file__).resolve().parents[2] / "build" / "node" / "node_modules"


@pytest.fixture(scope="module")
def node():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed: make test-browser installs it")
    return program


@pytest.fixture(scope="module")
def node_modules():
    if not NODE_MODULES.is_dir():
        pytest.skip("no packages of node in build/node: make test-browser installs them")
    return NODE_MODULES


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: make test-browser installs it"
    )
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: make test-browser installs it, as root")
    with playwright.sync_playwright() as running:
        # Chromium refuses its sandbox to root.
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = running.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path):
    """Opens a page or the text of one; what it says on the console or asks for fails the test."""
    contexts, said = [], []

    def opened(html, *, width=720, height=900, address="", quiet=True, **settings):
        context = chromium.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        if isinstance(html, Path):
            file = html
        else:
            file = tmp_path / f"{len(contexts)}.html"
            file.write_text(html, encoding="utf-8")
        page.on("pageerror", lambda error: said.append(f"error {error}"))
        if quiet:
            page.on("console", lambda message: said.append(f"console {message.text}"))
            page.on("request", lambda request: said.append(f"request {request.url}"))
        page.goto(file.as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [one for one in said if not one.startswith("request file://")] == []
