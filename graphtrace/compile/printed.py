"""Printed: which rows of a rule, and which shapes, hold for all inputs and not for the traced ones.

In: an operation. Out: whether its derivative rule can be printed as lines, or has to be called; and
whether the shape of its value depends on numbers. Knows nothing of text.
"""

from __future__ import annotations

import functools
import inspect
from types import FunctionType
from typing import Any

import numpy as np

from graphtrace.compile.nodes import COMPARISONS, Node
from graphtrace.core.primitive import Primitive

# The rules of these look at shapes, types and params, and at no number, so that the rows they leave
# behind hold for all inputs. So do those of elementwise operations (see `is_printed`).
_PRINTED = frozenset(
    "sum mean max min var std cumsum reshape transpose matrix_transpose broadcast_to astype copy "
    "concatenate stack getitem matmul outer expand_dims squeeze swapaxes moveaxis flip".split()
)
# The shapes of these follow from the operands' shapes; any other row's shape is checked.
_SHAPED = _PRINTED | COMPARISONS
_SHAPED |= frozenset(
    "prod dot clip sort partition median cumprod argmax argmin argsort all any count_nonzero tril "
    "triu roll".split()
)

# By these names a rule takes the number out of an operand.
_LOOKS = frozenset("plain _plain _value value".split())


@functools.cache
def is_printed(primitive: Primitive) -> bool:
    """Whether the rows that the rules leave behind hold for other numbers too."""
    if primitive.partials is None:
        return primitive.name in _PRINTED
    return not any(_looks_at_numbers(rule) for rule in primitive.partials)


def _looks_at_numbers(rule: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a rule, or a function beside it that it calls, takes the number out of an operand."""
    rule = inspect.unwrap(rule) if callable(rule) else rule
    if not isinstance(rule, FunctionType) or rule in seen:
        return False
    names = rule.__code__.co_names
    beside = [rule.__globals__.get(name) for name in names]
    return not _LOOKS.isdisjoint(names) or any(
        _looks_at_numbers(f, seen | {rule})
        for f in beside
        if getattr(f, "__globals__", None) is rule.__globals__
    )


def shape_varies(node: Node) -> bool:
    """Whether the shape of the value may depend on numbers."""
    primitive = node.primitive
    if not isinstance(node.value, np.ndarray) or primitive.partials is not None:
        return False
    if primitive.name == "getitem":
        return any(op.value.dtype == bool for op in node.operands[1:])
    return primitive.name not in _SHAPED and not isinstance(primitive.forward, np.ufunc)
