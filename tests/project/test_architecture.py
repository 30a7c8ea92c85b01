"""Imports point one way: from the face to the drawing to the graph to the rules, never back."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "graphtrace"

# A room imports from the rooms above its own in this list, and from its own modules, in no circle.
# Imports inside functions and those for types count as well.
ROOMS = [
    "errors",
    "core",  # a traced value, the Wengert list, the sweeps
    "ops",  # the rows
    "transforms",  # grad, vjp, jvp, jacobian, ...
    "extend",  # operations of the user's own
    "formula",  # terms and their text
    "graph",  # networkx
    "frameworks",  # programs of PyTorch and JAX
    "document",  # JSON
    "compile",  # Python
    "training",  # compiled functions, called again and again
    "figure",  # what a picture says
    "render",  # how it looks, where everything stands, and the formats
    "lesson",  # tables and derivations
    "player",  # a page to step through
    "plots",  # figures that are no graphs
    "target",  # what to trace, from text
    "api",  # the one face: Graph, Picture, trace, load
    "gallery",
    "places",  # a figure from the text of a page
    "sphinx",  # an extension of Sphinx
    "sphinx_gallery",  # its image scraper
    "fence",  # a fence in Markdown
    "cli",
    "ipython",  # a cell magic
    "tools",  # not in the wheel
]

# They stand on the standard library alone.
STANDARD_LIBRARY_ONLY = [
    "graphtrace.errors",
    "graphtrace.core.describe_error",
    "graphtrace.core.source",
    "graphtrace.core.made",
]


class Import(NamedTuple):
    importer: str
    imported: str  # a module of graphtrace, or another distribution's
    line: int
    lazy: bool  # inside a function
    typing: bool  # under `if TYPE_CHECKING`

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}, imports {self.imported}"


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def statements(node: ast.AST, lazy=False, typing=False) -> Iterator[tuple[ast.stmt, bool, bool]]:
    """Every import statement, and whether a function or `if TYPE_CHECKING` is around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, lazy, typing
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from statements(child, lazy or inside, typing or guarded)


def targets(statement: ast.stmt, importer: str) -> Iterator[str]:
    """The modules that the statement imports; `from package import name` may mean a module."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    origin = statement.module or ""
    if statement.level:
        is_package = MODULES[importer].name == "__init__.py"
        package = importer.split(".")
        package = package[: len(package) - statement.level + is_package]
        origin = ".".join([*package, *filter(None, [statement.module])])
    for alias in statement.names:
        full = f"{origin}.{alias.name}"
        yield full if full in MODULES else origin


def imports_of(module: str) -> list[Import]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return [
        Import(module, target, statement.lineno, lazy, typing)
        for statement, lazy, typing in statements(tree)
        for target in targets(statement, module)
    ]


def room(module: str) -> str:
    """The room that the module is in or is."""
    return module.split(".")[1]


def ours(module: str) -> list[Import]:
    return [one for one in imports_of(module) if one.imported in MODULES]


INNER = [name for name in MODULES if name not in {"graphtrace", "graphtrace.__main__"}]


@pytest.mark.parametrize("module", INNER)
def test_a_module_imports_only_from_the_rooms_above_it(module):
    for one in ours(module):
        assert one.imported != "graphtrace", one
        assert ROOMS.index(room(one.imported)) <= ROOMS.index(room(module)), one


def test_no_two_modules_import_each_other():
    edges = {module: {one.imported for one in ours(module)} for module in INNER}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_room_is_there_and_has_a_row():
    assert {room(module) for module in INNER} == set(ROOMS)


def test_at_the_top_stand_the_face_the_errors_and_the_rooms():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "api.py", "errors.py", "py.typed"}


@pytest.mark.parametrize(
    "name", [name for name, path in MODULES.items() if path.stem == "__init__"]
)
def test_a_room_says_what_comes_in_and_what_goes_out(name):
    said = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8"))) or ""
    assert name == "graphtrace" or {"In:", "Out:"} <= set(said.split()), name


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_the_lowest_rows_stand_on_the_standard_library_alone(module):
    for one in imports_of(module):
        top = one.imported.partition(".")[0]
        assert top in sys.stdlib_module_names or one.imported == "graphtrace.errors", one


def test_the_package_itself_imports_nothing_of_ours_but_what_is_cheap():
    eager = [one for one in ours("graphtrace") if not one.lazy and not one.typing]
    assert {room(one.imported) for one in eager} <= {"errors", "ops", "transforms", "extend"}


@pytest.mark.parametrize(
    ("library", "only_in"),
    [
        ("networkx", {"graph", "figure", "render", "lesson"}),
        ("typst", {"render"}),
        ("graphviz", {"render"}),
        ("matplotlib", {"plots"}),
        ("click", {"cli"}),
        ("IPython", {"ipython", "render"}),
        ("sphinx", {"sphinx"}),
        ("docutils", {"sphinx"}),
        ("pymdownx", {"fence"}),
        ("sphinx_gallery", set()),
    ],
)
def test_a_heavy_library_is_imported_only_where_it_is_used(library, only_in):
    for module in INNER:
        for one in imports_of(module):
            if one.imported.partition(".")[0] == library and not one.typing:
                assert room(module) in only_in, one


def test_an_import_inside_a_function_is_seen():
    tree = ast.parse("def f():\n    from graphtrace import render\n")
    assert [(lazy, typing) for _, lazy, typing in statements(tree)] == [(True, False)]


def test_a_relative_import_is_resolved_to_its_module(monkeypatch):
    monkeypatch.setitem(MODULES, "graphtrace.ops.linalg", PACKAGE / "ops" / "linalg.py")
    (statement,) = ast.parse("from ..errors import GraphtraceError").body
    assert list(targets(statement, "graphtrace.ops.linalg")) == ["graphtrace.errors"]
