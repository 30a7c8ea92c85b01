"""Files of strangers, damaged and made up: nothing in them runs, and all of it ends, in one error.

What is loaded is used in every way; each way works or raises one error of graphtrace's own.
"""

import builtins
import contextlib
import copy
import functools
import io
import json
import random
import sys
import time
import tracemalloc
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from fuzz.budget import cases
from samples import SAMPLES

import graphtrace as gt
from graphtrace.core.pytree import flatten
from graphtrace.document import to_json
from graphtrace.document.encoding import encode


def network(params, x, *rest, how="sum", **more):
    h = np.tanh(x @ params["W"] + params["b"])
    if np.sum(h) > 0:
        h = h[:, ::-1] ** 2
    return {"loss": np.mean(h), how: (h, rest[0] * 2.0)}


def branching(x, n):
    try:
        y = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        y = x * int(n)
    return np.sum(np.concatenate([y, np.unwrap(x, axis=0)])) ** 3


def lecture(a, b, c):
    return 3 * (a + b * c)


PARAMS = {"W": np.eye(2), "b": np.ones(2)}
OWN = [
    functools.partial(gt.trace, lecture, a=5, b=3, c=2),
    functools.partial(gt.trace, network, PARAMS, np.arange(4.0).reshape(2, 2), 3.0, key=1.0),
    functools.partial(gt.trace, branching, np.ones((2, 2)), 3),
    functools.partial(gt.trace, lambda z: abs(z * (1 + 2j)) ** 2, 1j),
    functools.partial(
        gt.trace, lambda x, i: np.sum(x[i, 1:]), np.arange(6.0).reshape(3, 2), np.array([0, 2])
    ),
]
MARK = "graphtrace_was_here"
CALL = f"__import__('builtins').__dict__.__setitem__('{MARK}', 1)"
TEXTS = [
    *(CALL, f"x, {CALL}", f"x={CALL}, y", f"a[{CALL}]", f"'+{CALL}+'", f'"+{CALL}+"'),
    *(f"{CALL}\n{CALL}", f"\r{CALL}", f"\u2028{CALL}#", f"){CALL}(", f"]{CALL}[", f"f'{{{CALL}}}'"),
    *(
        "<script>alert(1)</script>",
        "$(id)",
        "\\input{x}",
        "%",
        "{",
        "\x00",
        "\u202e",
        "",
        "a" * 300,
    ),
    *(
        "lambda",
        "__class__",
        "__builtins__",
        "eval",
        "open",
        "os",
        "np",
        "ﬁ",
        "None",
        "f2py",
        "out",
    ),
    *("O", "<f8", "|S999999999", "mean", "save", "node", "constant", "os:system", "axis", "\ud800"),
    *("add", "power", "unwrap", "einsum", "input", "ij->", "...,...", "var_positional", "0" * 5000),
]
NUMBERS = [0, 1, -1, 2, 3, 7, 64, 2**31, 2**63, -(2**63), 10**12, 10**400, 0.5, -0.0, 1e308]
JUNK = [
    *(None, True, [], {}, [[]], [[0, 1], [1, 0]], {"tuple": []}, {"dict": [["a", 1]]}),
    *(
        {"float": "nan"},
        {"ellipsis": True},
        {"missing": True},
        {"operand": 0},
        {"complex": [1.0, 2.0]},
    ),
    *({"function": "mean"}, {"function": "f2py"}, {"type": "float32"}, {"dtype": "<f4"}),
    *({"slice": [None, None, -1]}, encode(np.ones((1, 9)), ""), encode(np.ones((9, 1)), "")),
    *(encode(np.array([0, 10**9, 2]), ""), encode(np.array([True, False]), "")),
]
FORMATS = ["html", "tikz", "dot", "mermaid", "graphml", "json"]


@functools.cache
def texts():
    """The files that are damaged: those above, and a sample of each operation."""
    graphs = [own() for own in OWN]
    graphs[0].backward()
    last = [samples[-1] for samples in SAMPLES.values()]
    graphs += [gt.trace(functools.partial(sample.f, np), *sample.args) for sample in last]
    return [to_json(graph) for graph in graphs]


# Damage.


