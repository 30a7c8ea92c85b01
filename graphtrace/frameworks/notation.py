"""How the functions of PyTorch and JAX are written, and what is printed of their derivatives.

In: the name of a function, its arguments with a `Slot` for each operand, its settings. Out: Forms.
A function that has no row here is a call with its settings, and its derivative says ∂y/∂x.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from graphtrace.core.primitive import (
    ATOM,
    COMPARE,
    PRIMITIVES,
    PRODUCT,
    SUM,
    Form,
    Notation,
    called as function,
    escaped,
)

Rule = Callable[..., Any]

_LONGEST = 24
"""Characters of one setting that a person reads in a formula."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where operand `k` stands among the arguments of a call."""

    k: int


class Style(NamedTuple):
    """What is known of a function beside its name.

    `elementwise`: each entry of the value comes from one entry of each operand. `row`: the row of
    NumPy's that is the same function, whose notation and formulas are printed. `notation` and
    `rules` (vjps written with NumPy) are printed in their place. `operands`: of so many leading
    arguments numbers are operands too, and not settings.
    """

    elementwise: bool = False
    row: str = ""
    notation: Notation | None = None
    rules: tuple[Rule, ...] = ()
    operands: int = 0

    def holds_for(self, settings: Mapping[str, Any], operands: Sequence[Any]) -> bool:
        """Whether the notation and the rules say what a call with these settings does."""
        sizes = (self.operands,) if self.elementwise else range(1, 4)
        return not settings and (not self.operands or len(operands) in sizes)


REST = object()
"""What stands for arguments that are not written."""


