"""What the command can draw beside one figure: derivations, tables, plots, several at once."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from processes import ENVIRONMENT, LECTURE, command

import graphtrace as gt
from graphtrace import cli
from graphtrace.cli import watch
from graphtrace.target.expression import parse

FUNCTIONS = """\
import numpy as np

def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v

def K(a, mode="lin"):
    return 7 * a if mode == "lin" else a * a

def pick(w, y):
    return np.sum(w[y])

def total(*xs):
    return sum(xs)

def two(a, b):
    return a * b, a + b

def fails(a):
    raise ValueError("no")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FUNCTIONS)
    return tmp_path


def run(*args):
    result = CliRunner().invoke(cli.main, args)
    assert result.exit_code == 0, result.output
    return result


def fails(*args, code=2):
    result = CliRunner().invoke(cli.main, args)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("graphtrace: error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("graphtrace: error: ").rstrip("\n")


def lecture():
    graph = gt.trace(parse("J = 3*(a + b*c)"), a=5, b=3, c=2)
    graph.backward()
    return graph


# Derivations and tables

WRITTEN = [("txt", "__str__"), ("md", "to_markdown"), ("tex", "to_latex"), ("html", "to_html")]


@pytest.mark.parametrize(("suffix", "method"), WRITTEN)
@pytest.mark.parametrize(
    ("typed", "make"),
    [
        (["--explain", "a"], lambda g: g.explain("a")),
        (["--explain", "dJ/da"], lambda g: g.explain("a", of="J")),
        (["--wengert"], lambda g: g.wengert()),
        (["--wengert", "--no-grad"], lambda g: g.wengert(adjoint=False)),
        (["--wengert", "--tangent", "a=1"], lambda g: g.wengert(tangent={"a": 1.0})),
    ],
    ids=["explain", "derivative", "wengert", "forward", "tangent"],
)
def test_a_derivation_or_a_table_is_what_the_suffix_says(folder, typed, make, suffix, method):
    result = run("render", *LECTURE, *typed, "-o", f"e.{suffix}")
    assert result.stdout == f"wrote e.{suffix}\n"
    text = getattr(make(lecture()), method)()
    assert text.strip() in (folder / f"e.{suffix}").read_text()
    if suffix != "html":
        assert (folder / f"e.{suffix}").read_text().strip() == text.strip()


def test_a_table_as_html_is_a_page_of_its_own(folder):
    run("render", *LECTURE, "--wengert", "-o", "t.html")
    page = (folder / "t.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8">' in page
    assert "<title>Wengert list of J</title>" in page


def test_latex_may_be_a_document(folder):
    run("render", *LECTURE, "--wengert", "-o", "t.tex", "--standalone")
    text = (folder / "t.tex").read_text()
    assert text.startswith(r"\documentclass{article}")
    assert "booktabs" in text.partition(r"\begin{document}")[0]
    assert text.endswith("\\end{tabular}\n\\end{document}\n")


def test_without_a_file_text_is_printed_in_the_format_asked_for():
    table = lecture().wengert()
    assert run("render", *LECTURE, "--wengert").stdout == f"{table}\n"
    latex = run("render", *LECTURE, "--wengert", "--format", "latex").stdout
    assert latex == table.to_latex()
    assert run("render", *LECTURE, "--wengert", "-o", "-").stdout == f"{table}\n"


def test_a_nudge_is_a_figure_or_a_table(folder):
    run("render", *LECTURE, "--nudge", "a=0.1", "-o", "n.md")
    assert (folder / "n.md").read_text() == lecture().nudge("a", 0.1).to_markdown()
    run("render", *LECTURE, "--nudge", "a=0.1", "-o", "n.svg")
    assert (folder / "n.svg").read_text() == lecture().to_svg(nudge=("a", 0.1))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            ["--explain", "a", "-o", "e.svg"],
            "'e.svg' has the suffix '.svg', which is no format: use one of .txt, .md, .tex, .html, "
            "or add --format text",
        ),
        (
            ["--wengert", "--format", "pdf"],
            "there is no format 'pdf': use one of text, markdown, latex, html",
        ),
        (
            ["--wengert", "--explain", "a"],
            "--explain and --wengert are two things: draw them one by one",
        ),
        (
            ["--wengert", "--tangent", "q=1"],
            "--tangent: J() has no parameter 'q'; it has a, b, c",
        ),
        (["--wengert", "--width", "3"], "--width 3 is no column: use 100 pixels or more"),
        (["--explain", "dJ/dq"], "--explain: J has no node 'q': use one of a, b, c, v1, v2, J"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(folder, typed, sentence):
    assert fails("render", *LECTURE, *typed) == sentence
    assert sorted(path.name for path in folder.iterdir()) == ["f.py"]


def test_of_several_outputs_one_is_asked_for():
    sentence = fails("render", "f.py:two", "--at", "a=1", "--at", "b=2", "--explain", "a")
    assert sentence.endswith("say which one to differentiate, as in --explain dJ/da")
    typed = ["--at", "a=1", "--at", "b=2", "--explain", "dtwo[0]/da"]
    assert run("render", "f.py:two", *typed).stdout.endswith("two[0]/da = b = 2\n")


# Values


def test_texts_labels_and_any_number_of_arguments_are_values():
    def text(*typed):
        return run("render", *typed, "-o", "-", "--format", "text").stdout

    assert "K = 7a = 14" in text("f.py:K", "--at", "a=2", "--at", "mode=lin")
    assert "pick = sum(v₁) = 5" in text("f.py:pick", "--at", "w=[2, 3]", "--at", "y=[0, 1]")
    assert "total = v₂ + xs[2] = 6" in text("f.py:total", "--at", "xs=[1, 2, 3]")


def test_a_word_is_no_value_of_an_expression():
    assert fails("render", "J = 2*a", "--at", "a=much").startswith("a: 'much' is not a number")


def test_a_word_in_the_place_of_a_number_is_told():
    typed = ["render", "f.py:J", "--at", "a=much", "--at", "b=3", "--at", "c=2"]
    result = CliRunner().invoke(cli.main, typed)
    assert result.exit_code == 1
    note, error = result.stderr.splitlines()
    assert note == "graphtrace: note: a is the text 'much', and no number"
    assert error.startswith("graphtrace: error: TypeError in J(), f.py line 5: ")


# Several


def test_each_of_several_targets_takes_its_values(folder):
    result = run("render", "f.py:J", "f.py:K", *LECTURE[1:], "--at", "mode=sq")
    assert result.stdout == "wrote J.svg\nwrote K.svg\n"
    assert "25" in "".join(ET.parse(folder / "K.svg").getroot().itertext())
    (folder / "out").mkdir()
    result = run("render", "f.py:J", "f.py:K", *LECTURE[1:], "-o", "out", "--format", "dot")
    assert result.stdout == "wrote out/J.dot\nwrote out/K.dot\n"
    assert run("render", *LECTURE, "-o", "out/").stdout == "wrote out/J.svg\n"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["f.py:J", "--at", "z=1"], "none of K, J has a parameter z"),
        (["f.py:J", "-o", "a.svg"], "2 targets are no one file: name a folder, as in -o figures/"),
        (
            ["K = 2*a"],
            "'f.py:K' and 'K = 2*a' are both called K, and so would be their files: draw them one "
            "by one",
        ),
        (["gone.py:J"], "the file 'gone.py' does not exist: write path/to/file.py:function"),
    ],
)
def test_nothing_of_several_is_drawn_where_one_cannot_be(folder, typed, sentence):
    assert fails("render", "f.py:K", *typed, "--at", "a=1") == sentence
    assert not list(folder.glob("*.svg"))


