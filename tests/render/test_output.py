"""What is written: a file whole or not at all, a stream to its end, or one sentence."""

import os
import signal
import stat
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner
from processes import ENVIRONMENT, LECTURE, command, linux, posix

from graphtrace.cli import main
from graphtrace.errors import RenderError, TargetError
from graphtrace.gallery.draw import update
from graphtrace.render.formats import output

SQUARE = "import graphtrace as gt\ngraph = gt.trace(lambda x: x**2, x=3)\n"


def python(code, **how):
    """The code in a Python of its own, which has imported `os`, `signal` and `output`."""
    head = "import os, signal\nfrom graphtrace.render.formats import output\n"
    return subprocess.run([sys.executable, "-c", head + code], env=ENVIRONMENT, **how)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Files


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path, mask):
    old = os.umask(mask)
    try:
        output.write(tmp_path / "J.svg", b"new")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "J.svg").stat().st_mode) == 0o666 & ~mask


@posix
def test_a_file_that_was_there_keeps_its_permissions(tmp_path):
    path = tmp_path / "J.svg"
    path.touch(mode=0o640)
    output.write(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)


def test_the_mask_of_the_process_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", None)  # other threads make files, too
    output.write(tmp_path / "J.svg", b"new")


@posix
def test_a_link_stays_a_link_and_its_file_is_written(tmp_path):
    (tmp_path / "link").symlink_to("J.svg")
    for content in (b"new", b"newer"):  # it leads nowhere at first
        output.write(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "J.svg").read_bytes() == content
    assert names(tmp_path) == ["J.svg", "link"]


def test_a_file_that_may_not_be_written_is_kept(tmp_path, monkeypatch):
    (tmp_path / "J.svg").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(RenderError, match=r"J\.svg cannot be written \(it is read-only\)"):
        output.write(tmp_path / "J.svg", b"new")
    assert (tmp_path / "J.svg").read_bytes() == b"old"


def test_a_name_that_no_file_has_is_refused(tmp_path):
    with pytest.raises(RenderError, match=r"cannot be written \(.*null"):
        output.write(tmp_path / "J\0.svg", b"new")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "J.svg").write_bytes(b"old")

    def press(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", press)
    with pytest.raises(KeyboardInterrupt):
        output.write(tmp_path / "J.svg", b"new")
    assert names(tmp_path) == ["J.svg"]
    assert (tmp_path / "J.svg").read_bytes() == b"old"


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_us_waits_until_the_file_is_whole(tmp_path, number):
    code = (
        "sync = os.fsync\n"
        f"os.fsync = lambda file: (os.kill(os.getpid(), {number:d}), sync(file))\n"
        "output.write('J.svg', b'new')\n"
    )
    assert python(code, cwd=tmp_path).returncode == -number
    assert names(tmp_path) == ["J.svg"]
    assert (tmp_path / "J.svg").read_bytes() == b"new"


@posix
def test_handlers_of_signals_are_left_as_they_were(tmp_path, monkeypatch):
    mine = signal.signal(signal.SIGTERM, lambda *_: None)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        output.write(tmp_path / "J.svg", b"new")
        assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)] == before
    finally:
        signal.signal(signal.SIGTERM, mine)


