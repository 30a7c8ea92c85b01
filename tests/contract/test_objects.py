"""An object of one's own class is opened: what its attributes hold are inputs, the object stays."""

import pickle

import numpy as np
import pytest

import graphtrace as gt


class Neuron:
    def __init__(self, size):
        self.w = [0.1 * (i + 1) for i in range(size)]
        self.b = 0.5
        self.kind = "tanh"

    def __call__(self, x):
        z = sum(w * one for w, one in zip(self.w, x, strict=True)) + self.b
        return np.tanh(z) if self.kind == "tanh" else z


class Slotted:
    __slots__ = ("__scale", "b", "unset", "w")

    def __init__(self):
        self.w, self.b, self.__scale = np.array([1.0, 2.0]), 3.0, 2.0

    def __call__(self, x):
        return np.sum(self.w * x) * self.__scale + self.b


class Layer:
    def __init__(self, inputs, outputs):
        self.neurons = [Neuron(inputs) for _ in range(outputs)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out


class MLP:
    """Whose layers know it, and each other."""

    def __init__(self):
        self.layers = [Layer(2, 2), Layer(2, 1)]
        for layer in self.layers:
            layer.network = self
            layer.others = self.layers

    def __call__(self, x):
        assert all(layer.network is self for layer in self.layers)
        assert self.layers[1].others[0] is self.layers[0]
        for layer in self.layers:
            x = layer(x)
        return x


X = [1.0, 2.0]


def test_the_attributes_are_inputs_and_the_object_stays():
    n = Neuron(2)
    before = dict(n.__dict__)
    graph = gt.trace(lambda n, x: n(x), n, X)
    assert graph.inputs == ["n.w[0]", "n.w[1]", "n.b", "x[0]", "x[1]"]
    assert graph.value == n(X)
    assert n.__dict__ == before
    assert type(n.b) is float
    gradient = graph.backward()["n"]
    slope = 1 - n(X) ** 2
    assert type(gradient) is Neuron
    np.testing.assert_allclose([*gradient.w, gradient.b], [slope, 2 * slope, slope], rtol=1e-12)
    assert graph.nodes["n.w[1]"]["grad"] == gradient.w[1]


def test_a_callable_object_is_traced_under_the_name_of_its_class():
    n = Neuron(2)
    graph = gt.trace(n, X)
    assert graph.inputs == ["neuron.w[0]", "neuron.w[1]", "neuron.b", "x[0]", "x[1]"]
    assert graph.value == n(X) == gt.trace(n, x=X).value
    other = Neuron(2)
    other.b = -1.0
    assert graph.forward(neuron=other) == other(X)
    assert graph.compile()(other, X)[0] == other(X)
    other.kind = "none"
    with pytest.raises(gt.ArgumentError, match="another structure"):
        graph.forward(neuron=other)


def test_slots_private_ones_too():
    s = Slotted()
    graph = gt.trace(s, np.array(X))
    assert graph.inputs == ["slotted._Slotted__scale", "slotted.b", "slotted.w", "x"]
    assert graph.value == s(np.array(X)) == 13.0
    assert graph.backward()["slotted"].w.tolist() == [2.0, 4.0]


def test_objects_that_hold_each_other_go_on_to():
    m = MLP()
    graph = gt.trace(m, X)
    assert len(graph.inputs) == 3 * 2 + 3 + 2
    assert "mlp.layers[1].neurons[0].w[0]" in graph.inputs
    assert graph.value == m(X)
    assert graph.at(x=[0.5, 0.5]).value == m([0.5, 0.5])
    assert pickle.loads(pickle.dumps(graph)).value == m(X)


def test_one_object_in_two_places_is_one_input():
    n = Neuron(1)
    graph = gt.trace(lambda pair: pair[0]([1.0]) + pair[1]([2.0]), [n, n])
    assert graph.inputs == ["pair[0].w[0]", "pair[0].b"]
    assert graph.value == n([1.0]) + n([2.0])


def test_gradients_and_compiled_functions_take_objects_too():
    n = Neuron(2)
    gradient = gt.grad(lambda n: n(X))(n)
    assert gradient.b == gt.trace(n, X).backward()["neuron"].b
    runs = 0

    def f(n, x):
        nonlocal runs
        runs += 1
        return n(x)

    fast = gt.jit(f)
    for b in (0.1, 0.2):
        n.b = b
        assert fast(n, X) == n(X)
    assert runs == 1
    n.kind = "none"
    assert fast(n, X) == n(X)
    assert runs == 2


def test_an_object_without_numbers_is_handed_on_itself():
    class Plain:
        name = "class attributes are not the object's"
        number = 3.0

    p = Plain()
    p.flag, p.text = True, "text"
    graph = gt.trace(lambda p, x: x * (2 if p is given else 3), given := p, 1.0)
    assert (graph.inputs, graph.value) == (["x"], 2.0)
