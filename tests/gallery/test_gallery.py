"""The gallery: every Python file has its SVG, made from it, byte for byte."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import graphtrace as gt
from graphtrace import cli
from graphtrace.errors import ArgumentError, TargetError
from graphtrace.gallery.draw import contents, differences, draw, missing, update
from graphtrace.target.function import load_file

GALLERY = Path(__file__).parents[2] / "gallery"

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
    drawn = [folder / "cube.svg", folder / "square.svg", folder / "index.html"]
    assert list(update(folder)) == drawn
    ET.parse(folder / "square.svg")


def test_nothing_else_is_left_behind(folder):
    list(update(folder))
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {"cube.py", "cube.svg", "index.html", "square.py", "square.svg"}


def test_the_same_file_gives_the_same_bytes(folder):
    assert draw(folder / "square.py") == draw(folder / "square.py")


def test_what_needs_a_library_that_is_not_there_is_left_as_it_is(folder):
    source = folder / "square.py"
    source.write_text("import there_is_no_such_library\n" + SQUARE.split("\n", 1)[1])
    code, _, error = run(str(folder))
    assert code
    assert "there_is_no_such_library" in error
    source.with_suffix(".svg").write_text("<svg>drawn elsewhere</svg>")
    code, out, error = run(str(folder))
    assert not code
    assert "wrote gallery/cube.svg" in out
    assert "square.py is left as it is: there_is_no_such_library is not installed" in error
    assert source.with_suffix(".svg").read_text() == "<svg>drawn elsewhere</svg>"
    assert run("--check", str(folder))[0] == 0


def test_a_helper_is_not_drawn(folder):
    (folder / "_helper.py").write_text("1/0")
    assert len(list(update(folder))) == 3


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


def test_a_file_may_leave_any_figure_that_draws_itself(folder):
    (folder / "cube.py").write_text(
        "import graphtrace as gt\nfigure = gt.figures.network([2, 1])\n"
    )
    assert b"Network with layers of 2 and 1 neurons" in draw(folder / "cube.py")


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(ArgumentError) as caught:
        list(update(Path("gone")))
    assert str(caught.value) == "there is no folder 'gone': name one with Python files in it"


# The page


class Page(HTMLParser):
    """The tags with their attributes, and the text of the code."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.code, self.depth = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.depth += tag == "code"

    def handle_endtag(self, tag):
        self.depth -= tag == "code"

    def handle_data(self, data):
        if self.depth:
            self.code.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_shows_each_figure_with_its_caption_and_its_source(folder):
    list(update(folder))
    text = (folder / "index.html").read_text()
    page = Page(text)
    assert [image["src"] for image in page.all("img")] == ["cube.svg", "square.svg"]
    links = ["cube.svg", "cube.svg", "square.svg", "square.svg"]  # the figure, and its name
    assert [link["href"] for link in page.all("a")] == links
    assert all(image["alt"].startswith("Computational graph of") for image in page.all("img"))
    assert text.count("<p>A square.</p>") == 1
    assert "return x**2" in "".join(page.code)
    assert "A square." not in "".join(page.code)


def test_source_on_the_page_is_text_and_not_markup(folder):
    (folder / "square.py").write_text(SQUARE + 'note = "</code><script>alert(1)</script>"\n')
    list(update(folder))
    page = Page((folder / "index.html").read_text())
    assert len(page.all("script")) == 1
    assert "</code><script>" in "".join(page.code)


