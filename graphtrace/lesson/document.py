"""A table, a derivation or a quiz as a file: plain text, Markdown, LaTeX, or an HTML page.

In: something that writes itself in these, and which is wanted. Out: the text of the file. Knows no
path but its suffix.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphtrace.errors import OptionError
from graphtrace.lesson.shown import Shown
from graphtrace.render.typeset.escape import xml

SUFFIXES: Mapping[str, str] = {
    ".txt": "text",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
}

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@title</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 Helvetica,Arial,sans-serif;margin:2rem auto;max-width:50rem;padding:0 1rem}
table{border-collapse:collapse}
caption{text-align:left;padding-bottom:.5rem}
th,td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8888}
figure{margin:1rem 0;overflow-x:auto}
</style>
</head>
<body>
@body</body>
</html>
"""

_DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{%s}
\begin{document}
"""


def document(shown: Shown, format: str, standalone: bool = False) -> str:
    r"""The text of the file; `standalone` makes LaTeX a document of its own.

    Raises `OptionError` for another format.

    >>> import graphtrace as gt
    >>> table = gt.trace(lambda a, b: a * b, 5.0, 3.0).wengert()
    >>> document(table, "latex").splitlines()[1]
    '\\begin{tabular}{llrl}'
    """
    match format:
        case "text":
            return f"{shown}\n"
        case "markdown":
            return shown.to_markdown()
        case "latex" if standalone:
            heading = _DOCUMENT % ",".join(shown.packages)
            return f"{heading}{shown.to_latex()}\\end{{document}}\n"
        case "latex":
            return shown.to_latex()
        case "html":
            title = str(shown).partition("\n")[0]
            head, tail = _PAGE.split("@body")
            return head.replace("@title", xml(title)) + shown.to_html() + tail
    known = ", ".join(SUFFIXES.values())
    raise OptionError(f"a table or a derivation is no {format}: use one of {known}", "format")
