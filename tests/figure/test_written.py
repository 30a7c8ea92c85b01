"""Loops whose runs are not alike: what the box says is run, and gives the function's value."""

import linecache
import math
import re
from collections import Counter

import numpy as np
import pytest
from figures.loops import fibonacci_like
from hypothesis import assume, given, strategies as st

import graphtrace as gt
from graphtrace.figure.fold import fold
from graphtrace.figure.parts import Definition, Note

MATHS = {"exp": math.exp, "sqrt": math.sqrt, "abs": abs, "min": min, "max": max}
GRAVITY = 9.81


def box_of(f, *args, limit=2):
    """The parts of the box of the loop that is told as it is written; None where there is none."""
    graph = fold(gt.trace(f, *args), detail="calls", limit=limit, dead=False)
    boxes = [data["parts"] for _, data in graph.nodes(data=True) if data.get("op") == "loop"]
    return boxes[0] if boxes else None


def said(parts):
    return [f"{p.name} {p.sign} {p.formula}" for p in parts if getattr(p, "formula", None)]


def notes(parts):
    return [part.text for part in parts if isinstance(part, Note)]


def of(text, scope):
    """What an expression comes to."""
    inner = dict(scope)
    exec(f"_ = {text}", MATHS, inner)
    return inner["_"]


def runs(headers, scope):
    """The scope in each run, by what is said of the counters, of how often, or of how long."""
    if not headers:
        yield
        return
    header, *inner = (one.replace("−", "-").replace("⁻", "-").replace("≥", ">=") for one in headers)
    if counter := re.fullmatch(r"(\w+) = (.+) … (.+)", header):
        first, last = (of(end, scope) for end in counter.groups()[1:])
        for value in range(first, last + 1) if first <= last else range(first, last - 1, -1):
            scope[counter[1]] = value
            yield from runs(inner, scope)
    elif listed := re.fullmatch(r"(\w+) = ([^…]+)", header):
        for number in listed[2].split(", "):
            scope[listed[1]] = float(number)
            yield from runs(inner, scope)
    elif until := re.fullmatch(r"until (.+)", header):
        yield
        while not of(until[1], scope):
            yield
    elif going := re.fullmatch(r"while (.+)", header):
        while of(going[1], scope):
            yield
    else:
        for _ in range(int(header.removesuffix(" times")) if header != "once" else 1):
            yield


def by_what_is_said(parts, scope):
    """The variables after the loop; how often each line was done is as often as it says."""
    begun = {p.name: p.value for p in parts if isinstance(p, Definition) and p.formula is None}
    scope = {**begun, **scope}
    done, times = Counter(), {}
    headers = notes(parts)
    lists = [note for note in headers if re.fullmatch(r"\w\w+ = [^…]+", note)]
    for name, numbers in (one.split(" = ") for one in lists):
        scope[name] = [float(number.replace("−", "-")) for number in numbers.split(", ")]
    headers = [note for note in headers if note not in lists]
    if headers[-1].startswith(("until", "while")):
        headers = headers[-1:]
    for _ in runs(headers, scope):
        is_decided = was_done = False
        for line, text in enumerate(said(parts)):
            name, formula = text.split(" ← ", 1)
            if often := re.search(r", (once|([\d,]+) times)$", formula):
                times[line] = int(often[2]) if often[2] else 1
                formula = formula[: often.start()]
            if formula.endswith(" in that case"):
                formula, does = formula.removesuffix(" in that case"), was_done
            elif formula.endswith(" otherwise"):
                formula, does = formula.removesuffix(" otherwise"), not is_decided
                is_decided = True
            elif case := re.fullmatch(r"(.+) else if (.+)", formula):
                formula, does = case[1], not is_decided and of(case[2], scope)
                is_decided |= does
            elif (case := re.fullmatch(r"(.+) if (.+)", formula)) and " else " not in formula:
                formula, does = case[1], of(case[2], scope)
                is_decided = does
            else:
                does = True
            was_done = does
            if does:
                exec(f"{name} = {formula}", MATHS, scope)
                done[line] += 1
    assert {line: done[line] for line in times} == times
    return scope


def collatz(x):
    for _ in range(9):
        if x % 2 == 0:  # noqa: SIM108 (so that there are two statements)
            x = x / 2
        else:
            x = 3 * x + 1
    return x


def collatz_to_the_end(x):
    while x > 1:
        x = x / 2 if x % 2 == 0 else 3 * x + 1
    return x


def bisection(a, b, c):
    for _ in range(10):
        m = (a + b) / 2
        if m * m - c > 0:
            b = m
        else:
            a = m
    return a + b


def golden(a, b, c):
    r = 0.618
    for _ in range(8):
        x1 = b - r * (b - a)
        x2 = a + r * (b - a)
        if (x1 - c) ** 2 < (x2 - c) ** 2:
            b = x2
        else:
            a = x1
    return a + b


