"""A page of MyST, which runs its cells, with figures: in HTML and in LaTeX."""

import re

import pytest
from places.sites import TITLE, Figures, built, write

pytest.importorskip("myst_nb", reason="myst-nb is not installed: pip install 'graphtrace[places]'")

PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# Lecture

```{graphtrace} u = b*c; v = a + u; J = 3*v
:at: a=5 b=3 c=2
:caption: The graph of *J*
```

```{graphtrace}
:at: x=0.0

def f(x):
    return 1 / int(x)
```

```{code-cell} python
---
mystnb:
  image:
    alt: The graph of J(a, b, c)
---
import graphtrace as gt

def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v

gt.trace(J, a=5, b=3, c=2)
```
"""

CONF = """\
extensions = ["myst_nb", "graphtrace.sphinx"]
project = "lecture"
suppress_warnings = ["graphtrace"]
exclude_patterns = ["_build"]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = write(tmp_path_factory.mktemp("myst"), {"conf.py": CONF, "index.md": PAGE})
    built(folder, "sphinx", "-W", "-b", "html", ".", "_build/html", "-d", "_build/trees")
    return folder


def test_a_directive_and_a_cell_are_shown_with_their_alternative_texts(project):
    page = Figures(project / "_build" / "html" / "index.html")
    directive = page.svgs[0]
    assert directive["title"] == "Computational graph of J(a, b, c)"
    assert "dJ/db = 6" in directive["desc"]
    text = (project / "_build" / "html" / "index.html").read_text(encoding="utf-8")
    assert "The graph of <em>J</em>" in text
    (image,) = page.images
    assert image["alt"] == "The graph of J(a, b, c)"
    svg = (project / "_build" / "html" / image["src"]).read_text(encoding="utf-8")
    assert f">{TITLE}</title>" in svg


def test_latex_gets_a_pdf_of_both(project):
    pytest.importorskip("typst")
    built(project, "sphinx", "-W", "-b", "latex", ".", "_build/latex", "-d", "_build/trees")
    text = (project / "_build" / "latex" / "lecture.tex").read_text(encoding="utf-8")
    images = re.findall(r"\\sphinxincludegraphics(?:\[[^]]*\])?\{\{([^}]*)\}\.pdf\}", text)
    assert len(images) == 2
    for name in images:
        assert (project / "_build" / "latex" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_wrong_names_the_line_of_the_page(tmp_path):
    conf = CONF.replace('"graphtrace"]\n', '"other"]\n')
    write(tmp_path, {"conf.py": conf, "index.md": PAGE.partition("```{code-cell}")[0]})
    (line,) = [
        one
        for one in built(tmp_path, "sphinx", "-b", "html", ".", "_build/html").splitlines()
        if "graphtrace: " in one
    ]
    assert "index.md:14: WARNING: graphtrace: " in line
    assert "in f(), index.md line 18" in line
