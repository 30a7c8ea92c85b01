"""The package as a stranger gets it: what the wheel holds, what an import brings in."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import graphtrace as gt

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Where a distribution is imported under another name than its own.
IMPORTED_AS = {"graphviz-pure": None}  # a program, run and not imported

# Imported inside a function: where the user has imported it before, or asks for its extra.
OPTIONAL = {"cloudpickle", "matplotlib", "rich", "scipy", "typst", "numba", "ziamath"}

# A room for another program is imported by that program, or where it is in use.
HOSTS = {
    "ipython": {"IPython"},
    "render": {"IPython"},
    "sphinx": {"sphinx", "docutils"},
    "fence": {"pymdownx"},
    "frameworks": {"torch", "jax", "jaxlib"},
}

TOP_LEVEL = {
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "gallery",
    "graphtrace",
    "pyproject.toml",
    "tests",
}


def distribution(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0]


def modules_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after the statement."""
    script = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_importing_graphtrace_brings_neither_the_graph_nor_the_drawing():
    heavy = {"networkx", "graphviz", "click", "rich", "ziamath", "optree", "scipy", "matplotlib"}
    hosts = {"IPython", "sphinx", "docutils", "sphinx_gallery", "markdown", "pymdownx"}
    slow = {"pathlib", "string", "traceback"}  # milliseconds each
    brought = modules_after("import graphtrace") - modules_after("import numpy")
    assert not (heavy | hosts | slow) & brought


def test_a_gradient_needs_neither_the_graph_nor_the_drawing():
    heavy = {"networkx", "graphviz", "click", "rich", "ziamath", "scipy", "matplotlib"}
    script = "import graphtrace as gt; assert gt.grad(lambda x: x * x)(3.0) == 6.0"
    assert not heavy & modules_after(script)


def test_jit_needs_neither_the_graph_nor_the_drawing():
    heavy = {"networkx", "graphviz", "click", "rich", "ziamath", "scipy", "matplotlib"}
    script = "import graphtrace as gt; assert gt.jit(gt.grad(lambda x: x * x))(3.0) == 6.0"
    assert not heavy & modules_after(script)


def test_every_public_name_exists_and_shows_in_dir():
    assert gt.__all__
    for name in gt.__all__:
        assert getattr(gt, name) is not None
        assert name in dir(gt)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = gt.no_such_name


def test_everything_that_is_imported_is_declared_as_a_dependency():
    declared = {distribution(line) for line in PYPROJECT["project"]["dependencies"]}
    allowed = {IMPORTED_AS.get(name, name) for name in declared} | {"graphtrace"}
    for path in sorted((ROOT / "graphtrace").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        room = path.relative_to(ROOT / "graphtrace").parts[0]
        hosted = allowed | HOSTS.get(room, set())
        for node in ast.walk(tree):
            here = hosted if node in tree.body else hosted | OPTIONAL
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                where = f"{path.relative_to(ROOT)}:{node.lineno} imports {top}"
                assert top in here or top in sys.stdlib_module_names, where


def test_every_declared_dependency_is_used():
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "graphtrace").rglob("*.py"))
    for line in PYPROJECT["project"]["dependencies"]:
        name = distribution(line)
        used = name if IMPORTED_AS.get(name, name) is None else rf"(import|from) {name}\b"
        assert re.search(used, source), f"nothing uses {name}"


def test_what_decides_the_bytes_of_an_svg_is_pinned_exactly():
    assert any(line.startswith("graphviz-pure==") for line in PYPROJECT["project"]["dependencies"])


def test_the_tools_are_pinned_exactly_and_once():
    pinned = PYPROJECT["project"]["optional-dependencies"]["dev"]
    assert all("==" in line for line in pinned)
    # The hooks run the tools of .venv, so there is no second place for a version.
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert "rev:" not in hooks
    assert "additional_dependencies" not in hooks
    for entry in re.findall(r"entry: (\S+)", hooks):
        tool = entry.removeprefix(".venv/bin/")
        assert entry != tool
        assert tool in {distribution(line) for line in pinned}


def test_the_top_level_of_the_repository_holds_only_what_it_should():
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = {Path(line).parts[0] for line in listed.stdout.splitlines()}
    assert found - TOP_LEVEL == set()


def test_the_changelog_has_this_version_or_one_to_come():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[({re.escape(gt.__version__)}|Unreleased)\]", text, re.MULTILINE)


def test_the_command_says_the_same_version():
    done = subprocess.run(
        [sys.executable, "-c", "from graphtrace.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == gt.__version__


def test_the_console_script_is_installed():
    scripts = importlib.metadata.entry_points(group="console_scripts", name="graphtrace")
    assert [script.value for script in scripts] == ["graphtrace.cli:main"]


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names}
    assert folders == {"graphtrace", f"graphtrace-{gt.__version__}.dist-info"}
    ours = {p.relative_to(ROOT).as_posix() for p in (ROOT / "graphtrace").rglob("*.py")}
    tools = {name for name in ours if name.startswith("graphtrace/tools/")}
    assert {name for name in names if name.endswith(".py")} == ours - tools
    assert "graphtrace/py.typed" in names


def test_the_wheel_says_the_same_version_python_and_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"graphtrace-{gt.__version__}.dist-info/METADATA").decode()
    metadata = Parser().parsestr(text)
    assert metadata["Version"] == gt.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_the_wheel_draws_the_lecture_far_from_the_repository(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import graphtrace; "
        "assert graphtrace.__file__.startswith(sys.argv[1]), graphtrace.__file__; "
        "graphtrace.trace(lambda a, b, c: 3 * (a + b * c), 5, 3, 2).render('J.svg')"
    )
    command = [sys.executable, "-P", "-c", script, str(tmp_path / "site")]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert "<svg" in (tmp_path / "J.svg").read_text(encoding="utf-8")


def test_an_extra_that_runs_tests_by_itself_has_what_all_tests_import():
    tree = ast.parse((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    needed = {module for module in modules if module and module.partition(".")[0] != "graphtrace"}
    extras = PYPROJECT["project"]["optional-dependencies"]
    named = {re.split(r"[\[>=]", one)[0] for one in extras["places"]}
    assert needed - set(sys.stdlib_module_names) <= named
