"""What a program takes for granted of a row, the row says, or its rule is seen to do it."""

import ast
from pathlib import Path

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of
from graphtrace.core.inputs import plain, value_of
from graphtrace.core.primitive import PRIMITIVES, Code, Form, Primitive
from graphtrace.core.variable import apply
from graphtrace.ops.as_python import operator_form

COMPILE = Path(gt.__file__).parent / "compile"

number = plain  # another name for it


def twice(x):
    return 2 * number(x)


def squared(partial):
    """A sum of squares, of a row with that rule."""
    row = Primitive("squared", lambda x: x * x, partials=(partial,))
    return lambda x: np.sum(apply(row, (x,), {}))


@pytest.mark.parametrize(
    "partial",
    [
        lambda x, y: 2 * plain(x),
        lambda x, y: 2 * number(x),
        lambda x, y: twice(x),
        lambda x, y: 2 * x if np.all(x > 0) else 2 * number(x),
    ],
)
def test_a_rule_that_goes_on_with_numbers_is_called_however_it_is_spelled(partial):
    f = squared(partial)
    graph = gt.trace(f, np.array([1.0, -2.0, 3.0]))
    assert "squared_vjp(" in source_of(graph)
    assert compile_graph(graph)(np.array([0.0, 5.0, -1.0]))[1]["x"].tolist() == [0.0, 10.0, -2.0]


class Settings:
    value = 2.0


def test_a_rule_that_looks_at_no_number_is_printed_however_it_is_spelled():
    f = squared(lambda x, y: Settings.value * x * value_of(x).ndim)
    text = source_of(gt.trace(f, np.ones(3)))
    assert "2.0 * x" in text
    assert "_vjp" not in text


def test_a_row_that_says_nothing_is_called_and_so_is_its_rule():
    row = Primitive("shifted", lambda x: x + 1, vjps=(lambda g, y, x: g,))
    text = source_of(gt.trace(lambda x: np.sum(apply(row, (x,), {})), np.ones(3)))
    assert "= shifted(x)" in text
    assert "shifted_vjp(" in text
    assert ".shape != (3,)" in text


def test_a_row_is_written_and_trusted_as_it_says():
    row = Primitive(
        "shifted",
        lambda x: x + 1,
        vjps=(lambda g, y, x: g,),
        code=Code(Form("~$0", operands=(5,)), "rule", memory="own"),
    )

    def f(x):
        return np.sum(apply(row, (x * 2,), {}))

    text = source_of(gt.trace(f, np.ones(3)))
    assert "~(x * 2)" in text
    assert "shifted" not in text
    assert "shape !=" not in text


def test_a_mask_makes_the_shape_depend_on_numbers_and_a_slice_does_not():
    def masked(x):
        return np.sum(x[x > 0])

    assert "shape !=" in source_of(gt.trace(masked, np.ones(3)))
    assert "shape !=" not in source_of(gt.trace(lambda x: np.sum(x[1:]), np.ones(3)))


def test_python_brackets_keep_the_order_of_evaluation_that_a_formula_need_not():
    plus = PRIMITIVES["add"]
    assert plus.notation.text.operands[1] < plus.code.python.operands[1]
    assert operator_form(Form("-$0", binds=3, operands=(3,))).operands == (4,)


def test_no_module_that_compiles_has_a_table_of_operations():
    names = {name.removeprefix("np.") for name in PRIMITIVES}
    # What JavaScript calls the rows, and how it computes those that it has not, has one file.
    for path in sorted(set(COMPILE.glob("*.py")) - {COMPILE / "javascript_rows.py"}):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict | ast.Set | ast.List):
                members = node.keys if isinstance(node, ast.Dict) else node.elts
                words = [x.value for x in members if isinstance(x, ast.Constant)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value
                is_split = node.func.attr == "split" and isinstance(of, ast.Constant)
                words = of.value.split() if is_split else []
            else:
                continue
            assert len(names & set(words)) < 2, f"{path.name}, line {node.lineno}"
