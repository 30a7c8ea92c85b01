"""Markup: a template in runs as HTML, with `{3}` where the page puts in the number of slot 3.

In: runs with marks. Out: HTML or MathML that a page takes as it is; nothing from a user enters it
but escaped.
"""

from __future__ import annotations

import re

from graphtrace.formula.runs import Run, Runs
from graphtrace.player.slots import BOTTOM, MARK, OVER, TOP
from graphtrace.render.typeset.escape import xml


def html(runs: Runs) -> str:
    """The runs with `<i>`, `<sub>` and `<sup>`.

    >>> html((Run("x", italic=True), Run("1", shift="sub"), Run(" = {")))
    '<i>x</i><sub>1</sub> = &#123;'
    """
    pieces = []
    for run in runs:
        text = _text(run.text.replace(TOP, "").replace(OVER, "/").replace(BOTTOM, ""))
        text = f"<i>{text}</i>" if run.italic and text else text
        pieces.append(f"<{run.shift}>{text}</{run.shift}>" if run.shift else text)
    return "".join(pieces).replace("</i><i>", "")


def _text(text: str) -> str:
    """The text escaped, with what stands for a number as `{3}`."""
    pieces, start = [], 0
    for match in MARK.finditer(text):
        pieces += [_escaped(text[start : match.start()]), f"{{{match[1].strip('n')}{match[2]}}}"]
        start = match.end()
    return "".join([*pieces, _escaped(text[start:])])


def _escaped(text: str) -> str:
    return xml(text).replace("{", "&#123;")


_TOKENS = re.compile(
    f"(?P<mark>{MARK.pattern})|(?P<control>[{TOP}{OVER}{BOTTOM}])|(?P<space>\\s+)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<word>(?:[^\W\d_][\u0300-\u036f\u20d7]*)+)|(?P<sign>.)",
    re.DOTALL,
)


def mathml(runs: Runs) -> str:
    """The runs as MathML, which a browser typesets.

    >>> mathml((Run("d"), Run("J", italic=True)))
    '<math><mi mathvariant="normal">d</mi><mi>J</mi></math>'
    """
    row: list[str] = []
    for run in runs:
        tokens = _tokens(run)
        if run.shift and row:
            base = row.pop()
            row.append(f"<m{run.shift}>{base}<mrow>{''.join(tokens)}</mrow></m{run.shift}>")
        else:
            row += tokens
    text = "".join(row)
    text = text.replace(TOP, "<mfrac><mrow>").replace(OVER, "</mrow><mrow>")
    return f"<math>{text.replace(BOTTOM, '</mrow></mfrac>')}</math>"


def _tokens(run: Run) -> list[str]:
    tokens = []
    for match in _TOKENS.finditer(run.text):
        kind, text = match.lastgroup, match[0]
        if match["mark"]:
            tokens.append(f"<mn>{_text(text)}</mn>")
        elif match["control"]:
            tokens.append(text)
        elif match["number"]:
            tokens.append(f"<mn>{text}</mn>")
        elif match["word"]:
            upright = "" if run.italic or len(text) > 1 else ' mathvariant="normal"'
            tokens.append(f"<mi{upright}>{_text(text)}</mi>")
        elif kind == "sign":
            tokens.append(f"<mo>{_text(text)}</mo>")
    return tokens
