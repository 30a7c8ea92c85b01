"""The command `graphtrace gallery`.

In: a folder. Out: its figures, or the list of those that are out of date.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from graphtrace.cli.program import FAILURE, one_sentence, short_warnings, tell
from graphtrace.errors import clean


@click.command(
    epilog="""\b
Examples:
  graphtrace gallery
  graphtrace gallery docs/figures --check
""",
    short_help="Draw a folder of small Python files.",
)
@click.argument("folder", default="gallery", metavar="[DIR]")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; compare with the files that are there, byte for byte, and list those that "
    "differ. E.g. graphtrace gallery --check.",
)
@click.option(
    "--traceback",
    is_flag=True,
    help="On an error, show Python's traceback before the sentence. E.g. --traceback.",
)
def gallery(folder: str, check: bool, traceback: bool) -> None:
    """Draw every Python file of DIR (default: gallery) to an SVG beside it, and a page of them all.

    A file ends with its graph under the name `graph`, as in `graph = gt.trace(J, a=5, b=3, c=2)`,
    or with another figure under the name `figure`. A dict under the name `options`, as in `options
    = {"step": "dJ/dv"}`, holds what `render` is to be told. The page is DIR/index.html; what files
    leave under the name `player`, as in `player = graph.play()`, is on DIR/players.html.
    """
    from graphtrace.gallery.draw import differences, missing, sources, update

    with one_sentence(traceback), short_warnings(), contextlib.redirect_stdout(sys.stderr):
        if check:
            lines: list[object] = list(differences(Path(folder)))
        else:
            length = len(sources(Path(folder))) + 1
            hidden = not sys.stderr.isatty()
            with click.progressbar(
                update(Path(folder)), length=length, label="Drawing", hidden=hidden, file=sys.stderr
            ) as drawn:
                lines = list(drawn)
        skipped = [(path, missing(path)) for path in sources(Path(folder))]
    for path, library in skipped:
        if library:
            click.echo(clean(f"{path} is left as it is: {library} is not installed"), err=True)
    for line in lines:
        tell(clean(str(line) if check else f"wrote {line}"))
    if check and lines:
        raise click.exceptions.Exit(FAILURE)