def places(document, path=()):
    if path:
        yield path
    if isinstance(document, dict | list):
        for key, item in document.items() if isinstance(document, dict) else enumerate(document):
            yield from places(item, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def damage(document, other, rng):
    """Change one place of a document; more often than not one that is read."""
    paths = list(places(document))
    if rng.random() < 0.7:
        paths = [path for path in paths if path[0] != "edges" and "formula" not in path] or paths
    *before, last = rng.choice(paths)
    parent = at(document, before)
    match rng.randrange(8):
        case 0:
            del parent[last]
        case 1 if isinstance(parent, dict):
            parent[rng.choice(TEXTS)] = parent.pop(last)
        case 2 if isinstance(parent, list):
            parent.insert(last, copy.deepcopy(rng.choice([parent[last], *JUNK])))
        case 3:
            parent[last] = copy.deepcopy(at(document, rng.choice(paths)))
        case 4:
            parent[last] = at(other, rng.choice(list(places(other))))
        case 5:
            parent[last] = rng.choice(TEXTS)
        case 6:
            parent[last] = rng.choice(NUMBERS)
        case _:
            parent[last] = copy.deepcopy(rng.choice(JUNK))


def change_param(document, rng):
    """Give a row a param more, or one of its params another name or value."""
    rows = [node["row"] for node in document["nodes"] if node["row"]["operands"]]
    params = rng.choice(rows)["params"] if rows else []
    value = copy.deepcopy(rng.choice([*TEXTS, *NUMBERS, *JUNK]))
    if params and rng.random() < 0.7:
        rng.choice(params)[rng.random() < 0.7] = value
    else:
        params.append([rng.choice(["axis", "dtype", "out", "where", "n", *TEXTS]), value])


def damaged(rng):
    """A file that is wrong in one place, or in a few."""
    document, other = (json.loads(rng.choice(texts())) for _ in range(2))
    if rng.random() < 0.4:
        change_param(document, rng)
    for _ in range(rng.choice([0, 1, 1, 2])):
        damage(document, other, rng)
    return json.dumps(document)


# Use.


def ways(graph):
    """Everything that a loaded graph is good for."""
    leaves, structure = flatten(graph.value)
    ones = iter([np.ones_like(graph.nodes[key]["value"]) for key in graph.outputs])
    seed = structure([next(ones, None) for _ in leaves])
    return [
        graph.forward,
        lambda: graph.backward(seed=seed),
        lambda: called(graph, graph.compile(seed=seed)),
        lambda: graph.to_python(seed=seed),
        lambda: ET.fromstring(graph.to_svg()),
        graph.to_text,
        lambda: [graph.render(io.StringIO(), format=format) for format in FORMATS],
    ]


def called(graph, function):
    """The compiled function of the arguments of the trace."""
    args, kwargs = [], {}
    for parameter in graph.graph["signature"]:
        tree = graph.graph["parameters"][parameter.name]
        x = tree.structure([graph._leaf_value(leaf) for leaf in tree.leaves])
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += x
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs |= x
        elif parameter.kind is parameter.KEYWORD_ONLY:
            kwargs[parameter.name] = x
        else:
            args.append(x)
    return function(*args, **kwargs)


def use(text, chosen):
    """Load the text and use the graph in the chosen ways."""
    try:
        graph = gt.load(io.StringIO(text))
    except gt.GraphtraceError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert "MemoryError" not in str(error), text[:4000]  # noqa: PT017
        return
    for way in chosen(ways(graph)):
        with contextlib.suppress(gt.GraphtraceError):
            way()


@pytest.fixture
def bounded():
    """What takes gigabytes after all fails, instead of taking the memory of the whole machine."""
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + 2**32
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def nothing_ran(monkeypatch, tmp_path, bounded):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "numpy.f2py", raising=False)  # of an earlier test
    yield
    assert not hasattr(builtins, MARK)
    assert list(tmp_path.iterdir()) == []
    assert "numpy.f2py" not in sys.modules


@pytest.mark.parametrize("seed", range(cases(8, 400)))
def test_a_damaged_file_is_refused_or_does_no_harm(seed, nothing_ran):
    rng = random.Random(seed)
    for _ in range(12):
        text = damaged(rng)
        began = time.perf_counter()
        try:
            use(text, lambda ways: rng.sample(ways, 3))
        except Exception as error:
            error.add_note(text)
            raise
        assert time.perf_counter() - began < 10, text


# Files that ask for much.

LARGE = [10**9, 10**13, -(10**9), [[10**9, 10**9]], {"tuple": [10**9] * 2}, {"tuple": [5000] * 4}]
SHAPES = [((20000, 1), (1, 20000)), ((20000,), (20000, 1)), ((3, 10000), (10000, 3))]


def enlarged(document, rng):
    """The document with a param that is a large number, or with large operands."""
    rows = [node["row"] for node in document["nodes"] if node["row"]["operands"]]
    row = rng.choice([row for row in rows if row["params"]] or rows)
    if row["params"] and rng.random() < 0.7:
        rng.choice(row["params"])[1] = rng.choice(LARGE)
        return document
    shapes, fill = rng.choice(SHAPES), rng.choice([0, 1, 300])
    values = {operand.get("node"): shapes[k % 2] for k, operand in enumerate(row["operands"])}
    for node in document["nodes"]:
        if node["name"] in values and not node["row"]["operands"]:
            node["value"] = encode(np.full(values[node["name"]], fill, np.int16), "")
    return document


@pytest.mark.parametrize("name", random.Random(1).sample(sorted(SAMPLES), cases(16, len(SAMPLES))))
def test_a_file_that_asks_for_much_is_refused_before_it_gets_it(name, nothing_ran):
    rng = random.Random(name)
    sample = SAMPLES[name][-1]
    text = to_json(gt.trace(functools.partial(sample.f, np), *sample.args))
    for _ in range(cases(2, 12)):
        large = json.dumps(enlarged(json.loads(text), rng))
        began = time.perf_counter()
        tracemalloc.start()
        try:
            use(large, lambda ways: ways[:3])
            assert tracemalloc.get_traced_memory()[1] < 50e6 + 200 * len(large), large[:4000]
        finally:
            tracemalloc.stop()
        assert time.perf_counter() - began < 10, large[:4000]