def literal(x: Any) -> str:
    """A setting as it is written: `2`, `(1, 2)`, `float32`, `:`; "…" where it is too long."""
    if isinstance(x, Slot):
        return f"${x.k}"
    if x is REST:
        return "…"
    if isinstance(x, slice):
        ends = [("" if end is None else literal(end)) for end in (x.start, x.stop, x.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if isinstance(x, (tuple, list)):
        inner = ", ".join(map(literal, x))
        text = f"[{inner}]" if isinstance(x, list) else f"({inner}{',' * (len(x) == 1)})"
        has_slot = "$" in inner
        return text if has_slot or len(text) <= _LONGEST else "…"
    if x is Ellipsis:
        return "..."
    if isinstance(x, (bool, int, float, str, type(None))):
        text = repr(x)
    else:
        text = str(getattr(x, "__name__", x)).removeprefix("torch.")
    is_plain = len(text) <= _LONGEST and not set(text) & set("${}^\\\n")
    return text if is_plain else "…"


def called(op: str, args: Sequence[Any], settings: Mapping[str, Any], latex: bool) -> Form:
    """`softmax(x, dim=1)`: a call with its settings."""
    names = [rf"\mathrm{{{k}}}" if latex else k for k in settings]
    values = map(literal, settings.values())
    inner = ", ".join([*map(literal, args), *map("{}={}".format, names, values)])
    op = _CALLED.get(op, op)
    if latex:
        inner = inner.replace("_", r"\_").replace("…", r"\dots")
        return Form(rf"\operatorname{{{escaped(op)}}}\left({inner}\right)")
    return Form(f"{op}({inner})")


def written(op: str, args: Sequence[Any], settings: Mapping[str, Any], latex: bool) -> Form | None:
    """The form of a function with a notation of its own; None where it is a call."""
    if op == "getitem":
        return _indexed(args, latex)
    style = STYLES.get(op)
    if style is None or settings or any(not isinstance(x, Slot) for x in args):
        return None
    notation: Any = style.notation or _linear(op, len(args))
    if notation is None and style.row:
        notation = PRIMITIVES[style.row].notation
    if callable(notation):
        form: Form = notation(len(args), {}, latex)
        return form._replace(settings={})
    if notation is None:
        return None
    form = notation.latex if latex else notation.text
    return form._replace(settings={}) if f"${len(args)}" not in form.template else None


def _indexed(args: Sequence[Any], latex: bool) -> Form | None:
    """`x[0, :, 2]`."""
    if len(args) != 2 or not isinstance(args[0], Slot):
        return None
    index = args[1]
    parts = index if isinstance(index, tuple) else (index,)
    inner = ", ".join(map(literal, parts))
    if latex:
        return Form(rf"{{$0}}_{{{inner}}}", ATOM, (ATOM, COMPARE))
    return Form(f"$0[{inner}]", ATOM, (ATOM, COMPARE))


def _linear(op: str, count: int) -> Notation | None:
    if op != "linear":
        return None
    return _WITH_BIAS if count == 3 else _WITHOUT_BIAS


_WITHOUT_BIAS = Notation(
    Form("$0 @ $1.T", PRODUCT, (PRODUCT, ATOM), board="$0 @ $1^{T}"),
    Form(r"$0 \, {$1}^{\mathsf{T}}", PRODUCT, (PRODUCT, ATOM)),
)
_WITH_BIAS = Notation(
    Form("$0 @ $1.T + $2", SUM, (PRODUCT, ATOM, SUM), board="$0 @ $1^{T} + $2"),
    Form(r"$0 \, {$1}^{\mathsf{T}} + $2", SUM, (PRODUCT, ATOM, SUM)),
)


def _linear_dw(g: Any, y: Any, x: Any, w: Any, b: Any = None) -> Any:
    if x.ndim == 2:
        return g.T @ x
    if x.ndim == 1:
        return np.outer(g, x)
    raise ValueError("a stack of products has no short formula")


_LINEAR: tuple[Rule, ...] = (
    lambda g, y, x, w, b=None: g @ w,
    _linear_dw,
    lambda g, y, x, w, b: g,
)


def _of_difference(text: str, latex: str) -> Notation:
    operands = (SUM, PRODUCT)
    board = text.replace("**2", "^{2}")
    return Notation(Form(text, ATOM, operands, board=board), Form(latex, ATOM, operands))


_MSE = _of_difference("mean(($0 - $1)**2)", r"\operatorname{mean}\left(($0 - $1)^{2}\right)")
_L1 = _of_difference("mean(|$0 - $1|)", r"\operatorname{mean}\left|$0 - $1\right|")
_NORM = Notation(Form("‖$0‖"), Form(r"\left\|$0\right\|"))
_ENTRY = (COMPARE, ATOM)
_EMBEDDING = Notation(Form("$1[$0]", ATOM, _ENTRY), Form("{$1}_{$0}", ATOM, _ENTRY))


def _entries(row: str, count: int = 1) -> Style:
    return Style(elementwise=True, row=row, operands=count)


def _named(text: str, latex: str | None = None, count: int = 1) -> Style:
    """An elementwise function whose derivative no formula of NumPy's says."""
    return Style(elementwise=True, notation=function(text, latex) if count == 1 else None)


_UNARY = {
    "abs": "np.absolute", "neg": "np.negative", "exp": "exp", "exp2": "exp2", "expm1": "expm1",
    "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p", "sqrt": "sqrt",
    "square": "square", "reciprocal": "reciprocal", "sin": "sin", "cos": "cos", "tan": "tan",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "floor": "floor", "ceil": "ceil", "trunc": "trunc", "relu": "relu", "sigmoid": "sigmoid",
    "logistic": "sigmoid", "silu": "silu", "softplus": "softplus", "sign": "sign",
}  # fmt: skip
_BINARY = {
    "add": "np.add", "sub": "np.subtract", "mul": "np.multiply", "div": "np.divide",
    "pow": "np.power", "maximum": "maximum", "minimum": "minimum", "max": "maximum",
    "min": "minimum", "atan2": "arctan2", "hypot": "hypot", "logaddexp": "logaddexp",
    "gt": "greater", "lt": "less", "ge": "greater_equal", "le": "less_equal", "eq": "equal",
    "ne": "not_equal",
}  # fmt: skip
_ELEMENTWISE = (
    "gelu elu selu celu leaky_relu relu6 hardtanh hardswish hardsigmoid mish softsign logsigmoid "
    "tanhshrink softshrink hardshrink threshold erf erfc erfinv erf_inv lgamma digamma rsqrt cbrt "
    "round clamp clip float to type double half bfloat16 masked_fill dropout clone contiguous "
    "nan_to_num lerp addcmul addcdiv convert_element_type integer_pow where select_n "
    "copy stop_gradient real square_ log_sigmoid frac xlogy rem fmod remainder"
).split()

STYLES: dict[str, Style] = {
    **{name: _entries(row) for name, row in _UNARY.items()},
    **{name: _entries(row, 2) for name, row in _BINARY.items()},
    **{name: Style(elementwise=True) for name in _ELEMENTWISE},
    "linear": Style(rules=_LINEAR),
    "mse_loss": Style(notation=_MSE),
    "l1_loss": Style(notation=_L1),
    "norm": Style(notation=_NORM),
    "linalg_norm": Style(notation=_NORM),
    "linalg_vector_norm": Style(notation=_NORM),
    "embedding": Style(notation=_EMBEDDING),
    "matmul": Style(row="matmul", operands=2),
    "mm": Style(row="matmul", operands=2),
    "mv": Style(row="matmul", operands=2),
    "bmm": Style(row="matmul", operands=2),
    "t": Style(row="matrix_transpose"),
    "T": Style(row="transpose"),
    "mT": Style(row="matrix_transpose"),
}


_CALLED = {
    "scaled_dot_product_attention": "attention",
    "linalg_norm": "norm",
    "linalg_vector_norm": "norm",
}
"""What a function is called where its own name is longer than what it says."""

_OUTPUTS = {"max": ("max", "argmax"), "min": ("min", "argmin"), "sort": ("sort", "argsort")}
"""The names of the results of a function that has several."""


def one_of_several(op: str, output: int) -> tuple[str, bool]:
    """What one result of a function is called, and whether that says which it is.

    >>> one_of_several("max", 1), one_of_several("lstm", 1)
    (('argmax', True), ('lstm', False))
    """
    names = _OUTPUTS.get(op)
    return (names[output], True) if names else (op, False)


@cache
def operands_of(op: str) -> int:
    """Of how many leading arguments numbers are operands."""
    style = STYLES.get(op)
    return style.operands if style else 0
