"""Special functions: np.sinc and np.i0, and the ufuncs of scipy.special.

SciPy is not imported here: a traced value meets one of its ufuncs only after the user has imported
it, and then the row is found by the ufunc's name. Formulas: Abramowitz and Stegun, Handbook of
Mathematical Functions, chapters 5 to 9, 13, 15, 17.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

import numpy as np

from graphtrace.core.primitive import PRODUCT, Form, Notation, Rule, call, called
from graphtrace.core.tape import here
from graphtrace.core.variable import LATE, NUMPY, define, traced
from graphtrace.errors import NoDerivative
from graphtrace.ops.stable import hypotenuse, sigmoid_formula, sigmoid_slope


class _Special:
    """scipy.special, imported when one of its functions is first needed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("scipy.special"), name)


_s: Any = _Special()

_LN2, _LN10 = math.log(2), math.log(10)
_ROOT_PI, _ROOT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)
_DEGREE = math.pi / 180


# Rows that only the rules below apply. A density's own slope is a difference of densities, where
# the textbook's density * ((a - 1) / x - 1) would lose a density too small for a number.

_gamma_kernel: Rule = define(
    "gamma_kernel",
    lambda x, p, c: np.exp(p * np.log(x) - x - c),
    partials=(
        lambda x, p, c, y: p * _gamma_kernel(x, p - 1, c) - y,
        lambda x, p, c, y: y * np.log(x),
        lambda x, p, c, y: -y,
    ),
)
_beta_kernel: Rule = define(
    "beta_kernel",
    lambda x, p, q, c: np.exp(p * np.log(x) + q * np.log1p(-x) - c),
    partials=(
        lambda x, p, q, c, y: p * _beta_kernel(x, p - 1, q, c) - q * _beta_kernel(x, p, q - 1, c),
        lambda x, p, q, c, y: y * np.log(x),
        lambda x, p, q, c, y: y * np.log1p(-x),
        lambda x, p, q, c, y: -y,
    ),
)


def _density_gamma(a: Any, x: Any) -> Any:
    return _gamma_kernel(x, a - 1, _s.gammaln(a))


def _density_beta(a: Any, b: Any, x: Any) -> Any:
    return _beta_kernel(x, a - 1, b - 1, _s.betaln(a, b))


def _gamma_formula(a: Any, x: Any, y: Any) -> Any:
    return np.exp((a - 1) * np.log(x) - x - _s.gammaln(a))


def _beta_formula(a: Any, b: Any, x: Any, y: Any) -> Any:
    return np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - _s.betaln(a, b))


def _erfc_ratio(x: Any, *, order: int) -> Any:
    """The n-th repeated integral of erfc over the one before it, both from x to infinity.

    r[n] = 1 / (2 x + 2 (n + 1) r[n + 1]): from far off down to n this is stable for x > 0, and
    from r[1] upwards where x is small or negative.
    """
    x = np.asarray(x, dtype=float)
    is_far = x > 0.7
    far = np.where(is_far, x, 1.0)
    last = order + 1 + math.ceil(162 / float(np.min(far, initial=4.0)) ** 2)
    ratio = 1 / (far + np.sqrt(far * far + 2 * last + 2))
    for n in range(last - 1, order - 1, -1):
        ratio = 1 / (2 * far + 2 * (n + 1) * ratio)
    near = 1 / (_ROOT_PI * _s.erfcx(x)) - x
    for n in range(1, order):
        near = (1 / near - 2 * x) / (2 * n + 2)
    return np.where(is_far, ratio, near)[()]


def _erfc_ratio_slope(x: Any, y: Any, *, order: int) -> Any:
    return 2 * y * (order * y - (order + 1) * _ratio(x, order=order + 1))


_ratio = define("erfc_ratio", _erfc_ratio, partials=(_erfc_ratio_slope,))

# The normal density over its distribution function: the slope of log_ndtr.
_hazard: Rule = define(
    "hazard",
    lambda x: math.sqrt(2 / math.pi) / _s.erfcx(-x / math.sqrt(2)),
    partials=(lambda x, y: -math.sqrt(2) * y * _ratio(-x / math.sqrt(2), order=1),),
)


def _log_quotient(a: Any, b: Any) -> Any:
    quotient = np.divide(a, b)
    is_safe = (quotient > 1e-30) & (quotient < 1e30)
    return np.where(is_safe, np.log(np.where(is_safe, quotient, 1)), np.log(a) - np.log(b))[()]


_log_ratio = define(
    "log_ratio",
    _log_quotient,
    partials=(lambda a, b, y: 1 / a, lambda a, b, y: -1 / b),
    notation=Notation(
        Form("log($0/$1)", operands=(PRODUCT, PRODUCT + 1)),
        Form(r"\log\left(\frac{$0}{$1}\right)"),
    ),
)