def test_what_was_written_before_one_failed_is_listed(folder):
    result = CliRunner().invoke(cli.main, ["render", "f.py:K", "f.py:fails", "--at", "a=1"])
    assert result.exit_code == 1
    assert result.stdout == "wrote K.svg\n"
    assert result.stderr == "graphtrace: error: ValueError in fails(), f.py line 21: no\n"


# Defaults


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.toml", 'theme = "print"\nfont-size = 20\npath = ["a", "J"]'),
        ("d.json", '{"theme": "print", "font_size": 20, "path": ["a", "J"]}'),
    ],
)
def test_defaults_come_from_a_file_and_what_is_typed_counts_more(folder, name, text):
    (folder / name).write_text(text)
    graph, options = lecture(), {"font_size": 20, "path": ("a", "J")}
    typed = ("render", *LECTURE, "-o", "-", "--defaults", name)
    assert run(*typed).stdout == graph.to_svg(theme="print", **options)
    assert run(*typed, "--theme", "minimal").stdout == graph.to_svg(theme="minimal", **options)
    assert gt.defaults()["theme"] == "lecture"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("d.toml", "widht = 3", "in 'd.toml', there is no option widht: did you mean width?"),
        (
            "d.toml",
            "width = ",
            "'d.toml' cannot be used (Invalid value (at end of document)): mend",
        ),
        ("d.json", "[3]", "'d.json' holds no options: write them as in"),
        (
            "d.yaml",
            "a: 3",
            "'d.yaml' is neither a .toml nor a .json file: write the options in one",
        ),
        ("gone/d.toml", None, "'gone/d.toml' cannot be read (No such file or directory)"),
    ],
)
def test_defaults_that_are_none_are_one_sentence(folder, name, text, sentence):
    if text is not None:
        (folder / name).write_text(text)
    assert fails("render", *LECTURE, "--defaults", name).startswith(sentence)


# Plots


