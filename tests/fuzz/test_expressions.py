"""Expressions that nobody means well with: no escape, no hang, no more memory than is allowed."""

import random
import sys
import time
import tracemalloc
import warnings

import numpy as np
import pytest
from fuzz.budget import cases

import graphtrace as gt
from graphtrace.target import budget, expression
from graphtrace.target.expression import parse

FUNCTIONS = {
    **expression._NUMPY_FUNCTIONS,
    **expression._OURS,
    **expression._BUILTINS,
}
NUMBERS = ["0", "1", "2", "3", "-1", "2.5", "60000", "999999999", "9" * 30, "1e300", "nan", "inf"]
ARRAYS = [
    "x",
    "v",
    "[1, 2, 3]",
    "[[1, 2], [3, 4]]",
    "[]",
    "[x, 1]",
    "(1, 2)",
    "v[:, None]",
    "v > 0",
]
NAMES = [*FUNCTIONS, "x", "v", "np", "np.linalg", "gt", "__builtins__", "os.system", "().__class__"]
SETTINGS = "axis k n decimals axes ddof offset mode out dtype initial where shape N num".split()
FORBIDDEN = ("os.", "subprocess.", "socket.", "shutil.", "pty.", "tempfile.", "webbrowser.")
HARMLESS = ("os.listdir", "os.scandir", "os.putenv")  # what importing a module may do


class Watch:
    """What the interpreter has been asked for while it is on."""

    def __init__(self):
        self.events = []
        self.is_on = False
        sys.addaudithook(self.heard)

    def heard(self, event, args):
        is_written = event == "open" and set(args[1] or "") & set("wax+")
        is_forbidden = event.startswith(FORBIDDEN) and event not in HARMLESS
        if self.is_on and (is_written or is_forbidden):
            self.events.append((event, args))


WATCH = Watch()


def sentence(rng, depth=0):
    """An expression, mostly of what is allowed, with numbers far too large."""
    kind = rng.randrange(12) if depth < 4 else rng.randrange(2)
    inner = [sentence(rng, depth + 1) for _ in range(rng.choice([1, 2, 2, 3]))] if kind > 1 else []
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return rng.choice(ARRAYS)
    if kind < 7:
        named = f", {rng.choice(SETTINGS)}={rng.choice(NUMBERS)}" if rng.random() < 0.4 else ""
        return f"{rng.choice(NAMES)}({', '.join(inner)}{named})"
    if kind < 10:
        signs = ["+", "-", "*", "/", "//", "%", "**", "@", "<", "==", "and", " if x else "]
        return f"({f' {rng.choice(signs)} '.join(inner)})"
    if kind == 10:
        return f"{inner[0]}[{', '.join(inner[1:] or ['::2'])}]"
    return f"{inner[0]}.{rng.choice(['T', '__class__', 'base', 'tofile', 'T.T'])}"


def ran(text):
    """What the text said when it was parsed and run at some values, traced; '' if nothing."""
    values = {"x": 2.0, "v": np.linspace(-1.0, 1.0, 5)}
    try:
        f = parse(text)
        names = f.__signature__.parameters
        gt.trace(f, **{name: values.get(name, 1.5) for name in names})
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (a function may raise anything)
        return str(error)
    return ""


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    WATCH.events.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ran("sin(x)")
        tracemalloc.start()
        WATCH.is_on = True
        yield
        WATCH.is_on = False
        tracemalloc.stop()


def test_no_expression_escapes_or_hangs_or_takes_the_memory(watched):
    rng = random.Random(20)
    slowest, worst = 0.0, ""
    for _ in range(cases(300, 60_000)):
        text = "; ".join(f"u{i} = {sentence(rng)}" for i in range(rng.choice([1, 1, 2])))
        start = time.process_time()
        ran(text)
        if time.process_time() - start > slowest:
            slowest, worst = time.process_time() - start, text
    assert slowest < 5, worst
    assert tracemalloc.get_traced_memory()[1] < 300e6
    assert not WATCH.events


def test_text_of_any_length_is_parsed_in_time(watched):
    rng = random.Random(21)
    pieces = [
        "(",
        "[",
        "-",
        "not ",
        "x",
        ".b",
        ".T",
        "+x",
        "**x",
        "9",
        "[0]",
        " if x else x",
        "sin(",
    ]
    for _ in range(cases(40, 3000)):
        one, two = rng.choices(pieces, k=2)
        count = rng.choice([10, 190, 199, 900, 4000])
        text = (rng.choice(["", "x", "1/0", '"a"+']) + one * count + two * rng.choice([0, count]))[
            :9_999
        ]
        start = time.process_time()
        ran(text)
        assert time.process_time() - start < 2, text[:80]


def shaped(rng):
    """Operands of shapes that fit, or nearly."""
    n, m = rng.choice([1, 2, 3, 5, 7]), rng.choice([2, 3, 5, 7])
    shapes = [
        [(n, 1), (1, m)],
        [(n, n), (n, m)],
        [(n, m), (m, n)],
        [(n, m), (m,)],
        [(n, 1), (m,)],
        [(1, n), (1, m)],
        [(n, m)] * 2,
        [(n,)] * 2,
        [(n, m)],
        [(n,)],
        [(n, n)],
        [(n, 1, 2), (m, 3)],
        [(n,), (n,), (n,)],
        [(), (n, m), ()],
    ]
    arrays = [np.random.default_rng(n * m).random(shape) for shape in rng.choice(shapes)]
    return [arrays] if rng.random() < 0.2 else arrays


def entries(y):
    return max(map(entries, y), default=0) if isinstance(y, list | tuple) else np.size(y)


def test_no_result_is_larger_than_what_the_budget_takes_for_it(watched):
    rng = random.Random(22)
    for name, function in [*FUNCTIONS.items()] * cases(4, 500):
        args = shaped(rng)
        if name.startswith("take") and len(args) > 1:
            args[1] = np.zeros(args[1].shape, int)
        if rng.random() < 0.2:
            args.append(rng.choice([0, 1, 3, 20]))
        try:
            y = function(*args)
        except Exception:  # noqa: BLE001  (as NumPy says)
            continue
        shapes = [shape for arg in args for shape in budget._shapes(arg)]
        allowed = budget._cost(name.rpartition(".")[2], shapes, budget._counts(function, args, {}))
        assert entries(y) <= allowed, (name, shapes)
