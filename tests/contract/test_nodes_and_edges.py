"""What nodes and edges hold: operations, values, local derivatives, formulas and gradients."""

import math

import numpy as np
import pytest
from contract.functions import J, X, line_of, operations

import graphtrace as gt


def ops(g):
    return [g.nodes[key]["op"] for key in operations(g)]


# -- The lecture's function, line by line ----------------------------------------------------------


def test_the_lecture_function_traces_by_name_and_by_position():
    for g in (gt.trace(J, a=5, b=3, c=2), gt.trace(J, 5, 3, 2), gt.trace(J, 5, 3, c=2)):
        assert list(g.nodes) == ["a", "b", "c", "u", "v", "J"]
        assert g.value == 33.0
        assert isinstance(g.value, float)
        assert g.inputs == ["a", "b", "c"]
        assert g.outputs == ["J"]
        assert g.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}
        assert g.forward(a=6) == 36.0


def test_the_function_runs_once_and_is_never_called_again():
    calls = []

    def f(a):
        calls.append(a)
        return a * a

    g = gt.trace(f, 3.0)
    g.backward()
    g.forward(a=4.0)
    assert len(calls) == 1


def test_a_node_holds_op_value_grad_label_scope_and_source():
    g = gt.trace(J, a=5, b=3, c=2)
    g.backward()
    node = g.nodes["u"]
    assert (node["op"], node["value"], node["grad"]) == ("multiply", 6.0, 3.0)
    assert node["label"] == "u = b*c"
    assert node["scope"] == ()
    assert node["source"] == line_of(J, 1)
    assert g.nodes["a"]["op"] == "input"
    assert g.nodes["a"]["source"] is None


def test_an_edge_holds_the_local_derivative_and_its_formula():
    g = gt.trace(J, a=5, b=3, c=2)
    assert g.edges["b", "u", 0]["local"] == 2.0
    assert g.edges["c", "u", 1]["local"] == 3.0
    assert str(g.edges["b", "u", 0]["symbol"]) == "c"
    assert isinstance(g.edges["b", "u", 0]["symbol"].latex, str)


def test_every_scalar_local_derivative_is_a_float():
    def f(a, b):
        return np.maximum(a, b) + np.tanh(a * b) - abs(a) // b

    g = gt.trace(f, 2.0, 3.0)
    assert {type(local) for _, _, local in g.edges(data="local")} == {float}


def test_a_constant_is_an_operand_and_no_node():
    g = gt.trace(J, a=5, b=3, c=2)
    assert list(g.predecessors("J")) == ["v"]
    assert list(g.edges("v", keys=True)) == [("v", "J", 1)]


def test_an_elementwise_edge_on_arrays_holds_an_array():
    g = gt.trace(lambda x: np.sum(np.exp(x)), X)
    (key,) = g.successors("x")
    np.testing.assert_array_equal(g.edges["x", key, 0]["local"], np.exp(X))


def test_a_matmul_edge_holds_a_linear_map_with_its_transpose_for_a_formula():
    W = np.arange(6.0).reshape(2, 3)
    local = gt.trace(lambda W, x: W @ x, W, X).edges["x", "f", 1]["local"]
    assert local.shape == (2, 3)
    np.testing.assert_array_equal(local.to_dense(), W)
    np.testing.assert_array_equal(np.ones(2) @ local, np.ones(2) @ W)
    np.testing.assert_array_equal(local @ X, W @ X)


def test_op_is_the_name_that_numpy_has():
    def f(x, A):
        y = np.tanh(A @ x) - x / 2
        return np.sum(y**2) + x.mean() * np.max(x) - (-x)[0]

    assert set(ops(gt.trace(f, X, np.eye(3)))) == {
        *("tanh", "matmul", "divide", "subtract", "power", "sum", "mean", "multiply", "max"),
        *("negative", "getitem", "add"),
    }


def test_the_numpy_function_and_the_operator_have_one_op():
    assert ops(gt.trace(lambda a, b: np.multiply(a, b) + a * b, 2.0, 3.0)) == [
        *("multiply", "multiply", "add"),
    ]


def test_every_node_gradient_is_the_sum_over_its_edges():
    def f(a, b, c):
        u = a * b + np.sin(c)
        v = u / a - b**c
        return u * v * v

    g = gt.trace(f, 1.3, 0.7, 2.1)
    g.backward()
    for node in g:
        if node not in g.outputs:
            total = sum(
                e["local"] * g.nodes[child]["grad"] for _, child, e in g.out_edges(node, data=True)
            )
            assert g.nodes[node]["grad"] == pytest.approx(total, rel=1e-12)


