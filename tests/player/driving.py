"""How a reader reads a player that is open in a browser."""

import re


def attributes(page, name, root=".graphtrace-player"):
    """By node, what an attribute of the boxes says."""
    return page.eval_on_selector_all(
        f"{root} [data-node]",
        "(boxes, name) => Object.fromEntries(boxes.filter(b => b.hasAttribute(name))"
        ".map(b => [b.dataset.node, b.getAttribute(name)]))",
        name,
    )


def values(page, root=".graphtrace-player"):
    return {key: float(x) for key, x in attributes(page, "data-value", root).items()}


def grads(page, root=".graphtrace-player"):
    return {key: float(x) for key, x in attributes(page, "data-grad", root).items()}


def step(page, root=".graphtrace-player"):
    return int(page.locator(root).first.get_attribute("data-step"))


def caption(page):
    """The caption without its count, on one line."""
    text = page.locator("[data-role=caption]").inner_text()
    return " ".join(text.partition("\n")[2].split())


def shown(page):
    """All text of the picture that is to be seen, without spaces."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.graphtrace-player svg [data-line]')]
        .filter(g => getComputedStyle(g).visibility === 'visible')
        .map(g => g.textContent.replace(/[\\u200b\\s]/g, ''))"""
    )


def numbers_of(text):
    return re.findall(r"[−-]?\d[\d.]*", text)


def change(page, name, number):
    page.locator(f'[data-input="{name}"]').fill(repr(number))


def until(page, condition):
    """Wait for an expression to hold; Playwright's own way is what a page's policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not in ten seconds: {condition}")
