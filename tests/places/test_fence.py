"""A MkDocs and a Zensical site with figures, built from nothing; and Python-Markdown alone."""

import math
import re

import pytest
from places.sites import LECTURE, SCALE, TITLE, Figures, run, write

pytest.importorskip(
    "pymdownx", reason="pymdownx is not installed: pip install 'graphtrace[places]'"
)

SETTINGS = """\
site_name: lecture
plugins: []
markdown_extensions:
  - attr_list
  - pymdownx.superfences:
      custom_fences:
        - name: graphtrace
          class: graphtrace
          format: !!python/name:graphtrace.fence.format
          validator: !!python/name:graphtrace.fence.validator
"""

INDEX = """\
# Lecture

```graphtrace at="a=5 b=3 c=2" caption="The graph of <J>" width="360"
J.py:J
```

- in a list

    ```graphtrace at="a=5 b=3 c=2" alt="J & its <parts>"
    u = b*c; v = a + u; J = 3*v
    ```

```graphtrace at="a=5 b=3 c=2" alt="J & its <parts>"
u = b*c; v = a + u; J = 3*v
```

``` { .graphtrace #own at="x=0.5" theme="print" no_gradients="" }
import numpy as np

def f(x):
    return np.tanh(x) * x
```
"""

MORE = """\
# More

```graphtrace at="a=1 b=2 c=3" play
/J.py:J
```
"""

PAGES = {"docs/index.md": INDEX, "docs/more/page.md": MORE}
FILES = {"docs/J.py": LECTURE, "docs/scale.py": SCALE}

WRONG = {
    "docs/one.md": ('```graphtrace at="a=1"\nJ.py:J\n```', "J needs a value for b, c"),
    "docs/two.md": ('```graphtrace at="a=1" widht="3"\nJ = a\n```', "did you mean width?"),
    "docs/deep/three.md": ("```graphtrace\ndef f(x):\n    return x\n1/0\n```", "block line 3"),
}


def build(program, folder, *args):
    if program == "mkdocs":
        args = ("--quiet", *args) if "--strict" not in args else args
    return run(folder, program, "build", *args)


@pytest.fixture(scope="module", params=["mkdocs", "zensical"])
def site(request, tmp_path_factory):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    folder = write(
        tmp_path_factory.mktemp(request.param), {"mkdocs.yml": SETTINGS, **PAGES, **FILES}
    )
    done = build(request.param, folder, "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_a_page_holds_the_figures_with_their_alternative_texts(site):
    page = Figures(site / "index.html")
    lecture, listed, again, python = page.svgs
    assert lecture["title"] == TITLE
    assert "value 33" in lecture["desc"]
    assert "dJ/db = 6" in lecture["desc"]
    assert listed["title"] == again["title"] == "J & its <parts>"
    assert python["title"] == "Computational graph of f(x)"
    assert "df/dx" not in python["desc"]
    assert "own" in page.ids


def test_no_id_comes_twice(site):
    ids = Figures(site / "index.html").ids
    ours = [one for one in ids if one.startswith(("J-", "graphtrace-", "f-"))]
    assert ours
    assert len(ours) == len(set(ours))


def test_a_caption_stands_beneath_and_is_text(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert "<figcaption>The graph of &lt;J&gt;</figcaption></figure>" in text


def test_a_path_with_a_slash_begins_in_the_folder_of_all_pages_and_a_player_plays(site):
    text = (site / "more" / "page" / "index.html").read_text(encoding="utf-8")
    assert text.count('class="graphtrace-player"') == 1
    assert Figures(site / "more" / "page" / "index.html").svgs[0]["title"] == TITLE


@pytest.mark.parametrize("program", ["mkdocs", "zensical"])
def test_what_is_wrong_names_the_page_and_stands_on_it(program, tmp_path):
    pytest.importorskip(program, reason=f"{program} is not installed")
    pages = {name: text for name, (text, _) in WRONG.items()}
    write(
        tmp_path,
        {
            "mkdocs.yml": SETTINGS,
            "docs/index.md": "# A\n",
            **pages,
            "docs/J.py": "def J(a, b, c): 0\n",
        },
    )
    done = run(tmp_path, program, "build")
    assert done.returncode == 0
    printed = done.stdout + done.stderr
    for name, (_, why) in WRONG.items():
        page = name.removeprefix("docs/")
        (line,) = [line for line in printed.splitlines() if f"{page}: graphtrace: " in line]
        assert why in line
        html = tmp_path / "site" / page.removesuffix(".md") / "index.html"
        assert why in html.read_text(encoding="utf-8")
    write(tmp_path, {"mkdocs.yml": SETTINGS + "strict: true\n"})
    assert run(tmp_path, program, "build").returncode != 0


def markdown(text):
    from markdown import Markdown

    import graphtrace.fence as fence

    custom = {
        "name": "graphtrace",
        "class": "graphtrace",
        "format": fence.format,
        "validator": fence.validator,
    }
    return Markdown(
        extensions=["pymdownx.superfences"],
        extension_configs={"pymdownx.superfences": {"custom_fences": [custom]}},
    ).convert(text)


def test_python_markdown_alone_draws_and_raises_what_is_wrong(tmp_path, monkeypatch):
    from pymdownx.superfences import SuperFencesException

    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"J.py": "def J(a): return 3 * a\n"})
    assert "<svg" in markdown('```graphtrace at="a=5"\nJ.py:J\n```')
    with pytest.raises(SuperFencesException, match="there is nothing to draw"):
        markdown("```graphtrace\n```")


def test_a_narrow_drawing_is_told_when_to_stand_in_the_place_of_the_wide_one():
    html = markdown('```graphtrace at="a=5 b=3 c=2" narrow="328"\nu = b*c\nv = a + u\nJ = 3*v\n```')
    wide, narrow = map(float, re.findall(r'<svg[^>]* width="([\d.]+)"', html))
    assert narrow <= 328 < wide
    assert f"(max-width:{math.ceil(wide) - 1}px)" in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_player_has_one_width_and_the_scheme_of_its_page():
    from pymdownx.superfences import SuperFencesException

    html = markdown('```graphtrace at="a=5" play\nJ = 3*a\n```')
    assert "light-dark(" in html
    assert "prefers-color-scheme" not in html
    with pytest.raises(SuperFencesException, match="leave narrow out"):
        markdown('```graphtrace at="a=5" play narrow="328"\nJ = 3*a\n```')


def test_an_expression_runs_no_code(tmp_path, monkeypatch):
    from pymdownx.superfences import SuperFencesException

    monkeypatch.chdir(tmp_path)
    for text in ("J = open('out', 'w')", "u = open('out', 'w')\nJ = u"):
        with pytest.raises(SuperFencesException, match="open"):
            markdown(f"```graphtrace\n{text}\n```")
    assert not list(tmp_path.iterdir())
