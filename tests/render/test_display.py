"""What a notebook is given of a figure, a table and a derivation."""

import re
from dataclasses import replace

import pytest

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.lesson.sheet import Sheet
from graphtrace.render import LECTURE
from graphtrace.render.display import PDF, SVG, TEXT
from graphtrace.render.formats import pdf


def lecture():
    def J(a, b, c):
        u = b * c
        v = a + u
        return 3 * v

    return gt.trace(J, a=5, b=3, c=2)


SHEET = {"text/html", "text/markdown", "text/latex"}
FIGURES = {
    "graph": lecture,
    "figure": lambda: lecture().figure(step="dJ/dv"),
    "frame": lambda: lecture().frames()[2],
    "quiz": lambda: lecture().quiz("values"),
    "plot": lambda: gt.figures.slope(lambda a: 3 * a, 2.0),
    "network": lambda: gt.figures.network([2, 1]),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_svg_pdf_and_text_and_never_latex_and_a_quiz_a_sheet_too(make):
    shown = make()
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {SVG, PDF, TEXT} | (SHEET if isinstance(shown, Sheet) else set())
    assert bundle[SVG].startswith("<svg ")
    assert bundle[PDF].startswith(b"%PDF-")
    assert bundle[TEXT] == (str(shown) if isinstance(shown, Sheet) else repr(shown))


def test_what_nobody_asks_for_is_not_made(monkeypatch):
    def refused(*_):
        raise AssertionError("it was made")

    monkeypatch.setattr(pdf, "convert", refused)
    graph = lecture()
    assert set(graph._repr_mimebundle_(exclude={PDF})) == {SVG, TEXT}
    assert set(graph._repr_mimebundle_(include=[SVG])) == {SVG}
    with gt.defaults(pdf=False):
        assert set(graph._repr_mimebundle_()) == {SVG, TEXT}
    monkeypatch.setattr(type(graph), "_differentiated", lambda graph: graph)
    monkeypatch.setattr("graphtrace.render.formats.svg.draw", refused)
    assert graph._repr_mimebundle_(include=[TEXT]) == {TEXT: repr(graph)}


def test_without_the_extra_and_where_it_fails_there_is_no_pdf(monkeypatch):
    def failed(*_):
        raise RenderError("typst could not write the PDF")

    monkeypatch.setattr(pdf, "convert", failed)
    assert set(lecture()._repr_mimebundle_()) == {SVG, TEXT}
    monkeypatch.undo()
    monkeypatch.setattr(pdf, "is_installed", lambda: False)
    assert set(lecture()._repr_mimebundle_()) == {SVG, TEXT}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_a_figure_on_a_page_follows_the_page_and_not_the_reader(make):
    shown = make()._repr_mimebundle_([SVG])[SVG]
    assert "prefers-color-scheme" not in shown
    ink, light, dark = re.search(r"var\(--gt-(ink),light-dark\((.{7}),(.{7})\)\)", shown).groups()
    assert (light, dark) == (LECTURE.light.ink, LECTURE.dark.ink)
    assert shown.count(f"gt-f-{ink}") > 1


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_a_chosen_scheme_holds_in_a_notebook(make):
    with gt.defaults(scheme="auto"):
        assert "@media (prefers-color-scheme:dark)" in make()._repr_svg_()
    with gt.defaults(scheme="dark"):
        shown = make()._repr_svg_()
        assert LECTURE.dark.paper in shown
        assert "var(" not in shown


def test_a_figure_keeps_the_scheme_that_it_was_made_with():
    assert "prefers-color-scheme" in lecture().figure(scheme="auto")._repr_svg_()
    assert LECTURE.dark.paper in lecture().figure(scheme="dark")._repr_mimebundle_()[SVG]


def test_a_theme_without_a_dark_palette_has_nothing_to_follow():
    with gt.defaults(theme=replace(LECTURE, dark=None)):
        assert "light-dark(" not in lecture()._repr_svg_()


@pytest.mark.parametrize(
    "make",
    [
        lambda: lecture().wengert(),
        lambda: lecture().nudge("a", 0.1),
        lambda: lecture().explain("a"),
    ],
    ids=["wengert", "nudge", "explain"],
)
def test_a_table_and_a_derivation_are_html_markdown_latex_and_text(make):
    shown = make()
    assert shown._repr_mimebundle_() == {
        "text/html": shown.to_html(),
        "text/markdown": shown.to_markdown(),
        "text/latex": shown.to_latex(),
        "text/plain": str(shown),
    }