@pytest.mark.parametrize(
    ("typed", "make"),
    [
        (
            ["activation", "sigmoid", "np.tanh", "--span", "-3,3", "--flat", "0.1"],
            lambda: gt.figures.activation(
                gt.sigmoid, __import__("numpy").tanh, span=(-3, 3), flat=0.1
            ),
        ),
        (
            ["slope", "f = a*a", "--at", "a=[1, 2]", "--da", "0.5", "--theme", "print"],
            lambda: gt.figures.slope(lambda a: a * a, [1, 2], da=0.5),
        ),
        (
            ["network", "2", "4", "1", "--names", "x,h,y", "--layers", "in,mid,out"],
            lambda: gt.figures.network(
                [2, 4, 1], names=["x", "h", "y"], layers=["in", "mid", "out"]
            ),
        ),
    ],
    ids=["activation", "slope", "network"],
)
def test_a_plot_is_that_of_the_library(folder, typed, make):
    look = {"theme": "print"} if "print" in typed else {}
    assert run(*typed, "-o", "-").stdout == make().to_svg(**look)
    name = f"{make().name}.svg"
    assert run(*typed).stdout == f"wrote {name}\n"
    assert (folder / name).exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["activation", "siggmoid"], "did you mean sigmoid"),
        (["activation", "a*b"], "'a*b' is a function of a, b: give one of a single number"),
        (["activation", "relu", "--span", "3"], "--span '3' is no range: write it as --span -4,4"),
        (["activation", "relu", "--names", "f,g"], "names has 2 entries for 1 functions"),
        (["slope", "f = a*a", "--at", "b=2"], "f has no parameter b: it has a"),
        (["slope", "f = a*a"], "missing option '--at'"),
        (["network", "3", "0"], "0 is not in the range x>=1"),
        (["network", "3", "1", "-o", "n.tex"], "which is no format: use one of .svg, .pdf, .png"),
        (["network", "3", "1", "--theme", "foo"], "'lecture', 'cs231n'"),
    ],
)
def test_a_plot_that_cannot_be_is_one_sentence(typed, sentence):
    assert sentence in fails(*typed)


@pytest.mark.parametrize("name", ["activation", "slope", "network"])
def test_help_has_an_example_for_each_option_of_a_plot(name):
    for option in cli.main.commands[name].params:
        if option.param_type_name == "option":
            assert "E.g. " in option.help, option.name


# Watching, completing


def test_a_change_of_a_file_draws_again(folder):
    typed = ("render", "f.py:J", *LECTURE[1:], "--watch", "-o", "J.svg")
    process = command(*typed)
    lines = iter(process.stdout.readline, b"")
    assert next(lines) == b"wrote J.svg\n"
    process.stderr.readline()  # the note: it looks from before the drawing on
    (folder / "f.py").write_text(FUNCTIONS.replace("3 * v", "4 * v"))
    assert next(lines) == b"wrote J.svg\n"
    assert "44" in "".join(ET.parse(folder / "J.svg").getroot().itertext())
    process.kill()
    process.communicate()


def test_watched_are_the_targets_what_lies_beside_them_and_the_values(folder):
    (folder / "package").mkdir()
    (folder / "package" / "models.py").write_text("")
    files = watch.files_of(["f.py:J", "package.models:f", "J = 3*a"], ["x=@x.npy", "a=5"], [])
    expected = [".", "f.py", "package", "package/models.py", "x.npy"]
    assert {path.resolve() for path in files} == {folder / name for name in expected}


def test_watching_needs_a_file_to_read_and_one_to_write():
    assert fails("render", *LECTURE, "--watch") == (
        "--watch has no file to look at: put the function in one"
    )
    assert fails("render", "f.py:J", "--watch", "-o", "-").startswith("--watch writes files: name")


def completed(*words):
    """What a shell is offered after these words, the last of which is being typed."""
    shell = ShellComplete(cli.main, {}, "graphtrace", "_GRAPHTRACE_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_the_process_completes_for_the_shell():
    words = {"COMP_WORDS": "graphtrace slo", "COMP_CWORD": "1"}
    completing = {**ENVIRONMENT, "_GRAPHTRACE_COMPLETE": "bash_complete", **words}
    process = [sys.executable, "-m", "graphtrace"]
    result = subprocess.run(process, env=completing, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("plain,slope\n", "")


def test_a_shell_completes_commands_options_functions_and_parameters():
    assert "slope" in completed("")
    assert completed("render", "f.py:J", "--arr") == ["--arrays"]
    assert completed("render", "f.py:J", "--quiz", "values,d") == ["values,derivatives"]
    assert completed("render", "f.py:J", "--theme", "pr") == ["print"]
    assert completed("render", "f.py:t") == ["f.py:total", "f.py:two"]
    assert completed("render", "f.py:J", "--at", "") == ["a=", "b=", "c="]
    assert completed("render", "J = a*b", "--at", "a=1", "--at", "") == ["b="]


def test_completing_runs_nothing(folder):
    (folder / "bad.py").write_text("raise SystemExit\ndef f(x): return x\n")
    assert completed("render", "bad.py:f", "--at", "") == ["x="]
