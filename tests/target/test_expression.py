"""Expressions typed as text: what they mean, and everything that they must not be able to do."""

import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import graphtrace as gt
from graphtrace.errors import ExpressionError
from graphtrace.target import expression
from graphtrace.target.expression import parse

INSTEAD = (
    "use arithmetic, comparisons and NumPy functions, or put the function in a file and render "
    "path/to/file.py:function"
)


def refusal(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return str(caught.value)


def refused(text):
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return ""


# What an expression means


def test_an_assignment_names_the_function():
    J = parse("J = 3*(a + b*c)")
    assert J.__name__ == "J"
    assert J(5, 3, 2) == 33


def test_a_bare_expression_is_f():
    assert parse("3*(a + b*c)").__name__ == "f"


def test_the_docstring_is_the_text():
    assert parse("J = 3*a").__doc__ == "J = 3*a"


def test_statements_are_separated_by_semicolons_and_the_last_is_the_result():
    f = parse("u = b*c; v = a + u; J = 3*v")
    assert f.__name__ == "J"
    assert f(a=5, b=3, c=2) == 33


def test_lines_separate_statements_too():
    assert parse("u = 2*x\nu + 1")(3) == 7


def test_parameters_are_the_free_names_in_the_order_of_the_text():
    assert str(inspect.signature(parse("u = b*c; v = a + u; J = 3*v"))) == "(b, c, a)"


def test_a_condition_is_read_in_the_order_of_the_text():
    assert str(inspect.signature(parse("a if t > 0 else b"))) == "(a, t, b)"


def test_a_name_that_is_assigned_after_its_use_is_a_parameter():
    assert parse("x = 2*x; x + 1")(3) == 7


def test_a_name_is_a_function_only_where_it_is_called():
    f = parse("mean + exp(mean)")
    assert list(inspect.signature(f).parameters) == ["mean"]


def test_e_is_a_name_like_any_other_and_np_e_is_the_number():
    assert parse("e + 1")(e=1) == 2
    assert parse("x*np.e")(1) == math.e


@pytest.mark.parametrize(("text", "value"), [("pi*x", math.pi), ("numpy.pi*x", math.pi)])
def test_pi_is_a_constant(text, value):
    f = parse(text)
    assert list(inspect.signature(f).parameters) == ["x"]
    assert f(1) == value


def test_a_constant_may_be_assigned():
    assert parse("pi = 3; pi*x")(2) == 6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x + 2", 7.0),
        ("x - 2", 3.0),
        ("x*2", 10.0),
        ("x/2", 2.5),
        ("x//2", 2.0),
        ("x % 2", 1.0),
        ("x**2", 25.0),
        ("-x", -5.0),
        ("+x", 5.0),
        ("x > 4", True),
        ("1 < x <= 5", True),
        ("1 < x < 5", False),
        ("5 < x < 1/0", False),
        ("x == 5", True),
        ("x != 5", False),
        ("not x >= 5", False),
        ("x > 9 or x", 5.0),
        ("x < 9 and x > 9", False),
        ("1 if x > 0 else 1/0", 1),
        ("abs(-x)", 5.0),
        ("max(x, 7)", 7),
        ("min([x, 7, 3])", 3),
        ("max(np.array([x, 7]))", 7.0),
        ("sum([x, 1])", 6.0),
        ("sum(np.array([[x, 1], [2, 3]]), axis=0)", [7.0, 4.0]),
        ("round(x/3, 2)", 1.67),
        ("len([x, x])", 2),
        ("[x, 1]*3", [15.0, 3.0]),
        ("[x, 1] @ [1, 2]", 7.0),
        ("sqrt(x**2)", 5.0),
        ("np.sqrt(x**2)", 5.0),
        ("numpy.linalg.norm(np.stack([x, 12]))", 13.0),
        ("np.transpose(np.array([[x, 1]]))", [[5.0], [1.0]]),
        ("np.array([[x, 1]]).T", [[5.0], [1.0]]),
        ("np.array([1, 2, x])[-1]", 5.0),
        ("np.array([1, 2, x])[1:]", [2.0, 5.0]),
        ("np.array([[1, 2], [3, x]])[..., 1]", [2.0, 5.0]),
        ("(x, 1)", (5.0, 1)),
        ("x if np.isnan(nan) else 0", 5.0),
    ],
)
def test_the_value_is_that_of_python_and_numpy(text, value):
    np.testing.assert_array_equal(parse(text)(x=5.0) if "x" in text else parse(text)(), value)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_it_agrees_with_python_on_numbers(a, b):
    assert parse("J = (a - b)*a/(1 + b*b) - -a")(a, b) == (a - b) * a / (1 + b * b) - -a


