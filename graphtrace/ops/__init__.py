"""The rows: one module a family, imported here so that every operation is declared.

A new operation is one row in one of these files. The order is that of their imports.
"""

from graphtrace.ops import (
    accumulate,
    arithmetic,
    assign,
    calculus,
    choose,
    compare,
    complex,
    composed,
    decompose,
    elementwise,
    fft,
    index,
    linalg,
    methods,
    order,
    polynomials,
    products,
    reduce,
    rows,
    shape,
    special,
    statistics,
)

__all__ = [
    "accumulate",
    "arithmetic",
    "assign",
    "calculus",
    "choose",
    "compare",
    "complex",
    "composed",
    "decompose",
    "elementwise",
    "fft",
    "index",
    "linalg",
    "methods",
    "order",
    "polynomials",
    "products",
    "reduce",
    "rows",
    "shape",
    "special",
    "statistics",
]
