"""Write tables and derivations as plain text, HTML, Markdown and LaTeX.

In: headings and the parts beneath them, which wording.py puts in words and mathematics. Out: text
that needs no figure. Nothing from a user enters it but escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from graphtrace.figure.parts import Figure, Note, Part, Partial, Value
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import Run, Runs, latex, plain
from graphtrace.render.typeset.escape import clean, columns_of, xml
from graphtrace.render.typeset.wording import Wording, runs, tex, tex_sides, wording

Columns: TypeAlias = Sequence[tuple[str, str]]
Cells: TypeAlias = Sequence[Sequence[Part | None]]
Sections: TypeAlias = Sequence[tuple[str, Sequence[Part]]]


def table_text(title: str, columns: Columns, cells: Cells, names: Naming) -> str:
    """The table in columns, a line under the headings."""
    words = Wording(names)
    titles = [clean(heading) for heading, _ in columns]
    body = [[clean(_plain(part, words)) for part in row] for row in cells]
    sizes = [max(map(columns_of, column)) for column in zip(titles, *body, strict=True)]
    lines = []
    for row in [titles, ["─" * size for size in sizes], *body]:
        padded = [_padded(row[i], sizes[i], columns[i][1]) for i in range(len(row))]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([clean(title), "", *lines])


def table_html(title: str, columns: Columns, cells: Cells, names: Naming) -> str:
    """An HTML table; where its formulas have raised and lowered letters, so has it."""
    words = Wording(names)
    sides = [{"l": "left", "r": "right"}[align] for _, align in columns]
    lines = ['<table class="graphtrace">', f"<caption>{xml(title)}</caption>"]
    titles = "".join(
        f'<th style="text-align:{side}">{xml(heading)}</th>'
        for (heading, _), side in zip(columns, sides, strict=True)
    )
    lines.append(f"<thead><tr>{titles}</tr></thead>\n<tbody>")
    for row in cells:
        sided = zip(row, sides, strict=True)
        entries = "".join(f'<td style="text-align:{s}">{_html(p, words)}</td>' for p, s in sided)
        lines.append(f"<tr>{entries}</tr>")
    return "\n".join([*lines, "</tbody>\n</table>"]) + "\n"


def table_markdown(title: str, columns: Columns, cells: Cells, names: Naming) -> str:
    """A Markdown table, its formulas in TeX."""
    words = Wording(names)
    titles = [markdown_text(heading) for heading, _ in columns]
    rules = [{"l": ":--", "r": "--:"}[align] for _, align in columns]
    body = [[_markdown(part, words).replace("|", r"\|") for part in row] for row in cells]
    rows = ["| " + " | ".join(row) + " |" for row in [titles, rules, *body]]
    return "\n".join([markdown_text(title), "", *rows]) + "\n"


def table_latex(title: str, columns: Columns, cells: Cells, names: Naming) -> str:
    """A `tabular` for a document that loads amsmath and booktabs."""
    words = Wording(names)
    sides = "".join(align for _, align in columns)
    titles = [latex_text(heading) for heading, _ in columns]
    lines = [f"% {clean(title)}", rf"\begin{{tabular}}{{{sides}}}", r"\toprule"]
    lines += [" & ".join(titles) + r" \\", r"\midrule"]
    lines += [" & ".join(_latex(part, words) for part in row) + r" \\" for row in cells]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def explanation_text(title: str, sections: Sections, names: Naming) -> str:
    """Each section under its heading."""
    words = Wording(names)
    lines = []
    for heading, parts in sections:
        lines += ["", clean(heading), *(f"  {clean(_plain(part, words))}" for part in parts)]
    return "\n".join([clean(title), *lines])


def explanation_html(title: str, sections: Sections, names: Naming) -> str:
    """A heading and a list for each section."""
    words = Wording(names)
    lines = ['<div class="graphtrace">', f"<p>{xml(title)}</p>"]
    for heading, parts in sections:
        items = "".join(f"<li>{_html(part, words)}</li>" for part in parts)
        lines.append(f"<p><b>{xml(heading)}</b></p>\n<ul>{items}</ul>")
    return "\n".join([*lines, "</div>"]) + "\n"


def explanation_markdown(title: str, sections: Sections, names: Naming) -> str:
    """A heading and a list for each section, its formulas in TeX."""
    words = Wording(names)
    lines = [markdown_text(title)]
    for heading, parts in sections:
        lines += ["", f"**{markdown_text(heading)}**", ""]
        lines += [f"- {_markdown(part, words)}" for part in parts]
    return "\n".join(lines) + "\n"


def explanation_latex(title: str, sections: Sections, names: Naming) -> str:
    """A paragraph with aligned equations for each section; needs amsmath."""
    words = Wording(names)
    lines = [latex_text(title)]
    for heading, parts in sections:
        equations = [_aligned(part, words) for part in parts]
        lines += ["", rf"\paragraph{{{latex_text(heading)}}}", r"\begin{align*}"]
        lines += ["  " + " \\\\\n  ".join(equations), r"\end{align*}"]
    return "\n".join(lines) + "\n"


def part_text(part: Part, figure: Figure) -> str:
    """What a part of a figure says, as text."""
    return clean(_plain(part, wording(figure, 4)))


def _plain(part: Part | None, words: Wording) -> str:
    return unicodedata.normalize("NFC", plain(runs(part, words))) if part is not None else ""


def _padded(text: str, size: int, align: str) -> str:
    space = " " * (size - columns_of(text))
    return space + text if align == "r" else text + space


def _html(part: Part | None, words: Wording) -> str:
    return "" if part is None else html_of(runs(part, words))


def html_of(text_runs: Runs) -> str:
    """Runs as HTML, with its raised and lowered letters."""
    pieces = []
    for run in text_runs:
        text = xml(run.text)
        text = f"<i>{text}</i>" if run.italic else text
        pieces.append(f"<{run.shift}>{text}</{run.shift}>" if run.shift else text)
    return "".join(pieces)


def _markdown(part: Part | None, words: Wording) -> str:
    if part is None:
        return ""
    if isinstance(part, Value | Note):
        return markdown_text(_plain(part, words))
    formula = tex(part, words)
    return f"${shielded(formula)}$" if formula else markdown_text(_plain(part, words))


def shielded(formula: str) -> str:
    """A formula without HTML, as which Markdown hands a key of a dict on before it sees TeX."""
    return re.sub(r"<(?=[\w/!?])", r"< ", formula)


def markdown_text(text: str) -> str:
    """A sentence for Markdown, none of whose signs means anything there."""
    return re.sub(r"([\\`*_{}\[\]<>#$])", r"\\\1", clean(text))


def _latex(part: Part | None, words: Wording) -> str:
    if part is None:
        return ""
    if isinstance(part, Note):
        return latex_text(part.text)
    if isinstance(part, Partial) and part.formula is None:  # in a line dv/da, not a fraction
        return f"${latex_of(runs(part, words))}$"
    return f"${tex(part, words) or latex_of(runs(part, words))}$"


def latex_of(text_runs: Runs) -> str:
    """Runs for LaTeX's math mode; a question mark for what no font has."""
    return latex(text_runs, _mark)


def _aligned(part: Part, words: Wording) -> str:
    """An equation, with the mark before its first sign."""
    equation = tex_sides(part, words)
    if not equation:
        return rf"&\text{{{latex_text(_plain(part, words))}}}"
    first, *rest = equation
    return f"{first.markup} &" + "".join(side.lead + side.markup for side in rest).lstrip()


def latex_text(text: str) -> str:
    """A sentence for LaTeX's text mode, each of its signs in math mode."""
    return "".join(
        c
        if (c.isalnum() and c.isascii()) or c in " .,;?!()/"
        else f"${latex((Run(c),), _mark).strip()}$"
        for c in clean(text)
    )


def _mark(c: str) -> str:
    """What no font is sure to have."""
    return rf"\text{{{c}}}" if c.isalpha() else "?"