def test_a_missing_argument_is_python_s_own_error():
    with pytest.raises(TypeError, match="missing a required argument: 'b'"):
        parse("a + b")(1)


# Traced


def test_a_traced_expression_has_the_names_that_were_typed():
    g = gt.trace(parse("u = b*c; v = a + u; J = 3*v"), a=5, b=3, c=2)
    assert g.inputs == ["b", "c", "a"]
    assert list(g) == ["b", "c", "a", "u", "v", "J"]
    assert g.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}


def test_steps_without_a_name_are_numbered_as_on_a_wengert_list():
    g = gt.trace(parse("J = 3*(a + b*c)"), a=5, b=3, c=2)
    assert list(g) == ["a", "b", "c", "v1", "v2", "J"]


def test_an_expression_is_no_helper_call_and_its_source_is_itself():
    g = gt.trace(parse("u = sum([b, c]); J = 3*u"), b=3, c=2)
    assert [g.nodes[n]["scope"] for n in ("u", "J")] == [(), ()]
    assert [g.nodes[n]["source"] for n in ("u", "J")] == ["<expression>:1", "<expression>:1"]


def test_the_caller_s_variables_do_not_name_the_steps_of_an_expression():
    wrong = gt.trace(parse("3*(a + b*c)"), a=5, b=3, c=2)
    assert "wrong" not in wrong
    assert wrong.outputs == ["f"]


def test_a_condition_in_an_expression_is_remembered_as_a_branch():
    g = gt.trace(parse("y = x if x > 0 else -x; J = 2*y"), x=3)
    with pytest.raises(gt.BranchChanged, match=r"^<expression>:1: "):
        g.forward(x=-3)


def test_a_list_of_traced_numbers_is_an_array():
    g = gt.trace(parse("J = sum(np.array([a, b])*[1, 2])"), a=5, b=3)
    assert g.value == 11
    assert g.backward() == {"a": 1.0, "b": 2.0}


def test_an_exception_notes_the_statement():
    with pytest.raises(ZeroDivisionError) as caught:
        parse("u = 1/(a - a); J = 2*u")(1)
    assert caught.value.__notes__ == ["in 'u = 1 / (a - a)'"]


# What an expression may not hold


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("3 + x.__class__", 5, "x.__class__"),
        ("x.base", 1, "x.base"),
        ("x.T.base", 1, "x.T.base"),
        ("np", 1, "np"),
        ("np.sum", 1, "np.sum"),
        ("np.random", 1, "np.random"),
        ("__builtins__", 1, "__builtins__"),
        ("__x = 3", 1, "__x = 3"),
        ("np = 3", 1, "np = 3"),
        ("import os", 1, "import os"),
        ("from os import path", 1, "from os import path"),
        ("lambda x: x", 1, "lambda x: x"),
        ("[x for x in y]", 1, "[x for x in y]"),
        ("sum(x for x in y)", 4, "(x for x in y)"),
        ("{x: x for x in y}", 1, "{x: x for x in y}"),
        ("{1: 2}", 1, "{1: 2}"),
        ("{1, 2}", 1, "{1, 2}"),
        ("f'{x}'", 1, "f'{x}'"),
        ("'text'", 1, "'text'"),
        ("b'text'", 1, "b'text'"),
        ("1j*x", 1, "1j"),
        ("x & y", 1, "x & y"),
        ("x << 9", 1, "x << 9"),
        ("~x", 1, "~x"),
        ("x in y", 1, "x in y"),
        ("x is y", 1, "x is y"),
        ("(x := 3)", 2, "x := 3"),
        ("x += 3", 1, "x += 3"),
        ("a, b = x", 1, "a, b = x"),
        ("a = b = x", 1, "a = b = x"),
        ("a[0] = x", 1, "a[0] = x"),
        ("a: int = 3", 1, "a: int = 3"),
        ("del x", 1, "del x"),
        ("yield x", 1, "yield x"),
        ("await x", 1, "await x"),
        ("[*x]", 2, "*x"),
        ("sin(*x)", 5, "*x"),
        ("sin(**x)", 5, "**x"),
        ("np.add(a, b, out=a)", 14, "out=a"),
        ("  x.y", 3, "x.y"),
        ("λ + x.y", 5, "x.y"),
        ("def f(): pass", 1, "def f(): pass"),
        ("while 1: x", 1, "while 1: x"),
        ("global x", 1, "global x"),
        ("assert x", 1, "assert x"),
        ("raise x", 1, "raise x"),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_its_column(text, column, part):
    assert refusal(text) == (
        f"column {column}: '{part}' is not allowed in an expression: {INSTEAD}"
    )


