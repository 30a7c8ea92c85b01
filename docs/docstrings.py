"""For the reference of the site: the doctests at the end of a docstring, as examples.

In: docstrings as griffe reads them. Out: the same, with a heading above what a Markdown reader
would take for quotations.
"""

import re
from textwrap import indent
from typing import Any

from griffe import Extension, Object

DOCTESTS = re.compile(r"(?<=\n\n)>>> .*", re.DOTALL)


class Examples(Extension):
    """Puts `Examples:` above the doctests of each docstring."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        """What griffe calls with each object that it has read."""
        if obj.docstring:
            obj.docstring.value = DOCTESTS.sub(
                lambda match: "Examples:\n" + indent(match[0], "    "), obj.docstring.value
            )
