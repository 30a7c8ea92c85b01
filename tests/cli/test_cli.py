"""The command: what it writes and says, and with which exit code, for good use and for bad."""

import os
import re
import signal
import subprocess
import sys
import time
import types
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies as st
from processes import ENVIRONMENT, LECTURE, command

import graphtrace as gt
from graphtrace import cli
from graphtrace.render import SUFFIXES
from graphtrace.render.layout import engine

FUNCTIONS = """\
import sys
import warnings
import numpy as np

def inner(x):
    return 1 / (x - x)

def fails(x):
    y = inner(x)
    return y

def log(x):
    u = np.log(x)
    return 2*u

def overflow(x):
    return np.exp(np.exp(x))

def vector(x):
    return 2*x

def pair(x):
    return x + 1, x + 2

def talks(x):
    print("hello")
    return 2*x

def exits(x):
    sys.exit("so long")

def defaults(a, b=2.0, *, c=3.0):
    return a*b + c

def ordered(a, /, b):
    return a - 2*b

def nothing():
    return 3.0

def anything(**kwargs):
    return kwargs["x"] * 2

def loss(params, x):
    return np.sum((params["w"] @ x + params["b"])**2)

def steps(x, n):
    for _ in range(n):
        x = 2*x
    return x
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FUNCTIONS)
    return tmp_path


def run(*args):
    return CliRunner().invoke(cli.main, args)


def texts(svg):
    return {"".join(t.itertext()) for t in ET.fromstring(svg).iter() if t.tag.endswith("text")}


def fails(*args, code):
    """The error's sentence; nothing else is said, and nothing is written to standard output."""
    result = run(*args)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("graphtrace: error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("graphtrace: error: ").rstrip("\n")


# Figures


def test_an_expression_is_drawn_to_the_file_that_is_named(folder):
    result = run("render", *LECTURE, "-o", "lecture.svg")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "wrote lecture.svg\n", "")
    g = gt.trace(lambda a, b, c: 3 * (a + b * c), 5, 3, 2)
    assert g.value == 33
    ET.parse(folder / "lecture.svg")


def test_the_default_file_has_the_function_s_name(folder):
    assert run("render", *LECTURE).stdout == "wrote J.svg\n"
    assert (folder / "J.svg").exists()


def test_the_default_file_has_the_format_s_suffix(folder):
    assert run("render", *LECTURE, "--format", "DOT").stdout == "wrote J.dot\n"
    assert (folder / "J.dot").read_text().startswith("digraph")


@pytest.mark.parametrize("name", ["J.dot", "J.GV"])
def test_the_suffix_is_the_format(folder, name):
    run("render", *LECTURE, "-o", name)
    assert (folder / name).read_text().startswith("digraph")


def test_the_format_counts_more_than_the_suffix(folder):
    run("render", *LECTURE, "-o", "J.txt", "--format", "dot")
    assert (folder / "J.txt").read_text().startswith("digraph")


def test_another_layout_program_draws_what_ours_does_not(folder):
    program = engine.find().path
    assert run("render", *LECTURE, "-o", "J.png", "--dot", program).exit_code == 0
    assert (folder / "J.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_graph_gives_the_same_bytes_as_the_library(folder):
    g = gt.trace(parse_lecture(), a=5, b=3, c=2)
    g.backward()
    g.render("library.svg")
    run("render", *LECTURE, "-o", "command.svg")
    assert (folder / "library.svg").read_bytes() == (folder / "command.svg").read_bytes()


def parse_lecture():
    from graphtrace.target.function import load

    return load(LECTURE[0])


def traced_lecture():
    return gt.trace(parse_lecture(), a=5, b=3, c=2)


def test_a_dash_is_standard_output(folder):
    result = run("render", *LECTURE, "-o", "-")
    ET.fromstring(result.stdout_bytes)
    assert result.stderr == ""
    assert sorted(path.name for path in folder.iterdir() if path.suffix != "") == ["f.py"]


def test_standard_output_takes_a_format():
    assert run("render", *LECTURE, "-o", "-", "--format", "dot").stdout.startswith("digraph")


def test_gradients_are_drawn_unless_refused():
    with_grad = run("render", *LECTURE, "-o", "-").stdout_bytes
    assert run("render", *LECTURE, "-o", "-", "--grad").stdout_bytes == with_grad
    assert run("render", *LECTURE, "-o", "-", "--no-grad").stdout_bytes != with_grad


def test_a_function_in_a_file_is_drawn_at_arrays_and_files(folder):
    (folder / "params.json").write_text('{"w": [1, 2], "b": 0.5}')
    np.save("x.npy", np.array([3.0, 4.0]))
    result = run("render", "f.py:loss", "--at", "params=@params.json", "--at", "x=@x.npy")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "loss.svg").exists()