def test_the_page_needs_nothing_from_elsewhere():
    text = (GALLERY / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.all("script") == [{}]
    assert not page.all("link")
    loaded = [a[name] for _, a in page.tags for name in ("src", "href") if name in a]
    assert all((GALLERY / name.partition("#")[0]).is_file() for name in loaded)
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_has_a_heading_for_each_figure_and_no_id_twice():
    page = Page((GALLERY / "index.html").read_text(encoding="utf-8"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(page.all("h3")) == len(page.all("img")) == len(list(GALLERY.glob("*.py")))
    assert len(set(ids)) == len(ids)
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} == set(ids)


def test_figures_stand_in_the_order_of_the_list_and_the_others_after_them(folder):
    (folder / "order.txt").write_text("# Powers\n\nsquare\n")
    list(update(folder))
    page = Page((folder / "index.html").read_text())
    assert [image["src"] for image in page.all("img")] == ["square.svg", "cube.svg"]
    assert [heading["id"] for heading in page.all("h2")] == ["powers", "more"]


def test_the_list_may_say_what_a_figure_is_called(folder):
    (folder / "order.txt").write_text("square: The x² of <all>\n")
    list(update(folder))
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<h3[^>]*>(.*?)</h3>", text) == ["The x² of &lt;all&gt;", "Cube"]


def test_a_listed_name_without_a_file_is_named(folder):
    list(update(folder))
    (folder / "order.txt").write_text("circle\n")
    with pytest.raises(ArgumentError) as caught:
        contents(folder)
    assert str(caught.value) == (
        "'gallery/order.txt' lists circle, and there is no circle.py: take it out"
    )


def test_a_page_of_somebody_else_s_is_left_alone(folder):
    (folder / "index.html").write_text("mine")
    list(update(folder))
    assert (folder / "index.html").read_text() == "mine"
    assert list(differences(folder)) == []


def test_a_page_that_is_not_up_to_date_is_a_difference(folder):
    list(update(folder))
    (folder / "square.py").write_text(SQUARE + "# new\n")
    (found,) = differences(folder)
    assert found.startswith("gallery/index.html differs")


# The command


def test_the_command_draws_and_says_what_it_wrote(folder):
    wrote = "wrote gallery/cube.svg\nwrote gallery/square.svg\nwrote gallery/index.html\n"
    assert run() == (0, wrote, "")


def test_the_command_takes_a_folder(folder):
    other = folder.rename("other")
    wrote = "wrote other/cube.svg\nwrote other/square.svg\nwrote other/index.html\n"
    assert run(str(other))[1] == wrote


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
    if missing(source):
        pytest.skip(f"{missing(source)} is not installed: make test-torch looks at it")
    assert source.with_suffix(".svg").read_bytes() == draw(source)


def test_the_page_of_our_gallery_is_up_to_date():
    assert (GALLERY / "index.html").read_text(encoding="utf-8") == contents(GALLERY)


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
    for source in filter(lambda path: not missing(path), GALLERY.glob("*.py")):
        caption = load_file(source).__doc__.splitlines()[0]
        assert caption.endswith((".", "?")), source
        assert isinstance(getattr(load_file(source), "graph", None), gt.Graph | None)


def test_ng_s_numbers_are_those_of_the_lecture():
    graph = load_file(GALLERY / "squared_line.py").graph
    assert [graph.nodes[n]["value"] for n in ("a", "J")] == [11, 121]
    assert [graph.nodes[n]["grad"] for n in ("a", "w")] == [22, 66]


def test_ten_sigmoids_leave_no_gradient():
    graph = load_file(GALLERY / "vanishing_gradient.py").graph
    assert len(graph) == 11
    assert 0 < graph.nodes["x"]["grad"] < 0.25**10


def test_no_two_ids_of_the_page_are_equal(folder):
    headings = ["Rules!", "rules", "Rules 2", "Figure cube", "!?", "...", "Rules"]
    stems = ["square", "cube", *"abcde"]
    for stem in stems:
        (folder / f"{stem}.py").write_text(SQUARE)
    lines = [f"# {heading}\n{stem}" for heading, stem in zip(headings, stems, strict=True)]
    (folder / "order.txt").write_text("\n".join(lines))
    list(update(folder))
    page = (folder / "index.html").read_text(encoding="utf-8")
    idents = re.findall(r' id="([^"]*)"', page)
    assert len(set(idents)) == len(idents) == len(headings) + len(stems)
    assert {*re.findall(r'labelledby="([^"]*)"', page)} == {*idents}
    assert "" not in idents


@pytest.mark.parametrize("first", ["", "# -*- coding: latin-1 -*-\n"])
@pytest.mark.parametrize("more", [[], ["--check"]])
def test_a_file_that_is_no_utf_8_is_told_in_one_sentence(folder, first, more):
    list(update(folder))
    (folder / "cube.py").write_bytes(f"{first}{SQUARE}# é\n".encode("latin-1"))
    code, _, said = run("gallery", *more)
    assert code == 1
    assert said.startswith("graphtrace: error: 'gallery/cube.py' cannot be ")
    assert said.count("\n") == 1
    assert "'utf-8' codec can't decode" in said


# Odd names, and options that there are not


@pytest.mark.parametrize(
    "stem", ["javascript:alert(1)", "a#b", "a b", "a'b\"c<d>", "100%", "é?x=1"]
)
def test_a_link_is_percent_encoded_so_that_it_is_a_file_beside_the_page(folder, stem):
    (folder / f"{stem}.py").write_text(SQUARE)
    list(update(folder))
    page = (folder / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    parts = [urlsplit(link) for link in links]
    assert all((p.scheme, p.netloc, p.query, p.fragment) == ("", "", "", "") for p in parts)
    assert {unquote(p.path) for p in parts} == {f"{stem}.svg", "cube.svg", "square.svg"}
    idents = re.findall(r' id="([^"]*)"', page)
    assert all(re.fullmatch(r"[\w.%-]+", ident) for ident in idents)
    assert len(set(idents)) == len(idents)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ('{"widht": 400}', "there is no option widht: did you mean width?"),
        ('{"width": -5}', "width=-5 is no column: use 100 pixels or more"),
        ('{"step": "dq/dx"}', "square has no node 'q': use one of"),
        ("[1]", "argument after ** must be a mapping, not list"),
        ('{"alt": 3}', "alt=3 is no text: put it in quotes"),
        ('{"unfold": 3}', "unfold=3 names nothing: write it as unfold='layer_2'"),
        ("{\n    'theme': 'print',\n    'widht': 400,\n}", "no option widht: did you mean width?"),
    ],
)
def test_a_wrong_option_is_told_with_the_file_and_its_line(folder, options, says):
    (folder / "square.py").write_text(f"{SQUARE}\n\noptions = {options}\n")
    number = len(SQUARE.splitlines()) + 3
    with pytest.raises(TargetError) as caught:
        draw(folder / "square.py")
    place, _, told = str(caught.value).partition(": ")
    assert place == f"'{folder / 'square.py'}' line {number}"
    assert says in told
    code, _, stderr = run(str(folder))
    assert (code, stderr.count("\n")) == (1, 1)
    assert f"line {number}: " in stderr


@pytest.mark.parametrize("name", ["player", "player: object"])
def test_players_are_on_a_page_of_their_own(folder, name):
    path = folder / "square.py"
    path.write_text(path.read_text() + f"{name} = graph.play()\n")
    assert list(update(folder))[-1] == folder / "players.html"
    assert list(differences(folder)) == []
    text = (folder / "players.html").read_text(encoding="utf-8")
    assert text.count('<div class="graphtrace-player"') == text.count("<script>") == 1
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="(players[^"]*)"', page) == [
        "players.html", "players.html#figure-square",
    ]  # fmt: skip
    assert ' id="figure-square"' in text
    (folder / "players.html").write_text(text.replace("Players", "Plays"), encoding="utf-8")
    (line,) = differences(folder)
    assert line.startswith("gallery/players.html differs")


def test_a_player_that_is_none_is_named(folder):
    path = folder / "square.py"
    path.write_text(path.read_text() + "player = graph\n")
    with pytest.raises(TargetError, match=r"square\.py' line 6: player is none"):
        list(update(folder))


def test_five_classics_are_played():
    text = (GALLERY / "players.html").read_text(encoding="utf-8")
    assert re.findall(r'<h2 id="figure-(\w+)">', text) == [
        "lecture", "sigmoid_neuron", "two_paths", "quadratic_formula", "newton_iteration",
    ]  # fmt: skip
    assert text.count('<p data-role="message" role="status"></p>') == 5
