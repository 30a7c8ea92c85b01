"""What the box of a loop says that each run computes, which is done here by what is said."""

import re
from collections import defaultdict

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.parts import Definition


def pid(kp, ki, kd, setpoint):
    dt = 0.1
    x, integral, prev = 0.0, 0.0, 0.0
    for _ in range(30):
        error = setpoint - x
        integral += error * dt
        derivative = (error - prev) / dt
        x += (kp * error + ki * integral + kd * derivative) * dt
        prev = error
    return x


def fibonacci(a, b):
    for _ in range(20):
        a, b = b, a + b
    return b


def verlet(x, v, a, k):
    for _ in range(20):
        x = x + v * 0.1 + 0.5 * a * 0.01
        after = -k * x
        v = v + 0.5 * (a + after) * 0.1
        a = after
    return x


def loop_of(f, *args):
    """What is said in the box of the loop, and the names that it takes from elsewhere."""
    graph = fold(gt.trace(f, *args), detail="auto", limit=2)
    (data,) = (data for _, data in graph.nodes(data=True) if str(data.get("op")).startswith("×"))
    return [part for part in data["parts"] if isinstance(part, Definition)]


def by_what_is_said(f, names, args, start, count):
    """The last value, computed by the assignments in the box."""
    said = loop_of(f, *args)
    tables = defaultdict(dict)
    for name, values in start.items():
        tables[name] = dict(values)
    lines = []
    for one in said:
        known = re.fullmatch(r"(\w+)\[0\]", one.name)
        if known:
            tables[known[1]][0] = one.value
        elif one.formula is not None:
            assert one.sign == "="
            lines.append(f"{one.name} = {one.formula}")
    for t in range(1, count + 1):
        for line in lines:
            code = re.sub(r"(\w+)\[", r"tables['\1'][", line)
            exec(code, {"tables": tables, "t": t, **dict(zip(names, args, strict=True))})
    return tables


@pytest.mark.parametrize(
    ("f", "names", "args", "start", "count", "result"),
    [
        (pid, ["kp", "ki", "kd", "setpoint"], (2.0, 0.5, 0.1, 1.0), {}, 30, "x"),
        (fibonacci, ["a", "b"], (1.0, 2.0), {"b": {-1: 1.0, 0: 2.0}}, 20, "b"),
        (
            verlet,
            ["x", "v", "a", "k"],
            (1.0, 0.0, -2.0, 2.0),
            {"x": {0: 1.0}, "v": {0: 0.0}, "after": {0: -2.0}},
            20,
            "x",
        ),
    ],
    ids=["pid", "fibonacci", "verlet"],
)
def test_by_what_the_box_says_one_comes_to_what_the_loop_comes_to(
    f, names, args, start, count, result
):
    tables = by_what_is_said(f, names, args, start, count)
    assert np.isclose(tables[result][count], f(*args))


def test_the_values_that_a_loop_begins_with_are_told():
    said = loop_of(pid, 2.0, 0.5, 0.1, 1.0)
    begun = {one.name: one.value for one in said if one.name.endswith("[0]")}
    assert begun == {"x[0]": 0.0, "integral[0]": 0.0, "error[0]": 0.0}


def test_a_loop_that_reads_three_runs_back_has_no_recurrence():
    def f(a, b, c):
        for _ in range(20):
            a, b, c = b, c, a + b
        return c

    assert all(one.formula is None for one in loop_of(f, 1.0, 1.0, 1.0))
