"""What a program takes and hands out: structures, kinds, precision, the signature."""

import inspect
from collections import namedtuple

import numpy as np
import pytest
from compile.compiled import X, assert_same, compiled, network, parameters, source

import graphtrace as gt
from graphtrace.compile import compile_graph

# -- Arguments and results -------------------------------------------------------------------------


def test_ints_are_taken_as_floats():
    value, gradients = compiled(lambda a, b: a * b, 2, 3)(4, 5)
    assert_same([value, gradients["a"]], [20.0, 5.0])


def test_containers_come_back_in_their_structure():
    def f(layers, options):
        h = 1.0
        for w, b in layers:
            h = h * w + b["bias"]
        return h * options["scale"]

    layers = [(2.0, {"bias": 1.0}), (3.0, {"bias": -1.0})]
    value, gradients = compiled(f, layers, {"scale": 0.5})(layers, {"scale": 0.5})
    assert value == f(layers, {"scale": 0.5})
    wanted = gt.grad(f, (0, 1))(layers, {"scale": 0.5})
    assert gradients == {"layers": wanted[0], "options": wanted[1]}
    assert type(gradients["layers"][0]) is tuple


def test_a_container_of_the_users_own_kind_comes_back_too():
    Pair = namedtuple("Pair", "left right")

    def f(pair):
        return pair.left * pair.right

    value, gradients = compiled(f, Pair(2.0, 3.0))(Pair(4.0, 5.0))
    assert (value, gradients) == (20.0, {"pair": Pair(5.0, 4.0)})
    assert type(gradients["pair"]) is Pair


def test_a_dict_is_taken_apart_by_its_keys():
    def f(p):
        return p["a"] - 2 * p["b"]

    value, gradients = compiled(f, {"a": 1.0, "b": 2.0})({"b": 5.0, "a": 3.0})
    assert value == -7.0
    assert gradients == {"p": {"a": 1.0, "b": -2.0}}


def test_the_value_has_the_functions_structure():
    def f(x):
        return {"loss": x * x, "name": "square"}

    assert compiled(f, 3.0)(4.0) == ({"loss": 16.0, "name": "square"}, {"x": 8.0})


def test_an_unused_parameter_has_a_zero_of_its_kind():
    def f(x, y, z, w, n):
        return x * 2

    args = (1.0, X[0], X.astype(np.float32), np.float32(2), np.arange(3))
    _, gradients = compiled(f, *args)(*args)
    assert_same(
        list(gradients.values()),
        [2.0, np.zeros(3), np.zeros((50, 3), np.float32), np.float32(0), None],
    )


def test_an_output_that_is_an_input_has_the_gradient_one():
    value, gradients = compiled(lambda x, y: x, 1.0, 2.0)(3.0, 4.0)
    assert (value, gradients) == (3.0, {"x": 1.0, "y": 0.0})


def test_an_output_that_is_a_constant_has_no_gradient_but_zero():
    assert compiled(lambda x: 7.5, 1.0)(3.0) == (7.5, {"x": 0.0})


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.asarray, float])
def test_scalars_of_every_kind_keep_it(kind):
    def f(x, y):
        return x * np.exp(y) + x / y

    x, y = kind(1.5), kind(0.25)
    graph = gt.trace(f, x, y)
    value, gradients = compile_graph(graph)(x, y)
    assert_same(value, graph.value)
    assert_same(list(gradients.values()), gt.grad(f, (0, 1))(x, y))


def test_single_precision_stays_single_beside_pythons_numbers():
    def f(w, s):
        return np.sum(np.tanh(w * s) * 0.5)

    w = X.astype(np.float32)
    value, gradients = compiled(f, w, 2.0)(w, 3.0)
    assert_same(value, f(w, 3.0))
    assert_same(list(gradients.values()), gt.grad(f, (0, 1))(w, 3.0))
    assert gradients["w"].dtype == np.float32


@pytest.mark.parametrize(
    "f",
    [
        lambda w, s: (np.sum(np.tanh(w)) + np.exp(s)) * 0.1,
        lambda w, s: np.sum(np.sin(s) * w) + np.sin(s) * 2.0,
        lambda w, s: np.sum(w * s) / 3 + np.exp(s),
    ],
)
def test_single_and_double_precision_meet_as_in_grad(f):
    w = X.astype(np.float32)
    graph = gt.trace(f, w, 2.0)
    value, gradients = compile_graph(graph)(w, 3.0)
    assert_same(value, f(w, 3.0))
    assert_same(list(gradients.values()), gt.grad(f, (0, 1))(w, 3.0))


def test_the_gradient_of_a_sum_is_a_full_array_that_can_be_written_to():
    _, gradients = compiled(np.sum, X)(X)
    gradients["a"][0, 0] = 5.0
    assert gradients["a"].sum() == X.size + 4.0


def test_two_gradients_are_never_one_array():
    _, gradients = compiled(lambda x, y: np.sum((x + y) ** 2), X, X)(X, X)
    assert not np.shares_memory(gradients["x"], gradients["y"])


