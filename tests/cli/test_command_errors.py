"""The command's exit codes and sentences: 2 for a bad option, 1 for what the function raises."""

import pytest
from click.testing import CliRunner

from graphtrace import cli

LECTURE = ("J = 3*(a + b*c)", "--at", "a=5", "--at", "b=3", "--at", "c=2")

FUNCTIONS = """\
import sys
import click
import numpy as np
import graphtrace as gt

class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")

class Deaf(BaseException):
    pass

class Model:
    def f(self, x):
        return x

model = Model()

def mute(x): raise Mute
def number(x): raise ArithmeticError(Mute())
def deaf(x): raise Deaf("hush")
def closes(x): raise GeneratorExit("closed")
def interrupts(x): raise KeyboardInterrupt
def exits(x): sys.exit(7)
def pipe(x): raise BrokenPipeError("the user's")
def click_exit(x): raise click.exceptions.Exit(9)
def click_abort(x): raise click.Abort
def notes(x):
    error = ValueError("v")
    error.__notes__ = [3]
    raise error
def inner(x): return gt.grad(lambda y: (y, y))(x)
def draws(x): return gt.trace(lambda y: y, 1.0).to_svg(width=-5)
def generator(x): yield x
async def coroutine(x): return x
async def stream(x): yield x
def lazy(x): return (x * i for i in range(3))
def mapped(x): return [map(abs, [x])]
def jump(x): return x if x > 0 else -x
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FUNCTIONS)
    return tmp_path


def fails(*args, code):
    result = CliRunner().invoke(cli.main, ["render", *args])
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("graphtrace: error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("graphtrace: error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["--width", "-5"], "--width -5 is no column: use 100 pixels or more"),
        (["--width", "nan"], "--width nan is no column"),
        (["--width", "inf"], "--width inf is no column"),
        (["--digits", "0"], "--digits 0 is no number of digits: use 1 to 17"),
        (["--digits", "99"], "--digits 99"),
        (["--depth", "-1"], "--depth -1 is not a choice: use 0, 1, ..."),
        (["--limit", "0"], "--limit 0 is not a choice: use 1, 2, ..."),
        (["--step", "x"], "--step x is not a derivative: write it as --step dJ/dv"),
        (["--step", "dJ/dq"], "--step: J has no node 'q'"),
        (["--step", "da/dJ"], "turn it around, to --step dJ/da"),
        (["--path", "a"], "--path a is not a path: give its ends, as in --path a,J"),
        (["--path", "a,q"], "--path: J has no node 'q'"),
        (["--path", "J,a"], "turn it around, to --path a,J"),
        (["--path", "a,J", "--step", "dJ/da"], "leave out --step or --path"),
        (["--nudge", "q=1"], "--nudge: J has no node 'q'"),
        (["--nudge", "a=0"], "--nudge: a nudge by 0.0 is no step"),
        (["--nudge", "J=1"], "--nudge: J is no input"),
        (["--tangent", "q=1"], "--tangent: J() has no parameter 'q'"),
        (["--tangent", "a"], "write for example --tangent a=5"),
        (["--quiz", "foo"], "--quiz: 'foo' cannot be asked for"),
        (["--quiz", ""], "--quiz: '' cannot be asked for"),
        (["--quiz", "gradients", "--no-grad"], "leave --no-grad out"),
        (["--explain", "q"], "--explain: J has no node 'q'"),
        (["--explain", ""], "--explain: J has no node ''"),
        (["--explain", "a", "--width", "-5"], "--width -5 is no column: use 100 pixels"),
        (["--explain", "a", "--digits", "0"], "--digits"),
        (["--at"], "option '--at' requires an argument: see 'graphtrace render --help'"),
        (["--width"], "option '--width' requires an argument: see 'graphtrace render --help'"),
        (["--unfold", "q"], "--unfold q is no helper call"),
        (["--font", "a;b"], "--font 'a;b' is no list of font families"),
        (["--font-size", "0"], "--font-size 0 is no size in pixels"),
        (
            ["--format", "json", "--step", "dJ/da"],
            "--format json holds the whole graph, and --step",
        ),
        (["--time-limit", "nan"], "--time-limit nan is no time"),
        (["--time-limit", "inf"], "--time-limit inf is no time"),
        (["--time-limit", "-1"], "--time-limit -1 is no time"),
        (["--time-limit", "nan", "--format", "dot"], "--time-limit nan is no time"),
        (["--theme", "foo"], "'--theme'"),
    ],
    ids=" ".join,
)
def test_a_bad_value_of_an_option_is_a_usage_error_that_names_it(folder, typed, says):
    assert says in fails(*LECTURE, *typed, code=2)
    assert [path.name for path in folder.iterdir()] == ["f.py"]


def test_every_option_of_the_library_s_error_is_known_to_the_command():
    """A new option gets its words and its exit code for free, if it is called the same."""
    from graphtrace.figure.options import Content, abouts

    typed = {option.name for option in cli.main.commands["render"].params}
    alike = {"gradients": "grad", "tangents": "tangent"}
    assert {alike.get(name, name) for name in abouts(Content)} <= typed


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mute", "Mute in mute(), f.py line 19: (a Mute whose __str__ raises)"),
        ("number", "ArithmeticError in number(), f.py line 20: (a ArithmeticError whose"),
        ("deaf", "Deaf in deaf(), f.py line 21: hush"),
        ("closes", "GeneratorExit in closes(), f.py line 22: closed"),
        ("exits", "SystemExit in exits(), f.py line 24: 7"),
        ("pipe", "BrokenPipeError in pipe(), f.py line 25: the user's"),
        ("click_exit", "Exit in click_exit(), f.py line 26: 9"),
        ("click_abort", "Abort in click_abort(), f.py line 27"),
        ("notes", "ValueError in notes(), f.py line 31: v"),
        ("inner", "or use gt.vjp (in inner(), f.py line 32)"),
        ("draws", "width=-5 is no column: use 100 pixels or more (in draws(), f.py line 33)"),
        ("generator", "generator(), f.py line 34, returned a generator, in which nothing is comp"),
        ("coroutine", "coroutine(), f.py line 35, returned a coroutine"),
        ("stream", "stream(), f.py line 36, returned an async_generator"),
        ("lazy", "lazy(), f.py line 37, returned a generator"),
        ("mapped", "mapped(), f.py line 38, returned a map"),
    ],
)
def test_whatever_the_function_raises_is_one_sentence_and_exit_code_1(name, says):
    assert says in fails(f"f.py:{name}", "--at", "x=1", code=1)


def test_an_interrupt_is_130_and_quiet():
    result = CliRunner().invoke(cli.main, ["render", "f.py:interrupts", "--at", "x=1"])
    assert (result.exit_code, result.output) == (130, "")


def test_what_cannot_be_called_is_named():
    assert "'model' in f.py is a Model, not a function: write f.py:mute" in fails(
        "f.py:model", code=2
    )
    assert "Model() returned a Model" in fails("f.py:Model", code=1)


@pytest.mark.parametrize("target", ["-a*b", "-a-b", "--a*b", "-(a*b)", "-h*a*b"])
def test_a_target_may_begin_with_a_minus(target):
    values = ["--at", "a=1", "--at", "b=2", *(["--at", "h=1"] if "h" in target else [])]
    values += ["-o", "out.svg"]
    for args in ([target, *values], [*values, target], [*values, "--", target]):
        result = CliRunner().invoke(cli.main, ["render", *args])
        assert (result.exit_code, result.output) == (0, "wrote out.svg\n")


def test_a_target_that_looks_like_an_option_is_told_of_the_dashes():
    assert "write -- before '-o*b'" in fails("-o*b", "--at", "b=1", code=2)


def test_a_negative_value_of_an_option_is_no_target():
    assert "--width -5" in fails("-a", "--at", "a=-1", "--width", "-5", code=2)


@pytest.mark.parametrize("value", ["1" + "0" * 400, "-1" + "0" * 400, "[1, 1" + "0" * 400 + "]"])
def test_a_number_that_no_float_holds_names_its_parameter(value):
    told = fails("J = 2*a", "--at", f"a={value}", code=2)
    assert told.startswith("a: '")
    assert "large" in told
    assert len(told) < 300


def test_a_name_that_the_terminal_cannot_write_is_escaped(folder):
    import os
    import subprocess
    import sys
    from pathlib import Path

    import graphtrace as gt

    root = str(Path(gt.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "graphtrace", "render", "J = 2*a", "--at", "a=1", "-o", "é.txt"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"wrote \\xe9.txt\n", b"")