def clipping(x, lr):
    for _ in range(10):
        x = x - lr * (x - 3)
        if x > 2:
            x = 2 + 0.1 * (x - 2)
    return x


def bouncing(y, v, dt):
    for _ in range(12):
        v = v - 9.81 * dt
        y = y + dt * v
        if y < 0:
            y = -y
            v = -0.8 * v
    return y


def in_three_ways(x):
    for k in range(1, 9):
        if x > 4:
            x = x / 2
        elif x > 2:
            x = x + 1 / k
        else:
            x = 2 * x
    return x


def adam(w):
    m, v, lr, b1, b2 = 0.0, 0.0, 0.1, 0.9, 0.999
    for t in range(1, 11):
        g = 2 * (w - 3)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat = m / (1 - b1**t)
        v_hat = v / (1 - b2**t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-8)
    return w


def tolerant(x, a):
    for _ in range(50):
        step = (x * x - a) / (2 * x)
        x = x - step
        if abs(step) < 0.01:
            break
    return x


def put(S, K, q, p, u):
    V = [np.maximum(K - S * u ** (2 * i - 5), 0) for i in range(6)]
    for step in range(4, -1, -1):
        for i in range(step + 1):
            hold = q * (p * V[i + 1] + (1 - p) * V[i])
            early = K - S * u ** (2 * i - step)
            V[i] = hold if hold > early else early
    return V[0]


def weighed(x, a):
    for i in range(5):
        weights = [1.0, 4.0, 2.0, 4.0, 1.0]
        x = x + a * weights[i]
    return x


def falling(y, v):
    for _ in range(9):
        v = v - GRAVITY * 0.1 if y > 0 else -v
        y = y + v
    return y


def to_the_ground(v, dt):
    x, y = 0.0, 0.0
    while y >= 0:
        v = v - GRAVITY * dt
        x = x + dt
        y = y + v * dt
    return x * v


def skipping(x):
    for k in range(9):
        if k == 4:
            continue
        if x > 3:
            x = x - 1
            continue
        x = x + x / 3
    return x


def decisions_in_a_decision(x, a):
    for _ in range(8):
        if x > 1:
            if x > 2:
                x = x / 2
            elif x > 1.5:
                x = x - a
            else:
                x = x + a
        else:
            x = x + 2 * a
    return x


def three_at_once(a, b, c):
    for _ in range(9):
        a, b, c = b, c, a + b
    return c


PROGRAMS = {
    falling: ((1.5, 1.5), "y", ["9 times"]),
    to_the_ground: ((4.0, 0.1), "x*v", ["8 times", "while y ≥ 0"]),
    skipping: ((1.5,), "x", ["k = 0 … 8"]),
    decisions_in_a_decision: ((0.5, 0.3), "x", ["8 times"]),
    fibonacci_like: ((9.0, 2.5), "a*b", ["8 times"]),
    three_at_once: ((1.0, 1.0, 2.0), "c", ["9 times"]),
    collatz: ((7.0,), "x", ["9 times"]),
    collatz_to_the_end: ((7.0,), "x", ["16 times", "while x > 1"]),
    bisection: ((0.0, 2.0, 2.0), "a + b", ["10 times"]),
    golden: ((0.0, 2.0, 0.7), "a + b", ["8 times"]),
    clipping: ((0.0, 0.4), "x", ["10 times"]),
    bouncing: ((1.0, 0.0, 0.1), "y", ["12 times"]),
    in_three_ways: ((1.3,), "x", ["k = 1 … 8"]),
    adam: ((0.0,), "w", ["t = 1 … 10"]),
    tolerant: ((3.0, 2.0), "x", ["4 times", "until abs(step) < 0.01"]),
}


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_by_what_the_box_says_one_comes_to_what_the_loop_comes_to(f):
    args, result, headers = PROGRAMS[f]
    parts = box_of(f, *args)
    scope = dict(zip(f.__code__.co_varnames, args, strict=False))
    scope = by_what_is_said(parts, scope)
    assert math.isclose(of(result, scope), f(*args), rel_tol=1e-12)
    assert notes(parts) == headers


def test_entries_of_a_list_keep_the_index_that_they_have_in_the_source():
    args = (100.0, 105.0, 0.99, 0.5, 1.1)
    graph = fold(gt.trace(put, *args), detail="calls", limit=2)
    (parts,) = (data["parts"] for _, data in graph.nodes(data=True) if data.get("op") == "loop")
    assert said(parts)[0] == "hold ← q*(p*V[i+1] + (1 - p)*V[i])"
    assert said(parts)[2] == "V[i] ← hold if hold > early else early"
    assert notes(parts) == ["step = 4 … 0", "i = 0 … step"]
    S, K, q, p, u = args
    V = [max(K - S * u ** (2 * i - 5), 0) for i in range(6)]
    scope = by_what_is_said(parts, {"S": S, "K": K, "q": q, "p": p, "u": u, "V": V})
    assert math.isclose(scope["V"][0], put(*args))


