"""Figures of statements: a box for each, told as it was computed, with its whole derivatives."""

import functools
import linecache
import math

import numpy as np
import pytest
from figures.corpus import FUNCTIONS, graph_of

import graphtrace as gt
from graphtrace.core.primitive import primitive_named
from graphtrace.core.statements import _uncertain
from graphtrace.figure.chain import times_local
from graphtrace.figure.fold import fold
from graphtrace.figure.inlining import quoted
from graphtrace.formula.naming import Naming
from graphtrace.formula.printer import on_board, text_of
from graphtrace.formula.runs import plain
from graphtrace.formula.term import Name
from graphtrace.target.expression import parse


def told(f, *args):
    """What stands in the boxes of statements, in their order."""
    folded = fold(gt.trace(f, *args), detail="statements", dead=False)
    return [f"{key} = {formula_of(folded, key)}" for key in folded if not is_input(folded, key)]


def is_input(graph, key):
    return graph.nodes[key]["op"] == "input"


def formula_of(graph, key):
    return str(graph.nodes[key]["formula"])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def layer(x, w):
    z = w * x
    return np.tanh(z)


# Which boxes there are


def quadratic(a, b, c):
    D = b**2 - 4 * a * c
    x = (-b + np.sqrt(D)) / (2 * a)
    return x


def test_a_statement_is_one_box_as_it_is_written():
    assert told(quadratic, 1.0, -3.0, 2.0) == [
        "D = b**2 - 4*a*c",
        "x = (-b + sqrt(D))/(2*a)",
    ]


def test_what_is_returned_has_the_functions_name():
    def area(a, b):
        return (a + b) * (a - b)

    assert told(area, 3.0, 2.0) == ["area = (a + b)*(a - b)"]


def test_a_lambda_is_one_statement():
    assert told(lambda x, y: (x + y) * (x - y), 3.0, 2.0) == ["f = (x + y)*(x - y)"]


def test_a_statement_that_runs_again_is_another_box():
    def logistic(r, x):
        for _ in range(3):
            x = r * x * (1 - x)
        return x

    assert told(logistic, 3.2, 0.4) == [
        "x_2 = r*x*(1 - x)",
        "x_3 = r*x_2*(1 - x_2)",
        "x_4 = r*x_3*(1 - x_3)",
    ]


def test_a_call_that_runs_again_is_another_box():
    def iterated(x):
        for _ in range(3):
            x = np.sin(x)
        return x

    assert told(iterated, 0.4) == ["x_2 = sin(x)", "x_3 = sin(x_2)", "x_4 = sin(x_3)"]


def test_a_while_loop_and_an_inner_loop_are_told_run_by_run():
    def f(x):
        while x < 10:
            for _ in range(2):
                x = x * x + 1
        return x

    assert told(f, 1.0) == [
        "x_2 = x*x + 1",
        "x_3 = x_2*x_2 + 1",
        "x_4 = x_3*x_3 + 1",
        "x_5 = x_4*x_4 + 1",
    ]


def test_several_statements_on_a_line_are_a_box_each():
    def f(x):
        y = x * x + 1; z = y * y - x  # noqa: E702  # fmt: skip
        return z

    assert told(f, 2.0) == ["y = x*x + 1", "z = y*y - x"]


def test_a_statement_over_several_lines_is_one_box():
    def f(x, y):
        z = (
            x * y  # a comment
            + x
        )
        return z

    assert told(f, 2.0, 3.0) == ["z = x*y + x"]


def test_an_augmented_assignment_is_told_in_full():
    def f(x, y):
        s = x * y
        s += 2 * x - y
        return s

    assert told(f, 2.0, 3.0) == ["s = x*y", "s_2 = s + 2*x - y"]


def test_of_a_tuple_each_name_has_a_box():
    def f(x, y):
        s, d = x + 2 * y, x * y - 1
        return s * d + 1

    assert told(f, 2.0, 3.0) == ["s = x + 2*y", "d = x*y - 1", "f = s*d + 1"]


def test_a_chained_assignment_is_one_box():
    def f(x):
        a = b = x * x + 1
        return a * b - 1

    assert told(f, 2.0) == ["a = x*x + 1", "f = a*a - 1"]


def test_only_the_branch_that_ran_is_drawn_and_not_its_test():
    def f(x):
        y = 1
        if x * x > 1:
            y = 2 * x + 1
        return y * y

    assert told(f, 2.0) == ["y = 2*x + 1", "f = y*y"]


# Comprehensions, generators and functions that are called back


def test_a_sum_over_a_generator_is_one_statement():
    def f(xs, w):
        s = sum(w * x**2 for x in xs)
        return s

    assert told(f, [1.0, 2.0], 3.0) == ["s = w*xs[0]**2 + w*xs[1]**2"]


