"""Valid Python names for the values of a graph, each given out once: `Names.issued`.

In: the keys of the nodes, in the user's words. Out: identifiers: `W1` for `params['W1']`, `dJ_dv`
for an adjoint. Whatever is in a key, a dict's key for example, only letters, digits and underscores
come out.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Set
from typing import NamedTuple

from graphtrace.core.inputs import is_name
from graphtrace.errors import ArgumentError
from graphtrace.graph.tree import Listing

_KEYS = re.compile(r"\w+((?:\['\w+'\])+)")
_LONGEST = 40

# Keywords, and what a text must never mean by a name that has no value yet.
_RESERVED = frozenset(keyword.kwlist) | frozenset(
    "__builtins__ __build_class__ __debug__ __import__ __loader__ __name__ __spec__ breakpoint "
    "compile delattr eval exec getattr globals locals open setattr vars".split()
)


class Issued(NamedTuple):
    """What a text may say: names, names to call, and names of arguments."""

    names: Set[str]
    called: Set[str]
    arguments: Set[str]


class Names:
    """The names of one program. The parameters keep their own; others give way to them."""

    def __init__(self, graph: Listing, order: list[str]) -> None:
        self._last: dict[str, int] = {}  # the last number behind a name that was taken
        self._numbers: Counter[str] = Counter()
        self._adjoints: dict[str, str] = {}
        self.parameters = frozenset(graph.graph["parameters"])
        for name in self.parameters:
            if not is_name(name):
                raise ArgumentError(
                    f"{name!r:.60} is no name that a parameter can have: compile a function whose "
                    f"arguments are all that it computes with"
                )
        self.issued = set(self.parameters)
        self.function = identifier(graph.name)
        if self.function in _RESERVED:
            self.function += "_"
        self.of: dict[str, str] = {}
        for key in order:
            self.of[key] = key if key in self.parameters else self.unique(key)
        self.issued.add(self.function)  # a value may have the function's name, but nothing global

    def unique(self, wanted: str) -> str:
        """A valid name like the one that is wanted."""
        name = stem = identifier(wanted)
        n = self._last.get(stem, 1)
        while name in self.issued or name in _RESERVED:
            n += 1
            name = f"{stem}_{n}"
        if n > 1:
            self._last[stem] = n
        self.issued.add(name)
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
