"""Every elementwise rule at extreme numbers, first and second order, against mpmath.

The rows are those that are declared, the oracle is found by their names, and the points are the
same in every run: few of them, or all under `make fuzz`. What is not asked for has a reason beside
it.
"""

import zlib

import numpy as np
import pytest
from fuzz.budget import cases
from mp_oracle import derivatives
from mpmath import mpf
from samples import INNER

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES
from graphtrace.core.variable import apply

pytest.importorskip("scipy.special")

# Times the condition of the derivative, and one; SciPy's own values have tens of them.
ULPS, ULPS_OF_SCIPY = 16, 64
SINGLE, DOUBLE = np.float32, np.float64
POWERS = {
    DOUBLE: "-300 -220 -160 -120 -80 -40 -20 -9 -5 -2 -1 1 2 5 9 20 40 80 120 160 220 300",
    SINGLE: "-37 -30 -23 -19 -12 -7 -4 -2 -1 1 2 4 7 12 19 23 30 37",
}
SIZES = {dtype: [float(f"1e{power}") for power in POWERS[dtype].split()] for dtype in POWERS}
MIDDLE = (0.6, 2.3, 7.1, 19.7, 38.5, 321.0)
NEAR_ONE = {DOUBLE: (1e-3, 1e-7, 1e-12), SINGLE: (1e-2, 1e-4, 1e-6)}

# What stands in an operand that is no float; in others without a rule, 1.5 and so on.
GIVEN = {("yn", 0): 2, ("kn", 0): 2, ("expn", 0): 3, ("where", 0): True, ("ldexp", 1): 3}


def within(low, high):
    return lambda *xs: all(low <= abs(x) <= high for x in xs)


def positive(low, high):
    return lambda *xs: all(low <= x <= high for x in xs)


def is_counted(a, b):
    return abs(a) < 2.0**20 * abs(b)


# The points that are asked for, in the operands that have a rule, and why not the others.
_EXPONENT = "b - 1 is rounded, and far out a**(b - 1) overflows before b brings it back"
_QUOTIENT = "the number of times that b goes into a has more digits than a float"
_VALUE = "outside of its domain SciPy's value is inf"
_GAMMA = "the values of psi and zeta at negative numbers are SciPy's"
_BETA = "1/a + 1/b hides all else near 0, and the difference of psi is no number far out"
_BESSEL = "the values far out, and of small numbers of other orders, are SciPy's"
_SCALED = "the difference of two scaled functions loses digits as x grows, and SciPy has no other"
_DENSITY = "a density is the exponential of a sum of logarithms, which round"
_HYPER = "the values of hyp1f1 and hyp2f1 far out are SciPy's"
_ORACLE = "mpmath takes minutes further out"
ASKED = {
    **dict.fromkeys(["power", "float_power"], (lambda a, b: 0.5 <= abs(b) <= 1e3, _EXPONENT)),
    **dict.fromkeys(["remainder", "fmod"], (is_counted, _QUOTIENT)),
    **dict.fromkeys(["rel_entr", "kl_div"], (positive(0, np.inf), _VALUE)),
    **dict.fromkeys("gamma gammaln loggamma psi".split(), (positive(0, np.inf), _GAMMA)),
    "rgamma": (positive(0, 1e30), "1 - x psi(x) is no number further out, and the slope is 0"),
    "beta": (positive(1, 40), _BETA),
    "betaln": (positive(1, 1e10), _BETA),
    "poch": (positive(0.1, 20), "as for binom"),
    "binom": (positive(0.1, 30), "SciPy's own values further out are not exact"),
    **dict.fromkeys("j0 j1 y0 y1 i0 i1 k0 k1".split(), (within(1e-100, 100), _BESSEL)),
    **dict.fromkeys("jv yv iv kv".split(), (positive(1e-9, 40), _BESSEL)),
    **dict.fromkeys(["i0e", "i1e"], (within(1e-100, 1e6), _HYPER)),
    **dict.fromkeys("k0e k1e ive kve".split(), (positive(1e-9, 4), _SCALED)),
    **dict.fromkeys("gammainc gammaincc betainc betaincc".split(), (within(1e-9, 100), _DENSITY)),
    **dict.fromkeys(["ellipk", "ellipe", "hyp1f1", "hyp2f1"], (within(0, 100), _HYPER)),
    **dict.fromkeys(["expn", "zeta"], (within(1e-9, 100), _ORACLE)),
}
_INVERSE = "mpmath has none; its slope is one over that of gammainc or betainc"
EXCEPTIONS = {
    "heaviside": "its slope is 0 but at one point",
    **dict.fromkeys("gammaincinv gammainccinv betaincinv".split(), _INVERSE),
    "owens_t": "mpmath integrates for minutes; test_the_slope_of_owens_t asks for it",
    **dict.fromkeys(["yn", "kn"], "yv and kv of a whole order, where mpmath takes minutes"),
}


def op(name):
    return name.removeprefix("np.").removeprefix("special.")


def formulas():
    """The rows whose local derivatives are formulas, not constants."""
    for name, row in PRIMITIVES.items():
        is_formula = row.partials and any(map(callable, row.partials))
        if is_formula and ":" not in name and name not in INNER:
            yield name


ROWS = [name for name in formulas() if op(name) not in EXCEPTIONS]


