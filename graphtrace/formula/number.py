"""Print numbers and arrays as a person writes them on a board.

In: a number or an array. Out: plain text, the same on every machine. It knows nothing about
figures; it never changes a value.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MORE_DIGITS = 2
_FEW = 4
_ALL_DIGITS = 15


def number(x: object, digits: int = 4) -> str:
    """The number with so many significant digits, and no more ink than needed.

    What is not whole gets up to two digits more, lest it looks whole: 33.003 keeps its last one.

    >>> [number(x) for x in (33.0, -0.0, -2, 1/3, 33.003, 1.2e-5, float("nan"), -float("inf"))]
    ['33', '0', '−2', '0.3333', '33.003', '1.2×10⁻⁵', 'nan', '−∞']
    """
    if isinstance(x, bool) or type(x).__name__ == "bool":
        return str(bool(x))
    if isinstance(x, int):
        return _integer(x, digits)
    if isinstance(x, complex):
        return _complex(x, digits)
    try:
        value = float(x)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return str(x)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if value.is_integer() and abs(value) < 1e6:
        return _integer(int(value), digits)
    return _significant(value, digits)


def _integer(x: int, digits: int) -> str:
    if abs(x) < 1_000_000:
        return str(x).replace("-", MINUS)
    try:
        return _significant(float(x), digits)
    except OverflowError:
        power = str(int(math.log10(abs(x)))).translate(_SUPERSCRIPTS)
        return f"about {MINUS if x < 0 else ''}10{power}"


@lru_cache(4096)  # a figure says a number about five times
def _significant(value: float, digits: int) -> str:
    mantissa, exponent = _split(value, digits)
    most = digits + _MORE_DIGITS
    while not value.is_integer() and digits < most and -1 < exponent < 6:
        if len(mantissa) - 2 > exponent:
            break
        digits += 1
        mantissa, exponent = _split(value, digits)
    sign = MINUS if value < 0 else ""
    if -3 <= exponent < 6:
        return sign + _shifted(mantissa, exponent)
    factor = "" if mantissa == "1" else mantissa + TIMES
    return f"{sign}{factor}10{str(exponent).translate(_SUPERSCRIPTS)}"


def _split(value: float, digits: int) -> tuple[str, int]:
    mantissa, exponent = format(abs(value), f".{max(digits, 1) - 1}e").split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa, int(exponent)


def _shifted(mantissa: str, exponent: int) -> str:
    figures = mantissa.replace(".", "")
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + figures
    whole = figures[: exponent + 1].ljust(exponent + 1, "0")
    rest = figures[exponent + 1 :]
    return f"{whole}.{rest}" if rest else whole


def _complex(x: complex, digits: int) -> str:
    imaginary = number(abs(x.imag), digits) + "i"
    if x.real == 0:
        return (MINUS if x.imag < 0 else "") + imaginary
    return f"{number(x.real, digits)} {MINUS if x.imag < 0 else '+'} {imaginary}"


def telling(before: Any, after: Any, digits: int = 4) -> int:
    """How many digits it takes to tell two values apart, and by how much they differ.

    >>> [number(x, telling(33, 33.003)) for x in (33, 33.00299999999999)]
    ['33', '33.003']
    """
    sizes = [abs(x) for value in (before, after) for x in _entries(value)]
    changes = [abs(y - x) for x, y in zip(_entries(before), _entries(after), strict=True)]
    size, change = max(sizes, default=0), max(changes, default=0)
    if not (math.isfinite(size) and change > 0):
        return digits
    more = math.floor(math.log10(size)) - math.floor(math.log10(change))
    return min(digits + max(more, 0), _ALL_DIGITS)


def _entries(x: Any) -> list[Any]:
    if not hasattr(x, "ravel"):
        return [x]
    entries: list[Any] = x.ravel().tolist()
    return entries


def is_scalar(x: object) -> bool:
    """Whether x is one number: Python's, NumPy's, or an array without dimensions."""
    if isinstance(x, (int, float, complex)):
        return True
    return getattr(x, "shape", None) == () and hasattr(x, "item")


def shape(x: Any) -> str:
    """`3×4`, or `5 numbers` where there is one dimension only.

    >>> import numpy as np
    >>> shape(np.ones((3, 4))), shape(np.ones(5))
    ('3×4', '5 numbers')
    """
    sizes = x.shape
    if len(sizes) == 1:
        return "1 number" if sizes[0] == 1 else f"{sizes[0]} numbers"
    return TIMES.join(str(size) for size in sizes)


def value(x: Any, digits: int = 4, *, shaped: bool | None = None) -> str:
    """A number in full; of an array its few entries, or its shape and from where to where.

    An array's entries have one digit less. With `shaped` the shape stands before the entries too;
    with `shaped=False` it is left out.

    >>> import numpy as np
    >>> value(np.array([1.0, -2.5])), value(np.arange(12.0).reshape(3, 4))
    ('[1, −2.5]', '3×4, 0 … 11')
    >>> value(np.arange(12.0), shaped=False)
    '[0 … 11]'
    """
    return summaries(x, digits, shaped=shaped)[0]


def summaries(x: Any, digits: int = 4, *, shaped: bool | None = None) -> list[str]:
    """What `value` prints, then what is said of an array where there is less and less room.

    Each is whole: fewer digits, the range instead of the entries, at last the shape alone. A number
    has one print.

    >>> import numpy as np
    >>> summaries(np.array([0.125, -2.5, 1.0]))
    ['[0.125, −2.5, 1]', '[0.12, −2.5, 1]', '[−2.5 … 1]', '3 numbers']
    >>> summaries(np.arange(6.0).reshape(3, 2) / 7)
    ['3×2, 0 … 0.714', '3×2, 0 … 0.71', '3×2']
    """
    if is_scalar(x):
        return [number(x.item() if hasattr(x, "item") else x, digits)]
    if not hasattr(x, "shape") or not hasattr(x, "tolist"):
        return [str(x)]
    if not has_range(x):
        return [shape(x)]
    precisions = dict.fromkeys((max(digits - 1, FEWEST_DIGITS), FEWEST_DIGITS))
    before = f"{shape(x)}, " if shaped is not False else ""
    low, high = x.min().item(), x.max().item()
    spans = [_span(low, high, few) for few in precisions]
    lines = [before + span for span in spans] if before else []
    if x.ndim == 1 and x.size <= _FEW:
        lines = [(before if shaped else "") + _listed(x, few) for few in precisions]
    if x.ndim == 1 or not before:
        lines += [f"[{span}]" for span in spans]
    return list(dict.fromkeys([*lines, shape(x)]))


def has_range(x: Any) -> bool:
    """Whether an array's entries are numbers that go from one to another."""
    return bool(x.size) and x.dtype.kind in "biuf"


def norms(x: Any, digits: int = 4) -> list[str]:
    """The root of the sum of an array's squares, then with fewer digits; [] where there is none.

    >>> import numpy as np
    >>> norms(np.array([[3.0, 4.0]]) / 7)
    ['0.714', '0.71']
    """
    if not has_range(x):
        return []
    largest = float(abs(x).max())
    size = largest
    if largest and math.isfinite(largest):  # squares of large numbers are no floats
        size = largest * math.sqrt(((x / largest) ** 2).sum())
    precisions = (max(digits - 1, FEWEST_DIGITS), FEWEST_DIGITS)
    return list(dict.fromkeys(number(size, few) for few in precisions))


FEWEST_DIGITS = 2
"""Of an array's numbers where there is little room."""


def _listed(x: Any, digits: int) -> str:
    return "[" + ", ".join(number(entry, digits) for entry in x.tolist()) + "]"


def _span(low: Any, high: Any, digits: int) -> str:
    if low != low:  # one nan makes them nan
        return "with nan"
    if low == high:
        return f"all {number(low, digits)}"
    return f"{number(low, digits)} … {number(high, digits)}"
