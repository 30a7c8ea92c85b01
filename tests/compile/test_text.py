"""The text of a program reads as a person would write it, and stands alone."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from compile.compiled import J, X, assert_same, compiled, network, parameters, source

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of


def executed(text, name):
    """The function that the text defines when it stands alone."""
    namespace = {}
    exec(text, namespace)
    return namespace[name]


def test_the_lectures_function_reads_as_the_lecture():
    first = J.__code__.co_firstlineno
    file = Path(J.__code__.co_filename).name
    u, v, j = (f"{file}:{first + i}" for i in (1, 2, 3))
    assert source(J, a=5, b=3, c=2) == (
        f"def J(a, b, c):\n"
        f"    a, b, c = float(a), float(b), float(c)\n"
        f"\n"
        f"    u = b * c  # {u}\n"
        f"    v = a + u  # {v}\n"
        f"    J = 3 * v  # {j}\n"
        f"\n"
        f"    dJ_dv = 3.0        # J = 3*v, {j}\n"
        f"    dJ_da = dJ_dv      # v = a + u, {v}\n"
        f"    dJ_du = dJ_dv\n"
        f"    dJ_db = dJ_du * c  # u = b*c, {u}\n"
        f"    dJ_dc = dJ_du * b\n"
        f'    return J, {{"a": dJ_da, "b": dJ_db, "c": dJ_dc}}\n'
    )


def code_of(text):
    """The lines of the function, without comments and blank lines."""
    lines = (line.partition("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and line[0] != "#"]


def test_the_backward_pass_of_a_network_is_the_one_that_a_person_would_write():
    text = code_of(source(lambda params: network(params, X), parameters()))
    assert "v2 = x @ W1 + b1" in text
    assert "h = np.tanh(v2)" in text
    assert text[-11:] == [
        "f = (v4**2).mean()",
        "df_dv4 = 1.0 / 50 * (2 * v4)",
        "df_dv3 = df_dv4",
        "df_db2 = df_dv4.sum(axis=0)",
        "df_dh = df_dv3 @ W2.T",
        "df_dW2 = h.T @ df_dv3",
        "df_dv2 = df_dh * (1 / np.cosh(v2))**2",
        "df_dv1 = df_dv2",
        "df_db1 = df_dv2.sum(axis=0)",
        "df_dW1 = x.T @ df_dv1",
        'return f, {"params": {"W1": df_dW1, "b1": df_db1, "W2": df_dW2, "b2": df_db2}}',
    ]


def test_a_value_that_does_not_reach_the_output_is_left_out():
    def f(x, y):
        unused = np.exp(x) * y
        assert unused is not None
        return x * 2

    text = source(f, 1.0, 2.0)
    assert "exp" not in text
    assert "unused" not in text


def test_an_adjoint_that_nobody_needs_is_left_out():
    def f(x, n):
        return np.sum(x * (n + 1))

    text = source(f, X[0], np.array([1, 2, 3]))
    assert "df_dn" not in text


def test_a_common_factor_is_computed_once():
    def f(x, y):
        return np.sin(x) * y + np.sin(x)

    text = source(f, 1.0, 2.0)
    assert text.count("np.sin(x)") == 1
    assert text.count("np.cos(x)") == 1


def test_a_factor_of_the_forward_part_is_not_computed_again_in_the_backward_part():
    def f(x):
        s = np.sin(x)
        c = np.cos(x)
        return s * c

    assert source(f, 1.0).count("np.cos(x)") == 1


def test_adjoints_of_an_array_add_up_in_place():
    def f(x):
        return np.sum(np.sin(x)) + np.sum(x * x)

    assert "df_dx += " in source(f, X[0])


def test_slices_of_one_array_share_one_array_of_zeros():
    def f(x):
        return sum(x[i] * x[i + 1] for i in range(3))

    text = source(f, X[:4, 0])
    assert text.count("np.zeros") == 1
    assert "df_dx[0] +=" in text


def test_an_array_that_is_still_used_is_not_changed_in_place():
    def f(x):
        a = np.exp(x)
        b = np.sin(x)
        w = a * a
        v = a + b  # the adjoints of a and b are both that of v; that of a then gets more
        return np.sum(v * v) + np.sum(w * w)

    x = X[0]
    assert_same(compiled(f, x)(x)[1]["x"], gt.grad(f)(x))


def test_a_sum_of_contributions_does_not_stand_for_the_first_of_them():
    def f(x, y, s):
        p = x * s
        r = y * y
        q = y * s  # y gets what x gets, and then more, before x gets it
        return (p + r + q) ** 2

    _, gradients = compiled(f, 2.0, 3.0, 5.0)(2.5, 3.5, 5.5)
    assert_same(list(gradients.values()), gt.grad(f, (0, 1, 2))(2.5, 3.5, 5.5))


def test_an_array_of_the_forward_part_is_not_changed_in_place():
    def f(x):
        h = np.exp(x)
        return np.sum(h * h) + np.sum(h)

    x = X[0]
    _, gradients = compiled(f, x)(x)
    assert_same(gradients["x"], gt.grad(f)(x))


def test_the_text_stands_alone():
    def f(x, flag=True):
        weights = np.array([1.0, -0.5, 2.25])
        return np.sum(np.sort(x) * weights) if flag else x[0]

    x = X[0]
    alone = executed(source(f, x), "f")
    assert_same(alone(x, True), compiled(f, x)(x, True))
    assert_same(alone(x, True)[1]["x"], gt.grad(f)(x))


def test_a_large_constant_is_a_name_that_a_comment_describes():
    def f(w):
        return np.sum(X @ w)

    assert "# X: float64[50,3], an array of the trace" in source(f, X[0])


@pytest.mark.parametrize(
    "number", [0.1, -0.0, 1e300, 5e-324, np.inf, -np.inf, 3, -2, np.float64(1 / 3), np.float32(0.1)]
)
def test_a_constant_reads_back_to_the_same_bits(number):
    def f(x):
        return x * number

    value, gradients = executed(source(f, 2.0), "f")(2.0)
    assert_same(value, f(2.0))
    assert repr(gradients["x"]) == repr(gt.grad(f)(2.0))


def test_the_source_of_the_function_can_be_asked_for():
    graph = gt.trace(J, 5.0, 3.0, 2.0)
    f = compile_graph(graph)
    assert inspect.getsource(f).strip() in source_of(graph)
    assert list(inspect.signature(f).parameters) == ["a", "b", "c"]
    assert f.__name__ == "J"
