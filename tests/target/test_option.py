"""Options of a figure as they are typed in a document, and what is refused."""

from dataclasses import fields

import pytest

import graphtrace as gt
from graphtrace.render.options import Options
from graphtrace.target.option import option


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("width", "360", 360.0),
        ("width", "none", None),
        ("digits", "3", 3),
        ("font-size", "18", 18.0),
        ("Theme", "print", "print"),
        ("scopes", "", True),
        ("scopes", "scopes", True),
        ("scopes", "no", False),
        ("direction", "tb", "TB"),
        ("path", "a, J", ("a", "J")),
        ("path", "W[0, 1],J", ("W[0, 1]", "J")),
        ("unfold", "layer_2", ("layer_2",)),
        ("nudge", "a=0.001", ("a", 0.001)),
        ("step", "dJ/dv", "dJ/dv"),
        ("font", "Georgia, serif", "Georgia, serif"),
    ],
)
def test_an_option_has_the_type_that_the_library_takes(name, text, value):
    key, read = option(name, text)
    assert (key, read) == (name.lower().replace("-", "_"), value)
    assert type(read) is type(value)


def test_a_flag_is_taken_back_by_no():
    assert option("no-gradients", "") == option("gradients", "false") == ("gradients", False)


@pytest.mark.parametrize("name", [one.name for one in fields(Options)])
def test_every_option_of_render_has_a_text(name):
    """A new option is read without a line here."""
    default = getattr(Options(), name)
    text = ",".join(default) if isinstance(default, tuple) else str(default).lower()
    if default not in (None, ()):
        assert option(name, text) == (name, default)
    elif default is None:
        assert option(name, "none") == (name, None)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("widht", "360", "there is no option widht: did you mean width?"),
        ("no-width", "", "there is no option no-width"),
        ("width", "wide", "width='wide' is no number"),
        ("digits", "2.5", "digits='2.5' is no whole number"),
        ("scopes", "maybe", "scopes='maybe' is neither true nor false"),
        ("nudge", "a", "nudge='a' is no nudge: write it as a=0.001"),
    ],
)
def test_what_is_no_option_is_refused_in_a_sentence(name, text, why):
    with pytest.raises(gt.GraphtraceError, match=why.replace("?", r"\?")):
        option(name, text)
