"""A name in graphtrace/ says what it holds."""

import io
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "graphtrace"

EMPTY = {"said", "found", "told"}
"""Nothing but that somebody said, found or told it."""


def empty_names(text: str) -> list[tuple[int, str]]:
    """The lines and the identifiers that are an empty word, whatever underscores and capitals."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [
        (token.start[0], token.string)
        for token in tokens
        if token.type == tokenize.NAME
        and token.string.strip("_").lower().removeprefix("is_") in EMPTY
    ]


@pytest.mark.parametrize(
    "text",
    ["said = 1", "f(told=2)", "line.said", "def _told(): 0", "_SAID = {}", "is_told(x)", "Said"],
)
def test_an_empty_name_is_seen_wherever_it_stands(text):
    assert empty_names(text)


def test_prose_and_longer_names_are_free():
    assert not empty_names('"""What was told."""  # as said\nuntold, foundation = 1, 2')


def test_no_name_says_only_that_it_was_said_found_or_told():
    for path in sorted(PACKAGE.rglob("*.py")):
        for line, name in empty_names(path.read_text(encoding="utf-8")):
            pytest.fail(f"{path.relative_to(PACKAGE.parent)}:{line} has a name {name!r}")
