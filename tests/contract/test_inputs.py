"""How the inputs are named: parameters, and the leaves of containers."""

import numpy as np
import pytest
from contract.functions import Point

import graphtrace as gt


def test_the_leaves_of_a_dict_are_named_as_one_would_write_them():
    g = gt.trace(lambda params: params["W1"] * params["b1"], {"W1": 2.0, "b1": 3.0})
    assert g.inputs == ["params['W1']", "params['b1']"]


def test_the_leaves_of_a_list_and_a_tuple_are_named_as_one_would_write_them():
    g = gt.trace(lambda layers, pair: layers[0] * layers[1] + pair[1], [2.0, 3.0], (4.0, 5.0))
    assert g.inputs == ["layers[0]", "layers[1]", "pair[0]", "pair[1]"]


def test_nested_containers_are_named_to_the_leaf():
    g = gt.trace(lambda p: p["layers"][1]["W"] * 2, {"layers": [{"W": 1.0}, {"W": 2.0}], 7: (3.0,)})
    assert g.inputs == ["p['layers'][0]['W']", "p['layers'][1]['W']", "p[7][0]"]
    assert g.backward() == {"p": {"layers": [{"W": 0.0}, {"W": 2.0}], 7: (0.0,)}}


def test_a_dict_keeps_the_order_in_which_it_was_written():
    g = gt.trace(lambda p: p["z"] * p["a"], {"z": 1.0, "a": 2.0})
    assert g.inputs == ["p['z']", "p['a']"]


def test_a_namedtuple_is_named_by_its_fields_and_comes_back_as_one():
    g = gt.trace(lambda p: p.x * p.y, Point(2.0, 3.0))
    assert g.inputs == ["p.x", "p.y"]
    assert g.backward() == {"p": Point(3.0, 2.0)}
    assert isinstance(g.backward()["p"], Point)


def test_star_args_and_kwargs_are_named_by_position_and_key():
    def f(*args, **kwargs):
        return args[0] * args[1] + kwargs["b"]

    g = gt.trace(f, 2.0, 3.0, b=4.0)
    assert g.inputs == ["args[0]", "args[1]", "kwargs['b']"]
    assert g.backward() == {"args": (3.0, 2.0), "kwargs": {"b": 1.0}}
    assert g.forward(kwargs={"b": 10.0}) == 16.0


def test_an_array_is_one_node():
    assert gt.trace(lambda x: np.sum(x), np.ones((3, 4))).inputs == ["x"]


def test_defaults_are_inputs_too():
    def f(x, slope=2.0):
        return x * slope

    g = gt.trace(f, 3.0)
    assert g.inputs == ["x", "slope"]
    assert g.backward() == {"x": 2.0, "slope": 3.0}
    assert g.forward(slope=5.0) == 15.0


def test_keyword_only_parameters_are_inputs():
    def f(x, *, slope, shift=1.0):
        return x * slope + shift

    g = gt.trace(f, 3.0, slope=2.0)
    assert g.inputs == ["x", "slope", "shift"]
    assert g.backward() == {"x": 2.0, "slope": 3.0, "shift": 1.0}


def test_positional_only_parameters_are_inputs():
    def f(x, /, y):
        return x * y

    g = gt.trace(f, 3.0, 2.0)
    assert g.backward() == {"x": 2.0, "y": 3.0}
    assert g.forward(x=5.0) == 10.0


def test_flags_strings_none_and_functions_are_handed_on():
    def f(x, square, how, also, act):
        y = x * x if square else x
        return act(y) if how == "act" and also is None else y

    g = gt.trace(f, 3.0, True, "act", None, np.exp)
    assert g.inputs == ["x"]
    assert g.value == np.exp(9.0)


def test_an_argument_is_named_once():
    with pytest.raises(gt.ArgumentError, match="names an argument twice"):
        gt.grad(lambda x, y: x * y, argnums=(0, -2))(2.0, 3.0)
    assert gt.grad(lambda x, y: x * y, argnums=np.int64(1))(2.0, 3.0) == 2.0


def test_the_layout_of_an_input_is_kept():
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    f = lambda a: np.ravel(a, "K")[1]  # noqa: E731
    assert gt.trace(f, a).value == f(a) == 3.0
