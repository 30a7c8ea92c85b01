"""A compiled graph: the plain call is the oracle for its value, gt.grad for its gradients."""

import ast
import inspect
import keyword
import re
import sys
import warnings
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from oracles import weights_for
from samples import SAMPLES
from test_programs import BY_NAME, plain
from test_random_programs import SHAPES, programs, run

import graphtrace as gt
from graphtrace.compile import compile_graph, source_of
from graphtrace.compile.names import identifier


def compiled(f, *args, **kwargs):
    return compile_graph(gt.trace(f, *args, **kwargs))


def source(f, *args, **kwargs):
    return source_of(gt.trace(f, *args, **kwargs))


def executed(text, name):
    """The function that the text defines when it stands alone."""
    namespace = {}
    exec(text, namespace)
    return namespace[name]


def leaves(tree):
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def moved(tree, factor):
    """The arguments with every float a little different."""
    if isinstance(tree, dict):
        return {key: moved(part, factor) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(moved(part, factor) for part in tree)
    is_float = isinstance(tree, float) or (isinstance(tree, np.ndarray) and tree.dtype.kind in "fc")
    return tree * factor if is_float else tree


def assert_same(found, wanted, *, ulps=0):
    """Equal in structure, type, shape and dtype, and in every bit (or within some ulps)."""
    found, wanted = leaves(found), leaves(wanted)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert type(a) is type(b)
        if a is not None:
            assert np.shape(a) == np.shape(b)
            assert np.result_type(a) == np.result_type(b)
            scale = np.max(np.abs(b), initial=0) if ulps else 0
            np.testing.assert_allclose(a, b, rtol=0, atol=ulps * np.finfo(float).eps * scale)


# -- The same numbers as everywhere else -----------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 1.0009], ids=["as traced", "moved"])
@pytest.mark.parametrize("p", BY_NAME)
def test_a_program_has_forwards_value_and_grads_gradient_to_the_last_bit(p, factor):
    f, arguments = plain(p.function), moved(p.arguments, factor)
    graph = gt.trace(f, *p.arguments)
    value, gradients = compile_graph(graph)(*arguments)
    assert_same(value, graph.forward(p=arguments))
    assert value == f(*arguments)
    every = tuple(range(len(arguments)))
    assert_same(gradients["p"], gt.grad(f, every)(*arguments))


ALL = [pytest.param(s, id=f"{name}-{i}") for name, of in SAMPLES.items() for i, s in enumerate(of)]


@pytest.mark.parametrize("sample", ALL)
def test_every_operation_is_replayed_on_other_numbers(sample):
    f, args = sample[0], sample[1]

    def weighed(*p):
        total = 0.0
        for i, leaf in enumerate(leaves(f(np, *p))):
            part = np.real(leaf) + 0.7 * np.imag(leaf) if np.iscomplexobj(leaf) else leaf
            weights = np.cos(1 + i + np.arange(np.size(part))).reshape(np.shape(part))
            total = total + np.sum(part * weights)
        return total

    graph = gt.trace(weighed, *args)
    replay = compile_graph(graph)
    for factor in (1, 0.93):
        arguments = moved(args, factor)
        try:
            value = graph.forward(p=arguments)
        except gt.BranchChanged as error:
            with pytest.raises(gt.BranchChanged, match=re.escape(str(error))):
                replay(*arguments)
            continue
        found, gradients = replay(*arguments)
        assert_same(found, value)
        assert_same(gradients["p"], gt.trace(weighed, *arguments).backward()["p"], ulps=4)


@given(program=programs, seed=st.integers(0, 1000), single=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_random_program_is_replayed_and_its_arrays_are_shared_with_nobody(program, seed, single):
    kind = np.float32 if single else np.float64

    def f(a, b, c, d):
        return run(np, program, [a, b, c, d])

    inputs, others = (
        tuple(kind(w) if not w.shape else w.astype(kind) for w in weights_for(SHAPES, s))
        for s in (seed, seed + 1)
    )
    graph = gt.trace(f, *inputs)
    replay = compile_graph(graph)
    for arguments in (inputs, others):
        try:
            wanted = graph.forward(**dict(zip("abcd", arguments, strict=True)))
        except gt.BranchChanged:
            with pytest.raises(gt.BranchChanged):
                replay(*arguments)
            continue
        value, gradients = replay(*arguments)
        assert_same(value, wanted)
        slopes = gt.grad(f, (0, 1, 2, 3))(*arguments)
        ulps = 2**30 if single else 64  # where NumPy sums the same entries in another order
        assert_same(list(gradients.values()), slopes, ulps=ulps)
        arrays = [gradients["c"], gradients["d"], *arguments[2:]]
        for i, one in enumerate(arrays):
            assert one.flags.writeable
            assert not any(np.shares_memory(one, other) for other in arrays[:i])
        assert_same(replay(*arguments)[1], gradients)


# -- The text --------------------------------------------------------------------------------------


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def test_the_lectures_function_reads_as_the_lecture():
    first = J.__code__.co_firstlineno
    u, v, j = (f"test_replay.py:{first + i}" for i in (1, 2, 3))
    assert source(J, a=5, b=3, c=2) == (
        f"def J(a, b, c):\n"
        f"    a, b, c = float(a), float(b), float(c)\n"
        f"\n"
        f"    u = b * c  # {u}\n"
        f"    v = a + u  # {v}\n"
        f"    J = 3 * v  # {j}\n"
        f"\n"
        f"    dJ_dv = 3.0        # J = 3*v, {j}\n"
        f"    dJ_da = dJ_dv      # v = a + u, {v}\n"
        f"    dJ_du = dJ_dv\n"
        f"    dJ_db = dJ_du * c  # u = b*c, {u}\n"
        f"    dJ_dc = dJ_du * b\n"
        f'    return J, {{"a": dJ_da, "b": dJ_db, "c": dJ_dc}}\n'
    )


def network(params, x):
    h = np.tanh(x @ params["W1"] + params["b1"])
    return np.mean((h @ params["W2"] + params["b2"]) ** 2)


def parameters():
    rng = np.random.default_rng(0)
    return {
        "W1": rng.normal(size=(3, 4)),
        "b1": rng.normal(size=4),
        "W2": rng.normal(size=(4, 1)),
        "b2": rng.normal(size=1),
    }


X = np.random.default_rng(1).normal(size=(50, 3))


def code_of(text):
    """The lines of the function, without comments and blank lines."""
    lines = (line.partition("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and line[0] != "#"]


def test_the_backward_pass_of_a_network_is_the_one_that_a_person_would_write():
    text = code_of(source(lambda params: network(params, X), parameters()))
    assert "v2 = x @ W1 + b1" in text
    assert "h = np.tanh(v2)" in text
    assert text[-11:] == [
        "f = (v4**2).mean()",
        "df_dv4 = 1.0 / 50 * (2 * v4)",
        "df_dv3 = df_dv4",
        "df_db2 = df_dv4.sum(axis=0)",
        "df_dh = df_dv3 @ W2.T",
        "df_dW2 = h.T @ df_dv3",
        "df_dv2 = df_dh * (1 / np.cosh(v2))**2",
        "df_dv1 = df_dv2",
        "df_db1 = df_dv2.sum(axis=0)",
        "df_dW1 = x.T @ df_dv1",
        'return f, {"params": {"W1": df_dW1, "b1": df_db1, "W2": df_dW2, "b2": df_db2}}',
    ]


def test_a_value_that_does_not_reach_the_output_is_left_out():
    def f(x, y):
        unused = np.exp(x) * y
        assert unused is not None
        return x * 2

    text = source(f, 1.0, 2.0)
    assert "exp" not in text
    assert "unused" not in text


def test_an_adjoint_that_nobody_needs_is_left_out():
    def f(x, n):
        return np.sum(x * (n + 1))

    text = source(f, X[0], np.array([1, 2, 3]))
    assert "df_dn" not in text


def test_a_common_factor_is_computed_once():
    def f(x, y):
        return np.sin(x) * y + np.sin(x)

    text = source(f, 1.0, 2.0)
    assert text.count("np.sin(x)") == 1
    assert text.count("np.cos(x)") == 1


def test_a_factor_of_the_forward_part_is_not_computed_again_in_the_backward_part():
    def f(x):
        s = np.sin(x)
        c = np.cos(x)
        return s * c

    assert source(f, 1.0).count("np.cos(x)") == 1


def test_adjoints_of_an_array_add_up_in_place():
    def f(x):
        return np.sum(np.sin(x)) + np.sum(x * x)

    assert "df_dx += " in source(f, X[0])


def test_slices_of_one_array_share_one_array_of_zeros():
    def f(x):
        return sum(x[i] * x[i + 1] for i in range(3))

    text = source(f, X[:4, 0])
    assert text.count("np.zeros") == 1
    assert "df_dx[0] +=" in text


def test_an_array_that_is_still_used_is_not_changed_in_place():
    def f(x):
        a = np.exp(x)
        b = np.sin(x)
        w = a * a
        v = a + b  # the adjoints of a and b are both that of v; that of a then gets more
        return np.sum(v * v) + np.sum(w * w)

    x = X[0]
    assert_same(compiled(f, x)(x)[1]["x"], gt.grad(f)(x))


def test_a_sum_of_contributions_does_not_stand_for_the_first_of_them():
    def f(x, y, s):
        p = x * s
        r = y * y
        q = y * s  # y gets what x gets, and then more, before x gets it
        return (p + r + q) ** 2

    _, gradients = compiled(f, 2.0, 3.0, 5.0)(2.5, 3.5, 5.5)
    assert_same(list(gradients.values()), gt.grad(f, (0, 1, 2))(2.5, 3.5, 5.5))


def test_an_array_of_the_forward_part_is_not_changed_in_place():
    def f(x):
        h = np.exp(x)
        return np.sum(h * h) + np.sum(h)

    x = X[0]
    _, gradients = compiled(f, x)(x)
    assert_same(gradients["x"], gt.grad(f)(x))


def test_the_text_stands_alone():
    def f(x, flag=True):
        weights = np.array([1.0, -0.5, 2.25])
        return np.sum(np.sort(x) * weights) if flag else x[0]

    x = X[0]
    alone = executed(source(f, x), "f")
    assert_same(alone(x, True), compiled(f, x)(x, True))
    assert_same(alone(x, True)[1]["x"], gt.grad(f)(x))


def test_a_large_constant_is_a_name_that_a_comment_describes():
    def f(w):
        return np.sum(X @ w)

    assert "# X: float64[50,3], an array of the trace" in source(f, X[0])


@pytest.mark.parametrize(
    "number", [0.1, -0.0, 1e300, 5e-324, np.inf, -np.inf, 3, -2, np.float64(1 / 3), np.float32(0.1)]
)
def test_a_constant_reads_back_to_the_same_bits(number):
    def f(x):
        return x * number

    value, gradients = executed(source(f, 2.0), "f")(2.0)
    assert_same(value, f(2.0))
    assert repr(gradients["x"]) == repr(gt.grad(f)(2.0))


def test_the_source_of_the_function_can_be_asked_for():
    graph = gt.trace(J, 5.0, 3.0, 2.0)
    f = compile_graph(graph)
    assert inspect.getsource(f).strip() in source_of(graph)
    assert list(inspect.signature(f).parameters) == ["a", "b", "c"]
    assert f.__name__ == "J"


# -- Names -----------------------------------------------------------------------------------------


EVIL = [
    "x'; import os",
    'x"]\nimport os\n#',
    "__import__('os').system('false')",
    "x\u2028y",
    "\\",
    "{x}",
    "lambda",
    "np",
    "float",
    "",
    "ﬁ",
    "fi",
    "²",
    "ｘ",
    "𝐱",
    "x y",
]


def test_a_key_of_a_dict_cannot_break_out_of_the_text():
    def f(params):
        total = 0.0
        for i, key in enumerate(params):
            total = total + (i + 1) * params[key]
        return total

    params = {key: float(i) for i, key in enumerate(EVIL)}
    graph = gt.trace(f, params)
    value, gradients = compile_graph(graph)(params)
    assert value == graph.value
    assert gradients == {"params": {key: i + 1.0 for i, key in enumerate(EVIL)}}
    names = {node.id for node in ast.walk(ast.parse(source_of(graph))) if type(node) is ast.Name}
    assert "os" not in names
    assert not any(isinstance(n, ast.Import) for n in ast.walk(ast.parse(source_of(graph))))


@given(st.dictionaries(st.text(max_size=12), st.floats(-10, 10), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_key_makes_a_program_of_names_and_numbers(params):
    def f(params):
        return sum(params.values()) * 2.0

    graph = gt.trace(f, params)
    value, gradients = compile_graph(graph)(params)
    assert value == graph.value
    assert gradients == {"params": dict.fromkeys(params, 2.0)}


@given(st.text(max_size=20))
def test_a_name_is_always_an_identifier_and_in_pythons_normal_form(text):
    name = identifier(text)
    assert name.isidentifier()
    assert keyword.iskeyword(name) or ast.parse(name, mode="eval").body.id == name


def test_a_parameter_with_the_name_of_a_helper_keeps_it():
    def f(np, float, items, array):
        return np * float + items["w"] @ array

    x = X[0]
    args = (2.0, 3.0, {"w": x}, x)
    value, gradients = compiled(f, *args)(*args)
    assert value == f(*args)
    assert_same(list(gradients.values()), gt.grad(f, (0, 1, 2, 3))(*args))
    assert list(gradients) == ["np", "float", "items", "array"]


def test_a_function_named_as_its_parameter_or_as_numpy_compiles():
    def f(f):
        return f * np.sin(f)

    def np_(x):
        return np.sin(x)

    np_.__name__ = "np"
    assert compiled(f, 2.0)(2.0)[0] == f(2.0)
    assert compiled(np_, 2.0)(2.0)[0] == np_(2.0)


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


# -- What is differentiated, in what ---------------------------------------------------------------


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


# -- Decisions -------------------------------------------------------------------------------------


def branching(x, n):
    total = 0.0
    for _ in range(int(n)):
        total = total + x
    if x > 1.5:
        total = total * 2
    while not x < 4:
        x = x / 2
    return total + x


@pytest.mark.parametrize(("x", "n"), [(1.0, 3.0), (5.0, 3.0), (2.0, 4.5), (float("nan"), 3.0)])
def test_another_branch_is_refused_in_the_sentence_of_forward(x, n):
    graph = gt.trace(branching, 2.0, 3.0)
    with pytest.raises(gt.BranchChanged) as from_graph:
        graph.forward(x=x, n=n)
    with pytest.raises(gt.BranchChanged) as from_replay:
        compile_graph(graph)(x, n)
    assert str(from_replay.value) == str(from_graph.value)


def test_the_same_branch_is_taken():
    assert compiled(branching, 2.0, 3.0)(2.5, 3.9)[0] == branching(2.5, 3.9)


def test_a_shape_that_depends_on_numbers_is_checked():
    def positive(x):
        chosen = x[x > 0]
        return np.sum(chosen * chosen)

    x = np.array([1.0, -2.0, 3.0])
    graph = gt.trace(positive, x)
    replay = compile_graph(graph)
    other = np.array([-1.0, 4.0, 5.0])
    assert_same(replay(other)[1]["x"], gt.grad(positive)(other))
    with pytest.raises(gt.BranchChanged) as from_graph:
        graph.forward(x=-x)
    with pytest.raises(gt.BranchChanged) as from_replay:
        replay(-x)
    assert str(from_replay.value) == str(from_graph.value)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.prod(x),
        lambda x: np.sum(np.frexp(x)[0]),
        lambda x: np.sum(np.sort(x) * np.arange(3.0)),
        lambda x: np.median(x),
        lambda x: np.sum(np.cumprod(x)),
        lambda x: np.max(x) * x[0],
        lambda x: np.sum(np.abs(x)),
        lambda x: x[1] ** x[2] + x[2] ** 2.0,
        lambda x: np.maximum(x[0], x[1]) + np.clip(x[2], 0.0, 1.0),
        lambda x: np.sum(np.where(x > 1, x * x, -x)),
        lambda x: np.where(x[0], x[1] * 2.0, x[1] * 3.0) * x[2],
        lambda x: np.sum(x[np.argmax(np.stack([x, 3.5 - x]), axis=0)] ** 2),
    ],
)
def test_a_rule_that_looks_at_numbers_is_right_for_others(f):
    replay = compiled(f, np.array([1.0, 2.0, 3.0]))
    for other in ([3.0, 1.5, 0.5], [0.0, 4.0, 2.0], [7.0, 0.0, 0.0], [2.0, 2.0, 2.0]):
        x = np.array(other)
        with np.errstate(all="ignore"):
            assert_same(replay(x)[1]["x"], gt.grad(f)(x), ulps=4)


# -- Poles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "traced", "pole"),
    [
        (lambda x, y: np.log(x) * y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: np.sqrt(x) + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: x**0.5 + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: x**y, (2.0, 0.5), (0.0, 0.5)),
        (lambda x, y: np.log(x) * y, (0.0, 3.0), (0.0, 3.0)),
        (lambda x, y: np.exp(x) ** 2 / np.exp(y), (2.0, 3.0), (500.0, 3.0)),
        (lambda x, y: 1 / np.sinh(x) + y, (2.0, 3.0), (0.0, 3.0)),
        (lambda x, y: y / (np.cos(x) - 1.0), (2.0, 3.0), (0.0, 3.0)),
    ],
)
def test_at_a_pole_the_gradient_is_numpys_as_in_grad(f, traced, pole):
    with np.errstate(all="ignore"):
        graph = gt.trace(f, *traced)
        value, gradients = compile_graph(graph)(*pole)
        assert_same(value, graph.forward(x=pole[0], y=pole[1]))
        assert_same(list(gradients.values()), gt.grad(f, (0, 1))(*pole))


def test_at_a_pole_arguments_may_be_named_left_out_or_starred():
    def f(x, y=3.0, *rest, scale=2.0):
        return np.log(x) * y * scale + sum(rest)

    left_out, starred = compiled(f, 2.0, -3.0), compiled(f, 2.0, 3.0, 4.0)
    with np.errstate(all="ignore"):
        assert left_out(0.0)[1]["x"] == np.inf
        assert left_out(x=0.0, scale=-1.0)[1]["x"] == -np.inf
        assert starred(0.0, 3.0, 5.0, scale=-1.0)[1]["x"] == -np.inf


def test_the_gradient_at_a_pole_is_that_of_the_chosen_output():
    def f(x, y):
        return np.log(x) * y, x * y

    replay = gt.trace(f, 2.0, 3.0).compile("f[0]", seed=2.0, wrt="x")
    with np.errstate(all="ignore"):
        assert replay(0.0, 3.0)[1] == {"x": np.inf}


def test_a_root_of_a_negative_number_is_nan_where_numpy_has_nan():
    def f(x):
        return np.sin(x) ** 0.5 * 2.0

    with np.errstate(all="ignore"):
        value, gradients = compiled(f, 1.0)(-1.0)
        assert_same([value, gradients["x"]], [f(-1.0), gt.grad(f)(-1.0)])
    assert np.isnan(value)


def test_where_the_function_itself_divides_by_zero_the_replay_does_too():
    replay = compiled(lambda x, y: x / y, 1.0, 2.0)
    with pytest.raises(ZeroDivisionError):
        replay(1.0, 0.0)


def test_a_backward_pass_gives_no_warning():
    replay = compiled(lambda x: np.sum(np.sqrt(x)), np.ones(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert replay(np.zeros(3))[1]["x"].tolist() == [np.inf] * 3


# -- Size ------------------------------------------------------------------------------------------


def test_a_chain_of_ten_thousand_operations_compiles():
    def f(x):
        y = x
        for _ in range(5000):
            y = y * 0.999
            y = y + x
        return y

    value, gradients = compiled(f, 1.0)(2.0)
    assert (value, gradients["x"]) == (f(2.0), gt.grad(f)(2.0))


def test_a_long_sum_in_one_expression_compiles():
    def f(x):
        return sum(x[i] * x[i] for i in range(2000))

    x = np.linspace(0, 1, 2000)
    assert_same(compiled(f, x)(x)[1]["x"], gt.grad(f)(x))


# -- Machine code ----------------------------------------------------------------------------------


def jitted(f, *args, **how):
    pytest.importorskip("numba")
    return gt.trace(f, *args).compile(jit="numba", **how)


def assert_close(found, wanted):
    """Equal in structure and type, and but for the last digits."""
    assert [type(x) for x in leaves(found)] == [type(x) for x in leaves(wanted)]
    for a, b in zip(leaves(found), leaves(wanted), strict=True):
        assert a is b is None or a == pytest.approx(b, rel=1e-14)


def test_numba_gives_the_plain_programs_value_and_gradients():
    def f(p, c, mode="tanh"):
        u = np.tanh(p["a"] * p["b"]) + p["a"] ** 3 if mode == "tanh" else p["a"]
        v = np.maximum(u, 0.1) / (1.5 + c * c)
        return {"loss": v * np.exp(-c), "u": u}

    args = {"a": 0.5, "b": np.float64(1.2)}, 0.7
    others = {"a": 0.6, "b": np.float64(1.1)}, 0.8
    how = {"output": "f['loss']"}
    plain_one = gt.trace(f, *args).compile(**how)
    assert_close(jitted(f, *args, **how)(*others), plain_one(*others))


def test_numba_leaves_what_is_not_finite_to_the_plain_program():
    def f(x, y):
        return np.log(x) * y**2 + 1 / (1 / (y - 1))

    replay, plain_one = jitted(f, 2.0, 3.0), compiled(f, 2.0, 3.0)
    with np.errstate(all="ignore"):
        assert_same(replay(0.0, 3.0), plain_one(0.0, 3.0))
    with pytest.raises(ZeroDivisionError):
        jitted(f, 2.0, 3.0, wrt="x")(2.0, 1.0)
    with pytest.raises(OverflowError):
        replay(2.0, 1e200)


def test_another_branch_is_refused_by_numba_in_the_same_sentence():
    replay = jitted(branching, 2.0, 3.0)
    assert replay(2.5, 3.9)[0] == branching(2.5, 3.9)
    with pytest.raises(gt.BranchChanged) as from_numba:
        replay(1.0, 3.0)
    with pytest.raises(gt.BranchChanged) as from_plain:
        compiled(branching, 2.0, 3.0)(1.0, 3.0)
    assert str(from_numba.value) == str(from_plain.value)
    assert from_numba.value.__context__ is None


def test_a_program_without_a_number_to_compute_is_the_plain_one():
    assert jitted(lambda x: 7.5, 1.0)(3.0) == (7.5, {"x": 0.0})


@pytest.mark.parametrize(
    ("f", "x", "says"),
    [
        (lambda x: np.sum(x * 2), X[0], r"x is an array of shape \(3,\), and jit='numba' is for"),
        (lambda x: x * 2, np.float32(2), "x is a float32, and jit='numba' is for"),
        (gt.gelu, 2.0, "calls .*, which Numba does not know"),
        (lambda x: np.heaviside(x, 0.5) * x, 2.0, "can compile .*heaviside"),
    ],
)
def test_what_numba_cannot_compile_is_refused_in_one_sentence(f, x, says):
    with pytest.raises(gt.ArgumentError, match=says) as refused:
        jitted(f, x)
    assert "\n" not in str(refused.value)


def test_without_numba_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(gt.ArgumentError, match=r"pip install 'graphtrace\[numba\]'"):
        gt.trace(J, 5.0, 3.0, 2.0).compile(jit="numba")


def test_another_compiler_is_refused():
    with pytest.raises(gt.ArgumentError, match="jit is 'llvm'"):
        gt.trace(J, 5.0, 3.0, 2.0).compile(jit="llvm")


# -- Operations of the user's own ------------------------------------------------------------------


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
