"""Files of strangers: nothing in them runs, takes long or takes memory, and damage has a place."""

import json
import sys
import time
import tracemalloc
import warnings
from functools import partial

import numpy as np
import pytest
from samples import SAMPLES

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES, param_names
from graphtrace.document import to_json
from graphtrace.document.encoding import decode, encode
from graphtrace.document.work import work


def changed(graph, **changes):
    """The graph as JSON with some of it changed: `nodes_1_value` is `nodes[1].value`."""
    document = json.loads(to_json(graph))
    for path, value in changes.items():
        *before, last = [int(key) if key.isdecimal() else key for key in path.split("_")]
        at = document
        for key in before:
            at = at[key]
        at[last] = value
    return json.dumps(document)


def refused(text):
    """Where the text is damaged, as the error says."""
    with pytest.raises(gt.ArgumentError, match="damaged") as error:
        gt.load(text)
    assert "\n" not in str(error.value)
    return str(error.value).partition(" is damaged at ")[2].partition(", so no graph")[0]


def power(a, b):
    return a**b


UNWRAPPED = gt.trace(lambda p: np.sum(np.unwrap(p)), np.array([0.0, 4.0]))
JOINED = gt.trace(lambda a, b: np.sum(np.concatenate([a, b])), np.ones(2), np.ones(3))
POWER = gt.trace(power, 2.0, 3.0)
CHOSEN = gt.trace(lambda x, i: 2.0 * x[i] if x[0] > 0 else x, np.ones(3), np.array([0, 2]))
PARAMETERS = {"a": {"node": "a"}, "b": {"node": "b"}}


# Nothing runs.


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            changed(
                UNWRAPPED,
                nodes_1_row_params=[["period=(open('x.txt','w'),6.28)[1], discont", None]],
            ),
            "nodes[1].row.params",
        ),
        (
            changed(JOINED, nodes_2_row_params=[["axis", "__import__('os').mkdir('x.txt')"]]),
            "nodes[2].row.params",
        ),
        (
            changed(POWER, parameters={"a[open('x.txt','w')]": {"node": "a"}, "b": {"node": "b"}}),
            "parameters",
        ),
    ],
    ids=["the name of a param", "an axis that is a text", "the name of a parameter"],
)
def test_a_text_of_the_file_never_runs(text, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    where = refused(text)
    assert list(tmp_path.iterdir()) == []
    assert where == place


@pytest.mark.parametrize("name", ["f2py", "testing", "typing", "save", "memmap"])
@pytest.mark.parametrize("kind", ["function", "type"])
def test_no_module_is_imported_and_no_function_is_found_by_a_name_of_the_file(kind, name):
    before = set(sys.modules)
    assert refused(changed(UNWRAPPED, nodes_1_row_params=[["period", {kind: name}]]))
    assert set(sys.modules) == before


# What a file says agrees with itself.


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"signature_0_name": "lambda"}, "signature[0]"),
        ({"signature_0_name": "ﬁ"}, "signature[0]"),
        ({"signature_0_name": "c"}, "parameters"),
        ({"signature_1_kind": "var_positional"}, "parameters.b"),
        ({"parameters": PARAMETERS | {"c": {"constant": 1}}}, "parameters"),
        ({"parameters": PARAMETERS | {"b": {"node": "a"}}}, "inputs"),
        ({"parameters": PARAMETERS | {"b": {"constant": 3.0}}}, "parameters.b"),
        ({"inputs": ["b", "a"]}, "inputs"),
        ({"outputs": ["a"]}, "outputs"),
        ({"nodes_1_index": 0}, "nodes[1].index"),
        ({"nodes_2_name": "a"}, "nodes[2].name"),
        ({"nodes_2_op": "add"}, "nodes[2].op"),
        ({"nodes_2_value": 2}, "nodes[2].row"),
        (
            {"nodes_2_value": {"array": {"dtype": "<f8", "shape": [1], "data": [8.0]}}},
            "nodes[2].row",
        ),
        (
            {"nodes_2_grad": {"array": {"dtype": "<f8", "shape": [1], "data": [8.0]}}},
            "nodes[2].grad",
        ),
        ({"nodes_2_row_operands_1": {"constant": "b"}}, "nodes[2].row.operands"),
        ({"nodes_2_row_operands_1": {"constant": [1.0]}}, "nodes[2].row.operands"),
        ({"nodes_2_row_operands": []}, "nodes[2].row.operands"),
        ({"nodes_2_row_operands": [{"constant": 1.0}] * 2}, "nodes[2].row.operands"),
        ({"nodes_2_row_params": [["where", True]]}, "nodes[2].row.params"),
        ({"nodes_0_row_operands": [{"constant": 1.0}]}, "nodes[0].row.operands"),
        ({"nodes_0_row_params": [["whole", True], ["whole", False]]}, "nodes[0].row.params"),
        ({"edges_0_from": "b"}, "edges[0]"),
        ({"edges": []}, "edges"),
    ],
    ids=str,
)
def test_what_does_not_agree_is_refused_with_its_place(change, place):
    assert refused(changed(POWER, **change)) == place


