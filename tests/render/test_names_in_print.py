"""Names that cannot lie: different nodes have different printed names, in every format."""

import functools
import linecache
import random
import re
import unicodedata
from collections import Counter
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fuzz.budget import cases
from reading import lines, read

import graphtrace as gt
from graphtrace.document.write import to_json
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import plain
from graphtrace.render import to_mermaid, to_svg, to_text, to_tikz

LOCALS = """
    z2 z_2 x x1 x_1 x2 x_2 x0 f h h_2 h2 v v1 v_1 v2 w w1 w_1 alpha α alpha_1 α1 lam lambda_ x_hat x̂
    x_bar x_dot v_bar ẋ W1 W_1 loss loss2 loss_2 batch_norm learning_rate b ab a eps epsilon β̂ θ̃
    pi Pi Π Pi_1 t_1 t1 _x x_ x__1 W_ih params xs d dv x_ij x_i_j x12 x1_2
""".split()
TREES = {
    "params": "{'f': 1.25, 'b': {'W': 0.5}, 'c': {'W': 0.75}, 'W1': 2.0, 'x_1': 1.5}",
    "xs": "[1.5, 0.5, [0.25, 2.0]]",
    "x": "[1.5, 0.5]",
    "h": "[{'W': 1.1}, {'W': 0.9}]",
}
LEAVES = {
    "params": ["['f']", "['b']['W']", "['c']['W']", "['W1']", "['x_1']"],
    "xs": ["[0]", "[1]", "[2][0]", "[2][1]"],
    "x": ["[0]", "[1]"],
    "h": ["[0]['W']", "[1]['W']"],
}
OPERATIONS = ["{}*{}", "{} + {}", "{} - {}*2", "np.tanh({}) * {}", "({} + 1)*({} - 0.5)"]


@functools.cache
def program(seed):
    """A traced function of a few confusable names."""
    chance = random.Random(seed)
    trees = [name for name in TREES if chance.random() < 0.35]
    names = [name for name in chance.sample(LOCALS, 7) if name not in trees]
    inputs, assigned = names[:2], names[2:]
    values = [*inputs, *(tree + leaf for tree in trees for leaf in LEAVES[tree])]
    body = []
    for name in assigned:
        operation = chance.choice(OPERATIONS)
        body.append(f"    {name} = {operation.format(*chance.choices(values, k=2))}")
        values.append(name)
    source = f"def f({', '.join([*trees, *inputs])}):\n" + "\n".join(body)
    source += f"\n    return {' + '.join(assigned[-3:])}, {inputs[0]}\n"
    file = f"<program {seed}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {"np": np}
    exec(compile(source, file, "exec"), space)
    arguments = [eval(TREES[tree]) for tree in trees]  # noqa: S307
    return gt.trace(space["f"], *arguments, *(1.5 + i / 4 for i in range(len(inputs))))


def name_of(line):
    """What stands before the first sign of equality."""
    return line.partition(" = ")[0].strip()


def in_svg(graph):
    root = ET.fromstring(to_svg(graph, limit=100, dead=True))
    groups = [g for g in root.iter() if "node" in g.get("class", "").split()]
    own = [g for g in groups if "copy" not in g.get("class")]
    return {g.get("data-node"): name_of(read(lines(g)[0])) for g in own}


def in_text(graph):
    rows = to_text(graph, limit=100, dead=True, columns=10_000).splitlines()[2:]
    return dict(zip(graph, map(name_of, rows), strict=False))


def in_tikz(graph):
    tikz = to_tikz(graph, limit=100, dead=True)
    found = re.findall(r"\(node-([^)]*)\) at .*\n.*?\\displaystyle (.*?)\$\}\\ifdim", tikz)
    return {key: name_of(said) for key, said in found if not re.search(r"-copy(-\d+)?$", key)}


def in_mermaid(graph):
    boxes = re.findall(
        r'^  n\d+[\[(]"(.*?)"[\])]:::(\w+)', to_mermaid(graph, limit=100, dead=True), re.M
    )
    return {
        i: name_of(said.split("<br/>")[0]) for i, (said, kind) in enumerate(boxes) if kind != "copy"
    }


