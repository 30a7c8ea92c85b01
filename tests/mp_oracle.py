"""Derivatives by mpmath: differences of the function itself, in hundreds of digits.

In: the name of an elementwise row and a point. Out: its first and second derivatives there, and how
far a relative change of the point moves each. Knows nothing of graphtrace, and no derivative.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp, mpf

mp.dps = 30


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _logaddexp(a: Any, b: Any) -> Any:
    return max(a, b) + mp.log1p(mp.exp(-abs(a - b)))


def _gelu(x: Any) -> Any:
    u = mp.sqrt(2 / mp.pi) * (x + mpf(0.044715) * x**3)
    return x / (1 + mp.exp(-2 * u))


def _degrees(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x * mp.pi / 180)


def _root(f: Callable[[Any], Any], slope: Callable[[Any], Any], start: Any) -> Any:
    """The zero of f near `start`, by Newton's method in all digits."""
    x = mpf(start)
    for _ in range(60):
        step = f(x) / slope(x)
        x -= step
        if abs(step) <= abs(x) * mpf(10) ** (-mp.dps * 3 // 5):
            return x - f(x) / slope(x)
    raise ValueError(f"Newton's method does not converge from {start}")


def _erfcinv(p: Any) -> Any:
    if p > 0.5:
        return mp.erfinv(1 - p)
    start = mp.sqrt(-mp.log(p))
    start = mp.sqrt(-mp.log(p * mp.sqrt(mp.pi) * start))
    # The logarithm is nearly a parabola, so that Newton's method converges from afar.
    f = lambda y: mp.log(mp.erfc(y)) - mp.log(p)  # noqa: E731
    slope = lambda y: -2 / mp.sqrt(mp.pi) * mp.exp(-(y**2)) / mp.erfc(y)  # noqa: E731
    return _root(f, slope, start)


def _bessel(kind: str, order: int | None = None, *, scaled: bool = False) -> Callable[..., Any]:
    function = getattr(mp, f"bessel{kind}")
    sign = {"i": lambda x: -abs(x), "k": lambda x: x}.get(kind, abs)

    def of_order(n: Any, x: Any) -> Any:
        return function(n, x) * (mp.exp(sign(x)) if scaled else 1)

    return of_order if order is None else lambda x: of_order(order, x)


# The value of a row, where mpmath has no function of its name.
VALUES: dict[str, Callable[..., Any]] = {
    "where": lambda c, a, b: a if c else b,
    "absolute": abs,
    "fabs": abs,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "float_power": lambda a, b: a**b,
    "remainder": lambda a, b: a - b * mp.floor(a / b),
    "fmod": lambda a, b: a - b * (mp.floor(a / b) if a / b > 0 else mp.ceil(a / b)),
    "exp2": lambda x: mpf(2) ** x,
    "exp10": lambda x: mpf(10) ** x,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "cbrt": lambda x: mp.cbrt(x) if x > 0 else -mp.cbrt(-x),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "arctan2": mp.atan2,
    "logaddexp": _logaddexp,
    "logaddexp2": lambda a, b: _logaddexp(a * mp.log(2), b * mp.log(2)) / mp.log(2),
    "maximum": max,
    "minimum": min,
    "fmax": max,
    "fmin": min,
    "clip": lambda a, low, high: min(max(a, low), high),
    "copysign": lambda a, b: abs(a) * (1 if b > 0 else -1),
    "ldexp": lambda a, b: a * mpf(2) ** b,
    "frexp_mantissa": lambda x: x / mpf(2) ** mpmath.frexp(x)[1],
    "nan_to_num": lambda x: x,
    "sinc": mp.sincpi,
    "i0": lambda x: mp.besseli(0, x),
    "sigmoid": _sigmoid,
    "expit": _sigmoid,
    "log_expit": lambda x: -mp.log1p(mp.exp(-x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "relu": lambda x: max(x, mpf(0)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "silu": lambda x: x * _sigmoid(x),
    "gelu": _gelu,
    "erfcx": lambda x: mp.exp(x**2) * mp.erfc(x),
    "erfcinv": _erfcinv,
    "dawsn": lambda x: x * mp.hyp1f1(1, 1.5, -(x**2)),
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "log_ndtr": lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2),
    "ndtri": lambda p: -mp.sqrt(2) * _erfcinv(2 * p),
    "psi": mp.digamma,
    "gammaln": mp.loggamma,
    "poch": lambda a, m: mp.gammaprod([a + m], [a]),
    "binom": lambda n, k: mp.gammaprod([n + 1], [k + 1, n - k + 1]),
    "betaln": lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    "expi": mp.ei,
    "exp1": mp.e1,
    "entr": lambda x: -x * mp.log(x),
    "rel_entr": lambda a, b: a * mp.log(a / b),
    "kl_div": lambda a, b: a * mp.log(a / b) - a + b,
    "xlogy": lambda a, b: a * mp.log(b),
    "xlog1py": lambda a, b: a * mp.log1p(b),
    "cosm1": lambda x: mp.cos(x) - 1,
    **{f"{kind}{n}": _bessel(kind, n) for kind in "jyik" for n in (0, 1)},
    **{f"{kind}{n}e": _bessel(kind, n, scaled=True) for kind in "ik" for n in (0, 1)},
    **{f"{kind}{v}": _bessel(kind) for kind in "jyik" for v in "nv"},
    **{f"{kind}ve": _bessel(kind, scaled=True) for kind in "ik"},
    "sindg": _degrees(mp.sin),
    "cosdg": _degrees(mp.cos),
    "tandg": _degrees(mp.tan),
}


def _of_gamma(x: Any) -> tuple[Any, Any]:
    return mp.gamma(x) * mp.psi(0, x), mp.gamma(x) * (mp.psi(0, x) ** 2 + mp.psi(1, x))


def _of_rgamma(x: Any) -> tuple[Any, Any]:
    return -mp.rgamma(x) * mp.psi(0, x), mp.rgamma(x) * (mp.psi(0, x) ** 2 - mp.psi(1, x))


def _of_erfcinv(p: Any) -> tuple[Any, Any]:
    y = _erfcinv(p)
    slope = -mp.sqrt(mp.pi) / 2 * mp.exp(y**2)
    return slope, 2 * y * slope**2


def _of_ndtri(p: Any) -> tuple[Any, Any]:
    first, second = _of_erfcinv(2 * p)
    return -mp.sqrt(8) * first, -mp.sqrt(32) * second


def _of_bessel(kind: str, order: int, *, scaled: bool = False) -> Callable[..., tuple[Any, Any]]:
    function = getattr(mp, f"bessel{kind}")

    def slopes(x: Any) -> tuple[Any, Any]:
        f = [function(order + i, x) for i in (-2, -1, 0, 1, 2)]
        sign = -1 if kind == "y" else 1
        first, second = (f[1] + sign * f[3]) / 2, (f[0] + 2 * sign * f[2] + f[4]) / 4
        first *= -1 if kind == "k" else 1
        if not scaled:
            return first, second
        return mp.exp(x) * (f[2] + first), mp.exp(x) * (f[2] + 2 * first + second)

    return slopes


def _of_gammainc(a: Any, x: Any) -> tuple[Any, Any]:
    density = x ** (mpf(a) - 1) * mp.exp(-x) / mp.gamma(a)
    return density, density * ((a - 1) / x - 1)


def _of_betainc(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    density = x ** (mpf(a) - 1) * (1 - x) ** (mpf(b) - 1) / mp.beta(a, b)
    return density, density * ((a - 1) / x - (b - 1) / (1 - x))


def _negative(slopes: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[Any, Any]]:
    return lambda *xs: tuple(-slope for slope in slopes(*xs))


# Both slopes in the one operand that varies, in closed form, where differences take minutes.
SLOPES: dict[str, Callable[..., tuple[Any, Any]]] = {
    "gamma": _of_gamma,
    "rgamma": _of_rgamma,
    "gammaln": lambda x: (mp.psi(0, x), mp.psi(1, x)),
    "loggamma": lambda x: (mp.psi(0, x), mp.psi(1, x)),
    "psi": lambda x: (mp.psi(1, x), mp.psi(2, x)),
    "gammainc": _of_gammainc,
    "gammaincc": _negative(_of_gammainc),
    "betainc": _of_betainc,
    "betaincc": _negative(_of_betainc),
    "zeta": lambda s, q: (-s * mp.zeta(s + 1, q), s * (s + 1) * mp.zeta(s + 2, q)),
    "expn": lambda n, x: (-mp.expint(n - 1, x), mp.expint(n - 2, x)),
    "erfcinv": _of_erfcinv,
    "ndtri": _of_ndtri,
    **{f"{kind}{n}": _of_bessel(kind, n) for kind in "yk" for n in (0, 1)},
    **{f"k{n}e": _of_bessel("k", n, scaled=True) for n in (0, 1)},
}


# Functions that come near no constant; others do to 700 digits, as tanh to 1.
NEVER_FLAT = frozenset(
    "beta betaln poch binom hyp1f1 hyp2f1 ellipk ellipe i0 i1 i0e i1e iv ive jv yv kv kve j0 j1 "
    "erfcx dawsn".split()
)


def value_of(name: str) -> Callable[..., Any] | None:
    """The function of mpmath for a row, found by its name: `arcsinh` is `asinh`."""
    return VALUES.get(name) or getattr(mp, name.replace("arc", "a"), None)


@functools.cache
def derivatives(
    name: str, xs: tuple[Any, ...], which: tuple[int, ...]
) -> dict[Any, tuple[Any, Any]] | None:
    """The derivatives of a row in the operands `which`, or None outside of its domain.

    The keys are `i` for the first and `(i, j)` for the second derivatives. Beside each stands its
    condition: what a small relative change of the point is multiplied by.
    """
    f, slopes = value_of(name), SLOPES.get(name)
    scale = max(abs(int(mp.log10(abs(mpf(xs[i]))))) for i in which)
    reach = 30 + scale
    digits = 2 * (reach + scale) + (60 if name in NEVER_FLAT else 740)
    with mp.workdps(60 + 2 * scale if slopes else digits):
        try:
            if slopes:
                (i,) = which
                here, *moved = (_closed(slopes, p, i) for p in (xs, _changed(xs, i)))
            else:
                here = _differences(f, xs, which, reach)
                moved = [_differences(f, _changed(xs, i), which, reach) for i in which]
        except (ValueError, ArithmeticError, TypeError, mp.NoConvergence):
            return None
        if here is None or None in moved:
            return None
        delta = mpf(10) ** -25
        return {
            key: (x, sum(abs(other[key] - x) for other in moved) / delta / abs(x) if x else mpf(0))
            for key, x in here.items()
        }


def _closed(slopes: Callable[..., Any], xs: tuple[Any, ...], i: int) -> dict[Any, Any]:
    first, second = slopes(*xs[:i], mpf(xs[i]), *xs[i + 1 :])
    if not (isinstance(first, mpf) and mp.isfinite(first) and mp.isfinite(second)):
        raise ValueError(f"no real number at {xs}")
    return {i: first, (i, i): second}


def _changed(xs: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    return (*xs[:i], mpf(xs[i]) * (1 + mpf(10) ** -25), *xs[i + 1 :])


def _differences(
    f: Callable[..., Any], xs: tuple[Any, ...], which: list[int], reach: int
) -> dict[Any, Any] | None:
    """Central differences with steps of 10**-reach of each operand; None where f is not real."""
    size = {i: mpf(xs[i]) * mpf(10) ** -reach for i in which}
    values: dict[Any, Any] = {}

    def at(**steps: int) -> Any:
        key = tuple(sorted(steps.items()))
        if key not in values:
            moved = [mpf(x) if isinstance(x, (float, mpf)) else x for x in xs]
            for name, step in steps.items():
                moved[int(name[1:])] += step * size[int(name[1:])]
            values[key] = f(*moved)
            if not isinstance(values[key], mpf) or not mp.isfinite(values[key]):
                raise ValueError(f"no real number at {xs}")
        return values[key]

    def quotient(difference: Any, *steps: Any) -> Any:
        noise = mpf(10) ** (10 - mp.dps) * max(map(abs, values.values()))
        return mpf(0) if abs(difference) < noise else difference / mp.fprod(steps)

    out: dict[Any, Any] = {}
    for i in which:
        up, down = at(**{f"x{i}": 1}), at(**{f"x{i}": -1})
        out[i] = quotient(up - down, 2, size[i])
        out[i, i] = quotient(up - 2 * at() + down, size[i], size[i])
    for i, j in itertools.combinations(which, 2):
        signs = itertools.product((1, -1), repeat=2)
        corner = sum(a * b * at(**{f"x{i}": a, f"x{j}": b}) for a, b in signs)
        out[i, j] = out[j, i] = quotient(corner, 4, size[i], size[j])
    return out
