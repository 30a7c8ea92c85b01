"""The JavaScript of a program in Node: the numbers of Python, at ordinary and at extreme inputs."""

import math
import random

import numpy as np
import pytest
from compile.javascript import assert_close, live, needs_node, run, wanted
from random_programs import STEPS

import graphtrace as gt
from graphtrace.compile.javascript_rows import ROWS

EXTREMES = [0.0, -0.0, 5e-324, -5e-324, 1e-308, 1e-300, -1e-300, 1e-17, 0.5, -0.5, 1.0, -1.0, 1.5]
EXTREMES += [2.0, -2.5, 3.0, 100.0, -745.0, 710.0, 1e15 + 0.5, 1e17, -1e22, 1e300, -1e300]
EXTREMES += [math.inf, -math.inf, math.nan]

UNARY = """
    exp exp2 expm1 log log2 log10 log1p sqrt cbrt square reciprocal sin cos tan arcsin arccos arctan
    sinh cosh tanh arcsinh arccosh arctanh deg2rad radians rad2deg degrees fabs floor ceil rint
    trunc fix round absolute sign positive negative
""".split()
BINARY = """
    add subtract multiply divide floor_divide remainder power float_power maximum minimum fmax fmin
    arctan2 hypot logaddexp logaddexp2 fmod copysign heaviside
""".split()


def _of(name):
    return lambda *xs: getattr(np, name)(*xs)