FORMULAS = {name: getattr(np, name) for name in dir(np)} | {"abs": abs}


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a * b + a / b - b / a - (b - a) - (a + b),
        lambda a, b: a**b + b**3 + a**-2 + 2**a + a**0.5 + a ** (b**a) + (a**b) ** a,
        lambda a, b: np.sin(a) * np.cos(b) + np.tan(a) + np.tanh(a * b) + np.arctan2(a, b),
        lambda a, b: np.hypot(a, b) + np.logaddexp(a, b) + np.fmod(b, a) + np.copysign(a, -b),
        lambda a, b: np.exp(a) + np.log(b) + np.sqrt(a) + np.log1p(a) + np.expm1(b) + np.cbrt(b),
        lambda a, b: np.log2(a) + np.log10(b) + np.exp2(a) + np.square(b) + np.reciprocal(a),
        lambda a, b: np.arcsin(a / 10) + np.arccos(b / 10) + np.arctan(a) + np.arctanh(a / 10),
        lambda a, b: np.sinh(a) + np.cosh(b) + np.arcsinh(a) + np.arccosh(b + 1),
        lambda a, b: (-a) * (-b) - (-(a - b)) ** 2 + (a * b) ** (a / b) / (a / (b / a)),
        lambda a, b: -(a**2) + (-a) ** 2 - (-b) + (2 - a) - (3 - b) * 4 / (5 / a),
        lambda a, b: 1 / (1 + np.exp(-(a - b))) + abs(a - b) + a % b + a // b,
        lambda a, b: (a + b) ** 2 / (a - b) ** 3 * (a / b) / b,
    ],
)
@pytest.mark.parametrize("at", [(1.3, 0.7), (0.6, 2.2)])
def test_a_formula_says_the_number_that_it_stands_for(f, at):
    g = gt.trace(f, *at)
    values = {key: attributes["value"] for key, attributes in g.nodes(data=True)}
    for _, _, edge in g.edges(data=True):
        # Constants are printed with six digits.
        assert eval(str(edge["symbol"]), FORMULAS, values) == pytest.approx(edge["local"], rel=5e-6)  # noqa: S307
    for key in operations(g):
        left, formula = g.nodes[key]["label"].split(" = ", 1)
        assert left == key
        assert eval(formula, FORMULAS, values) == pytest.approx(values[key], rel=5e-6)  # noqa: S307


def test_the_transforms_agree_with_the_graph():
    assert gt.grad(J, argnums=(0, 1, 2))(5.0, 3.0, 2.0) == (3.0, 6.0, 9.0)
    assert gt.value_and_grad(J)(5.0, 3.0, 2.0) == (33.0, 3.0)
    value, pullback = gt.vjp(J, 5.0, 3.0, 2.0)
    assert (value, pullback(1.0)) == (33.0, (3.0, 6.0, 9.0))


@pytest.mark.parametrize(
    "f",
    [
        lambda n, x: x if n & 1 else x * 2,
        lambda n, x: sum([x] * n) * sum(range(n)),
        lambda n, x: x * {3: 2.0}[n],
        lambda n, x: x * {"3": 2.0}[f"{n}"],
        lambda n, x: x * [1.0, 2.0, 3.0, 4.0][n],
        lambda n, x: x * np.arange(n).sum(),
        lambda n, x: x * math.factorial(n),
        lambda n, x: x * 2 ** (n - 1) * (n // 2) * (n % 2),
        lambda n, x: x * np.ones(n).sum() * np.eye(n)[0, 0],
    ],
    ids=[
        *("bits", "repeat", "dict", "format"),
        *("index", "arange", "factorial", "arithmetic", "ones"),
    ],
)
def test_an_int_parameter_gives_the_number_of_the_plain_call_or_an_error_of_ours(f):
    try:
        value = gt.trace(f, 3, 2.0).value
    except gt.GraphtraceError:
        return
    assert value == f(3, 2.0)


def test_a_list_of_traced_ints_is_an_index():
    g = gt.trace(lambda x, i: np.sum(x[i]), X, [0, 2])
    assert g.value == 4.0
    with pytest.raises(gt.BranchChanged):
        g.forward(i=[0, 1])


def test_python_ints_are_differentiated_as_floats():
    gradient = gt.grad(J, argnums=1)(5, 3, 2)
    assert gradient == 6.0
    assert isinstance(gradient, float)


# -- Edges -----------------------------------------------------------------------------------------


def test_an_operand_used_twice_is_two_edges():
    g = gt.trace(lambda a: a * a, 3.0)
    assert list(g.edges(keys=True)) == [("a", "f", 0), ("a", "f", 1)]
    assert g.backward() == {"a": 6.0}


def test_an_edge_key_is_the_position_of_the_operand():
    g = gt.trace(lambda a, b: b - a, 3.0, 5.0)
    assert g.edges["b", "f", 0]["local"] == 1.0
    assert g.edges["a", "f", 1]["local"] == -1.0


def test_an_unused_parameter_is_a_node_and_its_gradient_zero():
    g = gt.trace(lambda a, b: a * a, 3.0, 5.0)
    assert "b" in g
    assert g.backward() == {"a": 6.0, "b": 0.0}
    assert g.nodes["b"]["grad"] == 0.0


def test_an_unused_array_parameter_has_a_zero_of_its_shape():
    gradient = gt.trace(lambda a, b: a * a, 3.0, X).backward()["b"]
    np.testing.assert_array_equal(gradient, np.zeros(3))
