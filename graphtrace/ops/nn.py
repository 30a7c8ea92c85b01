"""The functions of a neural network that people draw: one node each, in a stable formula.

They work on plain values too. Where NumPy has none of them, these are graphtrace's own names:
`gt.sigmoid`, `gt.relu`, `gt.softmax`, ...
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import graphtrace.ops.stable as _stable
from graphtrace.core.inputs import plain
from graphtrace.core.primitive import POWER, PRODUCT, SUM, Code, Form, Notation, Rule, call
from graphtrace.core.variable import define, fixed, traced
from graphtrace.ops.compare import greater
from graphtrace.ops.composed import composed
from graphtrace.ops.reduce import kept_shape

# In the approximation of the normal distribution by tanh (Hendrycks and Gimpel, 2016).
_GELU = math.sqrt(2 / math.pi)


_relu_row = define(
    "relu",
    lambda x: np.maximum(x, 0),
    partials=(lambda x, y: greater(x, 0),),
)
_softplus_row = define(
    "softplus", lambda x: np.logaddexp(x, 0), partials=(lambda x, y: sigmoid(x),)
)
_silu_row = define(
    "silu",
    lambda x: x * sigmoid(x),
    partials=(lambda x, y: sigmoid(x) * (1 + x * sigmoid(-x)),),
    formulas=(lambda x, y: sigmoid(x) + y * (1 - sigmoid(x)),),
)


def _gelu_angle(x: Any) -> Any:
    near = np.clip(x, -100, 100)  # the sigmoid is 0 or 1 from there on, and the cube overflows
    return 2 * _GELU * (near + 0.044715 * near**3)


def _gelu_slope(x: Any, y: Any) -> Any:
    near = np.clip(x, -100, 100)
    u = _gelu_angle(x)
    return sigmoid(u) * (1 + near * sigmoid(-u) * 2 * _GELU * (1 + 3 * 0.044715 * near**2))


def _gelu_formula(x: Any, y: Any) -> Any:
    t = np.tanh(_GELU * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t**2) * _GELU * (1 + 3 * 0.044715 * x**2)


_gelu_row = define(
    "gelu",
    lambda x: x * sigmoid(_gelu_angle(x)),
    partials=(_gelu_slope,),
    formulas=(_gelu_formula,),
)


def sigmoid(x: Any) -> Any:
    """The logistic function, 1 / (1 + exp(-x)).

    >>> import graphtrace as gt
    >>> str(gt.trace(gt.sigmoid, 0.0).edges["x", "sigmoid", 0]["symbol"])
    'sigmoid*(1 - sigmoid)'
    """
    return _stable.sigmoid(traced(x))


def relu(x: Any) -> Any:
    """The positive part, max(x, 0); its derivative at 0 is 0, as in JAX.

    >>> import graphtrace as gt
    >>> gt.grad(gt.relu)(3.0), gt.grad(gt.relu)(0.0)
    (1.0, 0.0)
    """
    return _relu_row(traced(x))


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow.

    >>> import graphtrace as gt
    >>> gt.softplus([-1000.0, 1000.0])
    array([   0., 1000.])
    """
    return _softplus_row(traced(x))


def silu(x: Any) -> Any:
    """The product of x and its sigmoid, also called swish.

    >>> import graphtrace as gt
    >>> gt.grad(gt.silu)(0.0)
    0.5
    """
    return _silu_row(traced(x))


def gelu(x: Any) -> Any:
    """The product of x and the normal distribution function of x, approximated with tanh.

    >>> import graphtrace as gt
    >>> gt.grad(gt.gelu)(0.0)
    0.5
    """
    return _gelu_row(traced(x))


# Along an axis.

_CODE = Code(static="rule", memory="own")
_SHORT = 20  # entries of a row


def along_last(name: str) -> Callable[[int, Mapping[str, Any], bool], Form]:
    """The notation of a function whose axis is the last one, if it does not say another."""

    def notation(count: int, params: Mapping[str, Any], latex: bool) -> Form:
        kept = {key: value for key, value in params.items() if (key, value) != ("axis", -1)}
        return call(name, count, latex, kept)

    return notation


