"""A statement with a comprehension: what its box says is computed here and is what was traced."""

import math
import re

import numpy as np
import pytest
from figures.loops import LINES

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.parts import Definition, Note

RATE = 0.5
WEIGHTS = [1.0, 4.0, 2.0, 4.0, 1.0]
SCOPE = {"exp": np.exp, "log": np.log, "maximum": np.maximum, "sin": np.sin, "sqrt": np.sqrt}
XS = [0.3, 1.0, -0.5, 2.0, 0.7]


def lines_in(f, args, limit=2):
    folded = fold(gt.trace(f, *args), detail="calls", limit=limit, dead=False)
    parts = [part for _, data in folded.nodes(data=True) for part in data.get("parts", ())]
    assert not any("operation" in part.text for part in parts if isinstance(part, Note))
    return [part for part in parts if getattr(part, "formula", None) is not None]


def texts_in(f, args, limit=2):
    return [f"{one.name} {one.sign} {one.formula}" for one in lines_in(f, args, limit)]


@pytest.mark.parametrize("f", LINES, ids=lambda f: f.__name__)
def test_a_box_says_what_a_person_would_say(f):
    args, lines = LINES[f]
    said = texts_in(f, args)
    assert [line for line in said if line in lines] == lines


def by_what_is_said(f, args):
    """The value of the function, computed by the lines of the boxes."""
    scope = {**SCOPE, **dict(zip(f.__code__.co_varnames, args, strict=False))}
    for one in lines_in(f, args):
        assert isinstance(one, Definition)
        text = re.sub(r"= (\S+) … (\d+)", r"in range(\1, \2 + 1)", str(one.formula))
        if " for " in text and not text.startswith("sum("):
            text = f"[{text}]"
        exec(f"{one.name} = {text}", scope)
    return scope[one.name]


def of_a_condition(a, xs):
    ys = [a * x if x > 0 else a - x for x in xs]
    return sum(y * y for y in ys)


def of_a_filter(a, xs):
    return sum(np.exp(-a * x) * np.sin(x) for x in xs if x > 0)


def of_constants(a, x):
    n = 2 * 4
    step = 0.25
    return sum(np.sin(a * k * step) * x**k / RATE for k in range(n))


def of_two(a, xs):
    return sum(a * x * y - np.exp(-x * y) * a for x in xs for y in xs)


def of_a_local_value(a, b, xs):
    c = a * b
    d = c - b
    return sum((c * x - d) ** 2 + np.sqrt(c * c + d * d) for x in xs)


EACH = {
    of_a_condition: (2.0, XS),
    of_a_filter: (2.0, XS),
    of_constants: (2.0, 0.5),
    of_two: (2.0, XS),
    of_a_local_value: (2.0, 3.0, XS),
    **{f: args for f, (args, lines) in LINES.items() if "←" not in "".join(lines)},
}


@pytest.mark.parametrize("f", EACH, ids=lambda f: f.__name__)
def test_by_what_the_boxes_say_one_comes_to_what_the_function_comes_to(f):
    assert math.isclose(by_what_is_said(f, EACH[f]), f(*EACH[f]), rel_tol=1e-12)


def test_a_short_sum_is_written_out():
    def f(xs, w):
        s = sum(w * x**2 for x in xs)
        return s

    assert texts_in(f, ([1.0, 2.0], 3.0)) == ["s = w*xs[0]**2 + w*xs[1]**2"]


def test_constants_of_the_module_and_of_a_closure_are_numbers():
    c = 0.75

    def f(a, xs):
        return sum(RATE * a * x + c * np.exp(x) for x in xs)

    assert texts_in(f, (2.0, XS)) == ["f = sum(0.5*a*x + 0.75*exp(x) for x in xs)"]


def test_a_part_of_a_statement_is_not_told_as_all_of_it():
    def f(a, b, xs):
        return sum((a * x + b - x) ** 2 for x in xs)

    graph = gt.trace(f, 2.0, 1.0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    for limit in range(2, 20):
        folded = fold(graph, detail="operations", limit=limit, dead=False)
        for _, data in folded.nodes(data=True):
            for part in data.get("parts", ()):
                is_all = "f" in data.get("exports", ())
                assert is_all or " for " not in str(getattr(part, "formula", ""))


def test_a_loop_beside_other_statements_says_how_often():
    def f(x, r):
        a = x * r
        b = a + r
        for _ in range(6):
            b = r * b * (1 - b)
        return b + a

    folded = fold(gt.trace(f, 0.5, 0.9), detail="operations", limit=4)
    (parts,) = (
        data["parts"] for _, data in folded.nodes(data=True) if len(data.get("parts", ())) > 3
    )
    assert Note("6 times") in parts


# What is not told


def of_a_list_of_the_module(a):
    return sum(a * w + np.exp(a * w) for w in WEIGHTS)


def of_a_changed_list(a, xs):
    ys = [2.0, 3.0]
    ys += xs
    return sum(a * y + np.exp(a * y) for y in ys)


def of_a_counter(a, xs):
    seen = iter(range(9))
    return sum(a * x + next(seen) * np.exp(a * x) for x in xs)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (of_a_list_of_the_module, (2.0,)),
        (of_a_changed_list, (2.0, XS)),
        (of_a_counter, (2.0, XS)),
    ],
)
def test_what_cannot_be_computed_again_is_not_told(f, args):
    assert not any(" for " in line for line in texts_in(f, args))


def test_a_function_of_the_user_that_has_a_known_name_stands_as_in_the_source():
    def exp(x):
        return 2 * x * x

    def f(a, xs):
        return sum(exp(a * x) + a for x in xs)

    assert texts_in(f, (2.0, XS)) == ["f = sum(exp(a * x) + a for x in xs)"]


def of_an_entry(z):
    e = [np.exp(v - max(z)) for v in z]
    return e[0] / sum(e)


def test_an_entry_of_a_list_is_told_by_the_entries_of_the_figure():
    graph = gt.trace(of_an_entry, [0.1, 0.7, -0.3, 0.2])
    folded = fold(graph, detail="statements", limit=20, dead=False)
    texts = [
        str(p.formula)
        for _, d in folded.nodes(data=True)
        for p in d.get("parts", ())
        if isinstance(p, Definition)
    ]
    assert texts[-1] == "v2/(v2 + v4 + v6 + v8)"


def of_a_series(x, terms=5):
    return sum((-1) ** k * x ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(terms))


def test_an_argument_that_is_only_counted_to_is_told_by_its_number():
    (line,) = texts_in(of_a_series, (0.8,))
    assert line == "of_a_series = sum((-1)**k*x**(2*k + 1)/factorial(2*k + 1) for k = 0 … 4)"
