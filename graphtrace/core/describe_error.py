"""Say in a few words what exception user code raised, and where.

In: an exception that was caught. Out: text such as `ZeroDivisionError in f(), loss.py line 3:
division by zero`. Knows nothing of what was being done.
"""

from __future__ import annotations

import os
from functools import cache
from types import FrameType


def folder(path: str) -> str:
    """The folder of a file, as text: all programs would wait 7 ms for pathlib."""
    return path.rpartition(os.sep)[0]


PACKAGE = folder(folder(__file__))
"""The folder of graphtrace itself."""


def describe(error: BaseException) -> str:
    """`KIND in FUNCTION(), FILE line N: MESSAGE`, naming the deepest frame that is user code.

    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     print(describe(error))  # doctest: +ELLIPSIS
    ZeroDivisionError ...: division by zero
    """
    kind = type(error).__name__
    message = " ".join(text_of(error).split())
    if isinstance(error, SyntaxError) and error.filename:
        message = error.msg
        place = f" in {_short(error.filename)} line {error.lineno}"
    elif isinstance(error, OverflowError | OSError) and len(error.args) > 1:
        message = text_of(
            error.args[1]
        )  # its str() is a pair: (34, 'Numerical result out of range')
        place = raised_at(error)
    else:
        place = raised_at(error)
    return f"{kind}{place}" + (f": {message}" if message else "")


def text_of(x: object) -> str:
    """`str(x)`, or that it has none, where a class's own `__str__` raises.

    >>> text_of(KeyError("a"))
    "'a'"
    """
    try:
        return str(x)
    except BaseException:  # noqa: BLE001 (the user's __str__ may raise anything)
        return f"(a {type(x).__name__} whose __str__ raises)"


def raised_at(error: BaseException) -> str:
    """` in FUNCTION(), FILE line N`, of the deepest frame that is user code; "" where none is."""
    import traceback  # 2 ms, and most programs do not fail

    walked = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    frames = zip(traceback.extract_tb(error.__traceback__), walked, strict=True)
    users = [f for f, at in frames if not f.filename.startswith("<frozen ") and not _is_ours(at)]
    # A function of an installed package may be the target, too; then its own frames have to do.
    own = [frame for frame in users if not is_installed(frame.filename)] or users
    for note in map(text_of, getattr(error, "__notes__", ())):
        if note.startswith("in '"):  # an expression has no file, and says itself which part it was
            return f" {note}"
    if not own:
        return ""
    name = f"{own[-1].name}(), " if own[-1].name != "<module>" else ""
    return f" in {name}{_short(own[-1].filename)} line {own[-1].lineno}"


def is_installed(filename: str) -> bool:
    """Whether the file is Python's own or that of an installed package."""
    return filename.startswith(_installed()) or f"{os.sep}site-packages{os.sep}" in filename


@cache
def _installed() -> tuple[str, ...]:
    import sysconfig  # 2 ms, and most programs do not fail

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(sysconfig.get_path(name) for name in names)


def _is_ours(frame: FrameType) -> bool:
    """Whether the code is graphtrace's; what a dataclass has written for it has no file."""
    if frame.f_code.co_filename != "<string>":
        return frame.f_code.co_filename.startswith(PACKAGE)
    return str(frame.f_globals.get("__name__")).startswith("graphtrace.")


def _short(name: str) -> str:
    """The path as seen from here, where that is shorter."""
    from pathlib import Path

    path = Path(name)
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return name