def test_the_line_is_named_where_there_are_several():
    assert refusal("u = x\nu + x.y").startswith("line 2, column 5: 'x.y' is not allowed")


@pytest.mark.parametrize(
    "name",
    "__import__ eval exec open getattr zeros ones full empty arange linspace tile repeat resize "
    "pad eye identity broadcast_to load loadtxt save fromfile memmap genfromtxt frombuffer "
    "fromfunction apply_along_axis vectorize einsum meshgrid mgrid indices vander np.zeros np.load "
    "np.lib.load np.linalg.foo np.ctypeslib.load_library np.testing.run np.random.rand "
    "np.add.reduce np.frompyfunc np.matrix np.linalg.matrix_power np.fft.fft np.vectorize "
    "np.ndarray np.dtype np.errstate np.show_config np.info".split(),
)
def test_what_allocates_or_touches_files_cannot_be_called(name):
    assert f"'{name}' is not a function that an expression may call" in refusal(f"{name}(10)")


def test_every_name_on_the_list_exists_in_numpy_2_or_is_left_out():
    missing = set(expression._NUMPY_NAMES) - set(expression._NUMPY_FUNCTIONS)
    assert missing == set()


def test_every_ufunc_of_numpy_may_be_called():
    ufuncs = {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
    assert ufuncs <= set(expression._NUMPY_FUNCTIONS)
    assert len(ufuncs) > 90


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "sine(x)",
            "column 1: 'sine' is not a function that an expression may call: did you mean sin",
        ),
        (
            "inv(x)",
            "column 1: 'inv' is not a function that an expression may call: "
            "did you mean np.linalg.inv",
        ),
        (
            "a(b + c)",
            "column 1: 'a' is not a function that an expression may call: "
            "a product is written a*(...), and a function of your own goes into a file, as "
            "path/to/file.py:function",
        ),
        (
            "x.sum()",
            "column 1: 'x.sum' is not a function that an expression may call: write sum(x)",
        ),
        ("zeros(3)", f"column 1: 'zeros' is not a function that an expression may call: {INSTEAD}"),
        (
            "2(a + b)",
            "column 1: '2(a + b)' is not a call of a function: a product is written with *",
        ),
        (
            "x^2",
            "column 1: 'x^2' is not allowed in an expression: a power is written **, as in x**2",
        ),
        (
            "3 + 2a",
            "column 5: invalid decimal literal in '3 + 2a': write a product with *, as in 2*a",
        ),
        ("a*b; c", "column 1: 'a*b' has no name: write 'u = ' before it"),
        (
            "J(a, b) = a*b",
            "column 1: cannot assign to function call here in 'J(a, b) = a*b': leave out the "
            "parameters, as in 'J = 3*(a + b*c)': they are the names used",
        ),
        (
            "3*(a +",
            "column 3: '(' was never closed in '3*(a +': write it as Python does, for example "
            "'J = 3*(a + b*c)'",
        ),
        ("", "the expression is empty: write something like 'J = 3*(a + b*c)'"),
        (
            " ; ",
            "column 2: invalid syntax in ';': write it as Python does, for example "
            "'J = 3*(a + b*c)'",
        ),
        ("# J", "the expression is empty: write something like 'J = 3*(a + b*c)'"),
        ("a\0b", r"column 2: the character '\x00' is not allowed in an expression: remove it"),
        (
            "a\u202eb",
            r"column 2: the character '\u202e' is not allowed in an expression: remove it",
        ),
    ],
)
def test_a_frequent_slip_is_told_what_to_write(text, hint):
    assert refusal(text) == hint


# Abuse


def test_a_text_that_is_too_long_is_refused():
    assert refusal("x" * 10_001) == (
        "the expression has 10001 characters, more than 10000: put the function in a file and "
        "render path/to/file.py:function"
    )


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "x" + ")" * 4000,
        "[" * 4000 + "x" + "]" * 4000,
        "-" * 9000 + "x",
        "not " * 2000 + "x",
        "x" + "**x" * 3000,
        "x" + "+x" * 4000,
        "x" + "[0]" * 3000,
        "x" + ".T" * 4000,
        "x" + " if x else x" * 800,
        "sin(" * 1900 + "x" + ")" * 1900,
    ],
    ids=lambda text: text[:6],
)
def test_deep_nesting_is_refused_with_a_way_out(text):
    assert re.fullmatch(
        r"column \d+: the expression is nested more than 200 levels deep: name its parts, as in "
        r"'u = b\*c; v = a \+ u; J = 3\*v'",
        refusal(text),
    )


