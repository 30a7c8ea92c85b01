"""Write the graph itself as JSON, which `gt.load` reads.

In: a Rendering of a whole graph. Out: text. What stands in it, `graphtrace.document` knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphtrace.document import to_json

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering


def write(rendering: Rendering) -> str:
    """The text of the file."""
    return to_json(rendering.graph)
