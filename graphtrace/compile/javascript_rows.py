"""How rows are written in JavaScript: a form for each operation on single numbers, and helpers.

In: the name of a row. Out: its Form in `ROWS`, of operators, of `Math`, and of functions of this
file's, whose text is in `HELPERS`, where `Math` has nothing of the kind or another opinion at an
edge: a remainder has the divisor's sign, 1**nan is 1, a half is rounded to the even side. The
numbers are NumPy's; where Python raises instead, `graphtrace.compile.javascript` checks first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from graphtrace.core.primitive import COMPARE, PRODUCT, SIGN, SUM, Form

HELPERS = {
    "pow": "(a, b) => a === 1 || (a === -1 && (b === Infinity || b === -Infinity)) ? 1"
    " : Math.pow(a, b)",
    "powerError": "(a, b) => !Number.isFinite(a) || !Number.isFinite(b) ? 0"
    " : a === 0 && b < 0 ? 1 : Math.pow(Math.abs(a), b) === Infinity ? 3"
    " : a < 0 && Math.floor(b) !== b ? 2 : 0",
    "power": "(a, b) => b === 0.5 ? Math.sqrt(a) : pow(a, b)",
    "signed": "(x, s) => s < 0 || Object.is(s, -0) ? -Math.abs(x) : Math.abs(x)",
    "mod": "(a, b) => { const r = a % b; "
    "return r === 0 ? signed(0, b) : (r < 0) !== (b < 0) ? r + b : r; }",
    "floorDivide": "(a, b) => { if (b === 0) return a / b; const r = a % b; "
    "const d = (a - r) / b - (r !== 0 && (r < 0) !== (b < 0) ? 1 : 0); "
    "if (d === 0) return signed(0, a / b); "
    "const f = Math.floor(d); return d - f > 0.5 ? f + 1 : f; }",
    "square": "(x) => x * x",
    "sign": "(x) => x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : NaN",
    "side": "(x) => x >= 0 ? 1 : -1",
    "nonzero": "(x) => x === 0 ? 1 : x",
    "rint": "(x) => { const c = signed(4503599627370496, x); "
    "return Math.abs(x) < 4503599627370496 ? signed(x + c - c, x) : x; }",
    "fraction": "(x) => Math.abs(x) === Infinity ? signed(0, x) : x % 1",
    "fmax": "(a, b) => Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)",
    "fmin": "(a, b) => Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)",
    "heaviside": "(a, b) => a < 0 ? 0 : a > 0 ? 1 : a === 0 ? b : NaN",
    "scaled": "(x, n) => { const h = Math.trunc(n / 3); "
    "return x * Math.pow(2, h) * Math.pow(2, h) * Math.pow(2, n - 2 * h); }",
    "logAddExp": "(a, b) => a === b ? a + 0.6931471805599453 : "
    "Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))",
    "logAddExp2": "(a, b) => a === b ? a + 1 : "
    "Math.max(a, b) + 1.4426950408889634 * Math.log1p(Math.pow(2, -Math.abs(a - b)))",
    "sigmoid": "(x) => { const z = Math.exp(-Math.abs(x)); return (x >= 0 ? 1 : z) / (1 + z); }",
    "logSigmoid": "(x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))",
    "sechSquared": "(x, y) => -0.9 < y && y < 0.9 ? 1 - y * y : square(1 / Math.cosh(x))",
    "oneLessSquare": "(x) => (1 - x) * (1 + x)",
    "hypotenuse": "(x) => -1e150 < x && x < 1e150 ? Math.sqrt(1 + x * x) : Math.abs(x)",
    "cosine": "(a, y) => y === 0 ? 0.5 : a / y",
    "gap": "(a, b) => a === Infinity ? a : a - b",
    "gelu": "(x) => { const n = Math.min(Math.max(x, -100), 100); "
    "return x * sigmoid(1.5957691216057308 * (n + 0.044715 * Math.pow(n, 3))); }",
}
"""Functions of JavaScript, each in terms of `Math` and of those above it."""

_WORD = re.compile(r"[A-Za-z]\w*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

_MATH = """
    exp expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh floor ceil trunc
    arcsin:asin arccos:acos arctan:atan arcsinh:asinh arccosh:acosh arctanh:atanh
    fabs:abs absolute:abs np.absolute:abs fix:trunc modf_whole:trunc
    maximum:max minimum:min arctan2:atan2 hypot
""".split()
_OURS = """
    power:pow np.power:power float_power:pow remainder:mod np.remainder:mod
    floor_divide:floorDivide np.floor_divide:floorDivide
    square sign side nonzero rint round:rint modf_fraction:fraction fmax fmin heaviside
    copysign:signed ldexp:scaled logaddexp:logAddExp logaddexp2:logAddExp2 sigmoid
    special.expit:sigmoid special.log_expit:logSigmoid gap gelu hypotenuse
    one_less_square:oneLessSquare sech_squared:sechSquared