# The Bernoulli numbers B2, B4, ... of the asymptotic series, Abramowitz and Stegun 6.4.11.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _psi_difference(a: Any, b: Any, *, order: int = 0) -> Any:
    """The n-th derivative of psi at a + b less that at a, right where b is small beside a."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n, sign = order, (-1) ** (order + 1)

    def power(at: Any, p: int) -> Any:
        """The difference of the powers -p of at + b and of at."""
        return at ** float(-p) * np.expm1(-p * np.log1p(b / at))

    shifts = 20
    z = a + shifts  # from there on the asymptotic series
    y = np.log1p(b / z) if n == 0 else sign * math.factorial(n - 1) * power(z, n)
    y = y + sign * math.factorial(n) / 2 * power(z, n + 1)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        weight = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        y = y + sign * weight * bernoulli * power(z, 2 * k + n)
    for k in range(shifts):
        y = y + sign * math.factorial(n) * power(a + k, n + 1)
    is_plain = (np.asarray(a) > 0) & (np.asarray(a + b) > 0)
    return np.where(is_plain, y, _polygamma(n, a + b) - _polygamma(n, a))[()]


def _polygamma(n: int, x: Any) -> Any:
    return (-1) ** (n + 1) * math.factorial(n) * _s.zeta(n + 1, x) if n else _s.psi(x)


_gap: Rule = define(
    "psi_difference",
    _psi_difference,
    partials=(
        lambda a, b, y, *, order=0: _gap(a, b, order=order + 1),
        lambda a, b, y, *, order=0: _polygamma(order + 1, a + b),
    ),
)


def _expn_derivative(n: Any, x: Any, *, order: int) -> Any:
    """The derivative of that order of E_n: E_(n - order), also where that is below E_0.

    x E_(-m) = exp(-x) + m E_(1-m), without a difference.
    """
    n, x = np.asarray(n), np.asarray(x)
    y = _s.expn(np.maximum(n - order, 0), x)
    below = _s.expn(0, x)
    for m in range(1, order + 1):
        below = (np.exp(-x) + m * below) / x
        y = np.where(n - order == -m, below, y)
    return (-1) ** order * np.where(n < 0, np.nan, y)[()]


_expn_slope: Rule = define(
    "expn_derivative",
    _expn_derivative,
    partials=(0, lambda n, x, y, *, order: _expn_slope(n, x, order=order + 1)),
)


def _expi_slope(x: Any, y: Any) -> Any:
    half = np.exp(x / 2)  # exp(x) overflows before exp(x) / x does
    return half * (half / x)


def _rgamma_slope(x: Any, y: Any) -> Any:
    beside = _s.rgamma(x + 1)  # at 0 the psi of x has a pole, and the slope is 1
    return beside - x * beside * _s.psi(x + 1)


def _dawsn_slope(x: Any, y: Any) -> Any:
    is_near = abs(x) < 30
    near, far = np.where(is_near, x, 0.0), np.where(is_near, 30.0, x)
    square = (1 / far) ** 2
    series: Any = 1.0
    for k in range(12, 0, -1):
        series = 1 + (k + 0.5) * square * series
    return np.where(is_near, _s.hyp1f1(1.0, 0.5, -(near**2)), -square / 2 * series)


def _i1e_slope(x: Any, y: Any) -> Any:
    size = abs(x)
    slope = _s.hyp1f1(1.5, 3.0, -2 * size) - size * _s.hyp1f1(2.5, 4.0, -2 * size)
    return slope / 2


def _owens_slope(h: Any, a: Any, y: Any) -> Any:
    secant = hypotenuse(a)
    return np.exp(-((h * secant) ** 2) / 2) / (2 * math.pi) / secant / secant


def _none(name: str, position: int) -> Rule:
    """The place of a derivative that no closed formula gives."""

    def refuse(*operands: Any, **params: Any) -> NoReturn:
        raise NoDerivative(
            f"{here(sys._getframe(1))}: scipy.special.{name} has no derivative rule in its "
            f"argument {position + 1}; pass that argument as a plain number"
        )

    return refuse


# SciPy's name, the local derivative in each operand (None: there is no formula), the notation.
_UFUNCS: list[tuple[str, tuple[Rule | float | None, ...], Notation | None]] = [
    ("erf", (lambda x, y: 2 / _ROOT_PI * np.exp(-(x**2)),), None),
    ("erfc", (lambda x, y: -2 / _ROOT_PI * np.exp(-(x**2)),), None),
    ("erfcx", (lambda x, y: -2 * y * _ratio(x, order=1),), None),
    ("erfi", (lambda x, y: 2 / _ROOT_PI * np.exp(x**2),), None),
    ("erfinv", (lambda x, y: _ROOT_PI / 2 * np.exp(y**2),), None),
    ("erfcinv", (lambda x, y: -_ROOT_PI / 2 * _s.erfcx(y) / x,), None),
    ("dawsn", (_dawsn_slope,), None),
    ("ndtr", (lambda x, y: np.exp(-(x**2) / 2) / _ROOT_2PI,), called("Φ", r"\Phi")),
    ("log_ndtr", (lambda x, y: _hazard(x),), None),
    ("ndtri", (lambda x, y: 1 / (x * _hazard(y)),), called("Φ⁻¹", r"\Phi^{-1}")),
    ("expit", (sigmoid_slope,), called("σ", r"\sigma")),
    ("log_expit", (lambda x, y: _s.expit(-x),), called("log σ", r"\log\sigma")),
    ("logit", (lambda x, y: 1 / x + 1 / (1 - x),), None),
    ("gamma", (lambda x, y: y * _s.psi(x),), called("Γ", r"\Gamma")),
    ("gammaln", (lambda x, y: _s.psi(x),), called("log Γ", r"\log\Gamma")),
    ("loggamma", (lambda x, y: _s.psi(x),), called("log Γ", r"\log\Gamma")),
    ("rgamma", (_rgamma_slope,), None),
    ("gammasgn", (0,), None),
    ("psi", (lambda x, y: _s.zeta(2.0, x),), called("ψ", r"\psi")),
    ("zeta", (None, lambda s, q, y: -s * _s.zeta(s + 1, q)), called("ζ", r"\zeta")),
    (
        "beta",
        (
            lambda a, b, y: -y * _gap(a, b),
            lambda a, b, y: -y * _gap(b, a),
        ),
        None,
    ),
    ("betaln", (lambda a, b, y: -_gap(a, b), lambda a, b, y: -_gap(b, a)), None),
    (
        "binom",
        (
            lambda n, k, y: y * _gap(n - k + 1, k),
            lambda n, k, y: y * _gap(k + 1, n - 2 * k),
        ),
        None,
    ),
    ("poch", (lambda a, m, y: y * _gap(a, m), lambda a, m, y: y * _s.psi(a + m)), None),
    ("gammainc", (None, lambda a, x, y: _density_gamma(a, x)), None),
    ("gammaincc", (None, lambda a, x, y: -_density_gamma(a, x)), None),
    ("gammaincinv", (None, lambda a, p, y: 1 / _density_gamma(a, y)), None),
    ("gammainccinv", (None, lambda a, p, y: -1 / _density_gamma(a, y)), None),
    ("betainc", (None, None, lambda a, b, x, y: _density_beta(a, b, x)), None),
    ("betaincc", (None, None, lambda a, b, x, y: -_density_beta(a, b, x)), None),
    ("betaincinv", (None, None, lambda a, b, p, y: 1 / _density_beta(a, b, y)), None),
    ("j0", (lambda x, y: -_s.j1(x),), None),
    ("j1", (lambda x, y: (_s.j0(x) - _s.jv(2, x)) / 2,), None),
    ("jv", (None, lambda n, x, y: (_s.jv(n - 1, x) - _s.jv(n + 1, x)) / 2), None),
    ("y0", (lambda x, y: -_s.y1(x),), None),
    ("y1", (lambda x, y: (_s.y0(x) - _s.yv(2, x)) / 2,), None),
    ("yn", (None, lambda n, x, y: (_s.yv(n - 1, x) - _s.yv(n + 1, x)) / 2), None),
    ("yv", (None, lambda n, x, y: (_s.yv(n - 1, x) - _s.yv(n + 1, x)) / 2), None),
    ("i0", (lambda x, y: _s.i1(x),), None),
    ("i1", (lambda x, y: (_s.i0(x) + _s.iv(2, x)) / 2,), None),
    ("iv", (None, lambda n, x, y: (_s.iv(n - 1, x) + _s.iv(n + 1, x)) / 2), None),
    ("i0e", (lambda x, y: -np.sign(x) * _s.hyp1f1(1.5, 2.0, -2 * abs(x)),), None),
    ("i1e", (_i1e_slope,), None),
    (
        "ive",
        (None, lambda n, x, y: (_s.ive(n - 1, x) + _s.ive(n + 1, x)) / 2 - np.sign(x) * y),
        None,
    ),
    ("k0", (lambda x, y: -_s.k1(x),), None),
    ("k1", (lambda x, y: -(_s.k0(x) + _s.kv(2, x)) / 2,), None),
    ("kn", (None, lambda n, x, y: -(_s.kv(n - 1, x) + _s.kv(n + 1, x)) / 2), None),
    ("kv", (None, lambda n, x, y: -(_s.kv(n - 1, x) + _s.kv(n + 1, x)) / 2), None),
    ("k0e", (lambda x, y: y - _s.k1e(x),), None),
    ("k1e", (lambda x, y: y - (_s.k0e(x) + _s.kve(2, x)) / 2,), None),
    ("kve", (None, lambda n, x, y: y - (_s.kve(n - 1, x) + _s.kve(n + 1, x)) / 2), None),
    ("expi", (_expi_slope,), called("Ei", r"\operatorname{Ei}")),
    ("exp1", (lambda x, y: -np.exp(-x) / x,), called("E1", r"E_1")),
    ("expn", (None, lambda n, x, y: _expn_slope(n, x, order=1)), None),
    (
        "ellipk",
        (lambda m, y: math.pi / 8 * _s.hyp2f1(1.5, 1.5, 2.0, m),),
        called("K", "K"),
    ),
    (
        "ellipe",
        (lambda m, y: -math.pi / 8 * _s.hyp2f1(0.5, 1.5, 2.0, m),),
        called("E", "E"),
    ),
    ("hyp1f1", (None, None, lambda a, b, z, y: a / b * _s.hyp1f1(a + 1, b + 1, z)), None),
    (
        "hyp2f1",
        (None, None, None, lambda a, b, c, z, y: a * b / c * _s.hyp2f1(a + 1, b + 1, c + 1, z)),
        None,
    ),
    (
        "owens_t",
        (
            lambda h, a, y: -np.exp(-(h**2) / 2) * _s.erf(a * h / math.sqrt(2)) / (2 * _ROOT_2PI),
            _owens_slope,
        ),
        None,
    ),
    ("entr", (lambda x, y: -np.log(x) - 1,), None),
    ("rel_entr", (lambda a, b, y: _log_ratio(a, b) + 1, lambda a, b, y: -a / b), None),
    ("kl_div", (lambda a, b, y: _log_ratio(a, b), lambda a, b, y: 1 - a / b), None),
    ("xlogy", (lambda a, b, y: np.log(b), lambda a, b, y: a / b), None),
    ("xlog1py", (lambda a, b, y: np.log1p(b), lambda a, b, y: a / (1 + b)), None),
    ("exp2", (lambda x, y: _LN2 * y,), None),
    ("exp10", (lambda x, y: _LN10 * y,), None),
    ("expm1", (lambda x, y: np.exp(x),), None),
    ("log1p", (lambda x, y: 1 / (1 + x),), None),
    ("cbrt", (lambda x, y: 1 / (3 * y**2),), None),
    ("cosm1", (lambda x, y: -np.sin(x),), None),
    ("sindg", (lambda x, y: _DEGREE * _s.cosdg(x),), None),
    ("cosdg", (lambda x, y: -_DEGREE * _s.sindg(x),), None),
    ("tandg", (lambda x, y: _DEGREE * (1 + y**2),), None),
    ("round", (0,), None),
]


# What is printed, where a rule computes the same in another way.
_FORMULAS: dict[str, tuple[Rule | None, ...]] = {
    "erfcx": (lambda x, y: 2 * x * y - 2 / _ROOT_PI,),
    "erfcinv": (lambda x, y: -_ROOT_PI / 2 * np.exp(y**2),),
    "dawsn": (lambda x, y: 1 - 2 * x * y,),
    "log_ndtr": (lambda x, y: np.exp(-(x**2) / 2 - y) / _ROOT_2PI,),
    "ndtri": (lambda x, y: _ROOT_2PI * np.exp(y**2 / 2),),
    "expit": (sigmoid_formula,),
    "logit": (lambda x, y: 1 / (x * (1 - x)),),
    "rgamma": (lambda x, y: -y * _s.psi(x),),
    "beta": (
        lambda a, b, y: y * (_s.psi(a) - _s.psi(a + b)),
        lambda a, b, y: y * (_s.psi(b) - _s.psi(a + b)),
    ),
    "betaln": (
        lambda a, b, y: _s.psi(a) - _s.psi(a + b),
        lambda a, b, y: _s.psi(b) - _s.psi(a + b),
    ),
    "binom": (
        lambda n, k, y: y * (_s.psi(n + 1) - _s.psi(n - k + 1)),
        lambda n, k, y: y * (_s.psi(n - k + 1) - _s.psi(k + 1)),
    ),
    "poch": (lambda a, m, y: y * (_s.psi(a + m) - _s.psi(a)), None),
    "gammainc": (None, _gamma_formula),
    "gammaincc": (None, lambda a, x, y: -_gamma_formula(a, x, y)),
    "gammaincinv": (None, lambda a, p, y: 1 / _gamma_formula(a, y, p)),
    "gammainccinv": (None, lambda a, p, y: -1 / _gamma_formula(a, y, p)),
    "betainc": (None, None, _beta_formula),
    "betaincc": (None, None, lambda a, b, x, y: -_beta_formula(a, b, x, y)),
    "betaincinv": (None, None, lambda a, b, p, y: 1 / _beta_formula(a, b, y, p)),
    "i0e": (lambda x, y: _s.i1e(x) - np.sign(x) * y,),
    "i1e": (lambda x, y: (_s.i0e(x) + _s.ive(2, x)) / 2 - np.sign(x) * y,),
    "expi": (lambda x, y: np.exp(x) / x,),
    "expn": (None, lambda n, x, y: -_s.expn(n - 1, x)),
    "owens_t": (
        None,
        lambda h, a, y: np.exp(-(h**2) * (1 + a**2) / 2) / (2 * math.pi * (1 + a**2)),
    ),
}


def _called_with(name: str) -> Callable[..., Form]:
    """`jv(2, x)`: the name and all operands."""
    return lambda count, params, latex: call(name, count, latex, {})


def _declared(name: str, rules: tuple[Rule | float | None, ...], notation: Any) -> Rule:
    partials = tuple(_none(name, k) if d is None else d for k, d in enumerate(rules))
    return define(
        f"special.{name}",
        lambda *xs: getattr(_s, name)(*xs),
        partials=partials,
        formulas=_FORMULAS.get(name, ()),
        notation=notation or _called_with(name),
    )


NAMES = (*(name for name, _, _ in _UFUNCS), "digamma", "jn")
_ROWS = {name: _declared(name, rules, notation) for name, rules, notation in _UFUNCS}


def _find(ufunc: np.ufunc) -> Rule | None:
    """The row of a ufunc of scipy.special; some of its functions wrap one, `zeta` one `_zeta`."""
    own = getattr(sys.modules.get("scipy.special._ufuncs"), ufunc.__name__, None)
    return _ROWS.get(ufunc.__name__.removeprefix("_")) if own is ufunc else None


LATE.append(_find)

# np.sinc and np.i0: the parameter says which derivative it is. With u = pi x, the k-th derivative
# of sin(u)/u is (the k-th derivative of sin(u), less k times the one before) / u; near 0, where
# that cancels, the power series.


def _sinc(x: Any, *, order: int = 0) -> Any:
    if order == 0:
        return np.sinc(x)
    u = np.pi * np.asarray(x, np.result_type(x, float))
    near = abs(u) < order + 1
    v = np.where(near, 1.0, u)
    y = np.sin(v) / v
    for k in range(1, order + 1):
        y = (np.sin(v + k * np.pi / 2) - k * y) / v
    terms = (
        (-1) ** m
        * math.factorial(2 * m)
        / math.factorial(2 * m + 1)
        / math.factorial(2 * m - order)
        * np.where(near, u, 0.0) ** (2 * m - order)
        for m in range((order + 1) // 2, 20 + 2 * order)
    )
    return (np.pi**order * np.where(near, sum(terms), y))[()]


def _bessel(x: Any, *, order: int = 0) -> Any:
    """The mean of cos(t)**order exp(x cos t) over a circle; the trapezoidal rule is exact here."""
    if order == 0:
        return np.i0(x)
    x = np.asarray(x, dtype=float)
    count = 64 + 2 * int(np.max(abs(x), initial=0, where=abs(x) < 715))  # beyond, all is inf
    cos = np.cos(2 * np.pi * np.arange(count) / count)
    grown = np.sinh if order % 2 else np.cosh  # opposite points added: no two terms cancel
    return np.mean(cos**order * grown(x[..., None] * cos), axis=-1)


def _tower(name: str, forward: Rule) -> Rule:
    """A row whose derivative is the same row of the next order."""
    row = define(
        name,
        forward,
        partials=(lambda x, y, *, order=0: row(x, order=order + 1),),
        notation=lambda count, params, latex: _called_with(name + "'" * params.get("order", 0))(
            count, params, latex
        ),
    )
    return row


sinc, i0 = _tower("sinc", _sinc), _tower("i0", _bessel)
NUMPY[np.sinc] = lambda x: sinc(traced(x))
NUMPY[np.i0] = lambda x: i0(traced(x))
