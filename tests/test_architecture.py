"""Imports point one way: from the drawing to the graph to the rules, never back."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "graphtrace"

# A module imports from the rows above its own. A package's modules share a row and may import
# each other, in no circle.
LAYERS = [
    "graphtrace.errors",
    "graphtrace.target.describe_error",
    "graphtrace.core.source",
    "graphtrace.core.pytree",
    "graphtrace.core.primitive",
    "graphtrace.core.tape",
    "graphtrace.core.scipy_functions",
    "graphtrace.core.refusal",
    "graphtrace.core.variable",
    "graphtrace.core.inputs",
    "graphtrace.ops",
    "graphtrace.document.encoding",
    "graphtrace.tools.classification",
    "graphtrace.core.sweep",
    "graphtrace.extend.notation",
    "graphtrace.extend.rules",
    "graphtrace.extend.primitive",
    "graphtrace.transforms.linearize",
    "graphtrace.transforms",
    "graphtrace.transforms.jacobians",
    "graphtrace.extend.custom_call",
    "graphtrace.extend.custom_vjp",
    "graphtrace.transforms.check_grads",
    "graphtrace.tools.trial",
    "graphtrace.tools.coverage",
    "graphtrace.formula.term",
    "graphtrace.formula.term_text",
    "graphtrace.formula.symbol",
    "graphtrace.graph.linear_map",
    "graphtrace.graph.lazy",
    "graphtrace.graph.views",
    "graphtrace.graph.tangents",
    "graphtrace.graph",
    "graphtrace.graph.build",
    "graphtrace.graph.trace",
    "graphtrace.document",
    "graphtrace.compile",
    "graphtrace.figure",
    "graphtrace.render",
    "graphtrace.plots",
    "graphtrace.target.expression",
    "graphtrace.target.argument",
    "graphtrace.target",
    "graphtrace.gallery.page",
    "graphtrace.gallery",
    "graphtrace.cli",
]

# What may point the other way, because it waits until a function is called: importer, imported.
LAZY = {
    ("graphtrace.graph", "graphtrace.compile"),  # g.compile() likewise
    ("graphtrace.graph.views", "graphtrace.figure"),  # g.figure() too
    ("graphtrace.graph.views", "graphtrace.render"),  # g.render("J.svg") is the graph's own method
    ("graphtrace.figure", "graphtrace.render"),  # and the figure's
    ("graphtrace.core.tape", "graphtrace.core.variable"),  # what an error says
    (
        "graphtrace.ops",
        "graphtrace.core.sweep",
    ),  # an operation composed of others sweeps their rows
}

# They stand on the standard library alone.
STANDARD_LIBRARY_ONLY = [
    "graphtrace.errors",
    "graphtrace.target.describe_error",
    "graphtrace.core.source",
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


def layer(module: str) -> str:
    """The row of LAYERS that the module is in or under."""
    for row in LAYERS:
        if module == row or module.startswith(row + "."):
            return row
    pytest.fail(f"{module} has no row in LAYERS")


def ours(module: str) -> list[Import]:
    return [found for found in imports_of(module) if found.imported in MODULES]


INNER = [name for name in MODULES if name not in {"graphtrace", "graphtrace.__main__"}]


@pytest.mark.parametrize("module", INNER)
def test_a_module_imports_only_from_the_rows_above_it(module):
    own = LAYERS.index(layer(module))
    for found in ours(module):
        if found.typing or found.imported == "graphtrace":
            continue
        if found.lazy and (layer(module), layer(found.imported)) in LAZY:
            continue
        assert LAYERS.index(layer(found.imported)) <= own, found


def test_no_two_modules_import_each_other():
    edges = {
        module: {found.imported for found in ours(module) if not found.lazy and not found.typing}
        for module in INNER
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_row_is_a_module_that_exists():
    assert set(LAYERS) - set(MODULES) == set()


def test_every_exception_to_the_direction_is_used():
    used = {
        (layer(module), layer(found.imported))
        for module in INNER
        for found in ours(module)
        if found.lazy and found.imported != "graphtrace"
    }
    assert used >= LAZY


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_the_lowest_rows_stand_on_the_standard_library_alone(module):
    for found in imports_of(module):
        top = found.imported.partition(".")[0]
        assert top in sys.stdlib_module_names or found.imported == "graphtrace.errors", found


def test_the_package_itself_imports_nothing_of_ours_but_what_is_cheap():
    eager = [found for found in ours("graphtrace") if not found.lazy and not found.typing]
    assert not {layer(found.imported) for found in eager} & {
        "graphtrace.graph",
        "graphtrace.figure",
        "graphtrace.render",
        "graphtrace.plots",
        "graphtrace.cli",
    }


@pytest.mark.parametrize(
    ("library", "only_in"),
    [
        (
            "networkx",
            {"graphtrace.graph.lazy", "graphtrace.graph", "graphtrace.figure", "graphtrace.render"},
        ),
        ("typst", {"graphtrace.render"}),
        ("graphviz", {"graphtrace.render"}),
        ("matplotlib", {"graphtrace.plots"}),
        ("click", {"graphtrace.cli"}),
    ],
)
def test_a_heavy_library_is_imported_only_where_it_is_used(library, only_in):
    for module in INNER:
        for found in imports_of(module):
            if found.imported.partition(".")[0] == library and not found.typing:
                assert layer(module) in only_in, found


def test_an_import_inside_a_function_is_seen():
    tree = ast.parse("def f():\n    from graphtrace import render\n")
    assert [(lazy, typing) for _, lazy, typing in statements(tree)] == [(True, False)]


def test_a_relative_import_is_resolved_to_its_module(monkeypatch):
    monkeypatch.setitem(MODULES, "graphtrace.ops.linalg", PACKAGE / "ops" / "linalg.py")
    (statement,) = ast.parse("from ..errors import GraphtraceError").body
    assert list(targets(statement, "graphtrace.ops.linalg")) == ["graphtrace.errors"]
