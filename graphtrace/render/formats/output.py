"""Write a finished file whole or not at all.

In: a path or a stream, and bytes. It knows nothing about what the bytes are.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, Any

from graphtrace.errors import RenderError


def write(target: str | os.PathLike[str] | IO[Any], content: bytes) -> None:
    """Put the content at the path in one step, or into the stream as text or bytes it takes.

    Raises `RenderError`, with the path, if the directory is missing or cannot be written to.
    """
    if not isinstance(target, (str, os.PathLike)):
        _write_stream(target, content)
        return
    path = Path(target)
    try:
        _replace(path, content)
    except OSError as error:
        why = error.strerror or str(error)
        raise RenderError(
            f"{path} cannot be written ({why}): choose a directory that exists and is writable"
        ) from error


def _write_stream(stream: IO[Any], content: bytes) -> None:
    is_text = hasattr(stream, "encoding")
    stream.write(content.decode("utf-8") if is_text else content)


def _replace(path: Path, content: bytes) -> None:
    path = Path(os.path.realpath(path))  # a link stays a link
    if path.is_dir():
        raise IsADirectoryError(21, "it is a directory")
    if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced
        path.write_bytes(content)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".graphtrace-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(path))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """The mode that a plain open() would have left: mkstemp's is for the owner only."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
