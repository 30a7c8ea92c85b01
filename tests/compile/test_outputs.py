"""What a program differentiates, in what."""

import numpy as np
import pytest
from compile.compiled import X, assert_same, compiled, network, parameters

import graphtrace as gt


def several(a, b):
    d = a * b
    e = a + b
    return {"product": d, "sum": e}


CHOICES = [
    {"output": "d"},
    {"output": "e"},
    {"output": "d", "seed": 2.0},
    {"seed": {"product": 2.0, "sum": 10.0}},
]


@pytest.mark.parametrize("how", CHOICES)
def test_several_outputs_are_chosen_or_weighed_as_in_backward(how):
    value, gradients = gt.trace(several, 1.0, 2.0).compile(**how)(3.0, 5.0)
    assert value == several(3.0, 5.0)
    assert gradients == gt.trace(several, 3.0, 5.0).backward(**how)


def test_the_adjoints_of_several_outputs_are_those_of_the_function():
    text = gt.trace(several, 1.0, 2.0).to_python(seed={"product": 2.0, "sum": 10.0})
    assert "dseveral_db = 10.0" in text


def test_an_array_is_differentiated_with_a_seed_and_handed_out_alone():
    def f(x):
        h = np.exp(x)
        return h, h

    seed = (np.ones(3), np.arange(3.0))
    (one, other), gradients = gt.trace(f, X[0]).compile(seed=seed)(X[1])
    assert_same([one, other], f(X[1]))
    assert_same(gradients["x"], gt.trace(f, X[1]).backward(seed=seed)["x"])
    assert not np.shares_memory(one, other)


def test_an_output_is_not_the_gradient_of_another():
    def f(x):
        h = np.exp(x)
        return h, np.sum(h)

    (h, _), gradients = gt.trace(f, X[0]).compile("f[1]")(X[1])
    assert_same(h, gradients["x"])
    assert not np.shares_memory(h, gradients["x"])


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: (x, x * 2), "has 2 outputs"),
        (lambda x: x * np.ones(3), r"shape \(3,\), and a gradient needs a scalar"),
        (lambda x: "no", "returned no number"),
    ],
)
def test_a_graph_without_one_scalar_output_is_refused_as_in_backward(f, says):
    with pytest.raises(gt.ArgumentError, match=says):
        compiled(f, 1.0)


def test_gradients_are_those_of_the_parameters_that_are_asked_for():
    graph = gt.trace(network, parameters(), X)
    _, gradients = graph.compile(wrt="params")(parameters(), X)
    assert_same(gradients, {"params": graph.backward()["params"]})
    assert "dnetwork_dx = " in graph.to_python()
    assert "dnetwork_dx = " not in graph.to_python(wrt=["params"])


def test_without_gradients_the_backward_part_is_left_out():
    graph = gt.trace(network, parameters(), X)
    assert graph.compile(wrt=[])(parameters(), X) == (graph.value, {})
    assert "dnetwork" not in graph.to_python(wrt=[])


def test_wrt_that_names_nothing_is_refused():
    with pytest.raises(gt.ArgumentError, match="wrt is 0; name some of params, x"):
        gt.trace(network, parameters(), X).compile(wrt=0)


def test_a_parameter_that_is_none_is_named_with_those_there_are():
    with pytest.raises(gt.ArgumentError, match="no parameter 'W'; wrt names some of params, x"):
        gt.trace(network, parameters(), X).compile(wrt="W")
