"""A graph as JSON and back: nothing is lost, nothing is executed, and damage is said."""

import copy
import io
import json
import math
import operator
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import graphtrace as gt
from graphtrace.core.primitive import Primitive
from graphtrace.document import to_json
from graphtrace.document.encoding import decode, encode


def lecture(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def network(params, x, y):
    h = np.tanh(x @ params["W"] + params["b"])
    return np.mean((h[:, ::-1] - y) ** 2)


def branching(x):
    if x > 1:
        return x * 2
    return x / 2


def several(x, how):
    return {"sum": np.sum(x), how: (x[0], 2.0), "none": None}


def own():
    params = {"W": np.array([[0.5, -1.0], [0.25, 2.0]], np.float32), "b": np.zeros(2, np.float32)}
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    return {
        "lecture": gt.trace(lecture, a=5, b=3, c=2),
        "network": gt.trace(network, params, x, x.T),
        "branching": gt.trace(branching, 3.0),
        "several": gt.trace(several, np.array([1.0, np.nan, -np.inf]), "how"),
        "complex": gt.trace(lambda z: abs(z * (1 + 2j)) ** 2, 1j),
        "constant": gt.trace(lambda x: (x, 3.0), 1.0),
        "matrix": gt.trace(
            lambda A: np.sum(np.linalg.inv(A.T)), np.array([[2.0, 1.0], [0.0, 1.0]])
        ),
    }


GRAPHS = own()


def back(graph):
    return gt.load(to_json(graph))


@pytest.mark.parametrize("name", GRAPHS)
def test_what_is_loaded_is_written_the_same(name):
    text = to_json(GRAPHS[name])
    assert to_json(gt.load(text)) == text


@pytest.mark.parametrize("name", GRAPHS)
def test_a_loaded_graph_draws_the_same_figure(name):
    assert back(GRAPHS[name]).to_svg() == GRAPHS[name].to_svg()


@pytest.mark.parametrize("name", GRAPHS)
def test_a_loaded_graph_has_the_same_value_in_the_same_structure(name):
    graph, loaded = GRAPHS[name], back(GRAPHS[name])
    assert repr(loaded.value) == repr(graph.value)
    assert repr(loaded.evaluate()) == repr(graph.evaluate())


def test_a_loaded_graph_goes_forward_and_backward():
    loaded = back(GRAPHS["lecture"])
    assert loaded.forward(a=6) == 36.0
    assert loaded.backward() == {"a": 3.0, "b": 6.0, "c": 9.0}


def test_gradients_of_containers_come_back_in_their_structure():
    graph = GRAPHS["network"]
    loaded, wanted = back(graph).backward(), graph.backward()
    assert loaded["params"]["W"].dtype == np.float32
    np.testing.assert_array_equal(loaded["params"]["W"], wanted["params"]["W"])
    np.testing.assert_array_equal(loaded["x"], wanted["x"])


def test_a_gradient_that_was_there_is_there_again():
    graph = gt.trace(lecture, a=5, b=3, c=2)
    assert "grad" not in back(graph).nodes["u"]
    graph.backward()
    assert back(graph).nodes["u"]["grad"] == 3.0


def test_a_branch_is_checked_after_loading_too():
    with pytest.raises(gt.BranchChanged, match=r"x > 1"):
        back(GRAPHS["branching"]).forward(x=0.5)


def test_an_error_that_was_caught_is_remembered():
    def f(A, x):
        try:
            return np.sum(np.linalg.inv(A)) * x
        except np.linalg.LinAlgError:
            return 2 * x

    loaded = back(gt.trace(f, np.zeros((2, 2)), 3.0))
    assert loaded.forward(x=4.0) == 8.0
    with pytest.raises(gt.BranchChanged):
        loaded.forward(A=np.eye(2))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.real if np.isrealobj(np.real_if_close(x)) else x,
        lambda x: np.emath.sqrt(x),
        lambda x: np.trim_zeros(np.stack([x, x * 0.0])),
        lambda x: int(x) * x,
    ],
)
def test_decisions_of_numpy_are_written_too(f):
    graph = gt.trace(f, 1.0)
    assert to_json(back(graph)) == to_json(graph)


def test_a_file_a_path_a_stream_and_a_text_are_read(tmp_path):
    graph = GRAPHS["lecture"]
    graph.render(tmp_path / "J.json")
    text = (tmp_path / "J.json").read_text("utf-8")
    with (tmp_path / "J.json").open("rb") as file:
        loaded = [gt.load(file)]
    loaded += [gt.load(str(tmp_path / "J.json")), gt.load(io.StringIO(text)), gt.load(text)]
    assert [graph.value for graph in loaded] == [33.0] * 4


