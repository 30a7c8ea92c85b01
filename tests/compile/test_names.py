"""Names in the text of a program: no key breaks out, none is taken twice."""

import ast
import keyword

import numpy as np
from compile.compiled import X, assert_same, compiled
from hypothesis import given, settings, strategies as st

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of
from graphtrace.compile.names import identifier

EVIL = [
    "x'; import os",
    'x"]\nimport os\n#',
    "__import__('os').system('false')",
    "x\u2028y",
    "\\",
    "{x}",
    "lambda",
    "np",
    "float",
    "",
    "ﬁ",
    "fi",
    "²",
    "ｘ",
    "𝐱",
    "x y",
]


def test_a_key_of_a_dict_cannot_break_out_of_the_text():
    def f(params):
        total = 0.0
        for i, key in enumerate(params):
            total = total + (i + 1) * params[key]
        return total

    params = {key: float(i) for i, key in enumerate(EVIL)}
    graph = gt.trace(f, params)
    value, gradients = compile_graph(graph)(params)
    assert value == graph.value
    assert gradients == {"params": {key: i + 1.0 for i, key in enumerate(EVIL)}}
    names = {node.id for node in ast.walk(ast.parse(source_of(graph))) if type(node) is ast.Name}
    assert "os" not in names
    assert not any(isinstance(n, ast.Import) for n in ast.walk(ast.parse(source_of(graph))))


@given(st.dictionaries(st.text(max_size=12), st.floats(-10, 10), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_key_makes_a_program_of_names_and_numbers(params):
    def f(params):
        return sum(params.values()) * 2.0

    graph = gt.trace(f, params)
    value, gradients = compile_graph(graph)(params)
    assert value == graph.value
    assert gradients == {"params": dict.fromkeys(params, 2.0)}


@given(st.text(max_size=20))
def test_a_name_is_always_an_identifier_and_in_pythons_normal_form(text):
    name = identifier(text)
    assert name.isidentifier()
    assert keyword.iskeyword(name) or ast.parse(name, mode="eval").body.id == name


def test_a_parameter_with_the_name_of_a_helper_keeps_it():
    def f(np, float, items, array):
        return np * float + items["w"] @ array

    x = X[0]
    args = (2.0, 3.0, {"w": x}, x)
    value, gradients = compiled(f, *args)(*args)
    assert value == f(*args)
    assert_same(list(gradients.values()), gt.grad(f, (0, 1, 2, 3))(*args))
    assert list(gradients) == ["np", "float", "items", "array"]


def test_a_function_named_as_its_parameter_or_as_numpy_compiles():
    def f(f):
        return f * np.sin(f)

    def np_(x):
        return np.sin(x)

    np_.__name__ = "np"
    assert compiled(f, 2.0)(2.0)[0] == f(2.0)
    assert compiled(np_, 2.0)(2.0)[0] == np_(2.0)
