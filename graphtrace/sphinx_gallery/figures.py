"""Look for figures in what a block of an example has left.

In: the block's text and the example's globals. Out: files, and the reST that shows them. A figure
is what a notebook would show, and belongs to the block that gives it a name or ends with it.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from graphtrace.api import Graph, Picture
from graphtrace.places.drawn import alternative
from graphtrace.plots import Drawing
from graphtrace.render.formats import output

_FORMS = {".svg": "image/svg+xml", ".pdf": "application/pdf"}
_LAST = "___"
"""Where Sphinx-Gallery leaves the value of an expression at the end of a block."""


def scraper(
    block: tuple[str, str, int],
    block_vars: Mapping[str, Any],
    gallery_conf: Mapping[str, Any],
    **_: Any,
) -> str:
    """The reST for the graphs and figures of a block; "" where there is none."""
    return "".join(
        _written(shown, Path(next(block_vars["image_path_iterator"])), gallery_conf["src_dir"])
        for shown in _figures(block[1], block_vars["example_globals"])
    )


def _figures(code: str, values: Mapping[str, Any]) -> Iterator[Any]:
    body = ast.parse(code).body
    stored = [
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names = [*stored, _LAST] if body and isinstance(body[-1], ast.Expr) else stored
    shown = {id(value): value for name in names if (value := values.get(name)) is not None}
    for value in shown.values():
        if isinstance(value, Graph | Picture | Drawing):
            yield value


def _written(shown: Any, path: Path, root: str | os.PathLike[str]) -> str:
    """Write the figure in each form, and show whichever a build can take."""
    forms = shown._repr_mimebundle_(include=list(_FORMS.values()))
    for suffix, form in _FORMS.items():
        if form in forms:
            made = forms[form]
            file = path.with_suffix(suffix)
            output.write(file, made.encode("utf-8") if isinstance(made, str) else made)
    name = PurePath(os.path.relpath(path.with_suffix(""), root)).as_posix()
    alt = alternative(forms[_FORMS[".svg"]])
    return f"\n.. image:: /{name}.*\n   :alt: {alt}\n   :class: sphx-glr-single-img\n\n"
