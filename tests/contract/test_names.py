"""Nodes have the names that the user's assignments give them, and scopes those of his calls."""

import linecache

import numpy as np
from contract.functions import X, operations

import graphtrace as gt
from graphtrace.figure.fold import fold


def test_a_lambda_is_called_f():
    g = gt.trace(lambda x: x * x, 3.0)
    assert (g.name, g.outputs) == ("f", ["f"])


def test_anything_unassigned_is_numbered():
    assert operations(gt.trace(lambda a, b: (a + b) * (a - b) * 2, 3.0, 2.0)) == [
        *("v1", "v2", "v3", "f"),
    ]


def test_numbering_leaves_out_names_that_the_user_has():
    def f(v1):
        v3 = (v1 + 1) * 2
        return v3 * 3 * 4

    assert operations(gt.trace(f, 1.0)) == ["v2", "v3", "v4", "f"]


def test_tuple_assignment_names_each():
    def f(a, b):
        p, q = a * b, a + b
        return p - q

    assert operations(gt.trace(f, 1.0, 2.0)) == ["p", "q", "f"]


def test_starred_and_nested_assignment_name_what_they_can():
    def f(a, b):
        (p, q), r = (a * b, a + b), a - b
        return p * q * r

    assert operations(gt.trace(f, 1.0, 2.0)) == ["p", "q", "r", "v1", "f"]


def test_augmented_assignment_names_the_new_value():
    def f(a):
        s = a * 2
        s += a
        s *= 3
        return s

    assert operations(gt.trace(f, 1.0)) == ["s", "s_2", "s_3"]


def test_an_annotated_assignment_names():
    def f(a):
        s: float = a * 2
        return s + 1

    assert operations(gt.trace(f, 1.0)) == ["s", "f"]


def test_a_walrus_names():
    def f(a):
        return (u := a * 2) * u

    assert operations(gt.trace(f, 1.0)) == ["u", "f"]


def test_a_chained_assignment_takes_its_first_name():
    def f(a):
        p = q = a * 2
        return p * q

    assert operations(gt.trace(f, 1.0)) == ["p", "f"]


def test_a_name_that_comes_again_is_counted():
    def f(h):
        for _ in range(3):
            h = np.tanh(h)
        return h

    g = gt.trace(f, 1.0)
    assert operations(g) == ["h_2", "h_3", "h_4"]
    assert g.outputs == ["h_4"]


def test_a_conditional_expression_names():
    def f(a):
        u = a * 2 if a > 0 else a * 3
        return u + 1

    assert operations(gt.trace(f, 1.0)) == ["u", "f"]


def test_an_attribute_names():
    class Box:
        pass

    def f(a):
        box = Box()
        box.total = a * 2
        return box.total + 1

    assert operations(gt.trace(f, 1.0)) == ["total", "f"]


def test_only_the_last_operation_of_an_expression_gets_the_name():
    def f(a, b):
        u = a * b + a / b
        return u

    assert operations(gt.trace(f, 1.0, 2.0)) == ["v1", "v2", "u"]


def test_a_helper_call_gives_its_result_the_callers_name_and_its_own_scope():
    def square(t):
        return t * t

    def f(a):
        s = square(a)
        return s + 1

    g = gt.trace(f, 3.0)
    assert operations(g) == ["s", "f"]
    assert g.nodes["s"]["scope"] == ("square",)
    assert g.nodes["f"]["scope"] == ()


def test_a_chain_of_returns_passes_the_name_through():
    def inner(t):
        return t * t

    def middle(t):
        return inner(t)

    def f(a):
        s = middle(a)
        return s + 1

    g = gt.trace(f, 3.0)
    assert operations(g) == ["s", "f"]
    assert g.nodes["s"]["scope"] == ("middle", "inner")


def test_a_helper_called_twice_is_two_scopes():
    def square(t):
        return t * t

    def f(a):
        s = square(a)
        t = square(s)
        return s + t

    g = gt.trace(f, 3.0)
    assert [g.nodes[key]["scope"] for key in ("s", "t")] == [("square",), ("square_2",)]


def test_a_helper_called_twice_on_one_line_is_two_scopes():
    def square(t):
        r = t * t
        return r

    def f(a):
        return square(a) + square(a)

    g = gt.trace(f, 3.0)
    assert [g.nodes[key]["scope"] for key in operations(g)] == [("square",), ("square_2",), ()]


def test_a_helper_called_in_a_loop_is_a_scope_each_time():
    def step(t):
        r = t * t
        return r

    def f(a):
        for _ in range(3):
            a = step(a)
        return a

    g = gt.trace(f, 1.5)
    assert [g.nodes[key]["scope"] for key in operations(g)] == [
        *(("step",), ("step_2",), ("step_3",)),
    ]