FUNCTIONS = {name: (_of(name), 1) for name in UNARY} | {name: (_of(name), 2) for name in BINARY}
FUNCTIONS |= {
    "modf": (lambda x: np.modf(x)[0] + 2 * np.modf(x)[1], 1),
    "ldexp": (lambda x: np.ldexp(x, 5) + np.ldexp(x, -1074) + np.ldexp(x, 2000), 1),
    "clip": (lambda x, y: np.clip(x, y, 2.0) + np.clip(x, -1.0, y), 2),
    "where": (lambda x, y: np.where(np.isnan(x), y, x) * np.where(y, x, 3.0), 2),
    "logic": (
        lambda x, y: np.where(
            np.logical_and(np.logical_not(np.isinf(x)), np.logical_or(np.isfinite(y), x)),
            np.where(np.logical_xor(np.isneginf(x), np.isposinf(y)), x, 2 * y),
            x - y,
        ),
        2,
    ),
    "sigmoid": (lambda x: gt.sigmoid(x), 1),
    "relu": (lambda x: gt.relu(x), 1),
    "softplus": (lambda x: gt.softplus(x), 1),
    "silu": (lambda x: gt.silu(x), 1),
    "gelu": (lambda x: gt.gelu(x), 1),
    "stop": (lambda x: x * gt.stop_gradient(x), 1),
    "a constant on the left": (lambda x: 2.0**x + 3.0 % x + 7.0 // x - 1 / x, 1),
    "a constant on the right": (lambda x: x**3 - x % 3 + x // -2 - x**-1 + x**0.5 + x**0, 1),
    "an array's root": (lambda x: np.where(np.isnan(x), 1.0, x) ** 0.5, 1),
}


@needs_node
@pytest.mark.parametrize("traced_at", [(0.6, 0.7), (0.0, -0.0), (math.nan, math.inf)])
def test_an_operation_has_numpy_s_numbers(traced_at):
    programs, expected = [], []
    for name, (f, count) in FUNCTIONS.items():
        with np.errstate(all="ignore"):
            program = live(gt.trace(f, *map(np.float64, traced_at[:count])))
        grid = [(x,) for x in EXTREMES]
        if count == 2:
            grid = [(x, y) for x in EXTREMES for y in EXTREMES]
            grid = grid[::5] if traced_at == (0.6, 0.7) else grid[::31]
        programs.append((program, grid))
        expected.append((name, f, program, grid))
    for (name, f, program, grid), results in zip(expected, run(programs), strict=True):
        for inputs, result in zip(grid, results, strict=True):
            assert_close(result, wanted(f, program, inputs, np.float64), (name, inputs))


def _python(op):
    """An operator of Python's floats, which may raise."""
    return {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "//": lambda a, b: a // b,
        "%": lambda a, b: a % b,
        "**": lambda a, b: a**b,
        "square": lambda a, b: a**2 - b,
        "root": lambda a, b: a**0.5 + b,
        "inverse": lambda a, b: a**-1 + b,
        "zero": lambda a, b: a**0 + 2 / 4.0 * b,
        "abs": lambda a, b: abs(a) - -b,
    }[op]


def _raised(f, inputs):
    """What the program has to say instead of numbers, where Python's floats have none."""
    try:
        return "" if type(f(*inputs)) is float else "the root of a negative number is complex"
    except (ZeroDivisionError, OverflowError) as error:
        return f"({type(error).__name__})"


@needs_node
def test_where_python_raises_the_program_says_so():
    programs, expected = [], []
    for op in "+ - * / // % ** square root inverse zero abs".split():
        f = _python(op)
        grid = [(x, y) for x in EXTREMES for y in EXTREMES][::4]
        program = live(gt.trace(f, 0.6, 0.7))
        programs.append((program, grid))
        expected.append((op, f, program, grid))
    errors = set()
    for (op, f, program, grid), results in zip(expected, run(programs), strict=True):
        for inputs, result in zip(grid, results, strict=True):
            error = _raised(f, inputs)
            if error:
                assert error in result["error"], (op, inputs, result)
                errors.add(result["error"])
            else:
                assert_close(result, wanted(f, program, inputs), (op, inputs))
    assert any(
        error.startswith("test_javascript_numbers.py, line ") and "the divisor is 0" in error
        for error in errors
    )


SMOOTH = [
    *STEPS[:12],  # the next one decides
    lambda np, a, b: np.hypot(a, b) / (1 + abs(b)),
    lambda np, a, b: np.logaddexp(a, b) - np.expm1(-abs(a)),
    lambda np, a, b: (7.3 * a) % (2.1 + np.cos(b)),
    lambda np, a, b: np.clip(a, -0.4321, 0.4567) + np.arcsinh(b),
    lambda np, a, b: (2 + np.cos(a)) ** 3 / (1 + b * b),
    lambda np, a, b: gt.sigmoid(a) * gt.softplus(b) / 2,
    lambda np, a, b: np.cbrt(1.1 + np.sin(a)) - np.arctan(b),
]


def _program(seed):
    """A random program of 5 to 40 steps."""
    steps = random.Random(seed)
    length = steps.randint(5, 40)
    plan = [(steps.choice(SMOOTH), steps.random(), steps.random()) for _ in range(length)]

    def f(x, y, z):
        values = [x, y, z]
        for step, i, j in plan:
            value = step(np, values[int(i * len(values))], values[int(j * len(values))])
            values.append(value if len(values) % 5 else np.tanh(value))
        return values[-1] * values[-2] + values[-3]

    return f


@needs_node
def test_random_programs_have_python_s_numbers():
    programs, expected = [], []
    for seed in range(120):
        f, at = _program(seed), random.Random(seed)
        grid = [tuple(at.uniform(-2, 2) for _ in range(3)) for _ in range(3)]
        kind = (float, np.float64)[seed % 2]
        program = live(gt.trace(f, *map(kind, grid[0])))
        programs.append((program, grid))
        expected.append((seed, f, kind, program, grid))
    for (seed, f, kind, program, grid), results in zip(expected, run(programs), strict=True):
        for inputs, result in zip(grid, results, strict=True):
            assert_close(result, wanted(f, program, inputs, kind), (seed, inputs))


def test_every_row_that_has_a_form_is_one_that_is_tested():
    """A row of ROWS that the programs above leave out has a reason here."""
    seen = {"float", "numpy_number", "identity", "special.expit", "special.log_expit"}
    for f, count in FUNCTIONS.values():
        with np.errstate(all="ignore"):
            graph = gt.trace(f, *[np.float64(0.6)] * count)
        seen |= {node["row"].primitive.name for node in graph.nodes.values()}
    inner = "nonzero side gap cosine sech_squared one_less_square hypotenuse power_slope sigmoid"
    rules = "less less_equal greater greater_equal equal not_equal above below"
    operators = "add subtract multiply divide floor_divide remainder power negative positive"
    assert set(ROWS) - seen - set(f"{inner} {rules} {operators} absolute".split()) == set()