def test_an_integer_counts_loops(folder):
    assert run("render", "f.py:steps", "--at", "x=1.5", "--at", "n=3").exit_code == 0


def test_the_function_s_defaults_count():
    assert run("render", "f.py:defaults", "--at", "a=1").exit_code == 0


def test_positional_only_parameters_are_given_by_name():
    assert run("render", "f.py:ordered", "--at", "b=1", "--at", "a=2").exit_code == 0


def test_a_function_of_anything_takes_any_name():
    assert run("render", "f.py:anything", "--at", "x=1").exit_code == 0


def test_a_function_without_parameters_is_drawn():
    assert run("render", "f.py:nothing").exit_code == 0


def test_what_the_function_prints_does_not_end_up_in_the_figure():
    result = run("render", "f.py:talks", "--at", "x=1", "-o", "-")
    ET.fromstring(result.stdout_bytes)
    assert result.stderr == "hello\n"


@pytest.mark.parametrize("name", ["vector", "pair"])
def test_without_one_number_to_differentiate_the_values_are_drawn_with_a_note(name):
    result = run("render", f"f.py:{name}", "--at", "x=[1, 2]")
    assert result.exit_code == 0
    assert result.stderr.startswith("graphtrace: note: drawn without gradients, since ")
    assert result.stderr.count("\n") == 1


def test_asked_for_gradients_that_there_are_not_it_fails():
    sentence = fails("render", "f.py:vector", "--at", "x=[1, 2]", "--grad", code=2)
    assert "vector" in sentence


# Warnings


def test_nan_is_drawn_with_a_warning_that_names_the_first_node():
    result = run("render", "f.py:log", "--at", "x=-1")
    assert result.exit_code == 0
    assert result.stdout == "wrote log.svg\n"
    assert result.stderr.splitlines() == [
        "graphtrace: warning: RuntimeWarning: invalid value encountered in log",
        "graphtrace: warning: u (u = log(x)) is NaN at f.py:13, the first node that does",
    ]


def test_nan_as_an_input_is_named_itself():
    result = run("render", "J = 2*x", "--at", "x=[1, nan]", "--no-grad")
    assert result.stderr == "graphtrace: warning: x holds NaN, the first node that does\n"


def test_a_warning_of_numpy_is_one_line_once():
    result = run("render", "f.py:overflow", "--at", "x=10")
    lines = result.stderr.splitlines()
    assert lines == ["graphtrace: warning: RuntimeWarning: overflow encountered in exp"]


# Errors of use: code 2


def test_a_missing_value_names_the_parameter_and_the_option():
    assert fails("render", "J = a + b*c", "--at", "a=5", code=2) == (
        "J needs a value for b, c: add --at b=... --at c=..."
    )


def test_an_unknown_parameter_lists_the_known_ones():
    assert (
        fails("render", "J = a + b", "--at", "x=5", code=2) == "J has no parameter x: it has a, b"
    )


def test_a_function_without_parameters_says_so():
    assert fails("render", "f.py:nothing", "--at", "x=5", code=2) == (
        "nothing has no parameter x: it has none"
    )


def test_a_value_given_twice_is_refused():
    assert fails("render", "J = a", "--at", "a=5", "--at", "a=6", code=2) == (
        "a is given twice: leave out one --at a=..."
    )


def test_a_bad_value_is_shown():
    assert fails("render", "J = a", "--at", "a=3x", code=2) == (
        "a: '3x' is not a number, a list of numbers or a file: write for example a=5, a=[1, 2], "
        "a=@a.npy or a=@a.json"
    )


