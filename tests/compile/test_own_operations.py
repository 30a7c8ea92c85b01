"""Operations of the user's own are compiled with their rules."""

import numpy as np
from compile.compiled import X, assert_same, compiled

import graphtrace as gt


@gt.primitive(partials=[lambda x, y: 1 - y**2])
def squash(x):
    return np.tanh(x)


def test_an_elementwise_operation_of_the_users_own_is_compiled_with_its_rule():
    def f(x):
        return np.sum(squash(x) * x)

    graph = gt.trace(f, X[0])
    value, gradients = graph.compile()(X[1])
    assert_same([value, gradients["x"]], [f(X[1]), gt.grad(f)(X[1])])
    assert "1 - v1**2" in graph.to_python()


def test_an_operation_with_a_vjp_and_settings_of_the_users_own_is_compiled():
    @gt.primitive
    def scaled(A, b, *, by):
        return by * (A @ b)

    scaled.defvjp(lambda g, y, A, b, by: by * np.outer(g, b), lambda g, y, A, b, by: by * (A.T @ g))

    def f(A, b):
        return np.sum(scaled(A, b, by=3.0) ** 2)

    replay = compiled(f, X[:3], X[3])
    value, gradients = replay(X[4:7], X[8])
    assert value == f(X[4:7], X[8])
    assert_same(list(gradients.values()), gt.grad(f, (0, 1))(X[4:7], X[8]))


def test_a_function_with_a_backward_pass_of_its_own_is_compiled():
    @gt.custom_vjp
    def clipped(x):
        return x

    clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))

    def f(x):
        return 5 * clipped(x) * x

    assert compiled(f, 2.0)(3.0) == (45.0, {"x": gt.grad(f)(3.0)})
