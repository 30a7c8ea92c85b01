"""The files that a figure is made from: change one, and it has to be drawn again.

In: a `Request`. Out: paths. They are read from the text, and nothing is run: the file of a TARGET,
what it imports from beside it, and what is given as `x=@data.npy`. What a file reads when it runs
is not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from graphtrace.places.request import AT, Request
from graphtrace.target.argument import split
from graphtrace.target.function import source_of


def sources(request: Request) -> list[Path]:
    """The files, each once, whether they are there or not."""
    seen: dict[Path, None] = {}
    if request.python():
        waiting = list(_imported(request.text, [request.folder]))
    else:
        own = source_of(request.text, request.folder)
        waiting = [own] if own else []
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path] = None
            waiting += _imported(_read(path), [path.parent, _root(path)], path.parent)
    for piece in split(request.options.get(AT, "")):
        value = piece.partition("=")[2].strip()
        if value.startswith("@"):
            seen[request.folder / value[1:]] = None
    return list(seen)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""  # who runs it will say so


def _root(path: Path) -> Path:
    """The folder from which the package of the file is imported."""
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def _imported(text: str, folders: list[Path], package: Path | None = None) -> Iterator[Path]:
    """The files in these folders, or in the file's own package, that the text imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from _modules([alias.name for alias in node.names], folders)
        elif isinstance(node, ast.ImportFrom):
            start = folders
            if node.level and package is not None:
                start = [[package, *package.parents][min(node.level, len(package.parents) + 1) - 1]]
            names = [f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names]
            yield from _modules([*filter(None, [node.module]), *names], start)


def _modules(names: list[str], folders: list[Path]) -> Iterator[Path]:
    for name in names:
        for folder in folders:
            path = folder.joinpath(*name.split("."))
            files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
            yield from (file for file in files if file.is_file())
