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
        known = re.fullmatch(r"(\w+)\[(\d+)\]", one.name)
        if known:
            given = dict(zip(names, args, strict=True))
            begins = one.value if one.formula is None else given[str(one.formula)]
            tables[known[1]][int(known[2])] = begins
        elif one.formula is not None:
            assert one.sign == "="
            lines.append(f"{one.name} = {one.formula}")
    for t in range(1, count + 1):
        for line in lines:
            code = re.sub(r"(\w+)\[", r"tables['\1'][", line)
            exec(code, {"tables": tables, "t": t, **dict(zip(names, args, strict=True))})
    return tables


@pytest.mark.parametrize(
    ("f", "names", "args", "start", "count"),
    [
        (pid, ["kp", "ki", "kd", "setpoint"], (2.0, 0.5, 0.1, 1.0), {}, 30),
        (fibonacci, ["a", "b"], (1.0, 2.0), {"b": {0: 1.0, 1: 2.0}}, 20),
        (
            verlet,
            ["x", "v", "a", "k"],
            (1.0, 0.0, -2.0, 2.0),
            {"x": {1: 1.0}, "v": {1: 0.0}},
            20,
        ),
    ],
    ids=["pid", "fibonacci", "verlet"],
)
def test_by_what_the_box_says_one_comes_to_what_the_loop_comes_to(f, names, args, start, count):
    tables = by_what_is_said(f, names, args, start, count)
    (result,) = (one for one in loop_of(f, *args) if one.formula is None and "[" not in one.name)
    name, number = result.name.rsplit("_", 1)
    assert np.isclose(tables[name][int(number)], f(*args))
    assert np.isclose(result.value, f(*args))


def test_the_values_that_a_loop_begins_with_are_told():
    said = loop_of(pid, 2.0, 0.5, 0.1, 1.0)
    begun = {one.name: one.value for one in said if one.name.endswith("[0]")}
    assert begun == {"x[0]": 0.0, "integral[0]": 0.0, "error[0]": 0.0}


def test_what_a_loop_begins_with_under_another_name_is_told():
    def newton(a, x0):
        x = x0
        for _ in range(20):
            x = 0.5 * (x + a / x)
        return x

    begun, line, *_ = loop_of(newton, 2.0, 1.0)
    assert (begun.name, str(begun.formula), begun.sign) == ("x", "x0", "=")
    assert (line.name, str(line.formula), line.sign) == ("x", "0.5*(x + a/x)", "←")


def test_a_loop_whose_first_value_is_read_elsewhere_begins_with_none_of_that_name():
    """S = S0 beside the mean (S + S_2 + ...)/20, whose S is the first run's, would be false."""

    def mean(S0, r):
        S, path = S0, []
        for _ in range(20):
            S = S * np.exp(r)
            path.append(S)
        return sum(path) / len(path)

    said = loop_of(mean, 100.0, 0.1)
    assert [(one.name, one.sign) for one in said if one.formula is not None] == [("S", "←")]


def test_a_name_assigned_twice_is_told_twice_where_it_is_read_in_order_and_else_not_at_all():
    def in_order(x, k):
        for _ in range(20):
            x = k * x
            y = x + 1
            x = x * y
        return x

    def aliased(x, k):
        for _ in range(20):
            x = k * x
            first = x
            x = x + 0.1
            y = first * x
            x = x - y
        return x

    said = [one for one in loop_of(in_order, 0.5, 0.3) if one.formula is not None]
    assert [str(one.formula) for one in said] in (["k*x", "x + 1", "x*y"], ["k*x*(k*x + 1)"])
    names = [one.name for one in loop_of(aliased, 0.5, 0.3) if one.formula is not None]
    assert len(set(names)) == len(names)


def test_calls_in_a_loop_belong_to_the_statements_around_them():
    def slope(y, k):
        return -k * y * (1 - y)

    def midpoint(y, k):
        for _ in range(20):
            k1 = slope(y, k)
            k2 = slope(y + 0.05 * k1, k)
            y = y + 0.1 * k2 - 0.001 * k1
        return y

    said = [one for one in loop_of(midpoint, 0.5, 1.2) if one.formula is not None]
    y, k = 0.5, 1.2
    for _ in range(20):
        scope = {"y": y, "k": k}
        for one in said:
            exec(f"{one.name} = {one.formula}", scope)
        y = scope["y"]
    assert np.isclose(y, midpoint(0.5, 1.2))


def test_what_every_state_of_a_loop_begins_with_is_told():
    def grown(payment, growth):
        value, price = 0.0, 100.0
        for _ in range(10):
            price = price * (1 + growth)
            value = value + payment / price
        return value

    begun = {one.name: one.value for one in loop_of(grown, 1.0, 0.05) if one.value is not None}
    assert begun.items() >= {"price": 100.0, "value": 0.0}.items()