def test_a_sum_over_a_list_is_one_statement():
    def f(a, b, c):
        s = sum([a, b * c, c])
        return s * s + 1

    assert told(f, 1.0, 2.0, 3.0) == ["s = a + b*c + c", "f = s*s + 1"]


def test_a_generator_in_a_loop_is_a_statement_each_time():
    def f(xs, p):
        for _ in range(2):
            p = sum(x * p for x in xs)
        return p

    assert told(f, [1.0, 2.0], 3.0) == ["p_2 = xs[0]*p + xs[1]*p", "p_3 = xs[0]*p_2 + xs[1]*p_2"]


def test_a_comprehension_has_a_box_for_each_value_it_hands_on():
    def f(xs):
        ys = [2 * x + 1 for x in xs]
        return ys[0] * ys[1]

    assert told(f, [1.0, 2.0]) == ["v2 = 2*xs[0] + 1", "v4 = 2*xs[1] + 1", "f = v2*v4"]


def test_a_comprehension_that_runs_again_is_another_statement():
    def f(xs):
        for _ in range(2):
            xs = [3 * x + 1 for x in xs]
        return xs[0] * xs[1]

    graph = gt.trace(f, [1.0, 2.0])
    runs = [data["run"] for _, data in graph.nodes(data=True) if data["op"] != "input"]
    assert runs == [0, 0, 0, 0, 1, 1, 1, 1, 2]


def test_a_product_of_arrays_of_objects_is_one_statement_and_the_next_one_another():
    def f(t, x):
        R = np.array([[np.cos(t), 1], [0, np.sin(t)]])
        R = R @ R
        for _ in range(2):
            R = R @ R
        return (R @ np.array([x, 2.0]))[0]

    graph = gt.trace(f, 0.3, 2.0)
    products = {data["run"] for key, data in graph.nodes(data=True) if key.startswith("R")}
    assert len(products) == 3


def test_what_a_builtin_calls_back_belongs_to_its_statement():
    def f(xs):
        t = sum(map(sigmoid, xs))
        return t * t + 1

    graph = gt.trace(f, [0.0, 1.0])
    folded = fold(graph, detail="statements")
    assert [key for key in folded if not is_input(folded, key)] == ["t", "f"]
    product = gt.trace(lambda xs: functools.reduce(lambda a, b: a * b, xs), [2.0, 3.0, 4.0])
    assert [key for key in fold(product, detail="statements") if key == "f"] == ["f"]


def test_of_what_is_called_back_only_the_result_has_the_name():
    def f(xs):
        t = sum(map(sigmoid, xs))
        return 2 * t

    assert [key for key in gt.trace(f, [0.0, 1.0]) if key.startswith("t")] == ["t"]


# Helper calls


def test_a_call_inside_an_expression_stays_as_it_is_written():
    def price(S, K, d):
        p = S * sigmoid(d) - K * sigmoid(d - S)
        return p

    assert told(price, 1.0, 2.0, 0.5) == ["p = S*sigmoid(d) - K*sigmoid(d - S)"]


def test_a_product_of_vectors_is_set_alike_beside_a_call_and_elsewhere():
    """The source tells no ranks: sigmoid(wa) would be of numbers, and s·w·a no product of two."""

    def f(a, w):
        s = sigmoid(w @ a) * (w @ a) * a
        t = sigmoid(a) * (w @ a)
        return s + t

    folded = fold(gt.trace(f, np.ones(2), np.array([0.5, 2.0])), detail="statements", dead=False)
    board = on_board(Naming())
    assert [plain(board.term(folded.nodes[key]["formula"].term)) for key in "st"] == [
        "sigmoid(w·a)·(w·a)a",
        "sigmoid(a)·(w·a)",
    ]


def test_a_call_of_one_statement_is_a_box():
    def f(w, x):
        p = sigmoid(w * x)
        return p * p - 1

    assert told(f, 1.0, 2.0) == ["p = sigmoid(w*x)", "f = p*p - 1"]


def test_the_statements_of_a_longer_helper_are_boxes():
    def f(x, w):
        h = layer(x, w)
        y = layer(2 * h, w)
        return y * y + 1

    graph = fold(gt.trace(f, 1.0, 2.0), detail="statements")
    assert [key for key in graph if not is_input(graph, key)] == ["z", "h", "v1", "z_2", "y", "f"]
    calls = fold(gt.trace(f, 1.0, 2.0), detail="calls", limit=0)
    assert [key for key in calls if not is_input(calls, key)] == ["h", "y", "f"]


