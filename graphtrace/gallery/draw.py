"""Draw a gallery: a folder of small Python files, each with the SVG made from it beside it.

In: a folder. Out: `name.svg` for every `name.py` and a page `index.html` that shows them all, or
what differs from the files that are there. A file is ordinary code that leaves its graph under the
name `graph`, or any other figure under the name `figure`, and, if it wants to, what to ask of its
`to_svg` under the name `options`; a file whose name begins with `_` is a helper and is not drawn.
A file may leave a player under the name `player`: all of them are on the page `players.html`.
A file `order.txt` may list the names in the order of the page, under headings that begin with `#`;
what stands behind a name and a colon is its title, `gp: GP likelihood`. What imports a library that
is not installed stays as it was drawn elsewhere.
Knows nothing of how a graph is drawn.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from graphtrace.core.describe_error import text_of
from graphtrace.errors import ArgumentError, TargetError
from graphtrace.gallery.page import GENERATOR, Exhibit, page, players_page, title_of
from graphtrace.render.formats import output
from graphtrace.target.function import load_file


def update(folder: Path) -> Iterator[Path]:
    """Write the SVG of every file and the page, each in one step, and yield where it is."""
    for source in sources(folder):
        svg = source.with_suffix(".svg")
        if not (missing(source) and svg.is_file()):
            output.write(svg, draw(source))
            yield svg
    for path, text in _pages(folder):
        output.write(path, text.encode("utf-8"))
        yield path


def differences(folder: Path) -> Iterator[str]:
    """A line for each file that is missing, differs from what would be drawn, or has no source."""
    scripts = sources(folder)
    for source in scripts:
        svg = source.with_suffix(".svg")
        if not (missing(source) and svg.is_file()):
            yield from _difference(svg, draw(source))
    for svg in sorted(folder.glob("*.svg")):
        if svg.with_suffix(".py") not in scripts:
            yield f"{svg} is stale: no {svg.with_suffix('.py').name} draws it any more, remove it"
    drawn = all(source.with_suffix(".svg").is_file() for source in scripts)
    for path, text in _pages(folder) if drawn else ():
        yield from _difference(path, text.encode("utf-8"))


def sources(folder: Path) -> list[Path]:
    """The files to draw.

    Raises `ArgumentError` if there is no such folder.
    """
    if not folder.is_dir():
        raise ArgumentError(f"there is no folder '{folder}': name one with Python files in it")
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def missing(source: Path) -> str:
    """The library that a file imports at its top and that is not installed; "" if there is none."""
    names: list[str] = []
    for node in ast.parse(source.read_bytes()).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    libraries = (name.partition(".")[0] for name in names)
    beside = {path.stem for path in source.parent.iterdir()}
    return next((one for one in libraries if one not in beside and find_spec(one) is None), "")


def draw(source: Path) -> bytes:
    """The SVG of what a gallery file leaves under the name `figure` or `graph`."""
    module = load_file(source)
    drawn = getattr(module, "figure", None) or getattr(module, "graph", None)
    if drawn is None or not hasattr(drawn, "to_svg"):
        raise TargetError(
            f"'{source}' has no graph to draw: end it with graph = gt.trace(function, ...)"
        )
    try:
        text: str = drawn.to_svg(**getattr(module, "options", {}))
    except Exception as error:  # whatever is raised of values that no figure can be drawn with
        place = f"'{source}' line {_line_of('options', source)}"
        raise TargetError(f"{place}: {text_of(error)}") from error
    return text.encode("utf-8")


def _line_of(name: str, source: Path) -> int:
    """The line in which a file sets that name last; its last line, where it does not say it so."""
    code = source.read_bytes()
    lines = [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
    ]
    return max(lines, default=len(code.splitlines()))


def contents(folder: Path) -> str:
    """The page that shows the SVGs of the folder with their sources."""
    by_name = {source.stem: source for source in sources(folder)}
    sections: dict[str, list[Exhibit]] = {}
    for heading, name, title in _order(folder, list(by_name)):
        sections.setdefault(heading, []).append(_exhibit(by_name[name], title))
    played = {name for name, source in by_name.items() if _sets("player", source)}
    return page(sections, played=played)


def players(folder: Path) -> str:
    """The page with the players of the folder; "" where no file has one."""
    by_name = {source.stem: source for source in sources(folder) if _sets("player", source)}
    played = [
        (_exhibit(by_name[name], title), _player(by_name[name]))
        for _, name, title in _order(folder, [source.stem for source in sources(folder)])
        if name in by_name
    ]
    return players_page(played) if played else ""


def _player(source: Path) -> str:
    player = getattr(load_file(source), "player", None)
    fragment = getattr(player, "fragment", None)
    if not isinstance(fragment, str):
        line = f"'{source}' line {_line_of('player', source)}"
        raise TargetError(f"{line}: player is none, write player = graph.play()")
    return fragment


def _sets(name: str, source: Path) -> bool:
    """Whether a file sets that name at its top."""
    tree = ast.parse(source.read_bytes())
    targets: list[ast.expr] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets.append(node.target)
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _exhibit(source: Path, title: str) -> Exhibit:
    text = _read(source)
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree) or ""
    start = tree.body[0].end_lineno or 0 if docstring else 0
    code = "\n".join(text.splitlines()[start:]).strip("\n")
    return Exhibit(source.stem, title, docstring, code, _read(source.with_suffix(".svg")))


def _order(folder: Path, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """Heading, name and title of each: those that order.txt lists, then the others."""
    order, left, heading = folder / "order.txt", dict.fromkeys(names), ""
    lines = _read(order).splitlines() if order.is_file() else []
    for line in filter(None, map(str.strip, lines)):
        if line.startswith("#"):
            heading = line.removeprefix("#").strip()
            continue
        name, _, title = (line, "", "") if line in left else map(str.strip, line.partition(":"))
        if name not in left:
            raise ArgumentError(f"'{order}' lists {name}, and there is no {name}.py: take it out")
        del left[name]
        yield heading, name, title or title_of(name)
    yield from (("More" if heading else "", name, title_of(name)) for name in left)


def _pages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Where each page is written, and its text; none where somebody else's page is."""
    for name, write in (("index.html", contents), ("players.html", players)):
        path = folder / name
        if (not path.exists() or GENERATOR in _read(path, errors="replace")) and (
            text := write(folder)
        ):
            yield path, text


def _read(path: Path, errors: str = "strict") -> str:
    try:
        return path.read_text(encoding="utf-8", errors=errors)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TargetError(f"'{path}' cannot be read ({why}): make it a file of UTF-8") from error


def _difference(path: Path, content: bytes) -> Iterator[str]:
    if not path.is_file():
        yield f"{path} is missing: draw it with 'graphtrace gallery'"
    elif path.read_bytes() != content:
        yield f"{path} differs: look at it, then draw it again with 'graphtrace gallery'"
