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

from graphtrace.core.primitive import Form, Notation, Primitive, Rule, call, called
from graphtrace.core.tape import here
from graphtrace.core.variable import LATE, NUMPY, operation, traced
from graphtrace.errors import NoDerivative


class _Special:
    """scipy.special, imported when one of its functions is first needed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("scipy.special"), name)


_s: Any = _Special()

_LN2, _LN10 = math.log(2), math.log(10)
_ROOT_PI, _ROOT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)
_DEGREE = math.pi / 180


def _density_gamma(a: Any, x: Any) -> Any:
    return np.exp((a - 1) * np.log(x) - x - _s.gammaln(a))


def _density_beta(a: Any, b: Any, x: Any) -> Any:
    return np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - _s.betaln(a, b))


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
    ("erfcx", (lambda x, y: 2 * x * y - 2 / _ROOT_PI,), None),
    ("erfi", (lambda x, y: 2 / _ROOT_PI * np.exp(x**2),), None),
    ("erfinv", (lambda x, y: _ROOT_PI / 2 * np.exp(y**2),), None),
    ("erfcinv", (lambda x, y: -_ROOT_PI / 2 * np.exp(y**2),), None),
    ("dawsn", (lambda x, y: 1 - 2 * x * y,), None),
    ("ndtr", (lambda x, y: np.exp(-(x**2) / 2) / _ROOT_2PI,), called("Φ", r"\Phi")),
    ("log_ndtr", (lambda x, y: np.exp(-(x**2) / 2 - y) / _ROOT_2PI,), None),
    ("ndtri", (lambda x, y: _ROOT_2PI * np.exp(y**2 / 2),), called("Φ⁻¹", r"\Phi^{-1}")),
    ("expit", (lambda x, y: y * (1 - y),), called("σ", r"\sigma")),
    ("log_expit", (lambda x, y: _s.expit(-x),), called("log σ", r"\log\sigma")),
    ("logit", (lambda x, y: 1 / (x * (1 - x)),), None),
    ("gamma", (lambda x, y: y * _s.psi(x),), called("Γ", r"\Gamma")),
    ("gammaln", (lambda x, y: _s.psi(x),), called("log Γ", r"\log\Gamma")),
    ("loggamma", (lambda x, y: _s.psi(x),), called("log Γ", r"\log\Gamma")),
    ("rgamma", (lambda x, y: -y * _s.psi(x),), None),
    ("gammasgn", (0,), None),
    ("psi", (lambda x, y: _s.zeta(2.0, x),), called("ψ", r"\psi")),
    ("zeta", (None, lambda s, q, y: -s * _s.zeta(s + 1, q)), called("ζ", r"\zeta")),
    (
        "beta",
        (
            lambda a, b, y: y * (_s.psi(a) - _s.psi(a + b)),
            lambda a, b, y: y * (_s.psi(b) - _s.psi(a + b)),
        ),
        None,
    ),
    (
        "betaln",
        (
            lambda a, b, y: _s.psi(a) - _s.psi(a + b),
            lambda a, b, y: _s.psi(b) - _s.psi(a + b),
        ),
        None,
    ),
    (
        "binom",
        (
            lambda n, k, y: y * (_s.psi(n + 1) - _s.psi(n - k + 1)),
            lambda n, k, y: y * (_s.psi(n - k + 1) - _s.psi(k + 1)),
        ),
        None,
    ),
    (
        "poch",
        (lambda a, m, y: y * (_s.psi(a + m) - _s.psi(a)), lambda a, m, y: y * _s.psi(a + m)),
        None,
    ),
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
    ("i0e", (lambda x, y: _s.i1e(x) - np.sign(x) * y,), None),
    ("i1e", (lambda x, y: (_s.i0e(x) + _s.ive(2, x)) / 2 - np.sign(x) * y,), None),
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
    ("expi", (lambda x, y: np.exp(x) / x,), called("Ei", r"\operatorname{Ei}")),
    ("exp1", (lambda x, y: -np.exp(-x) / x,), called("E1", r"E_1")),
    ("expn", (None, lambda n, x, y: -_s.expn(n - 1, x)), None),
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
            lambda h, a, y: np.exp(-(h**2) * (1 + a**2) / 2) / (2 * math.pi * (1 + a**2)),
        ),
        None,
    ),
    ("entr", (lambda x, y: -np.log(x) - 1,), None),
    ("rel_entr", (lambda a, b, y: np.log(a / b) + 1, lambda a, b, y: -a / b), None),
    ("kl_div", (lambda a, b, y: np.log(a / b), lambda a, b, y: 1 - a / b), None),
    ("xlogy", (lambda a, b, y: np.log(b), lambda a, b, y: a / b), None),
    ("xlog1py", (lambda a, b, y: np.log1p(b), lambda a, b, y: a / (1 + b)), None),
    ("exp2", (lambda x, y: _LN2 * y,), None),
    ("exp10", (lambda x, y: _LN10 * y,), None),
    ("expm1", (lambda x, y: y + 1,), None),
    ("log1p", (lambda x, y: 1 / (1 + x),), None),
    ("cbrt", (lambda x, y: 1 / (3 * y**2),), None),
    ("cosm1", (lambda x, y: -np.sin(x),), None),
    ("sindg", (lambda x, y: _DEGREE * _s.cosdg(x),), None),
    ("cosdg", (lambda x, y: -_DEGREE * _s.sindg(x),), None),
    ("tandg", (lambda x, y: _DEGREE * (1 + y**2),), None),
    ("round", (0,), None),
]


def _called_with(name: str) -> Callable[..., Form]:
    """`jv(2, x)`: the name and all operands."""
    return lambda count, params, latex: call(name, count, latex, {})


def _declared(name: str, rules: tuple[Rule | float | None, ...], notation: Any) -> Rule:
    partials = tuple(_none(name, k) if d is None else d for k, d in enumerate(rules))
    return operation(
        Primitive(
            f"special.{name}",
            lambda *xs: getattr(_s, name)(*xs),
            partials=partials,
            notation=notation or _called_with(name),
        )
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
    count = 64 + 2 * int(np.max(abs(x), initial=0, where=abs(x) < 750))  # beyond, it is inf
    cos = np.cos(2 * np.pi * np.arange(count) / count)
    return np.mean(cos**order * np.exp(x[..., None] * cos), axis=-1)


def _tower(name: str, forward: Rule) -> Rule:
    """A row whose derivative is the same row of the next order."""
    row = operation(
        Primitive(
            name,
            forward,
            partials=(lambda x, y, *, order=0: row(x, order=order + 1),),
            notation=lambda count, params, latex: _called_with(name + "'" * params.get("order", 0))(
                count, params, latex
            ),
        )
    )
    return row


sinc, i0 = _tower("sinc", _sinc), _tower("i0", _bessel)
NUMPY[np.sinc] = lambda x: sinc(traced(x))
NUMPY[np.i0] = lambda x: i0(traced(x))
