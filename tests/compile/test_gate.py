"""What the writer of programs lets out: names and literals of its own, and nothing of a graph's."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.compile import gate
from graphtrace.compile.gate import own_text
from graphtrace.compile.names import Issued
from graphtrace.compile.program import Program
from graphtrace.compile.writer import written
from graphtrace.core.primitive import Primitive

PROGRAM = """\
def f(x, open=1.0):
    t = {}
    return t, {{"x": x}}
"""
ISSUED = Issued(frozenset(("f", "x", "t", "open", "np")), frozenset(("np", "float")), {"x", "open"})


@pytest.fixture(params=[1, 100_000], autouse=True)
def piece(request, monkeypatch):
    """How many letters are read at once: a long text is read in pieces, which lets nothing by."""
    monkeypatch.setattr(gate, "_PIECE", request.param)


@pytest.mark.parametrize(
    "expression",
    [
        "x + 1.5e-07*float(x)",
        "np.sum(x[:, None], axis=0).reshape((2, 3)).T @ x",
        "np.float32(x) if not x <= -1 else None",
        "\"a # b\" or 'it\\'s' or \"it's \\\" \\\\\"  # note: é, f(x), 'quoted",
    ],
)
def test_what_the_writer_writes_goes_through(expression):
    text = PROGRAM.format(expression)
    assert own_text(text, ISSUED) == text


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('id')",
        "evil()",
        "evil",
        "x(1)",
        "f(x)",
        "(open)('a', 'w')",
        "[open][0]('a', 'w')",
        "{}['a']('b')",
        "x\n('a')",
        "np.save('a', x)",
        "np.f2py",
        "x.tofile('a')",
        "x. \n tofile",
        "(x.\n    t)",
        "(x. # a note\n    t)",
        "(x\n    .t)",
        "(x)\n    (x)",
        "x.__class__",
        "1.0.__class__",
        "''.__class__",
        "float(x, key=evil)",
        "float(key=x)",
        "1if evil else x",
        "lambda: x",
        "[x for x in x]",
        "f'{x}'",
        "b'x'",
        '"""a"1""" + evil() #"',
        "'''a'1''' + evil() #'",
        '"a\\\n" + evil() #"',
        "x; evil",
        "x\nimport os",
        "x\n@open\ndef f(): return x",
        "x # note\revil()",
        "x # note\x0cevil()",
        "x # note\u2028evil()",
        "\uff45\uff56\uff49\uff4c()",
        "\u2118",
        "x\\\n",
        "`x`",
        "$x",
        "x; x",
        '"',
    ],
)
def test_whatever_else_is_refused(expression):
    with pytest.raises(gt.ArgumentError, match="which graphtrace does not write"):
        own_text(PROGRAM.format(expression), ISSUED)


@pytest.mark.parametrize("f", [lambda x, y: x * np.tanh(y), lambda x, y: y if x > 1 else -x])
def test_a_program_for_numba_goes_through(f):
    program = written(Program(gt.trace(f, 2.0, 3.0)), jit=True)
    assert f"= {program.inner}(x, y)" in program.text


# The writer itself, of a graph that somebody has changed by hand.


def product():
    return gt.trace(lambda x, y: np.sum(np.concatenate([x, y])) * 2.0, np.ones(2), np.ones(3))


def joined(params):
    """A graph with these params, which its operation takes, whatever they are."""
    graph = product()
    join = Primitive("join", lambda *xs, **_: np.concatenate(xs), vjps=(None, None))
    node = graph.nodes["v1"]
    node["row"] = node["row"]._replace(primitive=join, params=params)
    return graph


@pytest.mark.parametrize("name", ["axis=print(1), x", "lambda", "__debug__", "ﬁ", ""])
def test_the_name_of_a_param_is_an_identifier(name):
    with pytest.raises(gt.ArgumentError, match="is no name of a param, so no program can say it"):
        joined({name: 0}).to_python()


def test_a_text_is_written_as_a_text():
    assert 'join(x, y, axis="print(1)")' in joined({"axis": "print(1)"}).to_python()


@pytest.mark.parametrize("name", ["x[print(1)]", "class", "x, y"])
def test_the_name_of_a_parameter_is_an_identifier(name):
    graph = product()
    graph.graph["parameters"][name] = graph.graph["parameters"].pop("x")
    with pytest.raises(gt.ArgumentError, match="is no name that a parameter can have"):
        graph.to_python()


def test_the_signature_has_no_other_names_than_the_parameters():
    graph = product()
    signature = graph.graph["signature"]
    graph.graph["signature"] = [signature[0].replace(name="z"), signature[1]]
    with pytest.raises(gt.ArgumentError, match="would say 'z', which graphtrace does not write"):
        graph.to_python()


@pytest.mark.parametrize("name", ["eval", "__debug__", "open", "lambda", "__builtins__"])
def test_no_value_has_a_name_that_python_may_take_for_another(name):
    graph = gt.trace(lambda x: {name: 2.0 * x}, 3.0)
    graph.graph["name"] = name
    source = graph.to_python(output=graph.outputs[0])
    assert f"{name}(" not in source
    assert f"{name} =" not in source


NOTE = "x " * 60 + "\nimport os\r\x0c\u2028import os"


def test_a_comment_is_one_line_whatever_it_says():
    def how(x):
        return 2.0 * x

    how.__name__ = NOTE
    graph = gt.trace(lambda how, x: how(x) + 1.0, how, 3.0)
    for node in graph.nodes.values():
        node["source"] = NOTE
    lines = graph.to_python().split("\n")
    assert all(map(str.isprintable, lines))
    assert not any(line.strip().startswith("import os") for line in lines)
    assert graph.compile()(how, 3.0)[0] == 7.0


def test_an_operation_of_one_s_own_may_have_a_setting_of_any_name():
    @gt.primitive(partials=[lambda x, y, *, rule, hint: rule * hint])
    def scaled(x, *, rule, hint):
        return rule * hint * x

    graph = gt.trace(lambda x: 1.0 * scaled(x, rule=2.0, hint=3.0), 5.0)
    assert graph.compile()(5.0) == (30.0, {"x": 6.0})


def test_a_constant_of_long_doubles_is_no_literal():
    long = np.array([1, 3], np.longdouble) / 3
    graph = gt.trace(lambda x: np.sum(x * long), np.ones(2, np.longdouble))
    value, gradients = graph.compile()(np.ones(2, np.longdouble))
    assert value == graph.value
    assert gradients["x"].tobytes()[:10] == long.tobytes()[:10]