def _is_short(x: Any, axis: Any) -> bool:
    """Whether these are short rows, which are quicker as columns.

    NumPy takes row by row, and as long for its start as for ten entries.
    """
    return (
        isinstance(x, np.ndarray) and x.ndim == 2 and axis in (-1, 1) and 0 < x.shape[1] <= _SHORT
    )


def sum_of_rows(x: Any) -> Any:
    """The sum of each row."""
    return np.add.reduce(x.T.copy(), axis=0) if _is_short(x, 1) else np.add.reduce(x, axis=1)


def _shifted(x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """The largest entry along the axis, x without it, and the logarithm of the sum of their exp."""
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    if top.dtype != bool and cmath.isfinite(np.vdot(top, top)):
        rest = x - top
        return top, rest, np.log(np.add.reduce(np.exp(rest), axis=axis, keepdims=True))
    # Of -inf alone it is log(0), with inf inf; truth values become numbers.
    top = np.where(np.isfinite(top), top, 0)
    rest = x - top
    with np.errstate(divide="ignore"):
        return top, rest, np.log(np.add.reduce(np.exp(rest), axis=axis, keepdims=True))


def _logsumexp(x: Any, *, axis: Any, keepdims: bool) -> Any:
    if _is_short(x, axis):
        y = _logsumexp(x.T.copy(), axis=0, keepdims=False)
        return y[:, None] if keepdims else y
    top, _, log_sum = _shifted(x, axis)
    y = log_sum + top
    return y if keepdims else np.squeeze(y, axis=axis)[()]


def _log_softmax(x: Any, *, axis: Any) -> Any:
    if _is_short(x, axis):
        return _log_softmax(x.T.copy(), axis=0).T.copy()
    _, rest, log_sum = _shifted(x, axis)
    return rest - log_sum


def _softmax(x: Any, *, axis: Any) -> Any:
    if _is_short(x, axis):
        return _softmax(x.T.copy(), axis=0).T.copy()
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    return e / np.add.reduce(e, axis=axis, keepdims=True)


_logsumexp_row = define(
    "logsumexp",
    _logsumexp,
    vjps=(
        lambda g, y, x, *, axis, keepdims: (
            np.reshape(g, kept_shape(x, axis)) * _softmax_row(x, axis=axis)
        ),
    ),
    code=_CODE,
)


def _balanced(adjoint: Any, p: Any, axis: Any) -> Any:
    """An adjoint whose entries add up to 0: where one `p` is nearly 1, its entry from the others.

    Its own formula has 1 - p for the sum of the others' p.
    """
    is_top = p > 0.5
    others = np.sum(np.where(is_top, 0, adjoint), axis=axis, keepdims=True)
    return np.where(is_top, -others, adjoint)


def _balance(adjoint: Any, p: Any, axis: Any) -> Any:
    """The same in the array that is given, in half of the time: there is nothing to decide."""
    if not isinstance(adjoint, np.ndarray):
        return _balanced(adjoint, p, axis)
    is_top = np.rint(p)  # 1 above 0.5
    adjoint -= adjoint * is_top
    adjoint -= is_top * np.add.reduce(adjoint, axis=axis, keepdims=True)
    return adjoint


def _softmax_formula(g: Any, y: Any, x: Any, *, axis: Any) -> Any:
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


def _log_softmax_formula(g: Any, y: Any, x: Any, *, axis: Any) -> Any:
    return g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)


def _softmax_adjoint(g: Any, y: Any, *, axis: Any) -> Any:
    if _is_short(y, axis):
        return _softmax_adjoint(g.T.copy(), y.T.copy(), axis=0).T.copy()
    return _balance(y * (g - np.add.reduce(g * y, axis=axis, keepdims=True)), y, axis)


def _log_softmax_adjoint(g: Any, y: Any, *, axis: Any) -> Any:
    if _is_short(y, axis):
        return _log_softmax_adjoint(g.T.copy(), y.T.copy(), axis=0).T.copy()
    p = np.exp(y)
    return _balance(g - p * np.add.reduce(g, axis=axis, keepdims=True), p, axis)