def test_a_decision_comes_out_as_the_file_says():
    assert refused(changed(CHOSEN, branches_0_outcome=False)) == "branches[0]"


def test_a_value_without_a_forward_pass_is_refused():
    index = {"array": {"dtype": "<i8", "shape": [2], "data": [0, 7]}}
    text = changed(CHOSEN, nodes_1_value=index)
    assert refused(text) == "nodes[3].row"


def test_a_row_without_a_backward_pass_is_refused():
    graph = gt.trace(lambda a: np.sum(np.cumsum(a, axis=0)), np.ones((2, 2)))
    assert refused(changed(graph, nodes_1_row_params=[["axis", True]])) == "nodes[1].row"


def test_a_key_that_is_there_twice_is_refused():
    text = to_json(POWER)
    assert refused(text.replace('"version": 1,', '"version": 1,\n"version": 1,')) == ""
    twice = {"dict": [["k", {"node": "a"}], ["k", {"node": "b"}]]}
    assert refused(changed(POWER, result=twice)) == "result"


@pytest.mark.parametrize(
    "key", [{"dict": []}, [1], {"array": {"dtype": "<f8", "shape": [0], "data": []}}]
)
def test_a_key_that_is_none_is_refused(key):
    assert refused(changed(POWER, result={"dict": [[key, {"node": "a"}]]})) == "result"


# What a file asks for is bounded by its length.


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"tuple": [value]}
    return value


def zeros(*shape, dtype="<f8"):
    return {"array": {"dtype": dtype, "shape": shape, "data": [0] * int(np.prod(shape))}}


def ones(*shape):
    return encode(np.ones(shape), "ones")


