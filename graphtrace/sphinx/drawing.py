"""The node of a figure, and what it becomes in each of Sphinx's formats.

In: a node with a request. Out: inline SVG in HTML, a PDF in LaTeX, the figure in words elsewhere.
Files are kept beside the doctrees, each under a digest of its content: any process may write them,
and reads only what is whole. What no earlier build has drawn is drawn when the page is written.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.osutil import ensuredir

from graphtrace.places.drawn import Kind, kept, sentence
from graphtrace.places.request import Request

_LOGGER = logging.getLogger(__name__)


class drawing(nodes.General, nodes.Element):  # noqa: N801 (docutils calls its nodes so)
    """A figure on a page: the `request` for it, whether it `plays`, and `alt`, it in words."""


def warn(error: BaseException, location: Any) -> None:
    """One warning of Sphinx's, with file and line."""
    _LOGGER.warning("graphtrace: %s", sentence(error), location=location, type="graphtrace")


def kind_in(builder: Any, node: drawing) -> Kind:
    """The form that a build takes."""
    if builder.format == "html":
        return "html" if node["plays"] else "svg"
    return "pdf" if builder.format == "latex" else "svg"


def file_of(app: Any, request: Request, kind: Kind) -> Path:
    """The file with the figure, drawn if it is not there."""
    return kept(request, kind, Path(app.doctreedir) / "graphtrace")


def _file(translator: Any, node: drawing) -> Path:
    """The file for a page that is being written; where it fails, the page goes without."""
    builder = translator.builder
    try:
        return file_of(builder.app, node["request"], kind_in(builder, node))
    except (Exception, SystemExit) as error:  # noqa: BLE001 (the author's Python may raise anything)
        warn(error, node)
        raise nodes.SkipNode from None


_STYLE = "overflow-x:auto;margin:1em 0"


def visit_html(translator: Any, node: drawing) -> None:
    """The SVG or the player itself; what is wider than its column scrolls."""
    text = _file(translator, node).read_text(encoding="utf-8")
    classes = ["graphtrace-figure", f"align-{node.get('align', 'default')}", *node["classes"]]
    start = translator.starttag(node, "div", CLASS=" ".join(classes), style=_STYLE)
    translator.body.append(f"{start}{text}</div>\n")
    raise nodes.SkipNode


_TEX = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{sign: f"\\{sign}" for sign in "{}#$%&_"},
}


def visit_latex(translator: Any, node: drawing) -> None:
    """The PDF, beside the document; LaTeX scales it down to the line."""
    file = _file(translator, node)
    name = f"graphtrace-{file.name}"
    ensuredir(translator.builder.outdir)
    shutil.copyfile(file, Path(translator.builder.outdir) / name)
    alt = re.sub(r"[\\{}#$%&_^~]", lambda match: _TEX[match[0]], node["alt"])
    ids = "".join(translator.hypertarget(one, anchor=False) for one in node["ids"])
    in_figure = isinstance(node.parent, nodes.figure)
    before, after = ("\n\\noindent", "\n") if in_figure else ("\n\n{\\centering", "\\par}\n\n")
    image = f"\\sphinxincludegraphics[alt={{{alt}}}]{{{{{Path(name).stem}}}.pdf}}"
    translator.body.append(f"{before}{ids}{image}{after}")
    raise nodes.SkipNode


def visit_text(translator: Any, node: drawing) -> None:
    """The figure in words."""
    words = nodes.paragraph("", f"[{node['alt']}]")
    words.parent = node.parent
    words.walkabout(translator)
    raise nodes.SkipNode
