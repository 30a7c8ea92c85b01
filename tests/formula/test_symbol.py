"""Formulas of rows: one that would say something else of arrays with more axes is a call."""

import numpy as np

import graphtrace as gt
from graphtrace.ops.shape import matrix_transpose

STACK, MATRIX = np.ones((2, 3, 3)), np.ones((3, 3))


def formula(f, *args):
    graph = gt.trace(f, *args)
    return str(graph.nodes[graph.outputs[0]]["formula"])


def test_the_product_of_stacks_by_dot_is_no_product_of_matrices():
    assert formula(lambda a, b: np.dot(a, b), MATRIX, MATRIX) == "a @ b"
    assert formula(lambda a, b: np.dot(a, b), STACK, MATRIX) == "dot(a, b)"
    assert formula(lambda a, b: a @ b, STACK, MATRIX) == "a @ b"


def test_the_matrix_transpose_of_a_stack_is_not_told_as_its_transpose():
    assert formula(lambda a: matrix_transpose(a), MATRIX) == "a.T"
    assert formula(lambda a: matrix_transpose(a), STACK) == "matrix_transpose(a)"
    assert formula(lambda a: a.T, STACK) == "a.T"


def test_two_constant_arrays_of_one_name_have_two():
    def ones(w):
        X = np.ones((2, 2))
        return X @ w

    def eye(w):
        X = np.eye(2)
        return X @ w

    def f(w):
        a = ones(w)
        b = eye(w)
        c = ones(b)
        return a + b + c

    graph = gt.trace(f, np.array([1.0, 2.0]))
    labels = [graph.nodes[key]["label"] for key in "abc"]
    assert labels == ["a = X @ w", "b = X_2 @ w", "c = X_3 @ b"]


def test_constant_arrays_without_a_name_are_told_by_what_makes_them_and_no_two_alike():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 4, 4))

    def f(x):
        a = np.eye(4) @ x + np.zeros(4) + np.arange(4)
        b = np.array([[1, 2, 3, 4], [5, 6, 7, 8]]) @ a
        c = (A[0] - A[1])[:2] @ a
        for t in range(3):
            x = A[t] @ x
        x = rng.normal(size=(4, 4)).round(3).clip(-9, 9) @ x
        x = rng.normal(size=(4, 4)).round(3).clip(-9, 9) @ x
        return b * c * x[:2]

    labels = [label.partition(" = ")[2] for _, label in gt.trace(f, np.ones(4)).nodes("label")]
    assert labels[1:-3] == [
        *("eye(4) @ x", "v1 + zeros(4)", "v2 + arange(4)", "[[1, 2, 3, 4], [5, 6, 7, 8]] @ a"),
        *("(A[0] - A[1])[:2] @ a", "A[t] @ x", "A[t]_2 @ x_2", "A[t]_3 @ x_3"),
        *("float64[4,4] @ x_4", "float64[4,4]_2 @ x_5"),
    ]
    assert len(set(labels)) == len(labels)


def test_the_places_that_an_index_chooses_are_printed():
    def f(x):
        few, many = np.array([1, 0, 3, 2]), np.array([5, 0, 1, 2, 3, 4, 0, 0, 7])
        return x[np.arange(4), few] + x[0][few] + x[1][many][:4]

    labels = [label.partition(" = ")[2] for _, label in gt.trace(f, np.ones((4, 9))).nodes("label")]
    assert labels[1] == "x[arange(4), few]"
    assert labels[3] == "v2[few]"
    assert labels[6] == "v5[many]"
