"""The README and the pages in docs/: every block of code runs and prints what stands below it.

A `python` block with prompts is a doctest; one without is executed; the blocks of a page share
their names, from top to bottom. A `console` block's commands are run, and what follows each is
what it prints. An `sh` block installs things and a `py` block is a fragment: they are not run. A
`graphtrace` block is a figure of the site, and is drawn. The program of docs/pytorch.md runs where
PyTorch is, in tests/frameworks.
"""

import doctest
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

import graphtrace as gt
from graphtrace import fence

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(`{3,})([^\s`]*)([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
ATTRIBUTE = re.compile(r"""([\w-]+)(?:=(["'])(.*?)\2)?""")
TARGET = re.compile(r"\]\(([^)\s]+)\)|\bsrc(?:set)?=\"([^\"]+)\"")


BETWEEN_ROOMS = {
    "adjoint_seeds",
    "given_leaves",
    "graph",
    "tangent_seeds",
    "tangents",
    "wengert_list",
}
"""What other rooms ask a graph for, and nobody else."""


class SimpleMarkdown(SimpleNamespace):
    """What the fence needs of Python-Markdown: an object that can be hashed, as a figure's page."""

    __hash__ = object.__hash__


def blocks(page: Path, *languages: str) -> list[tuple[str, str, int]]:
    """The fenced blocks in these languages: language, text, line of the first line."""
    text = page.read_text(encoding="utf-8")
    return [
        (match[2], match[4], text.count("\n", 0, match.start()) + 2)
        for match in FENCE.finditer(text)
        if match[2] in languages
    ]


def run_python(page: Path) -> None:
    """Run the Python blocks of a page in the current folder, with one namespace for all."""
    namespace = {"__name__": page.stem}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for _, text, line in blocks(page, "python"):
        if ">>>" in text:
            test = doctest.DocTestParser().get_doctest(text, namespace, page.name, str(page), line)
            report: list[str] = []
            failed, _ = runner.run(test, out=report.append, clear_globs=False)
            namespace.update(test.globs)  # the doctest ran in a copy
            assert not failed, "".join(report)
        else:
            # Blank lines before it, so that a traceback names the line of the page.
            exec(compile("\n" * (line - 1) + text, str(page), "exec"), namespace)


def run_command(line: str) -> str:
    """What the command prints, with this interpreter in the place of `python` and `graphtrace`."""
    words = shlex.split(line)
    if words[0] == "graphtrace":
        words[:1] = [sys.executable, "-c", "from graphtrace.cli import main; main()"]
    elif words[0] == "python":
        words[0] = sys.executable
    else:
        pytest.fail(f"a console block may call graphtrace or python: {line}")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to write into, with the gallery where the README has it."""
    shutil.copytree(ROOT / "gallery", tmp_path / "gallery")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_blocks_run_and_print_what_they_say(page, elsewhere):
    run_python(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_console_blocks_print_what_they_say(page, elsewhere):
    for _, text, _ in blocks(page, "console"):
        for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = entry.replace("\\\n", " ").partition("\n")
            assert run_command(command).strip() == expected.strip(), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_what_it_is(page):
    text = page.read_text(encoding="utf-8")
    unseen = re.search(r"^ +(`{3,}|~{3,}) *(python|console)", FENCE.sub("", text), re.MULTILINE)
    assert not unseen, "a block in a list is not run: let it stand at the beginning of a line"
    languages = {match[2] for match in FENCE.finditer(text)}
    assert languages <= {"python", "py", "console", "sh", "text", "yaml", "graphtrace", ""}


def figures(page: Path) -> list[str]:
    """The HTML of the figures of a page, as MkDocs has them made."""
    file = SimpleNamespace(src_uri=page.relative_to(ROOT).as_posix(), abs_src_path=str(page))
    md = SimpleMarkdown(treeprocessors={"relpath": SimpleNamespace(file=file)}, preprocessors={})
    return [
        fence.format(
            match[4],
            "graphtrace",
            "graphtrace",
            {name: value or name for name, _, value in ATTRIBUTE.findall(match[3])},
            md,
        )
        for match in FENCE.finditer(page.read_text(encoding="utf-8"))
        if match[2] == "graphtrace"
    ]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if "```graphtrace" in page.read_text(encoding="utf-8")],
    ids=lambda page: page.name,
)
def test_the_figures_of_a_page_are_drawn_without_a_warning(page):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = figures(page)
    for html in drawn:
        assert 'role="alert"' not in html, html
        assert "<svg" in html


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_to_a_file(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))  # a block shows what a reader writes
    for match in TARGET.finditer(text):
        target = (match[1] or match[2]).partition("#")[0]
        if target and "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_figure_is_what_the_code_beside_it_draws(elsewhere):
    run_python(README)
    drawn, shown = [
        # The tooltips name each step's file and line, and the id is a digest of it all.
        re.sub(r"J-[0-9a-f]{8}|\(\S+:\d+\)", "", path.read_text(encoding="utf-8"))
        for path in (elsewhere / "J.svg", ROOT / "gallery" / "lecture.svg")
    ]
    assert drawn == shown


def test_the_reference_has_every_name():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^::: graphtrace\.(\w+)$", text, re.MULTILINE))
    assert listed == set(gt.__all__) - {"figures"}  # a module, whose functions are listed


def test_the_reference_has_what_a_graph_inherits():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    listed = re.search(r"inherited_members: \[(.*)\]", text)[1].split(", ")
    inherited = {
        name
        for base in gt.Graph.__mro__[1:]
        if base.__module__.startswith("graphtrace.")
        for name in vars(base)
        if not name.startswith("_") and name not in BETWEEN_ROOMS
    }
    assert set(listed) == inherited


def test_the_readme_is_read_in_one_go():
    assert len(README.read_text(encoding="utf-8").splitlines()) < 250


def test_every_make_target_that_a_page_names_exists():
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^)make ([a-z][a-z -]*)", page.read_text("utf-8"), re.MULTILINE)
        for target in " ".join(named).split():
            assert target in made, f"{page.name} names make {target}"


def test_a_wrong_number_in_a_page_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="Expected"):
        run_python(page)