def test_json_says_what_another_program_needs():
    graph = gt.trace(lecture, a=5, b=3, c=2)
    graph.backward()
    said = json.loads(to_json(graph))
    (u,) = (node for node in said["nodes"] if node["name"] == "u")
    assert (u["op"], u["value"], u["grad"]) == ("multiply", 6.0, 3.0)
    assert u["formula"] == {"text": "b*c", "latex": r"b \, c"}
    edge = said["edges"][0]
    assert (edge["from"], edge["to"], edge["position"], edge["local"]) == ("b", "u", 0, 2.0)
    assert edge["symbol"]["text"] == "c"


VALUES = [
    *(None, True, 3, -0.0, 1.5, math.inf, -math.inf, math.nan, -math.nan, 1 - 2j, "a\ud800"),
    *((1, [2.0, None]), {"a": (1,), 2: []}, slice(None, 3, -1), ..., np.float32, float, np.mean),
    *(np.float32(0.1), np.float64(-0.0), np.uint64(2**64 - 1), np.complex64(1j), np.bool_(True)),
    *(np.array(2.0), np.zeros((0, 3)), np.float16([1e-7, np.nan]), np.array([True, False])),
    *(np.arange(6, dtype=">i2").reshape(2, 3), np.array([1.5, -np.inf], ">f4")),
    *(np.array([1 + 2j, np.nan]), -np.array([np.nan]), np.arange(6.0).reshape(2, 3).T),
    *(np.random.default_rng(0).normal(size=5000), np.array([1, 3], np.longdouble) / 3),
]


@pytest.mark.parametrize("x", VALUES, ids=lambda x: repr(getattr(x, "__name__", x))[:30])
def test_a_value_comes_back_with_every_bit(x):
    y = decode(json.loads(json.dumps(encode(x, "x"))))
    assert type(y) is type(x)
    if isinstance(x, np.ndarray | np.generic):
        assert (y.dtype, y.dtype.byteorder, y.shape) == (x.dtype, x.dtype.byteorder, x.shape)
        assert np.asarray(y).flags.f_contiguous == np.asarray(x).flags.f_contiguous
        if x.dtype.char != "g":  # its padding is anything
            assert y.tobytes() == x.tobytes()
    if isinstance(x, float):
        assert math.copysign(1, y) == math.copysign(1, x)
    assert repr(y) == repr(x)


@given(st.lists(st.floats(width=64), max_size=5), st.complex_numbers())
def test_any_float_comes_back_with_every_bit(entries, z):
    x = np.array(entries)
    assert decode(json.loads(json.dumps(encode(x, "x")))).tobytes() == x.tobytes()
    assert repr(decode(json.loads(json.dumps(encode(z, "z"))))) == repr(z)


@pytest.mark.parametrize("name", ["save", "load", "memmap", "fromfile", "__loader__", "no", 1])
def test_only_functions_that_are_traced_are_read(name):
    with pytest.raises((ValueError, TypeError)):
        decode({"function": name})
    assert decode({"function": "mean"}) is np.mean


def test_a_function_that_is_a_parameter_cannot_be_written():
    graph = gt.trace(lambda f, x: f(x), lambda x: 2 * x, 3.0)
    with pytest.raises(gt.ArgumentError, match=r"^parameter f is <function .* cannot be written"):
        to_json(graph)


def test_an_operation_without_a_name_cannot_be_written():
    graph = gt.trace(lecture, a=5, b=3, c=2)
    row = graph.nodes["u"]["row"]
    secret = Primitive("secret", operator.mul, partials=(1, 1))
    graph.nodes["u"]["row"] = row._replace(primitive=secret)
    with pytest.raises(gt.ArgumentError, match="u is computed by secret, which is not to be found"):
        to_json(graph)


def test_a_failed_save_leaves_no_file(tmp_path):
    graph = gt.trace(lambda f, x: f(x), lambda x: 2 * x, 3.0)
    with pytest.raises(gt.ArgumentError):
        graph.render(tmp_path / "f.json")
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_graph_or_a_picture_is_not_a_graph_to_write():
    graph = GRAPHS["lecture"]
    with pytest.raises(gt.ArgumentError, match="lacks an input or output"):
        to_json(graph.subgraph(["a", "b"]))
    with pytest.raises(gt.RenderError, match="a Figure is a picture: write the graph itself"):
        graph.figure().render(io.StringIO(), format="json")
    with pytest.raises(gt.RenderError, match="step= is not told"):
        graph.render(io.StringIO(), format="json", step="dJ/dv")


DAMAGE = [
    ("", r"damaged"),
    ("[1, 2]", r"no graph of graphtrace"),
    ('{"format": "graphtrace", "version": 99}', r"version 99 .* reads version 1"),
    ('{"format": "graphtrace"}', r"damaged"),
    ('{"format": "graphtrace", "version": NaN}', r"damaged"),
    ('{"a":' * 100_000, r"damaged|nested too deeply"),
]