def test_what_is_done_with_plain_numbers_at_first_is_not_counted():
    def doubled(x):
        z = 0.25
        for k in range(6):
            if k % 2 == 0:
                z = 2 * z
            if k > 2:
                z = z + x
        return z

    parts = box_of(doubled, 1.5)
    assert said(parts) == ["z ← 2*z if k % 2 == 0", "z ← z + x if k > 2, 3 times"]
    assert math.isclose(by_what_is_said(parts, {"x": 1.5})["z"], doubled(1.5))


def test_what_is_assigned_behind_the_loop_is_not_what_it_reads():
    def f(x, k):
        y = x
        if x > 0:
            for _ in range(6):
                y = y - k if y > 1 else y + k
                y = y * k
        k = 3.0
        return y + k * 0

    assert said(box_of(f, 1.5, 0.5))[0] == "y ← y - k if y > 1 else y + k"


def test_a_loop_stands_by_itself_where_what_is_beside_it_goes_into_one_box():
    def f(x, y):
        a = x * y
        b = a + x
        c = b * y
        for _ in range(9):
            if c > 3:  # noqa: SIM108
                c = c / 2
            else:
                c = c * 3
        d = c + a
        return d * b

    graph = fold(gt.trace(f, 1.5, 2.5), detail="calls", limit=3)
    operations = [data["op"] for _, data in graph.nodes(data=True)]
    assert operations == ["input", "input", "operations", "loop", "operations"]


def test_a_loop_of_a_helper_has_the_names_that_the_caller_has():
    def cooled(start, rate):
        b = 2 * start
        for _ in range(6):
            start = start - rate * b if start > 1 else start + b
            start = start * GRAVITY / 10
        return start

    def f(x, r):
        return cooled(x, r)

    parts = box_of(f, 4.0, 0.5, limit=3)
    begun = "start = x"
    lines = ["start ← start - r*b if start > 1 else start + b", "start ← start*9.81/10"]
    assert said(parts) == [begun, *lines]


def test_where_a_helper_has_a_name_of_its_caller_for_something_else_it_is_not_told():
    def cooled(b, a):
        for _ in range(6):
            b = b - a * b if b > 1 else b + a
            b = b * 0.9
        return b

    def made_inside(b, a):
        c = 2 * b
        d = c - a
        for _ in range(6):
            c = c - d * c if c > 1 else c + d
            c = c * 0.9
        return c

    assert box_of(lambda a, b: cooled(a, b), 4.0, 0.5) is None
    lines = ["c ← c - d*c if c > 1 else c + d", "c ← c*0.9"]
    assert said(box_of(lambda a, b: made_inside(a, b), 4.0, 0.5, limit=3)) == lines


# What is not told


def of_an_untraced_name(x):
    k = 1
    if x > 0:
        k = 2
    for _ in range(9):
        x = x / k if x > 1 else x + k
    return x


def of_a_changed_list(x):
    steps = [1.0, 2.0, 3.0]
    steps[1] = 5.0
    for i in range(3):
        x = x * steps[i] if x > 1 else x + steps[i]
    return x


def of_a_way_out_of_a_decision(x):
    for _ in range(9):
        if x > 3:
            if x > 5:
                x = x - 1
                continue
            x = x + 2
        x = x + x
    return x


@pytest.mark.parametrize("f", [of_an_untraced_name, of_a_changed_list, of_a_way_out_of_a_decision])
def test_what_reads_something_that_is_not_told_is_not_told_either(f):
    args = (1.5,) * f.__code__.co_argcount
    assert box_of(f, *args) is None


def test_a_long_line_or_many_are_not_told():
    def long(x, y):
        for _ in range(5):
            if x > y:  # noqa: SIM108
                x = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(x) + np.exp(-y) * x
            else:
                x = x + x
        return x

    def many(x):
        for _ in range(5):
            if x > 3:
                x = x - 1
            x = x + 1
            x = x * 2
            x = x / 3
            x = x - 4
            x = x * 5
            x = np.sin(x)
        return x

    assert box_of(long, 1.0, 0.5) is None
    assert box_of(many, 1.0) is None


def test_alike_runs_are_told_by_their_formula():
    def logistic(x):
        for _ in range(9):
            x = 3 * x * (1 - x)
        return x

    graph = fold(gt.trace(logistic, 0.3), detail="calls", limit=1)
    assert [data["op"] for _, data in graph.nodes(data=True)] == ["input", "× 9"]