def test_a_bad_expression_names_the_column():
    assert fails("render", "J = x.__class__", code=2) == (
        "column 5: 'x.__class__' is not allowed in an expression: use arithmetic, comparisons and "
        "NumPy functions, or put the function in a file and render path/to/file.py:function"
    )


def test_a_missing_file_is_an_error_of_use():
    assert fails("render", "gone.py:f", code=2) == (
        "the file 'gone.py' does not exist: write path/to/file.py:function"
    )


def test_a_missing_function_is_guessed():
    assert "did you mean f.py:fails" in fails("render", "f.py:fail", code=2)


def test_an_unknown_suffix_lists_the_known_ones():
    assert fails("render", *LECTURE, "-o", "J.xyz", code=2) == (
        "'J.xyz' has the suffix '.xyz', which is no format: use one of "
        f"{', '.join(SUFFIXES)}, or add --format svg"
    )


def test_a_file_without_a_suffix_has_no_format():
    assert fails("render", *LECTURE, "-o", "J", code=2) == (
        f"'J' has no suffix: use one of {', '.join(SUFFIXES)}, or add --format svg"
    )


def test_an_unknown_format_lists_the_known_ones():
    assert fails("render", *LECTURE, "--format", "xyz", code=2) == (
        "there is no format 'xyz': use one of svg, html, pdf, png, tikz, dot, mermaid, graphml, "
        "json, text"
    )


def test_pdf_asks_for_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    said = fails("render", *LECTURE, "-o", "J.pdf", code=1)
    assert said.startswith("PDF is written by typst, which is not installed: run `pip install")


def test_text_is_coloured_only_in_a_terminal(monkeypatch):
    colours = "\x1b["
    assert colours not in run("render", *LECTURE, "--format", "text", "-o", "-").stdout
    monkeypatch.setattr(sys, "__stdout__", types.SimpleNamespace(isatty=lambda: True))
    pytest.importorskip("rich")
    assert colours in run("render", *LECTURE, "--format", "text", "-o", "-").stdout


def test_a_target_is_needed():
    assert fails("render", code=2) == "missing argument 'TARGET': see 'graphtrace render --help'"


def test_an_unknown_option_is_named():
    assert "--foo" in fails("render", "--foo", code=2)
    assert fails("render", "--foo", code=2).endswith("see 'graphtrace render --help'")


def test_an_unknown_command_is_named():
    sentence = fails("draw", code=2)
    assert "'draw'" in sentence
    assert sentence.endswith("see 'graphtrace --help'")


# Failures: code 1


def test_a_function_that_raises_is_told_by_its_deepest_line():
    assert fails("render", "f.py:fails", "--at", "x=1", code=1) == (
        "ZeroDivisionError in inner(), f.py line 6: float division by zero"
    )


def test_an_expression_that_raises_names_the_statement():
    assert fails("render", "u = a/0; J = u", "--at", "a=1", code=1) == (
        "ZeroDivisionError in 'u = a / 0': float division by zero"
    )


def test_a_function_that_exits_is_a_failure():
    assert fails("render", "f.py:exits", "--at", "x=1", code=1) == (
        "SystemExit in exits(), f.py line 30: so long"
    )


def test_a_file_that_fails_while_it_loads_is_a_failure(folder):
    (folder / "bad.py").write_text("\n1/0\n")
    assert fails("render", "bad.py:f", code=1) == (
        "'bad.py' cannot be imported, ZeroDivisionError in bad.py line 2: division by zero: mend "
        "it, then try again"
    )


def test_a_traceback_is_shown_when_asked_for():
    result = run("render", "f.py:fails", "--at", "x=1", "--traceback")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert 'f.py", line 6, in inner' in result.stderr
    assert result.stderr.endswith(
        "graphtrace: error: ZeroDivisionError in inner(), f.py line 6: float division by zero\n"
    )


def test_a_folder_that_is_not_there_is_a_failure():
    assert fails("render", *LECTURE, "-o", "gone/J.svg", code=1) == (
        "gone/J.svg cannot be written (No such file or directory): choose another path, in a "
        "directory that exists and is writable"
    )


def test_a_folder_is_no_file(folder):
    (folder / "J.svg").mkdir()
    assert "J.svg cannot be written (it is a directory)" in fails("render", *LECTURE, code=1)


