"""The gallery: every Python file has its SVG, made from it, byte for byte."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import graphtrace as gt
from graphtrace import cli
from graphtrace.errors import ArgumentError, TargetError
from graphtrace.gallery import differences, draw, update
from graphtrace.target import load_file

GALLERY = Path(__file__).parents[1] / "gallery"

SQUARE = """\
\"\"\"A square.\"\"\"
import graphtrace as gt
def square(x):
    return x**2
graph = gt.trace(square, x=3)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "gallery"
    folder.mkdir()
    (folder / "square.py").write_text(SQUARE)
    (folder / "cube.py").write_text(SQUARE.replace("square", "cube").replace("**2", "**3"))
    return Path("gallery")


def run(*args):
    result = CliRunner().invoke(cli.main, ["gallery", *args])
    return result.exit_code, result.stdout, result.stderr


def test_each_file_is_drawn_beside_itself_in_order(folder):
    assert list(update(folder)) == [folder / "cube.svg", folder / "square.svg"]
    ET.parse(folder / "square.svg")


def test_nothing_else_is_left_behind(folder):
    list(update(folder))
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {"cube.py", "cube.svg", "square.py", "square.svg"}


def test_the_same_file_gives_the_same_bytes(folder):
    assert draw(folder / "square.py") == draw(folder / "square.py")


def test_a_helper_is_not_drawn(folder):
    (folder / "_helper.py").write_text("1/0")
    assert len(list(update(folder))) == 2


def test_a_file_may_import_a_helper_beside_it(folder):
    (folder / "_helper_of_test_gallery.py").write_text("three = 3")
    before = draw(folder / "square.py")
    (folder / "square.py").write_text(
        SQUARE.replace("as gt", "as gt; from _helper_of_test_gallery import three").replace(
            "x=3", "x=three"
        )
    )
    assert draw(folder / "square.py") == before


def test_a_file_may_say_how_it_is_drawn(folder):
    before = draw(folder / "square.py")
    (folder / "square.py").write_text(SQUARE + 'options = {"direction": "TB"}\n')
    assert draw(folder / "square.py") != before


def test_an_up_to_date_gallery_has_no_differences(folder):
    list(update(folder))
    assert list(differences(folder)) == []


def test_a_missing_changed_or_stale_svg_is_a_difference(folder):
    list(update(folder))
    (folder / "cube.svg").unlink()
    (folder / "square.py").write_text(SQUARE.replace("x=3", "x=4"))
    (folder / "circle.svg").write_text("<svg/>")
    assert list(differences(folder)) == [
        "gallery/cube.svg is missing: draw it with 'graphtrace gallery'",
        "gallery/square.svg differs: look at it, then draw it again with 'graphtrace gallery'",
        "gallery/circle.svg is stale: no circle.py draws it any more, remove it",
    ]


def test_a_failed_file_leaves_its_old_svg(folder):
    (folder / "square.svg").write_text("old")
    (folder / "square.py").write_text("1/0")
    with pytest.raises(TargetError):
        list(update(folder))
    assert (folder / "square.svg").read_text() == "old"


def test_a_file_without_a_graph_is_told_how_to_end(folder):
    (folder / "cube.py").write_text("graph = 3")
    with pytest.raises(TargetError) as caught:
        draw(folder / "cube.py")
    assert str(caught.value) == (
        "'gallery/cube.py' has no graph to draw: end it with graph = gt.trace(function, ...)"
    )


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(ArgumentError) as caught:
        list(update(Path("gone")))
    assert str(caught.value) == "there is no folder 'gone': name one with Python files in it"


# The command


def test_the_command_draws_and_says_what_it_wrote(folder):
    assert run() == (0, "wrote gallery/cube.svg\nwrote gallery/square.svg\n", "")


def test_the_command_takes_a_folder(folder):
    other = folder.rename("other")
    assert run(str(other))[1] == "wrote other/cube.svg\nwrote other/square.svg\n"


def test_check_is_quiet_where_all_is_well(folder):
    run()
    assert run("--check") == (0, "", "")


def test_check_lists_what_differs_and_writes_nothing(folder):
    assert run("--check") == (
        1,
        "gallery/cube.svg is missing: draw it with 'graphtrace gallery'\n"
        "gallery/square.svg is missing: draw it with 'graphtrace gallery'\n",
        "",
    )
    assert not list(folder.glob("*.svg"))


def test_a_file_that_raises_is_one_sentence(folder):
    (folder / "cube.py").write_text("\n1/0\n")
    assert run() == (
        1,
        "",
        "graphtrace: error: 'gallery/cube.py' cannot be imported, ZeroDivisionError in "
        "gallery/cube.py line 2: division by zero: mend it, then try again\n",
    )


def test_a_missing_folder_is_an_error_of_use(folder):
    assert run("gone") == (
        2,
        "",
        "graphtrace: error: there is no folder 'gone': name one with Python files in it\n",
    )


# Our own gallery


@pytest.mark.parametrize("source", sorted(GALLERY.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_our_gallery_is_up_to_date(source):
    assert source.with_suffix(".svg").read_bytes() == draw(source)


def test_the_lecture_has_the_lecture_s_numbers():
    graph = load_file(GALLERY / "lecture.py").graph
    assert {n: graph.nodes[n]["value"] for n in graph} == {
        "a": 5.0,
        "b": 3.0,
        "c": 2.0,
        "u": 6.0,
        "v": 11.0,
        "J": 33.0,
    }
    assert {n: graph.nodes[n]["grad"] for n in "abcuv"} == {"a": 3, "b": 6, "c": 9, "u": 3, "v": 3}


def test_every_file_of_ours_begins_with_a_caption():
    for source in GALLERY.glob("*.py"):
        caption = load_file(source).__doc__.splitlines()[0]
        assert caption.endswith((".", "?")), source
        assert isinstance(load_file(source).graph, gt.Graph)
