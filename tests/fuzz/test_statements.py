"""Random programs of statements, loops, helpers and comprehensions: what is printed is true."""

import linecache
import math
import random

import numpy as np
import pytest
from fuzz.budget import cases

import graphtrace as gt
from graphtrace.core.primitive import primitive_named
from graphtrace.errors import UnknownPrimitive
from graphtrace.figure.chain import times_local
from graphtrace.figure.fold import fold
from graphtrace.formula.term import Name, Text

HELPERS = """
import functools
import numpy as np

def h1(z):
    return 1 / (1 + np.exp(-z))

def h2(x, w):
    z = w * x + 0.1
    y = np.tanh(z)
    return y - 0.2 * x

def h3(a, b):
    return h2(h1(a), b) + a
"""
DETAILS = [
    {"detail": "statements"},
    {"detail": "statements", "dead": False},
    {"detail": "calls", "limit": 0, "dead": False},
    {"detail": "calls", "limit": 6},
]


class Writer:
    """Writes one random program; the names are few, so that most are assigned again."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def name(self, names):
        return self.chance.choice(names)

    def expression(self, names, depth=0):
        kind, inner = self.chance.random(), depth + 1
        if depth > 2 or kind < 0.25:
            is_name = self.chance.random() < 0.85
            return self.name(names) if is_name else f"{self.chance.uniform(0.2, 2):.1f}"
        if kind < 0.6:
            left, right = self.expression(names, inner), self.expression(names, inner)
            return f"({left} {self.chance.choice('+-*')} {right})"
        if kind < 0.7:
            function = self.chance.choice(["sin", "tanh", "exp", "cos"])
            return f"np.{function}(0.3*{self.expression(names, inner)})"
        if kind < 0.8:
            return f"h1({self.expression(names, inner)})"
        if kind < 0.88:
            return f"h2({self.expression(names, inner)}, {self.name(names)})"
        if kind < 0.92:
            return f"h3({self.name(names)}, {self.name(names)})"
        three = ", ".join(self.name(names) for _ in range(3))
        if kind < 0.95:
            return f"sum([{three}])"
        if kind < 0.97:
            return f"sum(q*{self.name(names)} for q in [{three}])"
        return f"functools.reduce(lambda p, q: p*q + 0.1, [{three}])"

    def body(self, names, indent, depth=0):
        lines = []
        for _ in range(self.chance.randint(2, 5)):
            kind, target = self.chance.random(), self.chance.choice("uvwxyzst")
            if kind < 0.5:
                lines.append(f"{indent}{target} = {self.expression(names)}")
            elif kind < 0.6:
                target, sign = self.name(names), self.chance.choice("+-*")
                lines.append(f"{indent}{target} {sign}= {self.expression(names, 1)}")
            elif kind < 0.7:
                other = self.chance.choice("pqmn")
                right = f"{self.expression(names, 1)}, {self.expression(names, 1)}"
                lines.append(f"{indent}{target}, {other} = {right}")
                names.append(other)
            elif kind < 0.8 and depth < 2:
                lines.append(f"{indent}for _ in range({self.chance.randint(2, 4)}):")
                lines += self.body(names, indent + "    ", depth + 1)
                continue
            elif kind < 0.9:
                lines.append(f"{indent}{target} = [{self.expression(names, 1)} for _ in range(3)]")
                lines.append(f"{indent}{target} = {target}[0] + {target}[2]")
            else:
                lines.append(f"{indent}{target} = {self.name(names)}")
            names.append(target)
        return lines

    def source(self):
        names = ["a", "b", "c"]
        lines = self.body(names, "    ")
        result = f"    return {self.expression(names)} + {self.name(names)}"
        return "\n".join([HELPERS, "def f(a, b, c):", *lines, result, ""])


def program(seed):
    """A function, and the helpers that it calls."""
    source, file = Writer(seed).source(), f"<statements {seed}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {}
    exec(compile(source, file, "exec"), space)
    return space["f"], space


def value_of(graph, term, space):
    """What a formula comes to; None where the text of the source stands in its place."""
    if isinstance(term.atom, Name):
        return graph.nodes[term.atom.key]["value"] if term.atom.key in graph else None
    if term.primitive is None:
        return None if isinstance(term.atom, Text) else term.atom
    operands = [value_of(graph, operand, space) for operand in term.operands]
    if any(operand is None for operand in operands):
        return None
    try:
        known = primitive_named(term.primitive.name) is term.primitive
    except UnknownPrimitive:
        known = False
    name = term.primitive.name
    function = term.primitive.forward if known else space.get(name) or getattr(np, name)
    return function(*operands, **term.params)


def gradient_of(folded, key):
    """By the chain rule from what follows; None where a folded box hands on several values."""
    total = 0.0
    for _, head, edge in folded.out_edges(key, data=True):
        if "grad" not in folded.nodes[head] or "untold" in edge or "by" in edge:
            return None
        total = total + times_local(folded.nodes[head]["grad"], edge["local"])
    return total


@pytest.mark.parametrize(
    "options", DETAILS, ids=lambda options: "-".join(map(str, options.values()))
)
def test_what_is_printed_of_a_random_program_is_what_was_computed(options):
    for seed in range(cases(60, 4000)):
        f, space = program(seed)
        with np.errstate(all="ignore"):
            graph = gt.trace(f, 0.5, 0.7, 1.1)
            graph.backward()
            folded = fold(graph, **options)
            for key, data in folded.nodes(data=True):
                symbol = data.get("formula")
                value = None if symbol is None else value_of(graph, symbol.term, space)
                if value is not None and np.isfinite(data["value"] or np.nan):
                    assert np.isclose(value, data["value"], rtol=1e-9), (seed, key)
                back = gradient_of(folded, key) if folded.out_degree(key) else None
                # What overflows, 0 · inf, is nan in one order and not in another.
                if back is not None and np.isfinite(back) and key not in folded.graph["outputs"]:
                    assert np.isclose(back, data["grad"], rtol=1e-8), (seed, key)
            for tail, head, edge in folded.edges(data=True):
                if "symbol" in edge and math.isfinite(edge["local"]):
                    slope = value_of(graph, edge["symbol"].term, space)
                    near = {"rel_tol": 1e-7, "abs_tol": 1e-12}
                    assert math.isclose(slope, edge["local"], **near), (seed, tail, head)
