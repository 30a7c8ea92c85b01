"""A Sphinx project with figures, built from nothing: in HTML, in LaTeX, in parallel, again."""

import re

import pytest
from places.sites import LECTURE, SCALE, TITLE, Figures, built, run, runs, write

pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install 'graphtrace[places]'")

CONF = 'extensions = ["graphtrace.sphinx"]\nproject = "lecture"\nnumfig = True\n'

INDEX = """\
Lecture
=======

.. toctree::

   more/python

.. graphtrace:: J.py:J
   :at: a=5 b=3 c=2
   :caption: The graph of ``J``
   :name: fig-j

See :numref:`fig-j`.

.. graphtrace:: u = b*c; v = a + u; J = 3*v
   :at: a=5 b=3 c=2
   :alt: J & its <parts>

.. graphtrace:: u = b*c; v = a + u; J = 3*v
   :at: a=5 b=3 c=2
   :alt: J & its <parts>
"""

PYTHON = """\
Python
======

.. graphtrace::
   :at: x=0.5 w=@w.npy
   :theme: print
   :no-gradients:
   :font-size: 20

   import numpy as np

   def f(w, x):
       h = np.tanh(x)
       return h * w

.. graphtrace:: /J.py:J
   :at: a=1, b=2, c=3
   :play:

.. graphtrace::
   :at: a=1 b=2

   w = a * b
   K = w + a
"""


def sphinx(folder, builder, *args):
    return built(folder, "sphinx", "-W", "-j", "2", "-b", builder, ".", f"_{builder}", *args)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    import numpy as np

    folder = tmp_path_factory.mktemp("sphinx")
    pages = {"conf.py": CONF, "index.rst": INDEX, "more/python.rst": PYTHON}
    write(folder, {**pages, "J.py": LECTURE, "scale.py": SCALE})
    np.save(folder / "more" / "w.npy", np.float64(2.0))
    sphinx(folder, "html", "-d", "_trees")
    return folder


def test_a_page_holds_the_figure_with_its_alternative_text(project):
    page = Figures(project / "_html" / "index.html")
    lecture, expression, again = page.svgs
    assert lecture["title"] == TITLE
    assert "J = 3v, value 33" in lecture["desc"] or "value 33" in lecture["desc"]
    assert "dJ/db = 6" in lecture["desc"]
    assert expression["title"] == again["title"] == "J & its <parts>"
    assert not expression["desc"]
    assert set(lecture["named by"].split()) <= set(page.ids)


def test_no_id_comes_twice_even_where_a_figure_does(project):
    ids = Figures(project / "_html" / "index.html").ids
    assert len(ids) == len(set(ids))


def test_a_caption_is_numbered_and_referred_to(project):
    text = (project / "_html" / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<figure class="[^"]*" id="fig-j">\s*<div class="graphtrace-figure', text)
    assert re.search(r'class="caption-number">Fig. 1 </span>.*The graph of <code', text)
    assert re.search(r'href="#fig-j"><span class="std std-numref">Fig. 1</span>', text)


def test_python_in_a_page_and_paths_from_it_are_drawn_with_the_options(project):
    python, from_root, statements = Figures(project / "_html" / "more" / "python.html").svgs
    assert python["title"] == "Computational graph of f(w, x)"
    assert "w, value 2" in python["desc"]
    assert "df/dw" not in python["desc"]
    assert from_root["title"] == TITLE
    assert statements["title"] == "Computational graph of K(a, b)"
    text = (project / "_html" / "more" / "python.html").read_text(encoding="utf-8")
    assert "python.rst:14)" in text  # a tooltip says which line of the page


def test_a_player_is_one_in_a_page_and_a_figure_in_latex(project):
    text = (project / "_html" / "more" / "python.html").read_text(encoding="utf-8")
    assert text.count('class="graphtrace-player"') == 1
    assert text.count("data-steps=") == 1


def test_a_second_build_draws_nothing_again(project):
    before = runs(project)
    assert before
    assert "0 added, 0 changed" in sphinx(project, "html", "-d", "_trees")
    sphinx(project, "html", "-d", "_trees", "-E")
    assert runs(project) == before


