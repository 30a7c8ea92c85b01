"""Whatever can be called can be traced: partials, methods, closures, decorated functions."""

import functools

import numpy as np
from contract.functions import J, operations

import graphtrace as gt


def test_a_partial_is_traced_under_its_functions_name():
    g = gt.trace(functools.partial(J, 5.0), 3.0, 2.0)
    assert (g.inputs, g.outputs, g.value) == (["b", "c"], ["J"], 33.0)


def test_a_partial_with_a_keyword_is_traced():
    g = gt.trace(functools.partial(J, c=2.0), 5.0, 3.0)
    assert g.value == 33.0
    assert g.forward(a=6) == 36.0


class Model:
    def __init__(self, w):
        self.w = w

    def predict(self, x):
        y = self.w * x
        return y + 1

    def __call__(self, x):
        return self.w * x


def test_a_bound_method_is_traced_without_self():
    g = gt.trace(Model(2.0).predict, 3.0)
    assert (g.inputs, operations(g), g.value) == (["x"], ["y", "predict"], 7.0)


def test_a_callable_object_is_traced():
    g = gt.trace(Model(2.0), 3.0)
    assert (g.inputs, g.value, g.backward()["x"]) == (["model.w", "x"], 6.0, 2.0)
    assert g.backward()["model"].w == 3.0


def test_a_closure_constant_is_an_operand():
    scale = 4.0

    def f(x):
        return scale * x

    g = gt.trace(f, 3.0)
    assert (g.inputs, g.value) == (["x"], 12.0)


def test_a_decorated_function_keeps_its_name_and_parameters():
    def twice(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            return 2 * f(*args, **kwargs)

        return wrapper

    @twice
    def g(x):
        return x * x

    traced = gt.trace(g, 3.0)
    assert (traced.inputs, traced.outputs) == (["x"], ["g"])
    assert traced.backward() == {"x": 12.0}


def test_a_ufunc_itself_can_be_traced():
    g = gt.trace(np.exp, 1.0)
    assert g.value == np.exp(1.0)
    assert list(g.backward().values()) == [np.exp(1.0)]
