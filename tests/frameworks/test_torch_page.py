"""docs/pytorch.md: its program runs, and what stands behind a line is what the line gives."""

import ast
import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: make test-torch")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pytorch.md"
SAID = re.compile(r"^(g\.\S.*?) +# (['\[(].*)$", re.MULTILINE)


def test_the_program_of_the_page_runs_and_gives_what_it_says(tmp_path, monkeypatch):
    (program,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(program, str(PAGE), "exec"), names)
    said = SAID.findall(program)
    assert len(said) == 3
    for line, value in said:
        exec(f"given = {line}", names)
        assert names["given"] == ast.literal_eval(value)
    assert "net.0.weight.T" in str(names["g"].edges["x", "v1", 0]["symbol"])
    assert (tmp_path / "loss.svg").exists()
