"""Forward mode on the graph: tangents as gt.jvp has them, left on the nodes, drawn."""

from functools import partial

import numpy as np
import pytest
from legibility import problems
from numpy.testing import assert_allclose
from samples import SAMPLES

import graphtrace as gt
from graphtrace.core.pytree import flatten
from graphtrace.errors import ArgumentError, RenderError
from graphtrace.figure.parts import Partial, Sweep


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def lecture():
    return gt.trace(J, a=5, b=3, c=2)


def test_the_tangent_of_the_lecture_s_function():
    assert lecture().jvp(a=1.0) == 3.0


def test_a_parameter_that_is_left_out_does_not_move():
    assert lecture().jvp() == 0.0
    assert lecture().jvp(b=1.0, c=10.0) == 96.0


def test_every_node_keeps_its_tangent():
    graph = lecture()
    graph.jvp(b=1.0)
    assert {key: graph.nodes[key]["tangent"] for key in graph} == {
        "a": 0.0, "b": 1.0, "c": 0.0, "u": 2.0, "v": 2.0, "J": 6.0,
    }  # fmt: skip


def test_containers_move_and_are_returned_in_their_structure():
    graph = gt.trace(lambda p: {"y": [p["w"] * 2.0, p["b"]]}, {"w": 1.0, "b": np.ones(2)})
    moved = graph.jvp(p={"w": 3.0, "b": np.array([4.0, 5.0])})
    assert moved["y"][0] == 6.0
    assert_allclose(moved["y"][1], [4.0, 5.0])


def test_what_is_not_an_input_does_not_change():
    graph = gt.trace(lambda x: (x, 2.0, np.argmax(x)), np.array([1.0, 3.0]))
    moved = graph.jvp(x=np.array([1.0, 2.0]))
    assert_allclose(moved[0], [1.0, 2.0])
    assert moved[1] == 0.0


@pytest.mark.parametrize("name", SAMPLES)
def test_every_row_pushes_tangents_as_gt_jvp_does(name):
    for sample in SAMPLES[name][:2]:
        call = partial(sample.f, np)

        def f(xs, call=call):
            return call(*xs)

        leaves, structure = flatten([list(sample.args)])
        rng = np.random.default_rng(0)
        directions = [np.asarray(rng.normal(size=np.shape(x)), kind(x))[()] for x in leaves]
        (tangents,) = structure(directions)
        _, expected = gt.jvp(f, [list(sample.args)], [tangents])
        actual = gt.trace(f, list(sample.args)).jvp(xs=tangents)
        for one, other in zip(flatten(actual)[0], flatten(expected)[0], strict=True):
            assert_allclose(one, other)


def kind(x):
    return np.result_type(x) if isinstance(x, (np.ndarray, np.generic)) else float


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ({"d": 1.0}, r"J\(\) has no parameter 'd'; it has a, b, c"),
        ({"a": np.ones(2)}, r"the tangent of a has shape \(2,\) and a has \(\)"),
        ({"a": "x"}, "the tangent of a is 'x', which is no number"),
    ],
)
def test_a_tangent_that_does_not_fit_says_why(tangents, message):
    with pytest.raises(ArgumentError, match=message):
        lecture().jvp(**tangents)


def test_a_single_unit_seed_is_drawn_as_a_derivative():
    graph = lecture()
    graph.jvp(a=1.0)
    nodes = {node.key: node for node in graph.figure(tangents=True).nodes}
    assert nodes["v"].parts[-1] == Partial("v", "a", value=1.0, total=True)


def test_another_seed_is_drawn_as_a_tangent():
    graph = lecture()
    graph.jvp(a=1.0, b=2.0)
    nodes = {node.key: node for node in graph.figure(tangents=True).nodes}
    assert nodes["v"].parts[-1] == Sweep("tangent", "v", value=5.0)


def test_tangents_go_forward_so_no_gradient_comes_back():
    graph = lecture()
    graph.backward()
    graph.jvp(a=1.0)
    assert {edge.kind for edge in graph.figure(tangents=True).edges} == {"forward"}


def test_without_jvp_there_are_no_tangents_to_draw():
    with pytest.raises(RenderError, match=r"call jvp before"):
        lecture().figure(tangents=True)


@pytest.mark.parametrize("theme", ["lecture", "cs231n", "karpathy", "print", "minimal"])
@pytest.mark.parametrize("math", [False, True])
def test_the_figure_can_be_read(theme, math):
    graph = lecture()
    graph.jvp(a=1.0)
    svg = graph.to_svg(tangents=True, theme=theme, math=math)
    assert list(problems(svg)) == []
    assert svg.count('class="gt-tangent ') >= 6


GIVEN = {
    "backward": lambda g: gt.trace(np.sin, 2.0).backward(seed=g),
    "compile": lambda g: gt.trace(np.sin, 2.0).compile(seed=g),
    "Graph.jvp": lambda g: gt.trace(np.sin, 2.0).jvp(x=g),
    "vjp": lambda g: gt.vjp(np.sin, 2.0)[1](g),
    "jvp": lambda g: gt.jvp(np.sin, (2.0,), (g,)),
}


@pytest.mark.parametrize("way", GIVEN)
@pytest.mark.parametrize(
    ("given", "said"), [("3", "is '3', which is no number"), (1j, "is complex, and the value")]
)
def test_a_seed_or_a_tangent_of_a_real_value_is_a_real_number(way, given, said):
    with pytest.raises(ArgumentError, match=said):
        GIVEN[way](given)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, none: gt.trace(np.sin, x).backward(seed=none),
        lambda x, none: gt.trace(np.sin, x).jvp(x=none),
        lambda x, none: gt.vjp(np.sin, x)[1](none),
        lambda x, none: gt.jvp(np.sin, (x,), (none,)),
    ],
    ids=["backward", "Graph.jvp", "vjp", "jvp"],
)
def test_a_seed_or_a_tangent_of_none_is_no_number(call):
    with pytest.raises(ArgumentError, match="which is no number"):
        call(np.ones(2), [None, None])