""".split()
_BINARY = frozenset(
    "max min atan2 hypot pow power mod floorDivide fmax fmin heaviside signed scaled logAddExp "
    "logAddExp2 gap sechSquared".split()
)


def _called(function: str) -> Form:
    return Form(f"{function}($0, $1)" if function.split(".")[-1] in _BINARY else f"{function}($0)")


def _pairs(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    for word in words:
        name, _, function = word.partition(":")
        yield name, function or name


def _infix(sign: str, binds: int) -> Form:
    return Form(f"$0 {sign} $1", binds, (binds, binds + 1))


_SAME = Form("$0")

ROWS: dict[str, Form] = {
    **{name: _called(f"Math.{function}") for name, function in _pairs(_MATH)},
    **{name: _called(function) for name, function in _pairs(_OURS)},
    **{
        prefix + name: form
        for prefix in ("", "np.")
        for name, form in (
            ("add", _infix("+", SUM)),
            ("subtract", _infix("-", SUM)),
            ("multiply", _infix("*", PRODUCT)),
            ("divide", _infix("/", PRODUCT)),
            ("negative", Form("-$0", SIGN, (SIGN + 1,))),
            ("positive", _SAME),
        )
    },
    **{
        name: Form(f"$0 {sign} $1", COMPARE, (COMPARE + 1,))
        for name, sign in (
            ("less", "<"),
            ("less_equal", "<="),
            ("greater", ">"),
            ("greater_equal", ">="),
            ("equal", "==="),
            ("not_equal", "!=="),
        )
    },
    "above": Form("($0 > $1) + 0.5 * ($0 === $1)", SUM, (COMPARE + 1, COMPARE + 1)),
    "below": Form("($0 < $1) + 0.5 * ($0 === $1)", SUM, (COMPARE + 1, COMPARE + 1)),
    "fmod": _infix("%", PRODUCT),
    "reciprocal": Form("1 / $0", PRODUCT, (PRODUCT + 1,)),
    "exp2": Form("Math.pow(2, $0)"),
    "deg2rad": Form(f"$0 * {math.pi / 180}", PRODUCT, (PRODUCT,)),
    "radians": Form(f"$0 * {math.pi / 180}", PRODUCT, (PRODUCT,)),
    "rad2deg": Form(f"$0 * {180 / math.pi}", PRODUCT, (PRODUCT,)),
    "degrees": Form(f"$0 * {180 / math.pi}", PRODUCT, (PRODUCT,)),
    "clip": Form("Math.min(Math.max($0, $1), $2)"),
    "where": Form("($0 ? $1 : $2)", operands=(COMPARE + 1,)),
    "logical_and": Form("($0 && $1)", operands=(COMPARE + 1,)),
    "logical_or": Form("($0 || $1)", operands=(COMPARE + 1,)),
    "logical_xor": Form("$0 !== $1", COMPARE, (COMPARE + 1,)),
    "logical_not": Form("!$0", SIGN, (SIGN + 1,)),
    "isnan": Form("Number.isNaN($0)"),
    "isfinite": Form("Number.isFinite($0)"),
    "isinf": Form("Math.abs($0) === Infinity", COMPARE),
    "isposinf": Form("$0 === Infinity", COMPARE, (COMPARE + 1,)),
    "isneginf": Form("$0 === -Infinity", COMPARE, (COMPARE + 1,)),
    "power_slope": Form("$2 * Math.log(nonzero($0))", PRODUCT, (COMPARE, COMPARE, PRODUCT)),
    "cosine": Form("cosine($0, $2)"),
    "relu": Form("Math.max($0, 0)"),
    "softplus": Form("logAddExp($0, 0)"),
    "silu": Form("$0 * sigmoid($0)", PRODUCT, (PRODUCT,)),
    "identity": _SAME,
    "stop_gradient": _SAME,
    "numpy_number": _SAME,
    "float": _SAME,
}
"""The form of each row, of operands that are numbers, or truth values for those of `LOGICAL`."""

LOGICAL = {"where": 1, "logical_and": 2, "logical_or": 2, "logical_xor": 2, "logical_not": 1}
"""How many operands of a row are truth values."""

TRUTHS = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor "
    "logical_not isnan isfinite isinf isposinf isneginf".split()
)
"""The rows whose value is one."""


def helpers_for(text: str) -> list[str]:
    """The lines that define the helpers that a text, or another helper, calls.

    >>> helpers_for("square(x)")
    ['const square = (x) => x * x;']
    """
    used = set(_WORD.findall(_STRING.sub("", text)))
    lines = []
    for name in reversed(HELPERS):
        if name in used:
            used.update(_WORD.findall(HELPERS[name]))
            lines.append(f"const {name} = {HELPERS[name]};")
    return lines[::-1]