# Any program

NUMBERS = st.sampled_from(["2", "0.5", "-1", "3", "c", "k"])
VALUES = st.sampled_from(["x", "y", "z", "x * y", "x + {n}", "y - {n} * x", "{n} * y", "z / {n}"])
TESTS = st.sampled_from(["x > {n}", "x < y", "k % 2 == 0", "y >= {n} and x < 3", "z != x"])
SIMPLE = st.builds("{} = {}".format, st.sampled_from("xyz"), VALUES)
AT_ONCE = st.builds("x, {} = {}, {}".format, st.sampled_from("yz"), VALUES, VALUES)
SIMPLE = SIMPLE | AT_ONCE


def block(statements, indent=" " * 12):
    return "".join(f"{indent}{one}\n" for one in statements)


def within(test, one, rest):
    """A decision in another."""
    inner = "".join(f"    {line}\n" for line in one.splitlines())
    return f"        if {test}:\n{inner}" + (f"        else:\n{block(rest)}" if rest else "")


def decision(test, one, others, rest):
    text = f"        if {test}:\n{block(one)}"
    for condition, body in others:
        text += f"        elif {condition}:\n{block(body)}"
    return text + (f"        else:\n{block(rest)}" if rest else "")


BODY = st.lists(SIMPLE, min_size=1, max_size=2)
DECISIONS = st.builds(
    decision, TESTS, BODY, st.lists(st.tuples(TESTS, BODY), max_size=1), st.just([]) | BODY
)
SKIPS = st.builds(
    lambda test, done: f"        if {test}:\n{block([*done, 'continue'])}",
    TESTS,
    BODY | st.just([]),
)
NESTED = st.builds(within, TESTS, DECISIONS, st.just([]) | BODY)
STATEMENTS = st.lists(
    SIMPLE.map(lambda one: f"        {one}\n") | DECISIONS | SKIPS | NESTED, min_size=1, max_size=3
).map("".join)
HEADERS = st.sampled_from(["range(6)", "range(1, 7)", "range(c + 3, 0, -1)", "[2, 3, 5, 7]"])


@given(STATEMENTS, HEADERS, st.data())
def test_whatever_the_loop_what_is_said_of_it_gives_its_value(body, header, data):
    filled = re.sub(r"\{n\}", lambda _: data.draw(NUMBERS), body)
    text = f"def f(x, y):\n    c = 3\n    z = 0.25\n    for k in {header}:\n{filled}"
    text += "    return x, y, z\n"
    name = f"<{text}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope = {}
    exec(compile(text, name, "exec"), scope)
    f = scope["f"]
    try:
        values = f(1.25, 0.75)
    except (ZeroDivisionError, OverflowError):
        values = (math.inf,)
    assume(max(map(abs, values)) < 1e9)
    parts = box_of(f, 1.25, 0.75, limit=1)
    if parts is not None:
        scope = by_what_is_said(parts, {"x": 1.25, "y": 0.75, "z": 0.25})
        for name, value in zip("xyz", values, strict=True):
            assert math.isclose(scope[name], value, rel_tol=1e-9, abs_tol=1e-9), (name, said(parts))


def test_a_name_is_spelled_alike_in_a_loops_header_and_in_its_lines():
    """λ in a line would be another thing than the lam of "tau, lam in enumerate(lams)"."""

    def descent(theta, lams):
        for tau, lam in enumerate(lams):
            theta = theta - lam * theta / (tau + 1)
            if theta > 10:
                break
        return theta

    svg = gt.trace(descent, 0.3, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).to_svg(detail="calls", limit=3)
    assert "λθ/(τ + 1)" in svg
    assert "τ, λ in enumerate(lams)" in svg


def test_several_names_that_are_assigned_at_once_are_spelled_as_each_is():
    def halves(alpha, beta, n):
        while n < 100:
            if n % 2 == 0:
                alpha, beta = beta, alpha + beta
            else:
                alpha = alpha * 0.5
            n = 2 * n + 1
        return alpha * beta

    svg = gt.trace(halves, 0.3, 0.4, 2).to_svg(detail="calls", limit=3)
    assert "α, β ← β, α + β if n % 2 = 0" in svg


def test_a_comprehensions_variables_are_spelled_alike_where_it_names_and_where_it_reads_them():
    def distance(p, q):
        return sum((pi - qi) ** 2 for pi, qi in zip(p, q, strict=True)) ** 0.5

    graph = gt.trace(distance, [1.0, 2.0, 3.0, 5.0, 6.0], [4.0, 0.0, 3.5, 1.0, 1.0])
    svg = graph.to_svg(detail="statements")
    assert "sum((π − qi)² for π, qi in zip(p, q))" in svg
