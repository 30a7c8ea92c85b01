"""Where it goes: the format, the file, standard output.

In: what --output and --format say, and what was made. Out: a file that appears whole or not at all,
or what is to be said on standard output.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote

import click

from graphtrace.cli.program import tell
from graphtrace.errors import ArgumentError, clean

if TYPE_CHECKING:
    from graphtrace.cli.subject import Subject
    from graphtrace.lesson.sheet import Sheet
    from graphtrace.plots.drawing import Drawing
    from graphtrace.render import Format


class Place(NamedTuple):
    """A file, "-" for standard output, or a folder that ends in a slash; and the format."""

    path: str | None
    format: str
    suffix: str

    def of(self, name: str) -> str:
        """The path for a figure of that name, where none was given."""
        if self.path is None or self.is_folder:
            return f"{self.path or ''}{name}{self.suffix}"
        return self.path

    @property
    def is_folder(self) -> bool:
        """Whether several figures may go there."""
        return self.path is not None and self.path.endswith("/")


def place(output: str | None, format: str | None, suffixes: Mapping[str, str]) -> Place:
    """The place that --output and --format name, of the formats there are.

    Raises `ArgumentError` for a suffix or a format that there is not.
    """
    path = "-" if output == "/dev/stdout" else output
    first = next(iter(suffixes.values()))
    if path and Path(path).is_dir() and Path(path).suffix.lower() not in suffixes:
        path = f"{path.removesuffix('/')}/"
    kind = _format(path, format, suffixes) or first
    return Place(path, kind, next(suffix for suffix, known in suffixes.items() if known == kind))


def _format(path: str | None, format: str | None, suffixes: Mapping[str, str]) -> str | None:
    known = list(dict.fromkeys(suffixes.values()))
    if format is not None:
        for kind in known:
            if kind == format.lower():
                return kind
        raise ArgumentError(f"there is no format '{format}': use one of {', '.join(known)}")
    if path is None or path == "-" or path.endswith("/"):
        return None
    suffix = Path(path).suffix
    if suffix.lower() not in suffixes:
        has = f"the suffix '{suffix}', which is no format" if suffix else "no suffix"
        raise ArgumentError(
            f"'{path}' has {has}: use one of {', '.join(suffixes)}, or add --format {known[0]}"
        )
    return suffixes[suffix.lower()]


def show(lines: Iterable[str | bytes]) -> None:
    """Lines and figures on standard output."""
    for line in lines:
        if isinstance(line, bytes):
            click.echo(line, nl=False)
        else:
            tell(line)


def put(subject: Subject | Drawing, at: Place, name: str, wanted: dict[str, Any]) -> str | bytes:
    """Write it, and return what is to be said on standard output: a line, or the thing itself."""
    from graphtrace.lesson.sheet import Sheet
    from graphtrace.lesson.shown import Shown
    from graphtrace.render.series import Frames

    path = at.of(name)
    if isinstance(subject, Sheet) and path != "-":
        return _quiz(subject, Path(path), at.format, wanted)
    if isinstance(subject, Shown):
        from graphtrace.lesson.document import document
        from graphtrace.render.formats import output

        text = document(subject, at.format, wanted.get("standalone", False))
        if at.path is None or path == "-":
            return text.rstrip("\n")
        output.write(path, text.encode("utf-8"))
        return f"wrote {clean(path)}"
    kind = cast("Format", at.format)
    if isinstance(subject, Frames):
        names = subject.save(path, format=kind)
        return f"wrote {clean(path)}: {names[0]} to {names[-1]}"
    if path != "-":
        subject.render(path, format=kind, **wanted)
        return f"wrote {clean(path)}"
    if kind == "text" and sys.__stdout__ is not None and sys.__stdout__.isatty():
        from shutil import get_terminal_size

        wanted = {"columns": get_terminal_size().columns, "colour": True, **wanted}
    content = io.BytesIO()
    subject.render(content, format=kind, **wanted)
    return content.getvalue()


def _quiz(quiz: Sheet[Any], path: Path, kind: str, wanted: Mapping[str, Any]) -> str:
    """A sheet, for Markdown with its figures beside it; or the question and the solution."""
    from graphtrace.lesson.document import SUFFIXES, document
    from graphtrace.render.formats import output

    files = []
    if kind == "markdown":
        files = _two(quiz, path.with_suffix(".svg"), "svg", wanted)
        text = quiz.markdown_beside(*(quote(file.name) for file in files))
    elif kind in SUFFIXES.values():
        text = document(quiz, kind, wanted.get("standalone", False))
    else:
        return _wrote(_two(quiz, path, kind, wanted))
    output.write(path, text.encode("utf-8"))
    return _wrote([path, *files])


def _two(quiz: Sheet[Any], path: Path, kind: str, wanted: Mapping[str, Any]) -> list[Path]:
    """The question in the file, the solution in one beside it."""
    from graphtrace.render.layout.engine import deadline

    beside = path.with_name(f"{path.stem}-solution{path.suffix}")
    limit = deadline(wanted.get("time_limit"))
    quiz.question.render(path, format=kind, time_limit=limit)
    quiz.solution.render(beside, format=kind, time_limit=limit)
    return [path, beside]


def _wrote(files: Iterable[Path]) -> str:
    return "\n".join(f"wrote {clean(str(file))}" for file in files)