def test_recursion_is_traced_and_named():
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    g = gt.trace(lambda x: power(x, 4), 2.0)
    assert g.value == 16.0
    assert g.backward() == {"x": 32.0}
    assert len(operations(g)) == 3
    assert g.outputs == ["f"]


def test_a_comprehension_is_no_scope_and_its_steps_are_nodes():
    def f(x):
        squares = [x[i] * x[i] for i in range(3)]
        return squares[0] + squares[1] + squares[2]

    g = gt.trace(f, X)
    assert g.value == 14.0
    assert {g.nodes[key]["scope"] for key in operations(g)} == {()}


def test_sum_of_a_generator_is_named_at_its_end():
    def f(a, b):
        total = sum(t * t for t in (a, b))
        return total / 2

    g = gt.trace(f, 3.0, 4.0)
    assert g.nodes["total"]["value"] == 25.0
    assert g.backward() == {"a": 3.0, "b": 4.0}


def test_a_user_generator_is_traced():
    def powers(x):
        p = x
        while True:
            yield p
            p = p * x

    def f(x):
        it = powers(x)
        total = next(it) + next(it) + next(it)
        return total

    g = gt.trace(f, 2.0)
    assert g.value == 14.0
    assert g.backward() == {"x": 1.0 + 4.0 + 12.0}


def exec_without_source():
    namespace = {"np": np}
    exec(compile("def f(a, b):\n    u = a * b\n    return u + 1\n", "<stdin>", "exec"), namespace)
    return namespace["f"]


def test_a_function_without_source_is_named_from_its_bytecode():
    g = gt.trace(exec_without_source(), 2.0, 3.0)
    assert operations(g) == ["u", "f"]
    assert g.nodes["u"]["label"] == "u = a*b"


def test_a_function_without_source_changes_no_number_and_raises_nothing():
    g = gt.trace(exec_without_source(), 2.0, 3.0)
    assert (g.value, g.backward()) == (7.0, {"a": 3.0, "b": 2.0})
    assert g.nodes["u"]["source"] in (None, "<stdin>:2")


def test_a_notebook_cell_is_named_and_located_through_linecache():
    source = "def loss(w):\n    z = w * w\n    return z + 1\n"
    cell = "<ipython-input-1-abc>"
    linecache.cache[cell] = (len(source), None, source.splitlines(keepends=True), cell)
    namespace = {}
    exec(compile(source, cell, "exec"), namespace)
    g = gt.trace(namespace["loss"], 3.0)
    assert operations(g) == ["z", "loss"]
    assert g.nodes["z"]["source"] == f"{cell}:2"


def test_names_may_repeat_those_of_parameters():
    def f(a):
        a = a * 2
        a = a + 1
        return a

    assert list(gt.trace(f, 1.0).nodes) == ["a", "a_2", "a_3"]


def test_a_counted_name_gives_way_to_one_that_the_user_wrote():
    def f(h):
        h_2 = h * 2
        h = h_2 + 1
        return h * h_2

    g = gt.trace(f, 1.0)
    assert len(set(g.nodes)) == 4
    assert g.value == 6.0


def test_numpy_calls_are_named():
    def f(x):
        e = np.exp(x)
        s = np.sum(e)
        p = e / s
        m = p.max()
        return m

    assert operations(gt.trace(f, X)) == ["e", "s", "p", "m"]


def test_unpacked_entries_have_the_names_that_they_are_unpacked_to():
    def halves(z):
        return np.split(z, 2)

    def f(z, G):
        i, f, o, g = np.split(z, 4)
        low, high = halves(z)
        (a, b), c = G, i * f
        for x, y in [low, high]:
            c = c + x * y
        pieces = np.split(z, 2)
        return c, o, g, a, b, pieces

    g = gt.trace(f, np.arange(4.0), np.ones((2, 1)))
    read = [key for key, op in g.nodes("op") if op == "getitem"]
    assert read == [*"ifo", "g", "low", "high", *"abxy", "x_2", "y_2", "pieces", "pieces_2"]
    assert str(g.nodes["o"]["formula"]) == "z[2:3]"
    assert str(g.nodes["y_2"]["formula"]) == "high[1]"


def test_an_array_that_is_made_of_numbers_on_the_way_has_not_the_name_of_the_result():
    def f(q, target):
        hand = np.array([np.cos(q), np.sin(q)])
        err = hand - target
        for _ in range(2):
            err = err @ np.array([[q, 0.0], [0.0, 1.0]])
        return err

    g = gt.trace(f, 0.3, np.array([1.0, 2.0]))
    values = {key: g.nodes[key]["value"] for key in g if key.startswith("err")}
    assert list(values) == ["err", "err_2", "err_3"]
    np.testing.assert_allclose(values["err"], [np.cos(0.3) - 1, np.sin(0.3) - 2])
    assert str(fold(g, detail="statements").nodes["err"]["formula"]) == "[v1, v2] - target"
