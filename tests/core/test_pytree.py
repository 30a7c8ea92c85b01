"""Dataclasses, named tuples and registered containers are arguments and results like any other."""

import dataclasses
import pickle
import subprocess
import sys
from collections import OrderedDict, namedtuple

import numpy as np
import optree
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt

Point = namedtuple("Point", "x y")


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    W: np.ndarray
    b: float
    activation: str = dataclasses.field(default="tanh", metadata={"static": True})

    def __call__(self, x):
        return getattr(np, self.activation)(self.W @ x + self.b)


@dataclasses.dataclass
class Checked:
    a: float

    def __post_init__(self):
        self.a = float(self.a)


W = np.array([[0.5, -1.0], [0.2, 0.3]])
X = np.array([0.3, -1.2])


def test_a_dataclass_has_a_dataclass_for_a_gradient():
    layer = Layer(W, 0.5)
    found = gt.grad(lambda layer, x: np.sum(layer(x)))(layer, X)
    right = gt.grad(lambda W, b, x: np.sum(np.tanh(W @ x + b)), (0, 1))(W, 0.5, X)
    assert type(found) is Layer
    assert found.activation == "tanh"
    assert_allclose(found.W, right[0])
    assert found.b == right[1]


def test_dataclasses_nest_in_other_containers_and_come_back_as_results():
    def f(layers, x):
        for layer in layers["all"]:
            x = layer(x)
        return {"out": Layer(layers["all"][0].W * 2, np.sum(x))}

    layers = {"all": [Layer(W, 0.5), Layer(W, -0.5, "sin")]}
    value, pullback = gt.vjp(f, layers, X)
    assert type(value["out"]) is Layer
    back = pullback({"out": Layer(np.ones((2, 2)), 0.0)})
    assert_allclose(back[0]["all"][0].W, 2 * np.ones((2, 2)))


def test_the_nodes_of_a_dataclass_are_named_as_its_fields():
    graph = gt.trace(lambda layer, p: np.sum(layer(X)) * p.x, Layer(W, 0.5), Point(1.0, 2.0))
    assert graph.inputs == ["layer.W", "layer.b", "p.x", "p.y"]
    gradients = graph.backward()
    assert type(gradients["layer"]) is Layer
    assert gradients["p"] == Point(pytest.approx(graph.value), 0.0)
    assert graph.forward(p=Point(2.0, 0.0)) == pytest.approx(2 * graph.value)
    assert graph.compile()(Layer(W, 0.5), Point(1.0, 2.0))[1]["p"] == gradients["p"]


def test_a_field_is_written_by_its_own_name_in_latex():
    graph = gt.trace(lambda p: p.x * p.y, Point(1.0, 2.0))
    assert graph.nodes["f"]["formula"].latex == "x \\, y"


def test_a_dataclass_that_checks_its_fields_is_not_asked():
    assert gt.grad(lambda c: c.a**2)(Checked(3.0)) == Checked(6.0)


def test_another_static_field_is_another_structure():
    _, pullback = gt.vjp(lambda layer: layer, Layer(W, 0.5))
    with pytest.raises(gt.ArgumentError, match="another structure"):
        pullback(Layer(W, 0.5, "sin"))


def test_named_tuples():
    found = gt.grad(lambda p: p.x * p.y**2)(Point(3.0, 2.0))
    assert found == Point(4.0, 12.0)
    assert gt.hessian(lambda p: p.x * p.y)(Point(3.0, 2.0)) == Point(
        Point(0.0, 1.0), Point(1.0, 0.0)
    )
    gt.check_grads(lambda p: p.x * p.y**2, (Point(3.0, 2.0),))


def test_ordered_dicts_keep_their_order_and_kind():
    found = gt.grad(lambda p: p["z"] * p["a"])(OrderedDict(z=2.0, a=3.0))
    assert found == OrderedDict(z=3.0, a=2.0)
    assert type(found) is OrderedDict


def test_a_class_that_is_registered_with_optree_is_a_container():
    class Box:
        def __init__(self, inside):
            self.inside = inside

    optree.register_pytree_node(
        Box, lambda box: ((box.inside,), None), lambda _, parts: Box(*parts), namespace="graphtrace"
    )
    found = gt.grad(lambda box: box.inside["a"] ** 2)(Box({"a": 3.0}))
    assert type(found) is Box
    assert found.inside == {"a": 6.0}


def test_a_class_that_is_registered_for_all_is_a_container():
    @optree.register_pytree_node_class(namespace=optree.registry.__GLOBAL_NAMESPACE)
    class Everywhere:
        def __init__(self, a):
            self.a = a

        def tree_flatten(self):
            return (self.a,), None

        @classmethod
        def tree_unflatten(cls, _, parts):
            return cls(*parts)

    assert gt.grad(lambda box: box.a**2)(Everywhere(3.0)).a == 6.0


def test_any_other_object_is_no_container():
    class Plain:
        a = 1.0

    with pytest.raises(gt.ArgumentError, match="carries no gradient"):
        gt.grad(lambda p: p.a)(Plain())


def test_a_named_tuple_is_no_scalar_to_take_the_gradient_of():
    with pytest.raises(gt.ArgumentError, match="must return a real scalar"):
        gt.grad(lambda x: Point(x, 1.0))(1.0)


def test_a_graph_with_a_dataclass_is_pickled_into_another_process(tmp_path):
    (tmp_path / "model.py").write_text(
        "import dataclasses, pickle, sys\n"
        "@dataclasses.dataclass\nclass Params:\n    w: float\n    b: float\n"
    )
    run = [sys.executable, "-c"]
    make = (
        "import model, pickle, graphtrace as gt\n"
        "graph = gt.trace(lambda p: p.w * p.b, model.Params(2.0, 3.0))\n"
        "pickle.dump(graph, open('graph', 'wb'))"
    )
    load = "import pickle; graph = pickle.load(open('graph', 'rb')); print(graph.backward()['p'].w)"
    subprocess.run([*run, make], cwd=tmp_path, check=True)
    done = subprocess.run([*run, load], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3.0"
    assert done.stderr == ""


def test_a_graph_with_a_dataclass_is_pickled():
    graph = gt.trace(lambda layer: np.sum(layer(X)), Layer(W, 0.5))
    again = pickle.loads(pickle.dumps(graph))
    assert_allclose(again.backward()["layer"].W, graph.backward()["layer"].W)


@dataclasses.dataclass
class Masked:
    w: np.ndarray
    mask: np.ndarray = dataclasses.field(metadata={"static": True})


def kept(p):
    return np.sum(np.where(p.mask, p.w, 0.0))


def test_a_static_field_may_be_an_array():
    graph = gt.trace(kept, Masked(np.ones(2), np.array([True, False])))
    same = Masked(np.array([5.0, 6.0]), np.array([True, False]))
    assert graph.forward(p=same) == graph.compile()(same)[0] == 5.0
    assert pickle.loads(pickle.dumps(graph)).forward(p=same) == 5.0
    with pytest.raises(gt.ArgumentError, match="another structure"):
        graph.forward(p=Masked(np.ones(2), np.array([False, False])))