def test_recursion_is_opened_to_its_end():
    def power(x, n):
        if n == 1:
            return x * 1.5
        y = power(x, n - 1)
        return y * x + 1

    assert told(lambda x: power(x, 3), 2.0) == ["y = x*1.5", "y_2 = y*x + 1", "f = y_2*x + 1"]


def test_names_that_may_lie_are_not_printed_as_written():
    def swapped(x, y):
        x, y = y, x
        z = sigmoid(x) - sigmoid(2 * y)
        return z

    (box,) = told(swapped, 1.0, 2.0)
    assert box == "z = 1/(1 + exp(-y)) - 1/(1 + exp(-(2*x)))"


def test_a_method_and_a_closure_are_told():
    class Neuron:
        def __call__(self, x, w):
            act = w * x + 1
            return np.tanh(act) * 2

    def made(scale):
        def f(x):
            y = scale * x + 1
            return y * y

        return f

    assert told(Neuron(), 1.0, 2.0)[0] == "act = w*x + 1"
    assert told(made(3.0), 2.0) == ["y = 3*x + 1", "f = y*y"]


# Where there is no source


def test_a_function_without_source_is_drawn_in_operations():
    space = {}
    exec("def f(a, b):\n    u = a * b + a\n    return u * b - 1\n", space)
    graph = gt.trace(space["f"], 2.0, 3.0)
    assert len(fold(graph, detail="statements")) == len(graph)
    assert "u" in graph.to_text(detail="statements")


def test_what_is_typed_at_a_prompt_has_statements():
    source = "def f(a, b):\n    u = a * b + a\n    return u * b - 1\n"
    linecache.cache["<prompt-1>"] = (len(source), None, source.splitlines(True), "<prompt-1>")
    space = {}
    exec(compile(source, "<prompt-1>", "exec"), space)
    assert told(space["f"], 2.0, 3.0) == ["u = a*b + a", "f = u*b - 1"]


# Derivatives


def symbols(f, *args):
    folded = fold(gt.trace(f, *args), detail="statements")
    return {
        (tail, head): str(data["symbol"]) if "symbol" in data else None
        for tail, head, data in folded.edges(data=True)
    }


def test_the_derivative_of_a_statement_is_what_a_person_writes():
    found = symbols(quadratic, 1.0, -3.0, 2.0)
    assert found == {
        ("a", "D"): "-4*c",
        ("b", "D"): "2*b",
        ("c", "D"): "-4*a",
        ("a", "x"): "-x/a",
        ("b", "x"): "-1/(2*a)",
        ("D", "x"): "1/(4*a*sqrt(D))",
    }


def test_an_operand_used_twice_is_one_arrow_with_the_whole_derivative():
    def f(x):
        y = x * x
        return y * 3 + y

    assert symbols(f, 2.0) == {("x", "y"): "2*x", ("y", "f"): "4"}


def test_a_long_derivative_is_a_number_alone():
    def f(x, y):
        z = np.sin(x * y) * np.cos(x + y) * np.exp(x - y)
        return z

    assert symbols(f, 1.0, 2.0) == {("x", "z"): None, ("y", "z"): None}


def logistic(z):
    p = 1 / (1 + np.exp(-z))
    return p


def tangent(x):
    h = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    return h


def bell(x):
    p = np.exp(-(x**2)) / np.sqrt(2 * np.pi)
    return p


def product(a, b, c, d):
    p = a * b * c * d
    return p


def again(z):
    z = 1 / (1 + np.exp(-z))
    return z


@pytest.mark.parametrize(
    ("f", "arguments", "text"),
    [
        (logistic, (0.5,), "p*(1 - p)"),
        (logistic, (-3.0,), "p*(1 - p)"),
        (again, (0.5,), "z_2*(1 - z_2)"),
        (tangent, (0.3,), "1 - h**2"),
        (bell, (0.7,), "-2*p*x"),
        (product, (1.0, 2.0, 3.0, 4.0), "b*c*d"),
    ],
)
def test_a_derivative_is_told_by_the_value_as_a_person_does(f, arguments, text):
    assert next(iter(symbols(f, *arguments).values())) == text


def test_a_derivative_that_the_value_tells_at_one_point_only_is_not_told_by_it():
    def f(z):
        y = np.exp(z) * np.cos(z) + np.exp(z) * np.sin(z) * np.sin(z)
        return y * 3

    # At z = 0 the derivative is y, as that of an exponential function; nowhere else.
    assert symbols(f, 0.0)["z", "y"] is None


def test_a_derivative_of_nought_is_not_told_by_a_value_of_nought():
    def f(d, margin):
        loss = np.maximum(d * margin, 0.0)
        return loss**2

    assert symbols(f, -2.0, 1.0)["d", "loss"] is None


