"""One function of the corpus: as somebody wrote it, with arguments and where it is from."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Example(NamedTuple):
    """A function, the arguments it is drawn at, its name in the tables, and a source."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    name: str
    source: str