def test_a_layout_program_that_is_not_there_is_a_failure():
    sentence = fails("render", *LECTURE, "--dot", "/gone/dot", code=1)
    assert sentence.startswith("there is no layout engine '/gone/dot': install Graphviz")


def test_a_failed_render_leaves_the_old_file(folder):
    (folder / "J.svg").write_text("old")
    fails("render", *LECTURE, "--dot", "/gone/dot", code=1)
    assert (folder / "J.svg").read_text() == "old"


# What a figure shows and how it looks


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("--no-values", {"values": False}),
        ("--derivatives none", {"derivatives": "none"}),
        ("--shapes --no-values", {"shapes": True, "values": False}),
        ("--sources", {"sources": True}),
        ("--constants", {"constants": True}),
        ("--scopes", {"scopes": True}),
        ("--depth 0 --limit 4", {"depth": 0, "limit": 4}),
        ("--step dJ/dv1", {"step": "dJ/dv1"}),
        ("--path a,J", {"path": ("a", "J")}),
        ("--nudge a=0.001", {"nudge": ("a", 0.001)}),
        ("--trouble", {"trouble": True}),
        ("--check", {"check": True}),
        ("--theme print --scheme dark", {"theme": "print", "scheme": "dark"}),
        ("--direction tb", {"direction": "TB"}),
        ("--width 360", {"width": 360}),
        ("--width none --height none", {"width": None, "height": None}),
        ("--height 300 --detail statements", {"height": 300, "detail": "statements"}),
        ("--font serif --font-size 20", {"font": "serif", "font_size": 20}),
        ("--digits 2", {"digits": 2}),
        ("--legend --flow", {"legend": True, "flow": True}),
        ("--flow --no-legend", {"legend": False, "flow": True}),
        ("--id-prefix one --alt steps", {"id_prefix": "one", "alt": "steps"}),
    ],
)
def test_an_option_does_what_that_of_the_library_does(typed, options):
    graph = traced_lecture()
    graph.backward()
    assert run("render", *LECTURE, "-o", "-", *typed.split()).stdout == graph.to_svg(**options)


def test_a_tangent_is_drawn_forward():
    graph = traced_lecture()
    graph.jvp(a=1.0)
    drawn = run("render", *LECTURE, "-o", "-", "--tangent", "a=1").stdout
    assert drawn == graph.to_svg(tangents=True)


def test_a_quiz_is_two_files(folder):
    result = run(
        "render", *LECTURE, "--quiz", "values,gradients", "-o", "q.svg", "--theme", "print"
    )
    assert result.stdout == "wrote q.svg\nwrote q-solution.svg\n"
    question, solution = (folder / "q.svg").read_text(), (folder / "q-solution.svg").read_text()
    assert "33" in texts(solution) - texts(question)
    assert 'class="graphtrace print' in question
    assert fails("render", *LECTURE, "--quiz", "values", "-o", "-", code=2) == (
        "a quiz is two figures: name a file, as in -o quiz.svg"
    )


@pytest.mark.parametrize(
    ("suffix", "holds"),
    [
        ("html", ["<!DOCTYPE html>", "<svg ", "<details>", "<li><i>J</i> = 33</li>"]),
        ("tex", [r"\begin{tikzpicture}", r"\begin{solution}", r"\item $J = 33$"]),
        ("txt", ["3. J = ____", "Solution", "3. J = 33"]),
    ],
)
def test_a_quiz_is_a_sheet_in_a_document(folder, suffix, holds):
    result = run("render", *LECTURE, "--quiz", "values", "-o", f"q.{suffix}")
    assert result.stdout == f"wrote q.{suffix}\n"
    text = (folder / f"q.{suffix}").read_text()
    at = [text.index(part) for part in holds]
    assert at == sorted(at)
    printed = run("render", *LECTURE, "--quiz", "values", "-o", "-", "--format", "text").stdout
    assert "3. J = ____" in printed