def in_latex(graph):
    rows = graph.wengert().to_latex().split("\\midrule\n")[1].split(" \\\\\n")[:-1]
    return {i: row.partition(" & ")[0] for i, row in enumerate(rows)}


def in_table(graph):
    rows = str(graph.wengert()).splitlines()[4:]
    return {i: re.split(r"  +", row)[0] for i, row in enumerate(rows)}


def on_one_level(name):
    """The letters alone, without what raises, lowers or slants them."""
    if "{" in name or "$" in name:
        name = re.sub(r"\\(mathit|mathrm|text)\b|(?<!\\)[{}_$ ]|\\ ", "", name)
    return unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize("printed", [in_svg, in_text, in_tikz, in_mermaid, in_latex, in_table])
def test_different_nodes_have_different_names(printed):
    laid_out = printed in (in_svg, in_tikz, in_mermaid)  # which takes time
    for seed in range(cases(30, 200) if laid_out else 200):
        graph = program(seed)
        names = printed(graph)
        assert len(names) == len(graph), seed
        for level in (str, on_one_level):
            twice = [name for name, n in Counter(map(level, names.values())).items() if n > 1]
            assert not twice, (seed, names)


def printed(*keys, temporaries=()):
    return [plain(spelling.runs()) for spelling in Naming(keys, temporaries).values()]


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["z_2"], ["z₂"]),
        (["a_long_name", "x_i_j"], ["a_long_name", "x_(i,j)"]),
        (["z2", "z_2"], ["z2", "z_2"]),
        (["x", "x2"], ["x", "x₂"]),
        (["x1", "x_1"], ["x1", "x_1"]),
        (["params['f']"], ["f"]),
        (["params['f']", "f"], ["params['f']", "f"]),
        (["x[0]", "x0"], ["x[0]", "x0"]),
        (["alpha"], ["α"]),
        (["alpha", "α"], ["alpha", "α"]),
        (["x_hat", "x̂"], ["x_hat", "x̂"]),
        (["lam"], ["λ"]),
        (["lam", "lambda_"], ["lam", "lambda_"]),
        (["x_bar"], ["x̄"]),
        (["x_bar", "x"], ["x_bar", "x"]),  # x̄ is the adjoint of x
        (["p.x", "p.y"], ["x", "y"]),
        (["p.x", "q.x"], ["p.x", "q.x"]),
        (["a\nb", "a b"], ["a b", "a b′"]),
    ],
)
def test_a_name_has_its_natural_form_where_nothing_else_claims_it(keys, names):
    assert printed(*keys) == names


def test_temporaries_take_a_letter_that_the_function_does_not_use():
    assert printed("a", "v1", temporaries=["v1"]) == ["a", "v₁"]
    assert printed("v", "w", "v1", temporaries=["v1"]) == ["v", "w", "t₁"]

    def f(v, a):
        v1 = v * a
        return v1 * (v + 2)

    graph = gt.trace(f, 3.0, 2.0)
    assert list(graph) == ["v", "a", "v1", "v2", "f"]
    assert list(in_table(graph).values()) == ["v", "a", "v₁", "w₂", "f"]
    copy = gt.load(to_json(graph))
    assert list(in_table(copy).values()) == ["v", "a", "v₁", "w₂", "f"]


def test_an_entry_that_would_read_as_a_variable_has_brackets():
    def f(x):
        x0 = x[0] * 2
        return x0 + x[1]

    assert "x0 = 2·x[0]" not in str(gt.trace(f, np.ones(2)).wengert())
    text = to_text(gt.trace(f, np.ones(2)))
    assert "v₁ = x[0]" in text
    assert "v₂ = x₁" in text


def test_a_constant_with_the_name_of_a_node_is_told_by_its_entries():
    def helper(x, w):
        return x @ w

    def f(w):
        return np.sum(w) * helper(np.array([1.0, 2.0]), np.array([3.0, 4.0])) + helper(
            w, np.array([5.0, 6.0])
        )

    assert "w·[5, 6]" in to_text(gt.trace(f, np.ones(2)))