def test_what_is_almost_too_deep_runs():
    assert parse("-" * 190 + "x")(2) == 2
    assert parse("(" * 190 + "x" + ")" * 190)(2) == 2
    assert parse("x" + "+x" * 190)(2) == 382


def test_a_tower_of_powers_overflows_at_once():
    with pytest.raises(OverflowError):
        parse("9**9**9")()


def test_large_integers_go_on_as_floats():
    product = parse("x*10**18*10**18*9223372036854775808")(1)
    assert type(product) is float
    assert type(parse("9223372036854775807 * 9223372036854775807")()) is float


def test_numpy_s_integer_power_cannot_hang_either():
    with np.errstate(all="ignore"):
        value = parse("np.power(x*99999999999999999999*99999999999999999999, 999999999)")(1)
    assert value == math.inf


def test_multiplying_a_list_does_not_repeat_it():
    np.testing.assert_array_equal(parse("[1, 2]*1000000000000")(), [1e12, 2e12])


def test_keyword_arguments_cannot_write_into_the_caller_s_arrays():
    assert "out=x" in refusal("np.exp(x, out=x)")


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_in_one_sentence(text):
    assert "\n" not in refused(text)


@given(st.text(alphabet="abx0129.+-*/%@()[]{},;:=<>!~^&| \n'\"_λ#", max_size=30))
def test_any_text_like_an_expression_is_parsed_or_refused_in_one_sentence(text):
    assert "\n" not in refused(text)


@pytest.mark.parametrize("text", ["relu(w*x + b)", "gt.sigmoid(w*x + b)", "softmax([w, x, b])[0]"])
def test_the_activations_are_functions_of_an_expression(text):
    f = parse(text)
    w, x, b = 0.5, 2.0, -0.25
    z = w * x + b
    wanted = {"r": z, "g": 1 / (1 + np.exp(-z)), "s": np.exp(w) / np.exp([w, x, b]).sum()}[text[0]]
    assert f(w=w, x=x, b=b) == pytest.approx(wanted)
    assert set(gt.trace(f, w=w, x=x, b=b).backward()) == {"w", "x", "b"}


# What a call may cost


@pytest.mark.parametrize(
    "text",
    [
        "np.diff([1, 2, 3], n=999999999)",
        "diff([1, 2, 3], 999999999)",
        "np.diag([1.0], 60000)",
        "round([1.5], 999999999)",
        "tensordot([1.0], [1.0], 999999999)",
        "u = kron([1, 2, 3], [1, 2, 3]); u = kron(u, u); u = kron(u, u); u = kron(u, u); u[0]",
        "u = reshape(ones, (-1, 1)); v = u + ones; w = u*v*v*v; w[0]",
        "u = outer(ones, ones); a = u@u; b = u@u; b[0]",
        "u = tril(ones); v = tril(ones)",
        "u = reshape(ones, (-1, 2)); v = trapezoid(u, ones); w = trapezoid(u, ones); z = v + w",
        "u = reshape(ones, (1, -1)); v = np.linalg.svd(u); w = np.linalg.svd(u)",
    ],
)
def test_a_call_that_may_cost_too_much_is_refused_before_it_is_made(text):
    ones = np.ones(1200)
    with pytest.raises(ExpressionError, match=r"may make or go over [\d,]+ numbers here, and an"):
        parse(text)(**({"ones": ones} if "ones" in text else {}))


def test_an_expression_may_go_over_the_data_that_it_is_given_as_often_as_it_likes():
    x = np.linspace(0, 1, 3_000_000).reshape(1000, 3000)
    w = np.ones(3000)
    text = "; ".join(f"u{i} = sin(x @ w)*x.T" for i in range(20))
    assert np.isfinite(parse(text + "; sum(u3[::2, 1])")(x=x, w=w))


def test_an_integral_over_many_points_costs_no_more_than_they_are():
    x = np.linspace(0.0, 1.0, 50_000)
    text = "trapezoid(x, x) + sum(trapezoid(reshape(x, (2, -1)), x[:25000]))"
    assert np.isfinite(parse(text)(x))


def test_a_mask_and_a_list_of_places_are_no_product():
    x = np.arange(100_000.0)
    assert parse("sum(x[x > 5]) + sum(x[[1, 2, 3]])")(x) == x.sum() - 15 + 6


def test_a_chain_of_nine_hundred_attributes_is_refused_in_one_sentence():
    assert "is not allowed in an expression" in refusal("a" + ".b" * 900)