@pytest.mark.parametrize(("text", "said"), DAMAGE, ids=range(len(DAMAGE)))
def test_what_is_no_graph_is_refused_in_one_sentence(text, said):
    with pytest.raises(gt.ArgumentError, match=said) as error:
        gt.load(io.StringIO(text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(gt.ArgumentError, match=r"gone\.json cannot be read \(No such file"):
        gt.load(tmp_path / "gone.json")
    (tmp_path / "J.json").write_bytes(b"\xff\xfe")
    with pytest.raises(gt.ArgumentError, match="no text in UTF-8"):
        gt.load(tmp_path / "J.json")


def changed(change, name="lecture"):
    said = json.loads(to_json(GRAPHS[name]))
    change(said)
    return json.dumps(said)


def primitive(said, name):
    said["nodes"][3]["row"]["primitive"] = name


def value(said, x):
    said["nodes"][3]["value"] = x


EVIL = {
    "an unknown primitive": lambda s: primitive(s, "os.system"),
    "a module that is not imported": lambda s: primitive(s, "this:s"),
    "a function that is no primitive": lambda s: primitive(s, "os:system"),
    "an attribute of a module": lambda s: primitive(s, "graphtrace.core.primitive:PRIMITIVES"),
    "an object array": lambda s: value(s, {"array": {"dtype": "|O", "shape": [1], "data": [1]}}),
    "a record array": lambda s: value(s, {"array": {"dtype": "f8,f8", "shape": [1], "data": [1]}}),
    "a huge array": lambda s: value(s, {"array": {"dtype": "<f8", "shape": [10**12], "data": []}}),
    "a negative shape": lambda s: value(
        s, {"array": {"dtype": "<f8", "shape": [-1, -2], "data": [1.0, 2.0]}}
    ),
    "a text for a number": lambda s: value(s, "6"),
    "an unknown kind": lambda s: value(s, {"pickle": "gASVBgAAAAAAAACMAm9zlC4="}),
    "a type that is none": lambda s: value(s, {"type": "memmap"}),
    "a function that writes": lambda s: value(s, {"function": "save"}),
    "an operand that comes later": lambda s: s["nodes"].reverse(),
    "a node twice": lambda s: s["nodes"].append(s["nodes"][0]),
    "an operand too few": lambda s: s["nodes"][3]["row"]["operands"].pop(),
    "an input that is not there": lambda s: s["inputs"].append("z"),
    "a test that is none": lambda s: s["branches"].append(
        {"index": 3, "test": "eval", "operands": [], "outcome": 1, "text": "", "source": None}
    ),
    "a parameter of another kind": lambda s: s["parameters"].update(a={"exec": "import os"}),
}


@pytest.mark.parametrize("name", EVIL)
def test_nothing_in_the_text_is_executed(name, capfd):
    with pytest.raises(gt.ArgumentError, match=r"damaged|not known here") as error:
        gt.load(changed(EVIL[name]))
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def paths(said, path=()):
    yield path
    if isinstance(said, dict | list):
        for key, item in said.items() if isinstance(said, dict) else enumerate(said):
            yield from paths(item, (*path, key))


JUNK = st.one_of(
    st.none(), st.integers(-3, 3), st.floats(), st.text(max_size=3), st.just([]), st.just({})
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(["network", "branching", "several", "matrix"]), st.data())
def test_any_damage_is_said_in_one_sentence_or_does_no_harm(name, data):
    said = json.loads(to_json(GRAPHS[name]))
    *before, last = data.draw(st.sampled_from(list(paths(said))[1:]))
    at = said
    for key in before:
        at = at[key]
    at[last] = data.draw(JUNK)
    try:
        gt.load(json.dumps(copy.deepcopy(said)).replace("NaN", "null").replace("Infinity", "1"))
    except gt.ArgumentError as error:
        assert "\n" not in str(error)  # noqa: PT017


OWN = """\
import graphtrace as gt

@gt.primitive(partials=(lambda x, y: 3 * x**2,))
def cube(x):
    return x**3
"""


def test_a_primitive_of_one_s_own_is_found_where_its_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "rules_of_mine.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    import rules_of_mine

    text = to_json(gt.trace(lambda x: 2 * rules_of_mine.cube(x), 2.0))
    loaded = gt.load(text)
    assert (loaded.forward(x=3.0), loaded.backward()) == (54.0, {"x": 24.0})
    monkeypatch.delitem(sys.modules, "rules_of_mine")
    with pytest.raises(gt.ArgumentError, match="rules_of_mine:cube', which is not known here"):
        gt.load(text)
    assert "rules_of_mine" not in sys.modules


def test_a_function_without_parameters_is_compiled_after_loading():
    assert gt.load(to_json(gt.trace(lambda: 3.0))).compile()() == (3.0, {})


@pytest.mark.parametrize("damage", ["nodes", "branches", "signature"])
def test_what_is_used_before_it_is_there_is_damage(damage):
    said = json.loads(to_json(gt.trace(branching, 2.0)))
    if damage == "nodes":
        said["nodes"][0]["index"] = 99
    elif damage == "branches":
        said["branches"][0]["index"] = -1
    else:
        said["signature"] *= 2
    with pytest.raises(gt.ArgumentError, match="is damaged"):
        gt.load(json.dumps(said))