def test_the_gradient_is_not_the_argument():
    _, gradients = compiled(lambda x, y: np.sum(x * y), X, X)(X, X)
    assert not np.shares_memory(gradients["x"], X)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"params": parameters(), "x": X[:, :2]}, r"x was traced with shape \(50, 3\)"),
        ({"params": {**parameters(), "W3": 1.0}, "x": X}, "params was traced with the keys 'W1'"),
        ({"params": [1.0], "x": X}, "params was traced with the keys 'W1'"),
        ({"params": {**parameters(), "b1": 1.0}, "x": X}, r"params\['b1'\] was traced with shape"),
        ({"params": {**parameters(), "b1": "no"}, "x": X}, r"params\['b1'\] was traced as an arr"),
        ({"params": parameters(), "x": X * 1j}, "x was traced as float64 and is now complex128"),
    ],
)
def test_arguments_of_another_structure_shape_or_kind_are_refused(bad, says):
    f = compiled(network, parameters(), X)
    with pytest.raises(gt.ArgumentError, match=says):
        f(**bad)


def test_a_fixed_argument_at_the_end_may_be_left_out():
    def f(x, y, mode="double", *rest, **options):
        return x * y * 2 if mode == "double" else x

    assert compiled(f, 1.0, 2.0)(3.0, 4.0)[0] == 24.0
    assert 'def f(x, y, mode="double", *rest, **options):' in source(f, 1.0, 2.0)


def test_a_static_argument_must_be_the_traced_one():
    def f(x, mode, bias):
        return x * 2 if mode == "double" and bias is None else x

    replay = compiled(f, 1.0, "double", None)
    assert replay(3.0, "double", None)[0] == 6.0
    with pytest.raises(gt.ArgumentError, match="parameter mode was fixed at 'double'"):
        replay(3.0, "half", None)
    with pytest.raises(gt.ArgumentError, match="parameter bias was fixed at None"):
        replay(3.0, "double", 2.0)


# -- The signature ---------------------------------------------------------------------------------


def test_the_signature_is_the_traced_functions():
    def f(x, /, y, z=2.5, *rest, scale, shift=(1.0, None), **more):
        return x * y * z * rest[0] * scale + shift[0] * more["bias"]

    replay = compiled(f, 1.0, 2.0, 3.0, 4.0, scale=5.0, bias=6.0)
    assert str(inspect.signature(replay)) == str(inspect.signature(f))
    value, gradients = replay(1.5, 2.5, 3.5, 4.5, scale=5.5, bias=6.5)
    assert value == f(1.5, 2.5, 3.5, 4.5, scale=5.5, bias=6.5)
    assert gradients["rest"] == (1.5 * 2.5 * 3.5 * 5.5,)
    assert gradients["more"] == {"bias": 1.0}
    assert gradients["shift"] == (6.5, None)


def test_a_parameter_that_is_left_out_has_the_functions_own_default():
    def f(x, rate=0.5, w=X[0]):
        return x * rate * np.sum(w)

    assert compiled(f, 1.0, 3.0, X[1])(2.0)[0] == f(2.0)


def test_another_number_of_starred_arguments_is_refused():
    def f(*xs):
        return xs[0] * xs[1]

    with pytest.raises(gt.ArgumentError, match="xs was traced with 2 entries"):
        compiled(f, 1.0, 2.0)(1.0, 2.0, 3.0)


def test_a_parameter_with_a_long_name_keeps_it():
    def f(a_parameter_whose_name_is_longer_than_a_line_of_the_program_should_be):
        return 2 * a_parameter_whose_name_is_longer_than_a_line_of_the_program_should_be

    name = f.__code__.co_varnames[0]
    assert compiled(f, 1.0)(**{name: 3.0}) == (6.0, {name: 2.0})


class Half:
    """What float() takes, and is no number."""

    def __float__(self):
        return 0.5


GIVEN = [True, np.True_, 7, np.int64(7), np.float32(0.5), np.array(1.5), 1j, 10**400, None]
GIVEN += ["1.5", b"1", Half(), [1.5], np.array([1.5]), [True, False], np.array([True, False])]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("given", GIVEN, ids=lambda given: f"{given!r:.20}")
@pytest.mark.parametrize("traced", [3.0, np.float64(3), np.float32(3), np.int32(3), 3j, np.ones(2)])
def test_a_program_takes_what_forward_takes_and_refuses_what_it_refuses(traced, given):
    graph = gt.trace(lambda x, y: x * y, traced, 2.0)
    seed = None if np.shape(traced) == () else np.ones(2)
    program = graph.compile(seed=seed)
    try:
        wanted = graph.forward(x=given, y=1.5)
    except gt.ArgumentError as error:
        with pytest.raises(gt.ArgumentError) as refused:
            program(given, 1.5)
        if type(given) is not int:  # the one says how many digits it has
            assert str(refused.value) == str(error)  # noqa: PT017
    else:
        assert_same([program(given, 1.5)[0]], [wanted])