ROW, COLUMN = encode(np.ones((1, 20000), np.int8), "x"), encode(np.ones((20000, 1), np.int8), "x")
SMALL = np.ones((1, 1), np.int8)
VECTOR = np.ones(4)
BOMBS = {
    "ints": lambda: changed(POWER, nodes_0_value=9, nodes_1_value=9**12),
    "an outer power": lambda: changed(
        gt.trace(np.power, SMALL, SMALL), nodes_0_value=COLUMN, nodes_1_value=ROW
    ),
    "an outer product": lambda: changed(
        gt.trace(lambda a, b: a @ b, np.ones((1, 1)), np.ones((1, 1))),
        nodes_0_value=ones(30000, 1),
        nodes_1_value=ones(1, 30000),
    ),
    "an index": lambda: changed(
        gt.trace(
            lambda x, i, j: x[i, j], np.ones((1, 1)), np.zeros((1, 1), int), np.zeros((1, 1), int)
        ),
        nodes_1_value=encode(np.zeros((20000, 1), int), ""),
        nodes_2_value=encode(np.zeros((1, 20000), int), ""),
    ),
    "a count": lambda: changed(
        gt.trace(lambda i, w: np.bincount(i, w), np.array([1, 0]), np.ones(2)),
        nodes_0_value=encode(np.array([10**10, 0]), ""),
    ),
    "a count of what is computed": lambda: changed(
        gt.trace(lambda i, w: np.bincount(i * 2, w), np.array([1, 0]), np.ones(2)),
        nodes_2_row_operands_1={"constant": 10**10},
    ),
    "a matrix of a polynomial": lambda: changed(
        gt.trace(lambda p: np.roots(p)[0], np.array([1.0, 2.0])), nodes_0_value=ones(9000)
    ),
    "labels": lambda: changed(
        gt.trace(lambda a: np.einsum("a,b,c,d,e->", a, a, a, a, a), VECTOR),
        nodes_0_value=ones(3000),
    ),
    "the same operand again and again": lambda: changed(
        gt.trace(lambda a: np.concatenate([a] * 100), np.ones(1, np.int8)),
        nodes_0_value=encode(np.ones(100000, np.int8), ""),
    ),
    "products of one array": lambda: changed(
        gt.trace(lambda a: sum(np.einsum("ij,jk->", a, a) for _ in range(100)), np.eye(2)),
        nodes_0_value=ones(250, 250),
    ),
    "keys of one hash": lambda: changed(
        POWER, result={"dict": [[k * (2**61 - 1), {"node": "a"}] for k in range(20000)]}
    ),
    "a nested value": lambda: changed(UNWRAPPED, nodes_1_row_params=[["period", nested(300)]]),
    "an array without entries": lambda: changed(
        gt.trace(lambda a: np.sum(a, axis=0), np.ones((0, 2))), nodes_0_value=zeros(0, 10**11)
    ),
    **{
        name: lambda f=f, param=param, value=value: changed(
            gt.trace(f, VECTOR), nodes_1_row_params=[[param, value]]
        )
        for name, f, param, value in [
            ("a tile", lambda a: np.tile(a, 2), "reps", {"tuple": [10**5] * 2}),
            ("a repeat", lambda a: np.repeat(a, 2), "repeats", 10**10),
            ("a resize", lambda a: np.resize(a, 9), "new_shape", 10**10),
            ("a diagonal", lambda a: np.diag(a, 2), "k", 10**5),
            ("a difference", lambda a: np.diff(a, 2), "n", 10**10),
            ("axes", lambda a: np.tensordot(a, a, 1), "axes", 10**7),
            ("digits", lambda a: np.round(a, 2), "decimals", 2**31 - 1),
            ("an offset", lambda a: np.trace(a[None], 1), "offset", -(2**31)),
            ("a transform", lambda a: abs(np.fft.fft(a, 8)), "n", 10**10),
        ]
    },
    "a padding": lambda: changed(
        gt.trace(lambda a: np.pad(a, 1), VECTOR), nodes_1_row_params_0_1=[[10**9, 10**9]]
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_takes_no_more_time_or_memory_than_its_length_says(name):
    text = BOMBS[name]()
    tracemalloc.start()
    began = time.perf_counter()
    try:
        refused(text)
        assert time.perf_counter() - began < 3
        assert tracemalloc.get_traced_memory()[1] < 40e6 + 40 * len(text)
    finally:
        tracemalloc.stop()


def test_a_file_may_ask_for_what_its_own_values_took():
    a, b = np.ones((99, 1)), np.ones((1, 99))
    graph = gt.trace(lambda a, b: np.sum(np.linalg.inv(a @ b + 99 * np.eye(99))), a, b)
    assert gt.load(to_json(graph)).value == graph.value


@pytest.mark.parametrize(
    ("f", "args", "entries"),
    [
        (lambda x: x[1:3, None, ..., 0], [np.ones((4, 5, 6))], 10),
        (lambda x: x[np.zeros((7, 1), int), :, np.zeros(3, int)], [np.ones((4, 5, 6))], 105),
        (lambda x: x[x > 0], [np.ones((4, 5))], 20),
        (lambda a: np.pad(a, ((1, 2), (0, 3))), [np.ones((2, 3))], 30),
        (lambda a: np.repeat(a, [1, 0, 2], axis=1), [np.ones((2, 3))], 6),
        (lambda a, b: np.einsum("...ij,jk", a, b), [np.ones((5, 2, 3)), np.ones((3, 4))], 40),
        (lambda a, b: np.tensordot(a, b, 1), [np.ones((5, 3)), np.ones((3, 4))], 20),
        (lambda a, b: a @ b, [np.ones((5, 2, 3)), np.ones(3)], 10),
    ],
)
def test_the_entries_of_a_row_are_known_before_they_are_made(f, args, entries):
    graph = gt.trace(f, *args)
    row = graph.nodes[graph.outputs[0]]["row"]
    assert work(row.primitive, row.operands, row.params).entries == entries == np.size(row.value)


# What was written goes on loading.


@pytest.mark.parametrize("name", SAMPLES)
def test_every_operation_comes_back_with_every_bit(name):
    for sample in SAMPLES[name]:
        text = to_json(gt.trace(partial(sample.f, np), *sample.args))
        assert to_json(gt.load(text)) == text


def test_a_graph_with_every_kind_of_parameter_comes_back():
    def f(a, /, b, *rest, c=(1.0, {"k": 2}), d="mean", **more):
        return a * b + rest[0][1] * c[1]["k"] + more["e"] * (d == "mean")

    graph = gt.trace(f, 1.0, 2.0, [3.0, 4.0], e=True, c=(5.0, {"k": 6.0}))
    loaded = gt.load(to_json(graph))
    assert to_json(loaded) == to_json(graph)
    assert loaded.to_python() == graph.to_python()


def test_the_params_of_a_row_are_those_of_its_function_and_rules():
    names = {
        name: param_names(PRIMITIVES[name]) for name in ("sum", "concatenate", "sin", "unwrap")
    }
    assert names["sum"] == {"a", "axis", "keepdims"}
    assert names["concatenate"] == {"axis"}
    assert names["sin"] == frozenset()
    assert "out" not in param_names(PRIMITIVES["all"])


def test_loading_warns_of_nothing():
    with warnings.catch_warnings(action="ignore"):
        text = to_json(gt.trace(lambda x: np.log(x) + np.nanmean(x * np.nan), np.array([0.0, 1.0])))
    with warnings.catch_warnings(action="error"):
        gt.load(text)


def test_an_int_that_is_no_float_is_refused():
    assert decode(2**1000) == 2**1000
    with pytest.raises(ValueError, match="larger than any float"):
        decode(2**1024)


@pytest.mark.parametrize(
    "f",
    [lambda x: np.trace(x, offset=1), lambda x: np.sum(np.diagonal(x, 1))],
    ids=["trace", "diagonal"],
)
def test_a_long_file_has_no_diagonal_beyond_the_memory(f):
    graph = gt.trace(f, np.ones((3, 3)))
    text = to_json(graph).replace('["offset", 1]', f'["offset", {-(2**31)}]')
    with pytest.raises(gt.ArgumentError, match="more memory or time than a file of this length"):
        gt.load(text + " " * 3_000_000)