# Laws, on strangers' functions


def is_known(primitive):
    """Whether it is an operation, and not the call of a helper as it is written."""
    try:
        return primitive_named(primitive.name) is primitive
    except KeyError:
        return False


def value_of(graph, term):
    """What a formula comes to with the values of the nodes that it names; None where unknown."""
    if isinstance(term.atom, Name):
        return graph.nodes[term.atom.key]["value"]
    if term.primitive is None:
        return term.atom if isinstance(term.atom, (int, float, np.ndarray)) else None
    operands = [value_of(graph, operand) for operand in term.operands]
    if any(operand is None for operand in operands) or not is_known(term.primitive):
        return None
    return term.primitive.forward(*operands, **term.params)


@pytest.mark.parametrize("example", FUNCTIONS, ids=lambda example: example.name)
@pytest.mark.parametrize("detail", ["statements", "calls"])
def test_what_is_printed_is_what_was_computed(example, detail):
    graph = graph_of(example)
    folded = fold(graph, detail=detail, limit=None if detail == "statements" else 6, dead=False)
    for key, data in folded.nodes(data=True):
        symbol = data.get("formula")
        if symbol is None or data.get("value") is None:
            continue
        value = value_of(graph, symbol.term)
        if value is not None:
            np.testing.assert_allclose(value, data["value"], rtol=1e-12, err_msg=str(key))
    for tail, head, data in folded.edges(data=True):
        if "symbol" in data and isinstance(data.get("local"), float):
            value = value_of(graph, data["symbol"].term)
            if value is not None:
                assert math.isclose(value, data["local"], rel_tol=1e-9), (
                    tail,
                    head,
                    text_of(data["symbol"].term),
                )


@pytest.mark.parametrize("example", FUNCTIONS, ids=lambda example: example.name)
def test_the_chain_rule_holds_between_statements(example):
    graph = graph_of(example)
    folded = fold(graph, detail="statements", dead=False)
    if "gradient_of" not in graph.graph:
        pytest.skip("no one scalar output")
    for key, data in folded.nodes(data=True):
        if "grad" not in data or key in folded.graph["outputs"]:
            continue
        arriving = 0.0
        for _, head, edge in folded.out_edges(key, data=True):
            if "grad" not in folded.nodes[head]:
                break
            arriving = arriving + times_local(folded.nodes[head]["grad"], edge["local"])
        else:
            np.testing.assert_allclose(arriving, data["grad"], rtol=1e-9, atol=1e-12, err_msg=key)


def test_an_expression_of_the_command_has_a_box_for_each_assignment():
    f = parse("D = b**2 - 4*a*c; x = (-b + sqrt(D))/(2*a); 3*x + 1")
    boxes = ["D = b**2 - 4*a*c", "x = (-b + sqrt(D))/(2*a)", "f = 3*x + 1"]
    assert told(f, -3.0, 1.0, 2.0) == boxes


def test_a_long_sum_is_told_as_it_stands_in_the_source():
    def sine(x, terms=5):
        return sum((-1) ** k * x ** (2 * k + 1) / math.gamma(2 * k + 2) for k in range(terms))

    series = "sum((-1) ** k * x ** (2 * k + 1) / math.gamma(2 * k + 2) for k in range(terms))"
    assert told(sine, 0.8) == [f"sine = {series}"]


def test_what_reads_a_variable_that_no_arrow_comes_from_is_not_told_as_it_stands():
    def f(xs):
        ys = [3.0] * 30
        t = sum(x * y + x * x for x, y in zip(xs * 10, ys, strict=True))
        return t

    assert told(f, [1.0, 2.0, 3.0]) == ["t = None"]


def test_a_name_that_stands_for_two_things_is_no_ground_to_print_as_written():
    def stored_twice(x, y):
        t = x
        u = t * 2
        t = y
        z = sigmoid(t) - sigmoid(u)
        return z

    def gathered(x, *ys):
        ys = [3 * x, *ys]
        z = sigmoid(x) - sigmoid(sum(ys))
        return z

    assert told(stored_twice, 1.0, 2.0)[-1] == "z = 1/(1 + exp(-y)) - 1/(1 + exp(-u))"
    for f in (stored_twice, gathered):
        uncertain = _uncertain(f.__code__, 0)
        assert uncertain == ({"t"} if f is stored_twice else {"ys"})


def test_a_comprehension_with_the_name_of_another_variable_is_not_quoted():
    assert quoted("sum(x * x for x in xs) + x", {"xs[0]", "x_2"}) is None
    assert quoted("sum(q * q for q in xs) + x", {"xs[0]", "x"}) is not None
