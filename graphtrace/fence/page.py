"""Which page is being written, as far as the program around Python-Markdown says it.

In: the Markdown object. Out: the page's name, its folder and that of all pages. Neither MkDocs nor
Zensical is imported: each has left a processor of its own in the object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple


class Page(NamedTuple):
    """A page: what it is called, where its relative paths begin, and those with a / before."""

    name: Path
    folder: Path
    root: Path
    strict: bool = False
    """Whether what is wrong ends the build, and only an error can tell it."""


def page_of(md: Any) -> Page:
    """The page; where nothing is known of one, paths begin in the current folder."""
    if "relpath" in md.treeprocessors and hasattr(md.treeprocessors["relpath"], "file"):
        file = md.treeprocessors["relpath"].file  # MkDocs
        name, path = Path(file.src_uri), Path(file.abs_src_path or file.src_uri)
        depth = len(name.parts)
        return Page(name, path.parent, path.parents[depth - 1])
    if "rendering_context" in md.preprocessors:
        context = md.preprocessors["rendering_context"]  # Zensical
        settings = context.config
        root = Path(settings.get("root_dir") or "") / (settings.get("docs_dir") or "docs")
        name = Path(context.page.path)
        return Page(name, (root / name).parent, root, bool(settings.get("strict")))
    return Page(Path("the page"), Path(), Path(), strict=True)