def test_latex_gets_a_pdf_even_where_no_page_is_read_again(project):
    printed = sphinx(project, "latex", "-d", "_trees")
    assert "0 added, 0 changed" in printed
    text = (project / "_latex" / "lecture.tex").read_text(encoding="utf-8")
    images = re.findall(r"\\sphinxincludegraphics\[alt=\{(.*)\}\]\{\{(.*)\}\.pdf\}", text)
    assert [alt.partition(".")[0] for alt, _ in images].count(TITLE) == 2
    assert "J \\& its <parts>" in [alt for alt, _ in images]
    for _, name in images:
        assert (project / "_latex" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_where_there_are_no_pictures_the_figure_is_told(project):
    sphinx(project, "text", "-d", "_trees")
    text = " ".join((project / "_text" / "index.txt").read_text(encoding="utf-8").split())
    assert f"[{TITLE}. a, value 5." in text


def test_what_the_file_imports_is_drawn_again_when_it_changes(project):
    before = runs(project)
    write(project, {"scale.py": SCALE.replace("3 *", "7 *")})
    sphinx(project, "html", "-d", "_trees")
    assert runs(project) > before
    (lecture, *_) = Figures(project / "_html" / "index.html").svgs
    assert "value 77" in lecture["desc"]


WRONG = [
    (".. graphtrace:: no.py:J", "the file 'no.py' does not exist"),
    (".. graphtrace:: J.py:K", "'J.py' has no function 'K'"),
    (".. graphtrace:: J.py:J\n   :at: a=1", "J needs a value for b, c: add at b=... at c=..."),
    (".. graphtrace:: J = a\n   :at: a=1 b=2", "J has no parameter b: it has a"),
    (".. graphtrace:: J = a\n   :at: a=one", "a: 'one' is not a number"),
    (".. graphtrace:: J = 3*(a", "'(' was never closed"),
    (".. graphtrace:: J = __import__('os').getcwd()", "__import__"),
    (".. graphtrace:: J = a\n   :at: a=1\n   :widht: 3", "no option widht: did you mean width?"),
    (".. graphtrace:: J = a\n   :at: a=1\n   :width: 3", "width=3.0 is no column"),
    (".. graphtrace:: J = a\n   :at: a=1\n\n   K = a", "there is an argument and a body"),
    (".. graphtrace::", "there is nothing to draw"),
    (
        ".. graphtrace::\n\n   def f(x):\n       return x\n   1/0",
        "ZeroDivisionError in page11.rst line 10",
    ),
    (
        ".. graphtrace::\n   :at: x=0.0\n\n   def f(x):\n       return 1 / int(x)",
        "in f(), page12.rst line 10",
    ),
    (".. graphtrace::\n\n   x = [\n   y = 1", "SyntaxError in page13.rst line 8"),
    (".. graphtrace::\n\n   import os\n   x = 1", "the Python leaves nothing to draw"),
    (".. graphtrace:: exits.py:J", "SystemExit"),
    (
        ".. graphtrace::\n   :play:\n\n   import graphtrace as gt\n"
        "   figure = gt.trace(abs, -1.0).figure()",
        "a player is of a graph, and this is a figure: leave play out",
    ),
]


@pytest.fixture(scope="module")
def warnings(tmp_path_factory):
    """What a build says of pages that are wrong, by page."""
    folder = tmp_path_factory.mktemp("wrong")
    pages = {f"page{i}.rst": f":orphan:\n\nP\n=\n\n{text}\n" for i, (text, _) in enumerate(WRONG)}
    write(folder, {"conf.py": CONF, "index.rst": "Index\n=====\n", **pages})
    write(folder, {"J.py": "def J(a, b, c):\n    return a\n", "exits.py": "raise SystemExit\n"})
    done = run(folder, "sphinx", "-W", "--keep-going", "-j", "2", "-b", "html", ".", "_html")
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize("i", range(len(WRONG)))
def test_what_is_wrong_is_one_warning_with_file_and_line(warnings, i):
    told = [line for line in warnings.splitlines() if f"page{i}.rst:" in line]
    assert len(told) == 1, warnings
    assert re.search(rf"page{i}.rst:6: WARNING: graphtrace: ", told[0])
    assert WRONG[i][1] in told[0]


def test_nothing_else_is_wrong(warnings):
    assert warnings.count("WARNING: ") == len(WRONG), warnings
