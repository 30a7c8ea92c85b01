"""einsum: one row under NumPy's name.

The adjoint of one factor is the einsum of the output's adjoint with the other factors (Laue et al.,
"Computing higher order derivatives of matrix and tensor expressions", 2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphtrace.core.inputs import plain
from graphtrace.core.primitive import ATOM, PRODUCT, Form
from graphtrace.core.refusal import no_out
from graphtrace.core.variable import NUMPY, define, fixed, handles, traced

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _explicit(subscripts: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """The labels of each operand and of the output, with `...` and the arrow written out."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    unused = _unused(subscripts)
    widths = [n - len(s.replace("...", "")) for s, n in zip(inputs, ndims, strict=True)]
    width = max((w for s, w in zip(inputs, widths, strict=True) if "..." in s), default=0)
    batch = "".join(next(unused) for _ in range(width))
    if not arrow:
        once = (c for c in sorted(set(left) - set(",.")) if left.count(c) == 1)
        output = "..." + "".join(once)
    return [
        s.replace("...", batch[width - w :]) for s, w in zip(inputs, widths, strict=True)
    ], output.replace("...", batch)


def _unused(labels: Iterable[str]) -> Any:
    return iter([c for c in _LETTERS if c not in labels])


def _einsum_vjp(
    k: int, g: Any, y: Any, *operands: Any, subscripts: str, optimize: Any = False, **how: Any
) -> Any:
    """The same product with the adjoint in the place of operand `k`.

    A label that only operand `k` has in full was summed away: ones spread it out again. One that it
    has twice was its diagonal: an identity matrix puts that back. One along which it was broadcast
    is summed: an axis of length one, with a label of its own, stands in its place.
    """
    inputs, output = _explicit(subscripts, [np.ndim(x) for x in operands])
    extents: dict[str, int] = {}
    for labels, x in zip(inputs, operands, strict=True):
        for label, n in zip(labels, np.shape(x), strict=True):
            if n != 1 or label not in extents:
                extents[label] = n
    dtype = np.result_type(y)
    terms = [output, *inputs[:k], *inputs[k + 1 :]]
    arrays = [g, *operands[:k], *operands[k + 1 :]]
    unused = _unused("".join([output, *inputs]))
    spanned = {
        label
        for labels, x in zip(terms, arrays, strict=True)
        for label, n in zip(labels, np.shape(x), strict=True)
        if n == extents[label]
    }
    target = ""
    for label, n in zip(inputs[k], np.shape(operands[k]), strict=True):
        is_spread = n != extents[label]
        own = next(unused) if is_spread or label in target else label
        target += own
        if is_spread:
            terms.append(own)
            arrays.append(np.ones(1, dtype=dtype))
        elif own != label:
            terms.append(label + own)
            arrays.append(np.eye(extents[label], dtype=dtype))
        elif label not in spanned:
            terms.append(label)
            arrays.append(np.ones(extents[label], dtype=dtype))
    return np.einsum(",".join(terms) + "->" + target, *arrays, optimize=True)


def _einsum_form(count: int, params: dict[str, Any], latex: bool) -> Form:
    subscripts = params["subscripts"]
    if not latex or "." in subscripts:
        operands = ", ".join(f"${i}" for i in range(count))
        name = r"\operatorname{einsum}" if latex else "einsum"
        quoted = rf"\text{{{subscripts}}}" if latex else f"'{subscripts}'"
        return Form(f"{name}({quoted}, {operands})")
    left, _, output = subscripts.replace(" ", "").partition("->")
    if "->" not in subscripts:
        output = "".join(c for c in left if left.count(c) == 1)
    summed = "".join(dict.fromkeys(c for c in left if c != "," and c not in output))
    factors = r" \, ".join(f"{{$%d}}_{{{s}}}" % i for i, s in enumerate(left.split(",")))
    return Form((rf"\sum_{{{summed}}} " if summed else "") + factors, PRODUCT, (ATOM,))


einsum = define(
    "einsum",
    lambda *operands, subscripts, **how: np.einsum(subscripts, *operands, **how),
    vjp_each=_einsum_vjp,
    notation=_einsum_form,
)


@handles(np.einsum)
def _einsum(*operands: Any, out: Any = None, optimize: Any = False, **how: Any) -> Any:
    no_out(np.einsum, out)
    subscripts, arrays = _subscripts(operands)
    if optimize is not False:
        how["optimize"] = fixed(optimize)
    return einsum(*map(traced, arrays), subscripts=subscripts, **how)


def _subscripts(operands: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Both calling forms as one: einsum(a, [0, 1], b, [1, 2], [0, 2]) is einsum("AB,BC->AC")."""
    if isinstance(operands[0], str):
        return operands[0], operands[1:]
    lists = [*operands[1::2], *(operands[-1:] if len(operands) % 2 else ())]
    # In ASCII order, so that an implicit output keeps its own.
    numbers = sorted({label for labels in lists for label in labels if label is not Ellipsis})
    letters = dict(zip(numbers, _LETTERS.swapcase(), strict=False))
    texts = ["".join("..." if i is Ellipsis else letters[i] for i in labels) for labels in lists]
    arrow = "->" + texts.pop() if len(operands) % 2 else ""
    return ",".join(texts) + arrow, operands[: len(texts) * 2 : 2]


NUMPY[np.einsum_path] = lambda *operands, **how: np.einsum_path(*map(plain, operands), **how)
