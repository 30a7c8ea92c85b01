"""A Sphinx-Gallery with figures, built from nothing: in HTML and in LaTeX."""

import re

import pytest
from places.sites import TITLE, Figures, built, write

pytest.importorskip(
    "sphinx_gallery", reason="Sphinx-Gallery is not installed: pip install 'graphtrace[places]'"
)

CONF = """\
extensions = ["sphinx_gallery.gen_gallery"]
project = "gallery"
exclude_patterns = ["examples", "_build"]
sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["auto"],
    "image_scrapers": ["graphtrace.sphinx_gallery.scraper"],
    "reset_modules": [],
}
"""

EXAMPLE = '''\
"""
Lecture
=======

The lecture's function.
"""

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


graph = same = gt.trace(J, a=5, b=3, c=2)

# %%
# A block without a figure, though it uses the graph.

print(graph.value)

# %%
# A figure at the end of a block, and one under a name.

step = graph.figure(step="dJ/dv")
gt.trace(lambda x: x * x, 3.0)
'''


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    write(
        folder,
        {
            "conf.py": CONF,
            "index.rst": "Index\n=====\n\n.. toctree::\n\n   auto/index\n",
            "examples/GALLERY_HEADER.rst": "Examples\n========\n",
            "examples/plot_lecture.py": EXAMPLE,
        },
    )
    built(folder, "sphinx", "-W", "-b", "html", ".", "_build/html")
    return folder


def test_each_figure_is_shown_once_where_it_is_made_with_its_alternative_text(gallery):
    page = Figures(gallery / "_build" / "html" / "auto" / "plot_lecture.html")
    texts = [image["alt"] for image in page.images if "sphx_glr_plot" in image["src"]]
    lecture, step, last = [text for text in texts if text.startswith("Computational graph")]
    assert lecture.startswith(TITLE)
    assert "dJ/db = 6" in lecture
    assert "Beneath it" in step
    assert last.startswith("Computational graph of f(x)")


def test_the_thumbnail_is_the_first_figure(gallery):
    thumbnail = gallery / "auto" / "images" / "thumb" / "sphx_glr_plot_lecture_thumb.svg"
    assert "<svg" in thumbnail.read_text(encoding="utf-8")


def test_latex_gets_a_pdf_of_each(gallery):
    pytest.importorskip("typst")
    built(gallery, "sphinx", "-W", "-b", "latex", ".", "_build/latex")
    text = (gallery / "_build" / "latex" / "gallery.tex").read_text(encoding="utf-8")
    images = re.findall(r"\\sphinxincludegraphics(?:\[[^]]*\])?\{\{(sphx_glr_\w+)\}\.pdf\}", text)
    assert len(images) == 3
    for name in images:
        assert (gallery / "_build" / "latex" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
