"""The options of every figure, from a file.

In: a path. Out: the options in force, as `graphtrace.defaults` has them.
"""

from __future__ import annotations

import json
import tomllib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from graphtrace.errors import OptionError
from graphtrace.render.options import set_defaults

_READERS = {".toml": tomllib.loads, ".json": json.loads}


def from_file(path: Path) -> AbstractContextManager[Any]:
    """The options of a .toml or .json file, in force until the block ends.

    Raises `OptionError` for a file that cannot be read, and for an option that there is not.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise OptionError(f"'{path}' is neither a .toml nor a .json file: write the options in one")
    try:
        options = reader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"'{path}' cannot be read ({error.strerror}): check the path") from None
    except ValueError as error:
        raise OptionError(f"'{path}' cannot be used ({error}): mend it, then try again") from None
    if not isinstance(options, dict):
        raise OptionError(f"'{path}' holds no options: write them as in {{\"width\": 360}}")
    chosen = {
        name.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for name, value in options.items()
    }
    try:
        return set_defaults(chosen)
    except OptionError as error:
        raise OptionError(f"in '{path}', {error}") from None
