"""Formulas typeset as in a book, and as LaTeX."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from reading import texts
from render.drawn import CORPUS, NASTY, SVG, groups, lecture, nasty_graph, traced, with_arrays

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.build import figure
from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Contribution, Definition, Partial, Value
from graphtrace.formula.read import term_of
from graphtrace.formula.symbol import Symbol
from graphtrace.render import THEMES, to_svg
from graphtrace.render.paint.themes import find
from graphtrace.render.typeset.math_outline import outline
from graphtrace.render.typeset.typesetting import typeset
from graphtrace.render.typeset.wording import Wording, tex

ROOT = Path(gt.__file__).parents[1]


def formulas(svg):
    return [g.get("aria-label") for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("aria-label")]


@pytest.fixture(name="_ziamath")
def ziamath_is_there():
    pytest.importorskip("ziamath")


@pytest.mark.usefixtures("_ziamath")
def test_mathematics_is_drawn_as_outlines_that_say_what_they_are():
    svg = to_svg(lecture(backward=True), math=True)
    assert texts(svg) == []
    assert {"u = bc", "∂u/∂b = c = 2", "dJ/da = 3", "33"} <= set(formulas(svg))


@pytest.mark.usefixtures("_ziamath")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_mathematics_fits_its_boxes(f, args, theme):
    drawn = in_form(figure(traced(f, args, True)), find(theme).form)
    for cell in typeset(drawn, replace(find(theme), math=True)).cells:
        for line, x, y in cell.places:
            assert abs(x) + line.width / 2 <= cell.width / 2
            assert abs(y) + line.height / 2 <= cell.height / 2 + 1


@pytest.mark.usefixtures("_ziamath")
def test_mathematics_is_the_same_in_every_run():
    code = (
        "import sys; from graphtrace.render.typeset.math_outline import outline\n"
        r"sys.stdout.write(repr(outline(r'\frac{\partial J}{\partial v} = \hat{x}_{1}')))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        ).stdout
        for seed in ("0", "1")
    }
    assert said == {repr(outline(r"\frac{\partial J}{\partial v} = \hat{x}_{1}"))}


@pytest.mark.usefixtures("_ziamath")
def test_the_mode_of_ziamath_is_left_as_it_was():
    from ziamath.config import config

    before = config.svg2
    outline("q + 17")
    assert config.svg2 is before


@pytest.mark.usefixtures("_ziamath")
@example("\\frac")
@example("a}b{")
@example("名")
@given(NASTY)
def test_any_name_is_drawn_with_mathematics_too(key):
    svg = to_svg(nasty_graph(key, "u", "f"), math=True)
    assert len(groups(svg, "node")) == len({key, "u"})


@pytest.mark.usefixtures("_ziamath")
def test_a_large_figure_is_set_as_text():
    def f(x):
        for _ in range(60):
            x = x * 2
            x = x + 1
        return x

    assert formulas(to_svg(gt.trace(f, 1.0), limit=200, math=True)) == []


def test_without_ziamath_mathematics_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ziamath.zmath", None)
    outline.cache_clear()
    with pytest.raises(RenderError, match=r"pip install 'graphtrace\[math\]'"):
        to_svg(lecture(), math=True)


@pytest.mark.parametrize(
    ("part", "latex"),
    [
        (Partial("u", "b", "c", 2.0), r"\frac{\partial u}{\partial b} = c = 2"),
        (Partial("J", "W1", None, -3.0, total=True), r"\frac{\mathrm{d}J}{\mathrm{d}W_{1}} = {-}3"),
        (Contribution("J", "v", "x", 3.0, -2.0), r"3 \cdot  ({-}2) = {-}6"),
        (Value(1.2e-5), r"1.2\times 10^{{-}5}"),
        (Definition("h", Symbol.of(with_arrays(term_of("Y*h")))), r"h = Y \odot h"),
        (Definition("a}b", None), r"\mathrm{a}\}\mathrm{b}"),
        (Value(np.arange(12.0).reshape(3, 4)), r"3\times 4, 0 \ \ldots\  11"),
    ],
)
def test_a_part_as_latex(part, latex):
    assert tex(part, Wording()) == latex