def test_a_quiz_in_markdown_has_its_figures_beside_it(folder):
    result = run("render", *LECTURE, "--quiz", "values", "-o", "my quiz.md")
    assert result.stdout == "wrote my quiz.md\nwrote my quiz.svg\nwrote my quiz-solution.svg\n"
    images = re.findall(r"!\[.*\]\((.*)\)", (folder / "my quiz.md").read_text())
    assert images == ["my%20quiz.svg", "my%20quiz-solution.svg"]
    drawn = [texts((folder / unquote(image)).read_text()) for image in images]
    assert "33" in drawn[1] - drawn[0]


def test_a_derivation_is_printed_instead_of_a_figure(folder):
    result = run("render", *LECTURE, "--explain", "a")
    assert result.stdout == f"{traced_lecture().explain('a')}\n"
    assert not (folder / "J.svg").exists()


@pytest.mark.parametrize("typed", ["a", "a=", "=1", "a=much"])
def test_a_nudge_that_is_none_is_shown(typed):
    assert fails("render", *LECTURE, "--nudge", typed, code=2) == (
        f"--nudge '{typed}' is no nudge: write it as --nudge a=0.001"
    )


def test_a_theme_that_is_not_there_lists_those_that_are():
    assert "'lecture', 'cs231n'" in fails("render", *LECTURE, "--theme", "foo", code=2)


def test_help_shows_the_options_in_groups():
    text = run("render", "--help").output
    headings = ["What is traced:", "What is drawn:", "What it tells:", "How it looks:"]
    places = [text.index(heading) for heading in [*headings, "Where it goes:", "Examples:"]]
    assert places == sorted(places)


# Help


def test_the_version_is_printed():
    assert run("--version").output == f"graphtrace {gt.__version__}\n"


@pytest.mark.parametrize("command", ["render", "gallery"])
def test_help_has_an_example_for_each_option(command):
    for option in cli.main.commands[command].params:
        if option.param_type_name == "option":
            assert "g. " in option.help or ": --" in option.help, option.name


def test_without_a_command_help_is_shown():
    result = run()
    assert "Usage: graphtrace" in result.output
    assert "render" in result.output


# Processes


def test_the_command_runs_as_a_process():
    process = command("render", *LECTURE, "-o", "-")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    ET.fromstring(out)


def test_a_reader_that_leaves_is_no_error_to_talk_about():
    process = command("render", *LECTURE, "-o", "-")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_ctrl_c_ends_it_quietly(folder):
    (folder / "slow.py").write_text(
        "import pathlib, time\ndef f(x):\n    pathlib.Path('began').touch()\n    time.sleep(60)\n"
    )

    def as_in_a_terminal():  # where the tests run in the background, a child would ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    process = command("render", "slow.py:f", "--at", "x=1", preexec_fn=as_in_a_terminal)
    while not (folder / "began").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 130


def imported_by(*args):
    code = (
        "import sys\n"
        "from graphtrace.cli import main\n"
        "try:\n"
        f"    main({list(args)!r})\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    return set(result.stderr.split())


def test_help_does_not_wait_for_networkx():
    assert "networkx" not in imported_by("render", "--help")


def test_a_figure_waits_only_for_what_it_needs():
    modules = imported_by("render", *LECTURE)
    assert "networkx" in modules
    slow = {"numpy.f2py", "numpy.testing", "scipy", "rich", "ziamath", "graphtrace.gallery"}
    assert modules & slow == set()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet="abx01.+-*/%@()[],;=<>'\" ", max_size=20).filter(lambda t: t[:2] != "--"),
    st.text(alphabet="abx=-+@[]{},.:012e'\"", max_size=12),
)
def test_whatever_is_typed_there_is_a_figure_or_one_sentence(target, assignment):
    result = run("render", target, f"--at={assignment}", "-o", "-")
    last = result.stderr.splitlines()[-1:]
    if result.exit_code:
        assert last[0].startswith("graphtrace: error: ")
        assert result.stdout == ""
    else:
        assert result.stdout.startswith("<svg")
    assert "Traceback" not in result.stderr


def test_what_the_function_prints_is_not_in_a_figure_on_standard_output(tmp_path):
    (tmp_path / "talks.py").write_text("def J(a):\n    print('hello')\n    return 2 * a\n")
    done = run("render", f"{tmp_path}/talks.py:J", "--at", "a=1", "-o", "-")
    assert done.stdout.startswith("<svg")
    assert "hello" in done.stderr
