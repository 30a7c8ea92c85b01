"""What a figure shows of itself in a notebook: a bundle of forms, of which a front end takes one.

In: functions that make the forms, and which of them are wanted. Out: the forms by their MIME type.
LaTeX is none of them: front ends would prefer it to the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from graphtrace.errors import RenderError
from graphtrace.render.formats import pdf as paper, svg
from graphtrace.render.options import Choices, chosen, in_force
from graphtrace.render.rendering import Rendering

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.figure.parts import Figure

Bundle: TypeAlias = dict[str, str | bytes]
SVG, PDF, TEXT = "image/svg+xml", "application/pdf", "text/plain"


def display(
    source: nx.MultiDiGraph[Any] | Figure,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
    **options: Unpack[Choices],
) -> Bundle:
    """The forms of a graph or figure; the PDF is of the same layout.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda a, b: a * b, 5.0, 3.0)
    >>> sorted(display(g, exclude=["application/pdf"]))
    ['image/svg+xml', 'text/plain']
    """
    rendering = Rendering(source, on_page(options), "svg")
    return bundle(
        repr(source),
        lambda: svg.write(rendering),
        lambda: paper.write(rendering),
        include,
        exclude,
    )


def on_page(look: Mapping[str, Any]) -> dict[str, Any]:
    """The options, in the scheme of the page around the figure, where none is chosen."""
    return {**({} if "scheme" in in_force() else {"scheme": "page"}), **look}


def bundle(
    text: str,
    drawn: Callable[[], str],
    printed: Callable[[], bytes],
    include: Collection[str] | None,
    exclude: Collection[str] | None,
) -> Bundle:
    """The forms that are wanted; no other is made.

    The PDF is for what becomes a document by LaTeX. It is left out without the extra `pdf`, after
    `gt.defaults(pdf=False)`, and where it cannot be made.
    """
    wanted = {SVG, PDF, TEXT} if include is None else set(include)
    wanted -= set(exclude or ())
    made: Bundle = {TEXT: text} if TEXT in wanted else {}
    if SVG in wanted:
        made[SVG] = drawn()
    if PDF in wanted and chosen({}).pdf and paper.is_installed():
        with suppress(RenderError):
            made[PDF] = printed()
    return made


def put_beneath(bundles: Iterable[Bundle]) -> None:
    """Each bundle as an output of its own beneath the cell, which IPython alone can do."""
    from IPython.display import display as put

    for one in bundles:
        put(one, raw=True)
