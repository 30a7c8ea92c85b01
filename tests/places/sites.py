"""Small sites, built from nothing as their authors build them.

In: the text of files. Out: what a build wrote and printed. Each runs in a process of its own, in a
folder of its own.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from processes import ENVIRONMENT

LECTURE = """\
from pathlib import Path

from scale import three

with Path(__file__).with_name("runs").open("a") as file:
    file.write("x")


def J(a, b, c):
    u = b * c
    v = a + u
    return three(v)
"""
SCALE = "def three(v):\n    return 3 * v\n"

TITLE = "Computational graph of J(a, b, c)"


def write(folder: Path, files: dict[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, module: str, *args: str) -> subprocess.CompletedProcess[str]:
    """`python -m module ...` in the folder."""
    line = [sys.executable, "-m", module, *args]
    environment = {**ENVIRONMENT, "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def built(folder: Path, module: str, *args: str) -> str:
    """What a build that has to succeed printed."""
    done = run(folder, module, *args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def runs(folder: Path) -> int:
    """How often the lecture's file was run."""
    log = folder / "runs"
    return len(log.read_text()) if log.is_file() else 0


class Figures(HTMLParser):
    """The figures of a page: the title and the description of each SVG, and all ids."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.svgs: list[dict[str, str]] = []
        self.ids: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self._in: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        if tag == "img":
            self.images.append(given)
        if tag == "svg" and re.search(r"\bgraphtrace\b", given.get("class") or ""):
            self.svgs.append({"named by": given["aria-labelledby"], "title": "", "desc": ""})
            self._in = ["svg"]
        elif self._in and tag in ("title", "desc", "g"):
            self._in.append(tag)

    def handle_endtag(self, tag):
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data):
        if len(self._in) == 2 and self._in[1] in ("title", "desc"):
            self.svgs[-1][self._in[1]] += data
