"""The cell magic: the statements of a cell as a figure, or one sentence."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import GraphtraceError
from graphtrace.ipython.magic import drawn

LECTURE = "u = b*c\nv = a + u\nJ = 3*v\n"


def draw(line, cell, **variables):
    return drawn(line, cell, {"np": np, **variables}, "In[7]")


def refused(line, cell, **variables):
    with pytest.raises(GraphtraceError) as caught:
        draw(line, cell, **variables)
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_the_statements_are_a_graph_with_its_gradients():
    graph = draw("a=5 b=3 c=2", LECTURE)
    assert list(graph) == ["a", "b", "c", "u", "v", "J"]
    assert graph.value == 33.0
    assert graph.nodes["b"]["grad"] == 6.0
    assert graph.nodes["v"]["source"] == "In[7]:2"
    assert graph.forward(a=6) == 36.0


def test_the_last_statement_is_the_result():
    assert draw("a=2", "a*a").value == 4.0
    assert draw("a=2", "a *= 3").value == 6.0
    assert draw("a=2", "J: float = 3*a").value == 6.0
    assert draw("a=2", "# a comment\nJ = (\n    3 * a\n)\n\n").value == 6.0


def test_variables_of_the_notebook_are_inputs_and_functions_are_used():
    def square(x):
        return x * x

    weights = np.array([1.0, 2.0])
    graph = draw("x=[3, 4]", "J = np.sum(square(w*x))", w=weights, square=square)
    assert graph.inputs == ["x", "w"]
    np.testing.assert_array_equal(graph.nodes["w"]["grad"], [18.0, 64.0])
    assert draw("w=weights", "J = np.sum(w)", weights=weights).value == 3.0


def test_what_the_cell_assigns_is_its_own():
    variables = {"u": 9.0}
    graph = draw("a=5 b=3 c=2", LECTURE, **variables)
    assert "u" not in graph.inputs
    assert variables == {"u": 9.0}


def test_python_of_any_kind_is_run():
    cell = "for i in range(n):\n    x = x*x\nif x > 3:\n    x = 2*x\nJ = x + sum(u for u in w)"
    assert draw("x=2 n=2 w=[1, 2]", cell).value == 35.0


def test_labels_and_words_are_values():
    assert draw("w=[1, 2] y=[0, 1]", "np.sum(w[y])").value == 3.0
    assert draw("x=3 mode=sq", "J = x*x if mode == 'sq' else x").value == 9.0


def test_the_options_are_those_of_the_command():
    graph = gt.trace(lambda a, b: a * b, 2.0, 3.0)
    assert str(draw("a=2 b=3 --explain a", "f = a*b")) == str(graph.explain("a"))
    assert str(draw("a=2 b=3 --wengert", "f = a*b")) == str(graph.wengert())
    assert draw("a=2 b=3 --quiz values", "f = a*b").answers == ("f = 6",)
    picture = draw("a=2 b=3 --theme print --path a,f", "f = a*b")
    assert "graphtrace print" in picture.to_svg()
    assert picture.caption
    assert "grad" not in draw("a=2 b=3 --no-grad", "f = a*b").to_svg()
    assert "<html" in draw("a=2 b=3 --play", "f = a*b").html


def test_help_is_shown_and_nothing_is_run(capsys):
    assert draw("--help", "1/0") is None
    assert "%%graphtrace [OPTIONS] NAME=VALUE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "cell", "sentence"),
    [
        ("a=5 q=3", "J = a", "the cell has no variable q: it reads a"),
        ("", "J = a*b", "the cell needs a value for a, b: add a=... b=..."),
        ("a", "J = a", "'a' is not NAME=VALUE: write for example a=5"),
        ("a=3x", "J = a", "a: '3x' is not a number, a list of numbers or a file: write for"),
        ("a=5", "J = a*", "In[7] line 1: invalid syntax: write statements, as in J = a*b"),
        ("a=5", "", "In[7] ends without a result"),
        ("a=5", "J = 3", "the cell has no variable a: it reads none"),
        ("a=5", "for i in [1]:\n    a = 2*a", "In[7] ends without a result: end it with one"),
        ("a=5", "J = a\nimport os", "In[7] ends without a result: end it with one, as in J = a*b"),
        ("a=5", "J = (yield a)", "returned a generator"),
        ("a=5", "u = a\nJ = u/(a-5)", "ZeroDivisionError in J(), In[7] line 2: float division by"),
        ("a=5 --width 3", "J = a*a", "--width 3 is no column: use 100 pixels or more"),
        ("a=5 --foo", "J = a*a", "no such option '--foo'"),
        ("a=5 --theme 'print", "J = a*a", "No closing quotation"),
        ("a=5 --explain q", "J = a*a", "--explain: J has no node 'q': use one of a, J"),
    ],
)
def test_whatever_is_wrong_is_one_sentence(line, cell, sentence):
    words = refused(line, cell)
    assert sentence in words
    assert "\n" not in words


# In IPython itself


@pytest.fixture
def shell():
    testing = pytest.importorskip("IPython.testing.globalipapp", reason="IPython is not installed")
    shell = testing.get_ipython()
    shell.run_line_magic("load_ext", "graphtrace")
    return shell


def test_ipython_loads_the_extension_and_shows_the_graph(shell):
    result = shell.run_cell(f"%%graphtrace a=5 b=3 c=2\n{LECTURE}")
    assert result.success
    assert result.result.value == 33.0
    assert "image/svg+xml" in shell.display_formatter.format(result.result)[0]


def test_ipython_shows_an_error_without_a_traceback(shell, capsys):
    result = shell.run_cell("%%graphtrace a=5\nJ = 1/(a-5)")
    assert not result.success
    printed = "".join(capsys.readouterr())
    assert "ZeroDivisionError in J(), In[" in printed
    assert "Traceback" not in printed


def test_ipython_completes_the_options(shell):
    assert "--theme" in shell.complete("--the", "%%graphtrace a=5 --the")[1]