def varied(row):
    """The positions of the operands that have a derivative."""
    has_rule = [d is not None and getattr(d, "__name__", "") != "refuse" for d in row.partials]
    return [i for i, has in enumerate(has_rule) if has and (op(row.name), i) not in GIVEN]


def columns(dtype, rng, count):
    """Numbers for each operand that is varied, a row for each point; the first few differ most."""
    if count == 1:
        small = [s for s in SIZES[dtype] if s < 1]
        large = [s for s in SIZES[dtype] if s > 1]
        near = [1 + s * d for d in NEAR_ONE[dtype] for s in (1, -1)]
        mixed = zip(*map(rng.permutation, (MIDDLE * 4, large * 3, small * 3)), strict=False)
        sizes = np.array(
            [x * m for xs in mixed for x, m in zip(xs, rng.uniform(1, 1.8, 3), strict=True)]
        )
        signs = rng.choice([-1, 1], len(sizes))
        return np.concatenate([signs * sizes, -signs * sizes, near, np.negative(near)])[:, None]
    points = rng.choice([*SIZES[dtype], *MIDDLE], (400, count))
    points *= rng.choice([-1, 1], points.shape) * rng.uniform(1, 3, points.shape)
    points[::3] = abs(points[::3, :1]) * rng.uniform(-2, 2, points[::3].shape)  # of one size
    points[1::6, 1] = points[1::6, 0] * (1 + 1e-5)
    return rng.permutation(points)


def points(name, dtype):
    """Points of all operands, and the derivatives there as mpmath has them."""
    row, rng = PRIMITIVES[name], np.random.default_rng(zlib.crc32(op(name).encode()))
    which, found = varied(row), 0
    asked, _ = ASKED.get(op(name), (lambda *xs: True, ""))
    for xs in columns(dtype, rng, len(which)).astype(dtype).tolist():
        operands = [GIVEN.get((op(name), i), 1.5 + 0.4 * i) for i in range(len(row.partials))]
        for i, x in zip(which, xs, strict=True):
            operands[i] = x
        if found == cases(3 if dtype is DOUBLE else 2, 60):
            return
        if asked(*xs) and has_value(row, operands, dtype):
            answer = derivatives(op(name), tuple(operands), tuple(which))
            if answer is not None:
                found += 1
                yield operands, answer


def has_value(row, operands, dtype):
    """Whether NumPy or SciPy has the value itself."""
    xs = [np.asarray(x, dtype) if isinstance(x, float) else x for x in operands]
    with np.errstate(all="ignore"):
        return not np.isnan(row.forward(*xs))


def is_right(found, want, condition, dtype, ulps):
    info = np.finfo(np.result_type(found, dtype))
    if abs(want) >= float(info.max):
        return not np.isfinite(found)
    error = ulps * (1 + condition) * float(np.finfo(dtype).eps) * abs(want)
    if not np.isfinite(found):
        return abs(want) + error > float(info.max)
    # What is less than the smallest normal number has lost digits.
    return abs(mpf(float(found)) - want) <= error + float(info.smallest_normal)


def derivatives_of(row, operands, which, dtype):
    """The first and second derivatives at all points, by each of the ways there are."""
    arrays = [np.array([xs[i] for xs in operands], dtype) for i in which]

    def f(*args):
        xs = list(operands[0])
        for i, x in zip(which, args, strict=True):
            xs[i] = x
        return apply(row, tuple(xs), {})

    def slope(k):
        return gt.grad(lambda *args: np.sum(f(*args)), k)

    def along(g, k):
        """`g` and the tangent of it as operand `k` alone moves."""
        move = lambda x: g(*arrays[:k], x, *arrays[k + 1 :])  # noqa: E731
        return gt.jvp(move, (arrays[k],), (np.ones_like(arrays[k]),))[1]

    compiled = gt.trace(lambda *args: np.sum(f(*args)), *arrays).compile()(*arrays)[1]["args"]
    for k, i in enumerate(which):
        yield i, "compiled", compiled[k]
        yield i, "backward", slope(k)(*arrays)
        yield i, "forward", along(f, k)
        for m, j in enumerate(which):
            yield (i, j), "backward", gt.grad(lambda *a, k=k: np.sum(slope(k)(*a)), m)(*arrays)
            yield (i, j), "forward over backward", along(slope(k), m)


@np.errstate(all="ignore")
@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=["float64", "float32"])
@pytest.mark.parametrize("name", ROWS)
def test_a_rule_is_right_at_extreme_numbers_to_second_order(name, dtype):
    row = PRIMITIVES[name]
    asked = list(points(name, dtype))
    assert asked
    operands, answers = zip(*asked, strict=True)
    ulps = ULPS_OF_SCIPY if name.startswith("special.") else ULPS
    for key, way, values in derivatives_of(row, operands, varied(row), dtype):
        for xs, answer, found in zip(operands, answers, values, strict=True):
            want, condition = answer[key]
            assert is_right(found, want, condition, dtype, ulps), (
                f"{key} {way} at {xs}: {found!r} where it is {float(want)!r}, "
                f"condition {float(condition):.1g}"
            )


def test_what_is_not_asked_for_is_declared():
    assert {*ASKED, *EXCEPTIONS} <= set(map(op, formulas()))
