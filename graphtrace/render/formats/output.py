"""Write a finished file whole or not at all.

In: a path or a stream, and bytes. It knows nothing about what the bytes are.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
        _put(path, content)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RenderError(
            f"{path} cannot be written ({why}): choose another path, in a directory "
            "that exists and is writable"
        ) from error


def write_all(directory: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Put numbered files into a directory, all or none; it is made, if there is none.

    Raises `RenderError` where that cannot be, and where the directory has other numbered files of
    the kind, which would be taken for some of these.
    """
    path = Path(directory)
    kinds = {Path(name).suffix for name in files}
    try:
        there = sorted(path.iterdir()) if path.exists() else []
        others = [f for f in there if f.stem.isdigit() and f.suffix in kinds - {""}]
        others = [f for f in others if f.name not in files]
        if others:
            raise RenderError(
                f"{path} has {others[0].name}, which is not one of these {len(files)} files: "
                "choose another directory, or empty it"
            )
        _put_all(path, files)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RenderError(
            f"{path} cannot be written ({why}): choose another directory, in one that exists and "
            "is writable"
        ) from error


def _put_all(path: Path, files: Mapping[str, bytes]) -> None:
    """Each beside its place first, so that a full disk or a wrong name leaves the old ones."""
    is_new = not path.exists()
    hidden = f".graphtrace-{os.urandom(8).hex()}.tmp"
    temporary = path.parent / hidden if is_new else path / hidden
    with _undisturbed():
        try:
            temporary.mkdir()
            for name, content in files.items():
                (temporary / name).write_bytes(content)
            if is_new:
                temporary.rename(path)
            else:
                for name in files:
                    (temporary / name).replace(path / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _write_stream(stream: IO[Any], content: bytes) -> None:
    is_text = hasattr(stream, "encoding")
    stream.write(content.decode("utf-8") if is_text else content)


def _put(path: Path, content: bytes) -> None:
    """Replace a file; what is no file, or is written to already, is added to."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a directory")
    old = path.stat().st_mode if path.exists() else None
    if (old is not None and not stat.S_ISREG(old)) or path.as_posix().startswith(_STREAMS):
        with path.open("ab") as stream:
            stream.write(content)
        return
    path = Path(os.path.realpath(path))  # a link stays a link
    if old is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")
    _replace(path, content, old)


_STREAMS = ("/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/self/fd/")
"""Names of what is open, also where that is a file: it must not lose what it holds."""


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    """A new file has the permissions that open() gives it, one that was there keeps its own."""
    temporary = path.with_name(f".graphtrace-{os.urandom(8).hex()}.tmp")
    with _undisturbed():
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else a crash of the machine could leave half a file
            if mode is not None:
                temporary.chmod(mode & 0o777)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals that would end us wait until a file is whole, so that nothing is left behind.

    Only SIGKILL does not wait. It may leave the hidden temporary file, which does no harm.
    """
    came: list[int] = []
    held: list[int] = []
    with suppress(ValueError):  # in a thread nobody can handle signals
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda number, _: came.append(number))
                held.append(number)
    try:
        yield
    finally:
        for number in held:
            signal.signal(number, signal.SIG_DFL)
        for number in came:
            signal.raise_signal(number)


_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
