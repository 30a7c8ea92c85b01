"""A notebook with figures, by nbconvert to Markdown, HTML and LaTeX: nothing but pip is needed."""

import base64
import html
import json
import re
from xml.etree import ElementTree as ET

import pytest
from places.sites import TITLE, built

nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed: make test-places")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: make test-places")

CELLS = [
    "import graphtrace as gt",
    "%load_ext graphtrace",
    "def J(a, b, c):\n    u = b * c\n    v = a + u\n    return 3 * v\ngt.trace(J, a=5, b=3, c=2)",
    "%%graphtrace a=5 b=3 c=2\nu = b * c\nv = a + u\nK = 3 * v",
    "_.wengert()",
    "gt.trace(J, a=5, b=3, c=2).explain('a')",
    "gt.trace(J, a=5, b=3, c=2).quiz('values')",
]
TITLES = [TITLE, TITLE.replace("J(", "K(")]
DESCRIPTION = "u = bc, value 6"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A notebook that was run, and what nbconvert made of it."""
    folder = tmp_path_factory.mktemp("notebook")
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": []}
        | {"execution_count": None}
        for i, source in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "nbformat": 4, "nbformat_minor": 5}
    notebook["metadata"] = {"kernelspec": kernel}
    (folder / "J.ipynb").write_text(json.dumps(notebook))
    built(folder, "nbconvert", "--to", "notebook", "--execute", "--inplace", "J.ipynb")
    for format, suffix in (("markdown", "md"), ("html", "html"), ("latex", "tex")):
        exporter = nbconvert.get_exporter(format)()
        names = {"unique_key": "J", "output_files_dir": "J_files"}
        text, resources = exporter.from_filename(str(folder / "J.ipynb"), names)
        (folder / f"J.{suffix}").write_text(text)
        (folder / "J_files").mkdir(exist_ok=True)
        for name, content in (resources["outputs"] or {}).items():
            (folder / name).write_bytes(content)
    return folder


def outputs(folder):
    notebook = json.loads((folder / "J.ipynb").read_text())
    return [one["data"] for cell in notebook["cells"] for one in cell["outputs"] if "data" in one]


def test_the_notebook_holds_figures_as_svg_and_pdf_and_no_latex_of_them(folder):
    figures = [data for data in outputs(folder) if "image/svg+xml" in data]
    assert len(figures) == 3
    for data in figures:
        assert set(data) == {"image/svg+xml", "application/pdf", "text/plain"}
        assert base64.b64decode(data["application/pdf"]).startswith(b"%PDF-")


def described(svg):
    """The title of a figure, which has a description, too."""
    root = ET.fromstring(svg)
    title, description = (root.find(f"{{*}}{name}") for name in ("title", "desc"))
    assert DESCRIPTION in description.text
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    return title.text


def test_markdown_has_the_figures_as_files_that_describe_themselves(folder):
    text = (folder / "J.md").read_text()
    files = re.findall(r"!\[svg\]\((.*?)\)", text)
    assert [described((folder / name).read_text()) for name in files[:2]] == TITLES
    assert '<table class="graphtrace">' in text


def test_html_has_the_figures_as_images_that_describe_themselves(folder):
    text = (folder / "J.html").read_text()
    data = re.findall(r'<img[^>]*src="data:image/svg\+xml;base64,([^"]+)"', text)
    assert [described(base64.b64decode(html.unescape(one))) for one in data[:2]] == TITLES
    assert '<table class="graphtrace">' in text


def test_latex_has_the_figures_as_pdf_with_their_title_and_the_table_as_latex(folder):
    text = (folder / "J.tex").read_text()
    files = re.findall(r"\\adjustimage\{[^{}]*\{[^{}]*\}\{[^{}]*\}\}\{(.*?)\}", text)
    assert len(files) == 2 + 2
    for name, title in zip(files, [*TITLES, TITLE, TITLE], strict=True):
        content = (folder / name).read_bytes()
        assert content.startswith(b"%PDF-")
        assert title.encode() in content or title.encode("utf-16-be") in content
    assert r"\begin{tabular}" in text
    assert r"\begin{align*}" in text
    assert "<svg" not in text


@pytest.mark.parametrize("suffix", ["md", "html", "tex"])
def test_a_quiz_has_its_figure_its_questions_and_its_solution_in_this_order(folder, suffix):
    _, cell, shown = (folder / f"J.{suffix}").read_text().rpartition("quiz")
    assert cell
    asked, solution, solved = shown.partition("Solution")
    assert solution
    figure = r"\\adjustimage" if suffix == "tex" else r"!\[svg\]|<img |<svg "
    for half in (asked, solved):
        assert re.search(figure, half)
    answers = r"\\item|<li>"
    assert len(re.findall(answers, asked)) == 3
    assert "<details>" in asked or suffix == "tex"
    assert not re.search("J(</i>)? = 33", asked)
    assert re.search("J(</i>)? = 33", solved) or suffix == "tex"
