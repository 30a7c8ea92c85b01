"""The lecture's notebook, run and made Markdown as its author does it for Jekyll."""

import json
import re
import shutil
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from legibility import elements, problems
from places.sites import built

pytest.importorskip("nbconvert", reason="nbconvert is not installed: make test-places")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: make test-places")
pytest.importorskip("matplotlib", reason="matplotlib is not installed: make test-places")

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "lecture.ipynb"

# The title of each figure, in order: what a reader who does not see it is told.
TITLES = [
    "σ and ReLU, with their derivatives",
    "Network with layers of 3, 5, 5, 3 and 1 neurons",
    "Slope of f at a = 2: 3",
    "Slope of f at a = 1, 2 and 3: 2, 4 and 6",
    "Computational graph of J(a, b, c)",
    "Computational graph of J(a, b, c)",
    "Computational graph of J(a, b, c)",
    "Computational graph of J(a, b, c)",
    "Computational graph of J(a, b, c)",
    "Computational graph of J(a, b, c)",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lecture")
    shutil.copy(NOTEBOOK, folder)
    built(folder, "nbconvert", "--to", "markdown", "--execute", NOTEBOOK.name)
    return folder


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "lecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def figures(folder, text):
    names = re.findall(r"!\[svg\]\((.*?)\)", text)
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def test_the_notebook_is_kept_without_what_it_printed():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    assert NOTEBOOK.stat().st_size < 20_000


def test_every_figure_of_the_lecture_is_a_file_that_says_what_it_is(folder, figures):
    assert [ET.fromstring(svg).findtext("{*}title") for svg in figures] == TITLES
    assert len(list((folder / "lecture_files").glob("*.svg"))) == len(figures)


def test_every_figure_is_legible(figures):
    for svg in figures:
        assert list(problems(svg)) == []
        assert sum(element.is_text for element in elements(ET.fromstring(svg))) > 3


def test_the_network_is_whole(figures):
    circles = [e for e in elements(ET.fromstring(figures[1])) if e.tag == "circle"]
    assert len(circles) == 3 + 5 + 5 + 3 + 1


def test_the_numbers_of_the_lecture_stand_in_it(text):
    def J(a, b, c):
        return 3 * (a + b * c)

    plain = unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?i>", "", text)))
    at = {"a": 5, "b": 3, "c": 2}
    assert "J = 3v = 33" in plain
    assert J(**at) == 33
    assert "{'a': 3.0, 'b': 6.0, 'c': 9.0}" in plain
    for name, ways, slope in (
        ("a", "dJ/dv · dv/da = 3 · 1", 3),
        ("b", "dJ/dv · dv/du · du/db = 3 · 1 · 2", 6),
        ("c", "dJ/dv · dv/du · du/dc = 3 · 1 · 3", 9),
    ):
        nudged = J(**{**at, name: at[name] + 0.001})
        assert f"dJ/d{name} = {ways} = {slope}" in plain
        row = rf"J = 3v\s+33\s+{nudged:.3f}\s+0.00{slope}\s+{slope}\s+dJ/d{name} = {slope}\s"
        assert re.search(row, plain), name
    assert "33.003" in plain


def test_the_figures_show_the_numbers_of_the_lecture(figures):
    shown = [ET.fromstring(svg).findtext("{*}desc") for svg in figures]
    assert "J = 3v, value 33" in shown[4]
    assert "dJ/d" not in shown[4]
    assert "dJ/da = 3" in shown[5]
    assert "dJ/db = 6" in shown[5]
    assert "dJ/dc = 9" in shown[5]
    assert "33.003" in shown[9]
