"""Valid Python names for the values of a graph, each given out once.

In: the keys of the nodes, in the user's words. Out: identifiers: `W1` for `params['W1']`, `dJ_dv`
for an adjoint. Whatever is in a key, a dict's key for example, only letters, digits and underscores
come out.
"""

from __future__ import annotations

import itertools
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Collection

from graphtrace.graph.traced import TracedGraph

_KEYS = re.compile(r"\w+((?:\['\w+'\])+)")
_LONGEST = 40


class Names:
    """The names of one program. The parameters keep their own; others give way to them."""

    def __init__(self, graph: TracedGraph, order: list[str]) -> None:
        self._taken = set(keyword.kwlist)
        self._numbers: Counter[str] = Counter()
        self._adjoints: dict[str, str] = {}
        parameters = graph.graph["parameters"]
        self._taken.update(parameters)
        self.function = identifier(graph.name)
        if keyword.iskeyword(self.function):
            self.function += "_"
        self.of: dict[str, str] = {}
        for key in order:
            self.of[key] = key if key in parameters else self.unique(key)
        self._taken.add(self.function)  # a value may have the function's name, but nothing global

    def unique(self, wanted: str) -> str:
        """A valid name like the one that is wanted."""
        name = stem = identifier(wanted)
        for n in itertools.count(2):
            if name not in self._taken:
                break
            name = f"{stem}_{n}"
        self._taken.add(name)
        return name

    def numbered(self, stem: str) -> str:
        """`t1`, `t2`, ..."""
        self._numbers[stem] += 1
        return self.unique(f"{stem}{self._numbers[stem]}")

    def adjoint(self, outputs: Collection[str], key: str) -> str:
        """`dJ_dv`: the same name for the same node; of several outputs, of the function."""
        if key not in self._adjoints:
            of = self.of[next(iter(outputs))] if len(outputs) == 1 else self.function
            self._adjoints[key] = self.unique(f"d{of}_d{self.of[key]}")
        return self._adjoints[key]


def identifier(wanted: str) -> str:
    """A valid name like `wanted`, but for keywords.

    Python reads a name in its normal form (NFKC), so that form is compared.

    >>> identifier("params['W1']"), identifier("layers[0]"), identifier("x'; import os")
    ('W1', 'layers_0', 'x_import_os')
    """
    if wanted.isascii() and wanted.isidentifier() and len(wanted) <= _LONGEST:
        return wanted
    keys = _KEYS.fullmatch(wanted)
    name = "_".join(re.findall(r"\['(\w+)'\]", keys[1])) if keys else wanted
    for pattern in (r"\W+", r"[^A-Za-z0-9_]+"):
        name = re.sub(pattern, "_", unicodedata.normalize("NFKC", name)).strip("_")[:_LONGEST]
        if name[:1].isdigit():
            name = f"_{name}"
        if name.isidentifier():
            return name
    return "v"
