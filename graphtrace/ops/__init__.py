"""The rows: one module a family, imported here so that every operation is declared.

A new operation is one row in one of these files.
"""

# ruff: noqa: F401  (imported for what they declare)
from graphtrace.ops import (
    accumulate,
    arithmetic,
    assign,
    calculus,
    calls,
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
    nn,
    norms,
    order,
    plain,
    polynomials,
    products,
    reduce,
    rows,
    scimath,
    shape,
    special,
    statistics,
)
