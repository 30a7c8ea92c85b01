"""What a traced function may return: one number, several, containers, inputs and constants."""

import copy
import pickle

import numpy as np
import pytest
from contract.functions import X, same

import graphtrace as gt


def test_an_output_may_be_an_input():
    g = gt.trace(lambda a, b: a, 3.0, 5.0)
    assert (g.outputs, g.value) == (["a"], 3.0)
    assert g.backward() == {"a": 1.0, "b": 0.0}
    assert g.forward(a=7.0) == 7.0


def test_an_output_may_be_a_constant():
    g = gt.trace(lambda a: 4.0, 3.0)
    assert g.value == 4.0
    assert g.backward() == {"a": 0.0}
    assert g.forward(a=7.0) == 4.0
    assert gt.grad(lambda a: 4.0)(3.0) == 0.0


@pytest.mark.parametrize("constant", [True, 4, 4.0, np.float32(4), np.int64(4), "text", None])
def test_a_constant_output_keeps_its_type(constant):
    g = gt.trace(lambda a: (constant, a * 2), 3.0)
    assert type(g.value[0]) is type(constant)
    assert type(g.forward()[0]) is type(constant)


def test_a_comparison_is_a_bool_as_an_output():
    assert gt.trace(lambda x: x > 0, 1.0).value is True


def test_traced_values_do_not_leave_in_an_unknown_container():
    class Result:
        def __init__(self, loss):
            self.loss = loss

    try:
        value = gt.trace(lambda x: Result(x * 2), 1.0).value
    except gt.GraphtraceError:
        return
    assert value.loss == 2.0
    assert isinstance(value.loss, float)


def test_a_constant_array_output_has_zero_gradients():
    g = gt.trace(lambda a: np.ones(2), 3.0)
    assert same(g.forward(a=1.0), np.ones(2))
    assert g.backward(seed=np.ones(2)) == {"a": 0.0}


def several(a, b):
    d = a * b
    e = a + b
    return d, e


def test_several_outputs_are_differentiated_one_by_one():
    g = gt.trace(several, 3.0, 5.0)
    assert (g.outputs, g.value) == (["d", "e"], (15.0, 8.0))
    assert g.backward(output="d") == {"a": 5.0, "b": 3.0}
    assert g.backward(output="e") == {"a": 1.0, "b": 1.0}


def test_a_seed_weighs_several_outputs():
    g = gt.trace(several, 3.0, 5.0)
    assert g.backward(seed=(2.0, 10.0)) == {"a": 20.0, "b": 16.0}
    assert g.backward(output="d", seed=2.0) == {"a": 10.0, "b": 6.0}


def test_a_bare_backward_of_several_outputs_says_what_to_write():
    with pytest.raises(
        gt.ArgumentError, match=r"2 outputs \(d, e\).*backward\(output=.*backward\(seed="
    ):
        gt.trace(several, 3.0, 5.0).backward()


def test_an_unknown_output_lists_the_outputs():
    with pytest.raises(gt.ArgumentError, match=r"'u' is no output of several\(\).*d, e"):
        gt.trace(several, 3.0, 5.0).backward(output="u")


def test_a_nested_dict_of_outputs_keeps_its_structure():
    def f(a):
        return {"loss": a * a, "parts": [a + 1, {"deep": a * 3}]}

    g = gt.trace(f, 2.0)
    assert g.value == {"loss": 4.0, "parts": [3.0, {"deep": 6.0}]}
    assert g.outputs == ["f['loss']", "f['parts'][0]", "f['parts'][1]['deep']"]
    assert g.forward(a=3.0) == {"loss": 9.0, "parts": [4.0, {"deep": 9.0}]}
    assert g.backward(seed={"loss": 1.0, "parts": [10.0, {"deep": 100.0}]}) == {"a": 314.0}


def test_the_same_value_may_be_returned_twice():
    def f(a):
        u = a * a
        return u, u

    g = gt.trace(f, 3.0)
    assert g.value == (9.0, 9.0)
    assert g.backward(seed=(1.0, 10.0)) == {"a": 66.0}


def test_an_array_output_wants_a_seed():
    g = gt.trace(lambda x: x * x, X)
    with pytest.raises(gt.ArgumentError, match=r"f has shape \(3,\).*backward\(seed="):
        g.backward()
    np.testing.assert_array_equal(g.backward(seed=np.ones(3))["x"], 2 * X)


def test_a_list_of_traced_scalars_is_an_output_of_several():
    g = gt.trace(lambda x: [x[0], x[1] * 2], X)
    assert g.value == [1.0, 4.0]


def test_a_seed_of_the_wrong_shape_is_refused():
    g = gt.trace(lambda x: x * x, X)
    with pytest.raises(gt.ArgumentError, match=r"the seed for f has shape \(2,\) and f has \(3,\)"):
        g.backward(seed=np.ones(2))


def test_a_seed_is_matched_by_the_keys_of_a_dict_and_not_by_their_order():
    g = gt.trace(lambda x: {"a": x, "b": 10 * x}, 1.0)
    assert g.backward(seed={"b": 1.0, "a": 0.0}) == {"x": 10.0}


def test_an_adjoint_is_matched_by_the_keys_of_a_dict_and_not_by_their_order():
    _, pullback = gt.vjp(lambda x: {"a": x, "b": 10 * x}, 1.0)
    assert pullback({"b": 1.0, "a": 0.0}) == (10.0,)


def test_a_graph_of_a_constant_is_copied_and_pickled():
    g = gt.trace(lambda x: 3.0, 1.0)
    for twin in (pickle.loads(pickle.dumps(g)), copy.deepcopy(g), g.copy()):
        assert twin.value == 3.0