_softmax_adjoint_row = composed(
    "softmax_adjoint",
    _softmax_adjoint,
    lambda g, y, *, axis: _balanced(_softmax_formula(g, y, None, axis=axis), y, axis),
    notation=Notation(
        Form(
            "$1*($0 - sum($0*$1$*, keepdims=True))",
            PRODUCT,
            (POWER,),
            "$1*($0 - sum($0*$1$*))",
        ),
        Form(
            r"$1 \, \left($0 - \operatorname{sum}\left($0 \, $1$*\right)\right)", PRODUCT, (POWER,)
        ),
    ),
    code=_CODE,
)
_log_softmax_adjoint_row = composed(
    "log_softmax_adjoint",
    _log_softmax_adjoint,
    lambda g, y, *, axis: _balanced(_log_softmax_formula(g, y, None, axis=axis), np.exp(y), axis),
    notation=Notation(
        Form(
            "$0 - exp($1)*sum($0$*, keepdims=True)",
            SUM,
            (POWER,),
            "$0 - exp($1)*sum($0$*)",
        ),
        Form(
            r"$0 - \operatorname{exp}\left($1\right) \, \operatorname{sum}\left($0$*\right)",
            SUM,
            (POWER,),
        ),
    ),
    code=_CODE,
)
_softmax_row: Rule = define(
    "softmax",
    _softmax,
    vjps=(lambda g, y, x, *, axis: _softmax_adjoint_row(g, y, axis=axis),),
    formulas=(_softmax_formula,),
    notation=along_last("softmax"),
    code=_CODE,
)
_log_softmax_row = define(
    "log_softmax",
    _log_softmax,
    vjps=(lambda g, y, x, *, axis: _log_softmax_adjoint_row(g, y, axis=axis),),
    formulas=(_log_softmax_formula,),
    notation=along_last("log_softmax"),
    code=_CODE,
)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The logarithm of the sum of the exponentials, without overflow.

    Args:
        x: A number or an array.
        axis: The axis or axes to sum over; all of them by default.
        keepdims: Whether the axes stay, with length 1.

    >>> import graphtrace as gt
    >>> gt.logsumexp([[1000.0, 1000.0], [0.0, -1000.0]], axis=1).round(4)
    array([1000.6931,    0.    ])
    """
    return _logsumexp_row(traced(x), axis=fixed(axis), keepdims=keepdims)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Exponentials divided by their sum: numbers from 0 to 1 that add up to 1 along `axis`.

    Args:
        x: An array of scores. However large they are, nothing overflows.
        axis: The axis or axes along which they compete, None for all.

    Returns:
        An array of the shape of `x`, and of its dtype; float64 for integers.

    >>> import graphtrace as gt
    >>> gt.softmax([[0.0, 0.0], [0.0, 1000.0]])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    return _softmax_row(traced(x), axis=fixed(axis))


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of `softmax`, right where that is nearly 0.

    Arguments, shape and dtype are those of `softmax`.

    >>> import graphtrace as gt
    >>> gt.log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    return _log_softmax_row(traced(x), axis=fixed(axis))


def _layer_norm(x: Any, scale: Any, shift: Any, eps: Any, *, axis: Any) -> Any:
    mean = np.mean(x, axis=axis, keepdims=True)
    centred = x - mean
    with np.errstate(over="ignore", under="ignore"):
        root = np.sqrt(np.mean(centred**2, axis=axis, keepdims=True) + eps)
    if not np.all(_stable.squares_fit(root)):
        size = _stable.unit_size(centred, root, axis, abs(plain(eps)) ** 0.5)
        centred = centred / size
        root = np.sqrt(np.mean(centred**2, axis=axis, keepdims=True) + eps / size / size)
    return centred / root * scale + shift


_layer_norm_row = composed("layer_norm", _layer_norm, _layer_norm)


def layer_norm(
    x: Any, scale: Any = 1.0, shift: Any = 0.0, *, axis: Any = -1, eps: Any = 1e-5
) -> Any:
    """`x` with mean 0 and variance 1 along `axis`, times `scale` plus `shift`.

    Args:
        x: An array.
        scale: What to multiply with, an array that can be broadcast to `x`, as one of the length of
            `axis`.
        shift: What to add, the same.
        axis: The axis or axes over which mean and variance are taken.
        eps: What is added to the variance, so that an `x` of equal entries divides by no 0.

    Returns:
        An array of the shape of `x`.

    >>> import graphtrace as gt
    >>> gt.layer_norm([1.0, 3.0], eps=0.0)
    array([-1.,  1.])
    """
    return _layer_norm_row(traced(x), traced(scale), traced(shift), eps, axis=fixed(axis))
