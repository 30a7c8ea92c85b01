"""Options: each is one field, which every method, `help` and `gt.defaults` know."""

import inspect
import io
import math
import re
from dataclasses import fields
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import OptionError, clean
from graphtrace.figure.options import Content, ContentChoices
from graphtrace.render.options import Choices, Options

NAMES = [one.name for one in fields(Options)]


def lecture():
    return gt.trace(lambda a, b, c: 3 * (a + b * c), a=5.0, b=3.0, c=2.0)


def drawn(graph, **options):
    text = io.StringIO()
    graph.render(text, format="svg", **options)
    return text.getvalue()


@pytest.mark.parametrize(("kind", "choices"), [(Content, ContentChoices), (Options, Choices)])
def test_a_type_checker_knows_the_options_that_there_are(kind, choices):
    assert get_type_hints(choices) == get_type_hints(kind)


@pytest.mark.parametrize("method", ["render", "figure", "frames", "quiz"])
def test_help_lists_each_option_with_its_meaning(method):
    documented = getattr(gt.Graph, method)
    assert set(NAMES) <= set(inspect.signature(documented).parameters)
    for name in NAMES:
        assert f"    {name}: " in inspect.getdoc(documented)


@pytest.mark.parametrize(
    "call",
    [
        lambda g, **how: g.render(io.StringIO(), format="svg", **how),
        lambda g, **how: g.figure(**how),
        lambda g, **how: g.frames(**how),
        lambda g, **how: g.quiz(**how),
        lambda g, **how: g.to_dot(**how),
        lambda _, **how: gt.defaults(**how),
    ],
    ids=["render", "figure", "frames", "quiz", "to_dot", "defaults"],
)
def test_a_misspelt_option_is_told_with_the_nearest(call):
    graph = lecture()
    graph.backward()
    with pytest.raises(OptionError, match=r"no option widht: did you mean width\?"):
        call(graph, widht=400)
    with pytest.raises(OptionError, match=r"digits=0 "):
        call(graph, digits=0)


@pytest.mark.parametrize(
    "options", [{"scheme": "dark"}, {"theme": "print"}, {"digits": 2}, {"derivatives": "none"}]
)
def test_defaults_hold_for_later_figures_until_their_block_ends(options):
    graph = lecture()
    plain, chosen = drawn(graph), drawn(graph, **options)
    with gt.defaults(gradients=False, **options) as in_force:
        assert {name: in_force[name] for name in options} == options
        assert list(in_force) == NAMES
        assert drawn(graph) == chosen
        shown = {"scheme": "page", **options}
        assert graph._repr_svg_() == drawn(graph, **shown)
        with gt.defaults(direction="TB"):
            assert drawn(graph) == drawn(graph, direction="TB", **options) != chosen
        assert drawn(graph) == chosen
    assert drawn(graph) == plain


def test_what_is_chosen_for_a_figure_goes_before_the_defaults():
    with gt.defaults(theme="print", digits=2):
        assert drawn(lecture(), theme="lecture") == drawn(lecture(), theme="lecture", digits=2)


VALUES = [3, -1.5, math.nan, True, None, "nonsense", b"J", 1j, [3], {"a": 1}, {3}, ("a", [])]
VALUES += [object(), len, np.zeros(3), np.int64(3), np.True_]


def is_of(value, kind):
    """Whether an option of this type may have the value."""
    if get_origin(kind) in (Union, UnionType):
        return any(is_of(value, one) for one in get_args(kind))
    if isinstance(value, np.generic):
        value = value.item()
    return type(value) is kind or (kind is float and type(value) is int)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_another_type_is_refused_in_one_sentence(name, value):
    if is_of(value, get_type_hints(Options)[name]):
        pytest.skip("it is of this type")
    with pytest.raises(OptionError) as refused:
        lecture().to_svg(**{name: value})
    sentence = str(refused.value)
    plain = value.item() if isinstance(value, np.generic) else value
    assert clean(repr(plain))[:40] in sentence
    assert re.match(rf"{name}=|there is no {name} |.* has no node ", sentence)
    assert re.search(r": (use|write|give|put) ", sentence)
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [("depth", np.int64(0)), ("font_size", np.float32(18)), ("values", np.False_)],
)
def test_numbers_of_numpy_are_as_those_of_python(name, value):
    assert drawn(lecture(), **{name: value}) == drawn(lecture(), **{name: value.item()})


def test_defaults_that_are_wrong_change_nothing():
    plain = drawn(lecture())
    with pytest.raises(OptionError):
        gt.defaults(digits=3, scheme="blue")
    assert drawn(lecture()) == plain


def test_a_font_too_small_for_other_text_is_told_as_it_was_given():
    with pytest.raises(OptionError, match=r"^font_size=1 is too small"):
        lecture().to_svg(font_size=1)


def test_figures_frames_and_quizzes_keep_their_look():
    graph = lecture()
    graph.backward()
    look = {"theme": "blackboard", "width": 360, "scheme": "dark"}
    assert graph.figure(**look).to_svg() == drawn(graph, **look) != drawn(graph)
    paper = Options(**look).style().light.paper
    for picture in [*graph.frames(**look), graph.quiz(**look).question]:
        assert paper in picture.to_svg()


def test_an_alternative_text_of_ones_own_is_all_that_a_reader_hears():
    svg = drawn(lecture(), alt="How J <moves> with a", id_prefix="one")
    assert '<title id="one-title">How J &lt;moves&gt; with a</title>' in svg
    assert 'aria-labelledby="one-title"' in svg
    assert "one-desc" not in svg
    html = lecture().to_html(alt="How J moves with a")
    assert ">How J moves with a</title>" in html


def test_two_figures_with_texts_of_their_own_share_no_id():
    one, two = (set(re.findall(r' id="([^"]+)"', drawn(lecture(), alt=alt))) for alt in "ab")
    assert one
    assert not one & two
