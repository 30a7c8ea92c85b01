"""Numbers that change from run to run of a loop: by what its box says, one gets its value."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.parts import Definition, Note


def box_of(f, *args):
    """The parts of the box of the one loop."""
    graph = fold(gt.trace(f, *args), detail="calls", limit=2)
    (data,) = (data for _, data in graph.nodes(data=True) if str(data.get("op")).startswith("×"))
    return data["parts"]


def said(parts):
    return [f"{p.name} {p.sign} {p.formula}" for p in parts if getattr(p, "formula", None)]


def notes(parts):
    return [part.text for part in parts if isinstance(part, Note)]


def values_of(parts):
    """What counts the runs and what is listed: its values in each run, by their names."""
    values = {}
    for note in notes(parts):
        if counter := re.fullmatch(r"(\w) = (\d+) … (\d+)", note):
            first, last = int(counter[2]), int(counter[3])
            step = 1 if last > first else -1
            values[counter[1]] = list(range(first, last + step, step))
        elif listed := re.fullmatch(r"(\w) = (.*?)( in turn)?", note):
            numbers = [float(text.replace("−", "-")) for text in listed[2].split(", ")]
            values[listed[1]] = numbers * 99 if listed[3] else numbers
    return values


def by_what_is_said(parts, scope, count):
    """The variables after the assignments in the box, as often as it says."""
    begun = {p.name: p.value for p in parts if isinstance(p, Definition) and p.formula is None}
    scope = {"sin": math.sin, "exp": math.exp, "sqrt": math.sqrt} | scope
    scope |= {name: value for name, value in begun.items() if name not in scope}
    values = values_of(parts)
    assert all(len(numbers) >= count for numbers in values.values())
    for run in range(count):
        scope |= {name: numbers[run] for name, numbers in values.items()}
        for line in said(parts):
            name, formula = line.split(" ← ")
            exec(f"{name} = {formula}", {}, scope)
    return scope


def adam(w, lr, b1, b2):
    m, v = 0.0, 0.0
    for t in range(1, 11):
        g = 2 * (w - 3)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat = m / (1 - b1**t)
        v_hat = v / (1 - b2**t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return w


def schedule(w):
    for t in range(12):
        w = w - 0.5 / (1 + t) * 2 * (w - 3)
    return w


def taylor(x):
    term, total = 1.0, 1.0
    for k in range(1, 11):
        term = term * x / k
        total = total + term
    return total


def leibniz(x):
    s = 0.0
    for k in range(10):
        s = s + (-1) ** k * x ** (2 * k + 1) / (2 * k + 1)
    return s


def backwards(x):
    y = 1.0
    for i in range(8, 0, -1):
        y = 1 + i * x / (2 * i + 1) * y
    return y


def midpoint(a, h):
    s = 0.0
    for i in range(12):
        s += np.sin(a + (i + 0.5) * h) * h
    return s


def simpson(a, h):
    s = 0.0
    for weight in [4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4]:
        a = a + h
        s = s + weight * np.exp(-a)
    return s


def horner(x, y):
    for c in [0.3, -1.2, 2.0, 0.7, 0.1, 1.1]:
        y = y * x + c
    return y


def decaying(w):
    for t in range(9):
        w = w - 0.1 * 0.9**t * w
    return w


def of_entries(x, s):
    for i in range(2, 8):
        s = s * x[i] - x[i + 1] / i + x[9 - i]
    return s


PROGRAMS = {
    adam: ((0.0, 0.1, 0.9, 0.99), 10, "w", ["t = 1 … 10"]),
    schedule: ((0.0,), 12, "w", ["t = 1 … 12"]),
    taylor: ((0.7,), 10, "total", ["t = 1 … 10"]),
    leibniz: ((0.5,), 10, "s", ["t = 0 … 9"]),
    backwards: ((1.0,), 8, "y", ["t = 8 … 1"]),
    midpoint: ((0.0, 0.1), 12, "s", ["t = 0 … 11"]),
    simpson: ((0.0, 0.1), 11, "s", ["11 times", "c = 4, 2 in turn"]),
    horner: ((0.5, 0.1), 6, "y", ["6 times", "c = 0.3, −1.2, 2, 0.7, 0.1, 1.1"]),
    decaying: ((2.0,), 9, "w", ["t = 0 … 8"]),
    of_entries: ((np.linspace(1, 2, 9), 1.0), 6, "s", ["t = 2 … 7"]),
}


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_by_what_the_box_says_one_comes_to_what_the_loop_comes_to(f):
    args, count, result, counts = PROGRAMS[f]
    parts = box_of(f, *args)
    scope = dict(zip(f.__code__.co_varnames, args, strict=False))
    assert np.isclose(by_what_is_said(parts, scope, count)[result], f(*args), rtol=1e-12)
    assert notes(parts) == counts


def rules():
    """Numbers by a rule, and numbers by none."""
    whole, part = st.integers(-4, 9), st.sampled_from([0.5, 0.9, 0.1, 1.5, -0.2])
    rules = st.one_of(
        st.builds(lambda a, b: lambda n: a * n + b, whole, whole),
        st.builds(lambda a, b: lambda n: a * n + b, part, whole),
        st.builds(lambda a, b: lambda n: (a * n + b) * (n + a), whole, whole),
        st.builds(lambda q: lambda n: q**n, part),
        st.builds(lambda c, q: lambda n: c * q**n, part, part),
        st.builds(lambda q: lambda n: 1 - abs(q) ** (n + 1), part),
        st.builds(lambda c, a: lambda n: c / (1 + abs(a) * n), part, part),
        st.builds(lambda c: lambda n: c * (-1) ** n, whole),
        st.builds(lambda a, b: lambda n: (a, b)[n % 2], whole, whole),
    )
    by_rule = st.builds(lambda rule, n: list(map(rule, range(n))), rules, st.just(7))
    return by_rule | st.lists(whole | part, min_size=7, max_size=7)


@given(first=rules(), second=rules())
def test_whatever_the_numbers_what_is_said_of_them_gives_them_back(first, second):
    def f(x, y):
        for a, b in zip(first, second, strict=True):
            x = np.sin(x) + a
            y = y * 0.5 + b * x
        return y

    parts = box_of(f, 0.3, 0.4)
    if said(parts):
        told = by_what_is_said(parts, {"x": 0.3, "y": 0.4}, 7)["y"]
        assert math.isclose(told, f(0.3, 0.4), rel_tol=1e-12, abs_tol=1e-12)


def test_what_counts_the_runs_has_a_letter_that_nothing_else_has():
    def f(x, t):
        for k in range(1, 7):
            x = x / k + t
            t = t + 0.1
        return x

    parts = box_of(f, 1.0, 2.0)
    assert said(parts) == ["x ← x/k + t", "t ← t + 0.1"]
    assert notes(parts) == ["k = 1 … 6"]


def test_numbers_without_a_rule_that_are_too_many_are_not_told():
    steps = np.random.default_rng(0).normal(size=30).tolist()

    def f(x):
        for step in steps:
            x = x + step
        return x

    parts = box_of(f, 1.0)
    assert said(parts) == []
    assert notes(parts) == ["30 times, from x"]


def test_an_index_that_is_not_the_counter_is_told_by_it():
    def f(x, s):
        for i in range(8):
            s = s + x[i] * x[i + 1] / x[8 - i]
        return s

    parts = box_of(f, np.linspace(1, 2, 9), 0.5)
    assert said(parts) == ["s ← s + x[t]*x[t+1]/x[8-t]"]
    assert notes(parts) == ["t = 0 … 7"]


def test_a_recurrence_of_two_steps_counts_as_its_numbers_do():
    def legendre(x):
        a, b = x, (3 * x * x - 1) / 2
        for k in range(2, 9):
            a, b = b, ((2 * k + 1) * x * b - k * a) / (k + 1)
        return b

    (line,) = said(box_of(legendre, 0.3))
    x, b = 0.3, {0: 0.3, 1: (3 * 0.09 - 1) / 2}
    for t in range(1, 8):
        exec(line, {"x": x, "b": b, "t": t})
    assert math.isclose(b[8], legendre(0.3))
