"""The tests stand in folders that mirror the rooms, and none is long."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
FILES = sorted(TESTS.rglob("*.py"))
# Beside the rooms: what a reader relies on, the project itself, fuzzers, measurements, and the
# figures of anybody's functions.
BESIDE = {"contract", "project", "fuzz", "benchmarks", "figures"}


def test_every_test_stands_in_the_folder_of_its_room():
    rooms = {path.parent.name for path in (ROOT / "graphtrace").glob("*/__init__.py")}
    for path in FILES:
        if path.name.startswith("test_"):
            folder = path.relative_to(TESTS).parts[0]
            assert folder in rooms | BESIDE, f"{path.relative_to(ROOT)} is in no room"


def test_no_file_of_tests_is_longer_than_700_lines():
    for path in FILES:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 700, f"{path.relative_to(ROOT)} has {lines} lines"