def test_two_writers_at_once_never_show_half_a_file(tmp_path):
    path, contents = tmp_path / "J.svg", {b"a" * 100_000, b"b" * 300_000}
    output.write(path, b"a" * 100_000)
    writers = [
        threading.Thread(target=lambda c=content: [output.write(path, c) for _ in range(40)])
        for content in contents
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in contents
    assert names(tmp_path) == ["J.svg"]


@posix
def test_a_pipe_with_a_name_is_written_to(tmp_path):
    read = []
    os.mkfifo(pipe := tmp_path / "pipe")
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    output.write(pipe, b"x" * 200_000)
    reader.join()
    assert read == [b"x" * 200_000]
    assert pipe.is_fifo()


@linux
def test_a_file_that_standard_output_goes_to_is_added_to(tmp_path):
    (tmp_path / "log").write_bytes(b"old\n")
    with (tmp_path / "log").open("ab") as log:
        python("output.write('/dev/stdout', b'new\\n')", stdout=log, check=True)
    assert (tmp_path / "log").read_bytes() == b"old\nnew\n"


# The gallery


@pytest.fixture
def gallery(tmp_path):
    (tmp_path / "square.py").write_text(SQUARE)
    return tmp_path


@posix
def test_a_full_disk_leaves_the_gallery_as_it_was_and_names_the_file(gallery):
    import resource

    list(update(gallery))
    before = {path.name: path.read_bytes() for path in gallery.iterdir() if path.is_file()}
    (gallery / "square.py").write_text(SQUARE.replace("**2", "**3"))

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    full = command("gallery", gallery, cwd=gallery, preexec_fn=fill)
    error = full.communicate()[1].decode()
    assert full.returncode == 1
    assert error.startswith(f"graphtrace: error: {gallery / 'square.svg'} cannot be written (")
    assert error.count("\n") == 1
    after = {path.name: path.read_bytes() for path in gallery.iterdir() if path.is_file()}
    assert after | {"square.py": before["square.py"]} == before


def test_a_file_of_the_gallery_that_cannot_be_written_or_read_is_named(gallery):
    (gallery / "square.svg").mkdir()
    with pytest.raises(RenderError, match=r"square\.svg cannot be written \(it is a directory\)"):
        list(update(gallery))
    (gallery / "square.svg").rmdir()
    (gallery / "order.txt").write_bytes(b"\xff")
    with pytest.raises(TargetError, match=r"order\.txt' cannot be read \('utf-8' codec"):
        list(update(gallery))


# Standard output


def spoken(tmp_path, typed, redirect, **variables):
    """The exit code and standard error of the command with its output so redirected by a shell."""
    line = [sys.executable, "-m", "graphtrace", *typed]
    shell = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", *line]
    done = subprocess.run(
        shell, cwd=tmp_path, capture_output=True, text=True, env={**ENVIRONMENT, **variables}
    )
    return done.returncode, done.stderr


DRAWN = ("render", *LECTURE, "-o", "-")
NAMED = ("render", *LECTURE, "-o", "J.svg")


@linux
@pytest.mark.parametrize(
    ("typed", "redirect"),
    [
        (DRAWN, ">/dev/full"),
        (DRAWN, ">&-"),
        (NAMED, ">&-"),
        (("--help",), ">/dev/full"),
        (("render", "--help"), ">&-"),
        (("--version",), ">/dev/full"),
    ],
)
def test_a_standard_output_that_fails_is_one_sentence(tmp_path, typed, redirect):
    why = "Bad file descriptor" if redirect == ">&-" else "No space left on device"
    assert spoken(tmp_path, typed, redirect) == (
        1,
        f"graphtrace: error: standard output cannot be written ({why}): send it to a terminal, or "
        "to a file on a disk that has room\n",
    )


@linux
def test_where_no_error_can_be_told_the_exit_code_tells(tmp_path):
    assert spoken(tmp_path, ("render", "J = a"), "<&- >&- 2>/dev/full") == (2, "")


@linux
def test_the_name_of_standard_output_is_a_dash(tmp_path):
    piped = command(*DRAWN[:-1], "/dev/stdout", cwd=tmp_path)
    assert piped.communicate()[0].rstrip().endswith(b"</svg>")
    assert piped.returncode == 0


def test_an_error_of_a_broken_pipe_in_the_function_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text("def f(x):\n    raise BrokenPipeError(32, 'the pump')\n")
    failed = CliRunner().invoke(main, ["render", "f.py:f", "--at", "x=1"])
    assert failed.stderr == "graphtrace: error: BrokenPipeError in f(), f.py line 2: the pump\n"
    assert failed.exit_code == 1
